"""A county of banks with people who file former names and authorisations, and who check them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile

from qinqing.accounts.actor import Actor
from qinqing.cases import blobs, shelf
from qinqing.cases.acting import act
from qinqing.cases.blobs import StoredFile
from qinqing.cases.models import Case
from qinqing.cases.reading import parse
from qinqing.mortgages import aliases, authorising
from qinqing.mortgages.aliases import Line
from qinqing.mortgages.authorising import Paper
from qinqing.mortgages.models_names import Alias, Filing
from tests.mortgages.world import NOW, PROCEDURE, World


class FilingWorld(World):
    """People beside those of `World`: `clerk_a` and `checker_a` of bank a, `clerk_b`, `fund_officer`, and a second
    handler of the registry, `registrar_2`. `folder`: of files to be imported."""

    folder: str

    def __init__(self) -> None:
        super().__init__()
        for name, unit, role in (
            ("clerk_a", "a", "bank_clerk"),
            ("checker_a", "a", "bank_checker"),
            ("clerk_b", "b", "bank_clerk"),
            ("fund_officer", "fund", "handler"),
            ("registrar_2", "registry", "handler"),
        ):
            self.county.officer(name, unit, role)
        for code in ("creditor_alias", "discharge_authorisation"):
            text = PROCEDURE.with_name(f"{code}.yaml").read_text(encoding="utf-8")
            shelf.store(parse(text), NOW)

    def __getitem__(self, name: str) -> Actor:
        return self.county[name]

    def paper(self, text: str = "变更登记通知书") -> StoredFile:
        return blobs.store(ContentFile(text.encode(), name="变更通知.txt"))

    def line(self, name: str, bank: str = "a", **changes: Any) -> Line:
        return Line(**{"name": name, "credit_code": self.bank(bank).credit_code, **changes})

    def file(self, *lines: Line, by: str = "registrar", now: datetime = NOW) -> Filing:
        return aliases.file_names(lines, [self.paper()], self[by], now)

    def approve(self, filing: Filing, by: str = "registrar_head", now: datetime = NOW) -> None:
        """By the second person: the head, or the registry for what a creditor filed."""
        if Case.objects.get(pk=filing.case_id).tasks.filter(state="open", node__startswith="?").exists():
            act(filing.case_id, "approve", self[by], now)
        else:
            act(filing.case_id, "confirm", self[by], now, {"finding": "与佐证一致"})
        filing.refresh_from_db()

    def alias(self, name: str, bank: str = "a", **changes: Any) -> Alias:
        """Filed and approved."""
        filing = self.file(self.line(name, bank, **changes))
        self.approve(filing)
        return Alias.objects.get(filing=filing)

    def authorisation(self, *, by: str = "fund_officer", approver: str = "registrar", **changes: Any) -> Filing:
        """The fund's to bank a, filed by the fund and checked by the registry."""
        bank = self.bank("a")
        said: dict[str, Any] = {
            "number": "授〔2026〕1号", "grantor_code": self.bank("fund").credit_code, "grantee_name": bank.name,
            "grantee_code": bank.credit_code, "covers": "both", "starts_on": NOW.date(), "ends_on": None, **changes,
        }  # fmt: skip
        filing = authorising.file_authorisation(Paper(**said), [self.paper()], self[by], NOW)
        if approver:
            self.approve(filing, approver)
        return filing
