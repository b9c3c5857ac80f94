"""版本相合: whether a case as it stands could run by another version of its procedure. `moving.py` moves."""

from __future__ import annotations

from collections.abc import Iterator

from qinqing.cases.procedure import Procedure
from qinqing.cases.state import WAIT, State, split
from qinqing.lib.labels import Label


def obstacles(spec: Procedure, state: State) -> Iterator[Label]:
    """What the version lacks of what the case has open now."""
    stage = spec.stages.get(state.stage)
    if stage is None:
        yield Label(f"新版没有环节“{state.stage}”", f"the version has no stage {state.stage}")
        return
    for tok in state.marking:
        node = split(tok)[0]
        known = node[1:] in spec.ladder if node.startswith("!") else node.startswith("?") or node in stage.tasks
        if not known:
            yield Label(
                f"新版的环节“{state.stage}”没有任务“{node}”", f"stage {state.stage} has no task {node} in the version"
            )
    for proposal in state.proposals.values():
        proposed = spec.act(state.stage, "", proposal["act"])
        if proposed is None or proposed.approved_by is None:
            yield Label(
                f"新版没有待审批的动作“{proposal['act']}”", f"the version has no such proposal: {proposal['act']}"
            )
    for name in state.clocks:
        if name != WAIT and (name not in spec.stages or spec.stages[name].clock is None):
            yield Label(f"新版的环节“{name}”没有时限", f"stage {name} has no clock in the version")
