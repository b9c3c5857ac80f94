"""B8 银行培训: sessions recorded by the registry's head, coverage of all banks on file, and who lags."""

from __future__ import annotations

import pytest

from tests.stories import mortgages as m
from tests.stories.steps import County, main_text, picture


@pytest.mark.story("B8")
def test_forty_odd_banks_are_covered(county: County) -> None:
    clerk, checker = county.desk(m.CLERK, "/mortgages/bank/"), county.desk(m.CHECKER, "/mortgages/bank/")
    m.report(clerk, checker, m.registered(1, "bank-01"), part=True)

    head = county.desk(m.HEAD, "/mortgages/training/")
    assert "在册42家，已培训0家" in main_text(head).replace("\n", "")
    head.locator(".head .btn-1").click()
    head.wait_for_load_state()
    head.fill("[name=held_on]", "2026-09-28")
    head.fill("[name=place]", "登记服务中心三楼会议室")
    head.fill("[name=topic]", "抵押注销标准化")
    for code in ("bank-02", "bank-03"):
        head.fill(f"[name=people-{m.unit(code).pk}]", "3")
    with head.expect_navigation():
        head.locator("form[data-main] .btn-1").click()
    assert "2家银行，6人" in main_text(head)
    head.goto("/mortgages/training/")
    assert "已培训2家" in main_text(head)
    assert m.unit("bank-01").name in main_text(head)
    picture(head, "mortgage-training", full=True)

    leader = county.desk("ma.yutong", "/mortgages/leader/?of=day")
    row = leader.locator("tr", has_text=m.unit("bank-01").name)
    assert "未培训" in row.inner_text()
    assert "未接通" not in row.inner_text()
    other = leader.locator("tr", has_text=m.unit("bank-02").name)
    assert "未接通" in other.inner_text() and "未培训" not in other.inner_text()
    said = main_text(leader)
    assert "42家在册：近30天有报送1家，已培训2家" in said
