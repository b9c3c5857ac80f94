"""Calendar files: read, checked, written, compared. CSV (`# key: value` lines, then `day,working,name`) or YAML.

    # revision: cn-2027
    # published_until: 2027
    day,working,name
    2027-01-01,false,元旦
    2027-02-20,true,春节

A row says what one day is: off (`false`) or worked (`true`), and for which festival. `office` (default: as before) and
`source` may stand in the head too. The YAML form has the same keys and `days: [{day: ..., working: ..., name: ...}]`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from qinqing.lib import safe_yaml
from qinqing.lib.labels import Label
from qinqing.lib.workdays.calendar import OFFICE, SHIPPED, Calendar, Office, Special

_YES = {"true", "1", "是", "上班", "班"}
_NO = {"false", "0", "否", "休息", "休"}
_HEAD = re.compile(r"#\s*(revision|published_until|office|source)\s*[:：]\s*(.*)")
_OFFICE = re.compile(r"(\d{1,2}:\d\d)\s*[-—–]\s*(\d{1,2}:\d\d)")
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
Row = tuple[int, Any, Any, Any]  # line (or place in the YAML list), day, working, name


class CalendarError(ValueError):
    """A calendar file that cannot be used. `problems`: each says where, what, and how to mend it."""

    def __init__(self, problems: Iterable[Label]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def load_calendar(source: Path | str, over: Calendar | None = None) -> Calendar:
    """From a file (a path) or its text (YAML, or CSV `day,working,name`). A file may hold one year only: the days it
    does not name stay as in `over` (default: the shipped calendar). Raises CalendarError, a ValueError."""
    return parse(source, over or shipped_calendar())


@cache
def shipped_calendar() -> Calendar:
    """The calendar shipped with this version, read once."""
    return parse(SHIPPED, None)


def parse(source: Path | str, over: Calendar | None) -> Calendar:
    """The calendar in a file or text, laid over `over`. Raises CalendarError with every problem found."""
    text = _text(source)
    head, rows = _csv(text) if _is_csv(text) else _yaml(text)
    problems: list[Label] = []
    days = dict(_days(rows, problems))
    revision = str(head.get("revision") or "")
    if not _REVISION.fullmatch(revision):
        problems.append(
            Label(
                "缺日历版本名；请在文件开头写明，如“# revision: cn-2027”（字母、数字、点、横线，至多40字）",
                "the revision's name is missing; write it at the top, like '# revision: cn-2027' (letters, digits, "
                "dots, hyphens, at most 40)",
            )
        )
    office = _office(head["office"], problems) if head.get("office") else over.office if over else OFFICE
    published = _published_until(head.get("published_until"), days, over, problems)
    if not days and not problems:
        problems.append(Label("文件中没有一天；请按day,working,name逐日填写", "the file names no day"))
    if problems:
        raise CalendarError(problems)
    return Calendar(revision, {**(over.specials if over else {}), **days}, published, office)


def as_text(calendar: Calendar) -> str:
    """The whole calendar as a CSV file: what is stored, so that a revision never depends on another one."""
    office = " ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in calendar.office)
    lines = [
        f"# revision: {calendar.revision}",
        f"# published_until: {calendar.published_until}",
        f"# office: {office}",
    ]
    lines.append("day,working,name")
    lines += [f"{day},{str(working).lower()},{name}" for day, (working, name) in calendar.specials.items()]
    return "\n".join(lines) + "\n"


def changes(old: Calendar, new: Calendar) -> list[tuple[date, Label]]:
    """The days on which the two differ in being worked, each with what changes."""
    result = []
    day, last = max(old.first, new.first), min(old.last, new.last)
    while day <= last:
        if old.is_working(day) != new.is_working(day):
            name = new.name(day) or old.name(day) or Label("", "")  # a day unlike its weekday always has a name
            zh, en = (
                ("休息改为上班", "off becomes worked")
                if new.is_working(day)
                else ("上班改为休息", "worked becomes off")
            )
            result.append((day, Label(f"{zh}（{name.zh}）", f"{en} ({name.en})")))
        day += timedelta(days=1)
    return result


def _text(source: Path | str) -> str:
    if isinstance(source, str) and "\n" in source:
        return source.removeprefix("\ufeff")
    try:
        raw = Path(source).read_bytes()
    except OSError as error:
        raise CalendarError([Label(f"读不到日历文件{source}", f"cannot read the calendar file {source}")]) from error
    for encoding in ("utf-8-sig", "gb18030"):  # Excel on Chinese Windows still saves CSV as GB18030
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CalendarError([Label(f"{source}不是UTF-8或GB18030文本；请另存为CSV UTF-8", f"{source} is not UTF-8 text")])


def _is_csv(text: str) -> bool:
    lines = (line for line in text.splitlines() if line.strip(", \t") and not line.startswith("#"))
    return next(lines, "").replace(" ", "").startswith("day,")


def _csv(text: str) -> tuple[dict[str, Any], list[Row]]:
    head: dict[str, Any] = {}
    numbered: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip('"').startswith("#"):
            if match := _HEAD.match(line.strip('", ')):  # a spreadsheet may have added quotes and commas
                head[match[1]] = match[2].strip()
        elif line.strip(", \t"):
            numbered.append((number, line))
    cells = csv.reader(line for _, line in numbered)
    columns = [cell.strip() for cell in next(cells)]
    if missing := [name for name in ("day", "working", "name") if name not in columns]:
        raise CalendarError(
            [Label(f"表头缺{'、'.join(missing)}列；应为day,working,name", f"the heading lacks {', '.join(missing)}")]
        )
    rows: list[Row] = []
    for (number, _), cell in zip(numbered[1:], cells, strict=True):
        record = dict(zip(columns, [*cell, "", ""], strict=False))
        rows.append((number, record["day"], record["working"], record["name"]))
    return head, rows


def _yaml(text: str) -> tuple[dict[str, Any], list[Row]]:
    try:
        head = safe_yaml.load(text)
    except yaml.YAMLError as error:
        raise CalendarError([Label(f"YAML格式有误：{error}", f"this is not YAML: {error}")]) from error
    days = head.get("days") if isinstance(head, dict) else None
    if not isinstance(days, list) or not all(isinstance(item, dict) for item in days):
        raise CalendarError(
            [
                Label(
                    "应为CSV（表头day,working,name），或含days列表的YAML",
                    "this should be CSV (heading day,working,name), or YAML with a list of days",
                )
            ]
        )
    return head, [
        (number, item.get("day"), item.get("working"), item.get("name")) for number, item in enumerate(days, 1)
    ]


def _days(rows: Iterable[Row], problems: list[Label]) -> Iterator[tuple[date, Special]]:
    seen: dict[date, int] = {}
    for number, raw_day, raw_working, raw_name in rows:
        day, working, name = _date(raw_day), _bool(raw_working), str(raw_name or "").strip()
        if day is None:
            _add(problems, number, f"日期“{raw_day}”不对，应如2027-01-01", f"{raw_day!r} is no day like 2027-01-01")
        elif working is None:
            _add(
                problems,
                number,
                f"working“{raw_working}”不对，应为true或false",
                f"working is true or false, not {raw_working!r}",
            )
        elif day in seen:
            _add(
                problems, number, f"{day}与第{seen[day]}行重复，请删去一行", f"{day} stands in line {seen[day]} already"
            )
        elif not name and working == (day.weekday() > 4):
            _add(
                problems, number, f"{day}与平常不同，请填name，如“国庆节”", f"{day} differs from its weekday: name why"
            )
        else:
            seen[day] = number
            yield day, Special(working, name)


def _add(problems: list[Label], line: int, zh: str, en: str) -> None:
    problems.append(Label(f"第{line}行：{zh}", f"line {line}: {en}"))


def _date(value: Any) -> date | None:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    match = _DATE.fullmatch(str(value).strip())
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _bool(value: Any) -> bool | None:
    word = str(value).strip().lower()
    return True if word in _YES else False if word in _NO else None


def _office(value: Any, problems: list[Label]) -> Office:
    parts = _OFFICE.findall(" ".join(value) if isinstance(value, list) else str(value))
    try:
        office = tuple((_time(begin), _time(end)) for begin, end in parts)
    except ValueError:
        office = ()
    flat = [moment for part in office for moment in part]
    if not office or any(a >= b for a, b in pairwise(flat)):
        problems.append(
            Label(
                f"办公时间“{value}”不对，应如“08:30-12:00 13:30-17:00”，由早到晚",
                f"office hours {value!r} are not like '08:30-12:00 13:30-17:00', in order",
            )
        )
    return office


def _time(text: str) -> time:
    hour, minute = text.split(":")
    return time(int(hour), int(minute))


def _published_until(value: Any, days: dict[date, Special], over: Calendar | None, problems: list[Label]) -> int:
    before = over.published_until if over else 0
    if value in (None, ""):
        if before:
            return before
    elif re.fullmatch(r"\d{4}", str(value)):
        year = int(value)
        named = {day.year for day in days}
        empty = [y for y in range(before + 1, year + 1) if y not in named] if over else []
        if empty:
            problems.append(
                Label(
                    f"published_until写到{year}年，但没有{empty[0]}年的安排；请补齐或改小",
                    f"published_until says {year}, but no day of {empty[0]} is named; add them or lower it",
                )
            )
        if year < before:
            problems.append(
                Label(
                    f"published_until为{year}年，早于现行日历的{before}年；请核对",
                    f"published_until is {year}, before the present calendar's {before}",
                )
            )
        return year
    problems.append(
        Label(
            "published_until应为已公布安排的最后一年，如2027", "published_until is the last year published, like 2027"
        )
    )
    return before
