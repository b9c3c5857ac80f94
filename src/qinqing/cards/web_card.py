"""扫码后的页面: what somebody sees who scans a card, without signing in. One question, one box, one receipt.

Reports on officials' conduct are sent to the inspectors' own channel, and nothing of them is kept here: not in a table,
not in a log, not in a file.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from qinqing.accounts.middleware import actor_of, address_of
from qinqing.cards import photos, taking, tokens
from qinqing.cards.channels import channels
from qinqing.cards.models import Card, Use
from qinqing.cards.taking import Limited, OutOfUse, Said
from qinqing.cases import blobs, shelf
from qinqing.cases.calendars import current
from qinqing.cases.procedure import Procedure
from qinqing.directory.phones import check_phone
from qinqing.lib.identifiers import Invalid as InvalidNumber
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.lib.workdays import Budget, due_at
from qinqing.ui.errors import NotFound, Problem
from qinqing.ui.forms import Form, LongText, both, choices, said

QUICKEST = 3  # seconds from page to sending: no person reads and writes in less
_STAMP = "cards.page"
LARGEST_MB = blobs.LARGEST // 1024 // 1024


def spec() -> Procedure:
    """The card's procedure as in force."""
    return shelf.by_id(shelf.current_id(taking.PROCEDURE))


class CardForm(Form):
    """What somebody says. The photos are read by the view: the form only carries their error."""

    kind = forms.ChoiceField(label=both("哪一类", "What kind"), widget=forms.RadioSelect)
    text = LongText(
        Label("说说情况", "What is it about"), 1000, rows=5,
        help_text=both("时间、地点、找过谁，写一句也行", "When, where, whom you asked: one sentence will do"),
    )  # fmt: skip
    photos = forms.FileField(label=both("照片", "Photos"), required=False)
    visitor = forms.CharField(label=both("怎么称呼您", "Your name"), max_length=40, required=False)
    phone = forms.CharField(label=both("手机或固定电话", "Telephone"), max_length=30, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = spec().fields["kind"].choices
        order = ("difficulty", "blockage", "suggestion")
        self.fields["kind"].choices = choices((name, kinds[name]) for name in order)  # type: ignore[attr-defined]
        self.fields["text"].widget.attrs["required"] = True
        for name, more in {
            "visitor": {"autocomplete": "name"},
            "phone": {"autocomplete": "tel", "inputmode": "tel"},
        }.items():
            self.fields[name].widget.attrs.update(more)

    def clean_phone(self) -> str:
        typed = str(self.cleaned_data.get("phone") or "").strip()
        if not typed:
            return ""
        try:
            return check_phone(typed)
        except InvalidNumber as invalid:
            raise forms.ValidationError(said(invalid.label)) from None


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def card(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the QR code; sending gives a receipt."""
    now = present()
    found = taking.card_of(token)
    if found is None:
        return _closed(request, None, NotFound(_UNKNOWN), now)
    if request.method == "POST" and request.POST.get("conduct") == "yes":
        return _to_the_inspectors(request, found)
    try:
        taking.check_in_use(found, now)
        if request.method == "POST":
            return _send(request, found, now)
    except OutOfUse as problem:
        return _closed(request, found, problem, now)
    return _show(request, found, CardForm(), now)


_UNKNOWN = Label(
    "这张卡的二维码无法识别，可能已损坏或不是本平台发的卡。",
    "This code is not known here: it may be damaged, or of another platform.",
)


def _send(request: HttpRequest, found: Card, now: datetime) -> HttpResponse:
    form = CardForm(request.POST)
    whole = form.is_valid()
    refused = _before_sending(request, now)
    if not whole or refused:
        return _show(request, found, form, now, note=refused, status=422)
    try:
        taking.check_limits(found, address_of(request), now)
        files = tuple(blobs.store(photo) for photo in _photos(request))
        sent = Said(
            form.cleaned_data["kind"], form.cleaned_data["text"], form.cleaned_data["visitor"],
            form.cleaned_data["phone"], files,
        )  # fmt: skip
        case = taking.take(found.pk, sent, actor_of(request), address_of(request), _key(request), now)
    except Limited as limited:
        return _show(request, found, form, now, limited=limited, status=limited.status)
    except OutOfUse:
        raise
    except blobs.BadFile as bad:
        form.refuse({"photos": _again(bad.detail)})
        return _show(request, found, form, now, status=bad.status)
    except Problem as problem:
        form.refuse(problem.fields or {"": problem.detail})
        return _show(request, found, form, now, status=problem.status)
    return redirect("cards:receipt", code=case.receipt_code)


def _before_sending(request: HttpRequest, now: datetime) -> Label | None:
    """What stops programs and not people: pressing once more is all it takes."""
    if request.POST.get("conduct") != "no":
        return Label("请先回答第一个问题。", "Please answer the first question.")
    if request.POST.get("homepage"):
        return Label(
            "浏览器自动填了一个不该填的格，现已清空，请再点一次“提交”。",
            "Your browser filled in a box that must stay empty. It is cleared; press Send once more.",
        )
    if now.timestamp() - _shown_at(request) < QUICKEST:
        return Label("提交得太快，请核对一遍，再点一次“提交”。", "That was very quick. Check it and press Send again.")
    return None


def _shown_at(request: HttpRequest) -> float:
    """When the page was first shown; now, when the page does not say so itself."""
    try:
        return float(signing.loads(request.POST.get("shown", ""), salt=_STAMP))
    except (signing.BadSignature, TypeError, ValueError):
        return present().timestamp()


def _key(request: HttpRequest) -> str:
    sent = request.POST.get("key", "")
    return sent if re.fullmatch("[0-9a-f]{32}", sent) else uuid.uuid4().hex


def _photos(request: HttpRequest) -> list[photos.Photo]:
    """All photos, checked before any is stored. Raises BadFile."""
    sent = [one for one in request.FILES.getlist("photos") if isinstance(one, UploadedFile)]
    if len(sent) > taking.MOST_PHOTOS:
        most = taking.MOST_PHOTOS
        raise blobs.BadFile(Label(f"最多{most}张，现有{len(sent)}张", f"At most {most} photos; you chose {len(sent)}"))
    read = []
    for one in sent:
        if (one.size or 0) > blobs.LARGEST:
            raise blobs.BadFile(Label(f"“{one.name}”超过{LARGEST_MB}MB", f"“{one.name}” is over {LARGEST_MB} MB"))
        content = one.read()
        if not photos.is_photo(content):
            raise blobs.BadFile(
                Label(f"“{one.name}”不是照片（JPG、PNG、WEBP）", f"“{one.name}” is no photo (JPG, PNG, WEBP)")
            )
        read.append(photos.without_traces(one.name, content))
    return read


def _again(why: Label) -> Label:
    return Label(f"{why.zh}。请重新选择照片；文字已保留。", f"{why.en}. Choose the photos again; your text is kept.")


def _show(
    request: HttpRequest,
    found: Card,
    form: CardForm,
    now: datetime,
    *,
    note: Label | None = None,
    limited: Limited | None = None,
    status: int = 200,
) -> HttpResponse:
    known = channels(settings.COUNTY)
    context = {
        "card": found, "form": form, "note": note, "limited": limited, "conduct": known.conduct, "doors": known.doors,
        "answer": request.POST.get("conduct", ""), "key": _key(request), "promise": promise(), "now": now,
        "most": taking.MOST_PHOTOS, "photos_lost": bool(request.FILES) and not form["photos"].errors,
        "shown": signing.dumps(_shown_at(request), salt=_STAMP),
    }  # fmt: skip
    return render(request, "cards/card.html", context, status=status)


def _to_the_inspectors(request: HttpRequest, found: Card) -> HttpResponse:
    """What was written goes back to the phone it came from, to be copied, and nowhere else."""
    known = channels(settings.COUNTY)
    context = {"card": found, "conduct": known.conduct, "typed": request.POST.get("text", "")[:5000]}
    return render(request, "cards/conduct.html", context)


def _closed(request: HttpRequest, found: Card | None, problem: Problem, now: datetime) -> HttpResponse:
    known = channels(settings.COUNTY)
    context = {
        "card": found, "problem": problem, "doors": known.doors, "conduct": known.conduct, "now": now,
        "title": problem.title if found else Label("没有这张卡", "No such card"),
        "typed": request.POST.get("text", "")[:5000],
    }  # fmt: skip
    return render(request, "cards/closed.html", context, status=problem.status)


def promise() -> Mapping[str, Label]:
    """The limits that the procedure in force gives: for sorting, for the answer."""
    return {"sort": _limit(spec(), "intake").text, "answer": _limit(spec(), "handling").text}


def address_of_card(found: Card) -> str:
    """Of the page behind the code; empty where the installation's key was changed: nobody can make its token again."""
    token = tokens.token_of(found.nonce)
    return reverse("cards:card", args=[token]) if tokens.hash_of(token) == found.token_hash else ""


def _limit(procedure: Procedure, stage: str) -> Budget:
    clock = procedure.stages[stage].clock
    assert clock  # the checker lets no stage in without one
    return clock.limits[""]


@require_GET
def receipt(request: HttpRequest, code: str) -> HttpResponse:
    """回执: the code, large, and what happens next by when."""
    use = Use.objects.filter(case__receipt_code=code.upper()).select_related("case", "card__unit__parent").first()
    if use is None:
        raise NotFound(Label("没有这个回执码，请核对", "No such receipt code; check it"))
    follow = reverse("cases:follow", args=[use.case.receipt_code])
    answer_by = None
    if use.case.stage == "intake" and use.case.due_at:
        answer_by, _ = due_at(use.case.due_at, _limit(shelf.by_id(use.case.procedure_id), "handling"), current())
    context = {
        "case": use.case, "card": use.card, "follow": follow, "address": request.build_absolute_uri(follow),
        "code": f"{use.case.receipt_code[:5]}-{use.case.receipt_code[5:]}", "answer_by": answer_by,
        "again": address_of_card(use.card),
    }  # fmt: skip
    return render(request, "cards/receipt.html", context)
