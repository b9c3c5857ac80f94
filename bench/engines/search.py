"""Search and near-duplicates in one process, on the database that the environment names.

`python -m bench.engines.search COUNT` makes a county with so many matters, indexes them as the worker would, and prints
one JSON object: `rows`, work -> milliseconds one by one; `index_ms`, what one matter costs to index.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import connection

ROUNDS = 5  # each query so often, the first time included
TYPED = 40  # texts compared for near-duplicates, half of them hardly changed from a stored one


def main(count: int) -> dict[str, Any]:
    django.setup()
    from bench.engines import matters

    call_command("migrate", verbosity=0)
    matters.found(count)
    index_ms = _index(count)
    return {"index_ms": index_ms, "rows": measure()}


def measure() -> dict[str, list[float]]:
    """On what stands in the database."""
    from bench.engines import matters
    from qinqing.cases import desks
    from qinqing.cases.rows import rows_of

    readers = matters.load()
    rows: dict[str, list[float]] = {}
    for reader, actor in (("clerk", readers.clerk), ("handler", readers.handler), ("party", readers.party)):
        for kind, query in matters.QUERIES:
            for _ in range(ROUNDS):

                def look(query: str = query, actor: Any = actor) -> None:
                    page = Paginator(desks.find_cases(query, actor).cases, 50).get_page(1)
                    rows_of(page.object_list, matters.NOW)

                rows.setdefault(f"{kind}, {reader}", []).append(_ms(look))
    rows["near-duplicates"] = _near()
    return rows


def _near() -> list[float]:
    from bench.engines import matters
    from qinqing.appeals import near
    from qinqing.cases.models import Payload

    chance = random.Random(7)
    stored = Payload.objects.order_by("pk").values_list("body", flat=True)[: 50 * TYPED : 100]
    texts = [json.loads(body or "")["texts"]["text"] + "谢谢" for body in stored]
    texts += [matters.text(chance) for _ in texts]
    found = []
    for text in texts:
        found.append(_ms(lambda text=text: near.find(text, matters.NOW)))  # type: ignore[misc]
    return found


def _index(count: int) -> float:
    from bench.engines import matters
    from qinqing.appeals import near
    from qinqing.cases import indexing
    from qinqing.cases.models import Case

    begun = time.perf_counter()
    for done in indexing.index_all():
        if done % 20_000 == 0:
            print(f"{done:,} indexed", file=sys.stderr, flush=True)
    spent = time.perf_counter() - begun
    ids = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    for first in range(0, count, 1000):
        near.remember(ids[first : first + 1000], matters.NOW)
    if connection.vendor == "postgresql":
        with connection.cursor() as db:
            db.execute("ANALYZE")  # autovacuum would, a minute later
    return spent * 1000 / count


def _ms(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
