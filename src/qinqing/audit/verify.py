"""Verification (核验): are chains whole, is what was said what was committed to, do anchors still hold? Pure.

Works the same on the database and on an export alone. Give a `Verifier` all anchors (oldest first), then all chains,
then `finish()`. Each finding names the first bad record of its kind in a chain.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from qinqing.audit.chain import GENESIS, algorithm_of, commitment, link, merkle_root, verify_path
from qinqing.audit.histories import ChainView, EventView
from qinqing.lib.labels import Label

_REREADINGS = 3  # a case that is being worked on may move on between two readings
PREVIOUS = "previous"  # first word of an anchor's first leaf, which carries the root of the anchor before it


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong. Kinds: head, prev, gap, truncated, payload, state, file, anchor, missing, erasure, unguarded,
    export."""

    kind: str
    chain: str  # `cases 帮2026-000001`; empty when it is not about one chain
    seq: int | None
    text: Label

    @property
    def place(self) -> str:
        """Chain and record: `cases 帮2026-000001#3`."""
        return self.chain + (f"#{self.seq}" if self.chain and self.seq else "")

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"text": self.text.as_json()}


@dataclass(frozen=True, slots=True)
class Proof:
    """A leaf and its way to the root: `index` among `size` leaves, `path` of hex hashes."""

    leaf: str
    index: int
    size: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnchorView:
    """One day's anchor with all its leaves, or (in the export of one chain) with proofs for some."""

    day: str  # YYYY-MM-DD
    root: str
    leaves: Sequence[str] | None = None
    proofs: Sequence[Proof] = ()


@dataclass(slots=True)
class Report:
    """What was looked at and what was found."""

    chains: int = 0
    events: int = 0
    erased: int = 0
    anchors: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": not self.findings,
            "chains": self.chains,
            "events": self.events,
            "erased": self.erased,
            "anchors": self.anchors,
            "seconds": round(self.seconds, 3),
            "findings": [finding.as_json() for finding in self.findings],
        }


def leaf(history: str, ref: str, seq: int, hash_text: str) -> str:
    """A chain's head as a line of an anchor."""
    return f"{history}\t{ref}\t{seq}\t{hash_text}"


def previous_leaf(day: str, root: str) -> str:
    """An anchor's first line: the anchor before it (both empty for the first), so that roots form a chain as well."""
    return f"{PREVIOUS}\t{day}\t{root}"


class Verifier:
    """Takes anchors, then chains; `finish` gives the report. `files`: attached files are opened and compared too."""

    def __init__(self, *, files: bool = False) -> None:
        self.report = Report()
        self._files = files
        self._anchored: dict[tuple[str, str], list[tuple[str, int, str]]] = defaultdict(list)
        self._previous: str | None = None

    def anchor(self, anchor: AnchorView) -> None:
        """The root must follow from the leaves; their heads become what the chains are held to."""
        self.report.anchors += 1
        if anchor.leaves is None:
            for proof in anchor.proofs:
                if not verify_path(proof.leaf, proof.index, proof.size, proof.path, anchor.root):
                    self._anchor_fault(anchor.day, "的证明路径与根不符", "has a proof that does not lead to its root")
                self._hold(anchor.day, [proof.leaf])
            return
        if merkle_root(anchor.leaves, algorithm_of(anchor.root)) != anchor.root:
            self._anchor_fault(anchor.day, "的根与其清单不符", "has a root that does not follow from its list")
        first = anchor.leaves[0] if anchor.leaves else ""
        if first != (self._previous or previous_leaf("", "")):
            self._anchor_fault(anchor.day, "没有接上前一个日锚", "does not continue the anchor before it")
        self._previous = previous_leaf(anchor.day, anchor.root)
        self._hold(anchor.day, anchor.leaves[1:])

    def chain(self, history: str, chain: ChainView, reread: Callable[[], Iterator[ChainView]] | None = None) -> None:
        """One chain against itself, its owner's row and the anchors.

        `reread` reads it again from a database in use: an act may come between the reading of row and records.
        """
        self.report.chains += 1
        anchored = self._anchored.pop((history, chain.ref), ())
        findings, events, erased = check_chain(history, chain, anchored)
        readings = 1
        while findings and reread is not None and readings <= _REREADINGS:
            chain, readings = next(reread(), chain), readings + 1
            findings, events, erased = check_chain(history, chain, anchored)
        if self._files:
            findings += [Finding("file", f"{history} {chain.ref}", d.seq, d.text) for d in chain.file_check()]
        self.report.events += events
        self.report.erased += erased
        self.report.findings += findings

    def passed(self, history: str, ref: str) -> None:
        """This chain is there; it was verified in an earlier slice of the same run."""
        self._anchored.pop((history, ref), None)

    def finish(self, *, complete: bool) -> Report:
        """`complete`: all chains were given, so that an anchored one not among them is missing."""
        if complete:
            for (history, ref), heads in self._anchored.items():
                text = Label(
                    f"{heads[0][0]}的日锚列有此链，现在找不到了",
                    f"the anchor of {heads[0][0]} lists this chain; it is no longer there",
                )
                self.add(Finding("missing", f"{history} {ref}", None, text))
        return self.report

    def add(self, finding: Finding) -> None:
        """What a caller found besides."""
        self.report.findings.append(finding)

    def _hold(self, day: str, leaves: Sequence[str]) -> None:
        for line in leaves:
            parts = line.split("\t")
            if len(parts) == 4 and parts[2].isdecimal():
                self._anchored[parts[0], parts[1]].append((day, int(parts[2]), parts[3]))
            elif parts[0] != PREVIOUS:
                self._anchor_fault(day, f"有一行读不懂：{line!r}", f"has a line that cannot be read: {line!r}")

    def _anchor_fault(self, day: str, zh: str, en: str) -> None:
        self.add(Finding("anchor", "", None, Label(f"{day}的日锚{zh}", f"the anchor of {day} {en}")))


