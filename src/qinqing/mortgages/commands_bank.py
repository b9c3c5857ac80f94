"""`qinqing bank-client ...`: what a bank runs: keys, settlements, reversals, the day's list, states. No database.

Exit codes: 0 all taken; 1 something was refused or differs; 2 bad input; 3 the door could not be reached.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.httpsig import read_private_key
from qinqing.lib.wallclock import CHINA, now
from qinqing.mortgages import wire
from qinqing.mortgages.bank_client import Answer, Client, Unreachable

GROUP = "bank-client"
_OK, _REFUSED, _UNREACHED = 0, 1, 3


def add_commands(cli: Cli) -> None:
    """The bank's own commands."""
    keygen = cli.command(GROUP, "keygen", _keygen, help="make an Ed25519 key pair", database=False)
    keygen.add_argument("--out", required=True, help="file of the private key; the public one is FILE.pub")
    send = cli.command(GROUP, "send", _send, help="send settlements and reversals from a file", database=False)
    _door(send)
    send.add_argument("file", help="JSON lines or CSV (- reads standard input): " + ", ".join(_COLUMNS))
    reverse = cli.command(GROUP, "reverse", _reverse, help="take one settlement back", database=False)
    _door(reverse)
    reverse.add_argument("event", help="id of the settlement")
    reverse.add_argument("--id", default="", help="id of the reversal; made of the settlement's and the time otherwise")
    reverse.add_argument(
        "--time", default="", help="when it was reversed; now otherwise. With it, the same again is the same"
    )
    reconcile = cli.command(
        GROUP, "reconcile", _reconcile, help="send a day's list and print what differs", database=False
    )
    _door(reconcile)
    reconcile.add_argument("file", help="JSON lines or CSV with id and certificate (- reads standard input)")
    reconcile.add_argument("--day", required=True, help="such as 2026-09-29")
    reconcile.add_argument("--all", action="store_true", help="print what matches, too")
    status = cli.command(GROUP, "status", _status, help="how events stand", database=False)
    _door(status)
    status.add_argument("event", nargs="+", help="event ids")


# ── private ──

_COLUMNS = ("id", "type", "time", *sorted({*wire.FIELDS["settled"], *wire.FIELDS["reversed"]}))


def _door(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", required=True, help="the county's address, such as https://qinqing.example")
    parser.add_argument("--bank", required=True, help="the bank's unified social credit code")
    parser.add_argument("--key", help="file of the private key")
    parser.add_argument("--key-id", help="its id, as the county filed it")
    parser.add_argument("--webhook", metavar="FILE", help="simple profile: file that holds the secret (whsec_...)")


def _client(arguments: argparse.Namespace) -> Client:
    url = arguments.url.rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise CommandError("--url begins with https:// (http:// for tests only)")
    if arguments.webhook:
        return Client(url, arguments.bank, secret=_text(arguments.webhook).strip(), clock=now)
    if not arguments.key or not arguments.key_id:
        raise CommandError("give --key FILE with --key-id ID, or --webhook FILE")
    try:
        key = read_private_key(arguments.key_id, _text(arguments.key))
    except ValueError as error:
        raise CommandError(f"{arguments.key}: {error}") from error
    return Client(url, arguments.bank, key, clock=now)


def _keygen(arguments: argparse.Namespace) -> int:
    path = Path(arguments.out)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        Path(f"{path}.pub").write_text(public, encoding="ascii")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror} (an existing key is never overwritten)") from error
    print(public, end="")
    print(f"private key: {path} (keep it); public key: {path}.pub (give it to the county)", file=sys.stderr)
    return _OK


def _send(arguments: argparse.Namespace) -> int:
    client, worst = _client(arguments), _OK
    rows = _rows(arguments.file)
    events = [_event(row, at) for at, row in enumerate(rows, 1)]  # all are read before the first is sent
    for event_id, kind, data, time in events:
        worst = max(worst, _say(event_id, lambda: client.send(event_id, kind, data, time)))  # noqa: B023 - called at once
    return worst


