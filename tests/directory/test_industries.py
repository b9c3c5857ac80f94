"""Industry codes: their letter, their names."""

from __future__ import annotations

import pytest

from qinqing.directory.industries import check_industry, code_of_name, industry_label
from qinqing.lib.identifiers import Invalid


@pytest.mark.parametrize(
    ("text", "code"), [("3484", "C3484"), ("c3484", "C3484"), ("F", "F"), ("51", "F51"), (" 014 ", "A014")]
)
def test_code_gets_its_letter(text, code):
    assert check_industry(text) == code


@pytest.mark.parametrize(
    ("text", "words"), [("C51", "F51"), ("98", "大类98"), ("", "字母"), ("CC1", "字母"), ("X", "字母")]
)
def test_wrong_codes_say_what_is_right(text, words):
    with pytest.raises(Invalid) as error:
        check_industry(text)
    assert words in error.value.label.zh


def test_names():
    assert industry_label("C1751").zh == "纺织业"
    assert industry_label("C").en == "Manufacturing"
    assert industry_label("") is None
    assert code_of_name("纺织业") == "C17"
    assert code_of_name("教育") == "P83"
    assert code_of_name("炼丹") is None
