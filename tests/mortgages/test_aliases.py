"""Filing former names: two people, evidence, never edited; bulk import; the clean-up desk and matching again."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from qinqing.cases.acting import act
from qinqing.cases.models import Case
from qinqing.directory.models import FormerName, Party
from qinqing.mortgages import aliases, cleaning, names
from qinqing.mortgages.models_names import Alias, AliasEnding, Filing, PlatformNumber
from qinqing.mortgages.register import Creditor
from qinqing.ui.errors import Problem
from tests.mortgages.filing_world import FilingWorld
from tests.mortgages.world import NOW, code, later, where, why, work
from tests.worlds import Once

pytestmark = pytest.mark.django_db
OLD = "禾穗城市信用社"


@pytest.fixture(scope="module")
def built(once: Once) -> FilingWorld:
    return once(FilingWorld)


@pytest.fixture
def world(built: FilingWorld, settings: Any, tmp_path: Path) -> FilingWorld:
    settings.BLOBS = tmp_path
    return deepcopy(built)


def whom(name: str, on: date = date(2015, 6, 1)) -> frozenset[str]:
    return names.resolve(Creditor(name), on.isoformat()).codes


# ── two people ──


def test_a_name_counts_only_once_a_second_person_has_approved_it(world: FilingWorld) -> None:
    filing = world.file(world.line(OLD))
    assert whom(OLD) == frozenset() and not Alias.objects.exists()
    world.approve(filing)
    assert whom(f" {OLD}　") == {world.bank("a").credit_code}
    assert (filing.state, filing.filed_by.name, filing.checked_by.name) == ("in_force", "registrar", "registrar_head")
    assert Case.objects.get(pk=filing.case_id).outcome == "filed"


def test_who_filed_never_approves(world: FilingWorld) -> None:
    filing = world.file(world.line(OLD), by="registrar_head")
    with pytest.raises(Problem):
        act(filing.case_id, "approve", world["registrar_head"], NOW)
    with pytest.raises(Problem):
        act(filing.case_id, "approve", world["registrar_2"], NOW)
    assert not Alias.objects.exists()


def test_nor_when_somebody_else_proposed_it_again(world: FilingWorld) -> None:
    """Filed by one head, sent back by another, proposed again by a handler: the first head is still who filed it."""
    world.county.officer("head_2", "registry", "section_head")
    filing = world.file(world.line(OLD), by="registrar_head")
    act(filing.case_id, "refuse", world["head_2"], NOW, {"reason": "再核"})
    act(filing.case_id, "propose", world["registrar"], NOW, {"finding": "已核"})
    with pytest.raises(Problem):
        act(filing.case_id, "approve", world["registrar_head"], NOW)
    act(filing.case_id, "approve", world["head_2"], NOW)
    assert whom(OLD) == {world.bank("a").credit_code}


def test_a_bank_files_its_own_and_the_registry_checks(world: FilingWorld) -> None:
    filing = world.file(world.line(OLD), by="clerk_a")
    for nobody in ("clerk_a", "checker_a", "fund_officer", "handler_a"):
        with pytest.raises(Problem):
            act(filing.case_id, "confirm", world[nobody], NOW, {"finding": "好"})
    with pytest.raises(Problem):
        act(filing.case_id, "propose", world["registrar"], NOW, {"finding": "好"})
    world.approve(filing, "registrar")
    assert whom(OLD) == {world.bank("a").credit_code}


@pytest.mark.parametrize(
    ("by", "bank", "changes"),
    [
        ("clerk_a", "b", {}),
        ("clerk_a", "a", {"source": "market_regulator"}),
        ("handler_a", "a", {}),
        ("supervisor", "a", {}),
        ("agent", "a", {}),
    ],
)
def test_nobody_files_for_others(world: FilingWorld, by: str, bank: str, changes: dict[str, str]) -> None:
    with pytest.raises(Problem):
        world.file(world.line(OLD, bank, **changes), by=by)
    assert not Filing.objects.exists() and not Case.objects.exists()


def test_what_is_turned_down_never_counts(world: FilingWorld) -> None:
    filing = world.file(world.line(OLD), by="clerk_a")
    act(filing.case_id, "decline", world["registrar"], NOW, {"reason": "佐证不符"})
    filing.refresh_from_db()
    assert (filing.state, whom(OLD)) == ("refused", frozenset())
    world.alias(OLD)  # and it can be filed again


def test_a_case_without_a_filing_files_nothing(world: FilingWorld) -> None:
    from qinqing.cases.acting import open_case

    data = {"what": "file", "filed_from": "registry", "summary": "空"}
    done = open_case("creditor_alias", world.county.company.pk, world["registrar"], NOW, data, title="空")
    with pytest.raises(Problem, match="没有备案内容"):
        act(done.case_id, "propose", world["registrar"], NOW, {"finding": "好"})


# ── what is filed ──

BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "no name": ("name", {"name": " "}),
    "long name": ("name", {"name": "银" * 201}),
    "the present name": ("name", {"name": "禾穗银行　示范支行"}),
    "unknown code": ("credit_code", {"credit_code": code(77)}),
    "wrong code": ("credit_code", {"credit_code": code(0)[:17] + "0"}),
    "same code": ("former_code", {"former_code": code(0)}),
    "wrong former code": ("former_code", {"former_code": "123"}),
    "period": ("ends_on", {"starts_on": date(2020, 1, 2), "ends_on": date(2020, 1, 1)}),
    "to come": ("ends_on", {"ends_on": NOW.date() + timedelta(1)}),
    "source": ("source", {"source": "hearsay"}),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_is_named_and_nothing_is_filed(world: FilingWorld, what: str) -> None:
    field, changes = BAD[what]
    with pytest.raises(Problem) as refused:
        world.file(world.line("旧名一"), world.line(**{"name": OLD, **changes}))
    assert field in refused.value.fields
    assert not Case.objects.exists()


def test_without_evidence_nothing_is_filed(world: FilingWorld) -> None:
    with pytest.raises(Problem) as refused:
        aliases.file_names([world.line(OLD)], [], world["registrar"], NOW)
    assert "files" in refused.value.fields and not Case.objects.exists()


def test_the_same_is_filed_once(world: FilingWorld) -> None:
    first, second = world.line(OLD), world.line(f"{OLD}　")
    filing = world.file(first)
    with pytest.raises(Problem, match="已备案或正在核对"):
        world.file(second)
    world.approve(filing)
    with pytest.raises(Problem, match="已备案或正在核对"):
        world.file(second)
    world.file(world.line(OLD, ends_on=date(2020, 1, 1)))  # another period is another statement


def test_a_search_in_the_directory_finds_the_company_by_it(world: FilingWorld) -> None:
    bank = world.bank("a")
    party = Party.objects.create(
        kind="company", name=bank.name, name_norm=bank.name, credit_code=bank.credit_code, updated_at=NOW
    )
    alias = world.alias(OLD, starts_on=date(2001, 1, 1))
    assert FormerName.objects.get(party=party).name == OLD
    world.approve(aliases.end(alias, None, "误报", [world.paper()], world["registrar"], NOW))
    assert not FormerName.objects.exists()


def test_the_platforms_number_is_typed_and_the_latest_counts(world: FilingWorld) -> None:
    alias = world.alias(OLD, platform_number="浙备1")
    aliases.record_number(alias, " 浙备2 ", world["clerk_a"], later(1))
    assert list(PlatformNumber.objects.order_by("pk").values_list("number", flat=True)) == ["浙备1", "浙备2"]
    for number, who in (("", "registrar"), ("x" * 61, "registrar"), ("浙备3", "clerk_b")):
        with pytest.raises(Problem):
            aliases.record_number(alias, number, world[who], NOW)


# ── never edited, only ended ──


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_or_lose_a_name(world: FilingWorld, change: str) -> None:
    world.alias(OLD)
    rows: list[Callable[[], object]] = [
        lambda: Alias.objects.update(name="别的") if change == "update" else Alias.objects.all()._raw_delete("default"),
        lambda: Filing.objects.update(lines=[]) if change == "update" else Filing.objects.all()._raw_delete("default"),
    ]
    for row in rows:
        with pytest.raises(DatabaseError), transaction.atomic():
            row()


def test_the_database_knows_two_people(world: FilingWorld) -> None:
    filing = world.file(world.line(OLD))
    with pytest.raises(DatabaseError), transaction.atomic():
        Filing.objects.filter(pk=filing.pk).update(state="in_force", checked_by=filing.filed_by, checked_at=NOW)


def test_an_end_is_filed_and_approved_like_a_name(world: FilingWorld) -> None:
    alias = world.alias(OLD)
    last = date(2015, 6, 1)
    filing = aliases.end(alias, last, "更名", [world.paper()], world["registrar"], NOW)
    assert whom(OLD, last + timedelta(1)), "not before it is approved"
    world.approve(filing)
    assert whom(OLD, last) and not whom(OLD, last + timedelta(1))
    world.approve(aliases.end(alias, date(2016, 1, 1), "再延", [world.paper()], world["registrar"], NOW))
    assert not whom(OLD, last + timedelta(1)), "the earliest last day counts"
    world.approve(aliases.end(alias, None, "误报", [world.paper()], world["clerk_a"], NOW), "registrar")
    assert not whom(OLD, last)
    assert AliasEnding.objects.count() == 3 and Alias.objects.count() == 1


@pytest.mark.parametrize(
    ("last", "reason", "by"),
    [
        (date(2015, 1, 1), " ", "registrar"),
        (NOW.date() + timedelta(1), "x", "registrar"),
        (date(1999, 1, 1), "x", "registrar"),
        (None, "x", "clerk_b"),
    ],
)
def test_a_wrong_end_is_refused(world: FilingWorld, last: date | None, reason: str, by: str) -> None:
    alias = world.alias(OLD, starts_on=date(2001, 1, 1))
    with pytest.raises(Problem):
        aliases.end(alias, last, reason, [world.paper()], world[by], NOW)


# ── what becomes of releases ──


def test_a_release_that_waited_for_the_name_is_matched_again(world: FilingWorld) -> None:
    mortgage = world.mortgage((OLD, ""))
    world.settled("a", mortgage)
    work(later(1))
    assert (where(mortgage), why(mortgage)) == ("exception", "creditor_unknown")
    assert cleaning.ready_again() == []
    filing = world.file(world.line(OLD))
    world.approve(filing)
    (ready,) = cleaning.ready_again([OLD])
    assert cleaning.ready_again(["别的"]) == []
    with pytest.raises(Problem):
        act(ready.case_id, "match_again", world["clerk_a"], later(2), {"finding": "x"})
    assert cleaning.match_again([ready], "曾用名已备案", world["registrar"], later(2)) == (1, [])
    work(later(3))
    assert where(mortgage) == "released"
    done, refused = cleaning.match_again([ready], "x", world["registrar"], later(4))
    assert done == 0 and refused[0][0] == ready.case.number, "one that has moved on is named, not lost"


def test_a_merged_banks_claim_is_released_by_its_successor(world: FilingWorld) -> None:
    old_code = code(50)
    world.alias("丙信用社", "a", former_code=old_code)
    for creditor in (("丙信用社", ""), ("丙信用社", old_code)):
        mortgage = world.mortgage(creditor)
        world.settled("a", mortgage)
        work()
        assert where(mortgage) == "released"


def test_a_name_two_filings_claim_goes_to_a_person(world: FilingWorld) -> None:
    world.alias(OLD, "a")
    world.alias(OLD, "b")
    mortgage = world.mortgage((OLD, ""))
    world.settled("a", mortgage)
    work()
    assert (where(mortgage), why(mortgage)) == ("exception", "creditor_ambiguous")


# ── the clean-up desk ──


def test_the_clean_up_desk_counts_active_mortgages_by_name(world: FilingWorld) -> None:
    for _ in range(3):
        world.mortgage((OLD, ""))
    world.mortgage((f"{OLD} ", ""), registered_on=date(2008, 1, 1))
    world.mortgage((OLD, ""), deregistered_at=NOW, receipt_no="注1")
    world.mortgage(("岚山信用社", ""))
    world.mortgage("a")
    found = cleaning.unclear()
    assert [(row.name.strip(), row.mortgages, row.codes) for row in found] == [
        (OLD, 4, frozenset()), ("岚山信用社", 1, frozenset()),
    ]  # fmt: skip
    assert (found[0].first, found[0].last) == (date(2008, 1, 1), date(2020, 5, 6))
    world.alias(OLD, ends_on=date(2010, 1, 1))
    assert [(row.name.strip(), row.mortgages) for row in cleaning.unclear()] == [(OLD, 3), ("岚山信用社", 1)]
    world.alias(OLD, "b", starts_on=date(2010, 1, 2))
    assert [row.mortgages for row in cleaning.unclear()] == [1]


def test_a_remote_registers_names_come_from_what_exceptions_showed(
    world: FilingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        mortgage = world.mortgage((OLD, ""), "fund")
        world.settled("a", mortgage)
    world.mortgage((OLD, ""))
    work()
    monkeypatch.setattr(cleaning, "register", lambda: type("Remote", (), {"simulated": False}))
    assert [(row.name, row.mortgages) for row in cleaning.unclear()] == [(OLD, 2)]
    assert cleaning.waiting_names()[OLD] == 2


def test_guesses_name_each_bearer_once_by_its_best_name(world: FilingWorld) -> None:
    world.alias("沐柳城市信用社", "b")
    first, *_ = found = cleaning.guesses("沐柳信用社")
    assert (first.code, first.by) == (world.bank("b").credit_code, "沐柳城市信用社")
    assert first.name == world.bank("b").name and "沐柳" in first.why.zh
    assert len({each.code for each in found}) == len(found)


# ── in bulk ──

HEAD = "曾用名,统一社会信用代码,原统一社会信用代码,使用起日,使用止日,来源,省平台备案号\n"


def preview(world: FilingWorld, text: str, by: str = "registrar") -> Any:
    from qinqing.directory import sheet_imports
    from qinqing.mortgages import name_sheets

    path = Path(world.folder) / "names.csv"
    path.write_text(HEAD + text, encoding="utf-8")
    kind = sheet_imports._kinds[name_sheets.KIND]
    return sheet_imports.check(path, ".csv", kind, world[by], NOW), kind


def test_an_import_names_bad_rows_and_files_the_rest_as_one(world: FilingWorld, tmp_path: Path) -> None:
    world.folder = str(tmp_path)
    a, b = world.bank("a").credit_code, world.bank("b").credit_code
    text = (
        f"甲旧,{a},,2001-01-02,2010-03-04,,\n乙旧,{b},{code(60)},,,线下申报,浙备9\n"
        f"甲旧,{a},,2001-01-02,2010-03-04,,\n丙旧,{code(70)},,,,,\n,{a},,,,,\n丁旧,{a},,2010-01-01,2009-01-01,,\n"
    )
    seen, kind = preview(world, text)
    assert seen.counts == {"new": 2, "changed": 0, "same": 0, "bad": 4}
    assert [row.number for row in seen.rows if row.faults] == [4, 5, 6, 7]
    kind.apply(world["registrar"], [row.values for row in seen.to_apply], NOW)
    filing = Filing.objects.get()
    assert Case.objects.count() == 1 and len(filing.lines) == 2 and not Alias.objects.exists()
    again, _ = preview(world, text)
    assert again.counts["new"] == 0 and again.counts["same"] == 2, "what is being checked is not filed twice"
    world.approve(filing)
    assert whom("甲旧", date(2005, 1, 1)) == {a} and whom("乙旧") == {b}
    assert dict(Alias.objects.values_list("name", "source")) == {"甲旧": "market_regulator", "乙旧": "offline"}
    assert PlatformNumber.objects.get().number == "浙备9"
    assert preview(world, text)[0].counts["new"] == 0
    assert preview(world, text, by="handler_a")[0].counts["same"] == 2


def test_only_the_registry_imports(world: FilingWorld, tmp_path: Path) -> None:
    world.folder = str(tmp_path)
    seen, _ = preview(world, f"甲旧,{world.bank('a').credit_code},,,,,\n", by="handler_a")
    assert seen.counts["bad"] == 1


def test_the_platforms_sheet_has_what_counts(world: FilingWorld) -> None:
    from qinqing.mortgages import name_sheets

    world.alias(OLD, starts_on=date(2001, 1, 2), platform_number="浙备1")
    gone = world.alias("误报", "b")
    world.approve(aliases.end(gone, None, "误报", [world.paper()], world["registrar"], NOW))
    sheet = name_sheets.platform_sheet(aliases.aliases(), names.present())
    (row,) = sheet.rows
    cells = [str(column.value(row) or "") for column in sheet.columns]
    bank = world.bank("a")
    assert cells[:3] == [bank.name, OLD, bank.credit_code] and cells[4] == "2001-01-02"
    assert "变更通知.txt" in cells[6] and cells[8:10] == ["registrar", "registrar_head"] and cells[-1] == "浙备1"


def test_the_histories_verify(world: FilingWorld) -> None:
    from qinqing.audit.services import verify_database

    alias = world.alias(OLD)
    world.approve(aliases.end(alias, None, "误报", [world.paper()], world["registrar"], NOW))
    assert verify_database(NOW).findings == []
