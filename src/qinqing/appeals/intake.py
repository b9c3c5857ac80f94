"""受理: what the window does in one go: find or make the party, open the case, and do its first act."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from qinqing.accounts.actor import Actor
from qinqing.appeals.models import LibraryAnswer
from qinqing.cases.acting import Done, open_case
from qinqing.cases.blobs import StoredFile
from qinqing.cases.refusals import Incomplete
from qinqing.directory.models import Party
from qinqing.directory.services import Unfit, create_party, create_unnamed
from qinqing.lib.labels import Label

PROCEDURE = "hard_case"
TITLE = 40  # characters


def title_of(text: str) -> str:
    """The first clause of what was said, short enough for a list."""
    first = re.split(r"[。！？!?\n；;]", text.strip(), maxsplit=1)[0].strip()
    return first if len(first) <= TITLE else first[: TITLE - 1] + "…"


@transaction.atomic
def take_in(
    actor: Actor,
    now: datetime,
    *,
    party: Mapping[str, Any],
    opening: Mapping[str, Any],
    action: str,
    first: Mapping[str, Any],
    channel: str,
    key: str | None,
    files: Sequence[StoredFile] = (),
    library_id: int | None = None,
) -> Done:
    """Open a case and do `action` with it (dispatch, answer_now or decline), or nothing of both.

    `party`: {id} of one found, or {kind, name, credit_code?, phone?} of a new one (kind `unnamed` needs no name).
    Raises Incomplete with the fields of the intake screen.
    """
    party_id = _party(party, now)
    text = str(opening.get("text") or "")
    done = open_case(
        PROCEDURE, party_id, actor, now, opening, title=title_of(text) or "（未填写）", channel=channel,
        then=(action, first), idempotency_key=key, files=files,
    )  # fmt: skip
    if library_id and not done.replayed:
        LibraryAnswer.objects.filter(pk=library_id).update(uses=F("uses") + 1)
    return done


def _party(party: Mapping[str, Any], now: datetime) -> int:
    if party.get("id"):
        if not Party.objects.filter(pk=party["id"]).exists():
            raise Incomplete(
                {"party": Label("这个办事主体已不存在，请重新查找", "This party no longer exists; search again")}
            )
        return int(party["id"])
    kind = str(party.get("kind") or "")
    if kind == "unnamed":
        return create_unnamed(now, phone=str(party.get("phone") or "")).pk
    if kind not in {"company", "sole_trader", "person"}:
        raise Incomplete(
            {"party": Label("请先查找并选定办事主体，或新建、选“不具名”", "Find the party first, or make a new one")}
        )
    facts = {name: party[name] for name in ("credit_code", "phone") if party.get(name)}
    try:
        return create_party(kind, str(party.get("name") or ""), now, **facts).pk
    except Unfit as unfit:
        raise Incomplete({f"new_{name}": text for name, text in unfit.fields.items()}) from None
