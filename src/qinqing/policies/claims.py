"""申领: a company's will to be paid by a policy becomes a claim. Opening, and what others read of claims.

A claim is a case of procedure `policy_claim` with a row beside it; what its acts do stands in `claim_acts.py`. Whoever
opens it finds out at once what stands against it: not live, out of the window, not (or not yet known to be) eligible,
claimed before, or a policy that excludes this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from qinqing.accounts.access import capacity, holds
from qinqing.accounts.actor import Actor
from qinqing.cases.accepting import scoped_key
from qinqing.cases.acting import act, open_case
from qinqing.cases.blobs import StoredFile
from qinqing.cases.models import Case
from qinqing.directory.facts import values as fact_values
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.reading import Known, values_of
from qinqing.directory.models import Party, Unit
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.lib.rules.explaining import Explainer, Explanation
from qinqing.lib.rules.rule import Verdict
from qinqing.policies import payees, selectors, stacking
from qinqing.policies.models import PolicyVersion
from qinqing.policies.models_money import Claim
from qinqing.policies.parts import facts_used
from qinqing.policies.parts_money import part_fen, parts_of
from qinqing.policies.payees import Account
from qinqing.policies.policy import Document, Policy
from qinqing.ui.errors import NotAllowed, Problem
from qinqing.ui.figures import money

PROCEDURE = "policy_claim"
PAYER = "finance"  # code of the unit that pays; where the county has none, the department in charge pays itself


@dataclass(frozen=True, slots=True)
class Filed:
    """A document brought with the claim. `document`: its id in the policy."""

    document: str
    file: StoredFile


class NoClaim(Problem):
    """It cannot be claimed; `extra` may hold `why` and `claim`: the number of the claim that stands against it."""

    status = 409
    code = "no-claim"
    title = Label("现在不能申领", "This cannot be claimed now")


# ── reads ──


def claims_of(party: Party | int) -> QuerySet[Claim]:
    """All claims of a company, the newest first."""
    found = Claim.objects.filter(party=party).select_related("case", "version", "policy", "round__case", "account")
    return found.order_by("-willed_at", "-pk")


def live_claim(version: PolicyVersion, party: Party, year: int, part: int = 0) -> Claim | None:
    """The claim that is open, paid or recovered; None: it may be claimed."""
    live = Claim.objects.filter(policy=version.policy_id, party=party, year=year, part=part)
    return live.exclude(state=Claim.State.ENDED).select_related("case").first()


def eligible_now(version: PolicyVersion, party: Party, now: datetime) -> Explanation:
    """What the facts of this moment say of the company and the policy. Only the verdict YES goes to money."""
    return explained([selectors.policy_of(version.pk)], values_of(party.pk), now)[0]


def explained(policies: Sequence[Policy], known: Mapping[str, Known], now: datetime) -> list[Explanation]:
    """One explanation for each policy, of one company's facts."""
    specs = {name: fact.spec for name, fact in dictionary().items()}
    values = {name: each.value for name, each in known.items()}
    return Explainer([policy.rule for policy in policies], specs).explain_all(values, day_of(now))


def documents_missing(claim: Claim) -> list[Document]:
    """Of the documents that no office holds, those the company has not filed."""
    return [one for one in selectors.policy_of(claim.version_id).documents if one.id not in claim.documents]


def paid_by(lead: Unit) -> Unit:
    """付款单位: the finance bureau, where the county has one."""
    return Unit.objects.filter(code=PAYER, closed_on=None).first() or lead


def basis_of(policy: Policy, known: Mapping[str, Known]) -> dict[str, Any]:
    """The facts that decided, as they were: to be held against what they are later."""
    names = facts_used(policy) | ({policy.budget.by} if policy.budget and policy.budget.by else set())
    return {
        name: {
            "value": fact_values.kept(dictionary()[name], known[name].value),
            "source": known[name].source,
            "observation": known[name].observation_id,
        }
        for name in sorted(names & set(known))
    }


# ── opening ──


def open_claim(
    version: PolicyVersion,
    party: Party,
    actor: Actor,
    now: datetime,
    *,
    part: int = 0,
    on_behalf: bool = False,
    documents: Iterable[Filed] = (),
    account: Account | None = None,
    idempotency_key: str | None = None,
) -> Claim:
    """Open a claim by the company's agent, or `on_behalf` of it by an officer at the window or of the department.

    `account`: where the money is to go, if the company has not given it before; documents may follow later. The same
    `idempotency_key` gives the same claim. Raises NotAllowed, NoClaim, and what the account's check raises.
    """
    if part:
        raise NoClaim(
            Label(
                "后续各期由主管部门确认条件后开出，不另行申领",
                "Later instalments are opened by the department when their condition is met",
            )
        )
    policy = selectors.policy_of(version.pk)
    lead = _lead(policy)
    _may(actor, party, lead, on_behalf)
    filed = list(documents)
    with transaction.atomic():
        Party.objects.select_for_update(no_key=True).get(pk=party.pk)  # two claims of one company come one by one
        if idempotency_key and (earlier := _by_key(scoped_key(actor, idempotency_key))):
            return earlier
        _check_open(version, policy, now)
        known = values_of(party.pk)
        found = _check_yes(policy, known, now)
        year = day_of(now).year
        _check_others(version, policy, party, year, known, now)
        if account is not None:
            payees.give(party, account, actor, now)
        return _create(
            version, party, actor, now, part=0, year=year, whole_fen=found.amount_fen, lead=lead, on_behalf=on_behalf,
            filed=filed, basis=basis_of(policy, known), key=idempotency_key,
        )  # fmt: skip


