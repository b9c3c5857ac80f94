"""The adapter against a register that speaks HTTP: what counts as its word, and that nothing else does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from qinqing.mortgages.register import Asked, Creditor, Declined, Deregistered, Entry, RegisterAway, bounded_http
from qinqing.mortgages.register.over_http import OverHttp
from qinqing.mortgages.releasing import PATIENCE
from tests.mortgages.register_process import AFTER, BEFORE, PATIENT, Server, serve

NOW = datetime.fromisoformat("2026-09-29T10:20:00+08:00")
CERTIFICATE = "浙（2020）示范不动产证明第0000123号/附 1?#"
ENTRY = Entry(
    CERTIFICATE, "330499001002GB00001F00010001", (Creditor("禾穗银行示范支行", "91330499MA9T00001X"),), "2020-05-06",
    "柳某", "12003X", "13800002046", "示范县沐柳路18号",
)  # fmt: skip
ASKED = Asked("解2026-000001-1", CERTIFICATE, ENTRY.unit_number, ("91330499MA9T00001X",))
HARMLESS = {"slow", "other_number", "naive_time", "no_receipt"}  # for a look-up
LATE = 0.3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = serve(0, str(tmp_path_factory.mktemp("register") / "register.sqlite3"), "secret")
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()


class Register(OverHttp):
    """The adapter, with what the test says to the other side."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.other = httpx.Client(base_url=address, verify=False)
        self.address = address

    def control(self, **said: Any) -> None:
        self.other.post("/control", json=said).raise_for_status()

    def counts(self) -> dict[str, Any]:
        return dict(self.other.get("/counts").json())


Address = Callable[[str], Register]


@pytest.fixture
def at(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Address:
    """An adapter for an address, less patient than in life."""
    monkeypatch.setattr(bounded_http, "READ", LATE / 2)
    monkeypatch.setattr(bounded_http, "WHOLE", LATE)

    def made(address: str) -> Register:
        settings.MORTGAGE_REGISTER, settings.MORTGAGE_REGISTER_TOKEN = address, "secret"
        return Register(address)

    return made


@pytest.fixture
def register(server: Server, at: Address) -> Register:
    made = at(f"http://127.0.0.1:{server.server_port}")
    made.control(reset=True, mortgages=[ENTRY.as_dict()], late=LATE * 1.2)
    return made


def test_what_stands_in_the_register(register: Register) -> None:
    assert register.look_up(CERTIFICATE) == ENTRY
    assert register.look_up("浙（2020）示范不动产证明第9999999号") is None


def test_deregistered_once_for_each_number(register: Register) -> None:
    first = register.deregister(ASKED, NOW)
    assert isinstance(first, Deregistered)
    assert first.receipt_no == "注2026-000001-1" and abs(first.at - datetime.now(first.at.tzinfo)) < timedelta(
        minutes=1
    )
    assert register.deregister(ASKED, NOW + timedelta(hours=5)) == first
    other = register.deregister(Asked("解2026-000001-2", *_rest(ASKED)), NOW)
    assert other == Declined("该抵押登记已于此前注销（注2026-000001-1）")
    entry = register.look_up(CERTIFICATE)
    assert entry is not None and (entry.active, entry.receipt_no) == (False, first.receipt_no)
    asked = register.counts()["asked"]
    assert [(each["status"], each["times"]) for each in asked] == [(200, 2), (409, 1)]
    assert asked[0]["asked"]["creditors"] == list(ASKED.creditors)


def test_declined_in_the_registers_own_words(register: Register) -> None:
    asked = Asked("解1", CERTIFICATE, "330499001002GB99999F00010001", ())
    assert register.deregister(asked, NOW) == Declined("不动产单元号与登记簿不一致")
    assert register.deregister(Asked("解2", "无此证", "x", ()), NOW) == Declined("登记簿中没有该登记证明号")


@pytest.mark.parametrize("mood", [*BEFORE, *AFTER])
def test_nothing_but_a_whole_answer_counts(register: Register, mood: str) -> None:
    """A look-up, then a request: spoiled once, asked again, done once."""
    register.control(moods=[mood])
    if mood in HARMLESS | {"twice"}:
        assert register.look_up(CERTIFICATE) == ENTRY
    else:
        with pytest.raises(RegisterAway, match=r"\w"):
            register.look_up(CERTIFICATE)
    register.control(moods=[mood])
    begun = time.monotonic()
    if mood == "slow":
        first = register.deregister(ASKED, NOW)
    else:
        with suppress(RegisterAway) if mood == "twice" else pytest.raises(RegisterAway):  # the second may come late
            register.deregister(ASKED, NOW)
        assert time.monotonic() - begun < LATE * 3
        first = register.deregister(ASKED, NOW)
    assert isinstance(first, Deregistered)
    (asked,) = register.counts()["asked"]
    told = (
        {1, 2} if mood == "twice" else {1 if mood in [*BEFORE, "slow"] else 2}
    )  # of two answers, which is read is chance
    assert asked["times"] in told, "the number told it"


@pytest.mark.parametrize("mood", ["other_number", "missing_field", "other_certificate", "error_500", "bad_json"])
def test_a_refusal_too_counts_only_whole(register: Register, mood: str) -> None:
    register.control(moods=[mood])
    asked = Asked("解2", "无此证", "x", ())
    with pytest.raises(RegisterAway):
        register.deregister(asked, NOW)
    assert isinstance(register.deregister(asked, NOW), Declined)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(fact, value) for fact in ("active", "maximum_amount", "seized", "disputed") for value in (None, 0, "false")],
        ("registered_on", "2020年5月6日"), ("creditors", None), ("creditors", {}), ("creditors", ["禾穗银行"]),
        ("creditors", [{"name": ""}]), ("creditors", [{"name": "x", "credit_code": 1}]),
        ("owner", None), ("owner", "柳" * 201),
        ("unit_number", " "), ("owner_phone", "1" * 21), ("address", "a\0b"),
    ],
)  # fmt: skip
def test_a_fact_that_is_missing_is_not_supposed(register: Register, name: str, value: object) -> None:
    register.control(reset=True, mortgages=[{**ENTRY.as_dict(), name: value}])
    with pytest.raises(RegisterAway, match=name if name != "creditors" else "creditors|name|credit_code"):
        register.look_up(CERTIFICATE)


