"""廉心卡的演示: what came in by the cards of the county's offices, and what became of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from qinqing.accounts.actor import Actor
from qinqing.appeals.intake import title_of
from qinqing.cards.models import Card
from qinqing.cards.services import issue
from qinqing.cases import acting
from qinqing.directory.services import create_unnamed
from qinqing.site.demo.matters import CARD_WORDS, CardMatter
from qinqing.site.demo.players import Player, Story
from qinqing.ui.errors import Problem

PLACES = ("政务服务大厅一楼", "沐柳工业园服务中心", "青溪商会", "示范县总商会年会")


def issue_cards(now: datetime) -> None:
    """The inspection group lays out its cards, once."""
    player = Player(0, now)
    office = player.desks["inspection"]
    if not Card.objects.exists():
        issue(player.someone(office, "inspector"), office.pk, "首批", PLACES, now)


class CardWord(Story):
    """One scan, and how it goes on by the story's name."""

    STORIES = ("resolved", "resolved", "sorting", "handling", "surveyed", "verifying", "not_solved", "pointed")
    ENDED = ("resolved", "resolved", "resolved", "pointed")

    def __init__(self, player: Player, start: datetime, name: str) -> None:
        super().__init__(player, start, name)
        self.word: CardMatter = self.dice.choice(CARD_WORDS)
        self.lead = player.units[self.word.lead]
        if self.dice.random() < 0.5:  # half of them leave no name
            self.party_id = create_unnamed(start).pk
            self.party = Actor(None, "扫码人", "party", party_ids=frozenset({self.party_id}))

    def run(self) -> None:
        office = self.player.desks["inspection"]
        data = {"office": office.pk, "kind": self.word.kind, "text": self.word.text}
        self.case_id = acting.open_case(
            "card", self.party_id, self.party, self.time, data, title=title_of(self.word.text), channel="card"
        ).case_id
        with suppress(StopIteration, Problem):  # it stands where it stands
            getattr(self, f"_{self.name}")()

    def _sorting(self) -> None:
        """Lies with the office that gave the card."""

    def _pointed(self) -> None:
        self.do("decline", self.inspector(), {"right_door": "属市级事项，请向市政务服务中心提出。"}, hours=3)

    def _handling(self) -> None:
        self.do("dispatch", self.inspector(), {"lead": self.lead.pk}, hours=2)
        self.do("sign", self.handler(), hours=2, node="lead")

    def _surveyed(self) -> None:
        self._handling()
        day = self.time.date().isoformat()
        people = f"{self.player.desks['inspection'].name}、{self.lead.name}"
        survey = {"held_on": day, "attendees": people, "place": "企业周边", "seen": self.word.seen}
        self.do("survey", self.handler(), survey, hours=8, evidence=True)
        consult = {"held_on": day, "attendees": people, "minutes": "各方同意所提办法，由主办单位落实。"}
        self.do("consult", self.handler(), consult, hours=5)

    def _verifying(self) -> None:
        self._surveyed()
        answer = {"answer": self.word.answer, "result": "solved"}
        if self.word.quantity:
            answer |= {"quantity": str(self.word.quantity), "quantity_of": self.word.quantity_of}
        self.do("feed_back", self.handler(), answer, hours=8)
        self.do("approve", self.head(), hours=2)

    def _resolved(self) -> None:
        self._verifying()
        self.do("write_off", self.inspector(), {"finding": "现场复核，情况属实。"}, hours=5, evidence=True)
        if self.name == "resolved":
            self.rated()

    def _not_solved(self) -> None:
        self._resolved()
        self.do("reopen", self.party, {"reason": "高峰时段问题仍在，请再看看。"}, hours=20)

    def inspector(self) -> Actor:
        return self.player.someone(self.player.desks["inspection"], "inspector")
