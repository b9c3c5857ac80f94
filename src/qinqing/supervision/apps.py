"""Supervision's place in the house (督办, P4)."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "qinqing.supervision"
    verbose_name = "督办"
