"""应享名单: found as one company at a time would find it; incremental as a whole recount; told once."""

from __future__ import annotations

import random
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from qinqing.__main__ import main
from qinqing.directory.facts.reading import values_of
from qinqing.directory.models import Party
from qinqing.directory.services import update_party
from qinqing.lib.rules.rule import Verdict
from qinqing.messaging.models import Notice
from qinqing.policies import claims, counts, eligibility, selectors, services, telling
from qinqing.policies.eligibility import Moved, match, match_all
from qinqing.policies.models_matching import Eligibility, Matched
from qinqing.policies.payees import Account
from tests.policies.world import GOOD, NOW, POLICIES, DemoWorld
from tests.worlds import Once

if TYPE_CHECKING:
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
EXAMPLES = """examples:
- {zh: 符合, en: Yes, facts: {status: 存续, dishonest: false, training_persons: 20}, gives: {verdict: 'yes'}}
- {zh: 不符合, en: No, facts: {status: 存续, dishonest: false, training_persons: 19}, gives: {verdict: 'no'}}
- {zh: 缺数据, en: Unknown, facts: {status: 存续, dishonest: false}, gives: {verdict: unknown}}
"""


@pytest.fixture(scope="module")
def built(once: Once) -> DemoWorld:
    return once(DemoWorld)


@pytest.fixture
def world(built: DemoWorld) -> DemoWorld:
    return deepcopy(built)


def rows() -> dict[tuple[str, int], int | None]:
    """(policy, company) -> fen of what stands."""
    found = Eligibility.objects.filter(gone_at=None).values_list("policy__code", "party_id", "amount_fen")
    return {(code, party): fen for code, party, fen in found}


def expected(now: datetime) -> dict[tuple[str, int], int | None]:
    """The same, decided one company at a time."""
    found = {}
    policies = [selectors.policy_of(version.pk) for version in selectors.in_force(now.date())]
    for party in Party.objects.filter(kind__in=["company", "sole_trader"]):
        for each in claims.explained(policies, values_of(party.pk), now):
            if each.verdict is Verdict.YES and each.amount_fen != 0:
                found[each.rule.code, party.pk] = each.amount_fen
    return found


def test_the_list_is_what_each_company_would_be_told(world: DemoWorld) -> None:
    moved = match_all(NOW)
    found = rows()
    assert found == expected(NOW) and moved == Moved(new=len(found))
    assert found["rd_reward_2026", world.heshui.pk] == 48_000_00  # 5 % of 960,000
    assert found["major_project", world.heshui.pk] is None  # a body decides
    assert ("new_project", world.heshui.pk) not in found  # the land is used too thinly
    assert {party for _, party in found} == {world.heshui.pk, world.qingyuan.pk}


def test_a_basis_is_the_one_that_a_claim_would_have(world: DemoWorld) -> None:
    match_all(NOW)
    for row in Eligibility.objects.select_related("version"):
        policy = selectors.policy_of(row.version_id)
        assert row.basis == claims.basis_of(policy, values_of(row.party_id)), policy.code
    basis = Eligibility.objects.get(policy__code="rd_reward_2026").basis
    assert basis["rd_expense_last_year"]["value"] == 4_210_000_00
    assert basis["rd_expense_last_year"]["observation"] != basis["rd_expense"]["observation"]
    assert basis["status"]["source"] == "" and basis["rd_expense"]["source"] == "tax"


def test_nothing_changed_nothing_done(world: DemoWorld) -> None:
    match_all(NOW)
    at = set(Matched.objects.values_list("at", flat=True))
    assert match_all(LATER) == Moved() and set(Matched.objects.values_list("at", flat=True)) == at


