"""办理: from matching to deregistration, by acts of the system. Slow calls to the register stand outside transactions.

Doing a step again changes nothing: what is due is read from the rows, a request to the register has a number of its own
by which the register knows a repetition, and an act that came too late finds its case moved on (NotOpen).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from qinqing.accounts.actor import SYSTEM
from qinqing.cases.acting import act
from qinqing.cases.models import Case
from qinqing.cases.registry import Context, effect, guard
from qinqing.lib.labels import Label
from qinqing.messaging.outbox import enqueue
from qinqing.mortgages import names
from qinqing.mortgages.judging import Doubt, Fit, Settled, judge
from qinqing.mortgages.models import BankEvent, RegisterRequest, Release, Settlement
from qinqing.mortgages.register import Asked, Declined, Deregistered, Entry, RegisterAway, entry_of, register

AT_ONCE = 50
SLICE = 10  # seconds after which no further call begins: a silent register must not keep a worker from its other jobs
LOOK_AGAIN = timedelta(seconds=5)
PATIENCE = timedelta(seconds=30)  # another worker's try may still be under way
_RETRY = (2, 5, 10, 20, 40, 60)  # seconds until the next try; then the last
State = RegisterRequest.State
_log = logging.getLogger(__name__)


# ── matching ──


def match(now: datetime, limit: int = AT_ONCE) -> bool:
    """One slice: look up and judge what is in the stage of matching; True where more may wait. What was asked in vain
    comes after what was not asked yet: a record that the register cannot answer for holds up no other."""
    due = Release.objects.filter(_not_before(now), state=Release.State.OPEN, case__stage="matching")
    chosen = list(due.order_by(F("next_look_at").asc(nulls_first=True), "pk").values_list("pk", "certificate")[:limit])
    moved, ends = 0, time.monotonic() + SLICE
    for pk, certificate in chosen:
        try:
            moved += match_one(pk, register().look_up(certificate), now)
        except RegisterAway as away:
            _log.warning("the register does not answer for %s: %s", certificate, away)
            Release.objects.filter(pk=pk).update(next_look_at=now + LOOK_AGAIN)
        except Exception:
            _log.exception("release %s could not be matched", pk)
        if time.monotonic() > ends:
            break
    return moved > 0 and len(chosen) == limit


def _not_before(now: datetime) -> Q:
    """A time later than any that is written here comes from a clock since moved back."""
    return Q(next_look_at=None) | Q(next_look_at__lte=now) | Q(next_look_at__gt=now + LOOK_AGAIN)


def match_one(pk: int, entry: Entry | None, now: datetime) -> bool:
    """Judge by what the register said a moment ago; the register itself has the last word when asked to deregister."""
    with transaction.atomic():
        release = _locked(pk)
        if release.case.stage != "matching":
            return False
        if RegisterRequest.objects.filter(release=release, state=State.SENT).exists():
            return _try(release, "fit", {}, now)  # it has gone out before: its answer counts, not another look
        book = names.book(creditor.name for creditor in entry.creditors) if entry else names.book([])
        settled = [
            Settled(_today(each.creditor_code, book), each.loan_number, each.in_full, each.authorised)
            for each in release.settlements.filter(reversed_by=None).order_by("pk")
        ]
        verdict = judge(release.certificate, release.unit_number, entry, settled, book.resolve)
        _remember(release, entry)
        if isinstance(verdict, Fit):
            return _try(release, "fit", {}, now)
        if isinstance(verdict, Doubt):
            Release.objects.filter(pk=pk).update(by_person=True)
            return _try(release, "doubt", {"why": verdict.why, "detail": verdict.detail.zh[:500]}, now)
        return _try(release, "wait", {"detail": f"尚待结清：{'、'.join(verdict.owed)}"[:500]}, now)


def _today(code: str, book: names.Book) -> str:
    """A bank may go on reporting under the code it had before a merger; where it went must be certain."""
    bearers = book.bearers(code)
    return next(iter(bearers)) if len(bearers) == 1 else code


def _remember(release: Release, entry: Entry | None) -> None:
    """Owner and address, as the register has them."""
    if entry is None:
        return
    release.looked_up = entry.as_dict()
    release.owner, release.owner_id_end = entry.owner[:200], entry.owner_id_end[:6]
    release.owner_phone, release.address = entry.owner_phone[:20], entry.address[:300]
    release.save(update_fields=["looked_up", "owner", "owner_id_end", "owner_phone", "address"])


# ── the registry ──


def send(now: datetime, limit: int = AT_ONCE) -> bool:
    """One slice: ask the register what is to be asked; True where more may wait."""
    live = RegisterRequest.objects.filter(state__in=[State.PENDING, State.SENT], next_try_at__lte=now)
    chosen = list(live.order_by("next_try_at", "pk").values_list("pk", flat=True)[:limit])
    answered, ends = 0, time.monotonic() + SLICE
    for pk in chosen:
        try:
            answered += send_one(pk, now)
        except Exception:
            _log.exception("request %s to the register failed", pk)
        if time.monotonic() > ends:
            break
    return answered > 0 and len(chosen) == limit


def send_one(pk: int, now: datetime) -> bool:
    """One try; True: it was answered. The row says that it goes out before it goes."""
    request = _taken_to_send(pk, now)
    if request is None:
        return False
    release = request.release
    codes = (
        release.settlements.filter(reversed_by=None).order_by("creditor_code").values_list("creditor_code", flat=True)
    )
    asked = Asked(request.number, release.certificate, release.unit_number, tuple(dict.fromkeys(codes)))
    try:
        answer = register().deregister(asked, now)
    except RegisterAway as away:
        wait = _RETRY[min(request.attempts, len(_RETRY)) - 1]
        again = {"next_try_at": now + timedelta(seconds=wait), "last_error": str(away)[:300]}
        RegisterRequest.objects.filter(pk=pk, state=State.SENT).update(**again)
        return False
    with transaction.atomic():
        return _answered(pk, answer, now)


def _taken_to_send(pk: int, now: datetime) -> RegisterRequest | None:
    """The request, leased: the case is locked, so that a reversal comes before or after, never between. One that has
    come and is not taken yet counts: nothing goes out before it is."""
    with transaction.atomic():
        found = RegisterRequest.objects.filter(pk=pk).select_related("release").first()
        if found is None:
            return None
        Case.objects.select_for_update(no_key=True).values_list("pk", flat=True).get(pk=found.release.case_id)
        if found.state == State.PENDING and _being_reversed(found.release):
            return None
        mine = RegisterRequest.objects.filter(pk=pk, state__in=[State.PENDING, State.SENT], next_try_at__lte=now)
        first = {"sent_at": now} if found.sent_at is None else {}
        if not mine.update(state=State.SENT, attempts=F("attempts") + 1, next_try_at=now + PATIENCE, **first):
            return None
        found.attempts += 1  # whoever had counted since then would have put the next try off
        return found


def _being_reversed(release: Release) -> bool:
    came = BankEvent.objects.filter(
        bank=OuterRef("event__bank"), reverses=OuterRef("event__event_id"), state=BankEvent.State.WAITING
    )
    return Settlement.objects.filter(Exists(came), release=release, reversed_by=None).exists()


def _answered(pk: int, answer: Deregistered | Declined, now: datetime) -> bool:
    """The register's word, and what follows, in one transaction."""
    release = _locked(RegisterRequest.objects.values_list("release_id", flat=True).get(pk=pk))
    request = RegisterRequest.objects.select_for_update(of=("self",)).get(pk=pk)
    if request.state != State.SENT:
        return False
    request.answered_at = now
    if isinstance(answer, Declined):
        request.state, request.answer = State.REFUSED, {"reason": answer.reason}
        request.save(update_fields=["state", "answer", "answered_at"])
        Release.objects.filter(pk=release.pk).update(by_person=True, reversed_late=False)
        return _try(release, "register_refused", {"why": "register_refused", "detail": answer.reason[:500]}, now)
    request.state, request.answer = State.DONE, {"receipt_no": answer.receipt_no, "at": answer.at.isoformat()}
    request.save(update_fields=["state", "answer", "answered_at"])
    data = {"receipt_no": answer.receipt_no}
    if release.reversed_late:
        return _try(release, "registered_against", {**data, "detail": "银行冲正到达时已送登记"}, now)
    return _try(release, "registered", data, now)


