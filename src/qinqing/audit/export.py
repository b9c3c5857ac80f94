"""Exports (导出): histories as JSON lines that verify alone, without database or program that wrote them. Pure.

Lines by `kind`: one `export` (what it holds), the `anchor`s oldest first, per chain one `chain` and its
`event`s, one `end` with the counts. An export of everything holds whole anchors; of one chain, proofs for its leaves.
Foreign chains' refs never stand in the export of one chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from time import perf_counter
from typing import Any, TextIO

from qinqing.audit.chain import algorithm_of, canonical, merkle_path
from qinqing.audit.histories import ChainView, EventView
from qinqing.audit.verify import AnchorView, Finding, Proof, Report, Verifier
from qinqing.lib.labels import Label

FORMAT = 1


class ExportError(ValueError):
    """A file that is not an export; the text names the line."""


def write(
    file: TextIO,
    chains: Iterable[tuple[str, ChainView]],
    anchors: Iterable[AnchorView],
    now: datetime,
    *,
    complete: bool,
) -> tuple[int, int]:
    """Write (history, chain) pairs and anchors; returns how many. `complete`: these are all there are."""
    counts = {"chains": 0, "events": 0}

    def line(kind: str, fields: Mapping[str, Any]) -> None:
        file.write(canonical({"kind": kind, **fields}) + "\n")

    line("export", {"format": FORMAT, "complete": complete, "made_at": now.isoformat()})
    for anchor in anchors:
        line("anchor", asdict(anchor))
    for history, chain in chains:
        counts["chains"] += 1
        line("chain", {"history": history, "ref": chain.ref, "seq": chain.seq, "head_hash": chain.head_hash})
        for event in chain.events:
            counts["events"] += 1
            line("event", asdict(event))
    line("end", counts)
    return counts["chains"], counts["events"]


def proofs_for(history: str, ref: str, anchors: Iterable[AnchorView]) -> Iterator[AnchorView]:
    """The anchors that hold this chain, with the proof of its leaf instead of everybody's leaves."""
    for anchor in anchors:
        leaves = list(anchor.leaves or ())
        for index, text in enumerate(leaves):
            if text.startswith(f"{history}\t{ref}\t"):
                path = tuple(merkle_path(leaves, index, algorithm_of(anchor.root)))
                yield AnchorView(anchor.day, anchor.root, None, (Proof(text, index, len(leaves), path),))


def verify(lines: Iterable[str]) -> Report:
    """Verify an export. ExportError when it is none; an export that was cut off, or lost chains, is a finding."""
    start = perf_counter()
    verifier, complete, end = Verifier(), False, None
    for number, fields in _parsed(lines):
        kind = fields.get("kind")
        try:
            if number == 1:
                complete = _opening(fields)
            elif kind == "anchor":
                verifier.anchor(_anchor(fields))
            elif kind == "chain":
                verifier.chain(fields["history"], _chain(fields, fields["events"]))
            elif kind == "end":
                end = fields
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ExportError(f"第{number}行无法读取 / line {number} cannot be read: {error}") from error
    report = verifier.finish(complete=complete)
    if end is None or (end.get("chains"), end.get("events")) != (report.chains, report.events):
        text = Label("导出文件不完整，请重新导出", "the export was cut off or lost lines; export again")
        verifier.add(Finding("export", "", None, text))
    report.seconds = perf_counter() - start
    return report


def _parsed(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, fields); a chain comes with its events under `events`, under the number of its first line."""
    held: tuple[int, dict[str, Any]] | None = None
    for number, text in enumerate(lines, 1):
        try:
            fields = json.loads(text)
            kind = fields["kind"]
        except (ValueError, TypeError, KeyError) as error:
            raise ExportError(f"第{number}行不是导出记录 / line {number} is not a line of an export") from error
        if kind == "event":
            if held is None:
                raise ExportError(f"第{number}行的事件不属于任何链 / the event in line {number} has no chain")
            held[1]["events"].append(fields)
            continue
        if held:
            yield held
            held = None
        if kind == "chain":
            held = number, fields | {"events": []}
        else:
            yield number, fields
    if held:
        yield held


def _opening(fields: dict[str, Any]) -> bool:
    if fields["kind"] != "export" or fields["format"] != FORMAT:
        raise ValueError("不是本程序的导出文件 / not an export of this format")
    return bool(fields["complete"])


def _anchor(fields: dict[str, Any]) -> AnchorView:
    proofs = tuple(Proof(p["leaf"], p["index"], p["size"], tuple(p["path"])) for p in fields["proofs"])
    return AnchorView(fields["day"], fields["root"], fields["leaves"], proofs)


def _chain(fields: dict[str, Any], events: list[dict[str, Any]]) -> ChainView:
    views = [EventView(e["seq"], e["head"], e["hash"], e["payload"], e["salt"], bool(e["erased"])) for e in events]
    return ChainView(fields["ref"], fields["head_hash"], fields["seq"], views)
