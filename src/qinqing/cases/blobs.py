"""附件存储: files checked by content and stored once, under their hash, before the act that attaches them.

The type is decided by what the file is, not by its name. A file nobody attached in the end is harmless: it is stored
under its hash and nothing points to it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

from qinqing.cases.pictures import pixels
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

LARGEST = 20 * 1024 * 1024  # bytes a file
UNPACKED = 200 * 1024 * 1024  # bytes an office document may unpack to
PIXELS = 250_000_000  # of a picture: the largest phone cameras make 200 million
TYPES_SAID = Label("PDF、JPG、PNG、WEBP、DOC、DOCX、XLS、XLSX、TXT", "PDF, JPG, PNG, WEBP, DOC, DOCX, XLS, XLSX, TXT")


class BadFile(Problem):
    """The file cannot be taken; says why."""

    status = 422
    code = "bad_file"
    title = Label("附件无法接收", "The file cannot be taken")


class Upload(Protocol):
    """What a door gives: a name, and its content in chunks."""

    name: str | None

    def chunks(self) -> Iterable[bytes]: ...


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store: bytes, MIME type as found in the content."""

    sha256: str
    name: str
    mime: str
    size: int


def store(upload: Upload) -> StoredFile:
    """Check and keep one file. Raises BadFile (empty, too large, a type that is not taken, a bomb)."""
    name = _name(upload.name or "")
    folder: Path = settings.BLOBS
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            for chunk in upload.chunks():
                size += len(chunk)
                if size > LARGEST:
                    raise BadFile(
                        Label(
                            f"“{name}”超过20MB，请压缩或分开上传",
                            f"“{name}” is over 20 MB; make it smaller or split it",
                        )
                    )
                digest.update(chunk)
                file.write(chunk)
            if size == 0:
                raise BadFile(Label(f"“{name}”是空文件，请重新选择", f"“{name}” is empty; choose it again"))
            file.flush()
            mime = _mime(Path(file.name), name)
            os.fsync(file.fileno())
            target = path(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return StoredFile(digest.hexdigest(), name, mime, size)


def path(sha256: str) -> Path:
    """Where the content with this hash lies."""
    if len(sha256) != 64 or not all(ch in "0123456789abcdef" for ch in sha256):
        raise ValueError(f"not a SHA-256 in hex: {sha256!r}")
    return Path(settings.BLOBS) / sha256[:2] / sha256


def _name(raw: str) -> str:
    """The last part of what the browser sent, without control characters, at most 120 characters."""
    last = raw.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(ch for ch in last if ch.isprintable()).strip(". ")[-120:] or "附件"


_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
)


def _mime(file: Path, name: str) -> str:
    with file.open("rb") as content:
        start = content.read(16)
        for magic, mime in _MAGIC:
            if start.startswith(magic):
                return _picture(content, mime, name)
        if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            return _picture(content, "image/webp", name)
        if start.startswith(b"PK\x03\x04"):
            return _office(file, name)
        if _is_text(content):
            return "text/plain"
    raise BadFile(
        Label(f"“{name}”的格式不接收。可上传{TYPES_SAID.zh}", f"“{name}” is of a type not taken. Send {TYPES_SAID.en}")
    )


def _picture(content: BinaryIO, mime: str, name: str) -> str:
    """The type again, unless it is a picture that would stop the browser of whoever looks at it."""
    if (pixels(content, mime) or 0) > PIXELS:
        most = PIXELS // 1_000_000
        raise BadFile(
            Label(f"“{name}”超过{most}百万像素，不接收", f"“{name}” is over {most} megapixels, more than is taken")
        )
    return mime


def _office(file: Path, name: str) -> str:
    """DOCX or XLSX by what is inside, refusing archives that unpack beyond reason."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            inside = {entry.filename for entry in entries}
            if sum(entry.file_size for entry in entries) > UNPACKED or len(entries) > 10_000:
                raise BadFile(Label(f"“{name}”解开后过大，不接收", f"“{name}” unpacks to more than is taken"))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):  # what zipfile raises on damaged ones
        inside = set()
    if "word/document.xml" in inside:
        return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    if "xl/workbook.xml" in inside:
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    raise BadFile(
        Label(
            f"“{name}”是压缩包或已损坏，请上传{TYPES_SAID.zh}",
            f"“{name}” is an archive or damaged; send {TYPES_SAID.en}",
        )
    )


def _is_text(content: BinaryIO) -> bool:
    """UTF-8 or GB18030 text without control characters; read whole (it is small by then)."""
    content.seek(0)
    data = content.read()
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in data):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return (
            not data.removeprefix(b"\xef\xbb\xbf")
            .lstrip()
            .lower()
            .startswith((b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script"))
        )
    return False
