"""Commands of the policies: `qinqing policies check|test|import|export`; the rest is in commands_*.py."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from django.conf import settings

from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.labels import LANGUAGES, Label, speaking
from qinqing.lib.wallclock import now
from qinqing.policies import (
    commands_eligibility,
    commands_explaining,
    commands_matching,
    commands_payments,
    folder,
    selectors,
    services,
)
from qinqing.policies.checker import PROVED, Known
from qinqing.policies.checker.trying import trials
from qinqing.policies.content import sha256_of
from qinqing.policies.finding import Finding, line
from qinqing.policies.folder import Examined, Unusable
from qinqing.policies.policy import ORIGINS
from qinqing.policies.words import VERDICTS
from qinqing.ui.errors import Problem
from qinqing.ui.figures import money

WARNING = Label("提示：", "warning: ")


def add_commands(cli: Cli) -> None:
    checking = cli.command(
        "policies", "check", _check, help="检查政策定义 prove policies, or say why not", database=False
    )
    testing = cli.command("policies", "test", _test, help="运行政策例子 run the examples of policies", database=False)
    for parser in (checking, testing):
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE", help="files or folders; default: the county's"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    importing = cli.command("policies", "import", _import, help="导入政策 store as new versions, all or none")
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files or folders")
    importing.add_argument("--by", required=True, metavar="USERNAME", help="the officer who drafts them")
    importing.add_argument("--note", default="", help="why, for the record")
    exporting = cli.command("policies", "export", _export, help="导出政策 write stored versions as they came in")
    exporting.add_argument("what", nargs="*", metavar="CODE[@VERSION]", help="default: every policy")
    exporting.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    exporting.add_argument("--live", action="store_true", help="live versions, not the newest")
    for parser in (checking, testing, importing, exporting):
        parser.add_argument("--lang", choices=LANGUAGES, default="zh")
    commands_matching.add_to(cli)
    commands_explaining.add_to(cli)
    commands_eligibility.add_to(cli)
    commands_payments.add_to(cli)


def examined(files: list[Path]) -> list[Examined]:
    """The policies of these files and folders, or the county's own; each checked. Raises CommandError."""
    try:
        return folder.examine_all(folder.read(files or [settings.COUNTY / "policies"]))
    except Unusable as error:
        raise CommandError(str(error)) from None


# ── check ──


def _check(arguments: argparse.Namespace) -> int:
    with speaking(arguments.lang):
        found = examined(arguments.files)
        ok = all(each.checked.ok for each in found)
        if arguments.json:
            print(json.dumps({"ok": ok, "policies": [_as_json(each) for each in found]}, ensure_ascii=False, indent=2))
        else:
            for each in found:
                _tell(each)
            faulty = sum(not each.checked.ok for each in found)
            warned = sum(len(each.checked.warnings) for each in found)
            said = Label("{n}项政策，{f}项有问题，{w}处提示", "{n} policies, {f} with faults, {w} warnings")
            print(said.format(n=len(found), f=faulty, w=warned))
        return 0 if ok else 1


def _tell(each: Examined) -> None:
    policy, path = each.checked.policy, each.source.path
    if policy is None or not each.checked.ok:
        count = len(each.checked.findings)
        name = policy.code if policy else path.stem
        print(f"✗ {name}  {Label(f'有{count}处问题，不能存入', f'{count} fault(s); it cannot be stored')}")
        print("  " + each.lines().replace("\n", "\n  "))
    else:
        conditions = sum(1 for _ in policy.rule.all_conditions())
        size = Label(
            f"{conditions}个条件、{len(policy.examples)}个例子",
            f"{conditions} conditions, {len(policy.examples)} examples",
        )
        origin = ORIGINS[policy.source.origin]
        print(f"✓ {policy.title} {policy.code}  [{origin}] {size}  {sha256_of(policy)[:12]}  {path}")
    for warning in each.checked.warnings:
        print(f"  {line(path, warning, str(WARNING))}")


