"""惠企政策的数字: equal to a slow recount of the ledger and the rows, each opening exactly the claims behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from qinqing.cases.acting import act
from qinqing.insight import indicators, measuring, recounting
from qinqing.insight.indicators import shelf
from qinqing.insight.measuring import Scope
from qinqing.insight.models import CaseFigure
from qinqing.insight.payouts import payout
from qinqing.insight.policy_overview import PAID, PolicyOverview
from qinqing.lib.wallclock import CHINA
from qinqing.policies.models_money import Claim
from qinqing.policies.selectors_figures import ClaimMoney, since_when
from qinqing.ui.periods import parse
from tests.insight.money import PRESENT, Paid, Told, inside, ranked, told
from tests.policies.money_world import PROOF, YUAN
from tests.worlds import Once

pytestmark = pytest.mark.django_db
PERIODS = ("2026-08", "2026-09", "2026-10", "2026-12", "2026-Q3", "2026", "2027-01", "2027", "2025")


@pytest.fixture(scope="module")
def county(once: Once) -> Paid:
    """Half a year of payments, for all tests of this file."""
    return once(_counted)


def _counted() -> Paid:
    found = Paid()
    list(recounting.rebuild())
    return found


@pytest.fixture
def rows(county: Paid) -> list[Told]:
    return told()


def scope(code: str = "2026", **more: Any) -> Scope:
    return Scope(PRESENT, parse(code), **more)


def row_of(claim: Claim) -> CaseFigure:
    return CaseFigure.objects.get(case=claim.case_id)


# ── one claim ──


def test_every_claim_counts_for_what_a_slow_recount_says(county: Paid, rows: list[Told]) -> None:
    figures = {row.case_id: row for row in CaseFigure.objects.filter(procedure="policy_claim")}
    assert len(figures) == len(rows) == len(county.claims)
    for row in rows:
        found = figures[row.case_id]
        assert (found.policy, found.party_id, found.authority_id) == (row.policy, row.party, row.unit)
        assert (found.paid_at, found.paid_fen, found.recovered_fen) == (row.paid_at, row.paid_fen, row.recovered_fen)
        assert (found.eligible_at, found.days_to_paid, found.one_tap) == (row.eligible_at, row.days, row.one_tap)


def test_what_became_of_each_in_numbers(county: Paid) -> None:
    found = {name: row_of(claim) for name, claim in county.claims.items()}

    def money(name: str) -> tuple[int | None, int | None]:
        return found[name].paid_fen, found[name].recovered_fen

    assert money("plain") == (10_000 * YUAN, 0)
    assert money("clawed") == (14_000 * YUAN, 14_000 * YUAN)
    assert money("partly") == (15_000 * YUAN, 123_456)
    assert money("returned") == money("open") == (None, None), "what the bank sent back is not paid"
    assert money("mended") == (17_000 * YUAN, 0)
    assert [money(f"part{n}")[0] for n in range(3)] == [6_900 * YUAN, 6_900 * YUAN, 9_200 * YUAN]
    days = {name: row.days_to_paid for name, row in found.items()}
    assert (days["plain"], days["edge"], days["new_year"]) == (41, 143, 365)  # 10 Jul at 23:30 to 20 Aug
    assert (days["twice"], days["unmatched"], days["part1"]) == (54, None, 20)
    taps = {name: row.one_tap for name, row in found.items()}
    assert taps["plain"] and taps["same"] and taps["partly"]  # what is filed when it is recovered is no application
    assert [taps[name] for name in ("filed", "seen", "asked", "window")] == [False] * 4
    assert (taps["part0"], taps["part1"], taps["part2"]) == (True, None, None)
    assert (found["open"].stage, found["returned"].stage, found["partly"].stage) == ("review", "paying", "recovering")
    assert found["plain"].stage == ""


# ── figures and the lists behind them ──


@pytest.mark.parametrize("code", PERIODS)
def test_the_figures_of_a_period(rows: list[Told], code: str) -> None:
    mine, asked = inside(rows, parse(code)), scope(code)
    assert measuring.value(shelf()["policy_paid"], asked) == sum(row.paid_fen or 0 for row in mine)
    assert measuring.value(shelf()["policy_recovered"], asked) == sum(row.recovered_fen or 0 for row in mine)
    assert measuring.value(shelf()["policy_companies"], asked) == len({row.party for row in mine})
    share = measuring.share(shelf()["policy_one_tap"], asked)
    assert (share.hits, share.total) == (
        sum(row.one_tap is True for row in mine), sum(row.one_tap is not None for row in mine)
    )  # fmt: skip
    days = [row.days for row in mine if row.days is not None]
    spread = measuring.spreads(shelf()["policy_days"], asked).get(None)
    assert (spread and (spread.total, spread.median, spread.p90)) == (
        (len(days), ranked(days, 50), ranked(days, 90)) if days else None
    )
    assert measuring.value(shelf()["policy_days_unknown"], asked) == len(mine) - len(days)
    assert measuring.together([shelf()[name] for name in PAID], asked)[None] == {
        "policy_paid": sum(row.paid_fen or 0 for row in mine),
        "policy_paid.cases": len(mine),
        "policy_recovered": sum(row.recovered_fen or 0 for row in mine),
        "policy_recovered.cases": sum(bool(row.recovered_fen) for row in mine),
        "policy_companies": len({row.party for row in mine}),
        "policy_companies.cases": len(mine),
        "policy_one_tap": share.total,
        "policy_one_tap.hits": share.hits,
        "policy_days_unknown": len(mine) - len(days),
    }


def test_a_list_sums_to_its_figure(rows: list[Told]) -> None:
    for code in PERIODS:
        mine, asked = inside(rows, parse(code)), scope(code)
        behind = list(measuring.cases_behind(shelf()["policy_paid"], asked))
        assert sorted(row.case_id for row in behind) == sorted(row.case_id for row in mine)
        assert sum(row.paid_fen or 0 for row in behind) == measuring.value(shelf()["policy_paid"], asked)
        back = measuring.cases_behind(shelf()["policy_recovered"], asked)
        assert sum(row.recovered_fen or 0 for row in back) == measuring.value(shelf()["policy_recovered"], asked)
        companies = measuring.cases_behind(shelf()["policy_companies"], asked).values_list("party", flat=True)
        assert len(set(companies)) == measuring.value(shelf()["policy_companies"], asked)


def test_by_policy_department_and_month(county: Paid, rows: list[Told]) -> None:
    page = PolicyOverview(PRESENT, parse("2026"))
    year = inside(rows, parse("2026"))
    lines = page.by_policy()
    assert {line.scope.policy for line in lines} == {"jobs", "papers", "window", "parts"}
    assert [line.paid for line in lines] == sorted((line.paid for line in lines), reverse=True)
    for line in lines:
        mine = [row for row in year if row.policy == line.scope.policy]
        assert (line.paid, line.recovered) == (
            sum(row.paid_fen or 0 for row in mine), sum(row.recovered_fen or 0 for row in mine)
        )  # fmt: skip
        assert (line.claims, line.numbers["policy_companies"]) == (len(mine), len({row.party for row in mine}))
        days = [row.days for row in mine if row.days is not None]
        assert (line.days and line.days.median) == (ranked(days, 50) if days else None)
        assert measuring.value(shelf()["policy_paid"], line.scope) == line.paid, "its link opens the same"
    assert str(lines[0].label) == "用工奖补papers" and lines[0].bar == 100
    assert sum(line.paid for line in lines) == page.whole.paid == sum(line.paid for line in page.by_unit)
    assert sum(line.numbers["policy_companies"] for line in lines) == page.companies + 1, "one company by two policies"
    (unit,) = page.by_unit
    assert measuring.value(shelf()["policy_paid"], unit.scope) == unit.paid
    months = {mark.title: mark.value for mark in page.months}
    assert len(months) == 12 and page.months[-1].partial and str(page.months[-1].label) == "1月"
    for mark in page.months:
        code = mark.href.split("period=")[1]
        fen = sum(row.paid_fen or 0 for row in inside(rows, parse(code)))
        assert mark.value == fen / 1_000_000, code
        assert measuring.value(shelf()["policy_paid"], scope(code)) == fen
    assert page.net == page.whole.paid - 14_000 * YUAN - 123_456


def test_the_last_minute_of_december_and_the_first_of_january(county: Paid) -> None:
    december = measuring.cases_behind(shelf()["policy_paid"], scope("2026-12"))
    january = measuring.cases_behind(shelf()["policy_paid"], scope("2027-01"))
    assert [row.case_id for row in december] == [county.claims["edge"].case_id]
    assert [row.case_id for row in january] == [county.claims["new_year"].case_id]


def test_what_is_under_way(county: Paid) -> None:
    def behind(name: str, now: datetime = PRESENT) -> set[int]:
        return set(measuring.cases_behind(shelf()[name], Scope(now)).values_list("case", flat=True))

    def cases(*names: str) -> set[int]:
        return {county.claims[name].case_id for name in names}

    assert behind("policy_review") == behind("policy_review_late") == cases("open")
    assert behind("policy_review_late", PRESENT - timedelta(days=156)) == set(), "not late on the day it came in"
    assert behind("policy_under_way") == cases("returned")
    assert behind("policy_recovering") == cases("partly")
    assert behind("policy_rounds") == set(), "all rounds are past their publicity"


def test_the_page_takes_few_statements(county: Paid, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(32):
        page = PolicyOverview(PRESENT, parse("2026"))
        assert page.whole and page.before and page.one_tap and page.under_way and page.policies and page.by_unit
        assert page.chart and page.quoted


# ── counted again ──


def test_rebuilt_rows_are_equal_and_a_tampered_one_is_found(county: Paid) -> None:
    def all_rows() -> list[dict[str, Any]]:
        return list(CaseFigure.objects.order_by("pk").values())

    with transaction.atomic():
        before = all_rows()
        CaseFigure.objects.all().delete()
        list(recounting.rebuild())
        assert all_rows() == before
        assert [found for _, found in recounting.differences() if found] == []
        plain = county.claims["plain"]
        CaseFigure.objects.filter(case=plain.case_id).update(paid_fen=1, one_tap=False)
        found = [one for _, some in recounting.differences() for one in some]
        assert {(one.number, one.text.en.split()[0], one.behind) for one in found} == {
            (plain.case.number, "paid_fen", False), (plain.case.number, "one_tap", False)
        }  # fmt: skip
        transaction.set_rollback(True)


def test_rows_from_before_are_brought_up(county: Paid) -> None:
    """As after an upgrade: claims without their money, cases without their stage."""
    with transaction.atomic():
        before = list(CaseFigure.objects.order_by("pk").values())
        CaseFigure.objects.update(stage="", policy="", party=None, paid_at=None, paid_fen=None, one_tap=None)
        migration = import_module("qinqing.insight.migrations.0003_recount_claims")
        migration.bring_up(apps, SimpleNamespace(connection=connection))
        assert not CaseFigure.objects.filter(procedure="policy_claim").exists()
        assert recounting.fill_missing() is False
        assert list(CaseFigure.objects.order_by("pk").values()) == before
        transaction.set_rollback(True)


def test_more_recovered_is_counted_after_the_act(county: Paid) -> None:
    with transaction.atomic():
        claim, before = county.claims["partly"], measuring.value(shelf()["policy_recovered"], scope())
        form = {"received_on": "2026-10-22", "recovered_to": "available", "received_yuan": "100"}
        act(claim.case_id, "received_part", county.world["payer"], PRESENT, form, files=[PROOF])
        recounting.recount_with_origins([claim.case_id])
        assert measuring.value(shelf()["policy_recovered"], scope()) == before + 100_00
        assert measuring.value(shelf()["policy_paid"], scope()) == PolicyOverview(PRESENT, parse("2026")).whole.paid
        transaction.set_rollback(True)


# ── since when eligible, without a database ──

DAY0 = datetime(2025, 11, 1, 12, tzinfo=CHINA)
days = st.integers(0, 500).map(lambda n: DAY0 + timedelta(days=n))


@given(
    edges=st.lists(st.integers(0, 500), max_size=8, unique=True), open_end=st.booleans(), willed=days,
    earlier=st.booleans(), part=st.sampled_from([0, 0, 1]),
)  # fmt: skip
def test_waiting_begins_with_the_stretch_that_holds_the_will(
    edges: list[int], open_end: bool, willed: datetime, earlier: bool, part: int
) -> None:
    moments: list[datetime | None] = [DAY0 + timedelta(days=n) for n in sorted(edges)]
    if len(moments) % 2:
        moments.append(None) if open_end else moments.pop()
    stretches = list(zip(moments[::2], moments[1::2], strict=True))
    claim: Any = SimpleNamespace(part=part, willed_at=willed, year=willed.year)
    found = since_when(claim, stretches, {willed.year, willed.year - 1} if earlier else {willed.year})
    if part:
        assert found == willed
        return
    day, held = willed, [s for s in stretches if s[0] <= willed and (s[1] is None or willed <= s[1])]
    if not held:
        assert found is None
        return
    while day - timedelta(days=1) >= held[-1][0]:  # walk back day by day, to the stretch's first or the year's
        if earlier and (day - timedelta(days=1)).year < willed.year:
            day = datetime(willed.year, 1, 1, tzinfo=CHINA)
            break
        day -= timedelta(days=1)
    assert found == day


@given(paid=st.integers(1, 10**12), share=st.integers(0, 100), wait=st.integers(0, 900))
def test_what_is_kept_and_recovered_is_what_was_paid(paid: int, share: int, wait: int) -> None:
    kept = paid * share // 100
    money = ClaimMoney("x", 1, 0, DAY0 + timedelta(days=wait), paid, kept, DAY0)
    heads = [{"channel": "online", "files": [], "action": "open", "moves": {}}]
    found = payout(money, heads)
    assert (found.paid_fen, found.recovered_fen, found.days_to_paid) == (paid, paid - kept, wait)
    unpaid = payout(ClaimMoney("x", 1, 0, None, None, None, DAY0), heads)
    assert (unpaid.paid_fen, unpaid.recovered_fen, unpaid.days_to_paid) == (None, None, None)


# ── definitions ──


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"measure": "sum"}, ""),  # of nothing
        ({"measure": "sum", "of": "working_minutes"}, "of"),
        ({"measure": "distinct", "of": "paid_fen"}, "of"),
        ({"measure": "spread", "of": "paid_fen"}, "of"),
        ({"of": "paid_fen"}, ""),  # of a count
        ({"population": {"column": "paid_fen", "op": "gt", "value": "100"}}, "population.value"),
        ({"population": {"column": "party", "op": "known", "value": True}}, "population.op"),
    ],
)
def test_sums_are_of_money_and_companies_are_distinct(tmp_path: Any, changes: dict[str, Any], place: str) -> None:
    assert [fault.place for fault in _faults(tmp_path, "big", changes)] == [place]


def test_a_county_may_sum_what_it_likes_but_not_redefine_what_is_read_together(tmp_path: Any) -> None:
    sound = {"measure": "sum", "of": "paid_fen", "population": {"column": "paid_fen", "op": "ge", "value": 10_000_00}}
    assert _faults(tmp_path, "big", sound) == []
    assert [fault.place for fault in _faults(tmp_path, "policy_paid", {})] == ["id"]


def _faults(folder: Any, name: str, changes: dict[str, Any]) -> list[indicators.Fault]:
    import yaml

    label = {"zh": "大额", "en": "Large"}
    base = {"id": name, "label": label, "definition": label, "unit": label, "measure": "count", "direction": "none",
            "population": {"column": "procedure", "op": "is", "value": "policy_claim"}}  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**base, **changes}, allow_unicode=True), encoding="utf-8")
    return indicators.read(path)[1]
