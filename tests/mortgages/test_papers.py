"""The paper and its verification: valid only while the mortgage is out of the register."""

from __future__ import annotations

import pytest
from django.test import Client

from qinqing.cases.acting import act
from qinqing.cases.blobs import StoredFile
from qinqing.mortgages import papers
from qinqing.mortgages.models import Release
from qinqing.mortgages.register.embedded import Embedded
from tests.conftest import Clock
from tests.mortgages.world import World, later, release_of, work
from tests.ui.pdf_text import links_of, text_of

pytestmark = pytest.mark.django_db
PROOF = StoredFile("0" * 64, "恢复登记决定.pdf", "application/pdf", 100)


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def release(world: World, clock: Clock) -> Release:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage, event_id="first")
    work(later(1))
    clock.set(later(2))
    return release_of(mortgage)


def test_the_paper_says_what_was_done_and_that_it_is_simulated(release: Release, client: Client) -> None:
    token = papers.paper_of(release, later(2)).token
    answer = client.get(f"/mortgages/paper/{token}/")
    assert answer["Content-Type"] == "application/pdf"
    said = text_of(answer.content).replace(" ", "")
    for words in (release.certificate, release.receipt_no, "柳某", "禾穗银行示范支行", "模拟", "不是不动产登记证明"):
        assert words in said, words
    assert links_of(answer.content)[0].endswith(f"/mortgages/verify/{token}/")
    assert len(token) >= 32
    assert papers.paper_of(release, later(9)).token == token, "one paper for a release"


def test_where_the_register_is_real_the_paper_does_not_say_simulated(
    release: Release, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Embedded, "simulated", False)
    token = papers.paper_of(release, later(2)).token
    Release.objects.update(receipt_no="注20260929001")  # the embedded register's own numbers say so too
    assert "模拟" not in text_of(client.get(f"/mortgages/paper/{token}/").content)
    assert "模拟" not in client.get(f"/mortgages/verify/{token}/").content.decode()


def test_verification_follows_a_reversal_to_its_end(
    world: World, release: Release, client: Client, clock: Clock
) -> None:
    address = f"/mortgages/verify/{papers.paper_of(release, later(2)).token}/"

    def verdict() -> str:
        return client.get(address).content.decode()

    page = verdict()
    assert "告知单有效" in page and release.certificate in page and "柳*" in page and "柳某" not in page
    world.reversed("a", "first", later(30))
    work(later(30))
    assert "告知单暂停使用" in verdict()
    form = {"finding": "银行误报，贷款未结清", "legal_basis": "不动产登记暂行条例"}
    act(release.case_id, "restored", world.county["registrar"], later(40), form, files=[PROOF])
    assert "告知单暂停使用" in verdict(), "until the head has signed"
    act(release.case_id, "approve", world.county["registrar_head"], later(41))
    assert "告知单已作废" in verdict()
    pdf = client.get(address.replace("verify", "paper")).content
    assert "告知单已作废" in text_of(pdf).replace(" ", "")


def test_a_deregistration_that_stands_makes_the_paper_good_again(
    world: World, release: Release, client: Client
) -> None:
    token = papers.paper_of(release, later(2)).token
    world.reversed("a", "first", later(30))
    work(later(30))
    form = {"finding": "冲正系误操作", "legal_basis": "民法典第393条"}
    act(release.case_id, "stands", world.county["registrar"], later(40), form)
    act(release.case_id, "approve", world.county["registrar_head"], later(41))
    assert "告知单有效" in client.get(f"/mortgages/verify/{token}/").content.decode()


def test_an_unknown_token_is_said_to_be_no_paper_of_ours(client: Client, db: None) -> None:
    answer = client.get("/mortgages/verify/abc/")
    assert answer.status_code == 404 and "没有这份告知单" in answer.content.decode()
    assert client.get("/mortgages/paper/abc/").status_code == 404
