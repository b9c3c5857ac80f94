"""Decisions alone: from a state and a command to moves, without database, people or pages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.cases.decide import REFUSALS, begin, decide
from qinqing.cases.drafting import Command, NotAllowed, World
from qinqing.cases.reading import parse
from qinqing.cases.state import WAIT, Moves, State, apply, restore, split
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import load_calendar, shipped_calendar
from tests.cases.definitions import SOUND

SPEC = parse(SOUND)
WINDOW, SUPERVISION, LEADERSHIP, A, B, C = 1, 2, 3, 11, 12, 13
WORLD = World(shipped_calendar(), {"window": WINDOW, "supervision": SUPERVISION, "leadership": LEADERSHIP})
MONDAY = datetime(2026, 6, 1, 9, tzinfo=CHINA)


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=CHINA)


class Life:
    """A case as its decisions alone make it; checks that its JSON holds all of it."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now, self.seq = now, 1
        self.state = State("")
        self.keep(begin(SPEC, Command("open", 1, now, seq=1), WORLD))

    def do(self, action: str, token: str = "", *, by: int | None = 7, evidence: int = 0, world: World = WORLD,
           data: dict[str, Any] | None = None, **fields: Any) -> Life:  # fmt: skip
        self.seq += 1
        command = Command(action, by, self.now, token, fields, evidence, self.seq, data or {})
        return self.keep(decide(SPEC, self.state, command, world))

    def keep(self, moves: Moves) -> Life:
        self.moves = json.loads(json.dumps(moves))  # they are written down as JSON
        self.state = apply(self.state, self.moves)
        s = self.state
        again = restore(stage=s.stage, outcome=s.outcome, round=s.round, version=s.version, level=s.level,
                        marking=" ".join(s.marking), state=s.to_json())  # fmt: skip
        assert again == s
        assert len(set(s.marking)) == len(s.marking)
        return self

    def due(self) -> datetime:
        assert self.state.due
        return datetime.fromisoformat(self.state.due)

    def working(self, *helpers: int, kind: str = "plain") -> Life:
        return self.do("dispatch", f"sort@{WINDOW}", kind=kind, lead=A, helpers=list(helpers))

    def looking(self) -> Life:
        self.do("finish", f"lead@{A}").do("approve", f"?finish@{A}", by=8)
        return self


def refused(life: Life, action: str, *arguments: Any, **more: Any) -> NotAllowed:
    with pytest.raises(NotAllowed) as error:
        life.do(action, *arguments, **more)
    assert error.value.why.zh and error.value.why.en
    return error.value


def test_a_case_begins_on_the_first_desk_with_a_clock() -> None:
    life = Life()
    assert life.state.stage == "sorting" and life.state.marking == (f"sort@{WINDOW}",)
    assert life.state.version == 1 and life.due() == at(1, 14, 30)  # four office hours over the lunch break


def test_leaving_voids_what_was_open_and_starts_another_clock() -> None:
    life = Life().working(B, C)
    assert life.state.main == (f"lead@{A}", f"help@{B}", f"help@{C}")
    assert life.moves["close"] == [[f"sort@{WINDOW}", "done"]]
    assert set(life.state.clocks) == {"working"} and life.due() == at(3, 17)


def test_the_lead_waits_and_the_last_helper_frees_it() -> None:
    life = Life().working(B, C)
    assert "2项" in refused(life, "finish", f"lead@{A}").why.zh
    life.do("advise", f"help@{B}").do("advise", f"help@{C}")
    assert refused(life, "advise", f"help@{C}").gone
    life.looking()
    assert life.state.stage == "looking"


def test_only_the_last_of_parallel_tasks_leads_on() -> None:
    life = Life().working().looking()
    life.do("counted", f"count@{WINDOW}")
    assert life.state.stage == "looking" and life.state.main == (f"check@{SUPERVISION}",)
    life.do("checked", f"check@{SUPERVISION}")
    assert life.state.stage == "registering" and life.state.marking == ()


