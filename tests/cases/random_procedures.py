"""Random procedures, as text: every part of the language, in definitions that lean towards sound ones.

The checker has the last word (`proved`), so that the machine drives exactly what an installation would load.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st

from qinqing.cases import library, registry
from qinqing.cases.checker import Known
from qinqing.cases.reading import parse

LABEL = {"zh": "样", "en": "sample"}
DESKS = {"window": "clerk", "supervision": "supervisor", "leadership": "leader"}
RUNGS: list[dict[str, str]] = [
    {"due": "hand_up"},
    {"half": "remind", "due": "supervise", "one_working_day_late": "hand_up"},
    {"half": "urge", "due": "urge", "two_working_days_late": "hand_up"},
    {"due": "supervise", "one_hour_late": "hand_up"},
]
FOUND = "tests.found"  # the effect of automatic stages


@registry.effect(FOUND)
def found(context: registry.Context) -> dict[str, Any]:
    """What an automatic stage finds: differs from case to case."""
    return {"m": "exact" if context.case_id and context.case_id % 2 else "doubtful"}


# -- procedures --------------------------------------------------------------------------------------------------------


def procedures() -> st.SearchStrategy[str]:
    """Texts of definitions that the checker lets in."""
    return _drafts().filter(proved)


def proved(text: str) -> bool:
    """The checker's proof. Its look at the form is slow and these texts differ little: a test samples it."""
    return not library.prove(parse(text), _known())


@cache
def _known() -> Known:
    there = library.installed()
    return Known(there.capacities, set(DESKS), set(registry.GUARDS), set(registry.EFFECTS))


@st.composite
def _drafts(draw: st.DrawFn) -> str:
    chosen = draw(st.booleans())  # class and lead are chosen when the case is opened, else in its first stage
    stages = [f"s{number}" for number in range(draw(st.integers(1, 4)))]
    ends = ["done"]
    raw: dict[str, Any] = {
        "procedure": "random", "version": 1, "title": LABEL, "number": "R{year}-{seq}", "raised_by": ["company"],
        "fields": {
            "k": {"type": "choice", **LABEL, "of": {"x": LABEL, "y": LABEL}},
            "m": {"type": "choice", **LABEL, "of": {"exact": LABEL, "doubtful": LABEL}},
            "lead": {"type": "unit", **LABEL}, "assistants": {"type": "units", **LABEL},
            "t": {"type": "text", "max": 50, **LABEL}, "notice": {"type": "text", **LABEL},
            "legal_basis": {"type": "text", **LABEL}, "n": {"type": "number", **LABEL},
            "on": {"type": "date", **LABEL}, "sure": {"type": "confirm", **LABEL}, "phone": {"type": "phone", **LABEL},
        },
        "opens_with": {"needs": ["t", *(["k", "lead"] if chosen else [])], "may": ["assistants", "phone"]},
        "ladder": {
            "remind": {**LABEL, "tells": ["holder"]},
            "urge": {**LABEL, "tells": ["holder"]},
            "supervise": {**LABEL, "desk": "supervision", "who": "supervisor"},
            "hand_up": {**LABEL, "desk": "leadership", "who": "leader"},
        },
        "stages": {}, "anytime": draw(_anytime()), "closed": {},
    }  # fmt: skip
    if any(act.get("to") == "gone" for act in raw["anytime"].values()):
        ends.append("gone")
    for number, name in enumerate(stages):
        raw["stages"][name] = draw(_stage(number, stages, ends, first=not chosen))
    for end in ends:
        raw["closed"][end] = {**LABEL, "phase": "write_off"}
    if draw(st.booleans()):
        again = {"by": "party", "needs": ["t"], "within": {"working_days": 5}, "max": draw(st.integers(1, 2))}
        raw["closed"]["done"]["reopens"] = {**LABEL, **again, "to": draw(st.sampled_from(stages))}
    return json.dumps(raw, ensure_ascii=False)  # YAML as well, and written faster


