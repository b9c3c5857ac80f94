"""记账 (the only writes): linked transfers, all or none, once for each cause, inside the caller's transaction.

    with transaction.atomic():
        appropriate("fund:2026:rd", 100_000_00, "预算 财预〔2026〕12号", now)
        reserve("fund:2026:rd", "惠2026-000012", 20_000_00, "惠2026-000012#3", now)
        transfer([Entry(Kind.COMMIT, 15_000_00, "惠2026-000012"), Entry(Kind.RELEASE, 5_000_00, "惠2026-000012")],
                 "惠2026-000012#5", now)

`cause` names the act and is the key: the same again does nothing (`Done.replayed`), another thing under it is refused.
Locks: the books named, by id, until the transaction ends; positions need none, as whoever writes one holds its book. So
take what else you lock (the case) *before*, and put what belongs to several books into one `transfer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, OperationalError, transaction

from qinqing.audit.chain import canonical, link
from qinqing.ledger.accounts import MOVES, OF_THE_BOOK, PARTS, Account, Kind, book_changes, part_changes
from qinqing.ledger.models import BALANCES, Book, Position, Transfer
from qinqing.ledger.refusals import Busy, Clash, Missing, Short
from qinqing.lib.labels import Label
from qinqing.ui.errors import Invalid

MOST = 10**15  # in one transfer: ten trillion yuan, far below what a column holds
CODE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,59}")
_COLLISIONS = {"40P01", "23505"}  # PostgreSQL: deadlock; a cause or reference that another book's writer used first


@dataclass(frozen=True, slots=True)
class Entry:
    """One transfer to be made. `book` is needed for appropriations, reductions and reservations; a reference knows its
    own. `amount` None: all there is (releases and cancellations only; nothing there moves nothing)."""

    kind: Kind
    amount: int | None
    ref: str = ""
    book: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What was moved; `replayed`: it had been moved before under this cause, and was not again."""

    cause: str
    transfers: tuple[Transfer, ...]
    replayed: bool = False


class _Line(NamedTuple):
    kind: Kind
    amount: int
    book: Book
    position: Position | None
    reverses: Transfer | None = None


def open_book(code: str, title: str, now: datetime, unit: str = "fen") -> Book:
    """Open a book; the same one again changes nothing. Raises Invalid; Clash where the code stands for another."""
    if not CODE.fullmatch(code):
        text = Label(
            f"账本代码{code!r}只能用小写字母、数字和_.:-", f"{code!r}: use lower-case letters, digits and _.:-"
        )
        raise Invalid(text, fields={"code": text})
    if not title.strip() or len(title) > 80 or not unit or len(unit) > 12:
        text = Label("请填写账本名称，不超过80字", "Give the book a name of at most 80 characters")
        raise Invalid(text, fields={"title": text})
    book, _ = Book.objects.get_or_create(code=code, defaults={"title": title, "unit": unit, "opened_at": now})
    if (book.title, book.unit) != (title, unit):
        raise Clash(
            Label(
                f"账本代码{code}已用于“{book.title}”（{book.unit}），请换一个代码",
                f"{code} is the book “{book.title}” ({book.unit}); choose another code",
            )
        )
    return book


def appropriate(book: str, amount: int, cause: str, now: datetime) -> Done:
    """下达预算: treasury to available. Raises as `transfer` does."""
    return transfer([Entry(Kind.APPROPRIATE, amount, book=book)], cause, now)


def reduce(book: str, amount: int, cause: str, now: datetime) -> Done:
    """调减预算: what is available goes back to the treasury. Raises as `transfer` does."""
    return transfer([Entry(Kind.REDUCE, amount, book=book)], cause, now)


def reserve(book: str, ref: str, amount: int, cause: str, now: datetime) -> Done:
    """预留: available money is set aside for a reference. Raises as `transfer` does."""
    return transfer([Entry(Kind.RESERVE, amount, ref, book)], cause, now)


