"""Figures of past messages: counted by hand where small, against the source where real, and each opens its cases."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts.models import User
from qinqing.appeals import message_selectors, report
from qinqing.appeals.alike_groups import found_groups
from qinqing.appeals.commands import add_commands
from qinqing.appeals.history_import import bring_in
from qinqing.appeals.message_rows import moment
from qinqing.cases.models import Case
from qinqing.directory.models import Officer, Post, Unit
from qinqing.lib.cli import Cli
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import shipped_calendar

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
REAL = Path(__file__).parents[2] / "../shared/data/appeals/messages_with_replies.csv"
CALENDAR = shipped_calendar()


def measure(sent: str, replied: str, case_id: int = 1) -> report.Timed:
    return report.timed(case_id, moment(sent)[0], moment(replied)[0], CALENDAR)


class TestOneMessage:
    @pytest.mark.parametrize(
        ("sent", "replied", "days", "met"),
        [
            ("2019/4/25 9:32:09", "2019/5/10 14:56:53", 10, set()),  # off 1-4 May; Sundays 28 April, 5 May worked
            ("2019/4/15 10:00", "2019/4/15 16:00", 0, {3, 5}),
            ("2019/4/15 10:00", "2019/4/18 17:00", 3, {3, 5}),  # the last minute of the third day
            ("2019/4/15 10:00", "2019/4/18 17:01", 3, {5}),  # after office hours of the third day
            ("2019/4/12 23:59", "2019/4/17 09:00", 3, {3, 5}),  # Friday night: Saturday and Sunday do not count
            ("2019/4/12 10:00", "2019/4/14 10:00", 0, {3, 5}),  # answered on a Sunday
            ("2019/4/15 10:00", "2019/4/22 17:00", 5, {5}),
            ("2019/4/15 10:00", "2019/4/23 08:30", 6, set()),
        ],
    )
    def test_days_and_limits(self, sent: str, replied: str, days: int, met: set[int]) -> None:
        one = measure(sent, replied)
        assert (one.working_days, one.met) == (days, met)

    def test_the_month_is_beijings(self) -> None:
        utc = datetime.fromisoformat("2019-04-30T16:30:00+00:00")
        assert report.timed(1, utc, utc, CALENDAR).month == "2019-05"

    @given(
        st.datetimes(datetime(2010, 1, 1), datetime(2020, 1, 1)),  # noqa: DTZ001
        st.timedeltas(timedelta(0), timedelta(days=60)),
    )
    def test_counted_day_by_day(self, sent: datetime, took: timedelta) -> None:
        sent = sent.replace(tzinfo=CHINA)
        replied = sent + took
        one = report.timed(1, sent, replied, CALENDAR)
        days = [sent.date() + timedelta(days=n) for n in range(1, (replied.date() - sent.date()).days + 1)]
        worked: list[date] = [day for day in days if CALENDAR.is_working(day)]
        assert one.working_days == len(worked)
        for limit in report.LIMITS:
            late = len(worked) > limit or (len(worked) == limit and replied > CALENDAR.close(worked[-1]))
            assert (limit in one.met) is not late


class TestMany:
    def test_quantiles_by_nearest_rank(self) -> None:
        assert report.nearest_rank([1, 2, 3, 4], 50) == 2
        assert report.nearest_rank(list(range(1, 11)), 90) == 9
        assert report.nearest_rank([7], 90) == 7
        assert report.nearest_rank([], 50) is None

    def test_unknown_is_none_and_never_zero(self) -> None:
        none = report.figures([])
        assert (none.messages, none.working_days_median, none.calendar_days_p90) == (0, None, None)
        assert report.by_month([]) == []

    def test_months_without_messages_stand_between(self) -> None:
        found = [measure("2019/11/15 9:00", "2019/11/15 9:00"), measure("2020/2/3 9:00", "2020/2/3 9:00")]
        assert report.by_month(found) == [("2019-11", 1), ("2019-12", 0), ("2020-01", 0), ("2020-02", 1)]

    @given(st.lists(st.integers(0, 200), max_size=60))
    def test_spans_hold_every_message_once(self, days: list[int]) -> None:
        found = [report.Timed(n, "2019-01", one, timedelta(one), frozenset()) for n, one in enumerate(days)]
        assert sum(count for _, _, count in report.by_span(found)) == len(found)


Load = Callable[..., None]
ROWS = [  # id, writer, sent, replied, text
    (
        "1",
        "A",
        "2019/4/15 10:00",
        "2019/4/16 9:00",
        "小区物业长期不修电梯，请督促物业尽快维修并公示维修资金的使用情况。",
    ),
    ("2", "B", "2019/4/15 10:00", "2019/4/19 9:00", "小区物业长期不修电梯，请督促物业尽快维修并公示维修资金使用情况！"),
    ("3", "C", "2019/6/3 10:00", "2019/7/1 9:00", "咨询新生儿参加居民医疗保险需要哪些材料，到哪里办理？"),
    ("4", "C", "2018/6/4 10:00", "2018/6/5 9:00", "咨询新生儿参加居民医疗保险需要哪些材料，到哪里办理？"),
    ("5", "D", "2018/6/4 10:00", "2018/9/5 9:00", "村口道路不平，雨天积水严重。"),
]


@pytest.fixture
def loaded(db: None, tmp_path: Path) -> Iterator[None]:
    for code in ("window", "supervision", "leadership"):
        Unit.objects.create(code=code, name=code, kind="desk", desk=code)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "author", "topic", "sent_at", "replied_at", "text", "reply"])
    writer.writerows([one, who, f"主题{one}", sent, replied, said, "答"] for one, who, sent, replied, said in ROWS)
    (tmp_path / "m.csv").write_text(text.getvalue(), encoding="utf-8")
    bring_in(tmp_path / "m.csv", {}, "messages", NOW)
    yield


def ids(cases: object) -> set[str]:
    return {str(case.imported).removeprefix("messages:") for case in cases}  # type: ignore[attr-defined]


class TestFromTheDatabase:
    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            ({}, "12345"),
            ({"period": "2018"}, "45"),
            ({"period": "2019-04"}, "12"),
            ({"met": "3"}, "14"),
            ({"missed": "3"}, "235"),
            ({"met": "5"}, "124"),
            ({"over": "4"}, "35"),
            ({"from": "4", "to": "4"}, "2"),
            ({"period": "2019", "met": "3"}, "1"),
            ({"met": "x", "over": ""}, "12345"),
        ],
    )
    def test_the_cases_behind_a_figure(self, loaded: None, wanted: dict[str, str], expected: str) -> None:
        chosen = message_selectors.behind(wanted)
        assert ids(case for case, _ in message_selectors.cases_of(chosen)) == set(expected)

    def test_alike_in_groups(self, loaded: None) -> None:
        first, second = sorted(found_groups(), key=lambda group: group.one_writer)
        assert (ids(first.cases), first.one_writer) == ({"1", "2"}, False)
        assert (ids(second.cases), second.one_writer, second.similarity) == ({"3", "4"}, True, "100%")
        assert [case.imported for case in second.cases] == ["messages:4", "messages:3"]  # in order of time

    def test_command_as_json(self, loaded: None, capsys: pytest.CaptureFixture[str]) -> None:
        cli = Cli("qinqing")
        add_commands(cli)
        arguments = cli.parser.parse_args(["appeals", "report", "--json"])
        arguments.run(arguments)
        found = json.loads(capsys.readouterr().out)
        assert found["messages"] == 5
        assert sum(month["messages"] for month in found["volume"]) == 5
        assert found["working_days"] == {"median": 4, "p90": 66}
        assert [(met["limit_working_days"], met["met"], met["of"]) for met in found["met"]] == [(3, 2, 5), (5, 3, 5)]
        assert (found["alike"]["groups"], found["alike"]["messages"]) == (2, 4)
        assert set(found["definitions"]) == set(report.DEFINITIONS)

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_command_as_text(self, loaded: None, capsys: pytest.CaptureFixture[str], lang: str) -> None:
        cli = Cli("qinqing")
        add_commands(cli)
        arguments = cli.parser.parse_args(["appeals", "report", "--lang", lang])
        arguments.run(arguments)
        out = capsys.readouterr().out
        assert "2／5" in out
        assert "2019-04     2" in out
        assert ("口径" in out) is (lang == "zh")

    def test_command_without_messages(self, db: None, capsys: pytest.CaptureFixture[str]) -> None:
        cli = Cli("qinqing")
        add_commands(cli)
        arguments = cli.parser.parse_args(["appeals", "report"])
        arguments.run(arguments)
        assert "appeals import" in capsys.readouterr().out


@pytest.fixture
def supervisor(db: None) -> Client:
    return signed_in("supervisor")


def signed_in(role: str) -> Client:
    user = User.objects.create(username=role, name=role, kind="officer")
    unit, _ = Unit.objects.get_or_create(code="place", defaults={"name": "place", "kind": "section"})
    Post.objects.create(officer=Officer.objects.create(user=user, name=role), unit=unit, role=role, starts_on=date.min)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


class TestPages:
    def test_without_messages(self, supervisor: Client) -> None:
        assert "还没有历史留言" in supervisor.get(reverse("appeals:report")).content.decode()

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_every_count_opens_as_many_cases(self, loaded: None, supervisor: Client, lang: str) -> None:
        page = supervisor.get(reverse("appeals:report"), {"lang": lang}).content.decode()
        assert page.count('class="def') >= 6  # definitions
        linked = re.findall(r'<a class="fig" href="([^"]*messages/[^"]*)">([\d,]+)</a>', page)
        counted = [(href, int(count)) for href, count in linked if "over=" not in href]
        assert len(counted) > 6
        for href, count in counted:
            listed = supervisor.get(unescape(href)).content.decode()
            assert listed.count("<li data-row") == count, href
        months = re.findall(r'href="([^"]*period=\d{4}-\d\d)" aria-label="\S+ (\d+)"', page)
        assert sum(int(count) for _, count in months) == 5

    def test_alike_and_their_cases(self, loaded: None, supervisor: Client) -> None:
        page = supervisor.get(reverse("appeals:report_alike")).content.decode()
        for number in Case.objects.exclude(imported="messages:5").values_list("number", flat=True):
            assert f">{number}</a>" in page
            assert supervisor.get(reverse("cases:case", args=[number])).status_code == 200

    @pytest.mark.parametrize("role", ["leader", "window_head", "inspector", "window_clerk", "handler", "section_head"])
    def test_who_may_look(self, loaded: None, role: str) -> None:
        expected = 200 if role in {"leader", "window_head", "inspector"} else 403
        client = signed_in(role)
        for name in ("report", "report_cases", "report_alike"):
            assert client.get(reverse(f"appeals:{name}")).status_code == expected


def test_against_the_figures_of_the_source() -> None:
    """2,816 messages; the source says: median 11.2 calendar days, 90th percentile 41."""
    if not REAL.is_file():
        pytest.skip(f"no data at {REAL}")
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    times = [(moment(row["sent_at"]), moment(row["replied_at"])) for row in rows]
    found = [
        report.timed(n, sent, replied + timedelta(hours=24 if day_only else 0), CALENDAR)
        for n, ((sent, _), (replied, day_only)) in enumerate(times)
    ]
    whole = report.figures(found)
    assert whole.messages == 2816
    assert whole.calendar_days_median == pytest.approx(11.2, abs=0.05)
    assert whole.calendar_days_p90 == pytest.approx(41.0, abs=0.05)
    assert whole.working_days_median == 8
    assert whole.working_days_p90 == 28
    assert 0 < whole.met[3] < whole.met[5] < 2816
