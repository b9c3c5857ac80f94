"""The demo county's policies, live, over three companies with facts: for tests of matching and pages.

`DemoWorld()` loads some of the fictional policies of counties/demo/policies through the policies' own services:

- `heshui` 禾穗传动: much is known and good; eligible for many, its agent is `agent`;
- `qingyuan` 青源纺织: nearly eligible for several (R&D grew by 8 %, 18 persons trained), agent `agent2`;
- `newborn` 新芽科技: registered only; everything else is unknown; agent `agent3`.

`agent_of_both` acts for the first two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from qinqing.accounts.actor import Actor, Post
from qinqing.accounts.models import User
from qinqing.cases import shelf
from qinqing.cases.reading import parse
from qinqing.directory import models as directory
from qinqing.directory.facts import periods, recording, snapshots, values
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.models import Mandate, Officer, Party, Unit
from qinqing.directory.services import create_party
from qinqing.lib.identifiers import credit_code_check_character
from qinqing.lib.wallclock import CHINA
from qinqing.policies import selectors, services
from qinqing.policies.models import PolicyVersion
from qinqing.policies.policy import ReviewResult
from tests.cases import county
from tests.cases.county import SINCE, County
from tests.policies.texts import ROOT

NOW = datetime(2026, 9, 29, 10, 20, tzinfo=CHINA)
POLICIES = ROOT / "counties/demo/policies"
PROCEDURES = ROOT / "src/qinqing/policies/procedures"
SOME = (
    "rd_reward_2025", "rd_reward_2026", "srdi_provincial", "srdi_little_giant", "technology_sme", "high_tech_first",
    "stable_jobs", "new_project", "major_project", "technical_upgrade", "smart_factory_national",
    "smart_factory_provincial", "training", "export_growth", "loan_interest", "equity_raised", "new_jobs", "graduates",
)  # fmt: skip
"""Policies of every kind of benefit; those that name each other come together."""
DEPARTMENTS = {
    "economy": "县经信局", "science": "县科技局", "hrss": "县人社局", "tax": "县税务局", "market": "县市场监管局",
    "ecology": "县生态环境局", "natural-resources": "县自然资源和规划局", "power": "县供电公司", "finance": "县财政局",
}  # fmt: skip

GOOD: dict[str, Any] = {
    "dishonest": False, "revenue": 98_000_000_00, "rd_expense": 5_170_000_00, "rd_expense_last_year": 4_210_000_00,
    "major_penalties_1y": 0, "provincial_rd_centre": False, "valid_invention_patents": 4, "technology_sme": True,
    "srdi_level": "provincial", "insured_staff": 118, "insured_staff_last_year": 116, "above_scale": True,
    "fixed_investment": 6_400_000_00, "safety_accidents_1y": 0, "smart_factory_level": "provincial",
    "new_project": True, "project_investment": 310_000_000_00, "investment_per_mu": 1_900_000_00,
    "key_industry": "高端装备", "exports": 12_600_000_00, "exports_last_year": 11_000_000_00, "training_persons": 46,
}  # fmt: skip
NEARLY: dict[str, Any] = {
    "dishonest": False, "revenue": 41_000_000_00, "rd_expense": 1_296_000_00, "rd_expense_last_year": 1_200_000_00,
    "major_penalties_1y": 0, "valid_invention_patents": 3, "technology_sme": False, "insured_staff": 57,
    "insured_staff_last_year": 60, "training_persons": 18, "tax_credit_level": "B", "exports": 3_000_000_00,
    "exports_last_year": 3_100_000_00, "graduates_hired": 2, "wage_arrears": False,
}  # fmt: skip


class DemoWorld:
    """People and companies by name. `versions`: the live versions by code."""

    def __init__(self, codes: Iterable[str] = SOME, now: datetime = NOW) -> None:
        selectors.policy_of.cache_clear()  # rows rolled back give their numbers to others
        snapshots.forget()
        self.now = now
        self.county: County = county.build()
        self.units = self.county.units
        for code, name in DEPARTMENTS.items():
            if code in self.units:
                Unit.objects.filter(pk=self.units[code].pk).update(name=name)
            else:
                self.units[code] = Unit.objects.create(code=code, name=name, kind="authority")
        for path in sorted(PROCEDURES.glob("*.yaml")):
            shelf.store(parse(path.read_text(encoding="utf-8")), now)
        for code in ("science", "economy"):
            self.county.officer(f"{code}_handler", code, "handler")
            self.county.officer(f"{code}_head", code, "section_head")
        self.author = self._everywhere("author", "handler")
        self.approver = self._everywhere("approver", "section_head")
        self.versions = self.live(*codes)
        self.heshui, self.agent = self._company(
            "示范县禾穗精密传动有限公司", "柳女士", industry="C3451", staff=126, seen=GOOD
        )
        self.qingyuan, self.agent2 = self._company(
            "示范县青源纺织有限公司", "季先生", industry="C1711", staff=64, seen=NEARLY
        )
        self.newborn, self.agent3 = self._company("示范县新芽科技有限公司", "芮女士", industry="", staff=None, seen={})
        user = User.objects.create(username="phone:13900009999", name="代账人员", kind="party")
        person = Party.objects.create(kind="person", name=user.name, name_norm=user.name, user=user, updated_at=now)
        for party in (self.heshui, self.qingyuan):
            Mandate.objects.create(person=person, company=party, starts_on=SINCE)
        both = frozenset({self.heshui.pk, self.qingyuan.pk})
        self.agent_of_both = Actor(user.pk, user.name, "party", party_ids=both)

    def __getitem__(self, name: str) -> Actor:
        return self.county[name]

    # ── policies ──

    def live(self, *codes: str) -> dict[str, PolicyVersion]:
        """These demo policies, live."""
        return self.live_texts(*((POLICIES / f"{code}.yaml").read_text(encoding="utf-8") for code in codes))

    def live_texts(self, *texts: str) -> dict[str, PolicyVersion]:
        found = {}
        for version, _ in services.draft_all(self.author, list(texts), self.now):
            services.record_review(self.author, version.pk, ReviewResult.PASSED, "", self.now)
            found[version.policy.code] = services.approve(self.approver, version.pk, self.now)
        return found

    # ── facts ──

    def observe(self, party: Party, seen: Mapping[str, Any], now: datetime | None = None) -> None:
        """Facts of the company, each by the source that counts first; figures of a year are of 2025. Figures of the
        year before come with the year's."""
        for name, value in seen.items():
            fact = dictionary()[name]
            if not fact.year_before:
                kept = values.check(fact, Decimal(value) if fact.type.value == "number" else value)
                period = {"year": 202500, "month": 202608, "quarter": 202522, "none": periods.NONE}[fact.period]
                self._say(party, name, kept, period, now)
        for name, value in seen.items():
            fact = dictionary()[name]
            if fact.year_before:
                kept = Decimal(value) if fact.type.value == "number" else value
                period = 202500 if fact.period == "year" else 202608
                self._say(party, name, kept, period, now)

    def forget(self, party: Party, fact: str, now: datetime | None = None) -> None:
        """Its source no longer knows."""
        defined = dictionary()[fact]
        period = {"year": 202500, "month": 202608, "quarter": 202522, "none": periods.NONE}[defined.period]
        self._say(party, fact, None, period, now)

    # ── private ──

    def _say(self, party: Party, fact: str, value: Any, period: int, now: datetime | None) -> None:
        source = dictionary()[fact].sources[0]
        recording.observe(party.pk, fact, value, period=period, source=source, now=now or self.now)

    def _everywhere(self, name: str, role: str) -> Actor:
        """An officer with a post in every department: to write and approve all policies of a test."""
        user = User.objects.create(username=name, name=name, kind="officer")
        holder = Officer.objects.create(user=user, name=name)
        posts = []
        for code in DEPARTMENTS:
            where = self.units[code]
            directory.Post.objects.create(officer=holder, unit=where, role=role, starts_on=SINCE)
            posts.append(Post(where.pk, role, where.parent_id))
        return Actor(user.pk, name, "officer", tuple(posts))

    def _company(
        self, name: str, agent: str, *, industry: str, staff: int | None, seen: Mapping[str, Any]
    ) -> tuple[Party, Actor]:
        known = {"status": "存续", "registered_on": date(2015, 3, 12), "town": "青溪街道"} if seen else {}
        number = Party.objects.count()
        party = create_party(
            "company", name, self.now, credit_code=_credit_code(number), industry=industry, staff=staff, **known
        )
        self.observe(party, seen)
        user = User.objects.create(username=f"phone:1390000{number:04}", name=agent, kind="party")
        person = Party.objects.create(kind="person", name=agent, name_norm=agent, user=user, updated_at=self.now)
        Mandate.objects.create(person=person, company=party, starts_on=SINCE, title="经办人")
        return party, Actor(user.pk, agent, "party", party_ids=frozenset({party.pk}))


def _credit_code(number: int) -> str:
    """A code with the right check digit (GB 32100-2015)."""
    body = f"91330000MA{number:07}"
    return body + credit_code_check_character(body)
