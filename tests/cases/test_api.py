"""The API of the kernel: the same acts and refusals as the pages, in one JSON shape, for people and programs."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from qinqing.accounts import tokens
from qinqing.accounts.models import User
from qinqing.cases.models import Case
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import client, happened
from tests.conftest import Clock
from tests.examples import many
from tests.worlds import Once

pytestmark = pytest.mark.django_db
OPENING = {"procedure": "hard_case", "title": "停车难", "fields": {"text": "厂区停车难"}}


@pytest.fixture(scope="module")
def built(once: Once) -> County:
    return once(build)


@pytest.fixture
def county(built: County, clock: Clock) -> County:
    clock.set(TUESDAY)
    return deepcopy(built)


class Caller:
    """A person or program at the API."""

    def __init__(self, client: Client, **headers: str) -> None:
        self.client, self.headers = client, headers

    def post(self, address: str, body: Any) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(f"/api{address}", text, content_type="application/json", headers=self.headers)

    def get(self, address: str) -> Any:
        return self.client.get(f"/api{address}", headers=self.headers)

    def act(self, case: Case, action: str, **body: Any) -> Any:
        return self.post(f"/cases/{quote(case.number)}/acts/{action}", body)

    def read(self, case: Case) -> Any:
        return self.get(f"/cases/{quote(case.number)}")


def person(county: County, name: str, language: str = "zh") -> Caller:
    return Caller(client(county, name, language))


def program(county: County) -> Caller:
    robot = User.objects.create(username="hotline", name="12345热线", kind="program")
    _, text = tokens.issue(robot, "x", TUESDAY, TUESDAY + timedelta(days=1))
    return Caller(Client(), Authorization=f"Bearer {text}")


def opening(county: County, **more: Any) -> dict[str, Any]:
    return {**OPENING, "party_id": county.company.pk, **more}


def problem(answer: HttpResponse, status: int) -> dict[str, Any]:
    """The answer, held to the one shape of a problem."""
    assert answer.status_code == status, answer.content.decode()
    assert answer["Content-Type"].startswith("application/problem+json")
    body: dict[str, Any] = json.loads(answer.content)
    assert {"type", "title", "status", "detail", "instance", "errors"} <= set(body)
    assert body["status"] == status and body["type"].startswith("urn:qinqing:problem:")
    assert body["title"] and body["detail"] and body["instance"].startswith("/api/")
    assert all(set(error) == {"field", "detail"} for error in body["errors"])
    return body


class TestOpen:
    def test_by_the_window_and_by_a_program(self, county: County) -> None:
        for caller in (person(county, "clerk"), program(county)):
            answer = caller.post("/cases", opening(county))
            assert answer.status_code == 201
            case = Case.objects.get(number=answer.json()["number"])
            assert answer.json() == {"number": case.number, "seq": 1, "version": 1, "replayed": False}
            assert case.channel == "api" and case.stage == "intake" and happened(case) == ["open"]

    def test_with_a_first_act(self, county: County) -> None:
        more = {"first_act": "dispatch", "first_fields": {"class": "general", "lead": county.unit("a")}}
        answer = person(county, "clerk").post("/cases", opening(county, **more))
        assert answer.status_code == 201 and answer.json()["seq"] == 2
        assert Case.objects.get().stage == "handling"
        bad = person(county, "clerk").post("/cases", opening(county, first_act="dispatch"))
        assert {error["field"] for error in problem(bad, 422)["errors"]} == {"class", "lead"}
        assert Case.objects.count() == 1

    @pytest.mark.parametrize("name", ["handler_a", "supervisor", "agent", "inspector"])
    def test_not_by_others(self, county: County, name: str) -> None:
        problem(person(county, name).post("/cases", opening(county)), 403)
        assert not Case.objects.exists()

    def test_not_by_nobody(self, county: County) -> None:
        problem(Caller(Client()).post("/cases", opening(county)), 401)
        problem(Caller(Client(), Authorization="Bearer qq_wrong").post("/cases", opening(county)), 401)

    @pytest.mark.parametrize(
        "more",
        [
            {"title": ""}, {"title": "长" * 81}, {"title": "a\x00b"}, {"title": "残\ud800"}, {"title": None},
            {"channel": "x\x00"}, {"channel": "x" * 17}, {"fields": []}, {"fields": {"text": ""}}, {"fields": {}},
            {"fields": {"text": "x", "surplus": 1}}, {"fields": {"text": "a\x00"}}, {"fields": {"text": "\ud800"}},
            {"fields": {"\ud800": 1}}, {"fields": {"text": {"a": 1}}}, {"party_id": 0}, {"party_id": 2**63},
            {"party_id": "x"}, {"idempotency_key": ""}, {"idempotency_key": "键"}, {"idempotency_key": "k" * 61},
            {"first_act": "x\x00"}, {"procedure": 7},
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said(self, county: County, more: dict[str, Any]) -> None:
        answer = person(county, "clerk").post("/cases", opening(county, **more))
        assert answer.status_code in {400, 409, 422}
        problem(answer, answer.status_code)
        assert not Case.objects.exists()

    @pytest.mark.parametrize("more", [{"party_id": 999_999}, {"procedure": "none"}, {"procedure": "a\x00"}])
    def test_what_does_not_exist(self, county: County, more: dict[str, Any]) -> None:
        answer = person(county, "clerk").post("/cases", opening(county, **more))
        assert answer.status_code in {400, 404, 422}
        problem(answer, answer.status_code)

    @pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "9" * 5000, '{"title": ' * 500, b"\xff"])
    def test_what_is_no_request(self, county: County, body: Any) -> None:
        answer = client(county, "clerk").post("/api/cases", body, content_type="application/json")
        assert answer.status_code in {400, 422}
        problem(answer, answer.status_code)

    def test_the_same_key_opens_one(self, county: County) -> None:
        caller = person(county, "clerk")
        first, again = (caller.post("/cases", opening(county, idempotency_key="k")).json() for _ in range(2))
        assert again == {**first, "replayed": True} and Case.objects.count() == 1
        assert person(county, "window_head").post("/cases", opening(county, idempotency_key="k")).status_code == 201
        assert Case.objects.count() == 2, "keys are one's own"


class TestAct:
    def test_offers_say_what_is_needed_and_can_be_done(self, county: County) -> None:
        case = county.dispatched("b")
        caller = person(county, "handler_a")
        offers = {offer["action"]: offer for offer in caller.read(case).json()["offers"]}
        offer = offers["ask_party"]
        assert offer["needs"] == ["notice", "legal_basis"] and offer["may"] == [] and offer["evidence"] == 0
        fields = {"notice": "请补图", "legal_basis": "规则九"}
        done = caller.act(case, "ask_party", fields=fields, task_id=offer["task_id"], expected_version=offer["version"])
        assert done.status_code == 200 and done.json()["replayed"] is False
        assert caller.read(case).json()["held"] is True

    def test_the_second_is_told_what_changed(self, county: County) -> None:
        case = county.dispatched()
        task = county.task(case, "lead")
        at_task = {"task_id": task.pk, "expected_version": task.version}
        assert person(county, "handler_a").act(case, "sign", **at_task).status_code == 200
        body = problem(person(county, "head_a").act(case, "sign", **at_task), 409)
        assert body["type"].endswith(":conflict")
        assert (body["expected"], body["current"], body["seq"]) == (task.version, task.version + 1, 3)

    def test_what_is_missing_is_named_in_the_readers_language(self, county: County) -> None:
        case = county.open()
        for language, says in (("zh", "请选择"), ("en", "Please choose")):
            body = problem(person(county, "clerk", language).act(case, "dispatch", fields={"class": "general"}), 422)
            assert body["type"].endswith(":incomplete")
            assert [error["field"] for error in body["errors"]] == ["lead"]
            assert says in body["errors"][0]["detail"]

    def test_refused_gone_and_unknown(self, county: County) -> None:
        case = county.dispatched()
        assert problem(person(county, "clerk").act(case, "feed_back"), 403)["type"].endswith(":refused")
        assert problem(person(county, "handler_a").act(case, "dispatch"), 409)["type"].endswith(":not_open")
        problem(person(county, "handler_e").act(case, "feed_back"), 404)
        problem(person(county, "stranger").act(case, "withdraw", fields={"reason": "x"}), 404)
        problem(person(county, "clerk").get("/cases/none"), 404)
        problem(person(county, "clerk").get("/cases/a%00b"), 400)
        assert happened(case) == ["open", "dispatch"]

    def test_the_same_key_acts_once_and_for_one_thing(self, county: County) -> None:
        case, other = county.dispatched(), county.dispatched()
        caller = person(county, "handler_a")
        tasks = [county.task(of, "lead").pk for of in (case, other)]
        body = {"fields": {"note": "已联系"}, "idempotency_key": "k"}
        first, again = (caller.act(case, "note", task_id=tasks[0], **body) for _ in range(2))
        assert again.json() == {**first.json(), "replayed": True} and happened(case).count("note") == 1
        problem(caller.act(case, "sign", task_id=tasks[0], idempotency_key="k"), 409)
        problem(caller.act(other, "note", task_id=tasks[1], **body), 409)
        assert "note" not in happened(other), "a key of another case is no receipt for this one"

    def test_a_program_reads_what_it_opened(self, county: County) -> None:
        caller = program(county)
        number = caller.post("/cases", opening(county)).json()["number"]
        assert caller.get(f"/cases/{quote(number)}").json()["stage"] == "intake"
        assert caller.get(f"/cases/{quote(county.open().number)}").status_code == 404, "somebody else's"

    def test_a_session_needs_its_token_against_forgery(self, county: County) -> None:
        case = county.dispatched()
        caller = Caller(client(county, "handler_a", enforce_csrf_checks=True))
        answer = caller.act(case, "note", fields={"note": "x"})
        problem(answer, 403)
        assert "防伪标记" in answer.content.decode()
        assert happened(case) == ["open", "dispatch"]
        caller.client.get("/desk/")
        caller.headers["X-CSRFToken"] = caller.client.cookies["csrftoken"].value
        assert caller.act(case, "note", fields={"note": "x"}).status_code == 200

    @pytest.mark.parametrize(
        "more",
        [
            {"task_id": 0}, {"task_id": 2**63}, {"expected_version": -1}, {"expected_version": 2**31},
            {"fields": None}, {"fields": "x"}, {"idempotency_key": " "},
        ],
    )  # fmt: skip
    def test_what_is_out_of_bounds(self, county: County, more: dict[str, Any]) -> None:
        case = county.dispatched()
        problem(person(county, "handler_a").act(case, "sign", **more), 422)

    def test_any_value_is_taken_or_named(self, county: County) -> None:
        case = county.open()
        caller = person(county, "clerk")
        values = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(st.characters()), inner, max_size=2),
            max_leaves=3,
        )
        names = st.sampled_from(["class", "lead", "assistants", "answer", "ground"]) | st.text(
            st.characters(), max_size=3
        )

        @hypothesis(max_examples=many(80), deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            st.dictionaries(names, values, max_size=4), st.sampled_from(["dispatch", "answer_now", "decline", "note"])
        )
        def try_it(fields: dict[str, Any], action: str) -> None:
            answer = caller.act(case, action, fields=fields)
            if answer.status_code != 200:
                problem(answer, answer.status_code)
                assert answer.status_code in {400, 403, 409, 422}

        try_it()


class TestRead:
    def test_officers_see_all_and_parties_what_is_theirs(self, county: County) -> None:
        case = county.dispatched("b")
        at_task = county.task(case, "lead").pk
        person(county, "handler_a").act(case, "note", fields={"note": "内部记事"}, task_id=at_task)
        officer, party = person(county, "handler_a").read(case).json(), person(county, "agent").read(case).json()
        assert officer["number"] == case.number and officer["procedure"] == "hard_case@2"
        assert {task["node"]: task["mine"] for task in officer["tasks"]} == {"lead": True, "assist": False}
        assert [event["seq"] for event in officer["events"]] == [3, 2, 1]
        assert "内部记事" in json.dumps(officer, ensure_ascii=False)
        assert "内部记事" not in json.dumps(party, ensure_ascii=False)
        assert {offer["action"] for offer in party["offers"]} == {"supplement", "withdraw"}
        problem(person(county, "stranger").read(case), 404)
        problem(person(county, "handler_e").read(case), 404)
        assert [offer["action"] for offer in person(county, "inspector").read(case).json()["offers"]] == ["send_letter"]

    def test_the_desk(self, county: County) -> None:
        case = county.dispatched("b")
        for name, tab in (("handler_a", "sign"), ("handler_b", "sign")):
            (row,) = person(county, name).get(f"/desk?tab={tab}").json()
            assert row["number"] == case.number and row["tab"] == tab and row["left"]
        assert person(county, "handler_c").get("/desk").json() == []
        problem(person(county, "agent").get("/desk"), 403)
        problem(person(county, "handler_a").get(f"/desk?tab={'x' * 21}"), 422)
