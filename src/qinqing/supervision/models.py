"""兜底 (Y4): matters that could not be done, and what the petition system answered to their being recorded there.

Letters (督办函) and instructions (批示件) are cases like any other and need no table of their own.
"""

from __future__ import annotations

from django.db import models

from qinqing.cases.models import Case


class Backstop(models.Model):
    """信访备案兜底: one row for each matter decided as “unable”. The petition number is what the petition system gave:
    typed by who explains, or imported; no code of ours makes one."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="backstop")
    decided_at = models.DateTimeField("决定时间")  # when the head signed “unable” off: three working days run from here
    explained_at = models.DateTimeField("解释时间", null=True)
    petition_no = models.CharField("信访系统登记号", max_length=40, blank=True)
    petition_on = models.DateField("登记日期", null=True)
    imported_at = models.DateTimeField("导入时间", null=True)  # None: typed
    imported_by = models.BigIntegerField(null=True)  # accounts.User

    class Meta:
        indexes = [
            models.Index(fields=["-decided_at"], name="backstop_latest"),
            models.Index(fields=["decided_at"], condition=models.Q(explained_at=None), name="backstop_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.petition_no}"
