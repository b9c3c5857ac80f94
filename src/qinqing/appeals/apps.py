"""The window's place in the house: its page in the menu."""

from django.apps import AppConfig

from qinqing.lib.labels import Label


class AppealsConfig(AppConfig):
    name = "qinqing.appeals"
    verbose_name = "诉求"

    def ready(self) -> None:
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415 - the registry is ready only now

        register(Entry(Label("办理", "Work"), Label("难事帮办", "Hard cases"), "appeals:window", 5, icon="speech"))
        register(
            Entry(Label("数据", "Figures"), Label("诉求分析", "Appeals in figures"), "appeals:report", 50, icon="list")
        )
