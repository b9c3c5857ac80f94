"""名称归一: whom a creditor's name in the register means. Exact after NFKC, or nobody: no score ever decides (B7)."""

from __future__ import annotations

from qinqing.directory.models import Unit
from qinqing.lib.names import normal
from qinqing.mortgages.judging import Named
from qinqing.mortgages.register import Creditor


def resolve(creditor: Creditor, on: str) -> Named:
    """By its code where the register has one, else by present names. `on`: day of registration (ISO)."""
    if creditor.credit_code:
        return Named(frozenset({creditor.credit_code}))
    wanted = normal(creditor.name)
    known = Unit.objects.exclude(credit_code="").values_list("name", "credit_code")
    return Named(frozenset(code for name, code in known if normal(name) == wanted))
