"""事实的填写: a form field for each fact that somebody is asked for, and its text read. Used by the public check, where
nothing is kept, and by the department that corrects a figure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms

from qinqing.directory.facts import values
from qinqing.directory.facts.dictionary import FactDef, dictionary
from qinqing.directory.facts.values import Value
from qinqing.directory.industries import industry_label
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import walk
from qinqing.lib.rules.rule import Rule
from qinqing.lib.rules.terms import Binary, FactType, ListOf, Literal, Name, Term
from qinqing.policies.parts import expressions
from qinqing.policies.policy import Policy
from qinqing.ui.forms import Form, choices, said

UNSURE = Label("不清楚", "Not sure")
OTHER = "—"  # no code of a category is written so
_OTHER = Label("都不是", "None of these")
_SUM = re.compile(r"(.*?)\s*(亿元?|万元?|元|yuan)?")
_TIMES = {"亿": "00000000", "万": "0000"}


class FactForm(Form):
    """One field for each fact, none required. After `is_valid`, `values` holds what was filled in, as the kernel takes
    it; what cannot be read stands at its field."""

    def __init__(self, facts: Iterable[FactDef], codes: dict[str, list[str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.facts = {fact.id: fact for fact in facts}
        self.values: dict[str, Value] = {}
        made = Form()  # fields that come late still speak both languages
        made.fields = {fact.id: field_of(fact, codes.get(fact.id, [])) for fact in self.facts.values()}
        self.fields.update(made.fields)
        for field in self.fields.values():
            if not isinstance(field.widget, forms.RadioSelect):
                field.widget.attrs["class"] = "in"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name, text in list(given.items()):
            try:
                value = read(self.facts[name], text)
            except Invalid as error:
                self.add_error(name, said(error.label))
            else:
                if value is not None:
                    self.values[name] = value
        return given


def facts_of(policy: Policy) -> list[FactDef]:
    """The facts a policy uses, in the order it asks."""
    names = [part.id for each in expressions(policy) for part in walk(each.term) if isinstance(part, Name)]
    return [dictionary()[name] for name in dict.fromkeys(names)]


def codes_in(rule: Rule) -> dict[str, list[str]]:
    """The codes that a rule holds each category against, in the order written: enough to choose from."""
    found: dict[str, list[str]] = {}
    for condition in rule.all_conditions():
        for name, code in _compared(condition.term):
            if code not in found.setdefault(name, []):
                found[name].append(code)
    return found


def field_of(fact: FactDef, codes: Iterable[str] = ()) -> forms.Field:
    """`codes`: what an open category is chosen from; none: any text."""
    label, about = said(fact.label), said(fact.meaning) if fact.meaning else ""
    if fact.type is FactType.BOOLEAN:
        options = [("true", Label("是", "Yes")), ("false", Label("否", "No")), ("", UNSURE)]
        return forms.ChoiceField(
            label=label, help_text=about, required=False, choices=choices(options), widget=forms.RadioSelect
        )
    if fact.type is FactType.CATEGORY and (fact.codes or codes):
        named = [(code, fact.codes.get(code) or _named(fact, code)) for code in (codes if fact.open else fact.codes)]
        last = [(OTHER, _OTHER)] if fact.open else [(OTHER, Label("没有或其他", "None, or another"))]
        options = [("", UNSURE), *named, *last]
        return forms.ChoiceField(label=label, help_text=about, required=False, choices=choices(options))
    if fact.type is FactType.DATE:
        widget = forms.DateInput(attrs={"type": "date"})
        return forms.CharField(label=label, help_text=about, required=False, max_length=20, widget=widget)
    return _figure(fact, label, about)


def read(fact: FactDef, text: str) -> Value | None:
    """None where it is left open. Money in yuan, or with 万, 亿 behind it. Raises Invalid."""
    text = (text or "").strip()
    if not text:
        return None
    if text == OTHER and fact.type is FactType.CATEGORY:
        return OTHER
    if fact.type is FactType.MONEY and (match := _SUM.fullmatch(text)) and match[1]:
        text = _in_yuan(match[1], match[2] or "")
    return values.read(fact, text)


# ── private ──


def _figure(fact: FactDef, label: Any, about: Any) -> forms.Field:
    if fact.type is FactType.CATEGORY:
        return forms.CharField(label=label, help_text=about, required=False, max_length=80)
    unit = fact.unit or Label("", "")
    named = said(Label(f"{fact.label.zh}（{unit.zh}）", f"{fact.label.en} ({unit.en})"))
    hint = about
    if fact.type is FactType.MONEY:
        how = Label("可写作860万", "860万 (ten thousands) is understood")
        meaning = fact.meaning
        hint = said(Label(f"{meaning.zh}；{how.zh}", f"{meaning.en}; {how.en}") if meaning else how)
    widget = forms.TextInput(attrs={"inputmode": "decimal" if fact.type is FactType.NUMBER else "text"})
    return forms.CharField(label=named, help_text=hint, required=False, max_length=40, widget=widget)


def _in_yuan(figure: str, unit: str) -> str:
    """860.5万 as 8605000: the point is moved, nothing is rounded."""
    zeros = _TIMES.get(unit[:1], "")
    if not zeros:
        return figure
    whole, _, rest = figure.replace(",", "").replace("，", "").partition(".")
    rest = rest.ljust(len(zeros), "0")
    return f"{whole}{rest[: len(zeros)]}.{rest[len(zeros) :] or '0'}"


def _named(fact: FactDef, code: str) -> Label:
    industry = industry_label(code) if fact.from_party.startswith("industry") else None
    return industry or Label(code, code)


def _compared(term: Term) -> Iterator[tuple[str, str]]:
    for part in walk(term):
        match part:
            case Binary("in", Name(name), ListOf(items)):
                codes = (item.value for item in items if isinstance(item, Literal))
                yield from ((name, code) for code in codes if isinstance(code, str))
            case Binary("==" | "!=", Name(name), Literal(str() as code)):
                yield name, code
            case Binary("==" | "!=", Literal(str() as code), Name(name)):
                yield name, code
