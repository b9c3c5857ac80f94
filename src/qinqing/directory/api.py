"""接口: find parties, list units; facts of companies (facts/api.py)."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import NinjaAPI, Query, Router, Schema
from pydantic import Field

from qinqing.accounts.api_auth import ActorAuth
from qinqing.directory import selectors
from qinqing.directory.facts.api import router as facts_router
from qinqing.ui.errors import problems

router = Router(tags=["directory"], auth=ActorAuth())


class FindIn(Schema):
    """What to look for."""

    q: str = Field(min_length=1, max_length=200, description="credit code, phone, or fragments of a name")
    limit: int = Field(10, ge=1, le=50)


class PartyOut(Schema):
    """A party found; the phone is masked. `by`: code, phone, name or former_name."""

    id: int
    kind: str
    name: str
    credit_code: str | None
    town: str
    status: str
    phone: str
    by: str
    matched: str


class UnitOut(Schema):
    """An open unit; `to_be_named`: the name is a placeholder."""

    id: int
    code: str
    name: str
    name_en: str
    kind: str
    parent_id: int | None
    desk: str
    to_be_named: bool


@router.get(
    "/parties",
    response={200: list[PartyOut], **problems()},
    operation_id="directory_find_parties",
    summary="查找办事主体 Find parties",
)
def find_parties(
    request: HttpRequest,
    find: Query[FindIn],
) -> list[PartyOut]:
    """By credit code or phone from the fourth character, or by fragments of present and former names; best first."""
    return [PartyOut.from_orm(hit) for hit in selectors.find_parties(find.q, find.limit)]


@router.get("/units", response={200: list[UnitOut], **problems()}, operation_id="directory_units", summary="单位 Units")
def units(request: HttpRequest) -> list[UnitOut]:
    """Open units with their parents, in the order of the county's list."""
    return [UnitOut.from_orm(unit) for unit in selectors.units()]


def add_to(api: NinjaAPI) -> None:
    """Add this room's operations."""
    api.add_router("", router)
    api.add_router("", facts_router)
