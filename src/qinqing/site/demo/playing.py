"""演示办件: cases played through the real write path by the county's own people, at times of their own.

A story is chosen by chance (seeded) and acted step by step; between two steps whatever would have happened by itself
(reminders, supervision) happens at its own moment. So the demo's histories verify like any other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from qinqing.accounts.access import actor_for
from qinqing.accounts.actor import Actor
from qinqing.accounts.models import User
from qinqing.appeals.intake import title_of
from qinqing.cases import acting
from qinqing.cases.blobs import StoredFile, store
from qinqing.cases.calendars import current
from qinqing.cases.models import Case, Rung
from qinqing.cases.passing_time import fire
from qinqing.directory.models import Party, Post, Unit
from qinqing.directory.selectors import unit_of_desk
from qinqing.site.demo.matters import MATTERS, SIMPLE, Matter
from qinqing.ui.errors import Problem

STORIES = (
    "written_off", "written_off", "written_off", "handling", "handling", "fresh", "assisting", "to_sign_off",
    "verifying", "waiting", "returned", "extended", "simple", "simple", "simple", "declined", "withdrawn", "reopened",
    "cannot", "overdue", "sent_back", "reclassified", "intake",
)  # fmt: skip
ENDED = ("written_off", "written_off", "written_off", "simple", "simple", "declined", "withdrawn", "explained")
SETTLED = timedelta(days=7)  # older matters have mostly come to their end
NOTE = b"\xe7\x8e\xb0\xe5\x9c\xba\xe6\xa0\xb8\xe6\x9f\xa5\xe8\xae\xb0\xe5\xbd\x95\n"  # 现场核查记录


class _Note:
    """A small text file as evidence."""

    name: str | None = "核查记录.txt"

    def chunks(self) -> Iterator[bytes]:
        yield NOTE


class Player:
    """The people of the county and one stream of chance."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.dice, self.now = random.Random(seed), now
        self.desks = {name: unit_of_desk(name) for name in ("window", "supervision", "leadership")}
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.parties = list(
            Party.objects.filter(kind__in=["company", "sole_trader"]).values_list("pk", flat=True)[:400]
        )
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

    def play(self, start: datetime, story: str | None = None) -> int:
        """One case from its beginning to where its story has come by now; returns its id."""
        settled = self.now - start > SETTLED and self.dice.random() < 0.96
        played = _Story(self, start, story or self.dice.choice(ENDED if settled else STORIES))
        played.run()
        played.catch_up(self.now)
        return played.case_id


