"""第二重验证: codes by the clock, once each; recovery codes once each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
import pytest
from django.test import override_settings

from qinqing.accounts import second_factor
from qinqing.accounts.models import RecoveryCode, User
from qinqing.lib.wallclock import CHINA

NOW = datetime(2026, 9, 29, 10, 20, 15, tzinfo=CHINA)
STEP = timedelta(seconds=30)


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(username="zheng", name="郑", kind="officer", password="a-long-password")


def enrolled(user: User) -> tuple[pyotp.TOTP, list[str]]:
    secret = second_factor.new_secret()
    totp = pyotp.TOTP(secret)
    codes = second_factor.enrol(user, secret, totp.at(NOW), NOW)
    assert codes
    return totp, codes


def test_a_wrong_first_code_turns_nothing_on(user: User) -> None:
    secret = second_factor.new_secret()
    assert second_factor.enrol(user, secret, pyotp.TOTP(secret).at(NOW + 5 * STEP), NOW) is None
    user.refresh_from_db()
    assert user.totp_secret == ""


def test_the_secret_is_sealed(user: User) -> None:
    totp, codes = enrolled(user)
    assert totp.secret not in user.totp_secret
    assert not {row.code_hash for row in RecoveryCode.objects.all()} & set(codes)
    with override_settings(SECRET_KEY="another installation"):
        assert not second_factor.accepts(user, totp.at(NOW + STEP), NOW + STEP)


def test_a_code_works_once_and_only_near_its_time(user: User) -> None:
    totp, _ = enrolled(user)
    assert not second_factor.accepts(user, totp.at(NOW), NOW), "used for enrolling"
    later = NOW + 10 * STEP
    assert not second_factor.accepts(user, totp.at(later + 2 * STEP), later)
    assert not second_factor.accepts(user, totp.at(later - 2 * STEP), later)
    assert second_factor.accepts(user, totp.at(later + STEP), later), "a phone half a minute fast"
    user.refresh_from_db()
    assert not second_factor.accepts(user, totp.at(later + STEP), later)
    assert not second_factor.accepts(user, totp.at(later), later), "an earlier step after a later one"


def test_two_uses_at_once_of_one_code(user: User) -> None:
    totp, _ = enrolled(user)
    twin = User.objects.get(pk=user.pk)
    later = NOW + 10 * STEP
    assert second_factor.accepts(user, totp.at(later), later)
    assert not second_factor.accepts(twin, totp.at(later), later), "read before the other's use"


def test_recovery_codes_work_once_each_however_typed(user: User) -> None:
    _, codes = enrolled(user)
    assert len(set(codes)) == 10
    assert second_factor.accepts(user, codes[0].lower().replace("-", " "), NOW)
    assert not second_factor.accepts(user, codes[0], NOW)
    assert second_factor.accepts(user, codes[9], NOW)
    other = User.objects.create(username="qian", name="钱", kind="officer")
    assert not second_factor.accepts(other, codes[5], NOW)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "000000\n"])
def test_odd_input_is_refused(user: User, code: str) -> None:
    enrolled(user)
    assert not second_factor.accepts(user, code, NOW + timedelta(days=1))


def test_turned_off_nothing_is_accepted(user: User) -> None:
    totp, codes = enrolled(user)
    second_factor.remove(user)
    later = NOW + 10 * STEP
    assert not second_factor.accepts(user, totp.at(later), later)
    assert not second_factor.accepts(user, codes[0], later)
