"""The figures' place in the house (数据)."""

from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "qinqing.insight"
    verbose_name = "数据"
