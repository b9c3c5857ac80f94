"""日终对账: a bank's days, and one day with every difference; as a workbook, as CSV, and uploaded as a sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.audit.services import log_read
from qinqing.directory import sheet_reading
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.directory.sheet_cells import text
from qinqing.directory.sheet_imports import InColumn, out_columns
from qinqing.lib import wallclock
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.mortgages import places, reconciling, wire
from qinqing.mortgages.models_doors import DayList
from qinqing.mortgages.reconciling import STATUSES, Pair, Result
from qinqing.mortgages.selectors_doors import bank_ids
from qinqing.mortgages.web_clerk import NoBank
from qinqing.ui import flash, sheets
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.forms import Form, both
from qinqing.ui.parts import Figure
from qinqing.ui.sheets import Column, Sheet
from qinqing.ui.uploads import on_disk

_SHOWN = 31
_LINES = 500
TONES = {"missing_here": "red", "missing_there": "red", "differs": "red", "early": "amber", "waiting": "amber"}
COLUMNS = (
    InColumn(
        "id", Label("事件编号", "Event id"), Label("报送时的事件编号", "As sent"), text(200), required=True, width=34
    ),
    InColumn(
        "certificate", Label("不动产登记证明号", "Mortgage certificate"),
        Label("冲正可不填", "May be empty of a reversal"), text(60), width=34,
    ),
)  # fmt: skip


class DayUpload(Form):
    """A bank's list of a day."""

    day = forms.DateField(label=both("日期", "Day"), widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(
        label=both("日终清单", "The day's list"),
        help_text=both("XLSX或CSV，不超过5MB，列名与模板相同", "XLSX or CSV, at most 5 MB, as in the template"),
    )


@require_GET
def days(request: HttpRequest) -> HttpResponse:
    """The lists that came, the newest day first: a bank's own, or everybody's."""
    actor, now = actor_of(request), wallclock.now()
    found = _lists(actor)
    if sheets.wanted(request):
        return sheets.download(request, _days_sheet(found), now)
    page = Paginator(found, _SHOWN).get_page(request.GET.get("page"))
    banks = places.banks_of(actor)
    context = {
        "page": page,
        "rows": _fetched(list(page.object_list)),
        "banks": [(bank, day_of(now) - timedelta(days=back)) for bank in banks for back in (0, 1)],
        "uploads": bool(bank_ids(actor)),
    }  # fmt: skip
    return render(request, "mortgages/days.html", context)


@require_GET
def day(request: HttpRequest, bank: str, day: str) -> HttpResponse:
    """One bank's day: the last list that came beside what is here; without a list, what is here."""
    actor, now = actor_of(request), wallclock.now()
    unit = _bank(actor, bank)
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise NotFound(Label("日期应如2026-09-29", "A day such as 2026-09-29")) from None
    last = reconciling.last_list(unit, on)
    result = reconciling.compare(unit, on, last.rows if last else ())
    if sheets.wanted(request):
        return sheets.download(request, _day_sheet(unit, on, result, last), now)
    if request.GET.get("format") == "csv":
        log_read(actor, "export", "mortgages:day", f"{unit.code} {on}", now)
        return _csv(unit, on, result)
    counts = result.counts
    context = {
        "bank": unit, "day": on, "last": last, "differences": result.differences if last else 0,
        "lines": [(line, TONES.get(line.status, "green")) for line in result.lines[:_LINES]],
        "more": max(0, len(result.lines) - _LINES),
        "figures": [
            Figure(label, counts[name], tone="red" if counts[name] and TONES.get(name) == "red" else "")
            for name, label in STATUSES.items()
        ],
    }  # fmt: skip
    return render(request, "mortgages/day.html", context)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The bank's list as a sheet; it is compared at once."""
    actor, now = actor_of(request), wallclock.now()
    mine = Unit.objects.filter(pk__in=bank_ids(actor)).exclude(credit_code="").order_by("pk").first()
    if mine is None:
        raise NoBank(Label("日终清单由银行上传", "A bank uploads its list"))
    form = DayUpload(request.POST or None, request.FILES or None, initial={"day": day_of(now)})
    if request.method == "POST" and form.is_valid():
        try:
            rows = _read(form.cleaned_data["file"])
            reconciling.keep(mine, form.cleaned_data["day"], rows, "file", actor.name, now)
        except Invalid as error:
            form.refuse({"file": error.label})
        except Problem as problem:
            form.refuse({"file": problem.detail})
        else:
            flash.say(
                request, Label("已对账；差异只列出，不作任何改动", "Compared; differences are listed, never applied")
            )
            return redirect("mortgages:day", mine.code, form.cleaned_data["day"].isoformat())
    context = {"form": form, "bank": mine}
    return render(request, "mortgages/day_upload.html", context, status=422 if request.method == "POST" else 200)


@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """The empty sheet of a day's list."""
    note = Label("当日报送的全部事件，含冲正", "Every event sent that day, reversals too")
    sheet = Sheet(Label("日终清单", "Day list"), out_columns(COLUMNS), (), note)
    return sheets.download(request, sheet, wallclock.now())


# ── private ──


def _lists(actor: Actor) -> list[int]:
    """Row numbers of the last list of each bank and day that the actor may see; the lists themselves may be long."""
    found = reconciling.lists()
    if not _sees_all(actor):
        found = found.filter(bank__in=places.banks_of(actor))
    last: dict[tuple[int, date], int] = {}
    for pk, bank_id, on in found.values_list("pk", "bank_id", "day"):
        last.setdefault((bank_id, on), pk)
    return list(last.values())


def _fetched(pks: Sequence[int]) -> list[tuple[DayList, Result]]:
    """The lists with their comparisons, in this order."""
    found = DayList.objects.select_related("bank").in_bulk(pks)
    return [(found[pk], _compared(found[pk])) for pk in pks]


def _sees_all(actor: Actor) -> bool:
    return "system_admin" in actor.roles or places.sees_all(actor)


def _bank(actor: Actor, code: str) -> Unit:
    found = Unit.objects.filter(code=code).exclude(credit_code="").first()
    if found is None or not (_sees_all(actor) or found in places.banks_of(actor)):
        raise NotFound(Label("没有这家银行，或不是您所在的银行", "There is no such bank, or it is not yours"))
    return found


def _compared(one: DayList) -> Result:
    return reconciling.compare(one.bank, one.day, [(a, b) for a, b in one.rows])


def _read(sent: UploadedFile[bytes]) -> tuple[Pair, ...]:
    """The rows of an uploaded list. Raises Invalid naming the first bad cell."""
    with on_disk(sent, sheet_reading.MOST_BYTES) as where:
        found = sheet_reading.read(where, where.suffix.lower(), COLUMNS, wire.MOST_LINES)
    for row in found.rows:
        for fault in row.faults:
            at = Label(f"第{row.number}行“{fault.column}”", f"Row {row.number}, {fault.column}")
            raise Invalid(f"{at.zh}：{fault.mend.zh}", f"{at.en}: {fault.mend.en}")
    return reconciling.checked(
        [(row.values["id"].strip(), (row.values.get("certificate") or "").strip()) for row in found.rows]
    )


_DAY_COLUMNS = (
    Column(Label("结果", "Result"), Label("对账结果", "What the comparison says"), lambda x: x.label, 18),
    Column(Label("事件编号", "Event id"), Label("报送时的编号", "As sent"), lambda x: x.event_id, 34),
    Column(Label("银行清单证明号", "Bank's certificate"), Label("清单所列", "As listed"), lambda x: x.theirs, 34),
    Column(Label("平台证明号", "Our certificate"), Label("平台收到的", "As received here"), lambda x: x.ours, 34),
    Column(
        Label("平台状态", "State here"), Label("waiting待处理，early先到的冲正，taken已处理", "waiting, early, taken"),
        lambda x: x.state, 12,
    ),
    Column(Label("发生日", "Happened on"), Label("平台所记", "As known here"), lambda x: x.happened_on, 14, "day"),
)  # fmt: skip


def _day_sheet(bank: Unit, on: date, result: Result, last: DayList | None) -> Sheet:
    title = Label(f"{bank.name}{on}对账", f"{bank.label.en} {on} compared")
    note = Label("银行尚未提交清单", "The bank has sent no list")
    if last is not None:
        note = Label(
            f"银行清单{len(last.rows)}笔，{last.sent_by}提交", f"A list of {len(last.rows)}, by {last.sent_by}"
        )
    return Sheet(title, _DAY_COLUMNS, result.lines, note)


def _csv(bank: Unit, on: date, result: Result) -> HttpResponse:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["status", "id", "theirs", "ours", "state", "happened_on"])
    for x in result.lines:
        row = (x.status, x.event_id, x.theirs or "", x.ours or "", x.state, str(x.happened_on or ""))
        writer.writerow([f"'{cell}" if cell[:1] in "=+-@\t" and cell else cell for cell in row])  # no formula
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{bank.code}-{on}.csv")
    return response


