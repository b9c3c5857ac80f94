"""Writes of the directory: what is refused says why, what is kept keeps its past."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qinqing.accounts.models import User
from qinqing.directory import companies, selectors, services
from qinqing.directory.models import Party, Post
from qinqing.directory.services import Unfit

pytestmark = pytest.mark.django_db


def test_a_company_needs_a_code_that_checks(now):
    good = companies.credit_code(7)
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    with pytest.raises(Unfit) as error:
        services.create_party("company", "示范县砺山紧固件有限公司", now, credit_code=wrong)
    assert f"应为{good[-1]}" in error.value.fields["credit_code"].zh
    with pytest.raises(Unfit) as error:
        services.create_party("company", "示范县砺山紧固件有限公司", now)
    assert "credit_code" in error.value.fields
    party = services.create_party(
        "company", " 示范县砺山紧固件（集团）有限公司 ", now, credit_code=good.lower(), industry="3482"
    )
    assert (party.credit_code, party.industry) == (good, "C3482")
    assert party.name == "示范县砺山紧固件（集团）有限公司"
    assert party.name_norm == "示范县砺山紧固件(集团)有限公司"


def test_a_code_is_registered_once_and_the_refusal_names_the_holder(company, now):
    company(1, "甲公司")
    with pytest.raises(Unfit) as error:
        company(1, "乙公司")
    assert "甲公司" in error.value.fields["credit_code"].zh


def test_persons_have_no_code_and_all_faults_come_at_once(now):
    with pytest.raises(Unfit) as error:
        services.create_party("person", "沈知远", now, credit_code=companies.credit_code(1))
    assert "credit_code" in error.value.fields
    with pytest.raises(Unfit) as error:
        services.create_party("person", "沈知远", now, phone="1381234567", staff=-1)
    assert set(error.value.fields) == {"phone", "staff"}
    assert "少1位" in error.value.fields["phone"].zh


def test_unknown_facts_are_a_programming_error(now):
    with pytest.raises(TypeError, match="revenue_yuan"):
        services.create_party("person", "沈知远", now, revenue_yuan=1)


def test_unnamed_visitors_stay_apart(now):
    assert services.create_unnamed(now).pk != services.create_unnamed(now).pk


def test_none_makes_a_fact_unknown_again(company, now):
    party = company(1, staff=20, phone="19900000001")
    party = services.update_party(party.pk, now, staff=None, phone=None)
    party.refresh_from_db()
    assert (party.staff, party.phone) == (None, "")
    with pytest.raises(Unfit):
        services.update_party(party.pk, now, credit_code=None)


def test_renaming_keeps_the_former_names_with_their_periods(company, now):
    party = company(1, "甲公司", registered_on=date(2001, 1, 1))
    services.rename_party(party.pk, "乙公司", date(2010, 5, 1), now)
    services.rename_party(party.pk, "丙公司", date(2020, 5, 1), now)
    services.rename_party(party.pk, "丙公司", date(2024, 5, 1), now)  # the same name is no change
    party.refresh_from_db()
    assert party.name == "丙公司"
    assert [(f.name, f.starts_on, f.ends_on) for f in party.former_names.order_by("pk")] == [
        ("甲公司", date(2001, 1, 1), date(2010, 4, 30)),
        ("乙公司", date(2010, 5, 1), date(2020, 4, 30)),
    ]
    for day in (date(2019, 1, 1), now.date() + timedelta(days=1)):
        with pytest.raises(Unfit):
            services.rename_party(party.pk, "丁公司", day, now)


def test_mandates_do_not_overlap_and_end(company, now):
    firm, person = company(), services.create_party("person", "沈知远", now)
    mandate = services.add_mandate(person.pk, firm.pk, date(2026, 1, 1), now, title="人事专员")
    with pytest.raises(Unfit):
        services.add_mandate(person.pk, firm.pk, date(2026, 6, 1), now)
    services.end_mandate(mandate.pk, date(2026, 3, 31), now)
    with pytest.raises(Unfit):
        services.end_mandate(mandate.pk, date(2026, 12, 31), now)
    services.add_mandate(person.pk, firm.pk, date(2026, 4, 1), now)
    with pytest.raises(Unfit):
        services.add_mandate(firm.pk, person.pk, date(2026, 4, 1), now)


def test_a_phones_person_is_made_once(now):
    user = User.objects.create(username="phone:19900000001", name="19900000001", kind="party", phone="19900000001")
    first = services.person_of_user(user, now)
    assert services.person_of_user(user, now) == first
    assert Party.objects.filter(user=user).count() == 1


def test_contacts_hold_the_role_and_the_replaced_do_not(officer, unit, now):
    section, a, b, c = unit("pension"), officer("a"), officer("b"), officer("c")
    services.set_contacts(section.pk, a.pk, b.pk, now - timedelta(days=30))
    services.set_contacts(section.pk, c.pk, b.pk, now)
    today = now.date()
    assert selectors.holders(section, "liaison", today) == (c.user, b.user)
    assert selectors.holders(section, "liaison", today - timedelta(days=1)) == (a.user, b.user)
    services.set_contacts(section.pk, a.pk, b.pk, now)  # the same day again: who held it for no day leaves no trace
    assert not Post.objects.filter(officer=c).exists()
    with pytest.raises(Unfit):
        services.set_contacts(section.pk, a.pk, a.pk, now)


def test_leaves_do_not_overlap_and_the_deputy_must_be_there(officer, now):
    a, b, c = officer("a"), officer("b", "陆慕青"), officer("c")
    services.add_leave(a.pk, b.pk, date(2026, 9, 28), date(2026, 9, 30), now)
    with pytest.raises(Unfit):
        services.add_leave(a.pk, c.pk, date(2026, 9, 30), date(2026, 10, 9), now)
    with pytest.raises(Unfit) as error:
        services.add_leave(c.pk, a.pk, date(2026, 9, 30), date(2026, 10, 9), now)
    assert "deputy" in error.value.fields
    for bad in ((b.pk, b.pk, date(2026, 11, 1), date(2026, 11, 2)), (b.pk, c.pk, date(2026, 11, 2), date(2026, 11, 1))):
        with pytest.raises(Unfit):
            services.add_leave(*bad, now)


def test_coming_back_early_ends_the_leave_yesterday(officer, now):
    a, b = officer("a"), officer("b")
    leave = services.add_leave(a.pk, b.pk, date(2026, 9, 21), date(2026, 10, 9), now)
    services.end_leave(leave.pk, now)
    leave.refresh_from_db()
    assert leave.ends_on == date(2026, 9, 28)
    begun_today = services.add_leave(a.pk, b.pk, now.date(), date(2026, 10, 9), now)
    services.end_leave(begun_today.pk, now)
    assert a.leaves.count() == 1
