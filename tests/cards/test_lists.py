"""The list of cards for those who keep them, its workbook, a batch of cards from a sheet, and the doors to it all."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from qinqing.accounts.actor import ANONYMOUS
from qinqing.cards import selectors, services, sheets, taking
from qinqing.cards.models import Card
from qinqing.cards.taking import Said
from tests.cards.office import address_of, build_office, one_card
from tests.cases.county import TUESDAY, County
from tests.cases.doors import client, page
from tests.conftest import Clock
from tests.ui.pdf_text import links_of
from tests.worlds import Once

LATER = TUESDAY + timedelta(hours=1)


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(build_office)


@pytest.fixture
def county(db: None, built: County, clock: Clock) -> County:
    clock.set(TUESDAY)
    return deepcopy(built)


def sent(card: Card, text: str, now: Any = LATER) -> None:
    taking.take(
        card.pk, Said("difficulty", text), ANONYMOUS, "203.0.113.7", text.encode().hex()[:32].ljust(32, "0"), now
    )


def test_each_keeper_sees_the_cards_of_their_offices_with_what_they_brought(county: County) -> None:
    mine, other = one_card(county), one_card(county, unit="a", by="head_a")
    for text in ("一", "二"):
        sent(mine, text)
    (found,) = selectors.cards_of(county["keeper"])
    assert (found.pk, found.sent, found.last_sent) == (mine.pk, 2, LATER)  # type: ignore[attr-defined]
    assert [card.pk for card in selectors.cards_of(county["head_a"])] == [other.pk]
    assert not selectors.cards_of(county["handler_a"])
    for words, hit in (("大厅", True), (f"{mine.pk}", True), ("秋 监察", True), ("秋 二楼", False)):
        assert selectors.cards_of(county["keeper"], words=words).exists() is hit, words
    services.revoke(county["keeper"], mine.pk, "遗失", LATER)
    assert not selectors.cards_of(county["keeper"])
    assert selectors.cards_of(county["keeper"], ended=True).exists()


def test_the_pages_of_the_keeper(county: County, clock: Clock) -> None:
    keeper = client(county, "keeper")
    assert "还没有发卡" in page(keeper, "/cards/")
    body = {"unit": county.unit("inspection"), "batch": "2026年秋", "places": "一楼\r\n\r\n二楼 "}
    assert keeper.post("/cards/new/", body).status_code == 302
    first, second = Card.objects.order_by("pk")
    assert (first.place, second.place) == ("一楼", "二楼")
    assert keeper.post("/cards/new/", {**body, "places": " "}).status_code == 422
    answer = keeper.post("/cards/print/", {"card": [first.pk, second.pk], "copies": "4"})
    assert answer["Content-Type"] == "application/pdf"
    assert {f"http://testserver{address_of(card)}" for card in (first, second)} == set(links_of(answer.content))
    assert keeper.post("/cards/print/", {"card": ["x"], "copies": "4"}).status_code == 422
    assert keeper.post(f"/cards/{first.pk}/revoke/", {"reason": ""}).status_code == 422
    assert keeper.post(f"/cards/{first.pk}/replace/", {"reason": "磨损"}).status_code == 302
    third = Card.objects.get(replaces=first)
    shown = page(keeper, f"/cards/{first.pk}/")
    assert "磨损" in shown
    assert f"/cards/{third.pk}/" in shown
    assert address_of(third) in page(keeper, f"/cards/{third.pk}/")
    assert page(keeper, "/cards/?state=ended").count("<tr data-row") == 1
    assert "磨损" not in page(keeper, "/cards/")
    other = client(county, "head_a")
    page(other, f"/cards/{third.pk}/", status=404)
    assert other.post("/cards/print/", {"card": [third.pk], "copies": "1"}).status_code == 403
    assert other.post(f"/cards/{third.pk}/revoke/", {"reason": "x"}).status_code in {403, 404}
    third.refresh_from_db()
    assert third.revoked_at is None
    page(client(county, "handler_a"), "/cards/", status=403)


def test_the_list_as_a_workbook_tells_no_token(county: County) -> None:
    card = one_card(county)
    answer = client(county, "keeper").get("/cards/?format=xlsx")
    assert "spreadsheetml" in answer["Content-Type"]
    cells = [column.value(row) for row in selectors.cards_of(county["keeper"]) for column in sheets.COLUMNS]
    assert card.number in cells
    assert not {card.token_hash, card.nonce, address_of(card)} & {str(cell) for cell in cells}


def test_a_batch_from_a_sheet_issues_what_is_missing_and_nothing_twice(county: County) -> None:
    rows = [{"office": "监察组", "batch": "秋", "place": "一楼", "cards": 2}]
    keeper = county["keeper"]
    (seen,) = sheets.look(keeper, rows, TUESDAY)
    assert seen.before is None
    assert not seen.faults
    sheets.apply(keeper, rows, TUESDAY)
    assert Card.objects.count() == 2
    (seen,) = sheets.look(keeper, rows, TUESDAY)
    assert seen.before == rows[0], "the same file again changes nothing"
    more = [{**rows[0], "cards": 3}]
    sheets.apply(keeper, more, TUESDAY)
    assert Card.objects.count() == 3
    assert list(sheets.current(keeper, TUESDAY)) == more
    faults = sheets.look(keeper, [{**rows[0], "office": "科室a"}, {**rows[0], "cards": 1}], TUESDAY)
    assert [set(one.faults) for one in faults] == [{"office"}, {"cards"}]
