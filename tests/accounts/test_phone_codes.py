"""短信验证码: what a code opens, how often, for how long, and what asking reveals."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts import phone_codes, sms
from qinqing.accounts.models import PhoneCode, User
from qinqing.accounts.phone_codes import BadPhone, Check, TooOften, check_code, clean_phone, send_code
from qinqing.lib.labels import Label
from qinqing.lib.wallclock import CHINA

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
PHONE = "13800001234"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(phone, code) of every message."""
    box: list[tuple[str, str]] = []

    def keep(phone: str, text: str) -> None:
        found = re.search(r"\d{6}", text)
        assert found
        box.append((phone, found[0]))

    monkeypatch.setattr(sms, "send", keep)
    return box


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["{}", " {}", "+86 {}", "0086{}", "({})"]))
def test_numbers_are_read_as_people_type_them(number: str, form: str) -> None:
    spaced = f"{number[:3]} {number[3:7]}-{number[7:]}"
    wide = number.translate({ord("0") + i: ord("０") + i for i in range(10)})
    assert clean_phone(form.format(spaced)) == clean_phone(form.format(wide)) == number


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "请填写手机号"),
        ("1380000123", "少1位，应为11位"),
        ("1380000123456", "多2位"),
        ("1380000123x", "只能是11位数字"),
        ("02138000123", "不是手机号"),
    ],
)
def test_a_wrong_number_says_what_to_mend(typed: str, said: str) -> None:
    with pytest.raises(BadPhone) as error:
        clean_phone(typed)
    assert said in error.value.detail.zh
    assert set(error.value.fields) == {"phone"}


@pytest.mark.django_db
def test_a_code_opens_once(sent: list[tuple[str, str]]) -> None:
    send_code(PHONE, "1.1.1.1", NOW)
    code = sent[0][1]
    assert sent[0][0] == PHONE
    assert code not in "".join(str(row) for row in PhoneCode.objects.values()), "only a hash is kept"
    assert check_code("13900001234", code, NOW) is Check.EXPIRED, "another number's code is nobody's"
    assert check_code(PHONE, f" {code[:3]} {code[3:]}", NOW + timedelta(minutes=5)) is Check.RIGHT
    assert check_code(PHONE, code, NOW) is Check.EXPIRED


@pytest.mark.django_db
def test_a_code_ends_after_five_minutes_and_when_a_new_one_comes(sent: list[tuple[str, str]]) -> None:
    send_code(PHONE, "1.1.1.1", NOW)
    assert check_code(PHONE, sent[0][1], NOW + timedelta(minutes=5, seconds=1)) is Check.EXPIRED
    send_code(PHONE, "1.1.1.1", NOW + timedelta(minutes=1))
    if sent[0][1] != sent[1][1]:
        assert check_code(PHONE, sent[0][1], NOW + timedelta(minutes=1)) is Check.WRONG
    assert check_code(PHONE, sent[1][1], NOW + timedelta(minutes=1)) is Check.RIGHT


@pytest.mark.django_db
def test_five_tries(sent: list[tuple[str, str]]) -> None:
    send_code(PHONE, "1.1.1.1", NOW)
    wrong = f"{(int(sent[0][1]) + 1) % 1_000_000:06d}"
    assert [check_code(PHONE, wrong, NOW) for _ in range(5)] == [Check.WRONG] * 4 + [Check.TRIED_OUT]
    assert check_code(PHONE, sent[0][1], NOW) is Check.TRIED_OUT


@pytest.mark.django_db
def test_asking_is_limited_by_number_and_by_address(sent: list[tuple[str, str]]) -> None:
    send_code(PHONE, "1.1.1.1", NOW)
    with pytest.raises(TooOften) as error:
        send_code(PHONE, "2.2.2.2", NOW + timedelta(seconds=20))
    assert error.value.extra == {"retry_after": 41}
    for minute in range(1, 5):
        send_code(PHONE, "1.1.1.1", NOW + timedelta(minutes=minute))
    with pytest.raises(TooOften):
        send_code(PHONE, "1.1.1.1", NOW + timedelta(minutes=6))
    send_code(PHONE, "1.1.1.1", NOW + timedelta(minutes=61))
    for number in range(phone_codes.PER_ADDRESS):
        send_code(f"139{number:08d}", "3.3.3.3", NOW)
    with pytest.raises(TooOften):
        send_code("13912345678", "3.3.3.3", NOW)
    send_code("13912345678", "4.4.4.4", NOW)


@pytest.mark.django_db
def test_first_sign_in_makes_the_account_and_later_ones_find_it() -> None:
    first = phone_codes.user_of(PHONE)
    assert first
    assert (first.username, first.name, first.kind, first.phone) == (f"phone:{PHONE}", "138****1234", "party", PHONE)
    assert not first.has_usable_password()
    assert phone_codes.user_of(PHONE) == first


@pytest.mark.django_db
def test_a_deactivated_party_gets_no_code_and_asking_looks_the_same(sent: list[tuple[str, str]]) -> None:
    User.objects.create(username=f"phone:{PHONE}", name="x", kind="party", is_active=False)
    send_code(PHONE, "1.1.1.1", NOW)
    assert sent == []
    assert check_code(PHONE, "123456", NOW) is Check.WRONG
    assert phone_codes.user_of(PHONE) is None


@pytest.mark.django_db
def test_a_message_that_did_not_go_does_not_make_people_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(phone: str, text: str) -> None:
        raise sms.NotSent(Label("没有发出", "not sent"))

    monkeypatch.setattr(sms, "send", fail)
    for _ in range(2):
        with pytest.raises(sms.NotSent):
            send_code(PHONE, "1.1.1.1", NOW)
    assert not PhoneCode.objects.exists()


@pytest.mark.django_db
def test_old_codes_are_forgotten(sent: list[tuple[str, str]]) -> None:
    send_code(PHONE, "1.1.1.1", NOW)
    assert phone_codes.forget_old(NOW + timedelta(hours=23)) == 0
    assert phone_codes.forget_old(NOW + timedelta(hours=25)) == 1
