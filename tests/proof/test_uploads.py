"""Two gigabytes sent to the real server: refused clearly by name; its memory and its disk stay as they were."""

from __future__ import annotations

import html
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from django.conf import settings

from qinqing.accounts.models import User
from qinqing.cases.models import Attachment
from qinqing.cases.models import Event as Record
from qinqing.ui.uploads import CUT
from tests.api.conftest import House
from tests.cases.county import TUESDAY, build
from tests.proof.installation import GRANIAN, Part, free_port, running

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
TWO_GIGABYTES = 2 * 1024**3
PIECE = bytes(4 * 1024 * 1024)
GROWTH = 40 * 1024 * 1024  # bytes of memory that a request may cost, whatever it brings


class Disk(Thread):
    """Watches a folder: the most bytes that lay in it at one moment."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.most, self.over = folder, 0, Event()
        self.start()

    def run(self) -> None:
        while not self.over.wait(0.02):
            here = 0
            for file in self.folder.rglob("*"):
                with suppress(OSError):
                    here += file.stat().st_size if file.is_file() else 0
            self.most = max(self.most, here)


class Office:
    """The server under test and a clerk who is signed in."""

    def __init__(self, house: House, web: Part) -> None:
        self.case, self.web = house.matters["window"], web
        sender = house.sender("clerk")
        cookies = "; ".join(f"{name}={value}" for name, value in sender["cookies"].items())
        self.headers = {**sender["headers"], "Cookie": cookies}
        self.address = quote(f"/cases/{self.case.number}/answer_now/")
        self.fields = {
            "class": "simple", "answer": "已当面说明", "confirmed": "on",
            "task": str(self.case.tasks.get(state="open").pk),
        }  # fmt: skip

    def send(self, body: Iterator[bytes], length: int) -> httpx.Response:
        headers = {**self.headers, "Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(length)}
        return httpx.post(f"http://127.0.0.1:{self.web.port}{self.address}", content=body, headers=headers, timeout=240)

    def line(self, address: str, kind: str, length: int) -> socket.socket:
        """A connection on which the head of a request has gone out."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        line = socket.create_connection(("127.0.0.1", self.web.port))
        line.sendall(
            f"POST {address} HTTP/1.1\r\nHost: localhost\r\n{head}Content-Type: {kind}\r\n"
            f"Content-Length: {length}\r\n\r\n".encode()
        )
        return line

    def opening(self, name: str) -> bytes:
        """The form, up to where the file begins: a photograph."""
        part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        texts = "".join(part.format(field, value) for field, value in self.fields.items())
        file = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        return (texts + file).encode() + b"\xff\xd8\xff"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


@pytest.fixture
def office(clock: Clock, temporary: Path) -> Iterator[Office]:
    county = build()
    clock.set(TUESDAY)
    house = House(county, {"clerk": User.objects.get(pk=county["clerk"].user_id)}, "", {"window": county.open()})
    port = free_port()
    web = Part([*GRANIAN, "--port", str(port)], port, {"TMPDIR": str(temporary)})
    with running(web):
        assert httpx.get(f"http://127.0.0.1:{port}/sign-in/", timeout=60).status_code == 200
        yield Office(house, web)


def test_two_gigabytes(office: Office, temporary: Path) -> None:
    before, kept, disk = office.web.peak_memory(), stored(), Disk(temporary)
    opening, closing = office.opening("现场视频.jpg"), b"\r\n--b--\r\n"
    rest = TWO_GIGABYTES - len(opening) - len(closing)

    def body() -> Iterator[bytes]:
        yield opening
        for start in range(0, rest, len(PIECE)):
            yield PIECE[: rest - start]
        yield closing

    answer = office.send(body(), TWO_GIGABYTES)
    disk.over.set()
    assert answer.status_code == 422
    said = html.unescape(answer.text)
    assert "“现场视频.jpg”超过20MB" in said, "the reason, by name"
    assert "已当面说明" in said, "what was typed is lost"
    assert office.web.peak_memory() - before < GROWTH
    assert 0 < disk.most < CUT * 1.1
    nothing_was_kept(office, kept, temporary)


def test_a_connection_that_breaks_in_the_middle(office: Office, temporary: Path) -> None:
    """What came so far would be a whole act: but the photograph is not all there, or the text is not."""
    kept = stored()
    form = "&".join(f"{name}={quote(value)}" for name, value in office.fields.items())
    note = '{"fields": {"text": "停车难"}}'
    broken_off = [
        (office.address, "multipart/form-data; boundary=b", office.opening("现场.jpg") + PIECE),
        (office.address, "application/x-www-form-urlencoded", form.encode()),
        (quote(f"/api/cases/{office.case.number}/acts/decline"), "application/json", note.encode()),
    ]
    for address, kind, sent in broken_off * 2:  # more than the server has threads
        with office.line(address, kind, len(sent) + 100) as line:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            line.settimeout(20)
            answer = line.recv(1000).decode("utf-8", "replace")
        assert answer.startswith("HTTP/1.1 400") or not answer, f"{kind}: {answer}"
        with office.line(address, kind, TWO_GIGABYTES) as line:
            line.sendall(sent)  # and gone
    answer_to_others = httpx.get(f"http://127.0.0.1:{office.web.port}/sign-in/", timeout=20)
    assert answer_to_others.status_code == 200, "the server hangs on what never comes"
    nothing_was_kept(office, kept, temporary)


def test_more_files_than_a_request_may_bring(office: Office, temporary: Path) -> None:
    kept = stored()
    files: list[Any] = [("files", (f"{n}.txt", b"x", "text/plain")) for n in range(21)]
    answer = httpx.post(
        f"http://127.0.0.1:{office.web.port}{office.address}", data=office.fields, files=files, headers=office.headers
    )
    assert answer.status_code == 413
    assert "20个附件" in answer.text
    nothing_was_kept(office, kept, temporary)


def nothing_was_kept(office: Office, kept: set[Path], temporary: Path) -> None:
    assert stored() == kept
    ends = time.monotonic() + 20  # a server that is told late that nobody listens any more tidies up late
    while left := [file for file in temporary.rglob("*") if file.is_file()]:
        assert time.monotonic() < ends, f"temporary files stay: {left}"
        time.sleep(0.1)
    assert not Attachment.objects.filter(case=office.case).exists()
    assert Record.objects.filter(case=office.case).count() == 1


def stored() -> set[Path]:
    return {file for file in Path(settings.BLOBS).rglob("*") if file.is_file()}
