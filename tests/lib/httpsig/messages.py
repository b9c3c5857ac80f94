"""Keys and messages of RFC 9421, appendices B.1 and B.2, and a request as a bank sends it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from qinqing.lib.httpsig import Key, Request, Response


def _public(base64_text: str) -> Any:
    return load_pem_public_key(f"-----BEGIN PUBLIC KEY-----\n{base64_text}\n-----END PUBLIC KEY-----\n".encode())


RSA_PSS = Key(
    "test-key-rsa-pss",
    "rsa-pss-sha512",
    _public(
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2"
        "+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+"
        "oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq"
        "gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W"
        "Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4"
        "aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI"
        "2wIDAQAB"
    ),
)
ECC_P256 = Key(
    "test-key-ecc-p256",
    "ecdsa-p256-sha256",
    _public(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf"
        "w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ=="
    ),
)
ED25519 = Key(
    "test-key-ed25519",
    "ed25519",
    Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5")
    ),
)
SHARED = Key(
    "test-shared-secret",
    "hmac-sha256",
    base64.b64decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="),
)

REQUEST = Request(
    method="POST",
    path="/foo",
    query="param=Value&Pet=dog",
    authority="example.com",
    headers=(
        ("Host", "example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        (
            "Content-Digest",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        ),
        ("Content-Length", "18"),
    ),
    body=b'{"hello": "world"}',
)
RESPONSE = Response(
    status=200,
    headers=(
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("Content-Type", "application/json"),
        (
            "Content-Digest",
            "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
        ),
        ("Content-Length", "23"),
    ),
    body=b'{"message": "good dog"}',
)

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
BANK = Key("bank-1", "ed25519", Ed25519PrivateKey.from_private_bytes(b"a bank's own private key, 32 by."))
DOOR = {BANK.keyid: Key(BANK.keyid, BANK.algorithm, BANK.material.public_key())}
SETTLED = Request(
    method="POST",
    path="/api/mortgages/events",
    authority="qinqing.example.gov.cn",
    scheme="http",  # what stands behind a proxy sees
    headers=(("Content-Type", "application/cloudevents+json"), ("User-Agent", "bank"), ("ce-trace", "1")),
    body='{"type":"结清"}'.encode(),
)
