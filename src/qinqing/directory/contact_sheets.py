"""科室与联络员的表: the list of sections as a sheet that can be edited and sent back. A section is known by its code;
sections themselves come with the county's list of units. Who may is who may edit the page of a section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from qinqing.accounts.actor import Actor
from qinqing.directory import selectors, services
from qinqing.directory.models import Officer, Unit
from qinqing.directory.sheet_cells import text
from qinqing.directory.sheet_imports import InColumn, Seen, Values, out_columns, register
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Column, Sheet

KIND = "section_contacts"
TITLE = Label("科室与联络员", "Sections and liaisons")
COLUMNS = (
    InColumn(
        "code",
        Label("科室代码", "Section code"),
        Label("按此识别科室，不能改动", "Says which section it is; never changed"),
        text(40),
        required=True,
    ),
    InColumn(
        "name",
        Label("科室名称", "Name in Chinese"),
        Label("待定名的科室填写后即定名", "Names a section that had none"),
        text(80),
        width=28,
    ),
    InColumn(
        "name_en",
        Label("英文名称", "Name in English"),
        Label("英文界面显示的名称", "Shown to readers of English"),
        text(120),
        width=32,
    ),
    InColumn(
        "liaison",
        Label("联络员", "Liaison"),
        Label(
            "本部门工作人员的姓名；同名的写账号", "An officer of the authority; the account name where two share a name"
        ),
        text(80),
    ),
    InColumn(
        "deputy",
        Label("副联络员", "Deputy liaison"),
        Label("联络员之外的另一人，写法相同", "Somebody else, written likewise"),
        text(80),
    ),
)


@dataclass(frozen=True, slots=True)
class _Officers:
    """The officers of one authority and how a sheet names them: by name, by account name where two have the same."""

    by_word: dict[str, Officer]
    words: dict[int, str]
    doubled: frozenset[str]

    def word(self, officer_id: int | None) -> str | None:
        return None if officer_id is None else self.words.get(officer_id)


def sheet(on: date, note: Label) -> Sheet:
    """The list as the page shows it: the columns that can be edited, then authority, telephones and leaves."""
    found = list(selectors.sections())
    away = {leave.officer_id: leave for leave in selectors.leaves_from(on) if leave.starts_on <= on}
    rows = [{**values, "unit": unit} for unit, values in zip(found, _present(found, on), strict=True)]

    def phone(contact: str, row: Values) -> str | None:
        officer = getattr(row["unit"], contact)
        return officer.phone or None if officer else None

    def stand_in(row: Values) -> str | None:
        contacts = (row["unit"].liaison_id, row["unit"].deputy_id)
        names = [f"{away[one].officer.name}→{away[one].deputy.name}" for one in contacts if one in away]
        return "、".join(names) or None

    authority = Column(
        Label("所属部门", "Authority"),
        Label("科室属于哪个部门", "Whose section it is"),
        lambda row: row["unit"].parent.label if row["unit"].parent else None,
        24,
    )
    more = (
        authority,
        Column(Label("联络员电话", "Liaison's phone"), Label("办公联系用", "For work"), partial(phone, "liaison"), 16),
        Column(Label("副联络员电话", "Deputy's phone"), Label("办公联系用", "For work"), partial(phone, "deputy"), 16),
        Column(
            Label("今日代岗", "Stands in today"), Label("请假人→代岗人", "Who is away → who stands in"), stand_in, 20
        ),
    )
    return Sheet(TITLE, (*out_columns(COLUMNS), *more), rows, note)


def current(actor: Actor, now: datetime) -> Iterable[Values]:
    return _present(list(selectors.sections()), services.day_of(now))


def look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """Present values and what does not fit: no such section, an officer not of the authority, no liaison."""
    found = list(selectors.sections().filter(code__in=[row["code"] for row in rows]))
    units = {unit.code: unit for unit in found}
    on = services.day_of(now)
    known = {unit.code: values for unit, values in zip(found, _present(found, on), strict=True)}
    officers = _officers(found, on)
    return [
        _seen(row, known[row["code"]], officers[_home(units[row["code"]])]) if row["code"] in units else _UNKNOWN
        for row in rows
    ]


def apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """Names and contacts, each as the page of a section saves them."""
    found = list(selectors.sections().filter(code__in=[row["code"] for row in rows]))
    on = services.day_of(now)
    officers, present = _officers(found, on), _present(found, on)
    known = {unit.code: (unit, values) for unit, values in zip(found, present, strict=True)}
    for row in rows:
        unit, before = known[row["code"]]
        after = {**before, **row}
        if (after["name"], after["name_en"]) != (before["name"], before["name_en"]):
            services.name_unit(unit.pk, after["name"], after["name_en"] or "", now)
        contacts = {"liaison": unit.liaison_id, "deputy": unit.deputy_id}
        for contact in contacts:
            if after[contact] != before[contact]:
                named = officers[_home(unit)].by_word
                contacts[contact] = named[after[contact]].pk if after[contact] else None
        if contacts != {"liaison": unit.liaison_id, "deputy": unit.deputy_id}:
            services.set_contacts(unit.pk, contacts["liaison"], contacts["deputy"], now)


def add_kind() -> None:
    """Called at start-up."""
    register(
        KIND,
        TITLE,
        COLUMNS,
        apply,
        roles="directory:section",
        key=lambda row: row["code"],
        look=look,
        current=current,
        hint=Label(
            "科室由本县单位名单确定，这里只改名称和联络员",
            "Sections come with the county's units; only names and contacts are changed here",
        ),
    )


# ── private ──

_UNKNOWN = Seen(
    faults={
        "code": Label(
            "没有这个科室代码，请用“当前清单”中的代码", "No section has this code; take it from the present list"
        )
    }
)
_STRANGER = Label("不是本部门现任工作人员，请核对姓名", "Not an officer of this authority now; check the name")
_DOUBLED = Label("本部门有同名人员，请写账号", "Two officers have this name; write the account name")


def _home(unit: Unit) -> int:
    return unit.parent_id or unit.pk


def _officers(found: Iterable[Unit], on: date) -> dict[int, _Officers]:
    """By authority."""
    homes = {_home(unit): unit.parent or unit for unit in found}
    return {home: _of_authority(unit, on) for home, unit in homes.items()}


def _of_authority(unit: Unit, on: date) -> _Officers:
    listed = list(selectors.officers_of(unit, on).select_related("user"))
    names = Counter(officer.name for officer in listed)
    words = {one.pk: one.name if names[one.name] == 1 else one.user.username for one in listed}
    by_word = {one.user.username: one for one in listed} | {one.name: one for one in listed if names[one.name] == 1}
    return _Officers(by_word, words, frozenset(name for name, count in names.items() if count > 1))


def _present(found: Sequence[Unit], on: date) -> list[Values]:
    officers = _officers(found, on)
    return [
        {
            "code": unit.code,
            "name": None if unit.to_be_named else unit.name,
            "name_en": None if unit.to_be_named else unit.name_en or None,
            "liaison": _word(officers[_home(unit)], unit.liaison),
            "deputy": _word(officers[_home(unit)], unit.deputy),
        }
        for unit in found
    ]


def _word(officers: _Officers, officer: Officer | None) -> str | None:
    """One who has left the authority is still shown, by name."""
    return None if officer is None else officers.word(officer.pk) or officer.name


def _seen(row: Values, before: Values, officers: _Officers) -> Seen:
    faults: dict[str, Label] = {}
    values: Values = {}
    for contact in ("liaison", "deputy"):
        word = row.get(contact)
        if word is None or word == before[contact]:
            continue
        if word in officers.by_word:
            values[contact] = officers.words[officers.by_word[word].pk]
        else:
            faults[contact] = _DOUBLED if word in officers.doubled else _STRANGER
    after = {**before, **row, **values}
    if before["name"] and not after["name"]:
        faults["name"] = Label("请填写科室名称", "Enter the section's name")
    if before["name"] is None and after["name"] is None and after["name_en"]:
        faults["name"] = Label("定名须有中文名称", "A name in Chinese is needed first")
    if not after["liaison"] and (before["liaison"] or after["deputy"]):
        faults["liaison"] = Label("须有联络员", "There must be a liaison")
    if after["deputy"] and after["deputy"] == after["liaison"]:
        faults["deputy"] = Label("副联络员须是另一人", "The deputy must be somebody else")
    return Seen(before, faults, values)
