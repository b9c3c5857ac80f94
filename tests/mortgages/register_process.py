"""The authority's register as another house runs it: its own process, its own SQLite file, and moods.

`python -m tests.mortgages.register_process PORT FILE [TOKEN]`; or `serve(port, file)` within a test. One number is done
once, in the transaction that notes its answer, so that a restart forgets nothing. A mood spoils one request: before the
register acts (`BEFORE`) or after it acted (`AFTER`). `POST /control` takes
`{"mortgages": [entries], "moods": [names, used up in turn], "chance": 0..1 (of any mood at all), "late": seconds}`,
`{"reset": true}` empties everything; `GET /counts` says what was done.
"""

from __future__ import annotations

import json
import random
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

BEFORE = ["busy", "refuses_to_talk", "silent"]
PATIENT = ["silent", "late", "trickle"]  # they cost the asker its whole patience
MISSING = ("active", "at", "reason", "certificate")
OTHERWISE: dict[str, dict[str, str | None]] = {  # what it says instead
    "other_certificate": {"certificate": "浙（2019）别县不动产证明第0000001号"},
    "other_number": {"number": "解1"},
    "naive_time": {"at": "2026-09-29T10:20:00"},
    "no_receipt": {"receipt_no": None},
}
CHINA = timezone(timedelta(hours=8))
TABLES = """
CREATE TABLE IF NOT EXISTS mortgages (certificate TEXT PRIMARY KEY, entry TEXT NOT NULL, number TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS answers (
    number TEXT PRIMARY KEY, certificate TEXT, asked TEXT, status INTEGER, body TEXT, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mood (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS met (mood TEXT);
"""


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    path_of_database, token = "", ""
    chance = random.Random()

    # ── what it answers ──

    def do_GET(self) -> None:
        if self.path == "/counts":
            return self.say(200, self.counts())
        if mood := self.ready_to_talk():
            certificate = unquote(self.path.removeprefix("/mortgages/"))
            with self.database() as database:
                row = database.execute("SELECT entry FROM mortgages WHERE certificate = ?", [certificate]).fetchone()
            self.answer(mood, *((200, json.loads(row[0])) if row else (404, {"certificate": certificate})))

    def do_PUT(self) -> None:
        asked = self.body()
        if mood := self.ready_to_talk():
            number = unquote(self.path.removeprefix("/deregistrations/"))
            assert asked["number"] == number, "the number in the address is not that in the body"
            self.answer(mood, *self.deregister(number, asked))

    def do_POST(self) -> None:
        said = self.body()
        with self.database() as database:
            if said.pop("reset", False):
                for table in ("mortgages", "answers", "mood", "met"):
                    database.execute(f"DELETE FROM {table}")
            for entry in said.pop("mortgages", []):
                database.execute("INSERT INTO mortgages VALUES (?, ?, NULL)", [entry["certificate"], json.dumps(entry)])
            for name, value in said.items():
                database.execute("INSERT OR REPLACE INTO mood VALUES (?, ?)", [name, json.dumps(value)])
        self.say(200, {})

    def deregister(self, number: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.database() as database:
            known = database.execute("SELECT status, body FROM answers WHERE number = ?", [number]).fetchone()
            if known:
                database.execute("UPDATE answers SET times = times + 1 WHERE number = ?", [number])
                return known[0], json.loads(known[1])
            status, body = self.decide(database, number, asked)
            whole = {"number": number, "certificate": asked["certificate"], **body}
            values = [number, asked["certificate"], json.dumps(asked), status, json.dumps(whole)]
            database.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, 1)", values)
            return status, whole

    def decide(self, database: sqlite3.Connection, number: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        rows = "SELECT entry FROM mortgages WHERE certificate = ?"
        row = database.execute(rows, [asked["certificate"]]).fetchone()
        entry = json.loads(row[0]) if row else {}
        if not entry:
            return 422, {"reason": "登记簿中没有该登记证明号"}
        if not entry["active"]:
            return 409, {"reason": f"该抵押登记已于此前注销（{entry['receipt_no']}）"}
        if entry["unit_number"] != asked["unit_number"]:
            return 409, {"reason": "不动产单元号与登记簿不一致"}
        receipt = "注" + number.removeprefix("解")
        entry |= {"active": False, "receipt_no": receipt}
        changed = "UPDATE mortgages SET entry = ?, number = ? WHERE certificate = ?"
        database.execute(changed, [json.dumps(entry), number, asked["certificate"]])
        return 200, {"receipt_no": receipt, "at": datetime.now(UTC).astimezone(CHINA).isoformat()}

    def counts(self) -> dict[str, Any]:
        with self.database() as database:
            rows = database.execute("SELECT certificate, asked, status, times FROM answers ORDER BY rowid").fetchall()
            gone = database.execute("SELECT certificate, number FROM mortgages WHERE number IS NOT NULL").fetchall()
            met = database.execute("SELECT mood, COUNT(*) FROM met GROUP BY mood").fetchall()
        asked = [{"certificate": c, "asked": json.loads(a), "status": s, "times": t} for c, a, s, t in rows]
        return {"asked": asked, "deregistered": dict(gone), "moods": dict(met)}

    # ── in which mood ──

    def ready_to_talk(self) -> str:
        """The mood in which it will answer; empty when it does not even act."""
        if self.token and self.headers["authorization"] != f"Bearer {self.token}":
            self.say(401, {"title": "no token"})
            return ""
        mood = self.mood()
        match mood:
            case "busy":
                self.say(503, {"title": "busy"})
            case "refuses_to_talk":
                self.hang_up()
            case "silent":
                time.sleep(self.number("late", 10.5))
                self.hang_up()
            case _:
                return mood
        return ""

    def mood(self) -> str:
        chance, patient = self.number("chance", 0), self.number("late", 10.5) < 1
        with self.database() as database:
            row = database.execute("SELECT value FROM mood WHERE name = 'moods'").fetchone()
            left = json.loads(row[0]) if row else []
            if left:
                mood = str(left.pop(0))
                database.execute("UPDATE mood SET value = ? WHERE name = 'moods'", [json.dumps(left)])
            elif self.chance.random() < chance:
                mood = self.chance.choice([m for m in (*BEFORE, *AFTER) if patient or m not in PATIENT])
            else:
                mood = "good"
            database.execute("INSERT INTO met VALUES (?)", [mood])
        return mood

    def answer(self, mood: str, status: int, body: dict[str, Any]) -> None:
        spoil = SPOILT.get(mood)
        if spoil is not None:
            return spoil(self, status, body, json.dumps(body, ensure_ascii=False).encode())
        if mood == "missing_field":
            body = {key: value for key, value in body.items() if key not in MISSING}
        changed = {key: value for key, value in OTHERWISE.get(mood, {}).items() if key in body}
        self.say(status, {**body, **changed})

    def slow(self, status: int, body: dict[str, Any], raw: bytes) -> None:
        time.sleep(0.05)
        self.say(status, body)

    def late(self, status: int, body: dict[str, Any], raw: bytes) -> None:
        time.sleep(self.number("late", 10.5))
        self.say(status, body)

    def twice(self, status: int, body: dict[str, Any], raw: bytes) -> None:
        self.say(status, body)
        self.say(status, body)

    def trickle(self, status: int, body: dict[str, Any], raw: bytes) -> None:
        """Whole and right, but a byte now and then: never silent for long, and never done."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
        late = self.number("late", 10.5)
        for byte in head + raw:
            self.wfile.write(bytes([byte]))
            time.sleep(late / 3)

    def say(self, status: int, body: Any, *, kind: str = "application/json", cut: int = 0, location: str = "") -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(raw[: cut or None])
        if cut:
            self.hang_up()

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    # ── the rest ──

    def number(self, name: str, default: float) -> float:
        with self.database() as database:
            row = database.execute("SELECT value FROM mood WHERE name = ?", [name]).fetchone()
        return float(json.loads(row[0])) if row else default

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path_of_database, timeout=30, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous=OFF")  # a killed process loses nothing by it
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def log_message(self, format: str, *args: object) -> None:
        pass


SPOILT: dict[str, Callable[[Registry, int, dict[str, Any], bytes], None]] = {
    "slow": Registry.slow,
    "late": Registry.late,
    "twice": Registry.twice,
    "trickle": Registry.trickle,
    "hang_up": lambda self, status, body, raw: self.hang_up(),
    "error_500": lambda self, status, body, raw: self.say(500, {"title": "internal error"}),
    "redirect": lambda self, status, body, raw: self.say(302, body, location="/elsewhere"),
    "wrong_type": lambda self, status, body, raw: self.say(status, b"<html>" + raw + b"</html>", kind="text/html"),
    "bad_json": lambda self, status, body, raw: self.say(status, raw[:-1]),
    "not_utf8": lambda self, status, body, raw: self.say(status, raw.decode().encode("gb18030")),
    "a_list": lambda self, status, body, raw: self.say(status, b"[" + raw + b"]"),
    "empty": lambda self, status, body, raw: self.say(204, b""),
    "huge": lambda self, status, body, raw: self.say(status, {**body, "remark": "无" * 1_000_000}),
    "half": lambda self, status, body, raw: self.say(status, raw, cut=len(raw) // 2),
}
AFTER = [*SPOILT, *OTHERWISE, "missing_field"]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """An asker that gave up is no news; anything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(port: int, path: str, token: str = "") -> Server:
    """The server, not yet at work (`serve_forever`)."""
    with sqlite3.connect(path, timeout=30) as tables:
        tables.execute("PRAGMA journal_mode=WAL")
        tables.executescript(TABLES)
    handler = type("Handler", (Registry,), {"path_of_database": path, "token": token})
    return Server(("127.0.0.1", port), handler)


if __name__ == "__main__":
    serve(int(sys.argv[1]), *sys.argv[2:4]).serve_forever()
