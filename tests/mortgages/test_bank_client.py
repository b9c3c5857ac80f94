"""The bank's client against the doors: what it sends is taken, what it tries again acts once; its commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client as DjangoClient

from qinqing.__main__ import main
from qinqing.accounts.actor import SYSTEM
from qinqing.lib import wallclock
from qinqing.lib.httpsig import read_private_key
from qinqing.mortgages import commands_bank, keys
from qinqing.mortgages.bank_client import Client, Unreachable
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import BankKey, UsedNonce
from tests.conftest import Clock
from tests.mortgages.doors import UNIT, Bank, bank_of
from tests.mortgages.world import NOW, World

pytestmark = pytest.mark.django_db
DATA = {"certificate": "浙（2020）示范不动产证明第0000001号", "unit_number": UNIT}


@pytest.fixture
def world(db: None, clock: Clock) -> World:
    clock.set(NOW)
    return World()


class Wire(httpx.BaseTransport):
    """Hands a request to Django's client; `moods` first: away (nothing arrives), lost (the answer is lost), 503."""

    def __init__(self, *moods: str) -> None:
        self.moods = list(moods)
        self.client = DjangoClient(raise_request_exception=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        mood = self.moods.pop(0) if self.moods else ""
        if mood == "away":
            raise httpx.ConnectError("no route")
        if mood == "503":
            return httpx.Response(503, text="<html>busy</html>")
        body = request.read()
        answer = self.client.generic(
            request.method, request.url.raw_path.decode(), body, content_type=request.headers.get("content-type", ""),
            headers={k: v for k, v in request.headers.items() if k not in {"content-type", "content-length", "host"}},
            SERVER_NAME="testserver",
        )  # fmt: skip
        if mood == "lost":
            raise httpx.ReadTimeout("too late")
        return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.items()))


def client_of(bank: Bank, *moods: str, **options: Any) -> Client:
    slept: list[float] = []
    key = None if bank.secret else bank.key
    made = Client(
        "http://testserver", bank.unit.credit_code, key, bank.secret, httpx.Client(transport=Wire(*moods)),
        clock=wallclock.now, sleep=slept.append, **options,
    )  # fmt: skip
    return made


@pytest.mark.parametrize("profile", ["signed", "webhook"])
def test_what_is_lost_on_the_way_is_sent_again_and_acts_once(world: World, profile: str) -> None:
    bank = bank_of(world).filed() if profile == "signed" else bank_of(world).with_secret()
    answer = client_of(bank, "away", "lost", "503").send("甲-1", "settled", DATA, NOW)
    assert (answer.status, answer.tries, answer.body["again"]) == (200, 4, True)
    assert BankEvent.objects.get().event_id == "甲-1"
    assert UsedNonce.objects.count() == (2 if profile == "signed" else 0)


def test_a_door_that_stays_silent_is_given_up(world: World) -> None:
    with pytest.raises(Unreachable, match="3 tries"):
        client_of(bank_of(world).filed(), *["away"] * 9, waits=(1, 2)).send("e", "settled", DATA, NOW)


def test_what_is_refused_is_not_repeated(world: World) -> None:
    answer = client_of(bank_of(world).filed()).send("e", "settled", {**DATA, "unit_number": "33"}, NOW)
    assert (answer.status, answer.tries, answer.taken) == (422, 1, False)


def test_the_state_of_an_event_with_a_strange_id(world: World) -> None:
    client = client_of(bank_of(world).filed())
    event_id = "贷/2026 09&29?=%+"
    assert client.send(event_id, "settled", DATA, NOW).status == 202
    assert client.status(event_id).body["state"] == "waiting"
    assert client.status("other").status == 404


