"""Limits as procedures write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from qinqing.lib.labels import speaking
from qinqing.lib.workdays import Budget
from tests.lib.moments import budgets


@pytest.mark.parametrize(
    ("value", "kind", "amount", "zh", "en"),
    [
        ({"working_days": 3}, "working_days", 3, "3个工作日", "3 working days"),
        ("working_days: 1", "working_days", 1, "1个工作日", "1 working day"),
        ({"office_hours": 2}, "office_hours", 120, "2小时（办公时间）", "2 h of office time"),
        ({"office_hours": 0.5}, "office_hours", 30, "30分钟（办公时间）", "30 min of office time"),
        ({"elapsed": "5m"}, "elapsed", 5, "5分钟", "5 min"),
        ({"elapsed": "1h30m"}, "elapsed", 90, "1小时30分", "1 h 30 min"),
        ("elapsed: 2d", "elapsed", 2880, "2天", "2 d"),
        ('{"amount":90,"kind":"elapsed"}', "elapsed", 90, "1小时30分", "1 h 30 min"),
    ],
)
def test_written_as_yaml_and_text(value: Any, kind: str, amount: int, zh: str, en: str) -> None:
    budget = Budget.parse(value)
    assert (budget.kind, budget.amount, budget.text) == (kind, amount, (zh, en))


@pytest.mark.parametrize(
    ("value", "mend"),
    [
        ({"days": 3}, "working_days、office_hours、elapsed"),
        ({"working_days": 0}, "不小于1的整数"),
        ({"working_days": -1}, "不小于1的整数"),
        ({"working_days": 2.5}, "不小于1的整数"),
        ({"working_days": True}, "不小于1的整数"),
        ({"working_days": "three"}, "不小于1的整数"),
        ({"working_days": None}, "不小于1的整数"),
        ({"office_hours": 0}, "如2或0.5"),
        ({"office_hours": 0.001}, "如2或0.5"),
        ({"office_hours": True}, "如2或0.5"),
        ({"office_hours": "nan"}, "如2或0.5"),
        ({"office_hours": "inf"}, "如2或0.5"),
        ({"office_hours": "2h"}, "如2或0.5"),
        ({"elapsed": 90}, "如2d、1h30m、5m"),
        ({"elapsed": ""}, "如2d、1h30m、5m"),
        ({"elapsed": "0m"}, "如2d、1h30m、5m"),
        ({"elapsed": "30m1h"}, "如2d、1h30m、5m"),
        ({"elapsed": "1.5h"}, "如2d、1h30m、5m"),
        ({"working_days": 3, "elapsed": "1h"}, "只写一种"),
        ({}, "只写一种"),
        ("3", "只写一种"),
        (3, "只写一种"),
        ('{"amount":"3","kind":"elapsed"}', "不小于1的整数"),
        ('{"kind":"elapsed"}', "不是规范写法"),
        ("{", "不是规范写法"),
    ],
)
def test_a_bad_limit_says_how_to_mend_it(value: Any, mend: str) -> None:
    with pytest.raises(ValueError, match=mend) as caught:
        Budget.parse(value)
    chinese = str(caught.value)
    with speaking("en"):
        assert str(caught.value) != chinese


@given(budgets)
def test_canonical_text_is_one_and_reads_back(budget: Budget) -> None:
    assert Budget.from_canonical(budget.canonical()) == budget == Budget.parse(budget.canonical())
    assert " " not in budget.canonical()


def test_canonical_text_is_as_stored() -> None:
    assert Budget.parse({"working_days": 3}).canonical() == '{"amount":3,"kind":"working_days"}'


def test_extension_adds_its_own_kind_only() -> None:
    assert Budget("working_days", 3) + Budget("working_days", 2) == Budget("working_days", 5)
    with pytest.raises(ValueError, match="不能相加"):
        Budget("working_days", 3) + Budget("elapsed", 60)
