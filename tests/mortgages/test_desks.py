"""Desks and figures: each bank sees its own, every figure counts what its list holds, what differs is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from qinqing.accounts.models import User
from qinqing.cases.acting import act
from qinqing.cases.blobs import StoredFile
from qinqing.cases.models import Case
from qinqing.mortgages import promise, selectors, selectors_figures, selectors_path, standing
from qinqing.mortgages.before import before
from qinqing.mortgages.models import Release
from qinqing.mortgages.models_register import Registration
from qinqing.mortgages.register.embedded import Embedded
from qinqing.mortgages.web_leader import CITED
from qinqing.ui.cited import quoted
from qinqing.ui.periods import period_of
from tests.conftest import Clock
from tests.mortgages.world import NOW, World, later, release_of, where, work
from tests.ui.sheet_files import rows

DAY = period_of("day", NOW.date())
pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def world(db: None) -> World:
    world = World()
    for name, unit in (("clerk_a", "a"), ("clerk_b", "b")):
        world.county.officer(name, unit, "bank_clerk")
    return world


@pytest.fixture
def at(world: World, client: Client, clock: Clock) -> Callable[..., Client]:
    """Sit down somewhere a few minutes later."""

    def sit(who: str, minutes: float = 5) -> Client:
        clock.set(later(minutes))
        client.force_login(User.objects.get(pk=world.county[who].user_id), backend=BACKEND)
        return client

    return sit


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined,no-any-return]


def test_a_bank_sees_its_own_and_nobody_elses(world: World, at: Callable[..., Client]) -> None:
    mine, other, combined = world.mortgage("a"), world.mortgage("b"), world.mortgage("a", "fund")
    world.settled("a", mine)
    world.settled("b", other)
    world.settled("a", combined)
    work(later(1))
    desk = text(at("clerk_a").get("/mortgages/bank/"))
    assert mine.certificate in desk and combined.certificate in desk and other.certificate not in desk
    assert "等待其他抵押权人" in desk
    number = release_of(other).case.number
    assert at("clerk_a").get(f"/mortgages/bank/releases/{number}/").status_code == 404
    assert other.certificate not in text(at("clerk_a").get("/mortgages/releases/?show=released&of=day&bank=bank-b"))
    assert at("clerk_a").get("/mortgages/registry/").status_code == 403
    assert at("clerk_a").get(f"/cases/{number}/").status_code in {403, 404}


def test_what_went_to_a_person_is_shown_to_its_bank_with_the_reason(world: World, at: Callable[..., Client]) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage, unit_number="330499001002GB99999F00010001")
    work(later(1))
    desk = text(at("clerk_a").get("/mortgages/bank/"))
    assert "不动产单元号与登记簿不一致" in desk
    assert f"银行报送330499001002GB99999F00010001，登记簿为{mortgage.unit_number}" in desk, "and what exactly"
    one = text(at("clerk_a").get(f"/mortgages/bank/releases/{release_of(mortgage).case.number}/"))
    assert "330499001002GB99999F00010001" in one and mortgage.unit_number in one and "不符" in one


def test_the_countdown_turns_amber_then_red_in_words_too(world: World) -> None:
    mortgage = world.mortgage("a", maximum_amount=True)
    world.settled("a", mortgage)
    work()
    release = release_of(mortgage)
    seen = [standing.clock(release, later(n)) for n in (1, 39, 41, 61)]
    assert [one.kind for one in seen] == ["ok", "ok", "soon", "over"]
    assert [one.text.zh for one in seen] == ["剩59分钟", "剩21分钟", "剩19分钟", "逾期1分钟"]  # type: ignore[union-attr]


def test_the_registry_sees_urgent_reversals_first_and_what_differs(world: World, at: Callable[..., Client]) -> None:
    seized, undone = world.mortgage("a"), world.mortgage("b")
    world.restrict(seized, "seizure")
    world.settled("a", seized)
    first = world.settled("b", undone)
    work(later(1))
    world.reversed("b", first, later(3))
    work(later(3))
    desk = text(at("registrar").get("/mortgages/registry/"))
    assert desk.index(undone.certificate) < desk.index(seized.certificate)
    assert "不动产被查封" in desk and "注销后冲正" in desk and "冲正e" in desk, "which event was reversed"
    assert at("registrar").get("/mortgages/bank/").status_code == 404, "the registry is no bank"


def test_the_registrys_desk_reads_no_more_for_more_lines(world: World, at: Callable[..., Client]) -> None:
    desk = at("registrar")
    counts = []
    for more in (1, 8):
        for _ in range(more):
            world.settled("a", world.mortgage("a", maximum_amount=True))
            world.settled("a", world.mortgage("a", "fund"))
        work(later(1))
        desk.get("/mortgages/registry/")
        with CaptureQueriesContext(connection) as queries:
            page = text(desk.get("/mortgages/registry/"))
        counts.append(len(queries))
    assert page.count("<article") == 9 and page.count("未结清") == 9
    assert counts[1] - counts[0] <= 8, "of each line only its clock asks which calendar is in force"


def test_the_case_page_shows_every_creditor_settled_or_owed_and_the_tries(
    world: World, at: Callable[..., Client]
) -> None:
    mortgage = world.mortgage("a", "fund")
    world.settled("a", mortgage)
    work(later(1))
    page = text(at("registrar").get(f"/cases/{release_of(mortgage).case.number}/"))
    assert page.count("已结清") == 1 and page.count("未结清") == 1
    world.settled("fund", mortgage, later(2))
    work(later(2))
    page = text(at("registrar").get(f"/cases/{release_of(mortgage).case.number}/"))
    assert page.count("未结清") == 0 and "向登记机构申请" in page and release_of(mortgage).receipt_no in page


def played(world: World) -> dict[str, Registration]:
    """Two released by themselves (one of them with the fund), one by a person, one late, one waiting, one in doubt."""
    found = {
        "own": world.mortgage("a"), "fund": world.mortgage("a", "fund"), "late": world.mortgage("b"),
        "person": world.mortgage("b", maximum_amount=True), "waiting": world.mortgage("c", "fund"),
        "doubt": world.mortgage("a"),
    }  # fmt: skip
    for name in ("own", "fund", "late"):
        world.settled({"own": "a", "fund": "a", "late": "b"}[name], found[name])
    world.settled("fund", found["fund"])
    world.settled("b", found["person"])
    world.settled("c", found["waiting"])
    world.settled("a", found["doubt"], in_full=False)
    work(later(2))
    Release.objects.filter(certificate=found["late"].certificate).update(released_at=later(90))
    paper = StoredFile("0" * 64, "确定书.pdf", "application/pdf", 100)
    case = Case.objects.get(mortgage_release__certificate=found["person"].certificate)
    form = {"finding": "债权已确定", "legal_basis": "民法典第423条"}
    act(case.pk, "release", world.county["registrar"], later(20), form, files=[paper])
    act(case.pk, "approve", world.county["registrar_head"], later(30))
    work(later(30))
    return found


def test_figures_count_what_their_lists_hold(world: World) -> None:
    found = played(world)
    of = DAY
    figures = selectors_figures.figures(of)
    assert (figures.released, figures.unaided, figures.in_time) == (4, 3, 3)
    assert figures.median_minutes == 16, "of 2, 2, 30 and 90 minutes"
    assert figures.trips == 4 * promise.service().trips_saved == 12
    assert figures.cancelled == 4
    assert selectors_figures.fund_figures(of) == (1, 1)
    sizes = {show: selectors_figures.listed(show, of).count() for show in selectors_figures.SHOWS}
    assert sizes == {
        "released": 4, "unaided": 3, "aided": 1, "in_time": 3, "late": 1, "open": 2, "urgent": 0, "exception": 1,
        "registering": 0, "waiting": 1, "ended": 0,
    }  # fmt: skip
    own = selectors_figures.figures(of, world.bank("a"))
    assert (own.released, own.unaided, own.cancelled) == (2, 2, None)
    fund = selectors_figures.figures(of, world.bank("fund"))
    assert fund.released == 1, "the fund settled there, whoever came first"
    assert where(found["doubt"]) == "exception"


def test_a_release_restored_counts_no_more(world: World) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    work()
    of = DAY
    assert selectors_figures.figures(of).released == 1
    Release.objects.update(state="ended")
    assert selectors_figures.figures(of).released == 0


def test_what_the_window_cancelled_is_in_the_denominator_only(world: World) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    work()
    world.mortgage("b", deregistered_at=NOW, receipt_no="窗口1")
    of = DAY
    rate = selectors_figures.online_rate(of, selectors_figures.figures(of))
    assert rate is not None and (rate.hits, rate.total) == (1, 2)


def test_a_real_register_cannot_be_counted_so_the_figure_is_absent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Embedded, "simulated", False)
    of = DAY
    found = selectors_figures.figures(of)
    assert found.cancelled is None and selectors_figures.online_rate(of, found) is None
    assert found.median_minutes is None, "nothing is not zero"


def test_the_leaders_page_defines_its_rates_and_keeps_cited_figures_apart(
    world: World, at: Callable[..., Client]
) -> None:
    played(world)
    page = text(at("registrar_head", 100).get("/mortgages/leader/?of=day"))
    assert "全程没有转人工核查" in page and "登记簿中时段内注销的全部抵押" in page
    for one in quoted(CITED).figures:
        assert page.count(one.shown.zh) >= 1
    assert "不计入本页任何数字" in page
    for show in ("unaided", "released", "exception"):
        assert f"/mortgages/releases/?show={show}&amp;of=2026-09-29" in page, "an address that means the same tomorrow"
    assert at("clerk_a").get("/mortgages/leader/").status_code == 403


def test_lists_and_the_table_of_banks_as_workbooks(world: World, at: Callable[..., Client]) -> None:
    found = played(world)
    sheet = at("registrar_head", 100).get("/mortgages/releases/?show=late&of=day&format=xlsx")
    found_rows = rows(sheet.content)
    assert len(found_rows) == 2 and found["late"].certificate in found_rows[1] and 90 in found_rows[1]
    doubts = rows(at("registrar_head", 100).get("/mortgages/registry/?format=xlsx").content)
    assert [row[1] for row in doubts[1:]] == [found["doubt"].certificate]
    said = rows(at("clerk_a", 100).get("/mortgages/bank/?format=xlsx").content)
    assert len(said) == 1 + 3 and all(found["late"].certificate not in row for row in said), "its own events only"
    coverage = rows(at("registrar_head", 100).get("/mortgages/training/?format=xlsx").content)
    assert len(coverage) == 1 + 3
    banks = at("registrar_head", 100).get("/mortgages/leader/?of=day&format=xlsx")
    names = [row[0] for row in rows(banks.content)]
    assert set(names[1:]) == {world.bank(short).name for short in "abc"}


def test_the_path_is_mined_from_the_histories(world: World) -> None:
    played(world)
    mined = selectors_path.mine(DAY)
    assert mined.cases == 4 and not mined.more
    times = {stop.name: stop.times for stop in mined.stops}
    assert times == {"~said": 4, "matching": 4, "exception": 1, "registering": 4, "released": 4}
    assert mined.moves["matching", "registering"] == 3 and mined.moves["matching", "exception"] == 1
    assert sum(n for (_, there), n in mined.moves.items() if there == "released") == 4
    stayed = {stop.name: stop.minutes for stop in mined.stops}
    assert stayed["exception"] == 28, "from the second minute to the thirtieth"


def test_both_paths_are_drawn_and_the_old_one_is_labelled(world: World, at: Callable[..., Client]) -> None:
    played(world)
    page = text(at("registrar_head", 100).get("/mortgages/path/?of=day"))
    assert "根据来源文件还原" in page and "本平台记录" in page
    assert page.count('<svg class="flow"') == 4, "each wide and narrow"
    assert "跑公积金中心" in page and "最起码4天" in page and "3件" in page


def test_nothing_of_the_source_is_counted_as_ours(world: World) -> None:
    assert [one.shown.zh for one in quoted(CITED).figures] == ["99.1%", "7926次", "100%", "40余家"]
    assert before().trips == promise.service().trips_saved == 3, "three trips each are what is saved"


def test_times_are_said_as_people_say_them() -> None:
    said = [standing.took_text(minutes).zh for minutes in (None, 0, 0.5, 1, 2.54, 61)]
    assert said == ["—", "不到1秒", "30秒", "1分钟", "2.5分钟", "1小时1分"]


def test_the_comparison_of_a_mortgage_that_the_register_does_not_have(world: World) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    mortgage.creditors.all().delete()
    mortgage.delete()
    work()
    release = release_of(mortgage)
    facts = selectors.compare(release, list(release.settlements.select_related("event")), selectors.known_now())
    assert facts[0].same is False and selectors.creditors(release, [], selectors.known_now()) == []
