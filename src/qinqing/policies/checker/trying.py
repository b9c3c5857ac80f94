"""Rules about examples: each comes out as it says, and there is one of each verdict."""

from __future__ import annotations

from dataclasses import dataclass

from qinqing.lib.labels import Label
from qinqing.lib.rules.evaluating import Decision, decide
from qinqing.lib.rules.explaining import explain
from qinqing.lib.rules.rule import Verdict
from qinqing.policies.checker.known import Faults, Known
from qinqing.policies.content import yuan
from qinqing.policies.finding import Fault
from qinqing.policies.given import values_of
from qinqing.policies.parts import facts_used
from qinqing.policies.policy import Example, Policy
from qinqing.policies.words import VERDICTS


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one example. `faults` is empty where it came out as it says."""

    example: Example
    decision: Decision | None
    missing: frozenset[str]
    faults: tuple[Fault, ...]


def trials(policy: Policy, known: Known) -> list[Trial]:
    """Every example, decided."""
    return [_trial(policy, at, example, known) for at, example in enumerate(policy.examples)]


def outcomes(policy: Policy, known: Known) -> Faults:
    """Examples come out as they say."""
    for trial in trials(policy, known):
        yield from trial.faults


def each_verdict(policy: Policy, known: Known) -> Faults:
    """There is an example of yes, of no and of unknown."""
    shown = {example.verdict for example in policy.examples}
    for verdict in sorted(set(VERDICTS) - shown, reverse=True):
        label = VERDICTS[verdict]
        yield Fault(
            ("examples",),
            Label(
                f"没有“{label.zh}”的例子（verdict: {label.en}），请补一个",
                f"there is no example of {label.en}; add one",
            ),
        )


def used(policy: Policy, known: Known) -> Faults:
    """Examples give facts that the policy asks for."""
    asked = facts_used(policy)
    for at, example in enumerate(policy.examples):
        for name in example.facts:
            if name in known.dictionary and name not in asked:
                yield Fault(
                    ("examples", str(at), "facts", name),
                    Label(f"本政策没有用到“{name}”，请删去", f"this policy does not ask for {name}; take it out"),
                )


def _trial(policy: Policy, at: int, example: Example, known: Known) -> Trial:
    path = ("examples", str(at))
    values, wrong = values_of(example.facts, known.dictionary)
    if wrong:
        faults = (Fault((*path, "facts", name), error.label) for name, error in wrong.items())
        return Trial(example, None, frozenset(), tuple(faults))
    day = example.on or policy.day_of_examples
    decision = decide(policy.rule, values, known.specs, day)
    missing = frozenset[str]()
    if decision.verdict is Verdict.UNKNOWN and example.missing is not None:
        missing = explain(policy.rule, values, known.specs, day).missing
    return Trial(example, decision, missing, tuple(_differences(path, policy, example, decision, missing)))


def _differences(
    path: tuple[str, ...], policy: Policy, example: Example, decision: Decision, missing: frozenset[str]
) -> Faults:
    said, came = VERDICTS[example.verdict], VERDICTS[decision.verdict]
    name = example.label
    if decision.verdict is not example.verdict:
        failing = [
            condition.id
            for condition, verdict in zip(policy.rule.all_conditions(), decision.by_condition, strict=True)
            if verdict is decision.verdict
        ]
        zh = f"（{'、'.join(failing)}）" if failing and decision.verdict is not Verdict.YES else ""
        en = f" ({', '.join(failing)})" if zh else ""
        yield Fault(
            (*path, "gives", "verdict"),
            Label(
                f"例“{name.zh}”应为{said.zh}，算得{came.zh}{zh}。请改例子或条件",
                f"example {name.en!r} should give {said.en} and gives {came.en}{en}; mend the example or a condition",
            ),
        )
    elif example.fen is not None and decision.amount_fen != example.fen:
        amount = "—" if decision.amount_fen is None else f"{yuan(decision.amount_fen):f}"
        yield Fault(
            (*path, "gives", "yuan"),
            Label(
                f"例“{name.zh}”应得{yuan(example.fen):f}元，算得{amount}元。请改例子或待遇",
                f"example {name.en!r} should give {yuan(example.fen):f} yuan and gives {amount}; mend the example or "
                "the benefit",
            ),
        )
    elif example.missing is not None and missing != example.missing:
        yield Fault(
            (*path, "gives", "missing"),
            Label(
                f"例“{name.zh}”缺的应是{_names(example.missing)}，算得{_names(missing)}。请改例子或条件",
                f"example {name.en!r} should miss {_names(example.missing)} and misses {_names(missing)}; mend one",
            ),
        )


def _names(facts: frozenset[str]) -> str:
    return ", ".join(sorted(facts)) or "-"
