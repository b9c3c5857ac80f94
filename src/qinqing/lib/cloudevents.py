"""事件: CloudEvents 1.0 as other houses send them, in structured mode (one JSON object) or binary mode (`ce-` headers,
the body is the data). Pure, strict and bounded: what is not understood to the last letter is refused with its place.

Narrower than the standard: an event has a time, and its data is a JSON object. Extension attributes (a trace, a
partition key) are checked and left out: nothing here acts on them, and they may differ each time an event is sent.
Whether the sender is who it says is the signature's matter (`lib.httpsig`), which must cover every `ce-` header.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, NoReturn
from urllib.parse import unquote

from qinqing.lib.labels import Label

STRUCTURED = "application/cloudevents+json"
JSON = "application/json"
MAX_BODY = 65536  # bytes: what every CloudEvents intermediary must forward
MAX_DEPTH = 16
MAX_KEYS = 512
MAX_DIGITS = 18  # of a whole number: fits 64 bits

_LENGTHS = {"id": 128, "source": 256, "type": 128, "subject": 256}  # characters: they are kept in columns
_LONGEST_ATTRIBUTE = 1024
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_JSON_TYPE = re.compile(r"(application/(?:[a-z0-9.\-]+\+)?json)(?: *; *charset=\"?utf-8\"?)?")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)  # a string, or one bracket outside strings
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Event:
    """One event. (source, id) names it for ever; `time` is in UTC."""

    id: str
    source: str
    type: str
    time: datetime
    data: dict[str, Any]
    subject: str | None = None
    datacontenttype: str = JSON


class EventRefused(Exception):
    """The event cannot be read: `reason` is `malformed`, `too_large`, `missing` or `not_supported`, `where` the
    attribute, header or key in question, `text` what is wrong and what to do."""

    def __init__(self, reason: str, where: str, text: Label) -> None:
        super().__init__(f"{reason}: {where}: {text.en}")
        self.reason = reason
        self.where = where
        self.text = text

    @property
    def label(self) -> Label:
        return Label(f"{self.where}：{self.text.zh}", f"{self.where}: {self.text.en}")


def read_event(headers: Iterable[tuple[str, str]], body: bytes) -> Event:
    """The event of a request, in whichever mode its Content-Type says. Raises EventRefused."""
    fields = _single_headers(headers)
    match = _JSON_TYPE.fullmatch(fields.get("content-type", "").lower())
    if match is not None and match[1] == STRUCTURED:
        return read_structured(body)
    if match is None or match[1].startswith("application/cloudevents"):  # batches, too
        _refuse("not_supported", "content-type", f"须为 {STRUCTURED} 或 {JSON}", f"must be {STRUCTURED} or {JSON}")
    return read_binary(fields, body)


def read_structured(body: bytes) -> Event:
    """The event that is one JSON object. Raises EventRefused."""
    attributes = {name: value for name, value in _json_object(body).items() if value is not None}  # null: not set
    if "data_base64" in attributes:
        _refuse(
            "not_supported", "data_base64", "正文须为 JSON，请放在 data 中", "the data must be JSON: send it as `data`"
        )
    data = attributes.pop("data", None)
    if not isinstance(data, dict):
        _refuse("missing", "data", "缺少 data，或者它不是 JSON 对象", "is missing or not a JSON object")
    return _event(attributes, data)


def read_binary(headers: Mapping[str, str], body: bytes) -> Event:
    """The event of `ce-` headers (names in lower case) and a JSON body. Raises EventRefused."""
    attributes: dict[str, Any] = {}
    for name, value in headers.items():
        if name.startswith("ce-"):
            attributes[name.removeprefix("ce-")] = _unquoted(value, name)
    if "datacontenttype" in attributes:
        _refuse(
            "malformed", "ce-datacontenttype", "二进制模式下请用 Content-Type", "in binary mode Content-Type says it"
        )
    if "content-type" in headers:
        attributes["datacontenttype"] = headers["content-type"]
    return _event(attributes, _json_object(body))


def write_structured(event: Event) -> bytes:
    """The event as a body for Content-Type `application/cloudevents+json`; the reader gives the same event back."""
    return _encoder.encode({"specversion": "1.0", **_content(event)}).encode()


def content_hash(event: Event) -> str:
    """SHA-256 (64 hex digits) over everything the event says, in canonical JSON (keys sorted, no blanks, Chinese as it
    is): a second event with the same (source, id) and another hash is not a repetition but a contradiction."""
    return hashlib.sha256(_encoder.encode(_content(event)).encode()).hexdigest()


def _content(event: Event) -> dict[str, Any]:
    if event.time.tzinfo is None:
        raise ValueError("an event's time has its time zone")
    said = {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": event.time.astimezone(UTC).isoformat(),
        "datacontenttype": event.datacontenttype,
        "data": event.data,
    }
    return said if event.subject is None else said | {"subject": event.subject}


def _event(attributes: dict[str, Any], data: dict[str, Any]) -> Event:
    for name, value in attributes.items():
        _check_attribute(name, value)
    if attributes.get("specversion") != "1.0":
        _refuse("not_supported", "specversion", "须为 1.0", "must be 1.0")
    source = _text(attributes, "source")
    if not _URI.fullmatch(source):
        _refuse("malformed", "source", "须为 URI 引用，汉字须用百分号编码", "must be a URI reference, percent-encoded")
    return Event(
        id=_text(attributes, "id"),
        source=source,
        type=_text(attributes, "type"),
        time=_time(attributes.get("time")),
        data=data,
        subject=_text(attributes, "subject") if "subject" in attributes else None,
        datacontenttype=_content_type(attributes.get("datacontenttype", JSON)),
    )


def _check_attribute(name: str, value: Any) -> None:
    """Also for extension attributes: name and value as section 3 of the standard has them."""
    if not _ATTRIBUTE.fullmatch(name):
        _refuse("malformed", _shown(name), "属性名须为小写字母和数字，不超过 20 个", "a name has up to 20 of a-z, 0-9")
    if not isinstance(value, str | int):
        _refuse(
            "malformed", name, "属性值须为文本、整数或布尔值", "an attribute is a text, a whole number or a boolean"
        )
    if isinstance(value, str) and (len(value) > _LONGEST_ATTRIBUTE or _CONTROL.search(value)):
        _refuse("malformed", name, "文本过长或含控制字符", "the text is too long or has control characters")


def _text(attributes: Mapping[str, Any], name: str) -> str:
    value = attributes.get(name)
    if not isinstance(value, str) or not value.strip():
        _refuse("missing", name, "缺少，或者不是文本", "is missing or not a text")
    if len(value) > _LENGTHS[name]:
        _refuse("too_large", name, f"不得超过 {_LENGTHS[name]} 个字符", f"has at most {_LENGTHS[name]} characters")
    return value


def _time(value: Any) -> datetime:
    if value is None:
        _refuse("missing", "time", "缺少事件时间", "is missing")
    if isinstance(value, str) and _TIME.fullmatch(value.upper()):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    _refuse(
        "malformed",
        "time",
        "须为带时区的 RFC 3339 时间，如 2026-03-02T09:30:00+08:00",
        "must be an RFC 3339 time with its zone, such as 2026-03-02T09:30:00+08:00",
    )


def _content_type(value: Any) -> str:
    match = _JSON_TYPE.fullmatch(value.lower()) if isinstance(value, str) else None
    if match is None:
        _refuse("not_supported", "datacontenttype", f"须为 {JSON}", f"must be {JSON}")
    return match[1]


def _single_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers that matter here, by their names in lower case, each once."""
    found: dict[str, str] = {}
    for given, value in headers:
        name = given.lower()
        if name == "content-type" or name.startswith("ce-"):
            if name in found:
                _refuse("malformed", _shown(name), "出现了不止一次", "is there more than once")
            found[name] = value.strip(" \t")
    return found


