"""督办台: the counts and what they hold, the next rung as a button, one press, and what a second press would do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from qinqing.cases.models import Case, Event, Task
from qinqing.cases.passing_time import fire_due_rungs
from qinqing.cases.refusals import Incomplete, Refused
from qinqing.lib.labels import Label
from qinqing.supervision import filters
from qinqing.supervision.steps import Step, steps_of
from tests.cases.county import TUESDAY, County
from tests.cases.doors import client, form, happened
from tests.conftest import Clock
from tests.stories.steps import on
from tests.supervision.office import answered, do, send


def names(name: str, now: Any) -> set[str]:
    chosen = next(one for one in filters.all_filters() if one.name == name)
    return set(filters.cases_of(chosen, now).values_list("number", flat=True))


def step(case: Case, now: Any) -> Step:
    case.refresh_from_db()
    return steps_of([case], now, may_press=True)[case.pk]


# -- the counts


def test_overdue_and_due_today(county: County) -> None:
    case = county.dispatched(kind="general")  # due on Friday 9 October, 17:00
    assert names("overdue", on(10, 9, 16, 59)) == names("today", on(10, 8, 23, 59)) == set()
    assert names("today", on(10, 9, 0, 1)) == {case.number}
    assert names("overdue", on(10, 9, 17, 1)) == {case.number} and not names("today", on(10, 9, 17, 1))


def test_what_waits_for_the_party_is_neither_overdue_nor_silent(county: County) -> None:
    case = county.dispatched()
    do(county, case, "ask_party", "handler_a", {"notice": "请补充。", "legal_basis": "第九条"})
    late = on(10, 13)
    assert not names("overdue", late) and not names("silent", late)


def test_returned_twice_while_it_is_open(county: County) -> None:
    case = county.dispatched()
    for _ in range(2):
        assert not names("returned", TUESDAY)
        do(county, case, "return", "handler_a", {"basis": "不属本科室职责"})
        do(county, case, "dispatch", "clerk", {"class": "complex", "lead": county.unit("a")})
    assert names("returned", TUESDAY) == {case.number}
    do(county, case, "withdraw", "agent", {"reason": "不办了"})
    assert not names("returned", TUESDAY)


def test_silence_is_broken_by_people_not_by_reminders(county: County) -> None:
    case = county.dispatched()
    assert not names("silent", on(10, 9, 16, 59))
    fire_due_rungs(on(10, 9, 16, 59))
    assert Event.objects.filter(case=case, action="rung").exists(), "the clock should have reminded"
    assert names("silent", on(10, 9, 17, 0)) == {case.number}
    do(
        county,
        case,
        "note",
        "handler_a",
        {"note": "已联系。"},
        task_id=county.task(case, "lead").pk,
        now=on(10, 9, 17, 0),
    )
    assert not names("silent", on(10, 9, 17, 0))


def test_letters_and_instructions_have_lists_of_their_own(county: County) -> None:
    letter = send(county, county.dispatched())
    later = on(10, 30)
    fire_due_rungs(later)
    for name in ("overdue", "silent", "handed_up"):
        assert letter.number not in names(name, later)


def test_a_wing_above_adds_its_own(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "_filters", dict(filters._filters))
    case = county.dispatched()
    filters.register(
        "test_of_it", Label("试一试", "Try"), lambda now: Case.objects.filter(pk=case.pk), Label("说明", "How"),
        order=1,
        marks=lambda cases, now: {one.pk: Label("很不满意", "very bad") for one in cases},
    )  # fmt: skip
    page = client(county, "supervisor").get("/supervision/?of=test_of_it").content.decode()
    assert "试一试" in page and case.number in page and "很不满意" in page and "说明" in page
    with pytest.raises(ValueError, match="test_of_it"):
        filters.register("test_of_it", Label("", ""), lambda now: Case.objects.all(), Label("", ""), order=1)


# -- the next rung


def test_the_ladder_of_one_case(county: County) -> None:
    """Urge; its time; a letter; its time while it runs; hand up; its time. Never two buttons, none left out."""
    case, now = county.dispatched(kind="general"), TUESDAY
    assert step(case, now).action == "urge"
    do(county, case, "urge", "supervisor", {"reason": "请抓紧"})
    assert "10:20已催办" in step(case, now).told.zh and not step(case, now).action
    now = on(9, 30, 15)
    assert step(case, now).href.endswith("#send_letter")
    letter = send(county, case, now=now)
    assert step(case, now).letter == "督函〔2026〕1号"
    now = on(10, 12)  # the reply was due on Friday
    assert step(case, now).action == "hand_up" and "逾期未回函" in step(case, now).text.zh
    answered(county, letter, now=now)
    do(county, letter, "close", "supervisor", {"finding": "属实"}, now=now)
    assert "已办结" in step(case, now).text.zh
    do(county, case, "hand_up", "supervisor", {"reason": "请领导协调"}, now=now)
    assert step(case, now).told.zh.endswith("已上提") and "10:00" in step(case, now).told.zh
    assert Task.objects.filter(case=case, node="!hand_up", unit=county.unit("leadership"), state="open").exists()


def test_what_the_clock_did_counts_once_it_is_late(county: County) -> None:
    case = county.dispatched(kind="general")
    fire_due_rungs(on(10, 9, 10))
    case.refresh_from_db()
    assert case.level == 2 and step(case, on(10, 9, 10)).action == "urge", "before it is late a person urges first"
    fire_due_rungs(on(10, 9, 17, 1))
    assert step(case, on(10, 9, 17, 1)).href.endswith("#send_letter")
    fire_due_rungs(on(10, 30))
    assert step(case, on(10, 30)).href.endswith("#send_letter"), "handed up by the clock, and no letter was sent yet"


def test_who_only_looks_gets_times_and_no_buttons(county: County) -> None:
    case = county.dispatched()
    page = client(county, "leader").get("/supervision/?of=today").content.decode()
    assert "data-press" not in page
    assert steps_of([case], TUESDAY, may_press=False)[case.pk] == Step()


@pytest.mark.parametrize("minutes", [0, 1, 239])
def test_the_same_case_is_not_urged_twice_within_four_office_hours(county: County, minutes: int) -> None:
    case = county.dispatched()
    do(county, case, "urge", "supervisor", {"reason": "请抓紧"}, now=on(9, 29, 8, 30))
    with pytest.raises(Refused, match="8:30"):
        do(county, case, "urge", "supervisor2", {"reason": "请抓紧"}, now=on(9, 29, 8, 30) + timedelta(minutes=minutes))
    do(county, case, "urge", "supervisor", {"reason": "请抓紧"}, now=on(9, 29, 14, 0))  # lunch does not count


def test_what_is_with_the_leader_is_not_handed_up_again(county: County) -> None:
    case = county.dispatched()
    do(county, case, "hand_up", "supervisor", {"reason": "请协调"})
    with pytest.raises(Refused):
        do(county, case, "hand_up", "supervisor", {"reason": "请协调"})
    do(county, case, "attend", "leader", {"note": "已交代"})
    do(county, case, "hand_up", "supervisor", {"reason": "仍未办结"})


def test_nothing_is_dismissed_without_a_reason(county: County) -> None:
    case = county.dispatched()
    do(county, case, "hand_up", "supervisor", {"reason": "请协调"})
    for empty in ({}, {"note": ""}, {"note": "  \n "}):
        with pytest.raises(Incomplete):
            do(county, case, "attend", "leader", empty)
    assert Task.objects.filter(case=case, node="!hand_up", state="open").exists()


# -- pressing


def press_form(county: County, case: Case, query: str = "?of=returned") -> tuple[Any, str, dict[str, str]]:
    supervisor, address = client(county, "supervisor"), f"/supervision/press/{case.number}/urge/"
    page = supervisor.get(f"/supervision/{query}").content.decode()
    from urllib.parse import quote

    sent = form(page, f"/supervision/press/{quote(case.number)}/urge/")
    words = re.search(r'<textarea[^>]*name="reason"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert words and words[1].strip()
    return supervisor, address, {**sent, "reason": words[1].strip()}


@pytest.fixture
def returned(county: County) -> Case:
    case = county.dispatched()
    for _ in range(2):
        do(county, case, "return", "handler_a", {"basis": "不属本科室职责"})
        do(county, case, "dispatch", "clerk", {"class": "complex", "lead": county.unit("a")})
    return case


def test_one_press_urges_and_the_button_becomes_a_time(county: County, returned: Case) -> None:
    supervisor, address, sent = press_form(county, returned)
    answer = supervisor.post(address, sent, follow=True)
    assert answer.redirect_chain == [(f"/supervision/?of=returned#returned-{returned.pk}", 302)]
    page = answer.content.decode()
    assert "10:20已催办" in page and "/urge/" not in page
    assert happened(returned).count("urge") == 1
    assert supervisor.post(address, sent).status_code == 302, "the same press again"
    assert happened(returned).count("urge") == 1
    other = client(county, "supervisor2").post(address, {**sent, "key": "another"})
    assert other.status_code == 403 and happened(returned).count("urge") == 1


@pytest.mark.parametrize(("words", "status"), [("", 422), ("好" * 501, 422), ("请\x00抓紧", 422)])
def test_words_that_cannot_be_sent_are_kept_and_said_where_they_are(
    county: County, returned: Case, words: str, status: int
) -> None:
    supervisor, address, sent = press_form(county, returned)
    answer = supervisor.post(address, {**sent, "reason": words})
    page = answer.content.decode()
    assert answer.status_code == status and 'role="alert"' in page and '<details class="sv-say" open>' in page
    assert happened(returned).count("urge") == 0


def test_somebody_moved_it_meanwhile(county: County, returned: Case) -> None:
    supervisor, address, sent = press_form(county, returned)
    do(county, returned, "return", "handler_a", {"basis": "不属本科室职责"})  # the window decides now
    answer = supervisor.post(address, sent)
    assert answer.status_code == 409 and returned.number in answer.content.decode()


@pytest.mark.parametrize("who", ["leader", "examiner", "clerk", "handler_a", "agent"])
def test_others_do_not_press(county: County, returned: Case, who: str) -> None:
    answer = client(county, who).post(f"/supervision/press/{returned.number}/urge/", {"reason": "x"})
    assert answer.status_code == 403 and happened(returned).count("urge") == 0


@pytest.mark.parametrize("action", ["write_off", "withdraw", "instruct", "none"])
def test_only_the_rungs_are_pressed_here(county: County, returned: Case, action: str) -> None:
    answer = client(county, "supervisor").post(f"/supervision/press/{returned.number}/{action}/", {"reason": "x"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "query", ["", "?of=x", "?of=silent&page=99", "?unit=1", "?unit=x", "?unit=" + "9" * 30, "?of=today&unit=0"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_desk_bears_any_query(county: County, returned: Case, query: str, language: str) -> None:
    assert client(county, "supervisor", language).get(f"/supervision/{query}").status_code == 200


def test_the_list_goes_out_as_a_sheet(county: County, returned: Case) -> None:
    lists = ("/supervision/?of=returned", "/supervision/letters/?state=open", "/instructions/?state=open")
    for address in (*lists, "/backstop/?", "/inspection/?step=assign"):
        answer = client(county, "supervisor").get(f"{address}&format=xlsx")
        assert answer.status_code == 200 and "spreadsheet" in answer["Content-Type"], address


def test_the_clock_of_the_page_is_the_installations(county: County, returned: Case, clock: Clock) -> None:
    clock.set(on(10, 30))
    assert "逾期" in client(county, "supervisor").get("/supervision/").content.decode()
