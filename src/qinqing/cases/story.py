"""办理经过: a case's events as people read them. The party reads less, and a reply only once it is signed off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qinqing.cases.models import Attachment, Event
from qinqing.cases.procedure import LEVELS, Field
from qinqing.cases.state import split
from qinqing.lib.labels import Label

if TYPE_CHECKING:
    from qinqing.cases.casefile import CaseFile

STANDARD_LABELS = {
    "sign": Label("签收", "Signed for"),
    "assign": Label("转交", "Handed to a colleague"),
    "note": Label("记事", "Note"),
    "attend": Label("督办处理", "Supervision attended to"),
    "approve": Label("同意", "Approved"),
    "refuse": Label("退回修改", "Sent back"),
    "resume": Label("恢复计时", "Clock resumed"),
    "rung": Label("系统提醒", "Reminder by the system"),
    "reproject": Label("日历更新", "Calendar updated"),
    "move_version": Label("换用新版流程", "Moved to another version"),
    "proceed": Label("自动办理", "Done automatically"),
}
QUIET = frozenset({"sign", "assign", "note", "attend", "refuse", "rung", "reproject"})  # not for the party


@dataclass(frozen=True, slots=True)
class Said:
    """One thing somebody wrote or chose in an act."""

    label: Label
    text: Label


@dataclass(frozen=True, slots=True)
class Happened:
    """One event as people read it. `kind`: act, warn (suspension, urging), system."""

    seq: int
    at: datetime
    who: str
    unit: Label
    title: Label
    said: tuple[Said, ...]
    kind: str
    hash: str
    recorded_at: datetime
    files: tuple[Attachment, ...]
    erased: bool


def tell(file: CaseFile, *, party: bool = False) -> list[Happened]:
    """The whole story, newest first. For the party: only what is theirs to read."""
    files: dict[int, list[Attachment]] = {}
    for attachment in sorted(file.case.attachments.all(), key=lambda attached: attached.pk):  # may be read beforehand
        files.setdefault(attachment.event_seq or 0, []).append(attachment)
    told = [_told(file, event, files.get(event.seq, []), party) for event in file.events]
    return [item for item in reversed(told) if item]


def _told(file: CaseFile, event: Event, files: list[Attachment], party: bool) -> Happened | None:
    head = json.loads(event.head)
    moves, payload = head["moves"], payload_of(event)
    texts, form, title = payload.get("texts", {}), head["form"], _title(file, event.action, moves)
    if event.action == "approve":
        texts, title = _approved(file, head["at"], event.seq, texts, title)
    said = tuple(_said(file, texts, form, party))
    theirs = event.action == "open" or _by_party(file, event.action)
    if party and not theirs and ("propose" in moves or event.action in QUIET or not (said or "outcome" in moves)):
        return None
    return Happened(
        event.seq,
        event.occurred_at,
        "" if party and not theirs else _who(file, event, payload),
        file.units[split(head["at"])[1]].label if head["at"] else Label("", ""),
        title,
        said,
        _kind(file, event, moves),
        event.hash,
        event.recorded_at,
        () if party and not theirs else tuple(files),  # what officers attach is for officers: evidence, inner papers
        event.payload.erased_at is not None,
    )


def _by_party(file: CaseFile, action: str) -> bool:
    return any(act.by == "party" for _, act in file.spec.all_acts() if act.name == action)


def _kind(file: CaseFile, event: Event, moves: Mapping[str, Any]) -> str:
    held = any(clock is not None and clock["due"] is None for clock in moves.get("clocks", {}).values())
    if held or event.action in {"urge", "rung", "instruct"}:
        return "warn"
    nobody = event.actor_id is None and not _by_party(file, event.action)  # who holds a receipt is somebody
    return "system" if nobody else "act"


def _who(file: CaseFile, event: Event, payload: Mapping[str, Any]) -> str:
    return file.names.get(event.actor_id or 0, "") or str(payload.get("actor", ""))


def _title(file: CaseFile, action: str, moves: Mapping[str, Any]) -> Label:
    if action == "rung":
        level = LEVELS[moves["level"] - 1] if "level" in moves else ""
        return file.spec.ladder[level].label if level in file.spec.ladder else STANDARD_LABELS["rung"]
    act = file.spec.named(action)
    label = act.label if act else STANDARD_LABELS.get(action, Label(action, action))
    return Label(f"{label.zh}（待审批）", f"{label.en} (to be approved)") if "propose" in moves else label


def _approved(
    file: CaseFile, at: str, seq: int, texts: Mapping[str, str], title: Label
) -> tuple[Mapping[str, str], Label]:
    """An approval shows what was approved."""
    node = split(at)[0]
    for event in reversed(file.events):
        if event.seq < seq and at in json.loads(event.head)["moves"].get("propose", {}):
            act = file.spec.named(node[1:])
            approval = act.approved_by.label if act and act.approved_by else title
            merged = Label(f"{approval.zh}：{act.label.zh}", f"{approval.en}: {act.label.en}") if act else title
            return payload_of(event).get("texts", {}), merged
    return texts, title


def _said(file: CaseFile, texts: Mapping[str, str], form: Mapping[str, Any], party: bool) -> Iterable[Said]:
    for name, value in {**form, **texts}.items():
        item = file.spec.fields.get(name)
        if item is None:
            if not party:
                yield Said(Label("内容", "Text"), Label(str(value), str(value)))
        elif (item.party or not party) and item.type != "confirm":
            yield Said(item.label, value_label(file, item, value))


def value_label(file: CaseFile, item: Field, value: Any) -> Label:
    """A field's value as people read it."""
    if item.type == "choice":
        return item.choices.get(str(value), Label(str(value), str(value)))
    if item.type in {"unit", "units"}:
        units = [file.units[int(pk)] for pk in ([value] if item.type == "unit" else value) if int(pk) in file.units]
        return Label("、".join(u.name for u in units), ", ".join(u.name_en or u.name for u in units))
    text = str(value)
    if item.type == "phone" and len(text) >= 7:
        text = f"{text[:3]}****{text[-4:]}"
    return Label(text, text)


def payload_of(event: Event) -> dict[str, Any]:
    """What was said with an event; empty when erased."""
    body = event.payload.body
    return json.loads(body) if body else {}
