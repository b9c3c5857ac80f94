"""`qinqing policies explain`: one company, each condition with what it has, what is asked and how far it is off."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from qinqing.directory.facts.dictionary import FactDef
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import Label, speaking
from qinqing.lib.rules.columns import Table
from qinqing.lib.rules.explaining import ConditionFound, Explanation, explain
from qinqing.lib.rules.needing import shown
from qinqing.lib.rules.rule import Verdict
from qinqing.lib.rules.terms import FactSpec, Name, Term
from qinqing.lib.rules.values import Value
from qinqing.lib.wallclock import now
from qinqing.policies import folder, words
from qinqing.policies.commands_matching import add_facts, opened, reading
from qinqing.policies.policy import Policy
from qinqing.ui.figures import money

_MARKS = {Verdict.YES: "✓", Verdict.NO: "✗", Verdict.UNKNOWN: "?"}
_ASKS = {
    ">=": Label("不低于", "at least"),
    ">": Label("高于", "more than"),
    "<=": Label("不高于", "at most"),
    "<": Label("低于", "less than"),
    "==": Label("为", ""),
    "!=": Label("不是", "other than"),
    "in": Label("属于", "one of"),
    "not in": Label("不属于", "none of"),
    "contains": Label("含有", "with"),
    "startsWith": Label("以此开头：", "beginning with"),
    "endsWith": Label("以此结尾：", "ending in"),
}


def add_to(cli: Cli) -> None:
    why = cli.command("policies", "explain", _explain, help="说明理由 explain one company's outcome", database=False)
    why.add_argument("policies", type=Path, nargs="+", metavar="FILE", help="files or folders")
    why.add_argument("--of", required=True, metavar="COMPANY", help="as the file of facts names it")
    add_facts(why, required=True)


def _explain(arguments: argparse.Namespace) -> None:
    with speaking(arguments.lang), reading():
        policies = folder.typed(folder.read(arguments.policies))
        dictionary = folder.county_of(arguments.policies[0]).dictionary
        specs = {name: fact.spec for name, fact in dictionary.items()}
        file = opened(arguments, dictionary)
        values = next((found for table in file.tables if (found := _row(table, arguments.of)) is not None), None)
        if values is None:
            raise CommandError(f"{arguments.facts}中没有企业“{arguments.of}”。there is no company {arguments.of} in it")
        today = arguments.on or now().date()
        reasons = [(policy, explain(policy.rule, values, specs, today)) for policy in policies]
        if arguments.json:
            print(json.dumps([_explained(*each) for each in reasons], ensure_ascii=False, indent=2))
        else:
            for policy, explanation in reasons:
                _tell_why(policy, explanation, dictionary)


def _row(table: Table, company: str) -> dict[str, Any] | None:
    rows = [row for row, name in enumerate(table.ids.tolist()) if str(name) == company]
    return table.values_at(rows[0]) if rows else None


def _explained(policy: Policy, why: Explanation) -> dict[str, Any]:
    lines = [
        {
            "id": each.condition.id,
            "clause": each.condition.clause,
            "label": each.condition.label.as_json(),
            "if": each.condition.text,
            "verdict": each.verdict.name.lower(),
            "value": _plain(each.value),
            "threshold": _plain(each.threshold),
            "distance": _plain(each.distance),
            "unit": each.unit,
        }
        for each in why.conditions
    ]
    changes = [{"condition": change.condition.id, "needs": change.needs.as_json()} for change in why.changes]
    outcome = {"verdict": why.verdict.name.lower(), "amount_fen": why.amount_fen}
    return {"policy": policy.code, **outcome, "missing": sorted(why.missing), "changes": changes, "conditions": lines}


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, date) else value


def _tell_why(policy: Policy, why: Explanation, dictionary: Mapping[str, FactDef]) -> None:
    specs = {name: fact.spec for name, fact in dictionary.items()}
    amount = f"  {money(why.amount_fen)}" if why.amount_fen is not None else ""
    print(f"{_MARKS[why.verdict]} {policy.title} {policy.code}: {words.VERDICTS[why.verdict]}{amount}")
    for each in why.conditions:
        asked = each.condition
        print(f"  {_MARKS[each.verdict]} {asked.clause}  {asked.label}  {_found(each, dictionary)}".rstrip())
    print(f"  {Label('待遇', 'pays')}  {policy.benefit_clause}  {words.benefit(policy.rule.benefit, specs)}")
    if why.missing:
        labels = [str(dictionary[name].label) for name in sorted(why.missing)]
        print(f"  {Label('缺：', 'missing: ')}{str(Label('、', ', ')).join(labels)}")
    for change in why.changes:
        print(f"  {Label('需要：', 'needed: ')}{change.needs}")


def _found(each: ConditionFound, dictionary: Mapping[str, FactDef]) -> str:
    """What the company has, what is asked, and how far apart they are."""
    compares = each.found.asked.compares
    if compares is None or (each.value is None and each.threshold is None):
        return each.condition.text
    specs = {name: fact.spec for name, fact in dictionary.items()}
    fact = dictionary.get(compares.measured.id) if isinstance(compares.measured, Name) else None
    has, asked = (_shown(value, compares.measured, specs, fact, each.unit) for value in (each.value, each.threshold))
    asks = _ASKS[each.op or "=="]
    said = Label(
        f"现为{has.zh}，应{asks.zh}{asked.zh}", " ".join(["has", f"{has.en},", "must be", *asks.en.split(), asked.en])
    )
    if each.distance:
        far = _shown(abs(each.distance), compares.measured, specs, fact, each.unit)
        zh, en = ("高出", "above by") if each.distance > 0 else ("相差", "below by")
        return str(Label(f"{said.zh}，{zh}{far.zh}", f"{said.en}, {en} {far.en}"))
    return str(said)


def _shown(value: Value, measured: Term, specs: Mapping[str, FactSpec], fact: FactDef | None, unit: str) -> Label:
    """A side of a comparison: codes by their names, figures with their unit."""
    if value is None:
        return Label("未知", "unknown")
    if fact is not None and fact.codes:
        codes = [
            fact.codes.get(str(code), Label(str(code), str(code)))
            for code in (value if isinstance(value, tuple) else (value,))
        ]
        return Label("、".join(code.zh for code in codes), ", ".join(code.en for code in codes))
    said = shown(value, measured, specs)
    return Label(f"{said.zh}{unit}", said.en) if not isinstance(value, bool) else said
