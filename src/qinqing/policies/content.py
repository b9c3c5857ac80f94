"""内容与指纹: a policy as plain data in the YAML's own shape, and the hash by which a version is known. Pure.

The hash is of what is said, not of how it is typed: comments, the order of keys, quotes, `5%` for `0.05` and `20.00`
for `20` do not change it; the order of conditions, the words of a clause, an example do. Version rows keep it for ever:
what is written here for an existing policy must never change (tests hold known hashes).
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from fractions import Fraction
from typing import Any

from qinqing.audit.chain import canonical
from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Benefit, Condition, Decided, Fixed, Higher, Node, Rate, Schedule, Step, Tiers
from qinqing.policies.policy import Budget, Example, Given, Policy, Review, Short, Window


def sha256_of(policy: Policy) -> str:
    """64 hex digits over the canonical content."""
    return hashlib.sha256(canonical(_texts(content(policy))).encode()).hexdigest()


def content(policy: Policy) -> dict[str, Any]:
    """The policy as its YAML would hold it: numbers are Decimal, days are ISO text, nothing that is left out."""
    source = {"origin": policy.source.origin.value, "cite": policy.source.cite}
    return _kept(
        {
            "policy": policy.code,
            "title": _label(policy.title),
            "reference": policy.reference,
            "source": _kept(source),
            "departments": list(policy.departments),
            "clauses": dict(policy.clauses),
            "effective": _kept({"from": str(policy.effect.start), "to": _day(policy.effect.end)}),
            "supersedes": list(policy.supersedes),
            "apply": _window(policy.window) if policy.window else None,
            "conditions": _node(policy.rule.conditions),
            "benefit": {"clause": policy.benefit_clause, **benefit(policy.rule.benefit)},
            "excludes": list(policy.excludes),
            "stacks_with": list(policy.stacks_with),
            "highest_of": policy.highest_of,
            "budget": _budget(policy.budget) if policy.budget else None,
            "documents": [{"id": each.id, **_label(each.label)} for each in policy.documents],
            "review": _review(policy.review) if policy.review else None,
            "examples": [_example(each) for each in policy.examples],
        }
    )


def benefit(of: Benefit) -> dict[str, Any]:
    """What is paid, in the YAML's shape."""
    match of:
        case Fixed(fen):
            return {"fixed_yuan": yuan(fen)}
        case Rate():
            each = of.rate > 1  # so much for each unit reads better than a rate of 10,000 %
            rate = {"yuan_each" if each else "rate": decimal(of.rate), "of": of.text}
            return _kept({**rate, "cap_yuan": _yuan(of.cap_fen), "floor_yuan": _yuan(of.floor_fen)})
        case Tiers():
            steps = [_step(step) for step in of.steps]
            return _kept({"tiers": steps, "of": of.text, "pays_of": of.pays_text, "cap_yuan": _yuan(of.cap_fen)})
        case Schedule(whole, parts):
            shares = [{"share": decimal(share), **_label(label)} for share, label in parts]
            return {"whole": benefit(whole), "parts": shares}
        case Decided(body, low, high):
            return _kept({"decided_by": _label(body), "at_least_yuan": _yuan(low), "at_most_yuan": _yuan(high)})
        case Higher(several):
            return {"higher_of": [benefit(each) for each in several]}


def decimal(value: Fraction | int) -> Decimal:
    """The decimal that a rate was written as; its digits end, since it was read from some."""
    exact = Fraction(value)
    places = 0
    while (exact * 10**places).denominator != 1:
        places += 1
    return Decimal(int(exact * 10**places)).scaleb(-places)


def yuan(fen: int) -> Decimal:
    return decimal(Fraction(fen, 100))


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else yuan(fen)


def _kept(raw: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in raw.items() if value is not None and value not in ("", [])}


def _label(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def _window(window: Window) -> dict[str, Any]:
    without = True if window.without_application else None
    return _kept({"from": str(window.start), "to": _day(window.end), "without_application": without})


def _node(node: Node) -> dict[str, Any]:
    if isinstance(node, Condition):
        return {"id": node.id, "clause": node.clause, **_label(node.label), "if": node.text}
    if node.kind == "not":
        return {"not": _node(node.members[0])}
    return {node.kind: [_node(member) for member in node.members]}


def _step(step: Step) -> dict[str, Any]:
    rate = None if step.rate is None else decimal(step.rate)
    return _kept({"above" if step.above else "from": decimal(step.start), "yuan": _yuan(step.fen), "rate": rate})


def _budget(budget: Budget) -> dict[str, Any]:
    ranked = budget.short is Short.RANKED
    order = ("highest_first" if budget.highest_first else "lowest_first") if ranked else None
    return _kept({"yuan": yuan(budget.fen), "short": budget.short.value, "by": budget.by, "order": order})


def _review(review: Review) -> dict[str, Any]:
    said = {"result": review.result.value, "day": str(review.on), "by": _label(review.by), "words": review.words}
    return _kept(said)


def _example(example: Example) -> dict[str, Any]:
    missing = None if example.missing is None else sorted(example.missing)
    gives = {"verdict": example.verdict.name.lower(), "yuan": _yuan(example.fen)}
    facts = {name: _given(value) for name, value in example.facts.items()}
    day = _kept({"day": _day(example.on)})
    gives = _kept(gives) | ({} if missing is None else {"missing": missing})
    return {**_label(example.label), **day, "facts": facts, "gives": gives}


def _given(value: Given) -> Any:
    return decimal(Fraction(value)) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _texts(part: Any) -> Any:
    """Numbers as their shortest text, which JSON's own could round; marked, so that no text passes for a number."""
    if isinstance(part, dict):
        return {key: _texts(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_texts(value) for value in part]
    return {"number": format(part, "f")} if isinstance(part, Decimal) else part
