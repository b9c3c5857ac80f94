"""读入: a policy's YAML text into the frozen objects of `policy.py`. Pure.

The JSON Schema (policy.schema.json) has accepted the text; what it cannot say (an amount finer than a fen, an
expression that cannot be read, a day that is none) is refused here, all faults at once, each with place and mend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from qinqing.lib.labels import Label
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import Condition, Group, Node, Rule, Verdict
from qinqing.lib.rules.terms import Literal, Term, TermError
from qinqing.policies import plain_yaml
from qinqing.policies.finding import Fault
from qinqing.policies.policy import (
    Budget,
    Document,
    Effect,
    Example,
    Origin,
    Policy,
    Review,
    ReviewResult,
    Short,
    Source,
    Window,
)
from qinqing.policies.reading_benefits import Benefits

Path = tuple[str, ...]
VERDICTS = {"yes": Verdict.YES, "no": Verdict.NO, "unknown": Verdict.UNKNOWN}


class Unreadable(ValueError):
    """A text is no policy; its faults say why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{'.'.join(fault.path)}: {fault.text}" for fault in faults))
        self.faults = faults


def read(text: str) -> Policy:
    """A policy from a text whose form has been checked (`checker.shape`). Raises Unreadable with every fault."""
    reader = _Reader()
    policy = reader.policy(plain_yaml.load(text))
    if reader.faults:
        raise Unreadable(reader.faults)
    return policy


class _Reader(Benefits):
    """Reads on after a fault, so that the writer learns of all of them. `faults` is in the base."""

    def policy(self, raw: Mapping[str, Any]) -> Policy:
        return Policy(
            code=raw["policy"],
            title=Label.of(raw["title"]),
            reference=raw["reference"],
            source=Source(Origin(raw["source"]["origin"]), raw["source"].get("cite", "")),
            departments=tuple(raw["departments"]),
            clauses=MappingProxyType({clause: words.strip() for clause, words in raw["clauses"].items()}),
            effect=self._effect(raw["effective"]),
            rule=Rule(
                raw["policy"],
                self._node(("conditions",), raw["conditions"]),
                self.benefit(("benefit",), raw["benefit"]),
            ),
            benefit_clause=raw["benefit"]["clause"],
            window=self._window(raw["apply"]) if "apply" in raw else None,
            supersedes=tuple(raw.get("supersedes", ())),
            excludes=tuple(raw.get("excludes", ())),
            stacks_with=tuple(raw.get("stacks_with", ())),
            highest_of=raw.get("highest_of", ""),
            budget=self._budget(raw["budget"]) if "budget" in raw else None,
            documents=tuple(Document(each["id"], label_of(each)) for each in raw.get("documents", ())),
            review=self._review(raw["review"]) if "review" in raw else None,
            examples=tuple(self._examples(raw["examples"])),
        )

    def _day(self, path: Path, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fault(path, f"没有{text}这一天，请改正", f"there is no day {text}; mend it")
            return date.min

    def _effect(self, raw: Mapping[str, str]) -> Effect:
        end = self._day(("effective", "to"), raw["to"]) if "to" in raw else None
        return Effect(self._day(("effective", "from"), raw["from"]), end)

    def _window(self, raw: Mapping[str, Any]) -> Window:
        end = self._day(("apply", "to"), raw["to"]) if "to" in raw else None
        return Window(self._day(("apply", "from"), raw["from"]), end, raw.get("without_application", False))

    def _node(self, path: Path, raw: Mapping[str, Any]) -> Node:
        for kind in ("all", "any"):
            if kind in raw:
                members = (self._node((*path, kind, str(at)), each) for at, each in enumerate(raw[kind]))
                return Group(kind, tuple(members))
        if "not" in raw:
            return Group("not", (self._node((*path, "not"), raw["not"]),))
        term, text = self.term((*path, "if"), raw["if"])
        return Condition(raw["id"], label_of(raw), raw["clause"], term, text)

    def term(self, path: Path, text: str) -> tuple[Term, str]:
        """The expression and its text, without blanks around it."""
        stripped = text.strip()
        try:
            return parse(stripped), stripped
        except TermError as error:
            self.faults.append(Fault(path, error.label, error.at + text.index(stripped)))
            return Literal(True), stripped

    def _budget(self, raw: Mapping[str, Any]) -> Budget:
        lowest = raw.get("order") == "lowest_first"
        return Budget(self.fen(("budget", "yuan"), raw["yuan"]), Short(raw["short"]), raw.get("by", ""), not lowest)

    def _review(self, raw: Mapping[str, Any]) -> Review:
        day = self._day(("review", "day"), raw["day"])
        return Review(ReviewResult(raw["result"]), day, Label.of(raw["by"]), raw.get("words", ""))

    def _examples(self, raw: list[Mapping[str, Any]]) -> Iterator[Example]:
        for at, each in enumerate(raw):
            path, gives = ("examples", str(at)), each["gives"]
            yield Example(
                label=label_of(each),
                facts=MappingProxyType(dict(each["facts"])),
                verdict=VERDICTS[gives["verdict"]],
                on=self._day((*path, "day"), each["day"]) if "day" in each else None,
                fen=self.fen((*path, "gives", "yuan"), gives["yuan"]) if "yuan" in gives else None,
                missing=frozenset(gives["missing"]) if "missing" in gives else None,
            )


def label_of(raw: Mapping[str, Any]) -> Label:
    """A label whose two languages stand among other things."""
    return Label(raw["zh"], raw.get("en", raw["zh"]))
