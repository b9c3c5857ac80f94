"""Reads of the directory (名录): finding parties, who holds which post today, which unit a desk is.

Finding is by LIKE on an index, which 130,000 companies bear on both databases (figures in
tests/directory/test_speed.py); Chinese needs no word breaking that way and a single character works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Q, QuerySet

from qinqing.accounts import actor
from qinqing.accounts.models import User
from qinqing.directory.industries import industry_label
from qinqing.directory.models import FormerName, Leave, Officer, Party, Post, Unit
from qinqing.directory.services import day_of
from qinqing.directory.size_classes import SizeClass, SizeFacts, size_class
from qinqing.lib.identifiers import mask_phone
from qinqing.lib.labels import Label
from qinqing.lib.names import normal

_CODE = re.compile(r"(?=.*\d)[0-9a-z]{4,18}")
_PHONE = re.compile(r"\d{4,11}")
_ENOUGH = 200  # candidates looked at before ranking: a fragment that fits more is too short to rank anyway


# ── parties ──


@dataclass(frozen=True, slots=True)
class PartyHit:
    """One party found. `by`: code, phone, name or former_name; `matched`: the former name, where that was found."""

    id: int
    kind: str
    name: str
    credit_code: str | None
    town: str
    status: str
    phone: str  # masked
    by: str
    matched: str = ""


@dataclass(frozen=True, slots=True)
class PartySummary:
    """What the intake screen and the company page say of a party. The phone is masked."""

    id: int
    kind: str
    kind_label: str
    name: str
    credit_code: str | None
    industry: str
    industry_label: Label | None
    policy_size: SizeClass
    statistics_size: SizeClass
    town: str
    status: str
    phone: str
    former_names: tuple[str, ...]


def find_parties(text: str, limit: int = 10, kinds: Iterable[str] | None = None) -> list[PartyHit]:
    """Parties for what was typed: credit code (from its first 4 characters), phone (from its first 4 digits), or
    fragments of the name, short name or a former name; blanks separate fragments that must all occur.

    Best first: whole code or phone, exact name, name beginning so, earliest and shortest name, former names.
    """
    fragments = [part for part in map(normal, text.split()) if part]
    if not fragments:
        return []
    parties = Party.objects.all() if kinds is None else Party.objects.filter(kind__in=list(kinds))
    found: dict[int, tuple[str, str]] = {}
    whole = "".join(fragments)
    if _CODE.fullmatch(whole):
        _add(found, parties.filter(_begins("credit_code", whole.upper())), "code", limit)
    if _PHONE.fullmatch(whole):
        _add(found, parties.filter(_begins("phone", whole)), "phone", limit)
    _add(found, parties.filter(_begins("name_norm", whole)), "name", limit)
    if len(found) < limit and not _sure(found):
        _add(found, parties.filter(_all("name_norm", fragments) | _all("short_name", fragments)), "name", _ENOUGH)
    if len(found) < limit and not _sure(found):
        former = FormerName.objects.filter(_all("name_norm", fragments))
        if kinds is not None:
            former = former.filter(party__kind__in=list(kinds))
        for party_id, name in former.values_list("party_id", "name")[:_ENOUGH]:
            found.setdefault(party_id, ("former_name", name))
    rows = Party.objects.in_bulk(list(found))
    hits = [_hit(rows[party_id], by, matched) for party_id, (by, matched) in found.items() if party_id in rows]
    return sorted(hits, key=lambda hit: _rank(hit, whole, fragments))[:limit]


def party_summary(party: Party) -> PartySummary:
    """The summary of a party; its former names cost one query."""
    facts = size_facts(party)
    return PartySummary(
        party.pk,
        party.kind,
        str(KIND_LABELS[party.kind]),
        party.name,
        party.credit_code,
        party.industry,
        industry_label(party.industry),
        size_class(facts, "policy"),
        size_class(facts, "statistics"),
        party.town,
        party.status,
        mask_phone(party.phone),
        tuple(former.name for former in party.former_names.all()),
    )


def size_facts(party: Party) -> SizeFacts:
    """What the size rules look at; missing figures stay None."""
    return SizeFacts(party.industry or None, party.staff, party.revenue_fen, party.assets_fen)


def party_of_user(user: User) -> Party | None:
    """The person behind a party's account."""
    return Party.objects.filter(user=user).first()


def parties_of(user: User, on: date) -> frozenset[int]:
    """Ids of the parties this account may act for on a day: the person, and companies by mandates in force."""
    own = Party.objects.filter(user=user).values_list("pk", flat=True)
    in_force = Q(agents__ends_on=None) | Q(agents__ends_on__gte=on)
    companies = Party.objects.filter(in_force, agents__person__user=user, agents__starts_on__lte=on)
    return frozenset(own) | frozenset(companies.values_list("pk", flat=True))


KIND_LABELS: dict[str, Label] = {
    "company": Label("企业", "Company"),
    "sole_trader": Label("个体工商户", "Sole trader"),
    "person": Label("个人", "Person"),
    "unnamed": Label("未具名", "Unnamed"),
}


# ── officers and units ──


