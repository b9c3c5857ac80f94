"""政策的填写: a policy as the fields of a form, and back as the text of a definition. Pure.

Names of fields are paths into the fields (`conditions.members.0.fact`). Nothing typed is dropped: what cannot be used
is written into the text as it stands, and the checker's findings come back to the field that they came from.
What a form has no fields for (groups within groups, hundreds of examples) is edited as text, part by part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from qinqing.directory.facts.dictionary import FactDef
from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Condition, Node
from qinqing.policies import editing_benefits
from qinqing.policies.checker import Known, prove
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.content import content
from qinqing.policies.editing_conditions import Unfit, compose, fact_in, filled_from, listed
from qinqing.policies.editing_examples import EXAMPLE, examples_filled, raw_examples
from qinqing.policies.editing_writer import Path, Writer, plain
from qinqing.policies.finding import Finding
from qinqing.policies.policy import Policy
from qinqing.policies.to_yaml import part_text, written

Fields = dict[str, Any]
"""Texts, fields within fields, and lists of them, as SHAPE says."""
MOST_ROWS, DEEPEST = 300, 8
LINE = {
    "id": "", "clause": "", "zh": "", "en": "", "how": "", "fact": "", "op": "", "value": "", "other": "", "text": "",
}  # fmt: skip
SHAPE: Fields = {
    "policy": "", "title": {"zh": "", "en": ""}, "reference": "", "source": {"origin": "", "cite": ""},
    "departments": [""], "clauses": [{"name": "", "words": ""}], "effective": {"from": "", "to": ""}, "supersedes": "",
    "apply": {"from": "", "to": "", "without": ""},
    "conditions": {"kind": "", "text": "", "members": [{**LINE, "kind": "", "members": [LINE]}]},
    "benefit": editing_benefits.BENEFIT, "excludes": "", "stacks_with": "", "highest_of": "",
    "budget": {"yuan": "", "short": "", "by": "", "order": ""}, "documents": [{"id": "", "zh": "", "en": ""}],
    "review": {"result": "", "day": "", "zh": "", "en": "", "words": ""},
    "examples": {"text": "", "rows": [EXAMPLE]},
}  # fmt: skip
"""A list holds what one of its rows has; `members` with a `kind` (all, any, not) is a group. `{"*": ""}`: any names."""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a form. `errors`: field -> what is wrong and how to mend it; "" holds what belongs to no field.
    `policy` where its text can be read, `usable` where it can be matched, `sound` where nothing is wrong."""

    text: str
    policy: Policy | None
    errors: Mapping[str, tuple[Label, ...]]
    warnings: tuple[Finding, ...]
    usable: bool

    @property
    def sound(self) -> bool:
        return self.policy is not None and not self.errors


def fields_of(policy: Policy, facts: Mapping[str, FactDef]) -> Fields:
    """The form of a policy."""
    raw = content(policy)
    source, window, budget, review = (raw.get(part) or {} for part in ("source", "apply", "budget", "review"))
    given = {
        "policy": policy.code, "title": _label(raw["title"]), "reference": policy.reference, "source": source,
        "departments": list(policy.departments),
        "clauses": [{"name": name, "words": words} for name, words in policy.clauses.items()],
        "effective": raw["effective"],
        "apply": {**window, "without": "on" if window.get("without_application") else ""},
        "conditions": _conditions_filled(policy.rule.conditions, raw["conditions"], facts),
        "benefit": {"clause": policy.benefit_clause, **editing_benefits.filled(raw["benefit"])},
        "highest_of": policy.highest_of,
        "budget": {**budget, "yuan": plain(budget["yuan"])} if budget else {},
        "documents": [{"id": each["id"], **_label(each)} for each in raw.get("documents", ())],
        "review": {**review, **(_label(review["by"]) if review else {})},
        "examples": examples_filled(raw.get("examples", [])),
        **{name: "、".join(raw.get(name, ())) for name in ("supersedes", "excludes", "stacks_with")},
    }  # fmt: skip
    return fitted(given)


