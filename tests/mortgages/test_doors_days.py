"""End-of-day reconciliation: every kind of difference, in both profiles and as a sheet; nothing is ever applied."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts.models import User
from qinqing.mortgages import reconciling, taking, wire
from qinqing.mortgages.models import BankEvent, Release
from qinqing.mortgages.models_doors import DayList, UsedNonce
from qinqing.mortgages.refusals import BadList
from tests.conftest import Clock
from tests.messaging.people import reader, signed_in
from tests.mortgages.doors import Bank, bank_of, code_of, rows
from tests.mortgages.world import NOW, World

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 29)
KIND = "application/json"


@pytest.fixture
def world(db: None, clock: Clock) -> World:
    clock.set(NOW)
    made = World()
    made.county.officer("clerk_a", "a", "bank_clerk")
    made.county.officer("checker_b", "b", "bank_checker")
    return made


def at(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name), "django.contrib.auth.backends.ModelBackend")
    return client


def a_day(world: World) -> list[tuple[str, str]]:
    """One event of each kind of difference; the bank's list for it."""
    taken, listed_otherwise, unlisted, waiting = (world.mortgage("a") for _ in range(4))
    for event_id, mortgage in (("ok", taken), ("other", listed_otherwise), ("unlisted", unlisted)):
        world.settled("a", mortgage, event_id=event_id)
    world.settled("a", taken, event_id="yesterday", happened_at=NOW - timedelta(days=1))
    world.settled("b", taken, event_id="of-b")
    world.reversed("a", "never-came", event_id="early")
    taking.take(NOW)
    world.settled("a", waiting, event_id="waits")
    return [
        ("ok", taken.certificate), ("other", "浙（2020）别的证明"), ("lost", "浙（2020）丢失的证明"),
        ("yesterday", taken.certificate), ("early", ""), ("waits", waiting.certificate), ("of-b", taken.certificate),
    ]  # fmt: skip


EXPECTED = {
    "lost": "missing_here", "of-b": "missing_here", "unlisted": "missing_there", "other": "differs",
    "yesterday": "differs", "early": "early", "waits": "waiting", "ok": "matched",
}  # fmt: skip


def said(bank: Bank, listed: list[tuple[str, str]], **changes: object) -> dict[str, object]:
    events = [{"id": event_id, "certificate": certificate} for event_id, certificate in listed]
    return {"source": wire.source_of(bank.unit.credit_code), "day": "2026-09-29", "events": events, **changes}


@pytest.mark.parametrize("profile", ["signed", "webhook"])
def test_every_difference_is_listed_and_nothing_applied(world: World, profile: str) -> None:
    listed = a_day(world)
    bank = bank_of(world).filed() if profile == "signed" else bank_of(world).with_secret()
    before = (BankEvent.objects.count(), Release.objects.count(), list(BankEvent.objects.values("pk", "state")))
    body = said(bank, listed)
    answer = (
        bank.post(body, wire.RECONCILIATIONS, kind=KIND)
        if profile == "signed"
        else bank.sealed(body, wire.RECONCILIATIONS)
    )
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert {each["id"]: each["status"] for each in found["lines"]} == EXPECTED
    assert found["counts"] == {
        "matched": 1, "missing_here": 2, "missing_there": 1, "differs": 2, "early": 1, "waiting": 1
    }  # fmt: skip
    assert before == (BankEvent.objects.count(), Release.objects.count(), list(BankEvent.objects.values("pk", "state")))
    assert [line["status"] for line in found["lines"]][-1] == "matched", "differences first"


def test_the_last_list_counts_and_the_same_is_kept_once(world: World) -> None:
    bank = bank_of(world).filed()
    for listed in ([("a", "")], [("a", "")], [("b", "")]):
        assert bank.post(said(bank, listed), wire.RECONCILIATIONS, kind=KIND).status_code == 200
    assert DayList.objects.count() == 2
    last = reconciling.last_list(world.bank("a"), DAY)
    assert last is not None and last.rows == [["b", ""]]


WRONG = {
    "not_json": b"[",
    "a_number": b"7",
    "deep": b"[" * 100_000,
    "no_events": {"events": None},
    "no_day": {"day": "today"},
    "later": {"day": "2026-09-30"},
    "long_ago": {"day": "2020-01-01"},
    "twice": {"events": [{"id": "a"}, {"id": "a"}]},
    "no_id": {"events": [{"certificate": "a"}]},
    "nul": {"events": [{"id": "a\x00"}]},
    "half": {"events": [{"id": "\ud800"}]},
    "long": {"events": [{"id": "a", "certificate": "证" * 61}]},
}


