"""列: what each column of a case's figures means, for indicators, their checker and exported sheets. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from qinqing.lib.labels import Label


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, moment, number, money (whole fen), flag (true, false, or null for “cannot be said yet”), unit or
    party."""

    kind: str
    label: Label
    definition: Label


def _column(kind: str, zh: str, en: str, means_zh: str, means_en: str) -> Column:
    return Column(kind, Label(zh, en), Label(means_zh, means_en))


COLUMNS: dict[str, Column] = {
    "procedure": _column("text", "流程", "Procedure", "办件所走流程的代码", "Code of the procedure it runs by"),
    "channel": _column("text", "来源", "Channel", "诉求的来源", "The way it came in"),
    "kind": _column("text", "类别", "Class", "受理时定的类别；没有分类的流程为空", "Given at intake; empty where none"),
    "stage": _column("text", "环节", "Stage", "现在所处环节的代码；办结后为空", "Code of the stage; empty once closed"),
    "lead": _column("unit", "主办", "Lead", "主办科室或单位", "The lead section or unit"),
    "authority": _column("unit", "主办单位", "Authority", "主办科室所在的部门", "The authority the lead belongs to"),
    "opened_at": _column("moment", "登记时间", "Opened", "首次登记的时间", "When it was first taken in"),
    "dispatched_at": _column(
        "moment", "交办时间", "Dispatched", "首次交办、承诺时限起算的时间；退回后再交办不重新起算",
        "First dispatch, from which the promise runs; dispatching again after a return starts nothing anew",
    ),
    "sign_due_at": _column(
        "moment", "应签收时间", "To be signed for by", "交办后半个工作日（办公时间）",
        "Half a working day (office time) after dispatch",
    ),
    "signed_at": _column(
        "moment", "签收时间", "Signed for", "主办单位首次签收或办理的时间",
        "When the lead first signed for it or acted",
    ),
    "signed_on_time": _column(
        "flag", "按时签收", "Signed in time", "应签收时间前签收；尚未签收而在办的为空",
        "Signed for by then; empty while open and not signed for",
    ),
    "feedback_due": _column(
        "moment", "应反馈时间", "Answer due", "首次反馈的应办时间，含批准的延期和依法暂停；暂停中的为空",
        "When the first answer is or was due, with extensions and lawful pauses; empty while paused",
    ),
    "feedback_at": _column(
        "moment", "首次反馈时间", "First answered", "反馈经审核签发（或决定无法办理）的时间",
        "When the answer (or that it cannot be done) was signed off",
    ),
    "feedback_last_at": _column(
        "moment", "最近反馈时间", "Last answered", "退回重办或重新办理的，为最近一次反馈",
        "After redoing, the latest answer",
    ),
    "on_time": _column(
        "flag", "按时反馈", "Answered in time",
        "首次反馈不晚于应反馈时间；未反馈而在办的、到期前已结束的为空",
        "First answer no later than due; empty while unanswered and open, or where it ended before it was due",
    ),
    "working_minutes": _column(
        "number", "办理用时（分钟）", "Time to answer (minutes)", "交办至首次反馈的办公时间，扣除依法暂停",
        "Office time from dispatch to the first answer, lawful pauses left out",
    ),
    "suspended_minutes": _column(
        "number", "暂停用时（分钟）", "Time paused (minutes)", "依法暂停的办公时间，只计已结束的",
        "Office time of lawful pauses that have ended",
    ),
    "result": _column("text", "办理结果", "Result", "主办单位反馈的办理结果", "The result as the lead answered"),
    "outcome": _column("text", "办结方式", "Outcome", "怎样办结；在办的为空", "How it ended; empty while open"),
    "written_off": _column(
        "flag", "核销", "Dealt with", "办结、答复或解释后办结；不予受理、撤回、并案、无效的为否",
        "Ended by an answer or explanation; not declined, withdrawn, merged or discarded",
    ),
    "closed_at": _column(
        "moment", "办结时间", "Closed", "最近一次办结的时间；在办（含重新办理）的为空",
        "When it was last closed; empty while open, also when reopened",
    ),
    "due_at": _column(
        "moment", "现应办时间", "Due", "在走的时限中最早到期的",
        "The earliest end of the clocks that run",
    ),
    "held": _column("flag", "暂停中", "Paused", "依法暂停计时", "Its clock is lawfully paused"),
    "level": _column(
        "number", "督办级次", "Level", "0至4：未提醒、已提醒、已催办、已督办、已上提",
        "0 to 4: not reminded, reminded, urged, supervised, handed up",
    ),
    "handed_up_at": _column(
        "moment", "上提时间", "Handed up", "上提到县领导的时间（逾期自动，或由督办员）",
        "When it was handed up to the leader (for being overdue, or by the supervisor)",
    ),
    "returned": _column("number", "退回次数", "Returned", "主办单位退回交办的次数", "How often the lead returned it"),
    "sent_back": _column(
        "number", "退回重办次数", "Sent back", "核查后退回重办的次数",
        "How often the check sent it back",
    ),
    "reopened": _column(
        "number", "重新办理次数", "Reopened", "反映未解决而重新办理的次数",
        "How often the party said it was not solved",
    ),
    "urged": _column("number", "催办次数", "Urged", "督办员催办的次数", "How often the supervisor urged it"),
    "rating": _column(
        "text", "评价", "Rating", "最近一次计数的评价；认定误评的不计",
        "The latest rating that counts; mistakes set aside do not",
    ),
    "rated_at": _column("moment", "评价时间", "Rated", "该次评价的时间", "When that rating was given"),
    "policy": _column("text", "政策", "Policy", "所申领政策的代码；其他办件为空", "Code of the policy; else empty"),
    "party": _column("party", "企业", "Company", "申领的企业", "The company that claims"),
    "eligible_at": _column(
        "moment", "符合时间", "Eligible since",
        "系统匹配得知企业符合这项政策的时间（申领时所处的那一段）；以前年度申领过的，不早于本年1月1日；后续各期为其条件确认之时；申领前未匹配的为空",
        "When matching first found the company eligible (the stretch it claimed in); having claimed it for an earlier "
        "year, not before 1 January; of a later instalment, when its condition was confirmed; empty where not matched "
        "before it claimed",
    ),
    "paid_at": _column(
        "moment", "到账时间", "Paid",
        "登记银行支付成功的时间；银行退回的不算，改付成功后为再次成功之时",
        "When the bank's word that it was paid was recorded; what the bank sent back is not paid until paid again",
    ),
    "paid_fen": _column("money", "兑付金额", "Paid (sum)", "银行支付成功的金额", "What the bank has paid"),
    "recovered_fen": _column(
        "money", "已追回", "Recovered", "其中至今已追回的金额", "What of it has been recovered so far",
    ),
    "days_to_paid": _column(
        "number", "符合到到账（天）", "Days to paid", "符合之日至到账之日的自然日数；符合时间不明的为空",
        "Calendar days from the day it was eligible to the day it was paid; empty where the first is not known",
    ),
    "one_tap": _column(
        "flag", "免申即享", "By one tap",
        "企业自己在线确认一次，到账前没有提交、补充、被要求或由经办人核验过申报材料；后续各期为空",
        "Willed online by the company with one tap; until paid no document was filed, added, asked for or ticked as "
        "seen; empty for later instalments",
    ),
}  # fmt: skip
OF_CLAIMS = ("policy", "party", "eligible_at", "paid_at", "paid_fen", "recovered_fen", "days_to_paid", "one_tap")
"""Columns that policy claims alone have."""