def _days_sheet(found: list[int]) -> Sheet:
    rows = (row for at in range(0, len(found), _SHOWN) for row in _fetched(found[at : at + _SHOWN]))
    columns = (
        Column(Label("日期", "Day"), Label("对账日", "The day compared"), lambda x: x[0].day, 14, "day"),
        Column(Label("银行", "Bank"), Label("提交清单的银行", "Whose list"), lambda x: x[0].bank.label, 34),
        Column(
            Label("清单笔数", "Listed"), Label("银行清单笔数", "By the bank"), lambda x: len(x[0].rows), 10, "number"
        ),
        Column(
            Label("差异", "Differences"), Label("不一致的笔数", "Not matched"), lambda x: x[1].differences, 10, "number"
        ),
        Column(Label("提交", "Sent by"), Label("密钥编号或人员", "Key id or person"), lambda x: x[0].sent_by, 20),
        Column(Label("提交时间", "Sent"), Label("最后一次提交", "The last time"), lambda x: x[0].sent_at, 18, "moment"),
    )
    return Sheet(Label("日终对账", "Days compared"), columns, rows, Label("全部", "All"))


paths = [
    path("mortgages/days/", days, name="days"),
    path("mortgages/days/upload/", upload, name="day_upload"),
    path("mortgages/days/template/", template, name="day_template"),
    path("mortgages/days/<str:bank>/<str:day>/", day, name="day"),
]
