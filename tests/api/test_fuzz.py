"""Whatever is sent, the API keeps the word of its own document, and no page breaks.

The API is driven by schemathesis from `/api/openapi.json`, half of the time aimed at matters that exist; pages get any
query, path and form. Each example is undone, so that the next meets the same county.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from qinqing.accounts.access import actor_for, may_open, table
from qinqing.accounts.actor import ANONYMOUS
from qinqing.config.wsgi import application
from qinqing.lib.wallclock import now as present
from tests.api.conftest import House

CALLERS = ["program", "window_clerk", "handler", "supervisor", "party", "anonymous"]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    allow_header_conformance,
]
READERS = [
    *("window_clerk", "window_head", "handler", "section_head", "supervisor", "leader", "inspector"),
    *("system_admin", "security_admin", "audit_admin", "party", "anonymous"),
]
bounded = settings(
    deadline=None,
    derandomize=True,  # the same examples every time: a red run can be run again
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture
def operations(wsgi_keeps_the_connection: None) -> list[Any]:
    """The operations of the document the application serves."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.long
@pytest.mark.parametrize("role", CALLERS)
def test_the_api_keeps_its_word(role: str, house: House, operations: list[Any]) -> None:
    sender, met = house.sender(role), set()
    for operation in operations:
        cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

        @settings(bounded, max_examples=25)
        @given(case=cases, data=st.data())
        def run(case: Any, data: st.DataObject) -> None:
            if data.draw(st.booleans(), "aimed"):
                _aim(case, house, data)
            with _undone():
                response = case.call(**sender)
            met.add(response.status_code)
            case.validate_response(response, checks=CHECKS)

        run()
    assert len(met) > 2 or role == "anonymous", f"{role} met only {met}: the examples do not reach the operations"


def _aim(case: Any, house: House, data: st.DataObject) -> None:
    """Put what exists in the place of what was made up."""
    matter = data.draw(st.sampled_from(list(house.matters.values())))
    if "number" in case.path_parameters:
        case.path_parameters["number"] = matter.number
    if "action" in case.path_parameters:
        names = [
            "dispatch",
            "answer_now",
            "decline",
            "note",
            "sign",
            "assign",
            "approve",
            "feed_back",
            "extend",
            "rung",
        ]
        case.path_parameters["action"] = data.draw(st.sampled_from(names))
    if isinstance(case.body, dict) and "procedure" in case.body:
        case.body |= {"procedure": "hard_case", "party_id": house.county.company.pk}


# -- pages


@pytest.mark.long
@pytest.mark.parametrize("role", READERS)
def test_no_page_breaks(role: str, house: House) -> None:
    cookies, ids, words = house.cookies(role), _ids(), _words(house)
    user = house.users[role]
    actor = actor_for(user, present()) if user else ANONYMOUS

    def knock(parts: tuple[str, ...], data: st.DataObject) -> None:
        address = data.draw(_addresses(parts, ids, words), "address")
        values = data.draw(st.dictionaries(_NAMES, st.one_of(_TEXTS, _NUMBERS), max_size=4), "values")
        method = data.draw(st.sampled_from(["get", "post"]), "method")
        headers = {"HX-Request": "true"} if data.draw(st.booleans(), "htmx") else {}
        client = Client(raise_request_exception=False)
        client.cookies.load(cookies)
        with _undone():
            response = getattr(client, method)(address, values, headers=headers)
        assert response.status_code < 500, f"{role} {method} {address}: {response.status_code}"

    for name, parts in _patterns(get_resolver()):
        many = 3 if name in table().routes and may_open(actor, name) else 1
        settings(bounded, max_examples=many)(given(st.just(parts), st.data())(knock))()


_SOURCE = Path(__file__).parents[2] / "src/qinqing"
_READ = re.compile(r'request\.(?:GET|POST)(?:\.get(?:list)?\(|\[)"([a-z_]+)"')
_KNOWN_NAMES = sorted({name for file in _SOURCE.rglob("*.py") for name in _READ.findall(file.read_text("utf-8"))})
_HARD = [
    "\x00",
    "a\x00b",
    "\ud7ff\ufffe",
    "\u202e钱\u202d",
    "🏭👨‍👩‍👧",
    "%00",
    "%ff%fe",
    "../" * 9,
    "'\"--;",
    "{{7*7}}",
    "x" * 5000,
    "，" * 3000,
]
_TEXTS = st.one_of(st.text(max_size=30), st.sampled_from(_HARD))
_NUMBERS = st.one_of(
    st.integers(-(2**65), 2**65).map(str), st.sampled_from(["²", "٣", "-0", "1e999", "NaN", "9" * 30, "9" * 5000])
)
_NAMES = st.one_of(st.sampled_from(_KNOWN_NAMES), st.text(min_size=1, max_size=8))


def _addresses(parts: tuple[str, ...], ids: list[int], words: list[str]) -> st.SearchStrategy[str]:
    """Addresses of one route, with what exists and what does not where it takes a value."""
    number = st.one_of(st.sampled_from(ids), st.integers(0, 2**70), st.just(int("9" * 60))).map(str)
    word = st.one_of(st.sampled_from(words), _TEXTS.filter(lambda text: text and "/" not in text), _NUMBERS)
    slug = st.one_of(st.sampled_from(words), st.from_regex(r"[-a-zA-Z0-9_]{1,90}", fullmatch=True))
    values = {"IntConverter": number, "StringConverter": word, "SlugConverter": slug}
    return st.tuples(*(values[part] if part in values else st.just(part) for part in parts)).map(
        lambda drawn: "/" + "".join(quote(part.encode("utf-8", "surrogatepass"), safe="/%") for part in drawn)
    )


def _patterns(resolver: URLResolver, space: str = "", before: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each route's name in the permissions table, and its address as literal parts and names of converters."""
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern, pattern.namespace or space, route)
            continue
        kinds = {name: type(kind).__name__ for name, kind in pattern.pattern.converters.items()}
        parts = tuple(kinds.get(part.rpartition(":")[2], part) for part in re.split("[<>]", route) if part)
        yield f"{space}:{pattern.name}", parts


def _ids() -> list[int]:
    """Row numbers that exist in one table or other."""
    found: set[int] = set()
    for model in apps.get_models():
        if model.__module__.startswith("qinqing."):
            found |= {pk for pk in model._default_manager.values_list("pk", flat=True)[:8] if isinstance(pk, int)}
    return sorted(found)


def _words(house: House) -> list[str]:
    """Numbers of matters, receipt codes, acts."""
    matters = house.matters.values()
    acts = ["dispatch", "answer_now", "note", "sign", "feed_back", "approve", "refuse", "supplement", "withdraw"]
    return [*(case.number for case in matters), *(case.receipt_code for case in matters), *acts, "window_clerk"]


@contextmanager
def _undone() -> Iterator[None]:
    """What happens within is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
