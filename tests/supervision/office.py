"""The small county of the kernel's tests with an inspection desk, the card's procedure, letters and instructions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qinqing.cases import acting, shelf
from qinqing.cases.models import Case
from qinqing.cases.reading import parse
from qinqing.directory.models import Unit
from tests.cases import county as kernel
from tests.cases.county import TUESDAY, County

SRC = Path(__file__).parents[2] / "src/qinqing"
PROCEDURES = (
    "cards/procedures/card",
    "supervision/procedures/supervision_letter",
    "supervision/procedures/instruction",
)
LETTER = {"facts": "逾期未反馈。", "demand": "请三日内办结并回函。"}


def build() -> County:
    county = kernel.build()
    county.units["inspection"] = Unit.objects.create(
        code="inspection", name="派驻纪检监察组", kind="desk", desk="inspection"
    )
    county.officer("examiner", "inspection", "inspector")
    county.officer("supervisor2", "supervision", "supervisor")
    for name in PROCEDURES:
        shelf.store(parse((SRC / f"{name}.yaml").read_text(encoding="utf-8")), TUESDAY)
    return county


def do(county: County, case: Case, action: str, who: str, data: Mapping[str, Any] | None = None, **more: Any) -> None:
    """One act, and the row as it is afterwards."""
    acting.act(case.pk, action, county[who], more.pop("now", TUESDAY), data, **more)
    case.refresh_from_db()


def send(county: County, case: Case, who: str = "supervisor", unit: str = "a", **more: Any) -> Case:
    """Send a letter about the case; the letter."""
    action = "letter_after" if case.closed_at else "send_letter"
    do(county, case, action, who, {"addressee": county.unit(unit), **LETTER}, **more)
    return Case.objects.filter(predecessor=case, procedure__code="supervision_letter").order_by("-pk")[0]


def answered(county: County, letter: Case, **more: Any) -> None:
    """The unit replies, its head signs off."""
    do(county, letter, "reply", "handler_a", {"reply": "已办结，原因是人手不足。"}, **more)
    do(county, letter, "approve", "head_a", **more)


def fed_back(county: County, case: Case, **more: Any) -> None:
    """Answered by section A and signed off: on the supervisor's desk."""
    do(county, case, "feed_back", "handler_a", {"answer": "已划车位", "result": "solved"}, **more)
    do(county, case, "approve", "head_a", **more)


def unable(county: County, case: Case, **more: Any) -> None:
    """Decided as unable, with the head's signature."""
    do(county, case, "cannot", "handler_a", {"legal_basis": "《社会保险法》第十六条", "reason": "年限不足"}, **more)
    do(county, case, "approve", "head_a", **more)
