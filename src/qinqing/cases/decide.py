"""裁断: from a state and a command to moves, or a refusal. Pure: no database, no clock of its own.

The acting layer has already checked who acts and that the form is whole. Here stands what the table allows: is the task
open, do the conditions hold, how often may it be done, where does the case go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from qinqing.cases import drafting
from qinqing.cases.drafting import Command, Draft, NotAllowed, World, matches
from qinqing.cases.procedure import LEVELS, Act, Procedure
from qinqing.cases.state import WAIT, Moves, State, iso, split, token
from qinqing.lib.labels import Label
from qinqing.lib.workdays import due_at

REFUSALS = 3  # an approver may send proposals of one act back this often in a case; then nothing could ever strand


def begin(spec: Procedure, command: Command, world: World) -> Moves:
    """The moves that open a case in its first stage."""
    draft = Draft(spec, State(""), command, world)
    draft.put(command.set)
    drafting.enter(draft, spec.first.name)
    return draft.moves


def decide(spec: Procedure, state: State, command: Command, world: World) -> Moves:
    """The moves of one act. Raises NotAllowed."""
    draft = Draft(spec, state, command, world)
    standard = _STANDARD.get(command.action)
    if standard:
        standard(draft)
        return draft.moves
    act = spec.act(state.stage, state.outcome, command.action)
    if act is None:
        raise NotAllowed(
            Label("当前环节没有这个动作，请刷新后查看", "This cannot be done at this stage; reload the case"), gone=True
        )
    if state.is_open and act.by in spec.stages[state.stage].tasks:
        _need_open(draft, command.token, act.by)
        if any(p["from"] == command.token for p in state.proposals.values()):
            raise NotAllowed(
                Label("已提交审批，待审批后再办", "A proposal is waiting for approval; wait for the answer")
            )
    _check(draft, act, command.set)
    if act.approved_by:
        _propose(draft, act)
    else:
        _execute(draft, act, command.token, command.set, command.actor_id)
    return draft.moves


# -- conditions


def counted_as(spec: Procedure, state: State, act: Act) -> str:
    """The name an act is counted under: what follows a closing is counted anew after each (one rating a round)."""
    return f"{act.name}@{state.round}" if state.outcome and act.name in spec.afterwards else act.name


def _need_open(draft: Draft, tok: str, node: str) -> None:
    if tok not in draft.state.marking or split(tok)[0] != node:
        raise NotAllowed(Label("这项任务已经办结或收回", "This task has been done or taken back"), gone=True)


def _check(draft: Draft, act: Act, values: Mapping[str, Any], *, proposed: bool = False) -> None:
    """Everything the table asks before the act may take effect; evidence and expiry only when it is first asked for."""
    state, fields = draft.state, {**draft.fields, **values}
    if not matches(act.when, fields):
        raise NotAllowed(_unmatched(draft.spec, act))
    for name in act.guards:
        if not draft.world.guard(name, fields):
            raise NotAllowed(draft.world.why(name))
    if not proposed and draft.command.evidence < act.evidence:
        raise NotAllowed(Label(f"须附佐证至少{act.evidence}件", f"Attach at least {act.evidence} piece(s) of evidence"))
    waiting = [tok for tok in state.main if split(tok)[0] in act.waits_for]
    if waiting:
        raise NotAllowed(
            Label(f"还有{len(waiting)}项协办意见未反馈", f"{len(waiting)} assisting opinion(s) still open")
        )
    done = state.counts.get(counted_as(draft.spec, state, act), 0)
    if act.max is not None and done >= act.max + bool(act.beyond):
        raise NotAllowed(
            Label(f"“{act.label.zh}”最多{act.max}次，已用完", f"“{act.label.en}” may be done {act.max} time(s) at most")
        )
    if act.before_due and not proposed:
        _check_before_due(draft)
    if act.within and state.outcome:
        _check_within(draft, act)
    if act.suspends and (state.held or state.stage not in state.clocks):
        raise NotAllowed(Label("计时已暂停", "The clock is held already"))


def _unmatched(spec: Procedure, act: Act) -> Label:
    name, values = next(iter(act.when.items()))
    choices = spec.fields[name].choices
    zh = "、".join(choices[v].zh if v in choices else v for v in values)
    en = ", ".join(choices[v].en if v in choices else v for v in values)
    label = spec.fields[name].label
    return Label(f"“{act.label.zh}”只适用于{label.zh}为{zh}的办件", f"“{act.label.en}” is only for {label.en}: {en}")


def _check_before_due(draft: Draft) -> None:
    clock = draft.state.clocks.get(draft.state.stage)
    if clock and clock["due"] and draft.command.now > datetime.fromisoformat(clock["due"]):
        raise NotAllowed(Label("须在到期前提出，本件已逾期", "This must be asked before expiry; the case is overdue"))


def _check_within(draft: Draft, act: Act) -> None:
    closed_at = datetime.fromisoformat(draft.command.data["closed_at"])
    assert act.within
    last, _ = due_at(closed_at, act.within, draft.world.calendar)
    if last and draft.command.now > last:
        raise NotAllowed(
            Label(
                "已超过可以提出的期限，请作为新的诉求提出",
                "The time to ask has passed; please raise it as a new matter",
            )
        )


# -- taking effect


def _propose(draft: Draft, act: Act) -> None:
    """Somebody else must agree first: their task opens, the proposer's stays."""
    state, command, approval = draft.state, draft.command, act.approved_by
    assert approval
    unit = split(command.token)[1] if approval.owner.kind == "own" else draft.world.desks[approval.owner.ref]
    tok = token(f"?{act.name}", unit)
    if tok in state.proposals:  # one desk decides on one proposal of a kind at a time
        raise NotAllowed(
            Label(
                "已有一件同样的申请在审批，待审批后再提", "Such a proposal is waiting for approval; wait for the answer"
            )
        )
    draft.open(tok)
    draft.moves["propose"] = {tok: {"act": act.name, "by": command.actor_id, "from": command.token, "seq": command.seq}}
    _note_handler(draft, command.actor_id)


