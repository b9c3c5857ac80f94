"""The test cases of RFC 9421, appendix B.2, and the examples of its section 2: the given signatures verify, the
deterministic ones come out byte for byte.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from qinqing.lib.httpsig import Key, Reason, Request, SignatureRefused
from qinqing.lib.httpsig.components import signature_base
from qinqing.lib.httpsig.digest import check_digest
from qinqing.lib.httpsig.door import signatures
from qinqing.lib.httpsig.fields import InnerList, Item, read_dictionary
from qinqing.lib.httpsig.message import Message
from tests.lib.httpsig.messages import ECC_P256, ED25519, REQUEST, RESPONSE, RSA_PSS, SHARED

CASES: dict[str, tuple[Message, Key, str, str]] = {
    "sig-b21": (
        REQUEST,
        RSA_PSS,
        '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
        "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG"
        "52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVro"
        "gUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ"
        "98Xw9Q==",
    ),
    "sig-b22": (
        REQUEST,
        RSA_PSS,
        '("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss"'
        ';tag="header-example"',
        "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT"
        "8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBS"
        "pqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTu"
        "gEjHSw==",
    ),
    "sig-b23": (
        REQUEST,
        RSA_PSS,
        '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")'
        ';created=1618884473;keyid="test-key-rsa-pss"',
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fU"
        "xN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA"
        "1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKE"
        "gM4cUA==",
    ),
    "sig-b24": (
        RESPONSE,
        ECC_P256,
        '("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
    ),
    "sig-b25": (
        REQUEST,
        SHARED,
        '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    ),
    "sig-b26": (
        REQUEST,
        ED25519,
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
}


def signed(label: str) -> tuple[Message, Key, InnerList, bytes]:
    message, key, covered, signature = CASES[label]
    added = (("Signature-Input", f"{label}={covered}"), ("Signature", f"{label}=:{signature}:"))
    message = replace(message, headers=(*message.headers, *added))
    return message, key, *signatures(message)[label]


@pytest.mark.parametrize("label", CASES)
def test_the_given_signatures_verify(label: str) -> None:
    message, key, covered, signature = signed(label)
    base = signature_base(message, covered)
    assert key.verify(base, signature)
    assert not key.verify(base + b" ", signature)
    assert not key.verify(base, bytes([signature[0] ^ 1]) + signature[1:])
    assert not key.verify(base, signature[:-1])


def test_an_ecdsa_signature_has_one_spelling() -> None:
    message, key, covered, signature = signed("sig-b24")
    assert not key.verify(signature_base(message, covered), signature[:32] + b"\0" + signature[32:])


@pytest.mark.parametrize("label", ["sig-b25", "sig-b26"])
def test_the_deterministic_ones_come_out_byte_for_byte(label: str) -> None:
    message, key, covered, signature = signed(label)
    assert key.sign(signature_base(message, covered)) == signature


def test_the_bodies_have_the_digests_that_were_signed() -> None:
    for message in (REQUEST, RESPONSE):
        (digest,) = (value for name, value in message.headers if name == "Content-Digest")
        check_digest(digest, message.body)


def test_the_whole_base_of_case_b_2_2() -> None:
    message, _, covered, _ = signed("sig-b22")
    assert signature_base(message, covered).decode().split("\n") == [
        '"@authority": example.com',
        '"content-digest": '
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        '"@query-param";name="Pet": dog',
        f'"@signature-params": {CASES["sig-b22"][2]}',
    ]


def line(message: Message, component: str) -> str:
    """The component's line of the base: how it is named, and its value."""
    covered = read_dictionary(f"x=({component})", "test")["x"]
    assert isinstance(covered, InnerList)
    return signature_base(message, covered).decode().split("\n")[0].removeprefix(f"{component}: ")


ADDRESS = Request(method="get", path="/path", query="param=value&foo=bar", authority="WWW.Example.COM:443")
# section 2.2.8, the RFC's names and values
FORM = Request(
    "GET",
    "/",
    query="var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something",
)


