"""诉求素材: what the fictional companies of the demo county say, by the section that answers. All made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Matter:
    """A kind of matter: the section's code, how it is said, how it is answered, and who assists."""

    section: str
    text: str
    answer: str
    assistants: tuple[str, ...] = ()


MATTERS = (
    Matter("hrss-injury", "车间一名装配工受伤，网上申报工伤认定提示“参保状态异常”。请明确由哪家受理、还需哪些材料。",
           "已核对参保记录并修正状态，可重新提交工伤认定申请；所需材料清单已一并发送。", ("tax",)),
    Matter("hrss-injury", "退休返聘人员上班途中受伤，是否适用工伤保险？请书面答复。",
           "超过法定退休年龄人员按项目参加工伤保险的，可以申请认定；未参保的按劳务关系处理，依据已附。"),
    Matter("hrss-injury", "工伤职工需要异地就医，备案手续怎么办，费用能否先行支付？",
           "已办理异地就医备案，符合先行支付条件的费用可凭票据申请。"),
    Matter("hrss-pension", "两名职工即将退休，缴费年限合并后少了11个月，请核对视同缴费年限。",
           "已调取档案核对，补登视同缴费年限11个月，退休手续可按期办理。"),
    Matter("hrss-pension", "公司更名后养老保险转移一直显示“处理中”，影响职工办理退休。",
           "单位名称已变更，转移接续手续已办结。"),
    Matter("hrss-employment", "稳岗返还资金公示期已过两周仍未到账，请查明原因。",
           "因开户行行号有误被退回，已更正并重新拨付。", ("tax",)),
    Matter("hrss-employment", "春节后用工缺口约60人，希望参加专场招聘会，摊位费能否减免？",
           "已安排参加本月专场招聘会，摊位费全免。"),
    Matter("hrss-employment", "一次性扩岗补助名单漏报7人，系统已关闭，能否补报？",
           "经核实属系统原因漏报，已受理补报，款项随下一批拨付。"),
    Matter("hrss-insurance", "新招外地员工社保转入一直显示“处理中”，员工无法就医结算。",
           "转出地已回函，转入手续办结，待遇可正常享受。"),
    Matter("hrss-insurance", "社保缴费基数申报口径不一，税务和社保窗口说法不同，请统一答复。",
           "经与税务部门会商，口径已统一，书面说明已发企业。", ("tax",)),
    Matter("hrss-insurance", "企业跨区搬迁后社保账户要不要重新开户？", "不需要重新开户，办理单位信息变更即可。"),
    Matter("hrss-employment", "厂区扩产后员工停车难，早高峰占用消防通道，希望协调周边车位。",
           "经现场踏勘，已在厂区东侧施划临时停车位42个。", ("police-traffic", "enforcement")),
)  # fmt: skip

# question, answer, words by which the answer library finds it
SIMPLE = (
    ("退休返聘人员能不能参加工伤保险？", "可以，按项目单险种参加，凭返聘协议在社保窗口办理。", "退休返聘"),
    ("高校毕业生见习补贴怎么申报？", "在浙里办搜索“见习补贴”，上传协议和考勤，次月拨付。", "见习补贴"),
    ("社保证明在哪里打印？", "窗口自助机或浙里办均可打印，无需盖章。", "社保证明 参保证明"),
    ("技能等级证书丢了怎么补？", "可在浙里办申请补发电子证书，与纸质证书同等效力。", "技能等级证书"),
    ("招聘外国人需要什么手续？", "需先申请外国人工作许可，材料清单已打印给您。", "外国人"),
)


@dataclass(frozen=True, slots=True)
class CardMatter:
    """What somebody writes after scanning a card: kind, who leads, what was seen, the answer, what it came to."""

    kind: str
    lead: str
    text: str
    seen: str
    answer: str
    quantity: int = 0
    quantity_of: str = ""


CARD_WORDS = (
    CardMatter("blockage", "police-traffic", "园区东门早高峰无处停车，员工和客户都停在路边，常被贴单。",
               "东侧绿化带外有空地约600平方米，可临时划线。",
               "已在园区东侧施划临时停车位，明天起可用。", 42, "个临时停车位"),
    CardMatter("difficulty", "power", "夏季限电安排只提前一天通知，生产计划来不及调整。",
               "线路负荷接近上限，检修计划可提前公布。", "今后检修和限电安排提前5个工作日书面告知企业。"),
    CardMatter("suggestion", "market", "建议把食品类许可的常见退件原因做成一页纸发给企业。",
               "窗口近三月退件七成为同三类原因。", "已编印一页纸说明，放在窗口和网上。", 500, "份说明"),
    CardMatter("blockage", "housing", "厂房竣工后雨污管网接驳没人牵头，三个单位互相等。",
               "三家单位图纸版本不一致。", "由住建局牵头，接驳已完成。", 1, "处管网接驳"),
    CardMatter("difficulty", "ecology", "危废转移的联单填报总在月底卡住，能否错峰？",
               "系统月底并发高，填报口可提前开放。", "填报时间已改为每月20日起开放。"),
    CardMatter("suggestion", "hrss", "希望把招聘会的时间表一次公布半年，方便企业安排。",
               "全年计划已定，只是未公布。", "下半年招聘会安排已公布。", 12, "场招聘会安排"),
)  # fmt: skip