def file_documents(claim: Claim, actor: Actor, now: datetime, filed: Sequence[Filed], note: str = "") -> Claim:
    """补充材料: by the company's agent, or by the window for it. Raises what the act raises, and NoClaim for a document
    that the policy does not ask for."""
    by_party = holds(actor, capacity("party"), None, parent_of={}, party_id=claim.party_id)
    by_document = _by_document(selectors.policy_of(claim.version_id), filed)
    with transaction.atomic():
        act(
            claim.case_id, "supplement" if by_party else "supplement_at_window", actor, now,
            {"supplement": note} if note else {}, files=[one.file for one in filed],
        )  # fmt: skip
        locked = Claim.objects.select_for_update(no_key=True).get(pk=claim.pk)
        for document, files in by_document.items():
            locked.documents.setdefault(document, []).extend(files)
        locked.save(update_fields=["documents"])
    return locked


def open_part(before: Claim, actor: Actor, now: datetime) -> Claim:
    """下一期: the next instalment of a paid claim. Its condition has been confirmed; the first one's verdict stands.

    Inside the act that confirms (claim_acts). Raises NoClaim where it was opened before."""
    policy = selectors.policy_of(before.version_id)
    return _create(
        before.version, before.party, actor, now, part=before.part + 1, year=before.year, whole_fen=before.whole_fen,
        lead=_lead(policy), on_behalf=True, filed=[], basis=before.basis, predecessor_id=before.case_id,
    )  # fmt: skip


# ── private ──


def _create(
    version: PolicyVersion, party: Party, actor: Actor, now: datetime, *, part: int, year: int, whole_fen: int | None,
    lead: Unit, on_behalf: bool, filed: Sequence[Filed], basis: dict[str, Any], key: str | None = None,
    predecessor_id: int | None = None,
) -> Claim:  # fmt: skip
    assert actor.user_id is not None  # `_may` and the act that opens an instalment have seen to it
    policy = selectors.policy_of(version.pk)
    asked = part_fen(policy, whole_fen, part)
    named = policy.title.zh + (f"（{parts_of(policy)[part][1].zh}）" if len(parts_of(policy)) > 1 else "")
    data = {"policy": named[:200], "lead": lead.pk, "payer": paid_by(lead).pk}
    if asked is not None:
        data["asked"] = money(asked).zh
    by_document = _by_document(policy, filed)
    try:
        with transaction.atomic():
            done = open_case(
                PROCEDURE, party.pk, actor, now, data, title=f"申领：{named}"[:80],
                channel="window" if on_behalf else "online", files=[one.file for one in filed], idempotency_key=key,
                predecessor_id=predecessor_id,
            )  # fmt: skip
            return Claim.objects.create(
                case_id=done.case_id, version=version, policy_id=version.policy_id, party=party, year=year, part=part,
                whole_fen=whole_fen, asked_fen=asked, willed_at=now, willed_by_id=actor.user_id, on_behalf=on_behalf,
                account=payees.current(party), documents=by_document, basis=basis,
            )  # fmt: skip
    except IntegrityError as error:
        raise _claimed_already(live_claim(version, party, year, part)) from error


def _by_document(policy: Policy, filed: Sequence[Filed]) -> dict[str, list[str]]:
    """Document -> SHA-256 of its files."""
    found: dict[str, list[str]] = {}
    for one in filed:
        found.setdefault(one.document, []).append(one.file.sha256)
    unknown = set(found) - {one.id for one in policy.documents}
    if unknown:
        named = sorted(unknown)
        raise NoClaim(Label(f"该政策没有材料“{'、'.join(named)}”", f"The policy asks for no {', '.join(named)}"))
    return found


def _by_key(key: str | None) -> Claim | None:
    return Claim.objects.filter(case__events__idempotency_key=key).first()


def _lead(policy: Policy) -> Unit:
    found = Unit.objects.filter(code=policy.departments[0], closed_on=None).first()
    if found is None:
        raise NoClaim(
            Label(
                f"主管部门“{policy.departments[0]}”不存在或已撤销，请联系管理员更新政策",
                f"The department in charge, {policy.departments[0]}, is closed; the policy must be updated",
            )
        )
    return found