def commit(ref: str, amount: int, cause: str, now: datetime) -> Done:
    """确定应付: of what is reserved for it. Raises as `transfer` does."""
    return transfer([Entry(Kind.COMMIT, amount, ref)], cause, now)


def pay(ref: str, amount: int, cause: str, now: datetime) -> Done:
    """支付: of what is committed to it; what the bank sends back is reversed (`reverse`). Raises as `transfer` does."""
    return transfer([Entry(Kind.PAY, amount, ref)], cause, now)


def release(ref: str, cause: str, now: datetime) -> Done:
    """作废: all that is reserved for or committed to it and not yet paid becomes available again; a part: `Entry`.

    Raises as `transfer` does; Clash when there is nothing."""
    return transfer([Entry(Kind.RELEASE, None, ref), Entry(Kind.CANCEL, None, ref)], cause, now)


def recover(ref: str, amount: int, to: Account, cause: str, now: datetime) -> Done:
    """追回: of what was paid, back to `AVAILABLE` (can be granted again) or to `SURRENDERED` (the treasury has it).

    Raises as `transfer` does; ValueError for another account."""
    kinds = {Account.AVAILABLE: Kind.RECOVER, Account.SURRENDERED: Kind.SURRENDER}
    if to not in kinds:
        raise ValueError(f"money is recovered to available or surrendered, not {to!r}")
    return transfer([Entry(kinds[to], amount, ref)], cause, now)


def transfer(entries: Sequence[Entry], cause: str, now: datetime) -> Done:
    """Make these transfers in this order, all or none. Raises Short, Missing, Clash, Busy, and Invalid for amounts that
    are not whole and above zero; after each, the caller's transaction stands as before and may go on."""
    _check(entries, cause)
    with _all_or_none():
        books = _lock(_books_of(entries))
        if earlier := _made_by(cause):
            return _replay(entries, earlier)
        return _post(_lines(entries, books), cause, now)


def reverse(cause: str, by: str, now: datetime, *, ref: str = "") -> Done:
    """冲正: undo what was moved under `cause`, by transfers the other way under a cause of their own (`by`): all of it,
    or what of it was this reference's (退汇: the bank sends one payment of many back).

    Once only. Raises Missing, Clash (it is a reversal, or has been reversed), Short (money has moved on), Busy."""
    _check_cause(by)
    with _all_or_none():
        wrong = tuple(each for each in _made_by(cause) if not ref or (each.position and each.position.ref == ref))
        if not wrong:
            of = Label(f"编号{ref}", f" for {ref}") if ref else Label("", "")
            raise Missing(Label(f"没有以“{cause}”记的{of.zh}账", f"Nothing was moved under “{cause}”{of.en}"))
        books = _lock({each.book.code for each in wrong})
        if earlier := _made_by(by):
            if {each.reverses_id for each in earlier} == {each.pk for each in wrong}:
                return Done(by, earlier, replayed=True)
            raise _other_cause(by)
        if any(each.reverses_id for each in wrong) or Transfer.objects.filter(reverses__in=wrong).exists():
            raise Clash(Label(f"“{cause}”已冲正，或本身就是冲正", f"“{cause}” was reversed before, or is a reversal"))
        positions = _positions(each.position.ref for each in wrong if each.position)
        lines = [
            _Line(
                Kind(each.kind), -each.amount, books[each.book.code],
                positions[each.position.ref] if each.position else None, each,
            )
            for each in reversed(wrong)
        ]  # fmt: skip
        return _post(lines, by, now)


# ── private ──


