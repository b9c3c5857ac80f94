"""The mortgage wing's place in the house (清贷解抵, B5-B9)."""

from django.apps import AppConfig


class MortgagesConfig(AppConfig):
    name = "qinqing.mortgages"
    verbose_name = "清贷解抵"

    def ready(self) -> None:
        self._release()

    def _release(self) -> None:
        """From the bank's word to the register's: the three jobs, and what the procedure calls upon."""
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415 - models are ready only now
        from qinqing.mortgages import releasing, taking  # noqa: PLC0415

        register_job("mortgages.take", 1, taking.take)
        register_job("mortgages.match", 1, releasing.match)
        register_job("mortgages.send", 1, releasing.send)
