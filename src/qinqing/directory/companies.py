"""Fictional companies and people of the demo county (示范县). Pure and deterministic.

Credit codes are formed as GB 32100-2015 asks, in region 330499, which GB/T 2260 gives to no county, with
organisation codes beginning MA9Y: no real company can be met. Telephone numbers begin 1990; no name is taken from
a register.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

REGION = "330499"
TOWNS = ("青溪街道", "岚山街道", "禾穗镇", "云栈镇", "沐柳镇")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z
_FIRST = "砺沐星澜青岚禾云霁栖砚筠漪岑峤屿棠蘅芷荻澄湛昉昕晏璟珩琅翊翎"
_SECOND = "山柳渡石蘅桥穗栈川野帆舟庭湖原林汀洲径堂弦序衡度诚铭启泽润沛"
_TRADES: tuple[tuple[str, str, int, int], ...] = (  # words in the name, industry, weight, staff of a usual one
    ("紧固件", "C3482", 6, 60),
    ("纺织", "C1751", 8, 90),
    ("服饰", "C1819", 6, 45),
    ("电子", "C3989", 6, 80),
    ("新材料", "C2659", 4, 70),
    ("传动机械", "C3453", 5, 65),
    ("包装", "C2231", 5, 35),
    ("食品", "C1499", 4, 40),
    ("箱包", "C1922", 4, 50),
    ("光伏设备", "C3825", 2, 180),
    ("汽车零部件", "C3670", 4, 120),
    ("建设工程", "E4710", 5, 55),
    ("装饰工程", "E5011", 4, 12),
    ("贸易", "F5179", 12, 6),
    ("商贸", "F5219", 9, 5),
    ("物流", "G5430", 4, 30),
    ("仓储", "G5920", 2, 18),
    ("酒店管理", "H6121", 2, 40),
    ("餐饮管理", "H6210", 5, 14),
    ("软件", "I6513", 4, 22),
    ("网络科技", "I6490", 4, 9),
    ("房地产开发", "K7010", 1, 25),
    ("物业服务", "K7020", 2, 80),
    ("企业管理咨询", "L7243", 4, 5),
    ("劳务服务", "L7263", 2, 110),
    ("检测技术", "M7452", 2, 20),
    ("农业开发", "A0141", 3, 10),
    ("家政服务", "O8010", 2, 8),
)
_SHOPS = (("面馆", "H6210"), ("五金店", "F5281"), ("服装店", "F5232"), ("修理铺", "O8111"), ("便利店", "F5212"))
_ROADS = ("春兴路", "夏和路", "秋明路", "冬安路", "东兴街", "西和街", "南明街", "北安街")
_FAMILY = "沈陆何姚俞钱许朱徐周吴顾范费马章金蒋盛程宋邵高陶方汪倪莫柳唐"
_GIVEN = (
    *("知远", "以宁", "慕青", "怀瑾", "书禾", "若川", "景行", "望舒", "清和", "明朗", "思齐"),
    *("安澜", "云帆", "静姝", "允文", "亦舟", "初晴", "予安", "柏然", "语桐", "承泽", "维桢"),
)


def fictional_companies(n: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """`n` (at most 500,000) companies and, every twelfth, sole traders, as facts for `imports.apply_rows`.

    Keys are Party's columns: kind, name, short_name, credit_code, phone, status, registered_on (date), region, town,
    address, industry; staff, revenue_fen and assets_fen are left out of some rows: not every figure is known.
    """
    if n > 500_000:
        raise ValueError("at most 500,000 fictional companies have distinct codes and numbers")
    dice = random.Random(seed)
    weights = [weight for _, _, weight, _ in _TRADES]
    used: set[str] = set()
    for index in range(n):
        sole = index % 12 == 11
        if sole:
            word, industry = dice.choice(_SHOPS)
            usual, form = 3, ""
        else:
            word, industry, _, usual = dice.choices(_TRADES, weights)[0]
            form = "股份有限公司" if dice.random() < 0.03 else "有限公司"
        short = _distinct(dice, "" if sole else word, used, word + form)
        town = dice.choice(TOWNS)
        yield {
            "kind": "sole_trader" if sole else "company",
            "name": f"示范县{town if sole else ''}{short}{word if sole else ''}{form}",
            "short_name": short,
            "credit_code": credit_code(index, sole_trader=sole),
            "phone": f"1990{index + 1_000_000:07d}",
            "status": dice.choices(("存续", "迁出", "注销"), (95, 2, 3))[0],
            "registered_on": date(1996, 1, 8) + timedelta(days=dice.randrange(365 * 30)),
            "region": REGION,
            "town": town,
            "address": f"示范县{town}{dice.choice(_ROADS)}{dice.randint(1, 999)}号",
            "industry": industry,
            **_figures(dice, usual),
        }


def fictional_people(companies: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """One person for each of the first `companies` fictional companies, with a mandate for it.

    Keys: name, phone, credit_code (of the company), title, starts_on, ends_on (None: open; one in ten has ended).
    """
    dice = random.Random(f"people {seed}")
    for index in range(companies):
        starts = date(2023, 1, 3) + timedelta(days=dice.randrange(700))
        yield {
            "name": dice.choice(_FAMILY) + dice.choice(_GIVEN),
            "phone": f"1990{index + 6_000_000:07d}",
            "credit_code": credit_code(index, sole_trader=index % 12 == 11),
            "title": dice.choice(("法定代表人", "人事专员", "财务负责人", "行政经理", "经办人")),
            "starts_on": starts,
            "ends_on": starts + timedelta(days=365) if index % 10 == 9 else None,
        }


def credit_code(index: int, *, sole_trader: bool = False) -> str:
    """The fictional unified social credit code number `index` (0 to 923,520), both check digits right."""
    body = "MA9Y"
    rest = ""
    for _ in range(4):
        index, digit = divmod(index, len(_ALPHABET))
        rest = _ALPHABET[digit] + rest
    body += rest
    weights = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714: the organisation code's own check digit
    total = sum(weight * int(letter, 36) for weight, letter in zip(weights, body, strict=True))
    organisation = body + "0123456789X0"[11 - total % 11]
    front = ("92" if sole_trader else "91") + REGION + organisation
    check = (31 - sum(pow(3, place, 31) * _ALPHABET.index(letter) for place, letter in enumerate(front))) % 31
    return front + _ALPHABET[check]


def _distinct(dice: random.Random, suffix: str, used: set[str], ending: str) -> str:
    """A short name not yet used with this ending: two characters, three when those run out."""
    for attempt in range(1000):
        style = dice.choice(_FIRST) + dice.choice(_SECOND) + (dice.choice(_SECOND) if attempt > 20 else "")
        if style + ending not in used:
            used.add(style + ending)
            return style + suffix
    raise ValueError("no distinct names are left; take fewer companies")


def _figures(dice: random.Random, usual: int) -> dict[str, int]:
    """Staff, revenue and assets around the trade's usual size, each sometimes unknown."""
    staff = max(1, round(usual * dice.lognormvariate(0, 0.9)))
    per_head = dice.lognormvariate(3.9, 0.5)  # 万元 of revenue a person and year
    figures = {
        "staff": staff,
        "revenue_fen": round(staff * per_head * 1_000_000),
        "assets_fen": round(staff * per_head * dice.uniform(0.4, 1.6) * 1_000_000),
    }
    return {name: value for name, value in figures.items() if dice.random() > 0.08}
