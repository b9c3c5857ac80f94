"""日终对账: a bank's list of a day beside what is here. What differs is listed for people; nothing is ever applied.

A day's events are those that happened on it (China's day), as the bank said. The comparison is made anew whenever it is
looked at, so that it is always true of this moment; the list of a day that came last counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.mortgages import wire
from qinqing.mortgages.doors import Sender, check_source, use_up
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import DayList
from qinqing.mortgages.refusals import BadList

STATUSES = {
    "matched": Label("一致", "Matched"),
    "missing_here": Label("银行有、平台无", "Missing here"),
    "missing_there": Label("平台有、银行无", "Missing in the bank's list"),
    "differs": Label("内容不一致", "Differing content"),
    "early": Label("冲正未见对应结清", "Reversal without its settlement"),
    "waiting": Label("尚未处理", "Not yet taken"),
}  # what needs somebody first stands in the order of `_ORDER`
_ORDER = ("missing_here", "missing_there", "differs", "early", "waiting", "matched")
_MOST_ID, _MOST_CERTIFICATE = 200, 60
Pair = tuple[str, str]  # event id, certificate


@dataclass(frozen=True, slots=True)
class Sent:
    """A bank's list, read but not believed. `source` names the bank."""

    source: str
    day: date
    rows: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One event. `theirs`, `ours`: its certificate as each has it; None: not there. `state`: ours, '' where none."""

    event_id: str
    status: str
    theirs: str | None
    ours: str | None
    state: str = ""
    kind: str = ""
    happened_on: date | None = None

    @property
    def label(self) -> Label:
        return STATUSES[self.status]


@dataclass(frozen=True, slots=True)
class Result:
    """The differences first."""

    lines: tuple[Line, ...]

    @property
    def counts(self) -> dict[str, int]:
        """By status, zeros included."""
        return {**dict.fromkeys(STATUSES, 0), **Counter(line.status for line in self.lines)}

    @property
    def differences(self) -> int:
        return sum(line.status != "matched" for line in self.lines)


def read_list(body: bytes) -> Sent:
    """`{"source", "day", "events": [{"id", "certificate"}]}`. Raises BadList."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise _bad("应为JSON", "It is not JSON") from None
    if not isinstance(said, dict) or not isinstance(said.get("events"), list):
        raise _bad("应为含source、day、events的JSON对象", "It is a JSON object with source, day and events")
    source, events = said.get("source"), said["events"]
    if not isinstance(source, str) or not source.isascii() or not source.isprintable():
        raise _bad("source应为urn:qinqing:bank:和统一社会信用代码", "source is urn:qinqing:bank: and the credit code")
    return Sent(source, _day(said.get("day")), checked([_pair(each, at) for at, each in enumerate(events, 1)]))


def checked(rows: Sequence[Pair]) -> tuple[Pair, ...]:
    """The rows of a list from wherever it came. Raises BadList."""
    if len(rows) > wire.MOST_LINES:
        raise _bad(f"一天至多{wire.MOST_LINES:,}笔", f"At most {wire.MOST_LINES:,} a day")
    seen: dict[str, int] = {}
    for at, (event_id, _) in enumerate(rows, 1):
        if (first := seen.setdefault(event_id, at)) != at:
            raise _bad(f"第{at}笔与第{first}笔的事件编号相同", f"Event {at} has the id of event {first}")
    return tuple(rows)


def receive(sender: Sender, sent: Sent, via: str, now: datetime) -> Result:
    """Keep a bank's list and compare it. Raises what the doors refuse; nothing is kept then."""
    check_source(sender, sent.source)
    with transaction.atomic():
        use_up(sender)
        keep(sender.bank, sent.day, sent.rows, via, sender.key.key_id, now)
    return compare(sender.bank, sent.day, sent.rows)


def keep(bank: Unit, day: date, rows: Sequence[Pair], via: str, by: str, now: datetime) -> DayList:
    """The list of a day; the same again is not kept twice. Raises BadList for a day that has not begun."""
    if not day_of(now) - timedelta(days=400) <= day <= day_of(now):
        raise _bad("日期应在今天及之前400天之内", "The day is today or within the 400 days before")
    said = [list(row) for row in rows]
    last = last_list(bank, day)
    if last is not None and last.rows == said:
        return last
    return DayList.objects.create(bank=bank, day=day, rows=said, via=via, sent_by=by[:80], sent_at=now)


def last_list(bank: Unit, day: date) -> DayList | None:
    """The one that counts."""
    return DayList.objects.filter(bank=bank, day=day).order_by("-pk").first()


def lists() -> QuerySet[DayList]:
    """The newest day first; within a day the newest list of a bank first."""
    return DayList.objects.select_related("bank").order_by("-day", "bank__code", "-pk")


def compare(bank: Unit, day: date, rows: Iterable[Pair]) -> Result:
    """The list beside what is here at this moment."""
    theirs = dict(rows)
    begins = datetime(day.year, day.month, day.day, tzinfo=CHINA)
    mine = BankEvent.objects.filter(bank=bank)
    ours = {e.event_id: e for e in mine.filter(happened_at__gte=begins, happened_at__lt=begins + timedelta(days=1))}
    elsewhere = list(theirs.keys() - ours.keys())
    for at in range(0, len(elsewhere), 500):  # of another day as we have it: SQLite takes so many at once
        ours |= {e.event_id: e for e in mine.filter(event_id__in=elsewhere[at : at + 500])}
    lines = [_line(event_id, theirs.get(event_id), ours.get(event_id), day) for event_id in theirs.keys() | ours.keys()]
    return Result(tuple(sorted(lines, key=lambda line: (_ORDER.index(line.status), line.event_id))))


# ── private ──


def _line(event_id: str, theirs: str | None, event: BankEvent | None, day: date) -> Line:
    if event is None:
        return Line(event_id, "missing_here", theirs, None)
    on = day_of(event.happened_at)
    if theirs is None:
        status = "missing_there"
    elif on != day or _differ(theirs, event):
        status = "differs"
    else:
        status = {"early": "early", "waiting": "waiting"}.get(event.state, "matched")
    return Line(event_id, status, theirs, event.certificate, event.state, event.kind, on)


def _differ(theirs: str, event: BankEvent) -> bool:
    """A reversal need not name the certificate."""
    named = event.kind == BankEvent.Kind.SETTLED or bool(theirs and event.certificate)
    return named and theirs != event.certificate


def _pair(each: Any, at: int) -> Pair:
    if not isinstance(each, dict):
        raise _bad(f"第{at}笔应为含id和certificate的对象", f"Event {at} is an object with id and certificate")
    event_id, certificate = each.get("id"), each.get("certificate", "")
    if not isinstance(event_id, str) or not 0 < len(event_id) <= _MOST_ID or not event_id.isprintable():
        raise _bad(f"第{at}笔的id应为1至{_MOST_ID}个可见字符", f"The id of event {at} is 1 to {_MOST_ID} characters")
    if (
        not isinstance(certificate, str)
        or len(certificate) > _MOST_CERTIFICATE
        or (certificate and not certificate.isprintable())
    ):
        raise _bad(f"第{at}笔的certificate至多{_MOST_CERTIFICATE}字", f"The certificate of event {at} is too long")
    return event_id, certificate.strip()


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise _bad("day应为日期，如2026-09-29", "day is a date such as 2026-09-29") from None


def _bad(zh: str, en: str) -> BadList:
    return BadList(Label(zh, en))
