"""Somebody with all rights changes a copy of the database: `qinqing audit verify` finds each change and names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from qinqing.audit import anchors
from qinqing.audit.chain import GENESIS, canonical, commitment, link
from qinqing.cases import acting, blobs, shelf
from qinqing.cases.models import Case
from qinqing.cases.reading import parse
from tests.cases.county import TUESDAY, County, build
from tests.cases.processes import ROOT
from tests.proof.copies import Copy, copied

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = [pytest.mark.long, pytest.mark.django_db(transaction=True)]
EVENTS = 4
OTHER_PARTY = "SELECT MIN(p.id) FROM directory_party p WHERE p.id <> party_id"
OTHER_CASE = "SELECT MIN(c.id) FROM cases_case c"
OTHER_PROCEDURE = "SELECT MIN(p.id) FROM cases_procedure p WHERE p.id <> procedure_id"
PAPER, OTHER = "踏勘记录".encode(), "别的记录".encode()


@pytest.fixture
def numbers(clock: Clock) -> list[str]:
    """Cases of four records, the third with a file, all of them in yesterday's anchor."""
    county = build()
    shelf.store(parse((ROOT / "bench/procedures/joint.yaml").read_text(encoding="utf-8")), TUESDAY)
    made = [_case(county) for _ in range(len(TAMPERINGS) + 4)]
    anchors.make_anchor(TUESDAY.date(), clock.set(TUESDAY + timedelta(days=1)))
    return made


def _case(county: County) -> str:
    case = county.dispatched()
    survey = {"held_on": "2026-09-29", "attendees": "甲", "place": "厂区", "seen": "停车难"}
    paper = blobs.store(SimpleUploadedFile("踏勘.txt", PAPER))
    acting.act(case.pk, "survey", county["handler_a"], TUESDAY, survey, files=[paper])
    acting.act(case.pk, "feed_back", county["handler_a"], TUESDAY, {"answer": "好", "result": "solved"})
    return Case.objects.get(pk=case.pk).number


def of(table: str, number: str, seq: int | None = None) -> str:
    """A condition that picks a case's rows."""
    case = f"(SELECT id FROM cases_case WHERE number = '{number}')"
    if table == "cases_case":
        return f"number = '{number}'"
    if table == "cases_payload":
        return f"event_id = (SELECT id FROM cases_event WHERE case_id = {case} AND seq = {seq})"
    return f"case_id = {case}" + (f" AND seq = {seq}" if seq else "")


def update(table: str, change: str, seq: int | None = None) -> Callable[[Copy, str], None]:
    return lambda copy, number: copy.execute(f"UPDATE {table} SET {change} WHERE {of(table, number, seq)}")


def delete_event(copy: Copy, number: str, seq: int) -> None:
    copy.execute(f"DELETE FROM cases_payload WHERE {of('cases_payload', number, seq)}")
    copy.execute(f"DELETE FROM cases_event WHERE {of('cases_event', number, seq)}")


def rolled_back(copy: Copy, number: str) -> None:
    """The last record goes, and the case stands as if it had never been."""
    delete_event(copy, number, EVENTS)
    (hash_text,) = copy.rows(f"SELECT hash FROM cases_event WHERE {of('cases_event', number, EVENTS - 1)}")[0]
    copy.execute(f"UPDATE cases_case SET seq = {EVENTS - 1}, head_hash = '{hash_text}' WHERE number = '{number}'")


def rewritten(copy: Copy, number: str) -> None:
    """Another text in the second record, and every hash made anew: a chain without fault."""
    query = "SELECT e.seq, e.head, p.salt, p.body FROM cases_event e JOIN cases_payload p ON p.event_id = e.id"
    previous = GENESIS
    for seq, head, salt, body in copy.rows(f"{query} WHERE {of('cases_event', number)} ORDER BY seq"):
        facts, text = json.loads(head), body
        if seq == 3:
            text = body.replace("停车难", "停车易")
            assert text != body
            copy.execute(f"UPDATE cases_payload SET body = '{text}' WHERE {of('cases_payload', number, seq)}")
        facts["commitment"] = commitment(salt, text)
        previous = link(previous, canonical(facts))
        change = f"head = '{canonical(facts)}', hash = '{previous}'"
        copy.execute(f"UPDATE cases_event SET {change} WHERE {of('cases_event', number, seq)}")
    copy.execute(f"UPDATE cases_case SET head_hash = '{previous}' WHERE number = '{number}'")


def attach(copy: Copy, number: str) -> None:
    """Another file in the place of the one that came with the act; it is in the store."""
    other = blobs.store(SimpleUploadedFile("别的.txt", OTHER)).sha256
    place = copy.home / "blobs" / other[:2] / other
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(OTHER)
    copy.execute(f"UPDATE cases_attachment SET sha256 = '{other}' WHERE {of('cases_attachment', number)}")


def swap_payloads(copy: Copy, number: str) -> None:
    query = "SELECT salt, body FROM cases_payload WHERE "
    (one,), (other,) = (copy.rows(query + of("cases_payload", number, seq)) for seq in (2, 4))
    for seq, (salt, body) in ((2, other), (4, one)):
        update("cases_payload", f"salt = '{salt}', body = '{body}'", seq)(copy, number)


