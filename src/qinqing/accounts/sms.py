"""短信: one function sends; the setting `SMS_SENDER` names the adapter, a `(phone, text) -> None`.

`to_console` prints (demo and tests). `to_webhook` posts signed JSON to the county's SMS service: the body is
`{"phone", "text"}`, the header `X-Qinqing-Signature: t=<unix time>,v1=<hex HMAC-SHA256 of "<t>.<body>">`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sys
import time
from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

log = logging.getLogger(__name__)
Sender = Callable[[str, str], None]


class NotSent(Problem):
    """短信没有发出."""

    status = 503
    code = "sms-not-sent"
    title = Label("短信没有发出", "The message was not sent")


def send(phone: str, text: str) -> None:
    """Hand the text to the installation's adapter. Raises NotSent."""
    sender: Sender = import_string(settings.SMS_SENDER)
    sender(phone, text)


def to_console(phone: str, text: str) -> None:
    """Print it where the demo runs."""
    print(f"[短信 SMS → {phone}] {text}", file=sys.stderr, flush=True)


def to_webhook(phone: str, text: str) -> None:
    """Post it, signed, to `SMS_WEBHOOK` with the key `SMS_KEY`. Raises NotSent when unset, unreachable or refused."""
    import httpx  # noqa: PLC0415 - most of a second that only the senders need wait

    if not settings.SMS_WEBHOOK or not settings.SMS_KEY:
        log.error("no SMS service: set QINQING_SMS_URL and QINQING_SMS_KEY")
        raise NotSent(
            Label(
                "本系统还没有接通短信服务，请到窗口办理。",
                "No SMS service is connected yet; please come to the window.",
            )
        )
    body = json.dumps({"phone": phone, "text": text}, ensure_ascii=False).encode()
    stamp = str(int(time.time()))
    signature = hmac.new(settings.SMS_KEY.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Qinqing-Signature": f"t={stamp},v1={signature}"}
    try:
        httpx.post(settings.SMS_WEBHOOK, content=body, headers=headers, timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        log.error("the SMS service did not take a message: %s", type(error).__name__)
        raise NotSent(
            Label("短信服务暂时没有回应，请1分钟后再试。", "The SMS service does not answer; try again in a minute.")
        ) from None
