"""政策版本的生命: draft, review, approve, withdraw, supersede; each step a record in the policy's chain.

A version's content never changes; to change a policy is to draft its next version. It goes live only with a passed
fair-competition review (公平竞争审查条例) and the approval of somebody other than its author; the database holds both
(models.py). Going live supersedes the version that was live.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from qinqing.accounts.access import capacity
from qinqing.accounts.actor import Actor
from qinqing.audit.chain import canonical, link
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.policies import selectors
from qinqing.policies.checker import prove
from qinqing.policies.checker.shape import policy_of
from qinqing.policies.content import sha256_of
from qinqing.policies.finding import Finding, line
from qinqing.policies.models import Policy, PolicyEvent, PolicyVersion
from qinqing.policies.policy import Policy as Definition
from qinqing.policies.policy import ReviewResult
from qinqing.ui.errors import Invalid, NotAllowed, NotFound, Problem

Action, State = PolicyEvent.Action, PolicyVersion.State
LONGEST_WORDS, LONGEST_REASON = 1000, 200


class Faulty(Problem):
    """A definition has faults; `extra["findings"]` holds each with line and column."""

    status = 422
    code = "policy-faulty"
    title = Label("政策定义有误", "The policy has faults")


class NotNow(Problem):
    """The version is not in the state that this step needs."""

    status = 409
    code = "policy-state"
    title = Label("现在不能这样办", "This cannot be done now")


@transaction.atomic
def draft(actor: Actor, source: str, now: datetime, *, note: str = "") -> tuple[PolicyVersion, bool]:
    """起草: store the YAML as the next version of its policy; (version, whether it is new). The same content as the
    newest version is stored once. Raises Faulty, NotAllowed."""
    return draft_all(actor, [source], now, note=note)[0]


@transaction.atomic
def draft_all(
    actor: Actor, sources: Sequence[str], now: datetime, *, note: str = ""
) -> list[tuple[PolicyVersion, bool]]:
    """Several at once, which may name each other: all are stored or none. Raises Faulty, NotAllowed."""
    shaped = [policy_of(source) for source in sources]
    known = selectors.known(policy for policy, _, _ in shaped if policy)
    stored = []
    for source, (policy, findings, places) in zip(sources, shaped, strict=True):
        if policy is None:
            raise _faulty(findings)
        checked = prove(policy, known, places)
        if checked.findings:
            raise _faulty(list(checked.findings))
        stored_before = PolicyVersion.objects.filter(policy__code=policy.code).order_by("-number").first()
        before = [selectors.policy_of(stored_before.pk)] if stored_before else []
        for mine in (policy, *before):  # whose it was as well: nobody takes a policy over by naming oneself its lead
            _need(actor, "policy_author", mine, Label("起草", "draft"))
        stored.append(_store(actor, policy, source, note, now))
    return stored


@transaction.atomic
def record_review(actor: Actor, version_id: int, result: ReviewResult, words: str, now: datetime) -> PolicyVersion:
    """公平竞争审查: record what the review found. `exception` and `failed` need words. A failed one leaves the version
    a draft. Raises Invalid, NotNow, NotAllowed, NotFound."""
    version = _locked(version_id)
    policy = selectors.policy_of(version.pk)
    _need(actor, "policy_reviewer", policy, Label("登记审查", "record the review of"))
    _need_state(version, {State.DRAFT, State.REVIEWED}, Label("登记审查", "reviewed"))
    words = _words(words, LONGEST_WORDS, "words", needed=result is not ReviewResult.PASSED)
    version.review, version.review_words = result.value, words
    version.reviewed_by_id, version.reviewed_at = actor.user_id, now
    version.state = State.DRAFT if result is ReviewResult.FAILED else State.REVIEWED
    version.save(update_fields=["review", "review_words", "reviewed_by", "reviewed_at", "state"])
    _record(version, Action.REVIEWED, actor, words, now, {"result": result.value})
    return version


@transaction.atomic
def approve(actor: Actor, version_id: int, now: datetime) -> PolicyVersion:
    """批准生效: by another person than the author, after a passed review; the live version is superseded. Raises
    NotNow, NotAllowed, NotFound, and Faulty where it no longer fits the other policies."""
    version = _locked(version_id)
    policy = selectors.policy_of(version.pk)
    _need(actor, "policy_approver", policy, Label("批准", "approve"))
    if version.author_id == actor.user_id:
        raise NotAllowed(
            Label(
                "起草人不能批准自己起草的政策，请由另一人批准", "Who drafted it cannot approve it; somebody else must"
            )
        )
    _need_state(version, {State.REVIEWED}, Label("批准", "approved"))
    faults = prove(policy, selectors.known([policy])).findings
    if faults:
        raise _faulty(list(faults))
    before = PolicyVersion.objects.filter(policy=version.policy, state=State.LIVE).first()
    if before is not None:
        _end(before, State.SUPERSEDED, actor, f"第{version.number}版生效", now)
        _record(before, Action.SUPERSEDED, actor, before.end_reason, now, policy=version.policy)
    version.state, version.approved_by_id, version.approved_at = State.LIVE, actor.user_id, now
    version.save(update_fields=["state", "approved_by", "approved_at"])
    _record(version, Action.APPROVED, actor, "", now)
    return version


@transaction.atomic
def withdraw(actor: Actor, version_id: int, reason: str, now: datetime) -> PolicyVersion:
    """撤回 a draft, or a live version; for good. Raises Invalid without a reason, NotNow, NotAllowed, NotFound."""
    version = _locked(version_id)
    policy = selectors.policy_of(version.pk)
    live = version.state == State.LIVE
    _need(actor, "policy_approver" if live else "policy_author", policy, Label("撤回", "withdraw"))
    _need_state(version, {State.DRAFT, State.REVIEWED, State.LIVE}, Label("撤回", "withdrawn"))
    reason = _words(reason, LONGEST_REASON, "reason", needed=True)
    _end(version, State.WITHDRAWN, actor, reason, now)
    _record(version, Action.WITHDRAWN, actor, reason, now)
    return version


@transaction.atomic
def supersede(actor: Actor, version_id: int, by_code: str, now: datetime) -> PolicyVersion:
    """被替代: a live version ends because another policy, live, names it under `supersedes`. Raises Invalid, NotNow,
    NotAllowed, NotFound."""
    version = _locked(version_id)
    _need(actor, "policy_approver", selectors.policy_of(version.pk), Label("终止", "end"))
    _need_state(version, {State.LIVE}, Label("替代", "superseded"))
    successor = selectors.live_versions().filter(policy__code=by_code).first()
    if successor is None or version.policy.code not in selectors.policy_of(successor.pk).supersedes:
        said = Label(
            f"没有写明替代{version.policy.code}的生效政策“{by_code}”",
            f"There is no live policy {by_code} that says it supersedes {version.policy.code}",
        )
        raise Invalid(said, fields={"by": said})
    _end(version, State.SUPERSEDED, actor, f"由{successor}替代", now)
    _record(version, Action.SUPERSEDED, actor, version.end_reason, now)
    return version


# ── private ──


def _store(actor: Actor, policy: Definition, source: str, note: str, now: datetime) -> tuple[PolicyVersion, bool]:
    row, _ = Policy.objects.get_or_create(code=policy.code)
    row = Policy.objects.select_for_update().get(pk=row.pk)
    sha256 = sha256_of(policy)
    before = PolicyVersion.objects.filter(policy=row).order_by("-number").first()
    if before is not None and before.sha256 == sha256 and before.state != State.WITHDRAWN:
        return before, False
    version = PolicyVersion.objects.create(
        policy=row,
        number=before.number + 1 if before else 1,
        source=source,
        sha256=sha256,
        effective_from=policy.effect.start,
        effective_to=policy.effect.end,
        author_id=_user(actor),
        stored_at=now,
    )
    days = [str(policy.effect.start), str(policy.effect.end or "")]
    content: dict[str, object] = {"sha256": sha256, "effective": days}
    _record(version, Action.DRAFTED, actor, _words(note, LONGEST_REASON, "note", needed=False), now, content)
    return version, True


def _locked(version_id: int) -> PolicyVersion:
    """The version, its policy's row locked first: two steps at once come one after the other."""
    policy_id = PolicyVersion.objects.filter(pk=version_id).values_list("policy_id", flat=True).first()
    if policy_id is None:
        raise NotFound(Label("没有这个政策版本", "There is no such version"))
    policy = Policy.objects.select_for_update().get(pk=policy_id)
    version = PolicyVersion.objects.get(pk=version_id)
    version.policy = policy
    return version


