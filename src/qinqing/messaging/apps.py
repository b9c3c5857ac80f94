"""Start-up of the messaging room: its menu entries, and what the audit room below it needs of worker and outbox."""

from __future__ import annotations

from django.apps import AppConfig

from qinqing.lib.labels import Label

_SYSTEM = Label("系统", "System")
_AUDIT = Label("审计", "Audit")


class MessagingConfig(AppConfig):
    name = "qinqing.messaging"
    label = "messaging"
    verbose_name = "收发"

    def ready(self) -> None:
        from qinqing.audit import anchors  # noqa: PLC0415 - models are ready only now
        from qinqing.messaging import jobs, selectors, services  # noqa: PLC0415
        from qinqing.ui.menu import Entry, register  # noqa: PLC0415

        jobs.register_job("audit.anchor", 600, anchors.anchor_due)
        anchors.on_anchor(services.announce_anchor)
        notices, stuck = Label("通知", "Notices"), Label("收发运行", "Deliveries")
        register(Entry(Label("我的", "Mine"), notices, "messaging:notices", 90, selectors.unread_of, icon="bell"))
        register(Entry(_SYSTEM, stuck, "messaging:stuck", 800, selectors.stuck_count, urgent=True))
        register(Entry(_SYSTEM, Label("对端", "Endpoints"), "messaging:endpoints", 810))
        register(Entry(_AUDIT, Label("核验与日锚", "Verification and anchors"), "audit:anchors", 900))
        register(Entry(_AUDIT, Label("查阅日志", "Read log"), "audit:reads", 910))
        register(Entry(_AUDIT, Label("安全日志", "Security log"), "audit:security", 920))
