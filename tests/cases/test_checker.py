"""The checker: sound procedures are proved, every seeded fault is named with its mend, and what it proves is true."""

from __future__ import annotations

import json
from functools import cache
from timeit import repeat
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from qinqing.cases import library
from qinqing.cases.checker import PROVED, check, notes
from qinqing.cases.checker.graph import Graph
from qinqing.cases.checker.promise import longest
from qinqing.cases.checker.shape import validator
from qinqing.cases.library import Rejected, examine
from qinqing.cases.procedure import Procedure, ProcedureError
from qinqing.cases.reading import parse
from tests.cases.definitions import HARD_CASE, KNOWN, SOUND, Seeded, changed, dump, dump_fast, is_proved, seeded
from tests.cases.exploring import TooMany, strands
from tests.examples import many

SEEDED = seeded()


@pytest.mark.parametrize("text", [SOUND, HARD_CASE], ids=["sound", "hard_case"])
def test_sound_procedures_are_proved_and_nothing_strands(text: str) -> None:
    procedure, findings = examine(text, KNOWN)
    assert findings == []
    assert procedure is not None
    assert strands(procedure) == ""


@pytest.mark.parametrize("fault", SEEDED, ids=lambda fault: fault.name)
def test_every_seeded_fault_is_caught_where_it_is_with_its_mend(fault: Seeded) -> None:
    text = fault.text
    with pytest.raises(Rejected) as caught:
        library.load(text, "spoilt.yaml", KNOWN)
    found = [finding for finding in caught.value.findings if (finding.rule, finding.place) == (fault.rule, fault.place)]
    assert found, f"not caught; instead: {caught.value}"
    assert all(word in found[0].text.en for word in fault.says), found[0].text.en
    assert found[0].text.zh != found[0].text.en or fault.name == "field_not_declared"
    named = text.splitlines()[found[0].line - 1]
    assert fault.place.split(".")[-1] in named or found[0].line < len(text.splitlines())
    assert str(caught.value).startswith("spoilt.yaml:")


def test_every_rule_has_a_seeded_fault() -> None:
    assert {rule for rule, _ in PROVED} | {"shape"} == {fault.rule for fault in SEEDED}


@pytest.mark.parametrize(
    "name",
    ["perhaps_nobody", "unit_perhaps_empty", "no_join", "endless_return", "field_missing_at_end", "no_clock",
     "limit_missing_for_choice", "nobody_above"],
)  # fmt: skip
def test_the_brute_force_sees_these_faults_too(name: str) -> None:
    """Else its silence would confirm nothing."""
    fault = next(fault for fault in SEEDED if fault.name == name)
    assert strands(parse(fault.text)) != ""


@pytest.mark.parametrize(
    "change",
    [
        {"stages.looking.acts.checked.waits_for": ["count"], "stages.looking.acts.counted.waits_for": ["check"],
         "stages.looking.acts.redo": None},
        {"stages.working.acts.advise": None, "stages.working.acts.back": None},
        {"stages.working.acts.finish.when": {"kind": "plain"}, "stages.working.acts.back": None},
        {"stages.ruling.acts.settle.to": None, "stages.ruling.acts.settle.never": None},
        {"stages.ruling.acts.settle.by": "party"},
        {"stages.ruling.acts.settle.before_due": True},
    ],
)  # fmt: skip
def test_the_brute_force_sees_who_is_stuck_inside_a_stage_and_so_does_the_checker(change: dict[str, Any]) -> None:
    text = dump(changed(yaml.safe_load(SOUND), change))
    assert strands(parse(text)).startswith("no way to a closed end")
    assert {"onward", "doable"} & {finding.rule for finding in examine(text, KNOWN)[1]}


# -- what the checker proves is true


@cache
def _played(text: str) -> str:
    try:
        return strands(parse(text))
    except TooMany:
        return "too many"


def _names(raw: dict[str, Any]) -> list[list[str]]:
    """Names that may stand in for each other."""
    tasks = sorted({name for stage in raw["stages"].values() for name in stage.get("tasks", {})})
    choices = sorted({name for field in raw["fields"].values() for name in field.get("of", {})})
    return [[*raw["stages"], *raw["closed"]], list(raw["fields"]), tasks, choices, ["remind", "supervise", "hand_up"]]


