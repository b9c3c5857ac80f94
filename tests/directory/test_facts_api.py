"""Departments' systems: look first, then record what was seen; and the small sheet of the page."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from django.test import Client

from qinqing.accounts import tokens
from qinqing.accounts.actor import Actor, Post
from qinqing.accounts.models import User
from qinqing.directory import companies, sheet_imports
from qinqing.directory.facts import dictionary as dictionaries
from qinqing.directory.facts.dictionary import book
from qinqing.directory.facts.reading import values_of
from qinqing.directory.facts.sheet_kind import KIND
from qinqing.directory.models import Observation
from qinqing.lib import wallclock
from tests.directory.conftest import NOW
from tests.directory.facts_world import say

pytestmark = pytest.mark.django_db
CODE = companies.credit_code(1)


@pytest.fixture
def tax_system(monkeypatch):
    """Calls as the account of the tax bureau's system, which the county has named; GET and POST."""
    known = book()
    sources = {**known.sources, "tax": replace(known.sources["tax"], accounts=frozenset({"tax-system"}))}
    mine = replace(known, sources=MappingProxyType(sources))
    for module in ("api", "recording"):
        monkeypatch.setattr(f"qinqing.directory.facts.{module}.book", lambda: mine)
    user = User.objects.create(username="tax-system", name="税务系统", kind="program")
    _, token = tokens.issue(user, "x", wallclock.now(), wallclock.now() + timedelta(days=1))
    headers = {"Authorization": f"Bearer {token}"}

    def call(body=None, **more):
        if body is None:
            return Client().get("/api/facts", headers=headers)
        text = json.dumps({"source": "tax", "facts": body, **more})
        return Client().post("/api/facts/statements", text, content_type="application/json", headers=headers)

    return call


def figure(fact, value, period="2025", code=CODE):
    return {"credit_code": code, "fact": fact, "period": period, "value": value}


def test_look_then_record_then_the_same(tax_system, company):
    party = company(1).pk
    figures = [figure("rd_expense", 12.5), figure("tax_credit_level", "A级"), figure("tax_arrears", "0", "")]
    looked = tax_system(figures).json()
    assert (looked["recorded"], looked["counts"]["new"], looked["counts"]["bad"]) == (False, 3, 0)
    assert not Observation.objects.exists()
    done = tax_system(figures, seen=looked["seen"]).json()
    assert done["recorded"]
    known = values_of(party)
    assert (known["rd_expense"].value, known["tax_credit_level"].value, known["tax_arrears"].value) == (1250, "A", 0)
    again = tax_system(figures).json()
    assert again["counts"]["same"] == 3
    assert tax_system(figures, seen=again["seen"]).json()["counts"]["same"] == 3
    assert Observation.objects.count() == 3


def test_what_changed_meanwhile_is_shown_first(tax_system, company):
    party = company(1).pk
    looked = tax_system([figure("rd_expense", 12.5)]).json()
    say(party, "rd_expense", 7, "tax", wallclock.now())
    refused = tax_system([figure("rd_expense", 12.5)], seen=looked["seen"])
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:qinqing:problem:facts-moved-on")
    assert tax_system([figure("rd_expense", 13)], seen=looked["seen"]).status_code == 409
    assert values_of(party)["rd_expense"].value == 7


def test_faults_are_named_and_left_out(tax_system, company):
    company(1)
    figures = [
        figure("rd_expense", 1), figure("rd_expense", 2), figure("rd_expense", -1, "2024"), figure("shoe_size", 1),
        figure("rd_expense", 1, "2025", companies.credit_code(2)), figure("high_tech_enterprise", "maybe", ""),
        figure("tax_paid", None), figure("revenue", 1, "2025-01"),
    ]  # fmt: skip
    said = tax_system(figures).json()
    assert [(fault["index"], fault["field"]) for fault in said["faults"]] == [
        (1, "value"), (2, "value"), (3, "fact"), (4, "credit_code"), (5, "value"), (7, "value"),
    ]  # fmt: skip
    assert said["counts"]["new"] == 2
    assert tax_system([figure("tax_paid", float("nan"))]).json()["counts"]["bad"] == 1


def test_who_may_speak_for_whom(tax_system, company):
    company(1)
    assert tax_system([figure("rd_expense", 1)], source="science").status_code == 403
    assert tax_system([figure("rd_expense", 1)], source="nobody").status_code == 403
    assert tax_system([figure("rd_staff", 1)]).status_code == 422  # not the tax bureau's to state
    assert tax_system([]).status_code == 422
    assert Client().post("/api/facts/statements", "{}", content_type="application/json").status_code == 401
    assert not Observation.objects.exists()


def test_the_dictionary_can_be_read(tax_system):
    found = {fact["id"]: fact for fact in tax_system().json()}
    assert set(found) == set(dictionaries.dictionary())
    assert found["srdi_level"]["codes"]["little_giant"]["zh"]
    assert found["rd_expense"]["unit"] == {"zh": "元", "en": "yuan"}


HEAD = Actor(None, "何以宁", "officer", posts=(Post(1, "window_head"),))


def sheet(tmp_path, rows, header):
    path = tmp_path / "企业数据.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_a_small_sheet_is_checked_and_confirmed_like_any_other(tmp_path, company):
    party = company(1).pk
    say(party, "tax_paid", 100, "tax", NOW)
    header = ["统一社会信用代码", "来源部门", "报告期", "研发费用（元）", "入库税收（元）", "欠税余额（元）"]
    rows = [
        [CODE, "税务局", "2025", "12.50", "2", ""],
        [CODE, "科技局", "2025", "", "5", ""],
        [companies.credit_code(2), "税务局", "2025", "1", "", ""],
        [CODE, "统计局", "2025", "NaN", "", ""],
        [CODE, "税务局", "2024", "", "不详", "0"],
    ]
    kind = sheet_imports.kind_of(KIND, HEAD)
    path = sheet(tmp_path, rows, header)
    batch = sheet_imports.upload(path, path.name, kind, HEAD, NOW)
    checked = sheet_imports.preview(batch, HEAD, NOW)
    assert [row.status for row in checked.rows] == ["changed", "bad", "bad", "bad", "new"]
    assert checked.rows[0].changes == {"rd_expense": (None, 1250), "tax_paid": (100, 200)}
    sheet_imports.confirm(batch.pk, checked.seen, HEAD, NOW)
    known = values_of(party)
    assert (known["rd_expense"].value, known["tax_paid"].value, known["tax_arrears"].value) == (1250, 200, 0)
    assert "tax_paid_last_year" not in known
    again = sheet_imports.check(path, ".csv", kind, HEAD, NOW)
    assert [row.status for row in again.rows if row.status != "bad"] == ["same", "same"]


def test_its_template_names_units_and_that_empty_changes_nothing():
    kind = sheet_imports.kind_of(KIND, HEAD)
    columns = {column.label.zh: column for column in sheet_imports.template(kind, []).columns}
    assert "不变" in columns["研发费用（元）"].definition.zh
    assert "必填" in columns["来源部门"].definition.zh
