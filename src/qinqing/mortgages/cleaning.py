"""旧数据清理台 (B7): registered creditors' names that mean nobody, or several, with the mortgages behind each.

The embedded register is read whole; of one elsewhere only what it showed for releases that are open. Suggestions are
beside each name; a person chooses, and the choice opens a filing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Count

from qinqing.accounts.actor import Actor
from qinqing.cases.acting import act
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.mortgages import names
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_names import Alias
from qinqing.mortgages.models_register import RegisteredCreditor
from qinqing.mortgages.register import Creditor, entry_of, register
from qinqing.mortgages.suggesting import Candidate, Index, Suggestion
from qinqing.ui.errors import Problem

NAME_DOUBTS = frozenset({"creditor_unknown", "creditor_ambiguous"})


@dataclass(slots=True)
class Unclear:
    """对不上的名称. `codes`: whom it may mean; none: nobody knows it. `first`, `last`: days of registration."""

    name: str
    credit_code: str
    mortgages: int = 0
    codes: frozenset[str] = frozenset()
    first: date | None = None
    last: date | None = None
    spellings: set[str] = field(default_factory=set)

    def count(self, n: int, on: date | None, codes: frozenset[str]) -> None:
        self.mortgages += n
        self.codes |= codes
        if on is not None:
            self.first = min(self.first or on, on)
            self.last = max(self.last or on, on)


def unclear() -> list[Unclear]:
    """Grouped by name, the most mortgages first."""
    known = names.book()
    source = _embedded() if register().simulated else _shown()
    found: dict[tuple[str, str], Unclear] = {}
    for creditor, on, n in source:
        named = known.resolve(creditor, on)
        if len(named.codes) == 1:
            continue
        key = normal(creditor.name), creditor.credit_code
        row = found.setdefault(key, Unclear(creditor.name, creditor.credit_code))
        row.spellings.add(creditor.name)
        row.count(n, _day(on), named.codes)
    return sorted(found.values(), key=lambda row: (-row.mortgages, row.name))


def index() -> Index:
    """Whom names may mean: present names and filed former names, the latter also as what became of what."""
    present = names.present()
    candidates = [Candidate(name, code) for code, name in present.items()]
    renames = []
    for each in Alias.objects.prefetch_related("endings"):
        if names.last_day(each)[0]:
            candidates.append(Candidate(each.name, each.credit_code))
            renames.append((each.name, present.get(each.credit_code, "")))
    return Index(candidates, renames)


@dataclass(frozen=True, slots=True)
class Guess:
    """推荐的机构: by which of its names it was found, empty for the present one, and why."""

    code: str
    name: str
    by: str
    why: Label


def guesses(name: str, ready: Index | None = None, limit: int = 5) -> list[Guess]:
    """The likeliest bearers of a name, each once, by the best of their names."""
    present, best = names.present(), dict[str, Suggestion]()
    for each in (ready or index()).rank(name, limit * 4):
        best.setdefault(each.candidate.code, each)
    found = [best[code] for code in list(best)[:limit]]
    return [
        Guess(
            each.candidate.code, present.get(each.candidate.code, each.candidate.name),
            each.candidate.name if each.candidate.name != present.get(each.candidate.code) else "",
            _joined(each.why),
        )
        for each in found
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a name that is being filed: the register's mortgages under it and who it may mean."""

    row: Unclear | None
    guesses: list[Guess]


def beside(name: str) -> Beside:
    """For the filing form."""
    wanted = normal(name)
    row = next((each for each in unclear() if normal(each.name) == wanted), None)
    return Beside(row, guesses(name))


def waiting_names() -> Counter[str]:
    """How many exceptions wait for each name (its normal form)."""
    found: Counter[str] = Counter()
    for _release, creditors in _exceptions():
        found.update({normal(each.name) for each in creditors})
    return found


def ready_again(only: Sequence[str] | None = None) -> list[Release]:
    """Exceptions whose registered names are all certain by now, oldest first: to be matched again. `only`: of which one
    creditor is called so."""
    wanted = None if only is None else {normal(each) for each in only}
    book = names.book()
    return [
        release
        for release, creditors in _exceptions()
        if (wanted is None or not wanted.isdisjoint(normal(each.name) for each in creditors))
        and all(len(book.resolve(each, release.looked_up["registered_on"]).codes) == 1 for each in creditors)
    ]


def uncertain_of(case_id: int) -> list[tuple[Creditor, list[Guess]]] | None:
    """Of an exception over a name: its creditors that are not certain, with guesses; empty: all are by now. None: the
    case waits for something else."""
    found = next(((release, each) for release, each in _exceptions() if release.case_id == case_id), None)
    if found is None:
        return None
    release, creditors = found
    book, on = names.book(), release.looked_up["registered_on"]
    unsure = [each for each in creditors if len(book.resolve(each, on).codes) != 1]
    ready = index() if unsure else None
    return [(each, guesses(each.name, ready)) for each in unsure]


def match_again(
    releases: Iterable[Release], finding: str, actor: Actor, now: datetime
) -> tuple[int, list[tuple[str, Label]]]:
    """重新自动核对, by the registrar, each in its own transaction: (how many went, (number, why) of those refused)."""
    done, refused = 0, []
    for release in releases:
        try:
            act(release.case_id, "match_again", actor, now, {"finding": finding})
            done += 1
        except Problem as problem:
            refused.append((release.case.number, problem.detail))
    return done, refused


# ── private ──


def _joined(why: Sequence[Label]) -> Label:
    en = "; ".join(each.en for each in why)
    return Label("；".join(each.zh for each in why), en[:1].upper() + en[1:])


def _embedded() -> Iterator[tuple[Creditor, str, int]]:
    """(creditor, day of registration, mortgages) of what is registered here and active."""
    active = RegisteredCreditor.objects.filter(registration__deregistered_at=None)
    fields = ("name", "credit_code", "registration__registered_on")
    for row in active.values(*fields).annotate(n=Count("registration", distinct=True)).order_by(*fields):
        day = row["registration__registered_on"].isoformat()
        yield Creditor(row["name"], row["credit_code"]), day, row["n"]


def _shown() -> Iterator[tuple[Creditor, str, int]]:
    """The same of open releases, as the register answered when it was asked."""
    for said in Release.objects.filter(state=Release.State.OPEN).values_list("looked_up", flat=True):
        if said:
            entry = entry_of(said)
            counted: dict[tuple[str, str], Creditor] = {}
            for each in entry.creditors:
                counted.setdefault((each.name, each.credit_code), each)
            yield from ((each, entry.registered_on, 1) for each in counted.values())


def _exceptions() -> Iterator[tuple[Release, tuple[Creditor, ...]]]:
    """Releases that wait for a person over a name, with their creditors as the register showed them."""
    found = Release.objects.filter(state=Release.State.OPEN, case__stage="exception").select_related("case")
    for release in found.order_by("started_at", "pk"):
        if release.looked_up and _why(release) in NAME_DOUBTS:
            yield release, entry_of(release.looked_up).creditors


def _why(release: Release) -> str:
    return str(json.loads(release.case.state)["fields"].get("why", ""))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
