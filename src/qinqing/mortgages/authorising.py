"""委托授权备案 (B6): filing an authorisation and its revocation, and what approval writes. Who may speak on a day:
`authorisations.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from qinqing.accounts.actor import Actor
from qinqing.cases.blobs import StoredFile
from qinqing.directory.models import Unit
from qinqing.lib.identifiers import credit_code_problem
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.mortgages import filing, names
from qinqing.mortgages.models_names import Authorisation, Filing, Revocation
from qinqing.mortgages.register import Creditor
from qinqing.ui.errors import Invalid

Covers, Kind = Authorisation.Covers, Filing.Kind
REASON_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Paper:
    """授权书 as it reads. Days both inside; `ends_on` None: until revoked."""

    number: str
    grantor_code: str
    grantee_name: str
    grantee_code: str
    covers: str
    starts_on: date
    ends_on: date | None = None


def file_authorisation(paper: Paper, files: Sequence[StoredFile], actor: Actor, now: datetime) -> Filing:
    """File what a creditor's paper says: by the creditor itself or by the registry. It counts once checked.

    Raises Invalid by field, NotYours, and what the kernel raises."""
    unit = filing.unit_of(actor, paper.grantor_code)
    grantor = Unit.objects.exclude(credit_code="").filter(credit_code=paper.grantor_code).first()
    faults = dict(_faults(paper, grantor))
    if faults or grantor is None:
        raise _invalid(faults)
    days = {name: day and day.isoformat() for name, day in (("from", paper.starts_on), ("to", paper.ends_on))}
    line = {key: value for key, value in asdict(paper).items() if key not in {"starts_on", "ends_on"}}
    return filing.file(
        Kind.AUTHORISATION, unit, [{**line, "grantor_name": grantor.name, **days}], files, actor, now,
        title=f"授权{paper.grantee_name}代报结清"[:80],
        summary=f"{grantor.name}授权{paper.grantee_name}{Covers(paper.covers).label}，授权书{paper.number}",
        about=grantor,
    )  # fmt: skip


def revoke(
    given: Authorisation, revoked_from: date | None, reason: str, files: Sequence[StoredFile], actor: Actor,
    now: datetime,
) -> Filing:  # fmt: skip
    """File that from a day on the bank may not speak any more. See `file_authorisation`."""
    unit = filing.unit_of(actor, given.grantor_code)
    faults: dict[str, Label] = {}
    if revoked_from is None or revoked_from < given.starts_on:
        faults["revoked_from"] = Label("请填写撤销日期，不早于授权起日", "Give the day; not before the term begins")
    if not reason.strip():
        faults["reason"] = Label("请填写理由", "Say why")
    if faults or revoked_from is None:
        raise _invalid(faults)
    line = {
        "authorisation": given.pk, "number": given.number, "grantor_code": given.grantor_code,
        "grantor_name": given.grantor_name, "grantee_name": given.grantee_name, "grantee_code": given.grantee_code,
        "from": revoked_from.isoformat(), "reason": reason[:REASON_AT_MOST],
    }  # fmt: skip
    return filing.file(
        Kind.REVOCATION, unit, [line], files, actor, now, title=f"撤销对{given.grantee_name}的授权"[:80],
        summary=f"{given.grantor_name}自{revoked_from:%Y-%m-%d}起撤销对{given.grantee_name}的授权（{given.number}）",
        about=Unit.objects.filter(credit_code=given.grantor_code).first(),
    )  # fmt: skip


def authorisations() -> QuerySet[Authorisation]:
    """All that were approved, with filing, people and revocations; the latest first."""
    found = Authorisation.objects.select_related("filing__case", "filing__filed_by", "filing__checked_by")
    return found.prefetch_related("revocations__filing__case").order_by("-pk")


# ── what approval writes ──


@filing.writes(Kind.AUTHORISATION)
def write_authorisation(filed: Filing, now: datetime) -> None:
    """It comes into force for its term."""
    for line in filed.lines:
        Authorisation.objects.create(
            filing=filed, number=line["number"], grantor_name=line["grantor_name"], grantor_code=line["grantor_code"],
            grantee_name=line["grantee_name"], grantee_code=line["grantee_code"], covers=line["covers"],
            starts_on=date.fromisoformat(line["from"]), ends_on=date.fromisoformat(line["to"]) if line["to"] else None,
        )  # fmt: skip


@filing.writes(Kind.REVOCATION)
def write_revocation(filed: Filing, now: datetime) -> None:
    """From its day on the authorisation counts no more."""
    for line in filed.lines:
        day = date.fromisoformat(line["from"])
        Revocation.objects.create(
            filing=filed, authorisation_id=line["authorisation"], revoked_from=day, reason=line["reason"]
        )


# ── private ──


def _faults(paper: Paper, grantor: Unit | None) -> Iterable[tuple[str, Label]]:
    if grantor is None:
        yield "grantor_code", Label("名录中没有这个授权机构", "No such institution on file")
    if not 0 < len(paper.number.strip()) <= 60:
        yield "number", Label("授权书编号为1至60个字", "The paper's number has 1 to 60 characters")
    if not 0 < len(paper.grantee_name.strip()) <= 200:
        yield "grantee_name", Label("被授权银行名称为1至200个字", "The bank's name has 1 to 200 characters")
    elif paper.grantee_code and (problem := credit_code_problem(paper.grantee_code)):
        yield "grantee_code", problem
    elif fault := _fault_of_bank(paper, grantor):
        yield "grantee_name", fault
    if paper.covers not in Covers.values:
        yield "covers", Label("请选择授权事项", "Choose what it covers")
    if paper.ends_on and paper.ends_on < paper.starts_on:
        yield "ends_on", Label("授权止日早于授权起日", "The last day lies before the first")


def _fault_of_bank(paper: Paper, grantor: Unit | None) -> Label | None:
    """The bank must be known for certain, be it by a former name; an authorisation to nobody would look like one."""
    meant = names.resolve(Creditor(paper.grantee_name, paper.grantee_code), paper.starts_on.isoformat()).codes
    if len(meant) != 1:
        return Label(
            f"“{normal(paper.grantee_name)}”对不上唯一的在册银行，请填写代码或先备案曾用名",
            f"“{paper.grantee_name}” is no one bank on file; give its code or file the former name first",
        )
    if grantor is not None and grantor.credit_code in meant:
        return Label("授权人和被授权银行是同一家", "Both are the same institution")
    return None


def _invalid(faults: Mapping[str, Label]) -> Invalid:
    said = faults.values()
    return Invalid(Label("；".join(each.zh for each in said), "; ".join(each.en for each in said)), fields=faults)
