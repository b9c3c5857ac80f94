"""文件 (PDF): printed papers by typst: sheets of cards, letters, the weekly report.

A template is a `.typ` file beside the wing's other templates. It begins

    #import "/ui/papers.typ": *
    #show: paper.with(title: data.title)

and finds what it was given in `data`. Data travels as JSON through typst's `sys.inputs` and is never put into the
template's source: what a person typed is shown as text and can do nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pylopdf_fonts_zh_cn
import segno
from django.http import HttpResponse

from qinqing.lib.labels import language

if TYPE_CHECKING:
    import typst

ROOT = Path(__file__).resolve().parents[1]  # templates may read files below the package, nothing else


def paper(template: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of `template` (a file below the package) with `data` (what JSON can hold); its text can be copied out.

    `data.lang` is the reader's language (zh or en). The same data give the same bytes.
    Raises typst.TypstError when the template itself is wrong.
    """
    import typst  # noqa: PLC0415 - only who prints need wait for it

    inputs = {"data": json.dumps({"lang": language(), **data}, ensure_ascii=False)}
    pdf: bytes = typst.compile(template, root=ROOT, font_paths=_fonts(), sys_inputs=inputs, format="pdf")
    return pdf


def qr(text: str) -> str:
    """A QR code for a template: `image(bytes(data.qr), width: 30mm)`. Error level M, quiet zone of 4."""
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", border=4, omitsize=True, xmldecl=False, light="#fff"
    )
    return drawn.getvalue().decode()


def answer(pdf: bytes, name: str) -> HttpResponse:
    """The PDF, shown by the browser, under `name` (with .pdf) when it is saved; never kept by caches between."""
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "private, no-store"
    return response


@cache
def _fonts() -> typst.Fonts:
    """Noto Sans SC and Noto Serif SC as installed with the product; the machine's own fonts play no part."""
    import typst  # noqa: PLC0415

    folder = Path(pylopdf_fonts_zh_cn.sans_path()).parent
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])
