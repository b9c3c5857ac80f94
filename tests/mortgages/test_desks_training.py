"""Training of banks (B8): who came, who never did, who was trained before its last mistake."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from qinqing.accounts.models import User
from qinqing.directory.models import Unit
from qinqing.mortgages import selectors_figures, training
from qinqing.mortgages.models_desks import Training
from qinqing.mortgages.places import NotYours
from qinqing.mortgages.selectors_figures import BankLine
from qinqing.mortgages.training import Came
from qinqing.ui.errors import Invalid
from qinqing.ui.periods import period_of
from tests.conftest import Clock
from tests.mortgages.world import NOW, World, later, work

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def world(db: None) -> World:
    return World()


def trained(world: World, day: date, *banks: str) -> Training:
    came = [Came(world.bank(short).pk, 3) for short in banks]
    return training.record(world.county["registrar_head"], day, "三楼会议室", "抵押注销标准化", came, NOW)


def line_of(world: World, short: str) -> BankLine:
    of = period_of("month", NOW.date())
    return next(line for line in selectors_figures.banks(of, later(60)) if line.unit == world.bank(short))


def test_coverage_counts_each_bank_once_and_a_withdrawn_session_not_at_all(world: World) -> None:
    trained(world, date(2026, 3, 2), "a", "b")
    wrong = trained(world, date(2026, 5, 6), "a", "c")
    assert line_of(world, "a").trained == date(2026, 5, 6)
    training.withdraw(world.county["registrar_head"], wrong, "日期有误", NOW)
    assert line_of(world, "a").trained == date(2026, 3, 2) and line_of(world, "c").trained is None
    assert [one.pk for one in training.sessions(withdrawn=True)] == [wrong.pk], "it stays to be read"


def test_trained_before_its_last_mistake(world: World) -> None:
    for short in "abc":
        mortgage = world.mortgage(short)
        world.settled(short, mortgage, in_full=short == "c")
    work(later(1))
    trained(world, NOW.date() - timedelta(days=9), "a", "c")
    a, b, c = (line_of(world, short) for short in "abc")
    assert (a.trained_before, b.trained_before, c.trained_before) == (True, False, None)
    assert (a.lags, b.lags, c.lags) == (False, True, False)
    assert selectors_figures.banks(period_of("month", NOW.date()), later(60))[0].unit == world.bank("b")


def test_what_the_register_or_a_court_caused_is_no_mistake_of_the_bank(world: World) -> None:
    mortgage = world.mortgage("a")
    world.restrict(mortgage, "seizure")
    world.settled("a", mortgage)
    work(later(1))
    assert line_of(world, "a").mistake is None


def test_a_bank_that_fell_silent_is_no_longer_connected(world: World) -> None:
    world.settled("a", world.mortgage("a"))
    work()
    lines = selectors_figures.banks(period_of("month", NOW.date()), NOW + timedelta(days=31))
    assert [line.connected for line in lines] == [False, False, False]
    assert line_of(world, "a").connected and not line_of(world, "b").connected


@pytest.mark.parametrize(
    ("day", "people", "field"),
    [(date(2026, 9, 30), 3, "held_on"), (date(2026, 9, 1), 0, "came"), (date(2026, 9, 1), 501, "came")],
)
def test_what_cannot_be_is_refused_and_nothing_kept(world: World, day: date, people: int, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        training.record(world.county["registrar_head"], day, "x", "y", [Came(world.bank("a").pk, people)], NOW)
    assert field in refused.value.fields and not Training.objects.exists()


def test_only_the_registrys_head_records(world: World) -> None:
    with pytest.raises(NotYours):
        training.record(world.county["registrar"], date(2026, 9, 1), "x", "y", [Came(world.bank("a").pk, 1)], NOW)


def test_by_the_form_and_what_was_typed_is_kept(world: World, client: Client, clock: Clock) -> None:
    clock.set(NOW)
    client.force_login(User.objects.get(pk=world.county["registrar_head"].user_id), backend=BACKEND)
    bank = world.bank("a")
    form = {"held_on": "2026-09-01", "place": "三楼会议室", "topic": "抵押注销标准化", f"people-{bank.pk}": "三"}
    page = client.post("/mortgages/training/new/", form)
    assert (
        page.status_code == 422
        and "参训人数须为1至500的整数" in page.content.decode()
        and 'value="三"' in page.content.decode()
    )
    answer = client.post("/mortgages/training/new/", {**form, f"people-{bank.pk}": "3", f"names-{bank.pk}": "张三"})
    made = Training.objects.get()
    assert answer.status_code == 302 and made.attendances.get().names == "张三"
    said = client.get("/mortgages/training/").content.decode()
    assert "在册3家，已培训1家" in said and world.bank("b").name in said
    assert client.post(f"/mortgages/training/{made.pk}/withdraw/", {"why": " "}).status_code == 422
    assert client.post(f"/mortgages/training/{made.pk}/withdraw/", {"why": "录错"}).status_code == 302
    assert "在册3家，已培训0家" in client.get("/mortgages/training/").content.decode()


def test_a_closed_bank_is_no_longer_on_file(world: World) -> None:
    Unit.objects.filter(pk=world.bank("c").pk).update(closed_on=date(2026, 1, 1))
    assert [unit.code for unit in training.banks()] == ["bank-a", "bank-b"]
