"""政策库的查找: live policies by words (one character is enough), department, kind of benefit, open now. Reads only."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from qinqing.ledger.models import Book
from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Tiers
from qinqing.policies import selectors
from qinqing.policies.amount_steps import at_most
from qinqing.policies.departments import names
from qinqing.policies.policy import Policy
from qinqing.policies.rounds import book_code
from qinqing.policies.windows import Opening, opening
from qinqing.ui.errors import NotFound

KINDS = {
    "fixed": Label("定额", "Fixed sum"), "rate": Label("按比例", "By a rate"), "tiers": Label("分档", "By tiers"),
    "schedule": Label("分期", "In instalments"), "decided": Label("一事一议", "Case by case"),
    "higher": Label("就高", "The higher of"),
}  # fmt: skip
_KIND_OF: dict[type, str] = {
    Fixed: "fixed", Rate: "rate", Tiers: "tiers", Schedule: "schedule", Decided: "decided", Higher: "higher",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for."""

    words: str = ""
    department: str = ""
    kind: str = ""
    open_now: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.words or self.department or self.kind or self.open_now)


@dataclass(frozen=True, slots=True)
class Entry:
    """A live policy in the library. `ahead`: not yet in force."""

    version_id: int
    policy: Policy
    lead: Label
    opening: Opening
    ahead: bool

    @property
    def kind(self) -> Label:
        return KINDS[kind_of(self.policy.rule.benefit)]

    @property
    def amount(self) -> Label:
        return at_most(self.policy.rule.benefit)

    @property
    def free(self) -> bool:
        """免申即享."""
        return self.policy.window is not None and self.policy.window.without_application


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """Of the policy's book, in fen. `left`: neither paid nor spoken for."""

    whole: int
    left: int

    @property
    def percent(self) -> int:
        return 100 * self.left // self.whole if self.whole else 0


def kind_of(benefit: Benefit) -> str:
    return _KIND_OF[type(benefit)]


def entries(today: date) -> list[Entry]:
    """Every live policy that is in force or will be; those that can be claimed now first."""
    labels = names()
    found = []
    for version_id in selectors.live_versions().values_list("pk", flat=True):
        policy = selectors.policy_of(version_id)
        if policy.effect.end is None or policy.effect.end >= today:
            lead = labels.get(policy.departments[0], Label(policy.departments[0], policy.departments[0]))
            ahead = policy.effect.start > today
            found.append(Entry(version_id, policy, lead, opening(policy.window, today), ahead))
    order = {Opening.OPEN: 0, Opening.AHEAD: 1, Opening.OVER: 2}
    return sorted(found, key=lambda entry: (entry.ahead, order[entry.opening], entry.policy.code))


def entry(code: str, today: date) -> Entry:
    """One of them. Raises NotFound."""
    found = next((one for one in entries(today) if one.policy.code == code), None)
    if found is None:
        raise NotFound(Label("政策库中没有这项政策，可能已停止执行", "There is no such policy in force"))
    return found


def search(every: Sequence[Entry], asked: Asked) -> list[Entry]:
    """Those that hold all the words, and fit the rest."""
    pieces = _plain(asked.words).split()
    return [one for one in every if _fits(one, asked) and all(piece in _text(one) for piece in pieces)]


def departments(every: Sequence[Entry]) -> list[tuple[str, Label]]:
    """The departments that lead a policy."""
    return sorted({one.policy.departments[0]: one.lead for one in every}.items())


def budget_of(code: str, today: date) -> BudgetLeft | None:
    """What is left of the policy's book of the year; None where the ledger has none."""
    book = Book.objects.filter(code=book_code(code, today.year)).first()
    if book is None:
        return None
    stands = book.balances
    return BudgetLeft(stands.appropriated, stands.available)


# ── private ──


def _fits(one: Entry, asked: Asked) -> bool:
    return (
        (not asked.department or asked.department in one.policy.departments)
        and (not asked.kind or asked.kind == kind_of(one.policy.rule.benefit))
        and (not asked.open_now or (one.opening is Opening.OPEN and not one.ahead))
    )


def _text(one: Entry) -> str:
    policy = one.policy
    labels = [policy.title, one.lead, *(condition.label for condition in policy.rule.all_conditions())]
    parts = [part for label in labels for part in label]
    return _plain(" ".join([policy.reference, policy.code, *policy.clauses, *policy.clauses.values(), *parts]))


def _plain(text: str) -> str:
    """Half-width, small letters: 〔 and ( are the same to whoever searches."""
    return unicodedata.normalize("NFKC", text).casefold().replace("〔", "(").replace("〕", ")")
