"""验签: what a server of this project asks of a signed request, and how a client signs one that it takes.

Covered must be `@method`, `@authority`, `@path`, `@query`, `content-type`, `content-digest`, and every `ce-` header
there is (a CloudEvent in binary mode carries its attributes there). Why these and no others:

- A reverse proxy ends TLS and speaks plain HTTP to the server, so `@scheme` and `@target-uri` are on the server's side
  only what `X-Forwarded-Proto` claims. They are left out; `@path` and `@query` hold the rest of the address.
- `@authority` binds the message to this installation: what a bank signed for one county cannot be replayed to another
  that has the same key on file. The proxy must hand the `Host` header on unchanged, port included, as it must for the
  allowed host names to work at all; the door takes it from there after that check, never from `X-Forwarded-Host`.
- `@query` although the door takes none: so nobody can add one.
- A proxy may rewrite other headers (`content-length`, `date`, `via`); to cover them is allowed and asked by nobody.

Replay: a signature lives `tolerance` around its `created` and names a nonce. This room keeps no memory: who calls keeps
(keyid, nonce) until `Verified.until` and refuses it a second time. And whoever reads the event afterwards reads it from
the same headers and body that were given here: nothing else was verified.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from qinqing.lib.httpsig.components import joined, signature_base
from qinqing.lib.httpsig.digest import FIELD, check_digest, content_digest
from qinqing.lib.httpsig.fields import Bare, InnerList, Item, Member, read_dictionary, write_dictionary
from qinqing.lib.httpsig.keys import ED25519, Key
from qinqing.lib.httpsig.message import Message, Request, field_lines
from qinqing.lib.httpsig.refusals import Reason, SignatureRefused, quoted

TAG = "qinqing-event"  # a signature made for anything else is not taken for one of ours
TOLERANCE = timedelta(minutes=5)  # between the sender's clock and ours, either way
DOOR_ALGORITHMS = (ED25519,)
MAX_HEADERS = 128
MAX_TEXT = 128  # characters of keyid and nonce: they are kept

_SECOND = timedelta(seconds=1)  # `created` is whole seconds
_ALWAYS = ("@method", "@authority", "@path", "@query")
_INPUT, _SIGNATURE = "signature-input", "signature"


@dataclass(frozen=True)
class Verified:
    """Who signed, when, once for this nonce; `until` is the moment from which the signature is too old anyway."""

    keyid: str
    nonce: str
    created: datetime
    tag: str
    until: datetime


def door_components(request: Request) -> tuple[str, ...]:
    """What a signature must cover: see above. A request without body and content type (GET) need not cover those."""
    names = sorted({name.lower() for name, _ in request.headers})
    fields = [name for name in names if name.startswith("ce-") or name in ("content-type", FIELD)]
    if request.body and FIELD not in fields:
        fields.append(FIELD)
    return (*_ALWAYS, *fields)


def verify_request(
    request: Request,
    keys: Callable[[str], Key | None],
    now: datetime,
    *,
    required: Sequence[str] | None = None,
    tolerance: timedelta = TOLERANCE,
    tag: str = TAG,
    algorithms: Collection[str] = DOOR_ALGORITHMS,
) -> Verified:
    """Refuse everything but a whole, fresh request signed by a key that `keys` knows (`mapping.get` does; None for an
    unknown or revoked one). `now` aware. Raises SignatureRefused with the first reason found.

    Of several signatures the one with our `tag` counts; others (a proxy's own) are passed over. With `required` other
    components than `door_components`; a body must be covered by its digest in any case. The body's size is the door's
    to bound, before it is read.
    """
    covered, signature = _the_signature(request, tag)
    _check_coverage(covered, door_components(request) if required is None else required, bool(request.body))
    keyid, nonce = _text(covered, "keyid", Reason.MALFORMED), _text(covered, "nonce", Reason.NONCE)
    created = _check_times(covered, now, tolerance)
    key = keys(keyid)
    if key is None:
        raise SignatureRefused(Reason.UNKNOWN_KEY, f"keyid {quoted(keyid)}")
    if key.algorithm not in algorithms or covered.parameters.get("alg", key.algorithm) != key.algorithm:
        raise SignatureRefused(Reason.ALGORITHM, f"keyid {quoted(keyid)}")
    if not key.verify(signature_base(request, covered), signature):
        raise SignatureRefused(Reason.WRONG_SIGNATURE, f"keyid {quoted(keyid)}")
    _check_body(request, covered)
    return Verified(keyid, nonce, created, tag, created + tolerance + _SECOND)


def sign_request(
    request: Request,
    key: Key,
    now: datetime,
    *,
    nonce: str,
    components: Sequence[str] | None = None,
    tag: str = TAG,
    label: str = "sig",
    expires: datetime | None = None,
) -> list[tuple[str, str]]:
    """The headers to add: Content-Digest (where there is a body and the request has none), Signature-Input, Signature.

    `nonce` is a new one for every request (`new_nonce()`). SignatureRefused when the request cannot be signed so (a
    component it does not have); ValueError for texts that a header cannot hold.
    """
    headers: list[tuple[str, str]] = []
    if request.body and FIELD not in field_lines(request):
        headers.append(("Content-Digest", content_digest(request.body)))
    whole = replace(request, headers=(*request.headers, *headers))
    parameters: dict[str, Bare] = {"created": _seconds(now)}
    if expires is not None:
        parameters["expires"] = _seconds(expires)
    parameters |= {"nonce": nonce, "keyid": key.keyid, "tag": tag}
    names = door_components(whole) if components is None else components
    covered = InnerList(tuple(Item(name) for name in names), parameters)
    signature = key.sign(signature_base(whole, covered))
    headers.append(("Signature-Input", write_dictionary({label: covered})))
    headers.append(("Signature", write_dictionary({label: Item(signature)})))
    return headers


def new_nonce() -> str:
    """144 random bits as text."""
    return secrets.token_urlsafe(18)


def signatures(message: Message) -> dict[str, tuple[InnerList, bytes]]:
    """Every signature by its label: what it covers, with its parameters, and its bytes. SignatureRefused: missing,
    malformed (a label in one header only, too), too large."""
    lines = field_lines(message)
    inputs, given = joined(lines, _INPUT), joined(lines, _SIGNATURE)
    if inputs is None or given is None:
        raise SignatureRefused(Reason.MISSING, _INPUT if inputs is None else _SIGNATURE)
    covered, values = read_dictionary(inputs, _INPUT), read_dictionary(given, _SIGNATURE)
    if covered.keys() != values.keys():
        raise SignatureRefused(Reason.MALFORMED, f"{_INPUT}, {_SIGNATURE}: the labels differ")
    return {label: _pair(label, covered[label], values[label]) for label in covered}


def _pair(label: str, covered: Member, value: Member) -> tuple[InnerList, bytes]:
    if not isinstance(covered, InnerList):
        raise SignatureRefused(Reason.MALFORMED, f"{_INPUT};{quoted(label)}")
    if not isinstance(value, Item) or not isinstance(value.value, bytes):
        raise SignatureRefused(Reason.MALFORMED, f"{_SIGNATURE};{quoted(label)}")
    return covered, value.value


def _the_signature(request: Request, tag: str) -> tuple[InnerList, bytes]:
    if len(request.headers) > MAX_HEADERS:
        raise SignatureRefused(Reason.TOO_LARGE, f"more than {MAX_HEADERS} headers")
    ours = [pair for pair in signatures(request).values() if pair[0].parameters.get("tag") == tag]
    if not ours:
        raise SignatureRefused(Reason.MISSING, f"tag {tag}")
    if len(ours) > 1:
        raise SignatureRefused(Reason.SEVERAL, f"tag {tag}")
    return ours[0]


def _check_coverage(covered: InnerList, required: Sequence[str], has_body: bool) -> None:
    """A component counts as covered only whole, without parameters."""
    whole = {item.value for item in covered.items if not item.parameters}
    wanted = (*required, FIELD) if has_body else tuple(required)
    for name in wanted:
        if name not in whole:
            raise SignatureRefused(Reason.NOT_COVERED, quoted(name))


def _text(covered: InnerList, name: str, reason: Reason) -> str:
    value = covered.parameters.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise SignatureRefused(reason, name)
    return value


def _check_times(covered: InnerList, now: datetime, tolerance: timedelta) -> datetime:
    created, expires = _whole(covered, "created"), _whole(covered, "expires")
    if created is None:
        raise SignatureRefused(Reason.MALFORMED, "created")
    present = _seconds(now)
    if created > present + tolerance.total_seconds():
        raise SignatureRefused(Reason.FUTURE, f"created {created}, now {present}")
    if created < present - tolerance.total_seconds():
        raise SignatureRefused(Reason.TOO_OLD, f"created {created}, now {present}")
    if expires is not None and expires <= present:
        raise SignatureRefused(Reason.EXPIRED, f"expires {expires}, now {present}")
    return datetime.fromtimestamp(created, UTC)


def _whole(covered: InnerList, name: str) -> int | None:
    value = covered.parameters.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise SignatureRefused(Reason.MALFORMED, name)
    return value


def _check_body(request: Request, covered: InnerList) -> None:
    """The digest that the signature holds must be the body's."""
    if FIELD in {item.value for item in covered.items}:
        check_digest(joined(field_lines(request), FIELD) or "", request.body)


def _seconds(moment: datetime) -> int:
    """Whole seconds since 1970. ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment without its time zone")
    return int(moment.timestamp())
