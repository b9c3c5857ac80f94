"""督办在办件页上: letters and instructions beside the case they are about, the case beside them; the backstop's basis,
explanation and other ways for the party. Panels of the kernel's pages.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from qinqing.accounts.middleware import actor_of
from qinqing.cases import desks
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.rows import rows_of
from qinqing.lib.wallclock import now as present
from qinqing.supervision.backstop import STAGE, lines
from qinqing.supervision.models import Backstop
from qinqing.supervision.papers import INSTRUCTION, KINDS, LETTER, paper_number
from qinqing.supervision.printing import unit_name


def beside(request: HttpRequest, case: object) -> str | None:
    """On a case's rail: the letters and instructions about it. Links where the reader may open them."""
    assert isinstance(case, Case)
    about = Case.objects.filter(predecessor=case.pk, procedure__code__in=KINDS).select_related("party", "lead")
    found = list(about.order_by("-pk"))
    if not found:
        return None
    open_to = set(
        desks.visible(actor_of(request)).filter(pk__in=[one.pk for one in found]).values_list("pk", flat=True)
    )
    rows = [(row, paper_number(row.case.number), row.case.pk in open_to) for row in rows_of(found, present())]
    return render_to_string("supervision/beside.html", {"rows": rows}, request=request)


def paper(request: HttpRequest, case: object) -> str | None:
    """On the page of a letter or an instruction: its words, and the case it is about."""
    assert isinstance(case, Case)
    file = CaseFile(case, actor_of(request), present())
    if file.spec.code not in KINDS:
        return None
    about = case.predecessor
    seen = about is not None and desks.visible(file.actor).filter(pk=about.pk).exists()
    return render_to_string(
        "supervision/paper.html",
        {
            "file": file, "case": case, "number": paper_number(case.number), "about": about, "seen": seen,
            "is_letter": file.spec.code == LETTER, "is_instruction": file.spec.code == INSTRUCTION,
            "addressee": unit_name(file, "lead"), "sender": unit_name(file, "issuer"), "texts": file.texts,
            "about_closed": bool(about and about.closed_at and not case.closed_at),
        },
        request=request,
    )  # fmt: skip


def backstop_main(request: HttpRequest, case: object) -> str | None:
    """For officers, from the decision on: the number, the three working days, and what this does not start."""
    assert isinstance(case, Case)
    found = Backstop.objects.filter(case=case.pk).select_related("case").first()
    if found is None:
        return None
    line = lines([found], present())[0]
    return render_to_string("supervision/backstop_main.html", {"line": line, "case": case}, request=request)


def backstop_follow(request: HttpRequest, case: object) -> str | None:
    """For the party: on what basis, the explanation, and where else to turn."""
    assert isinstance(case, Case)
    if case.stage != STAGE:
        return None
    file = CaseFile(case, actor_of(request), present())
    if not Backstop.objects.filter(case=case.pk).exists():
        return None
    shown = {name: file.texts.get(name, "") for name in ("legal_basis", "explanation", "other_ways")}
    return render_to_string("supervision/backstop_follow.html", {"case": case, **shown}, request=request)
