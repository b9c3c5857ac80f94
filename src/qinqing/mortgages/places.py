"""谁在哪家: which bank, or the registry, somebody at the door works for."""

from __future__ import annotations

from qinqing.accounts.actor import Actor
from qinqing.directory.models import Unit
from qinqing.lib.labels import Label
from qinqing.ui.errors import Problem

REGISTRY = "registry"  # the desk of the procedure
OVERSEERS = frozenset({"supervisor", "leader", "inspector"})


class NotYours(Problem):
    """The role may open such a page, but not from this unit: for them there is nothing here."""

    status = 404
    code = "not-yours"
    title = Label("此处不由您办理", "This is not yours to open")


def banks_of(actor: Actor) -> list[Unit]:
    """Lenders (banks, the housing fund) in which the actor has a post."""
    if actor.kind != "officer" or not actor.unit_ids:
        return []
    return list(Unit.objects.filter(pk__in=actor.unit_ids).exclude(credit_code="").order_by("pk"))


def bank_of(actor: Actor) -> Unit:
    """The one whose desk opens. Raises NotYours."""
    found = banks_of(actor)
    if not found:
        raise NotYours(Label("此页供银行和公积金中心使用", "This page is for banks and the housing fund"))
    return found[0]


def is_bank(actor: Actor) -> bool:
    return bool(banks_of(actor))


def is_registry(actor: Actor) -> bool:
    """Whether the actor works at the registry."""
    return actor.kind == "officer" and Unit.objects.filter(pk__in=actor.unit_ids, desk=REGISTRY).exists()


def sees_all(actor: Actor) -> bool:
    """Registry and overseers see every bank's releases."""
    return not OVERSEERS.isdisjoint(actor.roles) or is_registry(actor)


def check_sees_all(actor: Actor) -> None:
    """Raises NotYours."""
    if not sees_all(actor):
        raise NotYours(
            Label("此页供不动产登记中心和监督部门使用", "This page is for the registration centre and overseers")
        )
