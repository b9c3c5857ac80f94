"""What the directory tells the rooms below it: who holds which posts, and the import that the worker carries on."""

from __future__ import annotations

from django.apps import AppConfig

from qinqing.lib.labels import Label
from qinqing.ui.menu import Entry, register

REFERENCE = Label("资料", "Reference")


class DirectoryConfig(AppConfig):
    name = "qinqing.directory"
    label = "directory"

    def ready(self) -> None:
        from qinqing.accounts.access import set_role_source  # noqa: PLC0415
        from qinqing.audit import histories  # noqa: PLC0415
        from qinqing.directory import contact_sheets, imports, selectors  # noqa: PLC0415
        from qinqing.directory.facts import imports as fact_imports  # noqa: PLC0415
        from qinqing.directory.facts import sheet_kind  # noqa: PLC0415
        from qinqing.messaging.jobs import register_job  # noqa: PLC0415

        set_role_source(selectors.roles_and_parties)
        histories.guard("directory_statement", "directory_observation")
        register(Entry(REFERENCE, Label("企业", "Companies"), "directory:companies", 60, icon="search"))
        register(Entry(REFERENCE, Label("科室与联络员", "Sections and liaisons"), "directory:sections", 62))
        register(Entry(Label("我的", "Mine"), Label("请假代岗", "Leave"), "directory:leaves", 95))
        register(Entry(REFERENCE, Label("导入表格", "Import a sheet"), "directory:sheets", 66))
        contact_sheets.add_kind()
        sheet_kind.add_kind()
        register_job("directory.imports", 2, imports.run_pending)
        register_job("directory.facts", 2, fact_imports.run_pending)
