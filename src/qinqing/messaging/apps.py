"""Start-up of the messaging room: its menu entries, and what the audit room below it needs of worker and outbox."""

from __future__ import annotations

from django.apps import AppConfig

from qinqing.lib.labels import Label

_SYSTEM = Label("系统", "System")
_MINE = Label("我的", "Mine")


class MessagingConfig(AppConfig):
    name = "qinqing.messaging"
    label = "messaging"
    verbose_name = "收发"

    def ready(self) -> None:
        from qinqing.audit import anchors, nightly  # noqa: PLC0415 - models are ready only now
        from qinqing.audit.services import on_findings  # noqa: PLC0415
        from qinqing.messaging import jobs, selectors, services  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        jobs.register_job("audit.anchor", 600, anchors.anchor_due)
        jobs.register_job("audit.verify", 300, nightly.verify_tonight)
        anchors.on_anchor(services.announce_anchor)
        on_findings(services.announce_findings)
        for entry in (
            Entry(_MINE, Label("通知", "Notices"), "messaging:notices", 980, selectors.unread_of, icon="bell"),
            Entry(_SYSTEM, Label("核验与日锚", "Verification"), "audit:anchors", 921),
            Entry(_SYSTEM, Label("查阅日志", "Read log"), "audit:reads", 922),
            Entry(_SYSTEM, Label("收发运行", "Deliveries"), "messaging:stuck", 940, selectors.stuck_count, urgent=True),
            Entry(_SYSTEM, Label("对端", "Endpoints"), "messaging:endpoints", 941),
        ):
            register(entry)
