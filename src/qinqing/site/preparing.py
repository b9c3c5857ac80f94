"""装备: an installation made ready: tables, procedures, the county's units. Safe to run again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from qinqing.cases import fulltext, indexing, library, shelf
from qinqing.cases.models import Case
from qinqing.directory.county import CountyError, load_county
from qinqing.lib.cli import CommandError
from qinqing.lib.wallclock import now as present
from qinqing.ui.errors import Problem


def prepare(now: datetime) -> Iterator[str]:
    """Bring tables, procedures and units up to date; yields what was done. Raises CommandError."""
    call_command("migrate", verbosity=0)
    yield "tables are up to date"
    try:
        for source in library.read_all(settings.COUNTY):
            spec = library.load(source.text, source.path)
            new = shelf.store(spec, now)
            yield f"procedure {spec.code}@{spec.version}{' stored' if new else ' was there'}"
        load_county(settings.COUNTY, now)
    except (library.Rejected, CountyError) as error:
        raise CommandError(str(error)) from None
    except Problem as problem:
        raise CommandError(str(problem.detail)) from None
    yield f"units and officers of {settings.COUNTY.name} are up to date"
    if Case.objects.exists() and fulltext.is_empty():  # an update brought the index
        for done in indexing.index_all():
            yield f"{done} cases can be searched"


def ready() -> None:
    """Before a command that needs the database: a new home is prepared, an old one is left to `site prepare`."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if executor.loader.applied_migrations:
        raise CommandError("the tables are of an older version; run ./run qinqing site prepare")
    for _ in prepare(present()):
        pass
