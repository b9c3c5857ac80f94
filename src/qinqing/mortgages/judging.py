"""核对: may this mortgage be released now, by what the register says and who has settled? Pure.

Exact or not at all: an unlike certificate, unit, creditor or loan, a name that is not certain, a seizure, a dispute, a
maximum-amount mortgage and a part settlement each go to a person (practice: never automatic). The principal in the
register rarely equals what was paid off; it decides nothing. Required creditors come from the register, not from banks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from qinqing.lib.labels import Label
from qinqing.mortgages.register import Creditor, Entry


@dataclass(frozen=True, slots=True)
class Settled:
    """A creditor's word, live. `authorised`: its own claim, or under an authorisation in force that day (B6)."""

    creditor_code: str
    loan_number: str = ""
    in_full: bool = True
    authorised: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a registered name means: `codes` with exactly one member is certain; none: unknown; more: ambiguous."""

    codes: frozenset[str]


Resolve = Callable[[Creditor, str], Named]
"""(creditor, day of registration as ISO text) -> whom it means; see `names.Book.resolve`."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Everything fits and everybody has settled. `creditors`: their codes."""

    creditors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody has not settled yet: `owed`, as the register names them."""

    owed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A person must look. `why`: a choice of the procedure's field; `detail` says what stands against what."""

    why: str
    detail: Label


def judge(
    certificate: str, unit_number: str, entry: Entry | None, settled: Sequence[Settled], resolve: Resolve
) -> Fit | Wait | Doubt:
    """`settled`: the live settlements, one or more. The first doubt found is named: the gravest first."""
    if entry is None:
        return Doubt("not_found", Label(f"登记簿中没有{certificate}", f"The register has no {certificate}"))
    for doubt in (_of_entry(entry, unit_number), _of_settlements(settled)):
        if doubt is not None:
            return doubt
    required: list[tuple[Creditor, str]] = []
    for creditor in entry.creditors:
        named = resolve(creditor, entry.registered_on)
        if len(named.codes) != 1:
            return _uncertain(creditor, named)
        required.append((creditor, next(iter(named.codes))))
    return _compare(required, settled)


def _of_entry(entry: Entry, unit_number: str) -> Doubt | None:
    """What the register itself says."""
    if not entry.active:
        return Doubt(
            "already_released",
            Label(f"登记簿显示该抵押已注销（{entry.receipt_no}）", f"Deregistered before ({entry.receipt_no})"),
        )
    if entry.unit_number != unit_number:
        return Doubt(
            "unit_differs",
            Label(
                f"银行报送{unit_number or '（空）'}，登记簿为{entry.unit_number}",
                f"The bank says {unit_number or '(nothing)'}, the register {entry.unit_number}",
            ),
        )
    for holds, why, zh, en in (
        (entry.seized, "seizure", "该不动产处于查封状态", "The property is under seizure"),
        (entry.disputed, "dispute", "该不动产有异议登记", "An objection is registered"),
        (entry.maximum_amount, "maximum_amount", "该抵押为最高额抵押", "It is a maximum-amount mortgage"),
    ):
        if holds:
            return Doubt(why, Label(zh, en))
    if not entry.creditors:
        return Doubt("creditor_unknown", Label("登记簿未载明抵押权人", "The register names no creditor"))
    return None


def _of_settlements(settled: Iterable[Settled]) -> Doubt | None:
    """What the banks themselves said."""
    for each in settled:
        if not each.in_full:
            text = Label(f"{each.creditor_code}报送为部分结清", f"{each.creditor_code} says: in part")
            return Doubt("part_settlement", text)
        if not each.authorised:
            text = Label(
                f"报送银行没有{each.creditor_code}的有效注销委托授权",
                f"The bank has no authorisation in force from {each.creditor_code}",
            )
            return Doubt("not_authorised", text)
    return None


def _uncertain(creditor: Creditor, named: Named) -> Doubt:
    if named.codes:
        listed = "、".join(sorted(named.codes))
        text = Label(f"“{creditor.name}”可能是{listed}", f"“{creditor.name}” may be {listed}")
        return Doubt("creditor_ambiguous", text)
    return Doubt(
        "creditor_unknown",
        Label(
            f"登记簿中的“{creditor.name}”不是在册机构的现名称或已备案的曾用名",
            f"“{creditor.name}” in the register is no name or filed former name of a known institution",
        ),
    )


def _compare(required: Sequence[tuple[Creditor, str]], settled: Sequence[Settled]) -> Fit | Wait | Doubt:
    """Each registered debt against what was settled. A loan number is compared where the register has one."""
    codes = {code for _, code in required}
    for each in settled:
        if each.creditor_code not in codes:
            names = "、".join(creditor.name for creditor, _ in required)
            return Doubt(
                "creditor_differs",
                Label(
                    f"报送的抵押权人{each.creditor_code}不在登记的抵押权人（{names}）之中",
                    f"{each.creditor_code} is none of the registered creditors ({names})",
                ),
            )
    left = list(settled)
    owed: list[str] = []
    for creditor, code in required:
        mine = [each for each in left if each.creditor_code == code]
        fitting = [each for each in mine if not creditor.loan_number or each.loan_number == creditor.loan_number]
        if fitting:
            if creditor.loan_number:
                left.remove(fitting[0])
            continue
        owed.append(creditor.name)
    return _loans(required, left) or (Wait(tuple(owed)) if owed else Fit(tuple(sorted(codes))))


def _loans(required: Sequence[tuple[Creditor, str]], left: Sequence[Settled]) -> Doubt | None:
    """A settlement of a loan that the register does not have, by a creditor all of whose loans it names."""
    for each in left:
        known = [creditor.loan_number for creditor, code in required if code == each.creditor_code]
        if all(known) and each.loan_number not in known:
            said = "、".join(known)
            return Doubt(
                "loan_differs",
                Label(
                    f"报送贷款合同号{each.loan_number or '（空）'}，登记簿为{said}",
                    f"The bank says loan {each.loan_number or '(none)'}, the register {said}",
                ),
            )
    return None
