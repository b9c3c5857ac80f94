"""Chains of commitments (哈希链): canonical text, salted commitments, links, and Merkle trees over heads. Pure.

    commitment = H(02 salt LF payload)      the payload can be erased, the chain stays whole
    hash       = H(03 previous hash LF head)
    leaf       = H(00 line)   node = H(01 left right)    as in RFC 6962, so that no node passes for a leaf

H is SHA-256 (written as 64 hex digits) or SM3 (GB/T 32905; `sm3:` and 64 hex digits): a hash names its own algorithm,
so that an installation may change over and its old records still verify.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes

SHA256, SM3 = "sha256", "sm3"
GENESIS = ""  # the previous hash of a chain's first record
HASH_LENGTH = 68  # longest hash text: `sm3:` and 64 digits

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_SM3_MARK = "sm3:"


def canonical(obj: Any) -> str:
    """One text for one value: JSON, keys sorted, no blanks, Chinese as it is.

    Raises TypeError for a type JSON does not know and for keys that are not text, ValueError for NaN, infinity, a value
    that contains itself, and text that is not Unicode (a lone surrogate).
    """
    text = _encoder.encode(obj)
    _check_keys(obj)
    text.encode()
    return text


def commitment(salt: str, payload_text: str, algorithm: str = SHA256) -> str:
    """The promise that stands in the head for a payload; without the salt it tells nothing about it."""
    return _hash(b"\x02" + salt.encode() + b"\n" + payload_text.encode(), algorithm)


def link(prev_hash: str, head_text: str, algorithm: str = SHA256) -> str:
    """The hash of a record that follows the one with `prev_hash` (`GENESIS` for the first)."""
    return _hash(b"\x03" + prev_hash.encode() + b"\n" + head_text.encode(), algorithm)


def algorithm_of(hash_text: str) -> str:
    """The algorithm a hash names: `sha256` or `sm3`."""
    return SM3 if hash_text.startswith(_SM3_MARK) else SHA256


def merkle_root(leaves: Sequence[str], algorithm: str = SHA256) -> str:
    """The root over lines of text, in their order. No leaves: the hash of nothing."""
    layer = [_digest(b"\x00" + leaf.encode(), algorithm) for leaf in leaves]
    if not layer:
        return _hash(b"", algorithm)
    while len(layer) > 1:
        layer = _next_layer(layer, algorithm)
    return _named(layer[0], algorithm)


def merkle_path(leaves: Sequence[str], index: int, algorithm: str = SHA256) -> list[str]:
    """The hashes (plain hex) with which leaf `index` leads to the root. IndexError when there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    layer = [_digest(b"\x00" + leaf.encode(), algorithm) for leaf in leaves]
    path: list[str] = []
    while len(layer) > 1:
        if (sibling := index ^ 1) < len(layer):
            path.append(layer[sibling].hex())
        layer, index = _next_layer(layer, algorithm), index // 2
    return path


def verify_path(leaf: str, index: int, size: int, path: Sequence[str], root: str) -> bool:
    """Does `leaf` stand at `index` among the `size` leaves under `root`?"""
    if not 0 <= index < size:
        return False
    algorithm = algorithm_of(root)
    node = _digest(b"\x00" + leaf.encode(), algorithm)
    steps = list(path)
    while size > 1:
        if index ^ 1 < size:  # else the last one of an odd layer, which moves up alone
            try:
                sibling = bytes.fromhex(steps.pop(0))
            except (IndexError, ValueError):
                return False
            node = _digest(b"\x01" + (sibling + node if index % 2 else node + sibling), algorithm)
        index, size = index // 2, (size + 1) // 2
    return not steps and _named(node, algorithm) == root


def _next_layer(layer: list[bytes], algorithm: str) -> list[bytes]:
    pairs = [_digest(b"\x01" + layer[i] + layer[i + 1], algorithm) for i in range(0, len(layer) - 1, 2)]
    return pairs + layer[len(pairs) * 2 :]


def _hash(data: bytes, algorithm: str) -> str:
    if algorithm == SHA256:
        return hashlib.sha256(data).hexdigest()
    return _named(_digest(data, algorithm), algorithm)


def _named(digest: bytes, algorithm: str) -> str:
    return _SM3_MARK + digest.hex() if algorithm == SM3 else digest.hex()


def _digest(data: bytes, algorithm: str) -> bytes:
    if algorithm == SHA256:
        return hashlib.sha256(data).digest()
    if algorithm == SM3:
        sm3 = hashes.Hash(hashes.SM3())
        sm3.update(data)
        return sm3.finalize()
    raise ValueError(f"unknown hash algorithm {algorithm!r}: write sha256 or sm3")


def _check_keys(obj: Any) -> None:
    """json would quietly write the key 1 as "1", and the same value would have two texts."""
    if isinstance(obj, dict):
        for key, value in obj.items():
            if not isinstance(key, str):
                raise TypeError(f"keys are text, not {key!r}")
            if isinstance(value, dict | list | tuple):
                _check_keys(value)
    elif isinstance(obj, list | tuple):
        for value in obj:
            if isinstance(value, dict | list | tuple):
                _check_keys(value)
