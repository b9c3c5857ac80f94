"""B7 曾用名: an old record under a name long gone goes to a person; two people file the name, and it is released."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.stories import mortgages as m
from tests.stories.steps import County, act, main_text, picture
from tests.stories.test_b6_combined import filing_number

OLD = "示范县禾穗城市信用社"
NOTICE = [{"name": "变更登记通知书.txt", "mimeType": "text/plain", "buffer": "更名".encode()}]


@pytest.mark.story("B7")
def test_a_former_name_is_filed_and_the_old_record_releases(county: County) -> None:
    clerk, checker = county.desk(m.CLERK, "/mortgages/bank/"), county.desk(m.CHECKER, "/mortgages/bank/")
    old, other = m.registered(1, (OLD, "")), m.registered(2, ("示范县岚山城市信用社", ""))
    m.report(clerk, checker, old)
    assert m.outcome(old) == "exception", "an unlike name is never guessed"

    registrar = county.desk(m.REGISTRAR, "/mortgages/registry/")
    assert "登记簿中的抵押权人名称对不上" in main_text(registrar)
    registrar.goto(f"/mortgages/names/new/?name={OLD}")
    picture(registrar, "mortgage-alias", full=True)
    registrar.locator("[name=credit_code]").select_option(value=m.unit("bank-01").credit_code)
    registrar.set_input_files("[name=files]", NOTICE)
    with registrar.expect_navigation():
        registrar.locator("form[data-main] .btn-1").click()
    number = filing_number(registrar)

    act(registrar, m.number_of(old), "match_again", finding="曾用名尚未复核，先试一次")
    county.later(timedelta(minutes=1))
    assert m.outcome(old) == "exception", "one person's word is not enough"
    act(county.desk(m.HEAD), number, "approve")
    act(registrar, m.number_of(old), "match_again", finding="曾用名已备案")
    county.later(timedelta(minutes=1))
    assert m.outcome(old) == "released"
    m.report(clerk, checker, other)
    assert m.outcome(other) == "exception", "another name stays another name"
