"""Template tags available in every template: texts in both languages, times and figures, and the components.

Components take the view-models of `ui.parts`; each has its template under templates/ui/parts/.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.forms import Form as DjangoForm
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from qinqing.lib import wallclock
from qinqing.lib.labels import Label, language
from qinqing.lib.workdays import Step
from qinqing.ui import charts, dates, figures, icons, panels, parts, qr, ruler, sheets

register = template.Library()
_COUNTED = Label("口径", "How counted")


# ── texts ──


@register.simple_tag
def t(zh: str, en: str, **values: Any) -> SafeString:
    """`{% t "剩{n}件" "{n} left" n=count %}`: the reader's language. Texts may hold HTML, values are escaped."""
    safe = {
        name: conditional_escape(str(value) if isinstance(value, Label) else value) for name, value in values.items()
    }
    return mark_safe(str(Label(zh, en)).format(**safe))  # noqa: S308 - values are escaped above


@register.filter
def when(moment: datetime | None) -> str:
    """9月30日（周三）17:00 / Wed 30 Sep, 17:00; the year when it is not this one; unknown is —."""
    return str(dates.when(moment, wallclock.now())) if moment else str(figures.UNKNOWN)


@register.filter
def stamp(moment: datetime | None) -> str:
    """9月28日 15:20 / 28 Sep, 15:20: for what has happened."""
    return str(dates.stamp(moment, wallclock.now())) if moment else str(figures.UNKNOWN)


@register.filter
def day(value: date | None) -> str:
    """9月30日（周三） / Wed 30 Sep, of a date or a time."""
    if value is None:
        return str(figures.UNKNOWN)
    value = dates.local(value).date() if isinstance(value, datetime) else value
    return str(dates.day(value, dates.local(wallclock.now()).date()))


@register.filter
def hm(moment: datetime | None) -> str:
    """17:00."""
    return dates.clock_time(moment) if moment else str(figures.UNKNOWN)


@register.filter
def money(fen: int | None) -> str:
    """Whole fen: 286,132.40元 / CNY 286,132.40."""
    return str(figures.money(fen))


@register.filter
def wd(days: float | None) -> str:
    """5个工作日 / 5 working days."""
    return str(figures.working_days(days))


@register.filter
def number(value: int | None) -> str:
    """1,071; unknown is —."""
    return f"{value:,}" if value is not None else str(figures.UNKNOWN)


# ── drawings ──


@register.simple_tag
def icon(name: str, label: Any = "") -> SafeString:
    """`{% icon "print" %}`; with a label it is an image of that name. Names: `ui.icons.NAMES`."""
    return icons.icon(name, str(label))


@register.simple_tag
def logo(size: int = 30) -> SafeString:
    return icons.logo(size)


@register.simple_tag
def qr_code(text: str, label: Any) -> SafeString:
    """`{% qr_code receipt_url label %}`."""
    return qr.qr_svg(text, str(label))


@register.simple_tag
def chart(wide: SafeString, narrow: SafeString) -> SafeString:
    """The chart drawn for this screen: `wide` above 860 px and in print, `narrow` on phones."""
    return format_html('<div class="ch-wide">{}</div><div class="ch-narrow">{}</div>', wide, narrow)


# ── components ──


@register.inclusion_tag("ui/parts/clock.html")
def clock(clock: parts.Clock, size: str = "") -> dict[str, object]:
    """`{% clock c %}` in a row, `{% clock c "l" %}` at the head of a rail."""
    return {"clock": clock, "large": size == "l"}


@register.inclusion_tag("ui/parts/ruler.html", name="ruler")
def ruler_tag(steps: Sequence[Step], size: str = "", now: datetime | None = None) -> dict[str, object]:
    """`{% ruler due.steps %}`; `"s"` for the rail. For a closed case pass `now=` the moment of closing."""
    cells = ruler.ruler_cells(steps, now or wallclock.now(), compact=size == "s")
    return {"cells": cells, "compact": size == "s"}


