"""兑现和支付的页面: what officers see and may press; account numbers stay with the paying unit."""

from __future__ import annotations

import re
from copy import deepcopy
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qinqing.accounts.models import User
from qinqing.cases.acting import act
from qinqing.policies.models_money import Batch, Round
from tests.conftest import Clock
from tests.policies.money_world import LATER, NOW, YUAN, World, follow, pass_time, result, staff, stage
from tests.worlds import Once

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(built: World, clock: Clock) -> World:
    clock.set(NOW)
    return deepcopy(built)


def page(name: str, address: str) -> str:
    """The page as this person sees it, in Chinese."""
    client = Client()
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(address, headers={"accept-language": "zh"})
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def post(name: str, address: str, data: dict[str, object], follow: bool = True) -> tuple[int, str]:
    client = Client()
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(address, data, follow=follow)
    return answer.status_code, answer.content.decode()


def status(name: str, address: str) -> int:
    client = Client()
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    return client.get(address).status_code


def hidden(html: str, action: str) -> dict[str, object]:
    """The hidden fields of the form with that action."""
    form = re.search(rf'<form[^>]*action="{quote(action)}"[^>]*>(.*?)</form>', html, re.S)
    assert form, f"no form to {action}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[1]))


def test_from_what_waits_to_the_batch_by_the_pages_alone(world: World, clock: Clock) -> None:
    version = world.policy()
    world.budget(30_000 * YUAN)
    world.waiting(version, 20, 30)
    html = page("reviewer", "/policies/rounds/")
    assert "用工奖补jobs" in html and "50,000.00元" in html
    assert "用工奖补jobs" not in page("payer", "/policies/rounds/").split("全部批次")[0]
    code, html = post("reviewer", "/policies/rounds/open/", hidden(html, "/policies/rounds/open/"))
    found = Round.objects.get()
    assert 'value="3000000"' in page("reviewer", f"/cases/{found.case.number}/"), "the case page proposes the same"
    at = f"/policies/rounds/{found.case.number}/"
    assert code == 200 and "提请冻结2件，预留30,000.00元" in html
    code, html = post("reviewer", f"{at}freeze/", {"claims": 2, "total_fen": 1})
    assert code == 403 and "名单与提请时不同" in html
    post("reviewer", f"{at}freeze/", hidden(html, f"{at}freeze/"))
    assert "正在等待审批" in page("head", at)
    act(found.case_id, "approve", world["head"], NOW)
    follow(NOW)
    html = page("supervisor", at)
    assert "12,000.00元" in html and "18,000.00元" in html and "公示" in html
    clock.set(LATER)
    pass_time(LATER)
    html = page("payer", at)
    assert "提请支付2笔，30,000.00元" in html
    assert quote(f"{at}issue/") not in page("reviewer", at)
    post("payer", f"{at}issue/", hidden(html, f"{at}issue/"))
    act(found.case_id, "approve", world["payer_head"], LATER)
    batch = Batch.objects.get()
    html = page("payer", f"/policies/batches/{batch.number}/")
    payment = batch.payments.first()
    assert payment and payment.account not in html and payment.account[-4:] in html
    assert status("reviewer", f"/policies/batches/{batch.number}/") == 403
    assert status("stranger_head", at) == 403 and status("payer", "/policies/rounds/x/") == 404
    for suffix in ("?format=xlsx", "csv/"):
        assert status("payer", f"/policies/batches/{batch.number}/{suffix}") == 200
    for address in ("/policies/rounds/", at):
        assert status("payer", f"{address}?format=xlsx") == 200


def test_an_unknown_result_is_reconciled_on_the_page(world: World, clock: Clock) -> None:
    version = world.policy()
    world.budget(30_000 * YUAN)
    claim = world.waiting(version, 20)[0]
    batch = world.issued(world.published(version))
    clock.set(LATER)
    payment = batch.payments.get()
    world.take(result(payment, "unknown"))
    at = f"/policies/batches/{batch.number}/"
    assert "核对不明结果" in page("payer", at)
    data = {"payment": payment.pk, "state": "paid", "bank_ref": "B1", "finding": "对账单"}
    assert post("payer", f"{at}reconcile/", data)[0] == 422
    proof = SimpleUploadedFile("对账单.pdf", PDF, "application/pdf")
    assert post("payer", f"{at}reconcile/", {**data, "file": proof})[0] == 200
    assert stage(claim) == "paid"
    assert "核对不明结果" not in page("payer", at)


def test_paid_claims_in_doubt_are_listed_for_their_department(world: World, clock: Clock) -> None:
    claim = world.paid_with_budget(20)
    assert "没有存疑" in page("reviewer", "/policies/doubtful/")
    for who in ("reviewer", "payer"):
        html = page(who, f"/cases/{claim.case.number}/")
        assert "兑付凭证" in html and "20,000.00元" in html and claim.account.number not in html
    staff(claim, 5)
    clock.set(LATER)
    assert claim.case.number in page("reviewer", "/policies/doubtful/")
    assert claim.case.number in page("inspector", "/policies/doubtful/")
    assert "没有存疑" in page("payer", "/policies/doubtful/")
    assert status("reviewer", "/policies/doubtful/?format=xlsx") == 200


def test_bank_results_are_imported_by_who_pays(world: World) -> None:
    world.policy()
    client = Client()
    client.force_login(User.objects.get(username="payer"), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/policies/bank-results/", follow=True)
    assert answer.status_code == 200 and "银行支付结果" in answer.content.decode()
