"""分段匹配: how far the match of one policy with all companies has come."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("policies", "0004_returns")]

    operations = [
        migrations.AddField(
            model_name="matched",
            name="through",
            field=models.BigIntegerField(null=True, verbose_name="已匹配到"),
        ),
    ]