@pytest.mark.parametrize(("match", "stage", "outcome"), [("exact", "registering", "done"), ("doubtful", "ruling", "")])
def test_an_automatic_stage_goes_where_its_finding_leads(match: str, stage: str, outcome: str) -> None:
    life = Life().working().looking().do("counted", f"count@{WINDOW}").do("checked", f"check@{SUPERVISION}")
    draft = replace(life.state, fields={**life.state.fields, "match": match})
    moves = decide(SPEC, draft, Command("proceed", None, life.now, seq=9, set={"match": match}), WORLD)
    after = apply(draft, moves)
    assert (after.stage, after.outcome) == (stage, outcome)


def test_what_is_proposed_happens_when_another_agrees() -> None:
    life = Life().working().do("finish", f"lead@{A}")
    assert life.state.stage == "working" and f"?finish@{A}" in life.state.marking
    assert "待审批" in refused(life, "back", f"lead@{A}").why.zh
    assert "提出人" in refused(life, "approve", f"?finish@{A}", by=7).why.zh
    life.do("approve", f"?finish@{A}", by=8)
    assert life.state.stage == "looking" and not life.state.proposals
    assert life.state.counts == {"dispatch": 1, "finish": 1} and life.state.handlers == (7,)


def test_a_refusal_frees_the_task_and_after_three_it_is_approved_or_settled() -> None:
    life = Life().working()
    for _ in range(REFUSALS):
        life.do("finish", f"lead@{A}").do("refuse", f"?finish@{A}", by=8)
        assert life.state.main == (f"lead@{A}",) and not life.state.proposals
    assert refused(life, "refuse", f"?finish@{A}", by=8).gone
    life.do("finish", f"lead@{A}")
    assert "三次" in refused(life, "refuse", f"?finish@{A}", by=8).why.zh
    life.do("approve", f"?finish@{A}", by=8)
    assert life.state.stage == "looking"


def test_what_was_agreed_is_checked_again_when_it_takes_effect() -> None:
    life = Life().working().do("finish", f"lead@{A}")
    state = replace(life.state, marking=(*life.state.marking, f"help@{B}"))  # help was asked for meanwhile
    with pytest.raises(NotAllowed, match="协办"):
        decide(SPEC, state, Command("approve", 8, life.now, f"?finish@{A}", seq=9), WORLD)


def test_returns_are_counted_and_then_lead_elsewhere() -> None:
    life = Life()
    for _ in range(2):
        life.working().do("back", f"lead@{A}")
        assert life.state.stage == "sorting"
    life.working().do("back", f"lead@{A}")
    assert life.state.stage == "ruling"


def test_a_kept_clock_runs_on_and_takes_the_budget_of_the_new_class() -> None:
    life = Life().working()
    life.now = at(2, 10)
    life.do("back", f"lead@{A}")
    assert set(life.state.clocks) == {"working", "sorting"} and life.due() == at(2, 15, 30)
    life.now = at(2, 11)
    life.working(kind="hard")
    assert life.due() == at(5, 17)  # four working days from the first Monday, not from Tuesday


def test_a_kept_clock_keeps_the_extension_it_was_granted() -> None:
    life = Life().working().do("extend", f"lead@{A}")
    life.do("approve", f"?extend@{SUPERVISION}", by=8).do("back", f"lead@{A}").working(kind="hard")
    assert life.due() == at(9, 17)  # four working days and the two granted


def test_a_suspension_stops_the_clock_and_has_its_own_end() -> None:
    life = Life().working(kind="hard")
    life.now = at(2)
    life.do("ask", f"lead@{A}")
    assert life.state.held and life.state.clocks["working"]["due"] is None
    assert life.state.due == life.state.clocks[WAIT]["due"]
    life.now = at(4)
    life.do("supplement")
    assert not life.state.held and life.due() == at(9, 17)  # closes of the 2nd and 3rd lay inside
    assert "用完" in refused(life, "ask", f"lead@{A}").why.zh
    assert refused(life, "resume", f"lead@{A}").gone


