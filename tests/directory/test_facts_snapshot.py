"""The snapshot: every company's facts as `values_of` has them, and after any changes the same as one made afresh."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qinqing.directory import companies, services
from qinqing.directory.facts import recording, snapshots
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.imports import apply_rows
from qinqing.directory.models import FactClock, Observation
from tests.directory.conftest import NOW
from tests.directory.facts_world import by_company, fresh, of_one, plain, say

pytestmark = pytest.mark.django_db
STEPS = st.one_of(
    st.tuples(
        st.just("say"), st.integers(0, 3), st.sampled_from([202400, 202500]),
        st.sampled_from(
            [
                ("rd_expense", 700), ("rd_expense", None), ("rd_expense", 9 * 10**15 // 2), ("profit", -5),
                ("land_area_mu", Decimal("1.25")),
                ("srdi_level", "provincial"), ("srdi_level", "none"), ("key_industry", "大健康"),
                ("key_industry", "医药"),
                ("high_tech_enterprise", True), ("high_tech_enterprise", False), ("listed_on", date(1969, 5, 1)),
                ("staff", Decimal(7)), ("staff", None),
            ]
        ),
    ),
    st.tuples(st.just("new"), st.integers(14, 17)),
    st.tuples(st.just("change"), st.integers(0, 3), st.sampled_from(["青溪街道", "禾穗镇", ""]), st.integers(0, 400)),
    st.tuples(st.just("import"), st.integers(0, 6)),
    st.tuples(st.just("retract")),
    st.tuples(st.just("look")),
)  # fmt: skip


def do(step, parties, held):
    """One step; what is held afterwards."""
    match step:
        case ("say", who, period, (fact, value)):
            defined = dictionary()[fact]
            say(parties[who], fact, value, defined.sources[0], NOW, period=period if defined.period == "year" else 0)
        case ("new", index) if index not in parties:
            parties[index] = create(index)
        case ("change", who, town, staff):
            services.update_party(parties[who], NOW, town=town, staff=staff, industry="C3484")
        case ("import", index):
            code = companies.credit_code(index)
            apply_rows([{"credit_code": code, "name": f"公司{index}", "revenue_fen": 100, "town": "云栈镇"}], NOW)
        case ("retract",):
            last = Observation.objects.order_by("-pk").values_list("pk", flat=True)[:1]
            recording.retract(last, now=NOW, user_id=None, note="误报")
        case ("look",):
            return snapshots.latest(held)
    return held


def create(index):
    return services.create_party("company", f"公司{index}", NOW, credit_code=companies.credit_code(index)).pk


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_brought_up_equals_made_afresh(steps):
    with transaction.atomic():
        parties = {index: create(index) for index in range(4)}
        held = first = snapshots.latest(None)
        before = plain(first.table)
        for step in steps:
            held = do(step, parties, held)
        changes = snapshots.changed_since(first.mark)
        later = snapshots.latest(held)
        table = later.table
        assert plain(table) == plain(snapshots.latest(None).table)
        assert later.mark == changes.mark >= first.mark
        assert plain(first.table) == before  # whoever matches with it goes on undisturbed
        assert by_company(table) == {party: of_one(party) for party in table.ids.tolist()}
        old, new = by_company(first.table), by_company(table)
        for party in new:
            differs = {name for name in dictionary() if old.get(party, {}).get(name) != new[party].get(name)}
            assert not differs or (party in changes.party_ids.tolist() and differs <= changes.fact_ids)
        transaction.set_rollback(True)


def test_columns_are_exact(company):
    party = company(
        1, industry="C3484", staff=30, revenue_fen=400_000_000, assets_fen=1, registered_on=date(2001, 2, 3)
    ).pk
    person = services.create_party("person", "柳女士", NOW).pk
    say(party, "rd_expense", 8_999_999_999_999_999, "tax", NOW)
    say(party, "energy_intensity", Decimal("0.0351"), "economy", NOW)
    say(party, "listed_on", date(2020, 1, 31), "banking", NOW, period=0)
    table = fresh()
    assert table.ids.tolist() == [party] and person not in table.ids
    assert set(table.columns) == set(dictionary())
    assert table.columns["rd_expense"].values.dtype == np.int64
    row = by_company(table)[party]
    assert row["rd_expense"] == 8_999_999_999_999_999
    assert row["energy_intensity"] == 351
    assert row["listed_on"] == (date(2020, 1, 31) - date(1970, 1, 1)).days
    assert (row["industry_section"], row["industry_division"], row["size_policy"]) == ("C", "C34", "small")
    assert "exports" not in row


def test_an_empty_county():
    assert len(fresh()) == 0
    assert len(snapshots.snapshot()[1]) == 0


def test_only_what_changed_is_read(company):
    first, second = company(1).pk, company(2).pk
    say(first, "rd_expense", 5, "tax", NOW)
    before = snapshots.latest(None)
    assert snapshots.latest(before) is before
    say(second, "rd_expense", 6, "tax", NOW)
    after = snapshots.latest(before)
    assert after.table.columns["exports"] is before.table.columns["exports"]
    assert after.table.columns["rd_expense"] is not before.table.columns["rd_expense"]


def test_what_a_transaction_sees_is_not_kept_beyond_it(company):
    say(company(1).pk, "rd_expense", 5, "tax", NOW)
    snapshots.forget()
    assert snapshots.snapshot()[1] is not snapshots.snapshot()[1]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_kept(company, django_assert_max_num_queries):
    say(company(1).pk, "rd_expense", 5, "tax", NOW)
    snapshots.forget()
    before = snapshots.snapshot()
    with django_assert_max_num_queries(1):
        assert snapshots.snapshot()[1] is before[1]
    with transaction.atomic():
        say(company(2).pk, "rd_expense", 6, "tax", NOW)
        assert len(snapshots.snapshot()[1]) == 2
        transaction.set_rollback(True)
    assert snapshots.snapshot()[1] is before[1]
    snapshots.forget()


def test_another_database_is_not_mistaken_for_this_one(company):
    """Marks begin again where a database was emptied or put back; the held snapshot then does not fit."""
    say(company(1).pk, "rd_expense", 5, "tax", NOW)
    before = snapshots.latest(None)
    FactClock.objects.update(epoch="another")
    assert snapshots.latest(before).epoch == "another"
