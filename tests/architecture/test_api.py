"""The API's description: one name, one shape. Two schemas of one name would silently become one of them."""

from __future__ import annotations

from collections import Counter

from ninja import Schema

from qinqing.config import urls


def _schemas(above: type[Schema]) -> list[type[Schema]]:
    return [each for below in above.__subclasses__() for each in (below, *_schemas(below))]


def test_every_shape_has_a_name_of_its_own() -> None:
    assert urls.api.get_openapi_schema()["paths"]
    names = Counter(each.__name__ for each in _schemas(Schema) if each.__module__.startswith("qinqing."))
    assert [name for name, times in names.items() if times > 1] == []
