"""图片大小: how many pixels a picture unpacks to, read from its head alone. Pure.

A few kilobytes can claim billions of pixels, which stop the browser that shows them. Headers are those of PNG (IHDR),
JPEG (SOF) and WebP (VP8, VP8L, VP8X).
"""

from __future__ import annotations

import struct
from typing import BinaryIO

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG markers that begin a frame
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


def pixels(content: BinaryIO, mime: str) -> int | None:
    """Width times height; None when the head does not say (a damaged picture: then nothing is unpacked either)."""
    content.seek(0)
    try:
        if mime == "image/png":
            return _area(*struct.unpack(">16xII", content.read(24)))
        if mime == "image/jpeg":
            return _jpeg(content)
        if mime == "image/webp":
            return _webp(content.read(30))
    except struct.error:
        pass
    return None


def _area(width: int, height: int) -> int:
    return width * height


def _jpeg(content: BinaryIO) -> int | None:
    content.seek(2)
    while (mark := content.read(1)) == b"\xff":
        while (mark := content.read(1)) == b"\xff":  # padding
            pass
        kind = mark[0] if mark else 0xD9
        if kind in _BARE:
            continue
        if kind in {0xD9, 0xDA}:  # the picture itself, or its end, before any frame
            return None
        (length,) = struct.unpack(">H", content.read(2))
        if kind in _FRAMES:
            height, width = struct.unpack(">xHH", content.read(5))
            return _area(width, height)
        content.seek(length - 2, 1)
    return None


def _webp(head: bytes) -> int | None:
    kind = head[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        (bits,) = struct.unpack("<21xI", head[:25])
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (size & 0x3FFF for size in struct.unpack("<26xHH", head))
    else:
        return None
    return _area(width, height)