def posts_of(user: User, on: date) -> tuple[actor.Post, ...]:
    """The posts an account holds on a day: its own, and those of officers on leave in whose place it stands."""
    own = _in_force(on).filter(officer__user=user)
    away = Q(officer__leaves__starts_on__lte=on, officer__leaves__ends_on__gte=on, officer__leaves__deputy__user=user)
    deputised = _in_force(on).filter(away).distinct()
    posts = [actor.Post(post.unit_id, post.role, post.unit.parent_id) for post in own]
    posts += [actor.Post(post.unit_id, post.role, post.unit.parent_id, post.officer.name) for post in deputised]
    return tuple(posts)


def holders(unit: Unit | int, role: str, on: date) -> tuple[User, ...]:
    """Who would get a notice meant for a role in a unit: its holders; in place of one on leave, the deputy.

    The section's liaison comes before the deputy liaison. Inactive accounts are left out.
    """
    unit_id = unit if isinstance(unit, int) else unit.pk
    posts = list(_in_force(on).filter(unit_id=unit_id, role=role).order_by("pk"))
    leaves = Leave.objects.filter(officer__in=[post.officer_id for post in posts], starts_on__lte=on, ends_on__gte=on)
    stand_in = {leave.officer_id: leave.deputy for leave in leaves.select_related("deputy__user")}
    posts.sort(key=lambda post: post.officer_id != post.unit.liaison_id)
    users = [stand_in.get(post.officer_id, post.officer).user for post in posts]
    return tuple(dict.fromkeys(user for user in users if user.is_active))


def roles_and_parties(user: User, now: datetime) -> tuple[tuple[actor.Post, ...], frozenset[int]]:
    """The role source of `accounts.access`: an officer's posts, or the parties a party's account acts for."""
    on = day_of(now)
    if user.kind == User.Kind.OFFICER:
        return posts_of(user, on), frozenset()
    if user.kind == User.Kind.PARTY:
        return (), parties_of(user, on)
    return (), frozenset()


def unit_of_desk(code: str) -> Unit:
    """The unit that procedures call by a desk code (`desk: window`). Raises LookupError when the county has none."""
    unit = Unit.objects.filter(desk=code, closed_on=None).first()
    if unit is None:
        raise LookupError(f"no unit carries the desk {code!r}: add `desk: {code}` to a unit in the county's units.yaml")
    return unit


def sections() -> QuerySet[Unit]:
    """Open sections in their order, with authority, liaison and deputy."""
    return units().filter(kind=Unit.Kind.SECTION)


def units() -> QuerySet[Unit]:
    """Open units in the order of the county's list."""
    return Unit.objects.filter(closed_on=None).select_related("parent", "liaison", "deputy").order_by("pk")


def officers_of(unit: Unit, on: date) -> QuerySet[Officer]:
    """Officers who hold a post in the unit or in its sections on a day, by name."""
    here = Q(unit=unit) | Q(unit__parent=unit)
    return Officer.objects.filter(pk__in=_in_force(on).filter(here).values("officer_id")).order_by("name")


def leaves_from(on: date) -> QuerySet[Leave]:
    """Leaves that have not ended before the day, the nearest first."""
    return Leave.objects.filter(ends_on__gte=on).select_related("officer", "deputy").order_by("starts_on", "pk")


# ── private ──


def _in_force(on: date) -> QuerySet[Post]:
    dates = Q(starts_on__lte=on) & (Q(ends_on=None) | Q(ends_on__gte=on))
    open_units = Q(unit__closed_on=None) | Q(unit__closed_on__gt=on)
    return Post.objects.filter(dates, open_units).select_related("unit", "officer__user")


def _all(field: str, fragments: list[str]) -> Q:
    condition = Q()
    for fragment in fragments:
        condition &= Q(**{f"{field}__contains": fragment})
    return condition


def _begins(field: str, text: str) -> Q:
    """A prefix that the index answers: SQLite's LIKE would scan, PostgreSQL's order follows its locale."""
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": text + "\U0010ffff"})
    return Q(**{f"{field}__startswith": text})


def _sure(found: dict[int, tuple[str, str]]) -> bool:
    """Something was found by its code or phone: a name that holds the same digits is not what was meant."""
    return any(by in {"code", "phone"} for by, _ in found.values())


def _add(found: dict[int, tuple[str, str]], parties: QuerySet[Party], by: str, limit: int) -> None:
    """Ids only, so that the databases answer from the index alone."""
    for party_id in parties.values_list("pk", flat=True)[:limit]:
        found.setdefault(party_id, (by, ""))


def _hit(party: Party, by: str, matched: str) -> PartyHit:
    return PartyHit(
        party.pk,
        party.kind,
        party.name,
        party.credit_code,
        party.town,
        party.status,
        mask_phone(party.phone),
        by,
        matched,
    )


def _rank(hit: PartyHit, whole: str, fragments: list[str]) -> tuple[int, int, int, str]:
    order = {"code": 0, "phone": 0, "name": 1, "former_name": 2}[hit.by]
    name = normal(hit.matched or hit.name)
    at = name.find(whole if whole in name else fragments[0])
    return order, at if at >= 0 else len(name), len(name), hit.name
