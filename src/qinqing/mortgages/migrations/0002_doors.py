import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0003_bank_units"),
        ("mortgages", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Refusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, verbose_name="时间")),
                ("door", models.CharField(max_length=20, verbose_name="入口")),
                ("code", models.CharField(max_length=60, verbose_name="原因代码")),
                ("claimed", models.CharField(blank=True, max_length=128, verbose_name="所报密钥编号")),
                ("address", models.CharField(blank=True, max_length=64, verbose_name="来源地址")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="正文指纹")),
                ("detail", models.CharField(blank=True, max_length=300, verbose_name="说明")),
            ],
            options={
                "verbose_name": "拒收",
            },
        ),
        migrations.CreateModel(
            name="BankKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("ed25519", "签名公钥"), ("webhook", "简易接口密钥")],
                        max_length=8,
                        verbose_name="种类",
                    ),
                ),
                ("key_id", models.CharField(max_length=80, unique=True, verbose_name="密钥编号")),
                ("material", models.TextField()),
                ("fingerprint", models.CharField(max_length=64, unique=True, verbose_name="指纹")),
                ("valid_from", models.DateTimeField(verbose_name="启用")),
                ("valid_until", models.DateTimeField(verbose_name="到期")),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=80)),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="停用时间")),
                ("revoked_because", models.CharField(blank=True, max_length=300, verbose_name="停用原因")),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mortgage_keys", to="directory.unit"
                    ),
                ),
            ],
            options={
                "verbose_name": "银行密钥",
            },
        ),
        migrations.CreateModel(
            name="DayList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="日期")),
                ("via", models.CharField(max_length=8)),
                ("sent_by", models.CharField(max_length=80)),
                ("sent_at", models.DateTimeField()),
                ("rows", models.JSONField(default=list)),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.unit"
                    ),
                ),
            ],
            options={
                "verbose_name": "日终清单",
            },
        ),
        migrations.CreateModel(
            name="RefusalHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField()),
                ("key", models.PositiveBigIntegerField(default=0)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("hour", "key"), name="refusals_of_an_hour")],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("via", models.CharField(max_length=8)),
                ("filename", models.CharField(blank=True, max_length=200)),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="文件指纹")),
                ("rows", models.JSONField(default=list)),
                ("faults", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "待提交"),
                            ("waiting", "待复核"),
                            ("confirmed", "已报送"),
                            ("refused", "已退回"),
                            ("dropped", "已放弃"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("entered_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="退回原因")),
                (
                    "bank",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.unit"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "报送单",
            },
        ),
        migrations.CreateModel(
            name="UsedNonce",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("nonce", models.CharField(max_length=128)),
                ("until", models.DateTimeField(db_index=True)),
                (
                    "key",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nonces",
                        to="mortgages.bankkey",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="bankkey",
            index=models.Index(fields=["bank", "kind"], name="bank_key_of_bank"),
        ),
        migrations.AddConstraint(
            model_name="bankkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_until__gt", models.F("valid_from"))), name="bank_key_dates"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("revoked_at", None), models.Q(("revoked_because", ""), _negated=True), _connector="OR"
                ),
                name="bank_key_revoked_because",
            ),
        ),
        migrations.AddIndex(
            model_name="daylist",
            index=models.Index(fields=["bank", "-day", "-id"], name="day_list_latest"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["bank", "-id"], name="submission_latest"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["bank"], name="submission_waiting"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["confirmed", "refused"]), _negated=True),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        models.Q(("decided_by", models.F("entered_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="submission_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="submission_refused_because",
            ),
        ),
        migrations.AddConstraint(
            model_name="usednonce",
            constraint=models.UniqueConstraint(fields=("key", "nonce"), name="nonce_once"),
        ),
    ]
