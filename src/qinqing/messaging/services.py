"""Writes of the operator: try stuck deliveries again, drop them with a reason, look after endpoints. All recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from qinqing.accounts.actor import Actor
from qinqing.accounts.models import AdminRole
from qinqing.audit.models import Anchor, Verification
from qinqing.audit.services import log_security
from qinqing.lib.labels import Label
from qinqing.messaging import delivery
from qinqing.messaging.models import Delivery, Endpoint
from qinqing.messaging.notices import notify
from qinqing.messaging.outbox import enqueue
from qinqing.messaging.signing import new_secret
from qinqing.ui.errors import Problem


class BadEntry(Problem):
    """Wrong input of the operator."""

    status = 422
    code = "bad-entry"
    title = Label("有几处没填好", "Some entries need attention")


class Gone(Problem):
    """Somebody, or the worker, was faster."""

    status = 409
    code = "delivery-moved-on"
    title = Label("这条投递已有变化", "This delivery has moved on")


def retry(delivery_id: int, actor: Actor, address: str, now: datetime) -> None:
    """Make one delivery due at once, with all its tries before it again. Gone when it is done or dropped."""
    if not _give_back(_open().filter(pk=delivery_id), actor, now):
        raise _gone()
    log_security("messaging.retry", actor, address, f"delivery {delivery_id}", now)


def retry_all(receiver: str, actor: Actor, address: str, now: datetime) -> int:
    """The same for all stuck deliveries of one receiver; returns how many."""
    count = _give_back(Delivery.objects.filter(state=Delivery.State.STUCK, receiver=receiver), actor, now)
    log_security("messaging.retry", actor, address, f"{receiver}: {count} deliveries", now)
    return count


def drop(delivery_id: int, reason: str, actor: Actor, address: str, now: datetime) -> None:
    """Give one delivery up for good. BadEntry without a reason, Gone when it is done or dropped already."""
    reason = reason.strip()
    if not reason:
        text = Label("请写明放弃的原因", "Say why it is given up")
        raise BadEntry(text, fields={"reason": text})
    note = f"{now.isoformat(timespec='minutes')} {actor.name} 放弃 / dropped: {reason[:500]}"
    with transaction.atomic():
        if not _open().filter(pk=delivery_id).update(state=Delivery.State.DROPPED, done_at=now, note=note):
            raise _gone()
        log_security("messaging.drop", actor, address, f"delivery {delivery_id}: {reason[:500]}", now)


def add_endpoint(
    name: str, url: str, topics: Sequence[str], actor: Actor, address: str, now: datetime
) -> tuple[Endpoint, str]:
    """The endpoint and its secret, to be shown once. BadEntry names the wrong fields."""
    name, url = name.strip(), url.strip()
    fields: dict[str, Label] = {}
    if not 0 < len(name) <= 80:
        fields["name"] = Label("请填写名称，最多80字", "Give it a name of at most 80 characters")
    if len(url) > 300:
        fields["url"] = Label("网址最多300个字符", "The address has at most 300 characters")
    elif problem := delivery.bad_url(url):
        fields["url"] = problem
    if not topics:
        fields["topics"] = Label("至少写一个主题，如case", "Write at least one topic, such as case")
    if fields:
        raise BadEntry(next(iter(fields.values())), fields=fields)
    secret = new_secret()
    try:
        with transaction.atomic():
            endpoint = Endpoint.objects.create(name=name, url=url, secret=secret, topics=list(topics))
            log_security("messaging.endpoint.add", actor, address, f"{name} {url}", now)
    except IntegrityError:
        text = Label(f"已有名为“{name}”的对端，请换一个名称", f"There is an endpoint “{name}”; choose another name")
        raise BadEntry(text, fields={"name": text}) from None
    return endpoint, secret


def renew_secret(endpoint_id: int, actor: Actor, address: str, now: datetime) -> tuple[Endpoint, str]:
    """A new secret, to be shown once; the old one signs nothing from now on."""
    secret = new_secret()
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
        endpoint.secret = secret
        endpoint.save(update_fields=["secret"])
        log_security("messaging.endpoint.secret", actor, address, endpoint.name, now)
    return endpoint, secret


def switch(endpoint_id: int, active: bool, actor: Actor, address: str, now: datetime) -> Endpoint:
    """Switch an endpoint off (what waits for it gets stuck) or on again."""
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
        endpoint.active = active
        endpoint.save(update_fields=["active"])
        log_security(f"messaging.endpoint.{'on' if active else 'off'}", actor, address, endpoint.name, now)
    return endpoint


def announce_anchor(anchor: Anchor) -> None:
    """The day's root goes to every endpoint that wants `audit.anchor`: a witness outside this machine."""
    body = {"day": str(anchor.day), "algorithm": anchor.algorithm, "root": anchor.root, "chains": anchor.chains}
    enqueue("audit", f"anchor:{anchor.day}", "audit.anchor", body, anchor.made_at)


def announce_findings(verification: Verification) -> None:
    """A verification found something: every audit administrator gets an urgent notice, each time until all is well."""
    auditors = AdminRole.objects.filter(role=AdminRole.Role.AUDIT, user__is_active=True)
    count = verification.findings
    title = Label(
        f"历史核验发现{count}处问题，请立即查看",
        f"Verification of the histories: {count} finding{'s' if count > 1 else ''}; look at once",
    )
    user_ids = auditors.values_list("user_id", flat=True)
    notify(user_ids, f"audit.verification:{verification.pk}", title, "/audit/anchors/", True, verification.at)


def _give_back(rows: QuerySet[Delivery], actor: Actor, now: datetime) -> int:
    note = f"{now.isoformat(timespec='minutes')} {actor.name} 重试 / retried"
    return rows.update(state=Delivery.State.WAITING, attempts=0, next_at=now, note=note)


def _open() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state__in=[Delivery.State.STUCK, Delivery.State.WAITING])


def _gone() -> Gone:
    return Gone(Label("它已送达或已放弃。返回列表查看", "It was delivered or dropped. Go back to the list"))
