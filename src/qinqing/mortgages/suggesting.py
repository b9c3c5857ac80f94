"""曾用名推荐: whom a creditor's name of long ago may mean, ranked, each with the reasons, for a person to decide. Pure.

Nothing here decides: `names.resolve` is exact and does not know this file. A branch's name is taken apart into the
institution (中国工商银行; or the rural credit system, whose cooperatives became commercial banks), its own words (place
and street) and the kind of office. Fragments of the own words weigh by how rare they are among the candidates, so that
no list of banks or towns is kept here. Filed aliases teach which institution became which.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from qinqing.lib.labels import Label
from qinqing.lib.names import normal

_LEGAL = re.compile(r"股份有限公司|有限责任公司|有限公司|股份公司")
_HEAD = re.compile(r".*?(?:银行|农商行|信用联社|合作联社|联社|信用合作社|信用社)")
_SHORT_HEAD = re.compile(r"[^支分]{1,3}行")  # 工行, 邮储行
_RURAL = re.compile(r"农村商业银行|农村合作银行|农商银行|农商行|村镇银行|农村|信用|合作|联社|社")
_CITY = re.compile(r"城市信用合作社|城市信用社|城市商业银行|商业银行")  # which became banks of the same name
_OFFICE = re.compile(r"支行|分行|分理处|营业部|营业所|储蓄所|信用社|分社|直属|中心")
_AREA = re.compile(r"(?<=..)[省市县区旗镇乡]")  # 靖远县 is 靖远 in another name
_RURAL_SYSTEM = "农信系统"
# 省会: the business department of a provincial branch becomes a branch of the province's seat
_SEATS = {
    "河北": "石家庄", "山西": "太原", "内蒙古自治": "呼和浩特", "辽宁": "沈阳", "吉林": "长春",
    "黑龙江": "哈尔滨", "江苏": "南京", "浙江": "杭州", "安徽": "合肥", "福建": "福州",
    "江西": "南昌", "山东": "济南", "河南": "郑州", "湖北": "武汉", "湖南": "长沙",
    "广东": "广州", "广西壮族自治": "南宁", "海南": "海口", "四川": "成都", "贵州": "贵阳",
    "云南": "昆明", "西藏自治": "拉萨", "陕西": "西安", "甘肃": "兰州", "青海": "西宁",
    "宁夏回族自治": "银川", "新疆维吾尔自治": "乌鲁木齐",
}  # fmt: skip
# How much each thing weighs. Found on one half of a file of 1,189 real renames and held on the other; all are flat
# around these values.
_KIN, _TAUGHT, _OFFICE_ALIKE = 0.8, 0.3, 0.05
_FRAGMENTS = {1: 0.5, 2: 1.0, 3: 0.5}  # by characters; where a word begins stands a place: counted once more
_BEGINNINGS = (2, 3)
_SHARED = 2  # characters in common worth naming as a reason

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_NOTHING: tuple[Places, Floats] = (np.array([], dtype=np.intp), np.array([]))


@dataclass(frozen=True, slots=True)
class Parts:
    """A name taken apart. `own`: the words that tell this office from others of its institution, in order."""

    institution: str
    head: str  # with the place it begins with: 靖远农村商业银行
    own: tuple[str, ...]
    office: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody it may be: a name borne now or, by a filed alias, once. `code`: of today's bearer."""

    name: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`score` only ranks; it is no probability. `why`: what a person can check."""

    candidate: Candidate
    score: float
    why: tuple[Label, ...]


def take_apart(name: str) -> Parts:
    """Institution, own words and kind of office of a name as written."""
    text = _LEGAL.sub("", normal(name))
    match = _HEAD.match(text) or _SHORT_HEAD.match(text)
    head = match.group() if match else ""
    tail = text[len(head) :]
    offices = _OFFICE.findall(tail)
    rural = "农业" not in head and "城市" not in head and _RURAL.search(head) is not None
    pieces = [*(_RURAL.split(head) if rural else ()), *_OFFICE.split(tail)]
    own = [_AREA.sub("", piece) for piece in pieces if piece]
    if own and own[-1] in _SEATS:
        own.append(_SEATS[own[-1]])
    institution = _RURAL_SYSTEM if rural else _CITY.sub("银行", head)
    if not own and institution.endswith("银行"):
        own.append(_AREA.sub("", institution.removesuffix("银行")))  # 示范县岚山城市信用社: the place is all there is
    return Parts(institution, head, tuple(own), offices[-1] if offices else "")


class Index:
    """Candidates made ready to be ranked. `renames`: (former, present) of filed aliases."""

    def __init__(self, candidates: Iterable[Candidate], renames: Iterable[tuple[str, str]] = ()) -> None:
        self._candidates: Sequence[Candidate] = list(dict.fromkeys(candidates))
        self._parts = [take_apart(each.name) for each in self._candidates]
        features = [_features(parts) for parts in self._parts]
        often = Counter(feature for each in features for feature in each)
        self._rarity = {feature: math.log(1 + len(features) / n) for feature, n in often.items()}
        self._unknown = math.log(1 + len(features))
        self._postings = self._posted(features)
        self._institutions = _places(parts.institution for parts in self._parts)
        self._heads = _places(parts.head for parts in self._parts)
        self._offices = _places(parts.office for parts in self._parts)
        self._became: dict[str, Counter[str]] = defaultdict(Counter)
        for former, present in renames:
            then, today = take_apart(former).head, take_apart(present).head
            if then != today:
                self._became[then][today] += 1

    def rank(self, name: str, limit: int = 5) -> list[Suggestion]:
        """The `limit` likeliest of the candidates, the likeliest first; who has nothing in common is left out."""
        parts = take_apart(name)
        scores = np.zeros(len(self._candidates))
        for feature, weight in self._weigh(_features(parts)).items():
            places, weights = self._postings.get(feature, _NOTHING)
            scores[places] += weight * weights
        for institution in self._kin(parts.institution):
            scores[self._institutions[institution]] += _KIN
        taught = self._became.get(parts.head, Counter())
        for head, n in taught.items():
            scores[self._heads.get(head, _NOTHING[0])] += _TAUGHT * n / taught.total()
        if parts.office:
            scores[self._offices.get(parts.office, _NOTHING[0])] += _OFFICE_ALIKE
        order = np.argsort(-scores, kind="stable")[:limit]
        return [self._explained(name, parts, int(at), float(scores[at])) for at in order if scores[at] > _OFFICE_ALIKE]

    # ── private ──

    def _weigh(self, features: Mapping[str, float]) -> dict[str, float]:
        """By rarity, and so that long names do not win by their length."""
        raw = {feature: n * self._rarity.get(feature, self._unknown) for feature, n in features.items()}
        length = math.sqrt(sum(each * each for each in raw.values())) or 1.0
        return {feature: each / length for feature, each in raw.items()}

    def _posted(self, features: Sequence[Mapping[str, float]]) -> dict[str, tuple[Places, Floats]]:
        """Feature -> which candidates have it, and its weight in each."""
        posted: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for at, each in enumerate(features):
            for feature, weight in self._weigh(each).items():
                posted[feature].append((at, weight))
        return {
            feature: (np.array([at for at, _ in pairs], dtype=np.intp), np.array([weight for _, weight in pairs]))
            for feature, pairs in posted.items()
        }

    def _kin(self, institution: str) -> list[str]:
        """The same institution; where none is called so, those nearest in length of which one name abbreviates the
        other: 工行 and 中国工商银行, 威海市商业银行 and 威海银行."""
        if institution in self._institutions or not institution:
            return [institution] if institution else []
        like = [each for each in self._institutions if each and _abbreviates(institution, each)]
        nearest = min((abs(len(each) - len(institution)) for each in like), default=0)
        return [each for each in like if abs(len(each) - len(institution)) == nearest]

    def _explained(self, name: str, parts: Parts, at: int, score: float) -> Suggestion:
        found, theirs = self._candidates[at], self._parts[at]
        taught = self._became.get(parts.head, Counter())[theirs.head]
        return Suggestion(found, round(score, 4), tuple(_why(name, parts, found.name, theirs, taught)))


def _why(name: str, mine: Parts, other: str, theirs: Parts, taught: int) -> Iterable[Label]:
    """What two names have in common, as a person would say it."""
    if _LEGAL.sub("", normal(name)) == _LEGAL.sub("", normal(other)):
        yield Label("仅公司组织形式的写法不同", "only the legal form is written differently")
        return
    if mine.institution == theirs.institution != "":
        same = mine.institution
        rural = Label("同属农信系统（信用社、农商行、村镇银行）", "both of the rural credit system")
        before = Label(f"“{mine.head}”与“{theirs.head}”字号相同", f"“{mine.head}” and “{theirs.head}”: the same name")
        both = Label(f"同为{same}", f"both {same}") if mine.head == theirs.head else before
        yield rural if same == _RURAL_SYSTEM else both
    elif mine.institution and theirs.institution and _abbreviates(mine.institution, theirs.institution):
        text = f"“{mine.institution}”与“{theirs.institution}”为简称关系"
        yield Label(text, f"“{mine.institution}” and “{theirs.institution}”: one abbreviates the other")
    if shared := _in_common(mine.own, theirs.own):
        said = "、".join(f"“{each}”" for each in shared)
        yield Label(f"地名或字号相同：{said}", f"place or own name in common: {said}")
    if taught:
        yield Label(
            f"已备案的曾用名中有{taught}条由“{mine.head}”变为“{theirs.head}”",
            f"{taught} filed former name(s) went from “{mine.head}” to “{theirs.head}”",
        )
    if mine.office and theirs.office and mine.office != theirs.office:
        yield Label(f"{mine.office}改为{theirs.office}", f"{mine.office} became {theirs.office}")


def _in_common(mine: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Runs of at least two characters within words of both, the longest first, whatever their order."""
    one, other, runs = "|".join(mine), "/".join(theirs), list[str]()  # separators that are never alike
    while True:
        found = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
        if found.size < _SHARED:
            return runs
        runs.append(one[found.a : found.a + found.size])
        one = f"{one[: found.a]}|{one[found.a + found.size :]}"
        other = f"{other[: found.b]}/{other[found.b + found.size :]}"


def _abbreviates(one: str, other: str) -> bool:
    """Whether the shorter of two has all its characters in the other, in order."""
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return all(character in rest for character in short)


def _places(keys: Iterable[str]) -> dict[str, Places]:
    """Key -> where it stands."""
    found: dict[str, list[int]] = defaultdict(list)
    for at, key in enumerate(keys):
        found[key].append(at)
    return {key: np.array(each, dtype=np.intp) for key, each in found.items()}


def _features(parts: Parts) -> dict[str, float]:
    """Fragments of the own words; `^`: where a word begins."""
    found: dict[str, float] = {}
    for word in parts.own:
        for size, weight in _FRAGMENTS.items():
            found.update((word[at : at + size], weight) for at in range(len(word) - size + 1))
        found.update((f"^{word[:size]}", 1.0) for size in _BEGINNINGS if len(word) >= size)
    return found
