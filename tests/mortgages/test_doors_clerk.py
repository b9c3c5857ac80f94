"""A clerk enters, another person of the bank checks: who may what, and that nothing counts before."""

from __future__ import annotations

import io
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from xlsxwriter import Workbook

from qinqing.accounts.models import User
from qinqing.directory import models as directory
from qinqing.mortgages import entering
from qinqing.mortgages.models import BankEvent
from qinqing.mortgages.models_doors import Submission
from tests.cases.county import SINCE
from tests.conftest import Clock
from tests.mortgages.doors import UNIT, rows
from tests.mortgages.world import NOW, World, where, work
from tests.worlds import Once

pytestmark = pytest.mark.django_db
CERTIFICATE = "浙（2020）示范不动产证明第0000001号"


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(_build)


@pytest.fixture
def world(db: None, built: World, clock: Clock) -> World:
    clock.set(NOW)
    return deepcopy(built)


def _build() -> World:
    made = World()
    for name, unit, role in (
        ("clerk_a", "a", "bank_clerk"),
        ("clerk_a2", "a", "bank_clerk"),
        ("checker_a", "a", "bank_checker"),
        ("both_a", "a", "bank_clerk"),
        ("clerk_b", "b", "bank_clerk"),
        ("checker_b", "b", "bank_checker"),
    ):
        made.county.officer(name, unit, role)
    officer = directory.Officer.objects.get(name="both_a")
    directory.Post.objects.create(officer=officer, unit=made.bank("a"), role="bank_checker", starts_on=SINCE)
    return made


def at(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name), "django.contrib.auth.backends.ModelBackend")
    return client


def typed(**changes: str) -> dict[str, str]:
    return {
        "certificate": CERTIFICATE, "unit_number": UNIT, "extent": "full", "happened_at": "2026-09-29T10:00", **changes
    }  # fmt: skip


def entered(name: str = "clerk_a", **changes: str) -> Submission:
    answer = at(name).post("/mortgages/entries/new/", typed(**changes))
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return Submission.objects.latest("pk")


def test_what_is_entered_counts_once_another_has_confirmed_it(world: World) -> None:
    mortgage = world.mortgage("a")
    one = entered(unit_number=f" {mortgage.unit_number[:12].lower()} {mortgage.unit_number[12:]}")
    assert (one.state, BankEvent.objects.count()) == ("waiting", 0)
    assert at("checker_a").get("/mortgages/entries/").context["waiting"]
    page = at("checker_a").get(f"/mortgages/entries/{one.pk}/").content.decode()
    assert mortgage.unit_number[20:] in page and "确认报送" in page
    assert at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/").status_code == 302
    event = BankEvent.objects.get()
    assert (event.via, event.bank, event.unit_number) == ("clerk", world.bank("a"), mortgage.unit_number)
    assert event.happened_at == NOW - timedelta(minutes=20)
    work()
    assert where(mortgage) == "released"


MATRIX = {  # who entered, who decides: status of the answer
    ("clerk_a", "clerk_a"): 403,
    ("clerk_a", "clerk_a2"): 403,
    ("clerk_a", "checker_a"): 302,
    ("clerk_a", "both_a"): 302,
    ("both_a", "both_a"): 403,
    ("both_a", "checker_a"): 302,
    ("clerk_a", "checker_b"): 404,
    ("clerk_b", "checker_a"): 404,
    ("clerk_a", "registrar"): 403,
}


@pytest.mark.parametrize(("enters", "decides"), list(MATRIX))
@pytest.mark.parametrize("step", ["confirm", "refuse"])
def test_who_may_check_what(world: World, enters: str, decides: str, step: str) -> None:
    one = entered(enters)
    before = rows()
    answer = at(decides).post(f"/mortgages/entries/{one.pk}/{step}/", {"reason": "单元号有误"})
    assert answer.status_code == MATRIX[enters, decides]
    one.refresh_from_db()
    if answer.status_code == 302:
        assert one.state == {"confirm": "confirmed", "refuse": "refused"}[step]
        assert one.decided_by_id == world.county[decides].user_id
    else:
        assert one.state == "waiting" and rows() == before


def test_the_database_too_wants_two_people(world: World) -> None:
    one = entered()
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.filter(pk=one.pk).update(state="confirmed", decided_by=one.entered_by_id, decided_at=NOW)


@pytest.mark.parametrize("name", ["checker_a", "registrar", "clerk"])
def test_only_a_clerk_enters(world: World, name: str) -> None:
    assert at(name).post("/mortgages/entries/new/", typed()).status_code == 403
    assert not Submission.objects.exists()


