"""Each rule of the checker refuses what it is for, at the place, with a mend; and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qinqing.policies.checker import PROVED, Checked, examine
from qinqing.policies.checker.competition import concerns
from tests.policies.texts import SOUND, check, known, place_of, spoilt

SHARE = "if: 'rd_expense / revenue >= 0.03'"
PATENTS = "if: 'valid_invention_patents >= 3'"
SHORT = "{revenue: 1000000000, rd_expense: 5270000}"  # the facts of the example of a no
CLAUSE = "clause: 第七条第二款, zh: 研发费用占比"
BEFORE, LATER = "supersedes: [rd_reward_before]", "rd_reward_overlapping"
FAULTS = [
    # rule, what is spoilt, by what, at which part, what it says
    ("facts", SHARE, "if: 'rd_expense / revenu >= 0.03'", "revenu >=", "revenue"),
    ("facts", SHARE, "if: 'rd_expense / revenue'", "", "与一个数比较"),
    ("facts", SHARE, "if: 'rd_expense * 2 >= revenue'", "", "2.0"),
    ("facts", SHARE, "if: 'rd_expense >= \"3\"'", "", ""),
    ("facts", "of: 'rd_expense - rd_expense_last_year'", "of: 'provincial_rd_centre'", "", "是否"),
    ("facts", "by: rd_expense}", "by: provincial_rd_centre}", "by: provincial_rd_centre}", "不能排名"),
    ("choices", SHARE, "if: 'srdi_level == \"litle_giant\"'", '"litle_giant"', "little_giant"),
    ("choices", SHARE, "if: 'srdi_level in [\"provincial\", \"国家级\"]'", '"国家级"', "可写"),
    ("conditions", "id: growth", "id: share", "", "重名"),
    ("clauses", CLAUSE, CLAUSE.replace("二款", "三款"), "clause: 第七条第三款", "没有文字"),
    ("clauses", "benefit: {clause: 第七条第五款", "benefit: {clause: 第八条", "clause: 第八条", "没有文字"),
    ("documents", "[{id: seal,", "[{id: seal, zh: 甲}, {id: seal,", "", "重名"),
    ("departments", "departments: [science, tax]", "departments: [sciense, tax]", "sciense", "science"),
    ("relations", "excludes: [other]", "excludes: [rd_reward_befor]", "rd_reward_befor]", "rd_reward_before"),
    ("relations", "excludes: [other]", "excludes: [rd_reward]", "", "自己"),
    ("relations", "excludes: [other]", "excludes: [other]\nstacks_with: [other]", "", "既写在"),
    ("days", "to: 2026-12-31", "to: 2025-12-31", "to: 2025-12-31", "早于"),
    ("window", "from: 2026-09-01", "from: 2025-12-31", "from: 2025-12-31", "不在施行期间"),
    ("window", "to: 2026-11-30", "to: 2027-01-31", "to: 2027-01-31", "不在施行期间"),
    ("superseding", BEFORE, f"supersedes: [{LATER}]", LATER, "前一天"),
    ("reviewed", "day: 2025-12-01", "day: 2026-01-02", "day: 2026-01-02", "晚于"),
    ("parts", "rate: 5%, of: 'rd_expense - rd_expense_last_year', cap_yuan: 500000, round: down_to_fen",
     "whole: {fixed_yuan: 53000}, parts: [{share: 30%, zh: 甲}, {share: 0.6, zh: 乙}]", "parts:", "90%"),
    ("steps", "rate: 5%, of: 'rd_expense - rd_expense_last_year', cap_yuan: 500000, round: down_to_fen",
     "tiers: [{from: 500, yuan: 53000}, {from: 100, yuan: 1}], of: rd_expense", "", "从低到高"),
    ("bounds", "cap_yuan: 500000", "cap_yuan: 500000, floor_yuan: 600000", "floor_yuan:", "下限高于上限"),
    ("bounds", "cap_yuan: 500000", "cap_yuan: 500000, floor_yuan: 500000.01", "floor_yuan:", "最高500,000元"),
    ("bounds", "rate: 5%, of: 'rd_expense - rd_expense_last_year', cap_yuan: 500000, round: down_to_fen",
     "decided_by: {zh: 领导小组}, at_most_yuan: 100, at_least_yuan: 200", "at_least_yuan:", "最低200元，最高100元"),
    ("bounds", "rate: 5%", "rate: 0", "", "一分钱也不付"),
    ("bounds", "rate: 5%", "rate: 0, floor_yuan: 100", "", "一分钱也不付"),
    ("bases", "of: 'rd_expense - rd_expense_last_year'", "of: '1060000.0'", "", "fixed_yuan"),
    ("budget", "yuan: 20000000.00", "yuan: 400000", "yuan: 400000", "不够付一户"),
    ("constant", PATENTS, "if: 'valid_invention_patents >= 0'", "if: 'valid_invention_patents >= 0'", "都成立"),
    ("constant", PATENTS, "if: 'staff > 3 && staff < 4'", "", "都不成立"),
    ("constant", PATENTS, "if: '3 > 2'", "", "没有用到任何事实"),
    ("example_days", "zh: 占比不够\n", "zh: 占比不够\n    day: 2027-01-01\n", "day: 2027-01-01", "不在施行期间"),
    ("examples", "yuan: 53000.00", "yuan: 53000.01", "yuan: 53000.01", "算得53000元"),
    ("examples", "{verdict: no}", "{verdict: unknown}", "verdict: unknown}\n", "算得不符合"),
    ("examples", "missing: [rd_expense_last_year]", "missing: [revenue]", "missing: [revenue]", "rd_expense_last_year"),
    ("examples", SHORT, "{revenue: 1000000000, rd_expense: 很多}", "rd_expense: 很多", "数字"),
    ("examples", SHORT, "{revenue: 1000000000, rd_expens: 1}", "rd_expens: 1", "rd_expense"),
    ("examples", SHORT, "{revenue: 1000000000, rd_expense: 0.001}", "rd_expense: 0.001", "分"),
    ("example_facts", SHORT, SHORT[:-1] + ", staff: 3}", "staff: 3", "没有用到"),
    ("each_verdict", f"  - zh: 占比不够\n    facts: {SHORT}\n    gives: {{verdict: no}}\n", "", "examples:", "不符合"),
]  # fmt: skip


def _rules(checked: Checked) -> set[str]:
    return {finding.rule for finding in checked.findings}


@pytest.mark.parametrize(
    ("rule", "old", "new", "at", "says"), FAULTS, ids=[f"{row[0]}-{i}" for i, row in enumerate(FAULTS)]
)
def test_a_rule_refuses_what_it_is_for(rule: str, old: str, new: str, at: str, says: str) -> None:
    text = spoilt(old, new)
    checked = check(text)
    found = [finding for finding in checked.findings if finding.rule == rule]
    assert found, [f"{finding.rule}: {finding.text.zh}" for finding in checked.findings]
    assert any(says in finding.text.zh for finding in found), [finding.text.zh for finding in found]
    assert all(finding.text.en and finding.line > 1 for finding in found), "where, and in both languages"
    if at:
        assert place_of(at, text) in {(finding.line, finding.column) for finding in found}


def test_every_rule_has_been_seen_to_refuse() -> None:
    assert {row[0] for row in FAULTS} | {"shortage"} == {name for name, _ in PROVED}


def test_pro_rata_and_a_body_that_decides_do_not_go_together() -> None:
    text = spoilt(
        "rate: 5%, of: 'rd_expense - rd_expense_last_year', cap_yuan: 500000, round: down_to_fen",
        "decided_by: {zh: 领导小组}",
    )
    assert "shortage" not in _rules(check(text)), "ranked is fine"
    assert "shortage" in _rules(check(spoilt("short: ranked, by: rd_expense", "short: pro_rata", text)))


@pytest.mark.parametrize(
    "term",
    [
        "valid_invention_patents >= 3 || valid_invention_patents < 1",
        "valid_invention_patents in [1, 2, 3]",
        'srdi_level != "none"',
        'status in ["存续", "在业"]',
        "years_since(registered_on) >= 3 && years_since(registered_on) < 4",
        'registered_on >= date("2020-01-01") && registered_on < date("2020-01-02")',
        "profit < 0",
        "!dishonest",
        "rd_expense / revenue >= 0.9999",
        "rd_expense > 12345678.90 && rd_expense <= 12345678.91",
        "dishonest ? staff > 3 : staff > 5",
    ],
)
def test_a_condition_that_can_be_either_is_let_pass(term: str) -> None:
    assert "constant" not in _rules(check(spoilt(SHARE, f"if: '{term}'")))


@pytest.mark.parametrize(
    ("term", "holds"),
    [
        ("staff >= 0", True),
        ("staff < 0", False),
        ('srdi_level == "none" && srdi_level == "provincial"', False),
        ("dishonest || !dishonest", True),
        ("staff > 10 || staff <= 10", True),
        ('registered_on > date("2020-01-02") && registered_on < date("2020-01-01")', False),
        ("staff in [1, 2] && staff > 2", False),
    ],
)
def test_a_condition_that_is_always_the_same_is_refused(term: str, holds: bool) -> None:
    said = [f.text.zh for f in check(spoilt(SHARE, f"if: '{term}'")).findings if f.rule == "constant"]
    assert len(said) == 1
    assert ("都成立" in said[0]) is holds


def test_a_superseded_policy_may_end_the_day_before() -> None:
    assert check().ok
    touching = spoilt("from: 2026-01-01, to", "from: 2025-12-31, to")
    assert "superseding" in _rules(check(touching)), "both days count"


def test_a_group_of_one_is_warned_of_with_the_likely_name() -> None:
    """就高不重复: a misspelt group compares nothing; the others may be on their way, so it is no fault."""

    def warned(**groups: str) -> list[tuple[int, int, str]]:
        checked = examine(SOUND, replace(known(), groups=groups))
        assert checked.ok
        return [(each.line, each.column, each.text.zh) for each in checked.warnings if each.rule == "group"]

    line, column = place_of("highest_of: research", SOUND)
    ((found_line, found_column, text),) = warned(rd_reward="research", other="reserch")
    assert (found_line, found_column) == (line, column)
    assert "research" in text and "是否想写“reserch”" in text
    assert warned(other="research") == []
    assert warned(other="") and "是否" not in warned(other="")[0][2]
    assert [each for each in check().warnings if each.rule == "group"] == [], "not known here, not checked"


def test_units_are_not_asked_for_where_they_are_not_known() -> None:
    text = spoilt("departments: [science, tax]", "departments: [nowhere]")
    assert "departments" in _rules(check(text))
    assert examine(text, replace(known(), units=None)).ok


WARNED = {
    "tax_paid": ["按地方财政贡献的80%奖励。", "年纳税额100万元以上的企业给予奖励。", "先征后返。"],
    "tax_here": ["在本县纳税的企业。", "新增纳入统计的规模以上企业。"],
    "moving_here": ["总部迁入我县的企业。", "对新引进总部企业。", "域外业务迁回本县结算的。"],
    "registered_here": ["在本县注册并正常经营的企业。", "注册地在本县。"],
    "ownership": ["仅限民营企业。", "国有企业不适用，民营企业给予10万元。"],
    "buying_here": ["采购本县产品的企业。", "使用本地企业产品的。"],
    "named_list": ["名录库内企业。"],
}


@pytest.mark.parametrize(("concern", "words"), [(code, text) for code, texts in WARNED.items() for text in texts])
def test_reviewers_of_fair_competition_are_warned(concern: str, words: str) -> None:
    checked = check(spoilt("在本县生产经营的企业。", words))
    assert checked.ok, "a warning is not a fault"
    named = next(each for each in concerns() if each.code == concern)
    assert any(named.basis in warning.text.zh and named.label.zh in warning.text.zh for warning in checked.warnings)
    assert all(warning.line == 9 for warning in checked.warnings if named.label.zh in warning.text.zh)


def test_every_concern_names_the_regulation_and_has_been_seen() -> None:
    assert {each.code for each in concerns()} == set(WARNED)
    assert all("公平竞争审查条例" in each.basis and each.mend.en for each in concerns())


def test_a_document_that_did_not_pass_its_review_is_warned_of() -> None:
    (warning,) = check(spoilt("result: passed", "result: failed")).warnings
    assert (warning.line, warning.text.zh.count("未通过")) == (place_of("result: passed", SOUND)[0], 1)


def test_facts_of_taxes_are_warned_of_as_well() -> None:
    checked = check(spoilt(SHARE, "if: 'tax_paid > 100.0'"))
    assert any("tax_paid" in warning.text.zh for warning in checked.warnings)


@pytest.mark.parametrize(
    "words", ["在本县生产经营的企业。", "不问其注册地和所有制。", "投资2000万元、亩均效益A类。", "获得发明专利授权。"]
)
def test_neutral_words_are_not_warned_of(words: str) -> None:
    assert not check(spoilt("在本县生产经营的企业。", words)).warnings


def test_the_sound_text_is_sound() -> None:
    assert check(SOUND).ok
    assert not check(SOUND).warnings
