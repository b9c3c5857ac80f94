"""The joint acceptance as a viewflow flow. Imported by viewflow itself, once Django is set up."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from viewflow import this
from viewflow.workflow import flow, lock

from bench.joint import NOTE


def no_page(request: HttpRequest, **values: Any) -> HttpResponse:
    """Tasks are driven without their pages."""
    return HttpResponse()


class JointFlow(flow.Flow):  # type: ignore[misc]
    """Its lock is the one viewflow recommends for databases; on SQLite the IMMEDIATE transaction does that work."""

    lock_impl = lock.select_for_update_lock

    receive = flow.StartHandle(this.received).Next(this.intake)
    intake = flow.View(no_page).Next(this.triage)
    triage = flow.View(no_page).Next(this.split)
    split = (
        flow.Split()
        .Next(this.opinion_1)
        .Next(this.opinion_2)
        .Next(this.opinion_3)
        .Next(this.opinion_4)
        .Next(this.opinion_5)
    )
    opinion_1 = flow.View(no_page).Next(this.join)
    opinion_2 = flow.View(no_page).Next(this.join)
    opinion_3 = flow.View(no_page).Next(this.join)
    opinion_4 = flow.View(no_page).Next(this.join)
    opinion_5 = flow.View(no_page).Next(this.join)
    join = flow.Join().Next(this.survey)
    survey = flow.View(no_page).Next(this.certificate)
    certificate = flow.View(no_page).Next(this.filing)
    filing = flow.View(no_page).Next(this.end)
    end = flow.End()

    def received(self, activation: Any) -> Any:
        activation.process.data = {"note": NOTE}
        return activation.process