# ── commands ──


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[Any]]]:
    """Runs a command of the client against Django; gives its exit code and its JSON lines."""
    transport = Wire()

    def made(*arguments: Any, **options: Any) -> Client:
        return Client(*arguments, **options, http=httpx.Client(transport=transport), sleep=lambda _: None)

    monkeypatch.setattr(commands_bank, "Client", made)

    def command(*words: str, moods: tuple[str, ...] = ()) -> tuple[int, list[Any]]:
        transport.moods = list(moods)
        code = main(["bank-client", *words])
        out = capsys.readouterr().out
        return code, [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    return command


@pytest.fixture
def door(world: World, tmp_path: Path) -> list[str]:
    """The words that name the door, with a key on file made by the client itself."""
    path = tmp_path / "bank.key"
    assert main(["bank-client", "keygen", "--out", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    bank = world.bank("a")
    row = keys.add_public_key(SYSTEM, bank, Path(f"{path}.pub").read_text(), NOW, starts=NOW)
    read_private_key(row.key_id, path.read_text())
    return ["--url", "http://testserver", "--bank", bank.credit_code, "--key", str(path), "--key-id", row.key_id]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "k"
    assert main(["bank-client", "keygen", "--out", str(path)]) == 0
    before = path.read_text()
    assert main(["bank-client", "keygen", "--out", str(path)]) == 2
    assert path.read_text() == before


def test_lines_are_sent_and_sent_again(run: Any, door: list[str], tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    said = [
        {"id": "e1", **DATA, "settled_at": "2026-09-29T10:00:00+08:00"},
        {**DATA, "loan_number": "L2", "settled_at": "2026-09-29 10:00"},
        {"id": "r1", "reverses": "e1", "time": "2026-09-29T10:10:00+08:00"},
    ]
    lines.write_text("\n".join(json.dumps(each, ensure_ascii=False) for each in said), encoding="utf-8")
    code, out = run("send", *door, str(lines))
    assert code == 0 and [each["http"] for each in out] == [202, 202, 202], out
    code, out = run("send", *door, str(lines), moods=("away",))
    assert code == 0 and [each["again"] for each in out] == [True] * 3
    assert BankEvent.objects.count() == 3
    assert run("status", *door, "e1", "r1")[1][1]["kind"] == "reversed"
    assert run("status", *door, "e9")[0] == 1


def test_csv_is_read_and_what_is_refused_is_said(run: Any, door: list[str], tmp_path: Path) -> None:
    lines = tmp_path / "events.csv"
    lines.write_text(
        "\ufeffid,certificate,unit_number,settled_at\n"
        f"e1,{DATA['certificate']},{UNIT},2026-09-29 10:00\ne2,证明,33,2026-09-29 10:00\n",
        encoding="utf-8",
    )
    code, out = run("send", *door, str(lines))
    assert (code, [each["http"] for each in out]) == (1, [202, 422])
    assert BankEvent.objects.get().happened_at == datetime.fromisoformat("2026-09-29T10:00:00+08:00")


def test_a_reversal_and_a_days_list(run: Any, door: list[str], tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    lines.write_text(json.dumps({"id": "e1", **DATA, "settled_at": "2026-09-29T10:00:00+08:00"}), encoding="utf-8")
    run("send", *door, str(lines))
    at = ["--time", "2026-09-29T10:10:00+08:00"]
    assert run("reverse", *door, "e1", *at)[1][0]["http"] == 202
    assert run("reverse", *door, "e1", *at)[1][0]["again"] is True
    listed = tmp_path / "list.csv"
    listed.write_text(f"id,certificate\ne1,{DATA['certificate']}\ne2,证\n", encoding="utf-8")
    code, out = run("reconcile", *door, "--day", "2026-09-29", str(listed))
    assert code == 1
    assert [(each["id"][:2], each["status"]) for each in out] == [
        ("e2", "missing_here"), ("H-", "missing_there"), ("e1", "waiting")
    ]  # fmt: skip


def test_exit_codes_of_bad_input_and_of_silence(run: Any, door: list[str], tmp_path: Path) -> None:
    lines = tmp_path / "events.jsonl"
    lines.write_text('{"id": "e1", "name": "柳某"}\n')
    assert run("send", *door, str(lines))[0] == 2
    assert run("send", *door, str(tmp_path / "none"))[0] == 2
    assert run("send", "--url", "ftp://x", "--bank", "x", str(lines))[0] == 2
    assert run("status", *door, "e1", moods=("away",) * 9)[0] == 3
    assert not BankEvent.objects.exists()


def test_it_works_without_a_database(tmp_path: Path) -> None:
    from qinqing.__main__ import build

    words = ["send", "--url", "http://x", "--bank", "x", "f"]
    assert build([]).parser.parse_args(["bank-client", *words]).database is False


def test_keys_from_the_command_line(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "k"
    main(["bank-client", "keygen", "--out", str(path)])
    assert main(["mortgages", "keys", "add", "bank-a", f"{path}.pub"]) == 0
    assert main(["mortgages", "keys", "secret", "bank-a", "--days", "30"]) == 0
    assert "whsec_" in capsys.readouterr().out
    assert main(["mortgages", "keys", "end", "bank-a.1", "--in-days", "14"]) == 0
    assert main(["mortgages", "keys", "revoke", "bank-a.2", "--reason", "改用签名"]) == 0
    main(["mortgages", "keys", "list"])
    listed = capsys.readouterr().out
    assert "whsec_" not in listed and "改用签名" in listed
    assert main(["mortgages", "keys", "add", "nowhere", f"{path}.pub"]) == 2
    assert main(["mortgages", "keys", "add", "bank-b", str(path)]) == 2, "a private key is never filed"
    assert BankKey.objects.count() == 2
