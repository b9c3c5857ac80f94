"""名称归一: whom a creditor's name in the register means. Exact after NFKC, or nobody: no score ever decides (B7).

A code in the register that somebody known bears, or bore, decides. Else the name, letter for letter in its normal form,
among present names and filed former names whose period covers the day of registration. More than one bearer: ambiguous.
Names are handed on: another branch may bear today what this one bore then (9 of 1,189 real renames). So a present name
counts only for days of which no filing says that its bearer bore another.
Where a filing says that a code went over to another (merger, new registration), today's bearer at the end of the chain
is meant; where it went over to several (a split), all of them, so that a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db.models import Q, QuerySet

from qinqing.directory.models import Unit
from qinqing.lib.identifiers import credit_code_problem
from qinqing.lib.names import normal
from qinqing.mortgages.judging import Named
from qinqing.mortgages.models_names import Alias
from qinqing.mortgages.register import Creditor

_normal = lru_cache(maxsize=4096)(normal)  # of the present names, which are few and asked for every mortgage
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Borne:
    """曾用名 in force: a name (normal form), who bears it today, and the days it covers, both inside; None: open."""

    name: str
    code: str
    former_code: str = ""
    starts_on: date | None = None
    ends_on: date | None = None

    def covers(self, day: date | None) -> bool:
        """Whether it was borne on that day; of an unknown day only a name without any bound is certain."""
        if day is None:
            return self.starts_on is None and self.ends_on is None
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)


class Book:
    """名称簿: present names (normal form -> codes) and former names, as far as they were read. Pure."""

    def __init__(self, present: Iterable[tuple[str, str]], borne: Iterable[Borne]) -> None:
        self._present: dict[str, set[str]] = defaultdict(set)
        self._borne: dict[str, list[Borne]] = defaultdict(list)
        self._went_to: dict[str, set[str]] = defaultdict(set)
        self._before: dict[str, list[Borne]] = defaultdict(list)  # of each code, names it gave up on a known day
        self._codes: set[str] = set()
        for name, code in present:
            self._present[name].add(code)
            self._codes.add(code)
        for each in borne:
            self._borne[each.name].append(each)
            if each.former_code:
                self._went_to[each.former_code].add(each.code)
            elif each.ends_on:
                self._before[each.code].append(each)

    def bearers(self, code: str) -> frozenset[str]:
        """Who bears today what this code was owed: itself, unless filings say where it went; empty: nobody knows it."""
        if code not in self._codes and code not in self._went_to:
            return NOBODY
        return frozenset(_ends(code, self._went_to))

    def by_code(self, code: str) -> frozenset[str]:
        """Whom a code in the register means; empty where there is none, it fails its check, or nobody knows it."""
        return self.bearers(code) if code and credit_code_problem(code) is None else NOBODY

    def resolve(self, creditor: Creditor, on: str) -> Named:
        """See `resolve`."""
        if by_code := self.by_code(creditor.credit_code):
            return Named(by_code)
        wanted, day = normal(creditor.name), _day(on)
        codes = {code for code in self._present.get(wanted, ()) if not self._bore_another(code, wanted, day)}
        codes.update(each.code for each in self._borne.get(wanted, ()) if each.covers(day))
        return Named(frozenset(end for code in codes for end in _ends(code, self._went_to)))

    def _bore_another(self, code: str, name: str, day: date | None) -> bool:
        return any(each.name != name and each.covers(day) for each in self._before.get(code, ()))


def resolve(creditor: Creditor, on: str) -> Named:
    """Whom the register means by this creditor. `on`: day of registration (ISO text; other text: unknown)."""
    return book([creditor.name]).resolve(creditor, on)


def present() -> dict[str, str]:
    """Credit code -> present name, of banks and who lends beside them."""
    return dict(Unit.objects.exclude(credit_code="").order_by("code").values_list("credit_code", "name"))


def book(only: Iterable[str] | None = None) -> Book:
    """The names in force now. `only`: of the former names what matters to these: those spelt so, those of who is called
    so today, and all that hand a code on."""
    names = [(_normal(name), code) for code, name in present().items()]
    former = Alias.objects.all()
    if only is not None:
        wanted = {normal(name) for name in only}
        called_so = [code for name, code in names if name in wanted]
        former = former.filter(Q(name_norm__in=wanted) | Q(credit_code__in=called_so) | ~Q(former_code=""))
    return Book(names, in_force(former))


def in_force(former: QuerySet[Alias]) -> list[Borne]:
    """As filed, less what was ended since: the earliest last day counts, and what was withdrawn counts no more."""
    kept = ((each, last_day(each)) for each in former.prefetch_related("endings"))
    return [
        Borne(each.name_norm, each.credit_code, each.former_code, each.starts_on, until)
        for each, (counts, until) in kept
        if counts
    ]


def last_day(alias: Alias) -> tuple[bool, date | None]:
    """(whether it counts at all, its last day; None: open)."""
    ends = [alias.ends_on] if alias.ends_on else []
    for ending in alias.endings.all():
        if ending.last_day is None:
            return False, None
        ends.append(ending.last_day)
    until = min(ends, default=None)
    return until is None or alias.starts_on is None or alias.starts_on <= until, until


# ── private ──


def _ends(code: str, went_to: Mapping[str, set[str]]) -> set[str]:
    """Where the chain from this code ends. A circle ends nowhere: then every code on it stays possible."""
    seen, ends, ahead = {code}, set(), [code]
    while ahead:
        one = ahead.pop()
        onward = went_to.get(one, set())
        if not onward:
            ends.add(one)
        ahead.extend(onward - seen)
        seen |= onward
    return ends or seen


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