def fitted(given: Any) -> Fields:
    """Whatever was given, in the shape of the form: what does not fit is left out, what is missing is empty."""
    found = _fitted(SHAPE, given)
    assert isinstance(found, dict)  # SHAPE is one
    return found


def from_names(given: Iterable[tuple[str, str]]) -> Fields:
    """From the names and texts of a sent form. Rows keep their order; their numbers are written anew."""
    root: dict[str, Any] = {}
    for name, text in given:
        at, path = root, name.split(".")
        if len(path) > DEEPEST:
            continue
        for part in path[:-1]:
            below = at.setdefault(part, {})
            at = below if isinstance(below, dict) else {}
        if not isinstance(at.get(path[-1]), dict):
            at[path[-1]] = text.replace("\r\n", "\n").replace("\x00", "")
    return fitted(root)


def read(fields: Fields, known: Known) -> Read:
    """The definition's text and what is wrong with it, by field."""
    write = Writer(known.dictionary)
    text = written(raw_of(fields, write))
    policy, findings, places = policy_of(text)
    warnings: tuple[Finding, ...] = ()
    usable = policy is not None and not write.faults
    if policy is not None:
        checked = prove(policy, known, places)
        findings, warnings = list(checked.findings), checked.warnings
        usable = usable and not any(finding.rule in {"facts", "choices"} for finding in findings)
    return Read(text, policy, _by_field(findings, write), warnings, usable)


def raw_of(fields: Fields, write: Writer) -> dict[str, Any]:
    """The content in the definition's shape; `write` learns where each part came from."""
    raw: dict[str, Any] = {
        "policy": write.put(("policy",), "policy", fields["policy"].strip()),
        "title": write.label(fields["title"], ("title",), "title"),
        "reference": write.put(("reference",), "reference", fields["reference"].strip()),
        "source": _some(write, "source", fields["source"], ("origin", "cite"), always=("origin",)),
        "departments": _departments(fields, write),
        "clauses": _clauses(fields, write),
        "effective": _some(write, "effective", fields["effective"], ("from", "to"), always=("from",)),
        "supersedes": _codes(fields, write, "supersedes"),
        "apply": _window(fields["apply"], write),
        "conditions": _raw_conditions(fields["conditions"], write),
        "benefit": _raw_benefit(fields["benefit"], write),
        "excludes": _codes(fields, write, "excludes"),
        "stacks_with": _codes(fields, write, "stacks_with"),
        "highest_of": write.put(("highest_of",), "highest_of", fields["highest_of"].strip()),
        "budget": _budget(fields["budget"], write),
        "documents": _documents(fields, write),
        "review": _review(fields["review"], write),
        "examples": raw_examples(fields["examples"], write),
    }
    needed = {"policy", "title", "reference", "source", "departments", "clauses", "effective", "conditions", "benefit"}
    return {name: part for name, part in raw.items() if part or name in needed | {"examples"}}


# ── from a policy ──


def _label(raw: Mapping[str, Any]) -> dict[str, str]:
    return {"zh": raw["zh"], "en": "" if raw.get("en", raw["zh"]) == raw["zh"] else raw["en"]}


def _conditions_filled(node: Node, raw: Mapping[str, Any], facts: Mapping[str, FactDef]) -> Fields:
    assert not isinstance(node, Condition)  # the definition's form says so
    members: list[Fields] = []
    for member in node.members:
        if isinstance(member, Condition):
            members.append(_line_filled(member, facts))
            continue
        inner = [each for each in member.members if isinstance(each, Condition)]
        if len(inner) < len(member.members):
            return {"text": part_text(raw)}
        members.append({"kind": member.kind, "members": [_line_filled(each, facts) for each in inner]})
    return {"kind": node.kind, "members": members}


def _line_filled(condition: Condition, facts: Mapping[str, FactDef]) -> Fields:
    label = _label({"zh": condition.label.zh, "en": condition.label.en})
    how = filled_from(condition.term, condition.text, facts)
    return {"id": condition.id, "clause": condition.clause, **label, **how}


