"""解押的数字: share released online, median minutes, trips saved, by county and by bank. Each opens its list.

`SHOWS` names every list once: the figure counts just what the list of that name holds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, F, Max, Q, QuerySet
from django.urls import reverse

from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.mortgages import selectors, training
from qinqing.mortgages.models import BankEvent, Release
from qinqing.mortgages.models_register import Registration
from qinqing.mortgages.promise import service
from qinqing.mortgages.register import register
from qinqing.ui.figures import Rate
from qinqing.ui.periods import KINDS, Period

CONNECTED = timedelta(days=30)  # a bank is connected that has said something within
LOOKS_BACK = timedelta(days=365)  # for a bank's last mistake
_RELEASED = Q(state=Release.State.RELEASED)
_OPEN = Q(state=Release.State.OPEN)


PERIODS = {kind: KINDS[kind] for kind in ("day", "week", "month", "year")}


@dataclass(frozen=True, slots=True)
class Show:
    """A list of releases. `timed`: those closed by registration within the period; else as it stands now."""

    label: Label
    definition: Label
    condition: Q
    timed: bool = False


SHOWS: dict[str, Show] = {
    "released": Show(
        Label("已注销", "Deregistered"),
        Label("时段内经本平台由登记机构注销的抵押", "Releases of this platform closed by registration in the period"),
        _RELEASED, timed=True,
    ),
    "unaided": Show(
        Label("无人工注销", "Without a person"),
        Label("已注销，且全程没有转人工核查", "Deregistered, and never looked into by a person"),
        _RELEASED & Q(by_person=False), timed=True,
    ),
    "aided": Show(
        Label("经人工注销", "With a person"),
        Label("已注销，办理中曾转人工核查", "Deregistered after a person looked into it"),
        _RELEASED & Q(by_person=True), timed=True,
    ),
    "in_time": Show(
        Label("承诺时间内注销", "In time"),
        Label("已注销，注销时间不晚于承诺时间", "Deregistered not later than promised"),
        _RELEASED & Q(released_at__lte=F("promised_at")), timed=True,
    ),
    "late": Show(
        Label("超过承诺时间注销", "Late"),
        Label("已注销，注销时间晚于承诺时间", "Deregistered later than promised"),
        _RELEASED & Q(released_at__gt=F("promised_at")), timed=True,
    ),
    "open": Show(
        Label("在办", "Open"),
        Label("尚未注销也未终止", "Neither deregistered nor ended"),
        _OPEN | Q(case__stage="undoing", case__closed_at=None),
    ),
    "urgent": Show(
        Label("冲正待核查", "Reversals"),
        Label("注销后银行冲正，等待人工核查", "Reversed after deregistration, waiting for a person"),
        Q(case__stage="undoing", case__closed_at=None),
    ),
    "exception": Show(
        Label("待人工核查", "Exceptions"),
        Label("转人工核查或领导裁定，尚未办结", "With a person or the leader, not closed"),
        _OPEN & Q(case__stage__in=("exception", "ruling")),
    ),
    "registering": Show(
        Label("正在登记", "At the registry"),
        Label("已送登记机构，尚未答复", "Sent to the registry, not answered"),
        _OPEN & Q(case__stage="registering"),
    ),
    "waiting": Show(
        Label("等待其他抵押权人", "Waiting for others"),
        Label("还有抵押权人没有结清", "Another creditor is still owed"),
        _OPEN & Q(case__stage="waiting"),
    ),
    "ended": Show(
        Label("未注销终止", "Ended otherwise"),
        Label("银行撤回、不予办理或已恢复登记", "Taken back, refused, or registered again"),
        Q(state=Release.State.ENDED),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a period. `median_minutes`: from the bank's event to registration; None: there was none. `cancelled`: all
    mortgages that the register cancelled, None where it cannot be asked."""

    released: int
    unaided: int
    in_time: int
    median_minutes: float | None
    cancelled: int | None

    @property
    def trips(self) -> int:
        """少跑次数: trips, not cases."""
        return self.released * service().trips_saved


@dataclass(frozen=True, slots=True)
class BankLine:
    """One bank. `first`, `last`: its first and latest event; `trained`: its latest session; `trained_before`: whether
    one was held before its last mistake (None: there was no mistake in a year)."""

    unit: Unit
    events: int
    last: datetime | None
    released: int
    unaided: int
    median_minutes: float | None
    exceptions: int
    trained: date | None
    mistake: Release | None
    trained_before: bool | None
    connected: bool

    @property
    def lags(self) -> bool:
        return not self.connected or self.trained is None or self.trained_before is False


def listed(show: str, of: Period | None, bank: Unit | None = None) -> QuerySet[Release]:
    """The list behind a figure. Raises KeyError for an unknown name."""
    told = SHOWS[show]
    rows = selectors.of_bank(bank) if bank else selectors.releases()
    rows = rows.filter(told.condition)
    if told.timed and of is not None:
        return rows.filter(released_at__gte=of.start, released_at__lt=of.end).order_by("-released_at")
    return rows.order_by("-started_at")


def link(show: str, of: Period, bank: Unit | None = None) -> str:
    """The address of that list."""
    more = f"&bank={bank.code}" if bank else ""
    return f"{reverse('mortgages:releases')}?show={show}&of={of.code}{more}"


def figures(of: Period, bank: Unit | None = None) -> Figures:
    """Count them."""
    rows = listed("released", of, bank)
    counted = rows.order_by().aggregate(
        released=Count("pk"),
        unaided=Count("pk", filter=Q(by_person=False)),
        in_time=Count("pk", filter=Q(released_at__lte=F("promised_at"))),
    )
    minutes = [each for of_one in _minutes(rows).values() for each in of_one]
    return Figures(
        **counted,
        median_minutes=median(minutes) if minutes else None,
        cancelled=_cancelled(of) if bank is None else None,
    )


