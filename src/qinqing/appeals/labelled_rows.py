"""归口样本表: a table of texts whose category is known, for `qinqing appeals route`. Pure.

Which column is which, and which rows cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qinqing.directory.tables import Cell, read_table
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label

COLUMNS: Mapping[str, tuple[Label, tuple[str, ...]]] = {
    "text": (
        Label("正文", "text"),
        ("text", "content", "留言详情", "留言内容", "诉求内容", "正文", "内容", "详情"),
    ),
    "label": (
        Label("类别", "label"),
        (
            "label",
            "category",
            "section",
            "一级标签",
            "一级分类",
            "类别",
            "标签",
            "分类",
            "主办科室",
            "承办科室",
            "科室",
        ),
    ),
    "topic": (Label("主题", "topic"), ("topic", "title", "留言主题", "主题", "标题")),
    "writer": (Label("留言人", "writer"), ("user_id", "author", "writer", "留言用户", "留言人", "来访人", "网友")),
}
"""What a column may hold -> (label, headers it is recognised by)."""
NEEDED = ("text", "label")
SHOWN = 10  # row numbers in an error


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One row: its number as the spreadsheet shows it; topic and writer are empty where no column holds them."""

    number: int
    topic: str
    text: str
    label: str
    writer: str


@dataclass(frozen=True, slots=True)
class LabelledTable:
    """The rows, and the header of each column used (by the names of COLUMNS)."""

    rows: tuple[LabelledRow, ...]
    columns: Mapping[str, str]


def read(path: Path, text: str | None = None, label: str | None = None) -> LabelledTable:
    """Read a CSV or XLSX; `text` and `label` name columns that are not recognised. Wholly empty lines are passed over.
    Raises Invalid naming the column or the rows at fault."""
    lines = [(number, cells) for number, cells in enumerate(read_table(path), 1) if cells]
    if not lines:
        raise Invalid("文件是空的", "the file is empty")
    header = tuple("" if cell is None else str(cell).strip() for cell in lines[0][1])
    places = _places(header, {"text": text, "label": label})
    for number, cells in lines[1:]:
        if len(cells) > len(header):
            raise Invalid(
                f"第{number}行有{len(cells)}格，表头只有{len(header)}格；请检查文字中的引号和逗号",
                f"row {number} has {len(cells)} cells under {len(header)} headers; check quotes and commas in the text",
            )
    rows = tuple(_row(number, cells, places) for number, cells in lines[1:])
    if not rows:
        raise Invalid("表头之下没有数据行", "there are no rows below the header")
    for name in NEEDED:
        if empty := [row.number for row in rows if not getattr(row, name)]:
            shown = "、".join(map(str, empty[:SHOWN])) + ("…" if len(empty) > SHOWN else "")
            column = header[places[name]]
            raise Invalid(
                f"{len(empty)}行的“{column}”是空的，请填写或删去该行：第{shown}行",
                f"{column!r} is empty in {len(empty)} rows; fill it in or remove them: row {shown}",
            )
    return LabelledTable(rows, {name: header[place] for name, place in places.items()})


# ── private ──


def _places(header: Sequence[str], given: Mapping[str, str | None]) -> dict[str, int]:
    shown = "、".join(filter(None, header))
    places: dict[str, int] = {}
    for name, column in given.items():
        if column is not None:
            if column not in header:
                raise Invalid(
                    f"没有“{column}”这一列；现有：{shown}", f"there is no column {column!r}; there are: {shown}"
                )
            places[name] = header.index(column)
    for name, (meaning, known) in COLUMNS.items():
        if name in places:
            continue
        fitting = [i for i, one in enumerate(header) if one.lower() in known and i not in places.values()]
        if len(fitting) > 1 and name in NEEDED:
            both = "、".join(header[i] for i in fitting)
            raise Invalid(
                f"不止一列像是{meaning.zh}：{both}；请用--{name} 列名 指明",
                f"more than one column may be the {meaning.en}: {both}; name it by --{name} COLUMN",
            )
        if fitting:
            places[name] = fitting[0]
        elif name in NEEDED:
            raise Invalid(
                f"没有认出{meaning.zh}列；请用--{name} 列名 指明。现有：{shown}",
                f"no column is known to be the {meaning.en}; name it by --{name} COLUMN. There are: {shown}",
            )
    if places["text"] == places["label"]:
        raise Invalid("正文和类别不能是同一列", "text and label cannot be the same column")
    return places


def _row(number: int, cells: Sequence[Cell], places: Mapping[str, int]) -> LabelledRow:
    values = {
        name: "" if place >= len(cells) or cells[place] is None else str(cells[place]).strip()
        for name, place in places.items()
    }
    return LabelledRow(number, values.get("topic", ""), values["text"], values["label"], values.get("writer", ""))
