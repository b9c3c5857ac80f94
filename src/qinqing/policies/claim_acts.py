"""申领的条件与效果: what the acts of procedure `policy_claim` ask and do, inside the act's transaction.

Locks are taken in one order everywhere: the case (the kernel has it), the claim's row, the ledger's book.
"""

from __future__ import annotations

from datetime import datetime

from qinqing.cases.casefile import CaseFile
from qinqing.cases.models import Case
from qinqing.cases.refusals import Conflict, Refused
from qinqing.cases.registry import Context, effect, guard, prefill
from qinqing.directory.facts.reading import values_of
from qinqing.directory.models import Unit
from qinqing.ledger import selectors as ledger_reading
from qinqing.ledger import services as ledger
from qinqing.lib.labels import Label
from qinqing.lib.rules.rule import Verdict
from qinqing.policies import payees, selectors
from qinqing.policies.claims import basis_of, documents_missing, explained, open_part, why_not
from qinqing.policies.models_money import LIVE, Claim, Payment
from qinqing.policies.parts_money import decided_by, part_fen, parts_of
from qinqing.policies.payees import Account
from qinqing.policies.policy import Policy
from qinqing.ui.figures import money

OVER = "paying"  # stage of the round in which its publicity is over
_NO_CLAIM = Label("这件办件没有申领记录，不能办理", "No claim stands behind this case; nothing can be done")


def cause(context: Context) -> str:
    """Under which the ledger records what this act moves."""
    return f"{context.number}#{context.seq}"


def behind(context: Context) -> Claim | None:
    """The claim behind the act's case; None for any other case."""
    return Claim.objects.filter(case=context.case_id).select_related("party", "version").first()


def locked(context: Context) -> Claim:
    """The claim's row, locked until the act commits. Raises Refused for a case that no claim stands behind."""
    rows = Claim.objects.select_for_update(no_key=True, of=("self",)).filter(case=context.case_id)
    found = rows.select_related("party", "version").first()
    if found is None:
        raise Refused(_NO_CLAIM)
    return found


# ── what the facts say now ──


def changed(claim: Claim, now: datetime, signed: int | None = None) -> Label | None:
    """Why the claim is no longer what it was: its verdict, or its amount (`signed`, else what was asked for). None:
    all as it was. Of later instalments the first one's verdict stands."""
    if claim.part:
        return None
    policy = selectors.policy_of(claim.version_id)
    found = explained([policy], values_of(claim.party_id), now)[0]
    if found.verdict is not Verdict.YES:
        return why_not(found)
    if found.amount_fen is None:
        return None
    fen, before = part_fen(policy, found.amount_fen, claim.part), claim.asked_fen if signed is None else signed
    if fen == before:
        return None
    return Label(
        f"按最新数据金额为{money(fen).zh}，原为{money(before).zh}",
        f"By the facts of now the amount is {money(fen).en}; it was {money(before).en}",
    )


def _changed_now(context: Context) -> Label:
    claim = behind(context)
    why = changed(claim, context.now) if claim else _NO_CLAIM
    return Label(
        f"{why.zh if why else ''}。请重算金额或不予支持",
        f"{why.en if why else ''}. Work the amount out anew, or decline",
    )


@guard("policies.still_yes", _changed_now)
def still_yes(context: Context) -> bool:
    """同意前再核一次: asked when it is proposed and again when it is signed off."""
    claim = behind(context)
    return claim is not None and changed(claim, context.now) is None


def _range(context: Context) -> Label:
    claim = behind(context)
    decided = decided_by(_policy(claim).rule.benefit) if claim and claim.part == 0 else None
    if decided is None:
        return Label("金额由数据算出，“核定金额”请留空", "The facts give the amount; leave the amount decided empty")
    low, high = money(decided.low_fen).zh, money(decided.high_fen).zh
    return Label(
        f"金额由{decided.body.zh}决定，请填写“核定金额”（{low}至{high}），并在审核意见中写明依据",
        f"{decided.body.en} decides the sum: fill it in ({low} to {high}) and give the grounds in the opinion",
    )


@guard("policies.amount_fits", _range)
def amount_fits(context: Context) -> bool:
    """一事一议的金额在范围内; for all others nobody writes one."""
    claim, yuan = behind(context), context.fields.get("granted_yuan")
    if claim is None:
        return False
    decided = decided_by(_policy(claim).rule.benefit) if claim.part == 0 else None
    if decided is None or claim.asked_fen is not None:
        return yuan is None
    low, high = decided.low_fen or 1, decided.high_fen
    return yuan is not None and low <= yuan * 100 and (high is None or yuan * 100 <= high)


