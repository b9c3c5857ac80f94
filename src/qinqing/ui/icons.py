"""图标: line icons on a 16 by 16 grid, drawn inline so that they take the text's colour and print sharp."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_PATHS = {
    "alert": "M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 12v.1",
    "bell": "M4 11V7a4 4 0 0 1 8 0v4l1.5 1.5h-11zM7 14.5h2",
    "building": "M2 6.5 8 2.5l6 4zM3.5 6.5V12M6.5 6.5V12M9.5 6.5V12M12.5 6.5V12M2 13.5h12",
    "camera": "M2 5h3l1-1.5h4L11 5h3v8H2zM5.7 8.8a2.3 2.3 0 1 0 4.6 0 2.3 2.3 0 1 0-4.6 0",
    "check": "m3.5 8.5 3 3 6-7",
    "cross": "m4 4 8 8M12 4l-8 8",
    "doc": "M4 1.5h5.5L12.5 4.5v10h-8.5zM9 1.5v3.5h3.5",
    "down": "m4 6 4 4 4-4",
    "download": "M8 2v8m-3.5-3.5L8 10l3.5-3.5M2.5 13.5h11",
    "flag": "M4 14.5v-12h8l-1.5 3 1.5 3H4",
    "gift": "M2.5 6h11v3h-11zM3.5 9v5h9V9M8 6v8M8 6C6 6 5 5 5 4s1.2-1.7 2-.7S8 6 8 6s.2-1.7 1-2.7S11 3 11 4s-1 2-3 2",
    "home": "M2.5 7.5 8 2.5l5.5 5M4 6.5v7h8v-7",
    "info": "M2 8a6 6 0 1 0 12 0A6 6 0 1 0 2 8M8 7.5v3.5M8 5v.1",
    "list": "M3.5 2h9v12h-9zM6 5.5h4M6 8h4M6 10.5h2.5",
    "lock": "M3.5 7h9v7h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
    "people": "M3.8 5.5a2.2 2.2 0 1 0 4.4 0 2.2 2.2 0 1 0-4.4 0M1.5 13c.3-2.6 2-4 4.5-4s4.2 1.4 4.5 4"
    "M10.5 3.5a2.2 2.2 0 0 1 0 4M12 9.5c1.5.5 2.3 1.7 2.5 3.5",
    "person": "M5.3 5a2.7 2.7 0 1 0 5.4 0 2.7 2.7 0 1 0-5.4 0M2.8 14c.4-3 2.4-4.5 5.2-4.5s4.8 1.5 5.2 4.5",
    "plus": "M8 3v10M3 8h10",
    "print": "M4.5 6V2h7v4M4.5 11H2.5V6h11v5h-2M4.5 9h7v5h-7z",
    "question": "M6 6.2a2 2 0 1 1 2.8 1.9c-.6.3-.8.7-.8 1.4M8 12v.2",
    "search": "M2.5 7a4.5 4.5 0 1 0 9 0 4.5 4.5 0 1 0-9 0m8 3.5 3.5 3.5",
    "shield": "M8 1.5 13.5 3.5v4c0 3.5-2.3 5.8-5.5 7-3.2-1.2-5.5-3.5-5.5-7v-4zM5.5 8l2 2 3-3.5",
    "speech": "M2 3h12v8H7l-3 2.5V11H2z",
}
NAMES = tuple(_PATHS)


def icon(name: str, label: str = "") -> SafeString:
    """Inline SVG; with `label` it is an image of that name, without it decoration. KeyError for an unknown name."""
    role = format_html(' role="img" aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"')
    return format_html('<svg class="ic" viewBox="0 0 16 16"{}><path d="{}"/></svg>', role, _PATHS[name])


def logo(size: int = 30) -> SafeString:
    """The two circles of 亲 and 清 and what they share."""
    return format_html(
        '<svg width="{0}" height="{0}" viewBox="0 0 30 30" aria-hidden="true">'
        '<circle cx="11.5" cy="15" r="10" fill="none" stroke="#0e5a72" stroke-width="2.6"/>'
        '<circle cx="18.5" cy="15" r="10" fill="none" stroke="#0e5a72" stroke-width="2.6" opacity=".38"/>'
        '<path d="M15 7.1a10 10 0 0 1 0 15.8 10 10 0 0 1 0-15.8z" fill="#0e5a72"/></svg>',
        size,
    )