def _reverse(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    time = _time(arguments.time or now().replace(microsecond=0).isoformat(), 1)
    data = {"reverses": arguments.event}
    event_id = arguments.id or wire.derived_id({**data, "time": time.isoformat()})
    return _say(event_id, lambda: client.send(event_id, "reversed", data, time))


def _reconcile(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    rows = [(str(row.get("id") or ""), str(row.get("certificate") or "")) for row in _rows(arguments.file, empty=True)]
    try:
        answer = client.reconcile(arguments.day, rows)
    except Unreachable as error:
        print(error, file=sys.stderr)
        return _UNREACHED
    if not answer.taken:
        print(json.dumps({"http": answer.status, **answer.body}, ensure_ascii=False))
        return _REFUSED
    for line in answer.body["lines"]:
        if arguments.all or line["status"] != "matched":
            print(json.dumps(line, ensure_ascii=False))
    counts = answer.body["counts"]
    print(", ".join(f"{name} {count}" for name, count in counts.items()), file=sys.stderr)
    return _REFUSED if any(count for name, count in counts.items() if name != "matched") else _OK


def _status(arguments: argparse.Namespace) -> int:
    client = _client(arguments)
    if client.key is None:
        raise CommandError("status needs --key; by the simple profile send the same event again")
    return max(_say(each, lambda: client.status(each)) for each in arguments.event)  # noqa: B023 - called at once


def _say(event_id: str, ask: Any) -> int:
    """One JSON line of what the door said; an exit code."""
    try:
        answer: Answer = ask()
    except Unreachable as error:
        print(json.dumps({"id": event_id, "http": None, "detail": str(error)}, ensure_ascii=False))
        return _UNREACHED
    print(json.dumps({"id": event_id, "http": answer.status, "tries": answer.tries, **answer.body}, ensure_ascii=False))
    return _OK if answer.taken else _REFUSED


def _event(row: dict[str, Any], at: int) -> tuple[str, str, dict[str, Any], datetime]:
    """(id, kind, data, time) of a line. CommandError names the line."""
    kind = str(row.get("type") or ("reversed" if row.get("reverses") else "settled"))
    kind = wire.KINDS.get(kind, kind)
    if kind not in wire.FIELDS:
        raise CommandError(f"line {at}: type is settled or reversed")
    unknown = sorted(name for name in row if name not in _COLUMNS)
    if unknown:
        raise CommandError(f"line {at}: unknown field {', '.join(unknown)}; known are {', '.join(_COLUMNS)}")
    data = {name: str(row[name]) for name in wire.FIELDS[kind] if row.get(name)}
    if kind == "settled" and "settled_at" not in data:
        raise CommandError(f"line {at}: settled_at is missing, such as 2026-09-29T10:20:00+08:00")
    time = _time(str(row.get("time") or data.get("settled_at") or now().isoformat()), at)
    if "settled_at" in data:
        data["settled_at"] = _time(data["settled_at"], at).isoformat()
    return str(row.get("id") or wire.derived_id({"type": kind, **data})), kind, data, time


def _time(text: str, at: int) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"line {at}: {text!r} is no time such as 2026-09-29T10:20:00+08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=CHINA)


def _rows(name: str, *, empty: bool = False) -> list[dict[str, Any]]:
    """JSON lines where the first one begins with {, else CSV with a header. CommandError names the line."""
    text = sys.stdin.read() if name == "-" else _text(name)
    text = text.lstrip("\ufeff")
    if not text.lstrip().startswith("{"):
        rows: list[dict[str, Any]] = [dict(row) for row in csv.DictReader(io.StringIO(text))]
        if any(None in row for row in rows):
            raise CommandError(f"{name}: a line has more cells than the header")
    else:
        rows = []
        for at, line in enumerate(text.splitlines(), 1):
            if line.strip():
                rows.append(_object(line, name, at))
    if not rows and not empty:
        raise CommandError(f"{name}: there is nothing to send")
    return rows


def _object(line: str, name: str, at: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CommandError(f"{name}, line {at}: not a JSON object")
    return found


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name}: {error}") from error
