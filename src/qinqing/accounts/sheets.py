"""账号与日志的导出: the columns of this room's lists, and of the audit room's below it, which knows no pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from qinqing.accounts import selectors
from qinqing.accounts.models import Token, User
from qinqing.lib.labels import Label
from qinqing.ui import sheets
from qinqing.ui.sheets import Column, Sheet

_ON, _OFF = Label("已启用", "On"), Label("未启用", "Off")
_ACTIVE, _INACTIVE = Label("在用", "Active"), Label("已停用", "Deactivated")
_BY_PHONE = Label("手机号登录", "by phone")
_CHINA_TIME = Label("北京时间", "China time")
_NAME = Column(Label("姓名", "Name"), Label("账号持有人", "Whose account it is"), lambda x: x.name, 16)
_USERNAME = Column(
    Label("账号", "Account name"),
    Label("登录用的账号；企业和群众用手机号登录，不列号码", "For signing in; parties do by phone, which is not listed"),
    lambda x: _BY_PHONE if x.kind == "party" else x.username,
    20,
)
_STATE = Column(
    Label("状态", "State"),
    Label("停用的账号不能登录", "Who is deactivated cannot sign in"),
    lambda x: _ACTIVE if x.is_active else _INACTIVE,
    10,
)
ACCOUNTS = (
    _NAME,
    _USERNAME,
    _STATE,
    Column(
        Label("两步登录", "Two-step"),
        Label("是否启用两步登录", "Whether sign-in asks for a second step"),
        lambda x: _ON if x.totp_secret else _OFF,
        10,
    ),
    Column(Label("上次登录", "Last sign-in"), _CHINA_TIME, lambda x: x.last_login, 17, "moment"),
)
LOCKED = (
    Column(
        Label("情况", "Case"),
        Label("现在锁定，或已启用两步登录", "Locked out now, or with two-step sign-in"),
        lambda x: x.what,
        16,
    ),
    Column(Label("账号", "Account name"), Label("登录用的账号", "For signing in"), lambda x: x.username, 20),
    _NAME,
    Column(Label("网络地址", "Address"), Label("从哪里输错", "Where from"), lambda x: x.address, 18),
    Column(Label("输错次数", "Failures"), Label("连续输错", "In a row"), lambda x: x.failures, 9, "number"),
    Column(Label("到何时", "Until"), _CHINA_TIME, lambda x: x.ends, 17, "moment"),
)
TOKENS = (
    Column(Label("用途", "For"), Label("发放时写明的用途", "As said when it was made"), lambda x: x.label, 24),
    Column(Label("程序", "Program"), Label("程序账号的名称", "The program's name"), lambda x: x.user.name, 20),
    Column(
        Label("程序账号", "Account name"), Label("程序的账号", "The program's account"), lambda x: x.user.username, 20
    ),
    Column(Label("发放", "Made"), _CHINA_TIME, lambda x: x.created_at, 17, "moment"),
    Column(
        Label("到期", "Ends"),
        Label("北京时间；空为不到期", "China time; empty: it does not end"),
        lambda x: x.expires_at,
        17,
        "moment",
    ),
    Column(
        Label("吊销", "Revoked"),
        Label("北京时间；空为未吊销", "China time; empty: not revoked"),
        lambda x: x.revoked_at,
        17,
        "moment",
    ),
)
ADMINISTRATORS = (
    Column(Label("职责", "Duty"), Label("系统、安全、审计三员", "One of the three duties"), lambda x: x[0].label, 24),
    Column(Label("姓名", "Name"), Label("任此职的人", "Who holds it"), lambda x: x[1].name, 16),
    Column(Label("账号", "Account name"), Label("登录用的账号", "For signing in"), lambda x: x[1].username, 20),
    Column(_STATE.label, _STATE.definition, lambda x: _STATE.value(x[1]), 10),
)
SECURITY_LOG = (
    Column(Label("时间", "Time"), _CHINA_TIME, lambda x: x.at, 17, "moment"),
    Column(
        Label("事项", "Event"),
        Label("登录、越权、权限变动等", "Sign-ins, refusals, changes of rights"),
        lambda x: selectors.EVENTS.get(x.event, x.event),
        18,
    ),
    Column(Label("人员", "Person"), Label("当时的姓名", "Their name at the time"), lambda x: x.user_name, 16),
    Column(Label("网络地址", "Address"), Label("从哪里来", "Where from"), lambda x: x.address, 18),
    Column(Label("内容", "Detail"), Label("事项的补充", "What more is known"), lambda x: x.detail, 40),
)
READS = (
    Column(Label("时间", "Time"), _CHINA_TIME, lambda x: x.at, 17, "moment"),
    Column(Label("人员", "Person"), Label("当时的姓名", "Their name at the time"), lambda x: x.user_name, 16),
    Column(
        Label("查阅内容", "What"),
        Label("数据的种类；export为导出清单", "The kind of data; export: a list was exported"),
        lambda x: x.what,
        18,
    ),
    Column(
        Label("对象", "Object"), Label("哪一件、哪一家或哪张清单", "Whose, or which list"), lambda x: x.object_ref, 24
    ),
    Column(Label("事由", "Reason"), Label("查阅人写明的理由", "As the reader said"), lambda x: x.reason, 50),
)
ANCHORS = (
    Column(Label("日期", "Day"), Label("日锚所属的一天", "The day it stands for"), lambda x: x.day, 12, "day"),
    Column(
        Label("有变动的链", "Chains that moved"),
        Label("当日有新记录的历史链数", "Histories with new records on that day"),
        lambda x: x.chains,
        12,
        "number",
    ),
    Column(
        Label("根", "Root"),
        Label("当日各链末端和前一日锚的默克尔根", "Merkle root over the heads and the anchor before"),
        lambda x: x.root,
        72,
    ),
    Column(Label("生成时间", "Made"), _CHINA_TIME, lambda x: x.made_at, 17, "moment"),
)


@dataclass(frozen=True, slots=True)
class _Locked:
    """One line of the lock-outs' sheet: of the first list of the page, or of the second."""

    what: Label
    username: str
    name: str | None = None
    address: str | None = None
    failures: int | None = None
    ends: datetime | None = None


