"""备案件的页面 (B6, B7): one filing with its evidence and both people, for who filed it and who checks it; its lines on
the case page; and the field for evidence that every filing has."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from qinqing.accounts.actor import Actor
from qinqing.accounts.middleware import actor_of
from qinqing.cases import blobs
from qinqing.cases.blobs import StoredFile
from qinqing.cases.models import Case
from qinqing.lib.labels import Label
from qinqing.mortgages import cleaning, filing, names, places
from qinqing.mortgages.models_names import Filing
from qinqing.ui import parts
from qinqing.ui.attachments import attachment
from qinqing.ui.errors import NotFound
from qinqing.ui.forms import ManyFiles, both

SHOWN_LINES = 200


def evidence_field() -> forms.Field:
    """佐证材料, as every filing asks for it. What was chosen is checked when it is stored (`stored`)."""
    return forms.Field(
        label=both("佐证材料", "Evidence"), required=False, widget=ManyFiles(),
        help_text=both(
            "变更登记通知书、批复、授权书等，至少一件，每件不超过20MB",
            "Certificates of the change, approvals or papers; at least one, each at most 20 MB",
        ),
    )  # fmt: skip


def stored(request: HttpRequest) -> list[StoredFile]:
    """The evidence that came with the form. Raises BadFile."""
    return [blobs.store(each) for each in request.FILES.getlist("files")[: filing.MOST_FILES]]


@require_GET
def filed(request: HttpRequest, number: str) -> HttpResponse:
    """One filing: what is filed, its evidence, both people; once in force, the releases that waited for it."""
    found = _filing(request, number)
    actor = actor_of(request)
    waiting = []
    if found.kind == filing.Kind.ALIAS and found.state == filing.State.IN_FORCE:
        waiting = cleaning.ready_again([line["name"] for line in found.lines])
    return render(request, "mortgages/filing.html", {
        "filing": found, "lines": found.lines[:SHOWN_LINES], "more": max(0, len(found.lines) - SHOWN_LINES),
        "called": names.present(), "files": files_of(found), "waiting": waiting, "registry": places.is_registry(actor),
        "of_names": found.kind in {filing.Kind.ALIAS, filing.Kind.ALIAS_END},
    })  # fmt: skip


@require_GET
def filed_file(request: HttpRequest, number: str, file_id: int) -> HttpResponseBase:
    """佐证材料, as a download unless it is an image or PDF."""
    found = next((each for each in filing.evidence_of(_filing(request, number)) if each.pk == file_id), None)
    if found is None:
        raise NotFound(Label("没有这个附件", "There is no such attachment"))
    return attachment(blobs.path(found.sha256), found.name, found.mime)


def open_filings(actor: Actor, kinds: tuple[str, ...]) -> list[Filing]:
    """Those being checked that the actor may see, the latest first."""
    found = Filing.objects.filter(kind__in=kinds, state=filing.State.OPEN).select_related("case", "filed_by", "unit")
    return [each for each in found.order_by("-filed_at") if filing.may_see(actor, each)]


def files_of(found: Filing) -> list[parts.FileLink]:
    """Its evidence as links."""
    return [
        parts.FileLink(
            each.name, reverse("mortgages:filing_file", args=[found.case.number, each.pk]), each.size,
            image=each.mime.startswith("image/"),
        )
        for each in filing.evidence_of(found)
    ]  # fmt: skip


def filing_panel(request: HttpRequest, case: object) -> str | None:
    """On the case page of a filing: what is filed, for who checks it."""
    assert isinstance(case, Case)
    found = Filing.objects.filter(case=case).select_related("unit", "filed_by").first()
    if found is None or actor_of(request).kind != "officer":
        return None
    context = {
        "filing": found, "lines": found.lines[:SHOWN_LINES], "more": max(0, len(found.lines) - SHOWN_LINES),
        "called": names.present(), "of_names": found.kind in {filing.Kind.ALIAS, filing.Kind.ALIAS_END},
    }  # fmt: skip
    return render_to_string("mortgages/filing_panel.html", context, request=request)


# ── private ──


def _filing(request: HttpRequest, number: str) -> Filing:
    found = Filing.objects.filter(case__number=number).select_related("case", "unit", "filed_by", "checked_by").first()
    if found is None or not filing.may_see(actor_of(request), found):
        raise NotFound(
            Label(f"没有备案件{number}，或不在您的查阅范围", f"No filing {number}, or it is not yours to see")
        )
    return found


paths = [
    path("mortgages/filings/<str:number>/", filed, name="filing"),
    path("mortgages/filings/<str:number>/files/<int:file_id>/", filed_file, name="filing_file"),
]
