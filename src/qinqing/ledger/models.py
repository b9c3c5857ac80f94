"""账本的表: books with their balances, positions, transfers. Limits stand in the database: no balance below zero, every
book sums to zero, a transfer fits its kind. Triggers keep transfers as they are, books and positions from going away.

A balance is the fold of the transfers, kept beside them so that it can be limited; `history.py` holds it against them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from qinqing.audit.chain import HASH_LENGTH
from qinqing.ledger.accounts import KIND_LABELS, MOVES, OF_THE_BOOK, PARTS, Account, Balances, Kind

BALANCES = tuple(account.value for account in Account)
_WITHOUT_REF = sorted(kind.value for kind in OF_THE_BOOK)


def _not_negative(names: tuple[str, ...], prefix: str) -> list[models.BaseConstraint]:
    return [models.CheckConstraint(condition=Q(**{f"{name}__gte": 0}), name=f"{prefix}_{name}") for name in names]


def _fits_its_kind() -> Q:
    """The accounts of a transfer follow from its kind; of a reversal, the other way round."""
    fits = Q()
    for kind, (source, target) in MOVES.items():
        fits |= Q(kind=kind.value, source=source.value, target=target.value, reverses=None)
        fits |= Q(kind=kind.value, source=target.value, target=source.value, reverses__isnull=False)
    return fits


class Book(models.Model):
    """账本: one budget. Its row is what writers lock; `seq` and `head_hash` are the end of its chain of transfers."""

    code = models.CharField("账本代码", max_length=60, unique=True)  # fund:2026:rd_reward
    title = models.CharField("名称", max_length=80)
    unit = models.CharField("计量单位", max_length=12, default="fen")  # the smallest: fen, or g of an emission quota
    source = models.BigIntegerField(default=0)
    available = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    committed = models.BigIntegerField(default=0)
    paid = models.BigIntegerField(default=0)
    surrendered = models.BigIntegerField(default=0)
    seq = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=HASH_LENGTH, blank=True)
    opened_at = models.DateTimeField()

    class Meta:
        verbose_name = "账本"
        constraints = [
            *_not_negative(tuple(name for name in BALANCES if name != Account.SOURCE), "book"),
            models.CheckConstraint(
                condition=Q(
                    source=-F("available") - F("reserved") - F("committed") - F("paid") - F("surrendered"),
                ),
                name="book_sums_to_zero",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def balances(self) -> Balances:
        return Balances(**{name: getattr(self, name) for name in BALANCES if name != Account.SOURCE})


class Position(models.Model):
    """一笔申领的资金: what of a book's money is reserved, committed and paid for one reference, and what once was."""

    book = models.ForeignKey(Book, models.PROTECT, related_name="positions")
    ref = models.CharField("编号", max_length=80, unique=True)  # a claim's number; one book only
    reserved = models.BigIntegerField("预留", default=0)
    committed = models.BigIntegerField("待付", default=0)
    paid = models.BigIntegerField("已付", default=0)  # less what was recovered
    released = models.BigIntegerField("已释放", default=0)
    recovered = models.BigIntegerField("已追回", default=0)

    class Meta:
        verbose_name = "资金状态"
        constraints = _not_negative(PARTS, "position")

    def __str__(self) -> str:
        return self.ref


class Transfer(models.Model):
    """记账: one movement from an account to another, never changed; `line` of the `of` that happened together.

    `head` is canonical text, hashed with the one before in its book."""

    book = models.ForeignKey(Book, models.PROTECT, related_name="transfers", db_index=False)
    seq = models.PositiveIntegerField()
    cause = models.CharField("事由", max_length=120)  # 惠2026-000012#7: the act it happened in
    line = models.PositiveIntegerField()
    of = models.PositiveIntegerField()
    kind = models.CharField("种类", max_length=12, choices=[(kind.value, KIND_LABELS[kind].zh) for kind in Kind])
    source = models.CharField(max_length=12)
    target = models.CharField(max_length=12)
    amount = models.BigIntegerField("金额")  # in the book's unit
    position = models.ForeignKey(Position, models.PROTECT, null=True, related_name="transfers")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    at = models.DateTimeField()
    head = models.TextField()
    hash = models.CharField(max_length=HASH_LENGTH)

    class Meta:
        verbose_name = "记账"
        indexes = [models.Index(fields=["book", "at"], name="transfer_of_book")]
        constraints = [
            models.UniqueConstraint(fields=["book", "seq"], name="transfer_in_chain"),
            models.UniqueConstraint(fields=["cause", "line"], name="transfer_once_by_cause"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(condition=Q(line__gte=1, line__lte=F("of")), name="transfer_line"),
            models.CheckConstraint(condition=_fits_its_kind(), name="transfer_fits_its_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=_WITHOUT_REF, position=None)
                | ~Q(kind__in=_WITHOUT_REF) & Q(position__isnull=False),
                name="transfer_names_its_position",
            ),
        ]
