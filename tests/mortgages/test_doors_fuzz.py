"""Whatever arrives at the banks' doors: a clear problem or the event taken, never an error; and many at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qinqing.mortgages import wire
from qinqing.mortgages.models import BankEvent
from tests.cases.processes import running
from tests.conftest import Clock
from tests.mortgages.doors import Bank, bank_of, rows
from tests.mortgages.world import NOW, World

HERE = "tests.mortgages.door_process"
HEADERS = (
    "Signature", "Signature-Input", "Content-Digest", "Content-Type", "webhook-id", "webhook-timestamp",
    "webhook-signature", "ce-id", "ce-type", "ce-source", "ce-specversion", "ce-time", "Accept-Language",
)  # fmt: skip
PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
SAID = st.sampled_from([
    'sig=("@method");created=1;keyid="k";nonce="n";tag="qinqing-event"', "sig=:AAAA:", "sha-256=:AAAA:", "v1,AAAA",
    "application/cloudevents+json", "application/json", "1790000000", "-1", "1.0", "9" * 30, "sig=(",
    "multipart/form-data",
])  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), lambda x: st.lists(x, max_size=3)
    | st.dictionaries(st.text(max_size=8), x, max_size=3), max_leaves=6,
)  # fmt: skip
settled = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def bank(db: None, clock: Clock) -> Bank:
    clock.set(NOW)
    return bank_of(World()).filed()


@pytest.fixture
def sealing(db: None, clock: Clock) -> Bank:
    clock.set(NOW)
    return bank_of(World()).with_secret()


def clear(answer: HttpResponse) -> None:
    """Taken, or a problem of the sender's."""
    if answer.status_code in {200, 202}:
        return
    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    said = json.loads(answer.content)
    assert said["status"] == answer.status_code and said["detail"] and said["type"] != "urn:qinqing:problem:broken"


@pytest.mark.django_db
@settled
@given(
    path=st.sampled_from([wire.EVENTS, wire.WEBHOOK, wire.RECONCILIATIONS]), method=st.sampled_from(["POST", "GET"]),
    body=st.binary(max_size=200), headers=st.dictionaries(st.sampled_from(HEADERS), SAID | PLAIN, max_size=8),
)  # fmt: skip
def test_any_bytes_under_any_headers(bank: Bank, path: str, method: str, body: bytes, headers: dict[str, str]) -> None:
    before = rows()
    with transaction.atomic():
        kind = headers.pop("Content-Type", "application/json")
        answer = Client(raise_request_exception=True).generic(method, path, body, content_type=kind, headers=headers)
        clear(answer)  # type: ignore[arg-type]
        assert answer.status_code >= 400 and rows() == before
        transaction.set_rollback(True)


@pytest.mark.django_db
@settled
@given(
    body=st.binary(max_size=200) | JSON.map(lambda x: json.dumps(x).encode()),
    path=st.sampled_from([wire.EVENTS, wire.RECONCILIATIONS]),
)
def test_any_body_that_a_bank_has_signed(bank: Bank, body: bytes, path: str) -> None:
    with transaction.atomic():
        clear(bank.post(body, path))
        transaction.set_rollback(True)


@pytest.mark.django_db
@settled
@given(
    name=st.sampled_from([
        "_id", "_source", "_type", "_time", "_specversion", "_data", "_extra", "_subject", "certificate",
        "unit_number", "creditor_code", "loan_number", "extent", "settled_at", "reverses", "borrower",
    ]),
    value=JSON, kind=st.sampled_from(["settled", "reversed"]),
)  # fmt: skip
def test_any_value_in_any_place_of_an_event(bank: Bank, name: str, value: Any, kind: str) -> None:
    with transaction.atomic():
        clear(bank.post(bank.event(kind, **{name: value})))
        transaction.set_rollback(True)


@pytest.mark.django_db
@settled
@given(name=st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), value=SAID | PLAIN, body=JSON)
def test_any_header_of_the_simple_profile(sealing: Bank, name: str, value: str, body: Any) -> None:
    with transaction.atomic():
        clear(sealing.sealed(sealing.event(), **{name: value}))
        clear(sealing.sealed(body))
        transaction.set_rollback(True)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_the_same_event_at_the_same_instant_by_many_processes(transactional_db: None) -> None:
    """Each process signs the same ten events; every one is taken once and answered everywhere."""
    world = World()
    bank = bank_of(world).filed()
    said = [bank.event(certificate=f"浙（2020）示范不动产证明第{n:07}号") for n in range(10)]
    jobs = [(f"{HERE}:post", bank.row.key_id, _raw(bank), said) for _ in range(4)]
    with running(*jobs) as everybody:
        answers = [status for process in everybody for status in process.finish()]
    assert BankEvent.objects.count() == 10
    assert sorted(answers) == [200] * 30 + [202] * 10, answers


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_one_request_replayed_at_the_same_instant_is_taken_once(transactional_db: None) -> None:
    bank = bank_of(World()).filed()
    said = [bank.event(certificate=f"浙（2020）示范不动产证明第{n:07}号") for n in range(10)]
    jobs = [(f"{HERE}:replay", bank.row.key_id, _raw(bank), said) for _ in range(4)]
    with running(*jobs) as everybody:
        answers = [status for process in everybody for status in process.finish()]
    assert BankEvent.objects.count() == 10
    assert sorted(answers) == [202] * 10 + [409] * 30, answers


def _raw(bank: Bank) -> str:
    return bank.private.private_bytes_raw().hex()
