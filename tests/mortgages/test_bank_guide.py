"""The guide for banks says what the code does: its example byte for byte, its table of errors code for code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qinqing.lib.cloudevents import STRUCTURED, Event, write_structured
from qinqing.lib.httpsig import Key, Request, sign_request, verify_request
from qinqing.lib.httpsig.components import signature_base
from qinqing.lib.httpsig.door import signatures
from qinqing.lib.wallclock import CHINA
from qinqing.messaging.signing import sign as seal
from qinqing.mortgages import events, wire
from qinqing.mortgages.refusals import Refused
from tests.policies.texts import ROOT

GUIDE = (ROOT / "docs/guides/bank-door.md").read_text(encoding="utf-8")
AT = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
DATA = {
    "certificate": "浙（2020）示范不动产证明第0000001号", "unit_number": "330499001002GB00001F00010001",
    "loan_number": "贷2020-0007", "extent": "full", "settled_at": "2026-09-29T10:18:00+08:00",
}  # fmt: skip
BODY = write_structured(Event("JQ-20260929-0001", wire.source_of("91330499MA9BK0001K"), wire.SETTLED, AT, dict(DATA)))


def test_the_example_is_what_the_code_makes() -> None:
    key = Key("bank-01.1", "ed25519", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    request = Request("POST", wire.EVENTS, "", "qinqing.example", "https", (("Content-Type", STRUCTURED),), BODY)
    headers = sign_request(request, key, AT, nonce="n8Jx2mYkQvS4tLbW0aZ1")
    signed = replace(request, headers=(*request.headers, *headers))
    assert verify_request(signed, {"bank-01.1": key}.get, AT).keyid == "bank-01.1"
    covered, _ = next(iter(signatures(signed).values()))
    shown = [BODY.decode(), *signature_base(signed, covered).decode().split("\n"), *(f"{a}: {b}" for a, b in headers)]
    assert [line for line in shown if f"    {line}\n" not in GUIDE] == []
    assert f"正文{len(BODY)}字节" in GUIDE


def test_the_sealed_example_too() -> None:
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
    assert secret in GUIDE and str(int(AT.timestamp())) in GUIDE
    assert f"webhook-signature: {seal(secret, 'msg_2026092900001', int(AT.timestamp()), BODY)}" in GUIDE


def test_every_refusal_stands_in_the_table_with_its_status() -> None:
    said = {(code, int(status)) for code, status in re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", GUIDE, re.MULTILINE)}
    kinds = [*_leaves(Refused), events.Wrong, events.Reused]
    assert said == {(kind.code, kind.status) for kind in kinds}


def test_every_field_is_described() -> None:
    for name in {*wire.FIELDS["settled"], *wire.FIELDS["reversed"]}:
        assert f"`data.{name}`" in GUIDE


def _leaves(kind: type[Refused]) -> Iterator[type[Refused]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for each in below:
        yield from _leaves(each)
