"""核账: everything counted anew from the transfers, linked sets whole, limits and guards standing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.db import connection
from django.db.models import Count, F, Max

from qinqing.audit.append_only import missing_guards
from qinqing.audit.verify import Verifier
from qinqing.ledger.history import LedgerHistory
from qinqing.ledger.models import Book, Position, Transfer
from qinqing.lib.labels import Label


@dataclass(frozen=True, slots=True)
class Checked:
    """How much was looked at, and what is wrong."""

    books: int
    transfers: int
    faults: tuple[Label, ...]


def check() -> Checked:
    """The chains of all books, their balances and positions against them; a book in use is read again before it is
    called wrong."""
    history, verifier = LedgerHistory(), Verifier()
    for chain in history.chains():
        verifier.chain("ledger", chain, partial(history.chains, chain.ref))
    faults = [
        Label(f"{each.place}：{each.text.zh}", f"{each.place}: {each.text.en}") for each in verifier.report.findings
    ]
    faults += _torn_sets() + _missing_limits()
    faults += [
        Label(f"表{table}缺少只增不改触发器", f"table {table} has lost its append-only trigger")
        for table in missing_guards(history.append_only_tables)
    ]
    return Checked(verifier.report.chains, verifier.report.events, tuple(faults))


def _torn_sets() -> list[Label]:
    """Linked transfers of which some are not there."""
    sets = Transfer.objects.values("cause").annotate(there=Count("pk"), whole=Max("of")).order_by("cause")
    return [
        Label(
            f"“{row['cause']}”应有{row['whole']}笔，只有{row['there']}笔",
            f"“{row['cause']}” is {row['whole']} transfers, of which {row['there']} are there",
        )
        for row in sets.exclude(there=F("whole"))
    ]


def _missing_limits() -> list[Label]:
    """Constraints of the tables that the database does not hold."""
    found = []
    with connection.cursor() as cursor:
        for model in (Book, Position, Transfer):
            table = model._meta.db_table
            standing = connection.introspection.get_constraints(cursor, table)
            for name in sorted({constraint.name for constraint in model._meta.constraints} - set(standing)):
                found.append(Label(f"表{table}缺少约束{name}", f"table {table} has lost the constraint {name}"))
    return found