def _fitted(shape: Any, given: Any) -> Any:
    if isinstance(shape, str):
        return str(given) if isinstance(given, str | int | Decimal) else ""
    if isinstance(shape, list):
        return [_fitted(shape[0], each) for each in _rows(given)]
    inside = given if isinstance(given, dict) else {}
    if "*" in shape:
        return {str(name): _fitted(shape["*"], each) for name, each in list(inside.items())[:MOST_ROWS]}
    return {name: _fitted(part, inside.get(name)) for name, part in shape.items()}


def _rows(given: Any) -> list[Any]:
    """A list, or what stood under numbers, in their order."""
    if isinstance(given, dict):
        numbered = [
            (int(name), each) for name, each in given.items() if name.isascii() and name.isdigit() and len(name) < 6
        ]
        given = [each for _, each in sorted(numbered, key=lambda pair: pair[0])]
    return list(given)[:MOST_ROWS] if isinstance(given, list | tuple) else []


# ── to a definition ──


def _some(
    write: Writer, part: str, given: Mapping[str, str], names: tuple[str, ...], *, always: tuple[str, ...] = ()
) -> dict[str, Any]:
    write.put((part,), f"{part}.{names[0]}", None)
    for name in names:
        write.put((part, name), f"{part}.{name}", None)
    return {name: given[name].strip() for name in names if given[name].strip() or name in always}


def _departments(fields: Fields, write: Writer) -> list[str]:
    write.put(("departments",), "departments.0", None)
    codes = [(row, code.strip()) for row, code in enumerate(fields["departments"]) if code.strip()]
    return [write.put(("departments", str(at)), f"departments.{row}", code) for at, (row, code) in enumerate(codes)]


def _clauses(fields: Fields, write: Writer) -> dict[str, str]:
    write.put(("clauses",), "clauses.0.name", None)
    found: dict[str, str] = {}
    for row, each in enumerate(fields["clauses"]):
        name, words = each["name"].strip(), each["words"].strip()
        if not name and not words:
            continue
        if name in found:
            said = Label(f"条款“{name}”写了两次，请改名或合并", f"clause {name} stands twice; rename or join them")
            write.fault(f"clauses.{row}.name", said)
            continue
        write.put(("clauses", name), f"clauses.{row}.words" if name else f"clauses.{row}.name", None)
        if not name:
            write.fault(
                f"clauses.{row}.name", Label("请写条款号，如第七条第一款", "number the clause, such as 第七条第一款")
            )
        found[name] = words
    return found


def _codes(fields: Fields, write: Writer, name: str) -> list[str]:
    codes = listed(fields[name])
    for at in range(len(codes)):
        write.put((name, str(at)), name, None)
    write.put((name,), name, None)
    return codes


def _window(given: Mapping[str, str], write: Writer) -> dict[str, Any]:
    found = _some(write, "apply", given, ("from", "to"))
    if given["without"]:
        found["without_application"] = True
    if found and "from" not in found:
        found["from"] = ""
    return found


def _raw_conditions(given: Fields, write: Writer) -> dict[str, Any]:
    path: Path = ("conditions",)
    if given["text"].strip():
        found = write.text_part(given["text"], path, "conditions.text")
        assert isinstance(found, dict)  # it is a list only of rows
        return found
    taken = {line["id"].strip() for member in given["members"] for line in (member, *member["members"])}
    return _raw_group(given, write, path, "conditions", taken)


def _raw_group(given: Fields, write: Writer, path: Path, field: str, taken: set[str]) -> dict[str, Any]:
    kind = given["kind"] if given["kind"] in {"all", "any", "not"} else "all"
    write.put(path, f"{field}.kind", None)
    write.put((*path, kind), f"{field}.kind", None)
    rows = [(row, each) for row, each in enumerate(given["members"]) if _begun(each)]
    if kind == "not" and len(rows) > 1:
        said = Label("“不符合”只能含一个条件，其余请移出", "“not” holds one condition only; move the others out")
        write.fault(f"{field}.kind", said)
    members = []
    for at, (row, each) in enumerate(rows):
        place = (*path, "not") if kind == "not" else (*path, kind, str(at))
        name = f"{field}.members.{row}"
        group = bool(each.get("kind"))
        members.append(
            _raw_group(each, write, place, name, taken) if group else _raw_line(each, write, place, name, taken)
        )
    return {kind: (members[0] if members else {}) if kind == "not" else members}


