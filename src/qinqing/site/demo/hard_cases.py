"""难事帮办的演示: how a hard case goes, from what the visitor says to what is said of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from qinqing.accounts.actor import Actor
from qinqing.appeals.intake import title_of
from qinqing.cases import acting
from qinqing.site.demo.matters import MATTERS, SIMPLE, Matter
from qinqing.site.demo.players import Player, Story
from qinqing.ui.errors import Problem


class HardCase(Story):
    """One visit to the window, and how it goes on by the story's name."""

    STORIES = (
        "written_off", "written_off", "written_off", "handling", "handling", "fresh", "assisting", "to_sign_off",
        "verifying", "waiting", "returned", "extended", "simple", "simple", "simple", "declined", "withdrawn",
        "reopened", "cannot", "overdue", "sent_back", "reclassified", "intake",
    )  # fmt: skip
    ENDED = ("written_off", "written_off", "written_off", "simple", "simple", "declined", "withdrawn", "explained")

    def __init__(self, player: Player, start: datetime, name: str) -> None:
        super().__init__(player, start, name)
        self.matter: Matter = self.dice.choice(MATTERS)
        self.lead = player.units[self.matter.section]

    def run(self) -> None:
        clerk = self.player.someone(self.player.desks["window"], "window_clerk")
        if self.name == "simple":
            text, answer, _ = self.dice.choice(SIMPLE)
            self._open(clerk, text, ("answer_now", {"class": "simple", "answer": answer, "confirmed": True}))
            with suppress(StopIteration, Problem):
                self.rated()
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

    # -- how stories go on

    def _fresh(self) -> None:
        """Just dispatched."""

    def _overdue(self) -> None:
        self.later(9 * 24)

    def _handling(self) -> None:
        self.do("sign", self.handler(), hours=2, node="lead")

    def _assisting(self) -> None:
        self._handling()
        self._assist()

    def _to_sign_off(self) -> None:
        self._assisting()
        self.do("feed_back", self.handler(), {"answer": self.matter.answer, "result": "solved"}, hours=20)

    def _verifying(self) -> None:
        self._to_sign_off()
        self.do("approve", self.head(), hours=2)

    def _written_off(self) -> None:
        self._verifying()
        self.do("write_off", self.supervisor(), {"finding": "电话核实，企业确认属实。"}, hours=5, evidence=True)
        if self.name == "written_off":
            self.rated()

    def _reopened(self) -> None:
        self._written_off()
        self.do("reopen", self.party, {"reason": "高峰期还是停不下，请再想办法。"}, hours=30)

    def _sent_back(self) -> None:
        self._verifying()
        self.do("send_back", self.supervisor(), {"reason": "答复没有说明办理时限，请补充。"}, hours=4)

    def _waiting(self) -> None:
        self._handling()
        notice = {"notice": "请补充参保人员花名册。", "legal_basis": "《示范县涉企诉求办理规则》（示例）第九条"}
        self.do("ask_party", self.handler(), notice, hours=3)

    def _returned(self) -> None:
        self.do("return", self.handler(), {"basis": "不属本科室职责，依据三定方案（示例）第四条。"}, hours=4)

    def _extended(self) -> None:
        self._handling()
        self.do("extend", self.handler(), {"reason": "需等待转出地回函。"}, hours=5)
        if self.dice.random() < 0.5:
            self.do("approve", self.supervisor(), hours=2)

    def _reclassified(self) -> None:
        self._handling()
        self.do("reclassify", self.handler(), {"reason": "涉及税务、社保两家。", "class": "complex"}, hours=3)

    def _withdrawn(self) -> None:
        self._handling()
        self.do("withdraw", self.party, {"reason": "已自行解决。"}, hours=8)

    def _cannot(self) -> None:
        self._handling()
        cannot = {"legal_basis": "《社会保险法》第十六条（示例）", "reason": "缴费年限不足，依法不能办理。"}
        self.do("cannot", self.handler(), cannot, hours=10)

    def _explained(self) -> None:
        self._cannot()
        self.do("approve", self.head(), hours=3)
        told = {
            "petition_no": f"示范信访{self.dice.randrange(10**6):06d}",
            "explanation": "已当面说明政策依据和其他途径。",
            "other_ways": "可向县人力资源社会保障局申请行政复议，或依法向人民法院起诉。",
            "informed": True,
        }
        self.do("explain", self.player.someone(self.player.desks["window"], "window_clerk"), told, hours=6)

    def _assist(self) -> None:
        for code in self.matter.assistants:
            if code in self.player.units:
                unit = self.player.units[code]
                helper = self.player.someone(unit, "handler", "liaison", "section_head")
                self.do("advise", helper, {"opinion": "同意，按规定配合办理。"}, hours=4)

    def _open(self, clerk: Actor, text: str, then: tuple[str, Mapping[str, object]] | None) -> None:
        data = {"text": text, "visitor": "柳女士", "phone": "13800002046"}
        channel = self.dice.choice(("window", "window", "phone", "visit"))
        self.case_id = acting.open_case(
            "hard_case", self.party_id, clerk, self.time, data, title=title_of(text), channel=channel, then=then
        ).case_id
