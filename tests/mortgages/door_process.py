"""What a process of the doors' race tests does: `python -m tests.mortgages.door_process JOB [arguments as JSON]`.

A bank's machine that posts the same events as others do at the same instant. Says each answer's status by one line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qinqing.lib import wallclock
from qinqing.mortgages.models_doors import BankKey
from tests.mortgages.doors import Bank


def post(key_id: str, private: str, events: list[dict[str, Any]]) -> None:
    """Each event once, signed anew."""
    bank = _bank(key_id, private)
    for event in events:
        _say(bank.post(event, at=wallclock.now()).status_code)


def replay(key_id: str, private: str, events: list[dict[str, Any]]) -> None:
    """Each event once, with the nonce that the other processes use too."""
    bank = _bank(key_id, private)
    for at, event in enumerate(events):
        _say(bank.post(event, at=wallclock.now(), nonce=f"nonce-{at}").status_code)


def _bank(key_id: str, private: str) -> Bank:
    row = BankKey.objects.select_related("bank").get(key_id=key_id)
    return Bank(row.bank, private=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private)), row=row)


def _say(answer: Any) -> None:
    print(json.dumps(answer), flush=True)


JOBS: dict[str, Callable[..., None]] = {"post": post, "replay": replay}

if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    JOBS[sys.argv[1]](*json.loads(sys.argv[2]))
