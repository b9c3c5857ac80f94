"""演示解押: the county's mortgages in the simulated register, a morning of forty banks, and what goes on arriving.

Everything is said by `events.accept` and done by the worker's own jobs at moments of its own, so the histories verify
like any other. Safe to run again.
"""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta

from django.db.models import F

from qinqing.accounts.models import User
from qinqing.cases.acting import act
from qinqing.directory.models import Unit
from qinqing.directory.services import day_of
from qinqing.messaging.models import Outbox
from qinqing.mortgages import aliases, authorising, events, releasing, taking, telling, training
from qinqing.mortgages.events import Accepted, Sent
from qinqing.mortgages.models import BankEvent, Release
from qinqing.mortgages.models_desks import OwnerMessage
from qinqing.mortgages.models_register import RegisteredCreditor, Registration, Restriction
from qinqing.mortgages.training import Came
from qinqing.site.demo.players import Player

REGISTERED = 120
WORKED_OFF = 60  # of them this morning
BANKS = 40  # that report; the last two on file do not
MORNING = timedelta(hours=4)
EVERY = 20  # seconds between two that arrive while somebody looks
_DOORS = ("api", "api", "api", "api", "webhook", "clerk", "file")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
_GIVEN = ("明远", "若兰", "子谦", "雨桐", "景行", "思齐", "嘉禾", "书宁", "一鸣", "清和")
_ROADS = ("沐柳路", "青禾路", "云栈街", "禾穗大道", "望湖路")
# kind of each registration by its number modulo 20; the rest are plain
_KINDS = {3: "combined", 8: "combined", 13: "combined", 6: "old_name", 16: "old_name", 18: "maximum", 19: "seizure"}
# who bears today what the register still calls so: filed, being checked, and not filed at all
_OLD_NAMES = {
    "示范县禾穗城市信用社": "bank-01",
    "示范县青溪农村信用合作社": "bank-22",
    "示范县岚山城市信用社": "bank-23",
}
# of the first bank, whom visitors of the demo play: by the last registrations
_OWN = ("", "unit", "combined", "waiting", "part")
_SESSIONS = (
    (170, "县不动产登记服务中心三楼会议室", "抵押注销标准化：抵押权人的义务与报送要素", 0, 20),
    (120, "线上", "抵押注销标准化：抵押权人的义务与报送要素", 20, 34),
    (45, "县不动产登记服务中心三楼会议室", "组合贷、曾用名与冲正：常见差错", 0, 12),
)


def settle(now: datetime) -> None:
    """The register filled, banks trained, the morning played."""
    if Registration.objects.exists():
        return
    _register()
    _file(now - timedelta(days=60))
    _train(now)
    _morning(now)
    _of_the_first_bank(now)
    _told()


def arrive(now: datetime) -> bool:
    """One more settlement while the demo runs (a job of the worker); nothing when all are paid off."""
    said = BankEvent.objects.exclude(certificate="").values("certificate")
    waiting = Registration.objects.filter(deregistered_at=None).exclude(certificate__in=said).order_by("pk")
    found = waiting.first()
    if found is not None and BankEvent.objects.exists():
        dice = random.Random(found.pk)
        _settled(found, now, dice, wrong="unit" if dice.random() < 0.1 else "")
    return False


# ── the register ──


