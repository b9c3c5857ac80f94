"""不动产登记簿: what the platform needs of a register, whoever keeps it. Pure; the adapters are beside it.

The register belongs to the natural-resources authority. `embedded.py` is for demo and tests and says 模拟 on every page
and paper; `over_http.py` asks a real one. The setting QINQING_REGISTER has its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

EMBEDDED = "qinqing.mortgages.register.embedded.Embedded"
OVER_HTTP = "qinqing.mortgages.register.over_http.OverHttp"


@dataclass(frozen=True, slots=True)
class Creditor:
    """抵押权人 as the register has them: often under a name borne long ago, and in old records without a code."""

    name: str
    credit_code: str = ""
    loan_number: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered mortgage. `registered_on`: when it was entered (the names are of that day); ISO text."""

    certificate: str
    unit_number: str
    creditors: tuple[Creditor, ...]
    registered_on: str
    owner: str
    owner_id_end: str = ""  # last six characters of the owner's identity number or credit code
    owner_phone: str = ""
    address: str = ""
    active: bool = True
    maximum_amount: bool = False
    seized: bool = False
    disputed: bool = False
    receipt_no: str = ""  # where it is deregistered: under which number

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def entry_of(data: Mapping[str, Any]) -> Entry:
    """The inverse of `Entry.as_dict`. Raises TypeError for another shape."""
    return Entry(**{**data, "creditors": tuple(Creditor(**each) for each in data["creditors"])})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to deregister. `number` is ours: the register does one number once and answers a repetition alike."""

    number: str
    certificate: str
    unit_number: str
    creditors: tuple[str, ...]  # credit codes of all who have settled


@dataclass(frozen=True, slots=True)
class Deregistered:
    """注销完成. `at`: when the register wrote it."""

    receipt_no: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Declined:
    """The register will not: `reason` in its own words. Nothing has changed there."""

    reason: str


class RegisterAway(Exception):
    """No usable answer: late, broken, or nobody there. Whether a request was carried out is not known; ask again."""


class Register(Protocol):
    """What an adapter does. Every call may take seconds: never inside a transaction."""

    simulated: bool

    def look_up(self, certificate: str) -> Entry | None:
        """The mortgage of this certificate; None: the register has none. Raises RegisterAway."""
        ...

    def deregister(self, asked: Asked, now: datetime) -> Deregistered | Declined:
        """Carry it out, once for each number. Raises RegisterAway."""
        ...


@cache
def register() -> Register:
    """The register of this installation."""
    made: Register = import_string(OVER_HTTP if settings.MORTGAGE_REGISTER else EMBEDDED)()
    return made