@st.composite
def _anytime(draw: st.DrawFn) -> dict[str, Any]:
    supervisor = {"who": "supervisor", "desk": "supervision"}
    approved = {"who": "leader", "desk": "leadership", **LABEL}
    pause = {"reason": "supplement", "at_most": {"working_days": 2}, **LABEL}
    all_acts = {
        "supplement": {"by": "party", "needs": ["t"], "resumes": True},
        "withdraw": {"by": "party", "needs": ["t"], "to": "gone"},
        "drop": {"by": supervisor, "needs": ["t"], "to": "gone", "approved_by": approved},
        "press": {"by": supervisor, "level": draw(st.sampled_from(["urge", "supervise"])), "max": 2},
        "pause": {"by": supervisor, "needs": ["notice", "legal_basis"], "suspends": pause, "max": 1},
        "hasten": {"by": {"who": "leader", "desk": "leadership"}, "level": "hand_up"},
    }
    return {name: {**LABEL, **act} for name, act in all_acts.items() if draw(st.booleans())}


@st.composite
def _stage(draw: st.DrawFn, number: int, stages: list[str], ends: list[str], first: bool) -> dict[str, Any]:
    ahead = [*stages[number + 1 :], *ends]
    onward = ahead[0]
    first = first and number == 0
    clock: dict[str, Any] = {"limit": draw(_limits(first)), "rungs": draw(st.sampled_from(RUNGS))}
    further = [name for name in ahead if name not in ends]
    if further and not first and draw(st.integers(0, 3)) == 0:
        clock["rungs"] = {"half": "remind", "due": draw(st.sampled_from(further))}
    stage: dict[str, Any] = {"phase": draw(st.sampled_from(["find", "assign", "supervise"])), **LABEL, "clock": clock}
    if number and draw(st.integers(0, 5)) == 0:
        other = draw(st.sampled_from(ahead))
        return {**stage, "automatic": FOUND, "next": [{"to": other, "when": {"m": "exact"}}, {"to": onward}]}
    if not first and draw(st.integers(0, 2)) == 0:
        return {**stage, **draw(_joined(number, onward))}
    return {**stage, **draw(_led(number, stages, ahead, clock, first))}


def _limits(first: bool) -> st.SearchStrategy[dict[str, Any]]:
    one = st.one_of(
        st.integers(1, 3).map(lambda n: {"working_days": n}),
        st.integers(1, 6).map(lambda n: {"office_hours": n}),
        st.sampled_from(["2h", "1d", "3d12h"]).map(lambda span: {"elapsed": span}),
    )
    by_kind = st.tuples(st.integers(1, 2), st.integers(1, 4)).map(
        lambda n: {"by": "k", "x": {"working_days": n[0]}, "y": {"working_days": n[1]}}
    )
    return one if first else st.one_of(one, by_kind)


@st.composite
def _joined(draw: st.DrawFn, number: int, onward: str) -> dict[str, Any]:
    """Parallel tasks, each completed by itself; the last one leads on. Some need another's approval."""
    owners: dict[str, tuple[dict[str, str], str]] = {
        f"lead{number}": ({"unit_in": "lead"}, "handler"),
        f"each{number}": ({"each_in": "assistants"}, "handler"),
        f"desk{number}": ({"desk": "window"}, "clerk"),
        f"check{number}": ({"desk": "supervision"}, "supervisor"),
    }
    sure = draw(st.sampled_from([name for name in owners if not name.startswith("each")]))
    names = [name for name in owners if name == sure or draw(st.booleans())]
    tasks = {name: {**owners[name][0], "who": owners[name][1], **LABEL} for name in names}
    acts: dict[str, Any] = {}
    for name in names:
        acts[f"done_{name}"] = {
            **LABEL,
            "by": name,
            "needs": draw(st.sampled_from([[], ["t"], ["n"]])),
            "completes": True,
        }
        if owners[name][1] == "handler" and draw(st.integers(0, 2)) == 0:
            who = draw(st.sampled_from([{"who": "section_head"}, {"who": "leader", "desk": "leadership"}]))
            acts[f"done_{name}"]["approved_by"] = {**who, **LABEL}
    return {"tasks": tasks, "acts": acts, "join": onward}


