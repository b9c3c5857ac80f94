"""Credit codes, phones, masks and names. Every code here is made up; those that pass are computed, not real."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from qinqing.lib.identifiers import (
    Invalid,
    credit_code,
    credit_code_check_character,
    credit_code_problem,
    mask_name,
    mask_phone,
    mobile,
)
from qinqing.lib.names import normal, short_names

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FIRST_17 = "91330499MA00TEST0".replace("S", "5")
GOOD = FIRST_17 + credit_code_check_character(FIRST_17)
codes = st.text(ALPHABET, min_size=17, max_size=17).map(lambda text: text + credit_code_check_character(text))


@given(st.text("0123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=9, max_size=9))
def test_the_check_character_is_that_of_the_library(head: str, tail: str) -> None:
    assert credit_code_check_character(head + tail) == uscc.calc_check_digit(head + tail)


@given(codes, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(code: str, place: int, other: str) -> None:
    assert credit_code(code) == code
    changed = code[:place] + other + code[place + 1 :]
    assert (credit_code_problem(changed) is None) == (changed == code)


@given(codes, st.integers(0, 16))
def test_every_swap_of_neighbours_is_found(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert (credit_code_problem(swapped) is None) == (swapped == code)


def test_codes_are_read_as_people_write_them() -> None:
    wide = "".join(chr(ord(character) + 0xFEE0) for character in GOOD)
    for written in (GOOD.lower(), f" {GOOD[:8]} {GOOD[8:]} ", f"{GOOD[:2]}-{GOOD[2:]}", wide):
        assert credit_code(written) == GOOD


def test_a_region_outside_the_table_is_no_reason_to_refuse() -> None:
    first = "91999999MA0000000"
    assert credit_code(first + credit_code_check_character(first))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "未填写，应为18位"),
        (GOOD[:-1], "少1位"),
        (GOOD + "0", "多1位"),
        (GOOD[:4] + "O" + GOOD[5:], "第5位“O”不会出现在代码中，是否应为0"),
        (GOOD[:4] + "#" + GOOD[5:], "第5位“#”不会出现在代码中，请核对证照"),
        (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), f"第18位应为{GOOD[-1]}"),
    ],
)
def test_a_bad_code_says_which_character(text: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        credit_code(text)
    assert problem in caught.value.label.zh
    assert caught.value.label == credit_code_problem(text)
    assert "unified social credit code" in caught.value.label.en


def test_mobiles() -> None:
    for written in ("13800001234", "138 0000 1234", "+86 138-0000-1234", "008613800001234", "１３８００００１２３４"):
        assert mobile(written) == "13800001234"
    for wrong, problem in (
        ("1380000123", "手机号少1位，应为11位数字"),
        ("138000012345", "多1位"),
        ("", "未填写"),
        ("1380000123a", "有“a”"),
        ("12800001234", "以12开头"),
    ):
        with pytest.raises(Invalid, match=problem):
            mobile(wrong)


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812341234", "138****1234"),
        ("138 1234 1234", "138****1234"),
        ("0573-86112345", "********2345"),
        ("12345", "****5"),
        ("", ""),
    ],
)
def test_mask_phone(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


@given(st.text("0123456789-+ ", max_size=20))
def test_a_mask_never_shows_most_of_a_number(number: str) -> None:
    digits = sum(character.isdigit() for character in number)
    assert sum(character.isdigit() for character in mask_phone(number)) <= max(7 if digits == 11 else 0, 4)


@pytest.mark.parametrize(
    ("name", "masked"),
    [("王明", "王*"), ("王小明", "王*明"), ("欧阳小明", "欧**明"), ("王", "*"), ("", ""), ("John Smith", "J*** S****")],
)
def test_mask_name(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("沐柳纺织（集团）有限公司", "沐柳纺织(集团) 有限公司"),
        ("沐柳纺织〔集团〕有限公司", "沐柳纺织【集团】有限公司"),
        ("ＡＢＣ电子有限公司", "abc电子有限公司"),
        ("阿依·古丽商店", "阿依•古丽商店"),
        ("星渡—电子", "星渡-电子"),
        ("星渡\u3000电子", "星渡电子"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@given(st.text())
def test_normal_is_stable(name: str) -> None:
    assert normal(normal(name)) == normal(name)


def test_different_banks_stay_different() -> None:
    assert normal("示范县农村商业银行城东支行") != normal("示范县农村商业银行城西支行")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("示范县沐柳纺织有限公司", ["示范县沐柳纺织", "沐柳纺织"]),
        ("沐柳纺织（示范）股份有限公司", ["沐柳纺织(示范)", "沐柳纺织"]),
        ("示范省示范市青蘅食品集团有限公司", ["示范省示范市青蘅食品", "青蘅食品"]),
        ("星渡电子厂", ["星渡电子"]),
        ("公司", []),
    ],
)
def test_short_names(name: str, short: list[str]) -> None:
    assert short_names(name) == short
