"""The words of the forms of acts: what fields are called, and what may be chosen."""

from enum import StrEnum

from lianxi.casework.messages.facts import Disposition, Outcome, PetitionClass, Route, ServiceMethod
from lianxi.casework.messages.mediation import MediationOutcome
from lianxi.casework.messages.petitioner import Rated, Rating
from services.portal.domain.petitioning import RATED, RATINGS

Choices = tuple[tuple[str, str], ...]

WORDS: dict[type[StrEnum], dict[str, str]] = {
    Rated: RATED,
    Rating: RATINGS,
    MediationOutcome: {"mediated": "达成调解协议", "settled": "达成和解协议", "failed": "未达成协议，继续办理"},
    PetitionClass: {"A": "建议意见", "B": "检举控告", "C": "申诉求决"},
    Route: {
        "RT1": "政法机关诉讼等程序（31条一项）",
        "RT2": "仲裁（31条二项）",
        "RT3": "党员申诉等（31条三项）",
        "RT4": "复议、裁决、许可等（31条四项）",
        "RT5": "履行法定职责（31条五项）",
        "RT6": "信访程序（31条六项）",
    },
    Outcome: {"SUPPORT": "予以支持", "EXPLAIN": "解释说明", "REJECT": "不予支持"},
    Disposition: {"UPHOLD": "维持", "AMEND": "变更", "SET_ASIDE": "撤销并责令重新办理"},
    ServiceMethod: {
        "direct": "直接送达",
        "household": "同住成年家属签收",
        "left": "留置送达",
        "post": "邮寄送达",
        "electronic": "电子送达",
        "announcement": "公告送达",
    },
}
GROUNDS: Choices = (
    ("out-of-scope", "不属于复查范围"),
    ("skipped-level", "越级申请"),
    ("late", "超过期限"),
    ("accepted-elsewhere", "已由其他机关受理"),
    ("statutory-route", "应走其他法定途径"),
)
GUIDANCE: Choices = (
    ("skipped-level", "越级走访"),
    ("judicial-visit", "涉法涉诉走访"),
    ("out-of-scope", "不属于受理范围"),
)
FINAL_DECISIONS: Choices = (("UPHOLD", "维持"), ("AMEND", "变更"))
ADOPTION: Choices = (("adopted", "采纳"), ("partly", "部分采纳"), ("not", "未采纳"))
PURPOSES: Choices = tuple((word, word) for word in ("意见建议", "申诉", "求决", "揭发控告", "咨询", "其他"))
LABELS = {
    "purpose": "信访目的",
    "petition_class": "事项类别",
    "category": "内容分类（由大到小，用“/”隔开）",
    "place": "问题属地（区划代码）",
    "claims": "诉求项数",
    "same_matter_checked": "已核对是否同人同事",
    "recused": "应当回避的人员（含被检举控告人）的登录账号、应当回避的单位的代码（用“/”隔开，没有则不填）",
    "into": "并入的事项编号",
    "to_node": "送往节点",
    "to_unit": "送往本级单位（送往下级时不选）",
    "direct": "直转（越过一级，并抄送被越过的一级）",
    "report_due": "要求报告结果的日期",
    "proposed_organ": "建议的受理机关",
    "days": "延长天数（最多30天）",
    "ground": "不予受理的事由",
    "served": "送达的文书字号",
    "assists": "协办单位代码（用“/”隔开，没有则不填）",
    "parties": "争议各方单位代码（含本单位，用“/”隔开）",
    "lead": "主办单位代码（如 630104.housing）",
    "to_conference": "没有共同的上一级，或者上一级难以决定，直接提请联席会议",
    "earlier": "此前的事项编号",
    "for_good": "该事项已依法终结（不再受理）",
    "to_organ": "受送单位代码",
    "accused": "被检举控告的单位或者区划代码（用“/”隔开）",
    "adoption": "采纳情况",
    "rated": "评价对象",
    "rating": "满意度",
    "parts": "分案",
    "outcome": "结果",
    "disposition": "复查决定",
    "rehandle_days": "重新办理期限（天，最多60天）",
    "received_on": "收到申请的日期",
    "posted_on": "邮戳日期（邮寄的填写）",
    "free_will_recorded": "已记录信访人自愿撤回",
    "service.method": "送达方式",
    "service.served_on": "送达日期",
    "service.proof": "送达凭证（回证编号或文件名）",
    "paper.reason": "理由",
    "paper.reasons": "异议理由",
    "paper.basis": "依据",
    "paper.missing": "需要补正的内容",
    "paper.facts": "事实",
    "paper.result": "处理结果",
    "paper.request": "信访请求",
    "paper.opinion": "处理意见",
    "paper.remedy": "救济途径告知",
    "paper.text": "文书正文（可不填）",
    "paper.consent": "各方同意的意见和日期",
    "paper.attended": "参加单位",
    "paper.minutes": "议定事项和分工",
    "paper.organ": "应当去的机关",
    "paper.procedure": "应当适用的法定程序",
    "paper.answer": "答复内容",
    "paper.law": "另定期限所依据的法律、法规条款（适用60天的不填）",
    "paper.decided_by": "批示人",
    "paper.instruction": "批示内容",
    "paper.time": "听证时间",
    "paper.venue": "听证地点",
    "paper.chair": "主持人",
    "paper.invited": "听证参加人",
    "paper.mediator": "主持人",
    "paper.parties": "当事人（达成协议的填写）",
    "paper.terms": "协议内容（达成协议的填写）",
    "paper.performance": "履行方式和期限（达成协议的填写）",
    "paper.obstacle": "未达成协议的原因（未达成的填写）",
    "paper.record": "各方陈述和查明的情况",
    "paper.conclusion": "听证结论",
    "paper.new_facts": "新的事实或者理由",
    "paper.evidence": "证明材料",
    "paper.shown_by": "该事项在别处办理或者终结的凭据（字号和机关；本节点有该案的不填）",
}