def _begun(member: Fields) -> bool:
    """Not a row just added."""
    return any(member.get(name) for name in ("kind", "clause", "zh", "en", "fact", "value", "other", "text"))


def _raw_line(given: Fields, write: Writer, path: Path, field: str, taken: set[str]) -> dict[str, Any]:
    write.put(path, f"{field}.zh", None)
    write.put((*path, "if"), f"{field}.{'text' if given['how'] == 'text' else 'value'}", None)
    try:
        text = compose(given, write.facts)
    except Unfit as unfit:
        write.fault(f"{field}.{unfit.field}", unfit.label)
        text = "true"
    return {
        "id": write.put((*path, "id"), f"{field}.zh", given["id"].strip() or _free("c", taken)),
        "clause": write.put((*path, "clause"), f"{field}.clause", given["clause"].strip()),
        **write.label(given, path, field),
        "if": text,
    }


def _free(letter: str, taken: set[str]) -> str:
    """A code for what was not given one."""
    code = next(f"{letter}{number}" for number in range(1, 10_000) if f"{letter}{number}" not in taken)
    taken.add(code)
    return code


def _raw_benefit(given: Fields, write: Writer) -> dict[str, Any]:
    clause = write.put(("benefit", "clause"), "benefit.clause", given["clause"].strip())
    return {"clause": clause, **editing_benefits.raw_of(given, write, ("benefit",), "benefit")}


def _budget(given: Mapping[str, str], write: Writer) -> dict[str, Any]:
    if not given["yuan"].strip() and not given["by"].strip():
        return {}
    ranked = given["short"] == "ranked"
    fact = fact_in(given["by"], write.facts)
    by = {"by": fact.id if fact else given["by"].strip(), "order": given["order"] or "highest_first"} if ranked else {}
    for name in ("short", "by", "order"):
        write.put(("budget", name), f"budget.{name}", None)
    write.put(("budget",), "budget.yuan", None)
    yuan = write.put(("budget", "yuan"), "budget.yuan", write.number(given["yuan"]))
    return {"yuan": yuan, "short": given["short"] or "first_come", **by}


def _documents(fields: Fields, write: Writer) -> list[dict[str, Any]]:
    taken = {each["id"].strip() for each in fields["documents"]}
    found = []
    rows = [(row, each) for row, each in enumerate(fields["documents"]) if each["zh"].strip() or each["en"].strip()]
    for at, (row, each) in enumerate(rows):
        path, field = ("documents", str(at)), f"documents.{row}"
        label = write.label(each, path, field)
        found.append({"id": write.put((*path, "id"), f"{field}.zh", each["id"].strip() or _free("d", taken)), **label})
    return found


def _review(given: Mapping[str, str], write: Writer) -> dict[str, Any]:
    if not any(each.strip() for each in given.values()):
        return {}
    found = _some(write, "review", given, ("result", "day", "words"), always=("result", "day"))
    return {**found, "by": write.label(given, ("review", "by"), "review")}


def _by_field(findings: Iterable[Finding], write: Writer) -> dict[str, tuple[Label, ...]]:
    """What was found, beside its field. Where a field could not be read, what follows from that is not said."""
    errors: dict[str, list[Label]] = {field: [label] for field, label in write.faults.items()}
    rows = {field.rpartition(".")[0] for field in write.faults}
    for finding in findings:
        if write.faults and finding.rule not in {"shape", "reading"}:
            continue
        field = _field(finding.place, write.fields)
        if field.rpartition(".")[0] in rows and write.faults:
            continue
        said = errors.setdefault(field, [])
        if finding.text not in said:
            said.append(finding.text)
    return {field: tuple(said) for field, said in errors.items()}


def _field(place: str, fields: Mapping[str, str]) -> str:
    """The field of a path, else of the nearest part around it."""
    while place:
        if place in fields:
            return fields[place]
        place = place.rpartition(".")[0]
    return ""