def test_a_changed_fact_moves_only_what_it_touches(world: DemoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    match_all(NOW)
    settled = []
    settle = eligibility._settle
    monkeypatch.setattr(eligibility, "_settle", lambda step, now: settled.append(step.policy.code) or settle(step, now))
    world.observe(world.qingyuan, {"training_persons": 25}, LATER)
    assert match_all(LATER) == Moved(new=1)
    assert settled == ["training"] and rows()["training", world.qingyuan.pk] == 7_500_00
    world.observe(world.qingyuan, {"training_persons": 30}, LATER + timedelta(hours=1))
    assert match_all(LATER + timedelta(hours=1)) == Moved(changed=1)
    row = Eligibility.objects.get(policy__code="training", party=world.qingyuan)
    assert (row.was_fen, row.amount_fen, row.since) == (7_500_00, 9_000_00, LATER)
    assert row.changed_at == LATER + timedelta(hours=1) and row.basis["training_persons"]["value"] == 300_000
    world.forget(world.qingyuan, "training_persons", LATER + timedelta(hours=2))
    assert match_all(LATER + timedelta(hours=2)) == Moved(gone=1)  # unknown is no yes
    row.refresh_from_db()
    assert row.gone_at == LATER + timedelta(hours=2)
    world.observe(world.qingyuan, {"training_persons": 30}, LATER + timedelta(hours=3))
    assert match_all(LATER + timedelta(hours=3)) == Moved(new=1)
    assert Eligibility.objects.filter(policy__code="training", party=world.qingyuan).count() == 2  # two stretches


def test_a_new_day_decides_again_what_depends_on_it(world: DemoWorld) -> None:
    update_party(world.heshui.pk, NOW, registered_on=date(2025, 9, 30))
    match_all(NOW)
    assert ("technology_sme", world.heshui.pk) not in rows()
    tomorrow = NOW + timedelta(days=1)
    assert match_all(tomorrow) == Moved(new=1)  # a year old today
    assert ("technology_sme", world.heshui.pk) in rows() and rows() == expected(tomorrow)


@pytest.mark.parametrize("piece", [1, 10_000])
def test_policies_come_into_force_and_end_by_the_day(
    world: DemoWorld, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(eligibility, "PIECE", piece)
    match_all(NOW)
    after = datetime.fromisoformat("2029-01-01T08:00:00+08:00")
    total = len(rows())
    assert match_all(after) == Moved(gone=total)
    assert rows() == {} and not Matched.objects.exists()


def test_a_new_version_keeps_the_stretch_and_changes_the_amount(world: DemoWorld) -> None:
    match_all(NOW)
    text = (POLICIES / "training.yaml").read_text(encoding="utf-8").split("examples:")[0]
    new = world.live_texts(text.replace("yuan_each: 300", "yuan_each: 200") + EXAMPLES)
    moved = match_all(LATER)
    row = Eligibility.objects.get(policy__code="training", gone_at=None)
    assert moved == Moved(changed=1)
    assert (row.version_id, row.since, row.was_fen, row.amount_fen) == (new["training"].pk, NOW, 13_800_00, 9_200_00)


def test_withdrawn_is_gone(world: DemoWorld) -> None:
    match_all(NOW)
    services.withdraw(world.approver, world.versions["training"].pk, "停办", LATER)
    assert match_all(LATER) == Moved(gone=1)
    assert not Matched.objects.filter(policy__code="training").exists()


@pytest.mark.parametrize("seed", range(6))
def test_incremental_finds_what_a_recount_finds(world: DemoWorld, seed: int) -> None:
    chance, now = random.Random(seed), NOW
    facts = [name for name in GOOD if not name.endswith("_last_year")]
    for _ in range(6):
        now += timedelta(hours=chance.choice([1, 5, 30]))
        party = chance.choice([world.heshui, world.qingyuan, world.newborn])
        for name in chance.sample(facts, 3):
            if chance.random() < 0.3:
                world.forget(party, name, now)
            else:
                world.observe(party, {name: _other(chance, GOOD[name])}, now)
        if chance.random() < 0.3:
            update_party(party.pk, now, status=chance.choice(["存续", "注销"]))
        match_all(now)
        kept = rows()
        assert kept == expected(now)
        assert match_all(now, recount=True) == Moved() and rows() == kept


def _other(chance: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return chance.random() < 0.5
    if isinstance(value, int):
        return int(value * chance.choice([0, 0.5, 0.9, 1, 1.1, 3]))
    return value


def test_a_slice_ends_and_the_next_goes_on(world: DemoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eligibility, "SLICE", 0.0)
    slices = 0
    while match(NOW):
        slices += 1
    assert slices >= len(world.versions) - 1 and rows() == expected(NOW)


def test_a_slower_worker_changes_nothing(world: DemoWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker brings the same policies up between this one's reading and its writing."""
    match_all(NOW)
    world.observe(world.qingyuan, {"training_persons": 25}, LATER)
    settle, raced = eligibility._settle, []

    def late(step: Any, present: Any) -> Moved:
        if not raced:
            raced.append(step)
            monkeypatch.setattr(eligibility, "_settle", settle)
            match_all(LATER)
        return settle(step, present)

    monkeypatch.setattr(eligibility, "_settle", late)
    assert match_all(LATER) == Moved()
    assert Eligibility.objects.filter(policy__code="training", party=world.qingyuan).count() == 1


# ── in pieces ──


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """One company in a transaction, so that a match of all companies takes several."""
    monkeypatch.setattr(eligibility, "PIECE", 1)


class Killed(Exception):
    """The worker dies."""


def killed_after(monkeypatch: pytest.MonkeyPatch, pieces: int) -> None:
    settle, done = eligibility._settle, []

    def one(step: Any, present: Any) -> Moved:
        if len(done) == pieces:
            raise Killed
        done.append(step)
        return settle(step, present)

    with monkeypatch.context() as patch:
        patch.setattr(eligibility, "_settle", one)
        with pytest.raises(Killed):
            match_all(NOW)


def test_pieces_find_what_a_whole_finds(world: DemoWorld, small_pieces: None) -> None:
    moved = match_all(NOW)
    assert rows() == expected(NOW) and moved == Moved(new=len(rows()))
    assert not Matched.objects.filter(through__isnull=False).exists()
    assert match_all(NOW, recount=True) == Moved()


@pytest.mark.parametrize("pieces", [1, 2, 5, 41])
def test_a_killed_match_goes_on_where_it_was(
    world: DemoWorld, small_pieces: None, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    killed_after(monkeypatch, pieces)
    before = rows()
    begun = dict(Matched.objects.filter(through__isnull=False).values_list("policy_id", "through"))
    settled: list[Any] = []
    settle = eligibility._settle
    monkeypatch.setattr(eligibility, "_settle", lambda step, now: settled.append(step) or settle(step, now))
    moved = match_all(LATER)
    assert rows() == expected(NOW) and moved == Moved(new=len(rows()) - len(before))
    for policy_id, through in begun.items():
        assert min(step.after for step in settled if step.before.policy_id == policy_id) == through, (
            "not from the start"
        )


def test_a_fact_that_changes_between_two_pieces_counts(
    world: DemoWorld, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a company that was looked at already, and of one that was not; with the version replaced as well."""
    for name in (world.heshui, world.qingyuan):
        world.forget(name, "training_persons", NOW)
    killed_after(monkeypatch, len(Party.objects.filter(kind="company")) // 2 + 1)
    for name in (world.heshui, world.qingyuan):
        world.observe(name, {"training_persons": 25}, LATER)
    match_all(LATER)
    assert rows() == expected(LATER) and ("training", world.qingyuan.pk) in rows()
    assert match_all(LATER, recount=True) == Moved()


def test_a_version_replaced_half_way_begins_anew(
    world: DemoWorld, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_after(monkeypatch, 2)
    text = (POLICIES / "training.yaml").read_text(encoding="utf-8").split("examples:")[0]
    new = world.live_texts(text.replace("yuan_each: 300", "yuan_each: 200") + EXAMPLES)
    match_all(LATER)
    assert rows() == expected(LATER)
    standing = Eligibility.objects.filter(policy__code="training", gone_at=None)
    assert set(standing.values_list("version_id", flat=True)) == {new["training"].pk}
    assert match_all(LATER, recount=True) == Moved()


def test_the_pages_show_how_far_it_is(world: DemoWorld, small_pieces: None, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [version.policy.code for version in selectors.in_force(NOW.date()).select_related("policy")]
    assert counts.under_way(every) == dict.fromkeys(every, 0), "not begun"
    killed_after(monkeypatch, 1)
    shown = counts.under_way(every)
    assert len(shown) == len(every) and 0 < max(shown.values()) < 100
    match_all(NOW)
    assert counts.under_way(every) == {}


# ── telling ──


def told(world: DemoWorld) -> dict[str, str]:
    """What the agent of heshui was told, by key."""
    return dict(Notice.objects.filter(user=world.agent.user_id).values_list("key", "title_zh"))


def test_a_company_is_told_once_a_policy_and_year(world: DemoWorld) -> None:
    while match(NOW):
        pass
    party = world.heshui.pk
    key = f"policy:rd_reward_2026:{party}:2026"
    assert told(world)[key] == "贵公司符合“研发投入奖补（2026年度）”，可领48,000.00元（免申即享，确认即可）"
    assert "金额由县重点产业领导小组核定" in told(world)[f"policy:major_project:{party}:2026"]
    both = {key for key in Notice.objects.filter(user=world.agent_of_both.user_id).values_list("key", flat=True)}
    assert key in both and f"policy:stable_jobs:{world.qingyuan.pk}:2026" in both
    before = Notice.objects.count()
    world.observe(world.heshui, {"valid_invention_patents": 0}, LATER)  # gone
    match(LATER)
    world.observe(world.heshui, {"valid_invention_patents": 4}, LATER)  # and back
    match(LATER)
    assert Notice.objects.count() == before


def test_told_again_the_year_after_when_the_window_opens(world: DemoWorld) -> None:
    texts = [(POLICIES / f"{code}.yaml").read_text(encoding="utf-8") for code in world.versions]
    shorter = [text.replace("to: 2028-11-30", "to: 2026-11-30", 1) for text in texts]
    world.live_texts(*(text for text, before in zip(shorter, texts, strict=True) if text != before))
    while match(NOW):
        pass
    first = Notice.objects.count()
    new_year = datetime.fromisoformat("2027-01-04T09:00:00+08:00")  # their windows ended in 2026
    while match(new_year):
        pass
    assert Notice.objects.count() == first
    text = (POLICIES / "training.yaml").read_text(encoding="utf-8")
    world.live_texts(text)  # open until 2028
    while match(new_year):
        pass
    assert f"policy:training:{world.heshui.pk}:2027" in told(world)


def test_what_excludes_another_is_told_alone(world: DemoWorld) -> None:
    """The provincial smart factory (500,000) stands against the technical upgrade (512,000): only one is paid."""
    while match(NOW):
        pass
    keys = told(world)
    assert f"policy:technical_upgrade:{world.heshui.pk}:2026" in keys
    assert f"policy:smart_factory_provincial:{world.heshui.pk}:2026" not in keys
    world.observe(world.heshui, {"fixed_investment": 1_00}, LATER)  # the upgrade is gone
    while match(LATER):
        pass
    assert f"policy:smart_factory_provincial:{world.heshui.pk}:2026" in told(world)


def test_who_has_claimed_is_not_told(world: DemoWorld) -> None:
    match_all(NOW)
    account = Account(world.heshui.name, "6222000011112222", "示范农商银行")
    claims.open_claim(world.versions["rd_reward_2026"], world.heshui, world.agent, NOW, account=account)
    assert not telling.tell(NOW)
    assert not any(key.startswith("policy:rd_reward_2026") for key in told(world))


# ── the command ──


def test_match_now_brings_up_and_recounts(world: DemoWorld, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    clock.set(NOW)
    assert main(["policies", "match-now"]) == 0 and rows() == expected(NOW)
    assert main(["policies", "match-now", "--recount", "--json"]) == 0
    row = Eligibility.objects.filter(gone_at=None).order_by("pk")[0]
    Eligibility.objects.filter(pk=row.pk).update(gone_at=NOW)  # somebody tampered with the list
    assert main(["policies", "match-now"]) == 0 and rows() != expected(NOW)
    assert main(["policies", "match-now", "--recount", "--lang", "en"]) == 1 and rows() == expected(NOW)
    assert "put right: 1 new, 0 gone, 0 changed" in capsys.readouterr().out
