"""The kernel's place in the house: its histories to the audit, its passing of time to the worker."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "qinqing.cases"
    verbose_name = "办件"

    def ready(self) -> None:
        from qinqing.audit import histories  # noqa: PLC0415 - models are ready only now
        from qinqing.cases.history import CaseHistory  # noqa: PLC0415

        histories.register("cases", CaseHistory())
