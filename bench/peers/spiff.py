"""SpiffWorkflow: its whole workflow as one JSON text, written to SQLite (FULL) with each act.

`config`: `database` (a SQLite file), `worker`, and `keep`: True keeps the workflow object in memory between acts (one
process can then work its own cases only); False reads it back before each act, as a web application must.
It writes no event, no chain, no outbox and no due time, and asks nobody for permission.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from bench.joint import ACTS, HUMAN_TASKS, NOTE, OPINIONS

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ARROWS = (
    ("start", "intake"),
    ("intake", "triage"),
    ("triage", "split"),
    *(("split", opinion) for opinion in OPINIONS),
    *((opinion, "join") for opinion in OPINIONS),
    ("join", "survey"),
    ("survey", "certificate"),
    ("certificate", "filing"),
    ("filing", "end"),
)
CASES_A_WORKER = 10_000_000


def prepare(config: Mapping[str, Any]) -> None:
    file = _connect(config["database"])
    file.execute("CREATE TABLE workflow (id INTEGER PRIMARY KEY, body TEXT NOT NULL, acts INTEGER NOT NULL)")
    file.close()


def start(config: Mapping[str, Any]) -> Spiff:
    return Spiff(config["database"], config["worker"], config["keep"])


def bpmn() -> str:
    """The flow as BPMN 2.0."""

    def element(tag: str, name: str) -> str:
        ends = "".join(f"<incoming>{a}-{b}</incoming>" for a, b in ARROWS if b == name)
        ends += "".join(f"<outgoing>{a}-{b}</outgoing>" for a, b in ARROWS if a == name)
        return f'<{tag} id="{name}" name="{name}">{ends}</{tag}>'

    parts = [element("startEvent", "start"), element("endEvent", "end")]
    parts += [element("parallelGateway", name) for name in ("split", "join")]
    parts += [element("userTask", name) for name in HUMAN_TASKS]
    parts += [f'<sequenceFlow id="{a}-{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in ARROWS]
    process = f'<process id="joint" isExecutable="true">{"".join(parts)}</process>'
    return f'<definitions xmlns="{BPMN}" id="bench" targetNamespace="bench">{process}</definitions>'


class Spiff:
    """One connection, working one case after another."""

    def __init__(self, database: str, worker: int, keep: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "joint.bpmn"
            path.write_text(bpmn(), encoding="utf-8")
            parser = BpmnParser()
            parser.add_bpmn_file(str(path))
            self.specification = parser.get_spec("joint")
        self.serializer = BpmnWorkflowSerializer()
        self.connection = _connect(database)
        self.keep = keep
        self.kept: BpmnWorkflow | None = None
        self.case = worker * CASES_A_WORKER
        self.next = 0

    def step(self) -> bool:
        workflow = self._receive() if self.next == 0 else self._act(ACTS[self.next])
        self.kept = workflow if self.keep else None
        self.next = (self.next + 1) % len(ACTS)
        return self.next == 0

    def counts(self) -> dict[str, int]:
        bodies = self.connection.execute("SELECT body FROM workflow WHERE acts = ?", (len(ACTS),))
        return {"closed": sum(self.serializer.deserialize_json(body).completed for (body,) in bodies)}

    def _receive(self) -> BpmnWorkflow:
        self.case += 1
        workflow = BpmnWorkflow(self.specification)
        workflow.data["receive"] = NOTE
        workflow.do_engine_steps()
        self._write("INSERT INTO workflow (body, id, acts) VALUES (?, ?, 1)", workflow)
        return workflow

    def _act(self, name: str) -> BpmnWorkflow:
        workflow = self.kept
        if workflow is None:
            (body,) = self.connection.execute("SELECT body FROM workflow WHERE id = ?", (self.case,)).fetchone()
            workflow = self.serializer.deserialize_json(body)
        (task,) = (t for t in workflow.get_tasks(state=TaskState.READY, manual=True) if t.task_spec.name == name)
        task.data[name] = NOTE
        task.run()
        workflow.do_engine_steps()
        self._write("UPDATE workflow SET body = ?, acts = acts + 1 WHERE id = ?", workflow)
        return workflow

    def _write(self, statement: str, workflow: BpmnWorkflow) -> None:
        body = self.serializer.serialize_json(workflow)
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute(statement, (body, self.case))
        self.connection.execute("COMMIT")


def _connect(database: str) -> sqlite3.Connection:
    file = sqlite3.connect(database, timeout=30, isolation_level=None)
    file.execute("PRAGMA journal_mode=WAL")
    file.execute("PRAGMA synchronous=FULL")
    return file