def accounts(found: QuerySet[User], text: str, kind: Label) -> Sheet:
    return Sheet(Label("账号", "Accounts"), ACCOUNTS, found, _filter(kind, text))


def lock_outs(locked: Iterable[selectors.LockOut], enrolled: Iterable[User], text: str) -> Sheet:
    """Both lists of the page, one below the other."""
    now_locked, two_step = Label("现在锁定", "Locked out now"), Label("已启用两步登录", "With two-step sign-in")
    rows = [_Locked(now_locked, one.username, None, one.address, one.failures, one.ends) for one in locked]
    rows += [_Locked(two_step, user.username, user.name) for user in enrolled]
    title = Label("锁定与两步登录", "Lock-outs")
    return Sheet(
        title, LOCKED, rows, _filter(Label("现在锁定的和启用两步登录的", "Locked out, and with two-step"), text)
    )


def tokens(found: QuerySet[Token]) -> Sheet:
    return Sheet(Label("接口令牌", "API tokens"), TOKENS, found, Label("全部令牌，含已吊销的", "All, revoked ones too"))


def administrators() -> Sheet:
    rows = [(role, user) for role, users in selectors.administrators() for user in users]
    return Sheet(Label("管理员", "Administrators"), ADMINISTRATORS, rows, Label("三员", "The three duties"))


def security_log(text: str, event: str) -> Sheet:
    kind = selectors.EVENTS.get(event, Label("全部事项", "All events"))
    rows = selectors.security_log(text, event)
    return Sheet(Label("安全日志", "Security log"), SECURITY_LOG, rows, _filter(kind, text))


def of_audit(request: HttpRequest, name: str, rows: QuerySet[Any], note: Label, now: datetime) -> HttpResponse | None:
    """The audit room's lists (`reads`, `anchors`), handed to it at start-up: it lies below the room of pages."""
    if not sheets.wanted(request):
        return None
    title, columns = {
        "reads": (Label("查阅日志", "Read log"), READS),
        "anchors": (Label("日锚", "Daily anchors"), ANCHORS),
    }[name]
    return sheets.download(request, Sheet(title, columns, rows, note), now)


def _filter(kind: Label, text: str) -> Label:
    return Label(f"{kind.zh}，含“{text}”", f"{kind.en}, holding “{text}”") if text else kind
