"""历史导入: dated messages with their replies become cases that were opened and closed at the times of the source.

`occurred_at` is theirs, `recorded_at` is now. One transaction per message; a message is known by `source:id`, so that
importing again adds only what is new. History is not rewritten: a known message that reads otherwise now is named.
The whole file is checked first; then messages come in by their time, so that case numbers follow it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from qinqing.accounts.actor import SYSTEM
from qinqing.appeals import alike_groups
from qinqing.appeals.intake import title_of
from qinqing.appeals.message_rows import Columns, Message, Row, check_row, find_columns
from qinqing.appeals.models import ColumnMapping, Writer
from qinqing.cases import calendars, forms, library, shelf
from qinqing.cases.acting import act, open_case
from qinqing.cases.models import Case, Event, Payload
from qinqing.cases.procedure import Procedure
from qinqing.cases.refusals import Conflict
from qinqing.directory.company_rows import Fault
from qinqing.directory.models import Party, Unit
from qinqing.directory.services import create_party, create_unnamed
from qinqing.directory.tables import Cell, Unreadable, read_table
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label

PROCEDURE = "message"
CHANNEL = "online"
AT_ONCE = 200  # messages whose earlier import is looked up together
_OF_FORM = {"other_columns": "other"}  # field of the form -> of the row
Progress = Callable[[int, int], None]  # (messages done, messages in all)


@dataclass(slots=True)
class Imported:
    """What an import did, in messages: `new`, `same` (known already), `unanswered` (no reply in the source: not brought
    in; import again when there is one), `bad` rows; `day_only`: of the new, those with a time known to the day."""

    rows: int = 0
    new: int = 0
    same: int = 0
    unanswered: int = 0
    bad: int = 0
    day_only: int = 0
    faults: list[Fault] = field(default_factory=list)
    unanswered_rows: list[int] = field(default_factory=list)
    ignored: tuple[str, ...] = ()  # headers kept as text


def bring_in(
    path: Path,
    given: Mapping[str, str],
    source: str,
    now: datetime,
    *,
    check_only: bool = False,
    progress: Progress = lambda done, total: None,
) -> Imported:
    """Import a CSV of messages; `given` maps column headers to fields. With `check_only` nothing is written, and `new`
    counts what would be. Raises Invalid when the file is no such table or this installation is not ready for it."""
    if path.suffix.lower() not in {".csv", ".txt"}:
        raise Unreadable(
            "请另存为CSV（表格文件中的时刻会丢失）", "save it as CSV (spreadsheet files lose the hour here)"
        )
    rows = list(enumerate(read_table(path), 1))
    header = next((number for number, cells in rows if cells), None)
    if header is None:
        raise Unreadable("文件是空的", "the file is empty")
    columns = find_columns(rows[header - 1][1], given)
    body = [(number, cells) for number, cells in rows[header:] if cells]
    spec = _procedure(now, store=not check_only)
    checked = list(_checked(body, columns, spec, now))
    done = _sorted_out(checked, columns)
    sound = sorted((row.message for row in checked if row.message), key=lambda one: (one.sent_at, one.row))
    for begin in range(0, len(sound), AT_ONCE):
        together = sound[begin : begin + AT_ONCE]
        known = _known(together, source)
        for message in together:
            _take(message, known, columns, source, now, done, check_only)
        progress(begin + len(together), len(sound))
    if done.new and not check_only:
        alike_groups.refresh(now)
    return done


def saved_mapping(name: str) -> ColumnMapping:
    """The mapping saved under this name. Raises Invalid."""
    found = ColumnMapping.objects.filter(name=name).first()
    if found is None:
        known = "、".join(ColumnMapping.objects.order_by("name").values_list("name", flat=True)) or "—"
        raise Invalid(f"没有名为“{name}”的列对应；已有：{known}", f"no mapping is called {name!r}; there are: {known}")
    return found


def save_mapping(name: str, columns: Mapping[str, str], source: str, now: datetime) -> None:
    """Keep a mapping for the next import; one of the same name is replaced."""
    ColumnMapping.objects.update_or_create(
        name=name, defaults={"columns": dict(columns), "source": source, "saved_at": now}
    )


# ── private ──


def _procedure(now: datetime, *, store: bool) -> Procedure:
    """The procedure in force, proved and stored; the desk it needs must be there."""
    if not Unit.objects.filter(desk="window", closed_on=None).exists():
        raise Invalid(
            "还没有窗口岗位，请先运行 qinqing directory load-county",
            "there is no window desk yet; run qinqing directory load-county first",
        )
    source = next(source for source in library.read_all(settings.COUNTY) if source.code == PROCEDURE)
    spec = library.load(source.text, source.path)
    if store:
        shelf.store(spec, now)
    return spec


def _checked(rows: Sequence[tuple[int, list[Cell]]], columns: Columns, spec: Procedure, now: datetime) -> Iterator[Row]:
    """Rows with everything that is wrong with them, as far as the file alone can tell."""
    first_day = calendars.current().first
    first_rows: dict[str, int] = {}
    for number, cells in rows:
        row = check_row(number, cells, columns, now, first_day)
        message = row.message
        if message is None:
            yield row
            continue
        earlier = first_rows.setdefault(message.id, number)
        mends = _unfit(spec, message)
        if earlier != number:
            mends["id"] = Label(
                f"与第{earlier}行编号相同，请核对后只留一行", f"Same as in row {earlier}; keep one of both"
            )
        faults = [
            Fault(number, columns.name(_OF_FORM.get(name, name)), str(getattr(message, name, ""))[:40], mend)
            for name, mend in mends.items()
        ]
        yield Row(number, faults=tuple(faults)) if faults else row


def _sorted_out(rows: Sequence[Row], columns: Columns) -> Imported:
    """The account of the import before anything is written."""
    unanswered = [row.number for row in rows if row.unanswered]
    return Imported(
        rows=len(rows),
        unanswered=len(unanswered),
        unanswered_rows=unanswered,
        bad=sum(bool(row.faults) for row in rows),
        faults=[fault for row in rows for fault in row.faults],
        ignored=tuple(columns.header[index] for index in columns.other),
    )


def _unfit(spec: Procedure, message: Message) -> dict[str, Label]:
    """What the procedure's forms would refuse (too long, control characters), by field."""
    faults: dict[str, Label] = {}
    for action, values in (("open", _opening(message)), ("reply", _answering(message))):
        declared = spec.opens_with if action == "open" else spec.first.acts[action]
        try:
            forms.fill(*forms.fields_of(spec, declared, action), values)
        except forms.Bad as bad:
            faults |= bad.fields
    return faults


