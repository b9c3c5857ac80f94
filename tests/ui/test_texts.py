"""How times, money, rates and translated texts are written."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.labels import Label, speaking
from qinqing.lib.wallclock import CHINA
from qinqing.ui import dates, figures

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)


def render(text: str, **values: object) -> str:
    return Template(text).render(Context(values))


def test_t_speaks_the_readers_language_and_escapes_values() -> None:
    text = '{% t "剩{n}件<br>" "{n} left<br>" n=name %}'
    assert render(text, name="<b>&") == "剩&lt;b&gt;&amp;件<br>"
    with speaking("en"):
        assert render(text, name=Label("三<", "three<")) == "three&lt; left<br>"


def test_an_argument_with_quotes_cannot_leave_its_attribute() -> None:
    html = render("{% icon 'print' name %}{% tag name 'amber' %}", name='"><script>')
    assert "<script>" not in html


def test_a_deadline_is_a_date_and_an_hour() -> None:
    due = datetime(2026, 9, 30, 9, tzinfo=dates.local(NOW).tzinfo).astimezone(CHINA)
    assert dates.when(due.replace(hour=17), NOW) == ("9月30日（周三）17:00", "Wed 30 Sep, 17:00")
    assert dates.when(due.replace(year=2027), NOW) == ("2027年9月30日（周四）09:00", "Thu 30 Sep 2027, 09:00")
    assert dates.stamp(NOW, NOW) == ("9月29日 10:20", "29 Sep, 10:20")
    assert dates.day(date(2026, 10, 10), NOW.date()) == ("10月10日（周六）", "Sat 10 Oct")


def test_a_moment_near_midnight_is_told_on_chinas_clock() -> None:
    utc = datetime.fromisoformat("2026-12-31T16:30:00+00:00")
    assert dates.when(utc, utc).zh == "1月1日（周五）00:30"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        dates.when(datetime(2026, 9, 30, 17), NOW)  # noqa: DTZ001 - the point


def test_what_is_unknown_is_not_zero() -> None:
    assert (
        render("{{ x|money }}{{ x|when }}{{ x|day }}{{ x|stamp }}{{ x|hm }}{{ x|wd }}{{ x|number }}", x=None) == "—" * 7
    )
    assert render("{{ x|money }} {{ x|number }} {{ x|wd }}", x=0) == "0.00元 0 0个工作日"


def test_filters_speak_english() -> None:
    with speaking("en"):
        assert (
            render("{{ 28613240|money }}; {{ 1|wd }}; {{ 1.7|wd }}")
            == "CNY 286,132.40; 1 working day; 1.7 working days"
        )


@given(st.integers(-(10**15), 10**15))
def test_money_keeps_every_fen(fen: int) -> None:
    text = figures.money(fen).zh.removesuffix("元").replace(",", "").replace("−", "-")
    yuan, cents = text.split(".")
    sign = -1 if text.startswith("-") else 1
    assert sign * (abs(int(yuan)) * 100 + int(cents)) == fen


@given(st.integers(1, 10**6).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_a_rate_lies_in_its_interval(pair: tuple[int, int]) -> None:
    hits, total = pair
    low, high = figures.wilson(hits, total)
    assert 0 <= low <= hits / total + 1e-12
    assert hits / total - 1e-12 <= high <= 1
    assert low < high


def test_wilson_against_the_published_direction() -> None:
    """The sketch's three rates, from their numerators and denominators."""
    made = [
        tuple(round(100 * bound, 1) for bound in figures.wilson(*pair))
        for pair in ((1071, 1106), (341, 418), (187, 204))
    ]
    assert made == [(95.6, 97.7), (77.6, 85.0), (87.1, 94.7)]


@pytest.mark.parametrize(("hits", "total"), [(0, 0), (3, 2), (-1, 5)])
def test_no_share_of_nothing(hits: int, total: int) -> None:
    with pytest.raises(ValueError, match="share"):
        figures.wilson(hits, total)


def test_a_change_within_error_gets_no_arrow() -> None:
    rate = figures.Rate(Label("率", "Rate"), 341, 418, Label("", ""), previous=0.849)
    assert rate.comparison is not None
    assert "误差以内" in rate.comparison.zh
    better = figures.Rate(Label("率", "Rate"), 1071, 1106, Label("", ""), previous=0.931)
    assert better.comparison is not None
    assert better.comparison.zh == "上期93.1%，▲高3.7个百分点"
    assert not figures.Rate(Label("率", "Rate"), 11, 12, Label("", "")).enough
