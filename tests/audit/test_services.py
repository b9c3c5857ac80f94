"""Logs, verification of the database, erasure, exports and the commands over them."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path

import pytest

from qinqing.__main__ import main
from qinqing.accounts.actor import Actor
from qinqing.audit import anchors, erasure, export, histories, services
from qinqing.audit.histories import Difference
from qinqing.audit.models import Erasure, ReadLog, SecurityLog, Verification
from qinqing.audit.verify import Report
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA
from tests.audit.chains import Keeper, build

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 30, 0, 5, tzinfo=CHINA)
WHO = Actor(7, "李玉兰", "officer")


def test_reads_are_logged_with_a_reason() -> None:
    services.log_read(WHO, "party.phone", "party:3", " 回访 ", NOW)
    row = ReadLog.objects.get()
    assert (row.user_id, row.user_name, row.what, row.object_ref, row.reason) == (
        7,
        "李玉兰",
        "party.phone",
        "party:3",
        "回访",
    )
    with pytest.raises(ValueError, match="reason"):
        services.log_read(WHO, "party.phone", "party:3", "  ", NOW)


def test_security_log_takes_nobody_and_long_names() -> None:
    services.log_security("refused", None, "10.0.0.1", "GET /x", NOW)
    services.log_security("refused", Actor(1, "名" * 200, "officer"), "a" * 200, "", NOW)
    assert [(row.user_id, len(row.user_name)) for row in SecurityLog.objects.order_by("id")] == [(None, 0), (1, 80)]


def test_verification_is_kept(keeper: Keeper) -> None:
    keeper.differences = [Difference(Label("stage: '办理' ≠ '受理'", "stage differs"))]
    report = services.verify_database(NOW)
    assert (report.chains, report.events) == (2, 4)
    assert [finding.kind for finding in report.findings] == ["state", "state"]
    kept = Verification.objects.get()
    assert (kept.findings, kept.report["ok"], len(kept.report["findings"])) == (2, False, 2)


def test_an_act_between_row_and_records_is_no_finding(keeper: Keeper) -> None:
    """The first reading saw the old row; the second sees both."""
    keeper.rows["帮1"] = (build("帮1", ["一"])[0].hash, 1)
    original = keeper.chains

    def rereading(ref: str | None = None):  # type: ignore[no-untyped-def]
        if ref is not None:
            keeper.rows.clear()
        yield from original(ref)

    keeper.chains = rereading  # type: ignore[method-assign]
    assert services.verify_database(NOW).findings == []


def retained(keeper: Keeper) -> None:
    keeper.retention = {
        "帮1": ("standard", datetime(2016, 9, 29, 12, tzinfo=CHINA)),
        "帮2": ("standard", datetime(2016, 9, 30, 12, tzinfo=CHINA)),
    }


def test_erasure_by_class_leaves_chains_whole_and_is_recorded(keeper: Keeper) -> None:
    retained(keeper)
    due = {each.retention.code: each for each in erasure.due_for_erasure(NOW)}
    assert due["standard"].before == datetime(2016, 9, 30, tzinfo=CHINA)
    assert (due["standard"].counts, due["long"].total) == ({"cases": 2}, 0)
    assert erasure.erase("standard", due["standard"].before, "审计员", NOW) == 2
    row = Erasure.objects.get()
    assert (row.history, row.retention, row.count, row.user_name) == ("cases", "standard", 2, "审计员")
    report = services.verify_database(NOW)
    assert (report.findings, report.erased) == ([], 2)


def test_erasure_works_in_batches(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    retained(keeper)
    monkeypatch.setattr(erasure, "_BATCH", 1)
    assert erasure.erase("standard", datetime(2016, 9, 30, tzinfo=CHINA), "审计员", NOW) == 2
    assert list(Erasure.objects.values_list("count", flat=True)) == [1, 1]


def test_erasure_refuses_what_must_be_kept(keeper: Keeper) -> None:
    with pytest.raises(erasure.ErasureError, match="10"):
        erasure.erase("standard", datetime(2016, 9, 30, 1, tzinfo=CHINA), "审计员", NOW)
    with pytest.raises(erasure.ErasureError, match="standard"):
        erasure.preview("nothing", NOW, NOW)


def test_what_was_erased_without_a_record_is_found(keeper: Keeper) -> None:
    retained(keeper)
    keeper.erase("standard", datetime(2020, 1, 1, tzinfo=CHINA), NOW, 10)
    assert [finding.kind for finding in services.verify_database(NOW).findings] == ["erasure"]


def test_a_leap_day_has_a_limit_too() -> None:
    retention = erasure.retention_classes()["standard"]
    assert retention.kept_until(datetime(2028, 2, 29, 8, tzinfo=CHINA)) == datetime(2018, 2, 28, tzinfo=CHINA)


def exported(keeper: Keeper, *, complete: bool = True) -> list[str]:
    file = io.StringIO()
    views = list(anchors.files())
    chains = [(name, chain) for name, history in histories.registered().items() for chain in history.chains()]
    if not complete:
        views, chains = list(export.proofs_for("cases", "帮1", views)), [chains[0]]
    export.write(file, chains, views, NOW, complete=complete)
    return file.getvalue().splitlines()


def kinds(lines: list[str]) -> list[str]:
    return [finding.kind for finding in export.verify(lines).findings]


def test_an_export_verifies_alone(keeper: Keeper) -> None:
    anchors.anchor_due(NOW)
    lines = exported(keeper)
    report: Report = export.verify(lines)
    assert (report.chains, report.events, report.anchors, report.findings) == (2, 4, 1, [])


def test_an_export_of_one_chain_proves_its_anchor_and_names_no_other(keeper: Keeper) -> None:
    anchors.anchor_due(NOW)
    lines = exported(keeper, complete=False)
    assert kinds(lines) == []
    assert "帮2" not in "".join(lines)
    bad = json.loads(lines[1])
    bad["root"] = "0" * 64
    assert kinds([lines[0], json.dumps(bad), *lines[2:]]) == ["anchor"]


def test_a_tampered_or_cut_export_is_found(keeper: Keeper) -> None:
    anchors.anchor_due(NOW)
    lines = exported(keeper)
    assert kinds(lines[:-1]) == ["export"]
    assert "truncated" in kinds([*lines[:5], *lines[6:]])
    assert "payload" in kinds([line.replace('"payload":"一"', '"payload":"二"') for line in lines])
    chain2 = next(i for i, line in enumerate(lines) if '"ref":"帮2"' in line)
    assert kinds([*lines[:chain2], *lines[chain2 + 2 :]]) == ["missing", "export"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not json", '{"kind":"event"}', '{"kind":"export","format":9}'])
def test_what_is_no_export_is_refused_by_line(text: str) -> None:
    with pytest.raises(export.ExportError, match="1"):
        export.verify([text])


def test_commands(keeper: Keeper, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "anchor"]) == 0
    assert main(["audit", "anchor", "--day", "2999-01-01"]) == 2
    assert main(["audit", "verify"]) == 0
    assert "2条链" in capsys.readouterr().out
    whole, single = str(tmp_path / "all.jsonl"), str(tmp_path / "one.jsonl")
    assert main(["audit", "export", whole]) == 0
    assert main(["audit", "export", whole]) == 2, "an export is never written over"
    assert main(["audit", "export", single, "--case", "帮1"]) == 0
    assert main(["audit", "export", str(tmp_path / "none"), "--case", "没有"]) == 2
    assert SecurityLog.objects.filter(event="audit.export").count() == 2
    capsys.readouterr()
    assert main(["audit", "verify", whole, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chains"] == 2
    text = Path(single).read_text(encoding="utf-8").replace('"payload":"一"', '"payload":"二"')
    Path(single).write_text(text, encoding="utf-8")
    assert main(["audit", "verify", single]) == 1
    assert "帮1" in capsys.readouterr().out
    assert main(["audit", "verify", str(tmp_path / "nowhere")]) == 2


def test_erase_command_previews_first(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    retained(keeper)
    assert main(["audit", "erase"]) == 0
    command = ["audit", "erase", "--class", "standard", "--before", "2016-09-30"]
    assert main(command) == 0
    assert not Erasure.objects.exists()
    assert main([*command, "--confirm"]) == 0
    assert Erasure.objects.get().count == 2
    assert main([*command[:3], "standard", "--before", "2999-01-01"]) == 2
