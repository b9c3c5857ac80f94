"""The gallery shows every component, in both languages, without a word of inline style or script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

import qinqing.ui
from qinqing.ui import gallery, icons

pytestmark = pytest.mark.django_db
STATIC = Path(qinqing.ui.__file__).parent / "static" / "ui"
SHELLS = ["staff", "party", "phone", "print"]


def page(client: Client, **query: str) -> str:
    response = client.get("/ui/components/", query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_inline(client: Client, shell: str, lang: str) -> None:
    html = page(client, shell=shell, lang=lang)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert not re.search(r"(src|href)=\"(https?:)?//", html.replace("http://www.w3.org", ""))
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len([one for one in ids if not re.fullmatch(r"e\d+", one)]) == len(
        {one for one in ids if not re.fullmatch(r"e\d+", one)}
    )


def test_every_part_is_shown(client: Client) -> None:
    """Each template under parts/ leaves its mark in the gallery; a part that nobody sees rots."""
    html = page(client) + page(client, shell="phone") + page(client, shell="party") + page(client, shell="print")
    for css in (
        "clock ok", "clock soon", "clock over", "clock hold", "clock provisional", "clock done", "clock-l",
        "counted", "suspended", "off", "start", "due", "today", "ruler-s", "stages", "rungs", "tl", "sealed", "broken",
        "files", "kpi", "trio", "rate", "pager", "empty", "progress", "pick", "seg", "guess", "def", "note-red",
        "note-amber", "note-green", "tag-qing", "print-head", "ch-narrow", "flow", "qr", "field bad", "flash",
    ):  # fmt: skip
        assert re.search(rf'class="[^"]*\b{re.escape(css)}\b', html) or f"<{css}" in html, css


def test_production_shows_it_to_the_administrator_only(client: Client, settings: object) -> None:
    settings.MODE = "production"  # type: ignore[attr-defined]
    assert client.get("/ui/components/").status_code == 404


def test_an_unknown_shell_is_not_found(client: Client) -> None:
    assert client.get("/ui/components/?shell=../../etc").status_code == 404


def test_no_text_is_smaller_than_12_and_no_property_newer_than_the_offices_browsers() -> None:
    for path in STATIC.glob("*.css"):
        text = path.read_text(encoding="utf-8")
        sizes = re.findall(r"font(?:-size)?:[^;{}]*?\b(\d+(?:\.\d+)?)px", text)
        assert all(float(size) >= 12 for size in sizes), path.name
        assert not re.search(
            r":has\(|@layer|@container|anchor\(|:is\(|\binset:\s|aspect-ratio|color-mix|subgrid", text
        ), path.name
        assert text.count("{") == text.count("}"), path.name
        assert len(text.splitlines()) < 400


def test_scripts_need_no_eval() -> None:
    text = (STATIC / "keys.js").read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function|innerHTML|\?\.|\?\?|=>", text)


def test_samples_hold_still() -> None:
    assert gallery.NOW.isoformat() == "2026-09-29T10:20:00+08:00"
    assert len(set(icons.NAMES)) == len(icons.NAMES)
