"""公示: everybody reads what is about to be paid and to whom; a disputed claim says so, a stopped one is gone."""

from __future__ import annotations

import pytest
from django.test import Client

from qinqing.cases.acting import act
from tests.conftest import Clock
from tests.policies.money_world import NOW, YUAN, World, follow

pytestmark = pytest.mark.django_db


def board() -> str:
    answer = Client().get("/policies/publicity/", headers={"accept-language": "zh"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_board(clock: Clock) -> None:
    clock.set(NOW)
    world = World()
    version = world.policy()
    world.budget(90_000 * YUAN)
    assert "现在没有公示" in board()
    claims = world.waiting(version, 20, 30)
    assert "现在没有公示" in board(), "before the freeze nothing is published"
    found = world.frozen(version)
    text = board()
    assert found.case.number in text and "合计2家" in text
    for claim in claims:
        assert claim.party.name in text
        assert claim.case.number not in text
    assert "核查中" not in text
    act(claims[0].case_id, "object", world["reviewer"], NOW, {"objector": "职工", "objection": "人数不实。"})
    assert board().count("有异议，核查中") == 1
    act(claims[0].case_id, "uphold", world["supervisor"], NOW, {"reason": "人数不实", "finding": "查实虚报。"})
    follow()
    text = board()
    assert "合计1家" in text and claims[0].party.name not in text and claims[1].party.name in text
