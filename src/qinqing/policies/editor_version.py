"""一个版本的页面: its conditions in words, examples with their outcome, who did what, differences from the live
version, and what its reader may do with it now. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.lib.labels import Label
from qinqing.lib.rules.needing import phrase
from qinqing.lib.rules.rule import Condition, Node
from qinqing.policies import selectors, words
from qinqing.policies.checker import prove
from qinqing.policies.checker.trying import Trial, trials
from qinqing.policies.differences import KINDS, differences
from qinqing.policies.editing_conditions import Facts, filled_from, said
from qinqing.policies.editor_rights import may
from qinqing.policies.editor_rows import STATES
from qinqing.policies.models import PolicyEvent, PolicyVersion
from qinqing.policies.policy import ORIGINS, REVIEW_RESULTS, ReviewResult
from qinqing.ui.parts import Happening

Action, State = PolicyEvent.Action, PolicyVersion.State
_ACTIONS = {
    Action.DRAFTED: Label("起草", "Drafted"), Action.REVIEWED: Label("登记公平竞争审查", "Fair-competition review"),
    Action.APPROVED: Label("批准生效", "Approved"), Action.WITHDRAWN: Label("撤回", "Withdrawn"),
    Action.SUPERSEDED: Label("被替代", "Superseded"),
}  # fmt: skip
_GROUPS = {
    "all": Label("以下全部符合", "all of these"), "any": Label("以下符合其一", "any one of these"),
    "not": Label("不得符合", "must not be"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conditions: a group's head, or a condition in words. `depth` from 0."""

    depth: int
    head: Label | None
    condition: Condition | None = None
    words: Label | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """An example and what came of it."""

    trial: Trial
    said: Label
    found: Label | None
    faults: tuple[Label, ...]


def page_of(version: PolicyVersion, actor: Actor) -> dict[str, Any]:
    """What the page of a version shows its reader."""
    policy = selectors.policy_of(version.pk)
    known = selectors.known([policy])
    state = State(version.state)
    live = selectors.live_versions().filter(policy=version.policy_id).exclude(pk=version.pk).first()
    old = selectors.policy_of(live.pk) if live else None
    specs = known.specs
    checked = prove(policy, known)
    lead = policy.departments[0]
    author, approver = may(actor, "policy_author", lead), may(actor, "policy_approver", lead)
    return {
        "policy": policy, "state": STATES[state], "lines": list(_lines(policy.rule.conditions, known.dictionary, 0)),
        "benefit": words.benefit(policy.rule.benefit, specs), "effect": words.effect(policy.effect),
        "window": words.window(policy.window), "budget": words.budget(policy.budget) if policy.budget else None,
        "origin": ORIGINS[policy.source.origin], "tried": [_tried(each) for each in trials(policy, known)],
        "happenings": list(_happenings(version)), "live": live,
        "changes": [(KINDS[each.kind], each.text) for each in differences(old, policy, specs)] if old else [],
        "warnings": checked.warnings, "faults": checked.findings if _open(state) else (),
        "review_result": REVIEW_RESULTS[ReviewResult(version.review)] if version.review else None,
        "own_result": REVIEW_RESULTS[policy.review.result] if policy.review else None,
        "others": _others(version),
        "may_edit": author, "may_review": _open(state) and may(actor, "policy_reviewer", lead),
        "may_approve": state == State.REVIEWED and approver and version.author_id != actor.user_id,
        "own_work": state == State.REVIEWED and approver and version.author_id == actor.user_id,
        "may_withdraw": (author and _open(state)) or (approver and state == State.LIVE),
    }  # fmt: skip


# ── private ──


def _open(state: PolicyVersion.State) -> bool:
    return state in {State.DRAFT, State.REVIEWED}


def _lines(node: Node, facts: Facts, depth: int) -> Iterator[Line]:
    if isinstance(node, Condition):
        in_words = said(filled_from(node.term, node.text, facts), facts)
        yield Line(depth, None, node, in_words or phrase(node.term, {name: fact.spec for name, fact in facts.items()}))
        return
    yield Line(depth, _GROUPS[node.kind])
    for member in node.members:
        yield from _lines(member, facts, depth + 1)


def _tried(trial: Trial) -> Tried:
    found = words.VERDICTS[trial.decision.verdict] if trial.decision else None
    return Tried(trial, words.VERDICTS[trial.example.verdict], found, tuple(fault.text for fault in trial.faults))


def _happenings(version: PolicyVersion) -> Iterator[Happening]:
    """Newest first, of this version."""
    events = list(PolicyEvent.objects.filter(version=version).order_by("-seq"))
    names = dict(User.objects.filter(pk__in={event.actor_id for event in events}).values_list("pk", "name"))
    for event in events:
        body: Label | str = event.note
        at: datetime = event.at
        yield Happening(at, _ACTIONS[Action(event.action)], body, who=names.get(event.actor_id, ""), seq=event.seq,
                        hash=event.hash)  # fmt: skip


def _others(version: PolicyVersion) -> list[tuple[PolicyVersion, Label]]:
    rows = PolicyVersion.objects.filter(policy=version.policy_id).exclude(pk=version.pk).select_related("policy")
    return [(row, STATES[State(row.state)][0]) for row in rows.order_by("-number")]