@pytest.mark.parametrize("case", list(WRONG))
def test_a_bad_list_is_refused_and_not_kept(world: World, case: str) -> None:
    bank = bank_of(world).filed()
    wrong = WRONG[case]
    body = wrong if isinstance(wrong, bytes) else said(bank, [], **wrong)
    before = rows()
    assert code_of(bank.post(body, wire.RECONCILIATIONS, kind=KIND)) == (422, "list-malformed")
    assert rows() == before


def test_a_list_of_another_bank_an_unsigned_and_a_large_one(world: World) -> None:
    bank = bank_of(world).filed()
    other = said(bank, [], source=wire.source_of(world.bank("b").credit_code))
    assert code_of(bank.post(other, wire.RECONCILIATIONS, kind=KIND)) == (422, "foreign-source")
    unsigned = bank.client.post(wire.RECONCILIATIONS, json.dumps(said(bank, [])), content_type=KIND)
    assert code_of(unsigned) == (400, "webhook-headers")
    large = b" " * (wire.MOST_LIST_BYTES + 1)
    assert code_of(bank.post(large, wire.RECONCILIATIONS, kind=KIND)) == (413, "message-too-large")
    assert not DayList.objects.exists() and not UsedNonce.objects.exists()


@given(
    theirs=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["证一", "证二", ""])),
    ours=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["证一", "证二"])),
)
def test_every_event_stands_in_exactly_one_line(theirs: dict[str, str], ours: dict[str, str]) -> None:
    def event(event_id: str, certificate: str) -> BankEvent:
        return BankEvent(event_id=event_id, certificate=certificate, kind="settled", state="taken", happened_at=NOW)

    lines = [
        reconciling._line(name, theirs.get(name), event(name, ours[name]) if name in ours else None, DAY)
        for name in sorted(theirs.keys() | ours.keys())
    ]
    result = reconciling.Result(tuple(lines))
    assert sum(result.counts.values()) == len(theirs.keys() | ours.keys())
    assert result.counts["missing_here"] == len(theirs.keys() - ours.keys())
    assert result.counts["missing_there"] == len(ours.keys() - theirs.keys())
    assert result.counts["matched"] == sum(theirs.get(name) == ours[name] for name in ours)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with suppress(BadList):
        reconciling.read_list(body)


# ── pages ──


def test_a_bank_uploads_its_list_and_sees_the_day(world: World) -> None:
    listed = a_day(world)
    sheet = "事件编号,不动产登记证明号\n" + "\n".join(f"{a},{b}" for a, b in listed)
    file = SimpleUploadedFile("日终.csv", sheet.encode())
    answer = at("clerk_a").post("/mortgages/days/upload/", {"day": "2026-09-29", "file": file})
    assert answer.status_code == 302 and answer["Location"] == "/mortgages/days/bank-a/2026-09-29/"
    page = at("clerk_a").get(answer["Location"]).content.decode()
    assert "丢失的证明" in page and "银行有、平台无" in page
    out = at("clerk_a").get(f"{answer['Location']}?format=csv").content.decode("utf-8-sig")
    assert "missing_here,lost," in out and out.count("\r\n") == 9
    assert at("clerk_a").get(f"{answer['Location']}?format=xlsx").content[:2] == b"PK"
    assert "禾穗银行" in at("registrar").get("/mortgages/days/").content.decode()


def test_who_sees_which_bank(world: World) -> None:
    reconciling.keep(world.bank("a"), DAY, [("x", "")], "file", "甲", NOW)
    address = "/mortgages/days/bank-a/2026-09-29/"
    seen = {name: at(name).get(address).status_code for name in ("clerk_a", "checker_b", "registrar", "handler_a")}
    assert seen == {"clerk_a": 200, "checker_b": 404, "registrar": 200, "handler_a": 404}
    assert "禾穗银行" not in at("checker_b").get("/mortgages/days/").content.decode()
    assert "甲" not in at("handler_a").get("/mortgages/days/").content.decode()
    assert signed_in(reader("系统员", role="system_admin")).get(address).status_code == 200
    assert at("clerk_a").get("/mortgages/days/bank-a/x/").status_code == 404


def test_a_bad_sheet_is_named(world: World) -> None:
    file = SimpleUploadedFile("日终.csv", "事件编号,不动产登记证明号\na,证\na,证\n".encode())
    answer = at("clerk_a").post("/mortgages/days/upload/", {"day": "2026-09-29", "file": file})
    assert answer.status_code == 422 and "编号相同" in answer.content.decode()
    assert not DayList.objects.exists()