def _approve(draft: Draft) -> None:
    state, tok = draft.state, draft.command.token
    proposal = state.proposals.get(tok)
    if proposal is None:
        raise NotAllowed(Label("这项审批已经处理", "This approval has been dealt with"), gone=True)
    if proposal["by"] == draft.command.actor_id:
        raise NotAllowed(Label("提出人不能审批自己的申请", "Who proposed cannot approve"))
    act = draft.spec.act(state.stage, state.outcome, proposal["act"])
    assert act
    values = draft.command.set
    _check(draft, act, values, proposed=True)
    draft.moves["unpropose"] = [tok]
    draft.close(tok, "done")
    _execute(draft, act, proposal["from"], values, proposal["by"])


def _refuse(draft: Draft) -> None:
    tok = draft.command.token
    proposal = draft.state.proposals.get(tok)
    if proposal is None:
        raise NotAllowed(Label("这项审批已经处理", "This approval has been dealt with"), gone=True)
    if draft.state.counts.get(f"?{proposal['act']}", 0) >= REFUSALS:
        raise NotAllowed(
            Label(
                "已退回三次，请审批同意，或由督办协调",
                "Sent back three times already; approve it, or let the supervisor settle it",
            )
        )
    draft.close(tok, "done")
    draft.moves["unpropose"] = [tok]
    draft.moves["count"] = f"?{proposal['act']}"


def _execute(draft: Draft, act: Act, tok: str, values: Mapping[str, Any], actor_id: int | None) -> None:
    draft.put(values)
    draft.moves["count"] = counted_as(draft.spec, draft.state, act)
    if tok:
        _note_handler(draft, actor_id)
    if act.level:
        drafting.raise_level(draft, act.level, to_desk=act.to_desk)
    if act.resumes:
        drafting.resume(draft)
    if act.suspends:
        drafting.hold(draft, act)
    if act.adds or act.rebudgets:
        drafting.change_budget(draft, act)
    if act.opens_more:
        drafting.open_more(draft, act.opens_more, values)
    target = _target(draft, act)
    if target:
        drafting.leave(draft, target, tok, act.keeps_clock)
    elif act.completes:
        _complete(draft, tok)


def _note_handler(draft: Draft, actor_id: int | None) -> None:
    """Who worked on a task of the assigning phase is a handler, and may not write the case off."""
    stage = draft.spec.stages.get(draft.state.stage)
    if actor_id is not None and stage and stage.phase == "assign" and draft.state.is_open:
        draft.moves["handler"] = actor_id


