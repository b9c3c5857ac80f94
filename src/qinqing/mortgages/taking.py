"""处理: the worker takes each accepted event once, in a transaction of its own, in the order of arrival.

A settlement opens the release of its mortgage or joins the one that is open; a reversal takes its settlement back. One
that comes before its settlement waits for it. A worker killed in the middle leaves the event waiting.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from qinqing.accounts.actor import SYSTEM
from qinqing.cases.acting import act, open_case
from qinqing.cases.models import Case
from qinqing.directory.models import Party, Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.mortgages import authorisations, promise
from qinqing.mortgages.models import BankEvent, RegisterRequest, Release, Settlement

PROCEDURE = "mortgage_release"
AT_ONCE = 50
State = BankEvent.State
_log = logging.getLogger(__name__)
_CHANNEL = {"api": "api", "webhook": "api", "clerk": "bank", "file": "file"}
_MATCHES_AGAIN = {"waiting": "settled_too", "exception": "another_settled"}  # stage -> the act that takes it there


def take(now: datetime, limit: int = AT_ONCE) -> bool:
    """One slice; True where more may wait. One that fails stays, and is seen on the bank's and the operator's page; the
    slice goes on behind it, so that any number of them hold up nobody."""
    taken = 0
    for pk in list(BankEvent.objects.filter(state=State.WAITING).order_by("pk").values_list("pk", flat=True)):
        try:
            taken += take_one(pk, now)
        except Exception:
            _log.exception("bank event %s could not be taken", pk)
        if taken == limit:
            return True
    return False


def take_one(pk: int, now: datetime) -> bool:
    """Take one event; False: another worker has it or had it. Raises what its acts raise; nothing is done then.

    The bank is locked with it: of one bank's words only one is taken at a time, so that a reversal never slips past the
    settlement that another worker is just taking."""
    with transaction.atomic():
        rows = BankEvent.objects.filter(pk=pk, state=State.WAITING).select_related("bank")
        skip = connection.vendor != "sqlite"
        event = rows.select_for_update(skip_locked=skip, of=("self", "bank"), no_key=True).first()
        if event is None:
            return False
        if event.kind == BankEvent.Kind.SETTLED:
            _settled(event, now)
        else:
            _reversed(event, now)
    return True


# ── a settlement ──


def _settled(event: BankEvent, now: datetime) -> None:
    if _reversed_before(event, now):
        return
    release, action = _open_release(event.certificate), None
    if release is None:
        last = (
            Release.objects.filter(certificate=event.certificate, state=Release.State.RELEASED).order_by("-pk").first()
        )
        if last is not None and _has(last, event):
            return _taken(event, now, last, Label("该抵押已注销，重复报送", "Deregistered already; said again"))
        release = _begin(event, now)
    elif _has(release, event):
        return _taken(event, now, release, Label("同一贷款此前已报送结清", "The same loan was settled before"))
    else:
        action = _MATCHES_AGAIN.get(release.case.stage)
    Settlement.objects.create(
        release=release, creditor_code=event.creditor_code, loan_number=event.loan_number, in_full=event.in_full,
        authorised=authorisations.may_speak(event.bank, event.creditor_code, day_of(event.happened_at)), event=event,
    )  # fmt: skip
    if action:
        detail = {"detail": f"{event.bank.name}报送{event.creditor_code}结清"[:500]}
        act(release.case_id, action, SYSTEM, now, detail)
        restart(release, event.received_at)
    _taken(event, now, release, Label("已受理", "Accepted"))


def restart(release: Release, since: datetime) -> None:
    """The promised hour begins anew: only now can the mortgage be released."""
    release.started_at, release.promised_at = since, promise.until(since)
    release.save(update_fields=["started_at", "promised_at"])


def _open_release(certificate: str) -> Release | None:
    """The open release, its case locked first as every act does."""
    found = Release.objects.filter(certificate=certificate, state=Release.State.OPEN).first()
    if found is None:
        return None
    _lock(found.case_id)
    return Release.objects.select_related("case").filter(pk=found.pk, state=Release.State.OPEN).first()


def _lock(case_id: int) -> None:
    Case.objects.select_for_update(no_key=True).values_list("pk", flat=True).get(pk=case_id)


def _has(release: Release, event: BankEvent) -> bool:
    live = Settlement.objects.filter(release=release, reversed_by=None)
    return live.filter(creditor_code=event.creditor_code, loan_number=event.loan_number).exists()


def _begin(event: BankEvent, now: datetime) -> Release:
    data = {"certificate": event.certificate, "unit_number": event.unit_number}
    done = open_case(
        PROCEDURE, party_of(event.bank, now).pk, SYSTEM, now, data, title=f"清贷解抵：{event.certificate}"[:80],
        channel=_CHANNEL[event.via],
    )  # fmt: skip
    return Release.objects.create(
        case_id=done.case_id, certificate=event.certificate, unit_number=event.unit_number, first_bank=event.bank,
        started_at=event.received_at, promised_at=promise.until(event.received_at),
    )  # fmt: skip


def party_of(bank: Unit, now: datetime) -> Party:
    """The bank as a party: it is the one who raises the matter."""
    values = {"kind": Party.Kind.COMPANY, "name": bank.name, "name_norm": normal(bank.name), "updated_at": now}
    return Party.objects.get_or_create(credit_code=bank.credit_code, defaults=values)[0]


# ── a reversal ──


def _reversed_before(event: BankEvent, now: datetime) -> bool:
    """Whether a reversal came first: then nothing happens at all."""
    early = list(BankEvent.objects.filter(bank=event.bank, reverses=event.event_id, state=State.EARLY))
    if not early:
        return False
    said = Label("冲正先到，不予办理", "Reversed before it came; nothing was done")
    for each in early:
        _taken(each, now, None, said)
    _taken(event, now, None, said)
    return True


def _reversed(event: BankEvent, now: datetime) -> None:
    original = (
        BankEvent.objects.select_for_update(of=("self",))
        .filter(bank=event.bank, event_id=event.reverses, kind=BankEvent.Kind.SETTLED)
        .first()
    )
    if original is None or original.state == State.WAITING:
        event.state = State.EARLY
        event.save(update_fields=["state"])
        return
    settlement = Settlement.objects.filter(event=original).select_related("release").first()
    if settlement is None or settlement.reversed_by_id is not None:
        said = Label("所冲正的事件未曾生效或已冲正", "What it reverses never took effect, or was reversed before")
        return _taken(event, now, original.release, said)
    _lock(settlement.release.case_id)
    settlement.reversed_by = event
    settlement.save(update_fields=["reversed_by"])
    release = Release.objects.select_related("case").get(pk=settlement.release_id)
    _taken(event, now, release, _undo(release, event, now))


def _undo(release: Release, event: BankEvent, now: datetime) -> Label:
    """What a reversal does to its release: before the registry cancel, afterwards to a person at once."""
    detail: dict[str, Any] = {"detail": f"{event.bank.name}冲正{event.reverses}"[:500]}
    if release.state == Release.State.RELEASED:
        if release.case.outcome == "released":
            act(release.case_id, "reopen", SYSTEM, now, detail)
        return Label("注销后冲正，已紧急转人工", "Reversed after deregistration: a person looks at once")
    if release.state == Release.State.ENDED:
        return Label("该件此前已终止", "The release had ended before")
    if RegisterRequest.objects.filter(release=release, state=RegisterRequest.State.SENT).exists():
        release.reversed_late = True
        release.save(update_fields=["reversed_late"])
        if release.case.stage == "registering":
            act(release.case_id, "reversed_meanwhile", SYSTEM, now, {**detail, "why": "reversed_meanwhile"})
        return Label("已送登记，转人工处理", "It had gone to the registry: a person looks")
    if Settlement.objects.filter(release=release, reversed_by=None).exists():
        if release.case.stage == "registering":
            act(release.case_id, "part_reversed", SYSTEM, now, detail)
        return Label("其余抵押权人的结清仍有效", "The other creditors' settlements stand")
    act(release.case_id, "reversed", SYSTEM, now, detail)
    return Label("已撤销", "Cancelled")


def _taken(event: BankEvent, now: datetime, release: Release | None, said: Label) -> None:
    event.state, event.taken_at, event.release, event.word = State.TAKEN, now, release, f"{said.zh}\n{said.en}"[:600]
    event.save(update_fields=["state", "taken_at", "release", "word"])
