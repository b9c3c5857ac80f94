"""表单的样子: the fields of a policy as its page shows them: rows with their names, facts and choices in words, what
may be chosen where; and the buttons that add, take out and move rows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from qinqing.directory.facts.dictionary import FactDef
from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import names
from qinqing.lib.rules.needing import phrase
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.terms import FactType, TermError
from qinqing.policies.editing import SHAPE, Fields, fitted
from qinqing.policies.editing_benefits import KINDS, SIMPLE
from qinqing.policies.editing_conditions import HOWS, OPS, Unfit, code_in, fact_in, fitting, listed, option

Facts = Mapping[str, FactDef]
Options = Sequence[tuple[str, Label]]
_WORD = re.compile(r"[a-z][a-z0-9_]*")
UNKNOWN = Label("未知", "unknown")
GROUPS: Options = [
    ("all", Label("全部符合", "all of them")),
    ("any", Label("符合其一即可", "any one of them")),
    ("not", Label("不得符合", "none: it must not be so")),
]


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: `name` is that of its fields; `fact` what was chosen, where it is one."""

    name: str
    number: str
    how: str
    fact: FactDef | None
    is_group = False

    @property
    def ops(self) -> Options:
        found = fitting(self.fact)
        if self.how != "value":
            found = (">=", ">", "<=", "<", "==", "!=")
        return [("", Label("请选择", "choose")), *((op, OPS[op]) for op in found)]

    @property
    def has_value(self) -> bool:
        return not (self.how == "value" and self.fact and self.fact.type is FactType.BOOLEAN)

    @property
    def has_other(self) -> bool:
        return self.how in {"share", "times"}

    @property
    def hint(self) -> Label:
        """What may stand as the value."""
        fact = self.fact
        if self.how == "years":
            return Label("年数", "years")
        if self.how == "share":
            return Label("如3%或0.03", "such as 3% or 0.03")
        if self.how == "times":
            return Label("如1.10，即增长10%", "such as 1.10, which is 10% more")
        if fact is None or fact.type is FactType.NUMBER:
            return fact.unit if fact and fact.unit else Label("", "")
        if fact.type is FactType.MONEY:
            return Label("元；可写500万", "yuan; 500万 is understood")
        if fact.type is FactType.DATE:
            return Label("如2026-01-01", "such as 2026-01-01")
        if fact.open:
            return Label("多项用顿号隔开", "several are parted by commas")
        codes = list(fact.codes.values())[:12]
        return Label("可填：" + "、".join(each.zh for each in codes), "one of: " + ", ".join(each.en for each in codes))


@dataclass(frozen=True, slots=True)
class Group:
    """A group of conditions within the whole."""

    name: str
    number: str
    lines: tuple[Line, ...]
    is_group = True


@dataclass(frozen=True, slots=True)
class BenefitForm:
    """One benefit; `several`: those of which the highest is paid; `outer`: it may be so, or written as text."""

    name: str
    kind: str
    outer: bool
    steps: tuple[str, ...] = ()
    several: tuple[BenefitForm, ...] = ()
    base: Label | None = None  # what it is reckoned from, in words

    @property
    def kinds(self) -> Options:
        names = KINDS if self.outer else SIMPLE
        return [("", Label("请选择", "choose")), *((name, KINDS[name]) for name in names)]

    @property
    def kept(self) -> list[str]:
        """Fields of other kinds: what was typed there stays."""
        asked = _ASKED.get(self.kind, ())
        return [f"{self.name}.{name}" for name in _ALL if name not in asked]


_ASKED = {
    "fixed": ("yuan",), "rate": ("rate", "of", "cap", "floor"), "each": ("each", "of", "cap", "floor"),
    "tiers": ("of", "pays_of", "cap"), "decided": ("zh", "en", "low", "high"), "text": ("text",),
}  # fmt: skip
_ALL = ("yuan", "rate", "each", "of", "cap", "floor", "pays_of", "zh", "en", "low", "high", "text")


@dataclass(frozen=True, slots=True)
class ExampleForm:
    """One example with the facts that it may give."""

    name: str
    number: int
    facts: tuple[tuple[str, Label, Options], ...]  # field, label, what to choose from (none: any text)


