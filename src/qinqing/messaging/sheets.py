"""收发和通知的导出: the columns of this room's lists."""

from __future__ import annotations

from qinqing.lib.labels import Label
from qinqing.messaging import selectors
from qinqing.messaging.models import Delivery
from qinqing.ui.sheets import Column, Sheet

_CHINA_TIME = Label("北京时间", "China time")
_STATES = {
    Delivery.State.WAITING.value: Label("待再试", "To be tried again"),
    Delivery.State.STUCK.value: Label("受阻", "Stuck"),
}
DELIVERIES = (
    Column(Label("消息", "Message"), Label("消息的标识", "The message's key"), lambda x: x[0].message.key, 30),
    Column(Label("主题", "Topic"), Label("消息的类别", "The message's kind"), lambda x: x[0].message.topic, 18),
    Column(Label("产生时间", "Made"), _CHINA_TIME, lambda x: x[0].message.created_at, 17, "moment"),
    Column(Label("接收方", "Receiver"), Label("内部响应或对端", "A reaction or an endpoint"), lambda x: x[1], 20),
    Column(
        Label("状态", "State"),
        Label(
            "受阻的须人工处理，待再试的由系统重试", "Stuck ones need somebody; the others are tried again by themselves"
        ),
        lambda x: _STATES.get(x[0].state, x[0].state),
        12,
    ),
    Column(Label("次数", "Tries"), Label("已试次数", "How often it was tried"), lambda x: x[0].attempts, 8, "number"),
    Column(Label("下次再试", "Next try"), _CHINA_TIME, lambda x: x[0].next_at, 17, "moment"),
    Column(
        Label("最近一次出错", "Last error"), Label("接收方或网络的答复", "As answered"), lambda x: x[0].last_error, 50
    ),
    Column(Label("备注", "Note"), Label("处理人写明的理由", "What the operator said"), lambda x: x[0].note, 24),
)
ENDPOINTS = (
    Column(Label("名称", "Name"), Label("对端的名称", "The endpoint's name"), lambda x: x.name, 20),
    Column(Label("网址", "Address"), Label("推送到哪里", "Where webhooks go"), lambda x: x.url, 50),
    Column(
        Label("主题", "Topics"),
        Label("推送哪些主题", "Which topics it gets"),
        lambda x: Label("、".join(x.topics), ", ".join(x.topics)),
        24,
    ),
    Column(Label("启用", "On"), Label("停用的不再推送", "Nothing is sent to one that is off"), lambda x: x.active, 8),
)
NOTICES = (
    Column(
        Label("通知", "Notice"),
        Label("通知的内容", "What it said"),
        lambda x: Label(x.title_zh, x.title_en or x.title_zh),
        60,
    ),
    Column(Label("紧急", "Urgent"), Label("是否紧急", "Whether it was urgent"), lambda x: x.urgent, 8),
    Column(Label("时间", "Time"), _CHINA_TIME, lambda x: x.created_at, 17, "moment"),
    Column(
        Label("已读时间", "Read"),
        Label("北京时间；空为未读", "China time; empty: unread"),
        lambda x: x.read_at,
        17,
        "moment",
    ),
)


def stuck() -> Sheet:
    labels = selectors.receiver_labels()
    found = selectors.deliveries_in_trouble().iterator(chunk_size=2000)
    rows = ((row, selectors.label_of(row.receiver, labels)) for row in found)
    note = Label("受阻的和待再试的投递", "Deliveries that are stuck or wait for another try")
    return Sheet(Label("收发运行", "Deliveries"), DELIVERIES, rows, note)


def endpoints() -> Sheet:
    note = Label("全部对端，不含密钥", "All endpoints, without their secrets")
    return Sheet(Label("对端", "Endpoints"), ENDPOINTS, selectors.endpoints(), note)


def notices(user_id: int) -> Sheet:
    return Sheet(
        Label("通知", "Notices"), NOTICES, selectors.notices_of(user_id), Label("本人的全部通知", "All of mine")
    )
