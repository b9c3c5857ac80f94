"""Writes of the directory (名录): parties, mandates, units, posts and leaves. One transaction each; `now` comes in.

Leaves to others: accounts and passwords (accounts), bulk import (imports.py), who may press which button (the
permissions table). A refusal is `Unfit`: what is wrong, in which field, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast

from django.db import models, transaction

from qinqing.accounts.models import User
from qinqing.directory.facts.marks import next_mark
from qinqing.directory.industries import check_industry
from qinqing.directory.models import FormerName, Leave, Mandate, Officer, Party, Post, Unit
from qinqing.directory.phones import check_phone
from qinqing.lib.identifiers import Invalid, credit_code
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.lib.wallclock import CHINA
from qinqing.ui.errors import Problem

FACTS = frozenset(
    (
        *("short_name", "credit_code", "phone", "status", "registered_on", "region", "town", "address"),
        *("industry", "staff", "revenue_fen", "assets_fen"),
    )
)
M = TypeVar("M", bound=models.Model)
REGISTERED = (Party.Kind.COMPANY, Party.Kind.SOLE_TRADER)  # what carries a credit code
UNNAMED = "未具名来访人"


class Unfit(Problem):
    """The facts given do not fit; `fields` says which and how to mend them."""

    status = 422
    code = "directory-unfit"
    title = Label("资料有误", "These facts do not fit")


def day_of(now: datetime) -> date:
    """The calendar day in China."""
    return now.astimezone(CHINA).date()


# ── parties 办事主体 ──


@transaction.atomic
def create_party(kind: str, name: str, now: datetime, **facts: Any) -> Party:
    """A company, sole trader or person. Companies and sole traders need `credit_code`; persons have none.

    `facts`: names in FACTS; money in fen. Raises Unfit by field, also when the credit code is already registered.
    """
    if kind not in Party.Kind.values:
        raise _unfit("kind", Label(f"没有“{kind}”这一类主体", f"There is no kind of party called {kind!r}"))
    values = _checked(facts)
    code = values.get("credit_code")
    if kind in REGISTERED and not code:
        raise _unfit("credit_code", Label("请填写统一社会信用代码", "Enter the unified social credit code"))
    if kind not in REGISTERED and code:
        raise _unfit("credit_code", Label("个人没有统一社会信用代码", "A person has no unified social credit code"))
    mark = next_mark() if kind in REGISTERED else 0
    _refuse_taken(code, None)
    return Party.objects.create(
        kind=kind, name=_named(name), name_norm=normal(name), updated_at=now, facts_mark=mark, **values
    )


def create_unnamed(now: datetime, *, phone: str = "") -> Party:
    """Somebody who gives no name (未具名). Never merged with another."""
    return create_party(Party.Kind.UNNAMED, UNNAMED, now, phone=phone)


@transaction.atomic
def person_of_user(user: User, now: datetime) -> Party:
    """The person party of a party's account, made at first sign-in; later calls return it unchanged."""
    User.objects.select_for_update().get(pk=user.pk)
    known = Party.objects.filter(user=user).first()
    if known is not None:
        return known
    phone = check_phone(user.phone) if user.phone else ""
    return Party.objects.create(
        kind=Party.Kind.PERSON, name=user.name, name_norm=normal(user.name), phone=phone, user=user, updated_at=now
    )


@transaction.atomic
def update_party(party_id: int, now: datetime, **facts: Any) -> Party:
    """Change facts of a party (names in FACTS; for the name see rename_party). None makes a fact unknown."""
    mark = next_mark()  # before the party is locked: whoever records facts takes them in this order too
    party = _locked(Party, party_id)
    values = _checked(facts)
    if "credit_code" in values:
        if (party.kind in REGISTERED) != bool(values["credit_code"]):
            raise _unfit(
                "credit_code",
                Label("企业和个体工商户须有信用代码，个人没有", "Companies and sole traders have a code, persons none"),
            )
        _refuse_taken(values["credit_code"], party.pk)
    for name, value in values.items():
        setattr(party, name, value)
    party.updated_at, party.facts_mark = now, mark
    party.save(update_fields=[*values, "updated_at", "facts_mark"])
    return party


@transaction.atomic
def rename_party(party_id: int, name: str, on: date, now: datetime) -> Party:
    """Give a party a new name from `on`; the old one stays as a former name that ended the day before."""
    party = _locked(Party, party_id)
    if _named(name) == party.name:
        return party
    if on > day_of(now):
        raise _unfit("on", Label("更名日期不能晚于今天", "The change of name cannot lie in the future"))
    last = party.former_names.exclude(ends_on=None).order_by("-ends_on").first()
    starts = last.ends_on + timedelta(days=1) if last is not None and last.ends_on else party.registered_on
    ends = on - timedelta(days=1)
    if starts is not None and ends < starts:
        raise _unfit(
            "on",
            Label(f"原名称自{starts}起使用，更名应晚于该日", f"The present name is from {starts}; give a later date"),
        )
    party.former_names.create(name=party.name, name_norm=party.name_norm, starts_on=starts, ends_on=ends)
    party.name, party.name_norm, party.updated_at = name.strip(), normal(name), now
    party.save(update_fields=["name", "name_norm", "updated_at"])
    return party


