"""导入表格: choose a kind of sheet, fill in its template, upload it, look at what it would do, confirm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.access import may_open
from qinqing.accounts.middleware import actor_of
from qinqing.directory import sheet_imports
from qinqing.directory.models import ImportBatch
from qinqing.directory.sheet_imports import BAD, CHANGED, NEW, SAME, Kind, MovedOn, Preview, Row
from qinqing.directory.sheet_reading import MOST_BYTES
from qinqing.directory.web.importing import STATES
from qinqing.lib import wallclock
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.ui import flash, sheets
from qinqing.ui.dates import local
from qinqing.ui.forms import Form, said
from qinqing.ui.sheets import Column, Sheet
from qinqing.ui.uploads import on_disk

SHOWN = 200  # rows of a preview on the page; all of them in its workbook
RESULTS = {
    BAD: Label("有误，不导入", "At fault, left out"),
    NEW: Label("新增", "New"),
    CHANGED: Label("更改", "Changed"),
    SAME: Label("不变", "The same"),
}


class Upload(Form):
    """One sheet."""

    file = forms.FileField(
        label=said(Label("表格文件", "The sheet")),
        help_text=said(
            Label("XLSX或CSV，不超过5MB，列名与模板相同", "XLSX or CSV, at most 5 MB, with the template's headers")
        ),
    )


@require_GET
def kinds(request: HttpRequest) -> HttpResponse:
    """The kinds of sheets the reader may import, and what was imported lately."""
    actor = actor_of(request)
    found = sheet_imports.kinds_for(actor)
    page = {
        "kinds": found,
        "earlier": _earlier(found),
        "may_companies": may_open(actor, "directory:import"),
    }
    return render(request, "directory/sheets.html", page)


@require_http_methods(["GET", "POST"])
def kind(request: HttpRequest, kind: str) -> HttpResponse:
    """The template, the present list, and the upload; what is uploaded is read and checked, nothing is changed."""
    actor = actor_of(request)
    found = sheet_imports.kind_of(kind, actor)
    form = Upload(request.POST, request.FILES) if request.method == "POST" else Upload()
    if form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            with on_disk(sent, MOST_BYTES) as where:
                batch = sheet_imports.upload(where, sent.name, found, actor, wallclock.now())
        except Invalid as error:
            form.refuse({"file": error.label})
        else:
            return redirect("directory:sheet_batch", batch.pk)
    page = {"kind": found, "form": form, "earlier": _earlier([found])}
    return render(request, "directory/sheet_kind.html", page, status=422 if form.is_bound else 200)


@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """The template; with `?rows=1` it holds the present list."""
    actor, now = actor_of(request), wallclock.now()
    found = sheet_imports.kind_of(kind, actor)
    rows = found.current(actor, now) if found.current and request.GET.get("rows") == "1" else ()
    return sheets.download(request, sheet_imports.template(found, rows), now)


@never_cache
@require_GET
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """What the sheet would do, or what it did."""
    return _show(request, _batch(request, batch_id))


@never_cache
@require_POST
def confirm(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Apply it. When the records moved on meanwhile, the new preview comes instead."""
    found = _batch(request, batch_id)
    try:
        sheet_imports.confirm(found.pk, request.POST.get("seen", ""), actor_of(request), wallclock.now())
    except MovedOn as problem:
        return _show(request, found, problem)
    flash.say(request, Label("已导入", "Imported"))
    return redirect("directory:sheet_batch", batch_id)