@st.composite
def _led(
    draw: st.DrawFn, number: int, stages: list[str], ahead: list[str], clock: dict[str, Any], first: bool
) -> dict[str, Any]:
    """One task that leads the case on, perhaps with helpers it waits for, and everything else it may do."""
    owner, who = draw(st.sampled_from([({"desk": desk}, who) for desk, who in DESKS.items()] + [({}, "")]))
    if not owner or (first and "desk" not in owner):
        owner, who = ({"desk": "window"}, "clerk") if first else ({"unit_in": "lead"}, "handler")
    main, each = f"main{number}", f"help{number}"
    tasks: dict[str, Any] = {main: {**owner, "who": who, **LABEL}}
    helped = draw(st.booleans()) and not first
    if helped:
        tasks[each] = {"each_in": "assistants", "who": "handler", **LABEL}
    approvers = (
        [{"who": "leader", "desk": "leadership"}] if who != "leader" else [{"who": "supervisor", "desk": "supervision"}]
    )
    approvers += [{"who": "section_head"}] if who == "handler" else []
    approval = {"approved_by": {**draw(st.sampled_from(approvers)), **LABEL}}

    def maybe(act: dict[str, Any], chance: int = 3) -> dict[str, Any]:
        return {**act, **approval} if draw(st.integers(1, chance)) == 1 else act

    go: dict[str, Any] = {
        "by": main,
        "needs": ["k", "lead"] if first else draw(st.sampled_from([[], ["t"], ["on", "sure"]])),
    }
    if first:
        go |= {"may": ["assistants"], "guards": ["cases.lead_is_not_assistant"]}
    if helped and draw(st.booleans()):
        go["waits_for"] = [each]
    if draw(st.booleans()) and len(ahead) > 1:
        other = draw(st.sampled_from(ahead))
        go["to"] = [{"to": other, "when": {"k": "x"}}, {"to": ahead[0]}]
    else:
        go["to"] = ahead[0]
    go |= {"evidence": 1} if draw(st.integers(0, 4)) == 0 else {}
    acts: dict[str, Any] = {f"go{number}": maybe(go)}
    if helped:
        acts[f"advise{number}"] = maybe({"by": each, "needs": ["t"], "completes": True}, 5)
        if draw(st.booleans()):
            acts[f"more{number}"] = {"by": main, "needs": ["assistants"], "opens_more": each, "max": 2}
    if draw(st.booleans()) and (number or not first):
        back = {
            "by": main,
            "needs": ["t"],
            "to": draw(st.sampled_from(stages[: number + 1])),
            "max": draw(st.integers(1, 2)),
        }
        back |= {"keeps_clock": True} if draw(st.booleans()) else {}
        back |= {"beyond": draw(st.sampled_from(ahead))} if draw(st.booleans()) else {}
        acts[f"back{number}"] = maybe(back, 4)
    if draw(st.booleans()):
        pause = {"reason": "supplement", "at_most": draw(_limits(True)), **LABEL}
        ask = {"by": main, "needs": ["notice", "legal_basis"], "suspends": pause, "max": draw(st.integers(1, 2))}
        acts[f"ask{number}"] = maybe(ask, 4)
    if draw(st.booleans()):
        kinds = {next(iter(part)) for part in clock["limit"].values() if isinstance(part, dict)} or {
            next(iter(clock["limit"]))
        }
        added = (
            {"working_days": 2}
            if kinds == {"working_days"}
            else {"office_hours": 2}
            if kinds == {"office_hours"}
            else {"elapsed": "5h"}
        )
        acts[f"extend{number}"] = maybe({"by": main, "adds": added, "before_due": draw(st.booleans()), "max": 1}, 2)
    if clock["limit"].get("by") and draw(st.booleans()):
        acts[f"class{number}"] = maybe({"by": main, "needs": ["k"], "rebudgets": True, "max": 2}, 2)
    if draw(st.integers(0, 3)) == 0:
        acts[f"wake{number}"] = {"by": main, "resumes": True}
    if not first and draw(st.integers(0, 3)) == 0:
        acts[f"only_x{number}"] = {"by": main, "when": {"k": "x"}, "needs": ["t"], "to": draw(st.sampled_from(ahead))}
    return {"tasks": tasks, "acts": {name: {**LABEL, **act} for name, act in acts.items()}}
