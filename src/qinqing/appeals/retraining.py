"""归口模型更新: learns from the county's own closed cases, and keeps the new model only if it is better.

A case tells where it belonged by the section that led it when it was answered, not by the first guess of the window:
what a section returned went on to the right one. Erased cases are not read. The newest cases are held out; on them the
new model is compared with what is in use. The model kept is the one measured, so it never saw the cases held out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from qinqing.appeals import intake, learning, routing, suggesting
from qinqing.appeals.learning import Example, Figures
from qinqing.appeals.suggesting import SURE
from qinqing.cases.models import Case, Payload
from qinqing.directory.models import Unit
from qinqing.lib.wallclock import CHINA

ANSWERED = ("resolved", "explained")  # ends at which a section answered for the matter, or said why it cannot be done
FEWEST = 30  # cases of a section to learn from; with fewer it is left out
HELD_OUT = 0.2
FEWEST_HELD = 20


@dataclass(frozen=True, slots=True)
class Known:
    """A closed case: what was asked, who answered, when it was closed."""

    text: str
    section: str
    writer: str
    closed_at: datetime

    @property
    def example(self) -> Example:
        return Example((self.text,), self.section, self.writer)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found and decided. `verdict`: kept, not_better, or too_few (then there are no figures).

    learnt, held: section -> cases     left_out: section -> cases, fewer than FEWEST to learn from
    present: figures of what is in use, which is version `in_use` of the model, or the words (0)
    """

    verdict: str
    cases: int
    learnt: Mapping[str, int]
    held: Mapping[str, int]
    left_out: Mapping[str, int]
    in_use: int
    new: Figures | None = None
    present: Figures | None = None
    version: int = 0


def retrain(now: datetime, county: Path, home: Path, since: date | None = None) -> Outcome:
    """Learn anew from cases opened from `since` on, compare, and keep what is better."""
    known = closed_cases(since)
    model, _ = suggesting.in_use(home, frozenset(Unit.objects.values_list("code", flat=True)))
    in_use = int(model.about.get("version", 0)) if model else 0
    older, newest = split(known, model)
    counts = Counter(one.section for one in older)
    enough = {section: count for section, count in sorted(counts.items()) if count >= FEWEST}
    left_out = {one: counts[one] for one in sorted({case.section for case in known} - enough.keys())}
    held = dict(sorted(Counter(one.section for one in newest).items()))
    if len(enough) < 2 or len(newest) < FEWEST_HELD:
        return Outcome("too_few", len(known), enough, held, left_out, in_use)
    learnt = [one for one in older if one.section in enough]
    made = learning.learn([one.example for one in learnt])
    truth = [one.example for one in newest]
    new = learning.measure(made, truth)
    present = learning.measure(model, truth) if model else by_words(truth, county)
    better = new.macro_f1 > present.macro_f1
    if better:
        about = {
            "version": in_use + 1, "trained_at": now.isoformat(), "matters": len(learnt), "by_section": enough,
            "until": learnt[-1].closed_at.isoformat(), "held_out": new.as_json(), "replaced": present.as_json(),
        }  # fmt: skip
        routing.save(replace(made, about=about), suggesting.model_file(home))
    return Outcome(
        "kept" if better else "not_better", len(known), enough, held, left_out, in_use, new, present,
        in_use + better,
    )  # fmt: skip


def closed_cases(since: date | None = None) -> list[Known]:
    """Cases that a section answered, in the order in which they were closed; erased ones are left out."""
    cases = Case.objects.filter(
        procedure__code=intake.PROCEDURE, outcome__in=ANSWERED, lead__isnull=False, closed_at__isnull=False
    )
    if since is not None:
        cases = cases.filter(opened_at__gte=datetime.combine(since, time(), CHINA))
    bodies = Payload.objects.filter(event__seq=1, event__case__in=cases, body__isnull=False).order_by(
        "event__case__closed_at", "event__case_id"
    )
    rows = bodies.values_list("body", "event__case__lead__code", "event__case__party_id", "event__case__closed_at")
    found = []
    for body, section, party, closed_at in rows.iterator(chunk_size=2000):
        if closed_at and (text := _text(body)):
            found.append(Known(text, str(section), str(party), closed_at))
    return found


def split(known: Sequence[Known], model: routing.Model | None) -> tuple[list[Known], list[Known]]:
    """(older, newest): a fifth is held out, of which nothing that the model in use has learnt from is taken."""
    cut = len(known) - round(HELD_OUT * len(known))
    newest = list(known[cut:])
    if model and (until := model.about.get("until")):
        newest = [one for one in newest if one.closed_at > datetime.fromisoformat(str(until))]
    return list(known[:cut]), newest


def by_words(examples: Sequence[Example], county: Path) -> Figures:
    """How the county's words do; no word found is no answer."""
    words = suggesting.load(county)
    found = [next(iter(suggesting.suggest(one.parts[0], words)), None) for one in examples]
    return learning.compare(
        [one.section for one in examples],
        [one.section if one else "" for one in found],
        [one is not None and one.share >= SURE for one in found],
    )


# ── private ──


def _text(body: str | None) -> str:
    text: Any = json.loads(body)["texts"].get("text", "") if body else ""
    return str(text).strip()
