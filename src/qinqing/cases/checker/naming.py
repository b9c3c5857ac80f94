"""Rules about names (名称): whatever a definition names must exist, fit, and mean one thing only.

They run first: a map drawn from wrong names would only confuse.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from string import Formatter

from qinqing.cases.checker.finding import Faults, Known, names
from qinqing.cases.decide import STANDARD_ACTS
from qinqing.cases.procedure import LEVELS, Act, Branch, Owner, Procedure

RESERVED = STANDARD_ACTS | {"open", "reopen"}


def targets(procedure: Procedure, known: Known) -> Faults:
    """Every `to`, `beyond`, `join`, `next`, rung and promise leads to a stage or end that is written."""
    there = {*procedure.stages, *procedure.closed}
    for place, target in _targets(procedure):
        if target not in there:
            yield (
                place,
                f"去向“{target}”不存在。请改为已写的环节或办结方式（{names(there)}），或补写它",
                f"leads to {target!r}, which does not exist; write one of {names(there)}, or add it",
            )
    for name in sorted({*procedure.stages} & {*procedure.closed} | {*procedure.stages} & {*LEVELS, "resume"}):
        yield (
            f"stages.{name}",
            f"环节“{name}”与办结方式或督办级次同名。请改名",
            f"stage {name} has the name of a closed end or a level; give it another",
        )


def following(procedure: Procedure, known: Known) -> Faults:
    """What a closed end allows afterwards is written, and what is written is allowed somewhere."""
    allowed = {name for end in procedure.closed.values() for name in end.allows}
    for end in procedure.closed.values():
        for name in end.allows:
            if name not in procedure.afterwards:
                yield (
                    f"closed.{end.name}.allows",
                    f"afterwards中没有动作“{name}”。请改为{names(procedure.afterwards)}之一，或补写它",
                    f"afterwards has no act {name!r}; write one of {names(procedure.afterwards)}, or add it",
                )
    for name in procedure.afterwards:
        if name not in allowed:
            yield (
                f"afterwards.{name}",
                f"没有哪种办结方式允许“{name}”。请在closed某处的allows中写上，或删去它",
                f"no closed end allows {name}; put it into allows of an end, or take it out",
            )


def _targets(procedure: Procedure) -> Iterator[tuple[str, str]]:
    for place, act in procedure.all_acts():
        yield from ((f"{place}.to", branch.to) for branch in act.to)
        if act.beyond:
            yield f"{place}.beyond", act.beyond
    for name, stage in procedure.stages.items():
        yield from ((f"stages.{name}.next", branch.to) for branch in stage.next)
        if stage.join:
            yield f"stages.{name}.join", stage.join
        for moment, happening in stage.clock.rungs.items() if stage.clock else ():
            if happening not in LEVELS:
                yield f"stages.{name}.clock.rungs.{moment}", happening
    if procedure.promise:
        yield from (
            (f"promise.{key}", name)
            for key, name in (("from", procedure.promise.start), ("to", procedure.promise.to))
            if name
        )


def capacities(procedure: Procedure, known: Known) -> Faults:
    """Everybody who is named to act, approve, supervise or be told is in the permissions table."""
    for place, who in _whos(procedure):
        if who not in known.capacities:
            yield (
                place,
                f"身份“{who}”不在权限表中，本环节也没有这个任务。请改为{names(known.capacities)}之一，或在权限表的capacities下补写",
                f"{who!r} is neither a task of the stage nor a capacity; write one of {names(known.capacities)}, "
                "or add it to the permissions table",
            )


def _whos(procedure: Procedure) -> Iterator[tuple[str, str]]:
    for name, stage in procedure.stages.items():
        yield from ((f"stages.{name}.tasks.{task.name}.who", task.who) for task in stage.tasks.values())
    for place, act in _all_acts(procedure):
        tasks = procedure.stages[place.split(".")[1]].tasks if place.startswith("stages.") else {}
        if act.by not in tasks and place != "opens_with":
            yield f"{place}.by", act.by
        if act.approved_by:
            yield f"{place}.approved_by.who", act.approved_by.who
        yield from ((f"{place}.tells", who) for who in act.tells if who not in {"holder", "party"})
    for level, ladder in procedure.ladder.items():
        if ladder.who:
            yield f"ladder.{level}.who", ladder.who
        yield from ((f"ladder.{level}.tells", who) for who in ladder.tells if who not in {"holder", "party"})


def desks(procedure: Procedure, known: Known) -> Faults:
    """Every desk is one of the county's."""
    for place, desk in _desks(procedure):
        if desk not in known.desks:
            yield (
                place,
                f"本县没有岗位“{desk}”。请改为{names(known.desks)}之一，或在本县units.yaml中给单位写上desk: {desk}",
                f"the county has no desk {desk!r}; write one of {names(known.desks)}, "
                f"or give a unit desk: {desk} in the county's units.yaml",
            )