def unaided_rate(of: Period, found: Figures, bank: Unit | None = None) -> Rate:
    """无人工注销率: released without a person of all that registration closed."""
    before = figures(of.previous, bank)
    return Rate(
        Label("无感知注销率", "Released unaided"),
        found.unaided, found.released,
        Label(
            "分子：时段内由登记机构注销、全程没有转人工核查的抵押；分母：时段内经本平台由登记机构注销的全部抵押。撤回、不予办理和已恢复的不计。",
            "Numerator: releases closed by registration in the period without a person. Denominator: all releases of"
            " this platform closed by registration in the period. Those taken back, refused or registered again count"
            " in neither.",
        ),
        link("unaided", of, bank), link("released", of, bank),
        before.unaided / before.released if before.released else None,
    )  # fmt: skip


def online_rate(of: Period, found: Figures) -> Rate | None:
    """线上注销率: of all mortgages that the register cancelled, those through this platform. None: nobody can say."""
    if found.cancelled is None:
        return None
    before = figures(of.previous)
    return Rate(
        Label("线上注销率", "Released online"),
        min(found.released, found.cancelled), found.cancelled,
        Label(
            "分子：时段内经本平台由登记机构注销的抵押；分母：登记簿中时段内注销的全部抵押，含窗口办理的。登记簿为模拟。",
            "Numerator: releases of this platform closed by registration in the period. Denominator: all mortgages that"
            " the register cancelled in the period, the window's included. The register is simulated.",
        ),
        link("released", of), "",
        min(before.released, before.cancelled) / before.cancelled if before.cancelled else None,
    )  # fmt: skip


def in_time_rate(of: Period, found: Figures, bank: Unit | None = None) -> Rate:
    """承诺时间内注销率."""
    return Rate(
        Label("承诺时间内注销率", "In the promised time"),
        found.in_time, found.released,
        Label(
            "分子：注销时间不晚于承诺时间（银行信息到达后1小时，须等其他抵押权人的从最后一家到达时起算）；分母：时段内注销的全部抵押。",
            "Numerator: deregistered not later than promised (an hour from the bank's event; where others were owed,"
            " from the last one's). Denominator: all releases closed by registration in the period.",
        ),
        link("in_time", of, bank), link("released", of, bank),
    )  # fmt: skip


def fund_figures(of: Period) -> tuple[int, int]:
    """(without a person, all) released mortgages among whose settled creditors is a lender that is no bank."""
    funds = Unit.objects.exclude(credit_code="").exclude(kind=Unit.Kind.BANK).values("credit_code")
    rows = listed("released", of).filter(settlements__creditor_code__in=funds).order_by()
    found = rows.values("pk", "by_person").distinct()
    return sum(not row["by_person"] for row in found), len(found)


def banks(of: Period, now: datetime) -> list[BankLine]:
    """Every bank on file, laggards first."""
    units = list(Unit.objects.filter(kind=Unit.Kind.BANK, closed_on=None).order_by("code"))
    said = dict(BankEvent.objects.values_list("bank").annotate(last=Max("received_at")))
    lately = BankEvent.objects.filter(received_at__gte=of.start, received_at__lt=of.end)
    events = dict(lately.values_list("bank").annotate(n=Count("pk")))
    released = listed("released", of).order_by()
    counts = {
        row["first_bank"]: (row["n"], row["own"])
        for row in released.values("first_bank").annotate(n=Count("pk"), own=Count("pk", filter=Q(by_person=False)))
    }
    minutes = _minutes(released)
    waiting = dict(listed("exception", of).order_by().values_list("first_bank").annotate(n=Count("pk")))
    mistakes, sessions = _mistakes(now), training.sessions_by_bank()
    lines = []
    for unit in units:
        days, last = sessions.get(unit.pk, []), said.get(unit.pk)
        wrong = mistakes.get(unit.pk)
        lines.append(BankLine(
            unit, events.get(unit.pk, 0), last, *counts.get(unit.pk, (0, 0)),
            median(minutes[unit.pk]) if minutes.get(unit.pk) else None, waiting.get(unit.pk, 0),
            max(days, default=None), wrong,
            None if wrong is None else any(day <= training.day_of(wrong.started_at) for day in days),
            last is not None and last >= now - CONNECTED,
        ))  # fmt: skip
    return sorted(lines, key=lambda line: (not line.lags, line.unit.code))


# ── private ──


def _minutes(rows: QuerySet[Release]) -> dict[int, list[float]]:
    """By bank, from its event to registration."""
    found: dict[int, list[float]] = defaultdict(list)
    closed = rows.order_by().filter(released_at__isnull=False)
    for bank, began, ended in closed.values_list("first_bank", "started_at", "released_at"):
        if ended is not None:
            found[bank].append((ended - began).total_seconds() / 60)
    return found


def _cancelled(of: Period) -> int | None:
    if not register().simulated:
        return None
    return Registration.objects.filter(deregistered_at__gte=of.start, deregistered_at__lt=of.end).count()


def _mistakes(now: datetime) -> dict[int, Release]:
    """By bank its last release that went to a person for a reason of the bank's own."""
    rows = selectors.releases().filter(by_person=True, started_at__gte=now - LOOKS_BACK).order_by("started_at")
    return {row.first_bank_id: row for row in rows if selectors.why_code(row) in selectors.MISTAKES}
