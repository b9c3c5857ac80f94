"""The bank's door: a fresh, whole, signed request passes; any change of what is covered, any other key, any other time
does not, and nothing that anybody sends raises anything but the one refusal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from qinqing.lib.httpsig import (
    DOOR_ALGORITHMS,
    TAG,
    TOLERANCE,
    Key,
    Reason,
    Request,
    SignatureRefused,
    Verified,
    door_components,
    new_nonce,
    read_private_key,
    read_public_key,
    sign_request,
    verify_request,
)
from tests.lib.httpsig.messages import BANK, DOOR, ED25519, NOW, SETTLED, SHARED

NONCE = "b3k2pp5k7z-50gnwp.yemd"


def sent(request: Request = SETTLED, key: Key = BANK, now: datetime = NOW, **how: Any) -> Request:
    added = sign_request(request, key, now, **{"nonce": NONCE} | how)
    return replace(request, headers=(*request.headers, *added))


def verify(request: Request, now: datetime = NOW, keys: Mapping[str, Key] = DOOR, **how: Any) -> Verified:
    return verify_request(request, keys.get, now, **how)


def refusal(request: Request, now: datetime = NOW, keys: Mapping[str, Key] = DOOR, **how: Any) -> Reason:
    with pytest.raises(SignatureRefused) as refused:
        verify(request, now, keys, **how)
    return refused.value.reason


def changed(request: Request, name: str, pattern: str, text: str) -> Request:
    """The request with a header's text replaced, once."""
    headers = tuple((n, re.sub(pattern, text, v, count=1) if n.lower() == name else v) for n, v in request.headers)
    assert headers != request.headers
    return replace(request, headers=headers)


def without(request: Request, *names: str) -> Request:
    return replace(request, headers=tuple(each for each in request.headers if each[0].lower() not in names))


def test_what_is_signed_verifies() -> None:
    verified = verify(sent())
    assert verified == Verified("bank-1", NONCE, NOW, TAG, NOW + TOLERANCE + timedelta(seconds=1))


def test_what_is_covered() -> None:
    wanted = ("@method", "@authority", "@path", "@query", "ce-trace", "content-type", "content-digest")
    assert door_components(SETTLED) == wanted
    assert door_components(Request("GET", "/")) == wanted[:4]
    names = (*wanted[:5], "content-digest", "content-type")  # fields by their names
    value = dict(sent().headers)["Signature-Input"]
    assert value.startswith("sig=(" + " ".join(f'"{name}"' for name in names) + ");created=")


def test_behind_a_proxy_that_ends_tls_it_still_verifies() -> None:
    """The client says https, the server sees http and the proxy's own headers."""
    arrived = replace(sent(replace(SETTLED, scheme="https")), scheme="http")
    arrived = replace(arrived, headers=(*arrived.headers, ("X-Forwarded-Proto", "https"), ("Via", "1.1 proxy")))
    assert verify(arrived).keyid == "bank-1"


@pytest.mark.parametrize(
    "tampered",
    [
        replace(sent(), method="PUT"),
        replace(sent(), path="/api/mortgages/events/"),
        replace(sent(), query="dry-run=1"),
        replace(sent(), authority="other-county.example.gov.cn"),
        changed(sent(), "content-type", r"application/cloudevents\+json", "application/json"),
        changed(sent(), "ce-trace", "1", "2"),
        changed(sent(), "signature-input", "created=", "expires=99999999999;created="),
        changed(sent(), "signature-input", NONCE, NONCE + "x"),
        changed(sent(), "signature-input", ' "@query"', ""),
        changed(sent(), "signature-input", '"@method" "@authority"', '"@authority" "@method"'),
        changed(sent(), "signature", ":..", ":AA"),
        changed(sent(), "content-digest", "=:....", "=:AAAA"),
    ],
)
def test_tampering_is_refused(tampered: Request) -> None:
    assert refusal(tampered) in (Reason.WRONG_SIGNATURE, Reason.NOT_COVERED)


@given(st.binary(max_size=60))
def test_another_body_is_refused(body: bytes) -> None:
    assert body == SETTLED.body or refusal(replace(sent(), body=body)) is Reason.DIGEST


@given(st.data())
def test_any_byte_changed_in_what_is_covered_is_refused(data: st.DataObject) -> None:
    """One character of a covered value, of the parameters or of the signature becomes another."""
    request = sent()
    covered = [
        "method",
        "path",
        "authority",
        "content-type",
        "ce-trace",
        "content-digest",
        "signature-input",
        "signature",
    ]
    name = data.draw(st.sampled_from(covered))
    values = {key.lower(): value for key, value in request.headers}
    value = str(values[name] if name in values else getattr(request, name))
    at = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(
        st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c.lower() != value[at].lower())
    )
    other = value[:at] + letter + value[at + 1 :]
    if name in values:
        headers = tuple((key, other if key.lower() == name else text) for key, text in request.headers)
        assert refusal(replace(request, headers=headers))
    else:
        assert refusal(replace(request, **{name: other}))