@transaction.atomic
def add_former_name(party_id: int, name: str, starts_on: date | None, ends_on: date | None) -> FormerName:
    """Record a name the party bore before it was registered here (None: that end of the period is not known)."""
    party = _locked(Party, party_id)
    _in_order(starts_on, ends_on)
    return party.former_names.create(name=_named(name), name_norm=normal(name), starts_on=starts_on, ends_on=ends_on)


# ── mandates 授权 ──


@transaction.atomic
def add_mandate(
    person_id: int, company_id: int, starts_on: date, now: datetime, *, ends_on: date | None = None, title: str = ""
) -> Mandate:
    """Let a person act for a company from `starts_on` to `ends_on` (inside; None: open)."""
    company = _locked(Party, company_id)
    person = Party.objects.get(pk=person_id)
    if person.kind != Party.Kind.PERSON or company.kind not in REGISTERED:
        raise Unfit(
            Label("授权须由个人代表企业或个体工商户", "A mandate lets a person act for a company or a sole trader")
        )
    _in_order(starts_on, ends_on)
    if any(_overlap(starts_on, ends_on, m.starts_on, m.ends_on) for m in company.agents.filter(person=person)):
        raise _unfit(
            "starts_on",
            Label("该人员在此期间已有授权，请先终止", "This person holds a mandate in that period; end it first"),
        )
    return Mandate.objects.create(person=person, company=company, starts_on=starts_on, ends_on=ends_on, title=title)


@transaction.atomic
def end_mandate(mandate_id: int, ends_on: date, now: datetime) -> Mandate:
    """The mandate's last day is `ends_on`. A mandate that has ended cannot be stretched."""
    mandate = _locked(Mandate, mandate_id)
    _in_order(mandate.starts_on, ends_on)
    if mandate.ends_on is not None and mandate.ends_on < ends_on:
        raise _unfit("ends_on", Label("授权已终止，请新增授权", "The mandate has ended; add a new one"))
    mandate.ends_on = ends_on
    mandate.save(update_fields=["ends_on"])
    return mandate


# ── units, posts and leaves 单位、任职、请假 ──


@transaction.atomic
def set_contacts(
    unit_id: int, liaison_id: int | None, deputy_id: int | None, now: datetime, *, since: date | None = None
) -> Unit:
    """Name the liaison (联络员) and the deputy (副联络员) of a section; both hold the post `liaison` there from today
    (or `since`), and who was replaced no longer does."""
    unit = _locked(Unit, unit_id)
    if liaison_id is not None and liaison_id == deputy_id:
        raise _unfit("deputy", Label("副联络员须是另一人", "The deputy must be somebody else"))
    today = day_of(now)
    wanted = [officer_id for officer_id in (liaison_id, deputy_id) if officer_id is not None]
    replaced = {officer_id for officer_id in (unit.liaison_id, unit.deputy_id) if officer_id not in {None, *wanted}}
    _close_posts(Post.objects.filter(officer__in=replaced, unit=unit, role="liaison"), today)
    for officer_id in wanted:
        _hold(officer_id, unit.pk, "liaison", since or today)
    unit.liaison_id, unit.deputy_id = liaison_id, deputy_id
    unit.save(update_fields=["liaison", "deputy"])
    return unit


@transaction.atomic
def name_unit(unit_id: int, name: str, name_en: str, now: datetime) -> Unit:
    """Give a unit its name; one that stood as to be named (待定名) is named from now on."""
    unit = _locked(Unit, unit_id)
    unit.name, unit.name_en, unit.to_be_named = _named(name), name_en.strip(), False
    unit.save(update_fields=["name", "name_en", "to_be_named"])
    return unit


@transaction.atomic
def add_post(officer_id: int, unit_id: int, role: str, starts_on: date, now: datetime) -> Post:
    """Let an officer hold a role in a unit from `starts_on`. Holding it already is no error."""
    _locked(Officer, officer_id)
    return _hold(officer_id, unit_id, role, starts_on)


@transaction.atomic
def end_post(post_id: int, ends_on: date, now: datetime) -> Post:
    """The post's last day is `ends_on`."""
    post = _locked(Post, post_id)
    _in_order(post.starts_on, ends_on)
    post.ends_on = ends_on
    post.save(update_fields=["ends_on"])
    return post


