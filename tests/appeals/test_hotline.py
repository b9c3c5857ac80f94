"""Matters from another system: a row is a matter on the window's desk, once; whose it is is never guessed."""

from __future__ import annotations

import io
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from qinqing.appeals import hotline
from qinqing.cases.models import Case, Task
from qinqing.directory import companies, services, sheet_imports
from qinqing.directory.models import Party
from qinqing.lib.wallclock import CHINA
from qinqing.ui import sheets
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import client
from tests.conftest import Clock

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 29, 9, 5, tzinfo=CHINA)


@pytest.fixture
def county(clock: Clock, settings: Any, tmp_path: Path) -> County:
    settings.HOME = tmp_path / "home"
    clock.set(TUESDAY)
    return build()


def sent(county: County, rows: list[dict[str, Any]], tmp_path: Path, who: str = "clerk") -> Any:
    file = io.BytesIO()
    kind = sheet_imports.kind_of(hotline.KIND, county[who])
    sheets.write(file, sheet_imports.template(kind, rows), "x", TUESDAY)
    path = tmp_path / "h.xlsx"
    path.write_bytes(file.getvalue())
    return sheet_imports.upload(path, "h.xlsx", kind, county[who], TUESDAY)


def confirmed(county: County, rows: list[dict[str, Any]], tmp_path: Path) -> Counter[str]:
    batch = sent(county, rows, tmp_path)
    seen = sheet_imports.preview(batch, county["clerk"], TUESDAY).seen
    return sheet_imports.confirm(batch.pk, seen, county["clerk"], TUESDAY)


def test_each_row_becomes_a_matter_on_the_windows_desk_once(county: County, tmp_path: Path) -> None:
    row = {
        "number": "2026093000000000001",
        "text": "=厂区门口停车难。求解决",
        "party": "沈知远",
        "phone": "19900001234",
        "received_at": AT,
    }
    other = {"number": "2", "text": "证照问题", "source": "县长信箱"}
    assert confirmed(county, [row, other], tmp_path)["new"] == 2
    case = Case.objects.get(imported="12345:2026093000000000001")
    assert (case.title, case.channel, case.stage) == ("=厂区门口停车难", "hotline", "intake")
    assert case.opened_at == TUESDAY, "the clock starts at the import, not when the hotline received it"
    assert case.due_at == TUESDAY + timedelta(hours=3, minutes=30), "two office hours with noon between"
    task = Task.objects.get(case=case, state="open")
    assert (task.node, task.unit_id) == ("window", county.unit("window"))
    assert Case.objects.filter(imported="县长信箱:2").exists()
    page = client(county, "clerk").get(f"/cases/{case.number}/").content.decode()
    assert "工单2026093000000000001，2026-09-29 09:05接收" in page
    row["text"] = "改过的内容"
    assert confirmed(county, [row, other], tmp_path) == Counter(same=2, new=0, changed=0, bad=0)
    assert Case.objects.count() == 2


def test_two_rows_of_one_number_are_named(county: County, tmp_path: Path) -> None:
    found = sheet_imports.preview(sent(county, [{"number": "1", "text": "a"}] * 2, tmp_path), county["clerk"], TUESDAY)
    assert [row.status for row in found.rows] == ["new", "bad"]


def test_whose_it_is(county: County, tmp_path: Path) -> None:
    code, new = companies.credit_code(1), companies.credit_code(2)
    known = services.create_party("company", "示范县沐柳纺织有限公司", TUESDAY, credit_code=code)
    person = services.create_party("person", "沈知远", TUESDAY, phone="19900001234")
    rows: list[dict[str, Any]] = [
        {"party": "随便写的", "credit_code": code},
        {"party": "示范县沐柳纺织有限公司"},
        {"party": "示范县新设有限公司", "credit_code": new},
        {"party": "沈知远", "phone": "19900001234"},
        {"party": "沈知远"},  # without a phone it may be another
        {},
        {"party": "阿卜杜热西提·买买提", "kind": "person"},
    ]
    rows = [{"number": str(n), "text": "停车难", **row} for n, row in enumerate(rows)]
    assert confirmed(county, rows, tmp_path)["new"] == 7
    parties = [Case.objects.get(imported=f"12345:{n}").party for n in range(7)]
    assert parties[0] == parties[1] == known
    assert (parties[2].name, parties[2].credit_code, parties[2].kind) == ("示范县新设有限公司", new, "company")
    assert parties[3] == person
    assert parties[4] != person
    assert parties[5].kind == Party.Kind.UNNAMED
    assert parties[6].kind == Party.Kind.PERSON


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"party": "示范县乌有有限公司"}, "诉求人类别"),
        ({"party": "示范县乌有有限公司", "kind": "company"}, "统一社会信用代码"),
        ({"credit_code": "not a code"}, "统一社会信用代码"),
        ({"credit_code": companies.credit_code(9)}, "诉求人"),
        ({"credit_code": companies.credit_code(9), "party": "x", "kind": "person"}, "诉求人类别"),
        ({"kind": "person"}, "诉求人"),
        ({"phone": "123"}, "联系电话"),
        ({"received_at": TUESDAY + timedelta(days=1)}, "接收时间"),
        ({"text": "长" * 401}, "诉求内容"),
        ({"text": None}, "诉求内容"),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_asked(county: County, tmp_path: Path, row: dict[str, Any], column: str) -> None:
    file_row = {"number": "1", "text": "停车难", **row}
    found = sheet_imports.preview(sent(county, [file_row], tmp_path), county["clerk"], TUESDAY)
    assert [fault.column for fault in found.rows[0].faults] == [column]
    assert not found.to_apply


def test_two_companies_of_one_name(county: County, tmp_path: Path) -> None:
    for n in (1, 2):
        services.create_party("company", "示范县沐柳有限公司", TUESDAY, credit_code=companies.credit_code(n))
    found = sheet_imports.preview(
        sent(county, [{"number": "1", "text": "x", "party": "示范县沐柳有限公司"}], tmp_path), county["clerk"], TUESDAY
    )
    assert "同名企业" in found.rows[0].faults[0].mend.zh


def test_the_longest_text_fits_the_procedure(county: County, tmp_path: Path) -> None:
    row = {"number": "9" * 40, "source": "某" * 20, "text": "长" * 400, "received_at": AT}
    assert confirmed(county, [row], tmp_path)["new"] == 1


def test_only_the_window_imports_matters(county: County) -> None:
    for name, status in (("clerk", 200), ("window_head", 200), ("supervisor", 403), ("handler_a", 403)):
        assert client(county, name).get(f"/sheets/{hotline.KIND}/").status_code == status
