"""照片: what a phone writes into a picture besides the picture (where, when, with which phone) is taken out. Pure.

JPEG: all APP segments but JFIF, ICC profile and Adobe; the EXIF orientation alone is written back, else portraits would
lie on their side. PNG: eXIf, text and time chunks. WebP: EXIF and XMP chunks. A file that does not read as one of these
is passed on unchanged, to be refused by the check of contents (cases.blobs).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DROPPED = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_KEPT_SEGMENTS = {0xE0: b"JFIF", 0xE2: b"ICC_PROFILE", 0xEE: b"Adobe"}
_EXIF = b"Exif\x00\x00"
_ORIENTATION = 0x0112


@dataclass(slots=True)
class Photo:
    """A picture as `cases.blobs.store` takes it."""

    name: str | None
    content: bytes

    def chunks(self) -> Iterable[bytes]:
        yield self.content


def is_photo(content: bytes) -> bool:
    """By its first bytes: JPEG, PNG or WebP."""
    return content.startswith((b"\xff\xd8\xff", _PNG)) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def without_traces(name: str | None, content: bytes) -> Photo:
    """The same picture, every pixel as it was, without what was written beside it."""
    try:
        if content.startswith(b"\xff\xd8\xff"):
            return Photo(name, b"".join(_jpeg(content)))
        if content.startswith(_PNG):
            return Photo(name, b"".join(_png(content)))
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return Photo(name, _webp(content))
    except (struct.error, IndexError, ValueError):
        pass  # cut short or no picture at all
    return Photo(name, content)


def _jpeg(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    at = 2
    while content[at] == 0xFF and content[at + 1] != 0xDA:  # until the picture itself begins
        marker, (length,) = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])
        segment, body = content[at : at + 2 + length], content[at + 4 : at + 2 + length]
        if length < 2 or len(segment) != 2 + length:
            raise ValueError("a segment is cut short")
        if marker == 0xE1 and body.startswith(_EXIF):
            yield from _only_orientation(body[len(_EXIF) :])
        elif (not 0xE0 <= marker <= 0xEF and marker != 0xFE) or body.startswith(
            _KEPT_SEGMENTS.get(marker, b"\x00\xff")
        ):
            yield segment
        at += 2 + length
    yield content[at:]


def _only_orientation(tiff: bytes) -> Iterator[bytes]:
    order = {b"II": "<", b"MM": ">"}[tiff[:2]] if tiff[:2] in {b"II", b"MM"} else ""
    if not order:
        return
    (first,) = struct.unpack(f"{order}I", tiff[4:8])
    (count,) = struct.unpack(f"{order}H", tiff[first : first + 2])
    for entry in range(count):
        tag, kind, number, value = struct.unpack(f"{order}HHIH", tiff[first + 2 + 12 * entry :][:10])
        if tag == _ORIENTATION and kind == 3 and number == 1 and 1 < value <= 8:
            body = _EXIF + b"MM\x00*\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, value, 0, 0)
            yield b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(content: bytes) -> Iterator[bytes]:
    yield _PNG
    at = len(_PNG)
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        if content[at + 4 : at + 8] not in _PNG_DROPPED:
            yield content[at : at + 12 + length]
        at += 12 + length


def _webp(content: bytes) -> bytes:
    kept, at = [], 12
    while at + 8 <= len(content):
        name, length = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
        chunk = content[at : at + 8 + length + length % 2]
        if name == b"VP8X":  # its flags say that EXIF (8) and XMP (4) follow
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if name not in {b"EXIF", b"XMP "}:
            kept.append(chunk)
        at += len(chunk) if len(chunk) > 8 else 8
    body = b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
