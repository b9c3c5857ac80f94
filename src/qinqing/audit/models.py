"""Traces (审计): daily anchors over all chains, and who read what. Histories themselves live with their owners."""

from __future__ import annotations

from django.db import models


class Anchor(models.Model):
    """日锚: the Merkle root over all chain heads at the end of a day, written outside the database as well."""

    day = models.DateField(unique=True)
    algorithm = models.CharField(max_length=12)
    root = models.CharField(max_length=64)
    chains = models.PositiveIntegerField()
    leaves_file = models.CharField(max_length=300)  # the heads, one a line, beside the copy of the root
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
