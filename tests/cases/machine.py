"""The law of the kernel: what must be true of a case after anything whatever happened.

`Machine` lives through one case of a random sound procedure: people act rightly and wrongly, time passes, calendars
change, answers get lost and are sent again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.db import transaction
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from qinqing.accounts.actor import Actor
from qinqing.audit.verify import check_chain
from qinqing.cases import acting, calendars, decide, forms, shelf
from qinqing.cases.blobs import StoredFile
from qinqing.cases.casefile import CaseFile, state_of
from qinqing.cases.history import CaseHistory
from qinqing.cases.models import Case, Event, Payload, Rung, Task
from qinqing.cases.passing_time import fire_due_rungs, import_calendar, proceed_automatic, reproject
from qinqing.cases.permitting import may_work_on
from qinqing.cases.procedure import LEVELS, Act, Field, Procedure
from qinqing.cases.reading import parse
from qinqing.cases.refusals import Incomplete
from qinqing.cases.state import WAIT
from qinqing.lib.wallclock import CHINA
from qinqing.lib.workdays import Budget, due_at, rung_at
from qinqing.messaging.models import Outbox
from qinqing.ui.errors import Problem
from tests.cases.county import TUESDAY, County, forget
from tests.cases.random_procedures import procedures

PHOTO = StoredFile("0" * 64, "现场.jpg", "image/jpeg", 10)


# -- forms -------------------------------------------------------------------------------------------------------------


def whole(
    draw: st.DrawFn, county: County, fields: tuple[Field, ...], act: Act | None, unit: int | None = None
) -> dict[str, Any]:
    """A form as a careful person fills it in: every field whole, choices those that the act is for, officers of the
    task's unit."""
    units = [county.unit(code) for code in "abcde"]
    officers = [actor for actor in county.people.values() if actor.kind == "officer"]
    colleagues = [actor for actor in officers if unit in actor.unit_ids] or officers
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "text": st.sampled_from(["厂区停车难", "a\nb", "{{ 7*7 }}", "  留白  "]),
        "phone": st.just("138 0000 2046"),
        "unit": st.sampled_from(units),
        "units": st.lists(st.sampled_from(units), min_size=1, max_size=3),
        "number": st.integers(-5, 10**9),
        "date": st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(str),
        "confirm": st.just(True),
        "officer": st.sampled_from([actor.user_id for actor in colleagues]),
    }
    filled = {}
    for item in fields:
        allowed = (act.when.get(item.name) if act else None) or tuple(item.choices)
        filled[item.name] = draw(st.sampled_from(allowed) if item.type == "choice" else kinds[item.type])
    if "lead" in filled and filled["lead"] in filled.get("assistants", []):
        filled["assistants"] = [unit for unit in units if unit != filled["lead"]][:2]
    return filled


# -- one case ----------------------------------------------------------------------------------------------------------

# Why an offered act may be refused all the same: the table's conditions, which the page lets the person find out.
TOLD = ("只适用于", "条件不满足", "协办意见未反馈", "须在到期前", "已超过可以提出的期限", "请先选定", "三次")
# What the kernel allows and no page offers: signing again, taking one's own proposal back.
UNOFFERED = {"sign", "refuse"}


class _Undo(Exception):
    """Takes back what was tried."""


