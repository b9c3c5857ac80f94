"""晨报: once on every working day from 08:00, also after an absence, never on a day off; kept as it was."""

from __future__ import annotations

from datetime import datetime
from threading import Event

import pytest
from django.test import Client

from qinqing.accounts.models import User
from qinqing.insight import brief, recounting
from qinqing.insight.models import Brief
from qinqing.lib.wallclock import CHINA
from qinqing.messaging import worker
from qinqing.messaging.models import Notice
from tests.cases.county import County, build
from tests.conftest import Clock

pytestmark = pytest.mark.django_db


def at(month: int, day: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


@pytest.fixture
def county() -> County:
    return build()


def days() -> list[str]:
    return [str(day) for day in Brief.objects.order_by("day").values_list("day", flat=True)]


def notices() -> list[tuple[str, str]]:
    found = Notice.objects.filter(key__startswith="brief:").order_by("pk")
    return list(found.values_list("user__name", "key"))


@pytest.mark.parametrize(
    ("moment", "made"),
    [
        (at(9, 29, 7, 59), False),
        (at(9, 29), True),
        (at(9, 29, 23, 59), True),  # the worker was away all day
        (at(9, 26, 9), False),  # Saturday
        (at(10, 1, 9), False),  # National Day
        (at(10, 10, 9), True),  # a Saturday made up for it
    ],
)
def test_on_working_days_from_eight(county: County, moment: datetime, made: bool) -> None:
    assert brief.turn(moment) is False
    assert bool(days()) is made
    assert bool(notices()) is made


def test_once_a_day_however_often_the_worker_turns_or_starts(county: County) -> None:
    for moment in (at(9, 29), at(9, 29, 8, 1), at(9, 29, 15), at(9, 30, 7), at(9, 30)):
        for _ in range(2):
            worker.run(Event(), once=True, clock=lambda moment=moment: moment)  # type: ignore[misc]
    assert days() == ["2026-09-29", "2026-09-30"]
    told = sorted((who, f"brief:{day}") for day in days() for who in ("supervisor", "leader"))
    assert sorted(notices()) == told
    assert brief.make(at(9, 30).date(), at(9, 30, 9)) is False, "another worker was faster"


def test_what_it_says_stays_and_now_stands_beside(county: County, client: Client, clock: Clock) -> None:
    case = county.dispatched(now=at(9, 28, 9))
    overdue = county.open(now=at(9, 28, 10))  # two office hours at the window
    list(recounting.rebuild())
    brief.make(at(9, 29).date(), at(9, 29))
    stored = {figure["indicator"]: figure for figure in Brief.objects.get().figures}
    assert {name: figure["value"] for name, figure in stored.items()} == {
        "reds_now": 1, "due_today": 0, "opened": 2, "closed": 0, "bad_ratings": 0, "handed_up": 0,
    }  # fmt: skip
    assert stored["reds_now"]["cases"] == [overdue.pk]
    assert stored["opened"]["period"] == "2026-09-28"
    assert "红灯1件" in Notice.objects.filter(key="brief:2026-09-29")[0].title_zh
    assert Notice.objects.filter(key="brief:2026-09-29", urgent=True).count() == 2

    county.open(now=at(9, 28, 10))
    list(recounting.rebuild())
    clock.set(at(9, 29, 11))
    client.force_login(User.objects.get(name="leader"))
    client.get("/leader/")
    text = client.get("/leader/brief/2026-09-29/").content.decode()
    assert ">1</a></td>" in text  # then
    assert ">2</a></td>" in text  # now
    then = client.get("/leader/brief/2026-09-29/reds_now/").content.decode()
    assert overdue.number in then
    assert case.number not in then
    assert then.count("data-row") == 1
    assert client.get("/leader/brief/2026-10-01/").status_code == 404
    assert client.get("/leader/brief/x/").status_code == 404


def test_on_monday_it_speaks_of_the_days_since_friday(county: County) -> None:
    period, night = brief.since(at(9, 14).date(), at(9, 14, 8, 5))
    assert (period.code, night.code) == ("2026-09-11..2026-09-13", "2026-09-11T17:00..2026-09-14T08:06")


def test_until_nine_it_waits_for_what_is_not_counted_yet(county: County) -> None:
    county.open(now=at(9, 28, 10))
    brief.turn(at(9, 29, 8, 30))
    assert days() == [], "the worker has yet to count that case and to fire its reminders"
    for _ in range(2):  # it counts in its first turn, and a minute later makes the brief
        worker.run(Event(), once=True, clock=lambda: at(9, 29, 8, 30))
    brief.turn(at(9, 29, 8, 32))
    figures = {figure["indicator"]: figure["value"] for figure in Brief.objects.get().figures}
    assert (figures["reds_now"], figures["handed_up"]) == (1, 1)  # its reminders fired when the worker was back


def test_at_nine_it_waits_no_longer(county: County) -> None:
    county.open(now=at(9, 28, 10))
    brief.turn(at(9, 29, 9))
    assert days() == ["2026-09-29"]
