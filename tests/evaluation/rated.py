"""The kernel's small county with what rating needs besides: the inspection desk, the procedure of rectification."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from qinqing.cases import acting, blobs, shelf
from qinqing.cases.models import Case
from qinqing.cases.reading import parse
from qinqing.directory.models import Unit
from qinqing.evaluation.models import Rating
from qinqing.evaluation.rectifying import put_right
from tests.cases.county import TUESDAY, County, build

RECTIFICATION = Path(__file__).parents[2] / "src/qinqing/evaluation/procedures/rectification.yaml"
PDF = b"%PDF-1.7\n..."


def rated_county() -> County:
    """Also two inspectors at their desk, and a second supervisor."""
    county = build()
    commission = Unit.objects.create(code="jjw", name="县纪委", kind="authority")
    county.units["inspection"] = Unit.objects.create(
        code="inspection", name="纪检监察组", kind="desk", desk="inspection", parent=commission
    )
    county.officer("inspector_1", "inspection", "inspector")
    county.officer("inspector_2", "inspection", "inspector")
    county.officer("supervisor_2", "supervision", "supervisor")
    shelf.store(parse(RECTIFICATION.read_text(encoding="utf-8")), TUESDAY)
    return county


def paper() -> blobs.StoredFile:
    return blobs.store(SimpleUploadedFile("佐证.pdf", PDF))


def answered(county: County, now: datetime = TUESDAY, **opening: Any) -> Case:
    """A simple matter answered on the spot."""
    data = {"text": "如何办理", **opening}
    first = ("answer_now", {"class": "simple", "answer": "到二楼", "confirmed": True})
    done = acting.open_case("hard_case", county.company.pk, county["clerk"], now, data, title="如何办理", then=first)
    return Case.objects.get(pk=done.case_id)


def resolved(
    county: County, now: datetime = TUESDAY, *, lead: str = "a", kind: str = "complex", channel: str = "window",
    phone: str = "13800002046", title: str = "停车难", party: int | None = None,
) -> Case:  # fmt: skip
    """A matter that section `lead` answered and the supervisor wrote off, all at `now`."""
    data = {"text": "厂区停车难", **({"phone": phone} if phone else {})}
    done = acting.open_case(
        "hard_case", party or county.company.pk, county["clerk"], now, data, title=title, channel=channel
    )
    handler, head = county[f"handler_{lead}"], county[f"head_{lead}"]
    acting.act(done.case_id, "dispatch", county["clerk"], now, {"class": kind, "lead": county.unit(lead)})
    acting.act(done.case_id, "feed_back", handler, now, {"answer": "已划车位", "result": "solved"})
    acting.act(done.case_id, "approve", head, now)
    acting.act(done.case_id, "write_off", county["supervisor"], now, {"finding": "属实"}, files=[paper()])
    return Case.objects.get(pk=done.case_id)


def rate(county: County, case: Case, level: str, now: datetime | None = None, suggestion: str = "") -> Rating:
    """By the party; what the worker does follows at once."""
    now = now or (case.closed_at or TUESDAY) + timedelta(hours=1)
    data = {"rating": level, **({"suggestion": suggestion} if suggestion else {})}
    done = acting.act(case.pk, "rate", county["agent"], now, data)
    put_right(case.pk, done.seq, now)
    return Rating.objects.get(case=case, seq=done.seq)


def righted(county: County, rectification: Case, now: datetime, *, lead: str = "a") -> Case:
    """A rectification reported, signed off and written off."""
    data = {"measure": "已重新答复", "informed": True}
    acting.act(rectification.pk, "report", county[f"handler_{lead}"], now, data, files=[paper()])
    acting.act(rectification.pk, "approve", county[f"head_{lead}"], now)
    acting.act(rectification.pk, "confirm", county["supervisor"], now, {"finding": "属实"}, files=[paper()])
    rectification.refresh_from_db()
    return rectification
