"""Rating (Y6): by the party alone, once for each closing; a bad one opens a rectification; a mistake is set aside by a
third unit, and exactly that one."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from qinqing.accounts.actor import SYSTEM, Actor
from qinqing.cases import acting
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case, Event
from qinqing.cases.refusals import Incomplete, Refused
from qinqing.evaluation.models import Rating
from qinqing.evaluation.rectifying import put_right
from qinqing.evaluation.selectors import bad_ratings, rating_of, unresolved
from qinqing.lib.wallclock import CHINA
from qinqing.messaging.models import Notice
from tests.cases.county import TUESDAY, County
from tests.evaluation.rated import answered, paper, rate, rated_county, resolved, righted
from tests.stories.steps import work
from tests.worlds import Once

pytestmark = pytest.mark.django_db
LATER = TUESDAY + timedelta(hours=2)


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(rated_county)


@pytest.fixture
def county(built: County, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    return deepcopy(built)


class TestRating:
    def test_counts_for_the_unit_that_answered(self, county: County) -> None:
        assert rate(county, resolved(county), "good").unit == county.units["a"]
        assert rate(county, answered(county), "fair").unit == county.units["window"]

    def test_at_the_window_counts_for_the_window_though_somebody_led_before(self, county: County) -> None:
        case = county.dispatched(kind="general")
        acting.act(case.pk, "return", county["handler_a"], TUESDAY, {"basis": "不属本科室"})
        data = {"class": "simple", "answer": "到二楼", "confirmed": True}
        acting.act(case.pk, "answer_now", county["clerk"], TUESDAY, data)
        assert rate(county, case, "good", LATER).unit == county.units["window"]

    @pytest.mark.parametrize("who", ["clerk", "handler_a", "head_a", "supervisor", "leader", "inspector_1", "stranger"])
    def test_by_nobody_but_the_party(self, county: County, who: str) -> None:
        case = resolved(county)
        with pytest.raises(Refused):
            acting.act(case.pk, "rate", county[who], LATER, {"rating": "good"})
        with pytest.raises(Refused):
            acting.act(case.pk, "rate", SYSTEM, LATER, {"rating": "good"})
        assert not Rating.objects.exists()

    def test_not_by_the_handler_though_the_company_is_theirs(self, county: County) -> None:
        case = resolved(county)
        handler = county["handler_a"]
        both = Actor(handler.user_id, handler.name, "party", handler.posts, frozenset({county.company.pk}))
        with pytest.raises(Refused, match="经办人"):
            acting.act(case.pk, "rate", both, LATER, {"rating": "very_good"})

    def test_once_for_each_closing(self, county: County) -> None:
        case = resolved(county)
        first = rate(county, case, "bad", LATER)
        with pytest.raises(Refused, match="最多1次"):
            acting.act(case.pk, "rate", county["agent"], LATER, {"rating": "good"})
        assert rating_of(case) == first
        acting.act(case.pk, "reopen", county["agent"], LATER, {"reason": "没解决"})
        case.refresh_from_db()
        assert rating_of(case) is None
        with pytest.raises(Exception, match="不能这样办理"):
            acting.act(case.pk, "rate", county["agent"], LATER, {"rating": "good"})
        acting.act(case.pk, "feed_back", county["handler_a"], LATER, {"answer": "已划", "result": "solved"})
        acting.act(case.pk, "approve", county["head_a"], LATER)
        acting.act(case.pk, "write_off", county["supervisor"], LATER, {"finding": "属实"}, files=[paper()])
        case.refresh_from_db()
        second = rate(county, case, "very_good", LATER)
        assert rating_of(case) == second
        assert Rating.objects.filter(case=case).count() == 2

    def test_within_thirty_working_days(self, county: County) -> None:
        """From Tuesday 29 September, National Day and the make-up Saturday inside: until Monday 16 November."""
        late, other = resolved(county), resolved(county)
        last = datetime(2026, 11, 16, 17, 0, tzinfo=CHINA)
        offers = CaseFile(other, county["agent"], last).offers
        assert [offer.until for offer in offers if offer.action == "rate"] == [last]
        rate(county, other, "good", last)
        with pytest.raises(Refused, match="期限"):
            acting.act(late.pk, "rate", county["agent"], last + timedelta(seconds=1), {"rating": "good"})
        offers = CaseFile(late, county["agent"], last + timedelta(seconds=1)).offers
        assert "rate" not in {offer.action for offer in offers}

    @pytest.mark.parametrize("level", ["", "excellent", "6", None])
    def test_only_the_five_levels(self, county: County, level: str | None) -> None:
        case = resolved(county)
        with pytest.raises(Incomplete):
            acting.act(case.pk, "rate", county["agent"], LATER, {"rating": level})


class TestBadRating:
    @pytest.mark.parametrize(("level", "opened"), [("very_good", 0), ("good", 0), ("fair", 0), ("bad", 1),
                                                   ("very_bad", 1)])  # fmt: skip
    def test_opens_a_rectification_by_the_worker(self, county: County, clock: Any, level: str, opened: int) -> None:
        clock.set(LATER)
        case = resolved(county)
        acting.act(case.pk, "rate", county["agent"], LATER, {"rating": level, "suggestion": "态度不好"})
        work()
        found = list(Case.objects.filter(procedure__code="rectification"))
        assert len(found) == opened
        for one in found:
            assert one.predecessor == case and one.party == case.party and one.lead == county.units["a"]
            assert one.due_at and one.stage == "rectifying"
            file = CaseFile(one, county["handler_a"], LATER)
            assert "态度不好" in file.texts["problem"] and case.number in file.texts["problem"]
            assert Event.objects.get(case=one, seq=1).actor_id is None
            told = Notice.objects.filter(user=county["agent"].user_id, link=f"/cases/{one.number}/")
            assert told.exists()
            assert Notice.objects.filter(user=county["handler_a"].user_id, link=f"/cases/{one.number}/").exists()

    def test_once_though_asked_again(self, county: County) -> None:
        rating = rate(county, resolved(county), "bad")
        for _ in range(3):
            assert put_right(rating.case_id, rating.seq, LATER) == rating.rectification
        assert Case.objects.filter(procedure__code="rectification").count() == 1

    def test_no_other_act_opens_one(self, county: County) -> None:
        case = resolved(county)
        assert all(put_right(case.pk, seq, LATER) is None for seq in range(case.seq + 2))

    def test_at_the_window_goes_to_the_window(self, county: County) -> None:
        rectification = rate(county, answered(county), "very_bad").rectification
        assert rectification and rectification.lead == county.units["window"]
        data = {"measure": "已重新说明", "informed": True}
        acting.act(rectification.pk, "report", county["clerk"], LATER, data, files=[paper()])
        acting.act(rectification.pk, "approve", county["window_head"], LATER)

    def test_of_a_closed_unit_goes_to_the_one_above(self, county: County) -> None:
        case = resolved(county)
        county.units["a"].closed_on = TUESDAY.date()
        county.units["a"].save()
        rectification = rate(county, case, "bad").rectification
        assert rectification and rectification.lead == county.units["hr"]

    def test_the_party_follows_and_rates_the_rectification(self, county: County) -> None:
        rectification = rate(county, resolved(county), "bad").rectification
        assert rectification
        assert bad_ratings(LATER).count() == 1, "open: the supervisor sees it"
        rate(county, righted(county, rectification, LATER), "good", LATER)
        assert not bad_ratings(LATER).exists()
        assert not unresolved(LATER).exists()

    def test_of_a_rectification_opens_no_other_and_goes_to_the_leader(self, county: County) -> None:
        first = rate(county, resolved(county), "bad")
        assert first.rectification
        rectification = righted(county, first.rectification, LATER)
        again = rate(county, rectification, "very_bad", LATER)
        assert again.rectification is None
        assert Case.objects.filter(procedure__code="rectification").count() == 1
        assert list(bad_ratings(LATER)) == [first], "one line for the matter"
        assert list(unresolved(LATER)) == [again]
        settle = {"instruction": "已与企业当面沟通，列入下半年停车专项解决。"}
        with pytest.raises(Refused):
            acting.act(rectification.pk, "settle", county["supervisor"], LATER, settle)
        acting.act(rectification.pk, "settle", county["leader"], LATER, settle)
        assert not bad_ratings(LATER).exists() and not unresolved(LATER).exists()

    def test_nothing_to_settle_where_nobody_complained(self, county: County) -> None:
        rectification = rate(county, resolved(county), "bad").rectification
        assert rectification
        righted(county, rectification, LATER)
        with pytest.raises(Refused, match="无须阅处"):
            acting.act(rectification.pk, "settle", county["leader"], LATER, {"instruction": "阅"})


class TestContest:
    """误评申诉."""

    REASON: ClassVar = {"reason": "评价人点错，已书面说明"}

    def contested(self, county: County) -> Rating:
        rating = rate(county, resolved(county), "bad")
        assert rating.rectification
        with pytest.raises(Refused, match="佐证"):
            acting.act(rating.rectification_id, "contest", county["handler_a"], LATER, self.REASON)
        acting.act(rating.rectification_id, "contest", county["handler_a"], LATER, self.REASON, files=[paper()])
        rating.refresh_from_db()
        return rating

    def test_set_aside_by_the_inspection_stays_and_is_not_counted(self, county: County) -> None:
        rating = self.contested(county)
        other = rate(county, resolved(county), "bad")
        for who in ("handler_a", "head_a", "supervisor", "leader", "clerk"):
            with pytest.raises(Refused):
                acting.act(rating.rectification_id, "set_aside", county[who], LATER, {"ruling": "误评"})
        acting.act(rating.rectification_id, "set_aside", county["inspector_1"], LATER, {"ruling": "确系误评"})
        rating.refresh_from_db()
        other.refresh_from_db()
        assert rating.set_aside_at == LATER and rating.level == "bad"
        assert other.set_aside_at is None
        assert list(bad_ratings(LATER)) == [other]

    def test_exactly_the_rating_that_opened_it_though_the_case_was_rated_again(self, county: County) -> None:
        rating = self.contested(county)
        case = rating.case
        acting.act(case.pk, "reopen", county["agent"], LATER, {"reason": "没解决"})
        acting.act(case.pk, "feed_back", county["handler_a"], LATER, {"answer": "已划", "result": "solved"})
        acting.act(case.pk, "approve", county["head_a"], LATER)
        acting.act(case.pk, "write_off", county["supervisor"], LATER, {"finding": "属实"}, files=[paper()])
        case.refresh_from_db()
        newer = rate(county, case, "very_bad", LATER)
        acting.act(rating.rectification_id, "set_aside", county["inspector_1"], LATER, {"ruling": "确系误评"})
        rating.refresh_from_db()
        newer.refresh_from_db()
        assert rating.set_aside_at and newer.set_aside_at is None

    def test_upheld_it_is_put_right_under_the_clock_that_ran_on(self, county: County) -> None:
        rating = self.contested(county)
        due = CaseFile(rating.rectification, county["handler_a"], LATER).state.clocks["rectifying"]["due"]  # type: ignore[arg-type]
        acting.act(rating.rectification_id, "uphold", county["inspector_1"], LATER, {"ruling": "评价属实"})
        rectification = Case.objects.get(pk=rating.rectification_id)
        assert rectification.stage == "rectifying"
        assert CaseFile(rectification, county["handler_a"], LATER).state.clocks["rectifying"]["due"] == due
        with pytest.raises(Refused, match="最多1次"):
            acting.act(rectification.pk, "contest", county["handler_a"], LATER, self.REASON, files=[paper()])

    def test_never_by_who_belongs_to_the_unit_rated(self, county: County) -> None:
        rating = self.contested(county)
        one = county["inspector_1"]
        both = Actor(one.user_id, one.name, "officer", (*one.posts, *county["handler_a"].posts))
        above = Actor(one.user_id, one.name, "officer", (*one.posts, *county.officer("x", "hr", "handler").posts))
        for who in (both, above):
            for action in ("set_aside", "uphold"):
                with pytest.raises(Refused, match="第三方"):
                    acting.act(rating.rectification_id, action, who, LATER, {"ruling": "误评"})
        acting.act(rating.rectification_id, "set_aside", county["inspector_2"], LATER, {"ruling": "误评"})

    def test_never_by_who_contested_or_handled(self, county: County) -> None:
        rating = self.contested(county)
        handler, inspector = county["handler_a"], county["inspector_1"]
        moved = Actor(handler.user_id, handler.name, "officer", inspector.posts)  # moved to the inspection meanwhile
        with pytest.raises(Refused):
            acting.act(rating.rectification_id, "set_aside", moved, LATER, {"ruling": "误评"})
        head = county["head_a"]
        moved = Actor(head.user_id, head.name, "officer", inspector.posts)
        if head.user_id in CaseFile(rating.case, head, LATER).state.handlers:
            with pytest.raises(Refused):
                acting.act(rating.rectification_id, "set_aside", moved, LATER, {"ruling": "误评"})

    def test_of_the_inspections_own_case_the_leader_decides(self, county: County) -> None:
        county.officer("handler_i", "inspection", "handler")
        county.officer("head_i", "inspection", "section_head")
        county.units["i"] = county.units["inspection"]
        rating = rate(county, resolved(county, lead="i"), "bad")
        assert rating.unit == county.units["inspection"] and rating.rectification
        acting.act(rating.rectification_id, "contest", county["handler_i"], LATER, self.REASON, files=[paper()])
        assert Case.objects.get(pk=rating.rectification_id).stage == "leader_decides"
        for who in ("inspector_1", "inspector_2"):
            with pytest.raises(Exception, match="岗位不能"):
                acting.act(rating.rectification_id, "set_aside", county[who], LATER, {"ruling": "误评"})
        acting.act(rating.rectification_id, "set_aside", county["leader"], LATER, {"ruling": "误评"})
        rating.refresh_from_db()
        assert rating.set_aside_at
