"""Near-duplicates at intake, and cases merged: who is shown what, who is told, what is refused."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.appeals import alike, intake, near, sketch
from qinqing.appeals.models import Merged, Sketch
from qinqing.cases import acting
from qinqing.cases.models import Case
from qinqing.cases.refusals import Incomplete, NotOpen
from qinqing.directory.models import Party
from qinqing.messaging import worker
from qinqing.messaging.models import Notice
from tests.cases.county import TUESDAY, County, build
from tests.cases.doors import at, client, code, page
from tests.conftest import Clock

MESSAGES = Path(__file__).parents[2] / "../shared/data/appeals/messages_with_replies.csv"
TEXT = "城东工业园门口停车位不足，送货的货车进不来，已经反映过两次，一直没有解决，请尽快协调。"
SAME = "城东工业园门口停车位不足，送货的货车进不来，已经反映过两次一直没有解决，请尽快协调！谢谢"
FIRST_TWO = [7485989310777549722, 931059118697228165]  # of TEXT's sketch
OTHER = "我公司申请的社保补贴至今没有到账，电话咨询说还在审核，请告诉我们大概的时间。"


@pytest.fixture
def county(db: None, settings: Any, tmp_path: Path, clock: Clock) -> County:
    settings.HOME = tmp_path
    clock.set(TUESDAY)
    county = build()
    user = User.objects.create(username="phone:13900002046", name="赵长河", kind="party")
    person = Party.objects.create(kind="person", name=user.name, name_norm=user.name, user=user, updated_at=TUESDAY)
    county.people["zhao"] = Actor(user.pk, user.name, "party", party_ids=frozenset({person.pk}))
    return county


def opened(county: County, text: str = TEXT, *, by: str = "", now: datetime = TUESDAY, visitor: str = "") -> Case:
    """A matter of the company, or of the person `by`."""
    (party,) = county[by].party_ids if by else (county.company.pk,)
    data = {"text": text, **({"visitor": visitor} if visitor else {})}
    done = acting.open_case("hard_case", party, county["clerk"], now, data, title=intake.title_of(text))
    near.remember([done.case_id], now)
    return Case.objects.get(pk=done.case_id)


def merged(county: County, case: Case, main: Case, key: str | None = None) -> acting.Done:
    sent = {"main_no": main.number}
    return acting.act(case.pk, "merge", county["clerk"], TUESDAY, sent, idempotency_key=key)


def work() -> None:
    worker.run(Event(), once=True, clock=lambda: TUESDAY)


def told(name: str, county: County) -> list[str]:
    return list(Notice.objects.filter(user=county[name].user_id).order_by("pk").values_list("title_zh", flat=True))


def answered(county: County, main: Case, answer: str) -> None:
    """The main case dispatched, answered by section A and signed off."""
    dispatch = {"class": "general", "lead": county.unit("a")}
    acting.act(main.pk, "dispatch", county["clerk"], TUESDAY, dispatch)
    acting.act(main.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": answer, "result": "solved"})
    acting.act(main.pk, "approve", county["head_a"], TUESDAY)


# -- sketches


@pytest.mark.skipif(not MESSAGES.exists(), reason="the real messages are not beside this checkout")
def test_on_real_messages_nearly_every_pair_meets_and_few_others() -> None:
    with MESSAGES.open(encoding="utf-8-sig", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    pairs = alike.pairs(enumerate(texts))
    bands = [frozenset(sketch.bands(text)) for text in texts]
    missed = [pair for pair in pairs if bands[pair[0]].isdisjoint(bands[pair[1]])]
    assert len(pairs) > 50 and len(missed) <= len(pairs) // 50, missed
    places: dict[int, int] = {}
    for own in bands:
        for band in own:
            places[band] = places.get(band, 0) + 1
    assert sum(count - 1 for count in places.values()) < 24 * 4 * len(texts), "too many meet by chance"


def test_a_sketch_is_the_same_for_ever() -> None:
    """Sketches are stored: changing how they are made means making all again."""
    assert sketch.bands(TEXT)[:2] == sketch.bands("　" + TEXT.replace("，", ","))[:2] == FIRST_TWO


@pytest.mark.parametrize("text", ["", "车", "停车", "🙂🙂🙂", "\x00", "x" * 5000])
def test_any_text_has_a_sketch(text: str) -> None:
    assert len(sketch.bands(text)) == sketch.BANDS


# -- at intake


def test_what_is_nearly_the_same_is_found_likest_first(county: County) -> None:
    close, far, same = opened(county, SAME), opened(county, OTHER), opened(county, TEXT, by="zhao")
    hits = near.find(TEXT, TUESDAY)
    assert [hit.row.case.pk for hit in hits] == [same.pk, close.pk] and far.pk not in {hit.row.case.pk for hit in hits}
    assert hits[0].percent == 100 and alike.SURE * 100 <= hits[1].percent < 100
    assert (hits[0].party, hits[1].party) == ("赵*河", "禾穗传动")
    assert (
        near.find("停车难", TUESDAY) == near.find("", TUESDAY) == near.find("城东工业园门口停车位不足", TUESDAY) == []
    )


def test_closed_matters_for_ninety_days(county: County) -> None:
    case = opened(county)
    acting.act(case.pk, "withdraw", county["agent"], TUESDAY, {"reason": "另行处理"})
    (hit,) = near.find(TEXT, TUESDAY + timedelta(days=89))
    assert not hit.mergeable
    still_open = opened(county, now=TUESDAY - timedelta(days=1))
    assert [one.row.case.pk for one in near.find(TEXT, TUESDAY)] == [still_open.pk, case.pk]
    Sketch.objects.filter(case=still_open).delete()
    assert near.find(TEXT, TUESDAY + timedelta(days=91)) == []
    assert not near.forget_old(TUESDAY + timedelta(days=89)) and Sketch.objects.count() == sketch.BANDS
    assert not near.forget_old(TUESDAY + timedelta(days=91)) and Sketch.objects.count() == 0
    near.remember([case.pk], TUESDAY + timedelta(days=91))
    assert Sketch.objects.count() == 0


def test_the_worker_remembers_once(county: County) -> None:
    case = county.open(data={"text": TEXT})
    assert near.find(TEXT, TUESDAY) == []
    work()
    work()
    assert [hit.row.case.pk for hit in near.find(TEXT, TUESDAY)] == [case.pk]
    assert Sketch.objects.count() == sketch.BANDS


def test_restricted_procedures_are_not_compared(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(county)
    monkeypatch.setattr(near, "may_be_found", lambda procedure: False)
    assert near.find(TEXT, TUESDAY) == []
    case = opened(county, OTHER)
    assert not Sketch.objects.filter(case=case).exists()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_window_offers_to_merge_in_one_press(county: County, language: str) -> None:
    case = opened(county, by="zhao")
    shown = client(county, "clerk", language).get("/window/hints/", {"text": SAME}).content.decode()
    assert f'data-choose="main_no" data-value="{case.number}"' in shown
    assert "赵*河" in shown and "赵长河" not in shown
    assert case.number not in client(county, "clerk").get("/window/hints/", {"text": OTHER}).content.decode()
    form = page(client(county, "clerk", language), "/window/")
    assert 'name="main_no"' in form and 'value="merge"' in form


def test_taken_in_and_merged_at_the_window(county: County) -> None:
    main = opened(county)
    sent = {"new_kind": "unnamed", "text": SAME, "channel": "window", "cls": "general", "action": "merge", "key": "k1"}
    clerk = client(county, "clerk")
    refused = clerk.post("/window/", {**sent, "main_no": "帮2026-9999"})
    assert refused.status_code == 422 and "没有编号为帮2026-9999的办件" in refused.content.decode()
    assert SAME in refused.content.decode() and Case.objects.count() == 1
    for _ in range(2):  # pressed twice
        assert clerk.post("/window/", {**sent, "main_no": main.number}).status_code == 302
    (row,) = Merged.objects.select_related("case")
    assert (row.main_id, row.case.outcome) == (main.pk, "merged") and Case.objects.count() == 2


# -- merging


def test_what_cannot_be_merged_is_refused_with_the_reason(county: County) -> None:
    main, case, closed, gone = (opened(county) for _ in range(4))
    acting.act(closed.pk, "withdraw", county["agent"], TUESDAY, {"reason": "另行处理"})
    merged(county, gone, main)
    for number, why in (
        (case.number, "自身"), ("帮2026-9999", "没有编号"), (closed.number, "已办结"),
        (gone.number, f"已并入{main.number}"), ("", "填写"), ("' OR 1=1", "没有编号"),
    ):  # fmt: skip
        with pytest.raises(Incomplete) as refusal:
            acting.act(case.pk, "merge", county["clerk"], TUESDAY, {"main_no": number})
        assert why in refusal.value.fields["main_no"].zh, number
    assert Merged.objects.count() == 1 and Case.objects.get(pk=case.pk).outcome == ""


def test_merged_twice_by_the_same_key_is_merged_once(county: County) -> None:
    main, case = opened(county), opened(county, SAME)
    first, again = merged(county, case, main, "k"), merged(county, case, main, "k")
    assert (again.seq, again.replayed) == (first.seq, True) and Merged.objects.count() == 1
    with pytest.raises(NotOpen):
        merged(county, case, main, "another")


def test_what_was_merged_before_goes_along(county: County) -> None:
    last, middle, first = opened(county), opened(county), opened(county)
    merged(county, first, middle)
    merged(county, middle, last)
    assert set(Merged.objects.values_list("case", "main")) == {(first.pk, last.pk), (middle.pk, last.pk)}


def test_all_reporters_hear_of_answer_end_and_reopening(county: County) -> None:
    main, case = opened(county), opened(county, SAME, by="zhao")
    merged(county, case, main)
    answered(county, main, "已新划车位三十个")
    work()
    assert told("zhao", county) == [f"已并案：{case.number}", f"已答复，请查看（并案）：{case.number}"]
    assert f"已答复，请查看：{main.number}" in told("agent", county)
    proof = [_evidence(county)]
    acting.act(main.pk, "write_off", county["supervisor"], TUESDAY, {"finding": "属实"}, files=proof)
    work()
    assert told("zhao", county)[2:] == [f"办结核销（并案）：{case.number}"]
    acting.act(main.pk, "reopen", county["agent"], TUESDAY, {"reason": "车位仍被占用"})
    work()
    work()
    assert told("zhao", county)[3:] == [f"已重新办理（并案）：{case.number}"]
    links = set(Notice.objects.filter(user=county["zhao"].user_id).values_list("link", flat=True))
    assert links == {f"/cases/{case.number}/"}, "never to the main case, which is not theirs"


def test_a_question_to_the_main_party_is_not_for_the_others(county: County) -> None:
    main, case = opened(county), opened(county, SAME, by="zhao")
    merged(county, case, main)
    acting.act(main.pk, "dispatch", county["clerk"], TUESDAY, {"class": "general", "lead": county.unit("a")})
    asked = {"notice": "请柳女士补充合同", "legal_basis": "条例"}
    acting.act(main.pk, "ask_party", county["handler_a"], TUESDAY, asked)
    work()
    assert told("zhao", county) == [f"已并案：{case.number}"]
    assert "合同" not in page(client(county, "zhao"), at(case))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_follow_page_shows_the_main_case_and_not_its_reporter(county: County, language: str) -> None:
    main, case = opened(county, TEXT + "我是禾穗传动的柳女士。", visitor="柳女士"), opened(county, SAME, by="zhao")
    merged(county, case, main)
    reader = client(county, "zhao", language)
    for address in (at(case), code(case)):
        assert main.number in page(reader, address)
    answered(county, main, "柳女士您好：禾穗传动反映的车位已新划三十个，联系电话13800002046。")
    for address in (at(case), code(case)):
        shown = page(reader, address)
        assert "车位已新划三十个" in shown
        for secret in ("柳女士", "禾穗", "13800002046", main.receipt_code, main.title):
            assert secret not in shown, secret
    assert "赵长河" not in page(client(county, "agent", language), at(main))
    assert client(county, "zhao").get(at(main)).status_code == 404
    assert client(county, "agent").get(at(case)).status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_officers_see_who_else_raised_it(county: County, language: str) -> None:
    main, case = opened(county), opened(county, SAME, by="zhao")
    merged(county, case, main)
    acting.act(main.pk, "dispatch", county["clerk"], TUESDAY, {"class": "general", "lead": county.unit("a")})
    assert f'href="{at(case)}"' in page(client(county, "clerk", language), at(main))
    assert f'href="{at(main)}"' in page(client(county, "clerk", language), at(case))
    handler = page(client(county, "handler_a", language), at(main))
    assert case.number in handler and f'href="{at(case)}"' not in handler, "a number, but not theirs to open"


def _evidence(county: County) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from qinqing.cases import blobs

    return blobs.store(SimpleUploadedFile("现场.pdf", b"%PDF-1.7\n...", "application/pdf"))
