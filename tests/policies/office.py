"""A small house for versions: the leading bureau with a section, its people, and others who may not."""

from __future__ import annotations

from datetime import date, datetime

from qinqing.accounts.actor import Actor, Post
from qinqing.accounts.models import User
from qinqing.directory.models import Officer, Unit
from qinqing.directory.models import Post as PostRow
from qinqing.lib.wallclock import CHINA
from qinqing.policies import services
from qinqing.policies.models import PolicyVersion
from qinqing.policies.policy import ReviewResult
from tests.policies.texts import SOUND

NOW = datetime(2026, 8, 10, 9, 30, tzinfo=CHINA)
SINCE = date(2026, 1, 1)
ALONE = (
    SOUND.replace("supersedes: [rd_reward_before]\n", "")
    .replace("excludes: [other]\n", "")
    .replace("rd_reward", "alone", 1)
)
"""A sound policy that names no other."""


class Office:
    """People by name; `author`, `other` and `section` are of the leading bureau."""

    def __init__(self) -> None:
        self.units = {code: Unit.objects.create(code=code, name=code, kind="authority") for code in ("science", "tax")}
        self.units["plans"] = Unit.objects.create(
            code="plans", name="规划科", kind="section", parent=self.units["science"]
        )
        self.units["leadership"] = Unit.objects.create(code="leadership", name="县领导", kind="desk")
        self.people: dict[str, Actor] = {}
        for name, unit, role in (
            ("author", "science", "handler"),
            ("head", "science", "section_head"),
            ("section", "plans", "handler"),
            ("section_head", "plans", "section_head"),
            ("stranger", "tax", "section_head"),
            ("leader", "leadership", "leader"),
            ("clerk", "science", "window_clerk"),
        ):
            self._officer(name, unit, role)

    def _officer(self, name: str, unit: str, role: str) -> None:
        user = User.objects.create(username=name, name=name, kind="officer")
        where = self.units[unit]
        PostRow.objects.create(
            officer=Officer.objects.create(user=user, name=name), unit=where, role=role, starts_on=SINCE
        )
        self.people[name] = Actor(user.pk, name, "officer", (Post(where.pk, role, where.parent_id),))

    def __getitem__(self, name: str) -> Actor:
        return self.people[name]

    def drafted(self, text: str = ALONE, by: str = "author") -> PolicyVersion:
        return services.draft(self[by], text, NOW)[0]

    def reviewed(self, text: str = ALONE, by: str = "author") -> PolicyVersion:
        return services.record_review(self[by], self.drafted(text, by).pk, ReviewResult.PASSED, "", NOW)

    def live(self, text: str = ALONE, by: str = "author") -> PolicyVersion:
        return services.approve(self["leader"], self.reviewed(text, by).pk, NOW)
