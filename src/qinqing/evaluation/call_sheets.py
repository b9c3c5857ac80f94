"""回访表: the call list as a workbook, and outcomes of calls that come back by sheet (Y5)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any

from qinqing.accounts.actor import Actor
from qinqing.cases.acting import act
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.sheets import CHANNELS
from qinqing.directory.sheet_cells import choice, text
from qinqing.directory.sheet_imports import InColumn, Seen, Values, register
from qinqing.evaluation.calls import CONTENT, REACHED, Line, calls_of, lines
from qinqing.evaluation.models import Sampled
from qinqing.evaluation.months import Month
from qinqing.evaluation.rating import LEVELS
from qinqing.evaluation.selectors import draw_of
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Column, Sheet

KIND = "call_back"
TITLE = Label("回访结果", "Call outcomes")
NUMBER = Label("编号", "Number")


def sheet(month: Month, found: Sequence[Line]) -> Sheet:
    """The call list with what came of it. Phones are not in it: each is shown by itself, with a reason."""
    title = Label(f"{month.label.zh}回访名单", f"Calls of {month.label.en}")
    note = Label(
        f"{month.before.label.zh}办结件的抽样，全部", f"The whole sample of cases closed in {month.before.label.en}"
    )
    return Sheet(title, _columns(), found, note)


def _columns() -> list[Column]:
    def column(
        zh: str, en: str, meaning: tuple[str, str], value: Callable[[Line], Any], width: int = 14, kind: str = "text"
    ) -> Column:
        return Column(Label(zh, en), Label(*meaning), value, width, kind)

    return [
        column("次序", "Place", ("回访次序", "The order of calling"), lambda x: x.place, 6, "number"),
        column("编号", "Number", ("办件编号", "The case’s number"), lambda x: x.case.number, 16),
        column("事项", "Matter", ("诉求内容的首句", "The first clause of what was asked"), lambda x: x.case.title, 40),
        column("办事主体", "Party", ("提出诉求的人", "Who asked"), lambda x: x.case.party.name, 26),
        column("办理单位", "Unit", ("答复的单位", "The unit that answered"),
               lambda x: x.unit_label, 20),
        column("来源", "Channel", ("诉求的来源", "The way it came in"),
               lambda x: CHANNELS.get(x.case.channel, x.case.channel), 10),
        column("先行回访", "Taken first", ("差评件和未评价的复杂件先行回访", "Badly rated and complex unrated cases "
               "are taken first"), lambda x: x.first, 14),
        column("回访情况", "Standing", ("最近一次拨打之后的情况", "Where it stands after the latest call"),
               lambda x: x.label, 12),
        column("拨打次数", "Calls", ("本次办结以来的拨打次数", "Calls since the present closing"),
               lambda x: len(x.calls), 9, "number"),
        column("最近拨打", "Last call", ("最近一次拨打的时间", "When it was last called"),
               lambda x: x.calls[0].at if x.calls else None, 17, "moment"),
        column("是否满意", "Content", ("接通后的回答；未接通的为空", "What was answered; empty when not reached"),
               lambda x: x.content_label, 10),
        column("回访记录", "Remark", ("最近一次拨打的记录", "What was noted of the latest call"),
               lambda x: x.calls[0].remark if x.calls else None, 40),
        column("当事人评价", "Own rating", ("当事人自己的评价；未评价的为空", "The party’s own; empty when unrated"),
               lambda x: LEVELS[x.rating.level] if x.rating else None, 12),
        column("整改件", "Rectification", ("回访发起的整改件编号", "The rectification that the call opened"),
               lambda x: x.decision.rectification.number if x.decision and x.decision.rectification else None, 16),
    ]  # fmt: skip


# -- outcomes that come back by sheet --

COLUMNS = (
    InColumn(
        "number",
        NUMBER,
        Label("本月回访名单中的办件编号", "A number of this month’s call list"),
        text(40),
        required=True,
    ),
    InColumn(
        "reached",
        Label("回访结果", "Call-back"),
        Label("已接通、无人接听、号码有误、不愿回答", "Reached, No answer, Wrong number or Would not answer"),
        choice(REACHED),
        required=True,
        show=lambda value: REACHED[value],
    ),
    InColumn(
        "content",
        Label("是否满意", "Content"),
        Label("满意、基本满意、不满意；只在已接通时填写", "Content, Partly content or Not content; only when reached"),
        choice(CONTENT),
        show=lambda value: CONTENT[value],
    ),
    InColumn(
        "remark",
        Label("回访记录", "What was said"),
        Label("不超过1000字", "At most 1,000 characters"),
        text(1000, lines=True),
        width=50,
    ),
)


def key(row: Values) -> Hashable:
    return str(row["number"])


def look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """A row that says what the latest call already says is the same; all others are a new call."""
    listed = _listed(now)
    cases = {case.number: case for case in Case.objects.filter(number__in=[row["number"] for row in rows])}
    calls = calls_of(cases.values())
    seen = []
    for row in rows:
        case = cases.get(row["number"])
        latest = next(iter(calls[case.pk]), None) if case else None
        said = {"reached": row["reached"], "content": row.get("content"), "remark": row.get("remark") or None}
        if latest and said == {"reached": latest.reached, "content": latest.content, "remark": latest.remark or None}:
            seen.append(Seen(dict(row)))
        else:
            seen.append(Seen(None, _faults(row, case, actor, now, listed)))
    return seen


def faults_of(reached: str | None, content: str | None) -> dict[str, Label]:
    """Whether the party is content is said when it was reached, and only then."""
    if reached == "answered" and not content:
        return {"content": Label("已接通的，请填写是否满意", "It was reached: say whether it is content")}
    if reached != "answered" and content:
        return {"content": Label("未接通的，不填是否满意", "It was not reached: leave this empty")}
    return {}


def apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """Each row is a call of its case, by the person who confirmed."""
    cases = dict(Case.objects.filter(number__in=[row["number"] for row in rows]).values_list("number", "pk"))
    for row in rows:
        data = {name: row[name] for name in ("reached", "content", "remark") if row.get(name)}
        act(cases[row["number"]], "call_back", actor, now, data)


def current(actor: Actor, now: datetime) -> Iterable[Values]:
    """This month's call list, to be filled in: what is still to be called."""
    draw = draw_of(Month.of(now))
    return [{"number": line.case.number} for line in lines(draw, actor) if not line.own] if draw else []


