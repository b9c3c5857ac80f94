"""周报: one week of the county on paper (A4, PDF), with definitions, intervals and the state of the histories.

Made anew whenever it is asked for: the week's figures as they stand at that moment, which the paper names. The figures
“of this moment” (reds, open, oldest) are those of the moment of making.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from qinqing.audit import selectors as audit
from qinqing.insight.indicators import shelf
from qinqing.insight.overview import BY_UNIT, Cell, Line, Overview, RateShown, Red
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from qinqing.ui import papers
from qinqing.ui.context import office
from qinqing.ui.dates import stamp
from qinqing.ui.figures import FEWEST
from qinqing.ui.periods import Period

TEMPLATE = Path(__file__).parent / "templates" / "insight" / "weekly.typ"
RECTIFICATIONS = ("rectifications_open", "rectifications_late")
DEFINED = ("reds_now", "open_now", "opened", "closed", "stock", *BY_UNIT, "responded", "bad_ratings", "returned_twice")


def report(period: Period, now: datetime) -> bytes:
    """The PDF of a week, in the reader's language."""
    return papers.paper(TEMPLATE, data(period, now))


def data(period: Period, now: datetime) -> dict[str, Any]:
    """What the template prints: texts in the reader's language only."""
    page, today = Overview(now, period), now.astimezone(CHINA).date()
    span = period.label(today)
    return {
        "title": str(Label("优化营商环境周报", "Business environment weekly")),
        "office": str(office()),
        "week": period.code,
        "period": str(span),
        "as_of": f"{now.astimezone(CHINA):%Y-%m-%d %H:%M}",
        "sentence": str(_sentence(page)),
        "rates": [_rate(shown) for shown in page.rates],
        "flow": [_counted(page, name) for name in ("opened", "closed", "stock", "bad_ratings", "returned_twice")],
        "columns": [str(label) for label in page.columns],
        "units": [_line(line) for line in page.by_unit],
        "reds": [_red(red) for red in page.red_rows],
        "reds_more": page.reds.value - len(page.red_rows),
        "oldest": [_oldest(red, now) for red in page.oldest],
        "rectifications": [_counted(page, name) for name in RECTIFICATIONS],
        "definitions": [[str(shelf()[name].label), str(shelf()[name].definition)] for name in DEFINED],
        "few": str(Label(f"不足{FEWEST}件的只列件数，不计比率。", f"fewer than {FEWEST}: counts only.")),
        "history": str(_history(now)),
    }


# ── private ──


def _sentence(page: Overview) -> Label:
    reds, most = page.reds.value, page.most_reds
    among = (
        Label(f"，其中{most[1]}件在{most[0].zh}", f", {most[1]} of them with {most[0].en}") if most else Label("", "")
    )
    went = _counts(page)
    return Label(
        f"本周新收{went[0]}件，办结{went[1]}件。此刻在办{page.open.value}件，红灯{reds}件{among.zh}。",
        f"Taken in this week: {went[0]}; closed: {went[1]}. Open now: {page.open.value}; reds: {reds}{among.en}.",
    )


def _counts(page: Overview) -> tuple[int, int]:
    return page.counted("opened").value, page.counted("closed").value


def _rate(shown: RateShown) -> dict[str, Any]:
    rate = shown.rate
    return {
        "label": str(rate.label),
        "percent": f"{rate.percent}%" if rate.enough else None,
        "bounds": rate.bounds if rate.enough else "",
        "count": f"{rate.hits:,}／{rate.total:,}",
        "against": str(shown.against),
        "also": str(shown.also),
        "interval": list(rate.interval) if rate.enough else None,
        "share": rate.hits / rate.total if rate.enough else None,
    }


def _counted(page: Overview, name: str) -> dict[str, Any]:
    counted = page.counted(name)
    return {"label": str(counted.indicator.label), "value": counted.value}


def _line(line: Line) -> list[Any]:
    return [str(line.label), *(_cell(cell) for cell in line.cells)]


def _cell(cell: Cell) -> list[str]:
    if not cell.share.total:
        return ["—", ""]
    count = f"{cell.share.hits:,}／{cell.share.total:,}"
    return [f"{cell.rate.percent}%", f"{cell.rate.bounds}　{count}"] if cell.rate else [count, ""]


def _red(red: Red) -> list[str]:
    return [str(red.row.clock.text), red.row.case.number, red.row.case.title, str(red.holder), str(red.done)]


def _oldest(red: Red, now: datetime) -> list[str]:
    case = red.row.case
    return [str(stamp(case.opened_at, now)), case.number, case.title, str(red.holder), str(red.row.stage)]


def _history(now: datetime) -> Label:
    """What the last verification of all histories found."""
    last = audit.verifications().first()
    if last is None:
        return Label(
            "历史尚未校验（qinqing audit verify）", "Histories have not been verified yet (qinqing audit verify)"
        )
    at = f"{last.at.astimezone(CHINA):%Y-%m-%d %H:%M}"
    if last.findings:
        return Label(
            f"{at}校验{last.chains:,}件、{last.events:,}条记录，{last.findings}处对不上，请向审计管理员核实",
            f"Verified {at}: {last.chains:,} cases, {last.events:,} records; {last.findings} findings, ask the audit"
            " administrator",
        )
    return Label(
        f"历史完整：{at}校验{last.chains:,}件、{last.events:,}条记录",
        f"Histories whole: {last.chains:,} cases, {last.events:,} records verified {at}",
    )
