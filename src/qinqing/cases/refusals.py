"""不予办理: why an act was refused, as the person at the door reads it."""

from __future__ import annotations

from collections.abc import Mapping

from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem


class Refused(Problem):
    """Who may not, or what the table does not allow."""

    status = 403
    code = "refused"
    title = Label("不能这样办理", "This cannot be done")


class PartyAlone(Refused):
    """An officer's browser, at the window or anywhere, never takes the party's last word."""

    code = "party_alone"
    title = Label("请当事人自己评价", "For the party alone")

    def __init__(self) -> None:
        zh = "本浏览器登录的是工作人员，评价只能由当事人作出。请来访人用自己的手机扫回执上的二维码评价"
        en = (
            "An officer is signed in in this browser. Let the visitor scan the code on the receipt with their own phone"
        )
        super().__init__(Label(zh, en))


class Incomplete(Problem):
    """The form is not whole; `fields` says which and why."""

    status = 422
    code = "incomplete"
    title = Label("还差一点内容", "Something is missing")

    def __init__(self, fields: Mapping[str, Label]) -> None:
        zh = "；".join(label.zh for label in fields.values())
        en = "; ".join(label.en for label in fields.values())
        super().__init__(Label(zh, en), fields=fields)


class Conflict(Problem):
    """Somebody was faster: the person decided on something that has changed since."""

    status = 409
    code = "conflict"
    title = Label("刚刚有变化，请核对后再办", "Something has just changed; please check again")


class NotOpen(Conflict):
    """The task has been done or taken back."""

    code = "not_open"


class Unknown(Problem):
    """No such case."""

    status = 404
    code = "unknown"
    title = Label("没有找到", "Not found")
