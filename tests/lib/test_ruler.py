"""The ruler explains the end it shows, and rungs hang where their names say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.workdays import Budget, due, due_at, is_rung, rung_at
from tests.lib.moments import CALENDAR, at, budgets, starts, suspensions

DAY = timedelta(days=1)


def ruler(start: str, limit: str, *stops: tuple[str, str | None]) -> list[str]:
    pairs = [(at(begin), at(end) if end else None) for begin, end in stops]
    result = due(at(start), Budget.parse(limit), CALENDAR, pairs)
    return [
        f"{step.first:%m-%d}" + (f"..{step.last:%m-%d}" if step.last != step.first else "") + f" {step.note.zh}"
        for step in result.steps
    ]


def test_the_intake_page() -> None:
    assert ruler("2026-09-29 10:20", "working_days: 5") == [
        "09-29 当日不计",
        "09-30 第1日",
        "10-01..10-07 国庆节休",
        "10-08 第2日",
        "10-09 第3日",
        "10-10 第4日 调休上班",
        "10-11 休",
        "10-12 到期",
    ]


def test_the_case_page() -> None:
    assert ruler("2026-09-21 10:15", "working_days: 5", ("2026-09-23 08:30", "2026-09-24 08:30")) == [
        "09-21 当日不计",
        "09-22 第1日",
        "09-23 暂停",
        "09-24 第2日",
        "09-25..09-27 中秋节休",
        "09-28 第3日",
        "09-29 第4日",
        "09-30 到期",
    ]


def test_a_long_suspension_is_one_cell_and_days_off_at_its_edges_are_theirs() -> None:
    assert ruler("2026-09-23 10:00", "working_days: 2", ("2026-09-27 10:00", "2026-10-21 10:00")) == [
        "09-23 当日不计",
        "09-24 第1日",
        "09-25..09-27 中秋节休",
        "09-28..10-20 暂停",
        "10-21 到期",
    ]


def test_neighbouring_festivals_and_weekends_are_one_run() -> None:
    assert ruler("2028-09-29 10:00", "working_days: 1")[1] == "09-30..10-03 国庆节休"


def test_an_open_suspension_ends_the_ruler() -> None:
    result = due(at("2026-09-29 10:20"), Budget("working_days", 3), CALENDAR, [(at("2026-09-30 10:00"), None)])
    assert result.at is None and not result.provisional
    assert [step.kind for step in result.steps] == ["start", "suspended"]
    result = due(at("2026-09-29 10:20"), Budget("office_hours", 300), CALENDAR, [(at("2026-09-29 10:20"), None)])
    assert [step.kind for step in result.steps] == ["start", "suspended"]


def test_hours() -> None:
    assert ruler("2026-09-30 16:00", "office_hours: 9") == [
        "09-30 16:00起算",
        "10-01..10-07 国庆节休",
        "10-08 计7小时",
        "10-09 09:30到期",
    ]
    assert ruler("2026-10-04 10:00", "office_hours: 1") == [
        "10-04 办公时间外，下次上班起算",
        "10-05..10-07 国庆节休",
        "10-08 09:30到期",
    ]
    assert ruler("2026-09-30 16:00", "elapsed: 20h", ("2026-09-30 17:00", "2026-09-30 18:00")) == [
        "09-30 16:00起算，昼夜连续",
        "09-30 暂停 17:00—09-30 18:00",
        "10-01 13:00到期",
    ]
    two = (("2026-09-30 17:00", "2026-09-30 18:00"), ("2026-09-30 19:00", "2026-09-30 20:00"))
    assert len(ruler("2026-09-30 16:00", "elapsed: 20h", *two)) == 4  # each suspension with its own hours
    assert len(ruler("2026-09-30 16:00", "elapsed: 1h", two[0])) == 2  # one that begins at the end is none


def test_a_suspension_from_close_of_office_leaves_its_first_day_counted() -> None:
    assert ruler("2026-09-21 10:15", "working_days: 3", ("2026-09-22 17:00", "2026-09-23 17:00")) == [
        "09-21 当日不计",
        "09-22 第1日",
        "09-23 暂停",
        "09-24 第2日",
        "09-25..09-27 中秋节休",
        "09-28 到期",
    ]


@given(st.data(), starts, budgets)
def test_the_ruler_ends_where_the_count_ends(data: st.DataObject, start: datetime, budget: Budget) -> None:
    stops = data.draw(suspensions(start))
    result = due(start, budget, CALENDAR, stops)
    assert (result.at, result.provisional) == due_at(start, budget, CALENDAR, stops)
    assert result.steps[0].kind == "start" and result.steps[0].first == start.date()
    assert result.steps[-1].kind == ("due" if result.at else "suspended")
    if result.at:
        assert result.steps[-1].last == result.at.date()


@given(st.data(), starts, st.integers(1, 40))
def test_every_day_stands_on_the_ruler_once(data: st.DataObject, start: datetime, days: int) -> None:
    result = due(start, Budget("working_days", days), CALENDAR, data.draw(suspensions(start)))
    for one, other in zip(result.steps, result.steps[1:], strict=False):
        assert one.first <= one.last and other.first == one.last + DAY
        assert not (one.kind == other.kind and one.kind in ("off", "suspended"))
    numbers = [step.number for step in result.steps if step.kind in ("counted", "due")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert result.at is None or len(numbers) == days
    for step in result.steps[1:]:
        run = [step.first + n * DAY for n in range((step.last - step.first).days + 1)]
        if step.kind == "off":
            assert not any(map(CALENDAR.is_working, run))
        else:
            assert CALENDAR.is_working(step.first) and CALENDAR.is_working(step.last)


RUNGS = [
    "half",
    "due",
    *(
        f"{n}_{unit}{'s' * (n != 'one')}_{side}"
        for n in ("one", "two", "five")
        for unit in ("working_day", "hour")
        for side in ("left", "late")
    ),
]


@pytest.mark.parametrize(
    ("name", "limit", "moment"),
    [
        ("half", "working_days: 5", "2026-10-09 12:00"),  # middle of the third of five days
        ("half", "working_days: 2", "2026-09-30 17:00"),
        ("half", "office_hours: 2", "2026-09-29 11:20"),
        ("half", "elapsed: 2d", "2026-09-30 10:20"),
        ("one_working_day_left", "working_days: 5", "2026-10-10 17:00"),
        ("two_working_days_left", "working_days: 3", "2026-09-30 17:00"),
        ("three_working_days_left", "working_days: 3", "2026-09-29 10:20"),  # so little from the beginning
        ("five_working_days_left", "working_days: 3", "2026-09-29 10:20"),
        ("due", "working_days: 5", "2026-10-12 17:00"),
        ("one_working_day_late", "working_days: 5", "2026-10-13 17:00"),
        ("two_hours_left", "working_days: 5", "2026-10-12 15:00"),
        ("one_hour_late", "working_days: 5", "2026-10-13 09:30"),
        ("one_hour_left", "office_hours: 2", "2026-09-29 11:20"),
        ("four_hours_late", "office_hours: 2", "2026-09-30 09:20"),
        ("one_working_day_late", "office_hours: 2", "2026-09-30 17:00"),
        ("one_hour_left", "elapsed: 2d", "2026-10-01 09:20"),
        ("one_hour_late", "elapsed: 2d", "2026-10-01 11:20"),
        ("one_working_day_late", "elapsed: 2d", "2026-10-08 17:00"),
        ("one_working_day_left", "elapsed: 5d", "2026-09-29 17:00"),
        ("one_working_day_left", "elapsed: 2h", "2026-09-29 10:20"),
    ],
)
def test_rungs(name: str, limit: str, moment: str) -> None:
    assert rung_at(name, at("2026-09-29 10:20"), Budget.parse(limit), CALENDAR) == at(moment)


def test_unknown_rungs() -> None:
    assert all(map(is_rung, RUNGS))
    for name in ("halfway", "six_working_days_left", "one_working_day_left ", "1_working_day_left", ""):
        assert not is_rung(name)
        with pytest.raises(ValueError, match="没有“"):
            rung_at(name, at("2026-09-29 10:20"), Budget("working_days", 3), CALENDAR)


def test_rungs_wait_while_the_clock_stands() -> None:
    start, budget, stop = at("2026-09-29 10:20"), Budget("working_days", 3), [(at("2026-10-08 10:00"), None)]
    assert rung_at("two_working_days_left", start, budget, CALENDAR, stop) == at("2026-09-30 17:00")
    for name in ("half", "one_working_day_left", "due", "one_working_day_late", "one_hour_left"):
        assert rung_at(name, start, budget, CALENDAR, stop) is None
    late = [(at("2026-10-10 10:00"), at("2026-10-12 10:00"))]
    assert rung_at("one_working_day_late", start, budget, CALENDAR, late) == at("2026-10-12 17:00")


@given(st.data(), starts, budgets, st.sampled_from(RUNGS))
def test_rungs_stand_in_order(data: st.DataObject, start: datetime, budget: Budget, name: str) -> None:
    stops = data.draw(suspensions(start, open_ended=False))
    end = rung_at("due", start, budget, CALENDAR, stops)
    moment = rung_at(name, start, budget, CALENDAR, stops)
    assert end is not None and moment is not None
    assert end == due_at(start, budget, CALENDAR, stops)[0]
    if name.endswith("_late"):
        assert moment > end
    else:
        assert start <= moment <= end
