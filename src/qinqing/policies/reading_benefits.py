"""读入待遇: what a policy pays, from its YAML: whole fen, rates as exact fractions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Benefit, Decided, Fixed, Higher, Rate, Schedule, Step, Tiers
from qinqing.lib.rules.terms import Term
from qinqing.policies.finding import Fault

Path = tuple[str, ...]


class Benefits:
    """The part of the reader that reads money. `term` is the rest's."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def term(self, path: Path, text: str) -> tuple[Term, str]:
        raise NotImplementedError

    def fault(self, path: Path, zh: str, en: str) -> None:
        self.faults.append(Fault(path, Label(zh, en)))

    def fen(self, path: Path, yuan: int | Decimal) -> int:
        """Whole fen of an amount in yuan; what is finer is refused."""
        fen = Decimal(yuan) * 100
        if fen != int(fen):
            self.fault(
                path, f"金额{yuan}元细于一分，请写到分", f"{yuan} yuan is finer than a fen; two decimals at most"
            )
        return int(fen)

    def share(self, path: Path, raw: int | Decimal | str) -> Fraction:
        """0.05, or "5%"."""
        return Fraction(raw[:-1]) / 100 if isinstance(raw, str) else Fraction(raw)

    def benefit(self, path: Path, raw: Mapping[str, Any]) -> Benefit:
        if "clause" in raw and len(path) > 1:
            self.fault(
                (*path, "clause"), "条款只在最外层的benefit写一次，请删去", "the clause stands once, at benefit itself"
            )
        if "fixed_yuan" in raw:
            return Fixed(self.fen((*path, "fixed_yuan"), raw["fixed_yuan"]))
        if "rate" in raw or "yuan_each" in raw:
            return self._rate(path, raw)
        if "tiers" in raw:
            return self._tiers(path, raw)
        if "parts" in raw:
            return self._schedule(path, raw)
        if "decided_by" in raw:
            return Decided(
                Label.of(raw["decided_by"]),
                self._maybe_fen(path, raw, "at_least_yuan"),
                self._maybe_fen(path, raw, "at_most_yuan"),
            )
        of = ((*path, "higher_of", str(at)) for at in range(len(raw["higher_of"])))
        return Higher(tuple(self.benefit(place, each) for place, each in zip(of, raw["higher_of"], strict=True)))

    def _maybe_fen(self, path: Path, raw: Mapping[str, Any], name: str) -> int | None:
        return self.fen((*path, name), raw[name]) if name in raw else None

    def _rate(self, path: Path, raw: Mapping[str, Any]) -> Rate:
        name = "rate" if "rate" in raw else "yuan_each"
        of, text = self.term((*path, "of"), raw["of"])
        return Rate(
            self.share((*path, name), raw[name]),
            of,
            text,
            self._maybe_fen(path, raw, "cap_yuan"),
            self._maybe_fen(path, raw, "floor_yuan"),
        )

    def _tiers(self, path: Path, raw: Mapping[str, Any]) -> Tiers:
        of, text = self.term((*path, "of"), raw["of"])
        pays_of, pays_text = self.term((*path, "pays_of"), raw["pays_of"]) if "pays_of" in raw else (None, "")
        steps = tuple(self._step((*path, "tiers", str(at)), each) for at, each in enumerate(raw["tiers"]))
        return Tiers(of, text, steps, pays_of, self._maybe_fen(path, raw, "cap_yuan"), pays_text)

    def _step(self, path: Path, raw: Mapping[str, Any]) -> Step:
        above = "above" in raw
        return Step(
            Fraction(raw["above" if above else "from"]),
            self._maybe_fen(path, raw, "yuan"),
            self.share((*path, "rate"), raw["rate"]) if "rate" in raw else None,
            above,
        )

    def _schedule(self, path: Path, raw: Mapping[str, Any]) -> Schedule:
        parts = []
        for at, each in enumerate(raw["parts"]):
            share = self.share((*path, "parts", str(at), "share"), each["share"])
            parts.append((share, Label(each["zh"], each.get("en", each["zh"]))))
        return Schedule(self.benefit((*path, "whole"), raw["whole"]), tuple(parts))
