"""Keys and the one table of algorithms.

A further algorithm is one entry in `_ALGORITHMS`: its name, how to sign, how to verify, and the types of its keys. SM2
with SM3 (GB/T 32918), which a bank's head office may ask for, is such an entry once a library or a signing device with
SM2 keys is at hand; nothing else in this room knows which algorithms there are. A door must also name it as allowed
(`verify_request(algorithms=...)`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

ED25519 = "ed25519"
_LONGEST_PEM = 8192
_PSS = padding.PSS(padding.MGF1(hashes.SHA512()), salt_length=64)
_ECDSA = ec.ECDSA(hashes.SHA256())


class _Algorithm(NamedTuple):
    sign: Callable[[Any, bytes], bytes]
    verify: Callable[[Any, bytes, bytes], bool]
    private: type
    public: type


@dataclass(frozen=True)
class Key:
    """A key by its name: public to verify, private to sign (for HMAC the same bytes for both).

    ValueError for an unknown algorithm, TypeError for material that is not of the algorithm.
    """

    keyid: str
    algorithm: str
    material: Any

    def __post_init__(self) -> None:
        if self.algorithm not in _ALGORITHMS:
            raise ValueError(f"unknown algorithm {self.algorithm!r}: one of {', '.join(_ALGORITHMS)}")
        entry = _ALGORITHMS[self.algorithm]
        curve = getattr(self.material, "curve", None)
        if not isinstance(self.material, (entry.private, entry.public)) or not isinstance(
            curve, (ec.SECP256R1, type(None))
        ):
            raise TypeError(f"key {self.keyid!r} is not one for {self.algorithm}")

    def __repr__(self) -> str:
        return f"Key({self.keyid!r}, {self.algorithm!r})"  # a private key never shows itself in a log

    def sign(self, data: bytes) -> bytes:
        """The signature's bytes. TypeError for a public key."""
        entry = _ALGORITHMS[self.algorithm]
        if not isinstance(self.material, entry.private):
            raise TypeError(f"key {self.keyid!r} is public: it cannot sign")
        return entry.sign(self.material, data)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Does the signature fit? A private key verifies with its public half."""
        entry = _ALGORITHMS[self.algorithm]
        public = self.material if isinstance(self.material, entry.public) else self.material.public_key()
        return entry.verify(public, data, signature)


def read_public_key(keyid: str, pem: str | bytes) -> Key:
    """An Ed25519 public key from its PEM text (`openssl pkey -pubout`). ValueError says what is wrong with it."""
    material = _loaded(load_pem_public_key, pem, "a public key begins with -----BEGIN PUBLIC KEY-----")
    if not isinstance(material, ed25519.Ed25519PublicKey):
        raise ValueError("the key is not an Ed25519 key")
    return Key(keyid, ED25519, material)


def read_private_key(keyid: str, pem: str | bytes) -> Key:
    """An Ed25519 private key from its unencrypted PEM text (`openssl genpkey -algorithm ed25519`). ValueError."""
    material = _loaded(
        lambda text: load_pem_private_key(text, None), pem, "a private key begins with -----BEGIN PRIVATE KEY-----"
    )
    if not isinstance(material, ed25519.Ed25519PrivateKey):
        raise ValueError("the key is not an Ed25519 key")
    return Key(keyid, ED25519, material)


def _loaded(load: Callable[[bytes], object], pem: str | bytes, hint: str) -> object:
    data = pem.encode() if isinstance(pem, str) else pem
    if len(data) > _LONGEST_PEM:
        raise ValueError(f"a key is not longer than {_LONGEST_PEM} bytes")
    try:
        return load(data.strip())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: the key has a password
        raise ValueError(f"this is not a key in PEM without a password: {hint}") from error


def _fits(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True


def _sign_ecdsa(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(data, _ECDSA))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _verify_ecdsa(key: ec.EllipticCurvePublicKey, data: bytes, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    pair = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    return _fits(lambda: key.verify(pair, data, _ECDSA))


def _hmac(secret: bytes, data: bytes) -> bytes:
    return hmac.new(secret, data, hashlib.sha256).digest()


_ALGORITHMS = {
    ED25519: _Algorithm(
        lambda key, data: key.sign(data),
        lambda key, data, signature: _fits(lambda: key.verify(signature, data)),
        ed25519.Ed25519PrivateKey,
        ed25519.Ed25519PublicKey,
    ),
    "rsa-pss-sha512": _Algorithm(
        lambda key, data: key.sign(data, _PSS, hashes.SHA512()),
        lambda key, data, signature: _fits(lambda: key.verify(signature, data, _PSS, hashes.SHA512())),
        rsa.RSAPrivateKey,
        rsa.RSAPublicKey,
    ),
    "ecdsa-p256-sha256": _Algorithm(_sign_ecdsa, _verify_ecdsa, ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey),
    "hmac-sha256": _Algorithm(
        _hmac, lambda secret, data, signature: hmac.compare_digest(_hmac(secret, data), signature), bytes, bytes
    ),
}
