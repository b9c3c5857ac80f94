"""督办函 (P4): sent from a case to the unit that holds it, answered by the unit, judged by who sent it, closed.

Sending is an act on the case (`send_letter`; `letter_after` once it is closed); its effect opens the letter as a linked
case in the same transaction. While a letter on it is open a case is not written off.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import QuerySet

from qinqing.accounts.actor import SYSTEM
from qinqing.cases import shelf
from qinqing.cases.acting import open_case
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.refusals import Refused
from qinqing.cases.registry import Context, effect, guard, prefill
from qinqing.cases.state import split
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.supervision.papers import CHANNEL, LETTER, internal_party, of_kind, paper_number
from qinqing.ui.dates import local, short_day, when
from qinqing.ui.errors import Problem

ACTS = ("send_letter", "letter_after")
SENDERS = ("supervisor", "inspector")  # roles; the letter goes out from the unit where the post is held
_TOLD = 6  # steps of the case that the draft recites


def letters() -> QuerySet[Case]:
    """All letters, the newest first."""
    return of_kind(LETTER).select_related("lead", "predecessor", "procedure").order_by("-opened_at", "-pk")


def _named(found: QuerySet[Case]) -> str:
    return "、".join(paper_number(number) for number in found.order_by("pk").values_list("number", flat=True))


def _open_on(context: Context) -> QuerySet[Case]:
    return of_kind(LETTER).filter(predecessor=context.case_id, closed_at=None)


def _unanswered(context: Context) -> Label:
    named = _named(_open_on(context))
    return Label(
        f"{named}还没有办结，本件不能核销；请先由发函单位办结督办函",
        f"{named} is still open, so this case cannot be written off; its sender must close the letter first",
    )


@guard("supervision.letters_answered", _unanswered)
def letters_answered(context: Context) -> bool:
    """核销前督办函须办结."""
    return not _open_on(context).exists()


def _sent_already(context: Context) -> Label:
    named = _named(_open_on(context))
    return Label(
        f"已就本件发出{named}，还没有办结；请在该函中办理，不重复发函",
        f"{named} on this case is still open; go on with that letter instead of sending another",
    )


@guard("supervision.no_letter_open", _sent_already)
def no_letter_open(context: Context) -> bool:
    """同一件同一单位不重复发函. Two offices may each write to a unit of their own."""
    return not _open_on(context).filter(lead=context.fields.get("addressee")).exists()


@effect("supervision.send_letter")
def send(context: Context) -> None:
    """Open the letter that this act sends. Raises Refused for somebody who holds no post to send it from."""
    issuer = next((post.unit_id for role in SENDERS for post in context.actor.posts if post.role == role), None)
    if issuer is None:
        raise Refused(Label("您的岗位不能发督办函", "Your post does not send supervision letters"))
    values = {
        "lead": context.fields["addressee"],
        "issuer": issuer,
        "facts": context.texts["facts"],
        "demand": context.texts["demand"],
    }
    title = f"关于{context.number}的督办函"
    open_case(
        LETTER, internal_party(context.now), context.actor, context.now, values, title=title, channel=CHANNEL,
        predecessor_id=context.case_id,
    )  # fmt: skip


# -- the draft


def addressee_of(file: CaseFile) -> int | None:
    """Whom the draft is addressed to: the lead; before there is one, the authority whose desk holds the case."""
    if file.case.lead_id:
        return file.case.lead_id
    for tok in file.state.main:
        unit = file.units[split(tok)[1]]
        return unit.parent_id if unit.kind == Unit.Kind.DESK else unit.pk
    return None


def facts_of(file: CaseFile) -> str:
    """What the draft says of the case: number, matter, when it was due, and what was done so far."""
    case, today = file.case, file.now
    opened = when(case.opened_at, today)
    parts = [
        Label(f"{case.number}“{case.title}”，{opened.zh}受理", f"{case.number} “{case.title}”, accepted {opened.en}")
    ]
    if case.lead:
        parts.append(Label(f"由{case.lead.name}主办", f"with {case.lead.label.en}"))
    if case.due_at and not case.closed_at:
        due, left = when(case.due_at, today), Label.of(file.clock.text)
        parts.append(Label(f"应于{due.zh}前办理，现{left.zh}", f"due {due.en}: {left.en}"))
    day = local(today).date()
    done = [
        Label(f"{on.zh}{item.title.zh}", f"{on.en} {item.title.en}")
        for item in reversed(file.story())
        if item.who != SYSTEM.name
        for on in [short_day(local(item.at).date(), day)]
    ]
    said = Label("，".join(one.zh for one in parts) + "。", ", ".join(one.en for one in parts) + ".")
    if done:
        latest = done[-_TOLD:]
        steps = Label("；".join(one.zh for one in latest), "; ".join(one.en for one in latest))
        said = Label(f"{said.zh}已办：{steps.zh}。", f"{said.en} Done so far: {steps.en}.")
    return str(said)[:1000]


def demand_of(file: CaseFile) -> str:
    """The standard demand, with the time limit that the procedure of letters gives."""
    limit = _limit()
    return str(
        Label(
            f"请于收到本函之日起{limit.zh}内办结上述事项并书面回函，说明办理情况、未按期办结的原因和整改措施。"
            "回函由单位负责人审核签发。",
            f"Please settle the matter and reply in writing within {limit.en} of receiving this letter: what was done, "
            "why it was not done in time, and what will be put right. The head of the unit signs the reply off.",
        )
    )


def _limit() -> Label:
    try:
        clock = shelf.by_id(shelf.current_id(LETTER)).first.clock
    except Problem:  # not loaded yet: the page of a case must open all the same, and sending says so
        clock = None
    return clock.budget({}).text if clock else Label("规定期限", "the set time")


_DRAFTS: dict[str, Callable[[CaseFile], object]] = {
    "addressee": addressee_of, "facts": facts_of, "demand": demand_of,
}  # fmt: skip
for _act in ACTS:
    for _field, _draft in _DRAFTS.items():
        prefill(_act, _field)(_draft)
