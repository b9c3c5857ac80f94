"""备案: what one person files, a second person checks before it counts (B6, B7), as a case of the kernel.

Filed by the registry: a handler proposes, the head approves. Filed by a creditor: the registry checks. What is filed
stands in `Filing.lines`, which never change; the check runs the writer of its kind in the act's own transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from qinqing.accounts.actor import SYSTEM, Actor
from qinqing.cases.acting import act, open_case
from qinqing.cases.blobs import StoredFile
from qinqing.cases.models import Attachment
from qinqing.cases.refusals import Refused
from qinqing.cases.registry import Context, effect, guard
from qinqing.directory.models import Party, Unit
from qinqing.directory.services import create_party
from qinqing.lib.labels import Label
from qinqing.mortgages import places
from qinqing.mortgages.models_names import Filing
from qinqing.mortgages.places import NotYours
from qinqing.mortgages.taking import party_of
from qinqing.ui.errors import Invalid

Kind, State = Filing.Kind, Filing.State
INTERNAL = "机关内部件"  # party of papers between offices: nobody acts for it
MOST_FILES = 20
_PROCEDURES: dict[str, tuple[str, str]] = {
    Kind.ALIAS: ("creditor_alias", "file"),
    Kind.ALIAS_END: ("creditor_alias", "end"),
    Kind.AUTHORISATION: ("discharge_authorisation", "grant"),
    Kind.REVOCATION: ("discharge_authorisation", "revoke"),
}
Lines = Sequence[dict[str, Any]]
Writer = Callable[[Filing, datetime], None]
_writers: dict[str, Writer] = {}


def writes(kind: str) -> Callable[[Writer], Writer]:
    """Register what brings the lines of a kind into force."""

    def register(function: Writer) -> Writer:
        _writers[kind] = function
        return function

    return register


def unit_of(actor: Actor, creditor_code: str = "") -> Unit:
    """In whose name the actor files: the registry's for any creditor, a creditor's for its own code only.

    Raises NotYours."""
    if places.is_registry(actor):
        return Unit.objects.filter(pk__in=actor.unit_ids, desk=places.REGISTRY)[:1].get()
    for own in places.banks_of(actor):
        if not creditor_code or own.credit_code == creditor_code:
            return own
    raise NotYours(
        Label("备案由登记机构或该机构自己申报", "Filings are made by the registry or by the institution itself")
    )


def file(
    kind: str,
    unit: Unit,
    lines: Lines,
    files: Sequence[StoredFile],
    actor: Actor,
    now: datetime,
    *,
    title: str,
    summary: str,
    about: Unit | None = None,
) -> Filing:
    """Open the case with its evidence; from the registry it goes to the head at once. The lines are checked already.

    `about`: the creditor, whose party raises the case; None for several. Raises Invalid (no evidence) and what the
    kernel raises."""
    if not files:
        raise _no_evidence()
    assert actor.user_id is not None  # the doors let nobody in who has not signed in
    procedure, what = _PROCEDURES[kind]
    own = unit.desk == places.REGISTRY
    data = {"what": what, "filed_from": "registry" if own else "creditor", "summary": summary[:500]}
    party = party_of(about, now) if about is not None else _internal(now)
    with transaction.atomic():
        done = open_case(
            procedure, party.pk, actor, now, data, title=title, channel="window" if own else "bank", files=files
        )
        filing = Filing.objects.create(
            case_id=done.case_id, kind=kind, unit=unit, filed_by_id=actor.user_id, filed_at=now, lines=list(lines)
        )
        if own:
            act(done.case_id, "propose", actor, now, {"finding": "佐证材料已核，提请复核"})
        else:
            act(done.case_id, "received", SYSTEM, now)
    return filing


def evidence_of(filing: Filing) -> list[Attachment]:
    """佐证: what was filed with it and since."""
    return list(Attachment.objects.filter(case=filing.case_id).order_by("pk"))


def takes_part(actor: Actor) -> bool:
    """Whether filings are anything to this person: a creditor, the registry, an overseer."""
    return places.sees_all(actor) or places.is_bank(actor)


def may_see(actor: Actor, filing: Filing) -> bool:
    """Registry and overseers see all; a creditor what it filed, and what is about it."""
    if places.sees_all(actor) or filing.unit_id in actor.unit_ids:
        return True
    own = {bank.credit_code for bank in places.banks_of(actor)}
    named = {line.get(name, "") for line in filing.lines for name in ("credit_code", "grantee_code", "grantor_code")}
    return not own.isdisjoint(named)


# ── what the procedures call upon ──


@guard(
    "mortgages.filing_whole",
    Label("本件没有备案内容，请从“曾用名”或“委托授权”页面提交", "Nothing is filed with it; file it on the page for it"),
)
def filing_whole(context: Context) -> bool:
    return Filing.objects.filter(case=context.case_id, state=State.OPEN).exists()


@guard(
    "mortgages.second_person",
    Label("您是申报人，须由另一人核对", "You filed it; another person checks it"),
)
def second_person(context: Context) -> bool:
    return not Filing.objects.filter(case=context.case_id, filed_by=context.actor.user_id).exists()


@effect("mortgages.file")
def take_effect(context: Context) -> None:
    """备案生效: by a second person, whoever proposed it in between."""
    if not second_person(context):
        raise Refused(Label("您是申报人，须由另一人复核", "You filed it; another person approves it"))
    filing = Filing.objects.select_for_update(of=("self",)).get(case=context.case_id)
    filing.state, filing.checked_by_id, filing.checked_at = State.IN_FORCE, context.actor.user_id, context.now
    filing.save(update_fields=["state", "checked_by", "checked_at"])
    _writers[filing.kind](filing, context.now)


@effect("mortgages.turn_filing_down")
def turn_down(context: Context) -> None:
    """不予备案."""
    said = {"state": State.REFUSED, "checked_by": context.actor.user_id, "checked_at": context.now}
    Filing.objects.filter(case=context.case_id).update(**said)


# ── private ──


def _internal(now: datetime) -> Party:
    known = Party.objects.filter(kind=Party.Kind.UNNAMED, name=INTERNAL).order_by("pk").first()
    return known or create_party(Party.Kind.UNNAMED, INTERNAL, now)


def _no_evidence() -> Invalid:
    text = Label("请附佐证材料，如工商变更证明、批复或授权书", "Attach the evidence, such as the change's certificate")
    return Invalid(text, fields={"files": text})