BAD = {
    "unit_number": ("33", "28位"),
    "certificate": ("", "请填写"),
    "creditor_code": ("91330499MA9T000000", "校验"),
    "happened_at": ("2026-09-29T12:00", "未来"),
}


@pytest.mark.parametrize("field", list(BAD))
def test_what_was_typed_is_kept_when_it_is_wrong(world: World, field: str) -> None:
    value, said = BAD[field]
    answer = at("clerk_a").post("/mortgages/entries/new/", typed(**{"loan_number": "贷2020-7", field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page and "贷2020-7" in page
    assert not Submission.objects.exists()


def test_what_was_given_back_can_be_corrected(world: World) -> None:
    one = entered(loan_number="贷2020-7")
    checker = at("checker_a")
    answer = checker.post(f"/mortgages/entries/{one.pk}/refuse/", {"reason": ""})
    assert answer.status_code == 422 and "退回原因" in answer.content.decode()
    checker.post(f"/mortgages/entries/{one.pk}/refuse/", {"reason": "贷款合同号应为贷2020-8"})
    clerk = at("clerk_a")
    assert "贷款合同号应为贷2020-8" in clerk.get(f"/mortgages/entries/{one.pk}/").content.decode()
    page = clerk.get(f"/mortgages/entries/new/?again={one.pk}").content.decode()
    assert CERTIFICATE in page and "贷2020-7" in page and "2026-09-29T10:00" in page
    assert clerk.get(f"/mortgages/entries/new/?again={one.pk}").context["form"]["event_id"].value() == ""
    assert CERTIFICATE not in at("clerk_b").get(f"/mortgages/entries/new/?again={one.pk}").content.decode()


def test_the_same_is_not_entered_twice(world: World) -> None:
    one = entered()
    again = at("clerk_a2").post("/mortgages/entries/new/", typed())
    assert again.status_code == 422 and "正在等待复核" in again.content.decode()
    at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/")
    again = at("clerk_a2").post("/mortgages/entries/new/", typed())
    assert again.status_code == 422 and "已经报送过" in again.content.decode()
    assert entered(event_id="另一笔").state == "waiting"


def test_confirming_twice_acts_once(world: World) -> None:
    one = entered()
    assert at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/").status_code == 302
    assert at("both_a").post(f"/mortgages/entries/{one.pk}/confirm/").status_code == 409
    assert BankEvent.objects.count() == 1


def test_a_reversal_names_a_settlement_of_the_bank(world: World) -> None:
    one = entered()
    at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/")
    settled = BankEvent.objects.get()
    data = {"reverses": "没有这个编号", "happened_at": "2026-09-29T10:10"}
    assert at("clerk_a").post("/mortgages/entries/new/?kind=reversed", data).status_code == 422
    data["reverses"] = settled.event_id
    assert f"reverses={settled.event_id}" in at("clerk_a").get("/mortgages/entries/").content.decode()
    assert at("clerk_b").post("/mortgages/entries/new/?kind=reversed", data).status_code == 422, "another bank's"
    assert at("clerk_a").post("/mortgages/entries/new/?kind=reversed", data).status_code == 302
    at("checker_a").post(f"/mortgages/entries/{Submission.objects.latest('pk').pk}/confirm/")
    assert BankEvent.objects.latest("pk").reverses == settled.event_id
    assert f"reverses={settled.event_id}" not in at("clerk_a").get("/mortgages/entries/").content.decode()


def test_a_clerk_may_give_up_what_waits(world: World) -> None:
    one = entered()
    assert at("clerk_a2").post(f"/mortgages/entries/{one.pk}/drop/").status_code == 302
    assert at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/").status_code == 409
    assert not BankEvent.objects.exists()


# ── sheets ──

HEADERS = ("事项", "不动产登记证明号", "不动产单元号", "贷款合同号", "发生时间", "冲正的事件编号", "业务流水号")
GOOD = ("结清", CERTIFICATE, UNIT, "", "2026-09-29 10:00", "", "")


def workbook(*lines: tuple[Any, ...]) -> SimpleUploadedFile:
    file = io.BytesIO()
    with Workbook(file, {"strings_to_urls": False}) as book:
        page = book.add_worksheet()
        for at_row, line in enumerate((HEADERS, *lines)):
            for at_column, value in enumerate(line):
                page.write_string(at_row, at_column, str(value))
    return SimpleUploadedFile("9月29日结清.xlsx", file.getvalue())


def uploaded(name: str, *lines: tuple[Any, ...]) -> Submission:
    answer = at(name).post("/mortgages/upload/", {"file": workbook(*lines)})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return Submission.objects.latest("pk")


def test_a_sheet_names_every_bad_cell_and_sends_nothing(world: World) -> None:
    one = uploaded(
        "clerk_a", GOOD, ("结清", "", "33", "", "昨天", "", ""), ("冲正", "", "", "", "2026-09-29", "没有", ""), GOOD,
        ("销户", CERTIFICATE, UNIT, "", "2026-09-29", "", ""), ("结清", CERTIFICATE, "33", "", "2026-09-29", "", ""),
    )  # fmt: skip
    assert (one.state, len(one.rows), BankEvent.objects.count()) == ("draft", 1, 0)
    assert [(each["row"], each["column"]) for each in one.faults] == [
        (3, "发生时间"), (4, "冲正的事件编号"), (5, "业务流水号"), (6, "事项"), (7, "不动产单元号")
    ]  # fmt: skip
    page = at("clerk_a").get(f"/mortgages/entries/{one.pk}/").content.decode()
    assert "与第2行重复" in page and "昨天" in page
    assert at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/").status_code == 409, "not handed on yet"
    assert at("clerk_b").get(f"/mortgages/entries/{one.pk}/").status_code == 404


def test_a_sheet_counts_once_confirmed_and_again_changes_nothing(world: World) -> None:
    second = ("结清", CERTIFICATE.replace("1号", "2号"), UNIT, "L2", "2026-09-29 09:00", "", "S-2")
    one = uploaded("clerk_a", GOOD, second)
    assert at("clerk_a").post(f"/mortgages/entries/{one.pk}/submit/").status_code == 302
    assert at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/").status_code == 302
    assert list(BankEvent.objects.order_by("pk").values_list("via", "loan_number")) == [("file", ""), ("file", "L2")]
    again = uploaded("clerk_a2", GOOD, second)
    assert "2笔此前已报送" in at("clerk_a2").get(f"/mortgages/entries/{again.pk}/").content.decode().replace(
        '<span class="big">', ""
    ).replace("<small>", "")
    at("clerk_a2").post(f"/mortgages/entries/{again.pk}/submit/")
    assert at("checker_a").post(f"/mortgages/entries/{again.pk}/confirm/").status_code == 302
    assert BankEvent.objects.count() == 2


def test_a_sheet_is_taken_whole_or_not_at_all(world: World) -> None:
    second = ("结清", CERTIFICATE, UNIT, "L2", "2026-09-29 09:00", "", "S-2")
    one = uploaded("clerk_a", GOOD, second)
    at("clerk_a").post(f"/mortgages/entries/{one.pk}/submit/")
    world.settled("a", world.mortgage("a"), event_id="S-2")  # by another door, meanwhile
    answer = at("checker_a").post(f"/mortgages/entries/{one.pk}/confirm/")
    assert answer.status_code == 409 and "第3行" in answer.content.decode()
    one.refresh_from_db()
    assert (one.state, BankEvent.objects.count()) == ("waiting", 1)


def test_a_file_that_is_no_such_sheet_is_refused(world: World) -> None:
    for file in (SimpleUploadedFile("a.xlsx", b"PK"), SimpleUploadedFile("a.csv", "甲,乙\n1,2\n".encode())):
        assert at("clerk_a").post("/mortgages/upload/", {"file": file}).status_code == 422
    assert not Submission.objects.exists()


def test_the_template_is_read_back(world: World, tmp_path: Path) -> None:
    answer = at("clerk_a").get("/mortgages/upload/template/")
    path = tmp_path / "t.xlsx"
    path.write_bytes(answer.content)
    from python_calamine import load_workbook

    header = load_workbook(str(path)).get_sheet_by_index(0).to_python()[0]
    assert set(HEADERS) < set(header)


def test_ids_are_made_of_the_content(world: World) -> None:
    one = entering.row_of("settled", {"certificate": "证 1", "unit_number": UNIT}, NOW)
    same = entering.row_of("settled", {"certificate": " 证  1", "unit_number": UNIT.lower(), "extent": "full"}, NOW)
    assert one["event_id"] == same["event_id"] != ""
    other = entering.row_of("settled", {"certificate": "证 2", "unit_number": UNIT}, NOW)
    assert other["event_id"] != one["event_id"]


@pytest.mark.parametrize("address", ["/mortgages/entries/", "/mortgages/entries/new/", "/mortgages/upload/"])
def test_pages_are_complete_in_english(world: World, address: str) -> None:
    client = at("clerk_a")
    client.cookies["language"] = "en"
    assert client.get(address).status_code == 200


def test_lists_go_out_as_workbooks(world: World) -> None:
    one = entered()
    for address in ("/mortgages/entries/", f"/mortgages/entries/{one.pk}/"):
        answer = at("clerk_a").get(f"{address}?format=xlsx")
        assert answer.content[:2] == b"PK"
