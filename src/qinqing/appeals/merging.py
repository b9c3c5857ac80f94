"""并案办理: a matter goes on with an earlier one of the same content; all who raised it hear what becomes of it.

The kernel closes the case that is merged; here stands with which one it goes on, and who is told. Whoever raised one
matter learns nothing of who raised the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import OperationalError

from qinqing.appeals.models import Merged
from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.refusals import Conflict, Incomplete
from qinqing.cases.registry import Context, effect
from qinqing.cases.story import Said
from qinqing.cases.telling import Telling, agents, party_news
from qinqing.directory.models import FormerName
from qinqing.directory.services import day_of
from qinqing.lib.identifiers import mask_phone
from qinqing.lib.labels import Label

ANSWERS = ("answer", "result", "explanation", "ground", "right_door")  # fields that tell every reporter what came of it
_PHONE = re.compile(r"(?<!\d)1\d{10}(?!\d)")


@effect("appeals.merge")
def merge(context: Context) -> None:
    """Note with which case this one goes on; what was merged into this one goes along. Raises Incomplete, Conflict."""
    assert context.case_id is not None  # nothing is merged as it is opened
    main = _main(context, unicodedata.normalize("NFKC", context.texts.get("main_no", "")).strip())
    Merged.objects.create(case_id=context.case_id, main=main, at=context.now)
    Merged.objects.filter(main=context.case_id).update(main=main)


def main_of(case: Case) -> Case | None:
    """The case with which this one goes on."""
    found = Merged.objects.filter(case=case.pk).select_related("main__party", "main__lead").first()
    return found.main if found else None


def merged_into(case: Case) -> list[Case]:
    """The cases that go on with this one, in the order in which they came."""
    return [merged.case for merged in Merged.objects.filter(main=case.pk).select_related("case").order_by("pk")]


def mains(case_ids: Iterable[int]) -> set[int]:
    """Those of these cases into which others were merged."""
    return set(Merged.objects.filter(main__in=list(case_ids)).values_list("main_id", flat=True))


def merged_tellings(case_id: int, seq: int, now: datetime) -> Iterator[Telling]:
    """When the main case is answered, ends or is taken up again: a notice to everyone behind each merged case, which
    names their own number only."""
    behind = list(Merged.objects.filter(main=case_id).select_related("case__party").order_by("pk"))
    word = party_news(case_id, seq) if behind else None
    for merged in behind if word else ():
        assert word
        title = Label(f"{word.zh}（并案）：{merged.case.number}", f"{word.en} (merged): {merged.case.number}")
        people = frozenset(agents(merged.case, day_of(now)))
        yield Telling(people, f"merged:{merged.case.number}", title, f"/cases/{merged.case.number}/", False)


def answer_of(file: CaseFile) -> list[Said]:
    """The latest answer that the main case's party may read, without what points to that party."""
    labels = {file.spec.fields[name].label for name in ANSWERS if name in file.spec.fields}
    for item in file.story(party=True):
        answer = [said for said in item.said if said.label in labels]
        if answer:
            names = _names(file)
            return [
                Said(said.label, Label(_without(said.text.zh, names), _without(said.text.en, names))) for said in answer
            ]
    return []


# ── private ──


def _main(context: Context, number: str) -> Case:
    """The main case, locked until the merging is done, so that it cannot end meanwhile."""
    try:
        locked = Case.objects.select_for_update(nowait=True, no_key=True, of=("self",)).select_related("procedure")
        main = locked.filter(number=number).first()
    except OperationalError:  # waiting could have two cases wait for each other
        raise Conflict(
            Label("他人正在办理主办件，请稍后再试", "Somebody is acting on the main case; try again in a moment")
        ) from None
    if main is None:
        raise _bad(Label(f"没有编号为{number}的办件，请核对编号", f"There is no case {number}; check the number"))
    if main.pk == context.case_id:
        raise _bad(
            Label("不能并入本件自身，请填写另一件的编号", "A case cannot be merged into itself; give another number")
        )
    if further := main_of(main):
        raise _bad(Label(
            f"{number}已并入{further.number}，请填写{further.number}",
            f"{number} has been merged into {further.number}; give {further.number}",
        ))  # fmt: skip
    if main.closed_at is not None:
        raise _bad(Label(
            f"{number}已办结，不能并入；请单独受理或当场答复", f"{number} is closed; accept this one or answer it now"
        ))  # fmt: skip
    if main.procedure.code != context.procedure:
        raise _bad(Label(f"{number}不是同类办件，不能并入", f"{number} is a case of another kind"))
    return main


def _bad(text: Label) -> Incomplete:
    return Incomplete({"main_no": text})


def _names(file: CaseFile) -> list[str]:
    """By what names the party of this case, and who came for it, could be recognised; the longest first."""
    party = file.case.party
    former = FormerName.objects.filter(party=party).values_list("name", flat=True)
    names = {party.name, party.short_name, party.credit_code or "", file.texts.get("visitor", ""), *former}
    return sorted((name for name in names if len(name) > 1), key=len, reverse=True)


def _without(text: str, names: list[str]) -> str:
    for name in names:
        text = text.replace(name, "＊＊")
    return _PHONE.sub(lambda found: mask_phone(found[0]), text)
