"""Search: which words find what, for whom; and what nobody finds."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from qinqing.accounts.actor import Actor
from qinqing.cases import acting, desks, fulltext, indexing, words
from qinqing.cases.history import ERASED_TITLE, CaseHistory
from qinqing.cases.models import Case
from qinqing.directory.models import FormerName
from qinqing.messaging import worker
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import client

pytestmark = pytest.mark.django_db

TEXT = "厂区停车难，货车进不来。ＡＢＣ物流说第3号门一直关着"
HOSTILE = [
    '"', '""', "'", "停车' OR '1'='1", '停" OR "x', "*", "停车*", "NOT 停车", "{party} : x", "party:x", "NEAR(a b)",
    "a AND", "(", "))", ":", "-停车", "^停车", "\x00", "停\x00车", "🙂", "停🙂车", "x" * 80, "%", "_", "\\", "\ud800",
    "|", "&", "!停车", "<->", "停车:A", "@u1", "'@u1'", "·", " ", "",
]  # fmt: skip


@pytest.fixture
def county(settings: Any, tmp_path: Any) -> County:
    settings.HOME = tmp_path
    return build()


def opened(county: County, text: str = TEXT, title: str = "厂区停车难") -> Case:
    case = county.open(title=title, data={"text": text, "visitor": "柳女士", "phone": "13800002046"})
    indexing.index([case.pk])
    return case


def found(text: str, actor: Actor) -> list[str]:
    return list(desks.find_cases(text, actor).cases.values_list("number", flat=True))


# -- cutting


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("车", [("车",)]),
        ("停车", [("停车",)]),
        ("停车难 禾穗", [("停车", "车难"), ("禾穗",)]),
        ("ＡＢＣ物流", [("abc物", "物流")]),
        ("第3号门", [("第3", "3号", "号门")]),
        ("帮2026-0012", [("帮2026",), ("0012",)]),
        ("停车，停车", [("停车",)]),
        ('"*" 🙂 \x00', []),
    ],
)
def test_a_query_is_cut_into_phrases(query: str, wanted: list[tuple[str, ...]]) -> None:
    assert words.phrases(query) == wanted


@given(st.text(max_size=80))
def test_words_hold_letters_and_digits_only(text: str) -> None:
    assert all(word.isalnum() for phrase in words.phrases(text) for word in phrase)


@given(st.text("停车难abc12，。 Ａ", max_size=12), st.text("停车难abc12，。 Ａ", max_size=40))
def test_the_index_finds_what_stands_in_the_text_and_only_that(query: str, text: str) -> None:
    """Against the definition, without an index: each run of the query stands in a run of the text, in a row."""
    fulltext.put([fulltext.Entry(1, [text], [], {"u1"})])
    hits = fulltext.find(query, {"u1"}).ids
    wanted, given_runs = words.runs(query), words.runs(text)
    holds = all(any(_within(run, other) for other in given_runs) for run in wanted)
    assert (hits == [1]) is (bool(wanted) and holds)


def _within(run: list[str], other: list[str]) -> bool:
    return any(other[at : at + len(run)] == run for at in range(len(other) - len(run) + 1))


# -- finding


@pytest.mark.parametrize(
    "query",
    [
        "车",
        "停车",
        "停车难",
        "厂区停车难",
        "货车进不来",
        "停车 货车",
        "abc",
        "ABC物流",
        "第3号门",
        "柳女士",
        "禾穗传动",
        "禾穗 停车",
    ],
)
def test_found_by_one_character_or_more(county: County, query: str) -> None:
    case = opened(county)
    assert found(query, county["clerk"]) == [case.number]


@pytest.mark.parametrize("query", ["难货", "停货", "难停", "停车 铁路", "进来", "13800002046", "一般", "来ＡＢＣ"])
def test_not_found_by_what_does_not_stand_there_in_a_row(county: County, query: str) -> None:
    opened(county)
    assert found(query, county["clerk"]) == []


def test_found_by_number_part_of_it_and_receipt_code(county: County) -> None:
    other, case = opened(county, "别的事", "别的事"), opened(county)
    tail = case.number.rpartition("-")[2]
    for query in (case.number, tail, case.number.replace("-", ""), case.receipt_code, case.receipt_code.lower()):
        assert found(query, county["clerk"]) == [case.number], query
    assert found(case.receipt_code[:9], county["clerk"]) == []
    assert found(other.receipt_code, county["handler_a"]) == [], "a code opens nothing to officers it does not concern"


def test_a_number_is_found_before_the_index_knows_it(county: County) -> None:
    case = county.open()
    assert found(case.number, county["clerk"]) == [case.number]
    assert found("停车", county["clerk"]) == []


def test_former_names_find_too(county: County) -> None:
    FormerName.objects.create(party=county.company, name="示范县齿轮厂", name_norm="示范县齿轮厂")
    case = opened(county)
    assert found("齿轮厂", county["clerk"]) == [case.number]


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_input_neither_fails_nor_widens(county: County, query: str) -> None:
    mine, other = opened(county), opened(county, "铁路", "铁路")
    for name in ("clerk", "handler_a", "agent"):
        assert set(found(query, county[name])) <= ({mine.number} if name != "handler_a" else set()), name
    assert other.number not in found(query, county["clerk"])


@given(st.text(max_size=80))
def test_no_text_fails(text: str) -> None:
    for scopes in (None, {"u1", "u2"}, set()):
        for party in (False, True):
            fulltext.find(text, scopes, party=party)


# -- who


def test_each_finds_what_they_may_see(county: County) -> None:
    mine, other = county.dispatched("b"), county.open()
    indexing.index([mine.pk, other.pk])
    both = {mine.number, other.number}
    sees = {"clerk": both, "leader": both, "inspector": both, "handler_a": {mine.number}, "handler_b": {mine.number},
            "handler_e": set(), "agent": both, "stranger": set()}  # fmt: skip
    for name, numbers in sees.items():
        assert set(found("停车", county[name])) == numbers, name


def test_a_new_desk_finds_it_only_where_the_table_of_tasks_says_so(county: County) -> None:
    """The index may lag behind or be wrong; `visible` has the last word."""
    case = opened(county)
    fulltext.put([fulltext.Entry(case.pk, ["停车"], [], {f"u{county.unit('e')}"})])
    assert found("停车", county["handler_e"]) == []


def test_a_party_searches_only_what_it_may_read(county: County) -> None:
    case = county.dispatched("b")
    task = county.task(case, "assist")
    acting.act(case.pk, "advise", county["handler_b"], TUESDAY, {"opinion": "内部看法：暂不宜公开"}, task_id=task.pk)
    draft = {"answer": "拟新划车位三十个", "result": "solved"}
    acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, draft)
    indexing.index([case.pk])
    assert found("不宜公开", county["handler_a"]) == [case.number] and found("车位", county["head_a"]) == [case.number]
    for query in ("不宜公开", "看", "车位", "三十个"):
        assert found(query, county["agent"]) == [], "inner opinions, and an answer not yet signed off"
    acting.act(case.pk, "approve", county["head_a"], TUESDAY + timedelta(hours=1))
    indexing.index([case.pk])
    assert found("三十个", county["agent"]) == [case.number] and found("看", county["agent"]) == []
    page = client(county, "agent").get("/my/", {"q": "三十个"}).content.decode()
    assert case.number in page and case.number not in client(county, "agent").get("/my/", {"q": "看"}).content.decode()


# -- keeping current


def test_the_worker_keeps_the_index_current(county: County) -> None:
    case = county.open()
    worker.run(Event(), once=True, clock=lambda: TUESDAY)
    assert found("停车", county["clerk"]) == [case.number]
    acting.act(case.pk, "dispatch", county["clerk"], TUESDAY, {"class": "general", "lead": county.unit("a")})
    worker.run(Event(), once=True, clock=lambda: TUESDAY)
    assert found("停车", county["handler_a"]) == [case.number]


def test_what_is_erased_is_found_no_more(county: County) -> None:
    case = opened(county, TEXT + "，型号zzyzx")
    acting.act(case.pk, "withdraw", county["agent"], TUESDAY, {"reason": "另行处理"})
    indexing.index([case.pk])
    assert found("货车", county["clerk"]) == [case.number]
    later = TUESDAY + timedelta(days=4000)
    assert CaseHistory().erase("standard", later, later, 100) == 2
    for query in ("货车", "另行", "柳女士", "车"):
        assert found(query, county["clerk"]) == [], query
    assert found(case.number, county["clerk"]) == found("禾穗", county["clerk"]) == [case.number]
    assert Case.objects.get(pk=case.pk).title == ERASED_TITLE
    if connection.vendor == "sqlite":
        with connection.cursor() as db:
            db.execute("SELECT block FROM cases_fulltext_data UNION ALL SELECT c0||c1 FROM cases_fulltext_content")
            kept = b"".join(str(row[0]).encode() if isinstance(row[0], str) else row[0] for row in db.fetchall())
        assert b"zyzx" not in kept, "FTS5 keeps what was taken out until the index is compacted"


def test_a_rebuild_gives_the_same_and_says_how_far_it_is(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [opened(county).number for _ in range(5)]
    fulltext.remove(Case.objects.values_list("pk", flat=True))
    assert found("货车", county["clerk"]) == []
    monkeypatch.setattr(indexing, "SLICE", 2)
    assert list(indexing.index_all()) == [2, 4, 5]
    assert found("货车", county["clerk"]) == numbers[::-1]


def test_more_than_are_shown_is_said(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "MOST", 3)
    numbers = [opened(county).number for _ in range(4)]
    everything = desks.find_cases("车", county["clerk"])
    assert everything.more and [case.number for case in everything.cases] == numbers[:0:-1]
    assert "超过3件" in client(county, "clerk").get("/cases/", {"q": "车"}).content.decode()
    assert "More than 3" in client(county, "clerk", "en").get("/cases/", {"q": "车"}).content.decode()
    assert not desks.find_cases("厂区", county["handler_a"]).more


def test_a_restricted_procedure_stays_out(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(county)
    monkeypatch.setattr(indexing, "may_be_found", lambda procedure: False)
    indexing.index([case.pk])
    assert found("停车", county["clerk"]) == []
