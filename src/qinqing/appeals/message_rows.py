"""留言表: one row of a source's table of messages with replies: which column is which, and what is wrong with a cell.
Pure.

Times are China's. A date without an hour is taken against the office: a message from the beginning of its day, a reply
at the end of its day; `day_only` says so. Columns that are no field are kept as text (`other`), so nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from qinqing.directory.company_rows import Fault
from qinqing.directory.tables import Cell
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

FIELDS: Mapping[str, tuple[Label, tuple[str, ...]]] = {
    "id": (Label("编号", "number"), ("message_id", "留言编号", "编号", "序号")),
    "author": (Label("留言人", "writer"), ("user_id", "author", "留言用户", "留言人", "网友")),
    "topic": (Label("主题", "topic"), ("title", "留言主题", "主题", "标题")),
    "sent_at": (Label("留言时间", "time of the message"), ("留言时间", "提交时间", "来件时间")),
    "text": (Label("留言内容", "message"), ("content", "留言详情", "留言内容", "内容")),
    "reply": (Label("答复", "reply"), ("答复意见", "答复内容", "回复内容", "答复")),
    "replied_at": (Label("答复时间", "time of the reply"), ("答复时间", "回复时间", "办结时间")),
}
"""Field -> (label, headers it is recognised by besides its own name)."""
REQUIRED = ("id", "sent_at", "text", "reply", "replied_at")
LONGEST = {"id": 70, "author": 100}  # what the tables' columns hold; texts are measured by the procedure's form
_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T　]*(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})(?:\.\d+)?秒?|分)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds which field; `other`: columns kept as text."""

    header: tuple[str, ...]
    fields: Mapping[str, int]
    other: tuple[int, ...]

    def name(self, field: str) -> str:
        """The header of a field's column, for a fault."""
        return self.header[self.fields[field]] if field in self.fields else field


