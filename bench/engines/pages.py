"""A reader beside the kernel: three officers' desk pages, opened again and again; a step is one page.

Every request goes through all middleware, the session, the permissions table and the template. Reads what `own.py` made
in the same home.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django

PAGE = "cases:desk"
READERS = ("window.window_clerk", "opinion_2.handler", "supervision.supervisor")


def prepare(config: Mapping[str, Any]) -> None:
    """Nothing: the writer's store is read."""


def start(config: Mapping[str, Any]) -> Reader:
    django.setup()
    return Reader()


class Reader:
    """One process that reads without a pause."""

    def __init__(self) -> None:
        from django.test import Client
        from django.urls import reverse

        from qinqing.accounts.models import User

        self.address = reverse(PAGE)
        self.clients = {name: Client() for name in READERS}
        for name, client in self.clients.items():
            client.force_login(User.objects.get(username=name), "django.contrib.auth.backends.ModelBackend")
        self.next = 0

    def step(self) -> bool:
        """One page. Raises RuntimeError when it is refused or broken: then nothing was read."""
        name = READERS[self.next]
        response = self.clients[name].get(self.address)
        if response.status_code != 200:
            raise RuntimeError(f"{self.address} answered {response.status_code} to {name}")
        self.next = (self.next + 1) % len(READERS)
        return self.next == 0

    def counts(self) -> dict[str, int]:
        """Readers close nothing."""
        return {"closed": 0}
