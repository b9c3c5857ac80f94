"""每夜核验: once a night, in slices, going on where it was left; what it finds reaches the audit administrators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from qinqing.audit import anchors, erasure, nightly, services
from qinqing.audit.models import NightlyRun, Verification
from qinqing.lib.wallclock import CHINA
from qinqing.messaging.models import Notice
from tests.audit.chains import Keeper, build
from tests.messaging.people import reader, signed_in

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 9, 30, 1, 5, tzinfo=CHINA)


@pytest.fixture
def slices_of_one_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "SLICE", 0.0)
    monkeypatch.setattr(nightly, "_BATCH", 1)


def whole_night(now: datetime = NIGHT) -> int:
    """Number of slices."""
    slices = 1
    while nightly.verify_tonight(now):
        slices += 1
        assert slices < 100
    return slices


def result() -> tuple[int, int, int, list[tuple[str, str, int | None]]]:
    row = Verification.objects.get()
    assert row.nightly and row.report["ok"] is (row.findings == 0)
    found = [(finding["kind"], finding["chain"], finding["seq"]) for finding in row.report["findings"]]
    return row.chains, row.events, row.anchors, found


def test_once_a_night_and_not_before_one(keeper: Keeper) -> None:
    assert not nightly.verify_tonight(NIGHT - timedelta(minutes=10))
    assert not NightlyRun.objects.exists()
    for hours in (0, 1, 22):
        whole_night(NIGHT + timedelta(hours=hours))
    assert Verification.objects.count() == 1
    assert not nightly.verify_tonight(NIGHT + timedelta(hours=23, minutes=10)), "the next day, but too early"
    whole_night(NIGHT + timedelta(days=1))
    assert Verification.objects.count() == 2


@pytest.mark.usefixtures("slices_of_one_chain")
def test_slices_add_up_to_what_the_command_says(keeper: Keeper) -> None:
    keeper.chains_by_ref |= {f"帮{n}": build(f"帮{n}", ["一", "二"]) for n in range(3, 9)}
    anchors.anchor_due(NIGHT)
    assert whole_night() == 9, "eight chains, and the end"
    by_night = result()
    Verification.objects.all().delete()
    report = services.verify_database(NIGHT)
    assert by_night == (report.chains, report.events, report.anchors, []) == (8, 16, 1, [])


@pytest.mark.usefixtures("slices_of_one_chain")
def test_a_worker_killed_in_the_middle_is_gone_on_from(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper.chains_by_ref |= {f"帮{n}": build(f"帮{n}", ["一"]) for n in range(3, 9)}
    read: list[str] = []
    original = keeper.chains_after

    def noting(ref: str, limit: int) -> Any:
        found = original(ref, limit)
        read.extend(chain.ref for chain in found)
        return found

    monkeypatch.setattr(keeper, "chains_after", noting)
    for _ in range(3):
        nightly.verify_tonight(NIGHT)
    with monkeypatch.context() as killed:  # before it could commit its slice
        killed.setattr(nightly, "_sums", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            nightly.verify_tonight(NIGHT)
    whole_night(NIGHT + timedelta(days=1, hours=-3))  # the worker was away until the evening: yesterday's run ends
    assert sorted(read) == sorted([*keeper.chains_by_ref, "帮4"]), "the slice in hand is repeated, no other"
    assert result()[:2] == (8, 10)
    assert NightlyRun.objects.get().day == NIGHT.date()


def test_a_worker_that_slept_adds_nothing_twice(keeper: Keeper) -> None:
    """It begins, is held up, and wakes when another one has finished the same run."""
    original, woken = keeper.heads, []

    def heads() -> Any:
        if not woken:
            woken.append(True)
            nightly.verify_tonight(NIGHT)  # the other worker
        return original()

    keeper.heads = heads  # type: ignore[method-assign]
    nightly.verify_tonight(NIGHT)
    assert result()[0] == 2


@pytest.mark.usefixtures("slices_of_one_chain")
def test_everything_the_command_finds_is_found_at_night(keeper: Keeper) -> None:
    anchors.anchor_due(NIGHT)
    keeper.chains_by_ref["帮1"] = build("帮1", ["一", "改", "三"])
    del keeper.chains_by_ref["帮2"]
    keeper.chains_by_ref["帮3"] = build("帮3", ["一", "二"])[:1]
    keeper.rows["帮3"] = ("0" * 64, 2)
    whole_night()
    found = result()[3]
    assert found == [("anchor", "cases 帮1", 3), ("truncated", "cases 帮3", 2), ("missing", "cases 帮2", None)]
    Verification.objects.all().delete()
    at_once = services.verify_database(NIGHT).findings
    assert sorted(found, key=str) == sorted(((f.kind, f.chain, f.seq) for f in at_once), key=str)


@pytest.mark.usefixtures("slices_of_one_chain")
def test_erasures_are_counted_over_all_slices(keeper: Keeper) -> None:
    keeper.retention = {name: ("standard", datetime(2010, 1, 1, tzinfo=CHINA)) for name in keeper.chains_by_ref}
    nightly.verify_tonight(NIGHT)  # one chain is read before the erasure, one after
    erasure.erase("standard", datetime(2012, 1, 1, tzinfo=CHINA), "审计处", NIGHT)
    whole_night()
    assert result()[3] == []
    keeper.chains_by_ref["帮2"] = build("帮2", ["甲"])  # back again, as if never erased
    whole_night(NIGHT + timedelta(days=1))
    assert Verification.objects.order_by("-id")[0].report["findings"][0]["kind"] == "erasure"


def test_many_findings_are_counted_and_a_hundred_kept(keeper: Keeper) -> None:
    chains = {f"帮{n:04}": build(f"帮{n:04}", ["一"]) for n in range(250)}
    keeper.chains_by_ref, keeper.rows = chains, {name: ("0" * 64, 1) for name in chains}
    whole_night()
    row = Verification.objects.get()
    assert (row.findings, len(row.report["findings"])) == (250, 100)


def test_auditors_get_an_urgent_notice_and_nobody_else(keeper: Keeper) -> None:
    auditor, gone = reader("审计员", role="audit_admin"), reader("原审计员", role="audit_admin")
    gone.is_active = False
    gone.save()
    reader("系统员", role="system_admin")
    whole_night()
    assert not Notice.objects.exists(), "all was well"
    keeper.chains_by_ref["帮1"] = keeper.chains_by_ref["帮1"][1:]
    whole_night(NIGHT + timedelta(days=1))
    notice = Notice.objects.get()
    assert (notice.user_id, notice.urgent, notice.link) == (auditor.pk, True, "/audit/anchors/")
    assert "1处问题" in notice.title_zh and "1 finding;" in notice.title_en
    whole_night(NIGHT + timedelta(days=2))
    assert Notice.objects.count() == 2, "told again until it is mended"


@pytest.mark.usefixtures("slices_of_one_chain")
def test_the_page_shows_what_runs_and_what_was_found(keeper: Keeper) -> None:
    auditor = signed_in(reader("审计员", role="audit_admin"))
    nightly.verify_tonight(NIGHT)
    assert "已核验1条链" in auditor.get("/audit/anchors/").content.decode()
    whole_night()
    page = auditor.get("/audit/anchors/").content.decode()
    assert "每夜自动" in page and "历史完整" in page and "已核验1条链" not in page
    services.verify_database(NIGHT)
    assert "each night" in (page := auditor.get("/audit/anchors/", {"lang": "en"}).content.decode())
    assert page.count('<td class="nw">command</td>') == 1


def test_the_worker_has_it_among_its_jobs() -> None:
    from qinqing.messaging import jobs

    assert jobs._jobs["audit.verify"].fn is nightly.verify_tonight
