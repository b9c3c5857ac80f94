"""登记系统接口: a register behind HTTP, as docs/guides/register-adapter.md describes it to whoever builds that side.

Only an answer that says what was asked about, whole and in the agreed form, counts as the register's word. Anything
else (a proxy's page, another certificate, half an object) is `RegisterAway`: the question is put again later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NoReturn
from urllib.parse import quote

from django.conf import settings

from qinqing.mortgages.register import Asked, Creditor, Declined, Deregistered, Entry, RegisterAway
from qinqing.mortgages.register.bounded_http import Answer, Caller, NoAnswer

_DECLINES = (409, 422)
_FACTS = ("active", "maximum_amount", "seized", "disputed")  # never supposed: the register says them or nobody does


class OverHttp:
    """See `Register`. Raises ValueError when the address in the settings cannot be used."""

    simulated = False

    def __init__(self) -> None:
        self._caller = Caller(settings.MORTGAGE_REGISTER, settings.MORTGAGE_REGISTER_TOKEN)

    def look_up(self, certificate: str) -> Entry | None:
        answer = self._call("GET", f"/mortgages/{quote(certificate, safe='')}")
        if answer.status not in (200, 404):
            _unusable(answer)
        if _text(answer.data, "certificate") != certificate:
            raise RegisterAway("the answer is about another certificate")
        return None if answer.status == 404 else _entry(answer.data)

    def deregister(self, asked: Asked, now: datetime) -> Deregistered | Declined:
        body = {
            "number": asked.number, "certificate": asked.certificate, "unit_number": asked.unit_number,
            "creditors": list(asked.creditors),
        }  # fmt: skip
        answer = self._call("PUT", f"/deregistrations/{quote(asked.number, safe='')}", body)
        if answer.status not in (200, 201, *_DECLINES):
            _unusable(answer)
        said = answer.data
        if _text(said, "number") != asked.number or _text(said, "certificate") != asked.certificate:
            raise RegisterAway("the answer is to another request")
        if answer.status in _DECLINES:
            return Declined(_text(said, "reason", 500))
        return Deregistered(_text(said, "receipt_no"), _moment(said, "at"))

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        try:
            return self._caller.call(method, path, body)
        except NoAnswer as error:
            raise RegisterAway(str(error)) from error


# ── private ──


def _unusable(answer: Answer) -> NoReturn:
    told = answer.data.get("detail") or answer.data.get("title") or answer.data.get("reason") or ""
    raise RegisterAway(f"HTTP {answer.status} {str(told)[:150]}".strip())


def _entry(data: Mapping[str, Any]) -> Entry:
    """The mortgage. Raises RegisterAway naming what is missing or of the wrong form."""
    registered_on = _text(data, "registered_on")
    try:
        date.fromisoformat(registered_on)
    except ValueError:
        raise RegisterAway("registered_on: not a date (2020-05-06)") from None
    creditors = data.get("creditors")
    if not isinstance(creditors, list) or not all(isinstance(each, dict) for each in creditors):
        raise RegisterAway("creditors: not a list of objects")
    facts = {name: _fact(data, name) for name in _FACTS}
    return Entry(
        certificate=_text(data, "certificate"), unit_number=_text(data, "unit_number"),
        creditors=tuple(_creditor(each) for each in creditors), registered_on=registered_on,
        owner=_text(data, "owner", 200), owner_id_end=_text(data, "owner_id_end", 6, may_miss=True),
        owner_phone=_text(data, "owner_phone", 20, may_miss=True), address=_text(data, "address", 300, may_miss=True),
        receipt_no=_text(data, "receipt_no", may_miss=True), **facts,
    )  # fmt: skip


def _creditor(data: Mapping[str, Any]) -> Creditor:
    return Creditor(
        _text(data, "name", 200), _text(data, "credit_code", 18, may_miss=True),
        _text(data, "loan_number", 80, may_miss=True),
    )  # fmt: skip


def _fact(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name)
    if not isinstance(value, bool):
        raise RegisterAway(f"{name}: neither true nor false")
    return value


def _text(data: Mapping[str, Any], name: str, most: int = 60, *, may_miss: bool = False) -> str:
    value = data.get(name)
    if value is None and may_miss:
        return ""
    if not isinstance(value, str) or len(value) > most or not (value.strip() or may_miss) or "\0" in value:
        raise RegisterAway(f"{name}: not a text of {0 if may_miss else 1} to {most} characters")
    return value


def _moment(data: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(data, name))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RegisterAway(f"{name}: not a time with its offset (2026-09-29T10:20:00+08:00)")
    return moment
