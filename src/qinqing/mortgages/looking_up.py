"""解押查询 (B9): by certificate and the last six of the owner's identity number; whatever does not fit, one answer.

Limited, because six characters can be tried: by network address, and by certificate for tries that failed. Neither is
kept in clear.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime, timedelta

from qinqing.accounts.keys import keyed_hash
from qinqing.accounts.limits import Limit, address_marks, free_at
from qinqing.lib.labels import Label
from qinqing.mortgages import selectors
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_desks import LookUp
from qinqing.ui.errors import TooMany

PER_ADDRESS = (Limit(20, timedelta(minutes=10)), Limit(100, timedelta(days=1)))
PER_CERTIFICATE = (Limit(5, timedelta(minutes=30)), Limit(10, timedelta(days=1)))  # failed ones
KEPT = max(limit.window for limit in PER_ADDRESS + PER_CERTIFICATE)


class Limited(TooMany):
    """`at`: when it works again."""

    code = "look-up-limited"
    title = Label("查询过于频繁", "Too many look-ups")

    def __init__(self, at: datetime) -> None:
        super().__init__(
            Label(
                "为保护权利人信息，同一网络或同一证明号短时间内查询次数有限。也可登录后查看。",
                "To protect owners, look-ups from one network or of one certificate are limited. Or sign in instead.",
            )
        )
        self.at = at


def look_up(certificate: str, id_end: str, address: str, now: datetime) -> Release | None:
    """The latest release of that mortgage where both fit; None otherwise, whichever does not. Raises Limited."""
    written = spellings(certificate)
    marks, asked = address_marks("mortgages.address", address, now), keyed_hash("mortgages.look_up", written[0])
    _check(marks, asked, now)
    wanted = unicodedata.normalize("NFKC", id_end).strip().upper()
    found = selectors.releases().filter(certificate__in=written).exclude(owner_id_end="").order_by("-pk").first()
    kept = found.owner_id_end.upper() if found else "\0" * 6
    fits = secrets.compare_digest(kept.encode(), wanted.encode()) and found is not None
    LookUp.objects.create(address=marks[0] if marks else "", certificate=asked, found=fits, at=now)
    return found if fits else None


def spellings(certificate: str) -> list[str]:
    """The certificate as typed, in half-width, and with the full-width brackets that certificates are printed with."""
    plain = "".join(unicodedata.normalize("NFKC", certificate).split())
    printed = plain.replace("(", "（").replace(")", "）")
    return list(dict.fromkeys((plain, printed, certificate.strip())))


def forget_old(now: datetime) -> bool:
    """What no limit looks back to. A job of the worker."""
    LookUp.objects.filter(at__lte=now - KEPT).delete()
    return False


# ── private ──


def _check(marks: tuple[str, ...], asked: str, now: datetime) -> None:
    rows = LookUp.objects.filter(at__gt=now - KEPT)
    failed = rows.filter(certificate=asked, found=False).values_list("at", flat=True)
    waits = [free_at(failed, PER_CERTIFICATE, now)]
    if marks:
        waits.append(free_at(rows.filter(address__in=marks).values_list("at", flat=True), PER_ADDRESS, now))
    later = [at for at in waits if at is not None]
    if later:
        raise Limited(max(later))
