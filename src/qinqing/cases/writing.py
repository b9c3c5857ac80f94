"""写入: the fixed statements of the one write path. Everything that reads uses the ORM.

An ORM query costs many times a fixed one (docs/decisions, 2). Lock order: the case row first, then its
tasks in a second statement: one locking join left every join stuck on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

CASE_COLUMNS = (
    "id,number,procedure_id,party_id,stage,outcome,round,version,seq,level,marking,state,head_hash,closed_at,parent_id"
)
LOCK = f"SELECT {CASE_COLUMNS} FROM cases_case WHERE id=%s"  # noqa: S608 - constants only
TASKS = "SELECT id,node,unit_id,version,assignee_id FROM cases_task WHERE case_id=%s AND state='open'"
DESKS = "SELECT desk,id FROM directory_unit WHERE desk<>'' AND closed_on IS NULL"
PARENT_UNIT = "SELECT parent_id FROM directory_unit WHERE id=%s"
UNITS_STANDING = "SELECT COUNT(*) FROM directory_unit WHERE closed_on IS NULL AND id IN"
COLLEAGUE = (
    "SELECT 1 FROM directory_post p JOIN directory_officer o ON o.id=p.officer_id"
    " WHERE o.user_id=%s AND p.unit_id=%s AND p.ends_on IS NULL"
)
OPEN_CHILD = "SELECT number FROM cases_case WHERE parent_id=%s AND closed_at IS NULL LIMIT 1"
NUMBER = (
    "INSERT INTO cases_numberseries(series,last) VALUES(%s,1)"
    " ON CONFLICT(series) DO UPDATE SET last=cases_numberseries.last+1 RETURNING last"
)
CREATE = (
    "INSERT INTO cases_case(number,receipt_code,procedure_id,party_id,title,channel,stage,outcome,round,version,seq,"
    "head_hash,marking,state,due_at,provisional,calendar,held,level,lead_id,environment,action_area,opened_at,"
    "last_event_at,parent_id,predecessor_id,imported) VALUES(" + ",".join(["%s"] * 27) + ") RETURNING id"
)
MOVE = (
    "UPDATE cases_case SET procedure_id=%s,stage=%s,outcome=%s,round=%s,version=%s,seq=%s,head_hash=%s,marking=%s,"
    "state=%s,due_at=%s,provisional=%s,calendar=%s,held=%s,level=%s,lead_id=%s,closed_at=%s,last_event_at=%s"
    " WHERE id=%s"
)
APPEND = (
    "INSERT INTO cases_event(case_id,seq,action,actor_id,occurred_at,recorded_at,head,hash,idempotency_key)"
    " VALUES(%s,%s,%s,%s,%s,%s,%s,%s,%s) RETURNING id"
)
PAYLOAD = "INSERT INTO cases_payload(event_id,salt,body,retention) VALUES(%s,%s,%s,%s)"
PAYLOAD_OF = "SELECT p.body FROM cases_payload p JOIN cases_event e ON e.id=p.event_id WHERE e.case_id=%s AND e.seq=%s"
OPEN_TASK = "INSERT INTO cases_task(case_id,round,node,unit_id,state,version,opened_at) VALUES(%s,%s,%s,%s,'open',1,%s)"
CLOSE_TASK = (
    "UPDATE cases_task SET state=%s,version=version+1,closed_at=%s,closed_by=%s"
    " WHERE case_id=%s AND node=%s AND unit_id=%s AND state='open'"
)
TOUCH_TASK = "UPDATE cases_task SET version=version+1 WHERE id=%s"
SIGN_TASK = (
    "UPDATE cases_task SET signed_at=COALESCE(signed_at,%s),assignee_id=%s,version=version+1"
    " WHERE case_id=%s AND node=%s AND unit_id=%s AND state='open'"
)
DROP_RUNGS = "DELETE FROM cases_rung WHERE case_id=%s AND clock=%s AND fired_at IS NULL"
FIRED_RUNGS = "SELECT name FROM cases_rung WHERE case_id=%s AND clock=%s AND round=%s AND fired_at IS NOT NULL"
ADD_RUNG = "INSERT INTO cases_rung(case_id,clock,round,revision,name,at) VALUES(%s,%s,%s,%s,%s,%s)"
FIRE_RUNG = "UPDATE cases_rung SET fired_at=%s WHERE id=%s AND fired_at IS NULL"
ATTACH = (
    "INSERT INTO cases_attachment(case_id,event_seq,sha256,name,mime,size,added_by,added_at)"
    " VALUES(%s,%s,%s,%s,%s,%s,%s,%s)"
)
NOTIFY = "INSERT INTO messaging_outbox(source,key,topic,body,created_at) VALUES('cases',%s,%s,%s,%s)"
REPLAY = (
    "SELECT e.case_id,c.number,e.seq,c.version,e.action,e.actor_id FROM cases_event e"
    " JOIN cases_case c ON c.id=e.case_id WHERE e.idempotency_key=%s"
)


class CaseRow(NamedTuple):
    id: int
    number: str
    procedure_id: int
    party_id: int
    stage: str
    outcome: str
    round: int
    version: int
    seq: int
    level: int
    marking: str
    state: str
    head_hash: str
    closed_at: Any
    parent_id: int | None


class TaskRow(NamedTuple):
    id: int
    node: str
    unit_id: int
    version: int
    assignee_id: int | None

    @property
    def token(self) -> str:
        return f"{self.node}@{self.unit_id}"


@lru_cache(maxsize=256)
def when(moment: datetime | None) -> Any:
    """A time in the form in which the ORM stores it. One act writes the same moment many times."""
    return connection.ops.adapt_datetimefield_value(moment) if moment else None


def read_time(value: Any) -> datetime | None:
    """A time from a fixed statement: SQLite gives text in UTC, PostgreSQL an aware datetime."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value  # type: ignore[no-any-return]


def lock_case(db: CursorWrapper, case_id: int) -> CaseRow | None:
    """The case, locked until the transaction ends (on SQLite the transaction itself is the lock)."""
    db.execute(LOCK + (" FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""), [case_id])
    row = db.fetchone()
    return CaseRow._make(row) if row else None


def open_tasks(db: CursorWrapper, case_id: int) -> list[TaskRow]:
    db.execute(TASKS, [case_id])
    return [TaskRow._make(row) for row in db.fetchall()]


def desks(db: CursorWrapper) -> dict[str, int]:
    """The county's desks: code -> unit id."""
    db.execute(DESKS)
    return dict(db.fetchall())


def scalar(db: CursorWrapper, sql: str, values: Sequence[Any]) -> Any:
    """The first column of the first row, or None."""
    db.execute(sql, values)
    row = db.fetchone()
    return row[0] if row else None


def many(db: CursorWrapper, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        db.execute(sql, row)


@contextmanager
def batch() -> Iterator[None]:
    """Statements nobody waits for: one round trip on PostgreSQL, nothing special on SQLite."""
    if connection.vendor != "postgresql":
        yield
    else:
        with connection.wrap_database_errors, connection.connection.pipeline():
            yield
