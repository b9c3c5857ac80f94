"""部件的数据: typed view-models of the components; each has a template of the same name under templates/ui/parts/.

Texts are `Label`s or strings; hrefs are addresses; a tone is `red`, `amber`, `green`, `qing`, `line` or empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page
from django.http import HttpRequest

from qinqing.lib.labels import Label
from qinqing.lib.workdays import Left

Text = Label | str
_IN_TIME = Label("按时办结", "Closed in time")


@dataclass(frozen=True, slots=True)
class Clock:
    """时钟: `kind` is ok, soon, over, hold, provisional or done; `share` is the per cent of the time left (0-100)."""

    kind: str
    text: Text
    share: int = 0

    @property
    def pie(self) -> bool:
        return self.kind in {"ok", "soon"}


def running_clock(left: Left, budget_minutes: int, *, provisional: bool = False) -> Clock:
    """The clock with `left` of a limit of `budget_minutes` (office minutes; an elapsed limit's on the wall clock).

    Amber under one working day, red when overdue. A provisional end shows as such only while it is a day away.
    """
    share = max(0, min(100, 100 * left.minutes // budget_minutes)) if budget_minutes else 0
    if left.overdue:
        return Clock("over", left.text)
    if left.working_days < 1:
        return Clock("soon", left.text, share)
    if provisional:
        return Clock("provisional", Label(f"{left.text.zh}（暂定）", f"{left.text.en} (provisional)"))
    return Clock("ok", left.text, share)


def held_clock(reason: Text = "") -> Clock:
    """暂停计时, with what it waits for."""
    why = Label.of(reason)
    return Clock("hold", Label(f"暂停计时 · {why.zh}", f"Paused · {why.en}") if reason else Label("暂停计时", "Paused"))


def done_clock(text: Text = _IN_TIME) -> Clock:
    """办结; `text` says how."""
    return Clock("done", text)


@dataclass(frozen=True, slots=True)
class Stage:
    """环节: `state` is done, at or ahead; `note` is its time or what it requires."""

    label: Text
    state: str = "ahead"
    note: Text = ""


RUNGS = (
    Label("未提醒", "not reminded"),
    Label("已提醒", "reminded"),
    Label("已催办", "urged"),
    Label("已督办", "supervised"),
    Label("已上提", "handed up"),
)


@dataclass(frozen=True, slots=True)
class Link:
    label: Text
    href: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """附件: `size` in bytes; `note` such as “9月24日补交”; no href: may be named but not opened."""

    name: str
    href: str = ""
    size: int | None = None
    note: Text = ""
    image: bool = False

    @property
    def size_text(self) -> str:
        if self.size is None:
            return ""
        return f"{self.size / 1_000_000:.1f}MB" if self.size >= 1_000_000 else f"{max(1, round(self.size / 1000))}KB"


@dataclass(frozen=True, slots=True)
class Happening:
    """经过的一条: `kind` act (filled dot), warn (amber square: suspension, urging) or system (hollow)."""

    at: datetime
    title: Text
    body: Text = ""
    kind: str = "act"
    who: Text = ""
    seq: int | None = None
    hash: str = ""  # shown shortened: 07fa…d3
    files: tuple[FileLink, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def short_hash(self) -> str:
        return f"{self.hash[:4]}…{self.hash[-2:]}" if self.hash else ""


@dataclass(frozen=True, slots=True)
class Seal:
    """历史完整: `count` events verified, or the first that does not fit; both None: not verified yet."""

    count: int | None = None
    broken_at: int | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """数字: a count that is a door. `value` None is unknown and shows as —."""

    label: Text
    value: int | str | None
    href: str = ""
    note: Text = ""
    tone: str = ""  # red or amber, for time only


@dataclass(frozen=True, slots=True)
class Option:
    """One pick or suggestion: `line` its consequence (a due time), `small` when to use it, `share` a probability."""

    value: str
    label: Text
    line: Text = ""
    small: Text = ""
    share: float | None = None
    disabled: bool = False

    @property
    def percent(self) -> int | None:
        return None if self.share is None else round(100 * self.share)


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell: a number (right-aligned with thousands), a text, or None for unknown."""

    value: int | Text | None
    href: str = ""
    tone: str = ""

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, int)


@dataclass(frozen=True, slots=True)
class Table:
    """表格 of figures: the first column names the row. `total`: a last row; `caption`: for who hears the page."""

    caption: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """翻页: `pages` are (number, href), None where some are left out."""

    pages: tuple[tuple[int, str] | None, ...]
    number: int
    previous: str
    next: str
    first: int
    last: int
    total: int


def turn_of(request: HttpRequest, page: Page[object]) -> Turn:
    """From a Django `Page`; the other query parameters are kept, the page stands in `?page=`."""

    def href(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        query.pop("lang", None)
        return f"{request.path}?{query.urlencode()}"

    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    return Turn(
        tuple((n, href(n)) if isinstance(n, int) else None for n in numbers),
        page.number,
        href(page.number - 1) if page.has_previous() else "",
        href(page.number + 1) if page.has_next() else "",
        page.start_index(),
        page.end_index(),
        page.paginator.count,
    )
