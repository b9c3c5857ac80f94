"""Recording: precedence whatever the order, nothing twice, corrections and retractions as new rows, marks that grow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.db.utils import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qinqing.directory import services
from qinqing.directory.facts import choosing, marks, recording, snapshots
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.reading import values_of
from qinqing.directory.models import CurrentFact, FactKey, Observation, Statement
from tests.directory.conftest import NOW
from tests.directory.facts_world import all_sources, chosen, expected, recounted, say

pytestmark = pytest.mark.django_db
FACTS = ("rd_expense", "high_tech_enterprise", "srdi_level", "rd_staff")
VALUES = {
    "rd_expense": st.none() | st.integers(0, 3),
    "high_tech_enterprise": st.none() | st.booleans(),
    "srdi_level": st.none() | st.sampled_from(["none", "provincial"]),
    "rd_staff": st.none() | st.integers(0, 3).map(Decimal),
}


@st.composite
def words(draw, dated=True):
    """(company 0 or 1, fact, value, source, period, days ago): each dated to a day of its own for its source."""
    fact, source = draw(st.sampled_from(all_sources(FACTS)))
    period = 0 if dictionary()[fact].period == "none" else draw(st.sampled_from([202300, 202400, 202500]))
    days = draw(st.integers(0, 9)) if dated else None
    return draw(st.integers(0, 1)), fact, draw(VALUES[fact]), source, period, days


def moment(word):
    """What tells a dated word from another; of two at the same moment the one that comes later counts."""
    party, fact, _, source, period, days = word
    return party, fact, source, period, days


def speak(parties, said):
    for party, fact, value, source, period, days in said:
        say(parties[party], fact, value, source, NOW, period=period, days_ago=days)


def parties(count=2):
    from qinqing.directory import companies

    return [
        services.create_party("company", f"公司{i}", NOW, credit_code=companies.credit_code(i)).pk for i in range(count)
    ]


@pytest.fixture
def undone():
    """Each example in a transaction that is rolled back."""

    class Undo(Exception):
        pass

    def run(example):
        try:
            with transaction.atomic():
                example()
                raise Undo
        except Undo:
            pass

    return run


quick = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@quick
@given(st.lists(words(), max_size=12, unique_by=moment), st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order(undone, said, dice):
    found = []

    def example():
        speak(both := parties(), shuffled)
        found.append({(both.index(party), fact): told for (party, fact), told in chosen().items()})
        assert chosen() == expected()

    shuffled = list(said)
    undone(example)
    dice.shuffle(shuffled)
    undone(example)
    assert found[0] == found[1]


@quick
@given(st.lists(words() | words(dated=False), max_size=12), st.data())
def test_what_is_kept_equals_a_full_recount(undone, said, data):
    def example():
        speak(parties(), said)
        ids = list(Observation.objects.values_list("pk", flat=True))
        if ids and data.draw(st.booleans()):
            back = data.draw(st.lists(st.sampled_from(ids), unique=True))
            assert recording.retract(back, now=NOW, user_id=None, note="误报") == len(back)
            assert recording.retract(back, now=NOW, user_id=None, note="误报") == 0
        assert chosen() == expected()
        assert recounted() == 0

    undone(example)


@quick
@given(st.lists(words() | words(dated=False), max_size=8, unique_by=moment))
def test_saying_the_same_again_changes_nothing(undone, said):
    def example():
        both = parties()
        speak(both, said)
        before, mark, rows = chosen(), marks.present(), Observation.objects.count()
        latest = {}
        for word in said:
            if word[-1] is not None:
                latest[moment(word)] = word
        speak(both, latest.values())
        assert (chosen(), Observation.objects.count()) == (before, rows)
        assert snapshots.changed_since(mark[1]).party_ids.size == 0

    undone(example)


def test_precedence_period_and_correction(company):
    party = company(1).pk
    say(party, "rd_expense", 500, "science", NOW, period=202400)
    say(party, "rd_expense", 100, "statistics", NOW)
    assert values_of(party)["rd_expense"].value == 100
    say(party, "rd_expense", 200, "tax", NOW)
    say(party, "rd_expense", 300, "statistics", NOW)  # a lesser source does not matter
    known = values_of(party)["rd_expense"]
    assert (known.value, known.source, known.period) == (200, "tax", 202500)
    assert values_of(party)["rd_expense_last_year"].value == 500
    say(party, "rd_expense", 250, "tax", NOW)  # a correction
    assert values_of(party)["rd_expense"].value == 250
    say(party, "rd_expense", 240, "tax", NOW, days_ago=30)  # of an earlier day: kept, but it does not count
    assert values_of(party)["rd_expense"].value == 250
    say(party, "rd_expense", None, "tax", NOW)  # not known: no older or lesser figure is guessed
    assert "rd_expense" not in values_of(party)
    assert values_of(party)["rd_expense_last_year"].value == 500
    last = Observation.objects.order_by("-pk").first()
    recording.retract([last.pk], now=NOW, user_id=None, note="误操作")
    assert values_of(party)["rd_expense"].value == 250
    assert Observation.objects.filter(period=202500, source__code="tax").count() == 5


def test_a_figure_of_the_year_before_is_an_observation_of_that_year(company):
    party = company(1).pk
    say(party, "rd_expense_last_year", 70, "tax", NOW)
    assert values_of(party)["rd_expense"].period == 202400
    assert "rd_expense_last_year" not in values_of(party)
    say(party, "rd_expense", 90, "tax", NOW)
    assert (values_of(party)["rd_expense"].value, values_of(party)["rd_expense_last_year"].value) == (90, 70)
    say(party, "insured_staff", Decimal(10), "hrss", NOW, period=202508)
    say(party, "insured_staff", Decimal(12), "hrss", NOW, period=202608)
    assert values_of(party)["insured_staff_last_year"].value == 10


def test_what_a_source_states_comes_before_the_directory(company):
    party = company(1, staff=20, revenue_fen=500).pk
    assert (values_of(party)["staff"].value, values_of(party)["staff"].source) == (Decimal(20), "")
    say(party, "staff", Decimal(33), "hrss", NOW)
    assert (values_of(party)["staff"].value, values_of(party)["staff"].source) == (Decimal(33), "hrss")
    say(party, "revenue", None, "tax", NOW)
    assert "revenue" not in values_of(party)


@pytest.mark.parametrize(
    ("fact", "value", "period", "source", "words"),
    [
        ("rd_expense", -1, 202500, "tax", "之间"),
        ("rd_expense", 1.5, 202500, "tax", "类型"),
        ("rd_expense", float("nan"), 202500, "tax", "类型"),
        ("rd_staff", Decimal("NaN"), 202500, "statistics", "NaN"),
        ("rd_expense", 1, 0, "tax", "报告期"),
        ("rd_expense", 1, 202501, "tax", "报告期"),
        ("rd_expense", 1, 202500, "power", "不由供电公司提供"),
        ("rd_expense", 1, 202500, "nobody", "没有“nobody”"),
        ("shoe_size", 1, 0, "tax", "没有“shoe_size”"),
        ("town", "青溪街道", 0, "tax", "以名录为准"),
        ("srdi_level", "best", 0, "economy", "之一"),
    ],
)
def test_refused(company, fact, value, period, source, words):
    party = company(1).pk
    with pytest.raises(recording.Unfit) as error:
        say(party, fact, value, source, NOW, period=period)
    assert words in error.value.detail.zh
    assert not Observation.objects.exists()


def test_figures_of_the_future_are_refused(company):
    with pytest.raises(recording.Unfit):
        say(company(1).pk, "rd_expense", 1, "tax", NOW, days_ago=-1)


def test_a_dictionary_that_changed_beneath_is_noticed(company):
    party = company(1).pk
    say(party, "rd_expense", 1, "statistics", NOW)
    FactKey.objects.filter(code="rd_expense").update(precedence="statistics,tax")
    with pytest.raises(recording.Unfit) as error:
        say(party, "rd_expense", 2, "tax", NOW)
    assert "facts recount" in error.value.detail.en
    assert recounted() == 0
    say(party, "rd_expense", 2, "tax", NOW)
    FactKey.objects.filter(code="rd_expense").update(type="number")
    with pytest.raises(recording.Unfit):
        say(party, "rd_expense", 3, "tax", NOW)


def test_observations_cannot_be_changed_or_doubled(company):
    party = company(1).pk
    row = say(party, "rd_expense", 1, "tax", NOW)
    for change in (
        lambda: Observation.objects.filter(pk=row.pk).update(value=2),
        lambda: Observation.objects.filter(pk=row.pk).delete(),
        lambda: Statement.objects.update(note="x"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    twice = {"party_id": party, "fact_id": row.fact_id, "period": 202500, "source_id": row.source_id}
    with pytest.raises(IntegrityError), transaction.atomic():
        Observation.objects.create(**twice, revision=row.revision, value=9, statement_id=row.statement_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        CurrentFact.objects.create(party_id=party, fact_id=row.fact_id, mark=1)


def test_marks_grow_and_say_what_changed(company):
    first, second = company(1).pk, company(2).pk
    before = marks.present()[1]
    say(first, "rd_expense", 1, "tax", NOW)
    changes = snapshots.changed_since(before)
    assert (changes.party_ids.tolist(), changes.fact_ids) == ([first], {"rd_expense", "rd_expense_last_year"})
    say(first, "rd_expense", 5, "science", NOW)  # recorded, but another counts
    assert snapshots.changed_since(changes.mark).party_ids.size == 0
    services.update_party(second, NOW, town="禾穗镇")
    later = snapshots.changed_since(changes.mark)
    assert later.party_ids.tolist() == [second]
    assert "town" in later.fact_ids and "rd_expense" not in later.fact_ids
    assert later.mark > changes.mark > before


def test_a_new_order_of_sources_counts_after_a_recount(company, monkeypatch):
    from dataclasses import replace

    from qinqing.directory.facts import dictionary as dictionaries

    party = company(1).pk
    say(party, "rd_expense", 1, "tax", NOW)
    say(party, "rd_expense", 2, "science", NOW)
    old = dictionaries.book()
    other = {**old.facts, "rd_expense": replace(old.facts["rd_expense"], sources=("science", "tax"))}
    assert choosing.recount(replace(old, facts=other)) == 1
    assert values_of(party)["rd_expense"].value == 2
