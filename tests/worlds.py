"""A world built once for all tests of a module.

    @pytest.fixture(scope="module")
    def built(once: Once) -> World:
        return once(World)

    @pytest.fixture
    def world(built: World) -> World:
        return deepcopy(built)  # a test may change the Python side too

Its rows stand in a transaction around the module's tests; what a test writes is rolled back as ever, so the next one
finds the world as it was built. Not for modules with `django_db(transaction=True)`, nor with tests that want no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

World = TypeVar("World")


class Once(Protocol):
    """`once(build)`: what `build` makes, in the module's transaction."""

    def __call__(self, build: Callable[[], World]) -> World: ...


@pytest.fixture(scope="module")
def once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Once]:
    def made(build: Callable[[], Any]) -> Any:
        with django_db_blocker.unblock():
            return build()

    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
    try:
        yield made
    finally:
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)
