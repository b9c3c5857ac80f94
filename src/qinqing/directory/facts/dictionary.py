"""事实字典: which facts of companies there are, as frozen objects; read once per process from `data/facts.yaml` and
the county's `facts.yaml`. Entries of a county replace those of the same id, but never change what is kept: type and
period of an id stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.conf import settings

from qinqing.directory.facts.form import Document, Fault, read
from qinqing.directory.facts.party_facts import PARTY_FACTS
from qinqing.lib.labels import Label
from qinqing.lib.rules.terms import FactSpec, FactType

SHIPPED = Path(__file__).parents[1] / "data" / "facts.yaml"
SCALE = 10_000  # numbers are kept as whole ten-thousandths, whatever their places
_MOST = Decimal(9) * 10**15  # of what is kept: whole numbers that doubles still tell apart
_BEFORE = ("group", "type", "unit", "places", "least", "most", "codes", "open", "period", "sources", "sensitivity")
_YUAN = {"zh": "元", "en": "yuan"}
# CEL's words and the names of our functions: no fact is called so
_BUILT_IN = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import"),
        *("let", "loop", "package", "namespace", "return", "var", "void", "while", "date", "years_since", "size"),
        *("has", "all", "exists", "exists_one", "map", "filter", "int", "uint", "double", "string", "bool", "bytes"),
        *("duration", "timestamp", "type", "dyn", "list", "matches", "contains", "optional", "math", "now", "today"),
    )
)


@dataclass(frozen=True, slots=True)
class SourceDef:
    """来源部门. `accounts`: the program accounts that may speak for it."""

    code: str
    label: Label
    accounts: frozenset[str]


@dataclass(frozen=True, slots=True)
class FactDef:
    """一项事实. `sources` in order of precedence (empty: only the directory itself knows it); `unit` in words;
    `kept_as`: the id under which it is observed (another one for a figure of the year before)."""

    id: str
    label: Label
    type: FactType
    group: str
    unit: Label | None
    places: int
    least: Decimal
    most: Decimal
    codes: Mapping[str, Label]
    open: bool
    period: str
    sources: tuple[str, ...]
    sensitivity: str
    from_party: str
    year_before: str
    meaning: Label | None
    bounds: tuple[int | Decimal, int | Decimal]  # least and most in what values are: whole fen for money

    @property
    def spec(self) -> FactSpec:
        """What the rule kernel must know of it."""
        return FactSpec(self.id, self.type, self.label, self.unit.zh if self.unit else "", self.places)

    @property
    def kept_as(self) -> str:
        return self.year_before or self.id


@dataclass(frozen=True, slots=True)
class Book:
    """All of it."""

    facts: Mapping[str, FactDef]
    sources: Mapping[str, SourceDef]
    groups: Mapping[str, Label]


class BadDictionary(ValueError):
    """The dictionary cannot be used; its text has one line for each fault."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@cache
def book() -> Book:
    """Facts, sources and groups in force. Raises BadDictionary. Read once per process."""
    found, faults = load(paths(settings.COUNTY))
    if found is None:
        raise BadDictionary(faults)
    return found


def dictionary() -> Mapping[str, FactDef]:
    """The facts in force, by id."""
    return book().facts


def specs() -> dict[str, FactSpec]:
    """Of all facts, for the rule kernel."""
    return {fact.id: fact.spec for fact in dictionary().values()}


def paths(county: Path) -> list[Path]:
    """The files in force: the shipped one, and the county's own where it has one."""
    return [SHIPPED, *(path for path in [county / "facts.yaml"] if path.exists())]


def load(files: list[Path]) -> tuple[Book | None, list[Fault]]:
    """The dictionary that these files make together, later ones replacing; or (None, every fault)."""
    documents, faults = [], []
    for path in files:
        document, wrong = read(path)
        faults += wrong
        if document is not None:
            documents.append(document)
    if not faults:
        faults = [fault for at, document in enumerate(documents) for fault in _misfits(document, documents[:at])]
    return (None, faults) if faults else (_book(documents), [])


# ── private ──


def _merged(documents: list[Document], section: str) -> dict[str, Any]:
    return {name: entry for document in documents for name, entry in (document.data.get(section) or {}).items()}


def _misfits(document: Document, before: list[Document]) -> Iterator[Fault]:
    """What the schema cannot see, in one file on top of those before it."""
    known = {section: _merged([*before, document], section) for section in ("sources", "groups", "facts")}
    earlier = _merged(before, "facts")
    for name, entry in (document.data.get("facts") or {}).items():
        for place, text in _misfits_of(name, entry, known):
            yield document.fault(("facts", name, *place), text)
        for part in ("type", "period", "year_before"):
            if name in earlier and earlier[name].get(part) != entry.get(part):
                yield document.fault(
                    ("facts", name, part),
                    Label(
                        f"不能改变{name}的{part}：已有数据按原样保存，请另起id",
                        f"{name} cannot change its {part}; write a new id",
                    ),
                )


