"""Real processes at the same moment: a case is rated once, a rectification opened once, a sample drawn once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qinqing.cases import acting
from qinqing.cases.models import Case
from qinqing.evaluation.models import Draw, Rating, Sampled
from qinqing.lib.wallclock import CHINA
from tests.cases.county import County
from tests.cases.processes import running
from tests.cases.test_races import verify
from tests.evaluation.rated import rated_county, resolved

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
CLOSED = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
LATER = (CLOSED + timedelta(hours=1)).isoformat()
MANY = 20


@pytest.fixture
def county(settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path
    return rated_county()


def test_two_ratings_at_the_same_instant_are_one(county: County) -> None:
    cases = [resolved(county, CLOSED).pk for _ in range(MANY)]
    agent = county["agent"].user_id
    sent = [("act", agent, LATER, cases, "rate", {"rating": level}, "", True) for level in ("very_good", "very_bad")]
    with running(*sent) as raters:
        for turn, _ in enumerate(cases):
            for rater in raters if turn % 2 else raters[::-1]:  # neither is always let go first
                rater.go()
            for rater in raters:
                rater.hear()
        first, second = (rater.finish() for rater in raters)
    for index, case in enumerate(cases):
        assert Counter((first[index][1], second[index][1])) == {"done": 1, "refused": 1}, "rated twice, or not at all"
        won = "very_good" if first[index][1] == "done" else "very_bad"
        assert [rating.level for rating in Rating.objects.filter(case=case)] == [won]
    verify()


def test_two_workers_open_one_rectification(county: County) -> None:
    cases = [resolved(county, CLOSED).pk for _ in range(MANY)]
    now = datetime.fromisoformat(LATER)
    rated = [[case, acting.act(case, "rate", county["agent"], now, {"rating": "bad"}).seq] for case in cases]
    with running(*[("tests.evaluation.racing:put_right", LATER, rated)] * 2) as workers:
        said = [worker.finish() for worker in workers]
    assert [answer[:2] for answer in said[0]] == [answer[:2] for answer in said[1]] == rated
    assert [answer[2] for answer in said[0]] == [answer[2] for answer in said[1]], "each hears of the same one"
    assert Case.objects.filter(procedure__code="rectification").count() == MANY
    verify()


def test_two_supervisors_draw_one_sample(county: County) -> None:
    for _ in range(8):
        resolved(county, CLOSED)
    now = datetime(2026, 10, 12, 9, 0, tzinfo=CHINA).isoformat()
    users = [county[name].user_id for name in ("supervisor", "supervisor_2")]
    with running(*[("tests.evaluation.racing:draw", user, now, [2026, 10], 5) for user in users]) as both:
        said = [one.finish() for one in both]
    assert said[0][0][0] == said[1][0][0], "both see the same draw"
    assert Draw.objects.count() == 1
    assert Sampled.objects.count() == 5
