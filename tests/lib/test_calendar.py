"""The shipped calendar against a second published source, and calendar files."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.calendars import make
from qinqing.lib.labels import speaking
from qinqing.lib.workdays import Calendar, CalendarError, changes, load_calendar, shipped_calendar
from qinqing.lib.workdays.calendar import SHIPPED
from qinqing.lib.workdays.calendar_file import as_text
from tests.lib.moments import seconds

CALENDAR = shipped_calendar()
DAY = timedelta(days=1)

# Days on which the two published sources differ and the notice had to decide. None is left within 2007-2026; the one
# before is corrected in the shipped file: see qinqing.lib.calendars.make.CORRECTIONS.
DISAGREEMENTS = {date(2005, 12, 31)}


def days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def test_every_published_day_agrees_with_the_second_source() -> None:
    other = holidays.country_holidays("CN", years=range(2004, 2028))
    published = days(date(2004, 1, 1), date(2026, 12, 31))
    assert [day for day in published if CALENDAR.is_working(day) != other.is_working_day(day)] == []
    assert len(published) == 8401


def test_the_first_source_differs_only_where_the_notice_corrects_it() -> None:
    chinese_calendar = pytest.importorskip("chinese_calendar")
    published = days(date(2004, 1, 1), date(2026, 12, 31))
    differing = {day for day in published if CALENDAR.is_working(day) != chinese_calendar.is_workday(day)}
    assert differing == DISAGREEMENTS == set(make.CORRECTIONS)


def test_statutory_days_to_come_agree_with_the_second_source() -> None:
    for year in range(2027, 2036):
        statutory = set(holidays.country_holidays("CN", years=[year], observed=False))
        assert {day for day in CALENDAR.specials if day.year == year} == statutory
        assert all(not CALENDAR.specials[day].working for day in statutory)


def test_the_shipped_file_is_what_the_program_makes() -> None:
    pytest.importorskip("chinese_calendar")
    assert SHIPPED.read_text(encoding="utf-8") == make.text()


def test_national_day_2026() -> None:
    off = [day for day in days(date(2026, 9, 28), date(2026, 10, 12)) if not CALENDAR.is_working(day)]
    assert off == [*days(date(2026, 10, 1), date(2026, 10, 7)), date(2026, 10, 11)]
    assert CALENDAR.name(date(2026, 10, 3)) == ("国庆节", "National Day")
    assert CALENDAR.name(date(2026, 10, 10)) == ("国庆节调休上班", "make-up day for National Day")
    assert CALENDAR.name(date(2026, 10, 11)) is CALENDAR.name(date(2026, 10, 12)) is None


def test_provisional_begins_with_the_first_unpublished_year() -> None:
    assert not CALENDAR.provisional(date(2026, 12, 31))
    assert CALENDAR.provisional(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("published", "first"),
    [(2005, "2005-12-29"), (2006, "2006-12-29"), (2018, "2018-12-29"), (2025, "2026-01-01"), (2028, "2028-12-29")],
)
def test_a_new_year_near_the_weekend_reaches_back_into_december(published: int, first: str) -> None:
    calendar = Calendar("x", CALENDAR.specials, published)
    unsettled = date.fromisoformat(first)
    assert calendar.provisional(unsettled) and not calendar.provisional(unsettled - DAY)


def test_no_notice_ever_changed_a_day_that_was_called_settled() -> None:
    """Each past year: what the new year's notice did to the old December was announced as provisional."""
    for year in range(2004, 2026):
        old = Calendar("x", CALENDAR.specials, year)
        december = [d for d in CALENDAR.specials if d.year == year and d.month == 12]
        assert all(old.provisional(day) for day in december), year


def test_a_calendar_refuses_to_guess_outside_its_years() -> None:
    for day in (date(2003, 12, 31), date(2036, 1, 1)):
        with pytest.raises(ValueError, match="2004年至2035年"):
            CALENDAR.is_working(day)


@given(st.dates(date(2004, 1, 2), date(2035, 12, 1)), st.integers(0, 25))
def test_working_days_between_are_counted_one_by_one(after: date, span: int) -> None:
    until = after + span * DAY
    assert CALENDAR.working_days(after, until) == sum(map(CALENDAR.is_working, days(after + DAY, until)))
    assert CALENDAR.working_days(until, after) == 0


