"""What a PDF made by `ui.papers` says: its text, links and pages, read from the file itself."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

_STREAM = re.compile(rb"stream\r?\n(.*?)\nendstream", re.DOTALL)  # a last \r may be the data's
# a string in brackets, which may hold brackets in pairs
_INNER = rb"(?:\\.|[^\\()])*"
_DEEP = rb"\((?:\\.|[^\\()]|\(" + _INNER + rb"\))*\)"
_BRACKETED = rb"\((?:\\.|[^\\()]|" + _DEEP + rb")*\)"
_STRING = _BRACKETED + rb"|<[0-9a-fA-F]*>"
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|(\[(?:" + _STRING + rb"|[^\]])*\]\s*TJ|(?:" + _STRING + rb")\s*Tj)", re.DOTALL)
_PAIR = re.compile(rb"<([0-9a-fA-F]+)> <([0-9a-fA-F]+)>")
_RANGE = re.compile(rb"<([0-9a-fA-F]+)> <([0-9a-fA-F]+)> <([0-9a-fA-F]+)>")


def streams(pdf: bytes) -> Iterator[bytes]:
    """Every stream, unpacked where it is packed."""
    yield from (_unpacked(match[1]) for match in _STREAM.finditer(pdf))


def whole(pdf: bytes) -> bytes:
    """The file with its packed objects."""
    return pdf + b"\n".join(streams(pdf))


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", whole(pdf)))


def links_of(pdf: bytes) -> list[str]:
    """Addresses in the order of the file."""
    return [found.decode() for found in re.findall(rb"/URI\s*\((.*?)\)", whole(pdf))]


def text_of(pdf: bytes) -> str:
    """All text as a reader would copy it: each font's characters through its own table."""
    text, fonts = "", _fonts(pdf)
    for content in streams(pdf):
        if b" Tf" not in content:
            continue
        table: dict[int, str] = {}
        for name, string in _SHOWN.findall(content):
            if name:
                table = fonts.get(name.decode(), {})
            else:
                text += "".join(table.get(code, "") for code in _codes(string))
        text += "\n"
    return text


def _codes(string: bytes) -> Iterator[int]:
    for one in re.findall(_STRING, string, re.DOTALL):
        raw = bytes.fromhex(one[1:-1].decode()) if one.startswith(b"<") else _unescaped(one[1:-1])
        for at in range(0, len(raw) - 1, 2):
            yield int.from_bytes(raw[at : at + 2], "big")


def _unescaped(plain: bytes) -> bytes:
    marks = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}

    def one(match: re.Match[bytes]) -> bytes:
        code = match[1]
        return bytes([int(code, 8)]) if code.isdigit() else marks.get(code, code)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, plain, flags=re.DOTALL)


def _fonts(pdf: bytes) -> dict[str, dict[int, str]]:
    """Name in the page's resources -> glyph -> characters."""
    objects = dict(_objects(pdf))
    tables = {}
    for name, number in re.findall(rb"/(f\d+|F\d+) (\d+) 0 R", whole(pdf)):
        font = objects.get(int(number), b"")
        found = re.search(rb"/ToUnicode (\d+) 0 R", font)
        if found:
            tables[name.decode()] = _table(objects.get(int(found[1]), b""))
    return tables


def _objects(pdf: bytes) -> Iterator[tuple[int, bytes]]:
    for match in re.finditer(rb"(\d+) 0 obj(.*?)endobj", pdf, re.DOTALL):
        body = match[2]
        packed = _STREAM.search(body)
        yield int(match[1]), body if not packed else _unpacked(packed[1])
        if packed and b"/ObjStm" in body:
            yield from _inside(_unpacked(packed[1]), int(re.search(rb"/First (\d+)", body)[1]))  # type: ignore[index]


def _inside(stream: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    numbers = [int(n) for n in stream[:first].split()]
    starts = numbers[1::2]
    for number, start, end in zip(numbers[::2], starts, [*starts[1:], len(stream) - first], strict=True):
        yield number, stream[first + start : first + end]


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(body)  # what follows the data does not matter
    except zlib.error:
        return body


def _table(cmap: bytes) -> dict[int, str]:
    table: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, text in _PAIR.findall(block):
            table[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for low, high, text in _RANGE.findall(block):
            for n in range(int(low, 16), int(high, 16) + 1):
                table[n] = chr(int(text, 16) + n - int(low, 16))
    return table
