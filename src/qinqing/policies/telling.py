"""告知: a company is told once a year of each policy that it can claim, by a notice to everyone who acts for it.

Told is what can be claimed: its window is open, nothing is claimed of it this year, and nothing that excludes it is
worth more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from qinqing.directory.models import Mandate, Party
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.messaging.notices import notify
from qinqing.policies import selectors, stacking
from qinqing.policies.models_matching import Eligibility
from qinqing.policies.models_money import Claim
from qinqing.policies.parts_money import decided_by
from qinqing.policies.policy import Policy
from qinqing.policies.windows import is_open
from qinqing.ui.figures import money

AT_ONCE = 500
PAGE = "/policies/mine/"  # of the company; web_company.py


@transaction.atomic
def tell(now: datetime, limit: int = AT_ONCE) -> bool:
    """One slice of notices; True when more wait."""
    today = day_of(now)
    policies = _in_force(today)
    claimable = [policy_id for policy_id, policy in policies.items() if is_open(policy.window, today)]
    untold = Q(told_year=None) | Q(told_year__lt=today.year)
    due = Eligibility.objects.filter(untold, policy__in=claimable, gone_at=None).order_by("pk")
    rows = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
    parties = {row.party_id for row in rows}
    agents, worth, claimed = agents_of(parties, today), _worth_telling(parties, policies), _claimed(parties, today.year)
    for row in rows:
        if row.policy_id in worth[row.party_id] and (row.party_id, row.policy_id) not in claimed:
            policy = policies[row.policy_id]
            key, link = f"policy:{policy.code}:{row.party_id}:{today.year}", f"{PAGE}{row.party_id}/{policy.code}/"
            notify(agents.get(row.party_id, ()), key, _words(policy, row.amount_fen), link, False, now)
    Eligibility.objects.filter(pk__in=[row.pk for row in rows]).update(told_year=today.year)
    return len(rows) == limit


def tell_again(policy_id: int, party_ids: Collection[int]) -> None:
    """These companies are no longer eligible for a policy: those that it excluded may be told of (once a year still:
    the notice's key)."""
    gone = selectors.policy_of(Eligibility.objects.filter(policy=policy_id).values_list("version_id", flat=True)[0])
    rows = Eligibility.objects.filter(party_id__in=party_ids, gone_at=None).exclude(policy=policy_id)
    versions = dict(rows.values_list("policy_id", "version_id").distinct())
    rivals = [pk for pk, version in versions.items() if stacking.clash(gone, selectors.policy_of(version))]
    if rivals:
        rows.filter(policy__in=rivals).update(told_year=None)


def agents_of(party_ids: Collection[int], on: date) -> dict[int, set[int]]:
    """Accounts of companies themselves and of those who act for them on a day, by company."""
    found: dict[int, set[int]] = {}
    in_force = Mandate.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=on), company__in=party_ids, starts_on__lte=on, person__user__isnull=False
    )
    own = Party.objects.filter(pk__in=party_ids, user__isnull=False).values_list("pk", "user_id")
    for party_id, user_id in [*in_force.values_list("company_id", "person__user_id"), *own]:
        if user_id is not None:
            found.setdefault(party_id, set()).add(user_id)
    return found


# ── private ──


def _in_force(today: date) -> dict[int, Policy]:
    versions = selectors.in_force(today).order_by("policy_id").values_list("policy_id", "pk")
    return {policy_id: selectors.policy_of(version_id) for policy_id, version_id in versions}


def _worth_telling(parties: Iterable[int], policies: Mapping[int, Policy]) -> dict[int, set[int]]:
    """By company the policies that it would be paid by, or whose sum a body has yet to decide."""
    amounts: dict[int, dict[int, int | None]] = {party: {} for party in parties}
    rows = Eligibility.objects.filter(party_id__in=amounts, policy__in=policies, gone_at=None)
    for party_id, policy_id, fen in rows.values_list("party_id", "policy_id", "amount_fen"):
        amounts[party_id][policy_id] = fen
    found = {}
    for party_id, of in amounts.items():
        by_code = {policies[policy_id].code: policy_id for policy_id in of}
        settled = stacking.settle(
            {code: of[policy_id] for code, policy_id in by_code.items()},
            {code: policies[policy_id] for code, policy_id in by_code.items()},
        )
        found[party_id] = {by_code[code] for code in (*settled.paid, *settled.waiting)}
    return found


def _claimed(parties: Collection[int], year: int) -> set[tuple[int, int]]:
    live = Claim.objects.filter(party__in=parties, year=year).exclude(state=Claim.State.ENDED)
    return set(live.values_list("party_id", "policy_id"))


def _words(policy: Policy, fen: int | None) -> Label:
    body = decided_by(policy.rule.benefit)
    if fen is not None:
        zh, en = f"可领{money(fen).zh}", f"{money(fen).en} to claim"
    elif body is not None:
        zh, en = f"金额由{body.body.zh}核定", f"the sum is decided by {body.body.en}"
    else:
        zh, en = "可申领", "it can be claimed"
    free = policy.window is not None and policy.window.without_application
    return Label(
        f"贵公司符合“{policy.title.zh}”，{zh}{'（免申即享，确认即可）' if free else ''}",
        f"Your company qualifies for “{policy.title.en}”: {en}{' (no application, just confirm)' if free else ''}",
    )
