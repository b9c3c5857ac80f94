from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mortgages", "0004_desks")]
    operations = [migrations.AddField("release", "next_look_at", models.DateTimeField(null=True))]
