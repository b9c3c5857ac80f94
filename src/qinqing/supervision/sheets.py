"""导出: letters, instructions and the backstop as workbooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from qinqing.cases import shelf
from qinqing.cases.models import Case
from qinqing.lib.labels import Label
from qinqing.supervision.backstop import Line, lines
from qinqing.supervision.models import Backstop
from qinqing.supervision.papers import paper_number
from qinqing.ui.sheets import Cell, Column, Sheet


def state_of_paper(case: Case) -> Label:
    """The stage of a letter or instruction, or how it ended."""
    spec = shelf.by_id(case.procedure_id)
    return spec.closed[case.outcome].label if case.outcome else spec.stages[case.stage].label


def _column(
    zh: str, en: str, meaning: tuple[str, str], value: Callable[[Any], Cell], width: int = 17, kind: str = "moment"
) -> Column:
    return Column(Label(zh, en), Label(*meaning), value, width, kind)


PAPER_COLUMNS = (
    _column("编号", "Number", ("公文编号", "The number as on paper"), lambda x: paper_number(x.number), 18, "text"),
    _column("关联办件", "About", ("所督办、批示的办件编号", "The case it is about"),
            lambda x: x.predecessor.number if x.predecessor else None, 16, "text"),
    _column("单位", "Unit", ("主送或承办单位", "Whom it is addressed to"),
            lambda x: x.lead.label if x.lead else None, 22, "text"),
    _column("状态", "State", ("现在的环节；已办结的为结果", "Where it is now; how it ended once closed"),
            state_of_paper, 12, "text"),
    _column("发出时间", "Sent", ("发函或批示的时间", "When it was sent"), lambda x: x.opened_at),
    _column("应办时间", "Due", ("本环节应办时间；已办结的为空", "When this stage is due; empty once closed"),
            lambda x: x.due_at),
    _column("办结时间", "Closed", ("办结或撤回的时间；在办的为空", "When it was closed or recalled; empty while open"),
            lambda x: x.closed_at),
)  # fmt: skip
BACKSTOP_COLUMNS = (
    _column("编号", "Number", ("办件编号", "The matter's number"), lambda x: x.case.number, 16, "text"),
    _column("事项", "Matter", ("诉求内容的首句", "The first clause of what was asked"),
            lambda x: x.case.title, 40, "text"),
    _column("主办", "Lead", ("决定无法办理的单位", "The unit that decided"),
            lambda x: x.case.lead.label if x.case.lead else None, 20, "text"),
    _column("决定时间", "Decided", ("负责人签发“无法办理”的时间，解释时限从此起算",
            "When the head signed “unable” off; the limit runs from here"), lambda x: x.backstop.decided_at),
    _column("应解释时间", "Explain by", ("决定后3个工作日", "Three working days after the decision"), lambda x: x.due),
    _column("解释时间", "Explained", ("向当事人解释的时间；未解释的为空", "When the party was told; empty until then"),
            lambda x: x.backstop.explained_at),
    _column("状态", "State", ("待解释、已逾期、按时解释、逾期解释",
            "To be explained, overdue, explained in time or late"), lambda x: x.label, 12, "text"),
    _column("信访登记号", "Petition number", ("信访系统给出的登记号，录入或导入；平台不生成",
            "Given by the petition system, typed or imported; never made here"),
            lambda x: x.backstop.petition_no or None, 22, "text"),
    _column("登记日期", "Recorded on", ("在信访系统登记的日期（导入的）",
            "The day it was recorded there, where imported"), lambda x: x.backstop.petition_on, 12, "day"),
)  # fmt: skip


def papers_sheet(title: Label, cases: QuerySet[Case], note: Label) -> Sheet:
    """Letters or instructions of a filter."""
    return Sheet(title, PAPER_COLUMNS, cases.select_related("lead", "predecessor"), note)


def backstop_sheet(found: QuerySet[Backstop], note: Label, now: datetime) -> Sheet:
    """All matters of the backstop."""
    rows: Iterable[Line] = (line for backstop in found.iterator(chunk_size=1000) for line in lines([backstop], now))
    return Sheet(Label("信访备案兜底", "Petition backstop"), BACKSTOP_COLUMNS, rows, note)