@given(seconds("2004-01-02 00:00", "2035-12-30 00:00"))
def test_office_time_and_moment_are_inverse(moment: datetime) -> None:
    passed = CALENDAR.office_time(moment)
    if passed:
        back = CALENDAR.moment_at(passed)
        assert back <= moment and CALENDAR.office_time(back) == passed
        clock = moment.time()
        in_office = time(8, 30) < clock <= time(12) or time(13, 30) < clock <= time(17)
        assert (back == moment) == (in_office and CALENDAR.is_working(moment.date()))


NOTICE = """# revision: cn-2027
# published_until: 2027
day,working,name
2027-01-01,false,元旦
2027-02-05,false,春节
2027-02-09,false,春节
2027-02-20,true,春节
"""


def test_a_file_with_one_year_is_laid_over_the_present_calendar() -> None:
    new = load_calendar(NOTICE)
    assert (new.revision, new.published_until, new.office) == ("cn-2027", 2027, CALENDAR.office)
    assert not new.provisional(date(2027, 12, 31)) and new.provisional(date(2028, 1, 1))
    assert not new.is_working(date(2026, 10, 1)) and not new.is_working(date(2027, 10, 1))
    assert [(str(day), note.zh) for day, note in changes(CALENDAR, new)] == [
        ("2027-02-09", "上班改为休息（春节）"),
        ("2027-02-20", "休息改为上班（春节调休上班）"),
    ]


def test_yaml_csv_and_spreadsheet_csv_are_one_calendar(tmp_path: Path) -> None:
    as_yaml = """
revision: cn-2027
published_until: 2027
days:
- {day: 2027-01-01, working: false, name: 元旦}
- {day: 2027-02-05, working: false, name: 春节}
- {day: 2027-02-09, working: false, name: 春节}
- {day: 2027-02-20, working: true, name: 春节}
"""
    spreadsheet = tmp_path / "from-excel.csv"
    spreadsheet.write_bytes(
        NOTICE.replace("2027\n", "2027,,\n").replace("2027-0", "2027/").replace("false", "FALSE").encode("gb18030")
    )
    texts = {as_text(load_calendar(source)) for source in (NOTICE, as_yaml, spreadsheet)}
    assert len(texts) == 1


def test_a_stored_calendar_is_whole_and_depends_on_no_other() -> None:
    new = load_calendar(NOTICE.replace("# published", "# office: 09:00-12:00 13:00-18:00\n# published"))
    stored = load_calendar(
        as_text(new), over=Calendar("empty", {date(2026, 1, 1): CALENDAR.specials[date(2026, 1, 1)]}, 2026)
    )
    assert as_text(stored) == as_text(new)
    assert stored.minutes_per_day == 480


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (NOTICE.replace("# revision: cn-2027\n", ""), "缺日历版本名"),
        (NOTICE.replace("2027-02-09", "2027-02-30"), "第6行：日期“2027-02-30”不对"),
        (NOTICE.replace("2027-02-09,false", "2027-02-09,maybe"), "第6行：working“maybe”不对"),
        (NOTICE.replace("2027-02-09", "2027-02-05"), "第6行：2027-02-05与第5行重复"),
        (NOTICE.replace("2027-02-20,true,春节", "2027-02-20,true,"), "第7行：2027-02-20与平常不同，请填name"),
        (NOTICE.replace("working,", "worked,"), "表头缺working列"),
        (NOTICE.replace("until: 2027", "until: 2028"), "没有2028年的安排"),
        (NOTICE.replace("until: 2027", "until: 2025"), "早于现行日历的2026年"),
        (NOTICE.replace("until: 2027", "until: soon"), "published_until应为"),
        (NOTICE.replace("# published", "# office: 17:00-08:00\n# published"), "办公时间“17:00-08:00”不对"),
        ("revision: [\n", "YAML格式有误"),
        ("hello\nworld\n", "应为CSV"),
        ("# revision: x\n", "应为CSV"),
    ],
)
def test_a_bad_file_says_where_and_what(text: str, problem: str) -> None:
    with pytest.raises(CalendarError) as caught:
        load_calendar(text)
    chinese = str(caught.value)
    assert problem in chinese
    with speaking("en"):
        assert str(caught.value) != chinese


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(CalendarError) as caught:
        load_calendar(NOTICE.replace("2027-01-01", "x").replace("true", "?").replace("revision: cn-2027", ""))
    assert len(caught.value.problems) == 3
