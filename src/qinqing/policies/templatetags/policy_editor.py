"""The fields of a policy's form: `{% typed name "中文" "English" %}` shows one, with what is typed and wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from qinqing.lib.labels import Label
from qinqing.policies.editing_view import Sheet, field_id
from qinqing.ui import icons

register = Library()


@register.simple_tag(takes_context=True)
def typed(context: Context, name: str, zh: str, en: str, kind: str = "text", **more: Any) -> str:
    """One field. `kind`: text, long, day, choice, tick; `options` of a choice; `source`: id of a list to search;
    `hint`; `optional`; `redraw`: the form is drawn again when it changes."""
    sheet: Sheet = context["sheet"]
    errors = sheet.errors.get(name, ())
    last = name.rpartition(".")[2]
    return render_to_string(
        "policies/editor/typed.html",
        {
            "name": name, "id": field_id(name), "label": Label(zh, en), "kind": kind, "errors": errors,
            "value": sheet.value(name),
            "focus": last in {"zh", "name"} and sheet.focus and name.startswith(f"{sheet.focus}."),
            "options": (), "source": "", "hint": "", "optional": False, "redraw": False, "rows": 2, "mono": False,
            **more,
        },
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def kept(context: Context, *names: str) -> SafeString:
    """Fields that are not asked here keep what they hold."""
    sheet: Sheet = context["sheet"]
    rows = [format_html('<input type="hidden" name="{}" value="{}">', name, sheet.value(name)) for name in names]
    return SafeString("".join(rows))


@register.simple_tag
def press(action: str, zh: str, en: str, icon: str = "", bare: bool = False) -> SafeString:
    """A button that adds, takes out or moves a row; the form comes back with all that was typed."""
    words = str(Label(zh, en))
    drawn = icons.icon(icon) if icon else ""
    shown = format_html("{}<span{}>{}</span>", drawn, SafeString(' class="vh"') if bare else "", words)
    return format_html(
        '<button class="btn btn-s{}" type="submit" name="do" value="{}" id="do-{}" hx-post hx-target="#sheet" '
        'hx-select="#sheet" hx-swap="outerHTML"{}>{}</button>',
        " btn-0" if bare else "", action, action.replace(".", "-"), format_html(' title="{}"', words) if bare else "",
        shown,
    )  # fmt: skip


@register.filter
def joined(name: str, part: str) -> str:
    """`row|joined:"zh"`: the name of a field in a row."""
    return f"{name}.{part}"


@register.filter
def rows_of(sheet: Sheet, name: str) -> Sequence[str]:
    return sheet.rows(name)
