"""A county that pays: a department in charge, a finance bureau, companies with agents and accounts, and small policies
over facts that the directory itself holds (staff, revenue), easy to change."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cases import passing_time, shelf
from qinqing.cases.acting import act
from qinqing.cases.blobs import StoredFile
from qinqing.cases.models import Case, Task
from qinqing.cases.reading import parse
from qinqing.directory.models import Mandate, Party, Unit
from qinqing.directory.services import update_party
from qinqing.ledger import selectors as ledger_reading
from qinqing.ledger import services as ledger
from qinqing.ledger.accounts import Balances
from qinqing.lib.wallclock import CHINA
from qinqing.policies import claims, following, payments, rounds, services
from qinqing.policies import selectors as policy_reading
from qinqing.policies.models import PolicyVersion
from qinqing.policies.models_money import Batch, Claim, Payment, Round
from qinqing.policies.payees import Account
from qinqing.policies.payments import Result
from qinqing.policies.policy import ReviewResult
from qinqing.ui.errors import Problem
from tests.cases import county
from tests.cases.county import SINCE, County
from tests.policies.texts import ROOT

NOW = datetime(2026, 8, 10, 9, 30, tzinfo=CHINA)  # a Monday
LATER = NOW + timedelta(days=10)  # five working days are over
YUAN = 100
PROCEDURES = ROOT / "src/qinqing/policies/procedures"
PROOF = StoredFile("0" * 64, "证明.pdf", "application/pdf", 100)
_numbers = count(1)

POLICY = """\
policy: {code}
title: {{zh: 用工奖补{code}, en: Reward {code}}}
reference: 示政发〔2026〕7号第七条
source: {{origin: fictional}}
departments: [science]
clauses: {{第七条: 用工十人以上的，每人奖补一千元。}}
effective: {{from: 2026-01-01, to: 2027-12-31}}
apply: {{from: 2026-01-01, to: 2027-11-30, without_application: true}}
conditions:
  all:
  - {{id: staff, clause: 第七条, zh: 用工十人以上, en: Ten staff or more, if: 'staff >= 10'}}
