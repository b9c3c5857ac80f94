"""办件页上的记录: consultations and surveys as records, and whose number was left. Panels of the kernel's pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from qinqing.accounts.access import may_open
from qinqing.accounts.middleware import actor_of
from qinqing.cards import results, taking
from qinqing.cards.models import Use
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.lib.wallclock import now as present
from qinqing.ui.parts import FileLink


def for_officers(request: HttpRequest, case: object) -> str | None:
    """Who was there, when, what was seen or decided, with the photos."""
    assert isinstance(case, Case)
    found = list(results.records(case)) if _by_card(case) else []
    if not found:
        return None
    shown = [
        (record, [
            FileLink(f.name, reverse("cases:file", args=[case.number, f.pk]), f.size, image=f.mime.startswith("image/"))
            for f in record.files
        ])
        for record in found
    ]  # fmt: skip
    return render_to_string("cards/records.html", {"records": shown}, request=request)


def for_the_party(request: HttpRequest, case: object) -> str | None:
    """The party reads where and what was looked at and that a consultation was held; who took part is the offices'."""
    assert isinstance(case, Case)
    found = list(results.records(case)) if _by_card(case) else []
    return render_to_string("cards/records_follow.html", {"records": found}, request=request) if found else None


def whose_number(request: HttpRequest, case: object) -> str | None:
    """The card it came by, and for an unnamed matter who has the number on record: a person decides."""
    assert isinstance(case, Case)
    use = Use.objects.filter(case=case).select_related("card__unit").first()
    if use is None:
        return None
    actor = actor_of(request)
    phone = CaseFile(case, actor, present()).texts.get("phone", "") if case.party.kind == "unnamed" else ""
    context = {
        "card": use.card,
        "may_keep": may_open(actor, "cards:card_page"),
        "parties": taking.parties_with(phone),
        "may_see": may_open(actor, "directory:company"),
    }
    return render_to_string("cards/rail.html", context, request=request)


def _by_card(case: Case) -> bool:
    return case.procedure.code == taking.PROCEDURE
