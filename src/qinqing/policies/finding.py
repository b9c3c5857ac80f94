"""What is found in a policy: a fault that must be mended, or a warning that somebody must answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qinqing.cases.checker.finding import Finding
from qinqing.cases.checker.shape import Lines, located
from qinqing.lib.labels import Label
from qinqing.policies.plain_yaml import Spot

__all__ = ["Fault", "Finding", "Places", "line"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something at a path of the definition; `at`: how many characters into its text."""

    path: tuple[str, ...]
    text: Label
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where each part of a text stands."""

    lines: Lines
    spots: Mapping[tuple[str, ...], Spot]

    def finding(self, rule: str, fault: Fault) -> Finding:
        """The fault with its line and column: the very character where it is known."""
        place = ".".join(fault.path)
        spot = self.spots.get(fault.path)
        if fault.at is not None and spot is not None and spot.flowing:
            return Finding(rule, place, fault.text, spot.line, spot.column + fault.at)
        path = fault.path
        while path and path not in self.lines:
            path = path[:-1]
        return replace(located(Finding(rule, ".".join(path), fault.text), self.lines), place=place)

    def findings(self, rule: str, faults: Iterable[Fault]) -> list[Finding]:
        return [self.finding(rule, fault) for fault in faults]


NOWHERE = Places({}, {})


def line(path: object, finding: Finding, mark: str = "") -> str:
    """`file:line:column: what is wrong and what to do [rule, place]`, in the reader's language."""
    return f"{path}:{finding.line}:{finding.column}: {mark}{finding.text} [{finding.rule} {finding.place}]"
