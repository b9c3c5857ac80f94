"""企业的页面: what is found, one policy in every figure, one tap to claim, facts and objections."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qinqing.accounts.models import User
from qinqing.audit.models import ReadLog
from qinqing.directory.facts.reading import values_of
from qinqing.directory.models import Objection
from qinqing.lib.labels import speaking
from qinqing.messaging.models import Notice
from qinqing.policies import claims, eligibility
from qinqing.policies.condition_lines import lines
from qinqing.policies.models_money import Claim
from qinqing.policies.offers import offer_of, offers_of
from qinqing.policies.payees import Account
from tests.policies.world import NOW, DemoWorld
from tests.worlds import Once

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
ACCOUNT = {
    "account_name": "示范县禾穗精密传动有限公司",
    "account_number": "6222 0000 1111 2222",
    "bank": "示范农商银行",
}


@pytest.fixture(scope="module")
def built(once: Once) -> DemoWorld:
    return once(DemoWorld)


@pytest.fixture
def world(built: DemoWorld, clock: Clock) -> DemoWorld:
    clock.set(NOW)
    return deepcopy(built)


def signed_in(world: DemoWorld, name: str = "agent") -> Client:
    actor = getattr(world, name, None) or world[name]
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return re.sub(r"\s+", " ", answer.content.decode())


# ── what is found ──


def test_the_four_kinds_of_policies(world: DemoWorld) -> None:
    offers = offers_of(world.heshui, NOW)
    assert [o.policy.code for o in offers.yours] == [
        "technical_upgrade", "srdi_provincial", "rd_reward_2026", "stable_jobs", "training", "technology_sme",
        "export_growth", "major_project",
    ]  # fmt: skip
    assert [o.policy.code for o in offers.later] == ["smart_factory_provincial"]  # the upgrade is worth more
    assert [o.policy.code for o in offers.near] == ["new_project"]
    assert "equity_raised" in {o.policy.code for o in offers.unknown}
    near = {o.policy.code for o in offers_of(world.qingyuan, NOW).near}
    assert near == {"training", "rd_reward_2026", "export_growth"}
    newborn = offers_of(world.newborn, NOW)
    assert not newborn.yours and not newborn.near and len(newborn.unknown) == len(world.versions) - 1  # 2025's is over


def test_the_phone_page_of_each_kind(world: DemoWorld) -> None:
    client, base = signed_in(world), f"/policies/mine/{world.heshui.pk}/"
    yours = page(client, base)
    assert "研发投入奖补（2026年度）" in yours and "48,000.00元" in yours and "确认领取" in yours
    assert "金额由县重点产业领导小组核定" in yours and "就高不重复" in yours
    near = page(client, f"{base}?show=near")
    assert "应不低于2,000,000.00元/亩，现为1,900,000.00元/亩，差100,000.00元/亩" in near
    unknown = page(client, f"{base}?show=unknown")
    assert "缺：" in unknown and "股权融资" in unknown
    assert "还没有申领" in page(client, f"{base}?show=claims")
    english = page(client, f"{base}?lang=en")
    assert "Confirm and receive" in english and "CNY 48,000.00" in english
    assert client.get("/policies/mine/").headers["Location"] == base


def test_nobody_else_sees_it(world: DemoWorld) -> None:
    address = f"/policies/mine/{world.heshui.pk}/"
    assert "未获授权" in page(signed_in(world, "agent2"), address, 404)
    assert signed_in(world, "economy_handler").get(address).status_code == 403
    assert Client().get(address).status_code == 302
    assert world.qingyuan.name in page(signed_in(world, "agent_of_both"), address)  # may switch


def test_the_window_sees_it_and_that_is_logged(world: DemoWorld) -> None:
    assert not ReadLog.objects.exists()
    text = page(signed_in(world, "clerk"), f"/policies/mine/{world.heshui.pk}/")
    assert "本次查看已记入查阅日志" in text
    assert ReadLog.objects.filter(object_ref=f"party:{world.heshui.pk}").count() == 1


def test_one_policy_with_every_condition_and_whose_figure(world: DemoWorld) -> None:
    text = page(signed_in(world), f"/policies/mine/{world.heshui.pk}/rd_reward_2026/")
    assert "贵公司可享这项政策" in text and "第四条" in text and "符合一项即可" in text
    assert "5.27%" in text and "≥3.00%" in text and "高出2.27个百分点" in text
    assert "税务局 · 2025年" in text and "企业名录" in text
    assert "960,000.00元" in text and "48,000.00元" in text  # the base, the sum
    nearly = page(signed_in(world, "agent2"), f"/policies/mine/{world.qingyuan.pk}/rd_reward_2026/")
    assert "按现有数据，还不符合" in nearly and "还差24,000.00元" in nearly
    unknown = page(signed_in(world, "agent3"), f"/policies/mine/{world.newborn.pk}/rd_reward_2026/")
    assert "数据不全，还不能判断" in unknown and "税务局、统计局、科技局未提供" in unknown


def test_lines_count_groups_and_never_show_short_as_reached(world: DemoWorld) -> None:
    known = values_of(world.heshui.pk)
    offer = offer_of(world.heshui, "rd_reward_2026", NOW)
    found = lines(offer.found, known)
    heads = [(str(line.label), line.met, line.count) for line in found if line.is_head]
    assert heads == [("须全部符合", 6, 6), ("符合一项即可", 1, 3)]
    by_label = {line.label.zh: line for line in found if not line.is_head}
    assert (
        by_label["研发人员占职工10%以上"].note is not None and by_label["研发人员占职工10%以上"].note.zh == "不影响结论"
    )
    world.observe(world.heshui, {"rd_expense": 2_939_999_99}, NOW + timedelta(hours=1))  # 2.99999999 %
    line = next(
        line for line in lines(offer_of(world.heshui, "rd_reward_2026", NOW).found, values_of(world.heshui.pk))
        if not line.is_head and line.label.zh == "研发费用占营业收入3%以上"
    )  # fmt: skip
    assert line.verdict == "no" and line.value.zh == "2.99%"


@pytest.mark.parametrize(
    "code", ["major_project", "srdi_provincial", "stable_jobs", "equity_raised", "technical_upgrade"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_benefit_has_a_page(world: DemoWorld, code: str, language: str) -> None:
    for name, party in (("agent", world.heshui), ("agent2", world.qingyuan), ("agent3", world.newborn)):
        page(signed_in(world, name), f"/policies/mine/{party.pk}/{code}/?lang={language}")


# ── claiming ──


def test_one_tap_claims_and_asks_the_account_once(world: DemoWorld) -> None:
    client = signed_in(world)
    address = f"/policies/mine/{world.heshui.pk}/rd_reward_2026/claim/"
    asked = page(client, address)
    assert "户名" in asked and "需要的材料" not in asked
    key = re.search(r'name="key" value="(\w+)"', asked)[1]  # type: ignore[index]
    wrong = client.post(address, {"key": key, **ACCOUNT, "account_name": "别的公司"})
    assert wrong.status_code == 422 and "户名须与企业名称" in wrong.content.decode()
    assert "6222 0000 1111 2222" in wrong.content.decode()  # kept
    done = client.post(address, {"key": key, **ACCOUNT})
    claim = Claim.objects.get()
    assert unquote(done.headers["Location"]) == f"/cases/{claim.case.number}/" and claim.asked_fen == 48_000_00
    assert (
        client.post(address, {"key": key, **ACCOUNT}).headers["Location"] == done.headers["Location"]
    )  # pressed twice
    assert Claim.objects.count() == 1
    assert "本年度已申领" in page(client, f"/policies/mine/{world.heshui.pk}/rd_reward_2026/")
    listed = page(client, f"/policies/mine/{world.heshui.pk}/?show=claims")
    assert claim.case.number in listed and "审核" in listed
    second = f"/policies/mine/{world.heshui.pk}/stable_jobs/claim/"
    assert "尾号 2222" in page(client, second)
    assert client.post(second, {"key": "k2", "account_name": world.heshui.name}).status_code == 302  # one tap


def test_documents_may_come_now_or_later(world: DemoWorld) -> None:
    client = signed_in(world)
    address = f"/policies/mine/{world.heshui.pk}/training/claim/"
    assert "培训签到册" in page(client, address)
    roll = SimpleUploadedFile(
        "签到册.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n", "application/pdf"
    )
    done = client.post(address, {"key": "a", **ACCOUNT, "document_training_roll": roll})
    assert done.status_code == 302, done.content.decode()[:3000]
    assert list(Claim.objects.get().documents) == ["training_roll"]
    upgrade = f"/policies/mine/{world.heshui.pk}/technical_upgrade/claim/"
    assert client.post(upgrade, {"key": "b"}).status_code == 302
    missing = claims.documents_missing(Claim.objects.get(policy__code="technical_upgrade"))
    assert missing


def test_what_cannot_be_claimed_says_why(world: DemoWorld) -> None:
    client = signed_in(world)
    address = f"/policies/mine/{world.heshui.pk}/smart_factory_provincial/claim/"
    assert "就高不重复" in page(client, address)
    refused = client.post(address, {"key": "a", **ACCOUNT})
    assert refused.status_code == 409 and "就高不重复" in refused.content.decode() and not Claim.objects.exists()


def test_the_window_claims_for_the_company(world: DemoWorld) -> None:
    client = signed_in(world, "clerk")
    address = f"/policies/mine/{world.heshui.pk}/rd_reward_2026/claim/"
    assert "代企业提出申领" in page(client, address)
    assert client.post(address, {"key": "w", **ACCOUNT}).status_code == 302
    assert Claim.objects.get().on_behalf


def test_the_menu_and_the_panel(world: DemoWorld) -> None:
    eligibility.match_all(NOW)
    assert "惠企政策" in page(signed_in(world), "/my/") and "本企业信息" in page(signed_in(world), "/my/")
    assert f"/policies/mine/{world.heshui.pk}/" in page(signed_in(world, "clerk"), f"/companies/{world.heshui.pk}/")


# ── facts and objections ──


def test_a_company_sees_its_figures_and_objects(world: DemoWorld) -> None:
    client, base = signed_in(world), f"/policies/facts/{world.heshui.pk}/"
    seen = page(client, base)
    assert "研发费用" in seen and "5,170,000.00元" in seen and "税务局 · 2025年" in seen and "项还没有数据" in seen
    address = f"{base}rd_expense/object/"
    assert "5,170,000.00元" in page(client, address)
    assert client.post(address, {"text": " "}).status_code == 422
    assert client.post(address, {"text": "汇算清缴为5,270,000元"}).status_code == 302
    assert client.post(address, {"text": "再来一次"}).status_code == 422  # one is open
    assert "异议核实中" in page(client, base)
    assert signed_in(world, "agent2").post(address, {"text": "不是我的"}).status_code == 404


def test_the_department_decides_and_the_company_is_told(world: DemoWorld) -> None:
    signed_in(world).post(f"/policies/facts/{world.heshui.pk}/rd_expense/object/", {"text": "应为5,270,000元"})
    world.county.officer("taxman", "tax", "handler")
    world.county.officer("other", "hrss", "handler")
    found = Objection.objects.get()
    address = f"/policies/objections/{found.pk}/"
    tax = signed_in(world, "taxman")
    assert world.heshui.name in page(tax, "/policies/objections/")
    assert world.heshui.name not in page(signed_in(world, "other"), "/policies/objections/")
    page(signed_in(world, "other"), address, 404)
    assert "应为5,270,000元" in page(tax, address)
    wrong = tax.post(address, {"result": "upheld", "value": "五百万", "reasons": "核实属实"})
    assert wrong.status_code == 422 and "应为数字" in wrong.content.decode()
    done = tax.post(address, {"result": "upheld", "value": "527万", "reasons": "核实属实"})
    assert done.status_code == 302
    assert values_of(world.heshui.pk)["rd_expense"].value == 5_270_000_00
    assert "异议成立：核实属实" in page(signed_in(world), f"/policies/facts/{world.heshui.pk}/")
    assert Notice.objects.filter(user=world.agent.user_id, key=f"fact-objection:{found.pk}").exists()
    assert world.heshui.name in page(tax, "/policies/objections/?state=done")
    assert "核实属实" in page(tax, address)


def test_what_the_directory_holds_is_the_windows(world: DemoWorld) -> None:
    signed_in(world).post(f"/policies/facts/{world.heshui.pk}/status/object/", {"text": "状态不对"})
    assert world.heshui.name in page(signed_in(world, "window_head"), "/policies/objections/")


# ── officers ──


def test_officers_see_counts_and_the_departments_names(world: DemoWorld) -> None:
    eligibility.match_all(NOW - timedelta(days=30))
    world.observe(world.qingyuan, {"training_persons": 25}, LATER)
    world.observe(world.heshui, {"valid_invention_patents": 1}, LATER)
    eligibility.match_all(LATER)
    account = Account(world.heshui.name, "6222000011112222", "示范农商银行")
    claims.open_claim(world.versions["training"], world.heshui, world.agent, LATER, account=account)
    text = page(signed_in(world, "economy_handler"), "/policies/live/")
    assert "职业培训" in text or "培训" in text
    rows = dict(re.findall(r'<tr data-row><td><a class="t" href="([^"]+)".*?</td>(.*?)</tr>', text))
    assert "/policies/live/technical_upgrade/" in rows and "/policies/library/training/" in rows  # whose names one sees
    assert re.findall(r'class="num"[^>]*>(?:<a[^>]*>)?(\d+)', rows["/policies/library/training/"]) == [
        "2",
        "1",
        "0",
        "1",
        "0",
    ]
    science = signed_in(world, "science_handler")
    assert "不再符合" in page(science, "/policies/live/rd_reward_2026/?show=gone")
    assert world.heshui.name in page(science, "/policies/live/rd_reward_2026/?show=gone")
    assert world.heshui.name not in page(science, "/policies/live/rd_reward_2026/")
    page(science, "/policies/live/training/", 403)
    assert world.qingyuan.name in page(signed_in(world, "leader"), "/policies/live/training/?show=new")
    with speaking("en"):
        page(signed_in(world, "leader"), "/policies/live/?lang=en")


def test_lists_as_workbooks(world: DemoWorld) -> None:
    eligibility.match_all(NOW)
    world.county.officer("taxman", "tax", "handler")
    for name, address in (
        ("leader", "/policies/live/"), ("leader", "/policies/live/training/"), ("taxman", "/policies/objections/"),
        ("agent", f"/policies/facts/{world.heshui.pk}/"),
    ):  # fmt: skip
        client = signed_in(world, name)
        link = re.search(r'id="export" href="([^"]+)"', page(client, address))
        assert link, address
        answer = client.get(link[1].replace("&amp;", "&"))
        assert answer.status_code == 200 and answer.content[:2] == b"PK", address