def _target(draft: Draft, act: Act) -> str:
    if act.max is not None and act.beyond and draft.state.counts.get(act.name, 0) >= act.max:
        return act.beyond
    return drafting.branch(draft, act.to)


def _complete(draft: Draft, tok: str) -> None:
    draft.close(tok, "done")
    stage = draft.spec.stages[draft.state.stage]
    if stage.join and not set(draft.state.main) - draft.closed():
        drafting.leave(draft, stage.join, tok, False)


# -- standard acts: every procedure has them


def _sign(draft: Draft) -> None:
    """签收."""
    _need_open(draft, draft.command.token, split(draft.command.token)[0])
    draft.moves["sign"] = [draft.command.token, draft.command.actor_id]


def _assign(draft: Draft) -> None:
    """转交同单位的同事."""
    _need_open(draft, draft.command.token, split(draft.command.token)[0])
    draft.moves["assign"] = [draft.command.token, draft.command.data["officer"]]


def _note(draft: Draft) -> None:
    """记事: a remark in the history; changes nothing."""


def _attend(draft: Draft) -> None:
    """督办处理: the supervision task is done; what was said stands in the payload."""
    _need_open(draft, draft.command.token, split(draft.command.token)[0])
    draft.close(draft.command.token, "done")


def _resume_act(draft: Draft) -> None:
    """恢复计时."""
    if not draft.state.held:
        raise NotAllowed(Label("计时没有暂停", "The clock is not held"), gone=True)
    drafting.resume(draft)


def _rung(draft: Draft) -> None:
    """级次到时: nobody acted; the case climbs."""
    data, state = draft.command.data, draft.state
    clock = state.clocks.get(data["clock"])
    if clock is None or (clock["round"], clock["revision"]) != (data["round"], data["revision"]):
        raise NotAllowed(Label("时限已变更", "The clock has changed"), gone=True)
    if data["clock"] == WAIT:
        drafting.resume(draft)
        return
    spec = draft.spec.stages[data["clock"]].clock
    assert spec
    happening = spec.rungs[data["name"]]
    if happening in LEVELS:
        drafting.raise_level(draft, happening, to_desk=True)
    elif data["clock"] == state.stage:
        drafting.leave(draft, happening, "", False)
    else:  # a kept clock: its stage sets the rung again when the case comes back
        raise NotAllowed(Label("办件现在不在该环节", "The case is not in that stage now"), gone=True)


def _reproject(draft: Draft) -> None:
    """日历更新: every running clock by the new calendar. An open case never becomes overdue by it: a due time that
    would move into the past stays."""
    for name, clock in draft.state.clocks.items():
        armed = drafting.armed(draft, clock)
        if armed["due"] and clock["due"] and armed["due"] < clock["due"] and armed["due"] <= iso(draft.command.now):
            armed = {**clock, "calendar": armed["calendar"]}  # with its rungs
        draft.clock(name, armed)


def _move_version(draft: Draft) -> None:
    """换版: the acting layer has checked that the version fits; the clocks run on under its rungs."""
    draft.moves["procedure"] = draft.command.data["procedure"]
    for name, clock in draft.state.clocks.items():
        draft.clock(name, drafting.armed(draft, clock))


def _proceed(draft: Draft) -> None:
    """自动环节: the effect has run; the first branch that holds, by what it found, decides."""
    stage = draft.spec.stages[draft.state.stage]
    draft.put(draft.command.set)
    target = drafting.branch(draft, stage.next) if stage.automatic else ""
    if not target:
        raise NotAllowed(Label("不是自动环节", "This stage is not automatic"), gone=True)
    drafting.leave(draft, target, "", False)


_STANDARD: dict[str, Callable[[Draft], None]] = {
    "sign": _sign,
    "assign": _assign,
    "note": _note,
    "attend": _attend,
    "approve": _approve,
    "refuse": _refuse,
    "resume": _resume_act,
    "rung": _rung,
    "reproject": _reproject,
    "proceed": _proceed,
    "move_version": _move_version,
}
STANDARD_ACTS = frozenset(_STANDARD)