@require_POST
def drop(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Nothing of this sheet is applied."""
    found = _batch(request, batch_id)
    sheet_imports.drop(found.pk)
    flash.say(request, Label("已放弃，没有改动任何资料", "Given up; nothing was changed"), tone="amber")
    return redirect("directory:sheet_kind", found.kind)


# ── private ──


def _batch(request: HttpRequest, batch_id: int) -> ImportBatch:
    found = get_object_or_404(ImportBatch.objects.exclude(kind="companies"), pk=batch_id)
    sheet_imports.kind_of(found.kind, actor_of(request))  # refuses who may not
    return found


def _earlier(kinds: Iterable[Kind]) -> list[tuple[ImportBatch, Label, Label]]:
    named = {kind.name: kind.label for kind in kinds}
    batches = ImportBatch.objects.filter(kind__in=named).exclude(state=ImportBatch.State.DROPPED)
    return [
        (one, named[one.kind], STATES[one.state]) for one in batches.select_related("created_by").order_by("-pk")[:10]
    ]


def _show(request: HttpRequest, found: ImportBatch, trouble: MovedOn | None = None) -> HttpResponse:
    kind, now = sheet_imports.kind_of(found.kind, actor_of(request)), wallclock.now()
    page: dict[str, Any] = {"batch": found, "kind": kind, "trouble": trouble, "counts": found.report["counts"]}
    if found.state == ImportBatch.State.PREVIEW:
        checked = sheet_imports.preview(found, actor_of(request), now)
        if sheets.wanted(request):
            return sheets.download(request, _findings(checked, found), now)
        page |= _previewed(checked)
    return render(request, "directory/sheet_batch.html", page, status=trouble.status if trouble else 200)


def _previewed(checked: Preview) -> dict[str, Any]:
    """What the page shows: faults first, then what changes, then what is new."""
    labels = {column.name: column for column in checked.kind.columns}

    def shown(name: str, value: Any) -> str:
        if value is None or value == "":
            return ""
        said = labels[name].show(value)
        return f"{local(said):%Y-%m-%d %H:%M}" if hasattr(said, "hour") else str(said)  # type: ignore[arg-type]

    def summary(row: Row) -> str:
        texts = (shown(column.name, row.values.get(column.name)) for column in checked.kind.columns)
        return " · ".join(text for text in texts if text)

    def name_of(row: Row) -> str:
        return " · ".join(shown(column.name, row.values.get(column.name)) for column in checked.kind.columns[:2])

    by_status = {status: [row for row in checked.rows if row.status == status] for status in RESULTS}
    return {
        "checked": checked,
        "counts": checked.counts,
        "faults": [fault for row in by_status[BAD] for fault in row.faults][:SHOWN],
        "changes": [
            (row.number, name_of(row), labels[name].label, shown(name, old), shown(name, new))
            for row in by_status[CHANGED]
            for name, (old, new) in row.changes.items()
        ][:SHOWN],
        "fresh": [(row.number, summary(row)) for row in by_status[NEW]][:SHOWN],
        "total": len(checked.to_apply),
        "most": SHOWN,
        "longer": max(checked.counts[BAD], checked.counts[CHANGED], checked.counts[NEW]) > SHOWN,
    }


def _findings(checked: Preview, found: ImportBatch) -> Sheet:
    """Every row with its result: what to mend, and where."""
    columns = (
        Column(
            Label("行", "Row"), Label("上传文件中的行号", "As numbered in the file"), lambda x: x[0].number, 8, "number"
        ),
        Column(
            Label("结果", "Result"), Label("确认后会怎样", "What confirming does"), lambda x: RESULTS[x[0].status], 16
        ),
        Column(Label("列", "Column"), Label("有误的列", "The column at fault"), lambda x: x[1] and x[1].column, 20),
        Column(Label("值", "Value"), Label("文件中的值", "As in the file"), lambda x: x[1] and x[1].value, 30),
        Column(
            Label("如何更正", "How to mend it"),
            Label("更正后重新上传", "Mend it and upload again"),
            lambda x: x[1] and x[1].mend,
            50,
        ),
    )
    rows = [(row, fault) for row in checked.rows for fault in (row.faults or (None,))]
    label = checked.kind.label
    title = Label(f"{label.zh}核对结果", f"{label.en}, checked")
    return Sheet(title, columns, rows, Label(found.filename, found.filename))
