"""Rating and follow-up's place in the house (评价、回访, Y5, Y6)."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "qinqing.evaluation"
    verbose_name = "评价"

    def ready(self) -> None:
        from qinqing.evaluation import rating  # noqa: F401, PLC0415 - registers its guard and effects
