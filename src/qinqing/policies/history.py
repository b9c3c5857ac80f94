"""政策的历史: how the audit room reads the chains of policies; versions are held against their records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db.models import Prefetch, QuerySet

from qinqing.audit.histories import ChainView, Difference, EventView, Head
from qinqing.lib.labels import Label
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.content import sha256_of
from qinqing.policies.models import Policy, PolicyEvent, PolicyVersion

Action, State = PolicyEvent.Action, PolicyVersion.State
_AFTER = {
    Action.DRAFTED: State.DRAFT,
    Action.APPROVED: State.LIVE,
    Action.WITHDRAWN: State.WITHDRAWN,
    Action.SUPERSEDED: State.SUPERSEDED,
}


class PolicyHistory:
    """One chain a policy, named by its code. Nothing personal stands in it, so nothing is erased."""

    append_only_tables: tuple[str, ...] = (
        "policies_policyevent", "policies_policyversion", "policies_payeeaccount", "policies_roundline",
        "policies_batch", "policies_payment",
    )  # fmt: skip

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        policies = _whole().order_by("code")
        if ref is not None:
            policies = policies.filter(code=ref)
        return map(_chain, policies.iterator(chunk_size=200))

    def chains_after(self, ref: str, limit: int) -> list[ChainView]:
        return [_chain(policy) for policy in _whole().order_by("code").filter(code__gt=ref)[:limit]]

    def heads(self) -> Iterator[Head]:
        for policy in Policy.objects.order_by("code").iterator(chunk_size=5000):
            yield Head(policy.code, policy.seq, policy.head_hash)

    def erasable(self, retention: str, before: datetime) -> int:
        return 0

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        return 0


def _whole() -> QuerySet[Policy]:
    events = Prefetch("events", PolicyEvent.objects.order_by("seq"))
    return Policy.objects.prefetch_related(events, Prefetch("versions", PolicyVersion.objects.order_by("number")))


def _chain(policy: Policy) -> ChainView:
    events = list(policy.events.all())
    views = [EventView(event.seq, event.head, event.hash) for event in events]
    return ChainView(policy.code, policy.head_hash, policy.seq, views, partial(_differences, policy, events))


def _differences(policy: Policy, events: list[PolicyEvent]) -> list[Difference]:
    """Rows that their records do not bear out: a changed content, a state nobody gave, an approval nobody made."""
    found = []
    heads = [json.loads(event.head) for event in events]
    for event, head in zip(events, heads, strict=True):
        if (head["action"], head["actor"], head["note"]) != (event.action, event.actor_id, event.note):
            found.append(Difference(Label("记录的列与其正文不符", "The columns do not fit the record"), event.seq))
    for version in policy.versions.all():
        own = [head for head in heads if head["version"] == version.number]
        found += [
            Difference(Label(f"第{version.number}版：{zh}", f"Version {version.number}: {en}"))
            for zh, en in _of(version, own)
        ]
    return found


def _of(version: PolicyVersion, heads: list[dict[str, object]]) -> Iterator[tuple[str, str]]:
    drafted = [head for head in heads if head["action"] == Action.DRAFTED]
    if len(drafted) != 1 or drafted[0]["sha256"] != version.sha256 or drafted[0]["actor"] != version.author_id:
        yield "内容指纹或起草人与记录不符", "its hash or author differ from the record"
    policy = policy_of(version.source)[0]
    if policy is None or sha256_of(policy) != version.sha256:
        yield "定义与内容指纹不符", "its definition does not have its hash"
    state, approver, review = State.DRAFT, None, ""
    for head in heads:
        if head["action"] == Action.REVIEWED:
            review = str(head["result"])
            state = State.DRAFT if review == "failed" else State.REVIEWED
        else:
            state = _AFTER[Action(str(head["action"]))]
        approver = head["actor"] if head["action"] == Action.APPROVED else approver
    if (state, approver, review) != (version.state, version.approved_by_id, version.review):
        yield "状态、审查或批准人与记录不符", "its state, review or approver differ from the records"
