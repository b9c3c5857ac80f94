import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from qinqing.audit.append_only import append_only, fixed_columns


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_successors"),
        ("directory", "0003_bank_units"),
        ("mortgages", "0002_doors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="曾用名")),
                ("name_norm", models.CharField(db_index=True, max_length=200)),
                ("credit_code", models.CharField(db_index=True, max_length=18, verbose_name="统一社会信用代码")),
                ("former_code", models.CharField(blank=True, max_length=18, verbose_name="原统一社会信用代码")),
                ("starts_on", models.DateField(null=True, verbose_name="使用起")),
                ("ends_on", models.DateField(null=True, verbose_name="使用止")),
                (
                    "source",
                    models.CharField(
                        choices=[("market_regulator", "市监部门数据"), ("offline", "线下申报")],
                        max_length=16,
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "抵押权人曾用名",
            },
        ),
        migrations.CreateModel(
            name="Filing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alias", "曾用名备案"),
                            ("alias_end", "曾用名终止"),
                            ("authorisation", "委托授权备案"),
                            ("revocation", "委托授权撤销"),
                        ],
                        max_length=13,
                        verbose_name="种类",
                    ),
                ),
                ("filed_at", models.DateTimeField(verbose_name="申报时间")),
                ("lines", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待核对"), ("in_force", "已生效"), ("refused", "未通过")],
                        default="open",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True, verbose_name="核对时间")),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mortgage_filing", to="cases.case"
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="核对人",
                    ),
                ),
                (
                    "filed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申报人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.unit",
                        verbose_name="申报单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "备案件",
            },
        ),
        migrations.CreateModel(
            name="Authorisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="授权书编号")),
                ("grantor_name", models.CharField(max_length=200, verbose_name="授权人")),
                ("grantor_code", models.CharField(db_index=True, max_length=18, verbose_name="授权人代码")),
                ("grantee_name", models.CharField(max_length=200, verbose_name="被授权银行")),
                ("grantee_code", models.CharField(blank=True, max_length=18, verbose_name="被授权银行代码")),
                (
                    "covers",
                    models.CharField(
                        choices=[("settled", "报送结清"), ("both", "报送结清和冲正")],
                        max_length=7,
                        verbose_name="授权事项",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="授权起")),
                ("ends_on", models.DateField(null=True, verbose_name="授权止")),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authorisations",
                        to="mortgages.filing",
                    ),
                ),
            ],
            options={
                "verbose_name": "注销委托授权",
            },
        ),
        migrations.CreateModel(
            name="AliasEnding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_day", models.DateField(null=True, verbose_name="最后使用日")),
                ("reason", models.CharField(max_length=500, verbose_name="理由")),
                (
                    "alias",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="endings", to="mortgages.alias"
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="endings", to="mortgages.filing"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="alias",
            name="filing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="aliases", to="mortgages.filing"
            ),
        ),
        migrations.CreateModel(
            name="PlatformNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="备案号")),
                ("recorded_at", models.DateTimeField()),
                (
                    "alias",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="platform_numbers",
                        to="mortgages.alias",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Revocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revoked_from", models.DateField(verbose_name="自何日起")),
                ("reason", models.CharField(max_length=500, verbose_name="理由")),
                (
                    "authorisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revocations",
                        to="mortgages.authorisation",
                    ),
                ),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="revocations", to="mortgages.filing"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="filing",
            index=models.Index(fields=["kind", "-filed_at"], name="filing_latest"),
        ),
        migrations.AddConstraint(
            model_name="filing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "in_force"), _negated=True),
                    models.Q(
                        ("checked_by__isnull", False), models.Q(("checked_by", models.F("filed_by")), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="filing_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on", None), ("starts_on__lte", models.F("ends_on")), _connector="OR"),
                name="authorisation_period",
            ),
        ),
        migrations.AddIndex(
            model_name="alias",
            index=models.Index(
                condition=models.Q(("former_code", ""), _negated=True), fields=["former_code"], name="alias_former_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="alias",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("starts_on", None), ("ends_on", None), ("starts_on__lte", models.F("ends_on")), _connector="OR"
                ),
                name="alias_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="alias",
            constraint=models.CheckConstraint(
                condition=models.Q(("former_code", models.F("credit_code")), _negated=True), name="alias_other_code"
            ),
        ),
        *append_only("mortgages_alias"),
        *append_only("mortgages_aliasending"),
        *append_only("mortgages_platformnumber"),
        *append_only("mortgages_authorisation"),
        *append_only("mortgages_revocation"),
        *fixed_columns("mortgages_filing", ["id", "case_id", "kind", "unit_id", "filed_by_id", "filed_at", "lines"]),
    ]
