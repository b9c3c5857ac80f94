import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0003_bank_units"),
        ("mortgages", "0003_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LookUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(blank=True, max_length=64)),
                ("certificate", models.CharField(max_length=64)),
                ("found", models.BooleanField()),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["address", "-at"], name="look_up_address"),
                    models.Index(fields=["certificate", "-at"], name="look_up_certificate"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Paper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=40, unique=True)),
                ("made_at", models.DateTimeField()),
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="paper", to="mortgages.release"
                    ),
                ),
            ],
            options={
                "verbose_name": "告知单",
            },
        ),
        migrations.CreateModel(
            name="Training",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("held_on", models.DateField(verbose_name="日期")),
                ("place", models.CharField(max_length=100, verbose_name="地点")),
                ("topic", models.CharField(max_length=200, verbose_name="主题")),
                ("recorded_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(blank=True, max_length=200)),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "银行培训",
            },
        ),
        migrations.CreateModel(
            name="Attendance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("people", models.PositiveSmallIntegerField(verbose_name="人数")),
                ("names", models.CharField(blank=True, max_length=300, verbose_name="姓名")),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.unit"
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attendances", to="mortgages.training"
                    ),
                ),
            ],
            options={
                "verbose_name": "参训",
            },
        ),
        migrations.CreateModel(
            name="OwnerMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("released", "抵押已注销"), ("restored", "抵押登记已恢复")], max_length=8
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("notices", models.PositiveSmallIntegerField(default=0, verbose_name="站内告知人数")),
                (
                    "sms",
                    models.CharField(
                        choices=[
                            ("none", "登记簿无手机号"),
                            ("waiting", "待发"),
                            ("sent", "已发"),
                            ("failed", "未发出"),
                        ],
                        max_length=7,
                        verbose_name="短信",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owner_messages",
                        to="mortgages.release",
                    ),
                ),
            ],
            options={
                "verbose_name": "权利人告知",
                "indexes": [
                    models.Index(
                        condition=models.Q(("sms", "waiting")), fields=["next_try_at"], name="owner_message_to_send"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="training",
            index=models.Index(fields=["-held_on"], name="training_latest"),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.UniqueConstraint(fields=("training", "bank"), name="attendance_once"),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(condition=models.Q(("people__gte", 1)), name="attendance_somebody"),
        ),
    ]
