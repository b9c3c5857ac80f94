"""并案在办件页上: on the pages of cases, which ones go on together. Panels of the kernel's pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from qinqing.accounts.actor import ANONYMOUS
from qinqing.accounts.middleware import actor_of
from qinqing.appeals.merging import answer_of, main_of, merged_into
from qinqing.cases import desks
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.web import stages_of
from qinqing.lib.wallclock import now as present


def behind_and_ahead(request: HttpRequest, case: object) -> str | None:
    """For officers: with which case this one goes on, and who else raised it. Links where they may open them."""
    assert isinstance(case, Case)
    main, merged = main_of(case), merged_into(case)
    if main is None and not merged:
        return None
    shown = [one.pk for one in [main, *merged] if one]
    open_to = set(desks.visible(actor_of(request)).filter(pk__in=shown).values_list("number", flat=True))
    return render_to_string(
        "appeals/merged_rail.html", {"main": main, "merged": merged, "open_to": open_to}, request=request
    )


def main_case(request: HttpRequest, case: object) -> str | None:
    """For whoever raised a merged case: how far the main case is and what was answered, not who raised it."""
    assert isinstance(case, Case)
    main = main_of(case)
    if main is None:
        return None
    now = present()
    file = CaseFile(main, ANONYMOUS, now)
    return render_to_string(
        "appeals/merged_follow.html",
        {"main": main, "file": file, "stages": stages_of(file), "answer": answer_of(file)},
        request=request,
    )
