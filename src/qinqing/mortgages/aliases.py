"""曾用名备案 (B7): filing former names and their end, and what approval writes. Reading them: `names.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from qinqing.accounts.actor import Actor
from qinqing.cases.blobs import StoredFile
from qinqing.directory.models import FormerName, Party, Unit
from qinqing.directory.services import day_of
from qinqing.lib.identifiers import credit_code_problem
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.mortgages import filing, names, places
from qinqing.mortgages.models_names import Alias, AliasEnding, Filing, PlatformNumber
from qinqing.ui.errors import Invalid, NotAllowed

Source, Kind = Alias.Source, Filing.Kind
_NEEDED = Label("请填写", "Please fill this in")
NAME_AT_MOST, REASON_AT_MOST, NUMBER_AT_MOST = 200, 500, 60


@dataclass(frozen=True, slots=True)
class Line:
    """One former name as filed. `platform_number`: as the provincial platform gave it, if it has."""

    name: str
    credit_code: str
    former_code: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    platform_number: str = ""
    source: str = Source.OFFLINE.value

    @property
    def key(self) -> tuple[str, str, str, date | None, date | None]:
        """What makes two lines the same."""
        return normal(self.name), self.credit_code, self.former_code, self.starts_on, self.ends_on

    def as_dict(self) -> dict[str, Any]:
        """For `Filing.lines`."""
        days = {name: day and day.isoformat() for name, day in (("from", self.starts_on), ("to", self.ends_on))}
        codes = {"credit_code": self.credit_code, "former_code": self.former_code}
        more = {"platform_number": self.platform_number, "source": self.source}
        return {"name": self.name, **codes, **days, **more}


def line_of(data: Mapping[str, Any]) -> Line:
    """The inverse of `Line.as_dict`."""
    since, until = (date.fromisoformat(data[name]) if data[name] else None for name in ("from", "to"))
    codes = data["credit_code"], data["former_code"]
    return Line(data["name"], *codes, since, until, data["platform_number"], data["source"])


def faults_of(line: Line, bearers: Mapping[str, str], today: date) -> dict[str, Label]:
    """What is wrong with a line, by field. `bearers`: credit code -> present name of the units that have one."""
    return dict([*_faults_of_names(line, bearers), *_faults_of_days(line, today)])


def file_names(lines: Sequence[Line], files: Sequence[StoredFile], actor: Actor, now: datetime) -> Filing:
    """One filing for one name or many. A creditor files its own, offline. Nothing counts before it is approved.

    Raises Invalid by field (of the first bad line; nothing is filed), NotYours, NotAllowed, and the kernel's."""
    codes = {line.credit_code for line in lines}
    unit = filing.unit_of(actor, next(iter(codes)) if len(codes) == 1 else "")
    own_offline = codes == {unit.credit_code} and {line.source for line in lines} == {Source.OFFLINE}
    if unit.desk != places.REGISTRY and not own_offline:
        raise NotAllowed(Label("银行只能线下申报本行的曾用名", "A bank files its own former names, offline"))
    known, seen = names.present(), filed_keys()
    for line in lines:
        faults = faults_of(line, known, day_of(now))
        if line.key in seen:
            faults["name"] = Label(f"“{line.name}”已备案或正在核对，不必重复提交", f"“{line.name}” is filed already")
        if faults:
            raise _invalid(faults)
    first = lines[0]
    one = Unit.objects.filter(credit_code=first.credit_code).first() if len(codes) == 1 else None
    said = f"“{first.name}”{f'等{len(lines)}个' if len(lines) > 1 else ''}曾用名"
    whose = f"，现为{one.name}（{one.credit_code}）" if one else f"，共{len(codes)}家机构"
    return filing.file(
        Kind.ALIAS, unit, [line.as_dict() for line in lines], files, actor, now,
        title=f"备案{said}", summary=said + whose, about=one,
    )  # fmt: skip


def end(
    alias: Alias, last_day: date | None, reason: str, files: Sequence[StoredFile], actor: Actor, now: datetime
) -> Filing:
    """File that a name's last day was earlier, or (None) that it should never have been filed. See `file_names`."""
    unit = filing.unit_of(actor, alias.credit_code)
    faults: dict[str, Label] = {}
    if not reason.strip():
        faults["reason"] = _NEEDED
    if last_day and (last_day > day_of(now) or (alias.starts_on and last_day < alias.starts_on)):
        faults["last_day"] = Label(
            "最后使用日应在使用起日之后，且不晚于今天", "The last day lies after the first and not in the future"
        )
    if faults:
        raise _invalid(faults)
    said = f"“{alias.name}”{f'使用至{last_day:%Y-%m-%d}' if last_day else '不应备案，予以作废'}"
    line = {"alias": alias.pk, "name": alias.name, "credit_code": alias.credit_code, "reason": reason[:REASON_AT_MOST]}
    line["to"] = last_day.isoformat() if last_day else None
    about = Unit.objects.filter(credit_code=alias.credit_code).first()
    return filing.file(
        Kind.ALIAS_END, unit, [line], files, actor, now, title=f"终止曾用名“{alias.name}”", summary=said, about=about
    )


def record_number(alias: Alias, number: str, actor: Actor, now: datetime) -> None:
    """省银监平台备案号, as the platform gave it. The latest counts. Raises Invalid, NotYours."""
    filing.unit_of(actor, alias.credit_code)
    number = number.strip()
    if not 0 < len(number) <= NUMBER_AT_MOST or not number.isprintable():
        raise _invalid({"number": Label("备案号为1至60个字", "The number has 1 to 60 characters")})
    assert actor.user_id is not None
    PlatformNumber.objects.create(alias=alias, number=number, recorded_by_id=actor.user_id, recorded_at=now)


