"""Another office's system that takes our webhooks: its own process, its own SQLite file, its own inbox.

`python -m tests.proof.receiving PORT FILE SECRET moody|calm`. It acts once on each message, known by its id, in the
transaction that notes the id. A moody one also answers late, drops connections before and after it acted, and errs.
`POST /calm` ends the moods.
"""

from __future__ import annotations

import json
import random
import socket
import sqlite3
import sys
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from qinqing.messaging.signing import SignatureError, verify_signature

TOO_LATE = 10.5  # seconds: the sender has given up waiting
TABLES = """
CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS effects (key TEXT, type TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS oddities (what TEXT);
"""


class Receiving(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    path_of_database, secret = "", ""
    moody = False
    chance = random.Random()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/calm":
            type(self).moody = False
            return self.answer(204)
        mood = self.chance.random() if self.moody else 1
        if mood < 0.02:
            return self.hang_up()
        if not self.take(body):
            return self.answer(400)
        if mood < 0.04:
            return self.hang_up()
        if mood < 0.07:
            return self.answer(500)
        if mood < 0.08:
            return self.answer(503)
        if mood < 0.16:
            time.sleep(0.15)
        self.answer(204)

    def take(self, body: bytes) -> bool:
        """Act on it if it is new. False when it is not from whom it says."""
        sent = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        with sqlite3.connect(self.path_of_database, timeout=30) as database:
            try:
                identity = verify_signature(self.secret, dict(self.headers), body, sent)
            except SignatureError as error:
                database.execute("INSERT INTO oddities VALUES (?)", [str(error)])
                return False
            noted = "INSERT INTO inbox VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET times = times + 1 RETURNING times"
            (times,) = database.execute(noted, [identity]).fetchone()
            if times == 1:
                said = json.loads(body)
                database.execute("INSERT INTO effects VALUES (?, ?, ?)", [said["key"], said["type"], body.decode()])
                (count,) = database.execute("SELECT COUNT(*) FROM effects").fetchone()
        if self.moody and times == 1 and count == 40:
            time.sleep(TOO_LATE)
        return True

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    port, path, Receiving.secret, mood = sys.argv[1:]
    Receiving.path_of_database, Receiving.moody = path, mood == "moody"
    with sqlite3.connect(path, timeout=30) as tables:
        tables.execute("PRAGMA journal_mode=WAL")
        tables.executescript(TABLES)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Receiving).serve_forever()
