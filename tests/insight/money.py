"""A county that has paid for half a year, and the same figures told slowly: from the ledger's transfers, attachments
and rows, in plain Python, never from `CaseFigure`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from qinqing.accounts.access import actor_for
from qinqing.cases.acting import act
from qinqing.cases.models import Attachment, Event
from qinqing.directory.models import Unit
from qinqing.ledger.models import Transfer
from qinqing.lib.wallclock import CHINA
from qinqing.policies import claims
from qinqing.policies.claims import Filed, open_claim
from qinqing.policies.models import Policy, PolicyVersion
from qinqing.policies.models_matching import Eligibility
from qinqing.policies.models_money import Claim
from qinqing.ui.periods import Period
from tests.policies.money_world import LATER, NOW, PARTS, PRO_RATA, PROOF, YUAN, World, account, again, result

PRESENT = datetime(2027, 1, 12, 10, 20, tzinfo=CHINA)
DOCUMENTS = PRO_RATA + "\ndocuments: [{id: seal, zh: 承诺书, en: A commitment}]"


def at(month: int, day: int, hour: int = 10, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHINA)


class Paid:
    """Claims by what became of them."""

    def __init__(self) -> None:
        self.world = World()
        self.claims: dict[str, Claim] = {}
        self._jobs()
        self._papers()
        self._parts()

    def again(self, name: str) -> Claim:
        return again(self.claims[name])

    # ── 用工奖补: one batch, answered by the bank one by one ──

    def _jobs(self) -> None:
        world = self.world
        version = world.policy()
        world.budget(1_000_000 * YUAN)
        names = ("plain", "unmatched", "twice", "edge", "clawed", "partly", "returned", "mended", "new_year", "open")
        for number, name in enumerate(names):
            self.claims[name] = world.claim(version, 10 + number)
        for name in names[:-1]:
            world.agreed(self.claims[name])
        for name, since in (
            ("plain", at(7, 10, 23, 30)), ("edge", NOW), ("clawed", at(6, 1)), ("partly", at(8, 10, 0, 5)),
            ("returned", at(8, 1)), ("mended", at(8, 2)), ("new_year", at(1, 1)), ("open", at(8, 1)),
        ):  # fmt: skip
            eligible(self.claims[name], since)
        eligible(self.claims["twice"], at(3, 1), at(4, 1))
        eligible(self.claims["twice"], at(8, 7))
        eligible(self.claims["unmatched"], at(8, 11))  # found a day after it had claimed
        batch = world.issued(world.published(version))
        answers = {name: LATER for name in names[:-1]}
        answers |= {"edge": at(12, 31, 23, 30), "new_year": at(1, 1, 0, 10, 2027), "twice": at(9, 30, 23, 59)}
        payments = {payment.claim_id: payment for payment in batch.payments.all()}
        for name, when in answers.items():
            world.take(result(payments[self.claims[name].pk]), now=when)
        for name in ("returned", "mended"):
            back = result(payments[self.claims[name].pk], "returned", bank_ref="R", reason="已销户")
            world.take(back, now=at(8, 25))
        again_to = self.again("mended")
        form = {"account_name": again_to.party.name, "account_number": "6222111122223333", "bank": "示范建行"}
        act(again_to.case_id, "mend_account", world["payer"], at(8, 26), form)
        assert again_to.round
        second = world.issued(again_to.round, at(9, 1))
        world.take(*[result(payment) for payment in second.payments.all()], now=at(9, 2))
        for name in ("clawed", "partly"):
            self._ordered(name)
        part = {"received_on": "2026-10-20", "recovered_to": "surrendered", "received_yuan": "1234.56"}
        act(self.claims["partly"].case_id, "received_part", world["payer"], at(10, 20), part, files=[PROOF])
        whole = {"received_on": "2026-10-21", "recovered_to": "available"}
        act(self.claims["clawed"].case_id, "received", world["payer"], at(10, 21), whole, files=[PROOF])

    def _ordered(self, name: str) -> None:
        case_id, world, order = self.claims[name].case_id, self.world, {"reason": "人数不实", "legal_basis": "第七条"}
        act(case_id, "reopen", world["reviewer"], at(9, 1), {"reason": "人数不实"})
        act(case_id, "order", world["reviewer"], at(9, 1), order)
        act(case_id, "approve", world["head"], at(9, 1))

    # ── with documents: filed, asked for, seen on paper; and at the window ──

    def _papers(self) -> None:
        world = self.world
        version = world.policy("papers", more=DOCUMENTS)
        world.budget(1_000_000 * YUAN, "papers")
        party, agent = world.company(33)
        self.claims["filed"] = open_claim(
            version, party, agent, NOW, account=account(party), documents=[Filed("seal", PROOF)]
        )
        self.claims["seen"] = world.claim(version, 34)
        world.agreed(self.claims["filed"])
        world.agreed(self.claims["seen"], documents_seen=True)
        self.claims["asked"] = asked = world.claim(version, 35)
        notice = {"notice": "请补充承诺书", "legal_basis": "第七条"}
        act(asked.case_id, "ask_party", world["reviewer"], NOW, notice)
        claims.file_documents(asked, world["clerk"], NOW, [Filed("seal", PROOF)])
        world.agreed(asked)
        self._paid(version, at(8, 21))
        free = world.policy("window")
        world.budget(1_000_000 * YUAN, "window")
        party, _ = world.company(36)
        self.claims["window"] = open_claim(free, party, world["clerk"], NOW, on_behalf=True, account=account(party))
        world.agreed(self.claims["window"])
        self.claims["same"] = open_claim(free, *self._agent("plain"), NOW)  # a company that another policy paid too
        eligible(self.claims["same"], at(8, 3))
        world.agreed(self.claims["same"])
        self._paid(free, at(8, 22))

    def _agent(self, name: str) -> tuple[Any, Any]:
        claim = self.claims[name]
        return claim.party, actor_for(claim.willed_by, NOW)

    def _paid(self, version: PolicyVersion, when: datetime) -> None:
        batch = self.world.issued(self.world.published(version))
        self.world.take(*[result(payment) for payment in batch.payments.all()], now=when)

    # ── 30/30/40 ──

    def _parts(self) -> None:
        world = self.world
        version = world.policy("parts", benefit=PARTS)
        world.budget(1_000_000 * YUAN, "parts")
        claim = self.claims["part0"] = world.agreed(world.claim(version, 23))
        eligible(claim, at(8, 9))
        now = NOW
        for part in (1, 2, 3):
            batch = world.issued(world.published(version, now), now + timedelta(days=10))
            now += timedelta(days=20)
            world.take(*[result(payment) for payment in batch.payments.all()], now=now)
            if part < 3:
                act(claim.case_id, "next_part", world["reviewer"], now, {"finding": "条件已具备"}, files=[PROOF])
                claim = self.claims[f"part{part}"] = Claim.objects.get(policy__code="parts", part=part)
                world.agreed(claim, now)


def eligible(claim: Claim, since: datetime, gone: datetime | None = None) -> None:
    Eligibility.objects.create(
        policy_id=claim.policy_id, version_id=claim.version_id, party_id=claim.party_id, amount_fen=1, since=since,
        gone_at=gone,
    )  # fmt: skip


# ── the same, slowly ──


@dataclass(frozen=True)
class Told:
    """One claim as its rows tell it."""

    case_id: int
    policy: str
    unit: int
    party: int
    paid_at: datetime | None
    paid_fen: int | None
    recovered_fen: int | None
    eligible_at: datetime | None
    days: int | None
    one_tap: bool | None


def told() -> list[Told]:
    return [_told(claim) for claim in Claim.objects.select_related("case", "policy").order_by("pk")]


def _told(claim: Claim) -> Told:
    paid = recovered = 0
    paid_at = None
    for move in Transfer.objects.filter(position__ref=claim.ref or "none").order_by("seq"):
        if move.target == "paid":
            paid, paid_at = paid + move.amount, move.at
        elif move.source == "paid" and move.target == "committed":
            paid, paid_at = paid - move.amount, None
        elif move.source == "paid":
            recovered += move.amount
    since = _since(claim)
    days = None
    if paid_at and since:
        day, days = since.astimezone(CHINA).date(), 0
        while day < paid_at.astimezone(CHINA).date():
            day, days = day + timedelta(days=1), days + 1
    return Told(
        claim.case_id, Policy.objects.get(pk=claim.policy_id).code, Unit.objects.get(code="science").pk,
        claim.party_id, paid_at, paid if paid_at else None, recovered if paid_at else None, since, days,
        _one_tap(claim),
    )  # fmt: skip


def _since(claim: Claim) -> datetime | None:
    if claim.part:
        return claim.willed_at
    found = None
    for row in Eligibility.objects.filter(policy=claim.policy_id, party=claim.party_id).order_by("since"):
        if row.since <= claim.willed_at and not (row.gone_at and row.gone_at < claim.willed_at):
            found = row.since
    return found


def _one_tap(claim: Claim) -> bool | None:
    if claim.part:
        return None
    papers = Attachment.objects.filter(case=claim.case_id, event_seq__lt=_paid_seq(claim)).exists()
    asked = Event.objects.filter(case=claim.case_id, action="ask_party").exists()
    seen = Event.objects.filter(case=claim.case_id, head__contains='"documents_seen":true').exists()
    return not (claim.on_behalf or claim.documents or papers or asked or seen)


def _paid_seq(claim: Claim) -> int:
    found = Event.objects.filter(case=claim.case_id, action="paid").order_by("seq").first()
    return found.seq if found else 10**6


def inside(rows: list[Told], period: Period, which: Callable[[Told], bool] = lambda row: True) -> list[Told]:
    return [row for row in rows if row.paid_at and period.start <= row.paid_at < period.end and which(row)]


def ranked(days: list[int], share: int) -> int:
    """Nearest rank."""
    ordered = sorted(days)
    return ordered[-(-len(ordered) * share // 100) - 1]
