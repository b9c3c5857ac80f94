"""The figures' place in the house (数据)."""

from django.apps import AppConfig

from qinqing.lib.labels import Label

SECTION = Label("数据", "Figures")


class InsightConfig(AppConfig):
    name = "qinqing.insight"
    verbose_name = "数据"

    def ready(self) -> None:
        from qinqing.insight import brief, recounting  # noqa: PLC0415 - models are ready only now
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        register_job("insight.missing", 600, lambda now: recounting.fill_missing())
        register_job("insight.brief", 60, brief.turn)
        register(Entry(SECTION, Label("县域一览", "County overview"), "insight:leader", 3, icon="list"))
        register(Entry(SECTION, Label("晨报", "Morning brief"), "insight:brief_today", 48, icon="list"))