def _parts(part: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything below."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [found for key, value in list(items) for found in [(part, key), *_parts(value)]]


def _mutate(data: st.DataObject, raw: dict[str, Any]) -> None:
    what = [(part, key) for top in ("stages", "closed", "anytime") if top in raw for part, key in _parts(raw[top])]
    what = [(part, key) for part, key in what if key not in {"zh", "en", "phase"}]
    part, key = data.draw(st.sampled_from(what))
    value = part[key]
    alike = [group for group in _names(raw) if isinstance(value, str) and value in group]
    kind = data.draw(st.sampled_from(["delete", "rename", "max"]))
    if kind == "rename" and alike:
        part[key] = data.draw(st.sampled_from(alike[0]))
    elif kind == "max" and isinstance(value, dict) and "by" in value and "zh" in value:
        value["max"] = data.draw(st.integers(1, 2))
    else:
        del part[key]


@settings(max_examples=many(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from([SOUND, SOUND, HARD_CASE]), st.integers(1, 3))
def test_what_is_proved_after_random_changes_does_not_strand(data: st.DataObject, text: str, changes: int) -> None:
    raw = yaml.safe_load(text)
    for _ in range(changes):
        _mutate(data, raw)
    mutated = dump_fast(raw)
    proved = is_proved(mutated)
    event(f"proved: {proved}")
    assume(proved)
    assert _played(mutated) == ""


_STAGES = ["a", "b", "c", "d"]
_ENDS = ["shut", "gone"]


@st.composite
def procedures(draw: st.DrawFn) -> dict[str, Any]:
    """Small procedures of every shape, sound or not; leaning towards sound ones."""
    stages = _STAGES[: draw(st.integers(1, 4))]
    label = {"zh": "样", "en": "sample"}
    raw: dict[str, Any] = {
        "procedure": "random", "version": 1, "title": label, "number": "R{year}-{seq}", "raised_by": ["company"],
        "fields": {
            "k": {"type": "choice", **label, "of": {"x": label, "y": label}},
            "u": {"type": "unit", **label}, "us": {"type": "units", **label}, "t": {"type": "text", **label},
        },
        "opens_with": {"needs": draw(_some(["k", "u", "t"], 0.9))},
        "ladder": {"hand_up": {**label, "desk": "leadership", "who": "leader"}},
        "stages": {}, "closed": {},
    }  # fmt: skip
    for number, name in enumerate(stages):
        raw["stages"][name] = draw(_stage(name, stages[number + 1 :] + _ENDS, stages))
    for end in _ENDS:
        raw["closed"][end] = {**label, "phase": "write_off", "needs": draw(_some(["t"], 0.2))}
    return raw


def _some(names: list[str], chance: float = 0.5) -> st.SearchStrategy[list[str]]:
    keep = st.lists(st.floats(0, 1), min_size=len(names), max_size=len(names))
    return keep.map(lambda rolls: [name for name, roll in zip(names, rolls, strict=True) if roll < chance])


@st.composite
def _stage(draw: st.DrawFn, name: str, ahead: list[str], stages: list[str]) -> dict[str, Any]:
    """Every task begins with an act that finishes it; what comes after that may spoil it."""
    label = {"zh": "样", "en": "sample"}
    owners = [{"desk": "window"}, {"desk": "supervision"}, {"unit_in": "u"}, {"each_in": "us"}]
    count = draw(st.integers(1, 3))
    tasks = {f"t{n}": {**draw(st.sampled_from(owners[: 4 if n else 3])), "who": "clerk", **label} for n in range(count)}
    by_kind = {"by": "k", "x": {"working_days": 1}, "y": {"working_days": 2}}
    rungs = draw(st.sampled_from([{"due": "hand_up"}] * 8 + [{"due": target} for target in ahead[:-2]]))
    acts = {}
    for number in range(count + draw(st.integers(0, 3))):
        first = number < count
        act: dict[str, Any] = {**label, "by": f"t{number}" if first else draw(st.sampled_from([*tasks, "party"]))}
        act["needs"] = draw(_some(["k", "u", "us", "t"], 0.3))
        if draw(_seldom):
            act["when"] = {"k": draw(st.sampled_from(["x", "y"]))}
        if draw(st.integers(0, 2)) == 0:
            act["waits_for"] = [draw(st.sampled_from(list(tasks)))]
        act |= draw(
            _way(list(tasks), ahead, stages, ["ahead", "complete", "complete"] if first and not draw(_seldom) else [])
        )
        acts[f"{name}{number}"] = act
    stage = {
        "phase": "assign", **label, "tasks": tasks, "acts": acts,
        "clock": {"limit": draw(st.sampled_from([{"working_days": 1}, by_kind])), "rungs": rungs},
    }  # fmt: skip
    return stage if draw(_seldom) else {**stage, "join": draw(st.sampled_from(ahead))}


_seldom = st.integers(0, 5).map(lambda roll: roll == 5)


@st.composite
def _way(draw: st.DrawFn, tasks: list[str], ahead: list[str], stages: list[str], kinds: list[str]) -> dict[str, Any]:
    """Where an act leads, or what it does instead."""
    kind = draw(st.sampled_from(kinds or ["ahead", "complete", "back", "branch", "more", "stay"]))
    some_ahead = st.sampled_from(ahead)
    if kind == "back":
        beyond = {"beyond": draw(some_ahead)} if draw(st.booleans()) else {}
        return {"to": draw(st.sampled_from(stages)), **beyond, **({} if draw(_seldom) else {"max": 1})}
    if kind == "branch":
        guarded = draw(st.sampled_from([{"when": {"k": "x"}}, {"guards": ["cases.lead_is_not_assistant"]}]))
        return {"to": [{"to": draw(some_ahead), **guarded}, {"to": draw(some_ahead)}]}
    if kind == "more":
        return {"opens_more": draw(st.sampled_from(tasks)), "max": 1}
    return {"ahead": {"to": draw(some_ahead)}, "complete": {"completes": True}}.get(kind, {})


@settings(max_examples=many(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(procedures())
def test_what_is_proved_of_random_procedures_does_not_strand(raw: dict[str, Any]) -> None:
    procedure, findings = examine(dump_fast(raw), KNOWN)
    assert procedure is not None, findings
    flaws = {finding.rule for finding in findings} - {"reachable", "possible"}  # idle parts strand nobody
    event(f"proved: {not flaws}")
    assume(not flaws)
    assert strands(procedure) == ""


# -- the promise


def _longest(change: dict[str, Any]) -> tuple[int, tuple[str, ...]]:
    procedure = parse(dump(changed(yaml.safe_load(SOUND), change)))
    assert procedure.promise is not None
    way = longest(Graph(procedure), procedure.promise)
    assert way is not None
    return way.length, way.stages


def test_the_longest_way_counts_as_the_docstring_says() -> None:
    assert _longest({}) == (4, ("working", "looking"))
    # a return that does not keep the clock: three visits to working (4 days), two to sorting (4 office hours: 1 day)
    assert _longest({"stages.working.acts.back.keeps_clock": None}) == (
        3 * 4 + 2 * 1, ("working", "sorting", "working", "sorting", "working", "looking"),
    )  # fmt: skip
    # an extension that nobody else approves counts
    assert _longest({"stages.working.acts.extend.approved_by": None})[0] == 4 + 2
    # to any closed end: work is redone once, and what the system or the leader adds
    length, stages = _longest({"promise": {"working_days": 30, "from": "sorting"}})
    assert length == 1 + (4 + 2) * 2 + 1 + 2
    assert stages[:-1] == ("sorting", "working", "looking", "working", "looking", "registering", "ruling")


def test_elapsed_and_office_time_are_compared_at_their_longest() -> None:
    # two working days are at most three days of office hours: the day of the event, and two more; redone once
    assert (
        _longest({"promise": {"office_hours": 100, "from": "looking", "to": "registering"}})[0] == (3 + 5 + 3) * 7 * 60
    )
    assert _longest({"promise": {"working_days": 9, "from": "registering", "to": "ruling"}})[0] == 1


def test_extensions_and_reworks_are_information() -> None:
    told = {note.place: note.text.en for note in notes(parse(HARD_CASE))}
    assert "3 working days" in told["stages.handling.acts.extend"]
    assert "handling anew, 2 time(s)" in told["stages.verifying.acts.send_back"]
    assert {"stages.handling.acts.ask_party", "closed.resolved.reopens", "stages.ruling"} <= set(told)
    assert "stages.handling.acts.return" not in told  # inside the promise, and keeps the clock


# -- the map


def test_values_follow_the_conditions() -> None:
    graph = Graph(parse(HARD_CASE))
    assert graph.layout.held("class", graph.values["handling"]) == ["general", "complex"]
    assert graph.layout.held("class", graph.values["intake"]) == ["", "general", "complex"]  # after a return
    assert graph.layout.held("class", graph.values["answered"]) == ["simple"]
    assert graph.layout.held("answer", graph.values["resolved"]) == ["*"]


def test_a_join_leaves_behind_what_its_tasks_needed() -> None:
    graph = Graph(parse(SOUND))
    assert graph.layout.held("finding", graph.values["registering"]) == ["*"]
    assert graph.layout.held("finding", graph.values["ruling"]) == ["", "*"]  # `back` beyond comes there without


def test_speed() -> None:
    procedure = parse(HARD_CASE)
    known = {name: getattr(KNOWN, name) for name in ("capacities", "desks", "guards", "effects")}
    best = min(repeat(lambda: check(procedure, **known), number=1, repeat=50))
    assert best < 0.005, f"{best * 1000:.2f} ms"  # 0.6 ms on an idle core; the bound leaves room for a loaded one


# -- form


def _shape(text: str) -> list[tuple[int, int, str]]:
    procedure, findings = examine(text, KNOWN)
    assert procedure is None
    assert all(finding.rule == "shape" for finding in findings)
    return [(finding.line, finding.column, finding.text.en) for finding in findings]


def test_faults_of_form_are_told_with_line_and_column() -> None:
    line = next(n for n, text in enumerate(SOUND.splitlines(), 1) if text.startswith("  looking:"))
    text = SOUND.replace("    join: registering\n", "    joins: registering\n")
    ((found, column, says),) = _shape(text)
    assert text.splitlines()[found - 1].strip().startswith("joins") and column == 5 and found > line
    assert "did you mean join?" in says


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 1\n", "version: one\n", "whole number"),
        ("version: 1\n", "version: 0\n", "1 or more"),
        ("version: 1\n", "version: 1\nversion: 2\n", "stands in line 3 already"),
        ("raised_by: [company]", "raised_by: [companies]", "one of company, sole_trader"),
        ("  subject:     {type: text,", "  subject:     {type: texts,", "one of text, phone"),
        ("kind:        {type: choice", "kind:        {type: text", "Only a field of type choice"),
        ("{plain: {zh", "{yes: {zh", "put it in quotes"),
        ("when: {match: exact}", "when: {match: yes}", "in quotes"),
        ("rungs: {due: hand_up}", "rungs: {due: Hand-Up}", "lower-case letters"),
        ("{office_hours: 4}", "{office_hours: 4, working_days: 1}", "One limit"),
        ("{office_hours: 4}", "{office_hours: 0}", "more than 0"),
        ("{elapsed: 2h}", "{elapsed: two hours}", "not written rightly"),
        ("sort: {desk: window,", "sort: {desk: window, unit_in: lead,", "exactly one of desk"),
        ("sort: {desk: window,", "sort: {", "exactly one of desk"),
        ("needs: [opinion]\n", "needs: [opinion, opinion]\n", "twice"),
        ("desk: supervision, who: supervisor}\n  hand_up", "desk: supervision}\n  hand_up", "who is missing"),
        ("automatic: tests.register\n", "automatic: register\n", "A name that a wing registers"),
        ("    next:\n      - {to: done, when: {match: exact}}\n      - {to: ruling}\n", "", "next is missing"),
        ("withdraw:   {zh: 撤回,", "withdraw:   {completes: true, zh: 撤回,", "belongs to no task: take out completes"),
        ("max: 1, to: working}", "to: working}", "max is missing"),
        ("title: {zh: 样例, en: Sample}", "title: {zh: 样例}", "en is missing"),
        ("promise: {working_days: 4,", "promise: {", "one kind"),
        ("fields:\n", "fields: &all\n", ""),
        ("stages:\n", "stages: [\n", "not valid YAML"),
    ],
)  # fmt: skip
def test_each_fault_of_form_says_what_to_do(old: str, new: str, says: str) -> None:
    assert old in SOUND
    if not says:
        assert is_proved(SOUND.replace(old, new, 1))  # an anchor nobody refers to does no harm
        return
    found = _shape(SOUND.replace(old, new, 1))
    assert any(says in text for _, _, text in found), found
    assert all(line > 0 and column > 0 for line, column, _ in found)


NONSENSE = ["", "[]", "just words", "a: &x [*x]", "? [a]\n: b", "\t", "stages: {a: null}"]
HOSTILE = ["version: 2026-02-30", "version: !secret 1", "[" * 100_000]  # no such day, no such tag, nested beyond sense


@pytest.mark.parametrize("text", [*NONSENSE, *HOSTILE], ids=lambda text: text[:20])
def test_nonsense_is_rejected_with_a_reason(text: str) -> None:
    assert _shape(text)


def test_schema_explains_itself_in_both_languages() -> None:
    """Editors show the descriptions: every one is Chinese, then English."""

    def descriptions(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["description"]] if isinstance(part.get("description"), str) else []
            return own + [text for value in part.values() for text in descriptions(value)]
        return [text for value in part for text in descriptions(value)] if isinstance(part, list) else []

    texts = descriptions(validator().schema)
    assert len(texts) > 40
    for text in texts:
        zh, _, en = text.partition(" | ")
        assert any("\u4e00" <= character <= "\u9fff" for character in zh) and en.isascii() and en.endswith("."), text


def test_schema_closes_every_object() -> None:
    def open_objects(part: Any, path: str) -> list[str]:
        found = []
        if isinstance(part, dict):
            if "properties" in part and "$ref" not in part and "additionalProperties" not in part and "/if" not in path:
                found = [path] if not path.endswith(("/then", "/else")) else []
            found += [inner for key, value in part.items() for inner in open_objects(value, f"{path}/{key}")]
        return found

    assert open_objects(validator().schema, "") == []


# -- the library


def test_county_replaces_a_wings_procedure_by_code(tmp_path: Any) -> None:
    shipped = {source.code: source for source in library.read_all(tmp_path)}
    assert shipped["hard_case"].replaces is None
    folder = tmp_path / "procedures"
    folder.mkdir()
    (folder / "ours.yaml").write_text(HARD_CASE.replace("难事帮办", "难事快办"), encoding="utf-8")
    (folder / "extra.yaml").write_text(SOUND, encoding="utf-8")
    found = {source.code: source for source in library.read_all(tmp_path)}
    assert found["hard_case"].path == folder / "ours.yaml"
    assert found["hard_case"].replaces == shipped["hard_case"].path
    assert "难事快办" in found["hard_case"].text and found["sound"].replaces is None
    (folder / "again.yaml").write_text(SOUND, encoding="utf-8")
    with pytest.raises(ValueError, match=r"extra\.yaml"):
        library.read_all(tmp_path)


def test_desks_come_from_the_tree_of_units(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match=r"units\.yaml"):
        library.desks_of(tmp_path)
    (tmp_path / "units.yaml").write_text("units: [{desk: a, units: [{code: x, desk: b}]}, {code: c}]", encoding="utf-8")
    assert library.desks_of(tmp_path) == {"a", "b"}


def test_every_installed_procedure_is_proved_with_the_installed_names() -> None:
    from django.conf import settings as django_settings

    known = library.installed()
    for source in library.read_all(django_settings.COUNTY):
        assert isinstance(library.load(source.text, source.path, known), Procedure)


# -- the command


@pytest.fixture
def cli() -> Any:
    from qinqing.cases.commands import add_commands
    from qinqing.lib.cli import Cli

    tree = Cli("qinqing")
    add_commands(tree)

    def run(*words: str) -> int:
        arguments = tree.parser.parse_args(["procedures", *words])
        return arguments.run(arguments) or 0

    return run


def test_check_command(cli: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("check") == 0
    said = capsys.readouterr().out
    assert "hard_case@2" in said and " ms" in said and "最长用时在承诺之内" in said
    spoilt = tmp_path / "spoilt.yaml"
    spoilt.write_text(HARD_CASE.replace("        max: 2\n        beyond: ruling\n", ""), encoding="utf-8")
    assert cli("check", str(spoilt), "--lang", "en") == 1
    said = capsys.readouterr().out
    line = next(n for n, text in enumerate(spoilt.read_text(encoding="utf-8").splitlines(), 1) if "send_back" in text)
    assert f"{spoilt}:{line}:7: the case can go round for ever: handling → verifying → handling" in said
    assert cli("check", str(spoilt), "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert "bounded" in {finding["rule"] for finding in answer["procedures"][0]["findings"]}


def test_draw_and_list_commands(cli: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from qinqing.lib.cli import CommandError

    assert cli("list") == 0
    assert "hard_case@2" in capsys.readouterr().out
    assert cli("draw", "hard_case", "--out", str(tmp_path / "it.svg"), "--lang", "en") == 0
    assert "Handling" in (tmp_path / "it.svg").read_text(encoding="utf-8")
    with pytest.raises(CommandError, match="hard_case"):
        cli("draw", "nothing")
    with pytest.raises(CommandError, match=r"missing\.yaml"):
        cli("check", str(tmp_path / "missing.yaml"))


@pytest.mark.django_db
def test_load_command_stores_all_or_none(cli: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from qinqing.cases.models import Procedure as Row
    from qinqing.lib.cli import CommandError

    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(HARD_CASE, encoding="utf-8")
    bad.write_text(HARD_CASE.replace("        max: 2\n        beyond: ruling\n", ""), encoding="utf-8")
    with pytest.raises(CommandError, match=r"bad\.yaml"):
        cli("load", str(good), str(bad))
    assert not Row.objects.exists()
    cli("load", str(good))
    assert Row.objects.get().source == HARD_CASE


def test_a_definition_that_parse_refuses_is_rejected_not_crashed() -> None:
    with pytest.raises(ProcedureError):
        parse(SOUND.replace("{office_hours: 4}", "{office_hours: 0.001}"))
    assert _shape(SOUND.replace("{office_hours: 4}", "{office_hours: 0.001}"))
