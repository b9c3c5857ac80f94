"""异议 (objections): a company says that a fact of it is wrong. An officer decides with reasons: upheld, the source's
correction is recorded or the value becomes unknown; rejected, it stays. The company's people are told.

Basis: 个人信息保护法第四十六条 gives persons the right to have data about them put right; 征信业管理条例第二十五条 sets
the same for credit data. For other data of companies it is the county's own promise.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.db.utils import IntegrityError

from qinqing.accounts.actor import Actor
from qinqing.directory.facts import reading, recording, values
from qinqing.directory.facts.dictionary import FactDef, dictionary
from qinqing.directory.facts.party_facts import WRITABLE
from qinqing.directory.facts.recording import Unfit
from qinqing.directory.facts.values import Value
from qinqing.directory.models import Mandate, Objection, Observation, Party
from qinqing.directory.services import day_of, update_party
from qinqing.lib.identifiers import Invalid
from qinqing.lib.labels import Label
from qinqing.messaging.notices import notify
from qinqing.ui.errors import NotFound

LONGEST = 1_000


@transaction.atomic
def object_to(party_id: int, fact: str, text: str, *, actor: Actor, now: datetime) -> Objection:
    """A company objects to what is on record of it. Raises Unfit: nothing known, no text, or one is open already.

    Whether the actor acts for the company is for the door to check (`actor.party_ids`)."""
    defined = dictionary().get(fact)
    known = reading.values_of(party_id).get(fact)
    if defined is None or known is None:
        raise Unfit(Label("这一项没有数据，无须提出异议", "Nothing is on record here to object to"))
    if known.observation_id is None and defined.from_party not in WRITABLE and not defined.sources:
        raise Unfit(
            Label(
                "这一项由其他登记信息得出，请对行业、人数、收入等原始项提出异议",
                "This follows from other data; object to those: industry, staff, revenue, assets",
            )
        )
    if not text.strip() or len(text) > LONGEST:
        raise Unfit(
            Label(f"请写明理由，不超过{LONGEST}字", f"Say what is wrong, in at most {LONGEST} characters"),
            fields={"text": Label("请写明哪里不对", "Say what is wrong")},
        )
    try:
        with transaction.atomic():
            return Objection.objects.create(
                party_id=party_id, fact=fact, observation_id=known.observation_id,
                shown=values.words(defined, known.value).as_json(), text=text.strip(),
                raised_by_id=actor.user_id, raised_at=now,
            )  # fmt: skip
    except IntegrityError:
        raise Unfit(Label("这一项已有异议正在核实", "An objection to this is being looked into already")) from None


@transaction.atomic
def decide_objection(
    objection_id: int, *, upheld: bool, reasons: str, actor: Actor, now: datetime, value: Value | None = None
) -> Objection:
    """Uphold (with the right value, or with None: it becomes unknown) or reject; always with reasons. Raises Unfit.

    A correction is recorded as the word of the source whose observation was objected to; what the directory itself
    holds is put right there. Who may decide is for the door to check."""
    objection = Objection.objects.select_for_update().filter(pk=objection_id).first()
    if objection is None:
        raise NotFound(Label("没有这项异议", "There is no such objection"))
    if objection.state != Objection.State.OPEN:
        raise Unfit(Label("这项异议已经处理", "This objection has been decided"))
    if not reasons.strip() or len(reasons) > LONGEST:
        raise Unfit(
            Label(f"请写明处理意见，不超过{LONGEST}字", f"Give reasons, in at most {LONGEST} characters"),
            fields={"reasons": Label("请写明处理意见", "Give reasons")},
        )
    if upheld:
        objection.result = _correct(objection, value, actor, reasons, now)
    objection.state = Objection.State.UPHELD if upheld else Objection.State.REJECTED
    objection.decided_by_id, objection.decided_at, objection.decision = actor.user_id, now, reasons.strip()
    objection.save(update_fields=["state", "decided_by", "decided_at", "decision", "result"])
    _tell(objection, now)
    return objection


# ── private ──


def _correct(
    objection: Objection, value: Value | None, actor: Actor, reasons: str, now: datetime
) -> Observation | None:
    """Record the right value, or that it is not known."""
    fact = dictionary()[objection.fact]
    if objection.observation_id is None:
        _correct_register(objection, fact, value, now)
        return None
    objected = Observation.objects.select_related("source").get(pk=objection.observation_id)
    checked = None if value is None else _checked(fact, value)
    if fact.year_before:
        fact = dictionary()[fact.year_before]  # the observation objected to is of its own year
    found = recording.observe(
        objection.party_id, fact.id, checked, period=objected.period, source=objected.source.code, now=now,
        user_id=actor.user_id, note=reasons,
    )  # fmt: skip
    if found is None:
        raise Unfit(Label("更正后的值与原值相同，请核对", "The corrected value is the one objected to; check it"))
    return found


def _correct_register(objection: Objection, fact: FactDef, value: Value | None, now: datetime) -> None:
    """Put the directory's own row right; a number there is the staff."""
    checked = None if value is None else _checked(fact, value)
    update_party(
        objection.party_id, now, **{fact.from_party: int(checked) if isinstance(checked, Decimal) else checked}
    )


def _checked(fact: FactDef, value: Value) -> Value:
    try:
        return values.check(fact, value)
    except Invalid as error:
        raise Unfit(error.label, fields={"value": error.label}) from None


def _tell(objection: Objection, now: datetime) -> None:
    """A notice to everyone who acts for the company today."""
    on = day_of(now)
    in_force = Mandate.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=on), company=objection.party_id, starts_on__lte=on
    )
    users = set(in_force.exclude(person__user=None).values_list("person__user_id", flat=True))
    users |= set(Party.objects.filter(pk=objection.party_id).exclude(user=None).values_list("user_id", flat=True))
    label = dictionary()[objection.fact].label
    title = {
        Objection.State.UPHELD: Label(
            f"您对“{label.zh}”的异议成立，数据已更正", f"Your objection was upheld: {label.en}"
        ),
        Objection.State.REJECTED: Label(
            f"您对“{label.zh}”的异议已核实，数据不变", f"Your objection was not upheld: {label.en}"
        ),
    }[Objection.State(objection.state)]
    notify((user for user in users if user is not None), f"fact-objection:{objection.pk}", title, "", False, now)
