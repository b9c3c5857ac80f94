"""The county's own model of sections: `qinqing appeals retrain` learns it, `qinqing appeals routing` tells of it.

What learns (scikit-learn) is imported by the command that needs it: all commands are imported by whatever runs one.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from qinqing.appeals import suggesting
from qinqing.directory.models import Unit
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import CHINA, now

if TYPE_CHECKING:
    from qinqing.appeals.learning import Figures
    from qinqing.appeals.retraining import Outcome


def add_commands(cli: Cli) -> None:
    again = cli.command("appeals", "retrain", run_retrain, help="learn sections from closed cases; keep it if better")
    again.add_argument("--from", dest="since", metavar="DATE", help="only cases opened from this day on (2026-01-31)")
    show = cli.command("appeals", "routing", run_routing, help="which model suggests sections, and its figures")
    for parser in (again, show):
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")


def run_retrain(arguments: argparse.Namespace) -> None:
    """Learn from closed cases."""
    with speaking(arguments.lang):
        since = _day(arguments.since)
        from qinqing.appeals import retraining  # noqa: PLC0415 - takes a second

        done = retraining.retrain(now(), settings.COUNTY, settings.HOME, since)
        if arguments.json:
            print(json.dumps(_outcome_json(done), ensure_ascii=False))
            return
        names = _unit_names()
        print(Label(f"可学的已办结件：{done.cases:,}", f"closed cases to learn from: {done.cases:,}"))
        for code in sorted({*done.learnt, *done.held, *done.left_out}):
            print(f"  {names.get(code, code)}: {_counts_text(done, code)}")
        for line in _verdict_text(done):
            print(line)


def run_routing(arguments: argparse.Namespace) -> None:
    """Tell which model is in use."""
    with speaking(arguments.lang):
        path = suggesting.model_file(settings.HOME)
        model, why = suggesting.in_use(settings.HOME, frozenset(Unit.objects.values_list("code", flat=True)))
        if arguments.json:
            facts = {**model.about, "threshold": model.threshold, "sections": model.sections} if model else None
            print(json.dumps({"file": str(path), "model": facts, "ignored": why or None}, ensure_ascii=False))
            return
        if model is None:
            words = suggesting.load(settings.COUNTY)
            if why:
                print(Label(f"模型文件{path}未使用：{why}", f"the model file {path} is not used: {why}"))
            print(
                Label(
                    f"按关键词建议：suggestions.yaml，{len(words)}个科室。有足够已办结件后运行 qinqing appeals retrain",
                    f"suggested by words: suggestions.yaml, {len(words)} sections. Run qinqing appeals retrain when"
                    " enough cases are closed",
                )
            )
            return
        for line in _model_text(path, model.about, model.threshold):
            print(line)


# ── private ──


def _unit_names() -> dict[str, str]:
    return {unit.code: str(unit.label) for unit in Unit.objects.all()}


def _counts_text(done: Outcome, code: str) -> Label:
    held = done.held.get(code, 0)
    if code in done.left_out:
        from qinqing.appeals.retraining import FEWEST  # noqa: PLC0415

        count = done.left_out[code]
        return Label(
            f"可学{count}件，不足{FEWEST}件，未学；留出{held}件",
            f"{count} to learn from, fewer than {FEWEST}: left out; {held} held out",
        )
    return Label(f"学{done.learnt[code]}件，留出{held}件", f"{done.learnt[code]} learnt from, {held} held out")


def _verdict_text(done: Outcome) -> list[Label]:
    from qinqing.appeals.retraining import FEWEST, FEWEST_HELD, HELD_OUT  # noqa: PLC0415

    if done.new is None or done.present is None:
        return [
            Label(
                f"办结件还不够：至少两个科室各{FEWEST}件可学（另留出最新{HELD_OUT:.0%}，"
                f"不少于{FEWEST_HELD}件，且在用模型没有学过）。未作改动",
                f"too few closed cases: two sections need {FEWEST} each to learn from, besides the newest"
                f" {HELD_OUT:.0%} held out ({FEWEST_HELD} or more, new to the model in use). Nothing was changed",
            )
        ]
    present = (
        Label(f"在用模型（第{done.in_use}版）", f"the model in use (version {done.in_use})")
        if done.in_use
        else Label("关键词", "the words")
    )
    lines = [
        Label(f"在留出的{done.new.matters:,}件上：", f"on the {done.new.matters:,} cases held out:"),
        _figures_text(Label("新模型", "the new model"), done.new),
        _figures_text(present, done.present),
    ]
    if done.verdict == "kept":
        lines.append(
            Label(
                f"新模型较好，已启用为第{done.version}版", f"the new model is better: in use as version {done.version}"
            )
        )
    else:
        lines.append(Label("新模型不优于在用的，未启用", "the new model is no better and was not kept"))
    return lines


def _figures_text(name: Label, found: Figures) -> Label:
    precision = "—" if found.precision is None else f"{found.precision:.1%}"
    return Label(
        f"  {name.zh}：宏平均F1 {found.macro_f1:.3f}，准确率{found.accuracy:.1%}，"
        f"有把握{found.sure:,}件、其中正确{precision}，留给人工{found.left:.1%}",
        f"  {name.en}: macro-F1 {found.macro_f1:.3f}, accuracy {found.accuracy:.1%}, {found.sure:,} sure of which"
        f" {precision} right, {found.left:.1%} left to a person",
    )


def _outcome_json(done: Outcome) -> dict[str, Any]:
    return {
        "verdict": done.verdict, "cases": done.cases, "learnt": dict(done.learnt), "held_out": dict(done.held),
        "left_out": dict(done.left_out), "in_use": done.in_use, "version": done.version,
        "new": done.new.as_json() if done.new else None, "present": done.present.as_json() if done.present else None,
    }  # fmt: skip


def _model_text(path: Path, about: Mapping[str, Any], threshold: float | None) -> list[Label]:
    held, names = about["held_out"], _unit_names()
    day = datetime.fromisoformat(str(about["trained_at"])).astimezone(CHINA).date()
    by_section = "、".join(f"{names.get(code, code)}{count}" for code, count in about["by_section"].items())
    never = threshold is None
    return [
        Label(
            f"按模型建议：第{about['version']}版，{day}学自{about['matters']:,}件（{path}）",
            f"suggested by the model: version {about['version']}, learnt on {day} from {about['matters']:,} cases"
            f" ({path})",
        ),
        Label(f"  学自：{by_section}", f"  learnt from: {by_section}"),
        Label(
            f"  留出{held['matters']:,}件上：宏平均F1 {held['macro_f1']:.3f}，准确率{held['accuracy']:.1%}，"
            f"留给人工{held['left_to_a_person']:.1%}",
            f"  on {held['matters']:,} cases held out: macro-F1 {held['macro_f1']:.3f}, accuracy"
            f" {held['accuracy']:.1%}, {held['left_to_a_person']:.1%} left to a person",
        ),
        Label(
            "  没有足够把握的阈值，全部由人工判断" if never else f"  把握阈值{threshold:.2f}",
            "  never sure: a person judges all" if never else f"  sure from {threshold:.2f}",
        ),
    ]


def _day(raw: str | None) -> date | None:
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError:
        raise CommandError(
            str(Label(f"--from应写成2026-01-31，现为{raw}", f"--from takes a date like 2026-01-31, not {raw}"))
        ) from None
