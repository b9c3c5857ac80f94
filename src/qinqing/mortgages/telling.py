"""告知权利人 (B9): a notice to whoever has an account with the owner's phone, and a text message to that phone; and
告知银行: a notice to its clerks and checkers when a person looks into what it reported, asks it something, or ends it.

The reactions write rows only; `send` is a job of the worker, since the messaging service may take seconds. No message
names a person: the last characters of the certificate's number are enough for who has it.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta

from qinqing.accounts import sms
from qinqing.accounts.models import User
from qinqing.cases import shelf
from qinqing.directory.selectors import holders
from qinqing.directory.services import day_of
from qinqing.lib.labels import Label
from qinqing.messaging.notices import notify
from qinqing.mortgages import papers
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_desks import OwnerMessage
from qinqing.mortgages.selectors_doors import CHECKER, CLERK
from qinqing.ui.errors import Problem

PAGE = "/mortgages/mine/"
AT_ONCE = 20
_BANKS_HEAR = frozenset({"doubt", "register_refused", "reversed_meanwhile", "registered_against", "ask_bank"})
_ENDS_BADLY = frozenset({"refused", "restored"})
_RETRY = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_LEASE = timedelta(minutes=2)  # another worker's try may still be under way
_MOBILE = re.compile(r"1\d{10}")
_log = logging.getLogger(__name__)
Kind, Sms = OwnerMessage.Kind, OwnerMessage.Sms


def tell(number: str, topic: str, key: str, now: datetime) -> None:
    """`topic`: mortgage.released or mortgage.restored, of the case `number`; once for `key`. In the caller's
    transaction."""
    kind = Kind(topic.removeprefix("mortgage."))
    release = Release.objects.select_related("case").get(case__number=number)
    if kind is Kind.RELEASED:
        papers.paper_of(release, now)
    users = list(User.objects.filter(kind=User.Kind.PARTY, phone=release.owner_phone, is_active=True)
                 .values_list("pk", flat=True)) if release.owner_phone else []  # fmt: skip
    _, new = OwnerMessage.objects.get_or_create(
        key=key,
        defaults={
            "release": release, "kind": kind, "made_at": now, "notices": len(users), "next_try_at": now,
            "sms": Sms.WAITING if _MOBILE.fullmatch(release.owner_phone) else Sms.NONE,
        },
    )  # fmt: skip
    if new:
        notify(users, f"mortgage:{key}", title_of(kind, release), PAGE, kind is Kind.RESTORED, now)


def title_of(kind: str, release: Release) -> Label:
    """What the notice says."""
    end = tail(release.certificate)
    if kind == Kind.RELEASED:
        return Label(
            f"您的抵押登记已注销（证明号尾号{end}），无需办理任何手续",
            f"Your mortgage is deregistered (certificate ending {end}); nothing to do",
        )
    return Label(
        f"银行结清信息有误，您的抵押登记已恢复（证明号尾号{end}）",
        f"Your bank's report was wrong; the mortgage stands again (certificate ending {end})",
    )


def tail(certificate: str) -> str:
    """The last four digits of the certificate's number: 浙（2020）…第0000012号 -> 0012."""
    numbers: list[str] = re.findall(r"\d+", certificate)
    return (numbers or [certificate])[-1][-4:]


def tell_banks(case_id: int, action: str, outcome: str, key: str, now: datetime) -> None:
    """By act of its procedure and what has become of the release; a bank need not be told of what it did itself, nor
    of what went as it should. In the caller's transaction."""
    if action not in _BANKS_HEAR and outcome not in _ENDS_BADLY:
        return
    release = Release.objects.select_related("case").get(case=case_id)
    spec = shelf.by_id(release.case.procedure_id)
    act = spec.named(action)
    word = spec.closed[outcome].label if outcome or act is None else act.label
    banks = {release.first_bank_id, *release.settlements.values_list("event__bank", flat=True)}
    on = day_of(now)
    people = {user.pk for bank in banks for role in (CLERK, CHECKER) for user in holders(bank, role, on)}
    title = Label(f"{word.zh}：{release.certificate}", f"{word.en}: {release.certificate}")
    notify(people, f"mortgage-bank:{key}", title, f"/mortgages/bank/releases/{release.case.number}/", True, now)


def send(now: datetime, limit: int = AT_ONCE) -> bool:
    """One slice of text messages that are due; True where more may wait."""
    due = OwnerMessage.objects.filter(sms=Sms.WAITING, next_try_at__lte=now).order_by("next_try_at", "pk")
    chosen = list(due.select_related("release")[:limit])
    for message in chosen:
        mine = OwnerMessage.objects.filter(pk=message.pk, sms=Sms.WAITING, attempts=message.attempts)
        if mine.update(attempts=message.attempts + 1, next_try_at=now + _LEASE):
            _send(message, now)
    return len(chosen) == limit


def _send(message: OwnerMessage, now: datetime) -> None:
    rows = OwnerMessage.objects.filter(pk=message.pk)
    try:
        sms.send(message.release.owner_phone, _text(message))
    except Problem as problem:
        if message.attempts >= len(_RETRY):
            _log.error("the owner of release %s could not be told by text message", message.release_id)
            rows.update(sms=Sms.FAILED)
        else:
            rows.update(next_try_at=now + _RETRY[message.attempts])
            _log.warning("a text message waits: %s", problem.detail)
    else:
        rows.update(sms=Sms.SENT, sent_at=now)


def _text(message: OwnerMessage) -> str:
    """Chinese whatever language the worker speaks."""
    end = tail(message.release.certificate)
    if message.kind == Kind.RELEASED:
        said = f"您的不动产抵押登记已注销（证明号尾号{end}），您无需办理任何手续。"
    else:
        said = f"银行报送的结清信息有误，您的不动产抵押登记已恢复（证明号尾号{end}），此前的告知单作废。"
    return f"【亲清】{said}可凭证明号和证件号后六位在平台“解押查询”查看，无需点击任何链接。"
