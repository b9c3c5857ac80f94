"""Size of a company (企业规模划型) by two published rules, which are data. Pure.

`policy`: 中小企业划型标准规定（工信部联企业〔2011〕300号）; `statistics`: 统计上大中小微型企业划分办法（2017）.
A missing figure is unknown, never zero: the answer is `unknown` only where the missing figure could change it
(Kleene's three values), and then it says which figures are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label

RuleCode = Literal["policy", "statistics"]
_FILES: Mapping[RuleCode, str] = {"policy": "size_policy_2011.yaml", "statistics": "size_statistics_2017.yaml"}
_WAN_IN_FEN = 1_000_000  # thresholds are published in 万元
CLASSES = ("large", "medium", "small")  # from above; what reaches none of them is micro
LABELS = {
    "large": Label("大型", "Large"),
    "medium": Label("中型", "Medium"),
    "small": Label("小型", "Small"),
    "micro": Label("微型", "Micro"),
    "unknown": Label("待补数据", "More data needed"),
    "not_covered": Label("规则不含本行业", "Industry not covered"),
}
FIGURES = {
    "industry": Label("行业", "industry"),
    "staff": Label("从业人员", "staff"),
    "revenue": Label("营业收入", "revenue"),
    "assets": Label("资产总额", "total assets"),
}


@dataclass(frozen=True, slots=True)
class SizeFacts:
    """What a rule looks at. None: not known. `industry` is a GB/T 4754-2017 code such as `C3484`."""

    industry: str | None = None
    staff: int | None = None
    revenue_fen: int | None = None
    assets_fen: int | None = None

    def figure(self, name: str) -> int | None:
        return {"staff": self.staff, "revenue": self.revenue_fen, "assets": self.assets_fen}[name]


@dataclass(frozen=True, slots=True)
class Row:
    """One industry of a rule: for each class the floors (persons, fen) that must all be reached."""

    industry: Label
    codes: tuple[str, ...]
    floors: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One published rule."""

    code: RuleCode
    name: Label
    title: Label
    source: str
    status: Label
    above: Label
    rows: tuple[Row, ...]
    not_covered: tuple[str, ...]
    not_covered_note: Label


@dataclass(frozen=True, slots=True)
class SizeClass:
    """The answer: `code` is large, medium, small, micro, unknown or not_covered.

    `decided_by` are the comparisons that settle it, in words, with the floors of `industry` (the rule's row);
    `missing` names the figures (keys of FIGURES) that would settle an unknown.
    """

    code: str
    label: Label
    decided_by: tuple[Label, ...] = ()
    missing: tuple[str, ...] = ()
    industry: Label | None = None

    @property
    def missing_labels(self) -> tuple[Label, ...]:
        return tuple(FIGURES[name] for name in self.missing)


@cache
def rule(code: RuleCode) -> Rule:
    """The rule from its data file; floors become persons and fen."""
    data = safe_yaml.read(Path(__file__).with_name("data") / _FILES[code])
    rows = tuple(
        Row(
            Label.of(row["industry"]),
            tuple(row["codes"]),
            {
                size: {name: floor * (1 if name == "staff" else _WAN_IN_FEN) for name, floor in row[size].items()}
                for size in CLASSES
            },
        )
        for row in data["rows"]
    )
    return Rule(
        code,
        Label.of(data["name"]),
        Label.of(data["title"]),
        data["source"],
        Label.of(data["status"]),
        Label.of(data["above"]),
        rows,
        tuple(data["not_covered"]["codes"]),
        Label.of(data["not_covered"]["note"]),
    )


def size_class(facts: SizeFacts, by: RuleCode | Rule) -> SizeClass:
    """The size of a company with these facts under a rule.

    An industry code too short for one row (`F` is wholesale or retail) is decided where all its rows agree.
    """
    which = rule(by) if isinstance(by, str) else by
    if not facts.industry:
        return SizeClass("unknown", LABELS["unknown"], missing=("industry",))
    code = facts.industry
    answers = [_in_row(facts, row, which) for row in which.rows if _touches(code, row.codes)]
    if _touches(code, which.not_covered):
        answers.append(SizeClass("not_covered", LABELS["not_covered"], (which.not_covered_note,)))
    if len({answer.code for answer in answers}) == 1 and answers[0].code != "unknown":
        return answers[0]
    if len(answers) == 1:
        return answers[0]
    missing = {name for answer in answers for name in answer.missing} | {"industry"}
    return SizeClass("unknown", LABELS["unknown"], missing=tuple(name for name in FIGURES if name in missing))


def _touches(code: str, prefixes: tuple[str, ...]) -> bool:
    return any(code.startswith(prefix) or prefix.startswith(code) for prefix in prefixes)


def _in_row(facts: SizeFacts, row: Row, which: Rule) -> SizeClass:
    """Walk down from large: the first class whose floors are all reached; unknown stops the walk."""
    failed: tuple[Label, ...] = ()
    for size in CLASSES:
        floors = row.floors[size]
        short = [name for name, floor in floors.items() if (value := facts.figure(name)) is not None and value < floor]
        if short:
            failed = tuple(_says(name, floors[name], size, False) for name in short)
            continue
        missing = tuple(name for name in floors if facts.figure(name) is None)
        if missing:
            return SizeClass("unknown", LABELS["unknown"], failed, missing, row.industry)
        reached = tuple(_says(name, floor, size, True) for name, floor in floors.items())
        label = which.above if size == "large" else LABELS[size]
        return SizeClass(size, label, reached + failed, industry=row.industry)
    return SizeClass("micro", LABELS["micro"], failed, industry=row.industry)


def _says(name: str, floor: int, size: str, reached: bool) -> Label:
    """`营业收入达到小型下限300万元`."""
    figure, kind = FIGURES[name], LABELS[size]
    amount = Label(f"{floor}人", f"{floor} persons")
    if name != "staff":
        wan = floor // _WAN_IN_FEN
        amount = Label(f"{wan}万元", f"{wan * 10_000:,} yuan")
    return Label(
        f"{figure.zh}{'达到' if reached else '低于'}{kind.zh}下限{amount.zh}",
        f"{figure.en} {'reaches' if reached else 'is below'} the floor of {kind.en.lower()}, {amount.en}",
    )
