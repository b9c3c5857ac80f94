"""拒收原因: what a door says to a bank whose message it does not take. The codes are an interface, listed in
docs/guides/bank-door.md. What is said of the content (`settlement-incomplete`, `event-id-reused`) is `events.py`'s.
"""

from __future__ import annotations

from qinqing.lib.httpsig import Reason, SignatureRefused
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem


class Refused(Problem):
    """`text` is what to do; `more` is added to it."""

    text = Label("", "")

    def __init__(self, more: Label | None = None) -> None:
        tail = more or Label("", "")
        super().__init__(Label(self.text.zh + tail.zh, self.text.en + tail.en))


# ── the signature ──


class _Signature(Refused):
    """400: it is not written as it must be; 401: it does not prove who speaks."""

    title = Label("签名未通过核验", "The signature was not accepted")


def _signature(reason: Reason, status: int, code: str) -> tuple[Reason, type[_Signature]]:
    return reason, type(f"Signature{code.title()}", (_Signature,), {"status": status, "code": f"signature-{code}"})


_BY_REASON = dict(
    (
        _signature(Reason.MISSING, 401, "missing"),
        _signature(Reason.SEVERAL, 400, "several"),
        _signature(Reason.MALFORMED, 400, "malformed"),
        _signature(Reason.TOO_LARGE, 400, "too-large"),
        _signature(Reason.NOT_COVERED, 400, "component-not-covered"),
        _signature(Reason.NOT_PRESENT, 400, "component-not-present"),
        _signature(Reason.UNKNOWN_KEY, 401, "unknown-key"),
        _signature(Reason.ALGORITHM, 401, "algorithm"),
        _signature(Reason.NONCE, 400, "nonce-missing"),
        _signature(Reason.TOO_OLD, 401, "too-old"),
        _signature(Reason.FUTURE, 401, "from-the-future"),
        _signature(Reason.EXPIRED, 401, "expired"),
        _signature(Reason.WRONG_SIGNATURE, 401, "wrong"),
        _signature(Reason.DIGEST, 401, "digest-mismatch"),
    )
)


def of_signature(refused: SignatureRefused) -> Problem:
    """The refusal in the doors' words."""
    return _BY_REASON[refused.reason](refused.label)


class KeyRevoked(_Signature):
    status = 401
    code = "key-revoked"
    text = Label("这把密钥已停用，请改用新密钥", "This key was revoked; use the new one")


class KeyOver(_Signature):
    status = 401
    code = "key-not-in-force"
    text = Label("这把密钥尚未启用或已到期", "This key is not in force now")


class Replayed(_Signature):
    status = 409
    code = "nonce-used"
    title = Label("这一请求此前已收到", "This very request was received before")
    text = Label(
        "随机数已用过。要重发同一事件，请用新的随机数重新签名，事件编号不变",
        "The nonce was used before. To send the same event again, sign anew with a new nonce and the same event id",
    )


# ── the simple profile ──


class WebhookHeaders(_Signature):
    status = 400
    code = "webhook-headers"
    text = Label(
        "须带webhook-id、webhook-timestamp（1970年以来的整秒数）、webhook-signature三个请求头",
        "Send webhook-id, webhook-timestamp (whole seconds since 1970) and webhook-signature",
    )


class WebhookTime(_Signature):
    status = 401
    code = "webhook-time"
    text = Label(
        "webhook-timestamp与本系统时间相差超过5分钟，请核对时钟后重新签名",
        "webhook-timestamp is more than 5 minutes away from our clock; check yours and sign anew",
    )


class UnknownBank(_Signature):
    status = 401
    code = "webhook-unknown-bank"
    text = Label(
        "source所写的机构没有登记简易接口密钥：应为urn:qinqing:bank:和统一社会信用代码",
        "The source names no institution with a secret on file: it is urn:qinqing:bank: and the credit code",
    )


class BadSecret(_Signature):
    status = 401
    code = "webhook-wrong"
    text = Label("签名不符：密钥不对，或正文在途中被改动", "It does not fit: another secret, or the body was changed")


# ── the message ──


class NotAnEvent(Refused):
    status = 400
    code = "not-an-event"
    title = Label("无法识别的报文", "The message could not be read")


class ForeignSource(Refused):
    status = 422
    code = "foreign-source"
    title = Label("报文的来源不是签名的银行", "The source is not the bank that signed")
    text = Label("source应为", "The source must be")


class TooLarge(Refused):
    status = 413
    code = "message-too-large"
    title = Label("报文过大", "The message is too large")


class LengthMissing(Refused):
    status = 411
    code = "length-missing"
    title = Label("没有写明长度", "Its length is not stated")
    text = Label("请带Content-Length（不接受分块传输）", "Send Content-Length (chunked transfer is not taken)")


class NotWhole(Refused):
    status = 400
    code = "message-cut"
    title = Label("报文没有收全", "The message did not arrive whole")
    text = Label("连接在途中断开，请重发", "The connection broke; send it again")


class BadList(Refused):
    status = 422
    code = "list-malformed"
    title = Label("日终清单有误", "The day's list is wrong")


class NoSuchEvent(Refused):
    status = 404
    code = "event-unknown"
    title = Label("没有收到过这一事件", "This event was never received")
    text = Label("本行没有报送过这个编号；可以原样重发", "Your bank has not sent this id; you may send it")
