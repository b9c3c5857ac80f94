"""监督看板: the four steps as columns, this week's write-offs to be looked into, what an inspector may record."""

from __future__ import annotations

import pytest

from qinqing.cases.models import Case
from qinqing.cases.refusals import Refused
from qinqing.supervision import board
from qinqing.supervision.board import Chosen, cases_in, columns, written_off
from tests.cases.county import TUESDAY, County
from tests.cases.doors import client
from tests.stories.steps import on
from tests.supervision.office import do, fed_back, send
from tests.supervision.test_letters import evidence

ALL = Chosen()


@pytest.fixture
def four(county: County) -> dict[str, Case]:
    """One case in each step."""
    found = {"find": county.open(), "assign": county.dispatched(), "supervise": county.dispatched()}
    fed_back(county, found["supervise"])
    found["write_off"] = county.dispatched()
    fed_back(county, found["write_off"])
    do(county, found["write_off"], "write_off", "supervisor", {"finding": "现场看过，属实。"}, files=evidence())
    return found


def test_each_case_stands_in_its_step_and_nowhere_else(county: County, four: dict[str, Case]) -> None:
    send(county, four["assign"])  # letters are no column
    assert {one.phase: [row.case.number for row in one.rows] for one in columns(ALL, TUESDAY)} == {
        phase: [case.number] for phase, case in four.items()
    }
    withdrawn = county.dispatched()
    do(county, withdrawn, "withdraw", "agent", {"reason": "不办了"})
    assert [one.count for one in columns(ALL, TUESDAY)] == [1, 1, 1, 1], "what was withdrawn is no write-off"


def test_reds_first_and_last_week_is_gone(county: County, four: dict[str, Case]) -> None:
    early = county.dispatched(now=on(9, 1))
    shown = {one.phase: one for one in columns(ALL, TUESDAY)}
    assert [row.case.pk for row in shown["assign"].rows] == [early.pk, four["assign"].pk] and shown["assign"].late == 1
    assert not cases_in("write_off", ALL, on(10, 5)).exists()


@pytest.mark.parametrize(
    ("query", "count"),
    [({}, 1), ({"unit": "x"}, 1), ({"channel": "card"}, 0), ({"channel": "window"}, 1), ({"period": "week"}, 1),
     ({"period": "nonsense"}, 1), ({"unit": "0"}, 0), ({"channel": "nonsense"}, 1)],
)  # fmt: skip
def test_narrowing(county: County, four: dict[str, Case], query: dict[str, str], count: int) -> None:
    assert cases_in("assign", Chosen.of(query), TUESDAY).count() == count
    for step in ("", "&step=assign", "&step=write_off", "&step=x"):
        address = "/inspection/?" + "&".join(f"{name}={value}" for name, value in query.items()) + step
        assert client(county, "examiner").get(address).status_code == 200


def test_a_spot_check_is_recorded_and_shown(county: County, four: dict[str, Case]) -> None:
    case = four["write_off"]
    (line,) = written_off(ALL, TUESDAY)
    assert (
        line.finding == "现场看过，属实。"
        and [file.name for file in line.evidence] == ["核查.txt"]
        and line.spot is None
    )
    for who in ("supervisor", "leader", "handler_a", "agent"):
        with pytest.raises(Refused):
            do(county, case, "spot_check", who, {"spot_result": "sound", "spot_note": "看过"})
    do(county, case, "spot_check", "examiner", {"spot_result": "doubtful", "spot_note": "现场仍有占道。"})
    (line,) = written_off(ALL, TUESDAY)
    assert line.spot and line.spot.zh == "存在问题" and line.doubtful
    page = client(county, "examiner").get("/inspection/").content.decode()
    assert "存在问题" in page and "现场看过，属实。" in page
    party = client(county, "agent").get(f"/r/{case.receipt_code}/").content.decode()
    assert "占道" not in party and "抽查" not in party


def test_what_nobody_looked_at_is_not_crowded_out(
    county: County, four: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = county.dispatched()
    fed_back(county, later)
    do(county, later, "write_off", "supervisor", {"finding": "属实"}, files=evidence(), now=on(9, 29, 11))
    do(county, later, "spot_check", "examiner", {"spot_result": "sound", "spot_note": "看过"}, now=on(9, 29, 11))
    assert [line.row.case.pk for line in written_off(ALL, on(9, 29, 12))] == [four["write_off"].pk, later.pk]
    monkeypatch.setattr(board, "WEEK_SHOWN", 1)
    (line,) = written_off(ALL, on(9, 29, 12))
    assert line.row.case == four["write_off"] and line.spot is None


def test_the_inspectors_home_and_menu(county: County, four: dict[str, Case]) -> None:
    from qinqing.site.roles import home_of

    assert home_of(county["examiner"]) == "supervision:board" and home_of(county["supervisor"]) == "supervision:desk"
    page = client(county, "examiner", "en").get("/inspection/").content.decode()
    assert "Oversight board" in page and "/supervision/letters/" in page and 'href="/supervision/"' not in page
