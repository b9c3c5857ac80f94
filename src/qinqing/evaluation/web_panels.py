"""评价在办件页上: on the pages of a case, how it was rated and what is put right. Panels of the kernel's pages.

Units and levels are shown, never the person who handled the matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.template.loader import render_to_string

from qinqing.accounts.actor import SYSTEM
from qinqing.accounts.middleware import actor_of
from qinqing.cases import desks
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.evaluation.models import Rating
from qinqing.evaluation.rating import BAD, LEVELS
from qinqing.evaluation.selectors import RECTIFICATION, suggestion_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import now as present
from qinqing.ui.parts import Clock


@dataclass(frozen=True, slots=True)
class Shown:
    """One rating as pages show it."""

    level: Label
    tone: str
    at: datetime
    suggestion: str
    aside: bool
    settled: bool
    earlier: bool  # of a closing before the present one


@dataclass(frozen=True, slots=True)
class Righted:
    """One rectification as the party and officers see it from the case it comes from."""

    case: Case
    stage: Label
    clock: Clock
    opens: bool  # the reader may open it


def shown(file: CaseFile) -> list[Shown]:
    """All ratings of the case, the latest first."""
    found = Rating.objects.filter(case=file.case).order_by("-round")
    return [
        Shown(
            LEVELS[one.level],
            "amber" if one.level in BAD else "green",
            one.rated_at,
            suggestion_of(file, one),
            one.set_aside_at is not None,
            one.settled_at is not None,
            file.case.closed_at is None or one.round != file.case.round,
        )
        for one in found
    ]


def origin(request: HttpRequest, case: object) -> str | None:
    """On a rectification's page: what is to be put right, and where it comes from."""
    assert isinstance(case, Case)
    if _code(case) != RECTIFICATION:
        return None
    file = CaseFile(case, SYSTEM, present())
    source = file.spec.fields["source"].choices.get(file.state.fields.get("source", ""), Label("", ""))
    before = case.predecessor
    opens = before is not None and desks.visible(actor_of(request)).filter(pk=before.pk).exists()
    context = {"problem": file.texts.get("problem", ""), "source": source, "before": before, "opens": opens}
    return render_to_string("evaluation/panel_origin.html", context, request=request)


def for_officers(request: HttpRequest, case: object) -> str | None:
    """On any case's page: the ratings, and what was opened to put it right."""
    assert isinstance(case, Case)
    file = CaseFile(case, SYSTEM, present())
    ratings, righted = shown(file), _righted(file, desks.visible(actor_of(request)).values_list("pk", flat=True))
    if not ratings and not righted:
        return None
    context = {"ratings": ratings, "righted": righted}
    return render_to_string("evaluation/panel_officers.html", context, request=request)


def for_the_party(request: HttpRequest, case: object) -> str | None:
    """For whoever holds the receipt: what they rated, and the rectification, with the page to follow and rate it."""
    assert isinstance(case, Case)
    file = CaseFile(case, SYSTEM, present())
    ratings = shown(file)
    righted = [one for one in _righted(file, None) if one.case.party_id == case.party_id]
    before = case.predecessor if _code(case) == RECTIFICATION else None
    if before is not None and before.party_id != case.party_id:
        before = None
    if not (ratings or righted or before):
        return None
    problem = file.texts.get("problem", "") if before else ""
    context = {"ratings": ratings, "righted": righted, "before": before, "problem": problem}
    return render_to_string("evaluation/panel_party.html", context, request=request)


def _righted(file: CaseFile, open_to: object) -> list[Righted]:
    """`open_to`: ids of the cases the reader may open; None: all."""
    found = Case.objects.filter(predecessor=file.case, procedure__code=RECTIFICATION).order_by("-pk")
    allowed = None if open_to is None else set(found.filter(pk__in=open_to).values_list("pk", flat=True))  # type: ignore[misc]
    files = [CaseFile(one, SYSTEM, file.now) for one in found]
    return [
        Righted(each.case, each.stage_label, each.clock, allowed is None or each.case.pk in allowed) for each in files
    ]


def _code(case: Case) -> str:
    return case.procedure.code
