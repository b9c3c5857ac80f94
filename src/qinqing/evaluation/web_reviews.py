"""办件复盘会 (Y5): recorded with what it decided; each decision is a rectification with an owner and a clock."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from qinqing.accounts.middleware import actor_of
from qinqing.cases.actform import units
from qinqing.cases.models import Case
from qinqing.cases.refusals import Incomplete
from qinqing.evaluation import services
from qinqing.evaluation.calls import Line, lines
from qinqing.evaluation.models import Review
from qinqing.evaluation.months import Month
from qinqing.evaluation.rating import BAD
from qinqing.evaluation.selectors import draw_of
from qinqing.evaluation.services import ToDo
from qinqing.evaluation.web_month import decisions, month_of
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.lib.wallclock import now as present
from qinqing.ui.errors import NotFound
from qinqing.ui.flash import say
from qinqing.ui.forms import Form, LongText, both
from qinqing.ui.menu import may_open

DAY = "%Y-%m-%d"  # what browsers send and read, in every language
PLACES = 3  # decisions on the form; more are added on the meeting's page


class ToDoForm(Form):
    """One decision; empty rows are left out."""

    problem = LongText(Label("须整改的问题", "What is to be put right"), 1000, rows=2, required=False)
    unit = django_forms.ChoiceField(label=both("责任单位", "Unit"), choices=(), required=False)
    case = django_forms.ChoiceField(label=both("涉及办件", "Of which case"), choices=(), required=False)

    def __init__(self, data: object, discussed: Iterable[tuple[int, str]], place: int) -> None:
        super().__init__(data, prefix=str(place))
        self.place = place
        self.fields["unit"].choices = [("", "—"), *units()]  # type: ignore[attr-defined]
        none = str(Label("不涉及具体办件", "None in particular"))
        self.fields["case"].choices = [("", none), *((str(pk), text) for pk, text in discussed)]  # type: ignore[attr-defined]

    @property
    def filled(self) -> bool:
        return any(str(self[name].value() or "").strip() for name in ("problem", "unit"))

    def to_do(self) -> ToDo:
        """As typed; the service says what is wrong."""
        unit, case = (str(self[name].value() or "") for name in ("unit", "case"))
        return ToDo(str(self["problem"].value() or ""), _whole(unit), _whole(case))


class ReviewForm(Form):
    held_on = django_forms.DateField(
        label=both("会议日期", "Date of the meeting"), input_formats=[DAY],
        widget=django_forms.DateInput(attrs={"type": "date"}, format=DAY),
    )  # fmt: skip
    attendees = django_forms.CharField(label=both("参加人员", "Who took part"), max_length=500)
    minutes = LongText(Label("会议情况", "Minutes"), 5000, rows=6)
    cases = django_forms.MultipleChoiceField(
        label=both("复盘的办件", "Cases discussed"), choices=(), required=False,
        widget=django_forms.CheckboxSelectMultiple,
    )  # fmt: skip
    nothing_to_do = django_forms.BooleanField(
        label=both("没有需要整改的事项", "There is nothing to put right"), required=False
    )


@require_http_methods(["GET", "POST"])
def record(request: HttpRequest, month: str) -> HttpResponse:
    """记录复盘会."""
    shown, now = month_of(month), present()
    drawn = draw_of(shown)
    found = lines(drawn, actor_of(request)) if drawn else []
    discussed = [(line.case.pk, f"{line.case.number} {line.case.title}") for line in _first(found)]
    posted = request.POST if request.method == "POST" else None
    form = ReviewForm(posted, initial={"held_on": now.astimezone(CHINA).date(), "cases": _worth(found)})
    form.fields["cases"].choices = [(str(pk), text) for pk, text in discussed]  # type: ignore[attr-defined]
    rows = [ToDoForm(posted, discussed, place) for place in range(PLACES)]
    key = request.POST.get("key") or uuid.uuid4().hex
    status = 200
    if posted is not None:
        form.is_valid()
        filled = [row for row in rows if row.filled]
        try:
            review = _hold(request, shown, now, form, filled, key)
        except Incomplete as problem:
            _tell(form, filled, problem)
            status = 422
        else:
            say(request, Label("复盘会已记录", "The meeting is recorded"))
            return redirect("evaluation:review", month=str(shown), review_id=review.pk)
    context = {"month": shown, "form": form, "rows": rows, "key": key, "discussed": discussed}
    return render(request, "evaluation/review_new.html", context, status=status)


def _first(found: list[Line]) -> list[Line]:
    """Those worth talking about first."""
    return sorted(found, key=lambda line: (str(line.case.pk) not in _worth(found), line.place))


def _worth(found: list[Line]) -> list[str]:
    """Not content on the phone, or rated badly: proposed for the meeting."""
    return [
        str(line.case.pk)
        for line in found
        if line.content == "no" or (line.rating and line.rating.level in BAD and not line.rating.set_aside_at)
    ]


def _hold(
    request: HttpRequest, shown: Month, now: datetime, form: ReviewForm, rows: list[ToDoForm], key: str
) -> Review:
    held_on = form.cleaned_data.get("held_on")
    return services.hold_review(
        shown, actor_of(request), now, held_on=held_on if isinstance(held_on, date) else None,
        attendees=request.POST.get("attendees", ""), minutes=request.POST.get("minutes", "").replace("\r\n", "\n"),
        case_ids=[int(pk) for pk in form.cleaned_data.get("cases", [])], to_do=[row.to_do() for row in rows],
        nothing_to_do=bool(form.cleaned_data.get("nothing_to_do")), key=key,
    )  # fmt: skip


def _tell(form: Form, rows: list[ToDoForm], problem: Incomplete) -> None:
    """Every fault beside its field."""
    form.errors.clear()
    form.refuse({name: text for name, text in problem.fields.items() if "-" not in name})
    for index, row in enumerate(rows):
        row.is_valid()
        row.errors.clear()
        named = {name: problem.fields.get(f"{name}-{index}") for name in ("problem", "unit")}
        row.refuse({name: text for name, text in named.items() if text})


@require_GET
def review(request: HttpRequest, month: str, review_id: int) -> HttpResponse:
    """One meeting, with how its decisions stand."""
    return _show(request, _found(month, review_id), month_of(month), None)


@require_POST
def decide(request: HttpRequest, month: str, review_id: int) -> HttpResponse:
    """追加议定事项."""
    shown, found = month_of(month), _found(month, review_id)
    row = ToDoForm(request.POST, _discussed(found), 0)
    key = request.POST.get("key") or uuid.uuid4().hex
    try:
        made = services.add_decision(found, row.to_do(), actor_of(request), present(), key)
    except Incomplete as problem:
        _tell(Form(), [row], problem)
        return _show(request, found, shown, row, status=422)
    number = made.rectification.number
    say(request, Label(f"已立整改件{number}", f"Rectification {number} is open"))
    return redirect("evaluation:review", month=str(shown), review_id=found.pk)


def _found(month: str, review_id: int) -> Review:
    found = Review.objects.filter(pk=review_id, month=month_of(month).first).first()
    if found is None:
        raise NotFound(Label("没有这次复盘会", "There is no such meeting"))
    return found


def _discussed(found: Review) -> list[tuple[int, str]]:
    cases: Iterable[Case] = found.cases.order_by("number")
    return [(case.pk, f"{case.number} {case.title}") for case in cases]


def _show(
    request: HttpRequest, found: Review, shown: Month, row: ToDoForm | None, *, status: int = 200
) -> HttpResponse:
    now = present()
    context = {
        "month": shown, "review": found, "cases": found.cases.order_by("number"), "righted": decisions(found, now),
        "row": row or ToDoForm(None, _discussed(found), 0), "key": uuid.uuid4().hex, "now": now,
        "may_write": may_open(actor_of(request), "evaluation:review_decision"),
    }  # fmt: skip
    return render(request, "evaluation/review.html", context, status=status)


def _whole(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 19 else None
