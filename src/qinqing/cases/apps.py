"""The kernel's place in the house: histories to the audit, the passing of time to the worker, pages to the menu."""

from django.apps import AppConfig

from qinqing.lib.labels import Label

WORK = Label("办理", "Work")


class CasesConfig(AppConfig):
    name = "qinqing.cases"
    verbose_name = "办件"

    def ready(self) -> None:
        from qinqing.audit import histories  # noqa: PLC0415 - models are ready only now
        from qinqing.cases import passing_time  # noqa: PLC0415
        from qinqing.cases.desks import waiting_for  # noqa: PLC0415
        from qinqing.cases.history import CaseHistory  # noqa: PLC0415
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        histories.register("cases", CaseHistory())
        register_job("cases.rungs", 5, lambda now: passing_time.fire_due_rungs(now) > 0)
        register_job("cases.automatic", 2, lambda now: passing_time.proceed_automatic(now) > 0)
        register_job("cases.calendar", 30, lambda now: passing_time.reproject(now) > 0)
        register(Entry(WORK, Label("我的办件", "My matters"), "cases:desk", 10, waiting_for, icon="list"))
        register(Entry(WORK, Label("本单位办件", "My unit's matters"), "cases:unit", 20, icon="list"))
        register(Entry(WORK, Label("办件查询", "Find matters"), "cases:search", 40, icon="search"))
        register(Entry(WORK, Label("我的诉求", "My matters"), "cases:mine", 15, icon="list"))
        register(
            Entry(Label("资料", "Reference"), Label("工作日历", "Working calendar"), "cases:calendar", 90, icon="list")
        )