def test_without_the_right_token_nothing_is_said(register: Register, settings: Any) -> None:
    settings.MORTGAGE_REGISTER_TOKEN = "other"
    with pytest.raises(RegisterAway, match="401 no token"):
        Register(register.address).look_up(CERTIFICATE)


def test_nobody_there(at: Address) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        register = at(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(RegisterAway, match="ConnectError"):
            register.look_up(CERTIFICATE)


@pytest.mark.parametrize(
    "address",
    ["http://register.example", "ftp://register.example", "https://", "https://a:b@register.example", "https://a/?b=1",
     "http://127.0.0.1:x"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_named_at_once(at: Address, address: str) -> None:
    with pytest.raises(ValueError, match="QINQING_REGISTER"):
        at(address)


def test_many_threads_ask_at_once_over_few_connections(register: Register) -> None:
    register.control(chance=0.3)

    def ask(number: int) -> bool:
        try:
            return register.look_up(CERTIFICATE) == ENTRY
        except RegisterAway:
            return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(60)))


def test_connections_are_kept(register: Register, tmp_path: Path) -> None:
    for _ in range(5):
        register.look_up(CERTIFICATE)
    assert "1 idle" in repr(register._caller._pool)


def test_a_call_ends_before_another_worker_takes_it_up() -> None:
    assert timedelta(seconds=bounded_http.WHOLE) < PATIENCE
    assert bounded_http.CONNECT < bounded_http.READ < bounded_http.WHOLE
    assert set(PATIENT) < {*BEFORE, *AFTER}


def _rest(asked: Asked) -> tuple[str, str, tuple[str, ...]]:
    return asked.certificate, asked.unit_number, asked.creditors
