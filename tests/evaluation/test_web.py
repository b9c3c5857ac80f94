"""The doors of rating and follow-up: the receipt, the officer's browser, the month's pages and their forms."""

from __future__ import annotations

import io
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from qinqing.audit.models import ReadLog
from qinqing.cases import acting
from qinqing.cases.models import Case
from qinqing.evaluation import overseeing, selectors, services
from qinqing.evaluation.models import CallDecision, Draw, Rating, Review
from qinqing.evaluation.months import Month
from qinqing.lib.wallclock import CHINA
from tests.cases.county import TUESDAY, County
from tests.cases.doors import addresses, at, client, code, form, page
from tests.conftest import Clock
from tests.evaluation.rated import answered, paper, rate, rated_county, resolved, righted
from tests.worlds import Once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 12, 9, 30, tzinfo=CHINA)
LATER = NOW + timedelta(hours=1)
OCTOBER = "/follow-up/2026-10/"


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(rated_county)


@pytest.fixture
def county(built: County, clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    clock.set(NOW)
    return deepcopy(built)


class TestReceipt:
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_the_party_rates_once_by_the_code(self, county: County, language: str) -> None:
        case = resolved(county, NOW)
        reader = Client(headers={"accept-language": language})
        shown = page(reader, code(case))
        sent = form(shown, code(case, "rate"))
        assert 'value="very_bad"' in shown
        answer = reader.post(code(case, "rate"), {**sent, "rating": "fair", "suggestion": "再快一点"}, follow=True)
        text = answer.content.decode()
        assert answer.redirect_chain == [(code(case), 302)]
        assert "再快一点" in text and {"zh": "基本满意", "en": "Fairly satisfied"}[language] in text
        assert code(case, "rate") not in addresses(text), "offered twice"
        again = reader.post(code(case, "rate"), {**sent, "key": "another", "rating": "bad"})
        assert again.status_code == 409
        assert [one.level for one in Rating.objects.all()] == ["fair"]

    def test_the_second_press_of_the_button_is_harmless(self, county: County) -> None:
        case = resolved(county, NOW)
        reader = Client()
        sent = {**form(page(reader, code(case)), code(case, "rate")), "rating": "good"}
        assert [reader.post(code(case, "rate"), sent).status_code for _ in range(3)] == [302] * 3
        assert Rating.objects.count() == 1

    def test_nothing_chosen_is_said_and_what_was_typed_is_kept(self, county: County) -> None:
        case = resolved(county, NOW)
        reader = Client()
        sent = form(page(reader, code(case)), code(case, "rate"))
        answer = reader.post(code(case, "rate"), {**sent, "suggestion": "窗口态度很好"})
        assert answer.status_code == 422
        text = answer.content.decode()
        assert "请选择“满意度”" in text and "窗口态度很好" in text
        assert not Rating.objects.exists()

    @pytest.mark.parametrize("who", ["clerk", "handler_a", "supervisor", "leader", "inspector_1"])
    def test_never_in_an_officers_browser(self, county: County, who: str) -> None:
        case = resolved(county, NOW)
        officer = client(county, who)
        shown = page(officer, code(case))
        assert "请当事人自己评价" in shown and code(case, "rate") not in addresses(shown)
        answer = officer.post(code(case, "rate"), {"rating": "very_good", "version": "9", "key": "k"})
        assert answer.status_code == 403
        assert "评价只能由当事人作出" in answer.content.decode()
        assert not Rating.objects.exists()

    def test_the_person_signed_in_rates_their_companys_matter(self, county: County) -> None:
        case = resolved(county, NOW)
        agent = client(county, "agent")
        sent = form(page(agent, at(case)), at(case, "rate"))
        assert agent.post(at(case, "rate"), {**sent, "rating": "good"}).status_code == 302
        assert Rating.objects.get().level == "good"
        page(client(county, "stranger"), at(case), 404)

    def test_too_late_there_is_no_form(self, county: County, clock: Clock) -> None:
        case = resolved(county, NOW)
        clock.set(NOW + timedelta(days=70))
        assert code(case, "rate") not in addresses(page(Client(), code(case)))

    def test_the_rectification_is_reached_and_rated_from_the_receipt(self, county: County) -> None:
        case = resolved(county, NOW)
        rectification = rate(county, case, "bad", NOW, "没停车位").rectification
        assert rectification
        reader = Client()
        shown = page(reader, code(case))
        assert f'href="{code(rectification)}"' in shown and rectification.number in shown
        assert "没停车位" in page(reader, code(rectification))
        righted(county, rectification, NOW)
        sent = form(page(reader, code(rectification)), code(rectification, "rate"))
        assert reader.post(code(rectification, "rate"), {**sent, "rating": "bad"}).status_code == 302
        assert list(selectors.unresolved(NOW + timedelta(hours=1))) == [Rating.objects.get(case=rectification)]

    def test_what_is_set_aside_stays_and_says_so(self, county: County) -> None:
        case = resolved(county, NOW)
        rating = rate(county, case, "bad", NOW)
        assert rating.rectification
        acting.act(rating.rectification.pk, "contest", county["handler_a"], NOW, {"reason": "误点"}, files=[paper()])
        acting.act(rating.rectification.pk, "set_aside", county["inspector_1"], NOW, {"ruling": "系误评"})
        for reader, address in ((Client(), code(case)), (client(county, "handler_a"), at(case))):
            shown = page(reader, address)
            assert "不满意" in shown and "认定误评，不计入" in shown


class TestPanels:
    def test_the_rated_unit_reads_level_and_suggestion(self, county: County) -> None:
        case = resolved(county, NOW)
        rectification = rate(county, case, "bad", NOW, "没停车位").rectification
        assert rectification
        shown = page(client(county, "handler_a"), at(case))
        assert "没停车位" in shown and rectification.number in shown
        there = page(client(county, "handler_a"), at(rectification))
        assert "须整改的问题" in there and f'href="{at(case)}"' in there

    def test_answered_on_the_spot_the_visitor_is_asked_to_scan(self, county: County) -> None:
        case = answered(county, NOW)
        shown = page(client(county, "clerk"), f"/window/taken/{case.number}/")
        assert "当场评价" in shown and "工作人员不能代评" in shown


class TestRatings:
    def test_a_unit_sees_its_own_and_who_oversees_sees_all(self, county: County) -> None:
        first, second = resolved(county, NOW, title="甲事"), resolved(county, NOW, lead="b", title="乙事")
        rate(county, first, "good", NOW, "很好")
        rate(county, second, "bad", NOW)
        everybody = page(client(county, "supervisor"), "/ratings/")
        assert "甲事" in everybody and "乙事" in everybody
        own = page(client(county, "handler_a"), "/ratings/")
        assert "甲事" in own and "很好" in own and "乙事" not in own
        head = page(client(county, "head_b"), "/ratings/?of=bad")
        assert "乙事" in head and "甲事" not in head
        page(client(county, "agent"), "/ratings/", 403)

    @pytest.mark.parametrize("query", ["", "?of=bad", "?of=open", "?of=aside", "?of=nonsense", "?month=2026-09&of=bad"])
    def test_filters_and_months(self, county: County, query: str) -> None:
        rate(county, resolved(county, NOW), "bad", NOW)
        page(client(county, "leader", "en"), f"/ratings/{query}")

    def test_a_month_that_is_none(self, county: County) -> None:
        page(client(county, "leader"), "/ratings/?month=x", 404)

    def test_as_a_workbook(self, county: County) -> None:
        rate(county, resolved(county, NOW, title="=1+1"), "bad", NOW, "=cmd|x")
        answer = client(county, "supervisor").get("/ratings/?format=xlsx")
        rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        assert len(rows) == 2 and rows[1][1] == "=1+1" and "=cmd|x" in rows[1]


class TestFigures:
    SPAN: ClassVar = Month(2026, 10).span

    def test_unrated_is_never_satisfied_and_set_aside_is_not_counted(self, county: County) -> None:
        cases = [resolved(county, NOW, lead="a") for _ in range(4)] + [resolved(county, NOW, lead="b", channel="card")]
        for case, level in zip(cases, ["very_good", "fair", "bad", "bad"], strict=False):
            rate(county, case, level, NOW)
        Rating.objects.filter(case=cases[3]).update(set_aside_at=NOW)
        whole = selectors.satisfied_of(self.SPAN)
        assert (whole.counted, whole.satisfied, whole.closed, whole.responded) == (3, 2, 5, 4)
        of_a = selectors.satisfied_of(self.SPAN, unit=county.unit("a"))
        assert (of_a.counted, of_a.satisfied, of_a.closed, of_a.responded) == (3, 2, 4, 4)
        assert selectors.satisfied_of(self.SPAN, unit=county.unit("hr")).closed == 5, "and units below"
        by_card = selectors.satisfied_of(self.SPAN, channel="card")
        assert (by_card.counted, by_card.closed, by_card.responded) == (0, 1, 0)
        found = {unit.code: (one.counted, one.closed) for unit, one in selectors.by_unit(self.SPAN)}
        assert found == {"a": (3, 4), "b": (0, 1)}
        assert selectors.satisfied_of(Month(2026, 9).span).closed == 0

    def test_a_reopened_matter_counts_once_with_its_last_rating(self, county: County) -> None:
        case = resolved(county, TUESDAY)
        rate(county, case, "bad", TUESDAY)
        september = Month(2026, 9).span
        assert selectors.satisfied_of(september).counted == 1
        acting.act(case.pk, "reopen", county["agent"], NOW, {"reason": "没解决"})
        acting.act(case.pk, "feed_back", county["handler_a"], NOW, {"answer": "已划", "result": "solved"})
        acting.act(case.pk, "approve", county["head_a"], NOW)
        acting.act(case.pk, "write_off", county["supervisor"], NOW, {"finding": "属实"}, files=[paper()])
        found = selectors.satisfied_of(self.SPAN)
        assert (found.closed, found.responded) == (1, 0), "the old rating is not that of this closing"
        rate(county, case, "good", NOW)
        found = selectors.satisfied_of(self.SPAN)
        assert (found.counted, found.satisfied, found.responded) == (1, 1, 1)
        assert selectors.satisfied_of(september).counted == 0, "a later rating stands"
        Rating.objects.filter(case=case, level="good").update(set_aside_at=NOW)
        assert selectors.satisfied_of(september).counted == 1, "the later one was a mistake"

    def test_rectifications_are_left_out(self, county: County) -> None:
        rectification = rate(county, resolved(county, NOW), "bad", NOW).rectification
        assert rectification
        rate(county, righted(county, rectification, NOW), "good", NOW)
        found = selectors.satisfied_of(self.SPAN)
        assert (found.counted, found.closed) == (1, 1)

    def test_the_supervisors_desk_counts_what_is_not_put_right(self, county: County) -> None:
        first = rate(county, resolved(county, NOW), "bad", NOW)
        rate(county, resolved(county, NOW), "good", NOW)
        assert list(overseeing.badly_rated(LATER)) == [first.case]
        said = overseeing.marks([first.case], LATER)[first.case_id]
        assert first.rectification and said.zh == f"不满意 · {first.rectification.number}"
        again = rate(county, righted(county, first.rectification, NOW), "bad", NOW)
        assert "整改后仍不满意" in overseeing.marks([first.case], LATER)[first.case_id].zh
        acting.act(again.case_id, "settle", county["leader"], NOW, {"instruction": "已面谈"})
        assert not overseeing.badly_rated(LATER).exists()


class TestMonth:
    def listed(self, county: County, number: int = 3) -> Draw:
        for _ in range(number):
            resolved(county, kind="general")
        return services.draw(Month(2026, 10), number, county["supervisor_2"], NOW)

    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("who", ["supervisor_2", "leader", "inspector_1"])
    def test_every_state_of_the_page_opens(self, county: County, who: str, language: str) -> None:
        reader = client(county, who, language)
        assert reader.get("/follow-up/")["Location"] == OCTOBER
        page(reader, OCTOBER)
        page(reader, "/follow-up/2026-11/")  # October is still running
        page(reader, "/follow-up/2026-13/", 404)
        page(reader, "/follow-up/none/", 404)
        resolved(county)
        page(reader, OCTOBER)
        services.draw(Month(2026, 10), 1, county["supervisor_2"], NOW)
        shown = page(reader, OCTOBER)
        assert ("/follow-up/2026-10/draw/" in addresses(shown)) is (who == "supervisor_2")

    def test_draw_by_the_page(self, county: County) -> None:
        for _ in range(3):
            resolved(county, kind="general")
        supervisor = client(county, "supervisor_2")
        assert supervisor.post(f"{OCTOBER}draw/", {"size": "0"}).status_code == 422
        assert supervisor.post(f"{OCTOBER}draw/", {"size": "x"}).status_code == 422
        assert supervisor.post(f"{OCTOBER}draw/", {"size": "2"}).status_code == 302
        assert Draw.objects.get().size == 2
        assert supervisor.post(f"{OCTOBER}draw/", {"size": "3"}).status_code == 422, "a reason is missing"
        assert supervisor.post(f"{OCTOBER}draw/", {"size": "3", "reason": "扩大样本"}).status_code == 302
        assert "扩大样本" in page(supervisor, OCTOBER)
        assert supervisor.post("/follow-up/2026-11/draw/", {"size": "3"}).status_code == 409
        for who in ("leader", "inspector_1", "clerk"):
            assert client(county, who).post(f"{OCTOBER}draw/", {"size": "3", "reason": "x"}).status_code == 403
        assert Draw.objects.count() == 2

    def test_calls_one_after_the_other(self, county: County) -> None:
        self.listed(county)
        supervisor = client(county, "supervisor_2")
        address = supervisor.get(f"{OCTOBER}calls/")["Location"]
        shown = page(supervisor, address)
        assert "13800002046" not in shown, "the phone is not shown before a reason is given"
        assert supervisor.post(f"{address}phone/", {"reason": " "}).status_code == 422
        supervisor.post(f"{address}phone/", {"reason": "10月回访"})
        assert "13800002046" in page(supervisor, address)
        assert ReadLog.objects.get(what="case.phone").reason == "10月回访"
        sent = form(shown, address)
        missing = supervisor.post(address, {**sent, "reached": "answered", "remark": "很客气"})
        assert missing.status_code == 422 and "很客气" in missing.content.decode()
        assert supervisor.post(address, {**sent, "reached": "no_answer", "content": "yes"}).status_code == 422
        done = supervisor.post(address, {**sent, "reached": "answered", "content": "yes", "remark": "很客气"})
        onward = supervisor.get(done["Location"])["Location"]
        assert done.status_code == 302 and onward != address
        again = supervisor.post(address, {**sent, "reached": "answered", "content": "yes", "remark": "很客气"})
        assert again.status_code == 302, "the same key"
        assert "很客气" in page(supervisor, address)
        for _ in range(2):
            here = supervisor.get(f"{OCTOBER}calls/")["Location"]
            supervisor.post(here, {**form(page(supervisor, here), here), "reached": "wrong"})
        assert supervisor.get(f"{OCTOBER}calls/")["Location"] == OCTOBER, "nobody is left"

    def test_not_content_asks_for_a_decision(self, county: County) -> None:
        self.listed(county, 1)
        supervisor = client(county, "supervisor_2")
        address = supervisor.get(f"{OCTOBER}calls/")["Location"]
        sent = form(page(supervisor, address), address)
        done = supervisor.post(address, {**sent, "reached": "answered", "content": "no", "remark": "没车位"})
        assert done["Location"] == address
        assert f"{address}decision/" in addresses(page(supervisor, address))
        assert supervisor.post(f"{address}decision/", {"do": "nothing"}).status_code == 422
        assert supervisor.post(f"{address}decision/", {"do": "rectify"}).status_code == 302
        rectification = CallDecision.objects.get().rectification
        assert rectification and rectification.number in page(client(county, "leader"), OCTOBER)

    def test_what_is_not_on_the_list_is_not_called_here(self, county: County) -> None:
        self.listed(county, 1)
        other = resolved(county, NOW)
        supervisor = client(county, "supervisor_2")
        assert supervisor.get(f"{OCTOBER}calls/{other.number}/").status_code == 404
        assert supervisor.get(f"/follow-up/2026-08/calls/{other.number}/").status_code == 404
        assert supervisor.post(f"{OCTOBER}calls/{other.number}/phone/", {"reason": "x"}).status_code == 404

    def test_a_meeting_by_the_page(self, county: County) -> None:
        self.listed(county, 1)
        supervisor = client(county, "supervisor_2")
        address = f"{OCTOBER}review/"
        sent = form(page(supervisor, address), "") if 'action=""' in page(supervisor, address) else {}
        empty = supervisor.post(address, {**sent, "0-problem": "补划车位"})
        assert empty.status_code == 422 and "补划车位" in empty.content.decode()
        good = {"held_on": "2026-10-12", "attendees": "县营商办", "minutes": "逐件复盘", "0-problem": "补划车位",
                "0-unit": str(county.unit("a")), "2-problem": "改进引导", "2-unit": str(county.unit("window")),
                "key": "abc"}  # fmt: skip
        done = supervisor.post(address, good)
        assert done.status_code == 302
        assert supervisor.post(address, good)["Location"] == done["Location"]
        assert Review.objects.count() == 1 and Case.objects.filter(decision__isnull=False).count() == 2
        shown = page(client(county, "inspector_1", "en"), done["Location"])
        assert "补划车位" in shown and addresses(shown) == {"/sign-out/"}
        more = f"{done['Location']}decision/"
        assert supervisor.post(more, {"0-problem": "", "0-unit": ""}).status_code == 422
        added = {"0-problem": "追加", "0-unit": str(county.unit("b")), "key": "k2"}
        assert [supervisor.post(more, added).status_code for _ in range(2)] == [302, 302]
        assert Case.objects.filter(decision__isnull=False).count() == 3
        page(supervisor, "/follow-up/2026-11/review/1/", 404)

    def test_the_call_list_as_a_workbook_without_phones(self, county: County) -> None:
        self.listed(county, 2)
        answer = client(county, "leader").get(f"{OCTOBER}?format=xlsx")
        rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        assert len(rows) == 3 and not any("13800002046" in str(cell) for row in rows for cell in row)


class TestSheet:
    """Call outcomes by sheet."""

    def look(self, county: County, *rows: tuple[str, str, str | None, str | None]) -> list[Any]:
        from qinqing.evaluation.call_sheets import look

        named = [dict(zip(("number", "reached", "content", "remark"), row, strict=True)) for row in rows]
        return look(county["supervisor_2"], named, NOW)

    def test_what_is_new_the_same_and_wrong(self, county: County) -> None:
        from qinqing.evaluation.call_sheets import apply, current

        case = resolved(county, kind="general")
        outside = resolved(county, NOW)
        services.draw(Month(2026, 10), 1, county["supervisor_2"], NOW)
        number = case.number
        assert [row["number"] for row in current(county["supervisor_2"], NOW)] == [number]
        (good,) = self.look(county, (number, "answered", "yes", "好"))
        assert good.before is None and not good.faults
        for row, wrong in (
            ((number, "answered", None, None), "content"), ((number, "no_answer", "yes", None), "content"),
            ((outside.number, "wrong", None, None), "number"), (("帮2026-9999", "wrong", None, None), "number"),
        ):  # fmt: skip
            assert wrong in self.look(county, row)[0].faults, row
        row = {"number": number, "reached": "answered", "content": "yes", "remark": "好"}
        apply(county["supervisor_2"], [row], NOW)
        (same,) = self.look(county, (number, "answered", "yes", "好"))
        assert same.before == row, "imported again it changes nothing"
