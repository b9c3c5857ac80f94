"""Finding parties and knowing who holds a post on a day."""

from __future__ import annotations

from datetime import date

import pytest

from qinqing.accounts.actor import Post as Held
from qinqing.accounts.models import User
from qinqing.directory import companies, selectors, services
from qinqing.directory.models import Post
from qinqing.directory.selectors import find_parties

pytestmark = pytest.mark.django_db


def names(text, **options):
    return [hit.name for hit in find_parties(text, **options)]


def test_by_fragment_exact_first_then_beginning_then_shorter(company):
    company(1, "示范县大沐柳纺织有限公司")
    company(2, "沐柳纺织厂")
    company(3, "沐柳")
    company(4, "示范县岚桥物流有限公司")
    assert names("沐柳") == ["沐柳", "沐柳纺织厂", "示范县大沐柳纺织有限公司"]
    assert names("示范 物流") == ["示范县岚桥物流有限公司"]
    assert names("柳") == ["沐柳", "沐柳纺织厂", "示范县大沐柳纺织有限公司"]
    assert names("（") == names("  ") == names("没有这家") == []


def test_full_width_and_case_do_not_matter(company):
    company(1, "示范县ABC（中国）电子有限公司")
    assert names("ａｂｃ(中国)") == ["示范县ABC（中国）电子有限公司"]


def test_percent_and_underscore_are_plain_characters(company):
    company(1, "百分之百%食品")
    company(2, "别的食品")
    assert names("%食") == ["百分之百%食品"]
    assert names("_") == []


def test_by_code_phone_short_and_former_name(company, now):
    party = company(1, "示范县沐柳纺织有限公司", phone="19900001234", short_name="柳家布行")
    company(2, "示范县沐柳服饰有限公司")
    services.rename_party(party.pk, "示范县青禾纺织有限公司", date(2026, 1, 1), now)
    assert [hit.by for hit in find_parties(companies.credit_code(1).lower())] == ["code"]
    assert names(companies.credit_code(1)[:9]) == ["示范县沐柳服饰有限公司", "示范县青禾纺织有限公司"]
    assert names("1990000") == names("柳家") == ["示范县青禾纺织有限公司"]
    hits = find_parties("沐柳")
    assert [(hit.name, hit.by, hit.matched) for hit in hits] == [
        ("示范县沐柳服饰有限公司", "name", ""),
        ("示范县青禾纺织有限公司", "former_name", "示范县沐柳纺织有限公司"),
    ]
    assert hits[1].phone == "199****1234"


def test_kinds_and_limit(company, now):
    for index in range(5):
        company(index, f"沐柳{index}号有限公司")
    services.create_party("person", "沐柳儿", now)
    assert len(find_parties("沐柳", limit=3)) == 3
    assert names("沐柳", kinds=["person"]) == ["沐柳儿"]


def test_summary_says_sizes_and_what_is_missing(company):
    party = company(1, industry="C1751", staff=400, phone="19900001234")
    summary = selectors.party_summary(party)
    assert summary.industry_label.zh == "纺织业"
    assert summary.policy_size.missing == ("revenue",)
    assert summary.phone == "199****1234"


def test_posts_end_and_leaves_pass_them_to_the_deputy(officer, unit, now):
    office = unit("hrss", kind="authority")
    section = unit("injury", parent=office)
    a, b = officer("a", "何以宁"), officer("b", "陆慕青")
    services.add_post(a.pk, section.pk, "handler", date(2024, 1, 1), now)
    services.add_post(a.pk, section.pk, "handler", date(2025, 1, 1), now)  # holding it already is no error
    services.add_post(b.pk, office.pk, "section_head", date(2024, 1, 1), now)
    services.add_leave(a.pk, b.pk, date(2026, 9, 28), date(2026, 9, 30), now)
    own = Held(office.pk, "section_head", None)
    assert selectors.posts_of(b.user, date(2026, 9, 27)) == (own,)
    for day in (28, 30):
        assert selectors.posts_of(b.user, date(2026, 9, day)) == (
            own,
            Held(section.pk, "handler", office.pk, "何以宁"),
        )
    assert selectors.posts_of(b.user, date(2026, 10, 1)) == (own,)
    assert selectors.posts_of(a.user, date(2026, 9, 29)) == (Held(section.pk, "handler", office.pk),)
    assert selectors.posts_of(a.user, date(2023, 12, 31)) == ()
    assert selectors.holders(section, "handler", date(2026, 9, 29)) == (b.user,)
    assert selectors.holders(section.pk, "handler", date(2026, 10, 1)) == (a.user,)
    services.end_post(Post.objects.get(officer=a).pk, date(2026, 10, 31), now)
    assert selectors.holders(section, "handler", date(2026, 10, 31)) == (a.user,)
    assert selectors.holders(section, "handler", date(2026, 11, 1)) == ()


def test_inactive_accounts_get_no_notice(officer, unit, now):
    section, a = unit("injury"), officer("a")
    services.add_post(a.pk, section.pk, "handler", date(2024, 1, 1), now)
    User.objects.filter(pk=a.user_id).update(is_active=False)
    assert selectors.holders(section, "handler", now.date()) == ()


def test_parties_by_mandates_in_force(company, now):
    user = User.objects.create(username="phone:19900000001", name="沈知远", kind="party", phone="19900000001")
    person = services.person_of_user(user, now)
    past, present, future = company(1, "甲"), company(2, "乙"), company(3, "丙")
    services.add_mandate(person.pk, past.pk, date(2025, 1, 1), now, ends_on=date(2026, 9, 28))
    services.add_mandate(person.pk, present.pk, date(2025, 1, 1), now, ends_on=date(2026, 9, 29))
    services.add_mandate(person.pk, future.pk, date(2026, 9, 30), now)
    assert selectors.parties_of(user, date(2026, 9, 29)) == {person.pk, present.pk}
    assert selectors.roles_and_parties(user, now) == ((), frozenset({person.pk, present.pk}))


def test_the_directory_is_the_role_source(officer, unit, now):
    from qinqing.accounts.access import actor_for

    section, a = unit("injury"), officer("a")
    services.add_post(a.pk, section.pk, "handler", date(2024, 1, 1), now)
    assert actor_for(a.user, now).roles == {"handler"}


def test_a_missing_desk_says_what_to_write(unit):
    desk = unit("hrss-window", kind="desk", desk="window")
    assert selectors.unit_of_desk("window") == desk
    with pytest.raises(LookupError, match="desk: supervision"):
        selectors.unit_of_desk("supervision")