def _try(release: Release, action: str, data: Mapping[str, object], now: datetime) -> bool:
    act(release.case_id, action, SYSTEM, now, data)
    return True


def _locked(pk: int) -> Release:
    """The release with its case, the case locked first as every act does."""
    cases = Case.objects.filter(mortgage_release=pk).select_for_update(no_key=True, of=("self",))
    cases.values_list("pk", flat=True).get()
    return Release.objects.select_related("case").get(pk=pk)


# ── what the procedure calls upon ──


@effect("mortgages.request")
def request(context: Context) -> None:
    """申请注销: one live request for a release. One that has gone out stands, whatever happened since."""
    release = Release.objects.get(case=context.case_id)
    made = list(release.requests.values_list("state", flat=True))
    if State.PENDING in made or State.SENT in made:
        return
    number = f"{context.number}-{len(made) + 1}"
    RegisterRequest.objects.create(release=release, number=number, made_at=context.now, next_try_at=context.now)


@effect("mortgages.released")
def released(context: Context) -> None:
    """已注销: the row says so, the paper can be had, and everybody hears of it."""
    release = Release.objects.get(case=context.case_id)
    release.state, release.released_at = Release.State.RELEASED, context.now
    release.receipt_no = context.texts["receipt_no"][:60]
    release.save(update_fields=["state", "released_at", "receipt_no"])
    enqueue("mortgages", f"{context.number}#{context.seq}", "mortgage.released", {"case": context.number}, context.now)


