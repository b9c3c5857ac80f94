"""viewflow: processes and tasks as rows of the Django ORM, on the same database settings as the product's.

`config`: `database` (a SQLite file or a postgresql:// address) and `worker`. Driven through its activations, without
pages. It keeps one row a task with owner and times, but no event, no chain, no outbox and no due time; permissions are
checked in its views only, so not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command

from bench.joint import ACTS, NOTE

APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "viewflow",
    "viewflow.workflow",
    "bench.peers",
)
WORKERS = 8


def prepare(config: Mapping[str, Any]) -> None:
    _set_up(config["database"])
    from django.contrib.auth.models import User

    call_command("migrate", verbosity=0)
    for worker in range(WORKERS):
        User.objects.create(username=f"worker-{worker}")


def start(config: Mapping[str, Any]) -> Viewflow:
    _set_up(config["database"])
    return Viewflow(config["worker"])


class Viewflow:
    """One user, working one process after another."""

    def __init__(self, worker: int) -> None:
        from django.contrib.auth.models import User
        from viewflow.workflow.models import Process, Task

        from bench.peers.viewflow_flow import JointFlow

        self.flow, self.processes, self.tasks = JointFlow, Process.objects, Task.objects
        self.user = User.objects.get(username=f"worker-{worker}")
        self.process_id = 0
        self.next = 0

    def step(self) -> bool:
        if self.next == 0:
            self.process_id = self.flow.receive.run().pk
        else:
            self._act(ACTS[self.next])
        self.next = (self.next + 1) % len(ACTS)
        return self.next == 0

    def counts(self) -> dict[str, int]:
        return {"closed": self.processes.filter(status="DONE").count()}

    def _act(self, name: str) -> None:
        task = self.tasks.get(process_id=self.process_id, flow_task=getattr(self.flow, name), status="NEW")
        with task.activation() as activation:  # takes the lock and the transaction
            activation.assign(self.user)
            activation.start(None)
            activation.process.data = {"note": NOTE, "act": name}
            activation.process.save()
            activation.execute()


def _set_up(database: str) -> None:
    settings.configure(
        DATABASES={"default": _database(database)},
        INSTALLED_APPS=APPS,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def _database(target: str) -> dict[str, Any]:
    """As the product's own settings have it."""
    if not target.startswith("postgresql://"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": target,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    url = urlsplit(target)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "HOST": unquote(url.hostname or ""),
    }
