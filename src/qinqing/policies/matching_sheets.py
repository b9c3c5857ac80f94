"""导出: the lists of matching as workbooks: policies in force with their counts, a policy's companies, a company's
figures, objections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qinqing.directory.facts.reading import OwnFact
from qinqing.directory.models import Objection
from qinqing.lib.labels import Label
from qinqing.policies.counts import Numbers
from qinqing.policies.policy import Policy
from qinqing.policies.public_search import Entry
from qinqing.ui.sheets import Column, Sheet


def _column(zh: str, en: str, value: Any, width: int = 14, kind: str = "text", about: Label | None = None) -> Column:
    return Column(Label(zh, en), about or Label(zh, en), value, width, kind)


_LIVE = (
    _column("政策", "Policy", lambda row: row[0].policy.title, 34),
    _column("文号", "Reference", lambda row: row[0].policy.reference, 40),
    _column("主管部门", "Department", lambda row: row[0].lead, 18),
    _column(
        "应享", "Eligible", lambda row: row[1].eligible, 10, "number", Label("现在符合的企业家数", "Companies now")
    ),
    _column("已申领", "Claimed", lambda row: row[1].claimed, 10, "number", Label("本年度申领的企业家数", "This year")),
    _column("已兑付", "Paid", lambda row: row[1].paid, 10, "number", Label("本年度兑付的企业家数", "This year")),
    _column("新增", "New", lambda row: row[1].new, 10, "number", Label("最近7天新符合", "In the last 7 days")),
    _column("退出", "Gone", lambda row: row[1].gone, 10, "number", Label("最近7天不再符合", "In the last 7 days")),
)
_ELIGIBLE = (
    _column("企业", "Company", lambda row: row.party.name, 34),
    _column("统一社会信用代码", "Credit code", lambda row: row.party.credit_code, 22),
    _column("镇街", "Town", lambda row: row.party.town, 14),
    _column(
        "金额", "Sum", lambda row: row.amount_fen, 16, "yuan", Label("空：由有关机构核定", "Empty: a body decides")
    ),
    _column("原金额", "Before", lambda row: row.was_fen, 16, "yuan", Label("变动前", "Before it changed")),
    _column("符合起", "Since", lambda row: row.since, 17, "moment"),
    _column("金额变动", "Changed", lambda row: row.changed_at, 17, "moment"),
    _column("不再符合", "Gone", lambda row: row.gone_at, 17, "moment"),
)
_FACTS = (
    _column("数据项", "Figure", lambda own: own.fact.label, 26),
    _column("值", "Value", lambda own: own.value, 24),
    _column("来源", "Source", lambda own: own.source, 18),
    _column("报告期", "Period", lambda own: own.period, 14),
    _column("数据时点", "As of", lambda own: own.as_of, 14),
)
_OBJECTIONS = (
    _column("企业", "Company", lambda row: row[0].party.name, 34),
    _column("数据项", "Figure", lambda row: row[1], 24),
    _column("异议针对的值", "Objected to", lambda row: Label(row[0].shown["zh"], row[0].shown["en"]), 18),
    _column("异议内容", "Objection", lambda row: row[0].text, 50),
    _column("提出时间", "Raised", lambda row: row[0].raised_at, 17, "moment"),
    _column("结果", "Result", lambda row: row[0].get_state_display(), 14),
    _column("处理意见", "Reasons", lambda row: row[0].decision, 50),
    _column("处理时间", "Decided", lambda row: row[0].decided_at, 17, "moment"),
)


def live_sheet(rows: Sequence[tuple[Entry, Numbers]]) -> Sheet:
    return Sheet(Label("政策一览", "Policies in force"), _LIVE, rows, Label("全部现行政策", "All in force"))


def eligible_sheet(policy: Policy, rows: Iterable[Any], which: Label) -> Sheet:
    """`rows`: of Eligibility, as `counts.eligible_rows` gives them."""
    return Sheet(policy.title, _ELIGIBLE, rows, which)


def facts_sheet(facts: Sequence[OwnFact]) -> Sheet:
    note = Label("本企业有数据的各项", "All figures on record of the company")
    return Sheet(Label("本企业信息", "Our figures"), _FACTS, facts, note)


def objections_sheet(rows: Sequence[tuple[Objection, Label]], which: Label) -> Sheet:
    return Sheet(Label("数据异议", "Objections to figures"), _OBJECTIONS, rows, which)
