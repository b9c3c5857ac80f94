"""Hand-over between systems (收发): outbox, inbox, deliveries, notices. At least once out, exactly once in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from qinqing.accounts.models import User


class Outbox(models.Model):
    """发件: written in the same transaction as the act it tells of. Each row keeps its own state: reading
    `id > last` loses rows on PostgreSQL, where commits overtake ids."""

    source = models.CharField(max_length=80)  # with `key` the message's identity at every receiver
    key = models.CharField(max_length=120)
    topic = models.CharField(max_length=80)
    body = models.TextField()  # canonical JSON; no personal text, only references
    created_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)  # reactions have run and deliveries are planned

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="outbox_identity")]
        indexes = [models.Index(fields=["id"], condition=Q(handled_at=None), name="outbox_waiting")]


class Inbox(models.Model):
    """收件: what was already received, kept for ever, so that the same message acts once."""

    receiver = models.CharField(max_length=80)
    source = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["receiver", "source", "key"], name="inbox_once")]


class Endpoint(models.Model):
    """对端: where signed webhooks go. The secret signs (Standard Webhooks, HMAC-SHA256)."""

    name = models.CharField(max_length=80, unique=True)
    url = models.URLField(max_length=300)
    secret = models.CharField(max_length=120)
    topics = models.JSONField(default=list)  # prefixes of topics
    active = models.BooleanField(default=True)
    silent_until = models.DateTimeField(null=True)  # it did not answer: nothing is tried before; new messages wait too


class Delivery(models.Model):
    """投递: one message to one receiver (a reaction or an endpoint), retried until acknowledged."""

    class State(models.TextChoices):
        WAITING = "waiting", "待投递"
        DONE = "done", "已送达"
        STUCK = "stuck", "受阻"
        DROPPED = "dropped", "已放弃"

    message = models.ForeignKey(Outbox, models.PROTECT, related_name="deliveries")
    receiver = models.CharField(max_length=80)  # `reaction:<name>` or `endpoint:<id>`
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)  # why an operator dropped or retried it, and who

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "receiver"], name="delivery_once")]
        indexes = [models.Index(fields=["next_at"], condition=Q(state="waiting"), name="delivery_due")]


class JobLease(models.Model):
    """定时任务: one row per job; whoever holds the lease runs it, and a dead worker's lease runs out."""

    name = models.CharField(max_length=60, primary_key=True)
    holder = models.CharField(max_length=40, blank=True)
    leased_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    ran_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)  # empty when the last run went well
    failing_since = models.DateTimeField(null=True)


class Notice(models.Model):
    """站内通知."""

    user = models.ForeignKey(User, models.PROTECT, related_name="notices")
    key = models.CharField(max_length=160)  # one notice per user and key
    title_zh = models.CharField(max_length=200)
    title_en = models.CharField(max_length=300)
    link = models.CharField(max_length=200, blank=True)
    urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [models.Index(fields=["user"], condition=Q(read_at=None), name="notice_unread")]
