"""The read model: equal to a slow recount of random histories, the same in any order, and honest about itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qinqing.cases import acting, shelf
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.passing_time import fire_due_rungs
from qinqing.cases.reading import parse
from qinqing.evaluation.models import Rating
from qinqing.insight import recounting
from qinqing.insight.folding import FACTS
from qinqing.insight.models import CaseFigure
from qinqing.lib.wallclock import CHINA
from qinqing.messaging import worker
from qinqing.ui.errors import Problem
from tests.cases.county import TUESDAY, County, build, forget
from tests.cases.machine import PHOTO, whole
from tests.examples import many
from tests.insight import slow

pytestmark = pytest.mark.django_db
COLUMNS = tuple("lead_id" if name == "lead" else name for name in ("procedure", *FACTS))
RECTIFICATION = Path(__file__).parents[2] / "src/qinqing/evaluation/procedures/rectification.yaml"


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


@pytest.fixture
def county() -> County:
    return build()


def figure(case: Case) -> CaseFigure:
    recounting.recount([case.pk])
    return CaseFigure.objects.get(case=case)


def rows() -> list[dict[str, Any]]:
    return list(CaseFigure.objects.order_by("pk").values())


def live(draw: Any, county: County, steps: int) -> Case:
    """One hard case on which whoever has something to do does something, and time passes."""
    now = TUESDAY
    case = county.dispatched(*draw(st.sampled_from([(), ("b",)])))
    for _ in range(steps):
        if draw(st.integers(0, 3)) == 0:
            now += timedelta(hours=draw(st.one_of(st.integers(0, 30), st.integers(24, 24 * 9))), minutes=7)
            fire_due_rungs(now)
            continue
        case.refresh_from_db()
        found = [(actor, o) for _, actor in sorted(county.people.items()) for o in CaseFile(case, actor, now).offers]
        lively = [(actor, offer) for actor, offer in found if offer.action not in DULL]
        if not found:
            continue
        actor, offer = draw(st.sampled_from(lively if lively and draw(st.integers(0, 5)) else found))
        act = shelf.by_id(case.procedure_id).act(case.stage, case.outcome, offer.action)
        form = whole(draw, county, offer.fields, act, offer.task and offer.task.unit_id)
        now += timedelta(minutes=draw(st.integers(0, 300)))
        try:
            with transaction.atomic():
                acting.act(case.pk, offer.action, actor, now, form, task_id=offer.task and offer.task.pk, files=[PHOTO])
        except Problem:
            continue
    case.refresh_from_db()
    return case


# what anybody may do at any time, or what ends a case where its figures have hardly begun
DULL = frozenset({
    "withdraw", "urge", "instruct", "note", "assign", "attend", "call_back", "answer_now", "decline", "merge",
    "consult", "survey", "send_letter", "hand_up",
})  # fmt: skip


class _Undo(Exception):
    pass


@settings(max_examples=many(30), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate],
          derandomize=True)  # fmt: skip
@given(data=st.data())
def test_figures_are_what_a_slow_recount_of_the_events_says(data: st.DataObject) -> None:
    try:
        with transaction.atomic():
            county = build()
            for _ in range(2):
                case = live(data.draw, county, 22)
                found, told = figure(case), slow.facts(case)
                for name in COLUMNS:
                    assert getattr(found, name) == told[name], f"{name} of {case.number}"
            order = list(Case.objects.values_list("pk", flat=True))
            recounting.recount(order)  # time passed for the first one while the second was lived
            before = rows()
            for pk in reversed(order * 2):
                recounting.recount_with_origins([pk])
            assert rows() == before, "counted again in another order"
            CaseFigure.objects.all().delete()
            assert list(recounting.rebuild()) == [2]
            assert rows() == before, "rebuilt from nothing"
            raise _Undo
    except _Undo:
        forget()


# -- by hand -----------------------------------------------------------------------------------------------------------


def answered(county: County, case: Case, when: datetime, kind: str = "solved") -> None:
    acting.act(case.pk, "feed_back", county["handler_a"], when, {"answer": "已协调。", "result": kind})
    acting.act(case.pk, "approve", county["head_a"], when + timedelta(minutes=10))
    case.refresh_from_db()


def test_the_way_of_a_case_in_numbers(county: County) -> None:
    case = county.dispatched(now=at(9, 29))
    told = figure(case)
    assert (told.dispatched_at, told.feedback_due) == (at(9, 29), at(10, 12, 17))  # 10 October is worked
    assert told.sign_due_at == at(9, 29, 15)  # two hours of the morning, an hour and a half after noon
    assert (told.signed_on_time, told.on_time, told.working_minutes) == (None, None, None)
    assert (told.lead_id, told.authority_id) == (county.unit("a"), county.unit("hr"))
    acting.act(case.pk, "sign", county["handler_a"], at(9, 29, 15), {}, task_id=county.task(case, "lead").pk)
    assert figure(case).signed_on_time is True
    answered(county, case, at(9, 30, 9, 50))
    told = figure(case)
    assert told.feedback_at == at(9, 30, 10)  # when it was signed off
    assert (told.on_time, told.result, told.working_minutes) == (True, "solved", 420)


def test_a_return_wins_no_time(county: County) -> None:
    case = county.dispatched(now=at(9, 29))
    acting.act(case.pk, "return", county["handler_a"], at(9, 29, 11), {"basis": "不属本科室"})
    acting.act(case.pk, "dispatch", county["clerk"], at(9, 30, 11), {"class": "complex", "lead": county.unit("b")})
    told = figure(case)
    assert (told.dispatched_at, told.returned, told.lead_id) == (at(9, 29), 1, county.unit("b"))
    assert told.signed_at == at(9, 29, 11)  # whoever returns it has received it


def test_a_pause_is_not_counted(county: County) -> None:
    case = county.dispatched(now=at(9, 29))
    asked = {"notice": "请补充", "legal_basis": "第九条"}
    acting.act(case.pk, "ask_party", county["handler_a"], at(9, 29, 11), asked)
    assert (figure(case).held, figure(case).feedback_due) == (True, None)
    acting.act(case.pk, "supplement", county["agent"], at(9, 30, 11), {"supplement": "附上"})
    told = figure(case)
    assert (told.held, told.suspended_minutes) == (False, 420)
    answered(county, case, at(9, 30, 11, 50))
    assert figure(case).working_minutes == 120


def test_what_ends_before_it_is_due_owes_nothing_and_after_it_does(county: County) -> None:
    early, late = county.dispatched(now=at(9, 29)), county.dispatched(now=at(9, 29))
    acting.act(early.pk, "withdraw", county["agent"], at(9, 30), {"reason": "已解决"})
    acting.act(late.pk, "withdraw", county["agent"], at(10, 13), {"reason": "已解决"})
    assert (figure(early).on_time, figure(late).on_time) == (None, False)
    assert (figure(late).feedback_at, figure(late).written_off) == (None, False)


def test_saying_that_it_cannot_be_done_is_an_answer(county: County) -> None:
    case = county.dispatched(now=at(9, 29))
    acting.act(case.pk, "cannot", county["handler_a"], at(9, 30), {"legal_basis": "第十六条", "reason": "年限不足"})
    assert figure(case).feedback_at is None, "nobody signed it off yet"
    acting.act(case.pk, "approve", county["head_a"], at(9, 30, 11))
    assert (figure(case).feedback_at, figure(case).on_time) == (at(9, 30, 11), True)


def test_a_rating_set_aside_no_longer_counts(county: County) -> None:
    case = closed(county)
    acting.act(case.pk, "rate", county["agent"], at(10, 8), {"rating": "very_bad"})
    assert (figure(case).rating, figure(case).rated_at) == ("very_bad", at(10, 8))
    Rating.objects.filter(case=case).update(set_aside_at=at(10, 9))
    shelf.store(parse(RECTIFICATION.read_text(encoding="utf-8")), TUESDAY)
    data = {"source": "rating", "problem": "差评", "lead": county.unit("a")}
    done = acting.open_case(
        "rectification", county.company.pk, county["supervisor"], at(10, 9), data, title="整改", predecessor_id=case.pk
    )
    recounting.recount_with_origins([done.case_id])
    told = CaseFigure.objects.get(case=case)
    assert (told.rating, told.rated_at) == ("", None)


def closed(county: County) -> Case:
    case = county.dispatched(now=at(9, 29))
    answered(county, case, at(9, 29, 15))
    acting.act(case.pk, "write_off", county["supervisor"], at(9, 30), {"finding": "属实"}, files=[PHOTO])
    case.refresh_from_db()
    return case


# -- kept current, verified --------------------------------------------------------------------------------------------


def work(now: datetime) -> None:
    from threading import Event

    worker.run(Event(), once=True, clock=lambda: now)


def test_the_worker_keeps_it_current(county: County) -> None:
    case = closed(county)
    assert recounting.behind() > 0
    work(at(9, 30, 11))
    assert recounting.behind() == 0
    assert CaseFigure.objects.get(case=case).seq == case.seq
    assert [found for _, found in recounting.differences() if found] == []


def test_what_is_not_as_the_events_say_is_named(county: County) -> None:
    case, other = closed(county), county.open()
    list(recounting.rebuild())
    CaseFigure.objects.filter(case=case).update(on_time=False, returned=3)
    CaseFigure.objects.filter(case=other).delete()
    found = [one for _, slice_ in recounting.differences() for one in slice_]
    said = {(one.number, one.text.en.split()[0], one.behind) for one in found}
    assert said == {(case.number, "on_time", False), (case.number, "returned", False), (other.number, "is", True)}
    work(at(9, 30, 11))
    assert [found for _, found in recounting.differences() if found] == []


def test_a_row_missing_for_good_is_a_difference(county: County) -> None:
    case = county.open()
    work(TUESDAY)
    CaseFigure.objects.all().delete()
    assert [one.behind for _, found in recounting.differences() for one in found] == [False]
    assert recounting.fill_missing() is False
    assert CaseFigure.objects.get().case == case


def test_only_every_nth_case_is_looked_at_where_asked(county: County) -> None:
    for _ in range(6):
        county.open()
    list(recounting.rebuild())
    CaseFigure.objects.update(level=4)
    found = [one for _, slice_ in recounting.differences(every=3) for one in slice_]
    assert len(found) == 2


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    forget()
