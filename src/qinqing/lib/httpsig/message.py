"""The message that is signed: as much of HTTP as a signature may cover. Made by the door from what its server hands it.

What WSGI and Django hand over is enough. Header values are text of which each character is one byte (Latin-1); lines of
one field may come joined by commas: for a signature that is the same. The path comes decoded: where the addresses of a
door are plain ASCII that is the path as sent, and a path sent in another spelling does not verify.
"""

from __future__ import annotations

from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]  # (name in any case, value), in the order received


@dataclass(frozen=True)
class Request:
    """`path` as it was sent, percent-encoded, without the query; `query` without its question mark, "" for none;
    `authority` the host with a port that is not the scheme's own."""

    method: str
    path: str
    query: str = ""
    authority: str = ""
    scheme: str = "https"
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Headers = ()
    body: bytes = b""


Message = Request | Response


def field_lines(message: Message) -> dict[str, list[str]]:
    """The values of each field by its name in lower case, in the order received, without blanks at their ends."""
    lines: dict[str, list[str]] = {}
    for name, value in message.headers:
        lines.setdefault(name.lower(), []).append(value.strip(" \t"))
    return lines
