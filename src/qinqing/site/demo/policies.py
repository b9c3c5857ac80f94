"""演示政策: the county's fictional policies live, and what departments know of its companies. Safe to run again.

Seeded. What departments say of a company hangs together: who spends much on research also holds patents. One
statement in six is missing: what nobody has said stays unknown, as in life.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from qinqing.directory.facts import recording, values
from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.facts.periods import A_YEAR, NONE
from qinqing.directory.facts.recording import Said
from qinqing.directory.models import Mandate, Observation, Party
from qinqing.policies import folder, reading, services
from qinqing.policies.models import PolicyVersion
from qinqing.policies.policy import ReviewResult
from qinqing.site.demo.players import Player

MISSING = 1 / 6  # of the statements
YUAN = 100
LEVELS = ("none", "none", "none", "municipal", "provincial", "national")


def make_live(now: datetime) -> None:
    """Every policy of the county's folder: written, reviewed and approved by officers of its leading department."""
    if PolicyVersion.objects.exists():
        return
    player = Player(7, now)
    by_lead: dict[str, list[str]] = defaultdict(list)
    for source in folder.read([settings.COUNTY / "policies"]):
        by_lead[reading.read(source.text).departments[0]].append(source.text)
    for lead, texts in by_lead.items():
        unit = player.units[lead]
        author, head = player.someone(unit, "handler"), player.someone(unit, "section_head")
        for version, _ in services.draft_all(author, texts, now):
            services.record_review(author, version.pk, ReviewResult.PASSED, "", now)
            services.approve(head, version.pk, now)


def say_facts(now: datetime) -> None:
    """What the departments know of every company, each by the source that counts first."""
    if Observation.objects.exists():
        return
    dice = random.Random(11)
    by_source: dict[str, list[Said]] = defaultdict(list)
    signed_in = set(Mandate.objects.values_list("company", flat=True))  # whose agents look: much to show
    for party in Party.objects.filter(kind=Party.Kind.COMPANY).order_by("pk"):
        bold = max(dice.random(), 0.8) if party.pk in signed_in else dice.random()
        for name, value in _known(party, dice, bold):
            fact = dictionary()[name]
            if dice.random() < MISSING:
                continue
            period = {"year": (now.year - 1) * A_YEAR, "month": _month(now), "none": NONE}[fact.period]
            kept = values.check(fact, Decimal(str(value)) if fact.type.value == "number" else value)
            by_source[fact.sources[0]].append(recording.said(fact, party.pk, period, kept))
    for source, statements in by_source.items():
        recording.record(statements, source=source, now=now, note="演示数据")


def _month(now: datetime) -> int:
    """The month before this one."""
    return now.year * A_YEAR + now.month - 1 if now.month > 1 else (now.year - 1) * A_YEAR + 12


def _known(party: Party, dice: random.Random, bold: float) -> Iterator[tuple[str, Any]]:
    """(fact, value) of one company; money in fen. `bold`: how much it ventures; research and titles go with it."""
    revenue = party.revenue_fen or dice.randrange(300, 30_000) * 10_000 * YUAN
    staff = party.staff or dice.randrange(8, 300)
    growth = dice.uniform(0.85, 1.35)
    research = int(revenue * dice.uniform(0, 0.07) * (0.4 + bold))
    yield from _registered(dice, bold)
    yield from (
        ("industrial_output", int(revenue * 1.02)),
        ("industrial_output_last_year", int(revenue * 1.02 / growth)),
        ("fixed_investment", int(revenue * dice.choice((0, 0, 0.03, 0.12, 0.4)))),
        ("above_scale", revenue >= 20_000_000 * YUAN),
        ("newly_above_scale", revenue >= 20_000_000 * YUAN and dice.random() < 0.1),
        ("land_area_mu", dice.randrange(5, 120)),
        ("investment_per_mu", dice.randrange(80, 600) * 10_000 * YUAN),
        ("tax_per_mu", dice.randrange(4, 60) * 10_000 * YUAN),
        ("per_mu_class", dice.choice("AABBBCCD")),
        ("rd_expense", research),
        ("rd_expense_last_year", int(research / dice.uniform(0.8, 1.4))),
        ("rd_staff", int(staff * dice.uniform(0, 0.2))),
        ("technology_contracts", int(revenue * dice.choice((0, 0, 0, 0.01, 0.03)))),
        ("tax_paid", int(revenue * 0.035)),
        ("tax_paid_last_year", int(revenue * 0.035 / growth)),
        ("exports", int(revenue * dice.choice((0, 0, 0.1, 0.4)))),
        ("exports_last_year", int(revenue * dice.choice((0, 0.08, 0.3)))),
        ("online_sales", int(revenue * dice.choice((0, 0, 0.02, 0.1)))),
        ("loan_interest", int(revenue * dice.choice((0, 0.002, 0.006)))),
        ("equity_raised", dice.choice((0, 0, 0, 0, 5_000_000 * YUAN, 20_000_000 * YUAN))),
        ("insured_staff", staff),
        ("insured_staff_last_year", max(1, int(staff / dice.uniform(0.9, 1.15)))),
        ("new_jobs", dice.randrange(0, max(2, staff // 8))),
        ("graduates_hired", dice.randrange(0, max(2, staff // 20))),
        ("disabled_staff", dice.choice((0, 0, 0, 1, 2))),
        ("training_persons", dice.randrange(0, staff + 1)),
        ("solar_kw", dice.choice((0, 0, 0, 120, 480, 1500))),
        ("energy_intensity", round(dice.uniform(0.02, 0.4), 4)),
    )


def _registered(dice: random.Random, bold: float) -> Iterator[tuple[str, Any]]:
    """What stands in registers and lists: credit, titles, patents."""
    level = min(int(bold * len(LEVELS)), len(LEVELS) - 1)
    yield from (
        ("dishonest", dice.random() < 0.02),
        ("abnormal_operation", dice.random() < 0.03),
        ("credit_level", dice.choice("AAABBC")),
        ("tax_credit_level", dice.choice("AAABBBMC")),
        ("major_penalties_1y", int(dice.random() < 0.05)),
        ("safety_accidents_1y", int(dice.random() < 0.02)),
        ("environment_penalties_1y", int(dice.random() < 0.04)),
        ("wage_arrears", dice.random() < 0.02),
        ("key_industry", dice.choice(("高端装备", "时尚纺织", "新材料", "智能家居", "数字经济"))),
        ("high_tech_enterprise", bold > 0.6),
        ("technology_sme", bold > 0.45),
        ("provincial_rd_centre", bold > 0.85),
        ("rd_centre_level", LEVELS[level]),
        ("srdi_level", dice.choice(("none", "innovative", "provincial", "little_giant")) if bold > 0.7 else "none"),
        ("smart_factory_level", dice.choice(LEVELS[:level] or ("none",))),
        ("green_factory_level", dice.choice(LEVELS[:level] or ("none",))),
        ("quality_award", "municipal" if bold > 0.9 else "none"),
        ("valid_invention_patents", int(bold * dice.randrange(0, 14))),
        ("new_invention_patents", int(bold * dice.randrange(0, 4))),
        ("clean_production", dice.random() < 0.3),
    )
