"""曾用名表格 (B7): former names in bulk from the market regulator's data (CSV, XLSX), and the list of filed ones as the
provincial platform takes it. An import is one filing for all its rows; what is filed or being checked is skipped."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime

from django.core.files.base import ContentFile

from qinqing.accounts.actor import Actor
from qinqing.cases import blobs
from qinqing.directory import sheet_imports
from qinqing.directory.services import day_of
from qinqing.directory.sheet_cells import choice, code, day, text
from qinqing.directory.sheet_imports import InColumn, Seen, Values
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.mortgages import aliases, names, places
from qinqing.mortgages.aliases import Line, Source
from qinqing.mortgages.models_names import Alias
from qinqing.ui.sheets import Column, Sheet

KIND = "creditor_names"
ROUTE = "mortgages:names_import"
SOURCES = {
    Source.MARKET_REGULATOR.value: Label("市监部门数据", "market regulator"),
    Source.OFFLINE.value: Label("线下申报", "offline"),
}

# ── in ──

COLUMNS = (
    InColumn("name", Label("曾用名", "Former name"), Label("登记簿中的旧名称全称", "In full, as in old records"),
             text(aliases.NAME_AT_MOST), required=True, width=44),
    InColumn("credit_code", Label("统一社会信用代码", "Credit code"),
             Label("该机构现在的18位代码", "Of today's bearer, 18 characters"), code, required=True, width=24),
    InColumn("former_code", Label("原统一社会信用代码", "Former credit code"),
             Label("合并或重新登记前的代码；未变的留空", "Before a merger or new registration; empty if the same"),
             code, width=24),
    InColumn("starts_on", Label("使用起日", "Used from"), Label("不详的留空", "Empty if not known"), day, width=14,
             kind="day"),
    InColumn("ends_on", Label("使用止日", "Used until"), Label("更名前一日；不详的留空", "The day before the change"),
             day, width=14, kind="day"),
    InColumn("source", Label("来源", "Source"), Label("不填为市监部门数据", "Empty: the market regulator's data"),
             choice(SOURCES), width=14, show=lambda value: SOURCES.get(value, Label("", ""))),
    InColumn("platform_number", Label("省平台备案号", "Platform number"),
             Label("已在省平台备案的填写", "If it is filed there already"), text(aliases.NUMBER_AT_MOST), width=22),
)  # fmt: skip


def add_kind() -> None:
    """Register former names among the sheets that can be imported."""
    sheet_imports.register(
        KIND, Label("抵押权人曾用名", "Former names of creditors"), COLUMNS, _apply, roles=ROUTE, key=_key, look=_look,
        hint=Label(
            "导入后生成一件备案，由登记机构另一人复核后生效。已备案和正在核对的会跳过，同一文件可重复导入。",
            "An import becomes one filing, which another person of the registry approves. What is filed or being "
            "checked is skipped, so the same file can be imported again.",
        ),
    )  # fmt: skip


def _line(values: Values) -> Line:
    given = {name: values.get(name) or "" for name in ("name", "credit_code", "former_code", "platform_number")}
    source = values.get("source") or Source.MARKET_REGULATOR.value
    return Line(**given, starts_on=values.get("starts_on"), ends_on=values.get("ends_on"), source=source)


def _key(values: Values) -> Hashable:
    return _line(values).key


def _look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """What is wrong with each row; one that is filed or being checked changes nothing."""
    known, filed = names.present(), aliases.filed_keys()
    outsider = not places.is_registry(actor)
    seen = []
    for values in rows:
        line = _line(values)
        if line.key in filed:
            seen.append(Seen(before=dict(values)))
            continue
        faults = aliases.faults_of(line, known, day_of(now))
        if outsider:
            faults["name"] = Label("只有登记机构可以导入", "Only the registry imports names")
        seen.append(Seen(faults=faults))
    return seen


def _apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """One filing for all rows; the rows as read are its evidence beside what is attached later."""
    lines = [_line(values) for values in rows]
    if not lines:
        return
    said = "\n".join("\t".join(str(part or "") for part in (*line.key, line.name, line.source)) for line in lines)
    paper = blobs.store(ContentFile(said.encode(), name=f"曾用名导入{day_of(now):%Y%m%d}.txt"))
    aliases.file_names(lines, [paper], actor, now)


# ── out ──


def _evidence(alias: Alias) -> str:
    return "、".join(each.name for each in alias.filing.case.attachments.all())


def _number(alias: Alias) -> str:
    found = alias.platform_numbers.all()
    return found[0].number if found else ""


def platform_sheet(found: Iterable[Alias], present: dict[str, str]) -> Sheet:
    """备案清单, as the provincial platform takes it: only what counts. `present`: credit code -> present name."""
    columns = [
        Column(Label("现名称", "Present name"), Label("现在的机构名称", "Of today's bearer"),
               lambda each: present.get(each.credit_code, ""), 40),
        Column(Label("曾用名", "Former name"), Label("备案的旧名称", "As filed"), lambda each: each.name, 40),
        Column(Label("统一社会信用代码", "Credit code"), Label("现机构的代码", "Of today's bearer"),
               lambda each: each.credit_code, 24),
        Column(Label("原统一社会信用代码", "Former credit code"), Label("代码未变的为空", "Empty if it is the same"),
               lambda each: each.former_code, 24),
        Column(Label("使用起日", "Used from"), Label("空为不详", "Empty: not known"), lambda each: each.starts_on,
               14, "day"),
        Column(Label("使用止日", "Used until"), Label("空为不详", "Empty: not known"),
               lambda each: names.last_day(each)[1], 14, "day"),
        Column(Label("佐证材料", "Evidence"), Label("随备案件保存的材料名称", "Files kept with the filing"), _evidence,
               40),
        Column(Label("来源", "Source"), Label("市监部门数据或线下申报", "Market regulator or offline"),
               lambda each: SOURCES[each.source], 16),
        Column(Label("申报人", "Filed by"), Label("第一人", "The first person"),
               lambda each: each.filing.filed_by.name, 12),
        Column(Label("复核人", "Approved by"), Label("第二人", "The second person"),
               lambda each: each.filing.checked_by.name, 12),
        Column(Label("备案时间", "Filed at"), Label("复核通过的时间", "When it was approved"),
               lambda each: each.filing.checked_at, 18, "moment"),
        Column(Label("本平台备案件", "Filing"), Label("本平台的编号", "Its number here"),
               lambda each: each.filing.case.number, 18),
        Column(Label("省平台备案号", "Platform number"),
               Label("省银监平台给出，人工填写", "Given by the platform, typed"), _number, 22),
    ]  # fmt: skip
    rows = [each for each in found if names.last_day(each)[0]]
    return Sheet(
        Label("抵押权人曾用名备案清单", "Filed former names of creditors"), columns, rows,
        Label("已生效的全部曾用名", "All that are in force"),
    )  # fmt: skip


def matches(alias: Alias, wanted: str) -> bool:
    """Whether a search for this text finds it."""
    text_ = normal(wanted)
    return text_ in alias.name_norm or wanted.upper() in (alias.credit_code, alias.former_code)
