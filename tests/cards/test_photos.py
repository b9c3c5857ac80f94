"""Photos: where and when they were taken goes, the picture and its upright position stay."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.cards.photos import is_photo, without_traces
from tests.cards.office import PNG

PICTURE = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00compressed picture\xff\xd9"
PLACE = b"GPS 30.7N 121.0E"


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def exif(orientation: int, order: str = ">") -> bytes:
    mark = b"MM\x00*" if order == ">" else b"II*\x00"
    entries = [(0x010F, 2, 4, 0x41424300), (0x8825, 4, 1, 50)]
    body = mark + struct.pack(f"{order}IH", 8, 3)
    body += struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    for entry in entries:
        body += struct.pack(f"{order}HHII", *entry)
    return b"Exif\x00\x00" + body + b"\x00\x00\x00\x00" + PLACE


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + PICTURE


JFIF = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
TABLE = segment(0xDB, bytes(65))


@pytest.mark.parametrize("order", [">", "<"])
def test_a_jpeg_keeps_picture_and_orientation_only(order: str) -> None:
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + PLACE)
    raw = jpeg(JFIF, segment(0xE1, exif(6, order)), xmp, segment(0xFE, PLACE), segment(0xED, PLACE), TABLE)
    clean = without_traces("a.jpg", raw).content
    assert PLACE not in clean
    assert clean.endswith(TABLE + PICTURE)
    assert JFIF in clean
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in clean
    assert is_photo(clean)
    assert without_traces("a.jpg", clean).content == clean, "cleaning twice changes nothing"


def test_an_upright_jpeg_needs_no_exif() -> None:
    clean = without_traces("a.jpg", jpeg(segment(0xE1, exif(1)), TABLE)).content
    assert clean == jpeg(TABLE)


def test_a_png_loses_its_notes() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    noted = PNG[:33] + chunk(b"eXIf", PLACE) + chunk(b"tEXt", b"Comment\x00" + PLACE) + PNG[33:]
    assert without_traces("a.png", noted).content == PNG


def test_a_webp_loses_exif_and_xmp_and_says_so_in_its_flags() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)

    head = chunk(b"VP8X", bytes([0x1C]) + bytes(9))
    body = b"WEBP" + head + chunk(b"VP8 ", b"picture") + chunk(b"EXIF", PLACE) + chunk(b"XMP ", PLACE)
    clean = without_traces("a.webp", b"RIFF" + struct.pack("<I", len(body)) + body).content
    kept = b"WEBP" + chunk(b"VP8X", bytes([0x10]) + bytes(9)) + chunk(b"VP8 ", b"picture")
    assert clean == b"RIFF" + struct.pack("<I", len(kept)) + kept


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF....WEBP", b""]), st.binary(max_size=200))
def test_what_is_no_picture_comes_through_and_breaks_nothing(start: bytes, rest: bytes) -> None:
    without_traces("x", start + rest)


@given(st.integers(0, 400))
def test_a_jpeg_cut_short_breaks_nothing(length: int) -> None:
    without_traces("x", jpeg(JFIF, segment(0xE1, exif(6)), TABLE)[:length])
