"""惠企政策导出: the table by policy as a workbook; the claims behind each number have their own (`sheets.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qinqing.insight.indicators import shelf
from qinqing.insight.policy_overview import Line, PolicyOverview
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Cell, Column, Sheet


def policy_sheet(page: PolicyOverview, period: Label) -> Sheet:
    """Every policy that paid in the period."""
    note = Label(f"到账时间：{period.zh}", f"Paid: {period.en}")
    return Sheet(Label("惠企政策兑付", "Policy payments"), list(_columns()), page.by_policy(), note)


def _columns() -> Iterator[Column]:
    told = shelf()

    def column(name: str, label: Label, value: Callable[[Line], Cell], kind: str = "number", width: int = 12) -> Column:
        return Column(label, told[name].definition, value, width, kind)

    yield Column(Label("政策", "Policy"), Label("政策名称", "Its title"), lambda line: line.label, 44)
    yield column("policy_paid", told["policy_paid"].label, lambda line: line.paid, "yuan", 18)
    yield column("policy_recovered", told["policy_recovered"].label, lambda line: line.recovered, "yuan", 18)
    yield column("policy_companies", Label("企业", "Companies"), lambda line: line.numbers["policy_companies"])
    yield column("policy_paid", Label("件数", "Claims"), lambda line: line.numbers["policy_paid.cases"])
    yield column("policy_one_tap", Label("免申即享（件）", "By one tap"), lambda line: line.one_tap.hits)
    yield column("policy_one_tap", Label("免申即享分母（件）", "Of claims"), lambda line: line.one_tap.total)
    yield column(
        "policy_days",
        Label("半数到账（天）", "Half within (days)"),
        lambda line: line.days.median if line.days else None,
    )
    yield column(
        "policy_days", Label("九成到账（天）", "90% within (days)"), lambda line: line.days.p90 if line.days else None
    )
    yield column(
        "policy_days_unknown", Label("符合时间不明（件）", "Since when not known"),
        lambda line: line.numbers["policy_days_unknown"],
    )  # fmt: skip
