"""每月回访复盘的写 (Y5): drawing the sample, deciding on a call, recording the review meeting."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from qinqing.accounts.actor import Actor
from qinqing.cases.acting import open_case
from qinqing.cases.models import Case
from qinqing.cases.refusals import Incomplete, Refused
from qinqing.directory.models import Party, Unit
from qinqing.directory.services import create_party, day_of
from qinqing.evaluation import sampling, script
from qinqing.evaluation.calls import answer_of, calls_of
from qinqing.evaluation.frame import frame
from qinqing.evaluation.models import CallDecision, Decision, Draw, Review, Sampled
from qinqing.evaluation.months import Month
from qinqing.evaluation.rectifying import CHANNEL, answered_by, open_for, open_rectification
from qinqing.evaluation.selectors import RECTIFICATION, draw_of
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

MOST = 2_000  # calls a month; nobody makes more
MEETING = "复盘会议定"


class NothingToDraw(Problem):
    status = 409
    code = "nothing-to-draw"
    title = Label("还不能抽样", "There is nothing to draw from")


def draw(month: Month, size: int, actor: Actor, now: datetime, *, reason: str = "", seed: str | None = None) -> Draw:
    """Draw the sample of a month, once: asked again without a reason it gives the same. With a reason it is drawn
    again, and both stay on record. Raises NothingToDraw, Incomplete (`size`)."""
    reason = reason.strip()[:300]
    present = draw_of(month)
    if present is not None and not reason:
        return present
    if now < month.span[0]:
        text = f"{month.before.label.zh}尚未结束，{month.number}月1日起可以抽样"
        raise NothingToDraw(Label(text, f"{month.before.label.en} is not over; draw from the first of the next month"))
    found = frame(month.before)
    if not found.candidates:
        text = f"{month.before.label.zh}没有可以电话回访的办结件"
        raise NothingToDraw(Label(text, f"No case closed in {month.before.label.en} can be called back"))
    _check_size(size, found.candidates)
    seed = seed or secrets.token_hex(4)
    plan, chosen = sampling.draw(found.candidates, size, seed)
    number = present.number + 1 if present else 1
    try:
        with transaction.atomic():
            made = Draw.objects.create(
                month=month.first, number=number, seed=seed, size=plan.drawn, reason=reason, plan=plan.as_json(),
                script_version=script.read(settings.COUNTY).version, left_out=found.left_out, drawn_at=now,
                drawn_by_id=actor.user_id,
            )  # fmt: skip
            Sampled.objects.bulk_create(
                Sampled(draw=made, case_id=one.case_id, stratum=key, place=place)
                for place, (one, key) in enumerate(chosen, 1)
            )
    except IntegrityError:  # somebody drew in the same instant: theirs stands
        made = Draw.objects.get(month=month.first, number=number)
    return made


def _check_size(size: int, candidates: Sequence[sampling.Candidate]) -> None:
    needed = min(sampling.least(candidates), len(candidates))
    if not needed <= size <= MOST:
        text = Label(
            f"应为{needed}至{MOST}：差评件全部回访，其余每个单位至少一件",
            f"From {needed} to {MOST}: every badly rated case, and at least one of every other unit",
        )
        raise Incomplete({"size": text})


def decide_on_call(
    case: Case, actor: Actor, now: datetime, *, rectify: bool, reason: str = "", problem: str = ""
) -> CallDecision:
    """What follows the latest call, in which the party was not content: a rectification (one that is open already is
    taken), or nothing, with a reason. Deciding again gives what was decided. Raises Refused, Incomplete."""
    reason = reason.strip()[:300]
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=case.pk)
        call = answer_of(calls_of([case])[case.pk])
        if call is None or call.content != "no":
            raise Refused(Label("回访中没有表示不满意", "The party did not say that it was not content"))
        if decided := CallDecision.objects.filter(case=case, seq=call.seq).first():
            return decided
        if not rectify and not reason:
            raise Incomplete({"reason": Label("请写明不发起整改的理由", "Say why nothing is to be put right")})
        opened = _rectify(case, problem.strip() or call.remark, actor, now) if rectify else None
        return CallDecision.objects.create(
            case=case, seq=call.seq, rectification=opened, reason="" if rectify else reason, decided_at=now,
            decided_by_id=actor.user_id,
        )  # fmt: skip


def _rectify(case: Case, remark: str, actor: Actor, now: datetime) -> Case:
    if (standing := open_rectification(case)) is not None:
        return standing
    problem = f"{case.number}“{case.title}”电话回访不满意。{remark and f'回访记录：{remark}'}"
    return open_for(case, "call_back", problem, answered_by(case), actor, now)


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing a meeting decided: what is to be put right, by which unit, and of which case (None: of none)."""

    problem: str
    unit_id: int | None
    case_id: int | None = None


