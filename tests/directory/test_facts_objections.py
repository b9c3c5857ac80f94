"""A company's own facts and its objections: what it sees, what it may object to, what a decision does, who is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.audit.models import ReadLog
from qinqing.directory import services
from qinqing.directory.facts import objections, reading
from qinqing.directory.facts.reading import values_of
from qinqing.directory.facts.recording import Unfit
from qinqing.directory.models import Objection, Observation, Party
from qinqing.messaging.models import Notice
from tests.directory.conftest import NOW
from tests.directory.facts_world import say

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(company):
    """The company, and an agent of it."""
    party = company(1, staff=20, town="青溪街道", industry="C3484")
    user = User.objects.create(username="phone:13800002046", name="柳女士", kind="party")
    person = services.person_of_user(user, NOW)
    services.add_mandate(person.pk, party.pk, date(2026, 1, 1), NOW)
    return party, Actor(user.pk, user.name, "party", party_ids=frozenset({party.pk}))


@pytest.fixture
def judge(db):
    user = User.objects.create(username="judge", name="何以宁", kind="officer")
    return Actor(user.pk, user.name, "officer")


def own(party, fact):
    return next(one for group in reading.own_facts(party.pk) for one in group.facts if one.fact.id == fact)


def test_a_company_sees_its_own_with_source_period_and_time(agent):
    party, _ = agent
    say(party.pk, "rd_expense", 123_400, "tax", NOW, days_ago=3)
    one = own(party, "rd_expense")
    assert (one.value.zh, one.period.zh, one.source.zh, one.as_of.zh) == (
        "1,234.00元",
        "2025年",
        "税务局",
        "2026-09-26",
    )
    assert one.may_object
    unknown = own(party, "exports")
    assert (unknown.value.zh, unknown.known, unknown.may_object) == ("—", None, False)
    register = own(party, "staff")
    assert (register.value.zh, register.source.zh, register.period) == ("20人", "企业名录", None)
    labels = [group.label.zh for group in reading.own_facts(party.pk)]
    assert labels[:2] == ["登记信息", "规模与投资"]


def test_officers_reading_confidential_facts_stand_in_the_log(agent, judge):
    party, _ = agent
    reading.read_values(party.pk, judge, "核对补贴申请", NOW)
    assert not ReadLog.objects.exists()  # nothing confidential is known of it
    say(party.pk, "rd_expense", 5, "tax", NOW)
    assert "rd_expense" in reading.read_values(party.pk, judge, "核对补贴申请", NOW)
    log = ReadLog.objects.get()
    assert (log.user_name, log.what, log.object_ref, log.reason) == (
        "何以宁", "party.facts", f"party:{party.pk}", "核对补贴申请",
    )  # fmt: skip
    with pytest.raises(ValueError, match="reason"):
        reading.read_values(party.pk, judge, " ", NOW)


def test_upheld_with_the_right_value(agent, judge):
    party, actor = agent
    say(party.pk, "rd_expense", 500, "statistics", NOW)
    say(party.pk, "rd_expense", 100, "tax", NOW)
    objection = objections.object_to(party.pk, "rd_expense", "汇算清缴已更正为150元", actor=actor, now=NOW)
    assert (objection.shown["zh"], own(party, "rd_expense").may_object) == ("1.00元", False)
    with pytest.raises(Unfit):
        objections.object_to(party.pk, "rd_expense", "再说一遍", actor=actor, now=NOW)
    done = objections.decide_objection(
        objection.pk, upheld=True, reasons="税务局已核实", actor=judge, now=NOW, value=150
    )
    known = values_of(party.pk)["rd_expense"]
    assert (known.value, known.source, known.observation_id) == (150, "tax", done.result_id)
    assert done.result.statement.note == "税务局已核实"
    notice = Notice.objects.get()
    assert notice.user_id == actor.user_id and "异议成立" in notice.title_zh
    with pytest.raises(Unfit):
        objections.decide_objection(objection.pk, upheld=False, reasons="又想了想", actor=judge, now=NOW)
    objections.object_to(party.pk, "rd_expense", "还是不对", actor=actor, now=NOW)  # again, of the new value


def test_upheld_without_a_value_makes_it_unknown(agent, judge):
    party, actor = agent
    say(party.pk, "rd_expense", 500, "statistics", NOW)
    say(party.pk, "rd_expense", 100, "tax", NOW)
    say(party.pk, "rd_expense", 80, "tax", NOW, period=202400)
    before = objections.object_to(party.pk, "rd_expense_last_year", "不是本企业的", actor=actor, now=NOW)
    objections.decide_objection(before.pk, upheld=True, reasons="报错企业", actor=judge, now=NOW, value=None)
    assert "rd_expense_last_year" not in values_of(party.pk)
    assert values_of(party.pk)["rd_expense"].value == 100
    now = objections.object_to(party.pk, "rd_expense", "不是本企业的", actor=actor, now=NOW)
    objections.decide_objection(now.pk, upheld=True, reasons="报错企业", actor=judge, now=NOW)
    assert "rd_expense" not in values_of(party.pk)


def test_rejected_leaves_it_and_says_why(agent, judge):
    party, actor = agent
    say(party.pk, "high_tech_enterprise", False, "science", NOW, period=0)
    objection = objections.object_to(party.pk, "high_tech_enterprise", "我们是高企", actor=actor, now=NOW)
    rows = Observation.objects.count()
    with pytest.raises(Unfit) as error:
        objections.decide_objection(objection.pk, upheld=False, reasons=" ", actor=judge, now=NOW)
    assert "reasons" in error.value.fields
    done = objections.decide_objection(objection.pk, upheld=False, reasons="证书已于六月到期", actor=judge, now=NOW)
    assert (done.state, done.decision, done.decided_by_id) == ("rejected", "证书已于六月到期", judge.user_id)
    assert Observation.objects.count() == rows
    assert own(party, "high_tech_enterprise").objection == done
    assert "数据不变" in Notice.objects.get().title_zh


def test_what_the_directory_holds_is_put_right_there(agent, judge):
    party, actor = agent
    for fact, value, kept in (("town", "禾穗镇", "禾穗镇"), ("staff", Decimal(25), 25)):
        objection = objections.object_to(party.pk, fact, "已变更", actor=actor, now=NOW)
        objections.decide_objection(objection.pk, upheld=True, reasons="已核实", actor=judge, now=NOW, value=value)
        assert getattr(Party.objects.get(pk=party.pk), fact) == kept
        assert values_of(party.pk)[fact].value == value


@pytest.mark.parametrize(
    ("fact", "text", "words"),
    [
        ("exports", "不对", "没有数据"),
        ("shoe_size", "不对", "没有数据"),
        ("industry_section", "不对", "原始项"),
        ("staff", "  ", "请写明理由"),
        ("staff", "x" * 1001, "不超过1000字"),
    ],
)
def test_refused(agent, fact, text, words):
    party, actor = agent
    with pytest.raises(Unfit) as error:
        objections.object_to(party.pk, fact, text, actor=actor, now=NOW)
    assert words in error.value.detail.zh
    assert not Objection.objects.exists()


def test_a_wrong_or_equal_correction_decides_nothing(agent, judge):
    party, actor = agent
    say(party.pk, "rd_expense", 100, "tax", NOW)
    objection = objections.object_to(party.pk, "rd_expense", "不对", actor=actor, now=NOW)
    for value in (-5, 100, "x"):
        with pytest.raises(Unfit):
            objections.decide_objection(objection.pk, upheld=True, reasons="核实", actor=judge, now=NOW, value=value)
        objection.refresh_from_db()
        assert objection.state == "open"


def test_one_open_objection_by_the_database(agent):
    party, _ = agent
    row = {"party": party, "fact": "staff", "shown": {}, "text": "x", "raised_at": NOW}
    Objection.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        Objection.objects.create(**row)
