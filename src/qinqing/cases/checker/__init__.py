"""流程检查: proves of a definition that no case can strand, or says where it can and how to mend it. Pure.

Rules are small functions in two tables: names first (`naming.py`), then, on the map of all moves (`graph.py`), flow,
closed ends, clocks and the promise. Each rule says what it proves. `flow.py` says why together they suffice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from qinqing.cases.checker import closing, flow, naming, promise, timing
from qinqing.cases.checker.finding import Faults, Finding, Known
from qinqing.cases.checker.graph import Graph
from qinqing.cases.procedure import Procedure
from qinqing.lib.labels import Label

__all__ = ["FLOW_RULES", "NAME_RULES", "PROVED", "Finding", "Known", "Rule", "check", "notes"]
Of = TypeVar("Of", Procedure, Graph)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Of]):
    """`faults` yields whatever stands against what the rule `proves`."""

    name: str
    proves: Label
    faults: Callable[[Of, Known], Faults]


NAME_RULES: tuple[Rule[Procedure], ...] = (
    Rule("targets", Label("去向都存在", "targets exist"), naming.targets),
    Rule("capacities", Label("身份都在权限表中", "capacities stand in the permissions table"), naming.capacities),
    Rule("desks", Label("岗位本县都有", "desks are the county's"), naming.desks),
    Rule("registered", Label("条件和效果都已登记", "guards and effects are registered"), naming.registered),
    Rule("fields", Label("字段都已声明、类型相符", "fields are declared and of fitting type"), naming.fields),
    Rule("tasks", Label("任务引用正确、不等待自己", "tasks exist and none waits for itself"), naming.tasks),
    Rule("meanings", Label("一个名称一个意思", "one name has one meaning"), naming.meanings),
    Rule("following", Label("办结后的动作都写明", "what may follow a closed end is written"), naming.following),
    Rule("number", Label("编号含年份和序号", "case numbers hold year and running number"), naming.number),
    Rule("approvers", Label("审批人与提出人不是同一身份", "who approves is not who proposes"), naming.approvers),
)
FLOW_RULES: tuple[Rule[Graph], ...] = (
    Rule("reachable", Label("环节和办结方式都走得到", "no stage or end is unreachable"), flow.reachable),
    Rule("possible", Label("动作的条件都可能满足", "every act can be done"), flow.possible),
    Rule("owned", Label("每个环节都有人承办", "every open stage has an owner"), flow.owned),
    Rule("doable", Label("每项任务都办得完", "every task can be finished"), flow.doable),
    Rule("onward", Label("任何情形下都能往前走", "whatever happens inside a stage, it can be left"), flow.onward),
    Rule("closing", Label("每个环节都能走到办结", "from every stage a closed end can be reached"), flow.closing),
    Rule("branching", Label("分支都有兜底", "branches end in an else"), flow.branching),
    Rule("bounded", Label("循环都有次数上限", "every circle is bounded"), flow.bounded),
    Rule("needed", Label("办结时应填的都已填", "closed ends carry the fields they must"), closing.needed),
    Rule(
        "witnessed",
        Label("办结佐证齐全，经办人不核销", "evidence at the end, no handler writes off"),
        closing.witnessed,
    ),
    Rule("spoken", Label("不会无声关闭", "nothing closes silently"), closing.spoken),
    Rule("reopening", Label("重开限次数、限时间", "reopening is bounded"), closing.reopening),
    Rule("clocked", Label("每个环节、每种类别都有时限", "every stage has a limit for every choice"), timing.clocked),
    Rule("rungs", Label("级次按时间先后、逐级升高", "rungs stand in order of time and rise"), timing.rungs),
    Rule("climbing", Label("无人办理时上提", "if nobody acts, it climbs to somebody above"), timing.climbing),
    Rule("ladder", Label("各级次都落到人", "every level reaches somebody"), timing.ladder),
    Rule("pauses", Label("中止、延期有限有据", "suspensions and extensions are bounded and lawful"), timing.pauses),
    Rule("promise", Label("最长用时在承诺之内", "the longest way by the clocks is within the promise"), promise.within),
)
PROVED = tuple((rule.name, rule.proves) for rule in NAME_RULES) + tuple((rule.name, rule.proves) for rule in FLOW_RULES)
"""(rule, what it proves) of every rule: what a definition without findings is known to keep."""


def check(
    procedure: Procedure,
    *,
    capacities: Mapping[str, Collection[str]],
    desks: Collection[str],
    guards: Collection[str],
    effects: Collection[str],
) -> list[Finding]:
    """Every fault of a definition; empty when it is proved. Wrong names are reported alone: nothing is proved on them.

    `capacities`: capacity -> the roles that have it; `desks`: desk codes of the county; `guards`, `effects`: names that
    the wings registered."""
    known = Known(capacities, desks, guards, effects)
    return _findings(NAME_RULES, procedure, known) or _findings(FLOW_RULES, Graph(procedure), known)


def _findings(rules: tuple[Rule[Of], ...], of: Of, known: Known) -> list[Finding]:
    faults = {(rule.name, fault): None for rule in rules for fault in rule.faults(of, known)}  # once each, in order
    return [Finding(rule, place, Label(zh, en)) for rule, (place, zh, en) in faults]


def notes(procedure: Procedure) -> list[Finding]:
    """What a reader of a proved definition should know besides: extensions, suspensions, reworks after the promise."""
    return [Finding("note", place, Label(zh, en)) for place, zh, en in promise.information(Graph(procedure))]
