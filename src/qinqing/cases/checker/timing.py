"""Rules about time (时限): every stage has a limit, it climbs when nobody acts, and nothing is put off for ever."""

from __future__ import annotations

from qinqing.cases.checker.finding import Faults, Known, names
from qinqing.cases.checker.graph import Graph
from qinqing.cases.procedure import LEVELS, Act, ClockSpec, Stage
from qinqing.lib.workdays import Budget, is_rung
from qinqing.lib.workdays.budget import ELAPSED, WORKING_DAYS

OFFICE_DAY = 420  # minutes of the shipped calendar's working day; only orders moments and rounds up to whole days
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


def clocked(graph: Graph, known: Known) -> Faults:
    """Every stage has a clock, with a limit for each choice that can come there."""
    for stage in graph.procedure.stages.values():
        if stage.clock is None:
            yield (
                f"stages.{stage.name}",
                f"环节“{stage.label.zh}”没有时限。"
                "请写clock，如 clock: {limit: {working_days: 3}, rungs: {due: hand_up}}",
                f"stage {stage.name} has no clock; write for example "
                "clock: {limit: {working_days: 3}, rungs: {due: hand_up}}",
            )
        elif stage.clock.by and stage.name in graph.values:
            yield from _limits(graph, stage, stage.clock)


def _limits(graph: Graph, stage: Stage, clock: ClockSpec) -> Faults:
    for value in graph.layout.held(clock.by, graph.values[stage.name]):
        if value not in clock.limits:
            yield (
                f"stages.{stage.name}.clock.limit",
                f"到“{stage.label.zh}”时字段“{clock.by}”可能"
                + (f"是“{value}”，没有对应的时限。请补写" if value else "还没填。请在前面每条路上列入needs"),
                f"stage {stage.name} can be entered "
                + (
                    f"with {clock.by} = {value}, for which there is no limit; add one"
                    if value
                    else f"before {clock.by} is chosen; put it into needs on every way there"
                ),
            )


def rungs(graph: Graph, known: Known) -> Faults:
    """Moments are known, lie after the start, stand in order of time, and the levels rise; a move is the last."""
    for stage in graph.procedure.stages.values():
        if stage.clock is None:
            continue
        place = f"stages.{stage.name}.clock.rungs"
        unknown = [moment for moment in stage.clock.rungs if not is_rung(moment)]
        for moment in unknown:
            yield (
                f"{place}.{moment}",
                f"环节“{stage.label.zh}”：没有“{moment}”这一时刻。可写half、due、one_working_day_left、two_hours_late等",
                f"stage {stage.name}: there is no moment {moment!r}; write half, due, one_working_day_left, "
                "two_hours_late and the like",
            )
        if not unknown:
            for value, budget in stage.clock.limits.items():
                yield from _order(stage, stage.clock, place, value, budget)
            yield from _rising(stage, stage.clock, place)


def _order(stage: Stage, clock: ClockSpec, place: str, value: str, budget: Budget) -> Faults:
    limit = f"{value}: {budget.text.en}" if value else budget.text.en
    before, last = -1, ""
    for moment in clock.rungs:
        at = moment_at(moment, budget)
        if at <= 0:
            yield (
                f"{place}.{moment}",
                f"环节“{stage.label.zh}”时限{budget.text.zh}，“{moment}”一开始就到了。请删去或改用half",
                f"stage {stage.name} ({limit}): {moment} falls at its very start; take it out or write half",
            )
        elif at < before:
            yield (
                f"{place}.{moment}",
                f"环节“{stage.label.zh}”时限{budget.text.zh}，“{moment}”早于前面的“{last}”。请按时间先后写",
                f"stage {stage.name} ({limit}): {moment} comes before {last}; write them in order of time",
            )
        before, last = at, moment


def _rising(stage: Stage, clock: ClockSpec, place: str) -> Faults:
    reached, moved = -1, ""
    for moment, happening in clock.rungs.items():
        level = LEVELS.index(happening) if happening in LEVELS else len(LEVELS)
        if moved:
            yield (
                f"{place}.{moment}",
                f"环节“{stage.label.zh}”在“{moved}”已转到别处，“{moment}”永远不会发生。请删去其一",
                f"stage {stage.name} is left at {moved}, so that {moment} never happens; take one out",
            )
        elif level < reached:
            yield (
                f"{place}.{moment}",
                f"环节“{stage.label.zh}”的级次越往后越低（{moment}: {happening}）。请按提醒、催办、督办、上提的次序写",
                f"stage {stage.name}: the level falls at {moment} ({happening}); "
                "let it rise: remind, urge, supervise, hand_up",
            )
        reached, moved = level, moment if level == len(LEVELS) else ""


