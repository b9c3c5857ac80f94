"""演示兑现: budgets set; claims willed, reviewed, frozen, published and paid, so that every page of the policy express
has something. Each step by its own officer through the real write path. Safe to run again."""

from __future__ import annotations

from datetime import datetime, timedelta

from qinqing.accounts.access import actor_for
from qinqing.cases.acting import act
from qinqing.cases.calendars import current
from qinqing.cases.models import Rung
from qinqing.cases.passing_time import fire
from qinqing.directory.models import Mandate
from qinqing.ledger import services as ledger
from qinqing.policies import eligibility, following, payments, rounds, selectors
from qinqing.policies.claims import NoClaim, open_claim
from qinqing.policies.models import PolicyVersion
from qinqing.policies.models_money import Batch, Claim, Round
from qinqing.policies.payees import Account
from qinqing.policies.payments import Result
from qinqing.site.demo.players import Player

BUDGET = 3_000_000_00  # fen, for each policy that has a book
STEPS = ("paid", "publicity", "waiting", "review")  # how far a policy has come, in turn
DAYS_AGO = {"paid": 30, "publicity": 6, "waiting": 5, "review": 2}
MATCHED_DAYS_AGO = 45
MOST = 3  # claims to one policy


def play(now: datetime) -> None:
    """Every policy somebody can claim, one in four all the way to the money."""
    if Claim.objects.exists():
        return
    eligibility.match_all(now - timedelta(days=MATCHED_DAYS_AGO))  # so that one sees how long companies waited
    player = Player(13, now)
    for number, version in enumerate(selectors.live_versions().order_by("policy__code")):
        step = STEPS[number % len(STEPS)]
        began = _at_work(now - timedelta(days=DAYS_AGO[step]))
        claims = _willed(version, began, step)
        if claims and step != "review":
            _on(player, version, claims, began, step)


def _at_work(moment: datetime) -> datetime:
    """The first moment in office hours from there on."""
    calendar = current()
    return calendar.moment_at(calendar.office_time(moment) + timedelta(minutes=1))


def _willed(version: PolicyVersion, now: datetime, step: str) -> list[Claim]:
    """Claims of companies whose agents can sign in; those that do not qualify claim nothing. The first company, whom
    visitors of the demo play, has been paid some; the rest it finds for itself."""
    made: list[Claim] = []
    acting = Mandate.objects.filter(ends_on=None, person__user__isnull=False, company__status="存续").order_by("pk")
    eligible = set(version.policy.eligibilities.filter(gone_at=None).values_list("party", flat=True))
    for mandate in acting.select_related("person__user", "company")[0 if step == "paid" else 1 :]:
        if mandate.company_id not in eligible:
            continue
        if len(made) == MOST:
            break
        assert mandate.person.user  # asked for above
        company, agent = mandate.company, actor_for(mandate.person.user, now)
        account = Account(company.name, f"622848{company.pk:010}", "示范农村商业银行")
        try:
            made.append(open_claim(version, company, agent, now, account=account))
        except NoClaim:
            continue
    return made


def _on(player: Player, version: PolicyVersion, claims: list[Claim], began: datetime, step: str) -> None:
    """Reviewed; then frozen and published; then paid."""
    policy = selectors.policy_of(version.pk)
    unit = player.units[policy.departments[0]]
    handler, head = player.someone(unit, "handler"), player.someone(unit, "section_head")
    ready = [claim for claim in claims if claim.asked_fen and not policy.documents]
    for claim in ready:
        act(claim.case_id, "agree", handler, began, {"opinion": "数据核对一致，符合条件。"})
        act(claim.case_id, "approve", head, began)
    book = ledger.open_book(rounds.book_code(policy.code, began.year), f"{policy.title.zh}（{began.year}年）", began)
    ledger.appropriate(book.code, BUDGET, f"示财预〔{began.year}〕{version.pk}号", began)
    if step == "waiting" or not ready:
        return
    found = rounds.open_round(version, handler, began)
    plan = rounds.plan(found, began)
    act(found.case_id, "freeze", handler, began, {"claims": len(plan.funded), "total_fen": plan.total})
    act(found.case_id, "approve", head, began)
    _follow(began)
    if step == "paid":
        _pay(player, found)


def _pay(player: Player, found: Round) -> None:
    """Its publicity ends by itself; finance pays, the bank answers."""
    rung = Rung.objects.filter(case=found.case_id, fired_at=None).order_by("at").first()
    assert rung, "a published round has its end"
    fire(rung, rung.at)
    _follow(rung.at)
    moment, finance = _at_work(rung.at + timedelta(hours=1)), player.units["finance"]
    payer, head = player.someone(finance, "handler"), player.someone(finance, "section_head")
    pay, _ = payments.due(found)
    act(found.case_id, "issue_batch", payer, moment, {"claims": len(pay), "total_fen": sum(one.fen for one in pay)})
    act(found.case_id, "approve", head, moment)
    batch = Batch.objects.get(round=found)
    results = [
        Result(each.number, each.name, each.account, each.fen, "paid", f"NSH{each.pk:010}")
        for each in batch.payments.all()
    ]
    payments.take(results, payer, _at_work(moment + timedelta(hours=3)))


def _follow(now: datetime) -> None:
    while following.follow(now):
        pass
