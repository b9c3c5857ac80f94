"""40 banks as a server meets them: signed requests made ready beforehand, sent all at once or on a fixed schedule.

Of the events 5 % come twice, 2 % are tampered with after signing, 5 % come out of order: reversals before what they
reverse, and loans of two creditors whose banks speak in the wrong order.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from qinqing.lib.httpsig import Key, Request, new_nonce, read_private_key, sign_request

PATH = "/api/mortgages/events"
KIND = "application/cloudevents+json"
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Post:
    """One request. `good`: to be taken; `certificate`: of the mortgage that is to be released by it, or empty."""

    bank: int
    event_id: str
    body: bytes
    sent: bytes  # what goes out: the body, or something else than was signed
    certificate: str = ""

    @property
    def good(self) -> bool:
        return self.body == self.sent


@dataclass(frozen=True, slots=True)
class Share:
    """How many of each kind make up so many events. Two events each: a reversal with what it reverses, a loan of two
    creditors."""

    plain: int
    twice: int
    tampered: int
    reversals: int
    pairs: int

    @property
    def events(self) -> int:
        return self.plain + self.twice + self.tampered + 2 * (self.reversals + self.pairs)

    @property
    def mortgages(self) -> tuple[int, int]:
        """(of one creditor, of two)."""
        return self.plain + self.tampered + self.reversals, self.pairs


def share_of(events: int) -> Share:
    twice, tampered, out_of_order = events * 5 // 100, events * 2 // 100, events * 5 // 100 // 4 * 2
    pairs = out_of_order // 2
    return Share(events - twice - tampered - 2 * out_of_order, twice, tampered, out_of_order - pairs, pairs)


class Banks:
    """Their keys, and what they say. `prepared`: as `bench.engines.mortgages` prints it."""

    def __init__(self, prepared: dict[str, Any]) -> None:
        self.codes = [each["code"] for each in prepared["banks"]]
        self.keys: list[Key] = [read_private_key(each["key_id"], each["pem"]) for each in prepared["banks"]]

    def posts(self, mortgages: Sequence[dict[str, str]], share: Share, name: str) -> list[list[Post]]:
        """By bank, in the order in which each says it. `name` makes the ids of a run its own."""
        said: list[list[Post]] = [[] for _ in self.codes]
        reversed_from = share.plain + share.tampered
        pairs_from = reversed_from + share.reversals
        for n, mortgage in enumerate(mortgages):
            bank = n % len(self.codes)
            settled = self._settled(bank, f"{name}-s{n}", mortgage, to_release=n < share.plain or n >= pairs_from)
            if share.plain <= n < reversed_from:
                other = settled.body.replace(b'"extent": "full"', b'"extent": "part"')
                settled = Post(bank, settled.event_id, settled.body, other)
            elif reversed_from <= n < pairs_from:
                said[bank].append(self._reversal(bank, f"{name}-r{n}", settled.event_id))
            elif n >= pairs_from:
                second = (bank + 1) % len(self.codes)
                said[second].insert(0, self._settled(second, f"{name}-t{n}", mortgage, to_release=True))
            said[bank].append(settled)
            if n < share.twice:
                said[bank].append(settled)
        return said

    def _settled(self, bank: int, event_id: str, mortgage: dict[str, str], *, to_release: bool) -> Post:
        body = self._event(bank, event_id, "settled", {**mortgage, "extent": "full"})
        return Post(bank, event_id, body, body, mortgage["certificate"] if to_release else "")

    def _reversal(self, bank: int, event_id: str, reverses: str) -> Post:
        body = self._event(bank, event_id, "reversed", {"reverses": reverses})
        return Post(bank, event_id, body, body)

    def _event(self, bank: int, event_id: str, kind: str, data: dict[str, str]) -> bytes:
        event = {
            "specversion": "1.0", "id": event_id, "source": f"urn:qinqing:bank:{self.codes[bank]}",
            "type": f"cn.qinqing.mortgage.{kind}.v1", "time": datetime.now(UTC).isoformat(), "data": data,
        }  # fmt: skip
        return json.dumps(event, ensure_ascii=False).encode()

    def headers(self, post: Post, authority: str) -> dict[str, str]:
        """With the bank's signature, made now."""
        given = (("Content-Type", KIND),)
        request = Request("POST", PATH, "", authority, "http", given, post.body)
        signature = sign_request(request, self.keys[post.bank], datetime.now(UTC), nonce=new_nonce())
        return dict([*given, *signature])


@dataclass(slots=True)
class Answered:
    """A request, when it was due or sent, and the status of its answer (seconds of the machine's monotonic clock)."""

    post: Post
    at: float
    status: int


def all_at_once(banks: Banks, said: list[list[Post]], port: int) -> tuple[float, list[Answered]]:
    """Each bank on a connection of its own, as fast as the answers come. Returns when it began, and what came."""
    signed = [[(post, banks.headers(post, f"127.0.0.1:{port}")) for post in each] for each in said]
    found: list[Answered] = []
    begun = time.perf_counter()
    _in_threads([lambda each=each: found.extend(_one_after_another(each, port)) for each in signed])
    return begun, found


def on_schedule(banks: Banks, posts: list[Post], port: int, rate: float) -> list[Answered]:
    """`rate` a second, whatever the server does (open loop); `at` is when each was due."""
    begun = time.perf_counter() + 0.2
    due = [(post, begun + n / rate) for n, post in enumerate(posts)]
    found: list[Answered] = []
    threads = 8

    def send(mine: list[tuple[Post, float]]) -> None:
        connection = _connect(port)
        for post, moment in mine:
            time.sleep(max(0.0, moment - time.perf_counter()))
            found.append(Answered(post, moment, _send(connection, post, banks.headers(post, f"127.0.0.1:{port}"))))

    _in_threads([lambda n=n: send(due[n::threads]) for n in range(threads)])
    return found


def _one_after_another(signed: list[tuple[Post, dict[str, str]]], port: int) -> list[Answered]:
    connection = _connect(port)
    return [Answered(post, time.perf_counter(), _send(connection, post, headers)) for post, headers in signed]


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)


def _send(connection: http.client.HTTPConnection, post: Post, headers: dict[str, str]) -> int:
    connection.request("POST", PATH, post.sent, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _in_threads(jobs: Sequence[Any]) -> None:
    """All at once; the first error of one is raised here."""
    errors: list[Exception] = []

    def run(job: Any) -> None:
        try:
            job()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[job], daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