def hold_review(
    month: Month, actor: Actor, now: datetime, *, held_on: date | None, attendees: str, minutes: str,
    case_ids: Sequence[int], to_do: Sequence[ToDo], nothing_to_do: bool, key: str,
) -> Review:  # fmt: skip
    """Record a meeting; each decision becomes a rectification at once, so that nothing stays only in the minutes.
    The same `key` records once. Raises Incomplete naming the fields (`problem-0`, `unit-0` for the first decision)."""
    faults = _review_faults(held_on, attendees, minutes, now)
    if not to_do and not nothing_to_do:
        faults["nothing_to_do"] = Label(
            "请写明议定事项；确实没有的，请勾选“没有需要整改的事项”",
            "Write down what was decided, or tick that there is nothing to put right",
        )
    faults |= {name: text for place, one in enumerate(to_do) for name, text in _faults(one, place).items()}
    if faults or held_on is None:
        raise Incomplete(faults)
    with transaction.atomic():
        review, new = Review.objects.get_or_create(
            key=key[:60],
            defaults={
                "month": month.first, "held_on": held_on, "attendees": attendees.strip(), "minutes": minutes.strip(),
                "recorded_at": now, "recorded_by_id": actor.user_id,
            },
        )  # fmt: skip
        if new:
            review.cases.set(Case.objects.filter(pk__in=case_ids))
            for one in to_do:
                _add(review, one, actor, now)
    return review


def add_decision(review: Review, to_do: ToDo, actor: Actor, now: datetime, key: str) -> Decision:
    """Another decision of a meeting that is recorded. The same `key` adds once. Raises Incomplete."""
    if faults := _faults(to_do, 0):
        raise Incomplete(faults)
    with transaction.atomic():
        return _add(review, to_do, actor, now, key)


def _review_faults(held_on: date | None, attendees: str, minutes: str, now: datetime) -> dict[str, Label]:
    faults: dict[str, Label] = {}
    if held_on is None or held_on > day_of(now):
        faults["held_on"] = Label("请填写会议日期，不能晚于今天", "Give the date of the meeting, not after today")
    if not 0 < len(attendees.strip()) <= 500:
        faults["attendees"] = Label("请填写参加人员，不超过500字", "Say who took part, in at most 500 characters")
    if not 0 < len(minutes.strip()) <= 5000:
        faults["minutes"] = Label("请填写会议情况，不超过5000字", "Write the minutes, at most 5,000 characters")
    return faults


def _faults(one: ToDo, place: int) -> dict[str, Label]:
    faults: dict[str, Label] = {}
    if not 0 < len(one.problem.strip()) <= 1000:
        faults[f"problem-{place}"] = Label("请写明须整改的问题，不超过1000字", "Say what is to be put right")
    if not Unit.objects.filter(pk=one.unit_id or 0, closed_on=None).exists():
        faults[f"unit-{place}"] = Label("请选择责任单位", "Choose the unit that puts it right")
    return faults


def _add(review: Review, one: ToDo, actor: Actor, now: datetime, key: str | None = None) -> Decision:
    """The office's own work: the party of the case discussed is not made to read it, so the party here is nobody."""
    data = {"source": "review", "problem": one.problem.strip(), "lead": one.unit_id}
    done = open_case(
        RECTIFICATION, _nobody(now).pk, actor, now, data, title=f"复盘整改：{one.problem.strip()}"[:80],
        channel=CHANNEL, predecessor_id=one.case_id, idempotency_key=key,
    )  # fmt: skip
    decision, _ = Decision.objects.get_or_create(rectification_id=done.case_id, defaults={"review": review})
    return decision


def _nobody(now: datetime) -> Party:
    """The party of what a meeting decides."""
    known = Party.objects.filter(kind=Party.Kind.UNNAMED, name=MEETING).first()
    return known or create_party(Party.Kind.UNNAMED, MEETING, now)
