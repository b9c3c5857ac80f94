"""Traces (审计): daily anchors over all chains, and who read what. Histories themselves live with their owners."""

from __future__ import annotations

from django.db import models

from qinqing.audit.chain import HASH_LENGTH


class Anchor(models.Model):
    """日锚: one Merkle root a day over the chain heads that moved since the anchor before, and over that one's root.

    So each root commits to all heads so far, and a year of files stays as small as the year's work.
    """

    day = models.DateField(unique=True)
    algorithm = models.CharField(max_length=12)
    root = models.CharField(max_length=HASH_LENGTH)
    chains = models.PositiveIntegerField()  # heads in this anchor
    leaves_file = models.CharField(max_length=300)  # below HOME: first line says day and root, then one leaf a line
    made_at = models.DateTimeField()


class ReadLog(models.Model):
    """查阅日志: reads of personal or financial data, with who and why. Kept six months or longer."""

    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=80)
    what = models.CharField(max_length=80)  # party.phone, case.payload, ...
    object_ref = models.CharField(max_length=80)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField(db_index=True)


class SecurityLog(models.Model):
    """安全日志: sign-ins, refusals, changes of rights. Append only."""

    event = models.CharField(max_length=60)
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=80, blank=True)
    address = models.CharField(max_length=64, blank=True)
    detail = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)


class Verification(models.Model):
    """核验记录: when all histories were verified and what was found."""

    at = models.DateTimeField(db_index=True)
    seconds = models.FloatField()
    chains = models.PositiveIntegerField()
    events = models.PositiveIntegerField()
    anchors = models.PositiveIntegerField()
    findings = models.PositiveIntegerField()
    report = models.JSONField()  # Report.as_json, with the first hundred findings
    nightly = models.BooleanField(default=False)  # by the worker (audit.nightly); else by the command


class NightlyRun(models.Model):
    """每夜核验: how far tonight's verification has come; its result becomes a `Verification`."""

    day = models.DateField(unique=True)  # the day of China on which it began
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    history = models.CharField(max_length=40, blank=True)  # the next slice begins behind this chain of this history
    after = models.CharField(max_length=80, blank=True)
    seconds = models.FloatField(default=0)
    chains = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    erased = models.PositiveIntegerField(default=0)
    erasures_at_start = models.PositiveIntegerField(default=0)  # payloads erased by then, as recorded
    findings = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=list)  # the first hundred findings


class Erasure(models.Model):
    """清除记录: payloads of a retention class that were erased. Append only."""

    history = models.CharField(max_length=40)
    retention = models.CharField(max_length=20)
    before = models.DateTimeField()  # of matters that had ended before
    count = models.PositiveIntegerField()
    user_name = models.CharField(max_length=80)
    at = models.DateTimeField()
