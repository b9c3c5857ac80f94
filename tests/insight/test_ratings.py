"""The leader's figures of satisfaction beside those of the page of ratings, and what comes back to the leader."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from qinqing.cases import acting
from qinqing.evaluation import selectors
from qinqing.evaluation.models import Rating
from qinqing.evaluation.months import Month
from qinqing.insight import measuring, recounting
from qinqing.insight.indicators import shelf
from qinqing.insight.measuring import Scope, Share
from qinqing.lib.wallclock import CHINA
from qinqing.ui import periods
from tests.cases.county import TUESDAY, County
from tests.cases.doors import client, page
from tests.conftest import Clock
from tests.evaluation.rated import answered, paper, rate, rated_county, resolved, righted
from tests.worlds import Once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 12, 9, 30, tzinfo=CHINA)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(rated_county)


@pytest.fixture
def county(built: County, clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    clock.set(LATER)
    return deepcopy(built)


def everything_that_ratings_can_be(county: County) -> None:
    """In two months: all levels, unrated, set aside, rated again after a reopening, on the spot, a rectification's."""
    for level in ("very_good", "good", "fair", "bad", "very_bad"):
        rate(county, resolved(county, NOW, lead="a"), level, NOW)
    rate(county, resolved(county, NOW, lead="b", channel="card"), "good", NOW)
    rate(county, answered(county, NOW), "bad", NOW)
    rate(county, resolved(county, TUESDAY), "good", TUESDAY)
    resolved(county, NOW, lead="b")
    mistaken = rate(county, resolved(county, NOW), "bad", NOW)
    Rating.objects.filter(pk=mistaken.pk).update(set_aside_at=NOW)
    for again in ("good", None):  # rated anew, or not yet
        case = resolved(county, TUESDAY)
        rate(county, case, "bad", TUESDAY)
        acting.act(case.pk, "reopen", county["agent"], NOW, {"reason": "没解决"})
        acting.act(case.pk, "feed_back", county["handler_a"], NOW, {"answer": "已划", "result": "solved"})
        acting.act(case.pk, "approve", county["head_a"], NOW)
        acting.act(case.pk, "write_off", county["supervisor"], NOW, {"finding": "属实"}, files=[paper()])
        if again:
            rate(county, case, again, NOW)
    rectification = Rating.objects.filter(level="very_bad").get().rectification
    assert rectification
    rate(county, righted(county, rectification, NOW), "good", NOW)
    list(recounting.rebuild())


@pytest.mark.parametrize(("month", "satisfied", "closed"), [("2026-09", (1, 2), 1), ("2026-10", (5, 8), 11)])
def test_leaders_page_and_page_of_ratings_say_the_same(
    county: County, month: str, satisfied: tuple[int, int], closed: int
) -> None:
    """`insight` counts the rows of figures, `evaluation` the ratings; whole, by channel, and by authority."""
    everything_that_ratings_can_be(county)
    scope, span = Scope(LATER, periods.parse(month)), Month(*map(int, month.split("-"))).span
    shares = {name: measuring.shares(shelf()[name], scope) for name in ("satisfied", "responded")}
    told = selectors.satisfied_of(span)
    assert shares["satisfied"].whole == Share(told.satisfied, told.counted) == Share(*satisfied)
    assert shares["responded"].whole.total == told.closed == closed
    for channel in ("window", "card"):
        told = selectors.satisfied_of(span, channel=channel)
        assert shares["satisfied"].channels.get(channel, Share()) == Share(told.satisfied, told.counted)
    told = selectors.satisfied_of(span, unit=county.unit("hr"))
    assert shares["satisfied"].units[county.unit("hr")] == Share(told.satisfied, told.counted)


def test_a_badly_rated_rectification_stands_with_the_leader_until_settled(county: County) -> None:
    first = rate(county, resolved(county, NOW), "bad", NOW)
    assert first.rectification
    rectification = righted(county, first.rectification, NOW)
    list(recounting.rebuild())
    assert "整改后仍不满意" not in page(client(county, "leader"), "/leader/")
    rate(county, rectification, "bad", NOW)
    assert "still not content" in page(client(county, "leader", "en"), "/leader/")
    shown = page(client(county, "leader"), "/leader/?of=week").split("整改后仍不满意")[1]
    assert f'href="{reverse("cases:case", args=[rectification.number])}"' in shown
    acting.act(rectification.pk, "settle", county["leader"], LATER, {"instruction": "已面谈，列入专项。"})
    assert "整改后仍不满意" not in page(client(county, "leader"), "/leader/")
