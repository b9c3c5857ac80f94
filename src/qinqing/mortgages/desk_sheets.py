"""清单导出: releases and events as workbooks, and the words for what became of an event."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.mortgages import standing
from qinqing.mortgages.models import BankEvent, Release
from qinqing.ui.sheets import Column, Sheet

VIAS = {
    "api": Label("接口", "interface"),
    "webhook": Label("简易接口", "simple interface"),
    "clerk": Label("银行录入", "entered"),
    "file": Label("文件", "file"),
}


def releases_sheet(title: Label, rows: QuerySet[Release], note: Label) -> Sheet:
    """A list of releases as a workbook."""

    def column(zh: str, en: str, means: tuple[str, str], value: Any, width: int = 18, kind: str = "text") -> Column:
        return Column(Label(zh, en), Label(*means), value, width, kind)

    columns = [
        column("编号", "Number", ("办件编号", "The case's number"), lambda x: x.case.number),
        column("登记证明号", "Certificate", ("不动产登记证明号", "Mortgage certificate"), lambda x: x.certificate, 34),
        column("不动产单元号", "Property unit", ("28位", "28 characters"), lambda x: x.unit_number, 32),
        column(
            "银行", "Bank", ("首先报送结清的银行", "The bank that reported first"), lambda x: x.first_bank.label, 36
        ),
        column("状态", "State", ("办到哪一步", "How far it is"), lambda x: standing.standing(x).label),
        column("报送", "Reported", ("1小时自此起算", "The hour runs from here"), lambda x: x.started_at, 18, "moment"),
        column("承诺", "Promised", ("应注销的时间", "To be deregistered by"), lambda x: x.promised_at, 18, "moment"),
        column(
            "注销", "Deregistered", ("登记机构注销的时间", "By the registry"), lambda x: x.released_at, 18, "moment"
        ),
        column("用时（分钟）", "Minutes", ("从报送到注销", "From report to registration"), _took, 12, "number"),
        column("经人工", "With a person", ("曾转人工核查", "A person looked into it"), lambda x: x.by_person, 10),
        column("业务号", "Receipt", ("登记机构的业务号", "The registry's number"), lambda x: x.receipt_no, 20),
    ]
    return Sheet(title, columns, rows, note)


def events_sheet(bank: Unit, events: QuerySet[BankEvent]) -> Sheet:
    """What the bank reported today."""
    kinds = {"settled": Label("结清", "settled"), "reversed": Label("冲正", "reversal")}
    columns = [
        Column(Label("到达", "Arrived"), Label("到达本平台", "Here"), lambda x: x.received_at, 18, "moment"),
        Column(Label("事件编号", "Event"), Label("银行的编号", "The bank's own id"), lambda x: x.event_id, 30),
        Column(Label("类型", "Kind"), Label("结清或冲正", "Settlement or reversal"), lambda x: kinds[x.kind]),
        Column(Label("登记证明号", "Certificate"), Label("冲正为空", "Not of a reversal"), lambda x: x.certificate, 34),
        Column(Label("贷款合同号", "Loan"), Label("银行报送的", "As reported"), lambda x: x.loan_number, 20),
        Column(Label("全部结清", "In full"), Label("否为部分结清", "No: in part"), lambda x: x.in_full, 10),
        Column(Label("来源", "Door"), Label("报送渠道", "By which it came"), lambda x: VIAS[x.via], 12),
        Column(Label("处理结果", "Result"), Label("空为待处理", "Empty: to be taken"), word_of, 30),
        Column(
            Label("办件", "Case"), Label("解押编号", "Of the release"),
            lambda x: x.release.case.number if x.release else None, 18,
        ),
    ]  # fmt: skip
    note = Label(f"{bank.name}今日报送的事件", f"What {bank.label.en} reported today")
    return Sheet(Label("今日报送", "Reported today"), columns, events, note)


def _took(release: Release) -> float | None:
    if release.released_at is None:
        return None
    return round((release.released_at - release.started_at).total_seconds() / 60, 1)


def word_of(event: BankEvent) -> Label:
    """What became of it, in both languages."""
    zh, _, en = event.word.partition("\n")
    return Label(zh, en or zh)
