"""演示的人: the county's own people, and a case acted by them step by step at times of its own.

Between two steps whatever would have happened by itself (reminders, supervision) happens at its own moment, and all
goes through the real write path. So the demo's histories verify like any other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.cases import acting
from qinqing.cases.blobs import StoredFile, store
from qinqing.cases.calendars import current
from qinqing.cases.models import Case, Rung
from qinqing.cases.passing_time import fire
from qinqing.directory.models import Mandate, Party, Post, Unit
from qinqing.directory.selectors import unit_of_desk
from qinqing.evaluation.rectifying import put_right

NOTE = b"\xe7\x8e\xb0\xe5\x9c\xba\xe6\xa0\xb8\xe6\x9f\xa5\xe8\xae\xb0\xe5\xbd\x95\n"  # 现场核查记录


SAID = {
    "very_good": ("回复很快，讲得明白。", "科室主动上门，帮了大忙。"),
    "good": ("办得不错，希望一直这样。", "问题解决了，谢谢。"),
    "fair": ("能办好，就是来回跑了两趟。", "希望材料清单一次说清。"),
    "bad": ("答复说已解决，实际还没有办到。", "电话打了几次才有人接。"),
    "very_bad": ("等了一周，只得到一句话。", "态度生硬，没有说明依据。"),
}


class _Note:
    """A small text file as evidence."""

    name: str | None = "核查记录.txt"

    def chunks(self) -> Iterator[bytes]:
        yield NOTE


class Player:
    """The people of the county and one stream of chance."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.dice, self.now = random.Random(seed), now
        self.desks = {name: unit_of_desk(name) for name in ("window", "supervision", "leadership", "inspection")}
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.parties = list(
            Party.objects.filter(kind__in=["company", "sole_trader"]).values_list("pk", flat=True)[:400]
        )
        acted_for = Mandate.objects.filter(ends_on=None).order_by("pk").values_list("company", flat=True)
        self.parties += 4 * list(acted_for)  # whose agents can sign in and look
        self.actors: dict[tuple[int, str], Actor] = {}
        self.evidence: StoredFile = store(_Note())

    def someone(self, unit: Unit, *roles: str) -> Actor:
        """An officer with one of the roles in the unit, or in the one above it."""
        key = (unit.pk, "/".join(roles))
        if key not in self.actors:
            for place in (unit.pk, unit.parent_id):
                post = Post.objects.filter(unit=place, role__in=roles, ends_on=None).order_by("pk").first()
                if post:
                    user = User.objects.get(officer=post.officer_id)
                    self.actors[key] = actor_for(user, self.now)
                    break
            else:
                raise LookupError(f"nobody holds {roles} in {unit}")
        return self.actors[key]


class Story:
    """One case and its own time."""

    STORIES: tuple[str, ...] = ()
    ENDED: tuple[str, ...] = ()  # of those, what an older case has mostly come to

    def __init__(self, player: Player, start: datetime, name: str) -> None:
        self.player, self.time, self.dice, self.name = player, start, player.dice, name
        self.case_id = 0
        self.lead: Unit
        self.party_id = self.dice.choice(player.parties)
        self.party = Actor(None, "企业经办人", "party", party_ids=frozenset({self.party_id}))

    def perform(self) -> int:
        """The case from its beginning to where it has come by now; returns its id."""
        self.run()
        self.catch_up(self.player.now)
        return self.case_id

    def run(self) -> None:
        """Act the story as far as now allows."""
        raise NotImplementedError

    def rated(self) -> None:
        """Somewhat more than half of the parties say how content they are."""
        if self.dice.random() < 0.55:
            level = self.dice.choices(("very_good", "good", "fair", "bad", "very_bad"), (40, 33, 15, 8, 4))[0]
            said = {"suggestion": self.dice.choice(SAID[level])}
            given = {"rating": level, **(said if self.dice.random() < 0.4 else {})}
            done = self.do("rate", self.party, given, hours=9)
            made = put_right(done.case_id, done.seq, self.time)
            if made:
                self._put_right(made)

    def _put_right(self, case: Case) -> None:
        """A bad rating is mostly put right within days; the story goes on with that case."""
        assert case.lead
        self.case_id, self.lead = case.pk, case.lead
        if self.dice.random() < 0.75:
            mended = {"measure": "已上门说明并补办，承诺此类事项一次告知。", "informed": True}
            self.do("report", self.handler(), mended, hours=40, evidence=True)
            self.do("approve", self.head(), hours=3)
            self.do("confirm", self.supervisor(), {"finding": "电话核实，评价人认可。"}, hours=6, evidence=True)

    def catch_up(self, until: datetime) -> None:
        """Let happen what would have happened by itself, each at its own moment."""
        while rung := Rung.objects.filter(case=self.case_id, fired_at=None, at__lte=until).order_by("at").first():
            fire(rung, rung.at)

    def do(
        self,
        action: str,
        who: Actor,
        data: Mapping[str, object] | None = None,
        *,
        hours: float,
        node: str = "",
        evidence: bool = False,
    ) -> acting.Done:
        self.later(hours)
        task_id = None
        if node:
            task_id = Case.objects.get(pk=self.case_id).tasks.get(node=node, state="open").pk
        files = [self.player.evidence] if evidence else []
        return acting.act(self.case_id, action, who, self.time, data, task_id=task_id, files=files)

    def later(self, hours: float) -> None:
        """Let office time pass, and with it whatever happens by itself. StopIteration when that would be after now."""
        calendar = current()
        moved = calendar.office_time(self.time) + timedelta(hours=hours * self.dice.uniform(0.5, 1.2) / 3)
        moment = calendar.moment_at(moved)
        self.catch_up(min(moment, self.player.now))
        if moment > self.player.now:
            raise StopIteration
        self.time = moment

    def handler(self) -> Actor:
        return self.player.someone(self.lead, "liaison", "handler", "window_clerk")

    def head(self) -> Actor:
        return self.player.someone(self.lead, "section_head")

    def supervisor(self) -> Actor:
        return self.player.someone(self.player.desks["supervision"], "supervisor")
