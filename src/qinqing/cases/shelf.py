"""流程库: definitions as stored, one immutable row per version. Read often, parsed once per process."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django.db import connection, transaction

from qinqing.cases.models import Procedure as Row
from qinqing.cases.procedure import Procedure
from qinqing.cases.reading import parse
from qinqing.cases.writing import scalar
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem


@lru_cache(maxsize=256)
def by_id(procedure_id: int) -> Procedure:
    """The definition that a case began with. Rows never change, so the cache never grows stale."""
    return parse(Row.objects.values_list("source", flat=True).get(pk=procedure_id))


def current_id(code: str) -> int:
    """Id of the newest version. Raises Problem when the procedure is not loaded."""
    with connection.cursor() as db:  # for every case opened: a fixed statement
        sql = "SELECT id FROM cases_procedure WHERE code=%s ORDER BY version DESC LIMIT 1"
        found: int | None = scalar(db, sql, [code])
    if found is None:
        raise Problem(
            Label(
                f"流程“{code}”没有装入，请运行 qinqing procedures load",
                f"{code} is not loaded; run qinqing procedures load",
            )
        )
    return found


@transaction.atomic
def store(spec: Procedure, now: datetime) -> bool:
    """Keep this version; True if it is new. The same version with another text is refused: raise its number."""
    row, new = Row.objects.get_or_create(
        code=spec.code,
        version=spec.version,
        defaults={"sha256": spec.sha256, "source": spec.source, "loaded_at": now},
    )
    if row.sha256 != spec.sha256:
        raise Problem(
            Label(
                f"{spec.code} 第{spec.version}版已经装入，内容不同。请把 version 改为{spec.version + 1}",
                f"{spec.code} version {spec.version} is loaded with another text; raise version to {spec.version + 1}",
            )
        )
    return new


def automatic_stages() -> set[str]:
    """Names of stages that the system runs, in any version loaded."""
    specs = [by_id(pk) for pk in Row.objects.values_list("pk", flat=True)]
    return {stage.name for spec in specs for stage in spec.stages.values() if stage.automatic}
