"""What of the mortgage wing may only be added to: filed names and authorisations. Their filings are cases, whose chains
the kernel keeps; here the audit room learns which tables must have their guards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from qinqing.audit.histories import ChainView, Head


class FilingHistory:
    """No chains of its own, and nothing personal."""

    append_only_tables: tuple[str, ...] = (
        "mortgages_alias", "mortgages_aliasending", "mortgages_platformnumber", "mortgages_authorisation",
        "mortgages_revocation", "mortgages_filing",
    )  # fmt: skip

    def chains(self, ref: str | None = None) -> Iterator[ChainView]:
        return iter(())

    def chains_after(self, ref: str, limit: int) -> list[ChainView]:
        return []

    def heads(self) -> Iterator[Head]:
        return iter(())

    def erasable(self, retention: str, before: datetime) -> int:
        return 0

    def erase(self, retention: str, before: datetime, now: datetime, limit: int) -> int:
        return 0
