"""卡的清单导出、批量发卡: the list of cards as a workbook, and a batch of cards as a sheet to be filled in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count

from qinqing.accounts.actor import Actor
from qinqing.cards.models import Card, Outcome
from qinqing.cards.services import MOST, can_answer, issue, offices_of
from qinqing.directory.models import Unit
from qinqing.directory.sheet_cells import text, whole
from qinqing.directory.sheet_imports import InColumn, Seen, Values, register
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Column, Sheet

KIND = "cards"
TITLE = Label("廉心卡", "Integrity cards")
_PLACE = Label("放置地点", "Place")
COLUMNS = (
    Column(Label("卡号", "Number"), Label("印在卡上，供电话核对", "Printed on the card"), lambda card: card.number, 10),
    Column(Label("发卡单位", "Office"), Label("负责处理反馈的单位", "It answers"), lambda card: card.unit.label, 24),
    Column(Label("批次", "Batch"), Label("发卡时填写", "As given at the issue"), lambda card: card.batch, 16),
    Column(_PLACE, Label("卡放在哪里", "Where the card lies"), lambda card: card.place, 30),
    Column(Label("发卡时间", "Issued"), Label("北京时间", "China time"), lambda card: card.issued_at, 17, "moment"),
    Column(
        Label("停用时间", "Revoked"),
        Label("停用或更换的时间；在用的为空", "When it was revoked or replaced; empty while in use"),
        lambda card: card.revoked_at,
        17,
        "moment",
    ),
    Column(
        Label("收到件数", "Matters sent"),
        Label("扫此卡提交的办件；只扫未提交的不统计", "Matters sent by it; scans alone are not counted"),
        lambda card: card.sent,
        10,
        "number",
    ),
    Column(
        Label("最近一件", "Last sent"),
        Label("最近一件的提交时间", "When the last one was sent"),
        lambda card: card.last_sent,
        17,
        "moment",
    ),
)
OUTCOME_COLUMNS = (
    Column(Label("核销时间", "Written off"), Label("北京时间", "China time"), lambda one: one.at, 17, "moment"),
    Column(
        Label("主办单位", "Lead"),
        Label("反馈结果的单位", "The unit that answered"),
        lambda one: one.unit.label if one.unit else None,
        24,
    ),
    Column(
        Label("数量", "Quantity"),
        Label("核销时确认的成果数量", "As confirmed at the write-off"),
        lambda one: one.quantity,
        10,
        "number",
    ),
    Column(Label("计量单位", "Of what"), Label("成果的计量单位", "Its unit of count"), lambda one: one.of, 20),
    Column(Label("编号", "Number"), Label("办件编号", "The matter"), lambda one: one.case.number, 16),
    Column(Label("事项", "Matter"), Label("诉求首句", "Its first clause"), lambda one: one.case.title, 40),
)
IN_COLUMNS = (
    InColumn(
        "office", Label("发卡单位", "Office"), Label("单位名称；同名的写代码", "By name, or by code"), text(80),
        True, 24,
    ),
    InColumn("batch", Label("批次", "Batch"), Label("如：2026年秋", "Such as: autumn 2026"), text(40), True, 16),
    InColumn("place", _PLACE, Label("卡放在哪里", "Where the cards lie"), text(80), True, 30),
    InColumn(
        "cards",
        Label("张数", "Cards"),
        Label(f"该处在用的卡共几张（1至{MOST}）；已有的不重发", f"In use there in all, 1 to {MOST}; none twice"),
        whole(1, MOST),
        True,
        8,
        "number",
    ),
)  # fmt: skip


def sheet(found: Iterable[Card], note: Label) -> Sheet:
    """The list as its page shows it."""
    return Sheet(TITLE, COLUMNS, found, note)


def outcome_sheet(found: Iterable[Outcome], note: Label) -> Sheet:
    """Every outcome behind the sums of the page."""
    return Sheet(Label("成果", "Outcomes"), OUTCOME_COLUMNS, found, note)


def key(row: Values) -> Hashable:
    """One line for each office, batch and place."""
    return row["office"], row["batch"], row["place"]


def look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """How many cards are in use there; offices that do not exist, are not the actor's, or cannot answer."""
    offices, standing = _offices(actor), _standing(actor)
    named = {offices[row["office"]] for row in rows if row["office"] in offices}
    answering = {unit.pk for unit in named if can_answer(unit, now)}
    return [_seen(row, offices, standing, answering) for row in rows]


def apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """Issue what is missing."""
    offices, standing = _offices(actor), _standing(actor)
    for row in rows:
        unit = offices[row["office"]]
        missing = row["cards"] - standing[unit.pk, row["batch"], row["place"]]
        issue(actor, unit.pk, row["batch"], [row["place"]] * missing, now)


def current(actor: Actor, now: datetime) -> Iterable[Values]:
    """The cards in use, to be added to."""
    words = {unit.pk: word for word, unit in _offices(actor).items() if word != unit.code}
    words |= {unit.pk: unit.code for unit in offices_of(actor) if unit.pk not in words}
    for (unit, batch, place), cards in _standing(actor).items():
        yield {"office": words[unit], "batch": batch, "place": place, "cards": cards}


def add_kind() -> None:
    """Called at start-up."""
    register(
        KIND,
        TITLE,
        IN_COLUMNS,
        apply,
        roles="cards:issue",
        key=key,
        look=look,
        current=current,
        hint=Label(
            "一行一处；确认后即发卡，再到“廉心卡”打印。停用请在卡的页面办理",
            "One place a line; confirming issues the cards, which are then printed from their page",
        ),
    )


# ── private ──


def _offices(actor: Actor) -> dict[str, Unit]:
    """Offices by the words that may name them: the code always, the name where it is the only one."""
    mine = offices_of(actor)
    names = Counter(unit.name for unit in mine)
    return {unit.code: unit for unit in mine} | {unit.name: unit for unit in mine if names[unit.name] == 1}


def _standing(actor: Actor) -> dict[Any, int]:
    """(unit, batch, place) -> cards in use."""
    rows = Card.objects.filter(unit__in=offices_of(actor), revoked_at=None).values_list("unit", "batch", "place")
    return defaultdict(
        int, {tuple(row[:3]): row[3] for row in rows.annotate(n=Count("pk")).order_by("unit", "batch", "place")}
    )


def _seen(row: Values, offices: dict[str, Unit], standing: dict[Any, int], answering: set[int]) -> Seen:
    unit = offices.get(row["office"])
    if unit is None:
        return Seen(None, {"office": Label("没有这个单位，或不由您发卡", "No such office, or not yours to issue for")})
    there = standing[unit.pk, row["batch"], row["place"]]
    if unit.pk not in answering:
        return Seen(None, {"office": Label("该单位没有能处理反馈的人员", "Nobody there can answer")})
    if there > row["cards"]:
        fault = Label(f"该处现有{there}张，减少请逐张停用", f"{there} cards lie there; revoke one by one to reduce")
        return Seen(None, {"cards": fault})
    return Seen({**row, "cards": there} if there else None)
