"""Every policy goes through the form unchanged; what is typed stays; what is wrong stands beside its field."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.terms import FactType
from qinqing.policies import editing
from qinqing.policies.checker import Known
from qinqing.policies.content import sha256_of
from qinqing.policies.editing_conditions import OPS, Unfit, compose, figure, filled_from, option
from qinqing.policies.editing_view import Sheet, blank_fields, in_words, press
from qinqing.policies.folder import county_of
from tests.policies.editor_forms import FACTS, names_of, policy, sent
from tests.policies.texts import DEMO, LIUHE, OTHERS, SOUND, known, spoilt

FILES = [*sorted((DEMO / "policies").glob("*.yaml")), *sorted(LIUHE.rglob("policies/*.yaml"))]
RATE = "benefit: {clause: 第七条第五款, rate: 5%, of: 'rd_expense - rd_expense_last_year', cap_yuan: 500000, round: down_to_fen}"  # noqa: E501
BODY = "decided_by: {zh: 县政府常务会议, en: The county government}"
BENEFITS = {
    "fixed": "fixed_yuan: 200000.50",
    "rate": "rate: 0.5%, of: rd_expense, cap_yuan: 500000, floor_yuan: 100",
    "each": "yuan_each: 1500, of: insured_staff",
    "tiers": "of: revenue, pays_of: rd_expense, cap_yuan: 1, tiers: [{from: 0, yuan: 5.05}, {above: 100.5, rate: 12.5%}]",  # noqa: E501
    "parts": "whole: {fixed_yuan: 9}, parts: [{share: 30%, zh: 立项, en: Start}, {share: 0.7, zh: 验收}]",
    "decided": f"{BODY}, at_least_yuan: 1, at_most_yuan: 2",
    "higher": "higher_of: [{fixed_yuan: 5}, {rate: 5%, of: revenue}, {tiers: [{from: 1, yuan: 2}], of: revenue}]",
    "parts of the higher": "whole: {higher_of: [{fixed_yuan: 5}, {fixed_yuan: 6}]}, parts: [{share: 0.5, zh: 甲}, {share: 0.5, zh: 乙}]",  # noqa: E501
    "higher of the higher": "higher_of: [{fixed_yuan: 5}, {higher_of: [{fixed_yuan: 5}, {rate: 1, of: revenue}]}]",
    "parts within": "higher_of: [{fixed_yuan: 5}, {whole: {fixed_yuan: 9}, parts: [{share: 0.5, zh: 甲}, {share: 0.5, zh: 乙}]}]",  # noqa: E501
}  # fmt: skip
PLACE = "benefit: {{clause: 第七条第五款, {}}}"


def through(text: str) -> editing.Read:
    """The definition after its form was opened and sent back untouched."""
    return editing.read(editing.from_names(sent(text).items()), known())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_policy_goes_through_the_form_unchanged(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    facts = county_of(path).dictionary
    fields = editing.fields_of(policy(text), facts)
    assert not any(fields[part].get("text") for part in ("conditions", "examples"))
    found = editing.read(editing.from_names(names_of(in_words(fields, facts))), Known(facts, OTHERS, None))
    assert found.policy is not None, found.errors
    assert sha256_of(found.policy) == sha256_of(policy(text))


@pytest.mark.parametrize("kind", BENEFITS)
def test_every_kind_of_benefit_goes_through(kind: str) -> None:
    text = spoilt(RATE, PLACE.format(BENEFITS[kind]))
    found = through(text)
    assert found.policy is not None, found.errors
    assert sha256_of(found.policy) == sha256_of(policy(text))


def test_what_the_form_cannot_show_is_edited_as_text() -> None:
    deep = spoilt(
        "    - any:", "    - not: {any: [{all: [{id: x, clause: 第七条第一款, zh: 甲, if: 'staff > 1'}]}]}\n    - any:"
    )
    given = sent(deep)
    assert "not:" in given["conditions.text"]
    found = editing.read(
        editing.from_names(
            {**given, "conditions.text": given["conditions.text"].replace("staff > 1", "staff > 2")}.items()
        ),
        known(),
    )
    assert found.policy is not None
    assert sha256_of(found.policy) == sha256_of(policy(deep.replace("staff > 1", "staff > 2")))


def test_many_examples_are_edited_as_text() -> None:
    first = SOUND[SOUND.index("  - zh: 都符合") : SOUND.index("  - zh: 缺上年数")]
    many = SOUND.replace(first, first * 60)
    assert sent(many)["examples.text"]
    found = through(many)
    assert found.policy is not None
    assert sha256_of(found.policy) == sha256_of(policy(many))


# ── what is typed ──

_figures = st.sampled_from(["0", "3", "0.03", "1.10", "5000000", "-2.5"])
_numeric = st.sampled_from([name for name, fact in FACTS.items() if fact.type in {FactType.MONEY, FactType.NUMBER}])


@given(
    how=st.sampled_from(["value", "share", "times", "years"]),
    fact=st.sampled_from(sorted(FACTS)),
    other=_numeric,
    op=st.sampled_from(list(OPS)),
    value=st.one_of(_figures, st.sampled_from(["2026-01-01", "A", "provincial, national", "存续、在业"])),
)
def test_what_the_form_says_reads_back_as_the_same_fields(how: str, fact: str, other: str, op: str, value: str) -> None:
    filled = {"how": how, "fact": fact, "op": op, "value": value, "other": other, "text": ""}
    try:
        text = compose(filled, FACTS)
    except Unfit as unfit:
        assert unfit.field in filled
        return
    again = filled_from(parse(text), text, FACTS)
    assert again["how"] == how
    assert compose(again, FACTS) == text


@given(
    st.sampled_from(
        [
            "rd_expense / revenue>=0.03",
            "3.0 <= staff",
            "staff > 1 && dishonest",
            "rd_expense >= 1.1 * revenue",
            "(staff > 1)",
        ]
    )
)
def test_an_expression_is_never_rewritten_by_opening_it(text: str) -> None:
    again = filled_from(parse(text), text, FACTS)
    assert compose(again, FACTS) == text


def test_facts_are_found_by_what_the_list_shows_or_by_name() -> None:
    for typed in (
        "rd_expense",
        str(option(FACTS["rd_expense"])),
        option(FACTS["rd_expense"]).en,
        FACTS["rd_expense"].label.zh,
    ):
        filled = {"how": "value", "fact": typed, "op": ">=", "value": "500万", "other": "", "text": ""}
        assert compose(filled, FACTS) == "rd_expense >= 5000000"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("500万", "5000000"),
        ("3%", "0.03"),
        ("1.2亿", "120000000"),
        ("1,000", "1000"),
        ("0.5％", "0.005"),
        ("abc", "abc"),
        ("1e9", "1e9"),
    ],
)
def test_figures_as_offices_write_them(typed: str, meant: str) -> None:
    assert figure(typed) == meant


WRONG = [
    ("title.zh", "", "title.zh"),
    ("effective.from", "2026-13-01", "effective.from"),
    ("effective.to", "2025-01-01", "effective.to"),
    ("budget.yuan", "两千万", "budget.yuan"),
    ("benefit.rate", "五成", "benefit.rate"),
    ("benefit.of", "rd_expens", "benefit.of"),
    ("benefit.of", "rd_expense +", "benefit.of"),
    ("benefit.clause", "第九条", "benefit.clause"),
    ("conditions.members.0.fact", "没有的事实", "conditions.members.0.fact"),
    ("conditions.members.0.value", "三成", "conditions.members.0.value"),
    ("conditions.members.0.zh", "", "conditions.members.0.zh"),
    ("conditions.members.0.clause", "第九十条", "conditions.members.0.clause"),
    ("conditions.members.2.members.1.op", "in", "conditions.members.2.members.1.op"),
    ("clauses.1.words", "", "clauses.1.words"),
    ("clauses.1.name", "第七条第一款", "clauses.1.name"),
    ("departments.0", "no-such-unit", "departments.0"),
    ("excludes", "没有这个", "excludes"),
    ("examples.rows.0.yuan", "53000.01", "examples.rows.0.yuan"),
    ("examples.rows.0.verdict", "no", "examples.rows.0.verdict"),
    ("examples.rows.0.facts.revenue", "一个亿", "examples.rows.0.facts.revenue"),
    ("review.day", "去年", "review.day"),
    ("documents.0.zh", "长" * 201, "documents.0.zh"),
]


@pytest.mark.parametrize(("name", "typed", "beside"), WRONG)
def test_what_is_wrong_stands_beside_its_field_and_stays(name: str, typed: str, beside: str) -> None:
    given = {**sent(SOUND), name: typed}
    fields = editing.from_names(given.items())
    found = editing.read(fields, known())
    assert not found.sound
    near = {field for field in found.errors if field.rpartition(".")[0] == beside.rpartition(".")[0]}
    assert beside in found.errors or (name.startswith("examples") and near), found.errors
    assert dict(names_of(fields)) == given
    assert dict(names_of(in_words(fields, FACTS)))[name] == typed


def test_the_sound_one_has_nothing_wrong_and_its_warnings_beside() -> None:
    found = through(SOUND)
    assert found.sound, found.errors
    warned = through(spoilt("在本县生产经营的企业。", "在本县纳税的企业。"))
    assert warned.sound
    assert warned.warnings


def test_other_kinds_of_benefit_keep_what_was_typed_there() -> None:
    given = {**sent(SOUND), "benefit.kind": "fixed", "benefit.yuan": "7"}
    fields = editing.from_names(given.items())
    found = editing.read(fields, known())
    assert found.policy is not None
    assert fields["benefit"]["rate"] == "5%"
    names = dict(Sheet(fields, FACTS).fields["benefit"])
    assert names["cap"] == "500000"
    kept = Sheet(fields, FACTS).benefit.kept
    assert {"benefit.rate", "benefit.of", "benefit.cap"} <= set(kept)


# ── rows ──


def test_rows_are_added_taken_out_and_moved() -> None:
    fields = editing.from_names(sent(SOUND).items())
    assert press(fields, "add.clauses") == "clauses.3"
    assert press(fields, "up.clauses.1") == "clauses.0"
    assert fields["clauses"][0]["name"] == "第七条第二款"
    assert press(fields, "out.clauses.0") == "clauses.0"
    assert [each["name"] for each in fields["clauses"]] == ["第七条第一款", "第七条第五款", ""]
    assert press(fields, "group.conditions.members") == "conditions.members.3"
    assert press(fields, "add.conditions.members.3.members") == "conditions.members.3.members.1"
    assert fields["conditions"]["members"][3]["members"][1]["how"] == "value"
    press(fields, "add.benefit.steps")
    press(fields, "add.benefit.several")
    press(fields, "add.benefit.several.0.steps")
    press(fields, "add.examples.rows")
    press(fields, "add.departments")
    assert fields == editing.fitted(deepcopy(fields))
    assert dict(names_of(editing.from_names(names_of(fields)))) == dict(names_of(fields))


@pytest.mark.parametrize(
    "button",
    [
        "",
        "add",
        "add.title",
        "add.title.zh",
        "out.clauses",
        "out.clauses.99",
        "up.clauses.x",
        "out.policy.0",
        "add.conditions.members.7.members",
        "add.x.y",
        "drop.clauses.0",
        "up.clauses.-1",
    ],
)
def test_a_button_that_means_nothing_changes_nothing(button: str) -> None:
    fields = editing.from_names(sent(SOUND).items())
    before = deepcopy(fields)
    press(fields, button)
    assert fields == before


def test_a_blank_form_says_what_is_missing() -> None:
    found = editing.read(blank_fields("science"), known())
    assert {"policy", "title.zh", "reference", "effective.from"} <= set(found.errors)


# ── hostile ──

_texts = st.text(max_size=12)


@given(st.dictionaries(st.one_of(st.sampled_from([name for name, _ in names_of(editing.fitted({}))]), _texts,
                                 st.lists(st.sampled_from(["clauses", "0", "9", "zh", "members", "conditions", "facts", "*"]), min_size=1, max_size=10).map(".".join)),  # noqa: E501
                       _texts, max_size=12))  # fmt: skip
def test_any_names_and_texts_are_borne(given_: dict[str, str]) -> None:
    fields = editing.from_names({**sent(SOUND), **given_}.items())
    sheet = Sheet(in_words(fields, FACTS), FACTS, editing.read(fields, known()).errors)
    assert list(_walk(sheet)) is not None


def _walk(sheet: Sheet) -> Iterator[Any]:
    yield from (sheet.members, sheet.benefit, sheet.examples, sheet.wrong, sheet.clauses, sheet.parts)


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nall: [*b, *b]"


@pytest.mark.parametrize(
    "text", [BOMB, "[" * 500, "all: !!python/object:os.system x", "all: [", "- a", "x" * 200_000, "\t"]
)
def test_a_hostile_text_part_is_refused_where_it_stands(text: str) -> None:
    given_ = {**sent(SOUND), "conditions.text": text}
    found = editing.read(editing.from_names(given_.items()), known())
    assert (
        "conditions.text" in found.errors
        or text.strip() == ""
        or any(name.startswith("conditions") for name in found.errors)
    )


@pytest.mark.parametrize(
    "typed",
    [
        "'; DROP TABLE",
        "{zh: x}",
        "*a",
        "&a x",
        "!!x",
        "yes",
        "2026-01-01",
        "007",
        "~",
        "null",
        "#x",
        "a: b",
        "- a",
        "“引号”",
        "\\n",
        "0x1F",
        "1_000",
    ],
)
def test_texts_that_look_like_yaml_stay_texts(typed: str) -> None:
    found = editing.read(editing.from_names({**sent(SOUND), "title.zh": typed, "reference": typed}.items()), known())
    assert found.policy is not None, found.errors
    assert (found.policy.title.zh, found.policy.reference) == (typed, typed)
