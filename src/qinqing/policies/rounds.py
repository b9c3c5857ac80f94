"""兑现批次: the claims of one policy that wait are listed, their facts asked once more, the budget split by the
policy's rule and reserved: all in one act (`freeze`), all or nothing. Opening, the list as it would be, the effects.

Two rounds may be frozen against one budget at the same instant: the book is locked before what is available is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.db.models import QuerySet

from qinqing.accounts.access import capacity, holds
from qinqing.accounts.actor import Actor
from qinqing.cases.acting import open_case
from qinqing.cases.casefile import CaseFile
from qinqing.cases.refusals import Conflict, Refused
from qinqing.cases.registry import Context, effect, guard, prefill
from qinqing.directory.facts.reading import values_of
from qinqing.directory.models import Party, Unit
from qinqing.directory.services import create_party, day_of
from qinqing.ledger import selectors as ledger_reading
from qinqing.ledger import services as ledger
from qinqing.ledger import sharing
from qinqing.ledger.accounts import Kind
from qinqing.ledger.models import Book
from qinqing.ledger.services import Entry
from qinqing.lib.labels import Label
from qinqing.policies import selectors
from qinqing.policies.claim_acts import cause, changed
from qinqing.policies.claims import paid_by
from qinqing.policies.models import PolicyVersion
from qinqing.policies.models_money import Claim, Payment, Round, RoundLine, to_text
from qinqing.policies.policy import Budget, Policy, Short
from qinqing.ui.errors import NotAllowed, Problem
from qinqing.ui.figures import money

PROCEDURE = "funding_round"
CHANNEL = "policies"
INTERNAL = "机关内部件"  # party of papers between offices: nobody acts for it
Result = RoundLine.Result


@dataclass(frozen=True, slots=True)
class Listed:
    """A claim as a freeze of this moment would find it."""

    claim: Claim
    asked: int
    fixed: int
    result: Result
    score: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """名单: what freezing now would do. `available`: fen in the book; `total`: fen that would be reserved."""

    lines: tuple[Listed, ...]
    available: int
    short: Short | None  # None: everybody in full, or nobody

    @property
    def funded(self) -> list[Listed]:
        return [line for line in self.lines if line.result is Result.FUNDED]

    @property
    def total(self) -> int:
        return sum(line.fixed for line in self.lines)

    @property
    def asked(self) -> int:
        return sum(line.asked for line in self.lines if line.result is not Result.BACK)


class NoRound(Problem):
    status = 409
    code = "no-round"
    title = Label("不能建立批次", "No round can be opened")


def book_code(policy_code: str, year: int) -> str:
    """The book that a policy is paid from, unless the round names another: fund:2026:rd_reward."""
    return f"fund:{year}:{policy_code}"


def waiting(policy_id: int) -> QuerySet[Claim]:
    """Claims of a policy that are signed off and in no round, in the order in which they were willed."""
    found = Claim.objects.filter(policy=policy_id, state=Claim.State.OPEN, round=None, ready_at__isnull=False, back="")
    return found.order_by("willed_at", "pk").select_related("case", "party", "version")


def open_round(
    version: PolicyVersion, actor: Actor, now: datetime, *, book: str = "", publicity: str = "five"
) -> Round:
    """Open a round of this policy, by an officer of the department in charge. `book`: default as `book_code`.

    Raises NotAllowed, NoRound (one is being prepared, nothing waits), Missing (no such book), and what `open_case`
    raises."""
    policy = selectors.policy_of(version.pk)
    lead = Unit.objects.filter(code=policy.departments[0], closed_on=None).first()
    if lead is None or not holds(actor, capacity("handler"), lead.pk, parent_of={}, party_id=None):
        raise NotAllowed(
            Label("批次由主管部门的经办人建立", "A round is opened by a handler of the department in charge")
        )
    code = book or book_code(policy.code, day_of(now).year)
    ledger_reading.book(code)
    with transaction.atomic():
        PolicyVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
        being = Round.objects.filter(version__policy=version.policy_id, case__closed_at=None, frozen_at=None).first()
        if being is not None:
            number = being.case.number
            raise NoRound(Label(f"批次{number}正在拟定，请在该批次办理", f"{number} is being prepared; go on there"))
        if not waiting(version.policy_id).exists():
            raise NoRound(Label("没有审核通过、等待兑现的申领", "No claim that is signed off is waiting"))
        data = {"policy": policy.title.zh[:200], "lead": lead.pk, "payer": paid_by(lead).pk, "publicity": publicity}
        title = f"兑现批次：{policy.title.zh}"[:80]
        done = open_case(PROCEDURE, _internal_party(now), actor, now, data, title=title, channel=CHANNEL)
        return Round.objects.create(case_id=done.case_id, version=version, book=code)


def plan(found: Round, now: datetime, claims: Iterable[Claim] | None = None) -> Plan:
    """The list as a freeze of this moment would make it. `claims`: those waiting, when they are locked already."""
    policy = selectors.policy_of(found.version_id)
    known = waiting(found.version.policy_id) if claims is None else claims
    checked = [_checked(claim, policy.budget, now) for claim in known]
    sound = [line for line in checked if line.result is not Result.BACK]
    available = ledger_reading.balances(found.book).available
    given = split(policy, available, sound)
    lines = tuple(
        line if line.result is Result.BACK else _given(line, given[line.claim.case.number]) for line in checked
    )
    return Plan(lines, available, policy.budget.short if policy.budget else None)


def split(policy: Policy, available: int, lines: Sequence[Listed]) -> dict[str, int]:
    """Number of the claim -> fen, by the policy's rule for a budget that does not suffice. Without a rule everybody in
    full: the reservation fails as a whole where the money is not there."""
    asked = {line.claim.case.number: line.asked for line in lines}
    budget = policy.budget
    if budget is None:
        return asked
    if budget.short is Short.PRO_RATA:
        return sharing.pro_rata(available, asked)
    if budget.short is Short.FIRST_COME:
        return sharing.first_come(available, asked)
    way = 1 if budget.highest_first else -1
    return sharing.ranked(available, asked, {line.claim.case.number: way * Fraction(line.score) for line in lines})


# ── the acts ──


def _list_moved(context: Context) -> Label:
    now = plan(_round(context), context.now)
    return Label(
        f"名单与提请时不同：现为{len(now.funded)}件、{money(now.total).zh}。请核对名单后重新提请",
        f"The list is another now: {len(now.funded)} claims, {money(now.total).en}. Look at it and propose it again",
    )


@guard("policies.list_as_seen", _list_moved)
def list_as_seen(context: Context) -> bool:
    """签发的就是看到的: number and sum of what would be funded, when proposed and when approved."""
    found = plan(_round(context), context.now)
    return bool(found.funded) and _as_seen(context, found)


@effect("policies.freeze")
def freeze(context: Context) -> None:
    """冻结: list, split, reserve; the claims follow (following.py). All or nothing."""
    found = _round(context)
    rows = waiting(found.version.policy_id).select_for_update(no_key=True, of=("self",)).order_by("pk")
    claims = sorted(rows, key=lambda claim: (claim.willed_at, claim.pk))
    Book.objects.select_for_update(no_key=True).get(code=found.book)  # what is available stands still from here on
    made = plan(found, context.now, claims)
    if not made.funded or not _as_seen(context, made):
        raise Conflict(_list_moved(context))
    for line in made.lines:
        claim = line.claim
        if line.result is Result.FUNDED:
            claim.round, claim.fixed_fen = found, line.fixed
            claim.ref = f"{claim.case.number}/{context.number}"  # voided and frozen again it may be in another book
        claim.back = line.reason
    entries = [Entry(Kind.RESERVE, line.fixed, line.claim.ref, found.book) for line in made.funded]
    ledger.transfer(entries, cause(context), context.now)
    Claim.objects.bulk_update([line.claim for line in made.lines], ["round", "fixed_fen", "ref", "back"])
    RoundLine.objects.bulk_create(
        RoundLine(
            round=found, place=place, claim=line.claim, asked_fen=line.asked, fixed_fen=line.fixed, score=line.score,
            result=line.result, reason=line.reason,
        )
        for place, line in enumerate(made.lines, 1)
    )  # fmt: skip
    found.frozen_at, found.available_fen = context.now, made.available
    found.save(update_fields=["frozen_at", "available_fen"])


@effect("policies.void")
def void(context: Context) -> None:
    """作废: whatever is reserved goes back, and the claims wait again."""
    found = _round(context)
    rows = Claim.objects.select_for_update(no_key=True, of=("self",)).filter(round=found, state=Claim.State.OPEN)
    claims = list(rows.select_related("case").order_by("pk"))
    if claims:
        entries = [Entry(Kind.RELEASE, None, claim.ref) for claim in claims]
        ledger.transfer(entries, cause(context), context.now)
    for claim in claims:
        claim.round, claim.fixed_fen, claim.ref = None, None, ""
    Claim.objects.bulk_update(claims, ["round", "fixed_fen", "ref"])


@prefill("freeze", "claims")
def _claims_now(file: CaseFile) -> int | None:
    """What the form on the case page proposes: the list of this moment."""
    found = round_of(file.case.pk)
    return len(plan(found, file.now).funded) if found else None


@prefill("freeze", "total_fen")
def _total_now(file: CaseFile) -> int | None:
    found = round_of(file.case.pk)
    return plan(found, file.now).total if found else None


def unsettled(found: Round) -> QuerySet[Claim]:
    """Claims of the round that are neither paid nor stopped."""
    return found.claims.filter(state=Claim.State.OPEN).select_related("case", "party")


def _left(context: Context) -> Label:
    found = _round(context)
    count = unsettled(found).count()
    sent = Payment.objects.filter(batch__round=found, state__in=[Payment.State.SENT, Payment.State.UNKNOWN]).count()
    return Label(
        f"还有{count}件没有兑付或停止，其中{sent}笔在银行未有结果",
        f"{count} claims are neither paid nor stopped; {sent} payments have no result yet",
    )


@guard("policies.all_settled", _left)
def all_settled(context: Context) -> bool:
    return not unsettled(_round(context)).exists()


def round_of(case_id: int | None) -> Round | None:
    """The round behind a case."""
    return Round.objects.filter(case=case_id).select_related("case", "version__policy").first()


# ── private ──


def _round(context: Context) -> Round:
    found = round_of(context.case_id)
    if found is None:
        raise Refused(Label("这件办件没有批次记录，不能办理", "No round stands behind this case"))
    return found


def _as_seen(context: Context, made: Plan) -> bool:
    fields: Mapping[str, object] = context.fields
    return (fields.get("claims"), fields.get("total_fen")) == (len(made.funded), made.total)


def _checked(claim: Claim, budget: Budget | None, now: datetime) -> Listed:
    asked = claim.agreed_fen or 0
    why = changed(claim, now, asked)
    score = ""
    if why is None and budget is not None and budget.short is Short.RANKED:
        known = values_of(claim.party_id).get(budget.by)
        if known is None or not isinstance(known.value, int | Decimal):
            why = Label(f"缺排名所用的数据“{budget.by}”", f"The fact that ranks, {budget.by}, is missing")
        else:
            score = str(known.value)
    if why is not None:
        return Listed(claim, asked, 0, Result.BACK, reason=to_text(why))
    return Listed(claim, asked, 0, Result.SHORT, score)


def _given(line: Listed, fen: int) -> Listed:
    result = Result.FUNDED if fen else Result.SHORT
    return Listed(line.claim, line.asked, fen, result, line.score)


def _internal_party(now: datetime) -> int:
    known = Party.objects.filter(kind=Party.Kind.UNNAMED, name=INTERNAL).order_by("pk").first()
    return (known or create_party(Party.Kind.UNNAMED, INTERNAL, now)).pk
