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
    if draw(st.booleans()):
        raw["afterwards"] = {"rate": {**LABEL, "by": "party", "needs": ["m"], "max": 1, "within": {"working_days": 10}}}
        raw["closed"]["done"]["allows"] = ["rate"]
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
        needs = draw(st.sampled_from([[], ["t"], ["n"]]))
        acts[f"done_{name}"] = {**LABEL, "by": name, "needs": needs, "completes": True}
        if owners[name][1] == "handler" and draw(st.integers(0, 2)) == 0:
            who = draw(st.sampled_from([{"who": "section_head"}, {"who": "leader", "desk": "leadership"}]))
            acts[f"done_{name}"]["approved_by"] = {**who, **LABEL}
    return {"tasks": tasks, "acts": acts, "join": onward}


APPROVERS: dict[str, list[dict[str, str]]] = {
    "clerk": [{"who": "leader", "desk": "leadership"}, {"who": "supervisor", "desk": "supervision"}],
    "supervisor": [{"who": "leader", "desk": "leadership"}],
    "leader": [{"who": "supervisor", "desk": "supervision"}],
    "handler": [{"who": "section_head"}, {"who": "supervisor", "desk": "supervision"}],
}
ADDED = {"working_days": 2, "office_hours": 2, "elapsed": "5h"}  # an extension in the kind of the limit


@st.composite
def _led(
    draw: st.DrawFn, number: int, stages: list[str], ahead: list[str], clock: dict[str, Any], first: bool
) -> dict[str, Any]:
    """One task that leads the case on, perhaps with helpers it waits for, and everything else it may do."""
    owner, who = draw(st.sampled_from([({"desk": desk}, who) for desk, who in DESKS.items()] + [({}, "handler")]))
    if first:
        owner, who = {"desk": "window"}, "clerk"
    main, each, helped = f"main{number}", f"help{number}", not first and draw(st.booleans())
    tasks: dict[str, Any] = {main: {**(owner or {"unit_in": "lead"}), "who": who, **LABEL}}
    extras = draw(_extras(number, stages, ahead, clock))
    if first:
        extras.pop(f"only{number}")  # its condition would ask for what is chosen only here
    if helped:
        tasks[each] = {"each_in": "assistants", "who": "handler", **LABEL}
        extras[f"more{number}"] = {"needs": ["assistants"], "opens_more": each, "max": 2}
    acts = {f"go{number}": draw(_onward(each if helped else "", ahead, first))}
    acts |= {name: act for name, act in extras.items() if draw(st.booleans())}
    for act in acts.values():
        act |= {**LABEL, "by": main}
        if draw(st.integers(0, 3)) == 0:
            act["approved_by"] = {**draw(st.sampled_from(APPROVERS[who])), **LABEL}
    if helped:
        advise = {**LABEL, "by": each, "needs": ["t"], "completes": True}
        approval = {"approved_by": {**draw(st.sampled_from(APPROVERS["handler"])), **LABEL}}
        acts[f"advise{number}"] = advise | draw(st.sampled_from([{}, {}, approval]))
    return {"tasks": tasks, "acts": acts}


@st.composite
def _onward(draw: st.DrawFn, each: str, ahead: list[str], first: bool) -> dict[str, Any]:
    needs = draw(st.sampled_from([[], ["t"], ["on", "sure"]]))
    go: dict[str, Any] = {"needs": ["k", "lead"] if first else needs, "to": ahead[0]}
    if first:
        go |= {"may": ["assistants"], "guards": ["cases.lead_is_not_assistant"]}
    if each and draw(st.booleans()):
        go["waits_for"] = [each]
    if draw(st.booleans()):
        go["to"] = [{"to": draw(st.sampled_from(ahead)), "when": {"k": "x"}}, {"to": ahead[0]}]
    return go | draw(st.sampled_from([{}, {}, {}, {"evidence": 1}]))


@st.composite
def _extras(
    draw: st.DrawFn, number: int, stages: list[str], ahead: list[str], clock: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Everything else that the holder of a task may be allowed."""
    some, limit = st.integers(1, 2), clock["limit"]
    back = {"needs": ["t"], "to": draw(st.sampled_from(stages[: number + 1])), "max": draw(some)}
    back |= draw(st.sampled_from([{}, {"keeps_clock": True}])) | draw(st.sampled_from([{}, {"beyond": ahead[-1]}]))
    pause = {"reason": "supplement", "at_most": draw(_limits(True)), **LABEL}
    kind = next(name for part in (limit, *limit.values()) if isinstance(part, dict) for name in part if name in ADDED)
    extras = {
        "back": back,
        "ask": {"needs": ["notice", "legal_basis"], "suspends": pause, "max": draw(some)},
        "extend": {"adds": {kind: ADDED[kind]}, "before_due": draw(st.booleans()), "max": draw(some)},
        "wake": {"resumes": True},
        "only": {"when": {"k": "x"}, "needs": ["t"], "to": draw(st.sampled_from(ahead))},
    }
    if limit.get("by"):
        extras["class"] = {"needs": ["k"], "rebudgets": True, "max": draw(some)}
    return {f"{name}{number}": act for name, act in extras.items()}