def _lacking(context: Context) -> Label:
    claim = behind(context)
    missing = documents_missing(claim) if claim else []
    return Label(
        f"还缺材料：{'、'.join(one.label.zh for one in missing)}。请企业补充，或勾选“未随申领提交的材料已核验”",
        f"Missing: {', '.join(one.label.en for one in missing)}. Ask the company, or tick that you have seen them",
    )


@guard("policies.documents_in", _lacking)
def documents_in(context: Context) -> bool:
    claim = behind(context)
    return claim is not None and (bool(context.fields.get("documents_seen")) or not documents_missing(claim))


@prefill("ask_party", "notice")
def ask_for(file: CaseFile) -> str | None:
    """请补充材料: a draft that names what is missing and nothing else; None for cases that are no claims."""
    claim = Claim.objects.filter(case=file.case).first()
    missing = documents_missing(claim) if claim else []
    if not missing:
        return None
    zh, en = "、".join(one.label.zh for one in missing), ", ".join(one.label.en for one in missing)
    return str(Label(f"请补充：{zh}。其他材料不需提交。", f"Please add: {en}. Nothing else is needed."))


# ── review ──


@effect("policies.agree")
def agree(context: Context) -> None:
    """The amount is signed off; the claim waits for a round from now on."""
    claim = locked(context)
    policy, yuan = _policy(claim), context.fields.get("granted_yuan")
    if claim.asked_fen is None:
        claim.whole_fen = int(yuan or 0) * 100
    claim.agreed_fen = part_fen(policy, claim.whole_fen, claim.part) if claim.asked_fen is None else claim.asked_fen
    claim.ready_at, claim.back = context.now, ""
    claim.save(update_fields=["whole_fen", "agreed_fen", "ready_at", "back"])


@effect("policies.recount")
def recount(context: Context) -> None:
    """按最新数据重算: what is asked for, and the facts it rests on. Raises Refused where the verdict is no yes."""
    claim = locked(context)
    if claim.part:
        raise Refused(Label("分期金额已定，不重算", "The amount of an instalment stands"))
    policy, known = _policy(claim), values_of(claim.party_id)
    found = explained([policy], known, context.now)[0]
    if found.verdict is not Verdict.YES:
        raise Refused(why_not(found))
    claim.whole_fen, claim.basis = found.amount_fen, basis_of(policy, known)
    claim.asked_fen = part_fen(policy, found.amount_fen, 0) or None
    if found.amount_fen == 0:
        raise Refused(Label("按最新数据可兑现金额为零，请不予支持", "By the facts of now it pays nothing; decline it"))
    claim.save(update_fields=["whole_fen", "asked_fen", "basis"])


@effect("policies.end")
def end(context: Context) -> None:
    """Declined or withdrawn: only before it is frozen."""
    claim = locked(context)
    if claim.round_id is not None:
        raise Conflict(_FROZEN)
    claim.state, claim.ready_at = Claim.State.ENDED, None
    claim.save(update_fields=["state", "ready_at"])


# ── the round, as the claim sees it ──

_FROZEN = Label(
    "这件申领已列入兑现批次，不能再撤回或不予支持；有异议请在公示期提出",
    "The claim is in a round and cannot be withdrawn or declined; object during its publicity",
)


@guard("policies.not_frozen", _FROZEN)
def not_frozen(context: Context) -> bool:
    claim = behind(context)
    return claim is not None and claim.round_id is None


@guard("policies.in_a_round", Label("尚未列入批次", "It is in no round"))
def in_a_round(context: Context) -> bool:
    claim = behind(context)
    return claim is not None and claim.round_id is not None


@guard("policies.not_in_a_round", Label("仍在批次中", "It is still in its round"))
def not_in_a_round(context: Context) -> bool:
    return not in_a_round(context)


@guard("policies.over", Label("公示期还没有结束", "The publicity is not over"))
def over(context: Context) -> bool:
    claim = behind(context)
    stages = Case.objects.filter(funding_round__claims=claim.pk).values_list("stage", flat=True) if claim else ()
    return OVER in stages


@guard("policies.not_over", Label("公示期已结束，请按其他途径反映", "The publicity is over; use another way"))
def not_over(context: Context) -> bool:
    return not over(context)


@effect("policies.send_back")
def send_back(context: Context) -> None:
    """The freeze found that the facts have changed."""
    claim = locked(context)
    if claim.round_id is not None or not claim.back:
        raise Conflict(Label("没有需要退回的原因", "There is no reason to send it back"))
    claim.ready_at, claim.agreed_fen = None, None
    claim.save(update_fields=["ready_at", "agreed_fen"])


@effect("policies.commit")
def commit(context: Context) -> None:
    """公示期满确定应付. What is committed already stays so."""
    claim = locked(context)
    held = ledger_reading.position(claim.ref)
    if claim.round_id is not None and held is not None and held.reserved:
        ledger.commit(claim.ref, held.reserved, cause(context), context.now)


