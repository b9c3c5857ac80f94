"""批示件: a leader's instruction on a case is a tracked task with its own clock; once, and no longer than its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qinqing.cases.models import Case, Event, Payload
from qinqing.supervision import instructions
from tests.cases.county import TUESDAY, County
from tests.cases.doors import client
from tests.stories.steps import on
from tests.supervision.office import do

TEXT = "请今日内与企业沟通，书面报告。"


def instruct(county: County, case: Case, **more: str) -> int:
    do(county, case, "instruct", "leader", {"instruction": TEXT, **more})
    return case.seq


def opened(county: County, case: Case, **more: str) -> Case:
    done = instructions.open_for(case.pk, instruct(county, case, **more), TUESDAY)
    assert done
    return Case.objects.get(pk=done.case_id)


@pytest.mark.parametrize(("urgency", "day"), [("", 9), ("day", 30), ("three", 9), ("week", 12), ("ten", 19)])
def test_its_clock_is_what_the_leader_chose(county: County, urgency: str, day: int) -> None:
    found = opened(county, county.dispatched(), **({"urgency": urgency} if urgency else {}))
    assert found.due_at and found.due_at.astimezone(TUESDAY.tzinfo).day == day
    assert found.lead_id == county.unit("a") and instructions.texts_of([found.pk])[found.pk]["given_by"] == "leader"


def test_the_same_event_opens_one(county: County) -> None:
    case = county.dispatched()
    seq = instruct(county, case)
    numbers = {instructions.open_for(case.pk, seq, TUESDAY + timedelta(hours=n)).number for n in range(3)}  # type: ignore[union-attr]
    assert len(numbers) == 1 == instructions.instructions().count()
    assert instructions.open_for(case.pk, 1, TUESDAY) is None, "an event of another kind"


def test_the_clock_runs_from_the_instruction_not_from_the_worker(county: County) -> None:
    case = county.dispatched()
    done = instructions.open_for(case.pk, instruct(county, case), on(10, 20))
    assert done and Case.objects.get(pk=done.case_id).opened_at == TUESDAY


def test_before_there_is_a_lead_the_window_carries_it_out(county: County) -> None:
    case = county.open()
    found = opened(county, case)
    assert found.lead_id == county.unit("window")
    do(county, found, "report", "clerk", {"report": "已受理。"})
    do(county, found, "approve", "window_head")
    assert found.stage == "reporting"


def test_reported_read_sent_back_and_closed(county: County) -> None:
    found = opened(county, county.dispatched())
    assert instructions.counts(TUESDAY) == {"open": 1, "overdue": 0, "to_read": 0, "done": 0}
    assert instructions.counts(on(10, 12))["overdue"] == 1
    do(county, found, "report", "handler_a", {"report": "已沟通。"})
    assert instructions.counts(TUESDAY)["open"] == 1, "not before the head has signed it off"
    do(county, found, "approve", "head_a")
    assert instructions.counts(TUESDAY) == {"open": 0, "overdue": 0, "to_read": 1, "done": 0}
    page = client(county, "leader").get("/instructions/").content.decode()
    assert "批〔2026〕1号" in page and TEXT in page, "what was reported back comes first"
    do(county, found, "again", "leader", {"reason": "没有写明时限"})
    do(county, found, "report", "handler_a", {"report": "三日内办结。"})
    do(county, found, "approve", "head_a")
    do(county, found, "content", "leader", {"finding": "阅"})
    assert instructions.counts(TUESDAY) == {"open": 0, "overdue": 0, "to_read": 0, "done": 1}


def test_erasing_the_first_case_leaves_the_leaders_paper(county: County) -> None:
    """And the paper holds none of the citizen's words."""
    case = county.dispatched()
    found = opened(county, case)
    kept = Payload.objects.filter(event__in=Event.objects.filter(case=found)).values_list("body", flat=True)
    assert all("停车" not in (body or "") for body in kept) and "停车" not in found.title
    Payload.objects.filter(event__case=case).update(body=None, salt="", erased_at=TUESDAY)
    page = client(county, "leader").get("/instructions/?state=open").content.decode()
    assert TEXT in page
    Payload.objects.filter(event__case=found).update(body=None, salt="", erased_at=TUESDAY)
    page = client(county, "leader").get("/instructions/?state=open").content.decode()
    assert TEXT not in page and "已按期清除" in page


def test_erased_before_the_worker_came_opens_nothing(county: County) -> None:
    case = county.dispatched()
    seq = instruct(county, case)
    Payload.objects.filter(event__case=case).update(body=None, salt="", erased_at=TUESDAY)
    assert instructions.open_for(case.pk, seq, TUESDAY) is None


def test_units_find_it_on_their_desk_and_the_party_nowhere(county: County) -> None:
    found = opened(county, county.dispatched())
    assert found.number in client(county, "handler_a").get("/desk/?tab=sign").content.decode()
    assert found.number not in client(county, "agent").get("/my/").content.decode()
    assert client(county, "handler_a").get("/instructions/").status_code == 403
