"""Covered components and the signature base: the text over which a signature is made (RFC 9421, sections 2 and 2.5).

A covered component is an `Item` whose value is a field's name in lower case or a derived name such as `@method`.
Fields take no parameter or one of `sf` (written anew as a structured field), `bs` (bytes of each line), `key` (one
member of a dictionary). Not offered, and refused: `req` and `tr` (no responses to signed requests, no trailers here).
"""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import quote, unquote_plus

from qinqing.lib.httpsig.fields import (
    MAX_LENGTH,
    MAX_PARTS,
    InnerList,
    Item,
    read_dictionary,
    write_dictionary,
    write_member,
)
from qinqing.lib.httpsig.message import Message, Request, Response, field_lines
from qinqing.lib.httpsig.refusals import Reason, SignatureRefused, quoted

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
_BREAKS = re.compile(r"[\r\n\0]")
_PORTS = {"http": ":80", "https": ":443"}
_Lines = dict[str, list[str]]

# `sf` must know what a field is: these are dictionaries; what does not stand here cannot be covered with it.
_DICTIONARIES = ("content-digest", "repr-digest", "priority", "signature", "signature-input")


def signature_base(message: Message, covered: InnerList) -> bytes:
    """The bytes to sign or verify. SignatureRefused: malformed, too large, component not present.

    A line break inside a value is refused, so that no field can pretend to be the next line of the base.
    """
    if len(covered.items) > MAX_PARTS:
        raise SignatureRefused(Reason.TOO_LARGE, "signature-input")
    lines = field_lines(message)
    base: dict[str, str] = {}
    for component in covered.items:
        identifier = _identifier(component)
        if identifier in base:
            raise SignatureRefused(Reason.MALFORMED, f"{quoted(identifier)} twice")
        value = _value(message, lines, component, identifier)
        if _BREAKS.search(value) or not value.isascii():
            raise SignatureRefused(Reason.MALFORMED, quoted(identifier))
        base[identifier] = value
    base['"@signature-params"'] = _written(covered)
    return "\n".join(f"{identifier}: {value}" for identifier, value in base.items()).encode("ascii")


def joined(lines: _Lines, name: str) -> str | None:
    """A field's value, several lines joined by commas as HTTP has it; None when the message has no such field.
    SignatureRefused (too large) beyond what any component may have."""
    if name not in lines:
        return None
    values = lines[name]
    if sum(map(len, values)) + 2 * len(values) > MAX_LENGTH + 2:
        raise SignatureRefused(Reason.TOO_LARGE, quoted(name))
    return ", ".join(values)


def _identifier(component: Item) -> str:
    """`"content-digest";key="sha-256"`: how the base names the component."""
    if not isinstance(component.value, str):
        raise SignatureRefused(Reason.MALFORMED, "signature-input: a component is not a string")
    return _written(component)


def _written(member: Item | InnerList) -> str:
    try:
        return write_member(member)
    except ValueError as error:  # only for what was not read but made: text beyond ASCII, numbers out of range
        raise SignatureRefused(Reason.MALFORMED, "signature-input") from error


def _value(message: Message, lines: _Lines, component: Item, identifier: str) -> str:
    name = str(component.value)
    if name.startswith("@"):
        derived = _derived(message, component)
        if derived is None:
            raise SignatureRefused(Reason.MALFORMED, f"{quoted(identifier)} is not known here")
        return derived
    if not _NAME.fullmatch(name):
        raise SignatureRefused(Reason.MALFORMED, quoted(identifier))
    value = joined(lines, name)
    if value is None:
        raise SignatureRefused(Reason.NOT_PRESENT, quoted(identifier))
    if not component.parameters:
        return value
    return _as_asked(lines[name], value, component, identifier)


def _as_asked(values: list[str], value: str, component: Item, identifier: str) -> str:
    """A field's value with one of the parameters `sf`, `bs`, `key`."""
    name = str(component.value)
    match dict(component.parameters):
        case {"bs": True, **rest} if not rest:
            return ", ".join(f":{b64encode(_octets(each, identifier)).decode()}:" for each in values)
        case {"sf": True, **rest} if not rest and name in _DICTIONARIES:
            return write_dictionary(read_dictionary(value, name))
        case {"key": str(key), **rest} if not rest:
            member = read_dictionary(value, name).get(key)
            if member is None:
                raise SignatureRefused(Reason.NOT_PRESENT, quoted(identifier))
            return write_member(member)
    raise SignatureRefused(Reason.MALFORMED, f"{quoted(identifier)}: these parameters are not known here")


def _octets(value: str, identifier: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise SignatureRefused(Reason.MALFORMED, quoted(identifier)) from error


def _derived(message: Message, component: Item) -> str | None:
    """The value of a component that begins with @; None for one that this kind of message does not have."""
    if isinstance(message, Response):
        return str(message.status) if component == Item("@status") else None
    if component.value == "@query-param":
        return _query_parameter(message.query, component)
    if component.parameters:
        return None
    return _request_values(message).get(str(component.value))


def _request_values(request: Request) -> dict[str, str]:
    scheme, path = request.scheme.lower(), request.path or "/"
    authority = request.authority.lower().removesuffix(_PORTS.get(scheme, ""))
    target = f"{path}?{request.query}" if request.query else path
    return {
        "@method": request.method,
        "@scheme": scheme,
        "@authority": authority,
        "@path": path,
        "@query": f"?{request.query}",
        "@request-target": target,
        "@target-uri": f"{scheme}://{authority}{target}",
    }


def _query_parameter(query: str, component: Item) -> str | None:
    """One value of the query, decoded and encoded anew; a name that occurs twice cannot be covered (section 2.2.8)."""
    name = component.parameters.get("name")
    if not isinstance(name, str) or len(component.parameters) > 1:
        return None
    where = f"@query-param {quoted(name)}"
    if len(query) > MAX_LENGTH or query.count("&") >= MAX_PARTS:
        raise SignatureRefused(Reason.TOO_LARGE, where)
    try:
        pairs = (pair.partition("=") for pair in query.split("&") if pair)
        values = [_recoded(value) for key, _, value in pairs if _recoded(key) == name]
    except UnicodeDecodeError as error:
        raise SignatureRefused(Reason.MALFORMED, where) from error
    if len(values) != 1:
        raise SignatureRefused(Reason.NOT_PRESENT, where)
    return values[0]


def _recoded(text: str) -> str:
    return quote(unquote_plus(text, errors="strict"), safe="*").replace("~", "%7E")