def test_an_extension_adds_before_expiry_only() -> None:
    life = Life().working()
    life.now = at(3, 17)
    life.do("extend", f"lead@{A}")
    life.now = at(4)
    life.do("approve", f"?extend@{SUPERVISION}", by=8)  # asked for in time
    assert life.due() == at(5, 17)
    late = Life().working()
    late.now = at(3, 17, 1)
    assert "到期前" in refused(late, "extend", f"lead@{A}").why.zh


def test_one_desk_decides_on_one_proposal_of_a_kind_at_a_time() -> None:
    life = Life().working().do("extend", f"lead@{A}")
    state = replace(life.state, marking=(*life.state.marking, f"lead@{B}"))
    with pytest.raises(NotAllowed, match="同样的申请"):
        decide(SPEC, state, Command("extend", 9, life.now, f"lead@{B}", seq=9), WORLD)


def test_more_help_opens_only_what_is_not_open() -> None:
    life = Life().working(B).do("more", f"lead@{A}", helpers=[B, C])
    assert life.moves["open"] == [f"help@{C}"] and life.state.fields["helpers"] == [B, C]


def test_when_nobody_acts_it_climbs_and_never_down() -> None:
    life = Life().working()
    clock = life.state.clocks["working"]
    rung = {"clock": "working", "round": clock["round"], "revision": clock["revision"]}
    levels = []
    for name in ("half", "due", "one_working_day_late", "due"):
        life.do("rung", by=None, data={**rung, "name": name})
        levels.append(life.state.level)
    assert levels == [1, 3, 4, 4]
    assert life.state.marking == (f"lead@{A}", f"!supervise@{SUPERVISION}", f"!hand_up@{LEADERSHIP}")
    assert refused(life, "rung", by=None, data={**rung, "revision": 99, "name": "due"}).gone
    life.do("attend", f"!supervise@{SUPERVISION}").do("finish", f"lead@{A}").do("approve", f"?finish@{A}", by=8)
    assert f"!hand_up@{LEADERSHIP}" in life.state.marking, "supervision goes with the case"


def test_a_rung_that_moves_the_case() -> None:
    life = Life().working().looking().do("counted", f"count@{WINDOW}").do("checked", f"check@{SUPERVISION}")
    clock = life.state.clocks["registering"]
    life.do(
        "rung",
        by=None,
        data={"clock": "registering", "round": clock["round"], "revision": clock["revision"], "name": "due"},
    )
    assert life.state.stage == "ruling"


def test_evidence_is_asked_for() -> None:
    life = Life().working().do("finish", f"lead@{A}").do("approve", f"?finish@{A}", by=8)
    life.do("redo", f"check@{SUPERVISION}").looking().do("redo", f"check@{SUPERVISION}")
    assert life.state.stage == "ruling"
    assert "佐证" in refused(life, "settle", f"rule@{LEADERSHIP}").why.zh
    life.do("settle", f"rule@{LEADERSHIP}", evidence=1)
    assert life.state.outcome == "settled" and life.state.marking == () and not life.state.clocks


def test_reopening_within_its_days_and_as_often_as_it_says() -> None:
    life = Life().working().looking().do("counted", f"count@{WINDOW}").do("checked", f"check@{SUPERVISION}")
    state = replace(life.state, fields={**life.state.fields, "match": "exact"})
    closed = apply(state, decide(SPEC, state, Command("proceed", None, life.now, seq=9), WORLD))
    said = {"closed_at": MONDAY.isoformat()}
    late = Command("reopen", 5, at(8, 17, 1), seq=10, data=said)
    with pytest.raises(NotAllowed, match="期限"):
        decide(SPEC, closed, late, WORLD)
    again = apply(closed, decide(SPEC, closed, replace(late, now=at(8, 17)), WORLD))
    assert again.outcome == "" and again.stage == "working" and again.main == (f"lead@{A}",)
    with pytest.raises(NotAllowed, match="用完"):
        decide(SPEC, replace(again, outcome="done", marking=()), replace(late, now=at(2)), WORLD)


@pytest.mark.parametrize("action", ["nonsense", "finish", "open", "reopen", ""])
def test_what_the_table_does_not_offer_here(action: str) -> None:
    assert refused(Life(), action, f"sort@{WINDOW}").gone


