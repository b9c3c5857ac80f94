"""`qinqing mortgages keys ...`: banks' keys from the server's command line; each change stands in the security log."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from pathlib import Path

from qinqing.accounts.actor import SYSTEM
from qinqing.directory.models import Unit
from qinqing.lib.cli import Cli, CommandError
from qinqing.lib.wallclock import CHINA, now
from qinqing.mortgages import keys, selectors_doors
from qinqing.ui.errors import Problem


def add_commands(cli: Cli) -> None:
    parser = cli.command("mortgages", "keys", _run, help="keys of banks: list, add, secret, end, revoke")
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    steps.add_parser("list", help="all keys with their states")
    add = steps.add_parser("add", help="file a bank's Ed25519 public key")
    add.add_argument("bank", help="code of the unit, such as bank-01")
    add.add_argument("pem", help="file of the public key")
    secret = steps.add_parser("secret", help="make a secret of the simple profile; it is printed once")
    secret.add_argument("bank", help="code of the unit")
    for each in (add, secret):
        each.add_argument("--days", type=int, default=keys.USUAL_DAYS, help="how long it is in force")
        each.add_argument(
            "--from", dest="starts", default="", help="in force from this day on (2026-10-01); else at once"
        )
    end = steps.add_parser("end", help="let a key end earlier, once the next one is in use")
    end.add_argument("key_id")
    end.add_argument("--in-days", type=int, required=True)
    revoke = steps.add_parser("revoke", help="revoke a key at once")
    revoke.add_argument("key_id")
    revoke.add_argument("--reason", required=True)


# ── private ──


def _run(arguments: argparse.Namespace) -> None:
    moment = now()
    try:
        _STEPS[arguments.step](arguments, moment)
    except Problem as problem:
        raise CommandError(str(problem.detail)) from problem


def _list(arguments: argparse.Namespace, moment: datetime) -> None:
    for key in selectors_doors.bank_keys():
        times = f"{key.valid_from.astimezone(CHINA):%Y-%m-%d} - {key.valid_until.astimezone(CHINA):%Y-%m-%d}"
        why = f"  {key.revoked_because}" if key.revoked_because else ""
        print(f"{key.key_id:16} {key.kind:8} {key.state(moment):8} {times}  {key.bank.name}{why}")


def _add(arguments: argparse.Namespace, moment: datetime) -> None:
    try:
        pem = Path(arguments.pem).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{arguments.pem}: {error}") from error
    starts = _starts(arguments.starts, moment)
    key = keys.add_public_key(SYSTEM, _bank(arguments.bank), pem, moment, starts=starts, days=arguments.days)
    print(key.key_id)


def _secret(arguments: argparse.Namespace, moment: datetime) -> None:
    starts = _starts(arguments.starts, moment)
    key, secret = keys.add_secret(SYSTEM, _bank(arguments.bank), moment, starts=starts, days=arguments.days)
    print(f"{key.key_id}\n{secret}")


def _end(arguments: argparse.Namespace, moment: datetime) -> None:
    if not 1 <= arguments.in_days <= keys.MOST_DAYS:
        raise CommandError(f"--in-days is 1 to {keys.MOST_DAYS}; revoke ends a key at once")
    keys.end(SYSTEM, arguments.key_id, moment + timedelta(days=arguments.in_days), moment)


def _revoke(arguments: argparse.Namespace, moment: datetime) -> None:
    keys.revoke(SYSTEM, arguments.key_id, arguments.reason, moment)


_STEPS = {"list": _list, "add": _add, "secret": _secret, "end": _end, "revoke": _revoke}


def _bank(code: str) -> Unit:
    found = Unit.objects.filter(code=code).first()
    if found is None:
        raise CommandError(
            f"there is no unit {code}; units with credit codes: {', '.join(x.code for x in keys.banks())}"
        )
    return found


def _starts(day: str, moment: datetime) -> datetime:
    if not day:
        return moment
    try:
        return max(moment, datetime.fromisoformat(day).replace(tzinfo=CHINA))
    except ValueError:
        raise CommandError(f"--from {day!r} is no day such as 2026-10-01") from None
