"""What the directory tells the rooms below it: who holds which posts, and the import that the worker carries on."""

from __future__ import annotations

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "qinqing.directory"
    label = "directory"

    def ready(self) -> None:
        from qinqing.accounts.access import set_role_source  # noqa: PLC0415
        from qinqing.directory import imports, selectors  # noqa: PLC0415
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415

        set_role_source(selectors.roles_and_parties)
        register_job("directory.imports", 2, imports.run_pending)