def _misfits_of(
    name: str, entry: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], Label]]:
    if name in _BUILT_IN:
        yield (), Label(f"{name}是表达式中的保留名称，请改名", f"{name} is a word of the expressions; choose another")
    if "year_before" in entry:
        yield from _misfits_of_year_before(entry, known["facts"])
        return
    if missing := [part for part in ("group", "type") if part not in entry]:
        yield (), Label(f"缺少“{missing[0]}”，请补写", f"{missing[0]} is missing; add it")
        return
    if entry["group"] not in known["groups"]:
        yield ("group",), _none_such(entry["group"], known["groups"])
    for index, source in enumerate(entry.get("sources", ())):
        if source not in known["sources"]:
            yield ("sources", str(index)), _none_such(source, known["sources"])
    if "sources" not in entry and "from_party" not in entry:
        yield (), Label("请写sources（来源部门）或from_party", "write sources, or from_party")
    if entry.get("from_party", "status") not in PARTY_FACTS:
        yield ("from_party",), _none_such(entry["from_party"], PARTY_FACTS)
    yield from _misfits_of_type(entry)


def _misfits_of_type(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Label]]:
    kind = entry["type"]
    if (kind == "category") != (("codes" in entry) != ("open" in entry)):
        yield (
            ("type",),
            Label(
                "category须写codes或open: true之一，其他类型都不写",
                "a category has codes or open: true, no other type has",
            ),
        )
    if kind == "number" and "unit" not in entry:
        yield (), Label("缺少“unit”（单位），请补写", "unit is missing; add it")
    for part, kinds in (
        ("unit", {"money", "number"}),
        ("places", {"number"}),
        ("least", {"money", "number"}),
        ("most", {"money", "number"}),
    ):
        if part in entry and kind not in kinds:
            yield (part,), Label(f"{kind}类型没有{part}", f"a {kind} has no {part}")
    if "least" in entry and "most" in entry and entry["least"] > entry["most"]:
        yield ("least",), Label("least大于most", "least is more than most")


def _misfits_of_year_before(
    entry: Mapping[str, Any], facts: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], Label]]:
    for part in set(entry) - {"label", "year_before", "meaning"}:
        yield (
            (part,),
            Label(
                f"上年数沿用{entry['year_before']}的{part}，请删去",
                f"it takes its {part} from {entry['year_before']}; remove it",
            ),
        )
    of = facts.get(entry["year_before"])
    if of is None or "year_before" in of or of.get("period", "none") == "none":
        yield ("year_before",), Label("应为一项有报告期的事实的id", "should be the id of a fact that has a period")


def _none_such(name: str, known: Mapping[str, Any]) -> Label:
    return Label(f"没有“{name}”；现有{'、'.join(known)}", f"there is no {name!r}; there are {', '.join(known)}")


def _book(documents: list[Document]) -> Book:
    entries = _merged(documents, "facts")
    sources = {
        code: SourceDef(code, _label(raw), frozenset(raw.get("accounts", ())))
        for code, raw in _merged(documents, "sources").items()
    }
    return Book(
        MappingProxyType({name: _fact(name, entry, entries) for name, entry in entries.items()}),
        MappingProxyType(sources),
        MappingProxyType({name: _label(raw) for name, raw in _merged(documents, "groups").items()}),
    )


def _fact(name: str, own: Mapping[str, Any], entries: Mapping[str, Any]) -> FactDef:
    of = entries.get(own.get("year_before", ""), {})
    entry = {**{part: of[part] for part in _BEFORE if part in of}, **own}
    kind = FactType(entry["type"])
    unit = entry.get("unit", _YUAN if kind is FactType.MONEY else None)
    furthest = _MOST / (100 if kind is FactType.MONEY else SCALE)
    least = max(Decimal(str(entry.get("least", 0))), -furthest)
    most = min(Decimal(str(entry.get("most", furthest))), furthest)
    return FactDef(
        id=name,
        label=_label(entry["label"]),
        type=kind,
        group=entry["group"],
        unit=_label(unit) if unit else None,
        places=2 if kind is FactType.MONEY else entry.get("places", 0),
        least=least,
        most=most,
        codes=MappingProxyType({str(code): _label(label) for code, label in entry.get("codes", {}).items()}),
        open="open" in entry,
        period=entry.get("period", "none"),
        sources=tuple(entry.get("sources", ())),
        sensitivity=entry.get("sensitivity", "internal"),
        from_party=entry.get("from_party", ""),
        year_before=entry.get("year_before", ""),
        meaning=_label(entry["meaning"]) if "meaning" in entry else None,
        bounds=(int(least * 100), int(most * 100)) if kind is FactType.MONEY else (least, most),
    )


def _label(raw: Mapping[str, Any]) -> Label:
    return Label(str(raw["zh"]), str(raw["en"]))
