"""Facts, values and terms for the tests of rules: random, well-typed, and with holes everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from qinqing.lib.labels import Label
from qinqing.lib.rules.parsing import parse
from qinqing.lib.rules.rule import Benefit, Condition, Fixed, Group, Node, Rule
from qinqing.lib.rules.terms import Binary, Call, Choice, FactSpec, FactType, ListOf, Literal, Name, Term, Unary
from qinqing.lib.rules.values import Given

TODAY = date(2026, 11, 22)
BASE = date(2015, 3, 1)


def _spec(id: str, type: FactType, zh: str, en: str, unit: str = "", places: int = 4) -> FactSpec:
    return FactSpec(id, type, Label(zh, en), unit, places)


SPECS: Mapping[str, FactSpec] = {
    spec.id: spec
    for spec in (
        _spec("revenue", FactType.MONEY, "营业收入", "Revenue", "元"),
        _spec("rd", FactType.MONEY, "研发费用", "R&D expense", "元"),
        _spec("tax", FactType.MONEY, "纳税额", "Tax paid", "元"),
        _spec("staff", FactType.NUMBER, "从业人数", "Staff", "人", places=0),
        _spec("share", FactType.NUMBER, "占比", "Share", "", places=4),
        _spec("listed", FactType.BOOLEAN, "是否上市", "Listed"),
        _spec("dishonest", FactType.BOOLEAN, "是否失信", "Dishonest"),
        _spec("size_class", FactType.CATEGORY, "企业规模", "Size"),
        _spec("industry", FactType.CATEGORY, "行业", "Industry"),
        _spec("registered_on", FactType.DATE, "注册日期", "Registered on"),
        _spec("listed_on", FactType.DATE, "上市日期", "Listed on"),
    )
}
CODES = ("micro", "small", "medium", "large", "3912", "小微")


def condition(text: str, id: str = "c") -> Condition:
    return Condition(id, Label(f"条件{id}", f"Condition {id}"), "第一条", parse(text), text)


FIXED = Fixed(100)


def rule(*texts: str, kind: str = "all", benefit: Benefit = FIXED) -> Rule:
    """One group of conditions c0, c1, ... of these texts."""
    members = tuple(condition(text, f"c{number}") for number, text in enumerate(texts))
    return Rule("R", Group(kind, members), benefit)


# Facts: values near each other, so that comparisons often stand on the boundary.


def _values(spec: FactSpec) -> st.SearchStrategy[Given]:
    match spec.type:
        case FactType.MONEY:
            return st.integers(-300, 600).map(lambda yuan: yuan * 100) | st.integers(-(10**6), 10**9)
        case FactType.NUMBER:
            plain = st.integers(-20, 40).map(lambda n: Decimal(n) / (1 if spec.places == 0 else 4))
            return plain | st.decimals(-1000, 1000, places=spec.places)
        case FactType.BOOLEAN:
            return st.booleans()
        case FactType.CATEGORY:
            return st.sampled_from(CODES)
        case FactType.DATE:
            return st.integers(0, 4500).map(lambda days: BASE + timedelta(days=days))


def facts() -> st.SearchStrategy[dict[str, Given]]:
    """Values of one company; each fact missing about one time in four, as None or as no key."""
    each = {id: st.one_of(_values(spec), _values(spec), _values(spec), st.none()) for id, spec in SPECS.items()}
    return st.fixed_dictionaries(each).map(
        lambda values: {id: value for id, value in values.items() if value is not None or id > "m"}
    )


# Terms of each type


def _number(value: float | int, text: str) -> Literal:
    return Literal(value, text)


def _double_literals() -> st.SearchStrategy[Term]:
    texts = st.decimals(-50, 500, places=2).map(str) | st.sampled_from(("0.0", "1.0", "0.03", "1.10", "100.00", "2e1"))
    return texts.map(lambda text: _number(float(text), text))


def _int_literals() -> st.SearchStrategy[Term]:
    return st.integers(-20, 40).map(lambda n: _number(n, str(n)))


def _date_literals() -> st.SearchStrategy[Term]:
    return st.integers(0, 4500).map(lambda days: Literal(BASE + timedelta(days=days)))


def _string_literals() -> st.SearchStrategy[Term]:
    return st.sampled_from((*CODES, "", "m", "39", 'q"\\\n')).map(Literal)


def _names(*types: FactType) -> st.SearchStrategy[Term]:
    return st.sampled_from([id for id, spec in SPECS.items() if spec.type in types]).map(Name)


def doubles(depth: int = 2) -> st.SearchStrategy[Term]:
    names = _names(FactType.MONEY, FactType.NUMBER)
    years = _names(FactType.DATE).map(lambda day: Call("years_since", (day,)))
    if depth == 0:
        return names | _double_literals() | years
    deeper = doubles(depth - 1)
    reckoned = st.builds(Binary, st.sampled_from("+-*/"), deeper, deeper)
    turned = deeper.filter(lambda term: not isinstance(term, Literal)).map(lambda term: Unary("-", term))
    return _one(
        "rrrnnlyut?",
        r=reckoned,
        n=names,
        l=_double_literals(),
        y=years,
        u=deeper,
        t=turned,
        **{"?": st.builds(Choice, booleans(0), deeper, deeper)},
    )


def ints(depth: int = 2) -> st.SearchStrategy[Term]:
    leaf = _int_literals() | strings(0).map(lambda text: Call("size", (text,)))
    if depth == 0:
        return leaf
    return leaf | st.builds(Binary, st.sampled_from("+-*/%"), ints(depth - 1), ints(depth - 1))


def strings(depth: int = 1) -> st.SearchStrategy[Term]:
    leaf = _names(FactType.CATEGORY) | _string_literals()
    return leaf if depth == 0 else leaf | st.builds(Binary, st.just("+"), leaf, leaf)


def _dates() -> st.SearchStrategy[Term]:
    return _names(FactType.DATE) | _date_literals()


def _lists(items: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    return st.lists(items, min_size=1, max_size=4).map(lambda each: ListOf(tuple(each)))


_ORDERS = st.sampled_from(("==", "!=", "<", "<=", ">", ">="))


def booleans(depth: int = 2) -> st.SearchStrategy[Term]:
    """Conditions; every operator and function of the language occurs."""
    leaf = st.one_of(
        _names(FactType.BOOLEAN),
        st.booleans().map(Literal),
        st.builds(Binary, _ORDERS, _names(FactType.MONEY, FactType.NUMBER), _double_literals()),
        st.builds(Binary, _ORDERS, _names(FactType.DATE), _date_literals()),
        st.builds(Binary, st.just("in"), _names(FactType.CATEGORY), _lists(_string_literals())),
    )
    if depth == 0:
        return leaf
    deeper = booleans(depth - 1)
    joined = st.builds(Binary, st.sampled_from(("&&", "||")), deeper, deeper)
    numbers = st.builds(Binary, _ORDERS, doubles(depth), doubles(depth))
    others = st.one_of(
        st.builds(Binary, _ORDERS, doubles(0), ints(0)),
        st.builds(Binary, _ORDERS, ints(depth), ints(depth)),
        st.builds(Binary, _ORDERS, strings(), strings()),
        st.builds(Binary, _ORDERS, _dates(), _dates()),
        st.builds(Binary, st.just("in"), strings(), _lists(strings(0))),
        st.builds(Binary, st.just("in"), doubles(0), _lists(doubles(0) | _int_literals())),
        st.builds(
            lambda name, x, y: Call(name, (x, y)),
            st.sampled_from(("contains", "startsWith", "endsWith")),
            strings(),
            strings(0),
        ),
    )
    same = st.builds(Binary, st.sampled_from(("==", "!=")), deeper, deeper)
    turned = deeper.map(lambda term: Unary("!", term))
    return _one(
        "jjjjnnnoootsl?",
        j=joined,
        n=numbers,
        o=others,
        t=turned,
        s=same,
        l=leaf,
        **{"?": st.builds(Choice, deeper, deeper, deeper)},
    )


def _one(weights: str, **each: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    """One of these, each as often as its letter stands in the weights."""
    return st.sampled_from(weights).flatmap(lambda letter: each[letter])


def nodes(depth: int = 2, terms: st.SearchStrategy[Term] | None = None) -> st.SearchStrategy[Node]:
    """Trees of conditions."""
    leaf = (booleans(1) if terms is None else terms).map(
        lambda term: Condition("c", Label("条件", "Condition"), "第一条", term, "")
    )
    if depth == 0:
        return leaf
    members = st.lists(nodes(depth - 1, terms), min_size=1, max_size=3).map(tuple)
    groups = st.builds(Group, st.sampled_from(("all", "any")), members)
    return leaf | groups | nodes(depth - 1, terms).map(lambda node: Group("not", (node,)))
