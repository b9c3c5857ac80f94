"""The daily anchor: once a day, files that are never written over, late starts, crashes between file and row."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection

from qinqing.audit import anchors
from qinqing.audit.chain import merkle_root
from qinqing.audit.models import Anchor
from qinqing.audit.services import verify_database
from qinqing.lib.wallclock import CHINA
from tests.audit.chains import Keeper, build
from tests.audit.unguarded import unguarded

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 30, 0, 5, tzinfo=CHINA)
DAY = date(2026, 9, 29)


def kinds() -> list[tuple[str, str]]:
    return [(finding.kind, finding.chain) for finding in verify_database(NOW).findings if finding.kind != "unguarded"]


def test_an_anchor_holds_all_heads_and_is_made_once(keeper: Keeper) -> None:
    first = anchors.make_anchor(DAY, NOW)
    keeper.chains_by_ref["帮3"] = build("帮3", ["乙"])
    assert anchors.make_anchor(DAY, NOW + timedelta(hours=1)) == first
    (view,) = anchors.files()
    assert first.chains == 2
    assert view.leaves is not None
    assert first.root == view.root == merkle_root(view.leaves)
    assert (settings.HOME / first.leaves_file).read_text(encoding="utf-8").splitlines()[1:] == list(view.leaves)
    assert kinds() == []


def test_the_next_anchor_holds_what_moved_and_the_root_before_it(keeper: Keeper) -> None:
    first = anchors.make_anchor(DAY, NOW)
    keeper.chains_by_ref["帮1"] = build("帮1", ["一", None, "三", "四"])
    second = anchors.make_anchor(DAY + timedelta(days=1), NOW + timedelta(days=1))
    leaves = list(anchors.files())[1].leaves or ()
    assert [line.split("\t")[:3] for line in leaves] == [["previous", str(DAY), first.root], ["cases", "帮1", "4"]]
    assert second.chains == 1
    assert kinds() == []


def test_a_late_start_makes_yesterdays_anchor_only(keeper: Keeper) -> None:
    anchors.anchor_due(NOW)
    assert anchors.anchor_due(NOW + timedelta(days=5, hours=9)) is False
    assert [str(day) for day in Anchor.objects.values_list("day", flat=True)] == ["2026-09-29", "2026-10-04"]
    with pytest.raises(anchors.AnchorError, match="2026-10-04"):
        anchors.make_anchor(date(2026, 10, 1), NOW + timedelta(days=6))


def test_a_day_that_is_not_over_has_no_anchor(keeper: Keeper) -> None:
    with pytest.raises(anchors.AnchorError, match="2026-09-30"):
        anchors.make_anchor(NOW.date(), NOW)
    almost = datetime(2026, 9, 29, 16, 5, tzinfo=CHINA)  # 29 September in China, whatever UTC says
    with pytest.raises(anchors.AnchorError):
        anchors.make_anchor(DAY, almost)


def test_a_crash_between_file_and_row_is_mended_by_the_next_run(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Anchor] = []
    monkeypatch.setattr(anchors, "_on_anchor", [told.append])
    with monkeypatch.context() as crash:
        crash.setattr(anchors, "adopt_files", lambda now: None)
        with pytest.raises(Anchor.DoesNotExist):
            anchors.make_anchor(DAY, NOW)
    assert kinds() == [("anchor", "")]
    keeper.chains_by_ref["帮3"] = build("帮3", ["乙"])  # the file stays what it was
    anchors.anchor_due(NOW)
    assert [(anchor.day, anchor.chains) for anchor in told] == [(DAY, 2)]
    assert kinds() == []


def test_a_rewritten_or_vanished_chain_is_found(keeper: Keeper) -> None:
    anchors.make_anchor(DAY, NOW)
    keeper.chains_by_ref["帮1"] = build("帮1", ["一", None, "改过"])
    assert kinds() == [("anchor", "cases 帮1")]
    del keeper.chains_by_ref["帮1"]
    assert kinds() == [("missing", "cases 帮1")]


def test_changed_or_lost_anchor_files_and_rows_are_found(keeper: Keeper) -> None:
    anchor = anchors.make_anchor(DAY, NOW)
    path = settings.HOME / anchor.leaves_file
    text = path.read_text(encoding="utf-8")
    path.chmod(0o644)
    path.write_text(text + "cases\t帮9\t1\tabc\n", encoding="utf-8")
    assert kinds() == [("anchor", ""), ("missing", "cases 帮9")]
    path.unlink()
    assert kinds() == [("anchor", "")]
    path.write_text(text, encoding="utf-8")
    assert kinds() == []
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_anchor")
    assert kinds() == [("anchor", "")]


def test_a_damaged_file_without_row_stops_the_anchor(keeper: Keeper) -> None:
    (settings.HOME / "anchors").mkdir()
    (settings.HOME / "anchors" / "2026-09-28.txt").write_text("half a fi", encoding="utf-8")
    with pytest.raises(anchors.AnchorError, match=r"2026-09-28\.txt"):
        anchors.make_anchor(DAY, NOW)
