"""Reading a definition: exact amounts, every error with its place and mend, hostile files."""

from __future__ import annotations

import re
import time
from decimal import Decimal
from fractions import Fraction

import pytest

from qinqing.lib.rules.rule import Rate, Verdict
from qinqing.policies import plain_yaml
from qinqing.policies.policy import Origin, Short
from tests.policies.texts import SOUND, check, place_of, spoilt


def test_a_sound_policy_is_read_as_it_is_written() -> None:
    checked = check()
    assert checked.ok, checked.findings
    policy = checked.policy
    assert policy is not None
    assert (policy.code, policy.source.origin, policy.departments) == (
        "rd_reward",
        Origin.FICTIONAL,
        ("science", "tax"),
    )
    assert [condition.id for condition in policy.rule.all_conditions()] == ["share", "growth", "centre", "patents"]
    assert isinstance(policy.rule.benefit, Rate)
    assert policy.rule.benefit.rate == Fraction(1, 20)
    assert policy.rule.benefit.cap_fen == 50_000_000
    assert policy.budget and (policy.budget.fen, policy.budget.short) == (2_000_000_000, Short.RANKED)
    assert policy.window and policy.window.without_application
    assert [example.verdict for example in policy.examples] == [Verdict.YES, Verdict.UNKNOWN, Verdict.NO]
    assert policy.examples[0].facts["rd_expense"] == Decimal("5270000.10"), "no double in between"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("off", "off"),
        ("0330499", "0330499"),
        ("2026-02-30", "2026-02-30"),
        ("12:30", "12:30"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        (".5", ".5"),
        ("007", "007"),
        ("0", 0),
        ("-12", -12),
        ("20_000_000", 20_000_000),
        ("0.1", Decimal("0.1")),
        ("53000.00", Decimal("53000.00")),
        ("true", True),
        ("~", None),
        ("'5'", "5"),
    ],
)
def test_yaml_means_what_an_officer_reads(written: str, read: object) -> None:
    found = plain_yaml.load(f"a: {written}")["a"]
    assert found == read
    assert type(found) is type(read)


FORM = [
    # what is spoilt, by what, at which part the finding stands, what it says
    ("reference: 示政发〔2026〕7号第七条\n", "", "", "reference"),
    ("policy: rd_reward\n", "policy: 研发\n", "policy:", "小写字母"),
    ("departments: [science, tax]", "departments: []", "departments:", "单位"),
    ("budget:", "budjet:", "budjet:", "budget"),
    ("origin: fictional", "origin: real", "origin:", "fictional"),
    ("{origin: fictional}", "{origin: public}", "source:", "cite"),
    ("yuan: 20000000.00", "yuan: 两千万", "yuan: 两千万", "数字"),
    ("yuan: 20000000.00", "yuan: 200.005", "yuan: 200.005", "细于一分"),
    ("cap_yuan: 500000", "cap_yuan: -5", "cap_yuan:", "不小于0"),
    ("from: 2026-01-01", "from: 2026-02-30", "from: 2026-02-30", "没有2026-02-30这一天"),
    ("from: 2026-01-01", "from: 明年", "from: 明年", "2026-09-01"),
    ("rate: 5%", "rate: 5％", "rate: 5％", "5%"),
    ("rate: 5%, of:", "rate: 5%, fixed_yuan: 5, of:", "benefit:", "写其一"),
    ("rate: 5%, of: 'rd_expense - rd_expense_last_year'", "rate: 5%", "benefit:", "of"),
    ("round: down_to_fen", "round: up", "round: up", "down_to_fen"),
    ("clause: 第七条第五款, rate", "rate", "benefit:", "clause"),
    ("    - any:\n", "    - either:\n", "either:", "either"),
    ("  all:\n", "  none:\n", "none:", "all, any, not"),
    ("id: growth", "id: Growth!", "id: Growth!", "小写字母"),
    ("short: ranked, by: rd_expense", "short: ranked", "budget:", "by"),
    ("short: ranked, by: rd_expense", "short: pro_rata, by: rd_expense", "by: rd_expense", "排名"),
    ("{verdict: no}", "{verdict: maybe}", "verdict: maybe", "unknown"),
    ("{verdict: no}", "{verdict: no, yuan: 3}", "yuan: 3", "只有符合"),
    ("without_application: true", "without_application: ja", "without_application:", "true或false"),
    ("policy: rd_reward\n", "policy: rd_reward\npolicy: other\n", "policy: other", "第2行已经写过"),
    ("title: {zh: 研发投入奖补, en: Reward for R&D}", "title: &t {zh: 甲}", "", ""),
]


