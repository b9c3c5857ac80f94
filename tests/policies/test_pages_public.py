"""公开的页面: the library with search, a policy in full, “would I qualify” that keeps nothing."""

from __future__ import annotations

import logging
import re
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.test import Client

from qinqing.directory.facts.dictionary import dictionary
from qinqing.ledger import services as ledger
from qinqing.lib.identifiers import Invalid
from qinqing.policies import public_search as finding
from qinqing.policies import selectors
from qinqing.policies.fact_fields import codes_in, facts_of, read
from qinqing.policies.public_search import Asked
from qinqing.policies.rounds import book_code
from tests.policies.world import NOW, DemoWorld
from tests.worlds import Once

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
RD = "/policies/library/rd_reward_2026/"
GIVEN = {
    "status": "存续", "dishonest": "false", "rd_expense": "517万", "revenue": "9800万", "rd_expense_last_year": "421万",
    "major_penalties_1y": "0", "provincial_rd_centre": "", "valid_invention_patents": "4", "rd_staff": "", "staff": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(once: Once) -> DemoWorld:
    return once(DemoWorld)


@pytest.fixture
def world(built: DemoWorld, clock: Clock) -> DemoWorld:
    clock.set(NOW)
    return deepcopy(built)


def page(address: str, status: int = 200) -> str:
    answer = Client().get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return re.sub(r"\s+", " ", answer.content.decode())


# ── library ──


def codes(**asked: object) -> set[str]:
    return {one.policy.code for one in finding.search(finding.entries(NOW.date()), Asked(**asked))}  # type: ignore[arg-type]


def test_search_by_one_character_and_by_all_that_stands_in_it(world: DemoWorld) -> None:
    assert codes(words="研") >= {"rd_reward_2026"} and "stable_jobs" not in codes(words="研")
    assert codes(words="研发 增长10%") == {"rd_reward_2026"}
    assert codes(words="示政发(2026)7号 第四条") == {"rd_reward_2026"}  # 〔〕 or ( )
    assert codes(words="R&D") >= {"rd_reward_2026"} and codes(words="没有这样的词") == set()
    assert codes(department="science") >= {"rd_reward_2026", "technology_sme"} and "training" not in codes(
        department="science"
    )
    assert codes(department="tax") >= {"rd_reward_2026"}  # not only who leads
    assert codes(kind="decided") == {"major_project"} and codes(kind="higher") == {"equity_raised"}
    assert codes(kind="schedule") == {"new_project", "srdi_little_giant"}
    assert "rd_reward_2025" not in codes()  # no longer in force
    later = finding.search(finding.entries(NOW.date().replace(year=2028, month=12)), Asked(open_now=True))
    assert later == [] and "technical_upgrade" in codes(open_now=True)


def test_the_library_page(world: DemoWorld) -> None:
    every = page("/policies/library/")
    assert "现行17项" in every and "一事一议" in every and "最高500,000.00元" in every
    found = page("/policies/library/?q=研&unit=science&kind=rate&open=1")
    assert "找到1项" in found and "研发投入奖补" in found and "稳岗补贴" not in found
    assert "没有找到这样的政策" in page("/policies/library/?q=xyzzy")
    assert "Reward for R&amp;D investment (2026)" in page("/policies/library/?lang=en")


def test_a_policy_in_full(world: DemoWorld) -> None:
    text = page(RD)
    assert "示政发〔2026〕7号" in text and "第四条" in text and "研发费用占营业收入3%以上" in text
    assert "符合一项即可" in text and "（研发费用 - 上年研发费用）的5%，最高500,000.00元" in text
    assert "虚构" in text and "20,000,000.00元" in text and "按比例" in text and "免申即享" in text
    assert "还可用" not in text
    ledger.open_book(book_code("rd_reward_2026", 2026), "研发奖补资金", NOW)
    ledger.appropriate(book_code("rd_reward_2026", 2026), 8_000_000_00, "下达", NOW)
    assert "还可用 <b>8,000,000.00元</b>" in page(RD)
    page("/policies/library/rd_reward_2025/", 404)
    page("/policies/library/nothing/", 404)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_policy_has_its_pages(world: DemoWorld, language: str) -> None:
    for one in finding.entries(NOW.date()):
        page(f"/policies/library/{one.policy.code}/?lang={language}")
        page(f"/policies/library/{one.policy.code}/check/?lang={language}")
        answer = Client().post(f"/policies/library/{one.policy.code}/check/?lang={language}", {})
        assert answer.status_code == 200


# ── would I qualify ──


def test_only_the_facts_of_the_policy_are_asked(world: DemoWorld) -> None:
    policy = selectors.policy_of(world.versions["rd_reward_2026"].pk)
    assert {fact.id for fact in facts_of(policy)} == set(GIVEN)
    assert codes_in(policy.rule) == {"status": ["存续", "在业", "开业"]}
    asked = page(f"{RD}check/")
    assert 'name="rd_expense"' in asked and 'name="exports"' not in asked and "不保存" in asked


def test_the_answer_comes_on_the_spot_with_reasons(world: DemoWorld) -> None:
    client = Client()
    text = client.post(f"{RD}check/", GIVEN).content.decode()
    assert "按所填数据，符合条件" in text and "48,000.00元" in text and "5.27%" in text and "不影响结论" in text
    less = client.post(f"{RD}check/", GIVEN | {"rd_expense": "4,500,000"}).content.decode()
    assert "按所填数据，不符合" in less and "还差131,000.00元" in less
    open_ = client.post(f"{RD}check/", GIVEN | {"rd_expense_last_year": ""}).content.decode()
    assert "数据不全，还不能判断" in open_ and "补上上年研发费用" in open_
    wrong = client.post(f"{RD}check/", GIVEN | {"revenue": "很多"})
    assert (
        wrong.status_code == 422 and "应为数字" in wrong.content.decode() and 'value="517万"' in wrong.content.decode()
    )
    other = client.post(f"{RD}check/", GIVEN | {"status": "—"}).content.decode()
    assert "按所填数据，不符合" in other


def test_nothing_is_kept_and_nothing_logged(world: DemoWorld, caplog: pytest.LogCaptureFixture) -> None:
    def rows() -> dict[str, int]:
        return {model._meta.db_table: model._default_manager.count() for model in apps.get_models()}

    caplog.set_level(logging.DEBUG)
    before, client = rows(), Client()
    for given in (GIVEN | {"revenue": "98765432.10"}, GIVEN | {"revenue": "98765432.10元整"}):
        answer = client.post(f"{RD}check/", given)
        assert "98765432.10" in answer.content.decode()  # it is shown again to who typed it
        assert "no-store" in answer.headers["Cache-Control"]
    assert rows() == before and set(client.cookies) <= {"csrftoken"}
    assert "98765432" not in caplog.text and "517万" not in caplog.text


@pytest.mark.parametrize(
    ("text", "fen"),
    [("517万", 5_170_000_00), ("517.35万元", 5_173_500_00), ("1.2亿", 120_000_000_00), ("4,500,000.5", 4_500_000_50),
     ("0.00005万", 50), ("300元", 300_00)],
)  # fmt: skip
def test_sums_as_people_write_them(text: str, fen: int) -> None:
    assert read(dictionary()["revenue"], text) == fen


@pytest.mark.parametrize("text", ["五百万", "1.2.3万", "-5万", "0.0000001万", "万", "NaN"])
def test_what_is_no_sum_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read(dictionary()["revenue"], text)


def test_what_is_left_open_is_unknown_and_never_zero(world: DemoWorld) -> None:
    assert read(dictionary()["revenue"], " ") is None
    assert read(dictionary()["dishonest"], "") is None
    answer = Client().post(f"{RD}check/", {})
    assert "数据不全，还不能判断" in answer.content.decode()