@register.inclusion_tag("ui/parts/stages.html")
def stages(stages: Sequence[parts.Stage]) -> dict[str, object]:
    """`{% stages list %}`: always the same four, 发现、交办、督办、核销."""
    return {"stages": stages}


@register.inclusion_tag("ui/parts/rungs.html")
def rungs(level: int) -> dict[str, object]:
    """`{% rungs 2 %}`: 0 not reminded, 1 reminded, 2 urged, 3 supervised, 4 handed up."""
    return {"bars": [n < level for n in range(4)], "word": parts.RUNGS[level]}


@register.simple_tag
def tag(text: Any, tone: str = "", icon: str = "") -> SafeString:
    """`{% tag text "amber" %}`; tones: line, qing, red, amber, green or empty."""
    drawn = icons.icon(icon) if icon else ""
    return format_html('<span class="tag{}">{}{}</span>', f" tag-{tone}" if tone else "", drawn, str(text))


@register.inclusion_tag("ui/parts/timeline.html")
def timeline(happenings: Sequence[parts.Happening]) -> dict[str, object]:
    """`{% timeline list %}`, newest first."""
    return {"happenings": happenings}


@register.inclusion_tag("ui/parts/seal.html")
def seal(seal: parts.Seal) -> dict[str, object]:
    return {"seal": seal}


@register.inclusion_tag("ui/parts/files.html")
def files(files: Sequence[parts.FileLink]) -> dict[str, object]:
    return {"files": files}


@register.inclusion_tag("ui/parts/table.html", name="table")
def table_tag(table: parts.Table) -> dict[str, object]:
    """`{% table t %}`: figures only; a desk writes its own rows with the classes `tbl desk-t`."""
    return {"table": table}


@register.inclusion_tag("ui/parts/kpi.html")
def kpi(figures: Sequence[parts.Figure], rail: bool = False) -> dict[str, object]:
    """`{% kpi figures %}` below the head; with `rail=True` the fifth stands over the rail."""
    return {"figures": figures, "rail": rail}


@register.inclusion_tag("ui/parts/trio.html")
def trio(figures: Sequence[parts.Figure]) -> dict[str, object]:
    return {"figures": figures}


@register.inclusion_tag("ui/parts/rate.html", name="rate")
def rate_tag(rate: figures.Rate) -> dict[str, object]:
    """`{% rate r %}`: share, interval, numerator, denominator, 口径."""
    return {"rate": rate, "gauge": charts.rate_gauge(rate) if rate.enough else ""}


