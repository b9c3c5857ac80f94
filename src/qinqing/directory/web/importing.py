"""导入企业: upload, look at what would happen, confirm, watch it being done by the worker."""

from __future__ import annotations

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.accounts.models import User
from qinqing.directory import imports
from qinqing.directory.company_rows import field_labels
from qinqing.directory.models import ImportBatch
from qinqing.lib import wallclock
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.ui import flash
from qinqing.ui.errors import Invalid as InvalidEntries
from qinqing.ui.errors import NotFound
from qinqing.ui.figures import money
from qinqing.ui.forms import Form, said
from qinqing.ui.uploads import on_disk

MOST_BYTES = 100_000_000
COMPANIES = ImportBatch.objects.filter(kind="companies")  # other kinds: sheets.py


class Upload(Form):
    """One table of companies."""

    file = forms.FileField(
        label=said(Label("企业名单", "Table of companies")),
        help_text=said(Label("CSV或XLSX，不超过100MB；列名在首行", "CSV or XLSX, at most 100 MB, headers first")),
    )


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; what it holds is read and checked, nothing is changed."""
    form = Upload(request.POST, request.FILES) if request.method == "POST" else Upload()
    if form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            with on_disk(sent, MOST_BYTES) as where:
                user = User.objects.filter(pk=actor_of(request).user_id or 0).first()
                batch = imports.preview(where, sent.name, wallclock.now(), user=user)
        except Invalid as error:
            form.refuse({"file": error.label})
        else:
            return redirect("directory:import_batch", batch.pk)
    earlier = COMPANIES.exclude(state=ImportBatch.State.DROPPED).select_related("created_by").order_by("-pk")
    page = {"form": form, "earlier": [(one, STATES[one.state]) for one in earlier[:10]]}
    return render(request, "directory/import.html", page, status=422 if form.is_bound else 200)


@never_cache
@require_GET
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The preview of a batch, or how far it has come; htmx asks again while it runs."""
    return render(request, "directory/import_batch.html", _page(get_object_or_404(COMPANIES, pk=batch_id)))


@require_POST
def columns(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Read the same file with other columns: `column-<n>` names the fact, `clear-<n>` lets empty cells erase."""
    found = get_object_or_404(COMPANIES, pk=batch_id)
    mapping = {}
    for index, name in enumerate(imports.header_of(found)):
        if name and (target := request.POST.get(f"column-{index}", "-")):
            mapping[name] = f"{target}!clear" if request.POST.get(f"clear-{index}") and target != "-" else target
    try:
        imports.recheck(batch_id, mapping, wallclock.now())
    except Invalid as error:
        raise InvalidEntries(error.label) from error
    return redirect("directory:import_batch", batch_id)


@require_POST
def confirm(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The worker applies the rows without fault from now on."""
    imports.confirm(get_object_or_404(COMPANIES, pk=batch_id).pk, wallclock.now())
    return redirect("directory:import_batch", batch_id)


@require_POST
def drop(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Nothing of this file is applied."""
    imports.drop(get_object_or_404(COMPANIES, pk=batch_id).pk, wallclock.now())
    flash.say(request, Label("已放弃，名录未作改动", "Given up; the directory is unchanged"), tone="amber")
    return redirect("directory:import")


@require_GET
def faults(request: HttpRequest, batch_id: int) -> FileResponse:
    """Every bad cell, as a CSV."""
    path = imports.faults_file(get_object_or_404(COMPANIES, pk=batch_id))
    if not path.exists():
        raise NotFound(Label("这一批的错误清单已删除", "The list of faults of this import was removed"))
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"faults-{batch_id}.csv")


STATES = {
    ImportBatch.State.PREVIEW.value: Label("待确认", "Waiting for confirmation"),
    ImportBatch.State.RUNNING.value: Label("导入中", "Running"),
    ImportBatch.State.DONE.value: Label("已导入", "Done"),
    ImportBatch.State.DROPPED.value: Label("已放弃", "Given up"),
}


def _page(found: ImportBatch) -> dict[str, object]:
    labels, report = field_labels(), found.report
    used = {name: target.partition("!") for name, target in found.mapping.items()}
    facts = {
        **labels,
        "revenue_fen": Label("营业收入（分）", "Revenue (fen)"),
        "assets_fen": Label("资产总额（分）", "Assets (fen)"),
    }
    return {
        "batch": found,
        "percent": 100 if not found.total else found.done * 100 // found.total,
        "counts": report["counts"],
        "fields": labels.items(),
        "columns": [
            (index, name, *used.get(name, ("", "", ""))[::2]) for index, name in enumerate(report["header"]) if name
        ],
        "changed_fields": [(facts[name], rows) for name, rows in report["changed_fields"].items()],
        "changes": [_change(change, facts[change["field"]]) for change in report["changes"]],
        "faults": [(fault, Label(**fault["mend"])) for fault in report["faults"]],
    }


def _change(change: dict[str, str], label: Label) -> dict[str, object]:
    """One example of a change as it is shown: money in yuan."""
    shown = {side: change[side] or "—" for side in ("old", "new")}
    if change["field"].endswith("_fen"):
        shown = {side: str(money(int(change[side]) if change[side] else None)) for side in shown}
    return {**change, **shown, "label": label}
