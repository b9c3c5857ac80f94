"""诉求分析的导出: the messages behind a figure, and the groups of messages that are alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from qinqing.appeals import message_selectors
from qinqing.appeals.alike_groups import Group
from qinqing.appeals.report import LIMITS, Timed, met_definition
from qinqing.cases.models import Case
from qinqing.lib.labels import Label
from qinqing.ui.sheets import Column, Sheet

AT_ONCE = 1_000
_CASE = (
    Column(Label("编号", "Number"), Label("办件编号", "The matter's number"), lambda x: x[0].number, 16),
    Column(Label("事项", "Matter"), Label("留言的主题", "What the message is about"), lambda x: x[0].title, 44),
    Column(
        Label("留言人", "Writer"), Label("来源给出的名称", "As the source names them"), lambda x: x[0].party.name, 20
    ),
    Column(Label("留言时间", "Sent"), Label("北京时间", "China time"), lambda x: x[0].opened_at, 17, "moment"),
    Column(Label("答复时间", "Replied"), Label("北京时间", "China time"), lambda x: x[0].closed_at, 17, "moment"),
)
MESSAGES = (
    *_CASE,
    Column(
        Label("答复用时（工作日）", "Working days to reply"),
        Label("留言次日起到答复的工作日，按工作日历", "From the day after the message to the reply, by the calendar"),
        lambda x: x[1].working_days,
        12,
        "number",
    ),
    *(
        Column(
            Label(f"{limit}个工作日内可达标", f"Would have met {limit} working days"),
            met_definition(Label(str(limit), str(limit))),
            lambda x, limit=limit: limit in x[1].met,  # type: ignore[misc]
            12,
        )
        for limit in LIMITS
    ),
)
ALIKE = (
    Column(
        Label("组", "Group"), Label("近似的留言为一组", "Messages alike are one group"), lambda x: x[1], 8, "number"
    ),
    Column(
        Label("最低相似度", "Lowest similarity"),
        Label("组内各对中最低的文字相似度", "The lowest of the group's pairs"),
        lambda x: x[2].lowest / 1000,
        10,
        "share",
    ),
    Column(
        Label("最高相似度", "Highest similarity"),
        Label("组内各对中最高的文字相似度", "The highest of the group's pairs"),
        lambda x: x[2].highest / 1000,
        10,
        "share",
    ),
    Column(
        Label("同一留言人", "One writer"),
        Label("整组是否同一人所写", "Whether one writer sent the whole group"),
        lambda x: x[2].one_writer,
        10,
    ),
    *_CASE,
)


def messages(chosen: Sequence[Timed], note: Label) -> Sheet:
    """The messages behind a figure, in their order, read in pieces."""
    return Sheet(Label("留言", "Messages"), MESSAGES, _read(chosen), note)


def alike(groups: Iterable[Group]) -> Sheet:
    """One line a message; the group's number says which belong together."""
    rows = ((case, number, group) for number, group in enumerate(groups, 1) for case in group.cases)
    return Sheet(Label("近似留言", "Messages alike"), ALIKE, rows, Label("全部近似组", "All groups"))


def _read(chosen: Sequence[Timed]) -> Iterator[tuple[Case, Timed]]:
    source = iter(chosen)
    while piece := list(islice(source, AT_ONCE)):
        yield from message_selectors.cases_of(piece)
