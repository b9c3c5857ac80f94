"""退汇, 余额核销, 收款账户的清除: a payment may come back, a recovery may be written off, an account may be erased."""

from django.db import migrations, models

from qinqing.audit.append_only import append_only, erasable_texts, fixed_columns

PAYMENT = fixed_columns(
    "policies_payment", ["batch_id", "line", "number", "claim_id", "name", "account", "bank", "fen"]
)
UNCHANGED = ["id", "party_id", "given_at", "given_by_id", "confirmed_by_id"]


def lifted(guards):
    """The same triggers taken away: SQLite loses them when it rebuilds the table, PostgreSQL keeps them."""
    return [migrations.RunPython(each.reverse_code, each.code) for each in guards]


class Migration(migrations.Migration):
    dependencies = [("policies", "0003_matching")]

    operations = [
        *lifted(PAYMENT),
        *lifted(append_only("policies_payeeaccount")),
        migrations.AddField(
            model_name="payeeaccount",
            name="erased_at",
            field=models.DateTimeField(null=True, verbose_name="清除时间"),
        ),
        migrations.AddField(
            model_name="payment",
            name="return_ref",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="退汇流水号"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="payment",
            name="returned_at",
            field=models.DateTimeField(null=True, verbose_name="退汇时间"),
        ),
        migrations.AlterField(
            model_name="claim",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "在办"),
                    ("paid", "已兑付"),
                    ("recovered", "已追回"),
                    ("waived", "余额核销"),
                    ("ended", "未兑付"),
                ],
                default="open",
                max_length=9,
                verbose_name="状态",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="失败或退汇原因"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="state",
            field=models.CharField(
                choices=[
                    ("sent", "已送银行"),
                    ("paid", "支付成功"),
                    ("failed", "支付失败"),
                    ("unknown", "结果不明"),
                    ("returned", "已退汇"),
                ],
                default="sent",
                max_length=8,
                verbose_name="状态",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("returned_at__isnull", False), ("state", "returned")),
                    models.Q(models.Q(("state", "returned"), _negated=True), ("returned_at", None)),
                    _connector="OR",
                ),
                name="payment_returned_when",
            ),
        ),
        *erasable_texts("policies_payeeaccount", ["name", "number", "bank"], UNCHANGED),
        *PAYMENT,
    ]