def test_what_is_added_and_not_covered() -> None:
    """A header that an event is made of cannot be slipped in beside the signed ones, nor doubled."""
    for extra in (("ce-subject", "other"), ("Ce-Id", "2"), ("ce-trace", "1"), ("Content-Type", "application/json")):
        request = sent()
        assert refusal(replace(request, headers=(*request.headers, extra))) in (
            Reason.NOT_COVERED,
            Reason.WRONG_SIGNATURE,
        )


@pytest.mark.parametrize("name", ["content-type", "content-digest", "ce-trace"])
def test_what_is_covered_and_gone(name: str) -> None:
    assert refusal(without(sent(), name)) is Reason.NOT_PRESENT


@pytest.mark.parametrize("left_out", door_components(SETTLED))
def test_everything_must_be_covered(left_out: str) -> None:
    request = sent(components=[name for name in door_components(SETTLED) if name != left_out])
    assert refusal(request) is Reason.NOT_COVERED
    if left_out == "content-digest":  # a body needs its digest, whatever the door asks
        assert refusal(request, required=()) is Reason.NOT_COVERED
    else:
        assert verify(request, required=()).keyid == "bank-1"


def test_a_request_without_body() -> None:
    asked = Request("GET", "/api/mortgages/events/1", authority="qinqing.example.gov.cn")
    assert verify(sent(asked)).keyid == "bank-1"
    assert refusal(replace(sent(asked), body=b"x")) is Reason.NOT_COVERED


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-301, Reason.FUTURE), (-300, None), (0, None), (300, None), (301, Reason.TOO_OLD)]
)
def test_the_clock(seconds: int, reason: Reason | None) -> None:
    then = NOW + timedelta(seconds=seconds)
    if reason is None:
        assert verify(sent(), then).created == NOW
    else:
        assert refusal(sent(), then) is reason


@given(st.integers(0, 10**6), st.integers(0, 10**9))
def test_after_until_no_replay_passes(microseconds: int, later: int) -> None:
    """So a nonce need not be kept longer."""
    request = sent(now=NOW + timedelta(microseconds=microseconds))
    until = verify(request, NOW).until
    assert refusal(request, until + timedelta(microseconds=later)) is Reason.TOO_OLD


def test_expiry() -> None:
    request = sent(expires=NOW + timedelta(seconds=10))
    assert verify(request, NOW + timedelta(seconds=9)).keyid == "bank-1"
    assert refusal(request, NOW + timedelta(seconds=10)) is Reason.EXPIRED


def test_keys() -> None:
    assert refusal(sent(), keys={}) is Reason.UNKNOWN_KEY
    assert refusal(sent(), keys={"bank-1": ED25519}) is Reason.WRONG_SIGNATURE
    assert refusal(sent(key=SHARED), keys={SHARED.keyid: SHARED}) is Reason.ALGORITHM
    assert verify(sent(key=SHARED), keys={SHARED.keyid: SHARED}, algorithms=("hmac-sha256",)).keyid == SHARED.keyid
    lying = changed(sent(), "signature-input", "keyid=", 'alg="hmac-sha256";keyid=')
    assert refusal(lying) is Reason.ALGORITHM


@pytest.mark.parametrize(
    ("pattern", "text", "reason"),
    [
        (r'nonce="[^"]*";', "", Reason.NONCE),
        (r'nonce="[^"]*"', 'nonce=""', Reason.NONCE),
        (r'nonce="[^"]*"', f'nonce="{"x" * 129}"', Reason.NONCE),
        (r'nonce="[^"]*"', "nonce=token", Reason.NONCE),
        (r'keyid="[^"]*"', "", Reason.MALFORMED),
        (r';keyid="[^"]*"', "", Reason.MALFORMED),
        (r"created=\d+;", "", Reason.MALFORMED),
        (r"created=(\d+)", r"created=\1.0", Reason.MALFORMED),
        (r"created=\d+", "created", Reason.MALFORMED),
        (r"created=\d+", "created=999999999999999", Reason.FUTURE),
        (r"created=\d+", "created=-999999999999999", Reason.TOO_OLD),
        (r"created=", 'expires="soon";created=', Reason.MALFORMED),
        (TAG, "header-example", Reason.MISSING),
        (f'"{TAG}"', TAG, Reason.MISSING),  # a token is no string
        (r';tag="[^"]*"', "", Reason.MISSING),
        (r"sig=\(.*\)", "sig=1", Reason.MALFORMED),
        (r"^sig", "other", Reason.MALFORMED),
        (r"^.*$", "", Reason.MALFORMED),
        (r'"@method"', '"@method" "@method"', Reason.MALFORMED),
        (r'"@method"', '"@method";req', Reason.NOT_COVERED),
        (r'"content-type"', '"content-type";bs', Reason.NOT_COVERED),
    ],
)
def test_signature_input_malformed(pattern: str, text: str, reason: Reason) -> None:
    request = changed(sent(), "signature-input", pattern, text)
    assert refusal(request) is reason


