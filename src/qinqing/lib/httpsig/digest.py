"""正文摘要: the Content-Digest field (RFC 9530), by which a signature of headers also holds the body."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from qinqing.lib.httpsig.fields import Item, read_dictionary, write_dictionary
from qinqing.lib.httpsig.refusals import Reason, SignatureRefused

FIELD = "content-digest"
_HASHES: dict[str, Callable[[bytes], Any]] = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


def content_digest(body: bytes, algorithm: str = "sha-256") -> str:
    """The value of Content-Digest. `algorithm` is `sha-256` or `sha-512`, else KeyError."""
    return write_dictionary({algorithm: Item(_HASHES[algorithm](body).digest())})


def check_digest(value: str, body: bytes) -> None:
    """Every sha-256 or sha-512 must fit, and at least one must be there; other algorithms (the RFC lists weak ones)
    prove nothing and are passed over. SignatureRefused: malformed, too large, digest mismatch."""
    known = {name: member for name, member in read_dictionary(value, FIELD).items() if name in _HASHES}
    if not known:
        raise SignatureRefused(Reason.DIGEST, f"{FIELD}: neither sha-256 nor sha-512")
    for name, member in known.items():
        if not isinstance(member, Item) or not isinstance(member.value, bytes):
            raise SignatureRefused(Reason.MALFORMED, f"{FIELD};{name}")
        if not compare_digest(member.value, _HASHES[name](body).digest()):
            raise SignatureRefused(Reason.DIGEST, f"{FIELD}, {name}")
