"""The pages of former names, the clean-up desk and authorisations: who sees what, in both languages; forms keep what
was typed and say what is wrong."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from qinqing.accounts.models import User
from qinqing.cases.models import Case
from qinqing.mortgages.models_names import Alias, Authorisation, Filing
from tests.mortgages.filing_world import FilingWorld
from tests.mortgages.world import NOW, later, where, work
from tests.worlds import Once

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
OLD = "禾穗城市信用社"


@pytest.fixture(scope="module")
def built(once: Once) -> FilingWorld:
    return once(FilingWorld)


@pytest.fixture
def world(built: FilingWorld, settings: Any, tmp_path: Path, clock: Clock) -> FilingWorld:
    settings.BLOBS = tmp_path
    clock.set(NOW)
    return deepcopy(built)


def signed_in(world: FilingWorld, name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=world[name].user_id))
    return client


def page(client: Client, address: str, status: int = 200, lang: str = "zh") -> str:
    client.cookies["language"] = lang
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:1500]
    return re.sub(r"\s+", " ", answer.content.decode())


def evidence() -> SimpleUploadedFile:
    return SimpleUploadedFile("变更通知.txt", "变更登记通知书".encode(), "text/plain")


def name_form(world: FilingWorld, **changes: Any) -> dict[str, Any]:
    return {
        "name": OLD, "credit_code": world.bank("a").credit_code, "source": "offline", "files": evidence(), **changes,
    }  # fmt: skip


def test_from_the_clean_up_desk_to_the_release(world: FilingWorld) -> None:
    """The registrar finds the name, files it with evidence; the head approves; the release goes on."""
    mortgage = world.mortgage((OLD, ""))
    world.settled("a", mortgage)
    work(later(1))
    registrar, head = signed_in(world, "registrar"), signed_in(world, "registrar_head")
    desk = page(registrar, reverse("mortgages:names_clean"))
    assert OLD in desk and "1个名称，涉及1件有效抵押" in desk and "1件解押在等" in desk and "模拟" in desk
    assert world.bank("a").name in desk and "字号相同" in desk and "选定并备案" in desk
    code = world.bank("a").credit_code
    form = page(registrar, reverse("mortgages:alias_new") + f"?name={OLD}&code={code}")
    assert "登记簿中1件有效抵押用此名称" in form and f'value="{code}" selected' in form
    case = page(registrar, reverse("cases:case", args=[Case.objects.get().number]))
    assert "抵押权人名称" in case and "推荐只供参考" in case

    answer = registrar.post(reverse("mortgages:alias_new"), name_form(world))
    filing = Filing.objects.get()
    assert answer.status_code == 302 and answer["Location"] == reverse("mortgages:filing", args=[filing.case.number])
    assert "待另一人核对" in page(registrar, answer["Location"])
    assert "备案内容" in page(head, reverse("cases:case", args=[filing.case.number]))
    world.approve(filing)

    shown = page(registrar, reverse("mortgages:filing", args=[filing.case.number]))
    assert "已生效" in shown and "1件因名称对不上而转人工，现已能对应" in shown
    number = Case.objects.get(mortgage_release__isnull=False).number
    assert "名称现已能对应" in page(registrar, reverse("cases:case", args=[number]))
    answer = registrar.post(reverse("mortgages:names_match_again"), {"case": [number]}, follow=True)
    assert "1件已重新自动核对" in answer.content.decode()
    work(later(3))
    assert where(mortgage) == "released"
    assert "都能对应" in page(registrar, reverse("mortgages:names_clean"))


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("registrar", {"aliases": 200, "names_clean": 200, "authorisations": 200, "alias_new": 200}),
        ("supervisor", {"aliases": 200, "names_clean": 200, "authorisations": 200, "alias_new": 403}),
        ("clerk_a", {"aliases": 200, "names_clean": 403, "authorisations": 200, "alias_new": 200}),
        ("fund_officer", {"aliases": 200, "names_clean": 404, "authorisations": 200, "authorisation_new": 200}),
        ("handler_a", {"aliases": 404, "names_clean": 404, "authorisations": 404, "alias_new": 404}),
        ("clerk", {"aliases": 403, "names_clean": 403, "authorisations": 403, "alias_new": 403}),
        ("agent", {"aliases": 403, "names_clean": 403, "authorisations": 403, "alias_new": 403}),
    ],
)
def test_who_opens_what(world: FilingWorld, who: str, sees: dict[str, int]) -> None:
    client = signed_in(world, who)
    for route, status in sees.items():
        page(client, reverse(f"mortgages:{route}"), status)


def test_a_bank_sees_its_own_only(world: FilingWorld) -> None:
    mine, other = world.alias(OLD, "a"), world.alias("青溪城市信用社", "b")
    clerk = signed_in(world, "clerk_a")
    shown = page(clerk, reverse("mortgages:aliases"))
    assert OLD in shown and "青溪城市信用社" not in shown
    page(clerk, reverse("mortgages:alias", args=[mine.pk]))
    page(clerk, reverse("mortgages:alias", args=[other.pk]), 404)
    page(clerk, reverse("mortgages:filing", args=[other.filing.case.number]), 404)
    attachment = other.filing.case.attachments.get()
    address = reverse("mortgages:filing_file", args=[other.filing.case.number, attachment.pk])
    page(clerk, address, 404)
    answer = signed_in(world, "registrar").get(address)
    assert b"".join(answer.streaming_content).decode() == "变更登记通知书"  # type: ignore[attr-defined]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_bank_files_for_itself_whatever_it_posts(world: FilingWorld) -> None:
    clerk = signed_in(world, "clerk_a")
    form = page(clerk, reverse("mortgages:alias_new"))
    assert world.bank("b").name not in form and "市监部门数据" not in form
    answer = clerk.post(reverse("mortgages:alias_new"), name_form(world, credit_code=world.bank("b").credit_code))
    assert answer.status_code == 422 and not Filing.objects.exists()
    answer = clerk.post(reverse("mortgages:alias_new"), name_form(world, source="market_regulator"))
    assert answer.status_code == 302 and Filing.objects.get().lines[0]["source"] == "offline"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": ""}, "请附佐证材料"),
        ({"name": ""}, "请填写此项"),
        ({"ends_on": "2999-01-01"}, "使用止日在今天之后"),
        ({"starts_on": "2020-01-02", "ends_on": "2020-01-01"}, "使用止日早于使用起日"),
        ({"former_code": "12"}, "18"),
        ({"files": SimpleUploadedFile("x.exe", b"MZ\x00\x01")}, "x.exe"),
    ],
)
def test_a_bad_form_says_why_and_keeps_what_was_typed(world: FilingWorld, changes: dict[str, Any], said: str) -> None:
    values = name_form(world, platform_number="浙备77", **changes)
    answer = signed_in(world, "registrar").post(reverse("mortgages:alias_new"), values)
    assert answer.status_code == 422 and not Filing.objects.exists()
    shown = answer.content.decode()
    assert said in shown and "浙备77" in shown


def test_ending_and_numbering_on_the_names_page(world: FilingWorld) -> None:
    alias = world.alias(OLD)
    registrar = signed_in(world, "registrar")
    address = reverse("mortgages:alias", args=[alias.pk])
    registrar.post(reverse("mortgages:alias_number", args=[alias.pk]), {"number": "浙备5"})
    assert "浙备5" in page(registrar, address)
    assert registrar.post(reverse("mortgages:alias_number", args=[alias.pk]), {"number": ""}).status_code == 422
    answer = registrar.post(reverse("mortgages:alias_end", args=[alias.pk]), {"how": "never", "reason": "误报"})
    assert answer.status_code == 422 and "请附佐证材料" in answer.content.decode()
    answer = registrar.post(
        reverse("mortgages:alias_end", args=[alias.pk]), {"how": "never", "reason": "误报", "files": evidence()}
    )
    assert answer.status_code == 302
    world.approve(Filing.objects.get(kind="alias_end"))
    assert "已作废" in page(registrar, address)
    assert "已作废" in page(registrar, reverse("mortgages:aliases") + f"?q={OLD[:4]}")
    assert OLD not in page(registrar, reverse("mortgages:aliases") + "?q=岚山").replace(f"“{OLD}”", "")


@pytest.mark.parametrize(("how", "last_day"), [("day", ""), ("never", "2015-01-01"), ("", "2015-01-01")])
def test_a_day_left_empty_never_withdraws_a_name(world: FilingWorld, how: str, last_day: str) -> None:
    alias = world.alias(OLD)
    values = {"how": how, "last_day": last_day, "reason": "更名", "files": evidence()}
    answer = signed_in(world, "registrar").post(reverse("mortgages:alias_end", args=[alias.pk]), values)
    assert answer.status_code == 422 and Filing.objects.count() == 1


def test_the_list_can_be_exported(world: FilingWorld) -> None:
    world.alias(OLD)
    answer = signed_in(world, "registrar").get(reverse("mortgages:aliases") + "?format=xlsx")
    assert answer.status_code == 200 and "spreadsheet" in answer["Content-Type"]


def test_matching_again_is_the_registrys(world: FilingWorld) -> None:
    mortgage = world.mortgage((OLD, ""))
    world.settled("a", mortgage)
    work(later(1))
    world.alias(OLD)
    number = Case.objects.get(mortgage_release__isnull=False).number
    for who, status in (("supervisor", 403), ("handler_a", 404), ("clerk_a", 403)):
        answer = signed_in(world, who).post(reverse("mortgages:names_match_again"), {"case": [number]})
        assert answer.status_code == status, who
    answer = signed_in(world, "registrar").post(
        reverse("mortgages:names_match_again"), {"case": [number], "back": "https://elsewhere.example/"}
    )
    assert answer["Location"] == reverse("mortgages:names_clean")


def paper_form(world: FilingWorld, **changes: Any) -> dict[str, Any]:
    return {
        "grantor_code": world.bank("fund").credit_code, "number": "授〔2026〕7号", "covers": "both",
        "grantee_name": world.bank("a").name, "grantee_code": world.bank("a").credit_code,
        "starts_on": "2026-01-01", "ends_on": "2026-12-31", "files": evidence(), **changes,
    }  # fmt: skip


def test_the_fund_authorises_and_revokes(world: FilingWorld) -> None:
    fund, registrar = signed_in(world, "fund_officer"), signed_in(world, "registrar")
    answer = fund.post(reverse("mortgages:authorisation_new"), paper_form(world, number=""))
    assert answer.status_code == 422 and not Filing.objects.exists()
    fund.post(reverse("mortgages:authorisation_new"), paper_form(world))
    filing = Filing.objects.get()
    assert "授〔2026〕7号" in page(registrar, reverse("cases:case", args=[filing.case.number]))
    assert filing.case.number in page(fund, reverse("mortgages:authorisations"))
    world.approve(filing, "registrar")
    given = Authorisation.objects.get()
    for who, seen in (("fund_officer", True), ("clerk_a", True), ("clerk_b", False), ("supervisor", True)):
        client = signed_in(world, who)
        assert ("授〔2026〕7号" in page(client, reverse("mortgages:authorisations"))) == seen, who
        page(client, reverse("mortgages:authorisation", args=[given.pk]), 200 if seen else 404)
    address = reverse("mortgages:authorisation_revoke", args=[given.pk])
    assert "撤销授权" not in page(signed_in(world, "clerk_a"), reverse("mortgages:authorisation", args=[given.pk]))
    values = {"revoked_from": NOW.date().isoformat(), "reason": "合作终止"}
    assert signed_in(world, "clerk_a").post(address, {**values, "files": evidence()}).status_code == 404
    assert fund.post(address, {"reason": "x"}).status_code == 422
    assert fund.post(address, {**values, "files": evidence()}).status_code == 302
    world.approve(Filing.objects.get(kind="revocation"), "registrar")
    assert "已撤销" in page(fund, reverse("mortgages:authorisations"))
    answer = fund.get(reverse("mortgages:authorisations") + "?format=xlsx")
    assert answer.status_code == 200


def names_in(world: FilingWorld) -> set[str]:
    """What is Chinese in either language: names of units, and the parts of names that reasons quote."""
    return {"示范", "禾穗银行", *(unit.name for unit in world.county.units.values())}


@pytest.mark.parametrize(
    "route", ["aliases", "alias_new", "names_clean", "authorisations", "authorisation_new", "filing", "alias"]
)
def test_every_page_speaks_english(world: FilingWorld, route: str) -> None:
    """No Chinese sentence of the interface is left; names and codes stay as they are."""
    world.mortgage((OLD, ""))
    alias = world.alias("旧名", starts_on=NOW.date())
    args = {"filing": [alias.filing.case.number], "alias": [alias.pk]}.get(route, [])
    client = signed_in(world, "registrar")
    shown = page(client, reverse(f"mortgages:{route}", args=args), lang="en")
    main = re.sub(r"<[^>]+>", " ", shown[shown.index("<main") : shown.index("</main>")])
    given = {OLD, "旧名", "备案“旧名”曾用名", "变更通知", "名2026-", *names_in(world)}
    for text in sorted(given, key=len, reverse=True):
        main = main.replace(text, "")
    assert re.findall(r"[\u4e00-\u9fff]+", main) == []
    assert Alias.objects.count() == 1
