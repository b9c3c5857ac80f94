"""曾用名、委托授权 (B6, B7): what two people have filed. A row here is in force: it is written by the approval.

Nothing is edited or deleted, and the database refuses it: an alias is ended and an authorisation revoked by a filing of
its own. Which of them count on a day: `names.py`, `authorisations.py`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from qinqing.accounts.models import User
from qinqing.cases.models import Case
from qinqing.directory.models import Unit


class Filing(models.Model):
    """备案件: what one person files and a second checks; its case says how far it is. The lines never change: what is
    approved is what was seen. Their shape by `kind`: aliases.py, authorisations.py."""

    class Kind(models.TextChoices):
        ALIAS = "alias", "曾用名备案"
        ALIAS_END = "alias_end", "曾用名终止"
        AUTHORISATION = "authorisation", "委托授权备案"
        REVOCATION = "revocation", "委托授权撤销"

    class State(models.TextChoices):
        OPEN = "open", "待核对"
        IN_FORCE = "in_force", "已生效"
        REFUSED = "refused", "未通过"

    case = models.OneToOneField(Case, models.PROTECT, related_name="mortgage_filing")
    kind = models.CharField("种类", max_length=13, choices=Kind)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="申报单位")
    filed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申报人")
    filed_at = models.DateTimeField("申报时间")
    lines = models.JSONField()
    state = models.CharField("状态", max_length=8, choices=State, default=State.OPEN)
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="核对人")
    checked_at = models.DateTimeField("核对时间", null=True)

    class Meta:
        verbose_name = "备案件"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(checked_by__isnull=False) & ~Q(checked_by=F("filed_by")),
                name="filing_two_people",
            )
        ]
        indexes = [models.Index(fields=["kind", "-filed_at"], name="filing_latest")]

    def __str__(self) -> str:
        return self.case.number


class Alias(models.Model):
    """抵押权人曾用名: a name borne from one day to another (both inside; None: open) by who has `credit_code` today.

    `former_code`: the code it had then, where a merger or a new registration gave it another; what it was owed then
    is owed to today's bearer."""

    class Source(models.TextChoices):
        MARKET_REGULATOR = "market_regulator", "市监部门数据"
        OFFLINE = "offline", "线下申报"

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="aliases")
    name = models.CharField("曾用名", max_length=200)
    name_norm = models.CharField(max_length=200, db_index=True)  # lib.names.normal
    credit_code = models.CharField("统一社会信用代码", max_length=18, db_index=True)
    former_code = models.CharField("原统一社会信用代码", max_length=18, blank=True)
    starts_on = models.DateField("使用起", null=True)
    ends_on = models.DateField("使用止", null=True)
    source = models.CharField("来源", max_length=16, choices=Source)

    class Meta:
        verbose_name = "抵押权人曾用名"
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(starts_on__lte=F("ends_on")), name="alias_period"
            ),
            models.CheckConstraint(condition=~Q(former_code=F("credit_code")), name="alias_other_code"),
        ]
        indexes = [models.Index(fields=["former_code"], condition=~Q(former_code=""), name="alias_former_code")]

    def __str__(self) -> str:
        return self.name


class AliasEnding(models.Model):
    """曾用名终止: the name's last day, earlier than filed; None: it should never have been filed and counts no more."""

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="endings")
    alias = models.ForeignKey(Alias, models.PROTECT, related_name="endings")
    last_day = models.DateField("最后使用日", null=True)
    reason = models.CharField("理由", max_length=500)


class PlatformNumber(models.Model):
    """省银监平台备案号: as the outside platform gave it, typed by a person; the latest counts."""

    alias = models.ForeignKey(Alias, models.PROTECT, related_name="platform_numbers")
    number = models.CharField("备案号", max_length=60)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()


class Authorisation(models.Model):
    """注销委托授权: a creditor (the housing fund) lets a bank say that its claims are settled (B6). Both named as on
    the paper, perhaps under a former name or code."""

    class Covers(models.TextChoices):
        SETTLED = "settled", "报送结清"
        BOTH = "both", "报送结清和冲正"

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="authorisations")
    number = models.CharField("授权书编号", max_length=60)
    grantor_name = models.CharField("授权人", max_length=200)
    grantor_code = models.CharField("授权人代码", max_length=18, db_index=True)
    grantee_name = models.CharField("被授权银行", max_length=200)
    grantee_code = models.CharField("被授权银行代码", max_length=18, blank=True)  # empty: the paper has only a name
    covers = models.CharField("授权事项", max_length=7, choices=Covers)
    starts_on = models.DateField("授权起")
    ends_on = models.DateField("授权止", null=True)

    class Meta:
        verbose_name = "注销委托授权"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")), name="authorisation_period"
            )
        ]

    def __str__(self) -> str:
        return self.number


class Revocation(models.Model):
    """撤销授权: from this day on the bank may not speak for the creditor any more; the earliest counts."""

    filing = models.ForeignKey(Filing, models.PROTECT, related_name="revocations")
    authorisation = models.ForeignKey(Authorisation, models.PROTECT, related_name="revocations")
    revoked_from = models.DateField("自何日起")
    reason = models.CharField("理由", max_length=500)
