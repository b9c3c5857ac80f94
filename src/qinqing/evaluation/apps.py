"""Rating and follow-up's place in the house (评价、回访, Y5, Y6)."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "qinqing.evaluation"
    verbose_name = "评价"
