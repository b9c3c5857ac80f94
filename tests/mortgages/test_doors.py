"""The banks' HTTP door: what is taken, what is refused and changes nothing, what is logged."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from qinqing.accounts.actor import SYSTEM
from qinqing.mortgages import keys, refusing, wire
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import BankKey, Refusal, RefusalHour, UsedNonce
from tests.conftest import Clock
from tests.mortgages.doors import Bank, bank_of, code_of, other_secret, rows
from tests.mortgages.world import NOW, World, release_of, where, work
from tests.worlds import Once

pytestmark = pytest.mark.django_db
CLOUD = "application/cloudevents+json"


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(db: None, built: World, clock: Clock) -> World:
    clock.set(NOW)
    return deepcopy(built)


@pytest.fixture
def bank(world: World) -> Bank:
    return bank_of(world).filed()


def test_a_settlement_is_taken_and_its_release_can_be_asked_for(world: World, bank: Bank) -> None:
    mortgage = world.mortgage("a")
    said = bank.event(certificate=mortgage.certificate, unit_number=mortgage.unit_number, extent="full")
    answer = bank.post(said)
    assert answer.status_code == 202, answer.content
    found = answer.json()
    assert (found["id"], found["again"], found["state"], found["release"]) == (said["id"], False, "waiting", None)
    event = BankEvent.objects.get()
    assert (event.bank, event.via, event.in_full) == (world.bank("a"), "api", True)
    assert event.body["key"] == bank.row.key_id and event.body["data"] == said["data"]
    work()
    assert where(mortgage) == "released"
    state = bank.get(said["id"]).json()
    assert state["state"] == "taken" and state["release"]["receipt_no"] == release_of(mortgage).receipt_no != ""
    assert found["link"] == f"/api/mortgages/events?id={said['id']}"


def test_the_same_event_again_acts_once_and_says_how_it_stands(bank: Bank) -> None:
    said = bank.event()
    first = bank.post(said)
    again = bank.post(said)
    assert (first.status_code, again.status_code) == (202, 200)
    assert {**again.json(), "again": False} == first.json()
    assert BankEvent.objects.count() == 1 and UsedNonce.objects.count() == 2


def test_binary_mode_is_the_same_event(bank: Bank) -> None:
    said = bank.event()
    attributes = {f"ce-{name}": said[name] for name in ("specversion", "id", "source", "type", "time")}
    body = json.dumps(said["data"]).encode()
    headers = bank.signature("POST", wire.EVENTS, "", body, kind="application/json", headers=attributes)
    answer = bank.client.post(wire.EVENTS, body, content_type="application/json", headers={**attributes, **headers})
    assert answer.status_code == 202, answer.content
    assert bank.post(said).json()["again"] is True


def test_a_header_that_the_signature_does_not_cover_is_refused(bank: Bank) -> None:
    said = bank.event()
    attributes = {f"ce-{name}": said[name] for name in ("specversion", "id", "source", "type", "time")}
    body = json.dumps(said["data"]).encode()
    headers = bank.signature("POST", wire.EVENTS, "", body, kind="application/json")
    answer = bank.client.post(wire.EVENTS, body, content_type="application/json", headers={**attributes, **headers})
    assert code_of(answer) == (400, "signature-component-not-covered")


def test_a_reversal_and_a_part_settlement_are_read_as_such(bank: Bank) -> None:
    at = "2026-09-29T10:00:00+08:00"
    assert bank.post(bank.event(extent="part", settled_at=at, loan_number="L1")).status_code == 202
    assert bank.post(bank.event("reversed", reverses="ev-1")).status_code == 202
    settled, reverse = BankEvent.objects.order_by("pk")
    assert (settled.in_full, settled.loan_number) == (False, "L1")
    assert settled.happened_at == NOW - timedelta(minutes=20)
    assert (reverse.kind, reverse.reverses, reverse.happened_at) == ("reversed", "ev-1", NOW)


REFUSALS: dict[str, tuple[int, str, Callable[[Bank], HttpResponse]]] = {
    "skew_past": (401, "signature-too-old", lambda b: b.post(b.event(), at=NOW - timedelta(minutes=6))),
    "skew_future": (401, "signature-from-the-future", lambda b: b.post(b.event(), at=NOW + timedelta(minutes=6))),
    "unsigned": (
        401, "signature-missing", lambda b: b.client.post(wire.EVENTS, json.dumps(b.event()), content_type=CLOUD)
    ),
    "tampered": (401, "signature-digest-mismatch", lambda b: b.post(b.event(), tamper=b'{"id":"other"}')),
    "malformed_signature": (
        400, "signature-malformed",
        lambda b: b.post(b.event(), **{"Signature-Input": "sig=(", "Signature": "sig=:eA==:"}),
    ),
    "not_json": (400, "not-an-event", lambda b: b.post(b"{")),
    "not_an_event": (400, "not-an-event", lambda b: b.post({"hello": "world"})),
    "other_type": (422, "settlement-incomplete", lambda b: b.post(b.event(_type="com.example.paid"))),
    "foreign_source": (422, "foreign-source", lambda b: b.post(b.event(_source="urn:qinqing:bank:OTHER"))),
    "unknown_field": (422, "settlement-incomplete", lambda b: b.post(b.event(borrower="柳某"))),
    "no_certificate": (422, "settlement-incomplete", lambda b: b.post(b.event(certificate=""))),
    "bad_unit": (422, "settlement-incomplete", lambda b: b.post(b.event(unit_number="33"))),
    "bad_extent": (422, "settlement-incomplete", lambda b: b.post(b.event(extent="half"))),
    "not_text": (422, "settlement-incomplete", lambda b: b.post(b.event(certificate=["x"]))),
    "nul": (422, "settlement-incomplete", lambda b: b.post(b.event(certificate="浙\x00"))),
    "settled_later": (
        422, "settlement-incomplete", lambda b: b.post(b.event(settled_at="2026-09-30T10:00:00+08:00"))
    ),
    "no_zone": (422, "settlement-incomplete", lambda b: b.post(b.event(settled_at="2026-09-29T10:00:00"))),
    "year_one": (422, "settlement-incomplete", lambda b: b.post(b.event(settled_at="0001-01-01T00:00:00+14:00"))),
    "reverses_nothing": (422, "settlement-incomplete", lambda b: b.post(b.event("reversed", reverses=""))),
    "long_reversal": (
        422, "settlement-incomplete", lambda b: b.post(b.event("reversed", certificate="证" * 61))
    ),
    "oversized": (413, "message-too-large", lambda b: b.post(b.event(loan_number="1" * 70_000))),
    "no_length": (
        411, "length-missing",
        lambda b: b.client.generic("POST", wire.EVENTS, b"", content_type=CLOUD, CONTENT_LENGTH="chunked"),
    ),
    "unknown_event": (404, "event-unknown", lambda b: b.get("never-sent")),
}  # fmt: skip


@pytest.mark.parametrize("case", list(REFUSALS))
def test_what_is_refused_changes_nothing_and_is_logged(bank: Bank, case: str) -> None:
    status, code, send = REFUSALS[case]
    before = rows()
    answer = send(bank)
    assert code_of(answer) == (status, code)
    assert rows() == before
    logged = Refusal.objects.get()
    assert (logged.code, logged.address) == (code, "127.0.0.1")
    assert timedelta(0) <= logged.at - NOW < timedelta(minutes=1)
    assert bool(logged.sha256) == (case not in {"oversized", "no_length"})
    assert ("Accept-Signature" in answer) == (status == 401)


def test_a_replay_is_refused_and_a_new_nonce_is_not(bank: Bank) -> None:
    said = bank.event()
    assert bank.post(said, nonce="n-1").status_code == 202
    before = rows()
    assert code_of(bank.post(said, nonce="n-1")) == (409, "nonce-used")
    assert rows() == before
    assert bank.post(said, nonce="n-2").status_code == 200
    assert bank.get(said["id"], nonce="n-3").status_code == 200
    assert code_of(bank.get(said["id"], nonce="n-3")) == (409, "nonce-used")


def test_a_refused_message_does_not_use_its_nonce_up(bank: Bank) -> None:
    assert code_of(bank.post(bank.event(certificate=""), nonce="n-1"))[0] == 422
    assert bank.post(bank.event(), nonce="n-1").status_code == 202


def test_an_id_with_another_content_is_refused(bank: Bank) -> None:
    said = bank.event()
    bank.post(said)
    before = rows()
    other = {**said, "data": {**said["data"], "loan_number": "L2"}}
    assert code_of(bank.post(other)) == (409, "event-id-reused")
    assert rows() == before


def test_wrong_unknown_revoked_and_ended_keys_are_told_apart(world: World, bank: Bank) -> None:
    other = bank_of(world, "b").filed()
    own = other.row
    other.row = bank.row  # signs as bank a with the key of bank b
    assert code_of(other.post(bank.event())) == (401, "signature-wrong")
    other.row = BankKey(key_id="bank-z.1")
    assert code_of(other.post(other.event())) == (401, "signature-unknown-key")
    other.row = own
    assert code_of(other.post(bank.event())) == (422, "foreign-source"), "a bank speaks for itself only"
    keys.revoke(SYSTEM, bank.row.key_id, "私钥外泄", NOW)
    before = rows()
    assert code_of(bank.post(bank.event())) == (401, "key-revoked"), "at once"
    BankKey.objects.filter(pk=own.pk).update(valid_until=NOW)
    assert code_of(other.post(other.event())) == (401, "key-not-in-force")
    assert rows() == before and BankEvent.objects.count() == 0


def test_two_keys_are_in_force_while_one_follows_the_other(world: World, bank: Bank) -> None:
    new = Bank(world.bank("a")).filed()
    assert bank.post(bank.event()).status_code == 202
    assert new.post(new.event(_id="x")).status_code == 202
    keys.end(SYSTEM, bank.row.key_id, NOW + timedelta(hours=1), NOW)
    assert bank.post(bank.event()).status_code == 202


def test_the_simple_profile_takes_the_same_body(world: World) -> None:
    bank = bank_of(world).with_secret()
    said = bank.event()
    assert bank.sealed(said).status_code == 202
    assert bank.sealed(said).json()["again"] is True, "a replay is the same event again"
    assert BankEvent.objects.get().via == "webhook"


SEALED: dict[str, tuple[int, str, Callable[[Bank], HttpResponse]]] = {
    "wrong_secret": (401, "webhook-wrong", lambda b: b.sealed(b.event(), secret=other_secret())),
    "old": (401, "webhook-time", lambda b: b.sealed(b.event(), at=NOW - timedelta(minutes=6))),
    "future": (401, "webhook-time", lambda b: b.sealed(b.event(), at=NOW + timedelta(minutes=6))),
    "tampered": (
        401, "webhook-wrong", lambda b: b.sealed(b.event(), tamper=json.dumps(b.event(loan_number="L")).encode())
    ),
    "no_headers": (400, "webhook-headers", lambda b: b.client.post(wire.WEBHOOK, json.dumps(b.event()), CLOUD)),
    "strange_time": (400, "webhook-headers", lambda b: b.sealed(b.event(), **{"webhook-timestamp": "9" * 400})),
    "unknown_bank": (
        401, "webhook-unknown-bank", lambda b: b.sealed(b.event(_source="urn:qinqing:bank:91330499MA9T00099X"))
    ),
    "no_source": (401, "webhook-unknown-bank", lambda b: b.sealed(b.event(_source="urn:qinqing:bank:"))),
    "not_json": (400, "not-an-event", lambda b: b.sealed(b"{")),
    "oversized": (413, "message-too-large", lambda b: b.sealed(b.event(loan_number="1" * 70_000))),
}  # fmt: skip


@pytest.mark.parametrize("case", list(SEALED))
def test_what_the_simple_profile_refuses_changes_nothing(world: World, case: str) -> None:
    bank = bank_of(world).with_secret()
    status, code, send = SEALED[case]
    before = rows()
    assert code_of(send(bank)) == (status, code)
    assert rows() == before and Refusal.objects.get().code == code


def test_a_revoked_secret_is_refused_and_the_next_one_taken(world: World) -> None:
    bank = bank_of(world).with_secret()
    old = bank.secret
    first = bank.row
    bank.with_secret()
    assert bank.sealed(bank.event(), secret=old).status_code == 202
    keys.revoke(SYSTEM, first.key_id, "更换", NOW)
    assert code_of(bank.sealed(bank.event(), secret=old)) == (401, "key-revoked")
    assert bank.sealed(bank.event()).status_code == 202


def test_a_key_of_one_profile_opens_no_other_door(world: World) -> None:
    bank = bank_of(world).with_secret()
    assert code_of(bank.post(bank.event())) == (401, "signature-unknown-key")


def test_a_flood_of_refusals_fills_nothing(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusing, "MOST_ROWS", 3)
    for n in range(6):
        bank.client.post(wire.EVENTS, b"{}", content_type=CLOUD, headers={"Signature-Input": f"k{n}=1"})
    for _ in range(5):
        bank.post(bank.event(certificate=""))
    assert Refusal.objects.count() == 6, "three of nobody's and three of the bank's"
    assert dict(RefusalHour.objects.values_list("key", "count")) == {0: 6, bank.row.pk: 5}


def test_old_nonces_and_refusals_go(bank: Bank) -> None:
    bank.post(bank.event())
    bank.post(bank.event(certificate=""))
    refusing.prune(NOW + timedelta(minutes=14))
    assert UsedNonce.objects.count() == 1
    refusing.prune(NOW + timedelta(minutes=16))
    assert (UsedNonce.objects.count(), Refusal.objects.count()) == (0, 1)
    refusing.prune(NOW + timedelta(days=201))
    assert not Refusal.objects.exists() and not RefusalHour.objects.exists()


def test_an_event_costs_few_queries(bank: Bank, django_assert_max_num_queries: Any) -> None:
    bank.post(bank.event())
    with django_assert_max_num_queries(9):
        assert bank.post(bank.event()).status_code == 202


def test_refusals_speak_the_senders_language(bank: Bank) -> None:
    answer = bank.post(bank.event(certificate=""), **{"Accept-Language": "en"})
    assert "certificate" in answer.json()["detail"] and "证明" not in answer.json()["detail"]
