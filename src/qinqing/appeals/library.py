"""答复库: the list of standard answers, its edits, and the same as a sheet that can be edited and sent back.

Everybody who handles matters reads it; the head of the window keeps it. An answer is withdrawn, never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from qinqing.accounts.actor import Actor
from qinqing.appeals.models import LibraryAnswer
from qinqing.directory.models import Unit
from qinqing.directory.sheet_cells import YES_NO, text, whole, yes_no
from qinqing.directory.sheet_imports import InColumn, Seen, Values, out_columns, register
from qinqing.lib.labels import Label
from qinqing.lib.names import normal
from qinqing.ui.errors import NotFound
from qinqing.ui.sheets import Column, Sheet

KIND = "library_answers"
TITLE = Label("答复库", "Answer library")
COLUMNS = (
    InColumn(
        "number",
        Label("序号", "Entry"),
        Label("系统给的序号；新增的留空", "Given by the system; leave it empty for a new answer"),
        whole(1),
        width=8,
        kind="number",
    ),
    InColumn(
        "question",
        Label("问题", "Question"),
        Label("企业通常怎样问；不超过120字", "As it is usually asked; at most 120 characters"),
        text(120),
        required=True,
        width=40,
    ),
    InColumn(
        "answer",
        Label("答复", "Answer"),
        Label("标准答复，不超过2000字", "The approved answer, at most 2,000 characters"),
        text(2000, lines=True),
        required=True,
        width=70,
    ),
    InColumn(
        "section",
        Label("科室", "Section"),
        Label("负责科室的名称；同名的写科室代码", "Whose answer it is, by name; by code where two share a name"),
        text(80),
    ),
    InColumn(
        "keywords",
        Label("关键词", "Keywords"),
        Label("用空格分开；诉求中出现其一即提示", "Apart by blanks; one of them in a matter brings the answer up"),
        text(200),
        width=30,
    ),
    InColumn("basis", Label("依据", "Basis"), Label("法律法规或文件", "The law or document"), text(200), width=30),
    InColumn(
        "withdrawn",
        Label("已撤下", "Withdrawn"),
        Label("是或否；撤下的不再提示，空格为否", "yes or no; a withdrawn answer is offered no more"),
        yes_no,
        width=10,
        show=lambda value: YES_NO[value],
    ),
)


def find(words: str, withdrawn: bool) -> QuerySet[LibraryAnswer]:
    """Answers whose question, answer, keywords or basis hold every word; those in use, or those withdrawn. The most
    used first."""
    found = LibraryAnswer.objects.filter(withdrawn_at__isnull=not withdrawn).select_related("section")
    for word in words.split():
        found = found.filter(
            Q(question__icontains=word)
            | Q(answer__icontains=word)
            | Q(keywords__icontains=word)
            | Q(basis__icontains=word)
        )
    return found.order_by("-uses", "pk")


@transaction.atomic
def save(number: int | None, facts: Values, now: datetime) -> LibraryAnswer:
    """Keep an answer, new where `number` is None. `facts`: question, answer, section_id, keywords, basis, withdrawn;
    what is missing stays as it is. Raises NotFound."""
    kept = LibraryAnswer(uses=0)
    if number is not None:
        found = LibraryAnswer.objects.select_for_update().filter(pk=number).first()
        if found is None:
            raise NotFound(Label(f"没有第{number}号答复", f"There is no answer number {number}"))
        kept = found
    for name in ("question", "answer", "section_id", "keywords", "basis"):
        if name in facts:
            setattr(kept, name, facts[name])
    if "withdrawn" in facts and facts["withdrawn"] != (kept.withdrawn_at is not None):
        kept.withdrawn_at = now if facts["withdrawn"] else None
    kept.updated_at = now
    kept.save()
    return kept


def sheet(found: Iterable[LibraryAnswer], note: Label) -> Sheet:
    """The list as its page shows it, to be edited and sent back."""
    words = _section_words()
    more = (
        Column(
            Label("使用次数", "Uses"),
            Label("窗口当场答复时用了几次", "How often the window answered with it"),
            lambda row: row["uses"],
            10,
            "number",
        ),
        Column(
            Label("更新时间", "Updated"), Label("北京时间", "China time"), lambda row: row["updated_at"], 17, "moment"
        ),
    )
    rows = ({**_values(one, words), "uses": one.uses, "updated_at": one.updated_at} for one in found)
    return Sheet(TITLE, (*out_columns(COLUMNS), *more), rows, note)


def current(actor: Actor, now: datetime) -> Iterable[Values]:
    words = _section_words()
    return (_values(one, words) for one in LibraryAnswer.objects.order_by("pk"))


def key(row: Values) -> Hashable:
    """By its number; a new one by its question, so that the same file twice adds it once."""
    return row.get("number") or normal(row["question"])


def look(actor: Actor, rows: Sequence[Values], now: datetime) -> list[Seen]:
    """Present values, sections that do not exist, numbers that do not, questions that stand there already."""
    words = _section_words()
    units = {word: unit_id for unit_id, word in words.items()}
    codes = dict(_sections().values_list("code", "pk"))
    known = {one.pk: one for one in LibraryAnswer.objects.all()}
    by_question = {normal(one.question): one for one in sorted(known.values(), key=lambda one: -one.pk)}
    taken = {row["number"] for row in rows if row.get("number")}
    return [_seen(row, known, by_question, taken, units, codes, words) for row in rows]


def apply(actor: Actor, rows: Sequence[Values], now: datetime) -> None:
    """New and changed answers."""
    units = {word: unit_id for unit_id, word in _section_words().items()}
    for row in rows:
        facts: Values = {name: row[name] or "" for name in ("question", "answer", "keywords", "basis") if name in row}
        if "section" in row:
            facts["section_id"] = units[row["section"]] if row["section"] else None
        if "withdrawn" in row:
            facts["withdrawn"] = row["withdrawn"]
        save(row["number"], facts, now)


def add_kind() -> None:
    """Called at start-up."""
    register(
        KIND,
        TITLE,
        COLUMNS,
        apply,
        roles="appeals:library_answer",
        key=key,
        look=look,
        current=current,
        hint=Label(
            "窗口的标准答复；改动后立即供窗口使用", "The window's standard answers; changes are offered there at once"
        ),
    )


# ── private ──


def _sections() -> QuerySet[Unit]:
    return Unit.objects.filter(kind=Unit.Kind.SECTION, closed_on=None).order_by("pk")


def _section_words() -> dict[int, str]:
    """How a sheet names each section: by name; by code where two have the same name."""
    found = list(_sections().values_list("pk", "name", "code"))
    names = Counter(name for _, name, _ in found)
    return {pk: name if names[name] == 1 else code for pk, name, code in found}


def _values(one: LibraryAnswer, words: dict[int, str]) -> Values:
    return {
        "number": one.pk,
        "question": one.question,
        "answer": one.answer,
        "section": words.get(one.section_id) if one.section_id else None,
        "keywords": one.keywords or None,
        "basis": one.basis or None,
        "withdrawn": one.withdrawn_at is not None,
    }


def _seen(
    row: Values,
    known: dict[int, LibraryAnswer],
    by_question: dict[str, LibraryAnswer],
    taken: set[int],
    units: dict[str, int],
    codes: dict[str, int],
    words: dict[int, str],
) -> Seen:
    faults: dict[str, Label] = {}
    values: dict[str, Any] = {}
    number = row.get("number")
    found = known.get(number) if number else by_question.get(normal(row["question"]))
    if number and found is None:
        faults["number"] = Label("没有这个序号；新增的请留空", "No such entry; leave it empty for a new answer")
    if not number and found is not None and found.pk in taken:
        faults["question"] = Label(
            f"与第{found.pk}号的问题相同，而本表另有该序号的一行",
            f"The question of entry {found.pk}, which stands in another row of this sheet",
        )
    section = row.get("section")
    if section and section not in units:
        if section in codes:
            values["section"] = words[codes[section]]
        else:
            faults["section"] = Label("没有这个科室，请核对名称", "There is no such section; check its name")
    if "withdrawn" in row:
        values["withdrawn"] = bool(row["withdrawn"])
    values["number"] = found.pk if found else None
    return Seen(_values(found, words) if found else None, faults, values)
