"""政策版本的清单: the versions of an officer's departments as rows of a list. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from qinqing.accounts.actor import Actor
from qinqing.lib.labels import Label
from qinqing.policies import departments, selectors
from qinqing.policies.editor_rights import codes_of, may_see
from qinqing.policies.models import PolicyVersion
from qinqing.policies.policy import Policy

State = PolicyVersion.State
STATES = {
    State.DRAFT: (Label("起草", "Draft"), "line"), State.REVIEWED: (Label("已审查", "Reviewed"), "qing"),
    State.LIVE: (Label("生效", "Live"), "green"), State.WITHDRAWN: (Label("撤回", "Withdrawn"), ""),
    State.SUPERSEDED: (Label("被替代", "Superseded"), ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A version with its policy and the names of its departments."""

    version: PolicyVersion
    policy: Policy
    lead: Label

    @property
    def state(self) -> Label:
        return STATES[State(self.version.state)][0]

    @property
    def tone(self) -> str:
        return STATES[State(self.version.state)][1]


def rows_for(actor: Actor) -> list[Row]:
    """What the officer may see, newest first."""
    codes, names = codes_of(actor), departments.names()
    found = []
    for version in PolicyVersion.objects.select_related("policy", "author").order_by("-stored_at", "-pk"):
        policy = selectors.policy_of(version.pk)
        if may_see(actor, policy.departments, codes):
            lead = policy.departments[0]
            found.append(Row(version, policy, names.get(lead, Label(lead, lead))))
    return found
