"""依据 (basis): the facts that decided for companies, from the columns they were matched with, and whose word it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from qinqing.directory.facts import values
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.models import CurrentFact
from qinqing.lib.rules.columns import Table
from qinqing.policies.parts import facts_used
from qinqing.policies.policy import Policy

_COLUMNS = (
    "party_id", "fact__code", "observation_id", "observation__source__code", "year_before_id",
    "year_before__source__code",
)  # fmt: skip
_Word = tuple[int | None, str]  # observation, source


def names_of(policy: Policy) -> list[str]:
    """The facts that decide, pay or rank."""
    ranking = {policy.budget.by} if policy.budget and policy.budget.by else set()
    return sorted(facts_used(policy) | ranking)


def bases(policy: Policy, table: Table, mark: int, party_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By company the same as `claims.basis_of` gives of one. `mark`: of the table; what changed since has no source
    here, and is decided anew by the next run."""
    names = names_of(policy)
    words = _words(names, party_ids, mark)
    rows = np.searchsorted(table.ids, np.asarray(party_ids, dtype=np.int64)).tolist()
    found: dict[int, dict[str, Any]] = {}
    for party_id, row in zip(party_ids, rows, strict=True):
        found[party_id] = basis = {}
        for name in names:
            value = table.columns[name].value_at(row)
            if value is not None:
                observation, source = words.get((party_id, name), (None, ""))
                kept = values.kept(dictionary()[name], value)  # type: ignore[arg-type]
                basis[name] = {"value": kept, "source": source, "observation": observation}
    return found


def _words(names: Sequence[str], party_ids: Sequence[int], mark: int) -> dict[tuple[int, str], _Word]:
    """(company, fact) -> the observation that counts and who made it."""
    used = {name: dictionary()[name] for name in names}
    rows = CurrentFact.objects.filter(
        party_id__in=party_ids, fact__code__in={fact.kept_as for fact in used.values()}, mark__lte=mark
    )
    current: dict[tuple[int, str], _Word] = {}
    before: dict[tuple[int, str], _Word] = {}
    for party_id, code, observation, source, earlier, earlier_source in rows.values_list(*_COLUMNS):
        current[party_id, code] = observation, source or ""
        before[party_id, code] = earlier, earlier_source or ""
    found: dict[tuple[int, str], _Word] = {}
    for name, fact in used.items():
        said = before if fact.year_before else current
        for party_id in party_ids:
            if (party_id, fact.kept_as) in said:
                found[party_id, name] = said[party_id, fact.kept_as]
    return found
