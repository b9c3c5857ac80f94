"""History from a CSV: every kind of bad row named, the rest in, importing again changes nothing, chains whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.appeals import history_import
from qinqing.appeals.commands import add_commands
from qinqing.appeals.history_import import Imported, bring_in
from qinqing.appeals.message_rows import moment
from qinqing.appeals.models import Alike, ColumnMapping, Writer
from qinqing.audit.services import verify_database
from qinqing.cases.models import Case, Event, Payload, Rung, Task
from qinqing.directory.models import Party, Unit
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.identifiers import Invalid
from qinqing.lib.wallclock import CHINA

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
REAL = Path(__file__).parents[2] / "../shared/data/appeals/messages_with_replies.csv"
HEADER = ["message_id", "user_id", "topic", "sent_at", "text", "reply", "replied_at"]
GOOD = ["1", "A1", "路灯不亮", "2019/4/25 9:32:09", "我家门口路灯三个月不亮。", "已修复。", "2019/5/10 14:56:53"]
Make = Callable[..., Path]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def desks(db: None) -> None:
    for code in ("window", "supervision", "leadership"):
        Unit.objects.create(code=code, name=code, kind="desk", desk=code)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(*rows: list[str], header: list[str] | None = None, encoding: str = "utf-8", name: str = "m.csv") -> Path:
        text = io.StringIO()
        csv.writer(text).writerows([header or HEADER, *rows])
        path = tmp_path / name
        path.write_bytes(text.getvalue().encode(encoding))
        return path

    return write


def row(**changes: str) -> list[str]:
    return list({**dict(zip(HEADER, GOOD, strict=True)), **changes}.values())


def load(path: Path, **more: Any) -> Imported:
    return bring_in(path, more.pop("given", {}), more.pop("source", "messages"), more.pop("now", NOW), **more)


def verified() -> int:
    report = verify_database(NOW)
    assert report.findings == []
    return report.chains


class TestHistory:
    def test_times_are_theirs_and_recorded_now(self, make: Make) -> None:
        done = load(make(GOOD))
        assert (done.rows, done.new, done.same, done.bad, done.day_only) == (1, 1, 0, 0, 0)
        case = Case.objects.get()
        assert (case.number, case.imported, case.title, case.outcome) == (
            "留2019-00001", "messages:1", "路灯不亮", "replied",
        )  # fmt: skip
        assert case.opened_at == datetime(2019, 4, 25, 9, 32, 9, tzinfo=CHINA)
        assert case.closed_at == datetime(2019, 5, 10, 14, 56, 53, tzinfo=CHINA)
        events = Event.objects.order_by("seq")
        assert [(event.action, event.occurred_at, event.recorded_at) for event in events] == [
            ("open", case.opened_at, NOW),
            ("reply", case.closed_at, NOW),
        ]
        assert verified() == 1

    def test_nothing_is_left_to_do_or_to_fire(self, make: Make) -> None:
        load(make(GOOD))
        assert not Rung.objects.filter(fired_at=None).exists()
        assert not Task.objects.filter(state="open").exists()

    def test_nothing_of_the_row_is_lost(self, make: Make) -> None:
        header = [*HEADER, "领域", "", "编号备注"]
        long_topic = "很长的主题" * 30
        done = load(make([*row(topic=long_topic, text="第一行\r\n第二行"), "城建", "", "甲"], header=header))
        assert done.ignored == ("领域", "编号备注")
        said = [json.loads(p.body or "")["texts"] for p in Payload.objects.order_by("event__seq")]
        assert said == [
            {
                "text": "第一行\n第二行",
                "topic": long_topic,
                "author": "A1",
                "other_columns": "领域：城建\n编号备注：甲",
            },
            {"reply": "已修复。"},
        ]

    def test_numbers_follow_the_time_of_the_message(self, make: Make) -> None:
        load(make(row(message_id="9", sent_at="2019/4/26 8:00"), row(), row(message_id="5", sent_at="2018/1/2 8:00")))
        numbers = Case.objects.order_by("opened_at").values_list("imported", "number")
        assert list(numbers) == [
            ("messages:5", "留2018-00001"), ("messages:1", "留2019-00001"), ("messages:9", "留2019-00002"),
        ]  # fmt: skip

    def test_one_party_for_one_writer_of_one_source(self, make: Make) -> None:
        path = make(row(), row(message_id="2"), row(message_id="3", user_id=""), row(message_id="4", user_id=""))
        load(path)
        load(path, source="other")
        assert Writer.objects.count() == 2  # A1 of each source: nobody says they are one person
        assert Party.objects.filter(kind="unnamed").count() == Party.objects.count() == 2 + 4
        first, second = Case.objects.filter(imported__in=["messages:1", "messages:2"])
        assert first.party_id == second.party_id

    def test_a_day_without_hour_counts_against_the_office(self, make: Make) -> None:
        done = load(make(row(sent_at="2018/4/20", replied_at="2018年4月24日")))
        case = Case.objects.get()
        assert case.opened_at == datetime(2018, 4, 20, tzinfo=CHINA)
        assert case.closed_at == datetime(2018, 4, 24, 23, 59, 59, tzinfo=CHINA)
        assert json.loads(case.state)["fields"] == {"sent_day_only": True, "reply_day_only": True}
        assert done.day_only == 1

    def test_a_reply_of_today_without_hour_is_not_in_the_future(self, make: Make) -> None:
        assert load(make(row(sent_at="2026/9/28", replied_at="2026/9/29"))).bad == 0
        assert Case.objects.get().closed_at == NOW

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_encodings(self, make: Make, encoding: str) -> None:
        rare = "䶮某反映：㙍塘村道路不平"  # characters that GBK does not have
        assert load(make(row(text=rare), encoding=encoding)).new == 1
        assert json.loads(Payload.objects.get(event__seq=1).body or "")["texts"]["text"] == rare


class TestAgain:
    def test_importing_again_changes_nothing(self, make: Make) -> None:
        path = make(row(), row(message_id="2", user_id=""))
        load(path)
        before = list(Event.objects.values_list("hash", flat=True)), Party.objects.count()
        done = load(path)
        assert (done.new, done.same, done.bad) == (0, 2, 0)
        assert (list(Event.objects.values_list("hash", flat=True)), Party.objects.count()) == before

    def test_only_what_is_new_comes_in(self, make: Make) -> None:
        load(make(row()))
        done = load(make(row(), row(message_id="2")))
        assert (done.new, done.same) == (1, 1)
        assert verified() == 2

    @pytest.mark.parametrize(
        "change", [{"text": "另一件事"}, {"reply": "改了"}, {"replied_at": "2019/5/11 8:00"}, {"topic": "另题"}]
    )
    def test_history_is_not_rewritten_and_the_row_is_named(self, make: Make, change: dict[str, str]) -> None:
        load(make(row()))
        done = load(make(row(**change)))
        assert (done.new, done.same, done.bad) == (0, 0, 1)
        assert (done.faults[0].row, done.faults[0].column, done.faults[0].value) == (2, "message_id", "1")
        assert "--source" in done.faults[0].mend.zh

    def test_after_erasure_a_known_message_stays_known(self, make: Make) -> None:
        load(make(row()))
        Payload.objects.update(body=None, salt="", erased_at=NOW)
        assert load(make(row())).same == 1

    def test_an_unanswered_message_comes_in_once_it_is_answered(self, make: Make) -> None:
        done = load(make(row(reply="", replied_at=""), row(message_id="2")))
        assert (done.new, done.unanswered, done.unanswered_rows, done.bad) == (1, 1, [2], 0)
        assert load(make(row(), row(message_id="2"))).new == 1

    def test_faster_elsewhere(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two imports at once: the other's message shows up only when ours collides with it."""
        load(make(row()))
        monkeypatch.setattr(history_import, "_known", lambda messages, source: {})
        done = load(make(row()))
        assert (done.new, done.same) == (0, 1)
        assert verified() == 1

    def test_check_writes_nothing(self, make: Make) -> None:
        done = load(make(row(), row(message_id="2", sent_at="?")), check_only=True)
        assert (done.new, done.bad) == (1, 1)
        assert not Case.objects.exists()
        assert not Party.objects.exists()


