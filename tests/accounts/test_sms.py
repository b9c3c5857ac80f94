"""短信 adapters: printed, or posted with a signature the receiver can check."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from qinqing.accounts import sms


@pytest.fixture
def service() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]], list[int]]]:
    """(address, what came in, the status to answer) of a small SMS service."""
    got: list[tuple[dict[str, str], bytes]] = []
    status = [200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/sms", got, status
    server.shutdown()
    server.server_close()


def test_the_console_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    sms.send("13800001234", "验证码123456")
    assert "13800001234" in (text := capsys.readouterr().err)
    assert "验证码123456" in text


def test_the_webhook_is_signed(service: Any, settings: Any) -> None:
    address, got, status = service
    settings.SMS_SENDER, settings.SMS_WEBHOOK, settings.SMS_KEY = "qinqing.accounts.sms.to_webhook", address, "k"
    sms.send("13800001234", "验证码123456")
    headers, body = got[0]
    stamp, signature = (part.split("=")[1] for part in headers["X-Qinqing-Signature"].split(","))
    assert signature == hmac.new(b"k", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert json.loads(body) == {"phone": "13800001234", "text": "验证码123456"}
    status[0] = 500
    with pytest.raises(sms.NotSent, match="没有回应"):
        sms.send("13800001234", "x")


def test_without_a_service_it_says_so(settings: Any) -> None:
    settings.SMS_SENDER, settings.SMS_WEBHOOK = "qinqing.accounts.sms.to_webhook", ""
    with pytest.raises(sms.NotSent, match="没有接通"):
        sms.send("13800001234", "x")
