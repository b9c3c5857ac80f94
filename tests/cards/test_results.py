"""Records and outcomes: days that have been, quantities with their unit, counted while the matter stays resolved."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from qinqing.accounts.actor import Actor
from qinqing.cards import results, taking
from qinqing.cards.models import Outcome
from qinqing.cards.taking import Said
from qinqing.cases import acting
from qinqing.cases.blobs import StoredFile, store
from qinqing.cases.models import Case
from qinqing.cases.refusals import Refused
from tests.cards.office import PNG, build_office, one_card
from tests.cases.county import TUESDAY, County
from tests.worlds import Once

LATER = TUESDAY + timedelta(hours=2)
MONTH = TUESDAY + timedelta(days=20)


class Upload:
    name: str | None = "现场.png"

    def chunks(self) -> list[bytes]:
        return [PNG]


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(build_office)


@pytest.fixture
def county(db: None, built: County, settings: Any, tmp_path: Path) -> County:
    settings.BLOBS = tmp_path / "blobs"
    return deepcopy(built)


def handled(county: County, text: str = "停车难", lead: str = "a") -> Case:
    """A matter sent by a card and assigned to a section."""
    card = one_card(county)
    case = taking.take(
        card.pk, Said("difficulty", text), Actor(None, "", "anonymous"), "203.0.113.7", "0" * 32, TUESDAY
    )
    acting.act(case.pk, "dispatch", county["keeper"], TUESDAY, {"lead": county.unit(lead)})
    return case


def answer(county: County, case: Case, **more: Any) -> None:
    lead = Case.objects.get(pk=case.pk).lead
    assert lead
    data = {"answer": "已划定临时车位。", "result": "solved", **more}
    acting.act(case.pk, "feed_back", county[f"handler_{lead.code}"], LATER, data)
    acting.act(case.pk, "approve", county[f"head_{lead.code}"], LATER)


def write_off(county: County, case: Case, now: Any = LATER) -> None:
    files = [store(Upload())]
    acting.act(case.pk, "write_off", county["second"], now, {"finding": "到现场看过，属实。"}, files=files)


def reopen(case: Case) -> None:
    holder = Actor(None, "回执持有人", "party", party_ids=frozenset({case.party_id}))
    acting.act(case.pk, "reopen", holder, MONTH - timedelta(days=12), {"reason": "高峰还是停不下。"})


def test_a_consultation_and_a_survey_stand_as_records(county: County) -> None:
    case = handled(county)
    photo: StoredFile = store(Upload())
    handler = county["handler_a"]
    survey = {"held_on": "2026-09-29", "attendees": "王某、李某", "place": "青禾路", "seen": "两侧停满，通道被占。"}
    consult = {"held_on": "2026-09-28", "attendees": "三家单位", "minutes": "议定划线。"}
    acting.act(case.pk, "survey", handler, LATER, survey, files=[photo])
    acting.act(case.pk, "consult", handler, LATER, consult)
    first, second = results.records(case)
    assert (first.kind, first.text, first.attendees, first.files) == ("consult", "议定划线。", "三家单位", ())
    assert (second.kind, second.place, second.text) == ("survey", "青禾路", "两侧停满，通道被占。")
    assert [file.sha256 for file in second.files] == [photo.sha256]
    assert second.by == "handler_a"


@pytest.mark.parametrize("action", ["consult", "survey"])
def test_a_record_is_of_a_day_that_has_been(county: County, action: str) -> None:
    case = handled(county)
    data = {"held_on": "2026-09-30", "attendees": "x"} | (
        {"minutes": "x"} if action == "consult" else {"place": "x", "seen": "x"}
    )
    with pytest.raises(Refused, match="不能晚于今天"):
        acting.act(case.pk, action, county["handler_a"], LATER, data)
    acting.act(case.pk, action, county["handler_a"], LATER, {**data, "held_on": "2026-09-29"})


@pytest.mark.parametrize(("quantity", "of"), [(40, None), (None, "个车位"), (0, "个车位"), (-3, "个车位")])
def test_a_quantity_comes_with_its_unit(county: County, quantity: int | None, of: str | None) -> None:
    case = handled(county)
    given = {name: value for name, value in (("quantity", quantity), ("quantity_of", of)) if value is not None}
    with pytest.raises(Refused, match="成果数量"):
        answer(county, case, **given)


def test_an_outcome_counts_from_the_write_off_and_while_it_stays_resolved(county: County) -> None:
    case = handled(county)
    answer(county, case, quantity=40, quantity_of="个 临时停车位")
    assert not Outcome.objects.exists(), "not yet checked by anybody"
    write_off(county, case)
    (line,) = results.sums(results.outcomes(county["keeper"]))
    assert (line.quantity, line.of, line.cases, line.month.isoformat()) == (40, "个临时停车位", 1, "2026-09-01")
    assert line.unit == county.units["a"]
    reopen(case)
    assert results.sums(results.outcomes(county["keeper"])) == [], "taken up again: it does not count"
    answer(county, case, answer="又划了12个。", quantity=52, quantity_of="个临时停车位")
    write_off(county, case, MONTH)
    (line,) = results.sums(results.outcomes(county["keeper"]))
    assert (line.quantity, line.month.isoformat()) == (52, "2026-10-01")


def test_a_second_answer_without_a_quantity_takes_the_first_one_back(county: County) -> None:
    case = handled(county)
    answer(county, case, quantity=40, quantity_of="个车位")
    write_off(county, case)
    reopen(case)
    answer(county, case)
    write_off(county, case, MONTH)
    assert not Outcome.objects.exists()


def test_sums_are_by_month_office_and_unit_of_count_of_what_one_may_see(county: County) -> None:
    for text, lead, quantity, of in (
        ("一", "a", 40, "个车位"),
        ("二", "a", 2, "个车位"),
        ("三", "a", 3, "盏路灯"),
        ("四", "b", 5, "个车位"),
    ):
        case = handled(county, text, lead)
        answer(county, case, quantity=quantity, quantity_of=of)
        write_off(county, case)
    lines = results.sums(results.outcomes(county["leader"]))
    everything = {(line.unit and line.unit.code, line.of): (line.quantity, line.cases) for line in lines}
    assert everything == {("a", "个车位"): (42, 2), ("a", "盏路灯"): (3, 1), ("b", "个车位"): (5, 1)}
    own = results.sums(results.outcomes(county["handler_b"]))
    assert [(line.quantity, line.of) for line in own] == [(5, "个车位")]
