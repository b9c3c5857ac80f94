"""The room's place in Django; its menu entry exists only where the gallery is open."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings

from qinqing.lib.labels import Label
from qinqing.ui import menu


class UiConfig(AppConfig):
    name = "qinqing.ui"

    def ready(self) -> None:
        if settings.MODE == "test":
            menu.register(menu.Entry(Label("资料", "Reference"), Label("部件", "Components"), "ui:components", 990))
