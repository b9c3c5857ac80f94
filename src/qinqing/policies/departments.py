"""部门的名称: units of a policy by their codes."""

from __future__ import annotations

from collections.abc import Iterable

from qinqing.directory.models import Unit
from qinqing.lib.labels import Label


def names() -> dict[str, Label]:
    """Of all units, by code."""
    return {unit.code: unit.label for unit in Unit.objects.all()}


def named(codes: Iterable[str]) -> Label:
    """县科技局、县税务局; a code that no unit has stays a code."""
    known = names()
    each = [known.get(code, Label(code, code)) for code in codes]
    return Label("、".join(label.zh for label in each), ", ".join(label.en for label in each))