class Machine(RuleBasedStateMachine):
    """The life of one case. `county` is set by the test that runs it."""

    county: ClassVar[County]

    def __init__(self) -> None:
        super().__init__()
        forget()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.now = TUESDAY
        self.level = 0
        self.keys = 0
        self.revisions = 0
        self.number = ""

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
        forget()

    # -- what is known of the case

    @property
    def case(self) -> Case:
        return Case.objects.get(number=self.number)

    @property
    def spec(self) -> Procedure:
        return shelf.by_id(self.case.procedure_id)

    def rows(self) -> list[Any]:
        """Everything the kernel writes."""
        tables = (Case, Task, Event, Payload, Rung, Outbox)
        return [list(model.objects.order_by("pk").values()) for model in tables]

    def act(self, action: str) -> Act | None:
        return None if action in decide.STANDARD_ACTS else self.spec.act(self.case.stage, self.case.outcome, action)

    def file(self, actor: Actor) -> CaseFile:
        return CaseFile(self.case, actor, self.now)

    def anybody(self, draw: st.DrawFn) -> Actor:
        return self.county.people[draw(st.sampled_from(sorted(self.county.people)))]

    def somebody(self, draw: st.DrawFn) -> Actor:
        """One of those for whom the page has something to do; anybody when there is none."""
        people = [name for name, actor in sorted(self.county.people.items()) if self.file(actor).offers]
        return self.county.people[draw(st.sampled_from(people or sorted(self.county.people)))]

    # -- the rules

    @initialize(text=procedures(), data=st.data())
    def open(self, text: str, data: st.DataObject) -> None:
        spec = parse(text)
        shelf.store(spec, self.now)
        filled = whole(data.draw, self.county, tuple(spec.fields[name] for name in spec.opens_with.fields), None)
        done = acting.open_case("random", self.county.company.pk, self.county["clerk"], self.now, filled, title="事")
        self.number = done.number

    @rule(data=st.data())
    def offered(self, data: st.DataObject) -> None:
        """Somebody on whose desk it lies does what the page offers."""
        actor = self.somebody(data.draw)
        if not self.file(actor).offers:
            return
        offer = data.draw(st.sampled_from(self.file(actor).offers))
        note(f"{self.now} {actor.name} {offer.action} {offer.task and offer.task.node}")
        act = self.act(offer.action)
        form = whole(data.draw, self.county, offer.fields, act, offer.task and offer.task.unit_id)
        at = {"task_id": offer.task and offer.task.pk, "expected_version": offer.version}
        self.attempt(offer.action, actor, form, files=[PHOTO], **at)

    @rule(data=st.data())
    def wild(self, data: st.DataObject) -> None:
        """Anybody tries anything, with any form, at any task."""
        actions = sorted({act.name for _, act in self.spec.all_acts()} | decide.STANDARD_ACTS | {"open", "nonsense"})
        actor, action = self.anybody(data.draw), data.draw(st.sampled_from(actions))
        act = self.act(action)
        fields, _ = forms.fields_of(self.spec, act, action) if act or action in decide.STANDARD_ACTS else ((), None)
        form = whole(data.draw, self.county, fields, act if data.draw(st.booleans()) else None)
        if data.draw(st.booleans()):
            form |= data.draw(st.dictionaries(st.sampled_from([*self.spec.fields, "x"]), _anything(), max_size=2))
        tasks = [*Task.objects.filter(case=self.case).values_list("pk", flat=True), None, 999_999]
        note(f"{self.now} {actor.name} tries {action} with {form}")
        self.attempt(
            action, actor, form, task_id=data.draw(st.sampled_from(tasks)),
            expected_version=data.draw(st.sampled_from([None, None, 0, 1, 2])),
            idempotency_key=data.draw(st.sampled_from([None, None, "k", "x" * 61, "坏"])),
            files=data.draw(st.sampled_from([(), (PHOTO,)])),
        )  # fmt: skip

    def attempt(self, action: str, actor: Actor, form: dict[str, Any], **more: Any) -> acting.Done | None:
        """Do it, or find everything as it was."""
        before, case = self.rows(), self.case
        try:
            done = acting.act(case.pk, action, actor, self.now, form, **more)
        except Problem as problem:
            note(f"  refused: {problem.detail}")
            assert self.rows() == before, f"{action} was refused and yet changed something"
            return None
        if done.replayed:
            assert self.rows() == before
        else:
            assert self.case.seq == case.seq + 1 == done.seq
        return done

    @rule(data=st.data())
    def twice(self, data: st.DataObject) -> None:
        """The answer got lost, and the same is sent again: it is answered again, not done again."""
        actor = self.somebody(data.draw)
        offers = self.file(actor).offers
        if not offers:
            return
        offer = data.draw(st.sampled_from(offers))
        act = self.act(offer.action)
        form = whole(data.draw, self.county, offer.fields, act, offer.task and offer.task.unit_id)
        self.keys += 1
        same = {"task_id": offer.task and offer.task.pk, "expected_version": offer.version, "files": [PHOTO]}
        done = self.attempt(offer.action, actor, form, **same, idempotency_key=f"twice{self.keys}")
        if done is None:
            return
        again = self.attempt(offer.action, actor, form, **same, idempotency_key=f"twice{self.keys}")
        assert again is not None and again.replayed
        assert (again.seq, again.number) == (done.seq, done.number)

    @rule(data=st.data())
    def stale(self, data: st.DataObject) -> None:
        """Who decided on something that has changed since is told so."""
        actor = self.somebody(data.draw)
        offers = [offer for offer in self.file(actor).offers if offer.task]
        if offers:
            offer = data.draw(st.sampled_from(offers))
            act = self.act(offer.action)
            form = whole(data.draw, self.county, offer.fields, act, offer.task and offer.task.unit_id)
            assert offer.task is not None
            at = {"task_id": offer.task.pk, "expected_version": offer.version - 1, "files": [PHOTO]}
            assert self.attempt(offer.action, actor, form, **at) is None

    @rule(hours=st.one_of(st.integers(0, 30), st.integers(24, 24 * 20)), often=st.integers(1, 3))
    def time_passes(self, hours: int, often: int) -> None:
        """Nobody acts. Every rung fires at its moment or later, once."""
        self.now += timedelta(hours=hours, minutes=7)
        for _ in range(often):
            before = set(Rung.objects.exclude(fired_at=None).values_list("pk", flat=True))
            fired = fire_due_rungs(self.now)
            now_fired = Rung.objects.exclude(fired_at=None).exclude(pk__in=before)
            assert fired == now_fired.count()
        assert not Rung.objects.filter(fired_at=None, at__lte=self.now).exists() or often < 3

    @precondition(lambda self: self.number and self.spec.stages[self.case.stage].automatic and not self.case.outcome)
    @rule()
    def system_proceeds(self) -> None:
        assert proceed_automatic(self.now) == 1
        assert self.case.round > 1

    @rule(data=st.data())
    def new_calendar(self, data: st.DataObject) -> None:
        """A notice of days off and made up: open due times follow, and nothing goes overdue by it."""
        if self.revisions == 2:
            return
        self.revisions += 1
        start = self.now.astimezone(CHINA).date()
        day = st.integers(0, 20).map(lambda n: start + timedelta(days=n))
        days = data.draw(st.dictionaries(day, st.booleans(), min_size=1, max_size=6))
        lines = [f"{{day: {day}, working: {str(on).lower()}, name: x}}" for day, on in sorted(days.items())]
        note(f"calendar {lines}")
        due, overdue = self.case.due_at, self.overdue()
        import_calendar(f"revision: r{self.revisions}\npublished_until: 2026\ndays: [{', '.join(lines)}]", self.now)
        reproject(self.now)
        assert reproject(self.now) == 0
        assert self.overdue() == overdue, f"was due {due}, is due {self.case.due_at} at {self.now}"

    def overdue(self) -> bool:
        return bool(self.case.due_at and self.case.due_at <= self.now)

    @rule(data=st.data())
    def what_is_offered_can_be_done_and_nothing_else(self, data: st.DataObject) -> None:
        actor = self.somebody(data.draw)
        offers = {(o.action, o.task.pk if o.task else None): o for o in self.file(actor).offers}
        for (action, task_id), offer in offers.items():
            act = self.act(action)
            why = self.tried(
                action,
                actor,
                whole(data.draw, self.county, offer.fields, act, offer.task and offer.task.unit_id),
                task_id,
            )
            assert not why or any(told in why for told in TOLD), f"{actor.name} is offered {action}, but: {why}"
        for action, task_id in self.everything(actor):
            if (action, task_id) not in offers and action not in UNOFFERED:
                act = self.act(action)
                fields, _ = forms.fields_of(self.spec, act, action)
                why = self.tried(action, actor, whole(data.draw, self.county, fields, act), task_id)
                assert why, f"{actor.name} can do {action} at {task_id}, but it is not offered"

    def everything(self, actor: Actor) -> Iterator[tuple[str, int | None]]:
        case, spec = self.case, self.spec
        tasks = [task.pk for task in Task.objects.filter(case=case, state="open")]
        yield from ((action, pk) for action in sorted(decide.STANDARD_ACTS) for pk in tasks)
        for act in spec.offered(case.stage, case.outcome):
            at_tasks = not case.outcome and act.by in spec.stages[case.stage].tasks
            yield from ((act.name, pk) for pk in (tasks if at_tasks else [None]))

    def tried(self, action: str, actor: Actor, form: dict[str, Any], task_id: int | None) -> str:
        """Why it is refused; empty when it can be done. Nothing is kept."""
        try:
            with transaction.atomic():
                acting.act(self.case.pk, action, actor, self.now, form, task_id=task_id, files=[PHOTO])
                raise _Undo
        except _Undo:
            return ""
        except Incomplete as problem:
            raise AssertionError(f"{action}: a whole form was called incomplete: {problem.detail}") from None
        except Problem as problem:
            return problem.detail.zh

    # -- the law

    @invariant()
    def closed_or_on_a_desk_with_a_due_time(self) -> None:
        if not self.number:
            return
        case, state = self.case, state_of(self.case)
        if not state.is_open:
            assert case.closed_at and case.due_at is None and not state.marking and not state.clocks
            assert not Rung.objects.filter(fired_at=None).exists()
            return
        assert case.closed_at is None and case.due_at is not None, "open, and nobody knows until when"
        if not self.spec.stages[state.stage].automatic:
            assert state.main, "on nobody's desk"
        for tok in state.marking:
            people = self.county.people.values()
            able = (may_work_on(self.spec, state, tok, person, case.party_id, self.parent) for person in people)
            assert any(able), f"nobody in the county can work on {tok}"
        assert Rung.objects.filter(fired_at=None).exists() or case.due_at <= self.now, "nothing will happen by itself"

    def parent(self, unit: int) -> int | None:
        return next(u.parent_id for u in self.county.units.values() if u.pk == unit)

    @invariant()
    def tasks_are_the_marking_and_none_is_there_twice(self) -> None:
        if self.number:
            tasks = sorted(f"{task.node}@{task.unit_id}" for task in Task.objects.filter(state="open"))
            assert tasks == sorted(self.case.marking.split())
            assert len(set(tasks)) == len(tasks)

    @invariant()
    def it_never_climbs_down(self) -> None:
        if self.number:
            level, self.level = self.level, self.case.level
            assert level <= self.level <= 4
            for clock, name in Rung.objects.exclude(fired_at=None).exclude(clock=WAIT).values_list("clock", "name"):
                limits = self.spec.stages[clock].clock
                assert limits
                if limits.rungs[name] in LEVELS:
                    assert self.level > LEVELS.index(limits.rungs[name]), f"{name} of {clock} fired and told nobody"

    @invariant()
    def the_chain_holds_and_the_row_is_the_fold(self) -> None:
        if self.number:
            (chain,) = CaseHistory().chains(self.number)
            findings, events, _ = check_chain("cases", chain)
            assert findings == []
            assert events == self.case.seq == Event.objects.count() == Payload.objects.count() == Outbox.objects.count()

    @invariant()
    def due_times_follow_from_the_clocks(self) -> None:
        if not self.number or not (state := state_of(self.case)).is_open:
            return
        calendar, dues = calendars.current(), []
        for name, clock in state.clocks.items():
            due, _ = due_at(datetime.fromisoformat(clock["from"]), Budget(**clock["budget"]), calendar, stops_of(clock))
            said = datetime.fromisoformat(clock["due"]) if clock["due"] else None
            if said != due:  # kept by a new calendar, which would have made it overdue
                assert self.revisions and said and due and due < said, f"{name}: {said}, not {due}"
            dues += [said] if said else []
            self.rungs_fall_where_they_should(name, clock, said, kept=said != due)
        assert self.case.due_at == min(dues)

    def rungs_fall_where_they_should(self, name: str, clock: Any, due: datetime | None, *, kept: bool) -> None:
        for rung in Rung.objects.filter(clock=name, fired_at=None):
            assert (rung.round, rung.revision) == (clock["round"], clock["revision"])
            assert due is not None, "a rung of a clock that does not run"
            if rung.name == "due" or rung.name.endswith("_late"):
                assert rung.at >= due, f"{rung.name} of {name} would fire at {rung.at}, before it is due at {due}"
            start, budget = datetime.fromisoformat(clock["from"]), Budget(**clock["budget"])
            at = rung_at(rung.name, start, budget, calendars.current(), stops_of(clock))
            assert at == rung.at or kept, f"{rung.name} of {name} is set for {rung.at}, not {at}"


def stops_of(clock: Any) -> list[tuple[datetime, datetime | None]]:
    return [(datetime.fromisoformat(a), datetime.fromisoformat(b) if b else None) for a, b in clock["stops"]]


def _anything() -> st.SearchStrategy[Any]:
    plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
    return plain | st.lists(plain, max_size=2) | st.dictionaries(st.text(max_size=3), plain, max_size=2)
