"""What the checker must know of the house to judge a policy. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from qinqing.directory.facts.dictionary import FactDef
from qinqing.lib.rules.terms import FactSpec
from qinqing.policies.finding import Fault
from qinqing.policies.policy import Effect

Faults = Iterator[Fault]


@dataclass(frozen=True)
class Known:
    """`dictionary`: the facts there are; `others`: the other policies with their effect; `units`: the county's unit
    codes; `groups`: the group, of which the highest is paid, of each policy by its code (None: not known here, and not
    checked)."""

    dictionary: Mapping[str, FactDef]
    others: Mapping[str, Effect] = field(default_factory=dict)
    units: Collection[str] | None = None
    groups: Mapping[str, str] | None = None

    @cached_property
    def specs(self) -> Mapping[str, FactSpec]:
        """What the rule kernel must know of the facts."""
        return {name: fact.spec for name, fact in self.dictionary.items()}
