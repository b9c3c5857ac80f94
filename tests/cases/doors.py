"""The county's people at the doors: signed-in clients, and forms as a page shows them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import quote

from django.test import Client

from qinqing.accounts.models import User
from qinqing.cases.models import Case, Event
from tests.cases.county import County

PDF = b"%PDF-1.7\n..."


def client(county: County, name: str, language: str = "zh", **more: Any) -> Client:
    """A client signed in as this person of the county."""
    found = Client(headers={"accept-language": language}, **more)
    user = User.objects.get(pk=county[name].user_id)
    found.cookies["language"] = language
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def form(page: str, address: str) -> dict[str, str]:
    """The hidden fields of the form that goes to `address`, as the browser would send them."""
    found = re.search(rf'<form[^>]* action="{re.escape(address)}".*?</form>', page, re.DOTALL)
    assert found, f"no form to {address}"
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0])
    return {name: unescape(value) for name, value in hidden if name != "csrfmiddlewaretoken"}


def addresses(page: str) -> set[str]:
    """Where the forms of a page go, without the search."""
    return {unescape(found) for found in re.findall(r'<form[^>]* method="post" action="([^"]*)"', page)}


def happened(case: Case) -> list[str]:
    return list(Event.objects.filter(case=case).order_by("seq").values_list("action", flat=True))


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, f"{address}: {answer.status_code}"
    return answer.content.decode()


def at(case: Case, *more: str) -> str:
    """The address of the case's page, or of something below it."""
    return "/".join(["/cases", quote(case.number), *more, ""])


def code(case: Case, *more: str) -> str:
    """The address by which the holder of the receipt follows the case."""
    return "/".join(["/r", case.receipt_code, *more, ""])
