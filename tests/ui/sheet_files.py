"""Workbooks read back for tests: rows by sheet, and the raw XML inside."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from python_calamine import CalamineWorkbook


def rows(content: bytes, sheet: int = 0) -> list[list[Any]]:
    """The rows of a sheet, the header first."""
    found: list[list[Any]] = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(sheet).to_python()
    return found


def table(content: bytes) -> list[dict[str, Any]]:
    """The rows of the first sheet by their headers."""
    header, *lines = rows(content)
    return [dict(zip(header, line, strict=True)) for line in lines]


def definitions(content: bytes) -> dict[str, str]:
    """The second sheet: column or remark -> its text."""
    return {line[0]: line[1] for line in rows(content, 1) if line[0]}


def parts(content: bytes) -> dict[str, str]:
    """Every file inside, as text."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