@effect("policies.commit_if_over")
def commit_if_over(context: Context) -> None:
    """An objection dismissed: on to payment where the publicity is over, else back to it."""
    if over(context):
        commit(context)


@effect("policies.release")
def release(context: Context) -> None:
    """异议成立或停止支付: the money goes back to the budget. Raises Refused while a payment is under way."""
    claim = locked(context)
    if Payment.objects.filter(claim=claim, state__in=LIVE).exists():
        raise Refused(_AT_THE_BANK)
    held = ledger_reading.position(claim.ref)
    if held is not None and held.reserved + held.committed:
        ledger.release(claim.ref, cause(context), context.now)
    claim.state = Claim.State.ENDED
    claim.save(update_fields=["state"])


# ── payment ──

_AT_THE_BANK = Label(
    "有一笔支付在银行，结果未明或已成功；请先登记或核对银行结果",
    "A payment is with the bank, or its result is unknown, or it was paid; record or reconcile the result first",
)


@guard("policies.nothing_at_the_bank", _AT_THE_BANK)
def nothing_at_the_bank(context: Context) -> bool:
    claim = behind(context)
    return claim is not None and not Payment.objects.filter(claim=claim, state__in=LIVE).exists()


@guard("policies.bank_has_paid", Label("银行尚未确认支付成功", "The bank has not confirmed the payment"))
def bank_has_paid(context: Context) -> bool:
    return Payment.objects.filter(claim__case=context.case_id, state=Payment.State.PAID).exists()


@effect("policies.paid")
def paid(context: Context) -> None:
    """兑付完成; also what it is again when recovery is dropped."""
    claim = locked(context)
    claim.state = Claim.State.PAID
    claim.save(update_fields=["state"])


@effect("policies.give_account")
def give_account(context: Context) -> None:
    """The company names its account. Raises Invalid by field."""
    _take_account(context)


@effect("policies.mend_account")
def mend_account(context: Context) -> None:
    """更正账户: by the paying officer, who may confirm a former name. Raises Invalid by field."""
    _take_account(context)


def _take_account(context: Context) -> None:
    claim = locked(context)
    if Payment.objects.filter(claim=claim, state__in=LIVE).exists():  # asked again with the claim locked
        raise Refused(_AT_THE_BANK)
    texts = context.texts
    given = Account(
        texts["account_name"], texts["account_number"], texts["bank"], bool(context.fields.get("name_checked"))
    )
    claim.account = payees.give(claim.party, given, context.actor, context.now)
    claim.to_mend = False
    claim.save(update_fields=["account", "to_mend"])


# ── after payment ──


def _not_theirs(context: Context) -> Label:
    claim = behind(context)
    lead = _lead(claim) if claim else None
    name = lead.label if lead else Label("主管部门", "the department in charge")
    return Label(f"这一步由{name.zh}办理", f"This is done by {name.en}")


@guard("policies.of_the_department", _not_theirs)
def of_the_department(context: Context) -> bool:
    """主管部门（含其科室）的人; a supervisor or an inspector may start a recovery as well; and the system, where the
    bank has sent the money back (returning.py)."""
    claim = behind(context)
    lead = _lead(claim) if claim else None
    if claim is None or lead is None:
        return False
    if context.actor.kind == "system":
        return last_returned(claim)
    mine = any(lead.pk in {post.unit_id, post.parent_id} for post in context.actor.posts)
    return mine or not {"supervisor", "inspector"}.isdisjoint(context.actor.roles)


def last_returned(claim: Claim) -> bool:
    """Whether the bank has sent the claim's last payment back."""
    last = Payment.objects.filter(claim=claim).order_by("-pk").values_list("state", flat=True).first()
    return last == Payment.State.RETURNED


@guard(
    "policies.has_next_part",
    Label("没有下一期，或下一期已开出", "There is no further instalment, or it was opened already"),
)
def has_next_part(context: Context) -> bool:
    claim = behind(context)
    if claim is None or claim.part + 1 >= len(parts_of(_policy(claim))):
        return False
    later = Claim.objects.filter(policy=claim.policy_id, party=claim.party_id, year=claim.year, part=claim.part + 1)
    return not later.exclude(state=Claim.State.ENDED).exists()


@effect("policies.next_part")
def next_part(context: Context) -> None:
    """下一期开出: a claim of its own, reviewed, frozen and paid like any other."""
    open_part(locked(context), context.actor, context.now)


# ── private ──


def _policy(claim: Claim) -> Policy:
    return selectors.policy_of(claim.version_id)


def _lead(claim: Claim) -> Unit | None:
    return Unit.objects.filter(code=_policy(claim).departments[0]).first()
