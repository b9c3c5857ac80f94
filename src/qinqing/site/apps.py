"""The hall's place in the house."""

from django.apps import AppConfig
from django.conf import settings


class SiteConfig(AppConfig):
    name = "qinqing.site"
    label = "qinqing_site"
    verbose_name = "首页"

    def ready(self) -> None:
        import qinqing.reactions  # noqa: F401, PLC0415 - models are ready only now

        if settings.MODE == "demo":
            from qinqing.site.demo import running  # noqa: PLC0415

            running.register()
