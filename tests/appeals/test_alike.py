"""Near-duplicates: all pairs from the threshold up, none else, whatever the texts."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from qinqing.appeals.alike import SURE, groups, pairs, sequences

TEXT = "小区物业长期不修电梯，楼道照明损坏，请有关部门督促物业尽快维修并公示维修资金使用情况。"


def jaccard(one: str, other: str) -> Fraction:
    a, b = sequences(one), sequences(other)
    return Fraction(len(a & b), len(a | b))


@given(st.lists(st.text("甲乙丙，", max_size=14), max_size=12), st.sampled_from([Fraction(3, 10), SURE, Fraction(1)]))
def test_as_comparing_each_with_each(texts: list[str], sure: Fraction) -> None:
    keyed = list(enumerate(texts))
    expected = {
        (a, b): share for (a, one), (b, other) in combinations(keyed, 2) if (share := jaccard(one, other)) >= sure
    }
    assert {(a, b): share for a, b, share in pairs(keyed, sure)} == expected


def test_punctuation_width_and_blanks_do_not_matter() -> None:
    assert pairs([(1, TEXT), (2, TEXT.replace("，", " , ") + "！！")]) == [(1, 2, Fraction(1))]


def test_another_matter_is_not_alike() -> None:
    assert pairs([(1, TEXT), (2, "咨询新生儿参加城乡居民医疗保险需要哪些材料，到哪里办理。")]) == []


def test_one_sentence_more_is_still_alike() -> None:
    found = pairs([(7, TEXT), (3, TEXT + "电话打了三次没有人接。")])
    assert [(a, b) for a, b, _ in found] == [(3, 7)]
    assert SURE <= found[0][2] < 1


def test_groups_hang_together_by_pairs() -> None:
    assert groups([(5, 4), (1, 2), (2, 9)]) == [[1, 2, 9], [4, 5]]
    assert groups([]) == []