def filed_keys() -> set[tuple[str, str, str, date | None, date | None]]:
    """`Line.key` of all that is in force or being checked."""
    found = {
        (each.name_norm, each.credit_code, each.former_code, each.starts_on, each.ends_on)
        for each in Alias.objects.prefetch_related("endings")
        if names.last_day(each)[0]
    }
    being = Filing.objects.filter(kind=Kind.ALIAS, state=Filing.State.OPEN).values_list("lines", flat=True)
    return found | {line_of(line).key for lines in being for line in lines}


def aliases() -> QuerySet[Alias]:
    """All that were approved, with filing, people, endings and numbers; the latest first."""
    numbers = PlatformNumber.objects.order_by("-pk")
    found = Alias.objects.select_related("filing__case", "filing__filed_by", "filing__checked_by", "filing__unit")
    return found.prefetch_related("endings__filing__case", Prefetch("platform_numbers", numbers)).order_by("-pk")


# ── what approval writes ──


@filing.writes(Kind.ALIAS)
def write_names(filed: Filing, now: datetime) -> None:
    """The names come into force. One that came into force meanwhile by another filing is not written twice."""
    there = {
        (each.name_norm, each.credit_code, each.former_code, each.starts_on, each.ends_on)
        for each in Alias.objects.filter(credit_code__in={line["credit_code"] for line in filed.lines})
        if names.last_day(each)[0]
    }
    fresh = [line for line in map(line_of, filed.lines) if line.key not in there]
    made = Alias.objects.bulk_create(
        Alias(
            filing=filed, name=line.name, name_norm=normal(line.name), credit_code=line.credit_code,
            former_code=line.former_code, starts_on=line.starts_on, ends_on=line.ends_on, source=line.source,
        )
        for line in fresh
    )  # fmt: skip
    PlatformNumber.objects.bulk_create(
        PlatformNumber(alias=alias, number=line.platform_number, recorded_by_id=filed.filed_by_id, recorded_at=now)
        for alias, line in zip(made, fresh, strict=True)
        if line.platform_number
    )
    _tell_the_directory(made)


@filing.writes(Kind.ALIAS_END)
def write_end(filed: Filing, now: datetime) -> None:
    """The name ends, or never was."""
    for line in filed.lines:
        alias = Alias.objects.get(pk=line["alias"])
        last = date.fromisoformat(line["to"]) if line["to"] else None
        AliasEnding.objects.create(filing=filed, alias=alias, last_day=last, reason=line["reason"])
        known = FormerName.objects.filter(party__credit_code=alias.credit_code, name_norm=alias.name_norm)
        if last is None:
            known.filter(starts_on=alias.starts_on, ends_on=alias.ends_on).delete()
        else:
            known.filter(starts_on=alias.starts_on).update(ends_on=last)


# ── private ──


def _tell_the_directory(made: Iterable[Alias]) -> None:
    """So that a search finds the company by the name, where the directory has it."""
    found = list(made)
    parties = Party.objects.filter(credit_code__in={alias.credit_code for alias in found})
    by_code = {party.credit_code: party for party in parties}
    for alias in found:
        if party := by_code.get(alias.credit_code):
            days = {"starts_on": alias.starts_on, "ends_on": alias.ends_on}
            FormerName.objects.get_or_create(
                party=party, name_norm=alias.name_norm, **days, defaults={"name": alias.name}
            )


def _faults_of_names(line: Line, bearers: Mapping[str, str]) -> Iterable[tuple[str, Label]]:
    if not 0 < len(line.name.strip()) <= NAME_AT_MOST:
        yield "name", Label("曾用名为1至200个字", "The former name has 1 to 200 characters")
    if problem := credit_code_problem(line.credit_code):
        yield "credit_code", problem
    elif line.credit_code not in bearers:
        text = f"名录中没有代码为{line.credit_code}的机构，请先登记该机构"
        yield "credit_code", Label(text, f"No institution on file has {line.credit_code}; enter it first")
    elif not line.former_code and normal(bearers[line.credit_code]) == normal(line.name):
        yield "name", Label("与现名称相同，无须备案", "It is the present name; there is nothing to file")
    if line.former_code and (problem := credit_code_problem(line.former_code)):
        yield "former_code", problem
    elif line.former_code and line.former_code == line.credit_code:
        yield "former_code", Label("与现代码相同；代码未变的请留空", "It is the present code; leave it empty")
    if len(line.platform_number) > NUMBER_AT_MOST:
        yield "platform_number", Label("备案号至多60个字", "The number has at most 60 characters")
    if line.source not in Source.values:
        yield "source", Label("请选择来源", "Choose the source")


def _faults_of_days(line: Line, today: date) -> Iterable[tuple[str, Label]]:
    if line.starts_on and line.ends_on and line.starts_on > line.ends_on:
        yield "ends_on", Label("使用止日早于使用起日", "The last day lies before the first")
    if line.starts_on and line.starts_on > today:
        yield "starts_on", Label("使用起日在今天之后", "The first day lies in the future")
    if line.ends_on and line.ends_on > today:
        yield "ends_on", Label("使用止日在今天之后", "The last day lies in the future")


def _invalid(faults: Mapping[str, Label]) -> Invalid:
    said = faults.values()
    return Invalid(Label("；".join(each.zh for each in said), "; ".join(each.en for each in said)), fields=faults)