BAD = [
    ({"message_id": ""}, "message_id", "", "不能为空"),
    ({"message_id": "x" * 71}, "message_id", "x" * 40, "不超过70字"),
    ({"user_id": "x" * 101}, "user_id", "x" * 40, "不超过100字"),
    ({"text": " "}, "text", "", "不能为空"),
    ({"reply": ""}, "reply", "", "不能为空"),
    ({"replied_at": ""}, "replied_at", "", "不能为空"),
    ({"sent_at": ""}, "sent_at", "", "不能为空"),
    ({"sent_at": "去年四月"}, "sent_at", "去年四月", "2019/4/25 9:32:09"),
    ({"sent_at": "2019/2/30 9:00"}, "sent_at", "2019/2/30 9:00", "没有这一天"),
    ({"sent_at": "2019/2/3 25:00"}, "sent_at", "2019/2/3 25:00", "没有这一天"),
    ({"replied_at": "43595.6"}, "replied_at", "43595.6", "2019/4/25 9:32:09"),
    ({"replied_at": "2027/1/1 9:00"}, "replied_at", "2027/1/1 9:00", "晚于现在"),
    ({"sent_at": "1998/1/1 9:00"}, "sent_at", "1998/1/1 9:00", "早于工作日历"),
    ({"replied_at": "2019/4/25 9:32:08"}, "replied_at", "2019/4/25 9:32:08", "早于留言时间"),
    ({"text": "字" * 10_001}, "text", "字" * 40, "超出1字"),
    ({"reply": "坏\x07"}, "reply", "坏\x07", "控制字符"),
]