@pytest.mark.parametrize(("old", "new", "at", "says"), FORM, ids=[f"{row[0][:14]}→{row[1][:14]}" for row in FORM])
def test_every_fault_of_form_has_its_place_and_mend(old: str, new: str, at: str, says: str) -> None:
    text = spoilt(old, new)
    checked = check(text)
    if not says:
        assert checked.ok, "an anchor that nothing refers to does no harm"
        return
    assert not checked.ok
    assert any(says in finding.text.zh for finding in checked.findings), [f.text.zh for f in checked.findings]
    finding = next(finding for finding in checked.findings if says in finding.text.zh)
    assert finding.text.en, "both languages"
    if at:
        assert (finding.line, finding.column) == place_of(at, text)


def test_all_faults_of_reading_are_told_at_once() -> None:
    text = spoilt("yuan: 20000000.00", "yuan: 1.005")
    text = spoilt("to: 2026-11-30", "to: 2026-11-31", text)
    text = spoilt("rd_expense / revenue >= 0.03", "rd_expense / revenue => 0.03", text)
    assert [finding.place for finding in check(text).findings] == [
        "conditions.all.0.if",
        "apply.to",
        "budget.yuan",
    ] or {finding.place for finding in check(text).findings} == {"conditions.all.0.if", "apply.to", "budget.yuan"}


@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_a_fault_in_an_expression_is_pointed_at_to_the_character(quote: str) -> None:
    text = spoilt("'valid_invention_patents >= 3'", f"{quote}valid_invention_patents ≥ 3{quote}")
    (finding,) = check(text).findings
    assert (finding.line, finding.column) == place_of("≥", text)
    assert ">=" in finding.text.zh


def test_an_unknown_fact_is_pointed_at_with_the_nearest_name() -> None:
    text = spoilt("rd_expense >= 1.10 * rd_expense_last_year", "rd_expense >= 1.10 * rd_expence_last_year")
    (finding,) = check(text).findings
    assert (finding.line, finding.column) == place_of("rd_expence_last_year", text)
    assert "rd_expense_last_year" in finding.text.zh


def test_an_expression_over_several_lines_is_pointed_at_by_its_line() -> None:
    text = spoilt(
        "    - {id: share, clause: 第七条第二款, zh: 研发费用占比, en: Share, if: 'rd_expense / revenue >= 0.03'}\n",
        "    - id: share\n      clause: 第七条第二款\n      zh: 研发费用占比\n      if: >\n"
        "        rd_expense / revenue\n        >= 3%\n",
    )
    (finding,) = check(text).findings
    assert finding.line == place_of("if: >", text)[0]
    assert "0.05" in finding.text.zh, "percentages are written as decimals"


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)
HOSTILE = {
    "empty": "",
    "only a comment": "# nothing\n",
    "a list": "- a\n- b\n",
    "a word": "hello",
    "aliases that grow": BOMB,
    "an alias of itself": "policy: &a [*a]\n",
    "nested beyond sense": "policy: " + "[" * 100_000 + "]" * 100_000,
    "nested mappings": "{a: " * 5_000 + "1" + "}" * 5_000,
    "python objects": "policy: !!python/object/apply:os.system ['true']\n",
    "an unknown tag": "policy: !secret x\n",
    "not closed": "policy: {a: 1\n",
    "tabs": "policy:\n\t- a\n",
    "control characters": "policy: a\x00b\n",
    "two documents": SOUND + "---\n" + SOUND,
    "keys that are lists": "? [a, b]\n: 1\n",
    "merge keys": SOUND + "<<: {policy: other}\n",
    "a number as key": "1: x\n",
    "everything null": re.sub(r"(?m)^(\w+):.*\n(?:[ #\n].*\n|\n)*", r"\1:\n", SOUND),
    "groups of groups": spoilt(
        "conditions:\n  all:\n",
        "conditions:\n  all:\n    - "
        + "{all: [" * 15
        + "{id: x, clause: 第七条第一款, zh: x, if: 'dishonest'}"
        + "]}" * 15
        + "\n",
    ),
    "an endless number": spoilt("yuan: 20000000.00", "yuan: " + "9" * 5_000),
    "many decimals": spoilt("yuan: 20000000.00", "yuan: 1." + "0" * 200 + "1"),
    "a huge expression": spoilt("'rd_expense / revenue >= 0.03'", "'" + "rd_expense + " * 3_000 + "1.0 > 0.0'"),
    "a deep expression": spoilt("'rd_expense / revenue >= 0.03'", "'" + "!" * 900 + "dishonest'"),
    "surrogates": spoilt("en: Share", 'en: "\\ud800"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_give_clear_errors_and_soon(name: str) -> None:
    began = time.perf_counter()
    checked = check(HOSTILE[name])
    assert time.perf_counter() - began < 5
    assert not checked.ok
    assert checked.findings
    assert all(finding.line >= 1 and finding.column >= 1 and finding.text.zh for finding in checked.findings)


def test_a_huge_file_is_not_even_parsed() -> None:
    checked = check(SOUND + "# " + "x" * plain_yaml.LARGEST_FILE)
    assert [finding.rule for finding in checked.findings] == ["shape"]
    assert "拆开" in checked.findings[0].text.zh
