"""The mortgage wing's place in the house (清贷解抵, B5-B9)."""

from typing import Any

from django.apps import AppConfig


class MortgagesConfig(AppConfig):
    name = "qinqing.mortgages"
    verbose_name = "清贷解抵"

    def ready(self) -> None:
        self._release()
        self._doors()
        self._names()
        self._desks()

    def _doors(self) -> None:
        """The banks' doors in the menu, and what forgets their nonces and refusals."""
        from qinqing.lib.labels import Label  # noqa: PLC0415 - models are ready only now
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.mortgages import places, refusing, selectors_doors  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        def reconciles(actor: Any) -> bool:
            return "system_admin" not in actor.roles and (places.is_bank(actor) or places.sees_all(actor))

        register_job("mortgages.prune", 60, refusing.prune)
        section, system = Label("清贷解抵", "Mortgage releases"), Label("系统", "System")
        entries = Label("录入与复核", "Entries and checks")
        register(Entry(section, entries, "mortgages:entries", 65, selectors_doors.to_check))
        register(Entry(section, Label("日终对账", "Reconciliation"), "mortgages:days", 66, shown=reconciles))
        register(Entry(system, Label("银行密钥", "Bank keys"), "mortgages:keys", 943, icon="lock"))

    def _desks(self) -> None:
        """Desks and figures in the menu, the panel on the case page, owners told and their look-ups forgotten."""
        from qinqing.lib.labels import Label  # noqa: PLC0415 - models are ready only now
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.mortgages import looking_up, places, telling, web_desks, web_lookup  # noqa: PLC0415
        from qinqing.ui import panels  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        register_job("mortgages.tell", 5, telling.send)
        register_job("mortgages.forget", 3_600, looking_up.forget_old)
        panels.register("case.main", 6, web_desks.for_officers)
        section, own = Label("清贷解抵", "Mortgage releases"), Label("我的", "Mine")
        register(Entry(section, Label("银行工作台", "Bank desk"), "mortgages:bank_desk", 60, shown=places.is_bank))
        register(Entry(
            section, Label("登记工作台", "Registry desk"), "mortgages:registry_desk", 61, web_desks.stuck, urgent=True,
            shown=places.sees_all,
        ))  # fmt: skip
        for label, route, order in (
            (Label("清贷解抵一览", "Overview"), "mortgages:leader", 62),
            (Label("改革前后", "Before and after"), "mortgages:path", 63),
            (Label("银行培训", "Bank training"), "mortgages:training", 64),
        ):
            register(Entry(section, label, route, order, shown=places.sees_all))
        register(Entry(own, Label("解押", "Releases"), "mortgages:mine", 16, icon="home", shown=web_lookup.is_owner))

    def _names(self) -> None:
        """Former names and authorisations: what their procedures call upon, the sheet, pages and panels."""
        from qinqing.audit import histories  # noqa: PLC0415
        from qinqing.lib.labels import Label  # noqa: PLC0415
        from qinqing.mortgages import (  # noqa: PLC0415
            aliases,  # noqa: F401 - registers what approval writes
            authorising,  # noqa: F401
            filing,
            name_sheets,
            places,
            web_cleaning,
            web_filing,
        )
        from qinqing.ui import panels  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        filed = ("filing", "alias", "aliasending", "platformnumber", "authorisation", "revocation")
        histories.guard(*(f"mortgages_{table}" for table in filed))
        name_sheets.add_kind()
        panels.register("case.main", 7, web_cleaning.panel)
        panels.register("case.main", 7, web_filing.filing_panel)
        section = Label("清贷解抵", "Mortgage releases")
        for label, route, order, shown in (
            (Label("曾用名", "Former names"), "mortgages:aliases", 66, filing.takes_part),
            (Label("旧数据清理", "Old records"), "mortgages:names_clean", 67, places.sees_all),
            (Label("委托授权", "Authorisations"), "mortgages:authorisations", 68, filing.takes_part),
        ):
            register(Entry(section, label, route, order, shown=shown))

    def _release(self) -> None:
        """From the bank's word to the register's: the three jobs, and what the procedure calls upon."""
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415 - models are ready only now
        from qinqing.mortgages import releasing, taking  # noqa: PLC0415

        register_job("mortgages.take", 1, taking.take)
        register_job("mortgages.match", 1, releasing.match)
        register_job("mortgages.send", 1, releasing.send)
