"""The one write path: who may, in which state, what it leaves behind."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta

import pytest

from qinqing.audit.verify import Verifier
from qinqing.cases import acting, shelf
from qinqing.cases.blobs import StoredFile
from qinqing.cases.history import CaseHistory
from qinqing.cases.models import Case, Event, Rung, Task
from qinqing.cases.moving import move, preview
from qinqing.cases.passing_time import fire_due_rungs, import_calendar, reproject
from qinqing.cases.reading import parse
from qinqing.cases.refusals import Conflict, Incomplete, NotOpen, Refused, Unknown
from qinqing.lib.wallclock import CHINA
from qinqing.messaging.models import Outbox
from tests.cases.county import HARD_CASE, TUESDAY, County, build
from tests.worlds import Once

pytestmark = pytest.mark.django_db
PHOTO = StoredFile("0" * 64, "现场.jpg", "image/jpeg", 10)


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(build)


@pytest.fixture
def county(built: County) -> County:
    return deepcopy(built)


def verify() -> None:
    """Every chain whole, every row equal to the fold of its events."""
    verifier = Verifier()
    for chain in CaseHistory().chains():
        verifier.chain("cases", chain)
    assert verifier.finish(complete=True).findings == []


def at(*moment: int) -> datetime:
    return datetime(2026, *moment, tzinfo=CHINA)


class TestIntake:
    def test_a_new_matter_is_on_the_window_with_a_due_time(self, county: County) -> None:
        case = county.open()
        assert case.number == "帮2026-0001" and case.stage == "intake"
        assert case.due_at == at(9, 29, 13, 50)  # two office hours, over the lunch break
        assert county.task(case, "window").unit == county.units["window"]
        verify()

    def test_simple_is_answered_and_closed_in_the_same_minute(self, county: County) -> None:
        then = ("answer_now", {"class": "simple", "answer": "可以", "confirmed": True})
        case = county.open(then=then)
        assert case.outcome == "answered" and case.closed_at == TUESDAY and case.due_at is None
        assert not case.tasks.filter(state="open").exists() and not Rung.objects.filter(fired_at=None).exists()
        verify()

    def test_general_has_three_and_complex_five_working_days(self, county: County) -> None:
        assert county.dispatched(kind="general").due_at == at(10, 9, 17)
        assert county.dispatched(kind="complex").due_at == at(10, 12, 17)

    def test_simple_cannot_be_dispatched(self, county: County) -> None:
        case = county.open()
        with pytest.raises(Refused, match="只适用于"):
            acting.act(case.pk, "dispatch", county["clerk"], TUESDAY, {"class": "simple", "lead": county.unit("a")})

    def test_what_is_missing_is_named(self, county: County) -> None:
        case = county.open()
        with pytest.raises(Incomplete) as refused:
            acting.act(case.pk, "dispatch", county["clerk"], TUESDAY, {"class": "nonsense"})
        assert set(refused.value.fields) == {"class", "lead"}
        with pytest.raises(Incomplete, match="不存在或已撤销"):
            acting.act(case.pk, "dispatch", county["clerk"], TUESDAY, {"class": "general", "lead": 999_999})

    def test_a_first_act_refused_leaves_no_case(self, county: County) -> None:
        with pytest.raises(Incomplete):
            county.open(then=("dispatch", {"class": "general"}))
        assert not Case.objects.exists() and not Event.objects.exists() and not Outbox.objects.exists()


class TestHandling:
    def test_the_lead_waits_for_the_assistants(self, county: County) -> None:
        case = county.dispatched("b", "c")
        reply = {"answer": "已划车位", "result": "solved"}
        with pytest.raises(Refused, match="2项协办意见"):
            acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, reply)
        for code in "bc":
            acting.act(case.pk, "advise", county[f"handler_{code}"], TUESDAY, {"opinion": "同意"})
        acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, reply)
        case.refresh_from_db()
        assert case.stage == "handling"  # a reply is signed off before it goes out
        with pytest.raises(Refused):
            acting.act(case.pk, "approve", county["handler_a"], TUESDAY)
        acting.act(case.pk, "approve", county["head_a"], TUESDAY)
        case.refresh_from_db()
        assert case.stage == "verifying"
        verify()

    def test_whole_way_and_write_off_never_by_the_handler(self, county: County) -> None:
        case = county.dispatched()
        acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": "好", "result": "solved"})
        acting.act(case.pk, "approve", county["head_a"], TUESDAY)
        with pytest.raises(Refused, match="佐证"):
            acting.act(case.pk, "write_off", county["supervisor"], TUESDAY, {"finding": "属实"})
        acting.act(case.pk, "write_off", county["supervisor"], TUESDAY, {"finding": "属实"}, files=[PHOTO])
        case.refresh_from_db()
        assert case.outcome == "resolved" and case.attachments.get().sha256 == PHOTO.sha256
        verify()

    def test_the_wrong_person_may_not(self, county: County) -> None:
        case = county.dispatched()
        for name in ("handler_b", "clerk", "supervisor", "agent", "stranger"):
            with pytest.raises(Refused):
                acting.act(case.pk, "feed_back", county[name], TUESDAY, {"answer": "好", "result": "solved"})
        with pytest.raises(Refused):
            acting.act(case.pk, "withdraw", county["stranger"], TUESDAY, {"reason": "不办了"})
        with pytest.raises(Refused):
            acting.act(case.pk, "rung", county["leader"], TUESDAY, {})

    def test_return_keeps_the_clock_and_is_capped(self, county: County) -> None:
        case, due = county.dispatched(), at(10, 12, 17)
        for turn in range(2):
            acting.act(case.pk, "return", county["handler_a"], TUESDAY, {"basis": "三定方案"})
            case.refresh_from_db()
            assert case.stage == "intake"
            data = {"class": "complex", "lead": county.unit("a")}
            acting.act(case.pk, "dispatch", county["clerk"], TUESDAY + timedelta(hours=turn), data)
            case.refresh_from_db()
            assert case.due_at == due
        acting.act(case.pk, "return", county["handler_a"], TUESDAY, {"basis": "三定方案"})
        case.refresh_from_db()
        assert case.stage == "window_decides"
        acting.act(
            case.pk, "assign_finally", county["window_head"], TUESDAY, {"lead": county.unit("b"), "reason": "职责"}
        )
        with pytest.raises(Refused, match="最多2次"):
            acting.act(case.pk, "return", county["handler_b"], TUESDAY, {"basis": "再退"})
        verify()

    def test_suspension_moves_the_due_time_and_ends_with_the_supplement(self, county: County) -> None:
        case = county.dispatched()
        acting.act(
            case.pk, "ask_party", county["handler_a"], at(9, 30, 9), {"notice": "请补图", "legal_basis": "规则九"}
        )
        case.refresh_from_db()
        assert case.held and case.due_at is not None
        acting.act(case.pk, "supplement", county["agent"], at(10, 8, 9), {"supplement": "平面图"})
        case.refresh_from_db()
        assert not case.held and case.due_at == at(10, 13, 17)  # one close of office (30 Sep) lay inside
        verify()

    def test_a_wait_ends_by_itself(self, county: County) -> None:
        case = county.dispatched()
        acting.act(case.pk, "ask_party", county["handler_a"], TUESDAY, {"notice": "请补图", "legal_basis": "规则九"})
        case.refresh_from_db()
        assert case.due_at
        fire_due_rungs(case.due_at)
        case.refresh_from_db()
        assert not case.held
        verify()

    def test_extension_before_expiry_only_and_granted_by_another(self, county: County) -> None:
        case = county.dispatched(kind="general")
        acting.act(case.pk, "extend", county["handler_a"], TUESDAY, {"reason": "需现场检测"})
        acting.act(case.pk, "approve", county["supervisor"], TUESDAY)
        case.refresh_from_db()
        assert case.due_at == at(10, 13, 17)  # six working days, over a make-up Saturday
        late = county.dispatched(kind="general")
        with pytest.raises(Refused, match="到期前"):
            acting.act(late.pk, "extend", county["handler_a"], at(10, 10, 9), {"reason": "晚了"})
        verify()

    def test_reclassification_changes_the_budget(self, county: County) -> None:
        case = county.dispatched(kind="general")
        acting.act(case.pk, "reclassify", county["handler_a"], TUESDAY, {"reason": "涉及三家", "class": "complex"})
        acting.act(case.pk, "approve", county["window_head"], TUESDAY)
        case.refresh_from_db()
        assert case.due_at == at(10, 12, 17)
        verify()

    def test_an_approval_refused_leaves_the_task_with_the_lead(self, county: County) -> None:
        case = county.dispatched()
        for _ in range(3):
            acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": "好", "result": "solved"})
            acting.act(case.pk, "refuse", county["head_a"], TUESDAY, {"reason": "不具体"})
        acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": "好", "result": "solved"})
        with pytest.raises(Refused, match="三次"):
            acting.act(case.pk, "refuse", county["head_a"], TUESDAY, {"reason": "还是不具体"})
        acting.act(case.pk, "approve", county["head_a"], TUESDAY)  # so that nothing can strand
        verify()

    def test_withdrawal_closes_everything(self, county: County) -> None:
        case = county.dispatched("b")
        acting.act(case.pk, "withdraw", county["agent"], TUESDAY, {"reason": "已自行解决"})
        case.refresh_from_db()
        assert case.outcome == "withdrawn" and not Task.objects.filter(case=case, state="open").exists()
        with pytest.raises(NotOpen):
            acting.act(case.pk, "withdraw", county["agent"], TUESDAY, {"reason": "再撤"})
        verify()

    def test_reopening_within_ten_working_days_once(self, county: County) -> None:
        case = county.dispatched()
        acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": "好", "result": "solved"})
        acting.act(case.pk, "approve", county["head_a"], TUESDAY)
        acting.act(case.pk, "write_off", county["supervisor"], TUESDAY, {"finding": "属实"}, files=[PHOTO])
        with pytest.raises(Refused, match="期限"):
            acting.act(case.pk, "reopen", county["agent"], at(11, 20, 9), {"reason": "还是停不下"})
        acting.act(case.pk, "reopen", county["agent"], at(9, 30, 9), {"reason": "还是停不下"})
        case.refresh_from_db()
        assert case.stage == "handling" and case.outcome == "" and case.closed_at is None and case.due_at
        verify()


class TestTogether:
    def test_the_same_key_acts_once(self, county: County) -> None:
        first = county.open(idempotency_key="k1")
        again = acting.open_case("hard_case", county.company.pk, county["clerk"], TUESDAY, {"text": "厂区停车难"},
                                 title="停车难", idempotency_key="k1")  # fmt: skip
        assert again.replayed and again.case_id == first.pk and Case.objects.count() == 1
        data = {"class": "general", "lead": county.unit("a")}
        done = [
            acting.act(first.pk, "dispatch", county["clerk"], TUESDAY, data, idempotency_key="k2") for _ in range(3)
        ]
        assert [d.replayed for d in done] == [False, True, True] and len({d.seq for d in done}) == 1
        with pytest.raises(Conflict, match="另一个动作"):
            acting.act(first.pk, "withdraw", county["clerk"], TUESDAY, {"reason": "x"}, idempotency_key="k2")

    def test_somebody_was_faster(self, county: County) -> None:
        case = county.dispatched()
        task = county.task(case, "lead")
        acting.act(case.pk, "sign", county["handler_a"], TUESDAY, task_id=task.pk, expected_version=task.version)
        with pytest.raises(Conflict):
            acting.act(case.pk, "sign", county["head_a"], TUESDAY, task_id=task.pk, expected_version=task.version)

    def test_units_in_parallel_do_not_reject_each_other(self, county: County) -> None:
        case = county.dispatched("b", "c")
        seen = {code: county.task(case, "assist", code) for code in "bc"}
        for code, task in seen.items():
            acting.act(case.pk, "advise", county[f"handler_{code}"], TUESDAY, {"opinion": "同意"},
                       task_id=task.pk, expected_version=task.version)  # fmt: skip

    def test_a_parent_cannot_close_over_open_children(self, county: County) -> None:
        parent = county.open()
        child = county.open(parent_id=parent.pk)
        simple = {"class": "simple", "answer": "可以", "confirmed": True}
        with pytest.raises(Refused, match=child.number):
            acting.act(parent.pk, "answer_now", county["clerk"], TUESDAY, simple)
        acting.act(child.pk, "answer_now", county["clerk"], TUESDAY, simple)
        acting.act(parent.pk, "answer_now", county["clerk"], TUESDAY, simple)
        with pytest.raises(Refused, match="已办结"):
            county.open(parent_id=parent.pk)

    def test_no_such_case(self, county: County) -> None:
        with pytest.raises(Unknown):
            acting.act(999_999, "dispatch", county["clerk"], TUESDAY)


class TestTimePasses:
    def test_if_nobody_acts_it_climbs(self, county: County) -> None:
        case = county.dispatched(kind="general")
        levels = []
        for moment in (at(10, 8, 12), at(10, 8, 17, 1), at(10, 9, 17, 1), at(10, 10, 17, 1)):
            fire_due_rungs(moment)
            case.refresh_from_db()
            levels.append(case.level)
        assert levels == [1, 2, 3, 4]
        assert {task.node for task in case.tasks.filter(state="open")} == {"lead", "!supervise", "!hand_up"}
        acting.act(case.pk, "attend", county["supervisor"], at(10, 12, 9), {"note": "已约谈"})
        verify()

    def test_a_rung_fires_once(self, county: County) -> None:
        case = county.dispatched(kind="general")
        assert fire_due_rungs(at(10, 10, 18)) == 4
        assert fire_due_rungs(at(10, 10, 18)) == 0
        assert Event.objects.filter(case=case, action="rung").count() == 4

    def test_a_new_calendar_moves_open_due_times_as_events(self, county: County) -> None:
        case = county.dispatched(kind="general")
        text = (
            "revision: cn-2026-b\npublished_until: 2026\ndays:\n- {day: 2026-10-09, working: false, name: 示范县公休}\n"
        )
        import_calendar(text, TUESDAY)
        assert reproject(TUESDAY) == 1 and reproject(TUESDAY) == 0
        case.refresh_from_db()
        assert case.due_at == at(10, 10, 17) and case.calendar == "cn-2026-b"
        assert Event.objects.filter(case=case, action="reproject").count() == 1
        verify()


class TestAnotherVersion:
    def test_an_open_case_moves_when_the_version_fits(self, county: County) -> None:
        case = county.dispatched("b")
        text = HARD_CASE.read_text(encoding="utf-8").replace("version: 2", "version: 3", 1)
        shelf.store(parse(text.replace("half: remind", "two_working_days_left: remind")), TUESDAY)
        assert [(m.number, m.obstacles) for m in preview("hard_case", 3)] == [(case.number, ())]
        move(case.pk, "hard_case", 3, TUESDAY)
        case.refresh_from_db()
        assert case.procedure.version == 3 and case.due_at == at(10, 12, 17)
        assert Rung.objects.filter(case=case, fired_at=None, name="two_working_days_left").exists()
        acting.act(case.pk, "advise", county["handler_b"], TUESDAY, {"opinion": "同意"})
        verify()

    def test_it_stays_when_the_version_lacks_what_is_open(self, county: County) -> None:
        case = county.dispatched("b")
        text = HARD_CASE.read_text(encoding="utf-8").replace("version: 2", "version: 3", 1)
        shelf.store(parse(text.replace("assist: {each_in", "helper: {each_in")), TUESDAY)
        assert [bool(m.obstacles) for m in preview("hard_case", 3)] == [True]
        with pytest.raises(Refused, match="没有任务"):
            move(case.pk, "hard_case", 3, TUESDAY)
        case.refresh_from_db()
        assert case.procedure.version == 2
