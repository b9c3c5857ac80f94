"""Commands of the house itself: `clock` (ask the lawful clock) and `calendar` (check a calendar file)."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime
from pathlib import Path

from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import (
    Budget,
    Calendar,
    CalendarError,
    Due,
    Step,
    changes,
    due,
    load_calendar,
    shipped_calendar,
)

_LAW = {
    "working_days": Label(
        "依据：《民法典》第201条（开始的当日不计入）、第203条（截止于停止业务活动的时间）；"
        "《行政许可法》第82条（期限以工作日计算，不含法定节假日）",
        "Law: Civil Code arts. 201 (the first day does not count) and 203 (ends with office hours); "
        "Administrative Licensing Act art. 82 (working days, without statutory holidays)",
    ),
    "office_hours": Label(
        "依据：《民法典》第201条（按小时计算的，自约定的时间开始）、第203条（停止业务活动的时间）；只计办公时间",
        "Law: Civil Code arts. 201 (hours run from the event) and 203 (office hours); office time only",
    ),
    "elapsed": Label(
        "依据：《民法典》第201条（按小时计算的，自约定的时间开始）；昼夜连续计算",
        "Law: Civil Code art. 201 (hours run from the event); through nights and holidays",
    ),
}
_WEEKDAYS = Label("一二三四五六日", "Mon Tue Wed Thu Fri Sat Sun")


def add_commands(cli: Cli) -> None:
    """`clock due`, `calendar check`."""
    clock = cli.command(
        "clock", "due", clock_due, help="when a limit ends, and why: every day explained", database=False
    )
    clock.add_argument("--from", dest="start", required=True, metavar="TIME", help="the event, like 2026-09-30T10:00")
    limit = clock.add_mutually_exclusive_group(required=True)
    limit.add_argument("--working-days", metavar="N")
    limit.add_argument("--office-hours", metavar="H", help="hours of office time, may be 0.5")
    limit.add_argument("--elapsed", metavar="SPAN", help="wall-clock time, like 1h30m, 5m or 2d")
    clock.add_argument(
        "--suspend",
        action="append",
        default=[],
        metavar="FROM/TO",
        help="the clock stands still meanwhile; may be repeated; `FROM/` is still running",
    )
    clock.add_argument("--calendar", metavar="FILE", help="count with this calendar file")
    clock.add_argument("--json", action="store_true", help="keys: due, provisional, steps")
    check = cli.command(
        "calendar", "check", calendar_check, help="check a calendar file, show what it would change", database=False
    )
    check.add_argument("file", metavar="FILE")
    check.add_argument("--against", metavar="FILE", help="compare with this file (default: the shipped calendar)")
    for parser in (clock, check):
        parser.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0])


def clock_due(arguments: argparse.Namespace) -> None:
    """Print the end of a limit with its ruler, or as JSON. Times without zone are China time."""
    with speaking(arguments.language):
        calendar = _calendar(arguments.calendar, "--calendar")
        budget = _budget(arguments)
        start = _moment(arguments.start, "--from")
        suspensions = [_suspension(text) for text in arguments.suspend]
        try:
            result = due(start, budget, calendar, suspensions)
        except ValueError as error:
            raise CommandError(f"clock due: {error}") from error
        print(
            json.dumps(_as_json(result), ensure_ascii=False) if arguments.json else _as_text(result, budget, calendar)
        )


def calendar_check(arguments: argparse.Namespace) -> None:
    """Say whether the file is a sound calendar, and which days it changes."""
    with speaking(arguments.language):
        present = _calendar(arguments.against, "--against")
        calendar = _calendar(arguments.file, "FILE", present)
        changed = changes(present, calendar)
        zh = (
            f"日历{calendar.revision}可用：公布至{calendar.published_until}年，比{present.revision}变动{len(changed)}天"
        )
        en = (
            f"calendar {calendar.revision} is sound: published until {calendar.published_until}, "
            f"{len(changed)} days differ from {present.revision}"
        )
        print(Label(zh, en))
        for day, note in changed:
            print(f"  {_day_text(day, None)}  {note}")
        if calendar.office != present.office:
            hours = " ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in calendar.office)
            print(Label(f"  办公时间改为{hours}", f"  office hours become {hours}"))


def _calendar(path: str | None, argument: str, over: Calendar | None = None) -> Calendar:
    try:
        return load_calendar(Path(path), over) if path else shipped_calendar()
    except CalendarError as error:
        raise CommandError(f"{argument}: {path}\n{error}") from error


def _budget(arguments: argparse.Namespace) -> Budget:
    for kind in ("working_days", "office_hours", "elapsed"):
        if (value := getattr(arguments, kind)) is not None:
            try:
                return Budget.parse({kind: value.strip()} if kind == "elapsed" else f"{kind}: {value}")
            except ValueError as error:
                raise CommandError(f"--{kind.replace('_', '-')}: {error}") from error
    raise AssertionError("argparse requires one of the three")


def _moment(text: str, argument: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    except ValueError:
        hint = Label(
            f"“{text}”不是时间，应如2026-09-30T10:00（北京时间，可加时区）",
            f"{text!r} is no time like 2026-09-30T10:00 (China time unless it names a zone)",
        )
        raise CommandError(f"{argument}: {hint}") from None


def _suspension(text: str) -> tuple[datetime, datetime | None]:
    begin, slash, end = text.partition("/")
    if not slash:
        hint = Label(
            f"“{text}”应为“开始/结束”，仍在暂停则写“开始/”", f"{text!r} is not FROM/TO, or FROM/ while it is running"
        )
        raise CommandError(f"--suspend: {hint}")
    return _moment(begin, "--suspend"), _moment(end, "--suspend") if end.strip() else None


def _as_json(result: Due) -> dict[str, object]:
    return {
        "due": result.at.isoformat() if result.at else None,
        "provisional": result.provisional,
        "steps": [
            {
                "first": step.first.isoformat(),
                "last": step.last.isoformat(),
                "kind": step.kind,
                "number": step.number,
                "note": step.note.as_json(),
            }
            for step in result.steps
        ],
    }


def _as_text(result: Due, budget: Budget, calendar: Calendar) -> str:
    if result.at:
        due_day = _day_text(result.at.date(), None)
        title = Label(
            f"{due_day}{result.at:%H:%M}到期（{budget.text}）", f"Due {due_day} {result.at:%H:%M} ({budget.text})"
        )
    else:
        title = Label(
            f"暂停计时，恢复后续算（{budget.text}）", f"Suspended: no end until it is resumed ({budget.text})"
        )
    lines = [str(title), *(f"  {_range_text(step)}  {step.note}" for step in result.steps)]
    if result.provisional:
        lines.append(
            Label(
                f"暂定：{calendar.published_until + 1}年起的放假和调休安排尚未载入日历，公布后可能变动",
                f"Provisional: the calendar does not hold the notices from {calendar.published_until + 1} on yet",
            ).format()
        )
    return "\n".join(
        [*lines, str(_LAW[budget.kind]), Label("日历：{name}", "Calendar: {name}").format(name=calendar.revision)]
    )


def _range_text(step: Step) -> str:
    return _day_text(step.first, step.last if step.last != step.first else None)


def _day_text(first: date, last: date | None) -> str:
    if last:
        return f"{first:%Y-%m-%d}—{last:%m-%d}"
    return str(
        Label(f"{first}（周{_WEEKDAYS.zh[first.weekday()]}）", f"{first} ({_WEEKDAYS.en.split()[first.weekday()]})")
    )
