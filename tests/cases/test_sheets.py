"""Lists of cases going out: every door gives all rows of its filter, to whom it shows the list, in the same columns."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qinqing.audit.models import ReadLog
from qinqing.cases import acting, indexing, sheets
from qinqing.lib.wallclock import CHINA
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import client
from tests.conftest import Clock
from tests.ui.sheet_files import definitions, table

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(clock: Clock) -> County:
    clock.set(TUESDAY)
    return build()


def exported(county: County, name: str, address: str, language: str = "zh") -> list[dict[str, Any]]:
    answer = client(county, name, language).get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    return table(answer.content)


def test_a_line_says_what_the_case_is(county: County) -> None:
    case = county.dispatched("b")
    acting.act(
        case.pk, "return", county["handler_a"], TUESDAY, {"basis": "不属本科室"}, task_id=county.task(case, "lead").pk
    )
    (line,) = exported(county, "clerk", "/cases/?format=xlsx")
    assert line["编号"] == case.number
    assert (line["事项"], line["办事主体"], line["流程"], line["类别"]) == ("停车难", "禾穗传动", "难事帮办", "复杂")
    assert (line["来源"], line["退回次数"], line["督办级次"]) == ("窗口", 1.0, "未提醒")
    assert line["提出时间"] == TUESDAY.replace(tzinfo=None)
    assert line["剩余工作日"] > 0
    assert line["逾期工作日"] == ""
    assert line["办结时间"] == line["结果"] == ""
    english = exported(county, "clerk", "/cases/?format=xlsx", "en")[0]
    assert english["Class"] == "Complex"


def test_time_left_and_overdue_are_in_working_days(county: County, clock: Clock) -> None:
    case = county.dispatched()
    assert case.due_at is not None
    rows = list(sheets.lines([case], TUESDAY))
    assert rows[0].days == Decimal("5.7"), "the rest of the day, and five working days"
    assert not rows[0].overdue
    holidays_later = datetime(2026, 10, 20, 10, 20, tzinfo=CHINA)
    (line,) = sheets.lines([case], holidays_later)
    assert line.overdue
    clock.set(holidays_later)
    (row,) = exported(county, "supervisor", "/supervision/?of=overdue&format=xlsx")
    assert row["剩余工作日"] == ""
    assert row["逾期工作日"] == float(abs(line.days or 0))
    assert 0 < row["逾期工作日"] < (holidays_later - case.due_at) / timedelta(days=1), "days off are not counted"


def test_paused_and_closed_cases_have_no_time_left(county: County) -> None:
    paused = county.dispatched()
    data = {"notice": "请补图", "legal_basis": "行政许可法第三十二条"}
    acting.act(paused.pk, "ask_party", county["handler_a"], TUESDAY, data)
    closed = county.open(then=("answer_now", {"class": "simple", "answer": "可", "confirmed": True}))
    rows = {row["编号"]: row for row in exported(county, "leader", "/cases/?format=xlsx")}
    assert rows[paused.number]["应办时间"] == rows[paused.number]["剩余工作日"] == ""
    assert rows[closed.number]["结果"] == "当场答复"
    assert rows[closed.number]["办结时间"] == TUESDAY.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("name", "address", "count"),
    [
        ("clerk", "/desk/?tab=handle&format=xlsx", 60),
        ("window_head", "/unit/?format=xlsx&page=2", 60),
        ("clerk", "/cases/?q=停车&format=xlsx", 60),
        ("clerk", "/cases/?q=没有的&format=xlsx", 0),
        ("supervisor", "/supervision/?of=silent&format=xlsx", 0),
        ("agent", "/my/?format=xlsx", 60),
        ("stranger", "/my/?format=xlsx", 0),
    ],
)
def test_every_list_gives_all_rows_of_its_filter(county: County, name: str, address: str, count: int) -> None:
    indexing.index([county.open().pk for _ in range(60)])  # more than a page
    assert len(exported(county, name, address)) == count
    entry = ReadLog.objects.get()
    assert entry.what == "export"
    assert entry.object_ref.split(":")[0] in {"cases", "supervision"}
    assert f"{count}行" in entry.reason


def test_nobody_exports_what_they_may_not_see(county: County) -> None:
    county.open()
    county.dispatched(kind="general")
    assert len(exported(county, "handler_a", "/cases/?format=xlsx")) == 1, "only what was on the section's desk"
    assert exported(county, "handler_b", "/cases/?format=xlsx") == []
    for name, address in (("handler_a", "/supervision/"), ("agent", "/cases/"), ("handler_a", "/unit/")):
        assert client(county, name).get(f"{address}?format=xlsx").status_code == 403
    assert ReadLog.objects.count() == 2


def test_the_party_gets_no_word_of_supervision(county: County) -> None:
    county.dispatched()
    (line,) = exported(county, "agent", "/my/?format=xlsx")
    assert set(line) == {column.label.zh for column in sheets.PARTY_COLUMNS}
    assert not {"督办级次", "退回次数", "最近经过"} & set(line)


def test_definitions_name_every_column_and_the_filter(county: County) -> None:
    county.open()
    answer = client(county, "clerk").get("/cases/?q=停车&format=xlsx")
    found = definitions(answer.content)
    assert all(found[column.label.zh] == column.definition.zh for column in sheets.COLUMNS)
    assert found["范围"] == "查询“停车”"
    assert found["导出人"] == "clerk"
    for query, note in (("", "全部诉求"), ("&q=停车", "查询“停车”")):
        assert definitions(client(county, "agent").get(f"/my/?format=xlsx{query}").content)["范围"] == note
