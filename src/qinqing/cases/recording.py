"""记录: one event in the making, and how it is written with its payload, tasks, files and outbox entry."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from qinqing.accounts.actor import Actor
from qinqing.audit.chain import canonical, commitment, link
from qinqing.cases import writing
from qinqing.cases.blobs import StoredFile
from qinqing.cases.forms import Filled
from qinqing.cases.procedure import Procedure
from qinqing.cases.state import Moves, State, iso, split
from qinqing.cases.writing import when
from qinqing.lib.wallclock import CHINA


class Entry:
    """An event in the making: its head, its payload, its place in the chain."""

    def __init__(
        self,
        number: str,
        seq: int,
        action: str,
        actor: Actor,
        at: str,
        happened: datetime,
        now: datetime,
        moves: Moves,
        filled: Filled,
        files: Sequence[StoredFile],
        previous: str,
        more: Mapping[str, Any] | None = None,
        private: Mapping[str, Any] | None = None,
    ) -> None:
        """`more` goes into the head, which stays; `private` into the payload, which may be erased."""
        self.number, self.seq, self.action, self.actor = number, seq, action, actor
        self.happened, self.now, self.files = happened, now, files
        self.salt = secrets.token_hex(16)
        self.payload = canonical(
            {"actor": actor.name, "texts": filled.texts, "files": [f.name for f in files], **(private or {})}
        )
        self.head = canonical(
            {
                "case": number,
                "seq": seq,
                "action": action,
                "actor": actor.user_id,
                "at": at,
                "occurred": iso(happened),
                "recorded": iso(now),
                "form": filled.set,
                "files": [file.sha256 for file in files],
                "moves": moves,
                "commitment": commitment(self.salt, self.payload),
                **(more or {}),
            }
        )
        self.hash = link(previous, self.head)


def record(
    db: CursorWrapper, case_id: int, spec: Procedure, event: Entry, state: State, moves: Moves, key: str | None
) -> None:
    """Append the event with its payload, open the tasks, attach the files, fill the outbox."""
    event_id = writing.scalar(db, writing.APPEND, [
        case_id, event.seq, event.action, event.actor.user_id, when(event.happened), when(event.now), event.head,
        event.hash, key,
    ])  # fmt: skip
    body = canonical(
        {"case": case_id, "number": event.number, "seq": event.seq, "action": event.action, "procedure": spec.code,
         "stage": state.stage, "outcome": state.outcome, "level": moves.get("level"), "at": iso(event.happened)}
    )  # fmt: skip
    with writing.batch():
        db.execute(writing.PAYLOAD, [event_id, event.salt, event.payload, "standard"])
        for tok in moves.get("open", ()):
            db.execute(writing.OPEN_TASK, [case_id, state.round, *split(tok), when(event.happened)])
        for file in event.files:
            db.execute(writing.ATTACH, [
                case_id, event.seq, file.sha256, file.name, file.mime, file.size, event.actor.user_id,
                when(event.happened),
            ])  # fmt: skip
        topic = f"case.{spec.code}.{event.action}"
        db.execute(writing.NOTIFY, [f"{event.number}#{event.seq}", topic, body, when(event.now)])


def next_number(db: CursorWrapper, spec: Procedure, moment: datetime) -> str:
    year = moment.astimezone(CHINA).year
    prefix = spec.number.split("{", 1)[0]
    return spec.number.format(year=year, seq=writing.scalar(db, writing.NUMBER, [f"{prefix}{year}"]))


def due_of(state: State) -> Any:
    return when(datetime.fromisoformat(state.due)) if state.due and state.is_open else None


def calendar_of(state: State, current: str) -> str:
    """The calendar revision behind the case's due times; an older one while some clock still has to follow."""
    return next((clock["calendar"] for clock in state.clocks.values() if clock["calendar"] != current), current)
