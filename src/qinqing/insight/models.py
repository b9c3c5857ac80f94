"""数据底表: one row per case of what figures count (CaseFigure), and the morning brief as it was sent (Brief).

Rows here are derived: `recounting.py` makes them from a case's events and ratings, and can make them again at any time.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.cases.models import Case
from qinqing.directory.models import Party, Unit


class CaseFigure(models.Model):
    """一件办件的计数口径数据. Each column is said in `columns.py`; null is unknown or not so, never zero."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="figure")
    seq = models.PositiveIntegerField()  # number of events it was made from
    procedure = models.CharField(max_length=60)
    channel = models.CharField(max_length=16)
    kind = models.CharField(max_length=40)  # the class given at intake; empty where there is none
    lead = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)
    authority = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)
    stage = models.CharField(max_length=40, default="")  # empty once closed
    opened_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True)
    sign_due_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    signed_on_time = models.BooleanField(null=True)
    feedback_due = models.DateTimeField(null=True)
    feedback_at = models.DateTimeField(null=True)
    feedback_last_at = models.DateTimeField(null=True)
    on_time = models.BooleanField(null=True)
    working_minutes = models.PositiveIntegerField(null=True)
    suspended_minutes = models.PositiveIntegerField(null=True)
    result = models.CharField(max_length=40)
    outcome = models.CharField(max_length=40)
    written_off = models.BooleanField()  # ended with the matter dealt with, not declined, withdrawn or merged
    closed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    held = models.BooleanField()
    level = models.PositiveSmallIntegerField()
    handed_up_at = models.DateTimeField(null=True)
    returned = models.PositiveSmallIntegerField()
    sent_back = models.PositiveSmallIntegerField()
    reopened = models.PositiveSmallIntegerField()
    urged = models.PositiveSmallIntegerField()
    rating = models.CharField(max_length=9)  # empty: none that counts
    rated_at = models.DateTimeField(null=True)
    # of policy claims only (payouts.py)
    policy = models.CharField(max_length=60, default="")
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="+", db_index=False)
    paid_at = models.DateTimeField(null=True)
    paid_fen = models.BigIntegerField(null=True)
    recovered_fen = models.BigIntegerField(null=True)
    eligible_at = models.DateTimeField(null=True)
    days_to_paid = models.PositiveIntegerField(null=True)
    one_tap = models.BooleanField(null=True)

    class Meta:
        verbose_name = "办件数据"
        indexes = [
            models.Index(fields=["due_at", "procedure", "held"], condition=Q(closed_at=None), name="figure_open"),
            models.Index(fields=["opened_at", "procedure", "closed_at"], name="figure_opened"),
            # the rates: everything their counts by unit and channel read, so that the table itself is left alone
            models.Index(
                fields=["sign_due_at", "procedure", "signed_on_time", "closed_at", "authority", "channel"],
                name="figure_sign_due",
            ),
            models.Index(
                fields=["feedback_due", "procedure", "on_time", "closed_at", "authority", "channel"],
                name="figure_feedback_due",
            ),
            models.Index(
                fields=["closed_at", "procedure", "written_off", "result", "outcome", "authority", "channel", "rating"],
                name="figure_closed",
            ),
            models.Index(fields=["rated_at", "procedure", "rating", "authority", "channel"], name="figure_rated"),
            models.Index(fields=["feedback_at", "procedure", "lead", "working_minutes"], name="figure_feedback"),
            models.Index(fields=["handed_up_at"], name="figure_handed_up"),
            # what was paid: all that its sums by policy, unit and month read
            models.Index(
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
                condition=Q(paid_at__isnull=False),
                name="figure_paid",
            ),
        ]


class Brief(models.Model):
    """晨报: the figures of one morning as they were then, with the cases behind them. Never changed afterwards."""

    day = models.DateField(unique=True)
    made_at = models.DateTimeField()
    figures = models.JSONField()  # [{indicator, period, value, cases: [ids]}]

    class Meta:
        verbose_name = "晨报"