def _unquoted(value: str, name: str) -> str:
    """A header's text: beyond printable ASCII, blanks, quotation marks and % are percent-encoded UTF-8."""
    try:
        if not value.isascii() or '"' in value or re.search(r"%(?![0-9A-Fa-f]{2})", value):
            raise ValueError
        return unquote(value, errors="strict")
    except ValueError:
        _refuse("malformed", _shown(name), "须按 UTF-8 百分号编码，不加引号", "must be percent-encoded UTF-8, unquoted")


def _json_object(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY:
        _refuse("too_large", "body", f"不得超过 {MAX_BODY} 字节", f"has at most {MAX_BODY} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("malformed", f"body, byte {error.start + 1}", "不是 UTF-8 文本", "is not UTF-8")
    _check_depth(text)
    try:
        value = _reading(_counting())(text)
    except json.JSONDecodeError as error:
        _refuse("malformed", f"body, character {error.pos + 1}", "不是 JSON", f"is not JSON: {error.msg}")
    if not isinstance(value, dict):
        _refuse("malformed", "body", "须为 JSON 对象", "must be a JSON object")
    return value


def _check_depth(text: str) -> None:
    """Before the JSON is read, in one pass: a reader that descends has to be kept from falling."""
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth += (match[0] in "[{") - (match[0] in "]}")
        if depth > MAX_DEPTH:
            _refuse("too_large", f"body, character {match.start() + 1}", "层次过深", f"goes deeper than {MAX_DEPTH}")


def _reading(pairs: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> Callable[[str], Any]:
    decoder = json.JSONDecoder(
        object_pairs_hook=pairs, parse_int=_whole, parse_float=_fraction, parse_constant=_fraction
    )
    return decoder.decode


def _counting() -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """A builder of objects that refuses a key given twice, texts that are no Unicode, and too many keys in all."""
    keys = 0

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal keys
        keys += len(pairs)
        if keys > MAX_KEYS:
            _refuse("too_large", "body", f"不得超过 {MAX_KEYS} 个键", f"has at most {MAX_KEYS} keys")
        built: dict[str, Any] = {}
        for key, value in pairs:
            if key in built:
                _refuse("malformed", _shown(key), "同一层出现了两次", "is there twice")
            _check_unicode(key, key)
            _check_unicode(value, key)
            built[key] = value
        return built

    return build


def _check_unicode(value: Any, key: str) -> None:
    """A lone half of a surrogate pair is no character. Objects below were checked when they were built."""
    if isinstance(value, list):
        for each in value:
            _check_unicode(each, key)
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse("malformed", _shown(key), "含不成对的代理码", "has half a surrogate pair")


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        _refuse(
            "too_large", text[:40], f"整数不得超过 {MAX_DIGITS} 位", f"a whole number has at most {MAX_DIGITS} digits"
        )
    return int(text)


def _fraction(text: str) -> float:
    value = float(text) if len(text) <= _LONGEST_ATTRIBUTE else float("inf")
    if not isfinite(value):
        _refuse("malformed", text[:40], "不是有限的数", "is not a finite number")
    return value


def _shown(name: str) -> str:
    return ascii(name[:40])[1:-1]


def _refuse(reason: str, where: str, zh: str, en: str) -> NoReturn:
    raise EventRefused(reason, where, Label(zh, en))
