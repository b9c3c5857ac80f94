"""Why a signed message is refused: one exception, one closed list of reasons. The reasons' values are an interface:
they stand in answers to the sender and in the log.
"""

from __future__ import annotations

from enum import Enum

from qinqing.lib.labels import Label


class Reason(Enum):
    """The machine's word; `label` says it to a person, with what to do."""

    MISSING = "missing"
    SEVERAL = "several_signatures"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    NOT_COVERED = "component_not_covered"
    NOT_PRESENT = "component_not_present"
    UNKNOWN_KEY = "unknown_key"
    ALGORITHM = "algorithm_not_allowed"
    NONCE = "nonce_missing"
    TOO_OLD = "too_old"
    FUTURE = "from_the_future"
    EXPIRED = "expired"
    WRONG_SIGNATURE = "wrong_signature"
    DIGEST = "digest_mismatch"

    @property
    def label(self) -> Label:
        return _LABELS[self]


class SignatureRefused(Exception):
    """The message is not to be trusted. `where` names the header, parameter or component in question; it may quote the
    sender, shortened and in printable ASCII only."""

    def __init__(self, reason: Reason, where: str) -> None:
        super().__init__(f"{reason.value}: {where}")
        self.reason = reason
        self.where = where

    @property
    def label(self) -> Label:
        """What is wrong, where and what to do, in two languages."""
        return Label(f"{self.reason.label.zh}（{self.where}）", f"{self.reason.label.en} ({self.where})")


def quoted(text: str) -> str:
    """A sender's text as it may stand in `where`: at most 80 characters of printable ASCII."""
    return ascii(text[:80])[1:-1]


_LABELS = {
    Reason.MISSING: Label(
        "请求没有签名：须带 Signature-Input 和 Signature 两个请求头，并标明本接口的 tag",
        "The request is not signed: send Signature-Input and Signature with the tag of this door",
    ),
    Reason.SEVERAL: Label(
        "带本接口 tag 的签名不止一个：请只签一次", "More than one signature has the tag of this door: sign once only"
    ),
    Reason.MALFORMED: Label(
        "签名相关请求头的写法不合标准：请对照 RFC 9421、RFC 9530 检查",
        "A header of the signature is malformed: compare it with RFC 9421 and RFC 9530",
    ),
    Reason.TOO_LARGE: Label(
        "请求头过长或项目过多：请缩短后重新签名", "A header is too long or has too many parts: shorten it and sign anew"
    ),
    Reason.NOT_COVERED: Label(
        "签名没有覆盖必须覆盖的内容：请把它列入签名范围后重新签名",
        "The signature does not cover what it must: add the component and sign anew",
    ),
    Reason.NOT_PRESENT: Label(
        "签名所覆盖的内容不在请求中或无法唯一确定：请检查是否被中途的设备删改",
        "A covered component is not in the request, or not exactly once: see whether a device on the way removed it",
    ),
    Reason.UNKNOWN_KEY: Label(
        "没有登记这把密钥，或者它已停用：请核对 keyid，或向县里登记新的公钥",
        "This key is not on file or no longer valid: check the keyid, or have the new public key filed",
    ),
    Reason.ALGORITHM: Label(
        "签名算法不是这把密钥登记的算法，或者本接口不接受",
        "The algorithm is not the one filed for this key, or this door does not take it",
    ),
    Reason.NONCE: Label(
        "签名没有带随机数 nonce：每次请求请生成一个新的（不超过 128 个字符）",
        "The signature has no nonce: make a new one for every request, of at most 128 characters",
    ),
    Reason.TOO_OLD: Label(
        "签名时间过早：请核对发送方的时钟，重新签名后再发",
        "The signature is too old: check the sender's clock, sign anew and send again",
    ),
    Reason.FUTURE: Label(
        "签名时间晚于现在：请核对发送方的时钟", "The signature is from the future: check the sender's clock"
    ),
    Reason.EXPIRED: Label("签名已过有效期：请重新签名后再发", "The signature has expired: sign anew and send again"),
    Reason.WRONG_SIGNATURE: Label(
        "签名核验不通过：密钥不对，或者内容在途中被改动",
        "The signature does not verify: the key is another one, or the message was changed on its way",
    ),
    Reason.DIGEST: Label(
        "正文与摘要 Content-Digest 不一致：正文可能在途中被改动",
        "The body does not match Content-Digest: it may have been changed on its way",
    ),
}
