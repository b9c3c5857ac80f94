"""文件报送: a bank's clerk downloads the template, uploads the filled sheet, sees what it says, hands it on."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.middleware import actor_of
from qinqing.directory.sheet_reading import MOST_BYTES
from qinqing.lib import wallclock
from qinqing.lib.identifiers import Invalid
from qinqing.mortgages import drops
from qinqing.mortgages.web_clerk import own_bank
from qinqing.ui import sheets
from qinqing.ui.forms import Form, both
from qinqing.ui.uploads import on_disk


class Upload(Form):
    """One sheet."""

    file = forms.FileField(
        label=both("表格文件", "The sheet"),
        help_text=both(
            "XLSX或CSV，不超过5MB，列名与模板相同", "XLSX or CSV, at most 5 MB, with the template's headers"
        ),
    )


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The template and the upload; what is uploaded is read and shown, nothing is sent."""
    actor, now = actor_of(request), wallclock.now()
    bank = own_bank(actor)
    form = Upload(request.POST, request.FILES) if request.method == "POST" else Upload()
    if form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            with on_disk(sent, MOST_BYTES) as where:
                made = drops.upload(actor, bank, where, sent.name, now)
        except Invalid as error:
            form.refuse({"file": error.label})
        else:
            return redirect("mortgages:entry", made.pk)
    context = {"form": form, "bank": bank, "columns": drops.COLUMNS, "most": drops.MOST_ROWS}
    return render(request, "mortgages/upload.html", context, status=422 if form.is_bound else 200)


@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """The empty sheet."""
    return sheets.download(request, drops.template(), wallclock.now())


paths = [
    path("mortgages/upload/", upload, name="upload"),
    path("mortgages/upload/template/", template, name="upload_template"),
]
