"""A county with very many matters, put into its tables at once: what search and near-duplicates are measured on.

Texts are 60 to 120 characters, put together at random (always the same) from clauses as people at a window say them,
with places, companies and numbers; so characters and words recur as in real texts, or a little more often.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction

from qinqing.accounts.actor import Actor, Post
from qinqing.accounts.models import User
from qinqing.cases import reading, shelf
from qinqing.cases.models import Case, Event, Payload, Task
from qinqing.cases.state import State
from qinqing.directory.models import Party, Unit

PROCEDURE = Path(__file__).parents[2] / "src/qinqing/appeals/procedures/hard_case.yaml"
PARTIES, SECTIONS, BATCH = 20_000, 60, 5_000
NOW = datetime(2026, 9, 29, 2, 20, tzinfo=UTC)

_FIRST = "东西南北新和兴永长安平福金银青红白云龙凤泰华盛恒利丰源泉松柏兰梅"
_SECOND = "山河湖桥庄村阳江湾林田泽岭屯坝塘沟坪港集渡关营亭岗埠洲溪川峰"
_TRADE = [
    "传动", "纺织", "物流", "食品", "建材", "电子", "化工", "机械", "服装", "包装", "制药", "家具", "农业", "光电",
    "模具", "印刷", "酒业", "水泥", "汽配", "科技",
]  # fmt: skip
_WHEN = [
    "上个月", "去年底", "今年以来", "最近一周", "连续三天", "自{n}月起", "每到月底", "春节过后", "昨天下午",
    "办理期间",
]  # fmt: skip
_WHO = [
    "我们公司", "厂里的工人", "附近的商户", "园区里的企业", "负责人", "外地客户", "送货的司机", "财务人员",
    "几家同行", "车间主任",
]  # fmt: skip
_WHERE = [
    "{p}路", "{p}工业园", "{p}镇政府旁", "政务大厅{n}号窗口", "{p}村口", "{p}市场", "高速{p}出口", "{p}小区门口",
]  # fmt: skip
_WHAT = [
    "停车位不足，货车进不来", "申请的贷款迟迟没有批下来", "道路坑洼，一下雨就积水", "用电负荷不够，设备经常跳闸",
    "社保缴费基数对不上", "营业执照变更来回跑了{n}趟", "欠的工程款{n}万元一直没有付", "环评材料被退回{n}次",
    "招工困难，缺少熟练的技术工", "垃圾清运不及时，气味很大", "水压太低，影响正常生产", "路灯坏了{n}盏没人修",
    "土地证办理没有进展", "消防验收的标准说法不一", "退税款还没有到账", "中介收费过高且没有发票",
    "宽带经常断线，客服互相推诿", "检查过于频繁，一个月来了{n}次", "补贴名单里没有我们", "公交线路不到厂区",
    "噪声扰民，夜里也在施工", "燃气改造后价格上涨", "许可证到期后无法在网上续办", "食堂卫生许可不知道找谁办",
]  # fmt: skip
_MORE = [
    "之前打过电话，说是正在研究", "已经影响到{n}名职工的生活", "合同约定的交货期只剩{n}天", "材料都是齐的，照片附后",
    "和{p}的情况一样，但是处理结果不同", "曾经答复过一次，问题没有解决", "损失大约{n}万元", "不清楚应该归哪个部门管",
    "网上查到的规定和窗口讲的不一致", "主管科室说要等上级通知", "旁边的企业也有同样的困难", "希望能到现场看一看",
]  # fmt: skip
_WISH = [
    "请尽快协调解决", "希望给一个明确的答复", "请告诉我们需要的材料和时间", "盼望能够早日开通",
    "请有关部门核实处理", "希望简化办理的手续", "请依法依规处理", "能不能派人来指导一下",
]  # fmt: skip

# (kind of query, query): frequent and rare ones
QUERIES = [
    ("one character", "的"), ("one character", "车"), ("one character", "泽"),
    ("two characters", "希望"), ("two characters", "停车"), ("two characters", "凤泽"),
    ("five characters", "停车位不足"), ("five characters", "请尽快协调"), ("five characters", "银坝工业园"),
    ("two words", "停车 物流"), ("two words", "的 希望"), ("two words", "凤泽 社保"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Readers:
    """Who searches: the window sees all, a handler what came to the section, a party its three matters."""

    clerk: Actor
    handler: Actor
    party: Actor


def found(count: int) -> Readers:
    """Make the county with so many matters in an empty, migrated database."""
    chance = random.Random(2026)
    shelf.store(reading.parse(PROCEDURE.read_text(encoding="utf-8")), NOW)
    for name, kind in (("clerk", "officer"), ("handler", "officer"), ("agent", "party")):
        User.objects.create(username=name, name=name, kind=kind)
    clerk = User.objects.get(username="clerk")
    for desk in ("window", "supervision", "leadership"):
        Unit.objects.create(code=desk, name=desk, kind="desk", desk=desk)
    Unit.objects.bulk_create([Unit(code=f"s{n}", name=f"科室{n}", kind="section") for n in range(SECTIONS)])
    sections = list(Unit.objects.filter(kind="section").order_by("pk").values_list("pk", flat=True))
    names = [f"{place(chance)}{chance.choice(_TRADE)}有限公司" for _ in range(PARTIES)]
    Party.objects.bulk_create(
        [Party(kind="company", name=name, name_norm=name, updated_at=NOW) for name in names], batch_size=1000
    )
    parties = list(Party.objects.order_by("pk").values_list("pk", flat=True))
    rare = parties.pop()
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        _write(chance, numbers, clerk.pk, parties, sections)
    three = Case.objects.order_by("pk").values_list("pk", flat=True)[: count : count // 3][:3]
    Case.objects.filter(pk__in=list(three)).update(party=rare)
    return load()


def load() -> Readers:
    """The readers of the county made by `found`."""
    users = dict(User.objects.values_list("username", "pk"))
    units = dict(Unit.objects.values_list("code", "pk"))
    return Readers(
        Actor(users["clerk"], "clerk", "officer", (Post(units["window"], "window_clerk"),)),
        Actor(users["handler"], "handler", "officer", (Post(units["s7"], "handler"),)),
        Actor(users["agent"], "agent", "party", party_ids=frozenset({Party.objects.latest("pk").pk})),
    )


def place(chance: random.Random) -> str:
    """凤泽, 新桥, ..."""
    return chance.choice(_FIRST) + chance.choice(_SECOND)


def text(chance: random.Random) -> str:
    """What somebody says at the window, 60 to 120 characters."""
    wanted, said = chance.randint(60, 110), ""
    while len(said) < wanted:
        clause = chance.choice(_WHEN) + chance.choice(_WHO) + "在" + chance.choice(_WHERE) + chance.choice(_WHAT)
        said += _filled(chance, f"{clause}，{chance.choice(_MORE)}。")
    return (said + chance.choice(_WISH))[:120]


def _filled(chance: random.Random, clause: str) -> str:
    while "{" in clause:
        clause = clause.replace("{n}", str(chance.randint(2, 98)), 1).replace("{p}", place(chance), 1)
    return clause


@transaction.atomic
def _write(chance: random.Random, numbers: range, clerk: int, parties: list[int], sections: list[int]) -> None:
    """The rows that search and lists read; not a history that would verify."""
    procedure = shelf.current_id("hard_case")
    cases, said = [], []
    for number in numbers:
        at = NOW - timedelta(minutes=7 * (numbers.stop - number) + number % 60)
        words, section = text(chance), chance.choice(sections)
        said.append((words, section))
        cases.append(Case(
            number=f"帮2026-{number + 1:06}", receipt_code=f"R{number:09}", procedure_id=procedure,
            party_id=chance.choice(parties), title=words[:40], stage="handling", head_hash="", lead_id=section, seq=1,
            state=State("handling", fields={"lead": section, "class": "general"}).to_json(), opened_at=at,
            last_event_at=at,
        ))  # fmt: skip
    Case.objects.bulk_create(cases, batch_size=1000)
    events = [
        Event(case=case, seq=1, action="open", actor_id=clerk, occurred_at=case.opened_at, recorded_at=case.opened_at,
              head='{"at":"","form":{},"moves":{}}', hash="")
        for case in cases
    ]  # fmt: skip
    Event.objects.bulk_create(events, batch_size=1000)
    Payload.objects.bulk_create(list(_payloads(events, said)), batch_size=1000)
    tasks = [
        Task(case=case, round=1, node="lead", unit_id=section, opened_at=case.opened_at)
        for case, (_, section) in zip(cases, said, strict=True)
    ]
    Task.objects.bulk_create(tasks, batch_size=1000)


def _payloads(events: list[Event], said: list[tuple[str, int]]) -> Iterator[Payload]:
    for event, (words, _) in zip(events, said, strict=True):
        body = json.dumps({"actor": "clerk", "texts": {"text": words}, "files": []}, ensure_ascii=False)
        yield Payload(event=event, salt="", body=body)
