"""Who may speak for whom on a day: its own, or under an authorisation two people have filed, former names included."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qinqing.cases.acting import act
from qinqing.directory.models import Unit
from qinqing.mortgages import authorising
from qinqing.mortgages.authorisations import may_speak
from qinqing.mortgages.models_names import Authorisation, Filing
from qinqing.ui.errors import Problem
from tests.mortgages.filing_world import FilingWorld
from tests.mortgages.world import NOW, code, later, where, why, work
from tests.worlds import Once

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
DAY = timedelta(1)


@pytest.fixture(scope="module")
def built(once: Once) -> FilingWorld:
    return once(FilingWorld)


@pytest.fixture
def world(built: FilingWorld, settings: Any, tmp_path: Path) -> FilingWorld:
    settings.BLOBS = tmp_path
    return deepcopy(built)


def speaks(world: FilingWorld, on: date = TODAY, bank: str = "a", creditor: str = "fund") -> bool:
    return may_speak(world.bank(bank), world.bank(creditor).credit_code, on)


def revoke(world: FilingWorld, on: date | None, by: str = "fund_officer", reason: str = "合作终止") -> Filing:
    return authorising.revoke(Authorisation.objects.get(), on, reason, [world.paper()], world[by], NOW)


def test_a_bank_speaks_for_itself_and_for_nobody_else(world: FilingWorld) -> None:
    assert speaks(world, creditor="a")
    assert not speaks(world) and not speaks(world, creditor="b")


def test_an_authorisation_counts_once_the_registry_has_checked_it(world: FilingWorld) -> None:
    filing = world.authorisation(approver="")
    assert not speaks(world)
    with pytest.raises(Problem):
        act(filing.case_id, "confirm", world["fund_officer"], NOW, {"finding": "好"})
    world.approve(filing, "registrar")
    assert speaks(world)
    assert not speaks(world, bank="b") and not speaks(world, creditor="b")
    assert not may_speak(world.bank("fund"), world.bank("a").credit_code, TODAY), "not the other way round"


def test_one_filed_by_the_registry_is_approved_by_its_head(world: FilingWorld) -> None:
    filing = world.authorisation(by="registrar", approver="")
    with pytest.raises(Problem):
        act(filing.case_id, "approve", world["registrar"], NOW)
    world.approve(filing, "registrar_head")
    assert speaks(world)


@pytest.mark.parametrize("by", ["clerk_a", "clerk_b", "handler_a", "supervisor", "agent"])
def test_nobody_authorises_in_anothers_name(world: FilingWorld, by: str) -> None:
    with pytest.raises(Problem):
        world.authorisation(by=by)
    assert not Filing.objects.exists()


@pytest.mark.parametrize("end", [None, TODAY + 30 * DAY])
def test_its_term_has_both_days_inside(world: FilingWorld, end: date | None) -> None:
    world.authorisation(starts_on=TODAY, ends_on=end)
    assert speaks(world, TODAY) and not speaks(world, TODAY - DAY)
    last = end or TODAY + 9999 * DAY
    assert speaks(world, last) and speaks(world, last + DAY) == (end is None)


def test_revoked_from_its_day_on_and_only_once_checked(world: FilingWorld) -> None:
    world.authorisation(starts_on=TODAY - 30 * DAY)
    filing = revoke(world, TODAY)
    assert speaks(world)
    world.approve(filing, "registrar")
    assert speaks(world, TODAY - DAY) and not speaks(world, TODAY)
    world.approve(revoke(world, TODAY + 9 * DAY), "registrar")
    assert not speaks(world, TODAY + DAY), "the earliest counts"


@pytest.mark.parametrize(
    ("on", "by", "reason"),
    [
        (None, "fund_officer", "x"),
        (TODAY - DAY, "fund_officer", "x"),
        (TODAY, "fund_officer", " "),
        (TODAY, "clerk_a", "x"),
    ],
)
def test_a_wrong_revocation_is_refused(world: FilingWorld, on: date | None, by: str, reason: str) -> None:
    world.authorisation()
    with pytest.raises(Problem):
        revoke(world, on, by, reason)


# ── under another name ──


def test_one_given_under_a_former_name_stays_valid(world: FilingWorld) -> None:
    with pytest.raises(Problem) as refused:
        world.authorisation(grantee_name="禾穗城市信用社", grantee_code="")
    assert "grantee_name" in refused.value.fields, "it would be given to nobody"
    world.alias("禾穗城市信用社", ends_on=TODAY)
    world.authorisation(grantee_name="禾穗城市信用社", grantee_code="")
    assert speaks(world) and not speaks(world, bank="b")


def test_one_given_to_a_code_that_went_over_stays_valid(world: FilingWorld) -> None:
    world.authorisation()
    Unit.objects.filter(pk=world.bank("a").pk).update(closed_on=TODAY)
    assert not speaks(world, bank="b")
    world.alias("禾穗银行示范支行", "b", former_code=world.bank("a").credit_code)
    assert speaks(world, bank="b"), "b took a over, and the fund's authorisation with it"
    assert speaks(world, bank="b", creditor="a")


def test_one_given_by_a_code_that_went_over_stays_valid(world: FilingWorld) -> None:
    world.authorisation()
    old_code = code(60)
    world.alias("原公积金管理部", "fund", former_code=old_code)
    assert may_speak(world.bank("a"), old_code, TODAY)


def test_a_code_that_was_split_is_nobodys_for_certain(world: FilingWorld) -> None:
    world.authorisation()
    for heir in ("b", "c"):
        world.alias(f"禾穗{heir}", heir, former_code=world.bank("a").credit_code)
    assert not speaks(world, bank="b") and not speaks(world, bank="c")


def test_a_combined_loan_is_released_by_the_bank_alone_under_it(world: FilingWorld) -> None:
    mortgage = world.mortgage("a", "fund")
    world.settled("a", mortgage)
    world.settled("a", mortgage, creditor_code=world.bank("fund").credit_code)
    work(later(1))
    assert (where(mortgage), why(mortgage)) == ("exception", "not_authorised")
    world.authorisation()
    other = world.mortgage("a", "fund")
    world.settled("a", other)
    world.settled("a", other, creditor_code=world.bank("fund").credit_code)
    work(later(2))
    assert where(other) == "released"


BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "no number": ("number", {"number": " "}),
    "no bank": ("grantee_name", {"grantee_name": ""}),
    "a bank nobody knows": ("grantee_name", {"grantee_name": "无名银行", "grantee_code": ""}),
    "wrong code": ("grantee_code", {"grantee_code": "123"}),
    "itself": ("grantee_name", {"grantee_name": "县住房公积金管理中心", "grantee_code": ""}),
    "scope": ("covers", {"covers": "everything"}),
    "term": ("ends_on", {"ends_on": TODAY - DAY}),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_paper_is_refused_by_field(world: FilingWorld, what: str) -> None:
    field, changes = BAD[what]
    with pytest.raises(Problem) as refused:
        world.authorisation(**changes)
    assert field in refused.value.fields and not Filing.objects.exists()


def test_the_database_refuses_to_change_one(world: FilingWorld) -> None:
    world.authorisation()
    with pytest.raises(DatabaseError), transaction.atomic():
        Authorisation.objects.update(ends_on=None, number="x")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    terms=st.lists(
        st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9), st.none() | st.integers(0, 12)), max_size=4
    ),
    on=st.integers(-1, 11),
)
def test_may_speak_is_the_union_of_terms_not_revoked(
    world: FilingWorld, terms: list[tuple[int, int | None, int | None]], on: int
) -> None:
    with transaction.atomic():
        filing = world.authorisation(approver="")
        expected = False
        for start, length, revoked in terms:
            given_ = Authorisation.objects.create(
                filing=filing, number="x", grantor_name="公积金", grantor_code=world.bank("fund").credit_code,
                grantee_name="甲", grantee_code=world.bank("a").credit_code, covers="both",
                starts_on=TODAY + start * DAY, ends_on=None if length is None else TODAY + (start + length) * DAY,
            )  # fmt: skip
            if revoked is not None:
                given_.revocations.create(filing=filing, revoked_from=TODAY + revoked * DAY, reason="x")
            inside = start <= on and (length is None or on <= start + length)
            expected |= inside and (revoked is None or on < revoked)
        assert speaks(world, TODAY + on * DAY) == expected
        transaction.set_rollback(True)
