"""账的历史: how the audit room reads the chains of books, one a book, and holds the balances against the transfers.

Nothing personal stands in a transfer, so nothing is erased."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from qinqing.audit.histories import ChainView, Difference, EventView, Head
from qinqing.ledger.accounts import HELD, PARTS, Kind, part_changes, total
from qinqing.ledger.models import BALANCES, Book, Position, Transfer
from qinqing.lib.labels import Label


class LedgerHistory:
    """One chain a book, named by its code."""

    append_only_tables: tuple[str, ...] = ("ledger_transfer", "ledger_book", "ledger_position")

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        books = Book.objects.order_by("code")
        return map(_chain, (books if ref is None else books.filter(code=ref)).iterator())

    def chains_after(self, ref: str, limit: int) -> list[ChainView]:
        return [_chain(book) for book in Book.objects.filter(code__gt=ref).order_by("code")[:limit]]

    def heads(self) -> Iterator[Head]:
        for row in Book.objects.order_by("code").values_list("code", "seq", "head_hash"):
            yield Head(*row)

    def erasable(self, retention: str, before: datetime) -> int:
        return 0

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        return 0


def _chain(book: Book) -> ChainView:
    transfers = list(book.transfers.select_related("position", "reverses").order_by("seq"))
    views = [EventView(each.seq, each.head, each.hash) for each in transfers]
    return ChainView(book.code, book.head_hash, book.seq, views, partial(_differences, book, transfers))


def _differences(book: Book, transfers: list[Transfer]) -> list[Difference]:
    """Rows that the records do not bear out: a transfer's columns, the book's balances, a position."""
    heads = [json.loads(each.head) for each in transfers]
    found = [
        Difference(Label("记录的列与其正文不符", "The columns do not fit the record"), each.seq)
        for each, head in zip(transfers, heads, strict=True)
        if _columns(each, book) != {name: head.get(name) for name in _columns(each, book)}
    ]
    balances = total({head["source"]: -head["amount"], head["target"]: head["amount"]} for head in heads)
    for name in BALANCES:
        found += _compare(book.code, name, getattr(book, name), balances.get(name, 0))
    return found + _position_differences(book, heads)


def _columns(each: Transfer, book: Book) -> dict[str, Any]:
    return {
        "unit": book.unit, "cause": each.cause, "line": each.line, "of": each.of, "kind": each.kind,
        "source": each.source, "target": each.target, "amount": each.amount,
        "ref": each.position.ref if each.position else None, "reverses": each.reverses.seq if each.reverses else None,
    }  # fmt: skip


def _position_differences(book: Book, heads: list[dict[str, Any]]) -> list[Difference]:
    changes: dict[str, list[dict[str, int]]] = {}
    for head in heads:
        if head["ref"] is not None:
            amount = -head["amount"] if head["reverses"] else head["amount"]
            changes.setdefault(head["ref"], []).append(part_changes(Kind(head["kind"]), amount))
    rows = {position.ref: position for position in Position.objects.filter(book=book)}
    found = []
    for ref in sorted(set(rows) | set(changes)):
        parts = total(changes.get(ref, []))
        for name in PARTS:
            found += _compare(ref, name, getattr(rows[ref], name) if ref in rows else None, parts.get(name, 0))
    for account in HELD:
        held = sum(getattr(position, account) for position in rows.values())
        found += _compare(book.code, f"Σ {account}", held, getattr(book, account))
    return found


def _compare(whose: str, name: str, kept: int | None, recounted: int) -> list[Difference]:
    if kept == recounted:
        return []
    return [
        Difference(
            Label(
                f"{whose}的{name}存为{kept}，按记账重算为{recounted}",
                f"{name} of {whose} is kept as {kept}; its transfers give {recounted}",
            )
        )
    ]