def moment_at(moment: str, budget: Budget) -> int:
    """Minutes from the start of a nominal clock to a moment; 0 or less: it falls at the start."""
    day = 1440 if budget.kind == ELAPSED else OFFICE_DAY
    end = budget.amount * (OFFICE_DAY if budget.kind == WORKING_DAYS else 1)
    if moment in {"half", "due"}:
        return end if moment == "due" else (end + 1) // 2
    number, unit = moment.split("_")[:2]
    distance = _NUMBERS[number] * (day if unit == "working" else 60)
    return end + distance if moment.endswith("_late") else end - distance


def climbing(graph: Graph, known: Known) -> Faults:
    """When nobody acts, the last rung hands the case up, at expiry or later, or moves it to another stage."""
    for stage in graph.procedure.stages.values():
        if stage.clock is None:
            continue
        moment, happening = (("", ""), *stage.clock.rungs.items())[-1]
        if happening == stage.name or not (
            happening in graph.procedure.stages
            or (happening == "hand_up" and (moment == "due" or moment.endswith("_late")))
        ):
            yield (
                f"stages.{stage.name}.clock.rungs" if stage.clock.rungs else f"stages.{stage.name}.clock",
                f"环节“{stage.label.zh}”逾期无人办理时没有上提。请在rungs最后写due: hand_up（或更晚），或转到另一环节",
                f"stage {stage.name}: when nobody acts it does not climb to somebody above; "
                "end its rungs with due: hand_up (or later), or with a move to another stage",
            )


def ladder(graph: Graph, known: Known) -> Faults:
    """Levels that are used are on the ladder and reach somebody: supervise and hand_up put the case on a desk."""
    procedure = graph.procedure
    used = {
        happening: f"stages.{stage.name}.clock.rungs.{moment}"
        for stage in procedure.stages.values()
        for moment, happening in (stage.clock.rungs.items() if stage.clock else ())
        if happening in LEVELS
    }
    used |= {act.level: f"{place}.level" for place, act in procedure.all_acts() if act.level}
    for level, place in used.items():
        rung = procedure.ladder.get(level)
        if rung is None:
            yield (
                place,
                f"督办级次“{level}”没有写在ladder中。请补写",
                f"level {level} is not on the ladder; add it under ladder:",
            )
        elif level in {"supervise", "hand_up"} and not (rung.desk and rung.who):
            yield (
                f"ladder.{level}",
                f"级次“{level}”没有写明到谁手上。请写desk和who",
                f"level {level} does not say on whose desk it puts the case; write desk and who",
            )
        elif not (rung.tells or rung.desk):
            yield (
                f"ladder.{level}",
                f"级次“{level}”谁也不通知。请写tells",
                f"level {level} tells nobody; write tells",
            )


def pauses(graph: Graph, known: Known) -> Faults:
    """Suspending, lengthening and changing a limit is bounded in number, lawful, and fits the stage's clock."""
    for place, act in graph.procedure.all_acts():
        if (act.suspends or act.adds or act.rebudgets) and act.max is None:
            yield (
                place,
                f"“{act.label.zh}”可以一再推迟到期。请写max",
                f"act {act.name} can put off expiry again and again; write max",
            )
        missing = {"notice", "legal_basis"} - set(act.needs) if act.suspends else set()
        if missing:
            yield (
                place,
                f"“{act.label.zh}”中止计时，须有告知内容和法律依据。请把{names(missing)}列入needs",
                f"act {act.name} suspends the clock, which takes a notice and a legal basis; "
                f"put {names(missing)} into needs",
            )
        if act.adds or act.rebudgets:
            owner = place.split(".")[1]
            for stage in graph.procedure.stages.values():
                if stage.clock and (place.startswith("anytime.") or stage.name == owner):
                    yield from _refitting(place, act, stage, stage.clock)


def _refitting(place: str, act: Act, stage: Stage, clock: ClockSpec) -> Faults:
    kinds = {budget.kind for budget in clock.limits.values()}
    if act.adds and kinds != {act.adds.kind}:
        yield (
            f"{place}.adds",
            f"“{act.label.zh}”延长的是{act.adds.kind}，环节“{stage.label.zh}”的时限是{names(kinds)}。请用同一种",
            f"act {act.name} adds {act.adds.kind} to stage {stage.name}, whose limit is in {names(kinds)}; "
            "use the same kind",
        )
    if act.rebudgets and (not clock.by or clock.by not in act.needs):
        yield (
            f"{place}.rebudgets",
            f"“{act.label.zh}”重定时限，但环节“{stage.label.zh}”的时限不按它所填的选项分。"
            "请写limit: {by: …}，并把该字段列入needs",
            f"act {act.name} sets the limit anew, but stage {stage.name} has no limit by a field that the act needs; "
            "write limit: {by: ...} and put that field into needs",
        )