@dataclass(slots=True)
class Sheet:
    """What a page shows of a form: values, errors by field, and its rows. `focus`: the row just added."""

    fields: Fields
    facts: Facts
    errors: Mapping[str, Sequence[Label]] = field(default_factory=dict)
    focus: str = ""

    def value(self, name: str) -> str:
        at: Any = self.fields
        for part in name.split("."):
            if isinstance(at, list):
                at = at[int(part)] if part.isdigit() and int(part) < len(at) else ""
            else:
                at = at.get(part, "") if isinstance(at, dict) else ""
        return at if isinstance(at, str) else ""

    def rows(self, name: str) -> list[str]:
        at: Any = self.fields
        for part in name.split("."):
            at = at[int(part)] if isinstance(at, list) else at[part]
        return [f"{name}.{row}" for row in range(len(at))]

    @property
    def clauses(self) -> list[str]:
        return self.rows("clauses")

    @property
    def departments(self) -> list[str]:
        return self.rows("departments")

    @property
    def documents(self) -> list[str]:
        return self.rows("documents")

    @property
    def parts(self) -> list[str]:
        return self.rows("benefit.parts")

    @property
    def members(self) -> list[Line | Group]:
        found: list[Line | Group] = []
        for row, member in enumerate(self.fields["conditions"]["members"]):
            name = f"conditions.members.{row}"
            if member["kind"]:
                inner = [
                    self._line(f"{name}.members.{at}", f"{row + 1}.{at + 1}", each)
                    for at, each in enumerate(member["members"])
                ]
                found.append(Group(name, str(row + 1), tuple(inner)))
            else:
                found.append(self._line(name, str(row + 1), member))
        return found

    @property
    def benefit(self) -> BenefitForm:
        given = self.fields["benefit"]
        several = [self._benefit(f"benefit.several.{at}", each) for at, each in enumerate(given["several"])]
        base = _base_in_words(given["of"], self.facts)
        return BenefitForm("benefit", given["kind"], True, tuple(self.rows("benefit.steps")), tuple(several), base)

    @property
    def examples(self) -> list[ExampleForm]:
        used = facts_in(self.fields, self.facts)
        return [
            self._example(f"examples.rows.{row}", row + 1, each, used)
            for row, each in enumerate(self.fields["examples"]["rows"])
        ]

    @property
    def wrong(self) -> list[tuple[str, Label]]:
        """Every error with its field's id, for the list at the top."""
        return [(field_id(name), text) for name, texts in self.errors.items() for text in texts]

    @property
    def fact_options(self) -> list[Label]:
        return [option(fact) for fact in self.facts.values()]

    @property
    def clause_names(self) -> list[str]:
        return [each["name"] for each in self.fields["clauses"] if each["name"]]

    def _line(self, name: str, number: str, given: Fields) -> Line:
        return Line(name, number, given["how"] or "value", fact_in(given["fact"], self.facts))

    def _benefit(self, name: str, given: Fields) -> BenefitForm:
        steps = tuple(f"{name}.steps.{at}" for at in range(len(given["steps"])))
        return BenefitForm(name, given["kind"], False, steps, (), _base_in_words(given["of"], self.facts))

    def _example(self, name: str, number: int, given: Fields, used: Sequence[str]) -> ExampleForm:
        facts = dict.fromkeys([*used, *(each for each, typed in given["facts"].items() if typed)])
        return ExampleForm(
            name, number, tuple(_fact_field(f"{name}.facts", each, self.facts.get(each)) for each in facts)
        )


def field_id(name: str) -> str:
    """The id of a field on the page."""
    return f"f-{name.replace('.', '-')}" if name else "editor"


def facts_in(fields: Fields, facts: Facts) -> list[str]:
    """The facts that conditions and benefit speak of, as far as they can be made out, in their order."""
    found: dict[str, None] = {}
    for text in _texts([fields["conditions"], fields["benefit"]]):
        chosen = fact_in(text, facts)
        found.update(dict.fromkeys([chosen.id] if chosen else [word for word in _WORD.findall(text) if word in facts]))
    return list(found)


def in_words(fields: Fields, facts: Facts) -> Fields:
    """Facts and choices by their names, as somebody would pick them from the list."""
    shown = deepcopy(fields)
    for line in _lines(shown["conditions"]):
        fact = fact_in(line["fact"], facts)
        if fact is not None:
            line["value"] = _choices_in_words(line["value"], fact)
        for name in ("fact", "other"):
            line[name] = _fact_in_words(line[name], facts)
    for each in (shown["benefit"], *shown["benefit"]["several"]):
        for name in ("of", "pays_of"):
            each[name] = _fact_in_words(each[name], facts)
    shown["budget"]["by"] = _fact_in_words(shown["budget"]["by"], facts)
    for row in shown["examples"]["rows"]:
        row["missing"] = "、".join(str(facts[each].label) if each in facts else each for each in listed(row["missing"]))
    return shown