def add_kind() -> None:
    """Called at start-up."""
    register(
        KIND, TITLE, COLUMNS, apply, roles="evaluation:call", key=key, look=look, current=current, most_rows=2_000,
        hint=Label("每行记为一次回访，经手人是确认导入的人；与最近一次回访相同的行不重复记录",
                   "Each row is recorded as one call by whoever confirms; a row that repeats the latest call is not"),
    )  # fmt: skip


def _listed(now: datetime) -> set[str]:
    """Numbers on the present lists: of this month, or of the month before while its calls are still made."""
    draws = [draw for month in (Month.of(now), Month.of(now).before) if (draw := draw_of(month))]
    return set(Sampled.objects.filter(draw__in=draws).values_list("case__number", flat=True))


def _faults(row: Values, case: Case | None, actor: Actor, now: datetime, listed: set[str]) -> dict[str, Label]:
    if case is None or case.number not in listed:
        return {"number": Label("不在本月回访名单中，请核对编号", "Not on this month’s call list; check the number")}
    if case.closed_at is None:
        return {"number": Label("已重新办理，办结后再回访", "It is being handled again; call back after it is closed")}
    if "call_back" not in {offer.action for offer in CaseFile(case, actor, now).offers}:
        return {"number": Label("您是经办人，或已回访五次", "You handled it, or it was called five times")}
    return faults_of(row["reached"], row.get("content"))
