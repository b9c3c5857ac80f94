"""Start-up of the accounts room: the table is read (a wrong one stops the start) and guards the menu."""

from __future__ import annotations

from django.apps import AppConfig

from qinqing.lib.labels import Label
from qinqing.ui import menu

SYSTEM, MINE = Label("系统", "System"), Label("我的", "Mine")
MENU = (
    ("accounts:accounts", Label("账号", "Accounts"), 900),
    ("accounts:administrators", Label("管理员", "Administrators"), 910),
    ("accounts:lock_outs", Label("锁定与两步登录", "Lock-outs"), 911),
    ("accounts:tokens", Label("接口令牌", "API tokens"), 912),
    ("accounts:security_log", Label("安全日志", "Security log"), 920),
    ("accounts:permissions", Label("权限表", "Permissions"), 930),
)


class AccountsConfig(AppConfig):
    name = "qinqing.accounts"
    label = "accounts"
    verbose_name = "账号与权限"

    def ready(self) -> None:
        from qinqing.accounts import access, sheets  # noqa: PLC0415 - models are ready only now
        from qinqing.audit.web import set_export  # noqa: PLC0415

        access.table()
        set_export(sheets.of_audit)
        menu.set_gate(access.may_open)
        for route, label, order in MENU:
            menu.register(menu.Entry(SYSTEM, label, route, order))
        menu.register(menu.Entry(MINE, Label("我的账号", "My account"), "accounts:own", 990, icon="person"))