@pytest.mark.parametrize(
    ("message", "component", "value"),
    [
        (ADDRESS, '"@method"', "get"),
        (ADDRESS, '"@target-uri"', "https://www.example.com/path?param=value&foo=bar"),
        (ADDRESS, '"@authority"', "www.example.com"),
        (replace(ADDRESS, scheme="http"), '"@authority"', "www.example.com:443"),
        (ADDRESS, '"@scheme"', "https"),
        (ADDRESS, '"@request-target"', "/path?param=value&foo=bar"),
        (ADDRESS, '"@path"', "/path"),
        (replace(ADDRESS, path=""), '"@path"', "/"),
        (ADDRESS, '"@query"', "?param=value&foo=bar"),
        (replace(ADDRESS, query=""), '"@query"', "?"),
        (ADDRESS, '"@query-param";name="foo"', "bar"),
        (FORM, '"@query-param";name="var"', "this%20is%20a%20big%0Amultiline%20value"),
        (FORM, '"@query-param";name="bar"', "with%20plus%20whitespace"),
        (FORM, '"@query-param";name="fa%C3%A7ade%22%3A%20"', "something"),
        (replace(FORM, query="a~%7e=~*-._!"), '"@query-param";name="a%7E%7E"', "%7E*-._%21"),
        (RESPONSE, '"@status"', "200"),
    ],
)
def test_derived_components(message: Message, component: str, value: str) -> None:
    assert line(message, component) == value


# section 2.1 and its subsections
FIELDS = Request(
    "GET",
    "/",
    headers=(
        ("X-OWS", "   Leading and trailing whitespace.   "),
        ("Cache-Control", "max-age=60"),
        ("cache-control", "   must-revalidate"),
        ("X-Empty", ""),
        ("Priority", " a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
        ("Example", "value, with, lots"),
        ("Example", "of, commas\xe9"),
    ),
)


@pytest.mark.parametrize(
    ("component", "value"),
    [
        ('"x-ows"', "Leading and trailing whitespace."),
        ('"cache-control"', "max-age=60, must-revalidate"),
        ('"x-empty"', ""),
        ('"priority"', "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
        ('"priority";sf', "a=1, b=2;x=1;y=2, c=(a b c), d"),
        ('"priority";key="a"', "1"),
        ('"priority";key="b"', "2;x=1;y=2"),
        ('"priority";key="c"', "(a b c)"),
        ('"priority";key="d"', "?1"),
        ('"cache-control";bs', ":bWF4LWFnZT02MA==:, :bXVzdC1yZXZhbGlkYXRl:"),
        ('"example";bs', ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hc+k=:"),
    ],
)
def test_fields(component: str, value: str) -> None:
    assert line(FIELDS, component) == value


@pytest.mark.parametrize(
    ("message", "component", "reason"),
    [
        (FIELDS, '"x-none"', Reason.NOT_PRESENT),
        (FIELDS, '"priority";key="none"', Reason.NOT_PRESENT),
        (FIELDS, '"X-OWS"', Reason.MALFORMED),
        (FIELDS, '"x ows"', Reason.MALFORMED),
        (FIELDS, "x-ows", Reason.MALFORMED),
        (FIELDS, "1", Reason.MALFORMED),
        (FIELDS, '"example"', Reason.MALFORMED),  # not ASCII
        (FIELDS, '"x-ows";sf', Reason.MALFORMED),  # nobody knows its structure
        (FIELDS, '"x-ows";bs;sf', Reason.MALFORMED),
        (FIELDS, '"x-ows";bs=1', Reason.MALFORMED),
        (FIELDS, '"x-ows";tr', Reason.MALFORMED),
        (FIELDS, '"x-ows";req', Reason.MALFORMED),
        (FIELDS, '"@status"', Reason.MALFORMED),
        (FIELDS, '"@method";sf', Reason.MALFORMED),
        (FIELDS, '"@signature-params"', Reason.MALFORMED),
        (FIELDS, '"@query-param"', Reason.MALFORMED),
        (FIELDS, '"@method" "@method"', Reason.MALFORMED),
        (RESPONSE, '"@method"', Reason.MALFORMED),
        (replace(FORM, query="a=1&b=2&a=1"), '"@query-param";name="a"', Reason.NOT_PRESENT),
        (replace(FORM, query="a=%FF"), '"@query-param";name="a"', Reason.MALFORMED),
        (replace(FORM, query="a=1&" * 70), '"@query-param";name="a"', Reason.TOO_LARGE),
        (replace(FORM, path="/\n"), '"@path"', Reason.MALFORMED),
        (replace(FORM, headers=(("A", "b\r\nc"),)), '"a"', Reason.MALFORMED),
        (replace(FORM, headers=(("A", "b" * 5000),) * 2), '"a"', Reason.TOO_LARGE),
    ],
)
def test_what_cannot_be_covered(message: Message, component: str, reason: Reason) -> None:
    with pytest.raises(SignatureRefused) as refused:
        line(message, component)
    assert refused.value.reason is reason


def test_no_field_can_pretend_to_be_the_next_line() -> None:
    """The injection that RFC 9421 warns of in section 7.5.6: two messages must not have one base."""
    forged = Request("GET", "/", headers=(("A", 'x\n"b": y'),))
    with pytest.raises(SignatureRefused):
        signature_base(forged, InnerList((Item("a"),)))
