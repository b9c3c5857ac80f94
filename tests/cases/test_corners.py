"""Where two rules meet: what random lives come upon too seldom, lived through once on purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml

from qinqing.cases import acting, shelf
from qinqing.cases.casefile import CaseFile, state_of
from qinqing.cases.models import Case, Event, Rung
from qinqing.cases.passing_time import fire_due_rungs, import_calendar, reproject
from qinqing.cases.reading import parse
from qinqing.cases.refusals import Conflict, Refused
from qinqing.cases.state import WAIT
from tests.cases.county import HARD_CASE, TUESDAY, County, build
from tests.cases.definitions import changed, dump
from tests.cases.test_acting import PHOTO, at, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> County:
    return build()


def another(change: dict[str, Any]) -> None:
    """The hard case as another county might write it."""
    raw = changed(yaml.safe_load(HARD_CASE.read_text(encoding="utf-8")), {**change, "version": 99})
    shelf.store(parse(dump(raw)), TUESDAY)


def test_a_calendar_that_would_make_it_overdue_fires_no_rung_before_the_kept_due_time(county: County) -> None:
    case = county.dispatched(kind="general")
    assert case.due_at == at(10, 9, 17)
    now = at(10, 9, 10)
    fire_due_rungs(now)
    text = "revision: b\npublished_until: 2026\ndays:\n- {day: 2026-10-05, working: true, name: 上班}\n"
    import_calendar(text, now)
    reproject(now)
    case.refresh_from_db()
    assert case.due_at == at(10, 9, 17), "by the new calendar it would have been due yesterday"
    late = Rung.objects.filter(case=case, fired_at=None, name__in=["due", "one_working_day_late"])
    assert late.count() == 2
    assert all(rung.at >= case.due_at for rung in late)
    fire_due_rungs(now)
    case.refresh_from_db()
    assert case.level == 2, "nobody is late, and nobody is supervised for it"
    fire_due_rungs(at(10, 9, 17))
    case.refresh_from_db()
    assert case.level == 3
    verify()


def test_a_second_suspension_after_a_calendar_changed_the_first(county: County) -> None:
    another({"stages.handling.acts.ask_party.max": 2})
    case = county.dispatched()
    asked = {"notice": "请补图", "legal_basis": "规则九"}
    acting.act(case.pk, "ask_party", county["handler_a"], TUESDAY, asked)
    text = "revision: b\npublished_until: 2026\ndays:\n- {day: 2026-10-09, working: false, name: 公休}\n"
    import_calendar(text, TUESDAY)
    reproject(TUESDAY)
    case.refresh_from_db()
    assert case.due_at
    again = case.due_at + timedelta(hours=1)
    assert fire_due_rungs(again) >= 1
    case.refresh_from_db()
    assert not case.held, "the wait ended by itself"
    acting.act(case.pk, "ask_party", county["handler_a"], again, asked)
    case.refresh_from_db()
    assert case.held and Rung.objects.filter(case=case, clock=WAIT, fired_at=None).count() == 1
    verify()


def test_a_kept_clock_whose_rung_moves_the_case_still_moves_it(county: County) -> None:
    """The rung's moment comes while the case is elsewhere: back in its stage, the case must not wait for ever."""
    another({"stages.handling.clock.rungs": {"half": "remind", "due": "ruling"}})
    case = county.dispatched(kind="general")
    due = case.due_at
    assert due
    acting.act(case.pk, "return", county["handler_a"], TUESDAY, {"basis": "三定方案"})
    fire_due_rungs(due)
    case.refresh_from_db()
    assert case.stage == "intake"
    acting.act(case.pk, "dispatch", county["clerk"], due, {"class": "general", "lead": county.unit("b")})
    case.refresh_from_db()
    assert case.stage == "handling" and case.due_at == due
    fire_due_rungs(due + timedelta(days=3))
    case.refresh_from_db()
    assert case.stage == "ruling"
    verify()


