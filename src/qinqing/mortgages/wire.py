"""报文: how a bank's word is written down: types, source, fields, ids. For the doors and the bank's client alike. Pure.

A CloudEvent (1.0) whose `source` names the bank by its credit code and whose `data` holds what follows here and nothing
else: a bank that sends a borrower's name by mistake is told so, and it is not kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import quote

SETTLED = "cn.qinqing.mortgage.settled.v1"
REVERSED = "cn.qinqing.mortgage.reversed.v1"
KINDS = {SETTLED: "settled", REVERSED: "reversed"}  # type -> kind of events.Sent
TYPES = {kind: type_ for type_, kind in KINDS.items()}
SOURCE = "urn:qinqing:bank:"  # and the bank's unified social credit code
FULL, PART = "full", "part"
FIELDS = {
    "settled": ("certificate", "unit_number", "creditor_code", "loan_number", "extent", "settled_at"),
    "reversed": ("reverses", "certificate", "unit_number", "creditor_code", "loan_number"),
}

EVENTS = "/api/mortgages/events"
WEBHOOK = "/api/mortgages/webhook"
RECONCILIATIONS = "/api/mortgages/reconciliations"
MOST_BYTES = 65_536  # of an event: what every CloudEvents intermediary must forward
MOST_LIST_BYTES = 1_000_000  # of a day's list: some ten thousand events
MOST_LINES = 10_000  # of a day's list


def source_of(credit_code: str) -> str:
    """The `source` of a bank's events."""
    return f"{SOURCE}{credit_code}"


def code_in(source: str) -> str:
    """The credit code that a source names; '' when it names no bank."""
    return source.removeprefix(SOURCE) if source.startswith(SOURCE) else ""


def link_to(event_id: str) -> str:
    """Where a bank asks after its event. In the query: a path is rewritten by proxies, and a signature covers it."""
    return f"{EVENTS}?id={quote(event_id, safe='')}"


def derived_id(said: Mapping[str, object]) -> str:
    """An event id for who has none: the same content has the same id, so that sending it again is sending it again."""
    text = json.dumps({name: str(value) for name, value in said.items() if value}, sort_keys=True, ensure_ascii=False)
    return f"H-{hashlib.sha256(text.encode()).hexdigest()[:32]}"
