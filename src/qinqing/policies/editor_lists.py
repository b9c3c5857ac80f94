"""谁新符合、谁不再符合: the companies whom a version would bring in or drop, by name, and as a workbook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from qinqing.accounts.actor import Actor
from qinqing.audit.services import log_read
from qinqing.directory.models import Party
from qinqing.lib.labels import Label
from qinqing.policies.matching import Moved, Shift
from qinqing.policies.policy import Policy
from qinqing.ui.sheets import Column, Sheet

KINDS = {
    "enters": Label("新符合", "Enters"),
    "drops": Label("不再符合", "Drops out"),
    "other_amount": Label("金额有变", "Another amount"),
}
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Named:
    """A company that a version moves. `before`, `after`: fen; None where it does not match, or a body decides."""

    kind: str
    party_id: int
    name: str
    credit_code: str
    before: int | None
    after: int | None

    @property
    def label(self) -> Label:
        return KINDS[self.kind]


def named(shift: Shift, most: int) -> dict[str, list[Named]]:
    """The first of each kind, with their names."""
    return {kind: list(_named(kind, getattr(shift, kind)[:most])) for kind in KINDS}


def note_look(actor: Actor, policy: Policy, now: datetime) -> None:
    """Who looked at the names that conditions pick out, and at which conditions."""
    asked = "；".join(condition.text for condition in policy.rule.all_conditions())
    log_read(actor, "policy.effect", policy.code, f"试算名单：{asked}"[:200], now)


def sheet_of(shift: Shift, title: Label) -> Sheet:
    """All of them as a workbook."""
    note = Label(f"政策：{title.zh}", f"Policy: {title.en}")
    columns = (
        Column(Label("变化", "Change"), Label("相对现行版本", "against the live version"), lambda row: row.label),
        Column(Label("企业", "Company"), Label("名录中的名称", "as in the directory"), lambda row: row.name, 36),
        Column(Label("统一社会信用代码", "Credit code"), Label("名录", "directory"), lambda row: row.credit_code, 22),
        Column(
            Label("现行金额", "Amount now"), Label("元；一事一议的为空", "yuan"), lambda row: row.before, 16, "yuan"
        ),
        Column(Label("新版金额", "New amount"), Label("元；一事一议的为空", "yuan"), lambda row: row.after, 16, "yuan"),
    )
    return Sheet(Label("政策变化名单", "Companies that the policy moves"), columns, _all(shift), note)


def _all(shift: Shift) -> Iterator[Named]:
    for kind in KINDS:
        moved: Sequence[Moved] = getattr(shift, kind)
        for start in range(0, len(moved), _AT_ONCE):
            yield from _named(kind, moved[start : start + _AT_ONCE])


def _named(kind: str, moved: Sequence[Moved]) -> Iterator[Named]:
    parties = Party.objects.in_bulk([int(each.company) for each in moved])
    for each in moved:
        party = parties.get(int(each.company))
        name, code = (party.name, party.credit_code or "") if party else ("", "")
        yield Named(kind, int(each.company), name, code, each.before, each.after)
