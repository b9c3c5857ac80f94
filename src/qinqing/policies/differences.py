"""两版对照: what changed between two definitions of a policy, said in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Condition, Node
from qinqing.policies import words
from qinqing.policies.policy import Policy, Review
from qinqing.policies.words import Specs

KINDS = {
    "document": Label("文件", "document"),
    "clauses": Label("条款", "clauses"),
    "dates": Label("日期", "dates"),
    "conditions": Label("条件", "conditions"),
    "benefit": Label("待遇", "amounts"),
    "stacking": Label("同享", "stacking"),
    "budget": Label("预算", "budget"),
    "documents": Label("材料", "documents"),
    "examples": Label("例子", "examples"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed; `kind` is of KINDS."""

    kind: str
    text: Label


def differences(old: Policy, new: Policy, specs: Specs) -> list[Change]:
    """Everything that changed, in the order of the definition; empty where the content is the same."""
    return [
        *_document(old, new),
        *_clauses(old.clauses, new.clauses),
        *_dates(old, new),
        *_conditions(old, new),
        *_benefit(old, new, specs),
        *_stacking(old, new),
        *_budget(old, new),
        *_documents(old, new),
        *_examples(old, new),
    ]


def _from_to(kind: str, zh: str, en: str, old: Label, new: Label) -> Iterator[Change]:
    if old != new:
        yield Change(kind, Label(f"{zh}：{old.zh} → {new.zh}", f"{en}: {old.en} → {new.en}"))


def _plain(text: str) -> Label:
    return Label(text or "无", text or "none")


def _list(codes: tuple[str, ...]) -> Label:
    return Label("、".join(codes) or "无", ", ".join(codes) or "none")


def _document(old: Policy, new: Policy) -> Iterator[Change]:
    yield from _from_to("document", "代码", "code", _plain(old.code), _plain(new.code))
    yield from _from_to("document", "名称", "title", old.title, new.title)
    yield from _from_to("document", "文号", "reference", _plain(old.reference), _plain(new.reference))
    yield from _from_to("document", "部门", "departments", _list(old.departments), _list(new.departments))
    source = _plain(f"{old.source.origin} {old.source.cite}"), _plain(f"{new.source.origin} {new.source.cite}")
    yield from _from_to("document", "来源", "source", *source)
    yield from _from_to("document", "公平竞争审查", "fair-competition review", _review(old.review), _review(new.review))


def _review(review: Review | None) -> Label:
    if review is None:
        return Label("无", "none")
    text = f"{review.result} {review.on} "
    return Label(f"{text}{review.by.zh} {review.words}".strip(), f"{text}{review.by.en} {review.words}".strip())


def _clauses(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for clause in [*old, *(clause for clause in new if clause not in old)]:
        if clause not in new:
            yield Change("clauses", Label(f"删去条款{clause}", f"clause {clause} is gone"))
        elif clause not in old:
            yield Change("clauses", Label(f"新增条款{clause}", f"clause {clause} is new"))
        elif old[clause] != new[clause]:
            yield Change("clauses", Label(f"条款{clause}文字有改动", f"the words of clause {clause} changed"))


def _dates(old: Policy, new: Policy) -> Iterator[Change]:
    yield from _from_to("dates", "施行期间", "in effect", words.effect(old.effect), words.effect(new.effect))
    yield from _from_to("dates", "申报窗口", "application", words.window(old.window), words.window(new.window))
    yield from _from_to("dates", "替代", "supersedes", _list(old.supersedes), _list(new.supersedes))


def _conditions(old: Policy, new: Policy) -> Iterator[Change]:
    before = {condition.id: condition for condition in old.rule.all_conditions()}
    after = {condition.id: condition for condition in new.rule.all_conditions()}
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            was = before[name]
            zh, en = f"删去条件“{was.label.zh}”（{was.text}）", f"condition {was.label.en!r} ({was.text}) is gone"
            yield Change("conditions", Label(zh, en))
        elif name not in before:
            now = after[name]
            zh, en = f"新增条件“{now.label.zh}”（{now.text}）", f"condition {now.label.en!r} ({now.text}) is new"
            yield Change("conditions", Label(zh, en))
        else:
            yield from _condition(before[name], after[name])
    if before.keys() == after.keys() and _shape(old.rule.conditions) != _shape(new.rule.conditions):
        shapes = _plain(_shape(old.rule.conditions)), _plain(_shape(new.rule.conditions))
        yield from _from_to("conditions", "条件的组合", "how conditions combine", *shapes)


def _condition(old: Condition, new: Condition) -> Iterator[Change]:
    zh, en = f"条件“{new.label.zh}”", f"condition {new.label.en!r}"
    yield from _from_to("conditions", zh, en, _plain(old.text), _plain(new.text))
    yield from _from_to("conditions", f"{zh}的名称", f"name of {en}", old.label, new.label)
    yield from _from_to("conditions", f"{zh}所据条款", f"clause of {en}", _plain(old.clause), _plain(new.clause))


def _shape(node: Node) -> str:
    if isinstance(node, Condition):
        return node.id
    return f"{node.kind}({', '.join(map(_shape, node.members))})"


def _benefit(old: Policy, new: Policy, specs: Specs) -> Iterator[Change]:
    said = words.benefit(old.rule.benefit, specs), words.benefit(new.rule.benefit, specs)
    yield from _from_to("benefit", "待遇", "pays", *said)
    clauses = _plain(old.benefit_clause), _plain(new.benefit_clause)
    yield from _from_to("benefit", "待遇所据条款", "clause of what is paid", *clauses)


def _stacking(old: Policy, new: Policy) -> Iterator[Change]:
    yield from _from_to("stacking", "不同享", "excludes", _list(old.excludes), _list(new.excludes))
    yield from _from_to("stacking", "可同享", "stacks with", _list(old.stacks_with), _list(new.stacks_with))
    yield from _from_to("stacking", "就高组", "highest of", _plain(old.highest_of), _plain(new.highest_of))


def _budget(old: Policy, new: Policy) -> Iterator[Change]:
    yield from _from_to("budget", "预算", "budget", words.budget(old.budget), words.budget(new.budget))


def _documents(old: Policy, new: Policy) -> Iterator[Change]:
    before = {document.id: document.label for document in old.documents}
    after = {document.id: document.label for document in new.documents}
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            yield Change(
                "documents", Label(f"不再要材料“{before[name].zh}”", f"{before[name].en!r} is no longer asked")
            )
        elif name not in before:
            yield Change("documents", Label(f"新要材料“{after[name].zh}”", f"{after[name].en!r} is asked"))
        else:
            yield from _from_to("documents", "材料名称", "name of a document", before[name], after[name])


def _examples(old: Policy, new: Policy) -> Iterator[Change]:
    if old.examples != new.examples:
        was, now = len(old.examples), len(new.examples)
        same = sum(example in old.examples for example in new.examples)
        zh, en = f"例子{was}个 → {now}个（{same}个相同）", f"examples {was} → {now} ({same} the same)"
        yield Change("examples", Label(zh, en))
