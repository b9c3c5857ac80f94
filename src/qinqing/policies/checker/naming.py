"""Rules about names: what is named exists, once, and is of the right kind."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches

from qinqing.lib.labels import Label
from qinqing.lib.rules.checking import check, walk
from qinqing.lib.rules.terms import Binary, FactType, ListOf, Literal, Name, Term, TermError
from qinqing.policies.checker.known import Faults, Known
from qinqing.policies.finding import Fault
from qinqing.policies.parts import conditions, expressions
from qinqing.policies.policy import Policy


def facts(policy: Policy, known: Known) -> Faults:
    """Expressions use facts of the dictionary, and their types fit."""
    for each in expressions(policy):
        try:
            check(each.term, known.specs, each.wants)
        except TermError as error:
            yield Fault(each.path, error.label, error.at)
    by = policy.budget.by if policy.budget else ""
    if by and (
        by not in known.dictionary or known.dictionary[by].type not in {FactType.MONEY, FactType.NUMBER, FactType.DATE}
    ):
        yield Fault(
            ("budget", "by"),
            Label(
                f"事实“{by}”不在字典中或不能排名，请写金额、数值或日期类的事实",
                f"the fact {by!r} is not in the dictionary or cannot rank; name one that is money, a number or a date",
            ),
        )


def choices(policy: Policy, known: Known) -> Faults:
    """A category is compared with codes that it can have."""
    for each in expressions(policy):
        for term in walk(each.term):
            if isinstance(term, Binary) and term.op in {"==", "!=", "in"}:
                yield from _codes(each.path, term.left, term.right, known)
                yield from _codes(each.path, term.right, term.left, known)


def _codes(path: tuple[str, ...], name: Term, literal: Term, known: Known) -> Faults:
    fact = known.dictionary.get(name.id) if isinstance(name, Name) else None
    if fact is None or not fact.codes:
        return
    codes = fact.codes
    for item in literal.items if isinstance(literal, ListOf) else (literal,):
        if isinstance(item, Literal) and isinstance(item.value, str) and item.value not in codes:
            close = get_close_matches(item.value, list(codes), 1)
            mend = f"{close[0]}？" if close else "、".join(sorted(codes)[:12])
            yield Fault(
                path,
                Label(
                    f"“{item.value}”不是该事实的代码。可写：{mend}",
                    f"{item.value!r} is no code of this fact; write {mend}",
                ),
                item.at,
            )


def condition_ids(policy: Policy, known: Known) -> Faults:
    """Each condition has an id of its own."""
    seen: dict[str, str] = {}
    for path, condition in conditions(policy):
        if condition.id in seen:
            yield Fault(
                (*path, "id"),
                Label(
                    f"条件“{condition.id}”（{condition.label.zh}）与“{seen[condition.id]}”重名，请改其一",
                    f"the condition {condition.id} stands twice; rename one",
                ),
            )
        seen.setdefault(condition.id, condition.label.zh)


def clauses(policy: Policy, known: Known) -> Faults:
    """Every clause that is named has its words."""
    named = [((*path, "clause"), condition.clause) for path, condition in conditions(policy)]
    named.append((("benefit", "clause"), policy.benefit_clause))
    for path, clause in named:
        if clause not in policy.clauses:
            close = get_close_matches(clause, list(policy.clauses), 1)
            zh, en = (f"是否想写“{close[0]}”？", f"did you mean {close[0]}? ") if close else ("", "")
            yield Fault(
                path,
                Label(
                    f"条款“{clause}”没有文字。{zh}请在clauses中补写",
                    f"the clause {clause} has no words; {en}add it to clauses",
                ),
            )


def documents(policy: Policy, known: Known) -> Faults:
    """Each document has an id of its own."""
    counted = Counter(document.id for document in policy.documents)
    for at, document in enumerate(policy.documents):
        if counted[document.id] > 1:
            said = Label(f"材料“{document.id}”重名，请改其一", f"the document {document.id} stands twice; rename one")
            yield Fault(("documents", str(at), "id"), said)


def departments(policy: Policy, known: Known) -> Faults:
    """The departments are units of the county."""
    for at, code in enumerate(policy.departments):
        if known.units is not None and code not in known.units:
            close = get_close_matches(code, list(known.units), 1)
            zh, en = (f"是否想写“{close[0]}”？", f"did you mean {close[0]}? ") if close else ("", "")
            yield Fault(
                ("departments", str(at)),
                Label(
                    f"本县没有单位“{code}”。{zh}请按units.yaml的代码写",
                    f"the county has no unit {code!r}; {en}write a code of units.yaml",
                ),
            )


def relations(policy: Policy, known: Known) -> Faults:
    """Policies that are excluded, superseded or stacked with exist, are others, and no two of these contradict."""
    lists = {"excludes": policy.excludes, "supersedes": policy.supersedes, "stacks_with": policy.stacks_with}
    for key, codes in lists.items():
        for at, code in enumerate(codes):
            if code == policy.code:
                said = Label(f"“{code}”是本政策自己，请删去", f"{code} is this policy itself; take it out")
                yield Fault((key, str(at)), said)
            elif code not in known.others:
                yield Fault((key, str(at)), _unknown(code, known))
    for at, code in enumerate(policy.stacks_with):
        if code in policy.excludes:
            yield Fault(
                ("stacks_with", str(at)),
                Label(
                    f"“{code}”既写在excludes（不同享）又写在stacks_with（可同享），请删去其一",
                    f"{code} is both excluded and stacked with; take one out",
                ),
            )


def group(policy: Policy, known: Known) -> Faults:
    """就高不重复的组 has other members. A warning: the others may be on their way."""
    if not policy.highest_of or known.groups is None:
        return
    groups = {name for code, name in known.groups.items() if code != policy.code and name}
    if policy.highest_of in groups:
        return
    close = get_close_matches(policy.highest_of, sorted(groups), 1)
    zh, en = (f"是否想写“{close[0]}”？", f"did you mean {close[0]}? ") if close else ("", "")
    yield Fault(
        ("highest_of",),
        Label(
            f"就高组“{policy.highest_of}”中没有其他政策，就高不起作用。{zh}请改正，或删去这一行",
            f"no other policy is in the group {policy.highest_of}, so nothing is compared; {en}mend it, or take the "
            "line out",
        ),
    )


def _unknown(code: str, known: Known) -> Label:
    close = get_close_matches(code, list(known.others), 1)
    zh, en = (f"是否想写“{close[0]}”？", f"did you mean {close[0]}? ") if close else ("", "")
    return Label(
        f"没有政策“{code}”。{zh}请与它一起检查或导入，或改正代码",
        f"there is no policy {code}; {en}check or import it together with this one, or mend the code",
    )
