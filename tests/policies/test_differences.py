"""What changed between two definitions, in words, both languages, and nothing where nothing changed."""

from __future__ import annotations

import pytest

from qinqing.policies.checker.shape import policy_of
from qinqing.policies.differences import KINDS, Change, differences
from qinqing.policies.policy import Policy
from tests.policies.texts import SOUND, known, spoilt


def _policy(text: str) -> Policy:
    policy, findings, _ = policy_of(text)
    assert policy is not None, findings
    return policy


def _changes(new: str) -> list[Change]:
    return differences(_policy(SOUND), _policy(new), known().specs)


CHANGES = [
    ("document", "zh: 研发投入奖补", "zh: 研发奖补", "研发投入奖补 → 研发奖补"),
    ("document", "7号第七条", "8号第七条", "7号第七条 → 示政发〔2026〕8号"),
    ("document", "[science, tax]", "[science]", "science、tax → science"),
    ("document", "result: passed", "result: failed", "passed 2025-12-01 审查办 → failed"),
    ("clauses", "在本县生产经营的企业。", "在本县生产经营的企业", "第七条第一款文字有改动"),
    ("dates", "to: 2026-12-31", "to: 2027-12-31", "2026-01-01至2026-12-31 → 2026-01-01至2027-12-31"),
    ("dates", "without_application: true", "without_application: false", "免申即享 → 2026-09-01至2026-11-30"),
    ("dates", "supersedes: [rd_reward_before]\n", "", "替代：rd_reward_before → 无"),
    ("conditions", ">= 0.03", ">= 0.05", "rd_expense / revenue >= 0.03 → rd_expense / revenue >= 0.05"),
    ("conditions", "id: patents", "id: inventions", "新增条件“有效发明专利”"),
    (
        "conditions",
        "- any:",
        "- all:",
        "all(share, growth, any(centre, patents)) → all(share, growth, all(centre, patents))",
    ),
    ("conditions", "zh: 研发费用占比", "zh: 研发比例", "研发费用占比 → 研发比例"),
    (
        "conditions",
        "clause: 第七条第二款, zh: 研发费用增长",
        "clause: 第七条第一款, zh: 研发费用增长",
        "第七条第二款 → 第七条第一款",
    ),
    ("benefit", "rate: 5%", "rate: 4%", "的5%，最高500,000.00元 → （研发费用 - 上年研发费用）的4%"),
    ("benefit", "cap_yuan: 500000, ", "", "最高500,000.00元 → （研发费用 - 上年研发费用）的5%"),
    ("stacking", "highest_of: research\n", "", "research → 无"),
    ("stacking", "excludes: [other]\n", "", "other → 无"),
    (
        "budget",
        "yuan: 20000000.00",
        "yuan: 30000000",
        "20,000,000.00元，不足时排名择优（rd_expense从高到低） → 30,000,000.00元",
    ),
    ("documents", "{id: seal, zh: 盖章的承诺书, en: A sealed commitment}", "", "不再要材料“盖章的承诺书”"),
    ("examples", "yuan: 53000.00", "yuan: 53000.01", "3个 → 3个（2个相同）"),
]


@pytest.mark.parametrize(
    ("kind", "old", "new", "says"), CHANGES, ids=[f"{row[0]}-{i}" for i, row in enumerate(CHANGES)]
)
def test_a_change_is_said_in_words(kind: str, old: str, new: str, says: str) -> None:
    found = _changes(spoilt(old, new))
    assert {change.kind for change in found} == {kind}
    assert any(says in change.text.zh for change in found), [change.text.zh for change in found]
    assert all(change.text.en and change.kind in KINDS for change in found)


def test_nothing_is_said_where_nothing_changed() -> None:
    assert _changes(SOUND.replace("5%, of", "0.05, of").replace("20000000.00", "20000000")) == []


def test_every_kind_has_been_seen() -> None:
    assert {row[0] for row in CHANGES} == set(KINDS)
