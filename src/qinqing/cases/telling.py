"""告知: whom an event of a case concerns, and in which words. Reads only; `reactions.py` sends the notices.

New work goes to those who may do it, climbing to the holder and above, an answer to the party.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from qinqing.accounts.access import capacity
from qinqing.accounts.permissions import At
from qinqing.cases import shelf
from qinqing.cases.casefile import state_of
from qinqing.cases.models import Case, Event
from qinqing.cases.permitting import capacity_of
from qinqing.cases.procedure import LEVELS, Procedure
from qinqing.cases.state import State, split
from qinqing.directory.models import Mandate, Unit
from qinqing.directory.selectors import holders
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label


@dataclass(frozen=True, slots=True)
class Telling:
    """One notice to some people; `what` makes its key unique within the event."""

    user_ids: frozenset[int]
    what: str
    title: Label
    link: str
    urgent: bool


def events_of(acts: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Event]:
    """The events of these acts (case id, seq), with their cases and parties."""
    wanted = set(acts)
    cases, seqs = {case for case, _ in wanted}, {seq for _, seq in wanted}
    found = Event.objects.filter(case__in=cases, seq__in=seqs).select_related("case__party")
    return {(event.case_id, event.seq): event for event in found}


def tellings(event: Event, now: datetime) -> Iterator[Telling]:
    """Everybody who should hear of this event of its case, in its own words."""
    case = event.case
    moves = json.loads(event.head)["moves"]
    spec, state, on = shelf.by_id(case.procedure_id), state_of(case), day_of(now)
    link = f"/cases/{case.number}/"
    if opened := [tok for tok in moves.get("open", ()) if tok in state.marking]:
        people = frozenset(user for tok in opened for user in workers(spec, state, tok, on))
        title = Label(f"新任务：{case.number} {case.title}", f"New task: {case.number} {case.title}")
        yield Telling(people, "task", title, link, False)
    tells = _tells(spec, event.action, moves)
    if "holder" in tells:
        word = _word(spec, event.action, moves)
        people = frozenset(user for tok in state.main for user in workers(spec, state, tok, on))
        yield Telling(people, "holder", Label(f"{word.zh}：{case.number}", f"{word.en}: {case.number}"), link, True)
    if "section_head" in tells:
        word = _word(spec, event.action, moves)
        yield Telling(
            _heads(state, on), "head", Label(f"{word.zh}：{case.number}", f"{word.en}: {case.number}"), link, True
        )
    if party_word := _for_party(spec, event.action, moves):
        people = frozenset(agents(case, on))
        yield Telling(
            people, "party", Label(f"{party_word.zh}：{case.number}", f"{party_word.en}: {case.number}"), link, False
        )


def party_news(case_id: int, seq: int) -> Label | None:
    """What event `seq` means to whoever waits for the outcome: an answer, the end, or that it is taken up again. None:
    nothing, or a question that only the case's own party can answer."""
    case, event = Case.objects.get(pk=case_id), Event.objects.get(case=case_id, seq=seq)
    spec, moves = shelf.by_id(case.procedure_id), json.loads(event.head)["moves"]
    if moves.get("outcome") == "":
        return Label("已重新办理", "Taken up again")
    act = spec.named(event.action)
    return None if act and act.suspends else _for_party(spec, event.action, moves)


def workers(spec: Procedure, state: State, tok: str, on: date) -> list[int]:
    """User ids of those who may work on a token of the marking, deputies of people on leave included."""
    node, unit = split(tok)
    asked = capacity(capacity_of(spec, state, node))
    places = [unit]
    if asked.at is At.UNIT_OR_PARENT:
        places += [pk for pk in Unit.objects.filter(pk=unit).values_list("parent_id", flat=True) if pk]
    return [user.pk for place in places for role in sorted(asked.roles) for user in holders(place, role, on)]


def _tells(spec: Procedure, action: str, moves: dict[str, object]) -> tuple[str, ...]:
    """Whom the table says to tell: of an act, or of the rung that fired."""
    if action == "rung":
        level = moves.get("level")
        return spec.ladder[LEVELS[int(str(level)) - 1]].tells if level else ()
    act = spec.named(action)
    return act.tells if act else ()


def _word(spec: Procedure, action: str, moves: dict[str, object]) -> Label:
    if action == "rung" and moves.get("level"):
        return spec.ladder[LEVELS[int(str(moves["level"])) - 1]].label
    act = spec.named(action)
    return act.label if act else Label("提醒", "Reminder")


def _heads(state: State, on: date) -> frozenset[int]:
    units = {split(tok)[1] for tok in state.main}
    above = Unit.objects.filter(pk__in=units, parent__isnull=False).values_list("parent_id", flat=True)
    return frozenset(user.pk for unit in {*units, *above} if unit for user in holders(unit, "section_head", on))


def _for_party(spec: Procedure, action: str, moves: dict[str, object]) -> Label | None:
    """The party hears when it is asked for something, when there is an answer, and when the matter ends."""
    if moves.get("outcome"):
        return spec.closed[str(moves["outcome"])].label
    act = spec.named(action)
    if act and act.suspends:
        return act.suspends.label
    if action == "approve" and moves.get("stage") == "verifying":
        return Label("已答复，请查看", "There is an answer")
    return None


def agents(case: Case, on: date) -> Iterator[int]:
    """Accounts of the party itself and of those who act for it."""
    if case.party.user_id:
        yield case.party.user_id
    in_force = Mandate.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), company=case.party, starts_on__lte=on)
    yield from in_force.filter(person__user__isnull=False).values_list("person__user_id", flat=True)