def _may(actor: Actor, party: Party, lead: Unit, on_behalf: bool) -> None:
    """The company's own agent; on its behalf the window, or an officer of the department."""
    if not on_behalf:
        if actor.user_id is not None and holds(actor, capacity("party"), None, parent_of={}, party_id=party.pk):
            return
        raise NotAllowed(
            Label(f"您未获授权代表{party.name}，不能申领", f"You do not act for {party.name} and cannot claim for it")
        )
    window = Unit.objects.filter(desk="window", closed_on=None).first()
    asked = [(capacity("clerk"), window), (capacity("handler"), lead)]
    if not any(unit and holds(actor, who, unit.pk, parent_of={}, party_id=None) for who, unit in asked):
        raise NotAllowed(
            Label(
                f"只有窗口和{lead.name}的工作人员可以代企业申领",
                f"Only officers of the window and of {lead.name} may claim for a company",
            )
        )


def _check_open(version: PolicyVersion, policy: Policy, now: datetime) -> None:
    """Live, in force, and within its window."""
    today = day_of(now)
    state = PolicyVersion.objects.values_list("state", flat=True).get(pk=version.pk)
    if state != PolicyVersion.State.LIVE or not policy.effect.covers(today):
        raise NoClaim(Label("这项政策现在不在执行期内", "The policy is not in force now"), extra={"why": "not_live"})
    window = policy.window
    if window and (today < window.start or (window.end and today > window.end)):
        raise NoClaim(
            Label(
                f"申领期为{window.start}至{window.end or '不限'}，现在不能申领",
                f"It can be claimed from {window.start} to {window.end or 'no end'}",
            ),
            extra={"why": "window"},
        )


def _check_yes(policy: Policy, known: Mapping[str, Known], now: datetime) -> Explanation:
    found = explained([policy], known, now)[0]
    if found.verdict is not Verdict.YES:
        raise NoClaim(why_not(found), extra={"why": found.verdict.name.lower()})
    if found.amount_fen is not None and part_fen(policy, found.amount_fen, 0) == 0:
        raise NoClaim(
            Label("按现有数据可兑现金额为零", "By the facts on record it pays nothing"), extra={"why": "zero"}
        )
    return found


def why_not(found: Explanation) -> Label:
    """What the facts say against it: what is missing, or what would have to change."""
    if found.verdict is Verdict.UNKNOWN:
        labels = [dictionary()[name].label for name in sorted(found.missing)]
        return Label(
            f"数据不全，还不能确定是否符合，缺：{'、'.join(label.zh for label in labels) or '无法由数据补足'}",
            f"Not decided yet; missing: {', '.join(label.en for label in labels) or 'nothing that could be filled in'}",
        )
    conditions = [change.condition.label for change in found.changes]
    return Label(
        f"按现有数据不符合：{'、'.join(label.zh for label in conditions)}",
        f"By the facts on record not eligible: {', '.join(label.en for label in conditions)}",
    )


def _check_others(
    version: PolicyVersion, policy: Policy, party: Party, year: int, known: Mapping[str, Known], now: datetime
) -> None:
    """Not claimed before; nothing claimed that excludes it; and the higher of those that clash."""
    _refuse_claimed(live_claim(version, party, year))
    live = Claim.objects.filter(party=party, year=year, state__in=[Claim.State.OPEN, Claim.State.PAID])
    for claim in live.exclude(policy=version.policy_id).select_related("case"):
        other = selectors.policy_of(claim.version_id)
        if stacking.clash(policy, other):
            raise NoClaim(
                Label(
                    f"已申领“{other.title.zh}”（{claim.case.number}），两项不能同时享受；如要改申请本项，请先撤回",
                    f"“{other.title.en}” is claimed already ({claim.case.number}) and excludes this one; "
                    "withdraw it first",
                ),
                extra={"why": "excluded", "claim": claim.case.number},
            )
    _check_highest(policy, known, now)


def _check_highest(policy: Policy, known: Mapping[str, Known], now: datetime) -> None:
    in_force = [selectors.policy_of(pk) for pk in selectors.in_force(day_of(now)).values_list("pk", flat=True)]
    rivals = [other for other in in_force if other.code != policy.code]
    if not any(stacking.clash(policy, other) for other in rivals):
        return
    policies = {one.code: one for one in [policy, *rivals]}
    found = explained(list(policies.values()), known, now)
    amounts = {one.rule.code: one.amount_fen for one in found if one.verdict is Verdict.YES}
    instead = stacking.settle(amounts, policies).instead.get(policy.code, ())
    if instead:
        titles = [policies[code].title for code in instead]
        raise NoClaim(
            Label(
                f"就高不重复：请申领{'、'.join(f'“{title.zh}”' for title in titles)}",
                f"The higher one is paid: claim {', '.join(f'“{title.en}”' for title in titles)}",
            ),
            extra={"why": "higher", "policies": list(instead)},
        )


def _refuse_claimed(claim: Claim | None) -> None:
    if claim is not None:
        raise _claimed_already(claim)


def _claimed_already(claim: Claim | None) -> NoClaim:
    number = claim.case.number if claim else ""
    return NoClaim(
        Label(f"本年度已申领过（{number}），不重复申领", f"Claimed this year already ({number})"),
        extra={"why": "claimed", "claim": number},
    )


def claim_of(case: Case | int) -> Claim | None:
    """The claim behind a case; None for any other case."""
    return Claim.objects.filter(case=case).select_related("case", "version", "party", "account", "round__case").first()
