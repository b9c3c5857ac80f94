"""`qinqing clock due` and `qinqing calendar check`, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qinqing.config.commands import add_commands
from qinqing.lib.cli import Cli, CommandError


def run(*words: str) -> int:
    cli = Cli("qinqing")
    add_commands(cli)
    arguments = cli.parser.parse_args(words)
    return arguments.run(arguments) or 0


def test_json_has_exactly_three_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clock", "due", "--from", "2026-09-29T10:20", "--working-days", "3", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["due", "provisional", "steps"]
    assert (answer["due"], answer["provisional"]) == ("2026-10-09T17:00:00+08:00", False)
    assert answer["steps"][2] == {
        "first": "2026-10-01",
        "last": "2026-10-07",
        "kind": "off",
        "number": None,
        "note": {"zh": "国庆节休", "en": "off: National Day"},
    }


@pytest.mark.parametrize(
    ("words", "due"),
    [
        (["--from", "2026-09-29T02:20+00:00", "--working-days", "5"], "2026-10-12T17:00:00+08:00"),
        (["--from", "2026-09-29T10:20Z", "--office-hours", "0.5"], "2026-09-30T09:00:00+08:00"),
        (["--from", "2026-09-29T10:20", "--elapsed", "1h"], "2026-09-29T11:20:00+08:00"),
        (
            ["--from", "2026-09-21T10:15", "--working-days", "5", "--suspend", "2026-09-23T08:30/2026-09-24T08:30"],
            "2026-09-30T17:00:00+08:00",
        ),
        (["--from", "2026-09-21T10:15", "--working-days", "5", "--suspend", "2026-09-23T08:30/"], None),
    ],
)
def test_limits(words: list[str], due: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    run("clock", "due", *words, "--json")
    assert json.loads(capsys.readouterr().out)["due"] == due


def test_people_read_every_day_and_the_law(capsys: pytest.CaptureFixture[str]) -> None:
    run("clock", "due", "--from", "2026-12-30T10:00", "--working-days", "2")
    said = capsys.readouterr().out
    for part in ("2027-01-04（周一）17:00到期", "当日不计", "元旦休", "暂定：2027年起", "《民法典》第201条", "cn-2026"):
        assert part in said
    run("clock", "due", "--from", "2026-12-30T10:00", "--working-days", "2", "--language", "en")
    said = capsys.readouterr().out
    for part in ("Due 2027-01-04 (Mon) 17:00", "off: New Year's Day", "Provisional", "Civil Code"):
        assert part in said


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--from", "tomorrow", "--working-days", "3"], "--from: “tomorrow”不是时间"),
        (["--from", "2026-09-29", "--working-days", "0"], "--working-days: "),
        (["--from", "2026-09-29", "--working-days", "three"], "--working-days: "),
        (["--from", "2026-09-29", "--office-hours", "-1"], "--office-hours: "),
        (["--from", "2026-09-29", "--elapsed", "soon"], "--elapsed: "),
        (["--from", "2026-09-29", "--elapsed", "1h", "--suspend", "2026-09-29"], "--suspend: "),
        (["--from", "2026-09-29", "--elapsed", "1h", "--suspend", "x/y"], "--suspend: "),
        (["--from", "2026-09-29", "--elapsed", "1h", "--suspend", "2026-09-30/2026-09-29"], "结束早于开始"),
        (["--from", "1999-09-29", "--working-days", "3"], "只载2004年至2035年"),
        (["--from", "2026-09-29", "--working-days", "3", "--calendar", "no-such-file"], "--calendar: no-such-file"),
    ],
)
def test_bad_input_names_the_argument(words: list[str], problem: str) -> None:
    with pytest.raises(CommandError) as caught:
        run("clock", "due", *words)
    assert problem in str(caught.value)


def test_calendar_check_shows_what_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "notice.csv"
    file.write_text(
        "# revision: cn-2027\n# published_until: 2027\n# office: 09:00-12:00 13:00-17:00\n"
        "day,working,name\n2027-02-09,false,春节\n2027-02-20,true,春节\n",
        encoding="utf-8",
    )
    run("calendar", "check", str(file))
    said = capsys.readouterr().out
    assert "日历cn-2027可用：公布至2027年，比cn-2026变动2天" in said
    assert "2027-02-09（周二）  上班改为休息（春节）" in said
    assert "办公时间改为09:00-12:00 13:00-17:00" in said
    run("clock", "due", "--from", "2027-02-04T10:00", "--working-days", "1", "--calendar", str(file), "--json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["due"], answer["provisional"]) == ("2027-02-10T17:00:00+08:00", False)


def test_calendar_check_refuses_a_bad_file(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("day,working,name\n2027-02-30,false,春节\n", encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        run("calendar", "check", str(file))
    assert "第2行：日期“2027-02-30”不对" in str(caught.value) and "缺日历版本名" in str(caught.value)