def test_a_suspended_case_sent_back_to_its_own_stage_runs_on(county: County) -> None:
    another({"stages.handling.acts.return.to": "handling"})
    case = county.dispatched(kind="general")
    asked = {"notice": "请补图", "legal_basis": "规则九"}
    acting.act(case.pk, "ask_party", county["handler_a"], TUESDAY, asked)
    acting.act(case.pk, "return", county["handler_a"], TUESDAY + timedelta(hours=1), {"basis": "重新分工"})
    case.refresh_from_db()
    assert not case.held and case.due_at == at(10, 9, 17)
    verify()


@pytest.mark.parametrize(
    ("name", "action", "data"),
    [("supervisor", "urge", {"reason": "催"}), ("agent", "supplement", {"supplement": "图"})],
)
def test_an_act_from_outside_touches_no_task(county: County, name: str, action: str, data: dict[str, str]) -> None:
    """Naming somebody's task with it neither makes one a handler nor lets that task's holder conflict."""
    case = county.dispatched()
    task = county.task(case, "lead")
    acting.act(case.pk, action, county[name], TUESDAY, data, task_id=task.pk)
    task.refresh_from_db()
    case.refresh_from_db()
    assert task.version == 1
    assert state_of(case).handlers == ()
    acting.act(case.pk, "sign", county["handler_a"], TUESDAY, task_id=task.pk, expected_version=1)


def test_a_key_is_a_receipt_for_one_case_only(county: County) -> None:
    first, second = county.dispatched(), county.dispatched()
    acting.act(first.pk, "extend", county["handler_a"], TUESDAY, {"reason": "检测"}, idempotency_key="k")
    with pytest.raises(Conflict, match="另一个动作"):
        acting.act(second.pk, "extend", county["handler_a"], TUESDAY, {"reason": "检测"}, idempotency_key="k")
    assert not Event.objects.filter(case=second, action="extend").exists()


def test_helpers_whose_proposals_go_to_one_desk_take_turns(county: County) -> None:
    approval = {"who": "supervisor", "desk": "supervision", "zh": "审", "en": "Look"}
    another({"stages.handling.acts.advise.approved_by": approval})
    case = county.dispatched("b", "c")
    acting.act(case.pk, "advise", county["handler_b"], TUESDAY, {"opinion": "同意"})
    with pytest.raises(Refused, match="待审批"):
        acting.act(case.pk, "advise", county["handler_c"], TUESDAY, {"opinion": "同意"})
    acting.act(case.pk, "approve", county["supervisor"], TUESDAY)
    acting.act(case.pk, "advise", county["handler_c"], TUESDAY, {"opinion": "同意"})
    acting.act(case.pk, "approve", county["supervisor"], TUESDAY)
    assert Case.objects.get(pk=case.pk).marking == f"lead@{county.unit('a')}"
    verify()


def test_a_handler_does_not_write_off_by_approving_either(county: County) -> None:
    """`never: [handler]` holds for who proposes and for who approves."""
    approval = {"who": "leader", "desk": "leadership", "zh": "批", "en": "Grant"}
    another({"stages.verifying.acts.write_off.approved_by": approval})
    case = county.dispatched()
    acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": "好", "result": "solved"})
    acting.act(case.pk, "approve", county["head_a"], TUESDAY)
    acting.act(case.pk, "write_off", county["supervisor"], TUESDAY, {"finding": "属实"}, files=[PHOTO])
    both = replace(county["handler_a"], posts=county["leader"].posts)
    case.refresh_from_db()
    assert [offer.action for offer in CaseFile(case, both, TUESDAY).offers if offer.task] == ["refuse"]
    with pytest.raises(Refused, match="经办人"):
        acting.act(case.pk, "approve", both, TUESDAY)
    acting.act(case.pk, "approve", county["leader"], TUESDAY)
    assert Case.objects.get(pk=case.pk).outcome == "resolved"
