"""Rules about days: nothing ends before it begins, and what is superseded has ended."""

from __future__ import annotations

from qinqing.lib.labels import Label
from qinqing.policies.checker.known import Faults, Known
from qinqing.policies.finding import Fault
from qinqing.policies.policy import Effect, Policy


def order(policy: Policy, known: Known) -> Faults:
    """Effect and window begin before they end."""
    pairs = {"effective": (policy.effect.start, policy.effect.end)}
    if policy.window:
        pairs["apply"] = (policy.window.start, policy.window.end)
    for key, (start, end) in pairs.items():
        if end is not None and end < start:
            said = Label(
                f"止于{end}，早于起始的{start}，请改正", f"ends on {end}, before it begins on {start}; mend it"
            )
            yield Fault((key, "to"), said)


def window(policy: Policy, known: Known) -> Faults:
    """The window of application lies within the effect."""
    if policy.window is None:
        return
    start, end = policy.window.start, policy.window.end
    if start < policy.effect.start or (policy.effect.end is not None and start > policy.effect.end):
        yield Fault(("apply", "from"), _outside(str(start), policy.effect))
    elif end is not None and policy.effect.end is not None and end > policy.effect.end:
        yield Fault(("apply", "to"), _outside(str(end), policy.effect))


def examples_in_effect(policy: Policy, known: Known) -> Faults:
    """Examples are matched on a day on which the policy is in effect."""
    for at, example in enumerate(policy.examples):
        if example.on is not None and not policy.effect.covers(example.on):
            yield Fault(("examples", str(at), "day"), _outside(str(example.on), policy.effect))


def superseding(policy: Policy, known: Known) -> Faults:
    """A superseded policy has ended before this one begins."""
    for at, code in enumerate(policy.supersedes):
        other = known.others.get(code)
        if other is not None and other.overlaps(policy.effect):
            yield Fault(
                ("supersedes", str(at)),
                Label(
                    f"被替代的“{code}”施行至{other.end or '长期'}，与本政策（{policy.effect.start}起）重叠。"
                    "请把它的effective.to写到本政策施行的前一天",
                    f"{code}, which this supersedes, is in effect until {other.end or 'superseded'}, and this one from "
                    f"{policy.effect.start}; end it the day before",
                ),
            )


def reviewed_in_time(policy: Policy, known: Known) -> Faults:
    """The document was reviewed before it came into effect."""
    if policy.review and policy.review.on > policy.effect.start:
        yield Fault(
            ("review", "day"),
            Label(
                f"公平竞争审查在{policy.review.on}，晚于施行之日{policy.effect.start}，请核对",
                f"the fair-competition review was on {policy.review.on}, after it came into effect on "
                f"{policy.effect.start}; check the days",
            ),
        )


def _outside(day: str, effect: Effect) -> Label:
    return Label(
        f"{day}不在施行期间（{effect.start}至{effect.end or '长期'}）内，请改正",
        f"{day} is outside the effect ({effect.start} to {effect.end or 'superseded'}); mend it",
    )
