"""The window's place in the house: its pages in the menu, merged cases on the pages of cases."""

from django.apps import AppConfig

from qinqing.lib.labels import Label


class AppealsConfig(AppConfig):
    name = "qinqing.appeals"
    verbose_name = "诉求"

    def ready(self) -> None:
        from qinqing.appeals import hotline, library, near, web_merged  # noqa: PLC0415
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.ui import panels  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        register_job("appeals.near", 86_400, near.forget_old)
        panels.register("case.rail", 20, web_merged.behind_and_ahead)
        panels.register("follow.main", 10, web_merged.main_case)
        register(Entry(Label("办理", "Work"), Label("难事帮办", "Hard cases"), "appeals:window", 5, icon="speech"))
        register(Entry(Label("资料", "Reference"), library.TITLE, "appeals:library", 64, icon="speech"))
        library.add_kind()
        hotline.add_kind()
        register(
            Entry(Label("数据", "Figures"), Label("诉求分析", "Appeals in figures"), "appeals:report", 50, icon="list")
        )
