"""The throw-away PostgreSQL server starts, answers, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from dev import postgres

pytestmark = pytest.mark.skipif(postgres.binaries() is None, reason="PostgreSQL is not installed")


def _folder(address: str) -> Path:
    return Path(unquote(urlsplit(address).hostname or ""))


def test_it_answers_and_is_gone_afterwards() -> None:
    with postgres.cluster() as address:
        folder = _folder(address)
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT current_setting('server_encoding')").fetchone() == ("UTF8",)
    assert not folder.exists()


@pytest.mark.long
def test_it_ends_with_a_killed_parent() -> None:
    program = (
        "from dev import postgres; import time\nwith postgres.cluster() as a: print(a, flush=True); time.sleep(60)"
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True) as parent:
        folder = _folder(parent.stdout.readline())  # type: ignore[union-attr]
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        parent.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not Path(f"/proc/{server}").exists():
            break
        time.sleep(0.1)
    else:
        os.kill(server, signal.SIGINT)
        pytest.fail("the server outlived the tests")
