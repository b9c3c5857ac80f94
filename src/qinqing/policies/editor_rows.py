"""政策版本的清单: the versions of an officer's departments as rows of a list. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.lib.labels import Label
from qinqing.policies import departments, selectors
from qinqing.policies.editor_rights import codes_of, may_see
from qinqing.policies.models import PolicyVersion
from qinqing.policies.policy import Policy
from qinqing.ui.sheets import Column, Sheet

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


def sheet(rows: Sequence[Row], note: Label) -> Sheet:
    """The list as a workbook."""

    def column(zh: str, en: str, means: Label, value: Any, width: int = 14, kind: str = "text") -> Column:
        return Column(Label(zh, en), means, value, width, kind)

    columns = [
        column("政策", "Policy", Label("政策名称", "Its title"), lambda row: row.policy.title, 34),
        column("文号", "Reference", Label("文件和条款", "Document and clause"), lambda row: row.policy.reference, 40),
        column("代码", "Code", Label("政策代码", "The policy's code"), lambda row: row.policy.code, 24),
        column("版本", "Version", Label("第几版", "Its number"), lambda row: row.version.number, 8, "number"),
        column("状态", "State", Label("版本的状态", "Of the version"), lambda row: row.state, 10),
        column("牵头部门", "Lead", Label("主管部门的第一个", "The first department"), lambda row: row.lead, 18),
        column(
            "施行日期", "From", Label("自该日起施行", "In effect from"), lambda row: row.policy.effect.start, 12, "day"
        ),
        column("失效日期", "To", Label("空：未定", "Empty: open"), lambda row: row.policy.effect.end, 12, "day"),
        column("起草人", "Drafted by", Label("存入该版的人", "Who stored it"), lambda row: row.version.author.name, 12),
        column("时间", "When", Label("存入时间", "When stored"), lambda row: row.version.stored_at, 17, "moment"),
    ]
    return Sheet(Label("政策版本", "Policy versions"), columns, rows, note)
