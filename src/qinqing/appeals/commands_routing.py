"""Measuring how well categories can be learnt from a file: `qinqing appeals route`.

What learns (scikit-learn) is imported by the command that needs it: all commands are imported by whatever runs one.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qinqing.appeals import labelled_rows
from qinqing.appeals.labelled_rows import COLUMNS, LabelledTable
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.ui.figures import wilson

if TYPE_CHECKING:
    from qinqing.appeals.learning import Example, Figures, Folded


def add_commands(cli: Cli) -> None:
    route = cli.command(
        "appeals", "route", run_route, database=False,
        help="learn a category from labelled texts and measure it: macro-F1, accuracy, share left to a person",
    )  # fmt: skip
    route.add_argument("--train", type=Path, required=True, metavar="A.csv", help="texts with their category")
    route.add_argument("--evaluate", type=Path, metavar="B.csv", help="measure on these; without it, k-fold on A")
    route.add_argument("--text", metavar="COLUMN", help="the column of the text, where its header is not recognised")
    route.add_argument("--label", metavar="COLUMN", help="the column of the category")
    route.add_argument("--folds", type=int, default=5, help="2 to 20 (default: 5)")
    route.add_argument("--json", action="store_true", help="print one JSON object")
    route.add_argument("--lang", choices=LANGUAGES, default="zh")


def run_route(arguments: argparse.Namespace) -> None:
    """Measure on a file, or by folds."""
    with speaking(arguments.lang):
        if not 2 <= arguments.folds <= 20:
            raise CommandError(str(Label("--folds应为2至20", "--folds must be 2 to 20")))
        table = _table(arguments.train, arguments)
        test = _table(arguments.evaluate, arguments) if arguments.evaluate else None
        from qinqing.appeals import learning  # noqa: PLC0415 - takes a second

        examples, left_out = _examples(table, arguments)
        facts: dict[str, Any] = {
            "train": {"rows": len(examples), "labels": len({one.section for one in examples}), "left_out": left_out,
                      "columns": dict(table.columns)},
            "right_wanted": learning.RIGHT, "seed": learning.SEED,
        }  # fmt: skip
        _say(arguments, _read_text(arguments.train, table, examples, left_out, arguments.folds))
        began = time.perf_counter()
        if test is None:
            found = learning.fold(examples, arguments.folds)
            facts["folds"] = _folded_json(found)
            _say(arguments, _folded_text(found))
            whole = found.whole
        else:
            model = learning.learn(examples)
            whole = learning.measure(model, [_example(row, test) for row in test.rows])
            facts["evaluate"] = {**whole.as_json(), **_strangers(table, test), "threshold": model.threshold}
            _say(arguments, _evaluated_text(arguments.evaluate, whole, facts["evaluate"]))
        _say(arguments, _left_text(whole))
        if arguments.json:
            print(json.dumps({**facts, "seconds": round(time.perf_counter() - began, 2)}, ensure_ascii=False))


# ── the tables ──


def _table(path: Path, arguments: argparse.Namespace) -> LabelledTable:
    if not path.is_file():
        raise CommandError(str(Label(f"没有文件{path}", f"{path}: there is no such file")))
    try:
        return labelled_rows.read(path, arguments.text, arguments.label)
    except Invalid as error:
        raise CommandError(f"{path}: {error.label}") from error


def _example(row: labelled_rows.LabelledRow, table: LabelledTable) -> Example:
    from qinqing.appeals.learning import Example  # noqa: PLC0415

    parts = (row.topic, row.text) if "topic" in table.columns else (row.text,)
    return Example(parts, row.label, f"writer {row.writer}" if row.writer else f"row {row.number}")


def _examples(table: LabelledTable, arguments: argparse.Namespace) -> tuple[list[Example], dict[str, int]]:
    """(rows to learn from, categories with fewer rows than folds: these are left out)."""
    counts = Counter(row.label for row in table.rows)
    fewest = max(arguments.folds, 5)  # the threshold is always chosen by five folds
    left_out = {label: count for label, count in sorted(counts.items()) if count < fewest}
    if len(counts) - len(left_out) < 2:
        numbers = Label(
            "、".join(f"{k}{n}行" for k, n in counts.items()), ", ".join(f"{k} {n}" for k, n in counts.items())
        )
        column = table.columns["label"]
        raise CommandError(str(Label(
            f"{arguments.train}: 至少要有两个类别各有{fewest}行以上，“{column}”列现为：{numbers.zh}",
            f"{arguments.train}: two categories or more need {fewest} rows each; column {column!r} has: {numbers.en}",
        )))  # fmt: skip
    return [_example(row, table) for row in table.rows if row.label not in left_out], left_out


def _strangers(train: LabelledTable, test: LabelledTable) -> dict[str, int]:
    """What makes a figure doubtful: rows of both files, categories that were never learnt."""
    texts, labels = {row.text for row in train.rows}, {row.label for row in train.rows}
    return {
        "also_in_train": sum(row.text in texts for row in test.rows),
        "unknown_label": sum(row.label not in labels for row in test.rows),
    }


# ── what is printed ──


def _say(arguments: argparse.Namespace, text: Label) -> None:
    if not arguments.json:
        print(text)


def _read_text(
    path: Path, table: LabelledTable, examples: Sequence[Example], left_out: Mapping[str, int], folds: int
) -> Label:
    used = {name: column for name, column in table.columns.items() if name != "writer"}
    zh = "、".join(f"{COLUMNS[name][0].zh}“{column}”" for name, column in used.items())
    en = ", ".join(f"{COLUMNS[name][0].en} {column!r}" for name, column in used.items())
    labels = len({one.section for one in examples})
    writer = table.columns.get("writer")
    if writer:
        who = Label(f"按“{writer}”，同一人的不分在两折", f"nobody's rows (by {writer!r}) in two folds")
    else:
        who = Label("没有留言人列，各行独立", "no column names the writer, each row by itself")
    text = Label(
        f"学习：{path.name}，{len(examples):,}行、{labels}类（{zh}；{who.zh}）",
        f"learnt from {path.name}: {len(examples):,} rows, {labels} categories ({en}; {who.en})",
    )
    if not left_out:
        return text
    names = "、".join(f"{label}（{count}）" for label, count in left_out.items())
    return Label(
        f"{text.zh}\n不足{max(folds, 5)}行、未学的类别：{names}",
        f"{text.en}\ncategories with fewer than {max(folds, 5)} rows, left out: {names}",
    )


def _folded_text(found: Folded) -> Label:
    mean, spread = found.macro_f1
    each = " ".join(f"{one.macro_f1:.3f}" for one in found.folds)
    return Label(
        f"{len(found.folds)}折交叉检验：宏平均F1 {mean:.3f} ± {spread:.3f}（各折{each}；±为各折标准差），"
        f"准确率{found.whole.accuracy:.1%}",
        f"{len(found.folds)}-fold: macro-F1 {mean:.3f} ± {spread:.3f} (folds {each}; ± their standard deviation),"
        f" accuracy {found.whole.accuracy:.1%}",
    )


def _folded_json(found: Folded) -> dict[str, Any]:
    mean, spread = found.macro_f1
    return {
        "macro_f1_mean": round(mean, 4), "macro_f1_sd": round(spread, 4),
        "macro_f1_each": [round(one.macro_f1, 4) for one in found.folds], "whole": found.whole.as_json(),
    }  # fmt: skip


def _evaluated_text(path: Path, found: Figures, facts: Mapping[str, Any]) -> Label:
    zh = f"检验：{path.name}，{found.matters:,}行：宏平均F1 {found.macro_f1:.3f}，准确率{found.accuracy:.1%}"
    en = (
        f"measured on {path.name}, {found.matters:,} rows: macro-F1 {found.macro_f1:.3f}, accuracy {found.accuracy:.1%}"
    )
    if facts["also_in_train"]:
        zh += f"\n注意：其中{facts['also_in_train']:,}行的正文在学习文件中也有，指标偏高"
        en += (
            f"\nmind: {facts['also_in_train']:,} of these texts stand in the file learnt from; the figures are too good"
        )
    if facts["unknown_label"]:
        zh += f"\n注意：其中{facts['unknown_label']:,}行的类别在学习文件中没有，一律算错"
        en += f"\nmind: {facts['unknown_label']:,} rows have categories never learnt and count as wrong"
    return Label(zh, en)


def _left_text(found: Figures) -> Label:
    from qinqing.appeals.learning import RIGHT  # noqa: PLC0415

    if not found.sure:
        return Label(
            f"没有把握达到{RIGHT:.0%}的建议，全部留给人工判断",
            f"no suggestion would be right {RIGHT:.0%} of the time: all are left to a person",
        )
    low, high = wilson(found.sure_right, found.sure)
    return Label(
        f"要求自动建议{RIGHT:.0%}正确（阈值在学习数据的留出折上选定）：留给人工{found.left:.1%}"
        f"（{found.matters - found.sure:,}件），"
        f"自动{found.sure:,}件，实际正确{found.precision:.1%} [{low:.1%}, {high:.1%}]",
        f"automatic suggestions to be right {RIGHT:.0%} (threshold chosen on held-out folds of the data learnt from):"
        f" {found.left:.1%} left to a person ({found.matters - found.sure:,}), {found.sure:,} automatic,"
        f" {found.precision:.1%} of them right [{low:.1%}, {high:.1%}]",
    )