def check_chain(
    history: str, chain: ChainView, anchored: Sequence[tuple[str, int, str]] = ()
) -> tuple[list[Finding], int, int]:
    """Findings, number of records, number of erased payloads. `anchored`: (day, seq, hash) that must still stand."""
    name = f"{history} {chain.ref}"
    findings: list[Finding] = []
    seen: dict[int, str] = {}
    previous, erased, link_broken, payload_bad = GENESIS, 0, False, False
    for event in chain.events:
        erased += event.erased
        facts = _facts(event.head)
        if not link_broken and (fault := _link_fault(chain.ref, event, facts, previous, seen)):
            findings.append(Finding(fault[0], name, fault[1], fault[2]))
            link_broken = True
        if not payload_bad and (text := _payload_fault(event, facts.get("commitment"))):
            findings.append(Finding("payload", name, event.seq, text))
            payload_bad = True
        seen[event.seq] = previous = event.hash
    if not link_broken and (len(seen) != chain.seq or previous != chain.head_hash):
        findings.append(_row_fault(name, chain, len(seen)))
    for day, seq, hash_text in anchored:
        if seen.get(seq) != hash_text:
            text = Label(f"第{seq}条与{day}的日锚不符", f"record {seq} is not the one in the anchor of {day}")
            findings.append(Finding("anchor", name, seq, text))
            break
    if not findings:  # the fold of a broken chain means nothing
        findings += [Finding("state", name, found.seq or chain.seq, found.text) for found in chain.fold_check()]
    return findings, len(seen), erased


def _link_fault(
    ref: str, event: EventView, facts: dict[str, Any], previous: str, seen: dict[int, str]
) -> tuple[str, int, Label] | None:
    expected = len(seen) + 1
    if event.seq != expected:
        return "gap", expected, Label(f"缺第{expected}条", f"record {expected} is missing")
    algorithm = algorithm_of(event.hash)
    if link(previous, event.head, algorithm) != event.hash:
        if event.hash in {link(other, event.head, algorithm) for other in (GENESIS, *seen.values())}:
            text = Label(f"第{expected}条接在别的记录之后", f"record {expected} continues another record")
            return "prev", expected, text
        text = Label(f"第{expected}条或其前一条被改动", f"record {expected} or the one before it was changed")
        return "head", expected, text
    if facts.get("case") != ref or facts.get("seq") != expected:
        text = Label(f"第{expected}条写的是另一链或另一序号", f"record {expected} names another chain or number")
        return "head", expected, text
    return None


def _payload_fault(event: EventView, promised: str | None) -> Label | None:
    if event.erased:
        if event.payload is None:
            return None
        return Label(f"第{event.seq}条标为已清除，内容却还在", f"record {event.seq} says erased but has content")
    if promised is None and event.payload is None:
        return None
    if event.payload is None:
        return Label(f"第{event.seq}条的内容不见了", f"the content of record {event.seq} is gone")
    if promised is None or commitment(event.salt or "", event.payload, algorithm_of(promised)) != promised:
        return Label(f"第{event.seq}条的内容与承诺值不符", f"the content of record {event.seq} is not what it promised")
    return None


def _row_fault(name: str, chain: ChainView, count: int) -> Finding:
    if count < chain.seq:
        text = Label(f"应有{chain.seq}条，只有{count}条", f"there should be {chain.seq} records, there are {count}")
        return Finding("truncated", name, count + 1, text)
    text = Label(
        f"主记录写第{chain.seq}条，与链尾第{count}条不符",
        f"the owner's row (record {chain.seq}) is not where the chain ends (record {count})",
    )
    return Finding("truncated", name, count, text)


def _facts(head: str) -> dict[str, Any]:
    try:
        facts = json.loads(head)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}
