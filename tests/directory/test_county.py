"""The county's list: the demo's loads, loading again changes nothing, faults are named with their place."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.conf import settings

from qinqing.directory import county, selectors, services
from qinqing.directory.models import Officer, Party, Post, Unit

pytestmark = pytest.mark.django_db
DEMO = settings.ROOT / "counties" / "demo"


def test_the_demo_county_loads_once(now):
    first = county.load_county(DEMO, now)
    assert first.counts["unit new"] >= 30
    rows = [list(model.objects.order_by("pk").values()) for model in (Unit, Officer, Post)]
    again = county.load_county(DEMO, now)
    assert not [name for name in again.counts if not name.endswith("same")]
    assert [list(model.objects.order_by("pk").values()) for model in (Unit, Officer, Post)] == rows


def test_eleven_sections_four_named_each_with_liaison_and_deputy(now):
    county.load_county(DEMO, now)
    sections = list(selectors.sections())
    assert len(sections) == 11
    assert sum(section.to_be_named for section in sections) == 7
    for section in sections:
        assert section.liaison != section.deputy
        users = selectors.holders(section, "liaison", now.date())
        assert section.deputy.user in users
        assert len(users) == 2
    for desk in ("window", "supervision", "leadership", "inspection"):
        selectors.unit_of_desk(desk)
    assert selectors.holders(selectors.unit_of_desk("window"), "window_clerk", now.date())


def test_somebody_holds_several_posts_and_somebody_is_away(now):
    county.load_county(DEMO, now)
    held = [selectors.posts_of(officer.user, now.date()) for officer in Officer.objects.all()]
    assert any(len({post.unit_id for post in posts}) > 1 for posts in held)
    assert any(post.deputises for posts in held for post in posts)
    assert all(held)


def test_what_people_did_on_the_page_survives_loading(now):
    county.load_county(DEMO, now)
    section = Unit.objects.get(code="hrss-s05")
    services.name_unit(section.pk, "劳动关系科", "Labour Relations", now)
    liaison = section.deputy
    services.set_contacts(section.pk, liaison.pk, None, now)
    post = Post.objects.filter(role="handler", unit=section).first()
    services.end_post(post.pk, date(2026, 9, 1), now)
    county.load_county(DEMO, now)
    section.refresh_from_db()
    assert (section.name, section.to_be_named, section.liaison) == ("劳动关系科", False, liaison)
    assert Post.objects.filter(officer=post.officer, role="handler", unit=section).count() == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("units: [{code: a, kind: room, name: {zh: 甲}}]", "unit a: kind"),
        ("units: [{code: a, kind: desk, name: 甲}]", "unit a: name"),
        ("units: [{code: a, kind: section, name: {zh: 甲}, liaison: nobody}]", "nobody"),
        ("officers: [{username: u, name: 甲, posts: [{unit: b, role: cook, since: 2024-01-01}]}]", "no role cook"),
        ("officers: [{username: u, name: 甲, phone: '123'}]", "officer u: phone"),
        ("units: [", "units.yaml"),
    ],
)
def test_faults_are_named_and_nothing_is_loaded(tmp_path, now, text, words):
    (tmp_path / "units.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(county.CountyError, match=r"units\.yaml") as error:
        county.load_county(tmp_path, now)
    assert words in str(error.value)
    assert not Unit.objects.exists()


def test_command(capsys):
    from qinqing.__main__ import main

    officers = (DEMO / "units.yaml").read_text(encoding="utf-8").count("\n  - username: ")
    assert main(["directory", "load-county", str(DEMO), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["officer new"] == officers
    assert main(["directory", "load-county", "/nowhere"]) == 2


def test_no_party_comes_with_a_county(now):
    county.load_county(DEMO, now)
    assert not Party.objects.exists()