def press(fields: Fields, button: str) -> str:
    """What a button of the form does to its rows (`add.clauses`, `group.conditions.members`, `out.clauses.2`,
    `up.clauses.2`); the name of the row to go on with, "" for a button that means something else."""
    verb, _, name = button.partition(".")
    path = name.split(".")
    if verb in {"add", "group"}:
        rows, shape = _list_at(fields, path)
        if rows is None or len(rows) >= 300:
            return ""
        rows.append(_blank(shape, name, group=verb == "group"))
        return f"{name}.{len(rows) - 1}"
    rows, _ = _list_at(fields, path[:-1])
    if verb not in {"out", "up"} or rows is None or not path[-1].isdigit() or int(path[-1]) >= len(rows):
        return ""
    at = int(path[-1])
    if verb == "out":
        del rows[at]
        return f"{'.'.join(path[:-1])}.{max(0, at - 1)}" if rows else ""
    if at > 0:
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    return f"{'.'.join(path[:-1])}.{max(0, at - 1)}"


# ── private ──


def _blank(shape: Any, name: str, *, group: bool) -> Any:
    if isinstance(shape, str):
        return ""
    row: Any = deepcopy(shape)
    for key, part in row.items():
        if isinstance(part, list):
            row[key] = []
        elif isinstance(part, dict):
            row[key] = {}
    if name.endswith("members"):
        line = {**{key: "" for key in SHAPE["conditions"]["members"][0]["members"][0]}, "how": "value"}
        return {**line, "how": "", "kind": "any", "members": [line]} if group else {**row, "how": "value"}
    return row


def _list_at(fields: Fields, path: Sequence[str]) -> tuple[list[Any] | None, Any]:
    """The list at a path with what one of its rows has; None where there is none."""
    at: Any = fields
    shape: Any = SHAPE
    for part in path:
        if isinstance(shape, list):
            if not part.isdigit() or int(part) >= len(at):
                return None, None
            at, shape = at[int(part)], shape[0]
        elif isinstance(shape, dict) and part in shape:
            at, shape = at[part], shape[part]
        else:
            return None, None
    return (at, shape[0]) if isinstance(shape, list) else (None, None)


def _lines(conditions: Fields) -> Iterator[Fields]:
    for member in conditions["members"]:
        yield member
        yield from member["members"]


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    else:
        for each in part.values() if isinstance(part, dict) else part:
            yield from _texts(each)


def _base_in_words(typed: str, facts: Facts) -> Label | None:
    """What a benefit is reckoned from, in words; None where it is empty, one fact, or not to be read."""
    if not typed.strip() or fact_in(typed, facts):
        return None
    try:
        term = parse(typed.strip())
    except TermError:
        return None
    known = names(term) <= facts.keys()
    return phrase(term, {name: fact.spec for name, fact in facts.items()}) if known else None


def _fact_in_words(typed: str, facts: Facts) -> str:
    fact = fact_in(typed, facts)
    return str(option(fact)) if fact else typed


def _choices_in_words(typed: str, fact: FactDef) -> str:
    """Names of codes, where each leads back to its code."""
    if fact.type is not FactType.CATEGORY or fact.open:
        return typed
    codes = listed(typed)
    said = [str(fact.codes[code]) if code in fact.codes else code for code in codes]
    try:
        same = [code_in(each, fact) for each in said] == codes
    except Unfit:
        return typed
    parted = any(len(listed(each)) != 1 for each in said)
    return "、".join(said) if same and not parted else typed


def _fact_field(name: str, fact_id: str, fact: FactDef | None) -> tuple[str, Label, Options]:
    if fact is None:
        return f"{name}.{fact_id}", Label(fact_id, fact_id), ()
    unit = fact.unit
    label = Label(f"{fact.label.zh}（{unit.zh}）", f"{fact.label.en} ({unit.en})") if unit else fact.label
    options: list[tuple[str, Label]] = []
    if fact.type is FactType.BOOLEAN:
        options = [("", UNKNOWN), ("true", Label("是", "yes")), ("false", Label("否", "no"))]
    elif fact.type is FactType.CATEGORY and not fact.open:
        options = [("", UNKNOWN), *fact.codes.items()]
    return f"{name}.{fact_id}", label, options


def blank_fields(lead: str) -> Fields:
    """The form of a new policy of a department."""
    return fitted(
        {
            "source": {"origin": "own"}, "departments": [lead], "clauses": [{}],
            "conditions": {"kind": "all", "members": [{"how": "value"}]}, "benefit": {"kind": "fixed"},
            "examples": {"rows": [{"verdict": each} for each in ("yes", "unknown", "no")]},
        }
    )  # fmt: skip


HOW_OPTIONS: Options = list(HOWS.items())