# what is done to a case -> kind of the finding, and the record it names
TAMPERINGS: dict[str, tuple[Callable[[Copy, str], None], str, int]] = {
    "stage moved on": (update("cases_case", "stage = 'verifying', round = round + 1"), "state", EVENTS),
    "due time put off": (update("cases_case", "due_at = '2027-01-01 00:00:00+00'"), "state", EVENTS),
    "closed for erasure": (update("cases_case", "closed_at = '2010-01-01 00:00:00+00'"), "state", EVENTS),
    "another party's": (update("cases_case", f"party_id = ({OTHER_PARTY})"), "state", EVENTS),
    "another procedure": (update("cases_case", f"procedure_id = ({OTHER_PROCEDURE})"), "state", EVENTS),
    "another title": (update("cases_case", "title = '别的事项'"), "state", 1),
    "another's receipt": (update("cases_case", "receipt_code = 'AAAAAAAAAA'"), "state", 1),
    "another campaign": (update("cases_case", "action_area = 'x'"), "state", 1),
    "follows another": (update("cases_case", f"predecessor_id = ({OTHER_CASE})"), "state", 1),
    "alarm silenced": (update("cases_case", "level = 4"), "state", EVENTS),
    "task taken off a desk": (update("cases_task", "state = 'void'"), "state", EVENTS),
    "another author": (update("cases_event", "actor_id = 1", 3), "state", 3),
    "acted earlier": (update("cases_event", "occurred_at = '2026-09-28 00:00:00+00'", 3), "state", 3),
    "another act": (update("cases_event", "action = 'note'", 3), "state", 3),
    "record changed": (update("cases_event", "head = replace(head, 'survey', 'consult')", 3), "head", 3),
    "record taken out": (lambda copy, number: delete_event(copy, number, 2), "gap", 2),
    "chain cut": (lambda copy, number: delete_event(copy, number, EVENTS), "truncated", EVENTS),
    "chain cut, row put back": (rolled_back, "anchor", EVENTS),
    "chain written anew": (rewritten, "anchor", EVENTS),
    "content changed": (update("cases_payload", "body = replace(body, '停车难', '停车易')", 3), "payload", 3),
    "contents exchanged": (swap_payloads, "payload", 2),
    "another file": (attach, "state", 3),
    "file renamed": (update("cases_attachment", "name = '收据.txt'"), "state", 3),
}


def test_a_copy_untouched_verifies(numbers: list[str], tmp_path: Path) -> None:
    with copied(tmp_path) as copy:
        assert copy.verify() == (0, [])


def test_each_change_is_found_and_named(numbers: list[str], tmp_path: Path) -> None:
    expected = {}
    with copied(tmp_path) as copy:
        with copy.unguarded():
            for number, (tamper, kind, seq) in zip(numbers, TAMPERINGS.values(), strict=False):
                tamper(copy, number)
                expected[number] = (kind, seq)
        code, found = copy.verify()
        assert code == 1
        first: dict[str, tuple[str, int | None]] = {}
        for kind, number, seq in found:
            first.setdefault(number, (kind, seq))
        names = dict(zip(numbers, TAMPERINGS, strict=False))
        wrong = {names[number]: first.get(number) for number in expected if first.get(number) != expected[number]}
        assert wrong == {}, "not found, or not named by its record"
        assert set(first) == set(expected), "found what nobody did"
        said = copy.said()
    assert all(f"cases {number}#{seq}\t" in said for number, (_, seq) in expected.items())


def test_what_lies_beside_the_chains_is_found_too(numbers: list[str], tmp_path: Path) -> None:
    """Guards, anchors, files in the store, whole cases, content passed off as erased."""
    with copied(tmp_path) as copy:
        with copy.unguarded():
            for table in ("cases_payload", "cases_event", "cases_attachment", "cases_rung", "cases_task", "cases_case"):
                whole = f"EXISTS (SELECT 1 FROM cases_event e WHERE e.id = event_id AND {of('e', numbers[0])})"
                where = whole if table == "cases_payload" else of(table, numbers[0])
                copy.database.execute(f"DELETE FROM {table} WHERE {where}")
            erased = "body = NULL, salt = '', erased_at = '2026-09-29 00:00:00+00'"
            update("cases_payload", erased, 2)(copy, numbers[1])
        copy.drop([guard for guard in copy.guards() if guard[0].startswith("append_only_cases_event_")])
        (anchor,) = (copy.home / "anchors").glob("*.txt")
        anchor.chmod(0o644)
        anchor.write_text(anchor.read_text("utf-8").replace(f"{numbers[2]}\t4\t", f"{numbers[2]}\t3\t"), "utf-8")
        paper = blobs.store(SimpleUploadedFile("踏勘.txt", PAPER)).sha256
        (copy.home / "blobs" / paper[:2] / paper).write_bytes(OTHER)
        code, found = copy.verify()
    assert code == 1
    files = {("file", number, 3) for number in numbers[1:]}
    assert set(found) == files | {
        ("anchor", "", None),  # its root does not follow from its list
        ("anchor", numbers[2], 3),
        ("missing", numbers[0], None),
        ("erasure", "", None),
        ("state", numbers[1], 1),  # said to be erased, but its title still stands
        ("unguarded", "", None),
    }


def test_without_its_anchor_file_and_with_another_row(numbers: list[str], tmp_path: Path) -> None:
    with copied(tmp_path) as copy:
        (anchor,) = (copy.home / "anchors").glob("*.txt")
        anchor.unlink()
        (copy.home / "blobs").rename(copy.home / "gone")
        code, found = copy.verify()
    assert code == 1
    assert set(found) == {("anchor", "", None), *(("file", number, 3) for number in numbers)}
