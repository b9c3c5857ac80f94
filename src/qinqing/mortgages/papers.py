"""注销登记结果告知单 (B9): a PDF with a code that leads to its verification. Not a registration paper: it says so.

The token is random and the only way to the paper and to its page; whoever holds the paper can verify it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qinqing.lib.labels import Label
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_desks import Paper
from qinqing.mortgages.register import register
from qinqing.ui import papers as printing
from qinqing.ui.context import office
from qinqing.ui.dates import local

_TEMPLATE = Path(__file__).with_name("notice.typ")


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether a paper holds. `tone`: green, amber (being looked into) or red."""

    valid: bool
    tone: str
    label: Label
    text: Label


def paper_of(release: Release, now: datetime) -> Paper:
    """The release's one paper, made when it is first needed."""
    made = {"token": secrets.token_urlsafe(24), "made_at": now}
    return Paper.objects.get_or_create(release=release, defaults=made)[0]


def find(token: str) -> Paper | None:
    """The paper with this token."""
    return Paper.objects.select_related("release__case", "release__first_bank").filter(token=token).first()


def validity(release: Release) -> Validity:
    """Valid only while the mortgage is out of the register and nobody has taken that back."""
    if release.state == Release.State.RELEASED and release.case.outcome == "released":
        return Validity(
            True, "green", Label("告知单有效", "The notice is valid"),
            Label("该抵押登记已注销，与平台记录一致。", "The mortgage is deregistered, as recorded here."),
        )  # fmt: skip
    if release.state == Release.State.RELEASED:
        return Validity(
            False, "amber", Label("告知单暂停使用", "The notice is suspended"),
            Label(
                "银行在注销后报告信息有误，登记中心正在核查，请以核查结果为准。",
                "The bank has since said that its report was wrong; the registration centre is looking into it.",
            ),
        )  # fmt: skip
    return Validity(
        False, "red", Label("告知单已作废", "The notice is void"),
        Label("抵押登记已恢复，请勿采信。", "The mortgage stands in the register again; do not rely on it."),
    )  # fmt: skip


def pdf(paper: Paper, verify_address: str) -> bytes:
    """The paper. Raises typst.TypstError when its template is wrong."""
    release = paper.release
    assert release.released_at
    holds = validity(release)
    return printing.paper(
        _TEMPLATE,
        {
            "office": office().as_json(), "simulated": register().simulated, "valid": holds.valid,
            "validity": holds.label.as_json(), "number": release.case.number, "certificate": release.certificate,
            "unit_number": release.unit_number, "owner": release.owner, "owner_id_end": release.owner_id_end,
            "address": release.address, "creditors": creditor_names(release), "receipt_no": release.receipt_no,
            "released_at": f"{local(release.released_at):%Y-%m-%d %H:%M}",
            "made_on": f"{local(paper.made_at):%Y-%m-%d}", "verify": verify_address,
            "qr": printing.qr(verify_address),
        },
    )  # fmt: skip


def creditor_names(release: Release) -> list[str]:
    """As the register names them; else who reported it."""
    named = [str(each["name"]) for each in release.looked_up.get("creditors", ())]
    return named or [release.first_bank.name]


def masked(name: str) -> str:
    """柳某某 -> 柳**: for whoever holds the paper and is not its owner."""
    return "、".join(one[:1] + "*" * (len(one) - 1) for one in name.split("、")) if name else "—"
