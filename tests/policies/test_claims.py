"""申领: who may claim what and when; the review with its second look at the facts; withdrawing; accounts."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from qinqing.cases.acting import act
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.refusals import Conflict, NotOpen, Refused
from qinqing.directory.models import FormerName
from qinqing.ledger.models import Transfer
from qinqing.lib.rules.rule import Verdict
from qinqing.lib.wallclock import CHINA
from qinqing.policies import claims, payees, services
from qinqing.policies.claim_acts import ask_for
from qinqing.policies.claims import Filed, NoClaim, open_claim
from qinqing.policies.models_money import Claim
from qinqing.ui.errors import Invalid, NotAllowed
from tests.policies.money_world import (
    DECIDED,
    FIRST_COME,
    NOW,
    PRO_RATA,
    PROOF,
    YUAN,
    World,
    account,
    again,
    code_of,
    staff,
    stage,
    tasks,
)
from tests.worlds import Once

pytestmark = pytest.mark.django_db
TWO_DOCUMENTS = (
    PRO_RATA + "\ndocuments: [{id: seal, zh: 承诺书, en: A commitment}, {id: lease, zh: 租赁合同, en: The lease}]"
)


@pytest.fixture(scope="module")
def built(once: Once) -> World:
    return once(World)


@pytest.fixture
def world(built: World) -> World:
    return deepcopy(built)


# ── opening ──


def test_one_tap_opens_a_claim_with_its_amount_and_basis(world: World) -> None:
    version = world.policy()
    party, agent = world.company(staff=20)
    claim = open_claim(version, party, agent, NOW, account=account(party))
    assert (claim.asked_fen, claim.year, claim.part, claim.state) == (20_000 * YUAN, 2026, 0, "open")
    assert claim.basis == {"staff": {"value": 200_000, "source": "", "observation": None}}
    assert claim.case.number.startswith("惠2026-") and stage(claim) == "review" and tasks(claim) == {"review"}
    assert claim.account is not None and claim.account.name == party.name
    assert list(claims.claims_of(party)) == [claim]
    assert claims.eligible_now(version, party, NOW).verdict is Verdict.YES
    assert not Transfer.objects.exists(), "a claim moves no money"


def test_the_window_and_the_department_claim_for_a_company_others_do_not(world: World) -> None:
    version = world.policy()
    for who in ("clerk", "reviewer"):
        party, _ = world.company()
        assert open_claim(version, party, world[who], NOW, on_behalf=True).on_behalf
    party, agent = world.company()
    _, other_agent = world.company()
    for who, on_behalf in (("payer", True), ("clerk", False), ("stranger", False)):
        code_of(NotAllowed, lambda w=who, o=on_behalf: open_claim(version, party, world[w], NOW, on_behalf=o))
    code_of(NotAllowed, lambda: open_claim(version, party, other_agent, NOW))
    code_of(NotAllowed, lambda: open_claim(version, party, agent, NOW, on_behalf=True))
    assert Claim.objects.filter(party=party).count() == 0


@pytest.mark.parametrize(("heads", "why"), [(9, "no"), (None, "unknown")])
def test_only_a_yes_is_claimed(world: World, heads: int | None, why: str) -> None:
    version = world.policy()
    party, agent = world.company(staff=heads)
    refusal = code_of(NoClaim, lambda: open_claim(version, party, agent, NOW))
    assert refusal.extra["why"] == why
    assert "用工十人以上" in refusal.detail.zh if why == "no" else "从业人员" in refusal.detail.zh
    assert not Claim.objects.exists() and not Case.objects.filter(procedure__code="policy_claim").exists()


def test_only_within_the_window_and_while_it_is_live(world: World) -> None:
    version = world.policy()
    party, agent = world.company()
    closed = datetime(2027, 12, 1, 9, 0, tzinfo=CHINA)
    assert code_of(NoClaim, lambda: open_claim(version, party, agent, closed)).extra["why"] == "window"
    services.withdraw(world["head"], version.pk, "预算取消", NOW)
    version.refresh_from_db()
    assert code_of(NoClaim, lambda: open_claim(version, party, agent, NOW)).extra["why"] == "not_live"


def test_twice_is_refused_and_the_same_tap_is_answered_again(world: World) -> None:
    version = world.policy()
    party, agent = world.company()
    first = open_claim(version, party, agent, NOW, idempotency_key="tap-1")
    assert open_claim(version, party, agent, NOW, idempotency_key="tap-1") == first
    refusal = code_of(NoClaim, lambda: open_claim(version, party, agent, NOW))
    assert refusal.extra == {"why": "claimed", "claim": first.case.number}
    copy = Claim.objects.get(pk=first.pk)
    copy.pk, copy.case = None, world.county.open(NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()  # and where a program forgot to ask, the database refuses


def test_next_year_it_may_be_claimed_again(world: World) -> None:
    version = world.policy()
    party, agent = world.company()
    open_claim(version, party, agent, NOW)
    assert open_claim(version, party, agent, NOW + timedelta(days=200)).year == 2027


def test_what_excludes_each_other_is_claimed_once(world: World) -> None:
    first, second = world.policy("jobs"), world.policy("other", more=PRO_RATA + "\nexcludes: [jobs]")
    party, agent = world.company()
    one = open_claim(first, party, agent, NOW)  # both pay the same: the code that comes first
    refusal = code_of(NoClaim, lambda: open_claim(second, party, agent, NOW))
    assert refusal.extra == {"why": "excluded", "claim": one.case.number}
    act(one.case_id, "withdraw", agent, NOW, {"reason": "改申请另一项"})
    assert stage(one) == "withdrawn" and again(one).state == "ended"
    refusal = code_of(NoClaim, lambda: open_claim(second, party, agent, NOW))
    assert refusal.extra["why"] == "higher", "of equals the first code is paid"


def test_of_a_group_the_higher_one_is_claimed(world: World) -> None:
    low = world.policy("low", benefit="yuan_each: 500, of: staff", more=PRO_RATA + "\nhighest_of: jobs")
    high = world.policy("high", more=PRO_RATA + "\nhighest_of: jobs")
    party, agent = world.company()
    refusal = code_of(NoClaim, lambda: open_claim(low, party, agent, NOW))
    assert refusal.extra == {"why": "higher", "policies": ["high"]}
    assert open_claim(high, party, agent, NOW).asked_fen == 20_000 * YUAN


# ── review ──


def test_agreed_by_one_and_signed_off_by_another(world: World) -> None:
    claim = world.claim(world.policy())
    code_of(Refused, lambda: act(claim.case_id, "agree", world["payer"], NOW, {"opinion": "符合"}))
    act(claim.case_id, "agree", world["reviewer"], NOW, {"opinion": "符合"})
    assert stage(claim) == "review" and again(claim).ready_at is None
    code_of(Refused, lambda: act(claim.case_id, "approve", world["reviewer"], NOW))
    act(claim.case_id, "approve", world["head"], NOW)
    assert stage(claim) == "waiting"
    assert (again(claim).agreed_fen, again(claim).ready_at) == (20_000 * YUAN, NOW)
    code_of(NotOpen, lambda: act(claim.case_id, "agree", world["reviewer"], NOW, {"opinion": "再来"}))


def test_a_fact_that_changed_before_the_proposal_stops_it(world: World) -> None:
    claim = world.claim(world.policy())
    staff(claim, 9)
    refusal = code_of(Refused, lambda: act(claim.case_id, "agree", world["reviewer"], NOW, {"opinion": "符合"}))
    assert "用工十人以上" in refusal.detail.zh
    code_of(Refused, lambda: act(claim.case_id, "recount", world["reviewer"], NOW))
    act(claim.case_id, "decline", world["reviewer"], NOW, {"reason": "人数不足", "legal_basis": "第七条"})
    act(claim.case_id, "approve", world["head"], NOW)
    assert stage(claim) == "declined" and again(claim).state == "ended"


def test_a_fact_that_changed_before_the_signature_stops_it(world: World) -> None:
    claim = world.claim(world.policy())
    act(claim.case_id, "agree", world["reviewer"], NOW, {"opinion": "符合"})
    staff(claim, 30)
    refusal = code_of(Refused, lambda: act(claim.case_id, "approve", world["head"], NOW))
    assert "30,000.00元" in refusal.detail.zh
    act(claim.case_id, "refuse", world["head"], NOW, {"reason": "金额有变"})
    act(claim.case_id, "recount", world["reviewer"], NOW)
    assert world.agreed(claim).agreed_fen == 30_000 * YUAN
    assert again(claim).basis["staff"]["value"] == 300_000


def test_documents_are_asked_for_and_only_the_missing_ones(world: World) -> None:
    version = world.policy(more=TWO_DOCUMENTS)
    party, agent = world.company()
    claim = open_claim(version, party, agent, NOW, documents=[Filed("seal", PROOF)])
    assert [one.id for one in claims.documents_missing(claim)] == ["lease"]
    refusal = code_of(Refused, lambda: act(claim.case_id, "agree", world["reviewer"], NOW, {"opinion": "符合"}))
    assert "租赁合同" in refusal.detail.zh and "承诺书" not in refusal.detail.zh
    draft = ask_for(CaseFile(Case.objects.get(pk=claim.case_id), world["reviewer"], NOW))
    assert draft and "租赁合同" in draft and "承诺书" not in draft
    act(claim.case_id, "ask_party", world["reviewer"], NOW, {"notice": draft, "legal_basis": "第七条"})
    assert Case.objects.get(pk=claim.case_id).held
    code_of(NoClaim, lambda: claims.file_documents(claim, agent, NOW, [Filed("other", PROOF)]))
    claim = claims.file_documents(claim, agent, NOW, [Filed("lease", PROOF)])
    assert claims.documents_missing(claim) == [] and not Case.objects.get(pk=claim.case_id).held
    assert world.agreed(claim).ready_at


def test_the_window_brings_documents_and_an_officer_may_have_seen_them(world: World) -> None:
    version = world.policy(more=TWO_DOCUMENTS)
    claim = world.claim(version)
    assert claims.file_documents(claim, world["clerk"], NOW, [Filed("seal", PROOF)], "窗口代交").documents.keys() == {
        "seal"
    }
    code_of(Refused, lambda: claims.file_documents(claim, world["payer"], NOW, [Filed("seal", PROOF)]))
    assert world.agreed(claim, documents_seen=True).ready_at
    assert code_of(NoClaim, lambda: world.claim(version, documents=[Filed("nothing", PROOF)]))


def test_a_body_decides_within_its_range_and_nobody_elsewhere(world: World) -> None:
    decided = world.claim(world.policy(benefit=DECIDED, more=FIRST_COME))
    assert decided.asked_fen is None
    for yuan in (None, 99, 5001):
        form = {"opinion": "常务会议纪要〔2026〕3号", "granted_yuan": yuan}
        refusal = code_of(Refused, lambda f=form: act(decided.case_id, "agree", world["reviewer"], NOW, f))
        assert "县政府常务会议" in refusal.detail.zh
    assert world.agreed(decided, granted_yuan=5000).agreed_fen == 5_000 * YUAN
    computed = world.claim(world.policy("other"))
    form = {"opinion": "多给一点", "granted_yuan": 99_999}
    code_of(Refused, lambda: act(computed.case_id, "agree", world["reviewer"], NOW, form))


def test_a_company_withdraws_while_it_waits_and_claims_anew(world: World) -> None:
    version = world.policy()
    party, agent = world.company()
    claim = world.agreed(open_claim(version, party, agent, NOW))
    code_of(Refused, lambda: act(claim.case_id, "withdraw", world["reviewer"], NOW, {"reason": "代撤"}))
    act(claim.case_id, "withdraw", agent, NOW, {"reason": "下年再报"})
    assert again(claim).state == "ended" and again(claim).ready_at is None
    assert open_claim(version, party, agent, NOW).pk != claim.pk


def test_nobody_waits_in_silence(world: World) -> None:
    """Expired it climbs, stage by stage; nothing is closed by time alone."""
    from qinqing.cases.passing_time import fire_due_rungs

    reviewed, waiting = world.claim(world.policy()), world.waiting(world.policy("other"), 20)[0]
    for day in range(1, 60):
        fire_due_rungs(NOW + timedelta(days=day))
    assert {Case.objects.get(pk=claim.case_id).level for claim in (reviewed, waiting)} == {4}
    assert (stage(reviewed), stage(waiting)) == ("review", "waiting")
    assert {"!supervise", "!hand_up"} <= tasks(waiting)


# ── accounts ──


def test_money_goes_to_the_companys_own_name_only(world: World) -> None:
    version = world.policy()
    party, agent = world.company(name="示范县沐柳(集团)有限公司")
    refusal = code_of(
        Invalid, lambda: open_claim(version, party, agent, NOW, account=account(party, "示范县沐柳有限公司"))
    )
    assert set(refusal.fields) == {"account_name"} and not Claim.objects.exists()
    bad = code_of(Invalid, lambda: payees.give(party, account(party, number="12-34"), agent, NOW))
    assert set(bad.fields) == {"account_number"}
    claim = open_claim(
        version, party, agent, NOW, account=account(party, "示范县沐柳（集团）有限公司", "6222 0000 1111 22")
    )
    assert claim.account and claim.account.number == "62220000111122"


def test_a_former_name_needs_an_officer(world: World) -> None:
    party, agent = world.company(name="示范县新名有限公司")
    FormerName.objects.create(party=party, name="示范县旧名有限公司", name_norm="示范县旧名有限公司")
    old = account(party, "示范县旧名有限公司")
    assert "account_name" in code_of(Invalid, lambda: payees.give(party, old, agent, NOW)).fields
    told = payees.Account(old.name, old.number, old.bank, confirmed=True)
    assert "account_name" in code_of(Invalid, lambda: payees.give(party, told, agent, NOW)).fields, "not by itself"
    given = payees.give(party, told, world["payer"], NOW)
    assert given.confirmed_by_id == world["payer"].user_id and payees.fits(given, party)
    assert payees.give(party, told, world["payer"], NOW) == given


def test_a_case_without_a_claim_is_refused_by_its_acts(world: World) -> None:
    """Somebody opened the procedure by the general door: no row stands behind it, and no act takes it on."""
    from qinqing.cases.acting import open_case

    data = {"policy": "x", "lead": world.county.unit("science"), "payer": world.county.unit("finance")}
    done = open_case("policy_claim", world.county.company.pk, world["clerk"], NOW, data, title="x")
    code_of(Refused, lambda: act(done.case_id, "agree", world["reviewer"], NOW, {"opinion": "符合"}))
    code_of(Refused, lambda: act(done.case_id, "withdraw", world["agent"], NOW, {"reason": "撤"}))


def test_withdrawn_and_frozen_at_once_only_one_holds(world: World) -> None:
    version = world.policy()
    world.budget(100_000 * YUAN)
    party, agent = world.company()
    claim = world.agreed(open_claim(version, party, agent, NOW))
    found = world.round(version)
    world.propose(found)
    act(found.case_id, "approve", world["head"], NOW)  # the claim's case has not followed yet
    assert stage(claim) == "waiting" and again(claim).round_id == found.pk
    code_of(Refused, lambda: act(claim.case_id, "withdraw", agent, NOW, {"reason": "撤"}))
    with pytest.raises(Refused):
        act(claim.case_id, "decline_waiting", world["reviewer"], NOW, {"reason": "不", "legal_basis": "第七条"})
    assert again(claim).state == "open"
    with pytest.raises((Conflict, Refused)):
        act(claim.case_id, "withdraw", agent, NOW, {"reason": "撤"})
