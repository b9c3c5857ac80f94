"""Every way to tamper with a chain is found, and named by its first bad record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.audit.chain import SHA256, SM3, canonical, merkle_path, merkle_root
from qinqing.audit.histories import ChainView, Difference, EventView
from qinqing.audit.verify import AnchorView, Finding, Proof, Verifier, check_chain, leaf, previous_leaf
from qinqing.lib.labels import Label
from tests.audit.chains import build, view

PAYLOADS: list[str | None] = ["一", None, "三", "四", "五"]


def found(chain: ChainView, *anchored: tuple[str, int, str]) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.seq) for finding in check_chain("cases", chain, anchored)[0]]


@pytest.mark.parametrize("algorithm", [SHA256, SM3])
def test_a_whole_chain_has_no_finding(algorithm: str) -> None:
    assert check_chain("cases", view("帮1", build("帮1", PAYLOADS, algorithm))) == ([], 5, 0)


def test_a_chain_may_change_its_algorithm() -> None:
    """The first records by SHA-256, later ones by SM3."""
    from qinqing.audit.chain import link

    events = build("帮1", ["一"])
    head = canonical({"case": "帮1", "seq": 2, "commitment": None})
    events.append(EventView(2, head, link(events[0].hash, head, SM3)))
    assert found(view("帮1", events)) == []


def test_an_erased_payload_leaves_the_chain_whole() -> None:
    events = build("帮1", PAYLOADS)
    events[2] = replace(events[2], payload=None, salt="", erased=True)
    assert check_chain("cases", view("帮1", events)) == ([], 5, 1)


@given(st.integers(0, 4))
def test_a_changed_head(index: int) -> None:
    events = build("帮1", PAYLOADS)
    events[index] = replace(events[index], head=events[index].head.replace("act", "cat"))
    assert found(view("帮1", events)) == [("head", index + 1)]


@given(st.integers(0, 3))
def test_a_deleted_record(index: int) -> None:
    events = build("帮1", PAYLOADS)
    del events[index]
    assert found(view("帮1", events, seq=5)) == [("gap", index + 1)]


def test_a_deleted_record_whose_followers_were_renumbered() -> None:
    events = build("帮1", PAYLOADS)
    del events[2]
    events[2:] = [replace(event, seq=event.seq - 1) for event in events[2:]]
    assert found(view("帮1", events))[0] in {("head", 3), ("prev", 3)}


def test_a_record_that_continues_an_earlier_one() -> None:
    from qinqing.audit.chain import link

    events = build("帮1", PAYLOADS)
    events[3] = replace(events[3], hash=link(events[0].hash, events[3].head))
    assert found(view("帮1", events)) == [("prev", 4)]


def test_a_truncated_chain() -> None:
    events = build("帮1", PAYLOADS)
    assert found(view("帮1", events[:3], seq=5, head_hash=events[-1].hash)) == [("truncated", 4)]
    assert found(view("帮1", [], seq=5, head_hash=events[-1].hash)) == [("truncated", 1)]


def test_a_row_that_does_not_know_the_last_record() -> None:
    events = build("帮1", PAYLOADS)
    assert found(view("帮1", events, seq=4, head_hash=events[3].hash)) == [("truncated", 5)]
    assert found(view("帮1", events, head_hash="0" * 64)) == [("truncated", 5)]


@pytest.mark.parametrize("change", [{"payload": "别的"}, {"payload": None}, {"salt": "0"}, {"erased": True}])
def test_a_swapped_or_removed_payload(change: dict[str, object]) -> None:
    events = build("帮1", PAYLOADS)
    events[2] = replace(events[2], **change)  # type: ignore[arg-type]
    assert found(view("帮1", events)) == [("payload", 3)]


def test_a_payload_nobody_promised() -> None:
    events = build("帮1", PAYLOADS)
    events[1] = replace(events[1], payload="添的", salt="0")
    assert found(view("帮1", events)) == [("payload", 2)]


def test_a_chain_under_another_name() -> None:
    assert found(view("帮2", build("帮1", PAYLOADS))) == [("head", 1)]


def test_heads_that_are_not_json_are_a_finding_not_a_crash() -> None:
    events = build("帮1", PAYLOADS)
    events[0] = replace(events[0], head="{")
    assert ("head", 1) in found(view("帮1", events))


def test_a_state_that_is_not_the_fold() -> None:
    chain = replace(view("帮1", build("帮1", PAYLOADS)), fold_check=lambda: [Difference(Label("stage: x", "stage: x"))])
    findings, _, _ = check_chain("cases", chain)
    assert [(f.kind, f.text.zh) for f in findings] == [("state", "stage: x")]


def test_a_chain_rewritten_whole_is_found_by_its_anchor() -> None:
    honest = build("帮1", PAYLOADS)
    rewritten = build("帮1", ["一", None, "改", "四", "五"])
    day = ("2026-09-29", 4, honest[3].hash)
    assert found(view("帮1", honest), day) == []
    assert found(view("帮1", rewritten)) == []
    assert found(view("帮1", rewritten), day) == [("anchor", 4)]
    assert found(view("帮1", honest[:2]), day) == [("anchor", 4)]


def anchors(*days: list[str]) -> list[AnchorView]:
    views: list[AnchorView] = []
    first = previous_leaf("", "")
    for number, lines in enumerate(days, 1):
        leaves = [first, *lines]
        views.append(AnchorView(f"2026-09-{number:02}", merkle_root(leaves), leaves))
        first = previous_leaf(views[-1].day, views[-1].root)
    return views


def kinds(views: list[AnchorView]) -> list[str]:
    verifier = Verifier()
    for each in views:
        verifier.anchor(each)
    return [finding.kind for finding in verifier.finish(complete=False).findings]


def test_anchors_follow_each_other() -> None:
    one, two, three = anchors([leaf("cases", "帮1", 1, "a")], [], [leaf("cases", "帮1", 2, "b")])
    assert kinds([one, two, three]) == []
    assert kinds([one, three]) == ["anchor"]
    assert kinds([replace(one, root="0" * 64), two, three]) == ["anchor", "anchor"]
    assert kinds([replace(one, leaves=[*(one.leaves or ()), "x\ty\t1\tz"]), two, three]) == ["anchor"]


def test_a_chain_that_an_anchor_lists_and_nobody_has() -> None:
    verifier = Verifier()
    verifier.anchor(anchors([leaf("cases", "帮9", 1, "a")])[0])
    findings = verifier.finish(complete=True).findings
    assert [(f.kind, f.chain) for f in findings] == [("missing", "cases 帮9")]
    assert str(findings[0].text)


def test_a_proof_that_does_not_lead_to_the_root() -> None:
    (whole,) = anchors([leaf("cases", "帮1", 1, "a"), leaf("cases", "帮2", 1, "b")])
    leaves = list(whole.leaves or ())
    proof = Proof(leaves[1], 1, 3, tuple(merkle_path(leaves, 1)))
    assert kinds([AnchorView(whole.day, whole.root, None, (proof,))]) == []
    assert kinds([AnchorView(whole.day, whole.root, None, (replace(proof, leaf=leaves[2]),))]) == ["anchor"]


def test_a_finding_as_json_has_both_languages() -> None:
    findings, _, _ = check_chain("cases", view("帮1", build("帮1", PAYLOADS)[:2], seq=5))
    assert isinstance(findings[0], Finding)
    assert findings[0].as_json()["text"] == {"zh": "应有5条，只有2条", "en": "there should be 5 records, there are 2"}
