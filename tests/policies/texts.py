"""A sound policy as text, ways to spoil it, and what the checker is told of the house."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from qinqing.policies.checker import Checked, Known, examine
from qinqing.policies.folder import county
from qinqing.policies.policy import Effect

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "counties" / "demo"
LIUHE = Path(__file__).parent / "liuhe"

SOUND = """\
# A fictional policy in the shape of a real clause.
policy: rd_reward
title: {zh: 研发投入奖补, en: Reward for R&D}
reference: 示政发〔2026〕7号第七条
source: {origin: fictional}
departments: [science, tax]

clauses:
  第七条第一款: 在本县生产经营的企业。
  第七条第二款: 研发费用占营业收入3%以上，比上年增长10%以上。
  第七条第五款: 按新增部分的5%奖补，最高50万元。

effective: {from: 2026-01-01, to: 2026-12-31}
supersedes: [rd_reward_before]
apply: {from: 2026-09-01, to: 2026-11-30, without_application: true}

conditions:
  all:
    - {id: share, clause: 第七条第二款, zh: 研发费用占比, en: Share, if: 'rd_expense / revenue >= 0.03'}
    - {id: growth, clause: 第七条第二款, zh: 研发费用增长, en: Growth, if: 'rd_expense >= 1.10 * rd_expense_last_year'}
    - any:
      - {id: centre, clause: 第七条第一款, zh: 省级研发机构, en: R&D centre, if: provincial_rd_centre}
      - {id: patents, clause: 第七条第一款, zh: 有效发明专利, en: Patents, if: 'valid_invention_patents >= 3'}

benefit: {clause: 第七条第五款, rate: 5%, of: 'rd_expense - rd_expense_last_year', cap_yuan: 500000, round: down_to_fen}
excludes: [other]
highest_of: research
budget: {yuan: 20000000.00, short: ranked, by: rd_expense}
documents: [{id: seal, zh: 盖章的承诺书, en: A sealed commitment}]
review: {result: passed, day: 2025-12-01, by: {zh: 审查办, en: Review office}}

examples:
  - zh: 都符合
    facts: {revenue: 100000000, rd_expense: 5270000.10, rd_expense_last_year: 4210000, valid_invention_patents: 4}
    gives: {verdict: yes, yuan: 53000.00}
  - zh: 缺上年数
    facts: {revenue: 100000000, rd_expense: 5270000, valid_invention_patents: 4}
    gives: {verdict: unknown, missing: [rd_expense_last_year]}
  - zh: 占比不够
    facts: {revenue: 1000000000, rd_expense: 5270000}
    gives: {verdict: no}
"""
OTHERS = {
    "other": Effect(date(2026, 1, 1)),
    "rd_reward_before": Effect(date(2025, 1, 1), date(2025, 12, 31)),
    "rd_reward_overlapping": Effect(date(2025, 1, 1), date(2026, 3, 31)),
}


def known() -> Known:
    """The demo county's facts and units, and three other policies."""
    home = county(DEMO)
    return Known(home.dictionary, OTHERS, home.units)


def check(text: str = SOUND) -> Checked:
    """What the checker says of a text."""
    return examine(text, known())


def spoilt(old: str, new: str, text: str = SOUND) -> str:
    """The text with one thing changed, which must be there exactly once."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the text"
    return text.replace(old, new)


def place_of(part: str, text: str) -> tuple[int, int]:
    """(line, column) of the only place where `part` stands, from 1."""
    assert text.count(part) == 1, f"{part!r} stands {text.count(part)} times in the text"
    at = text.index(part)
    return text[:at].count("\n") + 1, at - text.rfind("\n", 0, at)