def _register() -> None:
    dice = random.Random(5)
    banks, fund = list(Unit.objects.filter(kind=Unit.Kind.BANK).order_by("code")), Unit.objects.get(code="fund")
    people = list(User.objects.filter(kind=User.Kind.PARTY).exclude(phone="").order_by("pk")[:12])
    for n in range(REGISTERED):
        kind, bank = _KINDS.get(n % 20, "plain"), banks[n % BANKS]
        if n >= REGISTERED - len(_OWN):
            kind, bank = "combined" if _OWN[n - REGISTERED] in {"combined", "waiting"} else "plain", banks[0]
        year = dice.randint(2008, 2022)
        owner = people[n // 2] if n % 2 == 0 and n // 2 < len(people) else None  # who can sign in and look
        found = Registration.objects.create(
            certificate=f"浙（{year}）示范不动产证明第{n + 1:07}号", unit_number=f"330499001002GB{n + 1:05}F00010001",
            registered_on=date(year, dice.randint(1, 12), dice.randint(1, 28)),
            owner=owner.name if owner else dice.choice(_SURNAMES) + dice.choice(_GIVEN),
            owner_id_end=f"{dice.randrange(100_000):05}{dice.choice('0123456789X')}",
            owner_phone=owner.phone if owner else f"1380000{5000 + n}",
            address=f"{dice.choice(_ROADS)}{dice.randint(1, 99)}号{dice.randint(1, 18)}幢{dice.randint(1, 18)}01室",
            maximum_amount=kind == "maximum", principal_fen=dice.randint(30, 200) * 1_000_000,
        )  # fmt: skip
        _creditors(found, kind, bank, fund)
        if kind == "seizure":
            Restriction.objects.create(unit_number=found.unit_number, kind="seizure", since=date(2026, 3, 2))


def _creditors(found: Registration, kind: str, bank: Unit, fund: Unit) -> None:
    """In old records the name of the day of registration, and no code."""
    if kind == "old_name":
        RegisteredCreditor.objects.create(registration=found, name=list(_OLD_NAMES)[found.pk % len(_OLD_NAMES)])
        return
    RegisteredCreditor.objects.create(
        registration=found, name=bank.name, credit_code=bank.credit_code, loan_number=f"GD{found.pk:08}"
    )
    if kind == "combined":
        RegisteredCreditor.objects.create(
            registration=found, place=1, name=fund.name, credit_code=fund.credit_code, loan_number=f"GJJ{found.pk:08}"
        )


# ── banks ──


def _train(now: datetime) -> None:
    player = Player(5, now)
    head = player.someone(Unit.objects.get(code="registry"), "section_head")
    banks = list(training.banks())
    for days, place, topic, first, last in _SESSIONS:
        came = [Came(bank.pk, 2 + bank.pk % 3) for bank in banks[first:last]]
        training.record(head, day_of(now - timedelta(days=days)), place, topic, came, now - timedelta(days=days - 1))


def _file(now: datetime) -> None:
    """A former name in force and one being checked; the fund's authorisation to the first bank."""
    player = Player(5, now)
    units = {unit.code: unit for unit in Unit.objects.exclude(credit_code="")}
    registry = Unit.objects.get(code="registry")
    handler, head = player.someone(registry, "handler"), player.someone(registry, "section_head")
    for number, (name, code) in enumerate(list(_OLD_NAMES.items())[:2]):
        line = aliases.Line(name, units[code].credit_code, source="market_regulator", ends_on=date(2025, 12, 31))
        filed = aliases.file_names([line], [player.evidence], handler, now)
        if number == 0:
            act(filed.case_id, "approve", head, now + timedelta(hours=1))
    bank = units["bank-01"]
    paper = authorising.Paper(
        "示公积金授〔2026〕1号", units["fund"].credit_code, bank.name, bank.credit_code, "both", date(2026, 1, 1)
    )
    given = authorising.file_authorisation(paper, [player.evidence], player.someone(units["fund"], "handler"), now)
    act(given.case_id, "confirm", handler, now + timedelta(hours=1), {"finding": "与授权书原件一致"})


def _bank_of(found: Registration) -> Unit:
    """Who lent: by the code, else by the old name."""
    first = found.creditors.order_by("place")[0]
    if first.credit_code:
        return Unit.objects.get(credit_code=first.credit_code)
    return Unit.objects.get(code=_OLD_NAMES[first.name])


def _settled(
    found: Registration, now: datetime, dice: random.Random, *, wrong: str = "", fund: bool = True
) -> Accepted:
    """The bank says so, and of a combined loan the fund too."""
    loans = dict(found.creditors.exclude(credit_code="").values_list("credit_code", "loan_number"))
    bank = _bank_of(found)
    unit = found.unit_number if wrong != "unit" else found.unit_number.replace("F0001", "F0002")
    said = Sent(
        f"JQ{found.pk:08}", "settled", now, found.certificate, unit,
        loan_number=loans.get(bank.credit_code, ""), in_full=wrong != "part",
    )  # fmt: skip
    accepted = events.accept(bank, said, dice.choice(_DOORS), now)
    if fund and found.creditors.count() > 1:
        lender = Unit.objects.get(code="fund")
        also = Sent(
            f"GJJ{found.pk:08}", "settled", now, found.certificate, found.unit_number,
            loan_number=loans[lender.credit_code],
        )  # fmt: skip
        events.accept(lender, also, "file", now)
    return accepted


# ── the morning ──


def _morning(now: datetime) -> None:
    """Sixty mortgages, most of them out of the register within a minute or two; what does not fit comes last, so that
    it still has time left when somebody looks."""
    dice = random.Random(7)
    chosen = list(Registration.objects.order_by("pk")[:WORKED_OFF])
    doubtful = [each for each in chosen if _KINDS.get((each.pk - 1) % 20) in {"old_name", "maximum", "seizure"}]
    smooth = [each for each in chosen if each not in doubtful]
    step = MORNING / len(smooth)
    for n, found in enumerate(smooth):
        at = now - MORNING + n * step
        partly = _KINDS.get((found.pk - 1) % 20) == "combined" and n % 2 == 1
        accepted = _settled(found, at, dice, fund=not partly)
        _work(at + timedelta(seconds=dice.randint(4, 110)))
        if n == len(smooth) // 2:
            first = accepted
    for n, found in enumerate(doubtful):
        at = now - timedelta(minutes=25) + n * timedelta(minutes=2)
        _settled(found, at, dice)
        _work(at + timedelta(seconds=9))
    _decide(now - timedelta(minutes=6))
    back = Sent("CZ00000001", "reversed", now - timedelta(minutes=4), reverses=first.event.event_id)
    events.accept(first.event.bank, back, "api", now - timedelta(minutes=4))
    _work(now - timedelta(minutes=4))


def _of_the_first_bank(now: datetime) -> None:
    """What a visitor finds at the first bank's desk: released, in doubt, waiting for the fund; and one to come."""
    dice, bank = random.Random(9), Unit.objects.get(code="bank-01")
    fund = Unit.objects.get(code="fund")
    found = list(Registration.objects.order_by("-pk")[: len(_OWN)])[::-1]
    for number, (kind, mortgage) in enumerate(zip(_OWN, found, strict=True)):
        at = now - timedelta(minutes=3 * (len(_OWN) - number))
        _settled(mortgage, at, dice, wrong=kind, fund=False)
        if kind == "combined":  # under the fund's authorisation the bank speaks for it too
            loan = mortgage.creditors.get(credit_code=fund.credit_code).loan_number
            also = Sent(
                f"DW{mortgage.pk:08}", "settled", at, mortgage.certificate, mortgage.unit_number, fund.credit_code, loan
            )
            events.accept(bank, also, "api", at)
        _work(at + timedelta(seconds=dice.randint(4, 60)))


def _told() -> None:
    """This morning's owners have been told already: the worker has the whole county's messages before it."""
    for message in Outbox.objects.filter(source="mortgages").order_by("pk"):
        telling.tell(json.loads(message.body)["case"], message.topic, message.key, message.created_at)
    OwnerMessage.objects.filter(sms=OwnerMessage.Sms.WAITING).update(sms=OwnerMessage.Sms.SENT, sent_at=F("made_at"))


def _decide(now: datetime) -> None:
    """One doubt is decided by a registrar and signed off: a maximum-amount mortgage whose claim is fixed and paid."""
    found = Release.objects.filter(case__stage="exception", looked_up__maximum_amount=True).order_by("pk").first()
    if found is None:
        return
    player = Player(5, now)
    registry = Unit.objects.get(code="registry")
    form = {
        "finding": "最高额债权已确定，银行出具确定书和结清证明，债权已全部清偿。",
        "legal_basis": "《民法典》第三百九十三条、第四百二十三条",
    }
    act(found.case_id, "release", player.someone(registry, "handler"), now, form, files=[player.evidence])
    act(found.case_id, "approve", player.someone(registry, "section_head"), now + timedelta(minutes=1))
    _work(now + timedelta(minutes=1, seconds=5))


def _work(now: datetime) -> None:
    """What the worker does with what has come."""
    taking.take(now)
    releasing.match(now)
    releasing.send(now)
