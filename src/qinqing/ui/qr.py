"""二维码: a QR code as inline SVG, for receipts and cards. No image file, no request."""

from __future__ import annotations

from collections.abc import Iterable

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString


def qr_svg(text: str, label: str) -> SafeString:
    """The code of `text` (an address of at most some 200 characters), error level M, with its quiet zone of 4.

    `label` is what it leads to, for those who cannot see it. The size is the stylesheet's (`.qr`).
    """
    code = segno.make(text, error="m", micro=False)
    size = code.symbol_size()[0]
    runs: list[str] = []
    for y, line in enumerate(code.matrix_iter()):
        runs.extend(f"M{x} {y}h{length}v1h-{length}z" for x, length in _dark_runs(line))
    return format_html(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" shape-rendering="crispEdges">'
        '<rect width="{0}" height="{0}" fill="#fff"/><path d="{2}"/></svg>',
        size,
        label,
        "".join(runs),
    )


def _dark_runs(line: Iterable[int]) -> list[tuple[int, int]]:
    """(start, length) of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for x, dark in enumerate(line):
        if not dark:
            continue
        if runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((x, 1))
    return runs