def _as_json(each: Examined) -> dict[str, Any]:
    policy = each.checked.policy
    return {
        "file": str(each.source.path),
        "policy": policy.code if policy else None,
        "sha256": sha256_of(policy) if policy else None,
        "ok": each.checked.ok,
        "proved": [rule for rule, _ in PROVED] if each.checked.ok else [],
        "findings": [_finding(finding) for finding in each.checked.findings],
        "warnings": [_finding(warning) for warning in each.checked.warnings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    where = {"rule": finding.rule, "place": finding.place, "line": finding.line, "column": finding.column}
    return {**where, "text": finding.text.as_json()}


# ── test ──


def _test(arguments: argparse.Namespace) -> int:
    """Exit code 1 when an example does not come out as it says, or a policy cannot be read."""
    with speaking(arguments.lang):
        rows: list[dict[str, Any]] = []
        for each in examined(arguments.files):
            rows += _tried(each, quiet=arguments.json)
        failed = sum(not row["ok"] for row in rows)
        if arguments.json:
            print(json.dumps({"ok": not failed, "examples": rows}, ensure_ascii=False, indent=2))
        else:
            said = Label("{n}个例子，{f}个不符", "{n} examples, {f} not as they say")
            print(said.format(n=len(rows), f=failed))
        return 1 if failed else 0


def _tried(each: Examined, *, quiet: bool) -> list[dict[str, Any]]:
    policy, path = each.checked.policy, each.source.path
    home = folder.county_of(path)
    names_wrong = policy is None or any(
        finding.rule in {"shape", "reading", "facts"} for finding in each.checked.findings
    )
    if policy is None or names_wrong:
        if not quiet:
            print(f"✗ {path}\n  " + each.lines().replace("\n", "\n  "))
        return [{"file": str(path), "policy": None, "example": "", "ok": False, "said": each.lines()}]
    rows = []
    for trial in trials(policy, Known(home.dictionary)):
        came = trial.decision
        said = "; ".join(str(fault.text) for fault in trial.faults)
        row = {
            "file": str(path),
            "policy": policy.code,
            "example": trial.example.label.zh,
            "ok": not trial.faults,
            "verdict": came.verdict.name.lower() if came else None,
            "amount_fen": came.amount_fen if came else None,
            "missing": sorted(trial.missing),
            "said": said,
        }
        rows.append(row)
        if not quiet:
            amount = f" {money(came.amount_fen)}" if came and came.amount_fen is not None else ""
            verdict = VERDICTS[came.verdict] if came else "—"
            print(
                f"{'✓' if row['ok'] else '✗'} {policy.code}  {trial.example.label}: {verdict}{amount}  {said}".rstrip()
            )
    return rows


# ── import and export ──


def _import(arguments: argparse.Namespace) -> None:
    """All are stored or none; what is stored already is said so."""
    with speaking(arguments.lang):
        actor = _actor(arguments.by)
        try:
            sources = folder.read(arguments.files)
            found = folder.examine_all(sources, selectors.effects())
        except Unusable as error:
            raise CommandError(str(error)) from None
        if faulty := [each for each in found if not each.checked.ok]:
            raise CommandError("\n".join(each.lines() for each in faulty))
        try:
            stored = services.draft_all(actor, [source.text for source in sources], now(), note=arguments.note)
        except Problem as problem:
            raise CommandError(str(problem.detail)) from None
        for version, new in stored:
            state = Label("已存入", "stored") if new else Label("已有", "there already")
            print(f"{version}  {state}  {version.sha256}")


def _actor(username: str) -> Actor:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"没有用户“{username}”。there is no user {username}")
    return actor_for(user, now())


def _export(arguments: argparse.Namespace) -> None:
    with speaking(arguments.lang):
        try:
            versions = selectors.to_export(arguments.what, live=arguments.live)
            arguments.out.mkdir(parents=True, exist_ok=True)
            for version in versions:
                path = arguments.out / f"{version.policy.code}.yaml"
                path.write_bytes(version.source.encode())
                print(f"{version}  {version.sha256}  {path}")
        except Problem as problem:
            raise CommandError(str(problem.detail)) from None
        except OSError as error:
            raise CommandError(f"写不了{arguments.out}：{error}。cannot write there") from None
