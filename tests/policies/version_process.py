"""What a process of the race test does: `python -m tests.policies.version_process JOB [arguments as JSON]`."""

from __future__ import annotations

import json
import sys

import django

if __name__ == "__main__":
    django.setup()

from qinqing.accounts.access import actor_for
from qinqing.accounts.models import User
from qinqing.policies import services
from qinqing.ui.errors import Problem
from tests.policies.office import NOW


def approve(user: int, versions: list[int]) -> None:
    """Approve each; says (version, done or the refusal's code) after each commit."""
    actor = actor_for(User.objects.get(pk=user), NOW)
    for version in versions:
        try:
            services.approve(actor, version, NOW)
            said = "done"
        except Problem as problem:
            said = problem.code
        print(json.dumps([version, said]), flush=True)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    {"approve": approve}[sys.argv[1]](*json.loads(sys.argv[2]))
