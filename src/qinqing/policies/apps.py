"""The policies' place in the house (惠企政策, H6)."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "qinqing.policies"
    verbose_name = "惠企政策"

    def ready(self) -> None:
        from qinqing.audit import histories  # noqa: PLC0415 - models are ready only now
        from qinqing.policies.history import PolicyHistory  # noqa: PLC0415

        histories.register("policies", PolicyHistory())
        self._money()
        self._matching()
        self._editing()

    def _money(self) -> None:
        """From match to money: what its procedures call upon, the bank's sheet, and the job by which claims follow."""
        from qinqing.lib.labels import Label  # noqa: PLC0415
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.policies import (  # noqa: PLC0415
            by_hand,  # noqa: F401
            claim_acts,  # noqa: F401
            following,
            payment_files,
            payments,  # noqa: F401
            recovering,  # noqa: F401
            rounds,  # noqa: F401
            web_claim_panels,
        )
        from qinqing.ui import panels  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        section = Label("惠企政策", "Policies")

        panels.register("case.main", 8, web_claim_panels.for_officers)
        panels.register("case.main", 8, web_claim_panels.round_link)
        panels.register("follow.main", 8, web_claim_panels.for_the_party)
        payment_files.add_kind()
        register_job("policies.follow", 2, following.follow)
        for label, route, order in (
            (Label("兑现批次", "Funding rounds"), "policies:rounds", 44),
            (Label("政策资金", "Policy budgets"), "policies:budgets", 45),
            (Label("兑付后存疑", "Paid and in doubt"), "policies:doubtful", 46),
        ):
            register(Entry(section, label, route, order))

    def _matching(self) -> None:
        """Who is eligible: the job that keeps the list, the pages in the menu, the panel on a company's page."""
        from qinqing.lib.labels import Label  # noqa: PLC0415
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.policies import eligibility, web_company, web_facts, web_public  # noqa: PLC0415
        from qinqing.ui import panels  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        register_job("policies.match", 5, eligibility.match)
        panels.register("party.rail", 30, web_company.panel)
        panels.register("public.doors", 10, web_public.door)
        own, section = Label("企业", "Company"), Label("惠企政策", "Policies")
        register(Entry(own, Label("惠企政策", "Policies"), "policies:mine", 12, icon="gift"))
        register(Entry(own, Label("本企业信息", "Our figures"), "policies:facts", 14, icon="building"))
        register(Entry(section, Label("政策一览", "Policies in force"), "policies:live", 42, icon="gift"))
        objections = Label("数据异议", "Objections to figures")
        register(Entry(section, objections, "policies:objections", 47, count=web_facts.waiting, icon="speech"))

    def _editing(self) -> None:
        """The officers' versions and drafts in the menu."""
        from qinqing.lib.labels import Label  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        section = Label("惠企政策", "Policies")
        register(Entry(section, Label("政策管理", "Policy versions"), "policies:editor", 43))
