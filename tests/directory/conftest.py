"""A moment, officers and companies for the directory's tests."""

from __future__ import annotations

from datetime import datetime

import pytest

from qinqing.accounts.models import User
from qinqing.directory import companies, services
from qinqing.directory.models import Officer, Unit
from qinqing.lib.wallclock import CHINA

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def company(db):
    """make(index, name) -> a company with a valid fictional code."""

    def make(index=0, name="示范县沐柳纺织有限公司", **facts):
        return services.create_party("company", name, NOW, credit_code=companies.credit_code(index), **facts)

    return make


@pytest.fixture
def officer(db):
    def make(username, name="何以宁"):
        user = User.objects.create(username=username, name=name, kind="officer")
        return Officer.objects.create(user=user, name=name)

    return make


@pytest.fixture
def unit(db):
    def make(code, **fields):
        fields = {"name": code, "kind": "section", **fields}
        return Unit.objects.create(code=code, **fields)

    return make
