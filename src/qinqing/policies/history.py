"""政策的历史: how the audit room reads the chains of policies; versions are held against their records. And how payee
accounts (收款账户) are erased when their time is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db.models import Prefetch, Q, QuerySet

from qinqing.audit.histories import ChainView, Difference, EventView, Head
from qinqing.lib.labels import Label
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.content import sha256_of
from qinqing.policies.models import Policy, PolicyEvent, PolicyVersion
from qinqing.policies.models_money import Claim, PayeeAccount

PERSONAL = "personal"  # audit/retention.yaml
Action, State = PolicyEvent.Action, PolicyVersion.State
_AFTER = {
    Action.DRAFTED: State.DRAFT,
    Action.APPROVED: State.LIVE,
    Action.WITHDRAWN: State.WITHDRAWN,
    Action.SUPERSEDED: State.SUPERSEDED,
}


class PolicyHistory:
    """One chain a policy, named by its code; nothing personal stands in it. What is erased are payee accounts, of the
    class `personal`: the matter of one has ended when every claim that was to be paid to it is closed. What was paid
    keeps the account it went to (`Payment`, `Batch.sha256`): accounting records, see audit/retention.yaml."""

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
        return _past_their_time(retention, before).count()

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        chosen = list(_past_their_time(retention, before).values_list("pk", flat=True)[:limit])
        return PayeeAccount.objects.filter(pk__in=chosen).update(name="", number="", bank="", erased_at=now)


def _past_their_time(retention: str, before: datetime) -> QuerySet[PayeeAccount]:
    """Accounts given before then, of which no claim is open or was closed since."""
    if retention != PERSONAL:
        return PayeeAccount.objects.none()
    in_time = Claim.objects.filter(Q(case__closed_at=None) | Q(case__closed_at__gte=before), account__isnull=False)
    old = PayeeAccount.objects.filter(erased_at=None, given_at__lt=before)
    return old.exclude(pk__in=in_time.values("account")).order_by("pk")


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
