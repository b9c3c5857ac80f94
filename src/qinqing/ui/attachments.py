"""附件: a stored file on its way to a browser."""

from __future__ import annotations

from pathlib import Path

from django.http import FileResponse


def attachment(path: Path, name: str, mime: str) -> FileResponse:
    """Shown where it is an image or PDF, else a download; whatever it holds, it runs nothing."""
    shown = mime.startswith("image/") or mime == "application/pdf"
    response = FileResponse(path.open("rb"), as_attachment=not shown, filename=name, content_type=mime)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response