def _check(entries: Sequence[Entry], cause: str) -> None:
    _check_cause(cause)
    if not entries:
        raise ValueError("there is nothing to transfer")
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: Entry) -> None:
    if entry.kind in OF_THE_BOOK | {Kind.RESERVE} and not entry.book:
        raise ValueError(f"{entry.kind} names its book: {entry}")
    if (entry.kind in OF_THE_BOOK) is bool(entry.ref) or len(entry.ref) > 80:
        raise ValueError(f"{' and '.join(sorted(OF_THE_BOOK))} name no reference, all others one: {entry}")
    if entry.amount is None and entry.kind in {Kind.RELEASE, Kind.CANCEL}:
        return
    if type(entry.amount) is not int or not 0 < entry.amount <= MOST:  # True is no amount
        text = Label(
            f"金额{entry.amount!r}不对：应为大于零的整数（分），不超过{MOST:,}",
            f"{entry.amount!r} is no amount: a whole number (of fen) above zero, at most {MOST:,}",
        )
        raise Invalid(text, fields={"amount": text})


def _check_cause(cause: str) -> None:
    if not cause or cause != cause.strip() or len(cause) > 120 or not cause.isprintable():
        raise ValueError(f"a cause is one line of 1 to 120 characters: {cause!r}")


@contextmanager
def _all_or_none() -> Iterator[None]:
    """A transaction, or a savepoint in the caller's. What collided with others becomes a Problem: trying again either
    goes through or is told what is the matter."""
    try:
        with transaction.atomic():
            yield
    except (IntegrityError, OperationalError) as error:
        if getattr(error.__cause__, "sqlstate", "") in _COLLISIONS or "is locked" in str(error):
            raise Busy from error
        raise


def _books_of(entries: Sequence[Entry]) -> set[str]:
    known = _positions(entry.ref for entry in entries if not entry.book)
    homes = {entry.ref: entry.book for entry in entries if entry.ref and entry.book}  # in this very set
    homes |= {ref: position.book.code for ref, position in known.items()}
    return {entry.book or homes.get(entry.ref) or _known(known, entry.ref).book.code for entry in entries}


def _lock(codes: set[str]) -> dict[str, Book]:
    """The books, locked in the order of their ids (on SQLite the transaction itself is the lock)."""
    books = Book.objects.select_for_update(no_key=True).filter(code__in=codes).order_by("pk")
    found = {book.code: book for book in books}
    for code in sorted(codes - set(found)):
        raise Missing(Label(f"没有代码为{code}的账本", f"There is no book {code}"))
    return found


def _positions(refs: Iterable[str]) -> dict[str, Position]:
    return Position.objects.select_related("book").in_bulk(sorted({ref for ref in refs if ref}), field_name="ref")


def _known(positions: Mapping[str, Position], ref: str) -> Position:
    if ref not in positions:
        raise Missing(Label(f"账上没有编号{ref}的资金", f"There is no money on the books for {ref}"))
    return positions[ref]


def _made_by(cause: str) -> tuple[Transfer, ...]:
    return tuple(Transfer.objects.filter(cause=cause).select_related("book", "position").order_by("line"))


def _replay(entries: Sequence[Entry], earlier: Sequence[Transfer]) -> Done:
    """The answer given before, if the same was asked."""
    made = {(each.kind, each.position.ref if each.position else "") for each in earlier}
    asked = [entry for entry in entries if entry.amount is not None or (entry.kind, entry.ref) in made]
    same = len(asked) == len(earlier) and all(map(_is_asked, asked, earlier))
    if not same or earlier[0].reverses_id:
        raise _other_cause(earlier[0].cause)
    return Done(earlier[0].cause, tuple(earlier), replayed=True)


def _is_asked(entry: Entry, made: Transfer) -> bool:
    ref = made.position.ref if made.position else ""
    return (
        (entry.kind, entry.ref) == (made.kind, ref)
        and entry.amount in {None, made.amount}
        and entry.book in {"", made.book.code}
    )


def _other_cause(cause: str) -> Clash:
    return Clash(
        Label(f"事由“{cause}”已用于另一笔账，没有重复记账", f"“{cause}” stands for another transfer; nothing was done")
    )