class TestBadRows:
    @pytest.mark.parametrize(("change", "column", "value", "mend"), BAD)
    def test_named_with_row_column_value_and_mend(
        self, make: Make, change: dict[str, str], column: str, value: str, mend: str
    ) -> None:
        done = load(make(row(message_id="0"), row(**change), row(message_id="2")))
        assert (done.rows, done.new, done.bad) == (3, 2, 1)
        (fault,) = done.faults
        assert (fault.row, fault.column, fault.value) == (3, column, value)
        assert mend in fault.mend.zh
        assert fault.mend.en.isascii()
        assert verified() == 2

    def test_every_fault_of_a_row_at_once(self, make: Make) -> None:
        done = load(make(row(sent_at="x", replied_at="y", text="")))
        assert {fault.column for fault in done.faults} == {"sent_at", "replied_at", "text"}
        assert done.bad == 1

    def test_the_same_number_twice_in_a_file(self, make: Make) -> None:
        done = load(make(row(), row(text="另一件")))
        assert (done.new, done.bad) == (1, 1)
        assert "第2行" in done.faults[0].mend.zh

    def test_a_row_with_too_many_cells(self, make: Make) -> None:
        done = load(make([*row(), "多出"], row(message_id="2")))
        assert (done.new, done.bad, done.faults[0].value) == (1, 1, "多出")

    def test_a_row_with_too_few_cells(self, make: Make) -> None:
        done = load(make(GOOD[:4]))
        assert done.faults[0].column == "text"

    def test_empty_rows_keep_the_numbers(self, make: Make) -> None:
        assert load(make([""] * 7, row(sent_at="?"))).faults[0].row == 3


class TestColumns:
    def test_chinese_headers_are_recognised(self, make: Make) -> None:
        header = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"]
        assert load(make(GOOD, header=header)).new == 1

    def test_a_mapping_says_the_rest(self, make: Make) -> None:
        path = make(GOOD, header=["号", "谁", "主题", "何时", "说", "答", "答于"])
        given = {"号": "id", "谁": "-", "何时": "sent_at", "说": "text", "答": "reply", "答于": "replied_at"}
        assert load(path, given=given).ignored == ()
        assert not Writer.objects.exists()

    def test_a_mapping_overrules_a_recognised_header(self, make: Make) -> None:
        path = make(["别的", *GOOD[1:], "1"], header=[*HEADER, "真号"])
        done = load(path, given={"真号": "id"})
        assert done.ignored == ("message_id",)
        assert Case.objects.get().imported == "messages:1"

    @pytest.mark.parametrize(
        ("header", "given", "said"),
        [
            (HEADER[1:], {}, "没有编号列"),
            (HEADER, {"没有": "id"}, "没有“没有”这一列"),
            (HEADER, {"topic": "nonsense"}, "没有“nonsense”这一项"),
            ([*HEADER, "留言编号"], {}, "两列都是编号"),
        ],
    )
    def test_what_cannot_be_read_is_refused_whole(
        self, make: Make, header: list[str], given: dict[str, str], said: str
    ) -> None:
        with pytest.raises(Invalid, match=said):
            load(make(GOOD, header=header), given=given)

    def test_no_csv_no_window_no_rows(self, make: Make, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="CSV"):
            load(make(GOOD, name="m.xlsx"))
        (tmp_path / "empty.csv").write_bytes(b"")
        with pytest.raises(Invalid, match="空的"):
            load(tmp_path / "empty.csv")
        Unit.objects.all().delete()
        with pytest.raises(Invalid, match="load-county"):
            load(make(GOOD))


