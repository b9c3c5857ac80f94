"""The leader's page of a county at work: every number equals the cases behind its link; the report on paper."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from qinqing.accounts.models import User
from qinqing.cases.models import Case
from qinqing.directory.models import Unit
from qinqing.insight import measuring, recounting, weekly
from qinqing.insight.commands import add_commands
from qinqing.insight.indicators import shelf
from qinqing.insight.measuring import Scope
from qinqing.insight.models import CaseFigure
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import speaking
from qinqing.site.demo.county import settle
from qinqing.site.demo.playing import play_many
from qinqing.ui import periods
from tests.conftest import Clock
from tests.stories.steps import TUESDAY
from tests.ui.pdf_text import pages_of, text_of
from tests.ui.sheet_files import table
from tests.worlds import Once

pytestmark = pytest.mark.django_db
CASES = 90


@pytest.fixture(scope="module")
def played(once: Once) -> None:
    """A county at work for a month, for all tests of this file."""
    once(_play)


def _play() -> None:
    settle(TUESDAY)
    play_many(CASES, 5, TUESDAY, days=30)
    list(recounting.rebuild())


@pytest.fixture
def leader(played: None, client: Client, clock: Clock) -> Client:
    """Its leader at the door, on Tuesday."""
    clock.set(TUESDAY)
    client.force_login(User.objects.get(username="ma.yutong"))
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def behind(client: Client, address: str) -> int:
    """How many cases the list behind a link says it has, and has."""
    text = page(client, address)
    said = int(re.findall(r"· ([\d,]+)件</span>", text)[0].replace(",", ""))
    assert text.count("data-row") == min(said, 50), address
    return said


def test_every_number_on_the_page_is_the_count_behind_its_link(leader: Client) -> None:
    compared = 0
    for kind in ("week", "month", "year"):
        text = page(leader, f"/leader/?of={kind}")
        links = re.findall(r'<a ([^>]*)href=["\'](/figures/[^"\']+)["\']([^>]*)>(.*?)</a>', text, re.DOTALL)
        assert len(links) > 40
        for before, href, after, inner in dict.fromkeys(links):
            told = _number(before + after, inner)
            if told is None:
                continue
            assert behind(leader, unescape(href)) == told, f"{kind}: {href} says {told}"
            compared += 1
    assert compared > 150


def _number(attributes: str, inner: str) -> int | None:
    """What a link says it counts: its own number, or the last one of a drawing's words; None for words and shares."""
    if label := re.search(r'aria-label="([^"]*)"', attributes):
        said = re.findall(r"([\d,]+)件$", label[1])
        return int(said[0].replace(",", "")) if said else None
    plain = re.sub(r"<[^>]+>", "", inner).strip()
    found = re.fullmatch(r"([\d,]+)件?(?:红灯)?", plain)
    return int(found[1].replace(",", "")) if found and "%" not in plain else None


def test_numerator_and_rest_make_the_whole(leader: Client) -> None:
    period = periods.period_of("month", TUESDAY.date())
    for indicator in shelf().values():
        scope = Scope(TUESDAY, period)
        if indicator.hits is None:
            continue
        parts = [measuring.cases_behind(indicator, scope, part) for part in measuring.PARTS]
        whole, hits, missed = ({row.pk for row in part} for part in parts)
        assert hits | missed == whole
        assert not hits & missed
        share = measuring.share(indicator, scope)
        assert (share.total, share.hits) == (len(whole), len(hits))
        by = measuring.shares(indicator, scope)
        assert by.whole == share
        assert (
            sum(one.total for one in by.units.values()) == sum(one.total for one in by.channels.values()) == len(whole)
        )


