"""B19 改革前后: the new path drawn from the platform's own events beside the old one reconstructed from the source."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.browser.fixtures import assert_accessible, assert_fits
from tests.stories import mortgages as m
from tests.stories.steps import County, act, main_text, picture


@pytest.mark.story("B19")
def test_both_paths_are_drawn_from_data(county: County) -> None:
    clerk, checker = county.desk(m.CLERK, "/mortgages/bank/"), county.desk(m.CHECKER, "/mortgages/bank/")
    leader = county.desk("ma.yutong", "/mortgages/path/?of=day")
    assert "本时段还没有注销的抵押" in main_text(leader), "nothing is drawn that did not happen"
    for n in (1, 2):
        m.report(clerk, checker, m.registered(n, "bank-01"))
    doubtful = m.registered(3, "bank-01", maximum_amount=True)
    m.report(clerk, checker, doubtful)
    registrar = county.desk(m.REGISTRAR)
    form = {"finding": "最高额债权已确定并清偿", "legal_basis": "民法典第四百二十三条"}
    act(registrar, m.number_of(doubtful), "release", ("确定书.txt", b"paid"), **form)
    county.later(timedelta(minutes=20))
    act(county.desk(m.HEAD), m.number_of(doubtful), "approve")
    county.later(timedelta(minutes=1))

    leader = county.desk("ma.yutong", "/mortgages/path/?of=day")
    said = main_text(leader)
    assert "根据来源文件还原" in said and "本平台记录" in said
    drawn = leader.locator(".mo-pair .ch-wide svg").all_text_contents()
    assert "跑公积金中心" in drawn[0] and "最起码4天" in drawn[0]
    assert "自动核对" in drawn[1] and "人工核查" in drawn[1] and "告知权利人" in drawn[1]
    rows = {
        row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in leader.locator("tbody tr").all()
    }
    assert rows["自动核对"] == "3" and rows["人工核查"] == "1" and rows["已注销"] == "3"
    assert_accessible(leader)
    assert_fits(leader)
    picture(leader, "mortgage-path", full=True)
