"""The integrity card's place in the house (廉心卡, T1)."""

from django.apps import AppConfig

from qinqing.lib.labels import Label


class CardsConfig(AppConfig):
    name = "qinqing.cards"
    verbose_name = "廉心卡"

    def ready(self) -> None:
        from qinqing.audit import histories  # noqa: PLC0415 - models are ready only now
        from qinqing.cards import results, sheets, taking, web_records  # noqa: F401, PLC0415 - registers guards, effects
        from qinqing.cards.history import CardHistory  # noqa: PLC0415
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.ui import panels  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        histories.register("cards", CardHistory())
        register_job("cards.forget", 3_600, taking.forget_old)
        panels.register("case.main", 20, web_records.for_officers)
        panels.register("follow.main", 20, web_records.for_the_party)
        panels.register("case.rail", 30, web_records.whose_number)
        work, figures = Label("办理", "Work"), Label("数据", "Figures")
        register(Entry(work, Label("廉心卡", "Integrity cards"), "cards:cards", 24, icon="doc"))
        register(Entry(figures, Label("成果", "Outcomes"), "cards:outcomes", 52, icon="list"))
        sheets.add_kind()
