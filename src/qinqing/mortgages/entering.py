"""录入与复核: a bank's clerk enters settlements and reversals; they count once another person of the bank has checked.

Never the same person, whatever roles they hold (四眼原则; the database refuses it too). A sheet is confirmed whole or
not at all. What nobody confirmed has no effect whatever.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from qinqing.accounts.actor import Actor
from qinqing.directory.models import Unit
from qinqing.lib.identifiers import Invalid as BadCode
from qinqing.lib.identifiers import credit_code
from qinqing.lib.labels import Label
from qinqing.mortgages import events, wire
from qinqing.mortgages.events import Accepted, Reused, Sent
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import Submission
from qinqing.mortgages.selectors_doors import CHECKER, CLERK, bank_ids
from qinqing.ui.errors import Invalid, NotAllowed, NotFound, Problem

State = Submission.State
Row = dict[str, Any]
FIELDS = ("event_id", "certificate", "unit_number", "creditor_code", "loan_number", "extent", "reverses")
_NAMES = {"id": "event_id", "type": "kind"}  # of events' faults -> ours


class MovedOn(Problem):
    """Somebody was faster, or it is not at this step."""

    status = 409
    code = "submission-moved-on"
    title = Label("这份报送单已有变化", "This submission has moved on")


class SamePerson(Problem):
    status = 403
    code = "same-person"
    title = Label("不能复核自己录入的内容", "Nobody checks what they entered")


class Contradicted(Problem):
    """Found at confirming; nothing of the submission was taken."""

    status = 409
    code = "submission-contradicted"
    title = Label("报送单有一行不能报送，全部未报送", "A row cannot be sent; nothing of the submission was")


def row_of(kind: str, said: Mapping[str, Any], happened_at: datetime, number: int = 1) -> Row:
    """A row as it is kept: texts in their plain form; the id as typed, or made of the content."""
    mine = FIELDS if kind == BankEvent.Kind.SETTLED else ("event_id", "reverses")
    row = {name: " ".join(str(said.get(name) or "").split()) if name in mine else "" for name in FIELDS}
    for name in ("unit_number", "creditor_code"):
        row[name] = unicodedata.normalize("NFKC", row[name]).replace(" ", "").upper()
    row["extent"] = row["extent"] or wire.FULL
    row |= {"kind": kind, "happened_at": happened_at.isoformat()}
    row["event_id"] = row["event_id"] or wire.derived_id({**row, "happened_at": int(happened_at.timestamp())})
    return {**row, "number": number}


def sent_of(row: Row, record: Mapping[str, Any] | None = None) -> Sent:
    """The row as an event. `record`: who entered and checked it."""
    return Sent(
        row["event_id"], row["kind"], datetime.fromisoformat(row["happened_at"]), certificate=row["certificate"],
        unit_number=row["unit_number"], creditor_code=row["creditor_code"], loan_number=row["loan_number"],
        in_full=row["extent"] == wire.FULL, reverses=row["reverses"], body={"row": row, **(record or {})},
    )  # fmt: skip


def check(bank: Unit, row: Row, known: Mapping[str, BankEvent], now: datetime) -> dict[str, Label]:
    """What is wrong with a row, by field. `known`: the bank's events by id, those named in the row at least."""
    found = {_NAMES.get(name, name): text for name, text in events.faults(sent_of(row), now)}
    if row["creditor_code"] and "creditor_code" not in found:
        try:
            credit_code(row["creditor_code"])
        except BadCode as error:
            found["creditor_code"] = error.label
    earlier = known.get(row["event_id"])
    if earlier is not None and earlier.sha256 != sent_of(row).sha256:
        found["event_id"] = Label(
            "这个编号已用于另一内容，请核对或换一个编号",
            "Used for another content before; check it or take another",
        )
    if row["kind"] == BankEvent.Kind.REVERSED and "reverses" not in found:
        original = known.get(row["reverses"])
        if original is None or original.kind != BankEvent.Kind.SETTLED:
            found["reverses"] = Label(
                "本行没有报送过这个编号的结清，请从已报送清单中核对", "Your bank has sent no settlement with this id"
            )
    return found


def known_events(bank: Unit, rows: Sequence[Row]) -> dict[str, BankEvent]:
    """The bank's events that these rows name, by id."""
    ids = sorted({row["event_id"] for row in rows} | {row["reverses"] for row in rows if row["reverses"]})
    found: dict[str, BankEvent] = {}
    for at in range(0, len(ids), 500):
        found |= {e.event_id: e for e in BankEvent.objects.filter(bank=bank, event_id__in=ids[at : at + 500])}
    return found


