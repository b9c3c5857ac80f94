"""惠企政策一览: every number opens the claims behind it; what is quoted stands apart; who may look."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from qinqing.accounts.models import User
from qinqing.insight import measuring, recounting
from qinqing.insight.indicators import shelf
from qinqing.insight.measuring import Scope
from qinqing.insight.models import CaseFigure
from qinqing.ui.figures import money
from qinqing.ui.periods import parse
from tests.conftest import Clock
from tests.insight.money import PRESENT, Paid, at
from tests.ui.sheet_files import table
from tests.worlds import Once

pytestmark = pytest.mark.django_db
PAGE = "/leader/policies/"


@pytest.fixture(scope="module")
def county(once: Once) -> Paid:
    return once(_counted)


def _counted() -> Paid:
    found = Paid()
    list(recounting.rebuild())
    return found


@pytest.fixture
def leader(county: Paid, client: Client, clock: Clock) -> Client:
    """At the door on 12 January."""
    clock.set(PRESENT)
    return signed_in(client, "leader")


def signed_in(client: Client, name: str) -> Client:
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, address: str, language: str = "zh") -> str:
    answer = client.get(f"{address}{'&' if '?' in address else '?'}lang={language}")
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def summary(text: str) -> str:
    found = re.search(r'<b class="ink">([^<]*)</b>', text)
    return found[1] if found else ""


def test_every_number_on_the_page_is_what_its_link_opens(leader: Client, clock: Clock) -> None:
    clock.set(at(12, 31, 23, 50))
    opened: dict[str, str] = {}
    compared = dict.fromkeys(("件", "元", "家"), 0)
    text = page(leader, PAGE + "?of=year")
    links = re.findall(r'<a ([^>]*)href=["\'](/figures/\w+/cases/[^"\']*)["\']([^>]*)>(.*?)</a>', text, re.DOTALL)
    assert len(links) > 20
    for before, href, after, inner in dict.fromkeys(links):
        behind = opened.get(href) or opened.setdefault(href, page(leader, unescape(href)))
        heading = re.search(r"· ([\d,]+)[件家批]</span>", behind)
        assert heading, (href, behind[:2000])
        count = int(heading[1].replace(",", ""))
        assert behind.count("data-row") == min(count, 50), href
        said = re.search(r'aria-label="([^"]*)"', before + after)
        plain = said[1] if said else re.sub(r"<[^>]+>", "", inner).strip()
        if fen := re.search(r"([\d,]+\.\d\d)元", plain):
            assert summary(behind) == f"合计{fen[1]}元", href
            compared["元"] += 1
        if number := re.search(r"^(\d+)(?=家)" if "companies" not in href else r"^(\d+)(?:家企业)?$", plain):
            assert summary(behind) == f"{number[1]}家企业", href
            compared["家"] += 1
        elif number := re.search(r"^(\d+)$|(?<!\d)(\d+)件$", plain):
            assert count == int(number[1] or number[2]), href
            compared["件"] += 1
    assert compared["件"] > 30 and compared["元"] > 15 and compared["家"] > 4, compared


def test_a_year_that_has_begun_shows_its_own_money_only(leader: Client) -> None:
    text = page(leader, PAGE + "?of=year")
    assert "本年<a" in text and "1家企业" in text and "18,000.00元" in text  # paid ten minutes after midnight
    assert "上年" in text and "没有追回" in text


def test_a_list_says_what_it_sums_to_and_names_the_policy(leader: Client, county: Paid) -> None:
    text = page(leader, "/figures/policy_paid/cases/?period=2026&policy=jobs")
    sum_ = measuring.value(shelf()["policy_paid"], Scope(PRESENT, parse("2026"), policy="jobs"))
    assert f"合计{money(sum_).zh}" in text and "用工奖补jobs" in text
    assert "已追回" in text and "1,234.56元" in text and "0.00元</span>" in text
    assert 'href="/leader/policies/"' in text
    days = page(leader, "/figures/policy_days/cases/?period=2026")
    assert "半数在" in days and "符合时间" in days and days.index("143天") < days.index("10天")
    assert "0件" in page(leader, "/figures/policy_paid/cases/?period=2026&policy=nothing")


def test_the_workbooks(leader: Client, county: Paid) -> None:
    by_policy = table(leader.get(f"{PAGE}?of=year&format=xlsx").content)
    assert [line["政策"] for line in by_policy] == ["用工奖补jobs"]
    lines = table(leader.get("/figures/policy_paid/cases/?period=2026&format=xlsx").content)
    fen = measuring.value(shelf()["policy_paid"], Scope(PRESENT, parse("2026")))
    assert round(sum(float(line["兑付金额"]) for line in lines) * 100) == fen
    assert {"政策", "符合时间", "到账时间", "已追回", "符合到到账（天）", "免申即享"} <= set(lines[0])
    others = leader.get("/figures/open_now/cases/?format=xlsx")
    assert others.status_code == 200 and b"xl/" in others.content


def test_what_is_quoted_stands_apart(leader: Client) -> None:
    text = page(leader, PAGE)
    quoted = re.search(r'<section class="sec cited">(.*?)</section>', text, re.DOTALL)
    assert quoted and "引用" in quoted[1] and "10.7亿元" in quoted[1] and "2023年春" in quoted[1]
    assert "<a " not in quoted[1], "it opens no cases"
    assert "10.7亿" not in text.replace(quoted[0], "")


def test_in_english(leader: Client) -> None:
    text = page(leader, f"{PAGE}?of=year", "en")
    words = re.sub(r"<[^>]+>", " ", text[text.index("<main") :])
    assert "were paid in the period" in words and "Paid by one tap" in words and "CNY 1.07 billion" in words
    left = re.findall(r"[\u4e00-\u9fff]{2,}", words)
    assert {one for one in left if "用工" not in one and "县" not in one} == set(), left


@pytest.mark.parametrize(
    ("who", "status"), [("supervisor", 200), ("inspector", 200), ("reviewer", 403), ("payer", 403), ("clerk", 403)]
)
def test_who_may_look(county: Paid, client: Client, clock: Clock, who: str, status: int) -> None:
    clock.set(PRESENT)
    assert signed_in(client, who).get(PAGE).status_code == status


def test_a_stranger_is_sent_to_the_door_and_a_company_refused(county: Paid, client: Client, clock: Clock) -> None:
    clock.set(PRESENT)
    assert client.get(PAGE).status_code == 302
    client.force_login(county.claims["plain"].willed_by, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(PAGE).status_code == 403


def test_a_county_that_has_paid_nothing(leader: Client) -> None:
    CaseFigure.objects.all().delete()
    for kind in ("week", "month", "quarter", "year"):
        text = page(leader, f"{PAGE}?of={kind}")
        assert "还没有惠企资金到账" in text and "没有可计的申领" in text
        assert "按政策" not in text and "NaN" not in text
    assert leader.get(f"{PAGE}?format=xlsx").status_code == 200
    assert "惠企政策" in page(leader, "/leader/")