benefit: {{clause: 第七条, {benefit}}}
{more}
examples:
- {{zh: 符合, facts: {{staff: 12}}, gives: {{verdict: 'yes'}}}}
- {{zh: 人数不够, facts: {{staff: 9}}, gives: {{verdict: 'no'}}}}
- {{zh: 缺人数, facts: {{}}, gives: {{verdict: unknown}}}}
"""
EACH = "yuan_each: 1000, of: staff"
PRO_RATA = "budget: {yuan: 1000000, short: pro_rata}"
FIRST_COME = "budget: {yuan: 1000000, short: first_come}"
RANKED = "budget: {yuan: 1000000, short: ranked, by: revenue}"
PARTS = (
    "whole: {yuan_each: 1000, of: staff}, "
    "parts: [{share: 30%, zh: 首期}, {share: 30%, zh: 中期}, {share: 40%, zh: 末期}]"
)
DECIDED = "decided_by: {zh: 县政府常务会议, en: The county's executive meeting}, at_least_yuan: 100, at_most_yuan: 5000"


def text(code: str = "jobs", benefit: str = EACH, more: str = PRO_RATA) -> str:
    return POLICY.format(code=code, benefit=benefit, more=more)


class World:
    """People by name: `reviewer` and `head` of science, `payer` and `payer_head` of finance, the county's own."""

    def __init__(self) -> None:
        policy_reading.policy_of.cache_clear()  # rows rolled back give their numbers to others
        self.county: County = county.build()
        for code, name in (("science", "县科技局"), ("finance", "县财政局"), ("economy", "县经信局")):
            self.county.units[code] = Unit.objects.create(code=code, name=name, kind="authority")
        for name, unit, role in (
            ("reviewer", "science", "handler"),
            ("reviewer2", "science", "handler"),
            ("head", "science", "section_head"),
            ("payer", "finance", "handler"),
            ("payer_head", "finance", "section_head"),
            ("stranger_head", "economy", "section_head"),
        ):
            self.county.officer(name, unit, role)
        for path in sorted(PROCEDURES.glob("*.yaml")):
            shelf.store(parse(path.read_text(encoding="utf-8")), NOW)

    def __getitem__(self, name: str) -> Actor:
        return self.county[name]

    def policy(
        self, code: str = "jobs", benefit: str = EACH, more: str = PRO_RATA, now: datetime = NOW
    ) -> PolicyVersion:
        """A live policy."""
        version = services.draft(self["reviewer"], text(code, benefit, more), now)[0]
        services.record_review(self["reviewer2"], version.pk, ReviewResult.PASSED, "", now)
        return services.approve(self["head"], version.pk, now)

    def company(self, staff: int | None = 20, revenue: int | None = 1_000_00, name: str = "") -> tuple[Party, Actor]:
        """A company with its agent."""
        number = next(_numbers)
        name = name or f"示范县第{number}纺织有限公司"
        party = Party.objects.create(
            kind="company", name=name, name_norm=name, staff=staff, revenue_fen=revenue, status="存续", updated_at=NOW
        )
        user = User.objects.create(username=f"phone:139{number:08}", name=f"代办{number}", kind="party")
        person = Party.objects.create(kind="person", name=user.name, name_norm=user.name, user=user, updated_at=NOW)
        Mandate.objects.create(person=person, company=party, starts_on=SINCE)
        return party, Actor(user.pk, user.name, "party", party_ids=frozenset({party.pk}))

    # ── the way of a claim ──

    def claim(
        self, version: PolicyVersion, staff: int = 20, revenue: int | None = 1_000_00, now: datetime = NOW, **more: Any
    ) -> Claim:
        """Willed by a company of its own, with its account."""
        party, agent = self.company(staff, revenue)
        return claims.open_claim(version, party, agent, now, account=account(party), **more)

    def agreed(self, claim: Claim, now: datetime = NOW, **form: Any) -> Claim:
        """Reviewed and signed off: it waits for a round."""
        act(claim.case_id, "agree", self["reviewer"], now, {"opinion": "符合", **form})
        act(claim.case_id, "approve", self["head"], now)
        return again(claim)

    def waiting(self, version: PolicyVersion, *staff: int, now: datetime = NOW) -> list[Claim]:
        return [self.agreed(self.claim(version, heads, now=now), now) for heads in staff]

    def budget(self, fen: int, code: str = "jobs") -> str:
        """The book of a policy, with this much in it."""
        book = rounds.book_code(code, 2026)
        ledger.open_book(book, f"{code}资金", NOW)
        if fen:
            ledger.appropriate(book, fen, f"下达预算{next(_numbers)}", NOW)
        return book

    def balances(self, code: str = "jobs") -> Balances:
        return ledger_reading.balances(rounds.book_code(code, 2026))

    # ── the way of a round ──

    def round(self, version: PolicyVersion, now: datetime = NOW, **more: Any) -> Round:
        return rounds.open_round(version, self["reviewer"], now, **more)

    def propose(self, found: Round, now: datetime = NOW) -> None:
        made = rounds.plan(found, now)
        act(found.case_id, "freeze", self["reviewer"], now, {"claims": len(made.funded), "total_fen": made.total})

    def frozen(self, version: PolicyVersion, now: datetime = NOW, **more: Any) -> Round:
        """Frozen and published; the claims have followed."""
        found = self.round(version, now, **more)
        self.propose(found, now)
        act(found.case_id, "approve", self["head"], now)
        follow(now)
        found.refresh_from_db()
        return found

    def published(self, version: PolicyVersion, now: datetime = NOW, **more: Any) -> Round:
        """Its publicity is over, and what was not objected to is committed."""
        found = self.frozen(version, now, **more)
        pass_time(now + timedelta(days=10))
        return found

    def issued(self, found: Round, now: datetime = LATER) -> Batch:
        pay, _ = payments.due(found)
        form = {"claims": len(pay), "total_fen": sum(each.fen for each in pay)}
        act(found.case_id, "issue_batch", self["payer"], now, form)
        act(found.case_id, "approve", self["payer_head"], now)
        return Batch.objects.filter(round=found).latest("pk")

    def take(self, *results: Result, now: datetime = LATER) -> dict[str, int]:
        return dict(payments.take(results, self["payer"], now))

    def paid(self, version: PolicyVersion, *staff: int) -> list[Claim]:
        """All the way to the bank's word."""
        found = self.waiting(version, *staff)
        batch = self.issued(self.published(version))
        self.take(*[result(payment) for payment in batch.payments.all()])
        return [again(claim) for claim in found]

    def paid_with_budget(self, heads: int) -> Claim:
        """One claim, paid, of a policy with money enough."""
        self.budget(1_000_000 * YUAN)
        return self.paid(self.policy(), heads)[0]


def account(party: Party, name: str = "", number: str = "") -> Account:
    return Account(name or party.name, number or f"6222{party.pk:012}", "示范农商银行")


def result(payment: Payment, state: str = "paid", **changes: Any) -> Result:
    """The bank's word on a payment."""
    values: dict[str, Any] = {
        "number": payment.number, "name": payment.name, "account": payment.account, "fen": payment.fen, "state": state,
        "bank_ref": f"B{payment.pk}" if state == "paid" else "",
    }  # fmt: skip
    return Result(**{**values, **changes})


def follow(now: datetime = NOW) -> None:
    """What the worker does until nothing is left to do."""
    while following.follow(now):
        pass


def pass_time(now: datetime) -> None:
    """Clocks run out and claims follow."""
    passing_time.fire_due_rungs(now)
    follow(now)


def again(claim: Claim) -> Claim:
    return Claim.objects.select_related("case", "party", "round__case", "account").get(pk=claim.pk)


def stage(claim: Claim) -> str:
    """Where its case is: the stage, or how it ended."""
    case = Case.objects.get(pk=claim.case_id)
    return case.outcome or case.stage


def staff(claim: Claim, heads: int | None, now: datetime = NOW) -> None:
    """The fact changes."""
    update_party(claim.party_id, now, staff=heads)


def code_of(problem: type[Problem], do: Any) -> Problem:
    """The refusal that `do` meets."""
    with pytest.raises(problem) as caught:
        do()
    return caught.value


def tasks(claim: Claim) -> set[str]:
    return set(Task.objects.filter(case=claim.case_id, state="open").values_list("node", flat=True))
