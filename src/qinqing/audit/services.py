"""Writes of the audit room: the read log (查阅日志), the security log (安全日志), verification of it all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from qinqing.audit import anchors, histories
from qinqing.audit.append_only import missing_guards
from qinqing.audit.models import Anchor, Erasure, ReadLog, SecurityLog, Verification
from qinqing.audit.verify import Finding, Report, Verifier
from qinqing.lib.labels import Label

OWN_TABLES = ("audit_readlog", "audit_securitylog", "audit_anchor", "audit_erasure")
KEPT_FINDINGS = 100
_on_findings: list[Callable[[Verification], None]] = []


class Person(Protocol):
    """Who did it; an `accounts.actor.Actor` is one."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


def log_read(actor: Person, what: str, object_ref: str, reason: str, now: datetime) -> None:
    """`actor` saw `what` (`party.phone`, `case.payload`) of `object_ref`, and why. ValueError without a reason."""
    if not reason.strip():
        raise ValueError(f"reading {what} needs a reason")
    ReadLog.objects.create(
        user_id=actor.user_id,
        user_name=actor.name[:80],
        what=what,
        object_ref=object_ref[:80],
        reason=reason.strip()[:200],
        at=now,
    )


def log_security(event: str, actor: Person | None, address: str, detail: str, now: datetime) -> None:
    """A sign-in, a refusal, a change of rights. `actor` None: nobody known. No secrets in `detail`."""
    SecurityLog.objects.create(
        event=event,
        user_id=actor.user_id if actor else None,
        user_name=actor.name[:80] if actor else "",
        address=address[:64],
        detail=detail,
        at=now,
    )


def on_findings(fn: Callable[[Verification], None]) -> None:
    """`fn(verification)` runs in the transaction that records a verification which found something."""
    if fn not in _on_findings:
        _on_findings.append(fn)


def verify_database(now: datetime) -> Report:
    """Everything: guards, anchors, all chains, files, erasures. The result is kept for the audit administrator's page.

    At once; `nightly.py` does the same in slices.
    """
    start = perf_counter()
    verifier = Verifier(files=True)
    hold_to_anchors(verifier)
    erased_at_start = recorded_erasures()
    for name, history in histories.registered().items():
        for chain in history.chains():
            verifier.chain(name, chain, partial(history.chains, chain.ref))
    report = verifier.finish(complete=True)
    report.findings += check_erasures(report.erased, erased_at_start) + check_guards()
    report.seconds = perf_counter() - start
    keep(report.as_json(), len(report.findings), now)
    return report


def keep(said: dict[str, Any], found: int, now: datetime, *, nightly: bool = False) -> None:
    """Record what a verification said (`Report.as_json`) and tell of what it `found`; a hundred findings are kept."""
    said["findings"] = said["findings"][:KEPT_FINDINGS]
    counts = {name: said[name] for name in ("seconds", "chains", "events", "anchors")}
    with transaction.atomic():
        row = Verification.objects.create(at=now, findings=found, report=said, nightly=nightly, **counts)
        for fn in _on_findings if found else ():
            fn(row)


def hold_to_anchors(verifier: Verifier) -> None:
    """Give the verifier all anchors: the files, held against the rows; whichever has no counterpart is a finding."""
    views = list(anchors.files())  # before the rows: the row of an anchor made meanwhile follows its file
    rows = {str(anchor.day): anchor for anchor in Anchor.objects.all()}
    for view in views:
        row = rows.pop(view.day, None)
        if row is None:
            _anchor_fault(verifier, view.day, "有文件而无记录", "has a file but no record in the database")
        elif row.root != view.root:
            _anchor_fault(verifier, view.day, "的文件与记录不符", "has a file that is not the one recorded")
        verifier.anchor(view)
    for day in rows:
        _anchor_fault(
            verifier,
            day,
            f"缺文件，请从外部副本恢复到 {settings.HOME / 'anchors'}",
            f"has lost its file; put a copy from outside back into {settings.HOME / 'anchors'}",
        )


def recorded_erasures() -> int:
    """How many payloads were erased, by the records of erasures."""
    return Erasure.objects.aggregate(total=Sum("count"))["total"] or 0


def check_erasures(erased: int, recorded_at_start: int) -> list[Finding]:
    """A payload taken away by hand could be passed off as erased; but each erasure is recorded with its count."""
    if recorded_at_start <= erased <= recorded_erasures():  # an erasure may run while we read
        return []
    text = Label(
        f"有{erased}条内容已清除，清除记录合计{recorded_at_start}条",
        f"{erased} payloads are erased, the records of erasures add up to {recorded_at_start}",
    )
    return [Finding("erasure", "", None, text)]


def check_guards() -> list[Finding]:
    """Tables whose append-only triggers do not stand."""
    texts = (
        Label(f"表{table}缺少只增不改触发器", f"table {table} has lost its append-only trigger")
        for table in missing_guards([*OWN_TABLES, *histories.guarded()])
    )
    return [Finding("unguarded", "", None, text) for text in texts]


def _anchor_fault(verifier: Verifier, day: str, zh: str, en: str) -> None:
    verifier.add(Finding("anchor", "", None, Label(f"{day}的日锚{zh}", f"the anchor of {day} {en}")))