class TestMoments:
    @pytest.mark.parametrize(
        "text", ["2019/4/5 9:03:07", "2019-04-05 09:03:07", "2019-04-05T09:03:07", "2019年4月5日 9时3分7秒"]
    )
    def test_ways_of_writing(self, text: str) -> None:
        assert moment(text) == (datetime(2019, 4, 5, 9, 3, 7, tzinfo=CHINA), False)

    @given(st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(microsecond=0)))  # noqa: DTZ001
    def test_what_is_written_is_read(self, at: datetime) -> None:
        assert moment(f"{at:%Y/%m/%d %H:%M:%S}") == (at.replace(tzinfo=CHINA), False)

    @given(st.text(max_size=20))
    def test_anything_else_is_refused_and_never_breaks(self, text: str) -> None:
        try:
            moment(text)
        except Invalid as error:
            assert error.label.en.isascii()


def command(*words: str) -> int:
    cli = Cli("qinqing")
    add_commands(cli)
    arguments = cli.parser.parse_args(["appeals", *words])
    return arguments.run(arguments) or 0


class TestCommand:
    def test_prints_what_was_done_and_which_cells_are_bad(
        self, make: Make, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        faults = tmp_path / "faults.csv"
        path = make(row(), row(message_id="2", sent_at="?"), row(message_id="3", reply="", replied_at=""))
        assert command("import", str(path), "--faults", str(faults)) == 1
        out = capsys.readouterr()
        assert "共3行：新导入1，已有0，无答复未导入1，有误1" in out.out
        assert "第3行 sent_at '?'" in out.out
        assert "无答复的行：4" in out.out
        assert "1／1" in out.err
        assert "第3行" not in faults.read_text("utf-8-sig")
        assert faults.read_text("utf-8-sig").splitlines()[1].startswith("3,sent_at,?,")

    def test_saved_mapping(self, make: Make, capsys: pytest.CaptureFixture[str]) -> None:
        path = str(make(GOOD, header=["号", *HEADER[1:]]))
        assert command("import", path, "--map", "号=id", "--source", "board", "--save-mapping", "市长信箱") == 0
        assert ColumnMapping.objects.get().columns == {"号": "id"}
        assert command("import", path, "--mapping", "市长信箱", "--json", "--lang", "en") == 0
        assert json.loads(capsys.readouterr().out.splitlines()[-1])["same"] == 1
        assert Case.objects.get().imported == "board:1"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["none.csv"], "没有文件"),
            (["{path}", "--mapping", "无"], "没有名为“无”的列对应"),
            (["{path}", "--map", "id"], "列名=项"),
            (["{path}", "--source", "a b"], "--source"),
            (["{path}", "--map", "topic=x"], "没有“x”这一项"),
        ],
    )
    def test_bad_input_is_one_clear_error(self, make: Make, words: list[str], said: str) -> None:
        path = str(make(GOOD))
        with pytest.raises(CommandError, match=said):
            command("import", *[word.format(path=path) for word in words])
        assert not Case.objects.exists()


def test_the_first_real_messages(tmp_path: Path) -> None:
    """400 of them come in as written; chains whole; again changes nothing."""
    if not REAL.is_file():
        pytest.skip(f"no data at {REAL}")
    first = tmp_path / "first.csv"
    with REAL.open(encoding="utf-8-sig", newline="") as whole, first.open("w", encoding="utf-8", newline="") as part:
        csv.writer(part).writerows(islice(csv.reader(whole), 401))
    done = load(first)
    assert (done.rows, done.new, done.bad, done.unanswered) == (400, 400, 0, 0)
    assert verified() == 400
    assert load(first).same == 400


@pytest.mark.long
def test_the_real_messages() -> None:
    """All 2,816 of them, with the one reply that has no hour; chains whole; again changes nothing."""
    if not REAL.is_file():
        pytest.skip(f"no data at {REAL}")
    done = load(REAL)
    assert (done.rows, done.new, done.bad, done.unanswered, done.day_only) == (2816, 2816, 0, 0, 1)
    assert verified() == 2816
    assert Party.objects.count() == 2559
    assert Alike.objects.exists()
    assert load(REAL).same == 2816
