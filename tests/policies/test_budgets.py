"""政策资金: the paying bureau's head sets budgets by document, once each; everybody concerned reads the books."""

from __future__ import annotations

import pytest
from django.test import Client

from qinqing.accounts.models import User
from qinqing.ledger import selectors as ledger
from tests.conftest import Clock
from tests.policies.money_world import NOW, YUAN, World

pytestmark = pytest.mark.django_db
MONEY = {"policy": "jobs", "year": "2026", "move": "appropriate", "yuan": "30000", "document": "财预〔2026〕12号"}


@pytest.fixture
def world(clock: Clock) -> World:
    clock.set(NOW)
    world = World()
    world.policy()
    return world


def client(name: str) -> Client:
    found = Client(headers={"accept-language": "zh"})
    found.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    return found


def test_set_read_and_taken_back(world: World) -> None:
    assert "还没有下达预算" in client("head").get("/policies/budgets/").content.decode()
    done = client("payer_head").post("/policies/budgets/", MONEY)
    assert done.status_code == 302 and done["Location"].endswith("/fund:2026:jobs/")
    again = client("payer_head").post("/policies/budgets/", MONEY)
    assert again.status_code == 409 and "这份文件已经记过账" in again.content.decode()
    less = {**MONEY, "move": "reduce", "yuan": "0.01", "document": "财预〔2026〕13号"}
    assert client("payer_head").post("/policies/budgets/", less).status_code == 302
    assert ledger.balances("fund:2026:jobs").available == 30_000 * YUAN - 1
    page = client("head").get("/policies/budgets/fund:2026:jobs/").content.decode()
    assert "财预〔2026〕12号" in page and "调减预算" in page and "29,999.99元" in page
    assert "29,999.99元" in client("reviewer").get("/policies/budgets/").content.decode()
    for address in ("/policies/budgets/", "/policies/budgets/fund:2026:jobs/"):
        assert client("head").get(f"{address}?format=xlsx").content.startswith(b"PK")


def test_more_than_there_is_cannot_be_taken_back(world: World) -> None:
    client("payer_head").post("/policies/budgets/", MONEY)
    answer = client("payer_head").post("/policies/budgets/", {**MONEY, "move": "reduce", "yuan": "30000.01"})
    assert answer.status_code == 409 and "30,000.00" in answer.content.decode()
    assert ledger.balances("fund:2026:jobs").available == 30_000 * YUAN


@pytest.mark.parametrize("name", ["head", "payer", "reviewer"])
def test_nobody_else_sets_budgets(world: World, name: str) -> None:
    assert 'name="yuan"' not in client(name).get("/policies/budgets/").content.decode()
    assert client(name).post("/policies/budgets/", MONEY).status_code == 403
    assert not ledger.books().exists()


@pytest.mark.parametrize(
    ("field", "value"), [("yuan", "0"), ("yuan", "1.001"), ("yuan", "万"), ("policy", "x"), ("document", "")]
)
def test_bad_input_is_kept_and_told(world: World, field: str, value: str) -> None:
    answer = client("payer_head").post("/policies/budgets/", {**MONEY, field: value})
    assert answer.status_code == 422 and not ledger.books().exists()
    if field != "policy":
        assert f'value="{value}"' in answer.content.decode() or not value


def test_an_unknown_book(world: World) -> None:
    assert client("head").get("/policies/budgets/fund:2026:none/").status_code == 404
