"""每夜核验: once a night the worker verifies all histories and their files, a slice of some seconds at a time.

How far it has come stands in `NightlyRun`, so a run goes on where a worker was killed. What is found is kept like the
result of `qinqing audit verify`, shown to the audit administrator (审计管理员), and told (`services.on_findings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from qinqing.audit import histories, services
from qinqing.audit.histories import ChainView, History
from qinqing.audit.models import NightlyRun
from qinqing.audit.verify import Report, Verifier
from qinqing.lib.wallclock import CHINA

HOUR = 1  # of China's clock: from then on tonight's run may begin
SLICE = 5.0  # seconds: far below the worker's lease, and other work waits no longer
_BATCH = 100  # chains read at once


def verify_tonight(now: datetime) -> bool:
    """Job of the worker: one slice of the night's run. True when more waits; one run a day, an unfinished one first."""
    run = NightlyRun.objects.filter(finished_at=None).order_by("day").first() or _begin(now)
    return run is not None and _go_on(run, now)


def _begin(now: datetime) -> NightlyRun | None:
    here = now.astimezone(CHINA)
    if here.hour < HOUR or NightlyRun.objects.filter(day=here.date()).exists():
        return None
    recorded = services.recorded_erasures()
    return NightlyRun.objects.create(day=here.date(), started_at=now, erasures_at_start=recorded)


def _go_on(run: NightlyRun, now: datetime) -> bool:
    start = perf_counter()
    verifier = Verifier(files=True)
    services.hold_to_anchors(verifier)
    verifier.report = Report()  # what is wrong with anchors themselves is said once, at the end
    for name, history, chains in _waiting(run):
        for chain in chains:
            verifier.chain(name, chain, partial(history.chains, chain.ref))
        if perf_counter() - start >= SLICE:
            return _keep_place(run, verifier.report, name, chains[-1].ref, perf_counter() - start)
    _finish(run, verifier.report, start, now)
    return False


def _waiting(run: NightlyRun) -> Iterator[tuple[str, History, list[ChainView]]]:
    """Batches of chains behind the place that the run has reached."""
    for name, history in sorted(histories.registered().items()):
        if name < run.history:
            continue
        after = run.after if name == run.history else ""
        while chains := history.chains_after(after, _BATCH):
            yield name, history, chains
            after = chains[-1].ref


def _keep_place(run: NightlyRun, report: Report, history: str, after: str, seconds: float) -> bool:
    """Commit the slice; nothing when another worker was faster. True: more waits."""
    _here(run).update(history=history, after=after, **_sums(run, report, seconds))
    return True


def _finish(run: NightlyRun, report: Report, start: float, now: datetime) -> None:
    """What shows only at the end: damaged anchors, chains that are gone, erasures without record, lost guards."""
    last = Verifier()
    services.hold_to_anchors(last)
    for name, history in histories.registered().items():
        for head in history.heads():
            last.passed(name, head.ref)
    report.findings += last.finish(complete=True).findings
    report.findings += services.check_erasures(run.erased + report.erased, run.erasures_at_start)
    report.findings += services.check_guards()
    sums = _sums(run, report, perf_counter() - start)
    said = sums | {"ok": not sums["findings"], "anchors": last.report.anchors, "findings": sums["report"]}
    del said["report"]
    with transaction.atomic():
        if _here(run).update(finished_at=now, **sums):
            services.keep(said, sums["findings"], now, nightly=True)


def _here(run: NightlyRun) -> QuerySet[NightlyRun]:
    """The run if it still is where this slice began: a worker that was held up may wake when another has gone on."""
    return NightlyRun.objects.filter(pk=run.pk, history=run.history, after=run.after, finished_at=None)


def _sums(run: NightlyRun, report: Report, seconds: float) -> dict[str, Any]:
    found = [finding.as_json() for finding in report.findings]
    return {
        "seconds": round(run.seconds + seconds, 3),
        "chains": run.chains + report.chains,
        "events": run.events + report.events,
        "erased": run.erased + report.erased,
        "findings": run.findings + len(found),
        "report": [*run.report, *found][: services.KEPT_FINDINGS],
    }
