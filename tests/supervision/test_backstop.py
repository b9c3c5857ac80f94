"""信访备案兜底 (Y4): a basis, a signature, the petition system's own number, an explanation in time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from qinqing.cases.models import Case
from qinqing.cases.refusals import Incomplete, Refused
from qinqing.supervision import backstop_sheet
from qinqing.supervision.backstop import backstops, lines
from qinqing.supervision.models import Backstop
from tests.cases.county import TUESDAY, County
from tests.cases.doors import client, code, page
from tests.stories.steps import on
from tests.supervision.office import do, unable

NUMBER = "XF33049920260930001"
TOLD = {"explanation": "年限不足，依法不能办理。", "other_ways": "可申请行政复议或起诉。", "informed": True}


@pytest.fixture
def case(county: County) -> Case:
    case = county.dispatched()
    unable(county, case)
    return case


def state(now: Any) -> str:
    (line,) = lines(backstops(), now)
    return line.state


def test_unable_needs_a_basis_and_the_heads_signature(county: County) -> None:
    case = county.dispatched()
    with pytest.raises(Incomplete):
        do(county, case, "cannot", "handler_a", {"reason": "不能办"})
    do(county, case, "cannot", "handler_a", {"legal_basis": "第十六条", "reason": "年限不足"})
    assert case.stage == "handling" and not Backstop.objects.exists()
    with pytest.raises(Refused):
        do(county, case, "approve", "handler_a")
    do(county, case, "approve", "head_a")
    assert case.stage == "explaining" and Backstop.objects.get().decided_at == TUESDAY


def test_three_working_days_from_the_signature(county: County, case: Case) -> None:
    """Through National Day: 30 September, 8 and 9 October."""
    (line,) = lines(backstops(), TUESDAY)
    assert line.due == case.due_at == on(10, 9, 17)
    assert [state(at) for at in (on(10, 9, 17), on(10, 9, 17, 1))] == ["waiting", "late"]


@pytest.mark.parametrize("number", [None, "", "   ", "\n"])
def test_without_the_petition_systems_number_nothing_is_explained(county: County, case: Case, number: Any) -> None:
    """Nobody here makes a number up: not the act, not the form, not the program behind them."""
    with pytest.raises(Incomplete) as refused:
        do(county, case, "explain", "clerk", {**TOLD, **({} if number is None else {"petition_no": number})})
    assert set(refused.value.fields) == {"petition_no"}
    form = page(client(county, "clerk"), f"/cases/{case.number}/")
    field = re.search(r'<input[^>]*name="petition_no"[^>]*>', form)
    assert field and 'value="' not in field[0], "a number stands in the form that nobody gave"
    assert Backstop.objects.get().petition_no == "" and Backstop.objects.get().explained_at is None


@pytest.mark.parametrize("missing", list(TOLD))
def test_nor_without_explanation_other_ways_or_telling(county: County, case: Case, missing: str) -> None:
    said = {name: value for name, value in {**TOLD, "petition_no": NUMBER}.items() if name != missing}
    with pytest.raises(Incomplete):
        do(county, case, "explain", "clerk", said)


@pytest.mark.parametrize(("at", "found"), [(on(10, 9, 17), "in_time"), (on(10, 9, 17, 1), "too_late")])
def test_explained_in_time_or_not(county: County, case: Case, at: Any, found: str) -> None:
    do(county, case, "explain", "clerk", {**TOLD, "petition_no": NUMBER}, now=at)
    assert case.outcome == "explained" and state(on(11, 1)) == found
    shown = page(client(county, "supervisor"), "/backstop/")
    assert NUMBER in shown and case.number in shown


def test_the_party_reads_why_and_where_else_to_turn(county: County, case: Case) -> None:
    before = page(client(county, "agent"), code(case))
    assert "《社会保险法》第十六条" in before and "10月9日（周五）17:00前" in before
    assert "期限不因此起算" in before
    do(county, case, "explain", "clerk", {**TOLD, "petition_no": NUMBER})
    after = page(client(county, "agent"), code(case))
    assert TOLD["explanation"] in after and TOLD["other_ways"] in after
    assert NUMBER not in after and "年限不足" in after


# -- the sheet


def row(**changes: Any) -> dict[str, Any]:
    return {"number": "帮2026-0001", "petition_no": NUMBER, "petition_on": on(9, 29).date(), **changes}


def test_an_imported_number_stands_in_the_form_and_holds(county: County, case: Case) -> None:
    (seen,) = backstop_sheet.look(county["clerk"], [row()], TUESDAY)
    assert seen.before is None and not seen.faults
    backstop_sheet.apply(county["clerk"], [row()], TUESDAY)
    (again,) = backstop_sheet.look(county["clerk"], [row()], TUESDAY)
    assert again.before == row(), "the same sheet again changes nothing"
    assert NUMBER in page(client(county, "clerk"), f"/cases/{case.number}/")
    with pytest.raises(Incomplete, match=NUMBER):
        do(county, case, "explain", "clerk", {**TOLD, "petition_no": "XF-别的"})
    do(county, case, "explain", "clerk", {**TOLD, "petition_no": NUMBER})
    (late,) = backstop_sheet.look(county["clerk"], [row(petition_no="XF-别的")], TUESDAY)
    assert set(late.faults) == {"petition_no"}, "what was told to the party stays"


@pytest.mark.parametrize(
    ("changes", "fault"), [({"number": "帮2026-0009"}, "number"), ({"petition_on": on(9, 30).date()}, "petition_on")]
)
def test_rows_that_fit_nothing(county: County, case: Case, changes: dict[str, Any], fault: str) -> None:
    (seen,) = backstop_sheet.look(county["clerk"], [row(**changes)], TUESDAY)
    assert set(seen.faults) == {fault}