def _end(version: PolicyVersion, state: PolicyVersion.State, actor: Actor, reason: str, now: datetime) -> None:
    version.state, version.ended_by_id, version.ended_at, version.end_reason = state, actor.user_id, now, reason
    version.save(update_fields=["state", "ended_by", "ended_at", "end_reason"])


def _record(
    version: PolicyVersion,
    action: PolicyEvent.Action,
    actor: Actor,
    note: str,
    now: datetime,
    more: dict[str, object] | None = None,
    policy: Policy | None = None,
) -> None:
    """Append to the policy's chain, and keep the row with it. The policy is locked."""
    policy = policy or version.policy
    policy.seq += 1
    head = canonical(
        {"case": policy.code, "seq": policy.seq, "action": action.value, "version": version.number,
         "actor": actor.user_id, "at": now.isoformat(), "note": note, "commitment": None, **(more or {})}
    )  # fmt: skip
    policy.head_hash = link(policy.head_hash, head)
    PolicyEvent.objects.create(
        policy=policy, version=version, seq=policy.seq, action=action, actor_id=_user(actor), at=now, note=note,
        head=head, hash=policy.head_hash,
    )  # fmt: skip
    policy.save(update_fields=["seq", "head_hash"])


def _user(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed(Label("请先登录", "Sign in first"))
    return actor.user_id


def _need(actor: Actor, name: str, policy: Definition, what: Label) -> None:
    """The capacity, held in the leading department or a section of it (a county leader: anywhere)."""
    roles = capacity(name).roles
    leading = policy.departments[0]
    unit = Unit.objects.filter(code=leading).values_list("pk", "name").first()
    near = unit is not None and any(
        post.role in roles and unit[0] in {post.unit_id, post.parent_id} for post in actor.posts
    )
    if not near and not ("leader" in roles and "leader" in actor.roles):
        who = unit[1] if unit else leading
        raise NotAllowed(
            Label(f"只有{who}的有权人员可以{what.zh}这项政策", f"Only officers of {who} may {what.en} this policy")
        )


def _need_state(version: PolicyVersion, states: set[PolicyVersion.State], what: Label) -> None:
    if version.state not in states:
        now_ = PolicyVersion.State(version.state)
        raise NotNow(
            Label(f"{version}现为“{now_.label}”，不能{what.zh}", f"{version} is {now_.value} and cannot be {what.en}")
        )


def _words(text: str, most: int, field: str, *, needed: bool) -> str:
    text = text.strip()
    if (needed and not text) or len(text) > most:
        said = Label(f"请写明理由，不超过{most}字", f"Say why, in at most {most} characters")
        raise Invalid(said, fields={field: said})
    return text


def _faulty(findings: list[Finding]) -> Faulty:
    first = findings[0]
    more = len(findings) - 1
    zh, en = (f"，另有{more}处", f", and {more} more") if more else ("", "")
    return Faulty(
        Label(
            f"第{first.line}行：{first.text.zh}{zh}" if first.line else f"{first.place}：{first.text.zh}{zh}",
            f"line {first.line}: {first.text.en}{en}" if first.line else f"{first.place}: {first.text.en}{en}",
        ),
        extra={
            "findings": [
                {"line": f.line, "column": f.column, "rule": f.rule, "place": f.place, "text": f.text.as_json()}
                for f in findings
            ],
            "text": "\n".join(line("-", finding) for finding in findings),
        },
    )
