"""名录的导出: companies (importable again, by `imports`), sections and their contacts (importable again, by
`contact_sheets`), leaves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qinqing.directory.company_rows import field_labels
from qinqing.directory.models import Party
from qinqing.directory.selectors import KIND_LABELS
from qinqing.lib.identifiers import mask_phone
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Cell, Column, Sheet


def _fact(name: str, zh: str, en: str, width: int = 14, kind: str = "text", field: str = "") -> Column:
    """A column named as the import names it, so that a downloaded list can be edited and imported."""

    def value(party: Any) -> Cell:
        return getattr(party, field or name) or None if kind == "text" else getattr(party, field or name)

    return Column(field_labels()[name], Label(zh, en), value, width, kind)


def companies(parties: Iterable[Party], note: Label) -> Sheet:
    """Companies and sole traders with the facts that the import reads; telephone numbers masked."""
    masked = Column(
        Label("电话（部分隐藏）", "Phone (masked)"),
        Label("只列首末几位，导入时不读取", "First and last digits only; not read by the import"),
        lambda party: mask_phone(party.phone) or None,
        18,
    )
    columns = (
        _fact("name", "登记的名称", "As registered", 34),
        _fact("credit_code", "导入时按此识别", "The import recognises a company by it", 22),
        Column(
            field_labels()["kind"],
            Label("企业或个体工商户", "Company or sole trader"),
            lambda party: KIND_LABELS[party.kind],
            12,
        ),
        _fact("short_name", "简称", "Short name"),
        _fact("status", "登记机关的登记状态", "At the registry", 12),
        _fact("registered_on", "成立日期", "Date of registration", 12, "day"),
        _fact("region", "行政区划代码（GB/T 2260）", "Code of GB/T 2260", 12),
        _fact("town", "所在镇街", "Town or subdistrict"),
        _fact("address", "住所或经营场所", "Registered address", 40),
        _fact("industry", "国民经济行业代码（GB/T 4754）", "Code of GB/T 4754", 10),
        _fact("staff", "从业人员数", "Number of staff", 10, "number"),
        _fact("revenue_yuan", "上一年度，元", "Last year, in yuan", 18, "yuan", "revenue_fen"),
        _fact("assets_yuan", "年末，元", "At the year's end, in yuan", 18, "yuan", "assets_fen"),
        masked,
    )
    return Sheet(Label("企业", "Companies"), columns, parties, note)


def leaves(found: Iterable[Any], note: Label) -> Sheet:
    columns = (
        Column(Label("请假人", "Away"), Label("谁请假", "Who is away"), lambda leave: leave.officer.name),
        Column(
            Label("代岗人", "Stands in"), Label("期间同时收到办件", "Gets the matters too"), lambda x: x.deputy.name
        ),
        Column(Label("自", "From"), Label("含当日", "First day"), lambda leave: leave.starts_on, 12, "day"),
        Column(Label("至", "To"), Label("含当日", "Last day"), lambda leave: leave.ends_on, 12, "day"),
    )
    return Sheet(Label("请假代岗", "Leave"), columns, found, note)
