"""CloudEvents: both modes give the same event; everything doubtful is refused with its place, by one exception."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from time import perf_counter
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinqing.audit.chain import canonical
from qinqing.lib.cloudevents import (
    MAX_BODY,
    MAX_DEPTH,
    MAX_KEYS,
    Event,
    EventRefused,
    content_hash,
    read_binary,
    read_event,
    read_structured,
    write_structured,
)

JSON_TYPE = [("Content-Type", "application/cloudevents+json; charset=UTF-8")]
EVENT = Event(
    id="2026-0001",
    source="urn:uscc:91320600MA1ABCDE12",
    type="cn.qinqing.loan.settled",
    time=datetime(2026, 3, 2, 1, 30, 0, 500000, tzinfo=UTC),
    data={"loan": "贷字 1 号", "fen": 123456789012345678, "parts": [1, 2.5, None, {"a": True}]},
    subject="不动产权 0001",
)


def wire(**changes: Any) -> dict[str, Any]:
    """EVENT as a bank writes it, in its own time zone and with an extension of its own."""
    said = {
        "specversion": "1.0",
        "id": EVENT.id,
        "source": EVENT.source,
        "type": EVENT.type,
        "time": "2026-03-02T09:30:00.5+08:00",
        "subject": EVENT.subject,
        "datacontenttype": "application/json",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        "data": EVENT.data,
    }
    return {name: value for name, value in (said | changes).items() if value is not ...}


def structured(**changes: Any) -> bytes:
    return json.dumps(wire(**changes), ensure_ascii=False).encode()


def binary(**changes: Any) -> tuple[list[tuple[str, str]], bytes]:
    said = wire(**changes)
    body = json.dumps(said.pop("data")).encode()
    headers = [("Content-Type", said.pop("datacontenttype", "application/json"))]
    return headers + [(f"CE-{name}", quote(str(value), safe=":+/")) for name, value in said.items()], body


def refused(body: bytes, headers: list[tuple[str, str]] | None = None) -> tuple[str, str]:
    with pytest.raises(EventRefused) as error:
        read_event(JSON_TYPE if headers is None else headers, body)
    assert error.value.label.zh and error.value.label.en
    return error.value.reason, error.value.where


def test_both_modes_say_the_same() -> None:
    assert read_event(JSON_TYPE, structured()) == EVENT
    assert read_event(*binary()) == EVENT
    assert read_event([("Content-Type", "application/cloudevents+json")], write_structured(EVENT)) == EVENT


def test_what_may_be_left_out() -> None:
    event = read_structured(structured(subject=None, datacontenttype=..., traceparent=..., extra=None))
    assert event == replace(EVENT, subject=None)
    assert read_structured(write_structured(event)) == event


def test_the_content_hash() -> None:
    """Of everything said, however it was written; not of what may differ between two sendings."""
    same = json.dumps(
        wire(time="2026-03-02T01:30:00.500000000Z", traceparent="other"), indent=2, sort_keys=True
    ).encode()
    assert content_hash(read_structured(same)) == content_hash(EVENT)
    canonical_text = (
        '{"data":{"fen":123456789012345678,"loan":"贷字 1 号","parts":[1,2.5,null,{"a":true}]},'
        '"datacontenttype":"application/json","id":"2026-0001","source":"urn:uscc:91320600MA1ABCDE12",'
        '"subject":"不动产权 0001","time":"2026-03-02T01:30:00.500000+00:00","type":"cn.qinqing.loan.settled"}'
    )
    assert content_hash(EVENT) == hashlib.sha256(canonical_text.encode()).hexdigest()
    for name, value in [
        ("id", "x"),
        ("source", "x"),
        ("type", "x"),
        ("subject", None),
        ("datacontenttype", "application/x+json"),
        ("time", EVENT.time + timedelta(microseconds=1)),
        ("data", {}),
    ]:
        assert content_hash(replace(EVENT, **{name: value})) != content_hash(EVENT)


def test_events_are_written_as_the_audit_room_writes() -> None:
    assert write_structured(EVENT).decode() == canonical(json.loads(write_structured(EVENT)))


def test_a_naive_time_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        content_hash(replace(EVENT, time=datetime(2026, 3, 2)))  # noqa: DTZ001 - the error in question


@pytest.mark.parametrize(
    ("changes", "reason", "where"),
    [
        ({"specversion": "0.3"}, "not_supported", "specversion"),
        ({"specversion": ...}, "not_supported", "specversion"),
        ({"id": ...}, "missing", "id"),
        ({"id": "  "}, "missing", "id"),
        ({"id": 7}, "missing", "id"),
        ({"id": "x" * 129}, "too_large", "id"),
        ({"id": "a\nb"}, "malformed", "id"),
        ({"id": "a\uffff"}, "malformed", "id"),
        ({"source": "示范银行"}, "malformed", "source"),
        ({"source": "a b"}, "malformed", "source"),
        ({"source": "a%2"}, "malformed", "source"),
        ({"source": "x" * 257}, "too_large", "source"),
        ({"type": ...}, "missing", "type"),
        ({"type": "x" * 129}, "too_large", "type"),
        ({"subject": ""}, "missing", "subject"),
        ({"time": ...}, "missing", "time"),
        ({"time": 1}, "malformed", "time"),
        ({"time": "2026-03-02T09:30:00"}, "malformed", "time"),
        ({"time": "2026-03-02 09:30:00Z"}, "malformed", "time"),
        ({"time": "2026-02-30T09:30:00Z"}, "malformed", "time"),
        ({"time": "2026-03-02T09:30:60Z"}, "malformed", "time"),
        ({"time": "2026-03-02T09:30:00+25:00"}, "malformed", "time"),
        ({"time": "0001-01-01T00:00:00+08:00"}, "malformed", "time"),
        ({"time": "٢٠٢٦-03-02T09:30:00Z"}, "malformed", "time"),
        ({"datacontenttype": "application/xml"}, "not_supported", "datacontenttype"),
        ({"datacontenttype": "application/json; charset=gbk"}, "not_supported", "datacontenttype"),
        ({"datacontenttype": 1}, "not_supported", "datacontenttype"),
        ({"data": ...}, "missing", "data"),
        ({"data": []}, "missing", "data"),
        ({"data_base64": "e30="}, "not_supported", "data_base64"),
        ({"Trace": "x"}, "malformed", "Trace"),
        ({"银行": "x"}, "malformed", r"\u94f6\u884c"),
        ({"x" * 21: "x"}, "malformed", "x" * 21),
        ({"trace": {"a": 1}}, "malformed", "trace"),
        ({"trace": 1.5}, "malformed", "trace"),
        ({"trace": "x" * 1025}, "malformed", "trace"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], reason: str, where: str) -> None:
    assert refused(structured(**changes)) == (reason, where)


@pytest.mark.parametrize(
    ("data", "reason", "where"),
    [
        ('{"a": 1, "a": 2}', "malformed", "a"),
        ('{"b": {"甲": 1, "甲": 1}}', "malformed", r"\u7532"),
        ('{"a": NaN}', "malformed", "NaN"),
        ('{"a": -Infinity}', "malformed", "-Infinity"),
        ('{"a": 1e999}', "malformed", "1e999"),
        (f'{{"a": 0.{"1" * 2000}}}', "malformed", "0." + "1" * 38),
        ('{"a": 1234567890123456789}', "too_large", "1234567890123456789"),
        ('{"a": "\\ud800"}', "malformed", "a"),
        ('{"a": [["\\udfff"]]}', "malformed", "a"),
        ('{"\\ud800": 1}', "malformed", r"\ud800"),
        (
            '{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
            "too_large",
            f"body, character {14 + MAX_DEPTH - 1}",
        ),
        ("{" + ",".join(f'"k{n}":1' for n in range(MAX_KEYS)) + "}", "too_large", "body"),
        ('{"a": 01}', "malformed", "body, character 16"),
        ("{'a': 1}", "malformed", "body, character 10"),
        ('{"a": "\t"}', "malformed", "body, character 16"),
    ],
)
def test_json_that_is_refused(data: str, reason: str, where: str) -> None:
    assert refused(f'{{"data":{data}}}'.encode()) == (reason, where)


@pytest.mark.parametrize(
    ("body", "reason", "where"),
    [
        (b"", "malformed", "body, character 1"),
        (b"[]", "malformed", "body"),
        (b"\xef\xbb\xbf{}", "malformed", "body, character 1"),
        (b"{} x", "malformed", "body, character 4"),
        (b'{"a": "\xff"}', "malformed", "body, byte 8"),
        (b" " * (MAX_BODY + 1), "too_large", "body"),
    ],
)
def test_bodies_that_are_refused(body: bytes, reason: str, where: str) -> None:
    assert refused(body) == (reason, where)


def test_brackets_in_texts_are_no_depth() -> None:
    event = read_structured(structured(data={"a": '[{"\\' * 100, "b": "]"}))
    assert event.data["a"] == '[{"\\' * 100


@pytest.mark.parametrize(
    ("headers", "reason", "where"),
    [
        ([], "not_supported", "content-type"),
        ([("content-type", "text/plain")], "not_supported", "content-type"),
        ([("content-type", "application/cloudevents-batch+json")], "not_supported", "content-type"),
        ([("content-type", "application/json"), ("Content-Type", "application/json")], "malformed", "content-type"),
        ([("content-type", "application/json"), ("ce-id", "1"), ("CE-ID", "1")], "malformed", "ce-id"),
        ([("content-type", "application/json"), ("ce-id", "示")], "malformed", "ce-id"),
        ([("content-type", "application/json"), ("ce-id", '"1"')], "malformed", "ce-id"),
        ([("content-type", "application/json"), ("ce-id", "%FF")], "malformed", "ce-id"),
        ([("content-type", "application/json"), ("ce-id", "%0A")], "malformed", "id"),
        ([("content-type", "application/json"), ("ce-id", "100%")], "malformed", "ce-id"),
        ([("content-type", "application/json"), ("ce-", "1")], "malformed", ""),
        ([("content-type", "application/json"), ("ce-datacontenttype", "x")], "malformed", "ce-datacontenttype"),
        ([("content-type", "application/json"), ("ce-specversion", "1.0")], "missing", "source"),
        ([("content-type", "application/json")], "not_supported", "specversion"),
    ],
)
def test_headers_that_are_refused(headers: list[tuple[str, str]], reason: str, where: str) -> None:
    assert refused(b"{}", headers) == (reason, where)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=20)
NUMBERS = st.integers(-(10**18) + 1, 10**18 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=8,
)
ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
EVENTS = st.builds(
    Event,
    id=TEXTS.filter(str.strip),
    source=st.just(EVENT.source),
    type=TEXTS.filter(str.strip),
    time=st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=ZONES).map(lambda t: t.astimezone(UTC)),  # noqa: DTZ001
    data=st.dictionaries(st.text(max_size=4), VALUES, max_size=4),
    subject=st.none() | TEXTS.filter(str.strip),
)


@given(EVENTS)
def test_what_is_written_is_read_again(event: Event) -> None:
    assert read_structured(write_structured(event)) == event
    assert content_hash(read_structured(write_structured(event))) == content_hash(event)
    said = json.loads(write_structured(event))
    body = json.dumps(said.pop("data")).encode()
    headers = {f"ce-{name}": quote(value, safe=":+") for name, value in said.items() if name != "datacontenttype"}
    assert read_binary(headers, body) == event


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce-id", "ce-source", "ce-type", "ce-time", "ce-specversion"])
        | st.text(max_size=9),
        st.sampled_from(["application/json", "application/cloudevents+json", "1.0", "2026-03-02T09:30:00Z"])
        | st.text(max_size=20),
    ),
    max_size=8,
)


@given(HEADERS, st.binary(max_size=60) | st.text('{}[]",:\\ \n0123eE.-naNtrufls', max_size=60).map(str.encode))
def test_whatever_comes_is_an_event_or_refused(headers: list[tuple[str, str]], body: bytes) -> None:
    for given_headers in (headers, JSON_TYPE):
        try:
            event = read_event(given_headers, body)
        except EventRefused as error:
            assert error.where.isascii() and error.where.isprintable()
        else:
            assert read_structured(write_structured(event)) == event


@given(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 5))
def test_whatever_is_mixed_into_a_good_one(at: int, text: bytes, instead_of: int) -> None:
    body = structured()
    try:
        event = read_structured(body[:at] + text + body[at + instead_of :])
    except EventRefused:
        return
    assert read_structured(write_structured(event)) == event


@pytest.mark.parametrize("seed", ["[", "{", '"', '\\"', '"\\', '{"a":', "1", "-", "[]", "[],", '"",', " ", "\\u0000"])
def test_nothing_makes_reading_slow(seed: str) -> None:
    """One pass: the largest body takes milliseconds whatever it repeats (a quadratic reader would take minutes)."""
    for start in ("", '"', '{"a":"', '{"a":[', '{"data":{"a":"'):
        began = perf_counter()
        with pytest.raises(EventRefused):
            read_structured((start + seed * MAX_BODY)[:MAX_BODY].encode())
        assert perf_counter() - began < 0.5


def test_data_of_bytes_is_refused_with_advice() -> None:
    with pytest.raises(EventRefused, match="send it as `data`"):
        read_structured(structured(data=..., data_base64=base64.b64encode(b"{}").decode()))
