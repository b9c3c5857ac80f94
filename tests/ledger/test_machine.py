"""Whatever is asked of two books in any order: they answer as a simple model does, and every fen is accounted for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from qinqing.audit.verify import check_chain
from qinqing.ledger import selectors, services
from qinqing.ledger.accounts import Kind
from qinqing.ledger.history import LedgerHistory
from qinqing.ledger.models import Book, Transfer
from qinqing.ledger.refusals import Clash, Missing, Short
from qinqing.ledger.services import Entry
from tests.ledger.budgets import NOW, refusal

pytestmark = pytest.mark.django_db
_lives = count(1)
AMOUNTS = st.integers(1, 60)
REFS = st.sampled_from("abc")
BOOKS = st.sampled_from(["x", "y"])
GRANTS = {"appropriate": 1, "reduce": -1}
FREED = {"reserve": -1, "release": 1, "cancel": 1, "recover": 1}
CLAIMED = {
    "reserve": {"reserved": 1},
    "release": {"reserved": -1, "released": 1},
    "commit": {"reserved": -1, "committed": 1},
    "cancel": {"committed": -1, "released": 1},
    "pay": {"committed": -1, "paid": 1},
    "recover": {"paid": -1, "recovered": 1},
    "surrender": {"paid": -1, "recovered": 1},
}


@dataclass
class Claim:
    """What a claim is thought to have."""

    book: str
    reserved: int = 0
    committed: int = 0
    paid: int = 0
    released: int = 0
    recovered: int = 0


@dataclass
class Model:
    """Written without a look at the tables of the room."""

    granted: dict[str, int] = field(default_factory=lambda: {"x": 0, "y": 0})
    free: dict[str, int] = field(default_factory=lambda: {"x": 0, "y": 0})
    given_back: dict[str, int] = field(default_factory=lambda: {"x": 0, "y": 0})
    claims: dict[str, Claim] = field(default_factory=dict)

    def copy(self) -> Model:
        claims = {ref: Claim(**vars(claim)) for ref, claim in self.claims.items()}
        return Model(dict(self.granted), dict(self.free), dict(self.given_back), claims)

    def move(self, kind: str, n: int, ref: str, book: str, sign: int = 1) -> None:
        """KeyError: no such claim; ValueError: of another book. Nothing is checked for being there."""
        n *= sign
        if kind in GRANTS:
            self.granted[book] += GRANTS[kind] * n
            self.free[book] += GRANTS[kind] * n
            return
        if kind == "reserve":
            self.claims.setdefault(ref, Claim(book))
        claim = self.claims[ref]
        if book and claim.book != book:
            raise ValueError(ref)
        for part, way in CLAIMED[kind].items():
            setattr(claim, part, getattr(claim, part) + way * n)
        self.free[claim.book] += FREED.get(kind, 0) * n
        self.given_back[claim.book] += n if kind == "surrender" else 0

    def overdrawn(self) -> bool:
        amounts = [*self.free.values(), *self.given_back.values()]
        for claim in self.claims.values():
            amounts += [claim.reserved, claim.committed, claim.paid]
        return min(amounts) < 0


class Machine(RuleBasedStateMachine):
    """Two books, three claims, sets of up to four linked transfers, reversals, and causes sent again."""

    @initialize()
    def begin(self) -> None:
        self.life = f"life{next(_lives)}"
        self.model = Model()
        self.acts = 0
        self.sent: list[tuple[str, list[Entry], list[tuple[str, int, str, str]]]] = []
        self.reversed: dict[str, str] = {}
        for book in "xy":
            services.open_book(self.book(book), book, NOW)

    def book(self, name: str) -> str:
        return f"{self.life}:{name}" if name else ""

    def ref(self, name: str) -> str:
        return f"{self.life}-{name}" if name else ""

    def cause(self) -> str:
        self.acts += 1
        return f"{self.life}#{self.acts}"

    def entry(self, kind: Kind, n: int, ref: str, book: str) -> Entry:
        return Entry(kind, n, self.ref(ref), self.book(book))

    def ask(self, wanted: list[tuple[Kind, int, str, str]]) -> None:
        """The same of the ledger and of the model; both accept, or the ledger refuses for the model's reason."""
        entries = [self.entry(*each) for each in wanted]
        cause, after = self.cause(), self.model.copy()
        why: type[Any] | None = None
        for each in wanted:
            try:
                after.move(*each)
            except KeyError:
                why = Missing
            except ValueError:
                why = Clash
            else:
                why = Short if after.overdrawn() else None
            if why:
                break
        act: Callable[[], object] = lambda: services.transfer(entries, cause, NOW)  # noqa: E731
        if why:
            refusal((Missing, Clash, Short) if len(wanted) > 1 else why, act)  # type: ignore[arg-type]
            return
        act()
        self.model = after
        self.sent.append((cause, entries, [(k.value, n, r, b) for k, n, r, b in wanted]))

    @rule(n=st.integers(1, 300), book=BOOKS)
    def appropriate(self, n: int, book: str) -> None:
        self.ask([(Kind.APPROPRIATE, n, "", book)])

    @rule(n=AMOUNTS, book=BOOKS)
    def reduce(self, n: int, book: str) -> None:
        self.ask([(Kind.REDUCE, n, "", book)])

    @rule(n=AMOUNTS, ref=REFS, book=BOOKS)
    def reserve(self, n: int, ref: str, book: str) -> None:
        self.ask([(Kind.RESERVE, n, ref, book)])

    @rule(kind=st.sampled_from(list(Kind)[3:]), n=AMOUNTS, ref=REFS)
    def move(self, kind: Kind, n: int, ref: str) -> None:
        self.ask([(kind, n, ref, "")])

    @rule(
        first=st.tuples(AMOUNTS, REFS, BOOKS),
        more=st.lists(st.tuples(st.sampled_from(list(Kind)[3:]), AMOUNTS, REFS), max_size=3),
    )
    def linked(self, first: tuple[int, str, str], more: list[tuple[Kind, int, str]]) -> None:
        n, ref, book = first
        self.ask([(Kind.RESERVE, n, ref, book), *((kind, m, other, "") for kind, m, other in more)])

    @rule(ref=REFS)
    def release_all(self, ref: str) -> None:
        claim = self.model.claims.get(ref)
        if claim is None:
            refusal(Missing, lambda: services.release(self.ref(ref), self.cause(), NOW))
        elif not claim.reserved + claim.committed:
            refusal(Clash, lambda: services.release(self.ref(ref), self.cause(), NOW))
        else:
            done = services.release(self.ref(ref), cause := self.cause(), NOW)
            moved = [("release", claim.reserved, ref, ""), ("cancel", claim.committed, ref, "")]
            moved = [each for each in moved if each[1]]
            assert [each.amount for each in done.transfers] == [n for _, n, _, _ in moved]
            for each in moved:
                self.model.move(*each)
            entries = [Entry(Kind.RELEASE, None, self.ref(ref)), Entry(Kind.CANCEL, None, self.ref(ref))]
            self.sent.append((cause, entries, moved))

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        if self.sent:
            cause, entries, _ = data.draw(st.sampled_from(self.sent))
            assert services.transfer(entries, cause, NOW).replayed
            more = [*entries, Entry(Kind.APPROPRIATE, 1, "", self.book("x"))]
            refusal(Clash, lambda: services.transfer(more, cause, NOW))

    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        if not self.sent:
            return
        wrong, _, moved = data.draw(st.sampled_from(self.sent))
        if wrong in self.reversed:
            assert services.reverse(wrong, self.reversed[wrong], NOW).replayed
            refusal(Clash, lambda: services.reverse(wrong, self.cause(), NOW))
            return
        after, by, short = self.model.copy(), self.cause(), False
        for each in reversed(moved):
            after.move(*each, sign=-1)
            short = short or after.overdrawn()
        if short:
            refusal(Short, lambda: services.reverse(wrong, by, NOW))
        else:
            services.reverse(wrong, by, NOW)
            self.model, self.reversed[wrong] = after, by

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        for book in "xy":
            its = selectors.balances(self.book(book))
            own = [claim for claim in self.model.claims.values() if claim.book == book]
            assert (its.appropriated, its.available) == (self.model.granted[book], self.model.free[book])
            assert its.surrendered == self.model.given_back[book]
            assert its.reserved == sum(claim.reserved for claim in own)
            assert its.committed == sum(claim.committed for claim in own)
            assert its.paid == sum(claim.paid for claim in own)
        for ref, claim in self.model.claims.items():
            row = selectors.position(self.ref(ref))
            assert row is not None and row.book.code == self.book(claim.book)
            for part in ("reserved", "committed", "paid", "released", "recovered"):
                assert getattr(row, part) == getattr(claim, part)

    def teardown(self) -> None:
        if not hasattr(self, "life"):
            return
        lines = sum(len(moved) for _, _, moved in self.sent)
        lines += sum(len(moved) for cause, _, moved in self.sent if cause in self.reversed)
        assert Transfer.objects.filter(book__code__startswith=f"{self.life}:").count() == lines
        for book in Book.objects.filter(code__startswith=f"{self.life}:"):
            for chain in LedgerHistory().chains(book.code):
                assert check_chain("ledger", chain)[0] == []


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize=True, phases=[Phase.generate], print_blob=True,
        ),
    )  # fmt: skip


def test_the_ledger_does_what_the_model_does() -> None:
    run(25, 20)


@pytest.mark.long
def test_the_ledger_does_what_the_model_does_in_many_long_lives() -> None:
    run(60, 50)