@register.inclusion_tag("ui/parts/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any]) -> dict[str, object]:
    """`{% pager page_obj %}`; shows nothing for a single page."""
    return {"turn": parts.turn_of(context["request"], page), "several": page.paginator.num_pages > 1}


@register.simple_tag(takes_context=True)
def download_link(context: Context) -> SafeString | str:
    """`{% download_link %}` in the head's `end`: this list with its filters as a workbook (its view answers
    `ui.sheets.wanted`). Nothing on the answer to a form: its address is not the list's."""
    request = context["request"]
    if request.method != "GET":
        return ""
    drawn, words = icons.icon("download"), Label("导出Excel", "Export to Excel")
    return format_html('<a class="btn btn-s" id="export" href="{}">{}{}</a>', sheets.link(request), drawn, str(words))


@register.inclusion_tag("ui/parts/blank.html")
def blank(title: Any, text: Any = "", icon: str = "check", href: str = "", action: Any = "") -> dict[str, object]:
    """`{% blank title text "search" href action %}`: what is so, and one step."""
    return {"title": title, "text": text, "icon_name": icon, "href": href, "action": action}


@register.inclusion_tag("ui/parts/progress.html")
def progress(percent: int, text: Any) -> dict[str, object]:
    return {"percent": percent, "text": text}


_NOTE_ICONS = {"": "info", "amber": "alert", "red": "alert", "green": "check"}


@register.simple_block_tag
def note(content: str, tone: str = "", title: Any = "") -> SafeString:
    """`{% note "amber" title %}...{% endnote %}`; tones: red, amber, green or empty (qing)."""
    head = format_html("<b>{}</b>", str(title)) if str(title) else ""
    role = mark_safe(' role="alert"') if tone == "red" else ""
    css = f" note-{tone}" if tone else ""
    return format_html(
        '<div class="note{}"{}>{}{}<div>{}</div></div>', css, role, icons.icon(_NOTE_ICONS[tone]), head, content
    )


@register.simple_block_tag
def definition(content: str, summary: Any = _COUNTED, end: bool = False) -> SafeString:
    """`{% definition %}...{% enddefinition %}` beside a figure; `end=True` where it stands at the right edge."""
    css = " def-end" if end else ""
    return format_html(
        '<details class="def{}" name="def"><summary>{}</summary><div>{}</div></details>', css, str(summary), content
    )


# ── forms ──


@register.simple_tag
def field(bound: BoundField, icon: str = "", strong: bool = False, optional: Any = "") -> str:
    """`{% field form.phone %}`: label, hint, error above the input, typed value kept, counter for long texts."""
    return _field("ui/parts/field.html", bound, {"icon_name": icon, "strong": strong, "optional": optional})


@register.simple_tag
def seg(bound: BoundField, strong: bool = False) -> str:
    """`{% seg form.channel %}`: a few short choices in a row (ChoiceField)."""
    return _field("ui/parts/seg.html", bound, {"options": _options(bound), "strong": strong})


@register.simple_tag
def pick(bound: BoundField, options: Sequence[parts.Option] | None = None, strong: bool = False) -> str:
    """`{% pick form.klass options %}`: two to four choices with their consequence; default: the field's."""
    shown = options or _options(bound)
    return _field("ui/parts/pick.html", bound, {"options": shown, "strong": strong, "columns": min(4, len(shown))})


@register.simple_tag
def guess(bound: BoundField, options: Sequence[parts.Option]) -> str:
    """`{% guess form.section options %}`: suggestions with their probability (`Option.share`); a person decides."""
    return _field("ui/parts/guess.html", bound, {"options": options})


@register.inclusion_tag("ui/parts/form_errors.html")
def form_errors(form: DjangoForm) -> dict[str, object]:
    """`{% form_errors form %}` above a form: how many entries are wrong, each a link to its field."""
    wrong = [bound for bound in form if bound.errors]
    return {"form": form, "wrong": wrong, "number": len(wrong)}


def _field(name: str, bound: BoundField, more: dict[str, object]) -> str:
    value = bound.value()
    values = [str(one) for one in value] if isinstance(value, list | tuple) else [] if value is None else [str(value)]
    most = getattr(bound.field, "max_length", None) if bound.widget_type == "textarea" else None
    length = len((values[0] if values else "").replace("\r\n", "\n"))
    return render_to_string(
        name,
        {
            "field": bound,
            "values": values,
            "most": most,
            "length": length,
            "number": format_html("<span data-n>{}</span>", length),
            "error_id": f"{bound.auto_id}_error",
            **more,
        },
    )


def _options(bound: BoundField) -> list[parts.Option]:
    return [parts.Option(str(value), str(label)) for value, label in getattr(bound.field, "choices", ())]


# ── panels ──


@register.simple_tag(name="panels", takes_context=True)
def panels_tag(context: Context, place: str, subject: object) -> SafeString:
    """`{% panels "case.rail" case %}`: what other wings show at this place."""
    return panels.show(place, context["request"], subject)


@register.simple_tag
def html_lang() -> str:
    """zh-CN or en, for `<html lang>`; also where no request is."""
    return "zh-CN" if language() == "zh" else "en"
