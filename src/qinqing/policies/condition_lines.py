"""逐条核对: an explanation as the lines of a page: each condition with what the company has, what is asked, how far
apart they are and whose figure it is. Reads nothing; the same lines serve the company's page and the public check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from qinqing.directory.facts import periods, values
from qinqing.directory.facts.dictionary import FactDef, book, dictionary, specs
from qinqing.directory.facts.reading import REGISTER, Known
from qinqing.lib.labels import Label
from qinqing.lib.rules.explaining import ConditionFound, Explanation
from qinqing.lib.rules.needing import YEARS, shown, unit_of
from qinqing.lib.rules.rule import Condition, Node, Verdict
from qinqing.lib.rules.terms import Binary, Name, Term
from qinqing.lib.rules.values import Value

WIDTH = 140  # of a gauge
_SIGNS = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "", "!=": "≠"}
_WORDS = {
    "in": Label("", ""), "not in": Label("不属于", "none of "), "contains": Label("含有", "contains "),
    "startsWith": Label("开头为", "starts with "), "endsWith": Label("结尾为", "ends with "),
}  # fmt: skip
_HEADS = {
    "all": Label("须全部符合", "All of these"), "any": Label("符合一项即可", "Any of these"),
    "not": Label("不得有", "None of this"),
}  # fmt: skip
_NO_MATTER = Label("不影响结论", "Does not change the outcome")
_BY_ZERO = Label("分母为零，算不出来", "A divisor is zero")
_FILLS = Label("补上这项数据即可判断", "With this figure it could be decided")


@dataclass(frozen=True, slots=True)
class Origin:
    """数据来源: one fact of the company. `source` None: nothing is on record; `asked_of`: who could state it."""

    fact: FactDef
    value: Label
    source: Label | None
    period: Label | None
    as_of: datetime | None
    asked_of: Label


@dataclass(frozen=True, slots=True)
class Gauge:
    """差距尺, in pixels of `WIDTH`: the tick is the standard, the dot the company."""

    tick: float
    dot: float

    @property
    def start(self) -> float:
        return min(self.tick, self.dot)

    @property
    def length(self) -> float:
        return round(abs(self.dot - self.tick), 1)


@dataclass(frozen=True, slots=True)
class Head:
    """须全部符合 and the like: `met` of `count` members."""

    label: Label
    depth: int
    met: int
    count: int
    is_head: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One condition. `verdict`: yes, no or unknown; `needs`: what a no would take; `note`: what an unknown means."""

    label: Label
    clause: str
    depth: int
    verdict: str
    value: Label
    threshold: Label
    distance: Label | None
    gauge: Gauge | None
    origins: tuple[Origin, ...]
    note: Label | None
    turns: bool  # would have to come out otherwise
    is_head: bool = False


def lines(found: Explanation, known: Mapping[str, Known]) -> list[Head | Line]:
    """Groups and conditions in the order of the policy."""
    each = iter(found.conditions)
    turns = {change.condition.id for change in found.changes}
    return list(_lines(found.rule.conditions, each, found, known, turns, 0, outermost=True))


def origin(fact: FactDef, known: Known | None) -> Origin:
    """Whose figure it is, or whose it would be."""
    asked = [book().sources[source].label for source in fact.sources] or [REGISTER]
    asked_of = Label("、".join(label.zh for label in asked), ", ".join(label.en for label in asked))
    if known is None:
        return Origin(fact, values.words(fact, None), None, None, None, asked_of)
    said = values.words(fact, known.value)
    return Origin(fact, said, known.source_label, periods.label(known.period), known.observed_at, asked_of)


def said_of(measured: Term, value: Value) -> Label:
    """A value as it is read: 5.27%, 5,170,000.00元, 省级, 是."""
    if isinstance(value, tuple):
        items = [said_of(measured, item) for item in value]
        return Label(
            _either([item.zh for item in items], "、", "或"), _either([item.en for item in items], ", ", " or ")
        )
    if value is None:
        return Label("—", "—")
    if isinstance(value, str):
        fact = dictionary().get(measured.id) if isinstance(measured, Name) else None
        return fact.codes.get(value, Label(value, value)) if fact else Label(value, value)
    if _is_share(measured) and isinstance(value, Fraction | int) and not isinstance(value, bool):
        return Label(_percent(Fraction(value)), _percent(Fraction(value)))
    return _with_unit(measured, value)


# ── private ──


def _lines(
    node: Node, each: Iterator[ConditionFound], found: Explanation, known: Mapping[str, Known], turns: set[str],
    depth: int, *, outermost: bool = False,
) -> Iterator[Head | Line]:  # fmt: skip
    if isinstance(node, Condition):
        if outermost:
            yield Head(_HEADS["all"], 0, int(found.by_condition[0] is Verdict.YES), 1)
        yield _line(next(each), found, known, turns, depth)
        return
    inner: list[Head | Line] = []
    met = 0
    for member in node.members:
        lines_ = list(_lines(member, each, found, known, turns, depth if outermost else depth + 1))
        met += _met(lines_)
        inner += lines_
    yield Head(_HEADS[node.kind], depth, met if node.kind != "not" else 1 - met, len(node.members))
    yield from inner