@transaction.atomic
def add_leave(officer_id: int, deputy_id: int, starts_on: date, ends_on: date, now: datetime) -> Leave:
    """While the officer is away (both days inside), the deputy also holds the officer's posts.

    Raises Unfit when the officer is already away in the period, or the deputy is.
    """
    officer = _locked(Officer, officer_id)
    if officer_id == deputy_id:
        raise _unfit("deputy", Label("代岗人须是另一人", "The deputy must be somebody else"))
    _in_order(starts_on, ends_on)
    for who, field in ((officer, "starts_on"), (Officer.objects.get(pk=deputy_id), "deputy")):
        away = who.leaves.filter(starts_on__lte=ends_on, ends_on__gte=starts_on).first()
        if away is not None:
            period = f"{away.starts_on}—{away.ends_on}"
            raise _unfit(field, Label(f"{who.name}在{period}已请假", f"{who.name} is already away {period}"))
    return Leave.objects.create(officer=officer, deputy_id=deputy_id, starts_on=starts_on, ends_on=ends_on)


@transaction.atomic
def end_leave(leave_id: int, now: datetime) -> None:
    """The officer is back today: the leave ended yesterday, or never was if it had not begun before today."""
    leave = _locked(Leave, leave_id)
    yesterday = day_of(now) - timedelta(days=1)
    if leave.starts_on > yesterday:
        leave.delete()
    elif leave.ends_on > yesterday:
        leave.ends_on = yesterday
        leave.save(update_fields=["ends_on"])


# ── private ──


def _locked(model: type[M], pk: int) -> M:
    """The row, locked for this transaction (SQLite locks the whole database already: IMMEDIATE)."""
    row = model._default_manager.select_for_update().filter(pk=pk).first()
    if row is None:
        name = model._meta.verbose_name
        raise Unfit(Label(f"找不到{name}（编号{pk}）", f"There is no {model.__name__.lower()} number {pk}"))
    return row


def _hold(officer_id: int, unit_id: int, role: str, starts_on: date) -> Post:
    post, _ = Post.objects.get_or_create(
        officer_id=officer_id, unit_id=unit_id, role=role, ends_on=None, defaults={"starts_on": starts_on}
    )
    return post


def _close_posts(posts: Any, today: date) -> None:
    """End open posts yesterday; one that began only today is removed, it was never held."""
    posts.filter(ends_on=None, starts_on__gte=today).delete()
    posts.filter(ends_on=None).update(ends_on=today - timedelta(days=1))


def _named(name: str) -> str:
    if not normal(name):
        raise _unfit("name", Label("请填写名称", "Enter a name"))
    if len(name.strip()) > 200:
        raise _unfit("name", Label("名称不超过200字", "A name has at most 200 characters"))
    return name.strip()


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "credit_code": credit_code,
    "phone": check_phone,
    "industry": check_industry,
}


def _checked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts ready to be kept; all faults at once."""
    unknown = set(facts) - FACTS
    if unknown:
        raise TypeError(f"a party has no fact called {', '.join(sorted(unknown))}")
    values, faults = dict(facts), dict[str, Label]()
    for name, value in facts.items():
        field = cast("models.Field[Any, Any]", Party._meta.get_field(name))
        if value in (None, ""):
            values[name] = None if field.null else ""
        elif name in _CHECKS:
            try:
                values[name] = _CHECKS[name](value)
            except Invalid as error:
                faults[name] = error.label
        elif isinstance(value, int) and not isinstance(value, bool) and not 0 <= value < 2**31 * 10**6:
            faults[name] = Label("应为不小于零的数，请核对单位", "Give a figure of zero or more; check its unit")
        elif isinstance(value, str) and len(value) > (field.max_length or 0):
            faults[name] = Label(f"不超过{field.max_length}字", f"At most {field.max_length} characters")
    if faults:
        raise Unfit(Label("请按提示更正", "Please mend the marked fields"), fields=faults)
    return values


def _refuse_taken(code: str | None, own: int | None) -> None:
    taken = Party.objects.filter(credit_code=code).exclude(pk=own or 0).first() if code else None
    if taken is not None:
        raise _unfit(
            "credit_code", Label(f"该代码已登记为“{taken.name}”", f"This code is already registered: {taken.name}")
        )


def _in_order(starts_on: date | None, ends_on: date | None) -> None:
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise _unfit("ends_on", Label("结束日期早于开始日期", "The end lies before the beginning"))


def _overlap(a: date, a_end: date | None, b: date, b_end: date | None) -> bool:
    return (a_end is None or b <= a_end) and (b_end is None or a <= b_end)


def _unfit(field: str, text: Label) -> Unfit:
    return Unfit(text, fields={field: text})
