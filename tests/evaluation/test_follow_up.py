"""Monthly follow-up (Y5): the draw, the calls, what follows them, the meeting; months empty, small, running."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from qinqing.accounts.actor import Actor
from qinqing.cases import acting
from qinqing.cases.history import CaseHistory
from qinqing.cases.models import Case, Event, Payload
from qinqing.cases.refusals import Incomplete, Refused
from qinqing.evaluation import script, services
from qinqing.evaluation.calls import Line, calls_of, lines, next_call
from qinqing.evaluation.frame import frame
from qinqing.evaluation.models import CallDecision, Draw, Review, Sampled
from qinqing.evaluation.months import Month
from qinqing.evaluation.results import results
from qinqing.evaluation.sampling import Plan
from qinqing.evaluation.services import NothingToDraw, ToDo
from qinqing.evaluation.web_month import righted as shown_rectifications
from qinqing.lib.wallclock import CHINA
from tests.cases.county import TUESDAY, County
from tests.evaluation.rated import answered, paper, rate, rated_county, resolved
from tests.worlds import Once

pytestmark = pytest.mark.django_db
OCTOBER = Month(2026, 10)
NOW = datetime(2026, 10, 12, 9, 30, tzinfo=CHINA)


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(rated_county)


@pytest.fixture
def county(built: County, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path / "blobs"
    return deepcopy(built)


def called(county: County, case: Case, reached: str, content: str = "", remark: str = "", who: str = "supervisor_2",
           now: datetime = NOW) -> None:  # fmt: skip
    data = {name: value for name, value in (("reached", reached), ("content", content), ("remark", remark)) if value}
    acting.act(case.pk, "call_back", county[who], now, data)


def drawn(county: County, size: int = 10, **more: Any) -> Draw:
    return services.draw(OCTOBER, size, county["supervisor_2"], NOW, **more)


class TestFrame:
    def test_what_closed_last_month_and_can_be_called(self, county: County) -> None:
        first = resolved(county, datetime(2026, 9, 1, 0, 0, tzinfo=CHINA))
        last = answered(county, datetime(2026, 9, 30, 23, 59, 59, tzinfo=CHINA), phone="13800002046")
        answered(county, datetime(2026, 10, 1, 0, 0, tzinfo=CHINA), phone="13800002046")
        resolved(county, datetime(2026, 8, 31, 23, 59, 59, tzinfo=CHINA))
        county.open()
        found = frame(Month(2026, 9))
        assert {one.case_id for one in found.candidates} == {first.pk, last.pk}
        assert (found.closed, found.no_phone, found.erased) == (2, 0, 0)

    def test_without_a_phone_is_counted_not_dropped_in_silence(self, county: County) -> None:
        resolved(county, phone="")
        resolved(county)
        found = frame(Month(2026, 9))
        assert (len(found.candidates), found.no_phone) == (1, 1)
        county.company.phone = "13900000000"
        county.company.save()
        assert frame(Month(2026, 9)).no_phone == 0, "the party's own phone will do"

    def test_erased_is_counted_and_never_called(self, county: County) -> None:
        case = resolved(county)
        county.company.phone = "13900000000"
        county.company.save()
        later = TUESDAY + timedelta(days=4000)
        assert CaseHistory().erase("standard", later, later, 100) == case.seq
        found = frame(Month(2026, 9))
        assert (found.candidates, found.erased, found.no_phone) == ((), 1, 0)

    def test_declined_and_withdrawn_ones_are_not_called(self, county: County) -> None:
        case = county.open()
        acting.act(case.pk, "withdraw", county["agent"], TUESDAY, {"reason": "不办了"})
        assert frame(Month(2026, 9)).closed == 0

    def test_which_come_first(self, county: County) -> None:
        bad, unrated, rated, aside = resolved(county), resolved(county), resolved(county), resolved(county)
        general = resolved(county, kind="general")
        rate(county, bad, "very_bad")
        rate(county, rated, "fair")
        mistaken = rate(county, aside, "bad")
        mistaken.set_aside_at = NOW
        mistaken.save()
        firsts = {one.case_id: one.first for one in frame(Month(2026, 9)).candidates}
        assert firsts == {bad.pk: "bad", unrated.pk: "complex", rated.pk: "", aside.pk: "", general.pk: ""}


class TestDraw:
    def test_once_and_the_same_again(self, county: County) -> None:
        for _ in range(6):
            resolved(county, kind="general")
        first = drawn(county, 3, seed="abc")
        before = list(Sampled.objects.filter(draw=first).values_list("case", "place"))
        assert len(before) == 3
        assert drawn(county, 5) == first
        assert drawn(county, 5, reason="   ") == first
        assert list(Sampled.objects.values_list("case", "place")) == before
        assert Draw.objects.count() == 1

    def test_again_with_a_reason_both_on_record(self, county: County) -> None:
        for _ in range(6):
            resolved(county, kind="general")
        first = drawn(county, 3)
        second = drawn(county, 5, reason="样本过少，领导要求扩大")
        assert (second.number, second.reason) == (2, "样本过少，领导要求扩大")
        assert drawn(county, 1) == second
        assert Sampled.objects.filter(draw=first).count() == 3
        assert Sampled.objects.filter(draw=second).count() == 5

    def test_says_how_it_was_drawn(self, county: County) -> None:
        resolved(county)
        resolved(county, phone="", kind="general")
        made = drawn(county, 1, seed="abc")
        assert made.left_out == {"no_phone": 1, "erased": 0}
        assert made.plan == {"grain": "unit_channel_kind", "strata": [["complex", 1, 1]]}
        assert made.script_version == 1 and made.seed == "abc"

    def test_an_empty_month_has_nothing_to_draw(self, county: County) -> None:
        with pytest.raises(NothingToDraw, match="没有可以电话回访"):
            drawn(county)
        assert not Draw.objects.exists()

    def test_one_case_only(self, county: County) -> None:
        case = resolved(county)
        made = drawn(county, 60)
        assert [line.case for line in lines(made, county["supervisor_2"])] == [case]
        assert made.size == 1

    def test_not_while_the_month_before_still_runs(self, county: County) -> None:
        resolved(county)
        last = datetime(2026, 9, 30, 23, 59, 59, tzinfo=CHINA)
        with pytest.raises(NothingToDraw, match="2026年9月尚未结束"):
            services.draw(OCTOBER, 1, county["supervisor_2"], last)
        services.draw(OCTOBER, 1, county["supervisor_2"], last + timedelta(seconds=1))

    def test_at_the_turn_of_the_year(self, county: County) -> None:
        case = resolved(county, datetime(2026, 12, 31, 16, 0, tzinfo=CHINA))
        january = Month(2027, 1)
        made = services.draw(january, 5, county["supervisor_2"], datetime(2027, 1, 4, 9, 0, tzinfo=CHINA))
        assert made.month == date(2027, 1, 1)
        assert [one.case for one in Sampled.objects.filter(draw=made)] == [case]

    @pytest.mark.parametrize("size", [0, 1, 2001])
    def test_a_size_that_leaves_something_out_is_refused(self, county: County, size: int) -> None:
        for _ in range(2):
            rate(county, resolved(county), "bad")
        with pytest.raises(Incomplete) as refused:
            drawn(county, size)
        assert "size" in refused.value.fields and not Draw.objects.exists()


class TestCalls:
    def listed(self, county: County, number: int = 3) -> list[Line]:
        for _ in range(number):
            resolved(county, kind="general")
        return lines(drawn(county, number, seed="s"), county["supervisor_2"])

    def test_one_after_the_other_then_those_not_reached(self, county: County) -> None:
        made = self.listed(county)
        who = county["supervisor_2"]
        draw = Draw.objects.get()
        one, two, three = (line.case for line in made)
        assert next_call(made) == made[0]
        called(county, one, "no_answer")
        assert (line := next_call(lines(draw, who), one.number)) and line.case == two
        called(county, two, "answered", "yes")
        assert (line := next_call(lines(draw, who), two.number)) and line.case == three
        called(county, three, "wrong")
        assert (line := next_call(lines(draw, who), three.number)) and line.case == one, "called again"
        for _ in range(4):
            called(county, one, "no_answer")
        found = lines(draw, who)
        assert [line.standing for line in found] == ["exhausted", "answered", "wrong"]
        assert next_call(found) is None
        with pytest.raises(Refused, match="最多5次"):
            called(county, one, "no_answer")

    def test_never_by_the_handler(self, county: County) -> None:
        made = self.listed(county, 1)
        handler, supervisor = county["handler_a"], county["supervisor_2"]
        both = Actor(handler.user_id, handler.name, "officer", (*handler.posts, *supervisor.posts))
        found = lines(Draw.objects.get(), both)
        assert found[0].own and next_call(found) is None
        with pytest.raises(Refused, match="经办人"):
            acting.act(made[0].case.pk, "call_back", both, NOW, {"reached": "answered", "content": "yes"})

    def test_a_case_taken_up_again_is_not_called(self, county: County) -> None:
        made = self.listed(county, 1)
        acting.act(made[0].case.pk, "reopen", county["agent"], NOW - timedelta(days=4), {"reason": "没解决"})
        found = lines(Draw.objects.get(), county["supervisor_2"])
        assert found[0].standing == "reopened" and next_call(found) is None

    def test_calls_before_a_new_closing_do_not_count(self, county: County) -> None:
        case = resolved(county)
        called(county, case, "answered", "no", now=TUESDAY + timedelta(hours=1))
        acting.act(case.pk, "reopen", county["agent"], TUESDAY + timedelta(hours=2), {"reason": "没解决"})
        later = TUESDAY + timedelta(hours=3)
        acting.act(case.pk, "feed_back", county["handler_a"], later, {"answer": "已划", "result": "solved"})
        acting.act(case.pk, "approve", county["head_a"], later)
        acting.act(case.pk, "write_off", county["supervisor"], later, {"finding": "属实"}, files=[paper()])
        case.refresh_from_db()
        assert calls_of([case]) == {case.pk: []}

    def test_not_content_becomes_a_rectification_once(self, county: County) -> None:
        case = self.listed(county, 1)[0].case
        called(county, case, "answered", "no", "车位仍被占用")
        found = lines(Draw.objects.get(), county["supervisor_2"])
        assert found[0].undecided and next_call(found) == found[0], "a decision is due"
        made = services.decide_on_call(case, county["supervisor_2"], NOW, rectify=True)
        assert services.decide_on_call(case, county["supervisor_2"], NOW, rectify=False, reason="不用") == made
        rectification = made.rectification
        assert rectification and rectification.predecessor == case and rectification.lead == county.units["a"]
        assert json.loads(rectification.state)["fields"]["source"] == "call_back"
        payload = Payload.objects.get(event__case=rectification, event__seq=1).body or ""
        assert "车位仍被占用" in payload
        assert Case.objects.filter(procedure__code="rectification").count() == 1
        with pytest.raises(Refused, match="只适用于"):
            acting.act(rectification.pk, "contest", county["handler_a"], NOW, {"reason": "x"}, files=[paper()])

    def test_an_open_rectification_of_the_bad_rating_is_taken(self, county: County) -> None:
        case = resolved(county)
        rating = rate(county, case, "bad")
        drawn(county, 1)
        called(county, case, "answered", "no")
        made = services.decide_on_call(case, county["supervisor_2"], NOW, rectify=True)
        assert made.rectification == rating.rectification
        assert Case.objects.filter(procedure__code="rectification").count() == 1

    def test_nothing_only_with_a_reason(self, county: County) -> None:
        case = self.listed(county, 1)[0].case
        with pytest.raises(Refused, match="没有表示不满意"):
            services.decide_on_call(case, county["supervisor_2"], NOW, rectify=True)
        called(county, case, "answered", "no")
        with pytest.raises(Incomplete):
            services.decide_on_call(case, county["supervisor_2"], NOW, rectify=False, reason="  ")
        services.decide_on_call(case, county["supervisor_2"], NOW, rectify=False, reason="诉求超出政策，已解释")
        assert CallDecision.objects.get().reason == "诉求超出政策，已解释"
        assert not Case.objects.filter(procedure__code="rectification").exists()


class TestResults:
    def test_answers_beside_the_parties_own_ratings(self, county: County) -> None:
        cases = [resolved(county, lead="a" if n % 2 else "b", kind="general") for n in range(6)]
        rate(county, cases[0], "good")
        rate(county, cases[1], "bad")
        rate(county, cases[2], "very_good")
        made = drawn(county, 6)
        for case, (reached, content) in zip(cases, [("answered", "no"), ("answered", "yes"), ("answered", "partly"),
                                                    ("answered", "yes"), ("no_answer", ""), ("wrong", "")],
                                            strict=True):  # fmt: skip
            called(county, case, reached, content)
        found = results(lines(made, county["supervisor_2"]), Plan.of_json(made.plan))
        assert (found.tried, found.calls, found.standing["answered"], found.undecided) == (6, 6, 4, 1)
        assert found.contents == {"yes": 2, "partly": 1, "no": 1}
        assert dict((unit, (hits, total)) for unit, hits, total in found.by_unit) == {
            county.unit("a"): (2, 2), county.unit("b"): (1, 2),
        }  # fmt: skip
        assert (found.compared.both, found.compared.agree) == (3, 1)
        assert [line.case for line in found.compared.worse] == [cases[0]]
        assert [line.case for line in found.compared.better] == [cases[1]]
        assert found.estimate and found.estimate.reached == 4 and found.estimate.satisfied == 3

    def test_reached_without_an_answer_is_no_answer(self, county: County) -> None:
        case = resolved(county)
        made = drawn(county, 1)
        called(county, case, "answered")
        found = results(lines(made, county["supervisor_2"]), Plan.of_json(made.plan))
        assert found.contents == {"unsaid": 1} and found.estimate is None


class TestReview:
    GOOD: ClassVar[dict[str, Any]] = {
        "held_on": date(2026, 10, 12), "attendees": "县营商办、人社局", "minutes": "逐件复盘。", "case_ids": (),
        "nothing_to_do": False, "key": "one",
    }  # fmt: skip

    def test_each_decision_is_a_rectification_with_owner_and_clock(self, county: County) -> None:
        case = resolved(county)
        to_do = [ToDo("窗口增设停车引导", county.unit("window")), ToDo("补划车位", county.unit("a"), case.pk)]
        values = {**self.GOOD, "case_ids": [case.pk], "to_do": to_do}
        review = services.hold_review(OCTOBER, county["supervisor_2"], NOW, **values)
        assert services.hold_review(OCTOBER, county["supervisor_2"], NOW, **values) == review, "pressed twice"
        found = list(Case.objects.filter(decision__review=review).order_by("pk"))
        assert [one.lead for one in found] == [county.units["window"], county.units["a"]]
        assert [one.predecessor for one in found] == [None, case]
        assert all(one.due_at and one.stage == "rectifying" for one in found)
        assert all(one.party != county.company for one in found), "the party does not read the office's own work"
        assert list(review.cases.all()) == [case]

    def test_nothing_stays_only_in_the_minutes(self, county: County) -> None:
        with pytest.raises(Incomplete) as refused:
            services.hold_review(OCTOBER, county["supervisor_2"], NOW, **self.GOOD, to_do=())
        assert "nothing_to_do" in refused.value.fields
        services.hold_review(OCTOBER, county["supervisor_2"], NOW, **{**self.GOOD, "nothing_to_do": True}, to_do=())

    @pytest.mark.parametrize(("field", "value"), [("held_on", None), ("held_on", date(2026, 10, 13)), ("minutes", " "),
                                                  ("attendees", ""), ("attendees", "人" * 501)])  # fmt: skip
    def test_what_is_missing_is_said_by_field(self, county: County, field: str, value: Any) -> None:
        to_do = [ToDo("", None), ToDo("好", 999_999)]
        with pytest.raises(Incomplete) as refused:
            services.hold_review(OCTOBER, county["supervisor_2"], NOW, **{**self.GOOD, field: value}, to_do=to_do)
        assert set(refused.value.fields) == {field, "problem-0", "unit-0", "unit-1"}
        assert not Review.objects.exists() and not Case.objects.exists()

    def test_another_decision_later_once(self, county: County) -> None:
        values = {**self.GOOD, "nothing_to_do": True, "to_do": ()}
        review = services.hold_review(OCTOBER, county["supervisor_2"], NOW, **values)
        to_do = ToDo("补划车位", county.unit("a"))
        first = services.add_decision(review, to_do, county["supervisor_2"], NOW, "k1")
        assert services.add_decision(review, to_do, county["supervisor_2"], NOW, "k1") == first
        assert review.decisions.count() == 1

    def test_the_next_month_begins_with_them(self, county: County) -> None:
        values = {**self.GOOD, "to_do": [ToDo("补划车位", county.unit("a"))]}
        services.hold_review(OCTOBER, county["supervisor_2"], NOW, **values)
        november, december = Month(2026, 11), Month(2026, 12)
        later = datetime(2026, 12, 2, 9, 0, tzinfo=CHINA)
        assert shown_rectifications(OCTOBER, NOW) == []
        assert [one.row.case.title for one in shown_rectifications(november, later)] == ["复盘整改：补划车位"]
        assert len(shown_rectifications(december, later)) == 1, "still open"
        rectification = Case.objects.get(procedure__code="rectification")
        done = {"measure": "已划", "informed": True}
        acting.act(rectification.pk, "report", county["handler_a"], NOW, done, files=[paper()])
        acting.act(rectification.pk, "approve", county["head_a"], NOW)
        acting.act(rectification.pk, "confirm", county["supervisor"], NOW, {"finding": "属实"}, files=[paper()])
        assert len(shown_rectifications(november, later)) == 1
        assert shown_rectifications(december, later) == []


class TestScript:
    def test_the_countys_own_replaces_the_one_shipped(self, tmp_path: Path) -> None:
        assert script.read(tmp_path).version == 1
        (tmp_path / script.NAME).write_text(
            "version: 7\nopening: 您好，{office}\nquestions: [满意吗]\nclosing: {zh: 谢谢, en: Thanks}\n", "utf-8"
        )
        found = script.read(tmp_path)
        assert found.version == 7 and found.closing.en == "Thanks"
        assert script.said(found.opening, office="营商办", title="{x}").zh == "您好，营商办"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "a: [",
            "version: 1",
            "version: true",
            "version: 0\nquestions: [a]\nopening: a\nclosing: b",
            "version: 1\nquestions: []\nopening: a\nclosing: b",
        ],
    )
    def test_a_broken_one_is_named(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / script.NAME
        path.write_text(text, "utf-8")
        with pytest.raises(script.BadScript, match=r"call_script\.yaml"):
            script.read(tmp_path)


def test_histories_stay_whole(county: County) -> None:
    case = resolved(county)
    rate(county, case, "bad")
    called(county, case, "answered", "no")
    services.decide_on_call(case, county["supervisor_2"], NOW, rectify=True)
    from tests.cases.test_races import verify

    verify()
    assert Event.objects.filter(action="call_back").count() == 1
