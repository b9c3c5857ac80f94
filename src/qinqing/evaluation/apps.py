"""Rating and follow-up's place in the house (评价、回访, Y5, Y6): pages in the menu, panels on the pages of cases."""

from django.apps import AppConfig

from qinqing.lib.labels import Label


class EvaluationConfig(AppConfig):
    name = "qinqing.evaluation"
    verbose_name = "评价"

    def ready(self) -> None:
        from qinqing.evaluation import call_sheets, overseeing, rating, web_panels  # noqa: F401, PLC0415 - rating registers effects
        from qinqing.supervision.apps import OVERSIGHT  # noqa: PLC0415
        from qinqing.ui import panels  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        panels.register("case.main", 10, web_panels.origin)
        panels.register("case.rail", 30, web_panels.for_officers)
        panels.register("follow.main", 20, web_panels.for_the_party)
        call_sheets.add_kind()
        overseeing.add_filter()
        register(Entry(OVERSIGHT, Label("每月回访复盘", "Monthly follow-up"), "evaluation:follow_up", 37, icon="list"))
        register(Entry(Label("数据", "Figures"), Label("群众评价", "Ratings"), "evaluation:ratings", 52))
