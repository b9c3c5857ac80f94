"""The policies' place in the house (惠企政策, H6)."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "qinqing.policies"
    verbose_name = "惠企政策"

    def ready(self) -> None:
        from qinqing.audit import histories  # noqa: PLC0415 - models are ready only now
        from qinqing.policies.history import PolicyHistory  # noqa: PLC0415

        histories.register("policies", PolicyHistory())
        self._money()
        self._matching()

    def _money(self) -> None:
        """From match to money: what its procedures call upon, the bank's sheet, and the job by which claims follow."""
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.policies import claim_acts, following, payment_files, payments, rounds  # noqa: F401, PLC0415

        payment_files.add_kind()
        register_job("policies.follow", 2, following.follow)

    def _matching(self) -> None:
        """Who is eligible: the job that keeps the list, the pages in the menu."""
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415
        from qinqing.policies import eligibility  # noqa: PLC0415

        register_job("policies.match", 5, eligibility.match)
