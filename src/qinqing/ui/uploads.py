"""上传的限度: what a request may put on this machine's disk before any door looks at it.

Django writes each file whole to the disk first. Here the rest of a file that is too large for every door is let go:
what arrives is still too large, so the door says so by name and keeps what was typed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler
from django.http import HttpRequest

from qinqing.lib.identifiers import Invalid

CUT = 100_000_000  # bytes of a file: no door takes more (the largest is the import of companies)
MOST = 420_000_000  # bytes of all files of a request: twenty of the largest attachments


@contextmanager
def on_disk(sent: UploadedFile[bytes], most: int) -> Iterator[Path]:
    """The file where readers of files find it, with its ending; gone afterwards. Raises Invalid beyond `most` bytes."""
    if (sent.size or 0) > most:
        mb = most // 1_000_000
        raise Invalid(f"文件超过{mb}MB，请分成几个文件", f"The file is larger than {mb} MB; split it")
    with tempfile.NamedTemporaryFile(suffix=Path(sent.name or "").suffix) as file:
        for chunk in sent.chunks():
            file.write(chunk)
        file.flush()
        yield Path(file.name)


def tidy(request: HttpRequest) -> None:
    """Remove what a request whose body broke off left on the disk: Django leaves that to the garbage collector, which
    on a quiet server comes hours later."""
    for handler in getattr(request, "_upload_handlers", ()):
        if isinstance(handler, TemporaryFileUploadHandler) and hasattr(handler, "file"):
            handler.file.close()


class Cut(FileUploadHandler):
    """First of the handlers: passes on at most a little more than `CUT` of each file, `MOST` of all together."""

    passed_on = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start > CUT:
            return None  # the handlers behind get nothing more
        self.passed_on += len(raw_data)
        if self.passed_on > MOST:
            raise RequestDataTooBig("the files of this request together are too large")
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers behind make the file."""