def _met(member: list[Head | Line]) -> int:
    """Whether a member holds, as far as its own lines tell: a group's head counts its members."""
    first = member[0]
    if isinstance(first, Line):
        return int(first.verdict == "yes")
    needed = 1 if first.label == _HEADS["any"] else first.count
    return int(first.met >= needed)


def _line(one: ConditionFound, found: Explanation, known: Mapping[str, Known], turns: set[str], depth: int) -> Line:
    compares = one.found.asked.compares
    measured = compares.measured if compares else one.condition.term
    return Line(
        label=one.condition.label,
        clause=one.condition.clause,
        depth=depth,
        verdict=one.verdict.name.lower(),
        value=said_of(measured, one.value),
        threshold=_threshold(one, measured),
        distance=_distance(one, measured),
        gauge=_gauge(one),
        origins=tuple(origin(dictionary()[name], known.get(name)) for name in one.facts),
        note=_note(one, found),
        turns=one.condition.id in turns,
    )


def _note(one: ConditionFound, found: Explanation) -> Label | None:
    if one.divides_by_zero:
        return _BY_ZERO
    if one.verdict is Verdict.UNKNOWN:
        return _FILLS if found.missing.intersection(one.facts) else _NO_MATTER
    decided = found.verdict is Verdict.YES and one.verdict is Verdict.NO
    return _NO_MATTER if decided else None


def _threshold(one: ConditionFound, measured: Term) -> Label:
    if one.op is None or one.threshold is None:
        return Label("", "")
    bound = said_of(measured, one.threshold)
    if one.op == "!=" and isinstance(one.threshold, bool):
        return said_of(measured, not one.threshold)
    if one.op in _WORDS:
        word = _WORDS[one.op]
        return Label(word.zh + bound.zh, word.en + bound.en)
    return Label(_SIGNS[one.op] + bound.zh, _SIGNS[one.op] + bound.en)


def _distance(one: ConditionFound, measured: Term) -> Label | None:
    """高出2.27个百分点, 还差1件; None where there is none to speak of."""
    if one.distance is None or one.op not in {">=", ">", "<=", "<"}:
        return None
    upward = one.op in {">=", ">"}
    if one.distance == 0:
        return Label("正好", "exactly")
    far = _far(abs(one.distance), measured, is_date=isinstance(one.value, date))
    if (one.distance > 0) == upward:
        word = Label("高出", "above by ") if upward else Label("低于上限", "below by ")
    else:
        word = Label("还差", "short by ") if upward else Label("超出", "over by ")
    if isinstance(one.value, date):
        word = Label("晚", "later by ") if one.distance > 0 else Label("早", "earlier by ")
    return Label(word.zh + far.zh, word.en + far.en)


def _far(far: Fraction, measured: Term, *, is_date: bool) -> Label:
    if is_date:
        return Label(f"{int(far)}天", f"{int(far)} day{'s' if far != 1 else ''}")
    if _is_share(measured):
        points = _percent(far).removesuffix("%")
        return Label(f"{points}个百分点", f"{points} points")
    return _with_unit(measured, far)


def _gauge(one: ConditionFound) -> Gauge | None:
    value, bound = one.value, one.threshold
    numbers = all(isinstance(side, Fraction | int) and not isinstance(side, bool) for side in (value, bound))
    if not numbers or one.op not in {">=", ">", "<=", "<"}:
        return None
    have, asked = float(value), float(bound)  # type: ignore[arg-type]
    if min(have, asked) < 0 or max(have, asked) == 0:
        return None
    scale = WIDTH / (1.3 * max(have, asked))
    return Gauge(round(asked * scale, 1), round(min(have * scale, WIDTH - 6), 1))


def _either(items: list[str], comma: str, last: str) -> str:
    return last.join([comma.join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def _is_share(measured: Term) -> bool:
    """A figure divided by another of the same unit."""
    match measured:
        case Binary("/", one, other):
            return unit_of(one, specs()) == unit_of(other, specs()) != ""
        case Binary("-", Binary("/") as share, _):
            return _is_share(share)
        case _:
            return False


def _percent(share: Fraction) -> str:
    """Rounded down, so that what falls short is never shown as reached."""
    hundredths = share * 10_000 // 1
    return f"{'-' if hundredths < 0 else ''}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}%"


def _with_unit(measured: Term, value: Value) -> Label:
    said = shown(value, measured, specs())
    if isinstance(value, bool | date):
        return said
    zh = unit_of(measured, specs())
    if zh == "元":
        return Label(f"{said.zh}元", f"CNY {said.en}")
    en = "years" if zh == YEARS else _english(zh)
    return Label(said.zh + zh, f"{said.en} {en}".strip())


def _english(unit: str) -> str:
    named = (fact.unit for fact in dictionary().values() if fact.unit)
    return next((label.en for label in named if label.zh == unit), unit)
