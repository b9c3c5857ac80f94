"""Fictional companies: distinct, deterministic, with codes that check and can be imported."""

from __future__ import annotations

from itertools import islice

import pytest
from stdnum.cn import uscc

from qinqing.directory import companies, imports
from qinqing.directory.industries import check_industry
from qinqing.directory.models import Party
from qinqing.directory.phones import check_phone
from qinqing.lib.identifiers import credit_code


def test_codes_check_by_two_programs():
    for index in [*range(300), 923_520]:
        code = companies.credit_code(index, sole_trader=index % 12 == 11)
        assert credit_code(code) == uscc.validate(code) == code
        assert code[2:8] == "330499"


def test_distinct_and_deterministic():
    made = list(companies.fictional_companies(20_000, seed=3))
    assert len({row["name"] for row in made}) == len({row["credit_code"] for row in made}) == 20_000
    assert made == list(companies.fictional_companies(20_000, seed=3))
    assert list(islice(companies.fictional_companies(9, seed=4), 9)) != made[:9]
    for row in made[:500]:
        assert check_phone(row["phone"]) == row["phone"]
        assert check_industry(row["industry"]) == row["industry"]
    assert 0 < sum("staff" not in row for row in made) < 3_000


@pytest.mark.django_db
def test_they_can_be_imported(now):
    rows = list(companies.fictional_companies(600))
    assert imports.apply_rows(rows, now) == {"new": 600, "changed": 0, "same": 0}
    assert imports.apply_rows(rows, now) == {"new": 0, "changed": 0, "same": 600}
    assert Party.objects.filter(kind="sole_trader").count() == 50


def test_people_act_for_them():
    people = list(companies.fictional_people(100))
    assert people == list(companies.fictional_people(100))
    assert [person["credit_code"] for person in people] == [
        row["credit_code"] for row in companies.fictional_companies(100)
    ]
