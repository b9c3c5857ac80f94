"""一家企业的事实 (one company's facts): what is known, from whom, of which period; for the kernel, and in words.

`values_of` is for the company itself and for matching. Officers read through `read_values`, which notes confidential
facts in the read log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.audit.services import log_read
from qinqing.directory.facts import periods, values
from qinqing.directory.facts.dictionary import FactDef, book, dictionary
from qinqing.directory.facts.party_facts import COLUMNS, PARTY_FACTS
from qinqing.directory.facts.values import Value
from qinqing.directory.models import CurrentFact, FactText, Objection, Party
from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import FactType
from qinqing.ui.dates import local

REGISTER = Label("企业名录", "Company directory")


@dataclass(frozen=True, slots=True)
class Known:
    """A known value. `source`: code of the dictionary, empty for the directory's own; `period`: as `periods` has it;
    `observed_at`: the moment it is of; `observation_id`: None for the directory's own."""

    value: Value
    source: str
    period: int
    observed_at: datetime
    recorded_at: datetime
    observation_id: int | None = None

    @property
    def source_label(self) -> Label:
        return book().sources[self.source].label if self.source in book().sources else REGISTER


@dataclass(frozen=True, slots=True)
class OwnFact:
    """A fact as a company sees it. `known` None: nothing is on record. `objection`: the open or latest one."""

    fact: FactDef
    value: Label
    period: Label | None
    source: Label | None
    as_of: Label | None
    known: Known | None
    objection: Objection | None
    may_object: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Facts that stand together on the page."""

    label: Label
    facts: tuple[OwnFact, ...]


def values_of(party_id: int) -> dict[str, Known]:
    """What is known of a company, by fact id; what is missing is unknown. Money in fen, numbers as Decimal.

    What a source states comes before what the directory holds, also where it states that it is not known."""
    party = Party.objects.get(pk=party_id)
    row = {name: getattr(party, name) for name in COLUMNS}
    found: dict[str, Known] = {}
    for name, fact in dictionary().items():
        own = PARTY_FACTS[fact.from_party](row) if fact.from_party else None
        if own is not None:
            own = values.from_party(fact, own)
            found[name] = Known(own, "", periods.NONE, party.updated_at, party.updated_at)
    for name, observed in _observed(party_id).items():
        if observed is None:
            found.pop(name, None)
        else:
            found[name] = observed
    return found


def read_values(party_id: int, actor: Actor, reason: str, now: datetime) -> dict[str, Known]:
    """The same for an officer; confidential facts among them are noted in the read log with the reason."""
    found = values_of(party_id)
    if any(dictionary()[name].sensitivity == "confidential" for name in found):
        log_read(actor, "party.facts", f"party:{party_id}", reason, now)
    return found


def own_facts(party_id: int) -> list[Group]:
    """All facts of the dictionary as the company sees its own, in the dictionary's groups; unknown ones too."""
    known = values_of(party_id)
    latest: dict[str, Objection] = {}
    for objection in Objection.objects.filter(party_id=party_id).order_by("pk"):
        latest[objection.fact] = objection
    groups = [
        Group(
            label,
            tuple(
                _own(fact, known.get(name), latest.get(name))
                for name, fact in dictionary().items()
                if fact.group == code
            ),
        )
        for code, label in book().groups.items()
    ]
    return [group for group in groups if group.facts]


# ── private ──


def _observed(party_id: int) -> dict[str, Known | None]:
    """By fact id; None where the source that counts states that it is not known."""
    before = {fact.year_before: fact for fact in dictionary().values() if fact.year_before}
    rows = CurrentFact.objects.filter(party_id=party_id)
    stated = [
        (fact, seen)
        for of, facts in (("observation", dictionary()), ("year_before", before))
        for code, *seen in rows.exclude(**{of: None}).values_list("fact__code", *(f"{of}__{name}" for name in _SEEN))
        if (fact := facts.get(code))
    ]
    numbers = {value for fact, (value, *_) in stated if value is not None and fact.type is FactType.CATEGORY}
    texts = dict(FactText.objects.filter(pk__in=numbers).values_list("pk", "text")) if numbers else {}
    return {fact.id: _known(fact, value, seen, texts) for fact, (value, *seen) in stated}


_SEEN = ("value", "source__code", "period", "statement__observed_at", "statement__recorded_at", "pk")  # as Known has it


def _known(fact: FactDef, kept: int | None, seen: list[Any], texts: Mapping[int, str]) -> Known | None:
    if kept is None:
        return None
    value = values.from_kept(fact, texts[kept] if fact.type is FactType.CATEGORY else kept)
    assert value is not None
    return Known(value, *seen)


def _own(fact: FactDef, known: Known | None, objection: Objection | None) -> OwnFact:
    is_open = objection is not None and objection.state == Objection.State.OPEN
    if known is None:
        return OwnFact(fact, values.words(fact, None), None, None, None, None, objection, False)
    day = f"{local(known.observed_at):%Y-%m-%d}"
    return OwnFact(
        fact, values.words(fact, known.value), periods.label(known.period), known.source_label, Label(day, day), known,
        objection, not is_open,
    )  # fmt: skip