def test_missing_headers() -> None:
    assert refusal(SETTLED) is Reason.MISSING
    assert refusal(without(sent(), "signature")) is Reason.MISSING
    assert refusal(without(sent(), "signature-input")) is Reason.MISSING
    assert refusal(changed(sent(), "signature", "sig=:.*:", "sig=1")) is Reason.MALFORMED


def test_several_signatures() -> None:
    """A proxy may add its own; two with our tag are one too many; ours is found whatever its label."""
    request = sent(label="bank")
    proxied = sent(request, key=ED25519, label="proxy", tag="proxy", components=("@method",))
    assert verify(proxied).keyid == "bank-1"
    assert refusal(sent(request, label="again")) is Reason.SEVERAL
    assert refusal(sent(request, label="bank")) is Reason.MALFORMED  # one label twice


def test_limits() -> None:
    request = sent()
    assert refusal(replace(request, headers=request.headers + (("A", "b"),) * 128)) is Reason.TOO_LARGE
    assert refusal(replace(request, headers=(*request.headers, ("Signature", "x" * 9000)))) is Reason.TOO_LARGE


ANY_TEXT = st.text(max_size=40) | st.text('sig=()"@methodcra;:, 12\n', max_size=60)
ANY_NAME = st.sampled_from(["signature", "signature-input", "content-digest", "Content-Type", "ce-id"]) | st.text(
    max_size=8
)


@given(
    st.builds(
        Request,
        st.text(max_size=8),
        st.text(max_size=20),
        st.text(max_size=20),
        st.text(max_size=20),
        st.text(max_size=8),
        st.lists(st.tuples(ANY_NAME, ANY_TEXT), max_size=6).map(tuple),
        st.binary(max_size=20),
    )
)
def test_whatever_comes_is_refused(request: Request) -> None:
    refusal(request)


@given(st.lists(st.tuples(ANY_NAME, ANY_TEXT), max_size=3), st.integers(0, 200), ANY_TEXT, st.booleans())
def test_whatever_is_mixed_into_a_good_one(extra: list[tuple[str, str]], at: int, text: str, inputs: bool) -> None:
    """Never anything but a verdict: what still verifies says who signed."""
    name = "signature-input" if inputs else "signature"
    request = sent()
    headers = tuple((n, v[:at] + text + v[at:] if n.lower() == name else v) for n, v in request.headers)
    try:
        verified = verify(replace(request, headers=(*headers, *extra)))
    except SignatureRefused as refused:
        assert refused.where.isascii()
        assert refused.label.zh and refused.label.en
    else:
        assert (verified.keyid, verified.nonce) == ("bank-1", NONCE)


def test_every_reason_has_its_words() -> None:
    assert all(reason.label.zh and reason.label.en for reason in Reason)
    assert refusal(SETTLED).value == "missing"


def test_programming_errors_are_no_refusals() -> None:
    with pytest.raises(ValueError, match="time zone"):
        verify(sent(), NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="time zone"):
        sent(now=NOW.replace(tzinfo=None))
    with pytest.raises(TypeError, match="public"):
        sent(key=DOOR["bank-1"])
    with pytest.raises(ValueError, match="cannot hold"):
        sent(label="Sig")


def test_nonces_differ() -> None:
    assert len({new_nonce() for _ in range(100)}) == 100


@pytest.mark.parametrize("name", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "hmac-sha256"])
def test_every_algorithm_signs_what_it_verifies(name: str) -> None:
    materials: dict[str, Any] = {
        "ed25519": lambda: BANK.material,
        "ecdsa-p256-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa-pss-sha512": lambda: rsa.generate_private_key(65537, 2048),
        "hmac-sha256": lambda: b"secret",
    }
    key = Key("k", name, materials[name]())
    signature = key.sign(b"data")
    assert key.verify(b"data", signature)
    assert not key.verify(b"Data", signature)
    assert not key.verify(b"data", b"")
    assert name in repr(key)


def test_keys_must_be_of_their_algorithm() -> None:
    with pytest.raises(ValueError, match="unknown algorithm 'sm2'"):
        Key("k", "sm2", b"")
    for name, material in [("ed25519", b"x"), ("ecdsa-p256-sha256", ec.generate_private_key(ec.SECP384R1()))]:
        with pytest.raises(TypeError, match="not one for"):
            Key("k", name, material)
    assert DOOR_ALGORITHMS == ("ed25519",)


def test_keys_are_read_from_pem() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public_pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key, public = read_private_key("k", f"\n{private_pem}\n"), read_public_key("k", public_pem)
    assert public.verify(b"data", key.sign(b"data"))
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    for pem in [
        "",
        "x",
        private_pem,
        "é",
        "x" * 9000,
        other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ]:
        with pytest.raises(ValueError, match="key"):
            read_public_key("k", pem)
    for pem in ["", public_pem]:
        with pytest.raises(ValueError, match="BEGIN PRIVATE KEY"):
            read_private_key("k", pem)
