"""卡上的凭证: 192 bits that no table holds. Pure, apart from the installation's key.

A card keeps a random nonce; the token is a keyed hash of it, so a sheet can be printed again at any time, and what
recognises a token is the plain hash of it. Who copies the database can make no card (the key lies outside), and who
replaces the key stops no printed card, but can print no more copies of it (`KeyChanged`).
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from qinqing.accounts.keys import keyed_hash
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

_BYTES = 24


class KeyChanged(Problem):
    status = 409
    code = "card-key-changed"
    title = Label("这张卡不能再印", "This card cannot be printed again")


def new_nonce() -> str:
    """128 random bits."""
    return secrets.token_hex(16)


def token_of(nonce: str) -> str:
    """The token of the card with this nonce: 32 URL-safe characters."""
    return base64.urlsafe_b64encode(bytes.fromhex(keyed_hash("cards.token", nonce))[:_BYTES]).decode()


def hash_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_for_print(nonce: str, token_hash: str, number: str) -> str:
    """The token, if it still is the one that stands on printed cards. Raises KeyChanged."""
    token = token_of(nonce)
    if not secrets.compare_digest(hash_of(token), token_hash):
        raise KeyChanged(
            Label(
                f"系统密钥更换过，第{number}号卡已印的仍可使用，但不能加印；请换卡后再印。",
                f"The installation's key was changed: printed copies of card {number} still work, but no more can be"
                " printed. Replace the card and print the new one.",
            )
        )
    return token
