"""对照: a case's rows and files held against its records. What pages show and lists sort by must follow from the chain.

`row_differences` compares every column; `file_differences` opens the attached files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from qinqing.audit.histories import Difference
from qinqing.cases import blobs, shelf
from qinqing.cases.models import Attachment, Case, Event, Task
from qinqing.cases.state import State, apply, split
from qinqing.lib.labels import Label

ERASED_TITLE = "（内容已按期清除）"
_SHOWN = 200  # characters of a value in a finding


def row_differences(
    case: Case, events: Sequence[Event], open_tasks: Sequence[Task], attachments: Sequence[Attachment]
) -> list[Difference]:
    """The chain itself must be whole, else its fold means nothing."""
    try:
        heads = [json.loads(event.head) for event in events]
        return [
            *_case_differences(case, heads, open_tasks),
            *_opening_differences(case, heads[0], events),
            *(found for event, head in zip(events, heads, strict=True) for found in _event_differences(event, head)),
            *_attachment_differences(events, heads, attachments),
        ]
    except (ValueError, KeyError, TypeError, IndexError) as error:  # what was tampered with need not be readable
        said = f"{type(error).__name__}: {error}"[:_SHOWN]
        return [Difference(Label(f"主记录无法读取（{said}）", f"the owner's row cannot be read ({said})"))]


def file_differences(attachments: Sequence[Attachment]) -> list[Difference]:
    """Attached files that are gone from the store, or hold something else."""
    return [found for attachment in attachments if (found := _file_difference(attachment))]


def _case_differences(case: Case, heads: Sequence[dict[str, Any]], open_tasks: Sequence[Task]) -> Iterator[Difference]:
    state, closed = State(""), None
    procedure: int | str = heads[0]["procedure"]
    for head in heads:
        was_open, state = state.is_open, apply(state, head["moves"])
        procedure = head["moves"].get("procedure", procedure)
        if state.is_open:
            closed = None
        elif was_open:
            closed = _time(head["occurred"])
    pairs = {
        "procedure": (case.procedure_id if isinstance(procedure, int) else _version(case.procedure_id), procedure),
        "party": (case.party_id, heads[0]["party"]),
        "channel": (case.channel, heads[0]["channel"]),
        "stage": (case.stage, state.stage),
        "outcome": (case.outcome, state.outcome),
        "round": (case.round, state.round),
        "version": (case.version, state.version),
        "level": (case.level, state.level),
        "marking": (tuple(case.marking.split()), state.marking),
        "state": (json.loads(case.state), json.loads(state.to_json())),
        "due_at": (case.due_at, _time(state.due) if state.due and state.is_open else None),
        "provisional": (case.provisional, state.provisional),
        "held": (case.held, state.held),
        "lead": (case.lead_id, state.fields.get("lead")),
        "opened_at": (case.opened_at, _time(heads[0]["occurred"])),
        "closed_at": (case.closed_at, closed),
        "last_event_at": (case.last_event_at, _time(heads[-1]["occurred"])),
        "tasks": (
            sorted((task.node, task.unit_id) for task in open_tasks),
            sorted(split(tok) for tok in state.marking),
        ),
    }
    return (_differs(name, row, told) for name, (row, told) in pairs.items() if row != told)


def _opening_differences(case: Case, head: dict[str, Any], events: Sequence[Event]) -> Iterator[Difference]:
    """What a case was opened with. Title and receipt code stand in the payload: once it is erased the title must be
    gone as well, and of the code nothing is known. Cases of before these were recorded have nothing to compare."""
    if "tags" not in head:
        return iter(())
    pairs: dict[str, tuple[Any, Any]] = {
        "tags": ([case.environment, case.action_area], head["tags"]),
        "parent": (case.parent_id, head["parent"]),
        "predecessor": (case.predecessor_id, head["predecessor"]),
        "imported": (case.imported, head["imported"]),
    }
    said = json.loads(events[0].payload.body or "{}")
    if any(event.payload.erased_at for event in events):
        pairs["title"] = (case.title, ERASED_TITLE)
    elif said:
        pairs["title"] = (case.title, said["title"])
    if said:
        pairs["receipt code"] = (case.receipt_code, said["receipt"])
    return (_differs(name, row, told, 1) for name, (row, told) in pairs.items() if row != told)


def _event_differences(event: Event, head: dict[str, Any]) -> Iterator[Difference]:
    """The columns by which records are found and shown must be those of the record."""
    pairs = {
        "action": (event.action, head["action"]),
        "actor": (event.actor_id, head["actor"]),
        "occurred_at": (event.occurred_at, _time(head["occurred"])),
        "recorded_at": (event.recorded_at, _time(head["recorded"])),
    }
    return (_differs(name, row, told, event.seq) for name, (row, told) in pairs.items() if row != told)


def _attachment_differences(
    events: Sequence[Event], heads: Sequence[dict[str, Any]], attachments: Sequence[Attachment]
) -> Iterator[Difference]:
    for event, head in zip(events, heads, strict=True):
        mine = [attachment for attachment in attachments if attachment.event_seq == event.seq]
        if [attachment.sha256 for attachment in mine] != head["files"]:
            yield _differs("attachments", [attachment.sha256 for attachment in mine], head["files"], event.seq)
        elif event.payload.body and [attachment.name for attachment in mine] != (
            named := json.loads(event.payload.body).get("files", [])
        ):
            yield _differs("attachment names", [attachment.name for attachment in mine], named, event.seq)
    known = {event.seq for event in events}
    for attachment in attachments:
        if attachment.event_seq not in known:
            text = Label(f"附件“{attachment.name}”不属于任何一条", f"file “{attachment.name}” belongs to no record")
            yield Difference(text)


def _file_difference(attachment: Attachment) -> Difference | None:
    seq, name = attachment.event_seq, attachment.name
    try:
        with blobs.path(attachment.sha256).open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except (OSError, ValueError):
        return Difference(Label(f"第{seq}条的附件“{name}”不见了", f"file “{name}” of record {seq} is gone"), seq)
    if found == attachment.sha256:
        return None
    return Difference(Label(f"第{seq}条的附件“{name}”被换过", f"file “{name}” of record {seq} was swapped"), seq)


def _differs(name: str, row: Any, told: Any, seq: int | None = None) -> Difference:
    here, there = f"{row!r}"[:_SHOWN], f"{told!r}"[:_SHOWN]
    return Difference(Label(f"{name}现为{here}，按经过应为{there}", f"{name} is {here}, by the records {there}"), seq)


def _version(procedure_id: int) -> str:
    spec = shelf.by_id(procedure_id)
    return f"{spec.code}@{spec.version}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