def test_guards_are_asked_with_the_form() -> None:
    seen: list[Any] = []

    def no(name: str, fields: Any) -> bool:
        seen.append((name, fields["lead"]))
        return False

    error = refused(Life(), "dispatch", f"sort@{WINDOW}", world=replace(WORLD, guard=no), kind="plain", lead=A)
    assert seen == [("cases.lead_is_not_assistant", A)] and not error.gone


def test_a_new_calendar_makes_nothing_overdue() -> None:
    life = Life().working()
    life.now = at(3, 9)
    worked = load_calendar("revision: b\ndays:\n- {day: 2026-06-06, working: true, name: 上班}\n", over=WORLD.calendar)
    life.do("reproject", by=None, world=replace(WORLD, calendar=worked))
    assert life.due() == at(3, 17) and life.state.clocks["working"]["calendar"] == "b"
    free = load_calendar("revision: c\ndays:\n- {day: 2026-06-03, working: false, name: 公休}\n", over=worked)
    life.do("reproject", by=None, world=replace(WORLD, calendar=free))
    assert life.due() == at(4, 17)
    life.now = at(4, 10)
    life.do("reproject", by=None, world=WORLD)
    assert life.due() == at(4, 17), "by the old calendar it would have been due yesterday"


# -- the fold

TOKENS = [f"{node}@{unit}" for node in ("lead", "help", "?finish", "!hand_up") for unit in (A, B)]


@st.composite
def moves(draw: st.DrawFn) -> Moves:
    some: Moves = {
        "stage": draw(st.sampled_from(list(SPEC.stages))), "outcome": draw(st.sampled_from(["", "done"])),
        "level": draw(st.integers(1, 4)), "open": draw(st.lists(st.sampled_from(TOKENS), unique=True)),
        "close": [[tok, "done"] for tok in draw(st.lists(st.sampled_from(TOKENS), unique=True))],
        "clocks": {"working": draw(st.sampled_from([None, {"due": None}, {"due": "2026"}]))},
        "set": {"kind": draw(st.sampled_from(["plain", "hard"]))}, "count": draw(st.sampled_from(["back", "finish"])),
        "propose": {TOKENS[4]: {"act": "finish"}}, "unpropose": [TOKENS[4]], "handler": draw(st.integers(1, 3)),
    }  # fmt: skip
    return {name: value for name, value in some.items() if draw(st.booleans())}


@given(st.lists(moves(), max_size=8))
def test_the_fold_survives_being_written_down(history: list[Moves]) -> None:
    state = State("sorting")
    for item in history:
        before = state
        state = apply(state, json.loads(json.dumps(item)))
        moved = "stage" in item or "outcome" in item
        assert state.round - before.round == state.version - before.version == int(moved)
        assert set(state.marking) >= set(item.get("open", ()))
        assert set(state.handlers) >= set(before.handlers) and len(set(state.handlers)) == len(state.handlers)
        assert sum(state.counts.values()) == sum(before.counts.values()) + ("count" in item)
        assert None not in state.clocks.values()
    again = restore(stage=state.stage, outcome=state.outcome, round=state.round, version=state.version,
                    level=state.level, marking=" ".join(state.marking), state=state.to_json())  # fmt: skip
    assert again == state


@given(st.from_regex(r"[?!]?[a-z_]{1,20}", fullmatch=True), st.integers(0, 2**62))
def test_a_token_names_node_and_unit(node: str, unit: int) -> None:
    assert split(f"{node}@{unit}") == (node, unit)


@given(st.timedeltas(timedelta(0), timedelta(days=60)), st.timedeltas(timedelta(0), timedelta(days=60)))
def test_a_suspension_never_brings_the_end_nearer(start: timedelta, length: timedelta) -> None:
    life = Life().working(kind="hard")
    due = life.due()
    life.now += min(start, due - life.now)
    life.do("ask", f"lead@{A}")
    life.now += length
    life.do("resume", f"lead@{A}")
    assert life.due() >= due