class _Story:
    def __init__(self, player: Player, start: datetime, name: str) -> None:
        self.player, self.name, self.time = player, name, start
        self.dice = player.dice
        self.matter: Matter = self.dice.choice(MATTERS)
        self.case_id = 0
        self.lead = player.units[self.matter.section]
        self.party_id = self.dice.choice(player.parties)
        self.party = Actor(None, "企业经办人", "party", party_ids=frozenset({self.party_id}))

    def run(self) -> None:
        """Act the story as far as time allows."""
        clerk = self.player.someone(self.player.desks["window"], "window_clerk")
        if self.name == "simple":
            text, answer, _ = self.dice.choice(SIMPLE)
            self._open(clerk, text, ("answer_now", {"class": "simple", "answer": answer, "confirmed": True}))
            return
        if self.name in {"intake", "declined"}:
            then = (
                ("decline", {"ground": "petition", "right_door": "县信访局来访接待大厅"})
                if self.name == "declined"
                else None
            )
            self._open(clerk, self.matter.text, then)
            return
        assistants = [self.player.units[code].pk for code in self.matter.assistants if code in self.player.units]
        kind = "complex" if assistants or self.dice.random() < 0.4 else "general"
        data = {"class": kind, "lead": self.lead.pk, "assistants": assistants}
        self._open(clerk, self.matter.text, ("dispatch", data))
        # the story would go on after now, or the case climbed elsewhere meanwhile: it stands where it stands
        with suppress(StopIteration, Problem):
            getattr(self, f"_{self.name}")()

    def catch_up(self, until: datetime) -> None:
        """Let happen what would have happened by itself, each at its own moment."""
        while rung := Rung.objects.filter(case=self.case_id, fired_at=None, at__lte=until).order_by("at").first():
            fire(rung, rung.at)

    # -- how stories go on

    def _fresh(self) -> None:
        """Just dispatched."""

    def _overdue(self) -> None:
        self._later(9 * 24)

    def _handling(self) -> None:
        self._do("sign", self._handler(), hours=2, node="lead")

    def _assisting(self) -> None:
        self._handling()
        self._assist()

    def _to_sign_off(self) -> None:
        self._assisting()
        self._do("feed_back", self._handler(), {"answer": self.matter.answer, "result": "solved"}, hours=20)

    def _verifying(self) -> None:
        self._to_sign_off()
        self._do("approve", self._head(), hours=2)

    def _written_off(self) -> None:
        self._verifying()
        self._do("write_off", self._supervisor(), {"finding": "电话核实，企业确认属实。"}, hours=5, evidence=True)

    def _reopened(self) -> None:
        self._written_off()
        self._do("reopen", self.party, {"reason": "高峰期还是停不下，请再想办法。"}, hours=30)

    def _sent_back(self) -> None:
        self._verifying()
        self._do("send_back", self._supervisor(), {"reason": "答复没有说明办理时限，请补充。"}, hours=4)

    def _waiting(self) -> None:
        self._handling()
        notice = {"notice": "请补充参保人员花名册。", "legal_basis": "《示范县涉企诉求办理规则》（示例）第九条"}
        self._do("ask_party", self._handler(), notice, hours=3)

    def _returned(self) -> None:
        self._do("return", self._handler(), {"basis": "不属本科室职责，依据三定方案（示例）第四条。"}, hours=4)

    def _extended(self) -> None:
        self._handling()
        self._do("extend", self._handler(), {"reason": "需等待转出地回函。"}, hours=5)
        if self.dice.random() < 0.5:
            self._do("approve", self._supervisor(), hours=2)

    def _reclassified(self) -> None:
        self._handling()
        self._do("reclassify", self._handler(), {"reason": "涉及税务、社保两家。", "class": "complex"}, hours=3)

    def _withdrawn(self) -> None:
        self._handling()
        self._do("withdraw", self.party, {"reason": "已自行解决。"}, hours=8)

    def _cannot(self) -> None:
        self._handling()
        cannot = {"legal_basis": "《社会保险法》第十六条（示例）", "reason": "缴费年限不足，依法不能办理。"}
        self._do("cannot", self._handler(), cannot, hours=10)

    def _explained(self) -> None:
        self._cannot()
        self._do("approve", self._head(), hours=3)
        told = {
            "petition_no": f"示范信访{self.dice.randrange(10**6):06d}",
            "explanation": "已当面说明政策依据和其他途径。",
            "informed": True,
        }
        self._do("explain", self.player.someone(self.player.desks["window"], "window_clerk"), told, hours=6)

    def _assist(self) -> None:
        for code in self.matter.assistants:
            if code in self.player.units:
                unit = self.player.units[code]
                helper = self.player.someone(unit, "handler", "liaison", "section_head")
                self._do("advise", helper, {"opinion": "同意，按规定配合办理。"}, hours=4)

    # -- steps

    def _open(self, clerk: Actor, text: str, then: tuple[str, Mapping[str, object]] | None) -> None:
        data = {"text": text, "visitor": "柳女士", "phone": "13800002046"}
        channel = self.dice.choice(("window", "window", "phone", "visit"))
        self.case_id = acting.open_case(
            "hard_case", self.party_id, clerk, self.time, data, title=title_of(text), channel=channel, then=then
        ).case_id

    def _do(
        self,
        action: str,
        who: Actor,
        data: Mapping[str, object] | None = None,
        *,
        hours: float,
        node: str = "",
        evidence: bool = False,
    ) -> None:
        self._later(hours)
        task_id = None
        if node:
            task_id = Case.objects.get(pk=self.case_id).tasks.get(node=node, state="open").pk
        files = [self.player.evidence] if evidence else []
        acting.act(self.case_id, action, who, self.time, data, task_id=task_id, files=files)

    def _later(self, hours: float) -> None:
        """Let office time pass, and with it whatever happens by itself. StopIteration when that would be after now."""
        calendar = current()
        moved = calendar.office_time(self.time) + timedelta(hours=hours * self.dice.uniform(0.5, 1.2) / 3)
        moment = calendar.moment_at(moved)
        self.catch_up(min(moment, self.player.now))
        if moment > self.player.now:
            raise StopIteration
        self.time = moment

    def _handler(self) -> Actor:
        return self.player.someone(self.lead, "liaison", "handler")

    def _head(self) -> Actor:
        return self.player.someone(self.lead, "section_head")

    def _supervisor(self) -> Actor:
        return self.player.someone(self.player.desks["supervision"], "supervisor")


def play_many(count: int, seed: int, now: datetime, *, days: int = 75) -> int:
    """Play `count` cases that began within the last `days`, more of them lately; returns how many now stand."""
    player = Player(seed, now)
    calendar = current()
    total = calendar.office_time(now)
    for index in range(count):
        back = 5 * player.dice.random() if index < len(STORIES) else days * player.dice.random() ** 2
        start = calendar.moment_at(total - timedelta(hours=7 * back * 5 / 7))
        player.play(start, STORIES[index] if index < len(STORIES) else None)
    return Case.objects.count()
