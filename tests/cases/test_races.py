"""Real processes at the same case at once: nothing stuck, nothing twice, nothing in between."""

from __future__ import annotations

from collections import Counter

import pytest

from qinqing.audit.verify import check_chain
from qinqing.cases import acting, shelf
from qinqing.cases.history import CaseHistory
from qinqing.cases.models import Case, Event, Task
from qinqing.cases.reading import parse
from tests.cases.county import TUESDAY, County, build
from tests.cases.definitions import HERE
from tests.cases.processes import running

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
JOINT = HERE.parents[1] / "bench/procedures/joint.yaml"
NOW = TUESDAY.isoformat()
MANY = 200


@pytest.fixture
def county() -> County:
    return build()


def verify() -> None:
    for chain in CaseHistory().chains():
        findings, _, _ = check_chain("cases", chain)
        assert findings == []


def joint_cases(county: County, number: int) -> list[int]:
    """Joint acceptances that lie with five units: the lead and four others."""
    joint = parse(JOINT.read_text(encoding="utf-8"))
    shelf.store(joint, TUESDAY)
    units = [county.unit(code) for code in "abcde"]
    cases = []
    for _ in range(number):
        done = acting.open_case(joint.code, county.company.pk, county["clerk"], TUESDAY, {"text": "x"}, title="验收")
        acting.act(done.case_id, "intake", county["clerk"], TUESDAY, {"class": "general", "note": "齐"})
        data = {"lead": units[0], "assistants": units[1:], "note": "分"}
        acting.act(done.case_id, "triage", county["window_head"], TUESDAY, data)
        cases.append(done.case_id)
    return cases


def test_five_units_finish_the_same_join_at_once(county: County) -> None:
    cases = joint_cases(county, MANY)
    assert set(Case.objects.values_list("stage", flat=True)) == {"opinions"}
    note, paced = {"note": "同意"}, ("", True)
    opinions = [("act", county["handler_a"].user_id, NOW, cases, "lead_opinion", note, *paced)]
    opinions += [("act", county[f"handler_{c}"].user_id, NOW, cases, "opinion", note, *paced) for c in "bcde"]
    with running(*opinions) as units:
        for _ in cases:  # every case by all five at once
            for unit in units:
                unit.go()
            for unit in units:
                unit.hear()
        said = [unit.finish() for unit in units]
    assert all(len(unit) == MANY and {how for _, how, _ in unit} == {"done"} for unit in said), "rejected each other"
    assert set(Case.objects.values_list("stage", flat=True)) == {"survey"}, "a join is stuck"
    surveys = Task.objects.filter(node="survey", state="open")
    assert surveys.count() == surveys.values("case").distinct().count() == MANY, "joined twice"
    joined = [max(unit[place][2] for unit in said) for place in range(MANY)]
    last = {index for index, unit in enumerate(said) for place, (_, _, seq) in enumerate(unit) if seq == joined[place]}
    assert len(last) > 1, "the units took turns: nothing raced"
    verify()


def test_the_same_act_sent_ten_times_acts_once(county: County) -> None:
    cases = [county.open().pk for _ in range(20)]
    sent = ("act", county["clerk"].user_id, NOW, cases, "dispatch", {"class": "general", "lead": county.unit("a")}, "k")
    with running(*[sent] * 10) as senders:
        said = [sender.finish() for sender in senders]
    for case in cases:
        answers = [answer for sender in said for answer in sender if answer[0] == case]
        assert Counter(how for _, how, _ in answers) == {"done": 1, "replayed": 9}
        assert {seq for _, _, seq in answers} == {2}, "every sender gets the same answer"
        assert Event.objects.filter(case=case, action="dispatch").count() == 1
    verify()


def test_two_people_at_one_task_and_one_is_told(county: County) -> None:
    cases = [county.dispatched().pk for _ in range(60)]
    data = {"answer": "好", "result": "solved"}
    with running(
        ("act", county["handler_a"].user_id, NOW, cases, "feed_back", data),
        ("act", county["head_a"].user_id, NOW, cases, "feed_back", data),
        ("act", county["agent"].user_id, NOW, cases, "withdraw", {"reason": "不办了"}),
    ) as people:
        first, second, party = (person.finish() for person in people)
    for index, case in enumerate(cases):
        answers = (first[index][1], second[index][1])
        assert Counter(answers)["done"] <= 1, "both proposed"
        assert set(answers) <= {"done", "refused", "not_open", "conflict"}
        assert party[index][1] == "done"
        assert Case.objects.get(pk=case).outcome == "withdrawn"
    assert not Task.objects.filter(state="open").exists()
    verify()


def test_a_parent_closes_or_a_child_opens(county: County) -> None:
    parents = [county.open().pk for _ in range(80)]
    answer = {"class": "simple", "answer": "可以", "confirmed": True}
    clerk = county["clerk"].user_id
    with running(
        ("act", clerk, NOW, parents, "answer_now", answer),
        ("open_below", county["window_head"].user_id, NOW, county.company.pk, parents),
    ) as both:
        closing, opening = ({parent: how for parent, how, _ in one.finish()} for one in both)
    for parent in parents:
        assert (closing[parent], opening[parent]) in {("done", "refused"), ("refused", "done")}
        closed = Case.objects.get(pk=parent).outcome != ""
        assert closed is (closing[parent] == "done")
        assert Case.objects.filter(parent=parent, closed_at=None).exists() is not closed
    verify()
