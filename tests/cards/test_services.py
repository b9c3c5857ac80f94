"""Cards: who keeps them, what a copied database is worth, how they end, and a history that verifies."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from qinqing.audit import histories
from qinqing.audit.verify import check_chain
from qinqing.cards import printing, services, tokens
from qinqing.cards.history import CardHistory
from qinqing.cards.models import Card, CardEvent
from qinqing.cards.web_card import promise
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid, NotAllowed
from tests.audit.unguarded import unguarded
from tests.cards.office import build_office, leaves, one_card
from tests.cases.county import TUESDAY, County
from tests.ui.pdf_text import links_of, pages_of, text_of
from tests.worlds import Once

LATER = TUESDAY + timedelta(days=1)


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(build_office)


@pytest.fixture
def county(db: None, built: County) -> County:
    return deepcopy(built)


def findings(card: Card) -> list[Any]:
    chain = next(CardHistory().chains(card.number))
    return list(check_chain("cards", chain)[0]) + chain.fold_check()


def test_a_token_is_long_random_and_stands_in_no_table(county: County) -> None:
    one, other = one_card(county), one_card(county)
    token = tokens.token_of(one.nonce)
    assert len(token) == 32  # of 64 characters each: 192 bits
    assert token != tokens.token_of(other.nonce)
    kept = [str(value) for row in Card.objects.values() for value in row.values()]
    kept += [str(value) for row in CardEvent.objects.values() for value in row.values()]
    assert not [value for value in kept if token in value]


def test_a_copied_database_makes_no_card_without_the_key(county: County, settings: Any) -> None:
    card = one_card(county)
    right = tokens.token_of(card.nonce)
    settings.SECRET_KEY = "another installation's"
    assert tokens.hash_of(tokens.token_of(card.nonce)) != card.token_hash
    with pytest.raises(tokens.KeyChanged):
        services.note_printed(county["keeper"], [card.pk], 1, LATER)
    assert tokens.hash_of(right) == card.token_hash, "printed cards go on working"
    assert not card.events.filter(action="printed").exists()


@pytest.mark.parametrize(
    ("who", "unit", "may"),
    [
        ("keeper", "inspection", True),
        ("head_a", "a", True),
        ("head_a", "b", False),
        ("handler_a", "a", False),
        ("window_head", "window", True),
        ("clerk", "window", False),
        ("supervisor", "supervision", False),
        ("inspector", "inspection", False),  # of another office
    ],
)
def test_who_keeps_the_cards_of_which_office(county: County, who: str, unit: str, may: bool) -> None:
    if may:
        assert one_card(county, unit=unit, by=who).unit.code == unit
        return
    with pytest.raises(NotAllowed):
        one_card(county, unit=unit, by=who)
    card = Card(unit=county.units[unit])
    assert not services.may_keep(county[who], card.unit)


def test_the_head_of_the_bureau_keeps_its_sections_cards(county: County) -> None:
    county.officer("bureau_head", "hr", "section_head")
    assert {unit.code for unit in services.offices_of(county["bureau_head"])} == {"hr", *"abcde"}
    one_card(county, unit="b", by="bureau_head")


def test_an_office_where_nobody_can_answer_gets_no_card(county: County) -> None:
    for name in ("keeper", "second"):
        leaves(county, name)
    with pytest.raises(Invalid) as refused:
        one_card(county)
    assert set(refused.value.fields) == {"unit"}
    assert not Card.objects.exists()


@pytest.mark.parametrize(
    ("batch", "places", "field"),
    [
        ("", ["一楼"], "batch"),
        ("秋", [" "], "places"),
        ("秋", ["x"] * 41, "places"),
        ("秋", ["长" * 81], "places"),
        ("秋" * 41, ["x"], "batch"),
    ],
)
def test_what_is_missing_is_named(county: County, batch: str, places: list[str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        services.issue(county["keeper"], county.unit("inspection"), batch, places, TUESDAY)
    assert set(refused.value.fields) == {field}


def test_a_card_ends_once_with_a_reason(county: County) -> None:
    card = one_card(county)
    with pytest.raises(Invalid):
        services.revoke(county["keeper"], card.pk, "  ", LATER)
    with pytest.raises(NotAllowed):
        services.revoke(county["head_a"], card.pk, "丢失", LATER)
    services.revoke(county["keeper"], card.pk, "卡片遗失", LATER)
    card.refresh_from_db()
    assert card.revoked_at == LATER
    for again in (services.revoke, services.replace):
        with pytest.raises(services.CardEnded):
            again(county["keeper"], card.pk, "再停一次", LATER)
    with pytest.raises(services.CardEnded):
        services.note_printed(county["keeper"], [card.pk], 1, LATER)
    assert [(e.action, e.actor_id, e.note) for e in card.events.order_by("seq")] == [
        ("issued", county["keeper"].user_id, ""), ("revoked", county["keeper"].user_id, "卡片遗失"),
    ]  # fmt: skip


def test_a_replaced_card_has_a_successor_with_another_token(county: County) -> None:
    old = one_card(county)
    new = services.replace(county["keeper"], old.pk, "磨损", LATER)
    old.refresh_from_db()
    assert (new.unit_id, new.batch, new.place, new.replaces_id) == (old.unit_id, old.batch, old.place, old.pk)
    assert old.revoked_at == LATER
    assert new.revoked_at is None
    assert new.token_hash != old.token_hash
    assert findings(old) + findings(new) == []


def test_the_history_verifies_and_tells_what_was_changed_behind_it(county: County) -> None:
    card = one_card(county)
    services.note_printed(county["keeper"], [card.pk], 8, LATER)
    services.revoke(county["keeper"], card.pk, "遗失", LATER)
    card.refresh_from_db()
    assert findings(card) == []
    assert isinstance(histories.registered()["cards"], CardHistory)
    assert [head.ref for head in CardHistory().heads()] == [card.number]
    assert [chain.ref for chain in CardHistory().chains_after("", 10)] == [card.number]
    assert CardHistory().chains_after(card.number, 10) == []

    Card.objects.filter(pk=card.pk).update(revoked_at=None)
    assert "停用状态" in str(findings(card)[0].text)
    Card.objects.filter(pk=card.pk).update(revoked_at=LATER, token_hash="0" * 64)
    assert "凭证" in str(findings(card)[0].text)
    Card.objects.filter(pk=card.pk).update(token_hash=card.token_hash)
    with pytest.raises(DatabaseError), transaction.atomic():
        CardEvent.objects.filter(card=card).update(note="从未发生")
    with pytest.raises(DatabaseError), transaction.atomic():
        CardEvent.objects.filter(card=card, seq=3).delete()
    connection.check_constraints()  # PostgreSQL changes no table with checks pending
    with unguarded():
        CardEvent.objects.filter(card=card, seq=3).update(actor_id=999)
    assert "正文" in str(findings(card)[0].text)


def test_a_sheet_prints_what_is_true_in_a_small_file(county: County) -> None:
    cards = services.issue(county["keeper"], county.unit("inspection"), "秋", ["一楼", "二楼"], TUESDAY)
    printed = services.note_printed(county["keeper"], [card.pk for card in cards], 6, LATER)
    addresses = [f"https://qinqing.example/card/{token}/" for _, token in printed]
    pdf = printing.sheet([(card, address) for (card, _), address in zip(printed, addresses, strict=True)], 6, promise())
    assert pages_of(pdf) == 2
    assert len(pdf) < 200_000
    assert links_of(pdf).count(addresses[0]) == links_of(pdf).count(addresses[1]) == 6
    text = text_of(pdf)
    for said in ("廉心卡", "监察组", "1个工作日内交给主办单位", "此后5个工作日内反馈结果", f"第{cards[1].number}号"):
        assert said in text.replace(" ", ""), said
    assert [step.note for step in CardEvent.objects.filter(action="printed")] == ["6", "6"]


def test_the_office_on_a_card_is_named_with_its_authority(county: County) -> None:
    assert one_card(county, unit="a", by="head_a").office == Label("县人社局科室a", "县人社局, 科室a")


@pytest.mark.parametrize(
    ("ids", "copies", "field"),
    [([], 1, "card"), ([1], 0, "copies"), ([1], 81, "copies"), (list(range(1, 12)), 40, "copies")],
)
def test_a_print_has_bounds(county: County, ids: list[int], copies: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        services.note_printed(county["keeper"], ids, copies, LATER)
    assert set(refused.value.fields) == {field}
