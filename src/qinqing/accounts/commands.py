"""命令: the first administrators are made here, on the server; later ones on the pages."""

from __future__ import annotations

import argparse
import sys

from django.db import transaction

from qinqing.accounts import services
from qinqing.accounts.access import table
from qinqing.accounts.actor import SYSTEM
from qinqing.accounts.models import AdminRole, User
from qinqing.lib import wallclock
from qinqing.lib.cli import Cli, CommandError
from qinqing.ui.errors import Problem

ADDRESS = "console"


def add_commands(cli: Cli) -> None:
    """`qinqing accounts create | reset-mfa | permissions`."""
    create = cli.command("accounts", "create", _create, help="make an officer's account, or an administrator's")
    create.add_argument("--username", required=True)
    create.add_argument("--name", required=True, help="the person's name")
    create.add_argument("--role-admin", choices=["system", "security", "audit"], help="one of the three administrators")
    create.add_argument(
        "--password-stdin", action="store_true", help="read the first password from stdin; else one is made and printed"
    )
    reset = cli.command("accounts", "reset-mfa", _reset_mfa, help="turn off the second step of a person who lost it")
    reset.add_argument("--username", required=True)
    cli.command("accounts", "permissions", _permissions, help="print the permissions table")


def _create(arguments: argparse.Namespace) -> int:
    now = wallclock.now()
    given = sys.stdin.readline().rstrip("\n") if arguments.password_stdin else None
    try:
        with transaction.atomic():
            user, password = services.create_account(
                SYSTEM,
                username=arguments.username,
                name=arguments.name,
                kind=User.Kind.OFFICER,
                password=given,
                now=now,
                address=ADDRESS,
            )
            if arguments.role_admin:
                services.appoint(SYSTEM, user.pk, f"{arguments.role_admin}_admin", now, ADDRESS)
    except Problem as problem:
        raise CommandError(
            f"accounts create: {'; '.join(map(str, problem.fields.values())) or problem.detail}"
        ) from None
    duty = f"（{AdminRole.Role(f'{arguments.role_admin}_admin').label}）" if arguments.role_admin else ""
    print(f"账号 {user.username} {user.name}{duty} 已建立，首次登录须改密码。")
    if given is None:
        print(f"初始密码（只显示这一次）：{password}")
    return 0


def _reset_mfa(arguments: argparse.Namespace) -> int:
    user = User.objects.filter(username=arguments.username).first()
    if user is None:
        raise CommandError(f"accounts reset-mfa: no account {arguments.username!r}; look it up on the accounts page")
    services.reset_second_factor(SYSTEM, user.pk, wallclock.now(), ADDRESS)
    print(f"{user.username} {user.name} 的两步登录已关闭，登录后可重新启用。")
    return 0


def _permissions(arguments: argparse.Namespace) -> int:
    for name, rule in table().routes.items():
        who = "所有人" if rule.public else "已登录" if rule.signed_in else ""
        who = who or "、".join(role.label.zh for code, role in table().roles.items() if code in rule.roles)
        print(f"{name:<44}{who}")
    return 0