@dataclass(frozen=True, slots=True)
class Message:
    """One message with its reply, as it goes into the history."""

    row: int
    id: str
    author: str
    topic: str
    text: str
    sent_at: datetime
    reply: str
    replied_at: datetime
    day_only: frozenset[str]  # of sent_at, replied_at
    other: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row read: a message, or what is wrong with it, or `unanswered`: sound, but the source holds no reply yet."""

    number: int
    message: Message | None = None
    faults: tuple[Fault, ...] = ()
    unanswered: bool = False


def find_columns(header: Sequence[Cell], given: Mapping[str, str]) -> Columns:
    """Recognise columns by their headers; `given` (header -> field, `-` to leave a column out) comes first. Raises
    Invalid naming the column that is missing, unknown or named twice."""
    names = tuple("" if cell is None else str(cell).strip() for cell in header)
    shown = "、".join(filter(None, names))
    _refuse_unknown(given, names, shown)
    recognised = {text: field for field, (_, headers) in FIELDS.items() for text in (field, *headers)}
    taken = set(given.values())
    fields: dict[str, int] = {}
    other = []
    for index, name in enumerate(names):
        field = given.get(name) or recognised.get(name.lower(), "")
        if name not in given and field in taken:
            field = ""
        if field in fields:
            both = f"{names[fields[field]]}、{name}"
            raise Invalid(
                f"两列都是{FIELDS[field][0].zh}：{both}；请用--map指明，另一列写 -",
                f"two columns hold the {FIELDS[field][0].en}: {both}; name one by --map, the other as -",
            )
        if field in FIELDS:
            fields[field] = index
        elif name and field != "-":
            other.append(index)
    for field in REQUIRED:
        if field not in fields:
            label = FIELDS[field][0]
            raise Invalid(
                f"没有{label.zh}列；请用 --map 列名={field} 指明。现有：{shown}",
                f"no column holds the {label.en}; name it by --map COLUMN={field}. There are: {shown}",
            )
    return Columns(names, fields, tuple(other))


def check_row(number: int, cells: Sequence[Cell], columns: Columns, now: datetime, first_day: date) -> Row:
    """Read one row. `first_day`: where the working-day calendar begins."""
    if len(cells) > len(columns.header):
        cell = _text(cells[len(columns.header)])
        mend = Label(
            f"本行有{len(cells)}格，表头只有{len(columns.header)}格；请检查文字中的引号和逗号",
            f"{len(cells)} cells under {len(columns.header)} headers; check quotes and commas in the text",
        )
        return Row(number, faults=(Fault(number, str(len(columns.header) + 1), cell[:40], mend),))
    values = {name: _text(cells[index]) if index < len(cells) else "" for name, index in columns.fields.items()}
    unanswered = not values["reply"] and not values["replied_at"]
    faults: dict[str, Label] = {}
    for name in REQUIRED:
        if not values[name] and not (unanswered and name in {"reply", "replied_at"}):
            faults[name] = Label("不能为空，请填写", "Required; fill it in")
    for name, most in LONGEST.items():
        if len(values.get(name, "")) > most:
            faults[name] = Label(f"不超过{most}字", f"At most {most} characters")
    times, day_only = _times(values, faults, now, first_day)
    if faults:
        shown = [Fault(number, columns.name(name), values[name][:40], mend) for name, mend in faults.items()]
        return Row(number, faults=tuple(shown))
    if unanswered:
        return Row(number, unanswered=True)
    other = "\n".join(
        f"{columns.header[i]}：{text}" for i in columns.other if i < len(cells) and (text := _text(cells[i]))
    )
    return Row(
        number,
        Message(
            number, values["id"], values.get("author", ""), values.get("topic", ""), values["text"], times["sent_at"],
            values["reply"], times["replied_at"], day_only, other,
        ),
    )  # fmt: skip


def moment(text: str) -> tuple[datetime, bool]:
    """(time in China, is only the day known) of `2019/4/25 9:32:09`, `2019-04-25 09:32`, `2019年4月25日`. Raises
    Invalid."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise Invalid("不是日期时间，请写成2019/4/25 9:32:09", "No date and time; write 2019/4/25 9:32:09")
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=CHINA), match[4] is None
    except ValueError:
        raise Invalid("没有这一天或这一时刻，请核对", "There is no such day or time; check it") from None


def _refuse_unknown(given: Mapping[str, str], names: Sequence[str], shown: str) -> None:
    for column, field in given.items():
        if column not in names:
            raise Invalid(f"没有“{column}”这一列；现有：{shown}", f"there is no column {column!r}; there are: {shown}")
        if field != "-" and field not in FIELDS:
            known = "、".join(FIELDS)
            raise Invalid(f"没有“{field}”这一项；可用：{known}", f"there is no field {field!r}; there are: {known}")


def _times(
    values: Mapping[str, str], faults: dict[str, Label], now: datetime, first_day: date
) -> tuple[dict[str, datetime], frozenset[str]]:
    """Both times where they can be read; what is wrong goes to `faults`."""
    times: dict[str, datetime] = {}
    day_only = set()
    for name in ("sent_at", "replied_at"):
        if not values[name]:
            continue
        try:
            at, only_day = moment(values[name])
        except Invalid as error:
            faults[name] = error.label
            continue
        if at > now:  # checked before a day becomes its end
            faults[name] = Label("晚于现在，请核对", "Lies in the future; check it")
        elif at.date() < first_day:
            faults[name] = Label(
                f"早于工作日历所载的{first_day}，请核对", f"Before {first_day}, where the working-day calendar begins"
            )
        if only_day:
            day_only.add(name)
            at = at if name == "sent_at" else min(now, datetime.combine(at.date(), time(23, 59, 59), CHINA))
        times[name] = at
    if len(times) == 2 and times.keys().isdisjoint(faults) and times["replied_at"] < times["sent_at"]:
        faults["replied_at"] = Label(
            f"早于留言时间{values['sent_at']}，请核对两处时间",
            f"Before the message ({values['sent_at']}); check both times",
        )
    return times, frozenset(day_only)


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell).replace("\r\n", "\n").strip()