def test_counted_by_hand(leader: Client) -> None:
    """The same figures straight from the rows, in Python."""
    rows, period = (
        list(CaseFigure.objects.filter(procedure__in=["hard_case", "card"])),
        periods.period_of("month", TUESDAY.date()),
    )
    scope = Scope(TUESDAY, period)
    due = [r for r in rows if r.feedback_due and period.start <= r.feedback_due < TUESDAY
           and (r.on_time is not None or r.closed_at is None)]  # fmt: skip
    assert measuring.share(shelf()["on_time_feedback"], scope) == measuring.Share(
        sum(r.on_time is True for r in due), len(due)
    )
    assert len(due) >= 20
    reds = [r for r in rows if r.closed_at is None and not r.held and r.due_at and r.due_at < TUESDAY]
    assert measuring.count(shelf()["reds_now"], scope) == len(reds) > 0
    told = measuring.spreads(shelf()["time_to_feedback"], scope, "lead_id")
    for lead in Unit.objects.filter(pk__in=told):
        minutes = sorted(r.working_minutes for r in rows if r.lead_id == lead.pk and r.feedback_at
                         and r.working_minutes is not None and period.start <= r.feedback_at)  # fmt: skip
        spread = told[lead.pk]
        assert (spread.total, spread.median) == (len(minutes), minutes[(len(minutes) + 1) // 2 - 1])
        assert spread.p90 == minutes[-(-len(minutes) * 9 // 10) - 1]


def test_imported_history_is_kept_apart(leader: Client) -> None:
    case = Case.objects.order_by("pk")[0]
    assert not CaseFigure.objects.filter(procedure="message").exists()
    assert case in recounting.counted()


def test_a_figure_that_is_not_there_and_bad_filters(leader: Client) -> None:
    assert leader.get("/figures/nonsense/cases/").status_code == 404
    assert leader.get("/figures/solved/cases/?period=gestern").status_code == 400
    assert leader.get("/figures/solved/cases/?unit=99999").status_code == 404
    assert leader.get("/figures/solved/cases/?unit=' OR 1").status_code == 404
    assert leader.get("/figures/solved/cases/?part=x").status_code == 200
    assert leader.get("/leader/?of=century").status_code == 200
    assert behind(leader, "/figures/opened/cases/?channel=nowhere") == 0


def test_the_list_as_a_workbook(leader: Client) -> None:
    answer = leader.get("/figures/on_time_feedback/cases/?period=2026-09&format=xlsx")
    assert answer.status_code == 200
    lines = table(answer.content)
    assert len(lines) == behind(leader, "/figures/on_time_feedback/cases/?period=2026-09")
    assert {"应反馈时间", "首次反馈时间", "按时反馈", "办理用时（工作日）"} <= set(lines[0])
    hits = behind(leader, "/figures/on_time_feedback/cases/?period=2026-09&part=hits")
    assert sum(line["按时反馈"] == "是" for line in lines) == hits


# -- the weekly report -------------------------------------------------------------------------------------------------


def test_the_weekly_report_on_paper(leader: Client, tmp_path: Path) -> None:
    answer = leader.get("/leader/weekly/2026-W39.pdf")
    assert answer["Content-Type"] == "application/pdf"
    text = re.sub(r"\s", "", text_of(answer.content))
    for words in ("优化营商环境周报", "2026-W39", "数据截至2026-09-2910:20", "按时反馈率", "威尔逊区间", "红灯", "口径",
                  "历史", "第1页"):  # fmt: skip
        assert words in text, words
    assert pages_of(answer.content) >= 2
    red = measuring.cases_behind(shelf()["reds_now"], Scope(TUESDAY)).order_by("due_at", "pk")[0]
    assert red.case.number in text
    with speaking("en"):
        english = text_of(weekly.report(periods.parse("2026-W39"), TUESDAY))
    assert "Answered in time" in english
    assert "figures as of" in english
    assert leader.get("/leader/weekly/2026-09.pdf").status_code == 404
    assert leader.get("/leader/weekly/2027-W01.pdf").status_code == 404

    cli = Cli("qinqing")
    add_commands(cli)
    out = tmp_path / "周报.pdf"
    chosen = cli.parser.parse_args(["figures", "weekly", "--week", "2026-W39", "--out", str(out)])
    chosen.run(chosen)
    assert out.read_bytes().startswith(b"%PDF")
    bad = cli.parser.parse_args(["figures", "weekly", "--week", "39", "--out", str(out)])
    with pytest.raises(CommandError, match="时段"):
        bad.run(bad)


def test_verify_says_so_by_its_exit_code(leader: Client, capsys: pytest.CaptureFixture[str]) -> None:
    cli = Cli("qinqing")
    add_commands(cli)
    chosen = cli.parser.parse_args(["figures", "verify"])
    assert chosen.run(chosen) == 0
    assert f"{Case.objects.count()}件与重算一致" in capsys.readouterr().out
    case = CaseFigure.objects.exclude(feedback_at=None).order_by("pk")[0]
    CaseFigure.objects.filter(pk=case.pk).update(result="partly", working_minutes=1)
    assert chosen.run(chosen) == 1
    said = capsys.readouterr()
    assert case.case.number in said.err
    assert "working_minutes" in said.err
    rebuild = cli.parser.parse_args(["figures", "rebuild"])
    rebuild.run(rebuild)
    assert chosen.run(chosen) == 0
