"""What a process of the race tests does: `python -m tests.policies.money_process JOB [arguments as JSON]`.

An officer at a page of their own: looks, acts, and looks again when told that something has moved. Says what became of
each thing by one line of JSON, after the commit.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

from django.db import OperationalError, close_old_connections

from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cases.acting import act
from qinqing.policies import by_hand, claims, following, payments, rounds
from qinqing.policies.models import PolicyVersion
from qinqing.policies.models_money import Batch, Claim, Payment, Round
from qinqing.ui.errors import Problem
from tests.policies.money_world import LATER, NOW, PROOF, account, result

STOP = {"reason": "x", "legal_basis": "x"}
JOBS: dict[str, Callable[..., None]] = {}


def job(function: Callable[..., None]) -> Callable[..., None]:
    JOBS[function.__name__] = function
    return function


def say(*what: Any) -> None:
    print(json.dumps(what), flush=True)


def person(name: str) -> Actor:
    return actor_for(User.objects.get(username=name), NOW)


def tried(do: Callable[[], object]) -> str:
    """done, or the code of the refusal; a deadlock that the database broke up is `busy`."""
    try:
        do()
    except Problem as problem:
        return problem.code
    except OperationalError:
        close_old_connections()
        return "busy"
    return "done"


def propose_and_approve(case_id: int, action: str, look: Callable[[], dict[str, int]], who: list[str]) -> str:
    """One proposes what they see, another approves; sent back where it has moved on."""
    said = tried(lambda: act(case_id, action, person(who[0]), LATER, look()))
    approved = tried(lambda: act(case_id, "approve", person(who[1]), LATER))
    if approved != "done":
        tried(lambda: act(case_id, "refuse", person(who[1]), LATER, {"reason": "名单有变"}))
    return f"{said}/{approved}"


@job
def freeze(round_id: int, turns: int) -> None:
    """Freeze one round, as often as it takes."""
    found = Round.objects.get(pk=round_id)

    def look() -> dict[str, int]:
        made = rounds.plan(found, LATER)
        return {"claims": len(made.funded), "total_fen": made.total}

    for _ in range(turns):
        how = propose_and_approve(found.case_id, "freeze", look, ["reviewer", "head"])
        say(round_id, how)
        if Round.objects.filter(pk=round_id, frozen_at__isnull=False).exists():
            return


@job
def issue(round_id: int, turns: int) -> None:
    """Issue batches of one round, again and again."""
    found = Round.objects.get(pk=round_id)

    def look() -> dict[str, int]:
        pay, _ = payments.due(found)
        return {"claims": len(pay), "total_fen": sum(each.fen for each in pay)}

    for _ in range(turns):
        say(round_id, propose_and_approve(found.case_id, "issue_batch", look, ["payer", "payer_head"]))


@job
def take(seed: int, turns: int) -> None:
    """The bank's word on whatever is out, in pieces and again."""
    chance = random.Random(seed)
    for _ in range(turns):
        for batch in Batch.objects.order_by("pk"):
            out = [result(payment, "paid") for payment in batch.payments.order_by("pk")]
            some = chance.sample(out, chance.randint(1, len(out)))
            say(batch.number, tried(lambda some=some: payments.take(some, person("payer"), LATER)))


@job
def send_back(seed: int, turns: int) -> None:
    """The bank sends paid ones back, by file and by hand, and the account is mended at once."""
    chance = random.Random(seed)
    for turn in range(turns):
        for payment in Payment.objects.select_related("claim__party", "batch__round__case").order_by("pk"):
            if payment.state != "paid" or chance.random() < 0.4:
                continue
            back = result(payment, "returned", bank_ref=f"R{payment.pk}", reason="账户已销户")
            if chance.random() < 0.5:
                said = tried(lambda b=back: payments.take([b], person("payer"), LATER))
            else:
                who = person("payer")
                said = tried(lambda p=payment, w=who: by_hand.record_return(p, "R", "已销户", w, LATER, [PROOF]))
            mended = {
                "account_name": payment.claim.party.name, "account_number": f"6228{turn:04}{payment.claim_id:08}",
                "bank": "示范建行",
            }  # fmt: skip
            say(payment.pk, said, tried(lambda c=payment.claim, m=mended: mend(c.case_id, m)))


def mend(case_id: int, account_now: dict[str, str]) -> None:
    act(case_id, "mend_account", person("payer"), LATER, account_now)


@job
def stop_or_withdraw(seed: int, turns: int) -> None:
    """Companies withdraw and officers stop, at random."""
    chance = random.Random(seed)
    for _ in range(turns):
        claim = chance.choice(list(Claim.objects.select_related("case").order_by("pk")))
        agent = actor_for(User.objects.get(pk=claim.willed_by_id), NOW)
        said = tried(lambda c=claim, a=agent: act(c.case_id, "withdraw", a, LATER, {"reason": "x"}))
        tried(lambda c=claim: act(c.case_id, "stop", person("payer"), LATER, STOP))
        stopped = tried(lambda c=claim: act(c.case_id, "approve", person("payer_head"), LATER))
        say(claim.pk, said, stopped)


@job
def work(turns: int) -> None:
    """The worker: claims follow."""
    for _ in range(turns):
        following.follow(LATER, 5)
    say("worked")


@job
def will(version_ids: list[int], party_id: int) -> None:
    """The same company claims policies that exclude each other, from several phones."""
    from qinqing.directory.models import Mandate, Party

    party = Party.objects.get(pk=party_id)
    user = Mandate.objects.get(company=party).person.user
    assert user is not None
    for version in PolicyVersion.objects.filter(pk__in=version_ids).order_by("-pk"):
        said = tried(lambda v=version: claims.open_claim(v, party, actor_for(user, NOW), NOW, account=account(party)))
        say(version.pk, said)


def live_twice() -> list[int]:
    """Claims in more than one live payment."""
    live = Payment.objects.exclude(state__in=["failed", "returned"]).values_list("claim_id", flat=True)
    return [claim for claim in set(live) if list(live).count(claim) > 1]


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    JOBS[sys.argv[1]](*json.loads(sys.argv[2]))