def _desks(procedure: Procedure) -> Iterator[tuple[str, str]]:
    for name, stage in procedure.stages.items():
        for task in stage.tasks.values():
            if task.owner.kind == "desk":
                yield f"stages.{name}.tasks.{task.name}.desk", task.owner.ref
    for place, act in _all_acts(procedure):
        if act.by_desk:
            yield f"{place}.by.desk", act.by_desk
        if act.approved_by and act.approved_by.owner.kind == "desk":
            yield f"{place}.approved_by.desk", act.approved_by.owner.ref
    yield from ((f"ladder.{level}.desk", ladder.desk) for level, ladder in procedure.ladder.items() if ladder.desk)


def registered(procedure: Procedure, known: Known) -> Faults:
    """Every guard and effect is registered by a wing."""
    for place, guard in _guards(procedure):
        if guard not in known.guards:
            yield (
                place,
                f"条件“{guard}”没有登记。请改正，或由业务模块登记；已登记的有{names(known.guards)}",
                f"guard {guard!r} is not registered; mend the name or register it; known are {names(known.guards)}",
            )
    for place, effect in _effects(procedure):
        if effect not in known.effects:
            yield (
                place,
                f"效果“{effect}”没有登记。请改正，或由业务模块登记；已登记的有{names(known.effects)}",
                f"effect {effect!r} is not registered; mend the name or register it; known are {names(known.effects)}",
            )


def _guards(procedure: Procedure) -> Iterator[tuple[str, str]]:
    for place, act in _all_acts(procedure):
        yield from ((f"{place}.guards", guard) for guard in act.guards)
    for place, branch in _branches(procedure):
        yield from ((place, guard) for guard in branch.guards)


def _effects(procedure: Procedure) -> Iterator[tuple[str, str]]:
    for place, act in _all_acts(procedure):
        yield from ((f"{place}.effects", effect) for effect in act.effects)
    yield from ((f"stages.{s.name}.automatic", s.automatic) for s in procedure.stages.values() if s.automatic)


def fields(procedure: Procedure, known: Known) -> Faults:
    """Fields that are named are declared and of the type their use asks for; conditions name declared choices."""
    for place, name, kind in _typed(procedure):
        if name not in procedure.fields:
            yield (
                place,
                f"字段“{name}”没有声明。请在fields下补写，或改正名称",
                f"field {name!r} is not declared; add it under fields: or mend the name",
            )
        elif kind and procedure.fields[name].type != kind:
            yield (
                place,
                f"字段“{name}”的类型是{procedure.fields[name].type}，这里须用{kind}",
                f"field {name!r} is of type {procedure.fields[name].type}; here it must be {kind}",
            )
    for place, name, values in _chosen(procedure):
        unknown = set(values) - set(procedure.fields[name].choices) if name in procedure.fields else set()
        if unknown:
            choices = names(procedure.fields[name].choices)
            yield (
                place,
                f"“{names(unknown)}”不是字段“{name}”的选项。请改为{choices}之一",
                f"{names(unknown)} is no choice of field {name!r}; write one of {choices}",
            )


def _typed(procedure: Procedure) -> Iterator[tuple[str, str, str]]:
    """(place, field, the type it must have or "")."""
    kinds = {"unit_in": "unit", "each_in": "units"}
    for name, stage in procedure.stages.items():
        for task in stage.tasks.values():
            if task.owner.kind in kinds:
                yield f"stages.{name}.tasks.{task.name}.{task.owner.kind}", task.owner.ref, kinds[task.owner.kind]
        if stage.clock and stage.clock.by:
            yield f"stages.{name}.clock.limit.by", stage.clock.by, "choice"
    for place, when in _conditions(procedure):
        yield from ((place, name, "choice") for name in when)
    for end in procedure.closed.values():
        yield from ((f"closed.{end.name}.needs", name, "") for name in end.needs)


def _chosen(procedure: Procedure) -> Iterator[tuple[str, str, Collection[str]]]:
    for place, when in _conditions(procedure):
        yield from ((place, name, values) for name, values in when.items())
    for name, stage in procedure.stages.items():
        if stage.clock and stage.clock.by:
            yield f"stages.{name}.clock.limit", stage.clock.by, stage.clock.limits.keys()


def tasks(procedure: Procedure, known: Known) -> Faults:
    """`waits_for` and `opens_more` name tasks of the stage; an act fits the task or the outsider who does it."""
    for name, stage in procedure.stages.items():
        for act in stage.acts.values():
            place = f"stages.{name}.acts.{act.name}"
            for task in act.waits_for:
                if task not in stage.tasks:
                    yield (
                        f"{place}.waits_for",
                        f"环节“{stage.label.zh}”没有任务“{task}”。请改为{names(stage.tasks)}之一",
                        f"stage {name} has no task {task!r}; write one of {names(stage.tasks)}",
                    )
                elif task == act.by:
                    yield (
                        f"{place}.waits_for",
                        f"动作“{act.label.zh}”等待它自己的任务“{task}”，永远办不了。请从waits_for中删去",
                        f"act {act.name} waits for its own task {task}: it could never be done; take it out",
                    )
            yield from _fitting(procedure, place, act, stage.tasks)


