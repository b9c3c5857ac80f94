"""The hall's place in the house."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "qinqing.site"
    label = "qinqing_site"
    verbose_name = "首页"

    def ready(self) -> None:
        import qinqing.reactions  # noqa: F401, PLC0415 - models are ready only now
        from qinqing.site.demo import running  # noqa: PLC0415

        running.register()
