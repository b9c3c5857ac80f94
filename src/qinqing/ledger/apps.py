"""The ledger's place in the house (账本)."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "qinqing.ledger"
    verbose_name = "账本"

    def ready(self) -> None:
        from qinqing.audit import histories  # noqa: PLC0415 - models are ready only now
        from qinqing.ledger.history import LedgerHistory  # noqa: PLC0415

        histories.register("ledger", LedgerHistory())
