"""兑付计数: what policy claims count for, and where every case is now."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_successors"),
        ("directory", "0002_facts"),
        ("insight", "0001_initial"),
    ]

    operations = [
        migrations.AddField("casefigure", "stage", models.CharField(default="", max_length=40)),
        migrations.AddField("casefigure", "policy", models.CharField(default="", max_length=60)),
        migrations.AddField(
            "casefigure",
            "party",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="directory.party",
            ),
        ),
        migrations.AddField("casefigure", "paid_at", models.DateTimeField(null=True)),
        migrations.AddField("casefigure", "paid_fen", models.BigIntegerField(null=True)),
        migrations.AddField("casefigure", "recovered_fen", models.BigIntegerField(null=True)),
        migrations.AddField("casefigure", "eligible_at", models.DateTimeField(null=True)),
        migrations.AddField("casefigure", "days_to_paid", models.PositiveIntegerField(null=True)),
        migrations.AddField("casefigure", "one_tap", models.BooleanField(null=True)),
        migrations.AddIndex(
            "casefigure",
            models.Index(
                condition=models.Q(("paid_at__isnull", False)),
                fields=[
                    "paid_at",
                    "procedure",
                    "policy",
                    "authority",
                    "party",
                    "paid_fen",
                    "recovered_fen",
                    "days_to_paid",
                    "one_tap",
                ],
                name="figure_paid",
            ),
        ),
    ]
