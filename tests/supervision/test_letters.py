"""督办函: numbered, answered, judged by who sent it, closed; while one is open its case is not written off."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from qinqing.cases import acting
from qinqing.cases.blobs import StoredFile, store
from qinqing.cases.models import Case, Task
from qinqing.cases.refusals import Refused
from qinqing.cases.state import split
from qinqing.directory.models import Party
from qinqing.supervision.papers import PARTY_NAME, paper_number
from tests.cases.county import TUESDAY, County
from tests.cases.doors import client, happened
from tests.supervision.office import LETTER, answered, do, fed_back, send
from tests.ui.pdf_text import text_of


class _Note:
    name: str | None = "核查.txt"

    def chunks(self):  # type: ignore[no-untyped-def]
        yield b"seen"


def evidence() -> list[StoredFile]:
    return [store(_Note())]


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("督函2026-003", "督函〔2026〕3号"), ("督函2026-120", "督函〔2026〕120号"), ("批2027-001", "批〔2027〕1号"),
        ("督函2026-1000", "督函〔2026〕1000号"), ("x", "x"), ("", ""),
    ],
)  # fmt: skip
def test_the_number_as_it_stands_on_paper(stored: str, shown: str) -> None:
    assert paper_number(stored) == shown


def test_a_letter_runs_from_sending_to_closing(county: County) -> None:
    case = county.dispatched()
    letter = send(county, case)
    assert letter.predecessor_id == case.pk and letter.lead_id == county.unit("a")
    assert case.level == 3 and happened(case)[-1] == "send_letter"
    assert county.task(letter, "answer").unit_id == county.unit("a")
    assert letter.due_at and letter.due_at.astimezone().date().isoformat() == "2026-10-09", "three working days"
    answered(county, letter)
    assert county.task(letter, "review").unit_id == county.unit("supervision")
    do(county, letter, "close", "supervisor", {"finding": "回函属实。"})
    assert letter.outcome == "closed"


def test_nobody_finds_a_letter_among_their_own_matters(county: County) -> None:
    """It is between offices: no company, whosever matter it is about, ever sees it or its words."""
    letter = send(county, county.dispatched())
    assert letter.party.name == PARTY_NAME and Party.objects.filter(name=PARTY_NAME).count() == 1
    assert "停车" not in letter.title
    mine = client(county, "agent").get("/my/").content.decode()
    assert letter.number not in mine
    assert client(county, "agent").get(f"/cases/{letter.number}/").status_code == 404


@pytest.mark.parametrize("action", ["write_off", "accept"])
def test_a_case_with_an_open_letter_is_not_written_off(county: County, action: str) -> None:
    case = county.dispatched()
    letter = send(county, case)
    fed_back(county, case)
    who = "supervisor2"
    if action == "accept":
        for _ in range(2):
            do(county, case, "send_back", who, {"reason": "不清楚"})
            fed_back(county, case)
        do(county, case, "send_back", who, {"reason": "仍不清楚"})
        who = "leader"
    with pytest.raises(Refused) as refused:
        do(county, case, action, who, {"finding": "属实"}, files=evidence())
    assert paper_number(letter.number) in str(refused.value.detail), "it says which letter"
    case.refresh_from_db()
    assert case.closed_at is None and action not in happened(case)
    answered(county, letter)
    do(county, letter, "close", "supervisor", {"finding": "属实"})
    do(county, case, action, who, {"finding": "属实"}, files=evidence())
    assert case.outcome == "resolved"


def test_withdrawing_leaves_the_letter_to_its_sender(county: County) -> None:
    case = county.dispatched()
    letter = send(county, case)
    do(county, case, "withdraw", "agent", {"reason": "已自行解决"})
    letter.refresh_from_db()
    assert case.outcome == "withdrawn" and letter.closed_at is None
    page = client(county, "supervisor").get(f"/cases/{letter.number}/").content.decode()
    assert "不随之结束" in page


def test_one_letter_at_a_time_to_one_unit(county: County) -> None:
    case = county.dispatched("b")
    letter = send(county, case)
    with pytest.raises(Refused) as refused:
        send(county, case)
    assert paper_number(letter.number) in str(refused.value.detail)
    send(county, case, "examiner", "b")  # another office, another unit
    answered(county, letter)
    do(county, letter, "close", "supervisor", {"finding": "属实"})
    assert send(county, case).number != letter.number


def test_who_sends_judges(county: County) -> None:
    """A letter of the inspectors comes back to the inspectors; the supervisor cannot close it."""
    letter = send(county, county.dispatched(), "examiner")
    answered(county, letter)
    assert county.task(letter, "review").unit_id == county.unit("inspection")
    with pytest.raises(Refused):
        do(county, letter, "close", "supervisor", {"finding": "属实"})
    do(county, letter, "close", "examiner", {"finding": "属实"})
    assert letter.outcome == "closed"


@pytest.mark.parametrize("who", ["clerk", "handler_a", "head_a", "leader", "agent", "stranger"])
def test_others_send_none(county: County, who: str) -> None:
    case = county.dispatched()
    with pytest.raises(Refused):
        send(county, case, who)
    assert not Case.objects.filter(procedure__code="supervision_letter").exists()


def test_who_replied_does_not_judge_though_they_are_a_supervisor_too(county: County) -> None:
    from qinqing.accounts.actor import Actor, Post

    both = county["supervisor"]
    here = Post(county.unit("a"), "handler", county.unit("hr"))
    county.people["supervisor"] = Actor(both.user_id, both.name, both.kind, (*both.posts, here))
    letter = send(county, county.dispatched())
    do(county, letter, "reply", "supervisor", {"reply": "已办。"})
    do(county, letter, "approve", "head_a")
    with pytest.raises(Refused, match=r"经办人|handled"):
        do(county, letter, "close", "supervisor", {"finding": "属实"})
    do(county, letter, "close", "supervisor2", {"finding": "属实"})


def test_not_answered_it_climbs_to_the_leader(county: County) -> None:
    from qinqing.cases.passing_time import fire_due_rungs

    letter = send(county, county.dispatched())
    fire_due_rungs(TUESDAY + timedelta(days=20))
    letter.refresh_from_db()
    assert letter.level == 4
    assert Task.objects.filter(case=letter, node="!hand_up", state="open").exists()
    assert {split(tok)[1] for tok in letter.marking.split()} >= {county.unit("leadership")}


def test_a_letter_about_a_closed_case(county: County) -> None:
    """After a spot check the inspectors may still write."""
    case = county.dispatched()
    fed_back(county, case)
    do(county, case, "write_off", "supervisor2", {"finding": "属实"}, files=evidence())
    do(county, case, "spot_check", "examiner", {"spot_result": "doubtful", "spot_note": "现场仍有占道。"})
    letter = send(county, case, "examiner")
    assert letter.predecessor_id == case.pk and case.outcome == "resolved"


def test_the_draft_states_the_facts_and_may_be_changed(county: County) -> None:
    case = county.dispatched()
    page = client(county, "supervisor").get(f"/cases/{case.number}/").content.decode()
    draft = re.search(r'<textarea[^>]*id="send_letter-facts"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL)
    assert draft and case.number in draft[1] and "停车难" in draft[1] and "受理并交办" in draft[1]
    assert "3个工作日" in page
    assert re.search(rf'<option value="{county.unit("a")}" selected', page), "addressed to the lead"


def test_the_paper_is_a_pdf_with_the_words_of_the_letter(county: County) -> None:
    case = county.dispatched()
    facts = "逾期未反馈。#panic(1) $x$ \\\n第二段"
    acting.act(case.pk, "send_letter", county["supervisor"], TUESDAY, {
        "addressee": county.unit("a"), "facts": facts, "demand": LETTER["demand"],
    })  # fmt: skip
    letter = Case.objects.get(predecessor=case)
    for who, status in (("supervisor", 200), ("examiner", 200), ("handler_a", 200), ("handler_c", 404), ("agent", 403)):
        answer = client(county, who).get(f"/supervision/letters/{letter.number}/paper/")
        assert answer.status_code == status, who
        if status == 200:
            assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
            text = "".join(text_of(answer.content).split())
            assert "".join(facts.split()) in text and LETTER["demand"] in text and "督函〔2026〕1号" in text
    assert client(county, "supervisor").get(f"/supervision/letters/{case.number}/paper/").status_code == 404
