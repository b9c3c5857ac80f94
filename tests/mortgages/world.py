"""A county with a registry, a housing fund and banks, mortgages in the embedded register, and banks that say things."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from qinqing.cases import passing_time, shelf
from qinqing.cases.models import Case
from qinqing.cases.reading import parse
from qinqing.directory.models import Unit
from qinqing.lib.identifiers import credit_code_check_character
from qinqing.lib.wallclock import CHINA
from qinqing.mortgages import events, promise, releasing, taking
from qinqing.mortgages.events import Accepted, Sent
from qinqing.mortgages.models import BankEvent, Release
from qinqing.mortgages.models_register import RegisteredCreditor, Registration, Restriction
from tests.cases import county
from tests.cases.county import County
from tests.policies.texts import ROOT

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)  # the Tuesday before National Day
PROCEDURE = ROOT / "src/qinqing/mortgages/procedures/mortgage_release.yaml"


def code(n: int) -> str:
    """A valid fictional credit code."""
    first = f"91330499MA9T{n:05}"
    return first + credit_code_check_character(first)


class World:
    """`banks` by short name: a, b, c and `fund`; people: `registrar`, `registrar_head`."""

    def __init__(self) -> None:
        self.county: County = county.build()
        self.numbers = count(1)
        promise.service.cache_clear()
        self.county.units["registry"] = Unit.objects.create(
            code="registry", name="县不动产登记服务中心", kind="authority", desk="registry"
        )
        for n, (short, name) in enumerate(
            {
                "a": "禾穗银行示范支行",
                "b": "青溪银行示范支行",
                "c": "岚山银行示范支行",
                "fund": "县住房公积金管理中心",
            }.items()
        ):
            kind = "authority" if short == "fund" else "bank"
            self.county.units[short] = Unit.objects.create(
                code=f"bank-{short}", name=name, kind=kind, credit_code=code(n)
            )
        self.county.officer("registrar", "registry", "handler")
        self.county.officer("registrar_head", "registry", "section_head")
        shelf.store(parse(PROCEDURE.read_text(encoding="utf-8")), NOW)

    def bank(self, short: str) -> Unit:
        return self.county.units[short]

    def mortgage(self, *creditors: str | tuple[str, str] | dict[str, str], **facts: Any) -> Registration:
        """A registered mortgage. A creditor: a short name (by code), (name, code) or the fields themselves."""
        n = next(self.numbers)
        values = {
            "certificate": f"浙（2020）示范不动产证明第{n:07}号", "unit_number": f"330499001002GB{n:05}F00010001",
            "registered_on": date(2020, 5, 6), "owner": "柳某", "owner_id_end": "12003X", "owner_phone": "13800002046",
            "address": f"示范县沐柳路{n}号", **facts,
        }  # fmt: skip
        found = Registration.objects.create(**values)
        for place, said in enumerate(creditors):
            each = (self.bank(said).name, self.bank(said).credit_code) if isinstance(said, str) else said
            fields = each if isinstance(each, dict) else {"name": each[0], "credit_code": each[1]}
            RegisteredCreditor.objects.create(registration=found, place=place, **fields)
        return found

    def restrict(self, mortgage: Registration, kind: str) -> Restriction:
        return Restriction.objects.create(unit_number=mortgage.unit_number, kind=kind, since=date(2026, 1, 5))

    def settled(self, short: str, mortgage: Registration, now: datetime = NOW, **changes: Any) -> Accepted:
        """The bank says that the loan is settled."""
        values = {
            "event_id": f"e{next(self.numbers)}", "kind": "settled", "happened_at": now,
            "certificate": mortgage.certificate, "unit_number": mortgage.unit_number, **changes,
        }  # fmt: skip
        return events.accept(self.bank(short), Sent(**values), "api", now)

    def reversed(self, short: str, what: Accepted | str, now: datetime = NOW, **changes: Any) -> Accepted:
        reverses = what if isinstance(what, str) else what.event.event_id
        values = {"event_id": f"r{next(self.numbers)}", "kind": "reversed", "happened_at": now, "reverses": reverses}
        return events.accept(self.bank(short), Sent(**{**values, **changes}), "api", now)


def work(now: datetime = NOW) -> None:
    """What the worker does until nothing is left to do at this moment."""
    for _ in range(20):
        taking.take(now)
        releasing.match(now)
        releasing.send(now)
        if not BankEvent.objects.filter(state="waiting").exists():
            break
    taking.take(now)
    releasing.match(now)
    releasing.send(now)


def pass_time(now: datetime) -> None:
    """Clocks run out, then the worker goes on."""
    while passing_time.fire_due_rungs(now):
        pass
    work(now)


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def release_of(mortgage: Registration) -> Release:
    return Release.objects.select_related("case").filter(certificate=mortgage.certificate).latest("pk")


def where(mortgage: Registration) -> str:
    """The stage of its release, or how it ended."""
    case = Case.objects.get(pk=release_of(mortgage).case_id)
    return case.outcome or case.stage


def why(mortgage: Registration) -> str:
    """Why a person is asked."""
    import json

    return str(json.loads(Case.objects.get(pk=release_of(mortgage).case_id).state)["fields"].get("why", ""))
