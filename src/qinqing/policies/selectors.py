"""读政策: versions as policies, what is live, what is in force on a day. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from django.db.models import Q, QuerySet

from qinqing.directory.facts.dictionary import dictionary
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.policies.checker import Known
from qinqing.policies.models import PolicyVersion
from qinqing.policies.policy import Effect, Policy
from qinqing.policies.reading import read
from qinqing.ui.errors import NotFound
from qinqing.ui.forms import whole


@lru_cache(maxsize=4096)
def policy_of(version_id: int) -> Policy:
    """The policy of a version. Rows never change their content, so the cache never grows stale."""
    return read(PolicyVersion.objects.values_list("source", flat=True).get(pk=version_id))


def live_versions() -> QuerySet[PolicyVersion]:
    """The live versions, by code: at most one of each policy."""
    return (
        PolicyVersion.objects.filter(state=PolicyVersion.State.LIVE).select_related("policy").order_by("policy__code")
    )


def in_force(day: date) -> QuerySet[PolicyVersion]:
    """The live versions whose effect covers this day: those that companies are matched with."""
    return live_versions().filter(Q(effective_to=None) | Q(effective_to__gte=day), effective_from__lte=day)


def newest(code: str) -> PolicyVersion:
    """The newest version of a policy, whatever its state. Raises NotFound."""
    found = PolicyVersion.objects.filter(policy__code=code).select_related("policy").order_by("-number").first()
    if found is None:
        raise NotFound(Label(f"没有政策“{code}”", f"There is no policy {code}"))
    return found


def version(code: str, number: int) -> PolicyVersion:
    """One version. Raises NotFound."""
    found = PolicyVersion.objects.filter(policy__code=code, number=number).select_related("policy").first()
    if found is None:
        raise NotFound(Label(f"没有政策“{code}”第{number}版", f"There is no version {number} of {code}"))
    return found


def effects() -> dict[str, Effect]:
    """Code -> effect of every policy: of its live version, else of the newest that was not withdrawn."""
    found: dict[str, Effect] = {}
    rows = PolicyVersion.objects.exclude(state=PolicyVersion.State.WITHDRAWN).order_by("policy_id", "number")
    live_codes: set[str] = set()
    for code, state, start, end in rows.values_list("policy__code", "state", "effective_from", "effective_to"):
        if code not in live_codes:
            found[code] = Effect(start, end)
        if state == PolicyVersion.State.LIVE:
            live_codes.add(code)
            found[code] = Effect(start, end)
    return found


def groups() -> dict[str, str]:
    """Code -> group, of which the highest is paid, of every live policy and every draft not withdrawn."""
    kept = PolicyVersion.objects.exclude(state__in=[PolicyVersion.State.WITHDRAWN, PolicyVersion.State.SUPERSEDED])
    found = (policy_of(pk) for pk in kept.order_by("policy_id", "number").values_list("pk", flat=True))
    return {policy.code: policy.highest_of for policy in found}


def known(besides: Iterable[Policy] = ()) -> Known:
    """What the checker must know here: the dictionary, the county's units, the policies stored and those coming in."""
    others = effects() | {policy.code: policy.effect for policy in besides}
    units = frozenset(Unit.objects.filter(closed_on=None).values_list("code", flat=True))
    return Known(dictionary(), others, units, groups() | {policy.code: policy.highest_of for policy in besides})


def to_export(what: Iterable[str], *, live: bool) -> list[PolicyVersion]:
    """Versions by `code` or `code@number`; none named: of every policy. `live`: the live ones instead of the newest.
    Raises NotFound."""
    wanted = list(what)
    if not wanted and live:
        return list(live_versions())
    codes = wanted or sorted(set(PolicyVersion.objects.values_list("policy__code", flat=True)))
    return [_named(code, live=live) for code in codes]


def _named(name: str, *, live: bool) -> PolicyVersion:
    code, _, number = name.partition("@")
    if number:
        return version(code, whole(number) or 0)
    found = live_versions().filter(policy__code=code).first() if live else newest(code)
    if found is None:
        raise NotFound(Label(f"政策“{code}”没有生效版本", f"{code} has no live version"))
    return found
