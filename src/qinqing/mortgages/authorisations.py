"""注销委托授权 (B6): which bank may speak for whom."""

from __future__ import annotations

from datetime import date

from qinqing.directory.models import Unit


def may_speak(bank: Unit, creditor_code: str, on: date) -> bool:
    """Whether `bank` may say on that day that a debt to this creditor is settled: its own, or under an authorisation."""
    return creditor_code == bank.credit_code