def enter(actor: Actor, bank: Unit, row: Row, now: datetime) -> Submission:
    """One settlement or reversal, to be checked. Raises Invalid by field."""
    need(actor, bank.pk, CLERK)
    known = known_events(bank, [row])
    wrong = check(bank, row, known, now)
    if not wrong and row["event_id"] in known:
        wrong["event_id"] = Label(
            "同样内容已经报送过；确需另报一笔的，请填写新的业务流水号",
            "The same was sent before; if it is another one, enter a new reference",
        )
    if not wrong and row["event_id"] in _waiting_ids(bank):
        wrong["event_id"] = Label("同样内容正在等待复核，请勿重复录入", "The same is waiting to be checked already")
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    return Submission.objects.create(
        bank=bank,
        via=BankEvent.Via.CLERK,
        rows=[row],
        state=State.WAITING,
        entered_by_id=user_of(actor),
        entered_at=now,
    )


def hand_on(actor: Actor, pk: int, now: datetime) -> Submission:
    """提交复核: an uploaded sheet goes to the checker."""
    with transaction.atomic():
        found = _locked(actor, pk, CLERK, State.DRAFT)
        if not found.rows:
            raise MovedOn(Label("表中没有可报送的行，请改正后重新上传", "No row can be sent; mend the sheet"))
        found.state = State.WAITING
        found.save(update_fields=["state"])
    return found


def drop(actor: Actor, pk: int, now: datetime) -> Submission:
    """放弃, before anybody confirmed it."""
    with transaction.atomic():
        found = _locked(actor, pk, CLERK, State.DRAFT, State.WAITING)
        found.state, found.decided_at = State.DROPPED, now
        found.save(update_fields=["state", "decided_at"])
    return found


def confirm(actor: Actor, pk: int, now: datetime) -> list[Accepted]:
    """复核通过: every row is taken as an event, or none. Raises SamePerson, MovedOn, Contradicted."""
    with transaction.atomic():
        found = _to_decide(actor, pk)
        record = {
            "submission": found.pk, "entered_by": found.entered_by_id, "entered_at": found.entered_at.isoformat(),
            "checked_by": actor.user_id, "file_sha256": found.sha256,
        }  # fmt: skip
        accepted = []
        for row in found.rows:
            try:
                accepted.append(events.accept(found.bank, sent_of(row, record), found.via, now))
            except (Reused, events.Wrong) as problem:
                where = Label(f"第{row['number']}行：", f"Row {row['number']}: ")
                detail = Label.of(problem.detail)
                raise Contradicted(Label(where.zh + detail.zh, where.en + detail.en)) from None
        _decided(found, State.CONFIRMED, actor, now)
    return accepted


def refuse(actor: Actor, pk: int, reason: str, now: datetime) -> Submission:
    """退回, with the reason; the clerk corrects and enters anew. Raises Invalid, SamePerson, MovedOn."""
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= 300:
        text = Label("请写明退回原因，至多300字", "Say why, in at most 300 characters")
        raise Invalid(text, fields={"reason": text})
    with transaction.atomic():
        found = _to_decide(actor, pk)
        found.reason = reason
        _decided(found, State.REFUSED, actor, now)
    return found


def need(actor: Actor, bank_id: int, role: str) -> None:
    """Raises NotAllowed for who does not hold this role in this bank."""
    if bank_id not in bank_ids(actor, role):
        raise NotAllowed(Label("只由本行相应岗位办理", "Only the post in question of this bank may"))


def user_of(actor: Actor) -> int:
    """Whose account it is. Raises NotAllowed for programs and the system: two people stand behind a submission."""
    if actor.user_id is None:
        raise NotAllowed(Label("请由本行人员办理", "A person of the bank does this"))
    return actor.user_id


# ── private ──


def _to_decide(actor: Actor, pk: int) -> Submission:
    found = _locked(actor, pk, CHECKER, State.WAITING)
    if found.entered_by_id == actor.user_id:
        raise SamePerson(Label("请由本行另一名复核员复核", "Ask another checker of your bank"))
    return found


def _locked(actor: Actor, pk: int, role: str, *states: str) -> Submission:
    found = Submission.objects.select_for_update(of=("self",)).select_related("bank").filter(pk=pk).first()
    if found is None or found.bank_id not in bank_ids(actor):
        raise NotFound(Label("本行没有这份报送单", "Your bank has no such submission"))
    need(actor, found.bank_id, role)
    if found.state not in states:
        raise MovedOn(
            Label(
                f"现在的状态是“{found.get_state_display()}”，请刷新后再看", "It is at another step now; reload the page"
            )
        )
    return found


def _decided(found: Submission, state: str, actor: Actor, now: datetime) -> None:
    found.state, found.decided_by_id, found.decided_at = state, actor.user_id, now
    found.save(update_fields=["state", "decided_by", "decided_at", "reason"])


def _waiting_ids(bank: Unit) -> set[str]:
    waiting = Submission.objects.filter(bank=bank, state=State.WAITING).values_list("rows", flat=True)
    return {row["event_id"] for rows in waiting for row in rows}