@effect("mortgages.end")
def end(context: Context) -> None:
    """Without deregistration: nothing goes to the registry any more."""
    Release.objects.filter(case=context.case_id).update(state=Release.State.ENDED)
    withdraw_request(context)


@effect("mortgages.withdraw_request")
def withdraw_request(context: Context) -> None:
    """撤回: a request that has not gone out."""
    RegisterRequest.objects.filter(release__case=context.case_id, state=State.PENDING).update(state=State.CANCELLED)


@effect("mortgages.restored")
def restored(context: Context) -> None:
    """恢复登记: the mortgage stands again; the owner who was told of a release is told of this."""
    Release.objects.filter(case=context.case_id).update(state=Release.State.ENDED)
    enqueue("mortgages", f"{context.number}#{context.seq}", "mortgage.restored", {"case": context.number}, context.now)


@effect("mortgages.by_person")
def by_person(context: Context) -> None:
    """经人工: it no longer counts as released by itself."""
    Release.objects.filter(case=context.case_id).update(by_person=True)


@effect("mortgages.stands")
def stands(context: Context) -> None:
    """注销有效: as it was."""


@guard(
    "mortgages.nothing_under_way",
    Label("已送登记机构，尚未答复；请等答复后再办", "It has gone to the registry; wait for the answer"),
)
def nothing_under_way(context: Context) -> bool:
    return not RegisterRequest.objects.filter(release__case=context.case_id, state=State.SENT).exists()


@guard(
    "mortgages.may_be_released",
    Label(
        "登记簿中没有这项抵押或已注销，或者抵押权人已冲正而未重新报送结清，不能注销",
        "The register has no such mortgage, or it is gone already, or a creditor took its word back",
    ),
)
def may_be_released(context: Context) -> bool:
    """A person may decide on a doubt; nobody can deregister what is not there, by what the register said last, nor
    against a creditor that took its word back and has not given it again."""
    release = Release.objects.get(case=context.case_id)
    if not release.looked_up or not (entry := entry_of(release.looked_up)).active:
        return False
    said = release.settlements.values_list("creditor_code", "reversed_by")
    live = {code for code, reversal in said if reversal is None}
    taken_back = {code for code, _ in said} - live
    owed = {code for each in entry.creditors for code in names.resolve(each, entry.registered_on).codes}
    return bool(live) and not taken_back & owed
