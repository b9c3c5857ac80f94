"""OpenFisca with unknowns made by hand: `python -m bench.peers.fisca FOLDER TIMES` (the folder is not read).

Each fact has a second variable that says where it is known; each test is two cached variables, surely yes and surely
no; each policy a verdict (0, 1, 2) and an amount. Without that OpenFisca takes what is missing for zero. It holds
numbers as 32-bit floats, so its sums of money are near, not exact. Defining and filling in are not measured.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from openfisca_core.entities import Entity
from openfisca_core.periods import YEAR
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.simulations import Simulation
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench import workload
from bench.peers.answering import say

PERIOD = "2026"
Formula = Callable[[Any, Any], Any]


class System:
    """The tax and benefit system of the work."""

    def __init__(self) -> None:
        self.company = Entity("company", "companies", "", "")
        self.system = TaxBenefitSystem([self.company])
        self.tests, self.policies = workload.policies()
        for fact in (*workload.NUMBERS, *workload.FLAGS, *workload.CATEGORIES, *workload.DATES):
            kind = float if fact in workload.NUMBERS else bool if fact in workload.FLAGS else int
            self._variable(fact, kind)
            self._variable(f"{fact}_known", bool)
        for number, test in enumerate(self.tests):
            self._variable(f"test_{number}_yes", bool, _decided(test, True))
            self._variable(f"test_{number}_no", bool, _decided(test, False))
        for policy in self.policies:
            self._variable(f"verdict_{policy.number}", int, _verdict(policy))
            self._variable(f"yuan_{policy.number}", float, _yuan(policy))

    def _variable(self, name: str, kind: type, formula: Formula | None = None) -> None:
        made = {"value_type": kind, "entity": self.company, "definition_period": YEAR, "label": name}
        self.system.add_variable(type(name, (Variable,), made | ({"formula": formula} if formula else {})))

    def simulation(self, values: workload.Values, known: workload.Values) -> Simulation:
        made = SimulationBuilder().build_default_simulation(self.system, count=workload.COMPANIES)
        for fact, found in values.items():
            made.set_input(fact, PERIOD, found)
            made.set_input(f"{fact}_known", PERIOD, known[fact])
        return made

    def match(self, simulation: Simulation) -> list[list[int]]:
        """Rows and amounts of every policy, and of them: how many paid, how many unknown, fen in all."""
        answers = []
        pairs = []
        for policy in self.policies:
            verdict = simulation.calculate(f"verdict_{policy.number}", PERIOD)
            yuan = simulation.calculate(f"yuan_{policy.number}", PERIOD)
            rows = np.flatnonzero(verdict == 2)
            pairs.append((rows, yuan[rows]))
            fen = round(float(pairs[-1][1].sum(dtype=np.float64)) * 100)
            answers.append([len(rows), int(np.count_nonzero(verdict == 1)), fen])
        return answers


def _holds(test: workload.Test, found: Any) -> Any:
    match test.kind:
        case "flag":
            return found if test.value else ~found
        case "category":
            table = np.zeros(workload.CATEGORIES[test.fact], dtype=bool)
            table[test.value] = True
            return table[found]
    limit = np.float32(test.value) if test.kind == "number" else test.value
    return found >= limit if test.op == ">=" else found < limit


def _decided(test: workload.Test, wanted: bool) -> Formula:
    def formula(company: Any, period: Any) -> Any:
        holds = _holds(test, company(test.fact, period))
        return company(f"{test.fact}_known", period) & (holds if wanted else ~holds)

    return formula


def _both(tree: workload.Tree, company: Any, period: Any) -> tuple[Any, Any]:
    """Surely yes, surely no."""
    if isinstance(tree, int):
        return company(f"test_{tree}_yes", period), company(f"test_{tree}_no", period)
    kind, members = tree
    each = [_both(member, company, period) for member in members]
    yes, no = each[0]
    if kind == "not":
        return no, yes
    for more_yes, more_no in each[1:]:
        yes, no = (yes & more_yes, no | more_no) if kind == "and" else (yes | more_yes, no & more_no)
    return yes, no


def _verdict(policy: workload.Policy) -> Formula:
    def formula(company: Any, period: Any) -> Any:
        yes, no = _both(policy.tree, company, period)
        if not isinstance(policy.benefit, workload.Fixed):
            yes = yes & company(f"{policy.benefit.fact}_known", period)
        return np.where(yes, 2, np.where(no, 0, 1)).astype(np.int8)

    return formula


def _yuan(policy: workload.Policy) -> Formula:
    benefit = policy.benefit

    def formula(company: Any, period: Any) -> Any:
        yes = company(f"verdict_{policy.number}", period) == 2
        if isinstance(benefit, workload.Fixed):
            return yes * benefit.yuan
        base = company(benefit.fact, period)
        if isinstance(benefit, workload.Rate):
            return yes * np.minimum(base * (benefit.per_mille / 1000), benefit.cap_fen / 100)
        return yes * np.asarray(benefit.yuan)[np.searchsorted(benefit.starts, base, side="right")]

    return formula


def main(times: int) -> None:
    system = System()
    values, known = workload.companies(workload.COMPANIES)
    seconds = []
    answers: list[list[int]] = []
    for _ in range(times):
        simulation = system.simulation(values, known)
        begun = time.perf_counter()
        answers = system.match(simulation)
        seconds.append(time.perf_counter() - begun)
    say(seconds, answers)


if __name__ == "__main__":
    main(int(sys.argv[2]))
