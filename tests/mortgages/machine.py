"""The law of the mortgage wing: what must be true whatever banks say, the register answers, workers and people do.

`Machine` lives through some days of a small county: mortgages of one or two creditors, clean and doubtful ones; banks
that settle, repeat, reverse, err; a register in all moods; workers that do one step at a time; people who act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from qinqing.audit.services import verify_database
from qinqing.cases import blobs, passing_time
from qinqing.cases.acting import act
from qinqing.cases.models import Case, Task
from qinqing.mortgages import events, releasing, taking
from qinqing.mortgages.events import Reused
from qinqing.mortgages.models import BankEvent, RegisterRequest, Release
from qinqing.mortgages.models_register import Registration, Restriction
from qinqing.mortgages.register import Asked, Declined, Deregistered, Entry, RegisterAway
from qinqing.mortgages.register.embedded import Embedded
from qinqing.ui.errors import Problem
from tests.cases.county import forget
from tests.mortgages.world import NOW, World

BANKS = st.sampled_from(["a", "b", "fund"])
FINDING = {"finding": "已核查", "legal_basis": "民法典第393条", "reason": "x", "notice": "请核实"}
ACTS = ["match_again", "release", "turn_down", "stands", "restored", "take_over", "look_meanwhile", "end_waiting"]


@dataclass(frozen=True)
class Said:
    """A settlement as the bank sent it, or will send it."""

    bank: str
    certificate: str
    values: tuple[tuple[str, Any], ...]

    @property
    def event_id(self) -> str:
        return str(dict(self.values)["event_id"])


class Moody(Embedded):
    """In the mood of the moment; notes what was known when it was first asked to do something."""

    def __init__(self, look: Callable[[Asked], None]) -> None:
        self.mood, self.look, self.numbers = "", look, set[str]()

    def look_up(self, certificate: str) -> Entry | None:
        if self.mood in ("away", "blind"):
            raise RegisterAway(self.mood)
        return super().look_up(certificate)

    def deregister(self, asked: Asked, now: datetime) -> Deregistered | Declined:
        if asked.number not in self.numbers:
            self.numbers.add(asked.number)
            self.look(asked)
        if self.mood == "away":
            raise RegisterAway(self.mood)
        answer = super().deregister(asked, now) if self.mood != "declines" else Declined("系统维护")
        if self.mood == "lost":
            raise RegisterAway(self.mood)
        return answer


@dataclass
class Model:
    """What the banks have said, kept without a look at the wing's tables."""

    settled: dict[tuple[str, str], Said] = field(default_factory=dict)  # (bank, event id) -> what
    reversed: set[tuple[str, str]] = field(default_factory=set)
    last: dict[tuple[str, str], str] = field(default_factory=dict)  # (certificate, bank) -> its last word on it

    def is_settled(self, certificate: str, bank: str) -> bool:
        """Whether it must be released: what stands was not said before a reversal, which takes back what was said
        twice as well."""
        return self.stands(certificate, bank) and self.last[certificate, bank] == "settled"

    def stands(self, certificate: str, bank: str) -> bool:
        """Whether this bank's own settlement in full of that mortgage stands."""
        return any(
            key not in self.reversed and said.certificate == certificate and said.bank == bank
            and dict(said.values).get("in_full", True)
            for key, said in self.settled.items()
        )  # fmt: skip


