"""回执提示: one sentence for the next page (“已催办，县资规局陆科长已收到”). It stays until the page is left."""

from __future__ import annotations

from django.http import HttpRequest

from qinqing.lib.labels import Label

_KEY = "flash"


def say(request: HttpRequest, text: Label, *, tone: str = "green", href: str = "", link: Label | None = None) -> None:
    """Show `text` on the reader's next page. `tone`: green, amber, red or empty; `href` with `link` adds a link."""
    kept = request.session.get(_KEY, [])
    request.session[_KEY] = [*kept, {"text": list(text), "tone": tone, "href": href, "link": list(link or ("", ""))}]


def take(request: HttpRequest) -> list[dict[str, object]]:
    """What is to be shown now; it is forgotten with this. Reads the session only when there is one."""
    session = getattr(request, "session", None)
    if session is None or _KEY not in session:
        return []
    return [{**said, "text": Label(*said["text"]), "link": Label(*said["link"])} for said in session.pop(_KEY)]
