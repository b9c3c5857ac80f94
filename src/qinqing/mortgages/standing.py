"""办到哪一步: how far a release is, in words for banks and owners, and its clock to the promised moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qinqing.cases import calendars
from qinqing.lib.labels import Label
from qinqing.lib.workdays import left
from qinqing.lib.workdays.budget import span_text
from qinqing.mortgages.models import Release
from qinqing.mortgages.promise import service
from qinqing.ui.parts import Clock

SOON = timedelta(minutes=20)  # before the promised moment the light turns amber
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """`label` for lists; `plain` what it means to an owner; `tone` of a tag."""

    label: Label
    plain: Label
    tone: str = ""


_STANDINGS = {
    "matching": Standing(
        Label("正在核对", "Being matched"),
        Label(
            "银行已报送结清，正在与登记簿核对。", "Your bank has reported it; it is being compared with the register."
        ),
        "qing",
    ),
    "waiting": Standing(
        Label("等待其他抵押权人", "Other creditors owed"),
        Label(
            "这项抵押还有其他抵押权人（如公积金中心）的贷款没有结清；全部结清后自动注销。",
            "Another creditor of this mortgage, such as the housing fund, is still owed. When all are settled it is"
            " deregistered by itself.",
        ),
    ),
    "exception": Standing(
        Label("人工核查", "With a person"),
        Label(
            "登记中心正在人工核对，如需您补充材料会主动联系您。",
            "The registration centre is looking into it and will call you if it needs anything.",
        ),
        "amber",
    ),
    "ruling": Standing(
        Label("领导裁定", "To be ruled on"),
        Label("登记中心正在研究处理。", "The registration centre is deciding."),
        "amber",
    ),
    "registering": Standing(
        Label("正在登记", "At the registry"),
        Label("核对一致，正在办理注销登记。", "Everything fits; it is being deregistered."),
        "qing",
    ),
    "undoing": Standing(
        Label("冲正核查", "Reversal looked into"),
        Label(
            "银行报告此前的结清信息有误，登记中心正在紧急核查，结果会告知您。",
            "Your bank says that its report was wrong. The registration centre is looking into it and will tell you.",
        ),
        "red",
    ),
    "released": Standing(
        Label("已注销", "Deregistered"),
        Label("抵押登记已注销，您无需办理任何手续。", "The mortgage is deregistered. There is nothing for you to do."),
        "green",
    ),
    "refused": Standing(
        Label("不予办理", "Refused"),
        Label(
            "本次没有注销。请向贷款银行或登记中心了解原因。",
            "It was not deregistered this time. Ask your bank or the registration centre why.",
        ),
    ),
    "reversed": Standing(
        Label("银行已撤回", "Taken back by the bank"),
        Label("银行撤回了结清信息，本次没有注销。", "Your bank took its report back; nothing was deregistered."),
    ),
    "restored": Standing(
        Label("抵押登记已恢复", "Registered again"),
        Label(
            "经核查，银行此前的结清信息有误，抵押登记已恢复。此前的告知单作废。",
            "The bank's report was wrong and the mortgage stands in the register again. The earlier notice is void.",
        ),
        "red",
    ),
}


def standing(release: Release) -> Standing:
    """By the stage of its case, or how that ended."""
    return _STANDINGS[release.case.outcome or release.case.stage]


def clock(release: Release, now: datetime) -> Clock:
    """To the promised moment: green, amber in the last twenty minutes, red when it is past, each with its words."""
    if release.state == Release.State.RELEASED and release.released_at:
        return done(release)
    if release.state == Release.State.ENDED or release.case.outcome:
        return Clock("hold", standing(release).label)
    if release.case.stage == "waiting":
        return Clock("hold", Label("等待其他抵押权人", "Other creditors owed"))
    rest = left(now, release.promised_at, calendars.current(), service().promise.kind)
    if rest.overdue:
        return Clock("over", rest.text)
    whole = max(1, (release.promised_at - release.started_at) // _MINUTE)
    share = max(0, min(100, 100 * rest.minutes // whole))
    return Clock("soon" if release.promised_at - now <= SOON else "ok", rest.text, share)


def done(release: Release) -> Clock:
    """Deregistered: how long it took, and whether that was in time."""
    assert release.released_at
    took = took_text((release.released_at - release.started_at) / _MINUTE)
    if release.released_at <= release.promised_at:
        return Clock("done", Label(f"{took.zh}办结", f"done in {took.en}"))
    return Clock("over", Label(f"{took.zh}办结，超时", f"done in {took.en}, late"))


def took_text(minutes: float | None) -> Label:
    """Minutes as people say them; under one as seconds; None is unknown."""
    if minutes is None:
        return Label("—", "—")
    if minutes < 1:
        seconds = round(60 * minutes)
        if not seconds:
            return Label("不到1秒", "under 1 s")
        return Label(f"{seconds}秒", f"{seconds} s")
    if minutes < 10:
        text = f"{minutes:.1f}".removesuffix(".0")
        return Label(f"{text}分钟", f"{text} min")
    return span_text(round(minutes), days=True)