class Machine(RuleBasedStateMachine):
    """`world` and `use` (puts a register in the place of the installation's) are set by the test that runs it."""

    world: ClassVar[World]
    use: ClassVar[Callable[[Moody], None]]
    mortgages, settlements = Bundle("mortgages"), Bundle("settlements")

    def __init__(self) -> None:
        super().__init__()
        forget()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.now, self.model, self.ids = NOW, Model(), 0
        self.owed: dict[str, list[str]] = {}  # certificate -> banks
        self.doubtful: set[str] = set()
        self.troubled = False  # the register was moody, or much time went by, or a person acted
        self.wrong: list[str] = []
        self.register = Moody(self.on_first_asking)
        type(self).use(self.register)

    def teardown(self) -> None:
        try:
            if self.owed:
                self.in_the_end()
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)
            forget()

    # ── the register ──

    def on_first_asking(self, asked: Asked) -> None:
        """At the moment it is asked: has every creditor's word been given, and not taken back?"""
        request = RegisterRequest.objects.get(number=asked.number)
        missing = [b for b in self.owed[asked.certificate] if not self.model.stands(asked.certificate, b)]
        by_person = request.release.case.events.filter(action="approve").exists()
        if missing and not by_person:
            self.wrong.append(f"{asked.number} asked without {missing}")
        taken_back = [bank for bank in missing if self.took_back(bank, request.release)]
        if taken_back:
            self.wrong.append(f"{asked.number} asked against the reversal of {taken_back}")

    def took_back(self, bank: str, release: Release) -> bool:
        """Whether a settlement that this release rested on was reversed by now."""
        joined = BankEvent.objects.filter(release=release, bank=self.world.bank(bank), kind="settled")
        return any((bank, event_id) in self.model.reversed for event_id in joined.values_list("event_id", flat=True))

    # ── what happens ──

    @initialize(target=mortgages, doubt=st.sampled_from(["maximum", "seizure", "unknown"]))
    def some_mortgages(self, doubt: str) -> Any:
        made = [self.world.mortgage(*creditors) for creditors in (["a"], ["a", "fund"], ["b", "a"])]
        for each, owed in zip(made, (["a"], ["a", "fund"], ["b", "a"]), strict=True):
            self.owed[each.certificate] = owed
        facts = {"maximum_amount": True} if doubt == "maximum" else {}
        odd = self.world.mortgage("b" if doubt != "unknown" else ("某信用社", ""), **facts)
        self.owed[odd.certificate] = ["b"]
        self.doubtful.add(odd.certificate)
        if doubt == "seizure":
            self.world.restrict(odd, "seizure")
        return multiple(*made, odd)

    def new_id(self) -> str:
        self.ids += 1
        return f"e{self.ids}"

    def send(self, said: Said) -> None:
        bank, sent = self.world.bank(said.bank), events.Sent(**dict(said.values))
        again = (said.bank, said.event_id) in self.model.settled
        assert events.accept(bank, sent, "api", self.now).again == again
        self.model.settled[said.bank, said.event_id] = said
        if not again:
            self.model.last[said.certificate, said.bank] = "settled"

    @rule(target=settlements, mortgage=mortgages, who=st.integers(0, 1), slips=st.integers(0, 9), now=st.integers(0, 7))
    def settle(self, mortgage: Registration, who: int, slips: int, now: int) -> Said:
        """Mostly a creditor in full; now and then another bank, in part, the wrong unit; or it is sent later."""
        owed = self.owed[mortgage.certificate]
        bank = owed[who % len(owed)] if slips != 1 else "c"
        unit = mortgage.unit_number if slips != 2 else mortgage.unit_number[:-1] + "9"
        if slips in (1, 2, 3):
            self.doubtful.add(mortgage.certificate)
        values = {
            "event_id": self.new_id(), "kind": "settled", "happened_at": self.now, "in_full": slips != 3,
            "certificate": mortgage.certificate, "unit_number": unit,
        }  # fmt: skip
        said = Said(bank, mortgage.certificate, tuple(values.items()))
        if now:
            self.send(said)
        return said

    @rule(said=settlements)
    def send_it_or_send_it_again(self, said: Said) -> None:
        self.send(said)

    @rule(said=settlements)
    def same_id_with_another_content(self, said: Said) -> None:
        if (said.bank, said.event_id) not in self.model.settled:
            return
        other = events.Sent(**{**dict(said.values), "loan_number": "L9"})
        try:
            events.accept(self.world.bank(said.bank), other, "api", self.now)
        except Reused:
            return
        raise AssertionError("another content under the same id")

    @rule(said=settlements, by_another=st.integers(0, 5))
    def reverse(self, said: Said, by_another: int) -> None:
        """Also before it comes, also twice; another bank's word reverses nothing of this one's."""
        bank = said.bank if by_another else "c"
        reversal = events.Sent(self.new_id(), "reversed", self.now, reverses=said.event_id)
        events.accept(self.world.bank(bank), reversal, "api", self.now)
        self.model.reversed.add((bank, said.event_id))
        if (bank, said.event_id) in self.model.settled:
            self.model.last[said.certificate, bank] = "reversed"

    @rule(step=st.sampled_from(["take", "match", "send"]), limit=st.sampled_from([1, 50]))
    def the_worker_does_a_step(self, step: str, limit: int) -> None:
        {"take": taking.take, "match": releasing.match, "send": releasing.send}[step](self.now, limit)

    @rule()
    def the_worker_does_all(self) -> None:
        self.work()

    @rule(mood=st.sampled_from(["", "", "away", "blind", "lost", "declines"]))
    def the_register_is(self, mood: str) -> None:
        self.register.mood = mood
        self.troubled |= mood != ""

    @rule(seconds=st.sampled_from([1, 40, 400, 3000, 40_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.troubled |= seconds > 40
        while passing_time.fire_due_rungs(self.now):
            pass

    @rule(mortgage=mortgages, action=st.sampled_from(ACTS))
    def a_person_acts(self, mortgage: Registration, action: str) -> None:
        paper = blobs.store(SimpleUploadedFile("核查材料.txt", "核查材料".encode()))
        self.person("registrar", mortgage, action, FINDING, [paper])

    @rule(mortgage=mortgages, answer=st.sampled_from(["approve", "approve", "refuse"]))
    def the_head_answers(self, mortgage: Registration, answer: str) -> None:
        self.person("registrar_head", mortgage, answer, {"reason": "x"} if answer == "refuse" else {}, [])

    def person(self, who: str, mortgage: Registration, action: str, data: dict[str, str], files: list[Any]) -> None:
        found = Release.objects.filter(certificate=mortgage.certificate).order_by("pk").last()
        if found is None:
            return
        spec_fields = self.asked_of(found.case_id, action)
        try:
            with transaction.atomic():
                act(
                    found.case_id, action, self.world.county[who], self.now,
                    {name: value for name, value in data.items() if name in spec_fields or action == "refuse"},
                    files=files if action in ("release", "restored") else [],
                )  # fmt: skip
        except Problem:
            return
        self.troubled = True

    def asked_of(self, case_id: int, action: str) -> set[str]:
        from qinqing.cases import shelf

        case = Case.objects.get(pk=case_id)
        found = shelf.by_id(case.procedure_id).act(case.stage, case.outcome, action)
        return {name for name in found.needs} if found else set()

    @rule(mortgage=mortgages)
    def the_seizure_is_lifted(self, mortgage: Registration) -> None:
        Restriction.objects.filter(unit_number=mortgage.unit_number).update(lifted_on=self.now.date())

    def work(self) -> None:
        for _ in range(4):
            taking.take(self.now)
            releasing.match(self.now)
            releasing.send(self.now)

    # ── what is always true ──

    @invariant()
    def nothing_went_out_that_should_not(self) -> None:
        assert self.wrong == []

    @invariant()
    def every_release_is_closed_or_on_a_desk_with_a_due_time(self) -> None:
        for release in Release.objects.select_related("case"):
            case = release.case
            assert (release.state == "open") == (not case.outcome) or case.stage == "undoing", (release, case.stage)
            if not case.outcome:
                assert case.tasks.filter(state=Task.State.OPEN, unit__isnull=False).exists(), case.stage
                assert case.due_at is not None, case.stage

    @invariant()
    def one_deregistration_a_mortgage(self) -> None:
        done = list(RegisterRequest.objects.filter(state="done").values_list("release__certificate", flat=True))
        assert len(done) == len(set(done))
        for release in Release.objects.filter(state="released"):
            stands = Registration.objects.get(certificate=release.certificate)
            assert stands.deregistered_at is not None and stands.receipt_no == release.receipt_no

    # ── in the end ──

    def in_the_end(self) -> None:
        """The register is well again and the workers have time."""
        self.register.mood = ""
        for _ in range(4):
            self.now += timedelta(seconds=61)
            self.work()
        self.nothing_went_out_that_should_not()
        self.every_release_is_closed_or_on_a_desk_with_a_due_time()
        self.one_deregistration_a_mortgage()
        assert set(BankEvent.objects.values_list("state", flat=True)) <= {"early", "taken"}, "nothing waits"
        assert not RegisterRequest.objects.filter(state__in=["pending", "sent"]).exists()
        for each in BankEvent.objects.filter(state="early"):
            assert not BankEvent.objects.filter(bank=each.bank, event_id=each.reverses, kind="settled").exists()
        known = set(RegisterRequest.objects.filter(state="done").values_list("release__certificate", flat=True))
        gone = set(Registration.objects.filter(deregistered_at__isnull=False).values_list("certificate", flat=True))
        assert gone == known, "the platform and the register say the same"
        for certificate, owed in self.owed.items():
            self.it_ended_rightly(certificate, owed)
        findings = verify_database(self.now).findings
        assert findings == [], findings

    def it_ended_rightly(self, certificate: str, owed: list[str]) -> None:
        gone = Registration.objects.get(certificate=certificate).deregistered_at is not None
        whole = all(self.model.is_settled(certificate, bank) for bank in owed)
        last = Release.objects.filter(certificate=certificate).select_related("case").order_by("pk").last()
        if whole and not gone:
            assert last is not None, certificate
            why = f"{certificate} {last.case.stage} {last.case.outcome}"
            assert certificate in self.doubtful or self.troubled, why
            assert last.case.outcome or last.case.stage in ("exception", "ruling", "registering", "matching"), why
        if gone and not all(self.model.stands(certificate, bank) for bank in owed):
            done = RegisterRequest.objects.get(state="done", release__certificate=certificate).release
            undone = done.case.stage == "undoing" or done.reversed_late
            assert done.by_person or undone or done.state == "ended", f"{certificate}: nobody is asked to look"
