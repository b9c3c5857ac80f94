"""抽样层的名称: the strata of a draw in the reader's words, with what was drawn and reached. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from qinqing.cases import shelf
from qinqing.cases.models import Procedure as ProcedureRow
from qinqing.cases.sheets import CHANNELS
from qinqing.directory.models import Unit
from qinqing.evaluation.calls import FIRST, Line
from qinqing.evaluation.sampling import Plan
from qinqing.lib.labels import Label

GRAINS = {
    "unit_channel_kind": Label("按单位、来源、类别（或结果）分层", "by unit, channel and class (or outcome)"),
    "unit_kind": Label("层数多于样本，按单位、类别（或结果）分层", "too many strata for the sample: by unit and class"),
    "unit": Label("层数多于样本，按单位分层", "too many strata for the sample: by unit"),
}


@dataclass(frozen=True, slots=True)
class StratumLine:
    """One stratum: its name, the cases in it, how many were drawn and how many of these answered."""

    label: Label
    total: int
    drawn: int
    reached: int


def stratum_lines(plan: Plan, lines: Iterable[Line]) -> list[StratumLine]:
    """Every stratum, those taken first on top, then by unit."""
    reached = Counter(line.stratum for line in lines if line.standing == "answered")
    units, kinds = Unit.objects.in_bulk(), _kinds()
    strata = sorted((one for one in plan.strata if one.total), key=lambda one: (one.key not in FIRST, one.key))
    return [StratumLine(_named(one.key, units, kinds), one.total, one.drawn, reached[one.key]) for one in strata]


def _named(key: str, units: dict[int, Unit], kinds: dict[str, Label]) -> Label:
    if key in FIRST:
        return FIRST[key]
    unit, channel, kind = key.split("|")
    names = [units[int(unit)].label] if int(unit) in units else []
    names += [CHANNELS.get(channel, Label(channel, channel))] if channel else []
    names += [kinds.get(kind, Label(kind, kind))] if kind else []
    return Label(" · ".join(name.zh for name in names), " · ".join(name.en for name in names))


def _kinds() -> dict[str, Label]:
    """Classes and closed ends of all procedures, by their codes."""
    found: dict[str, Label] = {}
    for pk in ProcedureRow.objects.order_by("pk").values_list("pk", flat=True):
        spec = shelf.by_id(pk)
        found |= {name: end.label for name, end in spec.closed.items()}
        found |= spec.fields["class"].choices if "class" in spec.fields else {}
    return found