def _lines(entries: Sequence[Entry], books: Mapping[str, Book]) -> Iterator[_Line]:
    """The entries with their rows; a reference that is reserved for the first time gets one. Books are locked."""
    positions = _positions(entry.ref for entry in entries)
    for entry in entries:
        if entry.kind in OF_THE_BOOK:
            yield _Line(entry.kind, entry.amount or 0, books[entry.book], None)
            continue
        if entry.kind is Kind.RESERVE and entry.ref not in positions:
            positions[entry.ref] = Position(book=books[entry.book], ref=entry.ref)
        position = _known(positions, entry.ref)
        home = position.book.code
        if entry.book not in {"", home} or home not in books:
            raise Clash(
                Label(
                    f"编号{entry.ref}的资金在账本{home}，不能再记入别的账本",
                    f"The money of {entry.ref} stands in the book {home} and goes into no other",
                )
            )
        amount = getattr(position, MOVES[entry.kind][0].value) if entry.amount is None else entry.amount
        if amount:
            yield _Line(entry.kind, amount, books[home], position)


def _post(lines: Iterable[_Line], cause: str, now: datetime) -> Done:
    """Apply each line to its rows, then write them all."""
    applied = []
    for line in lines:  # each sees what those before it left
        _apply(line)
        applied.append(line)
    if not applied:
        raise Clash(
            Label("没有可释放的资金：未预留，或已全部支付", "There is nothing to release: none reserved, or all paid")
        )
    positions = {line.position.ref: line.position for line in applied if line.position}
    in_order = [positions[ref] for ref in sorted(positions)]  # so that two writers of new references never cross
    fresh, known = [p for p in in_order if p.pk is None], [p for p in in_order if p.pk]
    Position.objects.bulk_create(fresh)
    for position in known:
        position.save(update_fields=PARTS)
    transfers = [_chained(line, cause, number, len(applied), now) for number, line in enumerate(applied, 1)]
    Transfer.objects.bulk_create(transfers)
    for book in {line.book.code: line.book for line in applied}.values():
        book.save(update_fields=[*BALANCES, "seq", "head_hash"])
    return Done(cause, tuple(transfers))


def _apply(line: _Line) -> None:
    """Change the rows' balances; the position is looked at first, since it says more. Raises Short."""
    if line.position:
        _add(line, line.position, part_changes(line.kind, line.amount))
    _add(line, line.book, book_changes(line.kind, line.amount))


def _add(line: _Line, row: Book | Position, changes: Mapping[str, int]) -> None:
    for name, change in changes.items():
        there = getattr(row, name)
        if there + change < 0 and name in BALANCES and name != Account.SOURCE:
            ref = row.ref if isinstance(row, Position) else ""
            raise Short(line.book.code, line.book.title, line.book.unit, ref, Account(name), there, -change)
        setattr(row, name, there + change)


def _chained(line: _Line, cause: str, number: int, of: int, now: datetime) -> Transfer:
    """The transfer as the next record of its book's chain."""
    book, amount, wrong = line.book, abs(line.amount), line.reverses
    source, target = MOVES[line.kind] if wrong is None else reversed(MOVES[line.kind])
    book.seq += 1
    head = canonical(
        {"case": book.code, "seq": book.seq, "unit": book.unit, "cause": cause, "line": number, "of": of,
         "kind": line.kind.value, "source": source.value, "target": target.value, "amount": amount,
         "ref": line.position.ref if line.position else None, "reverses": wrong.seq if wrong else None,
         "at": now.isoformat(), "commitment": None}
    )  # fmt: skip
    book.head_hash = link(book.head_hash, head)
    return Transfer(
        book=book, seq=book.seq, cause=cause, line=number, of=of, kind=line.kind.value, source=source.value,
        target=target.value, amount=amount, position=line.position, reverses=wrong, at=now, head=head,
        hash=book.head_hash,
    )  # fmt: skip
