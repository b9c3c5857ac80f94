"""The WSGI application that granian serves.

Where a sender breaks off in the middle of a request, granian and Django give what has come so far as if it were all: an
act would be done with half a text, or without its photograph. Such a request is refused here (400).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from django.core.exceptions import BadRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qinqing.config.settings")
_django = get_wsgi_application()


class Whole:
    """A request's body, which must be as long as it was said to be."""

    def __init__(self, body: BinaryIO, length: int) -> None:
        self._body, self._left = body, length

    def read(self, size: int | None = None) -> bytes:
        """So many bytes, or all that remain. BadRequest when they do not come."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        pieces = []
        while wanted:
            piece = self._body.read(wanted)
            if not piece:
                raise BadRequest("the sender broke off")
            pieces.append(piece)
            wanted -= len(piece)
            self._left -= len(piece)
        return b"".join(pieces)

    def readline(self, size: int | None = None) -> bytes:
        line = self._body.readline() if size is None or size < 0 else self._body.readline(size)
        self._left -= len(line)
        if not line and self._left > 0 and size != 0:
            raise BadRequest("the sender broke off")
        return line


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django behind a body that is whole."""
    length = environ.get("CONTENT_LENGTH") or "0"
    environ["wsgi.input"] = Whole(environ["wsgi.input"], int(length) if length.isdecimal() else 0)
    return _django(environ, start_response)
