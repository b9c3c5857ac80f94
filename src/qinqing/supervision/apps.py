"""Supervision's place in the house (督办, P4): what procedures call upon, its pages in the menu and on case pages."""

from django.apps import AppConfig

from qinqing.lib.labels import Label

OVERSIGHT = Label("监督", "Oversight")


class SupervisionConfig(AppConfig):
    name = "qinqing.supervision"
    verbose_name = "督办"

    def ready(self) -> None:
        from qinqing.supervision import backstop_sheet, filters, letters, pressing, web_menu, web_panels  # noqa: F401, PLC0415
        from qinqing.ui import panels as places  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        filters.add_own()
        backstop_sheet.add_kind()
        places.register("case.main", 5, web_panels.paper)
        places.register("case.main", 30, web_panels.backstop_main)
        places.register("case.rail", 10, web_panels.beside)
        places.register("follow.main", 5, web_panels.backstop_follow)
        for label, route, order, count, urgent in (
            (Label("督办台", "Supervision"), "supervision:desk", 30, web_menu.overdue, True),
            (Label("督办函", "Supervision letters"), "supervision:letters", 32, web_menu.letters, False),
            (Label("批示件", "Instructions"), "supervision:instructions", 34, web_menu.instructions, False),
            (Label("监督看板", "Oversight board"), "supervision:board", 36, None, False),
            (Label("备案兜底", "Petition backstop"), "supervision:backstop", 38, web_menu.backstop, False),
        ):
            register(Entry(OVERSIGHT, label, route, order, count, urgent, icon="flag"))
