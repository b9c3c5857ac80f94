"""Structured header fields: dictionaries, strictly read, and written in the one canonical way (RFC 8941). Left out,
since no field here has them: fields that are lists or single items, and the dates and display strings of RFC 9651. A
text is read in one pass; nothing is longer than the limits below.

Stricter than the RFC in one point: a key given twice in one dictionary or one list of parameters is refused, where the
RFC lets the last one win, so that no two readers can see two things in one header.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from qinqing.lib.httpsig.refusals import Reason, SignatureRefused

MAX_LENGTH = 8192  # characters of one field, its lines joined
MAX_PARTS = 64  # members of a dictionary, items of an inner list
MAX_PARAMETERS = 16  # of one item


@dataclass(frozen=True)
class Token:
    """A word without quotation marks, such as `gzip`: never equal to the string `"gzip"`."""

    text: str


Bare = bool | int | Decimal | bytes | str | Token
Parameters = Mapping[str, Bare]


@dataclass(frozen=True)
class Item:
    value: Bare
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True)
class InnerList:
    items: tuple[Item, ...]
    parameters: Parameters = field(default_factory=dict)


Member = Item | InnerList

_KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_NUMBER = re.compile(r"-?([0-9]{1,15})(?:\.([0-9]{1,3}))?(?![0-9.])")
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):")
_BOOLEAN = re.compile(r"\?([01])")
_SPACES = re.compile(r" *")
_BLANKS = re.compile(r"[ \t]*")
_COMMA = re.compile(r",[ \t]*(?!\Z)")


def read_dictionary(text: str, where: str) -> dict[str, Member]:
    """The members by their keys, in order. SignatureRefused (malformed, too large) names `where` as the place."""
    return _Reader(text, where).dictionary()


def write_dictionary(members: Mapping[str, Member]) -> str:
    """Canonical text. ValueError for what cannot be written (see `write_bare`)."""
    return ", ".join(_written_member(key, member) for key, member in members.items())


def write_member(member: Member) -> str:
    if isinstance(member, Item):
        return write_bare(member.value) + _written_parameters(member.parameters)
    items = " ".join(write_member(item) for item in member.items)
    return f"({items}){_written_parameters(member.parameters)}"


def write_bare(value: Bare) -> str:
    """Canonical text of one value. ValueError for numbers out of range and strings beyond printable ASCII."""
    if isinstance(value, bool):
        return f"?{int(value)}"
    if isinstance(value, bytes):
        return f":{base64.b64encode(value).decode()}:"
    if isinstance(value, Token):
        text, pattern = value.text, _TOKEN
    elif isinstance(value, str):
        text, pattern = '"' + value.replace("\\", r"\\").replace('"', r"\"") + '"', _STRING
    elif isinstance(value, int):
        text, pattern = str(value), _NUMBER
    else:
        text, pattern = _written_decimal(value), _NUMBER
    if not pattern.fullmatch(text):
        raise ValueError(f"a structured field cannot hold {value!r}")
    return text


class _Reader:
    """A position that moves through one field's text."""

    def __init__(self, text: str, where: str) -> None:
        self.where = where
        if len(text) > MAX_LENGTH:
            self._too_large()
        self.text = text.strip(" ")
        self.at = 0

    def dictionary(self) -> dict[str, Member]:
        found: dict[str, Member] = {}
        while self.at < len(self.text):
            if len(found) == MAX_PARTS:
                self._too_large()
            key = self._new_key(found)
            found[key] = self._member() if self._take("=") else Item(True, self._parameters())
            self._match(_BLANKS)
            if self.at == len(self.text):
                break
            self._match(_COMMA)  # and after a comma there must be a member
        return found

    def _member(self) -> Member:
        if not self._take("("):
            return self._item()
        items: list[Item] = []
        while True:
            self._match(_SPACES)
            if self._take(")"):
                return InnerList(tuple(items), self._parameters())
            if len(items) == MAX_PARTS:
                self._too_large()
            items.append(self._item())
            if self.text[self.at : self.at + 1] not in (" ", ")"):
                self._malformed()

    def _item(self) -> Item:
        return Item(self._bare(), self._parameters())

    def _parameters(self) -> Parameters:
        found: dict[str, Bare] = {}
        while self._take(";"):
            if len(found) == MAX_PARAMETERS:
                self._too_large()
            self._match(_SPACES)
            key = self._new_key(found)
            found[key] = self._bare() if self._take("=") else True
        return found

    def _new_key(self, known: Mapping[str, object]) -> str:
        key = self._match(_KEY)[0]
        if key in known:
            self._malformed()
        return key

    def _take(self, mark: str) -> bool:
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def _bare(self) -> Bare:
        first = self.text[self.at : self.at + 1]
        if first == '"':
            return re.sub(r"\\(.)", r"\1", self._match(_STRING)[1])
        if first == ":":
            return self._decoded(self._match(_BYTES)[1])
        if first == "?":
            return self._match(_BOOLEAN)[1] == "1"
        if first == "-" or ("0" <= first <= "9"):
            return self._number()
        return Token(self._match(_TOKEN)[0])

    def _number(self) -> int | Decimal:
        match = self._match(_NUMBER)
        if match[2] is None:
            return int(match[0])
        if len(match[1]) > 12:
            self._malformed()
        return Decimal(match[0])

    def _decoded(self, text: str) -> bytes:
        try:
            decoded = base64.b64decode(text, validate=True)
        except binascii.Error:
            self._malformed()
        if base64.b64encode(decoded).decode() != text:  # one value, one text: padding bits are zero
            self._malformed()
        return decoded

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            self._malformed()
        self.at = match.end()
        return match

    def _malformed(self) -> NoReturn:
        raise SignatureRefused(Reason.MALFORMED, f"{self.where}, character {self.at + 1}")

    def _too_large(self) -> NoReturn:
        raise SignatureRefused(Reason.TOO_LARGE, self.where)


def _written_member(key: str, member: Member) -> str:
    if isinstance(member, Item) and member.value is True:
        return _checked_key(key) + _written_parameters(member.parameters)
    return f"{_checked_key(key)}={write_member(member)}"


def _written_parameters(parameters: Parameters) -> str:
    return "".join(
        f";{_checked_key(key)}" + ("" if value is True else f"={write_bare(value)}")
        for key, value in parameters.items()
    )


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"a structured field cannot hold the key {key!r}")
    return key


def _written_decimal(value: Decimal) -> str:
    """At most three digits after the point, at least one, no zeros at the end beyond it."""
    whole, _, rest = f"{value:.3f}".partition(".")
    if len(whole.lstrip("-")) > 12:
        raise ValueError(f"a structured field cannot hold {value!r}")
    return f"{whole}.{rest.rstrip('0') or '0'}"
