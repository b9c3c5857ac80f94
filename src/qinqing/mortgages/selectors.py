"""解押的读取: whose releases these are, and what stands against what: the bank's word beside the register's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from qinqing.cases import shelf
from qinqing.cases.models import Event
from qinqing.cases.story import payload_of
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.mortgages import names
from qinqing.mortgages.models import BankEvent, Release, Settlement
from qinqing.mortgages.names import Book
from qinqing.mortgages.register import Entry, entry_of

WITH_A_PERSON = ("exception", "ruling", "undoing")  # stages
# the bank's own: what a better report would have avoided (B8: which bank needs training)
MISTAKES = frozenset({
    "not_found", "unit_differs", "already_released", "creditor_differs", "loan_differs", "part_settlement",
    "not_authorised",
})  # fmt: skip
_ASKING = ("doubt", "register_refused", "reversed_meanwhile", "reopen", "registered_against", "ask_bank")
_REVERSED = Label("注销后冲正", "Reversed after deregistration")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the comparison. `same`: None where there is nothing to compare."""

    label: Label
    said: Label | str
    registered: Label | str
    same: bool | None = None


@dataclass(frozen=True, slots=True)
class CreditorLine:
    """A creditor as the register names them. `known`: whom that means; `settled`: the event that says so."""

    name: str
    known: str
    loan: str
    settled: Settlement | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a person is asked, and what exactly."""

    why: Label
    detail: str
    notice: str = ""  # what the bank is asked


def releases() -> QuerySet[Release]:
    """All, with what lists show."""
    return Release.objects.select_related("case", "first_bank")


def of_bank(bank: Unit) -> QuerySet[Release]:
    """Those that this bank raised, or in which it is a settled creditor."""
    said = BankEvent.objects.filter(bank=bank).values("release")
    settled = Settlement.objects.filter(creditor_code=bank.credit_code).values("release")
    return releases().filter(Q(pk__in=said) | Q(pk__in=settled) | Q(first_bank=bank))


def entry_in(release: Release) -> Entry | None:
    """The register's answer that was judged last."""
    return entry_of(release.looked_up) if release.looked_up else None


def why_code(release: Release) -> str:
    """The reason's code; empty while nobody was asked."""
    return str(json.loads(release.case.state)["fields"].get("why", ""))


def why_label(release: Release, code: str) -> Label:
    """In the words of the procedure."""
    field = shelf.by_id(release.case.procedure_id).fields["why"]
    return field.choices.get(code, Label("人工核查", "Looked into by a person"))


def reasons(found: Iterable[Release]) -> dict[int, Reason]:
    """By release: the reason, with the latest words about it."""
    rows = list(found)
    details: dict[int, str] = {}
    notices: dict[int, str] = {}
    asked = Event.objects.filter(case__in=[row.case_id for row in rows], action__in=_ASKING)
    for event in asked.select_related("payload").order_by("case", "seq"):
        said = payload_of(event).get("texts", {})
        if event.action == "ask_bank":
            notices[event.case_id] = str(said.get("notice", ""))
        else:
            details[event.case_id] = str(said.get("detail", ""))
    return {
        row.pk: Reason(
            _REVERSED if row.case.stage == "undoing" else why_label(row, why_code(row)), details.get(row.case_id, ""),
            notices.get(row.case_id, "") if row.case.held else "",
        )
        for row in rows
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """Whom names and codes mean, read once for a page: lenders on file by code, and the book of names."""

    units: dict[str, Unit]
    book: Book

    def name(self, code: str) -> str:
        """The present name; the code itself where nobody on file has it."""
        return self.units[code].name if code in self.units else code


def known_now() -> Known:
    return Known({unit.credit_code: unit for unit in Unit.objects.exclude(credit_code="")}, names.book())


def creditors(release: Release, settled: Sequence[Settlement], known: Known) -> list[CreditorLine]:
    """Every creditor of the registration, each settled or owed, as the matching counts them."""
    entry = entry_in(release)
    if entry is None:
        return []
    left = [each for each in settled if each.reversed_by_id is None]
    lines = []
    for creditor in entry.creditors:
        codes = known.book.resolve(creditor, entry.registered_on).codes
        mine = [
            each
            for each in left
            if {each.creditor_code} == codes and creditor.loan_number in {"", each.loan_number} and each.in_full
        ]
        found = mine[0] if mine else None
        if found is not None and creditor.loan_number:
            left.remove(found)
        who = "、".join(sorted(known.name(code) for code in codes))
        lines.append(CreditorLine(creditor.name, "" if who == creditor.name else who, creditor.loan_number, found))
    return lines


def compare(release: Release, settled: Sequence[Settlement], known: Known) -> list[Fact]:
    """The bank's word beside the register's, line by line."""
    entry = entry_in(release)
    live = [each for each in settled if each.reversed_by_id is None] or list(settled)
    none = Label("登记簿中没有", "Not in the register")
    if entry is None:
        return [
            Fact(Label("不动产登记证明号", "Certificate"), release.certificate, none, same=False),
            Fact(Label("不动产单元号", "Property unit"), release.unit_number, none),
            *_said_only(live, known),
        ]
    codes = {code for one in entry.creditors for code in known.book.resolve(one, entry.registered_on).codes}
    loans = [one.loan_number for one in entry.creditors if one.loan_number]
    said_loans = [each.loan_number for each in live if each.loan_number]
    settled_codes = {each.creditor_code for each in live}
    blank = Label("（未载明）", "(none given)")
    return [
        Fact(
            Label("不动产登记证明号", "Certificate"), release.certificate, entry.certificate,
            release.certificate == entry.certificate,
        ),
        Fact(
            Label("不动产单元号", "Property unit"), release.unit_number, entry.unit_number,
            release.unit_number == entry.unit_number,
        ),
        Fact(
            Label("抵押权人", "Creditor"), "；".join(dict.fromkeys(known.name(each.creditor_code) for each in live)),
            "；".join(one.name for one in entry.creditors), settled_codes <= codes,
        ),
        Fact(
            Label("贷款合同号", "Loan"), "；".join(said_loans) or blank, "；".join(loans) or blank,
            set(said_loans) <= set(loans) if loans else None,
        ),
        _full(live),
        Fact(
            Label("登记状态（核对时）", "Registration, as matched"), "", _state(entry),
            entry.active and not _limits(entry),
        ),
    ]  # fmt: skip


def _said_only(live: Sequence[Settlement], known: Known) -> list[Fact]:
    said = "；".join(dict.fromkeys(known.name(each.creditor_code) for each in live))
    return [Fact(Label("抵押权人", "Creditor"), said, "")]


def _full(live: Sequence[Settlement]) -> Fact:
    whole = all(each.in_full for each in live)
    said = Label("全部结清", "In full") if whole else Label("部分结清", "In part")
    return Fact(Label("结清", "Settled"), said, "", whole)


def _state(entry: Entry) -> Label:
    if not entry.active:
        return Label(f"已注销（{entry.receipt_no}）", f"Deregistered ({entry.receipt_no})")
    limits = _limits(entry)
    return (
        Label("、".join(x.zh for x in limits), ", ".join(x.en for x in limits)) if limits else Label("有效", "In force")
    )


def _limits(entry: Entry) -> list[Label]:
    said = (
        (entry.seized, Label("查封", "under seizure")),
        (entry.disputed, Label("异议登记", "under objection")),
        (entry.maximum_amount, Label("最高额抵押", "maximum amount")),
    )
    return [label for holds, label in said if holds]
