"""办理: the one public write. What an act changes, its history and what it sends out commit in one transaction.

`open_case` and `act` lock the case row, check that the actor may, the form is whole, the guards hold and nothing has
changed since the person looked; run the act's effects; move case and tasks; re-arm clocks; append the event; fill the
outbox. Nothing else writes cases (the fixed statements are in `writing.py`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from qinqing.accounts.actor import Actor
from qinqing.audit.chain import GENESIS
from qinqing.cases import accepting, calendars, clocks, decide, forms, recording, registry, shelf, versions, writing
from qinqing.cases.blobs import StoredFile
from qinqing.cases.drafting import Command, NotAllowed, World
from qinqing.cases.permitting import fits, may_act
from qinqing.cases.procedure import Act
from qinqing.cases.refusals import Conflict, NotOpen, Refused, Unknown
from qinqing.cases.state import Moves, State, apply, iso, restore, split
from qinqing.cases.writing import CaseRow, TaskRow, when
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

RECEIPT_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # read aloud and typed without mistakes


@dataclass(frozen=True, slots=True)
class Done:
    """What was done. `replayed`: it had been done before by the same key, and was not done again."""

    case_id: int
    number: str
    seq: int
    version: int
    replayed: bool = False


def open_case(
    procedure: str,
    party_id: int,
    actor: Actor,
    now: datetime,
    data: Mapping[str, Any],
    *,
    title: str,
    channel: str = "window",
    idempotency_key: str | None = None,
    files: Sequence[StoredFile] = (),
    then: tuple[str, Mapping[str, Any]] | None = None,
    occurred_at: datetime | None = None,
    parent_id: int | None = None,
    predecessor_id: int | None = None,
    imported: str | None = None,
    tags: tuple[str, str] = ("", ""),
) -> Done:
    """Open a case in the procedure's first stage; `then` is a first act done in the same transaction (受理并交办).

    `tags`: environment and action area (M2, M3). `occurred_at` differs from `now` for history brought in by the system.
    Raises Refused, Incomplete, Conflict.
    """
    spec_id = shelf.current_id(procedure)
    spec = shelf.by_id(spec_id)
    key = accepting.scoped_key(actor, idempotency_key)
    happened = accepting.happened_at(actor, now, occurred_at)

    def write() -> Done:
        with connection.cursor() as db:
            accepting.check_parent(db, parent_id)
            filled = accepting.fill(db, spec, spec.opens_with, "open", data)
            world = World(calendars.current(), writing.desks(db))
            command = Command("open", actor.user_id, happened, set=filled.set, seq=1)
            moves = decide.begin(spec, command, world)
            state = apply(State(""), moves)
            number = recording.next_number(db, spec, happened)
            code = "".join(secrets.choice(RECEIPT_ALPHABET) for _ in range(10))
            head = {
                "procedure": f"{spec.code}@{spec.version}", "channel": channel, "party": party_id, "tags": tags,
                "parent": parent_id, "predecessor": predecessor_id, "imported": imported,
            }  # fmt: skip
            private = {"title": title[:80], "receipt": code}
            event = recording.Entry(
                number, 1, "open", actor, "", happened, now, moves, filled, files, GENESIS, head, private
            )
            values = [
                number, code, spec_id, party_id, title[:80], channel, state.stage, "", state.round, state.version, 1,
                event.hash, " ".join(state.marking), state.to_json(), recording.due_of(state), state.provisional,
                world.calendar.revision, state.held, state.level, state.fields.get("lead"), *tags,
                when(happened), when(happened), parent_id, predecessor_id, imported,
            ]  # fmt: skip
            case_id = writing.scalar(db, writing.CREATE, values)
            recording.record(db, case_id, spec, event, state, moves, key)
            clocks.arm(db, case_id, spec, moves, happened, world.calendar)
        return Done(case_id, number, 1, state.version)

    def whole() -> Done:
        with transaction.atomic():
            done = write()
            return act(done.case_id, then[0], actor, now, then[1], occurred_at=occurred_at) if then else done

    return _once(whole, key, "open")


def act(
    case_id: int,
    action: str,
    actor: Actor,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    *,
    task_id: int | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
    files: Sequence[StoredFile] = (),
    occurred_at: datetime | None = None,
) -> Done:
    """Do one act. `expected_version` is the task's version for work at a task (so that units working in parallel do not
    reject each other), the case's otherwise. Raises Refused, Incomplete, Conflict, NotOpen, Unknown; nothing is changed
    then. The same `idempotency_key` acts once, and answers again what it answered.
    """
    key = accepting.scoped_key(actor, idempotency_key)
    happened = accepting.happened_at(actor, now, occurred_at)

    def whole() -> Done:
        with transaction.atomic(), connection.cursor() as db:
            return _Acting(db, case_id, action, actor, now, happened, task_id).run(
                data or {}, expected_version, key, files
            )

    return _once(whole, key, action, case_id)


def done_before(case_id: int, action: str, actor: Actor, idempotency_key: str) -> Done | None:
    """What the actor did to the case with this key, if anything: who pressed the button twice sees what was done.

    Raises Incomplete, and Conflict when the key was used for something else."""
    key = accepting.scoped_key(actor, idempotency_key)
    return _replay(key, action, case_id) if key else None


class _Acting:
    """One act inside its transaction."""

    def __init__(
        self,
        db: CursorWrapper,
        case_id: int,
        action: str,
        actor: Actor,
        now: datetime,
        happened: datetime,
        task_id: int | None,
    ) -> None:
        self.db, self.action, self.actor, self.now, self.happened = db, action, actor, now, happened
        row = writing.lock_case(db, case_id)
        if row is None:
            raise Unknown(Label("没有这件办件", "There is no such case"))
        self.row: CaseRow = row
        self.spec = shelf.by_id(row.procedure_id)
        self.state = restore(
            stage=row.stage, outcome=row.outcome, round=row.round, version=row.version, level=row.level,
            marking=row.marking, state=row.state,
        )  # fmt: skip
        self.tasks = writing.open_tasks(db, case_id)
        self.desks = writing.desks(db)
        self.act: Act | None = None
        self.texts: Mapping[str, str] = {}
        if action not in decide.STANDARD_ACTS:
            self.act = self.spec.act(row.stage, row.outcome, action)
            if self.act is None:
                raise NotOpen(
                    Label("这件办件已经变化，当前不能这样办理", "The case has moved on; this cannot be done now")
                )
        self.task = self._task(task_id)

    def run(self, data: Mapping[str, Any], expected: int | None, key: str | None, files: Sequence[StoredFile]) -> Done:
        self._permit()
        self._compare(expected)
        system = data if self.actor.kind == "system" and self.act is None else {}
        filled = self._filled(data) if not system else forms.Filled({}, {})
        self.texts = filled.texts
        world = World(calendars.current(), self.desks, self._guard, self._why)
        command = Command(
            self.action,
            self.actor.user_id,
            self.happened,
            self.task.token if self.task else "",
            {**filled.set, **self._automatic()},
            len(files),
            self.row.seq + 1,
            {
                **system,
                **filled.set,
                "closed_at": iso(closed) if (closed := writing.read_time(self.row.closed_at)) else "",
            },
        )
        self._check_version(system)
        try:
            moves = decide.decide(self.spec, self.state, command, world)
        except NotAllowed as error:
            raise (NotOpen if error.gone else Refused)(error.why) from None
        self._run_effects(moves)
        state = apply(self.state, moves)
        self._may_end(state)
        return self._write(moves, state, filled, files, key, world)

    def _task(self, task_id: int | None) -> TaskRow | None:
        """The task acted at: the one named, or the only one of the act's node that the actor may work on. None for what
        is done from outside."""
        if self.act and (self.row.outcome or self.act.by not in self.spec.stages[self.row.stage].tasks):
            return None
        if task_id is not None:
            for task in self.tasks:
                if task.id == task_id:
                    return task
            raise NotOpen(Label("这项任务已经办结或收回", "This task has been done or taken back"))
        if self.actor.kind == "system" and self.act is None:
            return None
        fitting = [task for task in self.tasks if self._fits(task)]
        mine = [task for task in fitting if self._may(task)]
        return (mine or fitting or [None])[0]  # type: ignore[list-item]

    def _fits(self, task: TaskRow) -> bool:
        """Whether the act is one that is done at such a task."""
        return task.node == self.act.by if self.act else fits(self.action, task.node)

    def _may(self, task: TaskRow | None) -> bool:
        return may_act(
            self.spec, self.state, self.act, self.action, task.token if task else "", self.actor, self.row.party_id,
            self.desks, lambda unit: writing.scalar(self.db, writing.PARENT_UNIT, [unit]),
        )  # fmt: skip

    def _permit(self) -> None:
        if not self._may(self.task):
            raise Refused(Label("您的岗位不能办理这一步", "Your post does not allow this step"))
        executed = self._executed()
        if executed and "handler" in executed.never and self.actor.user_id in self.state.handlers:
            raise Refused(
                Label("您是经办人，不能核销本件，请由他人办理", "You handled this case; somebody else must do this")
            )

    def _compare(self, expected: int | None) -> None:
        current = self.task.version if self.task else self.row.version
        if expected is not None and expected != current:
            raise Conflict(
                Label(
                    "他人刚刚办理过，您填写的内容已保留，请核对后再提交",
                    "Somebody has just acted; what you typed is kept. Check and send again",
                ),
                extra={"expected": expected, "current": current, "seq": self.row.seq},
            )

    def _filled(self, data: Mapping[str, Any]) -> forms.Filled:
        if self.action == "approve":
            return self._proposed()
        return accepting.fill(self.db, self.spec, self.act, self.action, data, self.task.unit_id if self.task else None)

    def _proposed(self) -> forms.Filled:
        """What was proposed, from the payload of the event that proposed it."""
        proposal = self.state.proposals.get(self.task.token if self.task else "")
        if proposal is None:
            raise NotOpen(Label("这项审批已经处理", "This approval has been dealt with"))
        fields = self.spec.fields
        head = writing.scalar(
            self.db, "SELECT head FROM cases_event WHERE case_id=%s AND seq=%s", [self.row.id, proposal["seq"]]
        )
        chosen = json.loads(head)["form"]
        return forms.Filled({name: value for name, value in chosen.items() if name in fields}, {})

    def _automatic(self) -> Mapping[str, Any]:
        """自动环节: its effect runs first, and what it finds decides the branch."""
        stage = self.spec.stages.get(self.row.stage)
        if self.action != "proceed" or stage is None or not stage.automatic:
            return {}
        return registry.EFFECTS[stage.automatic](self._context(self.state.fields)) or {}

    def _context(self, fields: Mapping[str, Any]) -> registry.Context:
        row = self.row
        return registry.Context(
            row.id, row.number, self.spec.code, row.party_id, row.round, row.seq + 1, self.actor, self.happened, fields,
            self.texts,
        )  # fmt: skip

    def _guard(self, name: str, fields: Mapping[str, Any]) -> bool:
        return registry.GUARDS[name](self._context(fields))

    def _why(self, name: str) -> Label:
        why = registry.REASONS[name]
        return why if isinstance(why, Label) else why(self._context(self.state.fields))

    def _check_version(self, data: Mapping[str, Any]) -> None:
        """换版: from here on the case runs by the other version, if that has all the case has open."""
        if self.action == "move_version":
            target = shelf.by_id(data["procedure"])
            for obstacle in versions.obstacles(target, self.state):
                raise Refused(obstacle)
            self.spec, self.row = target, self.row._replace(procedure_id=data["procedure"])

    def _executed(self) -> Act | None:
        """The act itself, or the one that an approval lets take effect."""
        proposal = self.state.proposals.get(self.task.token) if self.action == "approve" and self.task else None
        return self.spec.act(self.row.stage, self.row.outcome, proposal["act"]) if proposal else self.act

    def _run_effects(self, moves: Moves) -> None:
        executed = self._executed()
        if self.act and self.act.approved_by:
            return
        for name in executed.effects if executed else ():
            found = registry.EFFECTS[name](self._context({**self.state.fields, **moves.get("set", {})}))
            if found:
                moves.setdefault("set", {}).update(found)

    def _may_end(self, state: State) -> None:
        if state.outcome and not self.state.outcome:
            child = writing.scalar(self.db, writing.OPEN_CHILD, [self.row.id])
            if child:
                raise Refused(
                    Label(f"下级办件{child}还没有办结，本件不能办结", f"Case {child} below this one is still open")
                )

    def _write(
        self,
        moves: Moves,
        state: State,
        filled: forms.Filled,
        files: Sequence[StoredFile],
        key: str | None,
        world: World,
    ) -> Done:
        row, db = self.row, self.db
        seq = row.seq + 1
        at = self.task.token if self.task else ""
        event = recording.Entry(
            row.number, seq, self.action, self.actor, at, self.happened, self.now, moves, filled, files, row.head_hash
        )
        closed_at = self.happened if state.outcome and not self.state.outcome else writing.read_time(row.closed_at)
        with writing.batch():
            db.execute(writing.MOVE, [
                row.procedure_id, state.stage, state.outcome, state.round, state.version, seq, event.hash,
                " ".join(state.marking), state.to_json(), recording.due_of(state), state.provisional,
                recording.calendar_of(state, world.calendar.revision), state.held, state.level,
                state.fields.get("lead"), when(closed_at) if state.outcome else None,
                when(self.happened), row.id,
            ])  # fmt: skip
            self._write_tasks(moves, at)
        recording.record(db, row.id, self.spec, event, state, moves, key)
        clocks.arm(db, row.id, self.spec, moves, self.happened, world.calendar, self.state.clocks)
        return Done(row.id, row.number, seq, state.version)

    def _write_tasks(self, moves: Moves, at: str) -> None:
        db, case_id, moment = self.db, self.row.id, when(self.happened)
        closing = moves.get("close", ())
        writing.many(
            db, writing.CLOSE_TASK, ([how, moment, self.actor.user_id, case_id, *split(tok)] for tok, how in closing)
        )
        for verb in ("sign", "assign"):
            if verb in moves:
                tok, user = moves[verb]
                db.execute(writing.SIGN_TASK, [moment, user, case_id, *split(tok)])
        if self.task and at not in {tok for tok, _ in closing} and not {"sign", "assign"} & set(moves):
            db.execute(writing.TOUCH_TASK, [self.task.id])


def _once(whole: Callable[[], Done], key: str | None, action: str, case_id: int | None = None) -> Done:
    """Run it; where it is refused or collides and the key has been seen, answer what was answered then."""
    try:
        return whole()
    except (Problem, IntegrityError) as error:
        done = _replay(key, action, case_id) if key else None
        if done:
            return done
        if isinstance(error, IntegrityError):
            raise Conflict(
                Label("他人刚刚办理过，请刷新后再试", "Somebody has just acted; reload and try again")
            ) from error
        raise


def _replay(key: str, action: str, case_id: int | None) -> Done | None:
    with connection.cursor() as db:
        db.execute(writing.REPLAY, [key])
        row = db.fetchone()
    if row is None:
        return None
    found, number, seq, version, done, _ = row
    if done != action or case_id not in {None, found}:
        raise Conflict(Label("这个幂等键已用于另一个动作", "This idempotency key was used for another act"))
    return Done(found, number, seq, version, replayed=True)
