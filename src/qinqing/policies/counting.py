"""边写边数: what a policy would come to over the present snapshot of facts, and what it changes against the live
version. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from qinqing.directory.facts.dictionary import FactDef
from qinqing.lib.rules.batch import compile_rules
from qinqing.lib.rules.columns import Table
from qinqing.policies.matching import Moved, Shift, compare
from qinqing.policies.policy import Policy


def effect_of(
    policy: Policy, live: Policy | None, dictionary: Mapping[str, FactDef], table: Table, today: date
) -> Shift:
    """How many companies match and for how much, who enters, who drops out; without a live version all enter."""
    if live is not None:
        return compare(live, policy, dictionary, [table], today)
    batch = compile_rules([policy.rule], {name: fact.spec for name, fact in dictionary.items()})
    outcome = batch.run(table, today)[policy.rule.code]
    shift = Shift(companies=len(table))
    shift.after.add(outcome)
    rows = outcome.yes.tolist()
    fen = [None] * len(rows) if outcome.fen is None else outcome.fen.tolist()
    shift.enters = [Moved(str(table.ids[row]), None, amount) for row, amount in zip(rows, fen, strict=True)]
    return shift
