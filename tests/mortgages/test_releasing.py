"""From the bank's word to the register's, and everything that goes to a person instead."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from qinqing.audit.services import verify_database
from qinqing.cases.acting import act
from qinqing.cases.models import Case
from qinqing.mortgages import events, releasing, taking
from qinqing.mortgages.models import BankEvent, RegisterRequest, Release
from qinqing.mortgages.models_register import Registration
from qinqing.mortgages.register import Asked, Declined, Deregistered, Entry, RegisterAway
from qinqing.mortgages.register.embedded import Embedded
from tests.mortgages.world import NOW, World, later, pass_time, release_of, where, why, work
from tests.worlds import Once

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(db: None, built: World) -> World:
    return deepcopy(built)


def test_a_settled_loan_deregisters_itself(world: World) -> None:
    mortgage = world.mortgage("a")
    accepted = world.settled("a", mortgage)
    assert not accepted.again
    work(later(1))
    assert where(mortgage) == "released"
    release = release_of(mortgage)
    assert (release.state, release.released_at, release.by_person) == ("released", later(1), False)
    assert release.receipt_no == Registration.objects.get().receipt_no != ""
    assert (release.owner, release.promised_at) == ("柳某", NOW + timedelta(hours=1))
    assert accepted.event.__class__.objects.get().release == release


def test_said_again_acts_once_for_ever(world: World) -> None:
    mortgage = world.mortgage("a")
    first = world.settled("a", mortgage, event_id="x")
    assert world.settled("a", mortgage, event_id="x").again
    work()
    again = world.settled("a", mortgage, event_id="x")
    assert again.again and again.event.pk == first.event.pk
    work(later(30))
    other = world.settled("a", mortgage, event_id="y", happened_at=NOW)
    work(later(31))
    other.event.refresh_from_db()
    assert other.event.word.startswith("该抵押已注销，重复报送")
    assert Release.objects.count() == RegisterRequest.objects.count() == Case.objects.count() == 1


def test_an_id_that_comes_with_another_content_is_refused(world: World) -> None:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage, event_id="x")
    with pytest.raises(events.Reused):
        world.settled("a", mortgage, event_id="x", loan_number="L2")
    world.settled("b", mortgage, event_id="x")  # another bank's ids are its own
    assert BankEvent.objects.count() == 2


@pytest.mark.parametrize("order", [("a", "fund"), ("fund", "a")])
def test_a_combined_loan_waits_for_every_creditor_in_any_order(world: World, order: tuple[str, str]) -> None:
    mortgage = world.mortgage("a", "fund")
    world.settled(order[0], mortgage)
    work(later(1))
    assert where(mortgage) == "waiting"
    world.settled(order[1], mortgage, later(3000))
    work(later(3000))
    assert where(mortgage) == "released"
    assert release_of(mortgage).promised_at == later(3060), "the hour runs from when it became possible"


def test_separate_registrations_are_released_separately(world: World) -> None:
    one, two = world.mortgage("a"), world.mortgage("b")
    Registration.objects.filter(pk=two.pk).update(unit_number=one.unit_number)
    world.settled("a", one)
    work()
    assert where(one) == "released"
    assert Registration.objects.get(pk=two.pk).deregistered_at is None


DOUBTS: dict[str, Callable[[World], Registration]] = {}


def doubt(function: Callable[[World], Registration]) -> Callable[[World], Registration]:
    DOUBTS[function.__name__] = function
    return function


def _said(world: World, mortgage: Registration, short: str = "a", **changes: Any) -> Registration:
    world.settled(short, mortgage, **changes)
    return mortgage


@doubt
def not_found(world: World) -> Registration:
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    mortgage.creditors.all().delete()
    mortgage.delete()
    return mortgage


@doubt
def unit_differs(world: World) -> Registration:
    return _said(world, world.mortgage("a"), unit_number="330499001002GB99999F00010001")


@doubt
def already_released(world: World) -> Registration:
    return _said(world, world.mortgage("a", deregistered_at=NOW, receipt_no="注1"))


@doubt
def maximum_amount(world: World) -> Registration:
    return _said(world, world.mortgage("a", maximum_amount=True))


@doubt
def seizure(world: World) -> Registration:
    mortgage = world.mortgage("a")
    world.restrict(mortgage, "seizure")
    return _said(world, mortgage)


@doubt
def dispute(world: World) -> Registration:
    mortgage = world.mortgage("a")
    world.restrict(mortgage, "dispute")
    return _said(world, mortgage)


@doubt
def creditor_unknown(world: World) -> Registration:
    return _said(world, world.mortgage(("某城市信用社", "")))


@doubt
def creditor_differs(world: World) -> Registration:
    return _said(world, world.mortgage("b"))


@doubt
def loan_differs(world: World) -> Registration:
    bank = world.bank("a")
    creditor = {"name": bank.name, "credit_code": bank.credit_code, "loan_number": "L1"}
    return _said(world, world.mortgage(creditor), loan_number="L2")


@doubt
def part_settlement(world: World) -> Registration:
    return _said(world, world.mortgage("a"), in_full=False)


@doubt
def not_authorised(world: World) -> Registration:
    return _said(world, world.mortgage("b"), creditor_code=world.bank("b").credit_code)


@pytest.mark.parametrize("reason", list(DOUBTS))
def test_what_is_never_automatic_goes_to_a_person(world: World, reason: str) -> None:
    mortgage = DOUBTS[reason](world)
    work(later(1))
    assert (where(mortgage), why(mortgage)) == ("exception", reason)
    assert release_of(mortgage).by_person
    assert not RegisterRequest.objects.exists()
    task = Case.objects.get().tasks.get(state="open")
    assert task.unit == world.county.units["registry"] and Case.objects.get().due_at == later(61)


def test_a_name_written_exactly_fits_without_a_code(world: World) -> None:
    mortgage = world.mortgage(("禾穗银行示范支行　", ""))
    world.settled("a", mortgage)
    work()
    assert where(mortgage) == "released"


def test_a_reversal_before_registration_cancels(world: World) -> None:
    mortgage = world.mortgage("a", "fund")
    first = world.settled("a", mortgage)
    work()
    world.reversed("a", first, later(5))
    work(later(5))
    assert (where(mortgage), release_of(mortgage).state) == ("reversed", "ended")
    again = world.settled("a", mortgage, later(9))
    world.settled("fund", mortgage, later(9))
    work(later(9))
    assert where(mortgage) == "released" and not again.again, "a new settlement begins anew"


def test_one_of_two_takes_its_word_back(world: World) -> None:
    mortgage = world.mortgage("a", "fund")
    first = world.settled("a", mortgage)
    world.settled("fund", mortgage)
    taking.take(NOW)
    releasing.match(NOW)
    assert where(mortgage) == "registering"
    world.reversed("a", first)
    work()
    assert where(mortgage) == "waiting"
    assert set(RegisterRequest.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_reversal_that_comes_first_undoes_what_comes_after(world: World) -> None:
    mortgage = world.mortgage("a")
    early = world.reversed("a", "later-on")
    work()
    early.event.refresh_from_db()
    assert early.event.state == "early"
    world.settled("a", mortgage, event_id="later-on")
    work()
    assert not Release.objects.exists()
    assert set(BankEvent.objects.values_list("state", flat=True)) == {"taken"}


def test_a_reversal_afterwards_goes_urgently_to_a_person(world: World) -> None:
    mortgage = world.mortgage("a")
    first = world.settled("a", mortgage)
    work()
    world.reversed("a", first, later(30))
    work(later(30))
    assert where(mortgage) == "undoing"
    case = Case.objects.get()
    assert case.due_at == later(90) and case.tasks.filter(node="undo", state="open").exists()
    act(
        case.pk, "stands", world.county["registrar"], later(40), {"finding": "银行误报", "legal_basis": "民法典第393条"}
    )
    act(case.pk, "approve", world.county["registrar_head"], later(41))
    assert where(mortgage) == "released" and release_of(mortgage).state == "released"


def test_a_person_may_decide_on_a_doubt(world: World) -> None:
    mortgage = maximum_amount(world)
    work()
    case = Case.objects.get()
    from qinqing.cases.blobs import StoredFile

    paper = StoredFile("0" * 64, "最高额确定书.pdf", "application/pdf", 100)
    form = {"finding": "最高额债权已确定并清偿", "legal_basis": "民法典第423条"}
    act(case.pk, "release", world.county["registrar"], later(20), form, files=[paper])
    assert where(mortgage) == "exception"
    act(case.pk, "approve", world.county["registrar_head"], later(25))
    work(later(26))
    assert where(mortgage) == "released" and release_of(mortgage).by_person


class Moody(Embedded):
    """A register that answers as told, once each."""

    moods: list[str]

    def look_up(self, certificate: str) -> Entry | None:
        if self.moods and self.moods[0] == "no-look":
            raise RegisterAway("away")
        return super().look_up(certificate)

    def deregister(self, asked: Asked, now: object) -> Deregistered | Declined:
        mood = self.moods.pop(0) if self.moods else ""
        if mood == "away":
            raise RegisterAway("away")
        answer = super().deregister(asked, now)  # type: ignore[arg-type]
        if mood == "lost":
            raise RegisterAway("the answer was lost")
        return answer


@pytest.fixture
def moody(monkeypatch: pytest.MonkeyPatch) -> Moody:
    made = Moody()
    made.moods = []
    monkeypatch.setattr(releasing, "register", lambda: made)
    return made


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_is_done_twice(world: World, moody: Moody) -> None:
    mortgage = world.mortgage("a")
    moody.moods = ["away", "lost"]
    world.settled("a", mortgage)
    for seconds in range(0, 60, 5):
        work(NOW + timedelta(seconds=seconds))
    assert where(mortgage) == "released"
    request = RegisterRequest.objects.get()
    assert (request.attempts, request.state) == (3, "done")
    assert Registration.objects.get().request == request.number


def test_a_register_that_is_away_hands_it_to_a_person_before_the_hour_is_over(world: World, moody: Moody) -> None:
    mortgage = world.mortgage("a")
    moody.moods = ["away"] * 1000
    world.settled("a", mortgage)
    work()
    assert where(mortgage) == "registering"
    for minute in range(1, 56):
        pass_time(later(minute))
    assert where(mortgage) == "exception"
    assert Case.objects.get().last_event_at < release_of(mortgage).promised_at
    moody.moods = []
    pass_time(later(58))
    assert where(mortgage) == "released", "a late answer still counts"


def test_a_register_that_cannot_be_looked_into_too(world: World, moody: Moody) -> None:
    mortgage = world.mortgage("a")
    moody.moods = ["no-look"]
    world.settled("a", mortgage)
    work()
    assert where(mortgage) == "matching"
    pass_time(later(5.1))
    assert where(mortgage) == "exception"


def test_reversed_while_the_register_works(world: World, moody: Moody) -> None:
    mortgage = world.mortgage("a")
    moody.moods = ["lost"]
    first = world.settled("a", mortgage)
    work()
    world.reversed("a", first, later(0.01))
    taking.take(later(0.01))
    assert (where(mortgage), why(mortgage)) == ("exception", "reversed_meanwhile")
    work(later(1))
    assert where(mortgage) == "undoing", "the register had done it: a person looks"


def test_the_procedure_keeps_what_the_service_promises(world: World) -> None:
    from qinqing.cases import shelf
    from qinqing.mortgages.promise import service

    stages = shelf.by_id(shelf.current_id("mortgage_release")).stages
    clocks = [stages[name].clock for name in ("matching", "registering")]
    assert sum(clock.limits[""].amount for clock in clocks if clock) < service().promise.amount
    assert all("exception" in clock.rungs.values() for clock in clocks if clock)


def test_the_histories_verify(world: World) -> None:
    for reason in ("seizure", "part_settlement"):
        DOUBTS[reason](world)
    mortgage = world.mortgage("a")
    world.settled("a", mortgage)
    work()
    assert verify_database(NOW).findings == []
