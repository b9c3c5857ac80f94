"""What the bench of mortgages sends is what it says it sends."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.banks import PATH, Banks, share_of
from qinqing.lib.httpsig import Request, SignatureRefused, verify_request
from qinqing.mortgages.wire import EVENTS


@pytest.fixture(scope="module")
def banks() -> Banks:
    def one(n: int) -> dict[str, str]:
        private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {"code": f"9133049900000000{n:02}", "key_id": f"bank-{n}.1", "pem": private.decode()}

    return Banks({"banks": [one(n) for n in range(40)]})


@pytest.mark.parametrize("events", [400, 2000])
def test_the_shares_are_those_of_the_issue(banks: Banks, events: int) -> None:
    share = share_of(events)
    mortgages = [{"certificate": f"c{n}", "unit_number": f"u{n}"} for n in range(sum(share.mortgages))]
    said = banks.posts(mortgages, share, "b0")
    posts = [post for each in said for post in each]
    assert len(posts) == share.events == events
    ids = Counter(post.event_id for post in posts if post.good)
    assert sum(times - 1 for times in ids.values()) == events * 5 // 100
    assert sum(not post.good for post in posts) == events * 2 // 100
    reversals = sum(b"reversed" in post.body for post in posts)
    assert 2 * (reversals + share.pairs) == events * 5 // 100 // 4 * 4, "5 %, in whole pairs"
    assert {len(each) > 0 for each in said} == {True}, "all 40 speak"
    settled = {post.certificate for post in posts if post.certificate}
    assert len(settled) == share.plain + share.pairs
    for each in said:
        order = [post.event_id for post in each]
        for place, event_id in enumerate(order):
            if "-r" in event_id:
                assert event_id.replace("-r", "-s") in order[place + 1 :], "a reversal comes first"


def test_a_server_can_verify_all_but_the_tampered(banks: Banks) -> None:
    assert PATH == EVENTS
    share = share_of(400)
    mortgages = [{"certificate": f"c{n}", "unit_number": f"u{n}"} for n in range(sum(share.mortgages))]
    posts = [post for each in banks.posts(mortgages, share, "b0") for post in each]
    keys = {key.keyid: key for key in banks.keys}
    for post in posts[::7] + [post for post in posts if not post.good]:
        headers = tuple(banks.headers(post, "127.0.0.1:1").items())
        request = Request("POST", PATH, "", "127.0.0.1:1", "http", headers, post.sent)
        if post.good:
            assert verify_request(request, keys.get, datetime.now(UTC)).keyid in keys
        else:
            with pytest.raises(SignatureRefused):
                verify_request(request, keys.get, datetime.now(UTC))
