"""政策检查: proves of a policy that it can be matched and paid as written, or says why not and how to mend it. Pure.

Form first (`shape.py`), then names and types, then days, money and sense, then its own examples. What reviewers of fair
competition look for comes as warnings, as does a group of policies (就高不重复) with a single member.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qinqing.lib.labels import Label
from qinqing.policies.checker import competition, constant, dating, naming, paying, trying
from qinqing.policies.checker.known import Faults, Known
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.finding import NOWHERE, Finding, Places
from qinqing.policies.policy import Policy

__all__ = ["PROVED", "Checked", "Known", "examine", "prove"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `faults` yields whatever stands against what it `proves`."""

    name: str
    proves: Label
    faults: Callable[[Policy, Known], Faults]


NAMES = (
    Rule(
        "facts",
        Label("用到的事实都在字典中、类型相符", "facts are in the dictionary and of fitting type"),
        naming.facts,
    ),
    Rule("choices", Label("代码都存在", "codes of categories exist"), naming.choices),
    Rule("conditions", Label("条件各有其名", "every condition has a name of its own"), naming.condition_ids),
    Rule("clauses", Label("条款都有文字", "every clause has its words"), naming.clauses),
    Rule("documents", Label("材料各有其名", "every document has a name of its own"), naming.documents),
    Rule("departments", Label("部门都是本县单位", "departments are the county's units"), naming.departments),
    Rule(
        "relations",
        Label("涉及的其他政策都存在、不矛盾", "other policies exist and do not contradict"),
        naming.relations,
    ),
)
SENSE = (
    Rule("days", Label("日期先后相符", "nothing ends before it begins"), dating.order),
    Rule("window", Label("申报窗口在施行期内", "the window lies within the effect"), dating.window),
    Rule("superseding", Label("被替代的政策已经停止", "what is superseded has ended"), dating.superseding),
    Rule("reviewed", Label("先审查后施行", "reviewed before it came into effect"), dating.reviewed_in_time),
    Rule("parts", Label("分期合计为整", "instalments make a whole"), paying.parts),
    Rule("steps", Label("分档从低到高", "steps rise"), paying.steps),
    Rule("bounds", Label("上下限相符", "bounds stand the right way round"), paying.bounds),
    Rule("bases", Label("计算基数取自事实", "bases depend on facts"), paying.bases),
    Rule("budget", Label("预算够付一户", "the budget pays one company"), paying.budget),
    Rule("shortage", Label("预算不足的办法可行", "what happens when it runs short can be done"), paying.by_lot),
    Rule("constant", Label("条件都可能成立也可能不成立", "conditions can be true and can be false"), constant.constant),
)
EXAMPLES = (
    Rule("example_days", Label("例子在施行期内", "examples are in effect"), dating.examples_in_effect),
    Rule("examples", Label("例子都算得对", "examples come out as they say"), trying.outcomes),
    Rule("example_facts", Label("例子只给用到的事实", "examples give facts that are asked for"), trying.used),
    Rule("each_verdict", Label("三种结论都有例子", "there is an example of each verdict"), trying.each_verdict),
)
WARNINGS = (
    Rule("competition", Label("公平竞争审查提示", "fair competition"), competition.competition),
    Rule("group", Label("就高组另有政策", "a group has other members"), naming.group),
)
PROVED = tuple((rule.name, rule.proves) for rule in (*NAMES, *SENSE, *EXAMPLES))
"""(rule, what it proves): what a policy without faults is known to keep."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one text. `policy` is None where its form has faults; `findings` are in order of lines."""

    policy: Policy | None
    findings: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        return self.policy is not None and not self.findings


def examine(text: str, known: Known) -> Checked:
    """The policy in this text, every fault and every warning, each with line and column."""
    policy, findings, places = policy_of(text)
    if policy is None:
        return Checked(None, tuple(findings))
    return prove(policy, known, places)


def prove(policy: Policy, known: Known, places: Places = NOWHERE) -> Checked:
    """Every fault and warning. Wrong names are reported alone: nothing is proved on them. Examples are tried even
    where the sense is wrong: both help to see what was meant."""
    findings = _findings(NAMES, policy, known, places)
    if not findings:
        findings = _findings((*SENSE, *EXAMPLES), policy, known, places)
    warnings = _findings(WARNINGS, policy, known, places)
    return Checked(policy, tuple(findings), tuple(warnings))


def _findings(rules: tuple[Rule, ...], policy: Policy, known: Known, places: Places) -> list[Finding]:
    found = [places.finding(rule.name, fault) for rule in rules for fault in rule.faults(policy, known)]
    return sorted(found, key=lambda finding: (finding.line, finding.column))