def _fitting(procedure: Procedure, place: str, act: Act, tasks: Mapping[str, object]) -> Faults:
    if act.completes and (act.by not in tasks or act.to):
        yield (
            f"{place}.completes",
            f"动作“{act.label.zh}”写了completes，须由本环节任务办理，且不能同时写to。请删去其一",
            f"act {act.name} completes a task: its `by` must be a task of the stage, and it has no `to`; take one out",
        )
    if act.opens_more:
        task = procedure.stages[place.split(".")[1]].tasks.get(act.opens_more)
        if task is None or task.owner.kind != "each_in" or task.owner.ref not in act.needs:
            yield (
                f"{place}.opens_more",
                f"“{act.opens_more}”须是本环节的each_in任务，其单位字段须列在needs中。请改正",
                f"opens_more {act.opens_more!r} must be an each_in task of the stage, with its field in needs; mend it",
            )


def meanings(procedure: Procedure, known: Known) -> Faults:
    """One name, one meaning: standard acts, anytime acts, and acts counted by name are not confused."""
    counted: dict[str, str] = {}
    for place, act in procedure.all_acts():
        if act.name in RESERVED and not place.endswith(".reopens"):
            yield (
                place,
                f"“{act.name}”是系统自带的动作名。请给动作“{act.label.zh}”另起名称",
                f"{act.name} is the name of a standard act; give the act another",
            )
        if place.startswith("afterwards.") and act.name in procedure.anytime:
            yield (
                place,
                f"“{act.name}”与anytime中的动作同名，次数和通知会混淆。请改名",
                f"{act.name} has the name of an anytime act; give it another",
            )
        if place.startswith("stages.") and act.name in procedure.anytime:
            yield (
                place,
                f"“{act.name}”与anytime中的动作同名，后者在本环节将不可用。请改名",
                f"{act.name} hides the anytime act of this name in this stage; give one of them another name",
            )
        if act.max is not None or act.approved_by:
            if counted.get(act.name):
                yield (
                    place,
                    f"动作“{act.name}”与{counted[act.name]}同名，次数会合并计算。请改名",
                    f"{act.name} is counted together with {counted[act.name]} of the same name; give it another",
                )
            counted[act.name] = place


def number(procedure: Procedure, known: Known) -> Faults:
    """Case numbers hold the year and a running number, so that no two are alike."""
    try:
        used = {name for _, name, _, _ in Formatter().parse(procedure.number) if name is not None}
        procedure.number.format(year=2026, seq=1)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        used = set()
    if used != {"year", "seq"}:
        yield (
            "number",
            f"编号格式“{procedure.number}”须含且只含{{year}}和{{seq}}。请写成如 帮{{year}}-{{seq:04}}",
            f"the number format {procedure.number!r} must hold {{year}} and {{seq}}, nothing else; "
            "write for example 帮{year}-{seq:04}",
        )


def approvers(procedure: Procedure, known: Known) -> Faults:
    """Who approves holds another office than who proposes."""
    for place, act in procedure.all_acts():
        if not act.approved_by:
            continue
        stage = procedure.stages[place.split(".")[1]] if place.startswith("stages.") else None
        task = stage.tasks.get(act.by) if stage else None
        who, owner = (task.who, task.owner) if task else (act.by, Owner("desk", act.by_desk))
        approval = act.approved_by
        if approval.owner.kind == "own" and task is None:
            yield (
                f"{place}.approved_by",
                f"“{act.label.zh}”不是由任务办理，审批没有“本单位”可言。请写明审批岗位desk",
                f"act {act.name} is not done at a task, so there is no own unit to approve in; name a desk",
            )
        elif approval.owner in (owner, Owner("own", "")) and _same(known, who, approval.who):
            yield (
                f"{place}.approved_by",
                f"“{act.label.zh}”的审批人与提出人是同一身份“{who}”。请改由上级或其他岗位审批",
                f"act {act.name} is approved by the same office ({who}) that proposes it; name another",
            )


def _same(known: Known, one: str, other: str) -> bool:
    roles = set(known.capacities.get(one, ()))
    return one == other or (bool(roles) and roles == set(known.capacities.get(other, ())))


def _all_acts(procedure: Procedure) -> Iterator[tuple[str, Act]]:
    yield "opens_with", procedure.opens_with
    yield from procedure.all_acts()


def _branches(procedure: Procedure) -> Iterator[tuple[str, Branch]]:
    for place, act in procedure.all_acts():
        yield from ((f"{place}.to", branch) for branch in act.to)
    for name, stage in procedure.stages.items():
        yield from ((f"stages.{name}.next", branch) for branch in stage.next)


def _conditions(procedure: Procedure) -> Iterator[tuple[str, Mapping[str, tuple[str, ...]]]]:
    for place, act in procedure.all_acts():
        if act.when:
            yield f"{place}.when", act.when
    for place, branch in _branches(procedure):
        if branch.when:
            yield place, branch.when
