"""拒收记录: what the doors did not take, for the operator; bounded, so that no flood of bad messages fills the disk.

Of one key and hour the first `MOST_ROWS` refusals are kept whole and all are counted; all keys that nobody knows share
one count. What is logged is what was refused, never what was said: the body stands here as its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from qinqing.mortgages.models_doors import BankKey, Refusal, RefusalHour, UsedNonce

MOST_ROWS = 100  # of one key and hour
KEPT = timedelta(days=200)  # 网络安全法第二十一条: network logs for at least six months
SLACK = timedelta(minutes=10)  # the worker's clock may be ahead of the server's: a nonce must not go too early
AT_ONCE = 2_000


@dataclass(slots=True)
class Knock:
    """One call at a door, as far as it is known when it is refused. `claimed`: the key id it names, unproven."""

    door: str
    address: str
    claimed: str = ""
    sha256: str = ""


def note(knock: Knock, code: str, detail: str, now: datetime) -> None:
    """Count the refusal, and keep it while there is room in its hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    key = BankKey.objects.filter(key_id=knock.claimed[:80]).values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        counted = RefusalHour.objects.filter(hour=hour, key=key)
        if not counted.update(count=F("count") + 1):
            RefusalHour.objects.bulk_create([RefusalHour(hour=hour, key=key)], ignore_conflicts=True)
            counted.update(count=F("count") + 1)
        if counted.values_list("count", flat=True).get() <= MOST_ROWS:
            Refusal.objects.create(
                at=now, door=knock.door, code=code, claimed=knock.claimed[:128], address=knock.address[:64],
                sha256=knock.sha256, detail=detail[:300],
            )  # fmt: skip


def prune(now: datetime) -> bool:
    """The job: nonces whose signatures are too old, and refusals past their time; True where more may wait."""
    more = False
    for old in (
        UsedNonce.objects.filter(until__lt=now - SLACK),
        Refusal.objects.filter(at__lt=now - KEPT),
        RefusalHour.objects.filter(hour__lt=now - KEPT),
    ):
        found = list(old.values_list("pk", flat=True)[:AT_ONCE])
        if found:
            old.model.objects.filter(pk__in=found).delete()
        more = more or len(found) == AT_ONCE
    return more
