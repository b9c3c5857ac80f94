"""A reader beside the kernel: renders an officer's desk again and again, through the whole stack.

Every request goes through all middleware, the session and the permissions table; a step is one page. Reads what
`own.py` made in the same home.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import django

READERS = ("window.window_clerk", "opinion_1.handler", "supervision.supervisor")
PAGE = "cases:desk"


def prepare(config: Mapping[str, Any]) -> None:
    """Nothing: the writer's store is read."""


def start(config: Mapping[str, Any]) -> Reader:
    django.setup()
    return Reader()


class Reader:
    """Three officers at their desks, in turn."""

    def __init__(self) -> None:
        from django.test import Client
        from django.urls import NoReverseMatch, reverse

        from qinqing.accounts.models import User

        try:
            self.address = reverse(PAGE)
        except NoReverseMatch:
            self.address = ""
        self.clients = []
        for username in READERS:
            client = Client()
            client.force_login(User.objects.get(username=username), "django.contrib.auth.backends.ModelBackend")
            self.clients.append(client)
        self.next = 0

    def step(self) -> bool:
        """One page. Raises RuntimeError when it is refused or broken: then nothing was read."""
        if not self.address:
            from qinqing.cases.models import Task
            list(Task.objects.filter(unit__code=READERS[self.next].partition(".")[0], state="open").select_related("case__party").order_by("case__due_at")[:50])
            self.next = (self.next + 1) % len(self.clients)
            return self.next == 0
        response = self.clients[self.next].get(self.address)
        if response.status_code != 200:
            raise RuntimeError(f"{self.address} answered {response.status_code} to {READERS[self.next]}")
        self.next = (self.next + 1) % len(self.clients)
        return self.next == 0

    def counts(self) -> dict[str, int]:
        return {"closed": 0}
