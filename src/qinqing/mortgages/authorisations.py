"""注销委托授权 (B6): which bank may speak for whom, by the day. Filing them: `authorising.py`.

A bank speaks for itself, also under a code it bore before a merger. For another creditor it needs an authorisation that
was in force on the day it says the debt was settled. One given under a former name or code stays valid: who is meant is
asked of the filed names as of any creditor in the register.
"""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from qinqing.directory.models import Unit
from qinqing.mortgages import names
from qinqing.mortgages.models_names import Authorisation, Revocation
from qinqing.mortgages.names import Book
from qinqing.mortgages.register import Creditor


def may_speak(bank: Unit, creditor_code: str, on: date) -> bool:
    """Whether `bank` may say on that day that a debt to this creditor is settled: its own, or as authorised."""
    if creditor_code == bank.credit_code:
        return True
    known = names.book([])
    if _same(known, creditor_code, bank.credit_code):
        return True
    given = (each for each in in_force(on) if _same(known, each.grantor_code, creditor_code))
    return any(_is_given_to(each, bank, known) for each in given)


def in_force(on: date) -> QuerySet[Authorisation]:
    """Those that count on that day: within their term (both days inside) and not revoked by then."""
    revoked = Revocation.objects.filter(authorisation=OuterRef("pk"), revoked_from__lte=on)
    found = Authorisation.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)
    return found.filter(~Exists(revoked)).order_by("pk")


def bank_meant(given: Authorisation) -> frozenset[str]:
    """Codes of who is meant by the paper's name and code; exactly one is certain."""
    return names.resolve(Creditor(given.grantee_name, given.grantee_code), given.starts_on.isoformat()).codes


# ── private ──


def _is_given_to(given: Authorisation, bank: Unit, known: Book) -> bool:
    if given.grantee_code:
        return _same(known, given.grantee_code, bank.credit_code)
    meant = bank_meant(given)
    return len(meant) == 1 and meant == known.bearers(bank.credit_code)


def _same(known: Book, one: str, other: str) -> bool:
    """Whether two codes are one institution today. A code that went over to several is nobody's for certain."""
    if one == other:
        return True
    bearers = known.bearers(one)
    return len(bearers) == 1 and bearers == known.bearers(other)