def _opening(message: Message) -> dict[str, Any]:
    return {
        "text": message.text,
        "topic": message.topic,
        "author": message.author,
        "other_columns": message.other,
        "sent_day_only": "sent_at" in message.day_only,
    }


def _answering(message: Message) -> dict[str, Any]:
    return {"reply": message.reply, "reply_day_only": "replied_at" in message.day_only}


def _key(message: Message, source: str) -> str:
    return f"{source}:{message.id}"


def _known(messages: Sequence[Message], source: str) -> dict[str, tuple[Any, ...] | None]:
    """Key -> what was imported under it (times and texts), None where the texts have been erased since."""
    keys = [_key(message, source) for message in messages]
    key_of = {case: str(key) for case, key in Case.objects.filter(imported__in=keys).values_list("pk", "imported")}
    # table by table, as in alike_groups: the database has no statistics yet of rows brought in a moment ago
    events = list(Event.objects.filter(case__in=list(key_of)).order_by("case", "seq"))
    bodies = dict(Payload.objects.filter(event__in=[event.pk for event in events]).values_list("event_id", "body"))
    known: dict[str, list[Any]] = {}
    for event in events:
        body = bodies[event.pk]
        said = json.loads(body)["texts"] if body is not None else None
        known.setdefault(key_of[event.case_id], []).extend([event.occurred_at, said])
    return {key: None if None in facts else tuple(facts[:4]) for key, facts in known.items()}


def _take(
    message: Message,
    known: Mapping[str, tuple[Any, ...] | None],
    columns: Columns,
    source: str,
    now: datetime,
    done: Imported,
    check_only: bool,
) -> None:
    """Bring in, or recognise."""
    key = _key(message, source)
    if key not in known:
        new = check_only or _brought_in(message, source, now)
        done.new += new
        done.same += not new
        done.day_only += bool(message.day_only)
    elif known[key] is None or known[key] == _facts(message):
        done.same += 1
    else:
        done.bad += 1
        done.faults.append(Fault(message.row, columns.name("id"), message.id, _CHANGED))


_CHANGED = Label(
    "该编号已导入，内容或时间与本行不同；历史不改写。若来自另一平台，请用--source另起来源名",
    "Imported already with another text or time; history is not rewritten. From another platform? Give a --source",
)


def _facts(message: Message) -> tuple[Any, ...]:
    """What `_known` gives when this message was imported."""
    opening = {name: text for name, text in _opening(message).items() if isinstance(text, str) and text}
    return message.sent_at, opening, message.replied_at, {"reply": message.reply}


def _brought_in(message: Message, source: str, now: datetime) -> bool:
    """True when it is new; False when another import, running beside, was faster with it."""
    try:
        _write(message, source, now)
    except (Conflict, IntegrityError):  # with the message, or only with its writer
        if Case.objects.filter(imported=_key(message, source)).exists():
            return False
        _write(message, source, now)
    return True


@transaction.atomic
def _write(message: Message, source: str, now: datetime) -> None:
    opened = open_case(
        PROCEDURE, _party(message.author, source, now), SYSTEM, now, _opening(message),
        title=message.topic or title_of(message.text), channel=CHANNEL, occurred_at=message.sent_at,
        imported=_key(message, source),
    )  # fmt: skip
    act(opened.case_id, "reply", SYSTEM, now, _answering(message), occurred_at=message.replied_at)


def _party(author: str, source: str, now: datetime) -> int:
    """Who wrote: one unnamed party for each writer's name of the source; nobody known, a new one."""
    if not author:
        return create_unnamed(now).pk
    known = Writer.objects.filter(source=source, name=author).values_list("party_id", flat=True).first()
    if known is None:
        known = create_party(Party.Kind.UNNAMED, f"网友{author}", now).pk
        Writer.objects.create(source=source, name=author, party_id=known)
    return known
