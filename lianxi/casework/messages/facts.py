"""The values that commands and events are made of: states, roles, claims, documents, transfers.

Every value here is frozen and plain (text, numbers, dates, tuples), so that it travels over the wire, enters the
hash chain of a case and can be compared. Codes are those of docs/case.md: states S00–S70, actors, routes RT1–RT6
(Art. 31), documents DOC-1…DOC-17.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class CaseState(StrEnum):
    """The state of a case; the value is its code in docs/case.md."""

    DRAFT = "S00"
    RECEIVED = "S01"
    REGISTERED = "S02"
    REFERRED_UP = "S03"
    TRANSFERRED = "S04"
    ASSIGNED = "S05"
    AWAITING_ACCEPTANCE = "S06"
    OBJECTED = "S07"
    DISPUTED = "S08"
    AWAITING_COMPLETION = "S09"
    ACCEPTED = "S10"
    HANDLING = "S11"
    HEARING = "S12"
    MEDIATION = "S13"
    OPINION_SUBMITTED = "S14"
    OPINION_SIGNED = "S15"
    REPLIED = "S16"
    SUGGESTION_ANSWERED = "S17"
    STATUTORY_ROUTE = "S18"
    DUTY = "S19"
    SENT_TO_JUDICIARY = "S20"
    SENT_TO_DISCIPLINE = "S21"
    GUIDED = "S22"
    DECLINED = "S23"
    BARRED = "S24"
    REVIEW_REQUESTED = "S30"
    UNDER_REVIEW = "S31"
    REVIEW_SERVED = "S32"
    REVIEW_DECLINED = "S33"
    REHANDLING_ORDERED = "S34"
    FINAL_REVIEW_REQUESTED = "S40"
    UNDER_FINAL_REVIEW = "S41"
    FINAL_HEARING = "S42"
    FINAL_REVIEW_SERVED = "S43"
    REPORT_FILED = "S50"
    REPORT_RETURNED = "S51"
    CLOSED_BY_FINAL_REVIEW = "S60"
    CLOSED_BY_LAPSE = "S61"
    WITHDRAWN = "S62"
    MERGED = "S63"
    ARCHIVED = "S70"


TERMINAL_STATES = frozenset(
    CaseState(code)
    for code in ("S17", "S18", "S19", "S20", "S21", "S22", "S23", "S24", "S60", "S61", "S62", "S63", "S70")
)

STATE_LABELS: dict[CaseState, str] = {
    CaseState.DRAFT: "待提交",
    CaseState.RECEIVED: "已收到待登记",
    CaseState.REGISTERED: "已登记待处理",
    CaseState.REFERRED_UP: "报请决定中",
    CaseState.TRANSFERRED: "已转送",
    CaseState.ASSIGNED: "已交办",
    CaseState.AWAITING_ACCEPTANCE: "待受理",
    CaseState.OBJECTED: "异议审核",
    CaseState.DISPUTED: "管辖争议",
    CaseState.AWAITING_COMPLETION: "补正核实",
    CaseState.ACCEPTED: "已受理待分类",
    CaseState.HANDLING: "办理中",
    CaseState.HEARING: "听证中",
    CaseState.MEDIATION: "调解和解中",
    CaseState.OPINION_SUBMITTED: "意见书审签",
    CaseState.OPINION_SIGNED: "已作出待送达",
    CaseState.REPLIED: "已答复",
    CaseState.SUGGESTION_ANSWERED: "建议已回复",
    CaseState.STATUTORY_ROUTE: "导入法定途径",
    CaseState.DUTY: "履职答复",
    CaseState.SENT_TO_JUDICIARY: "已转政法",
    CaseState.SENT_TO_DISCIPLINE: "已转纪检监察",
    CaseState.GUIDED: "已引导告知",
    CaseState.DECLINED: "不予受理",
    CaseState.BARRED: "不再受理",
    CaseState.REVIEW_REQUESTED: "复查申请待审",
    CaseState.UNDER_REVIEW: "复查中",
    CaseState.REVIEW_SERVED: "复查意见已送达",
    CaseState.REVIEW_DECLINED: "复查不予受理",
    CaseState.REHANDLING_ORDERED: "责令重新办理",
    CaseState.FINAL_REVIEW_REQUESTED: "复核申请待审",
    CaseState.UNDER_FINAL_REVIEW: "复核中",
    CaseState.FINAL_HEARING: "复核听证",
    CaseState.FINAL_REVIEW_SERVED: "复核意见已送达",
    CaseState.REPORT_FILED: "办结报告待审",
    CaseState.REPORT_RETURNED: "退回补办",
    CaseState.CLOSED_BY_FINAL_REVIEW: "三级终结",
    CaseState.CLOSED_BY_LAPSE: "期满终结",
    CaseState.WITHDRAWN: "已撤回或者和解结案",
    CaseState.MERGED: "并案",
    CaseState.ARCHIVED: "已归档",
}


class Role(StrEnum):
    """Who acts. SYSTEM is the node's own software, acting by a rule."""

    PETITIONER = "P"
    REGISTRAR = "R"
    DISPATCHER = "D"
    DEPARTMENT_LEADER = "DL"
    CASE_OFFICER = "U"
    UNIT_HEAD = "UL"
    CONFERENCE_OFFICE = "J"
    CONVENOR = "JC"
    REVIEWER = "RV"
    FINAL_REVIEWER = "FV"
    GOVERNMENT_LEADER = "G"
    DISCIPLINE_OFFICER = "X"
    SYSTEM = "SYS"


class PetitionClass(StrEnum):
    """The three classes of Chapter 4: R-29-1, R-30-1, R-31-7."""

    SUGGESTION = "A"
    ACCUSATION = "B"
    RELIEF = "C"


class Route(StrEnum):
    """The six routes of Art. 31(一)–(六); only RT6 ends in an opinion with a right of review (GD-5)."""

    RT1 = "RT1"
    RT2 = "RT2"
    RT3 = "RT3"
    RT4 = "RT4"
    RT5 = "RT5"
    RT6 = "RT6"


class Outcome(StrEnum):
    """What the opinion decides on one claim (R-32-2)."""

    SUPPORT = "SUPPORT"
    EXPLAIN = "EXPLAIN"
    REJECT = "REJECT"


class Disposition(StrEnum):
    """What a review decides on the opinion (R-35-4)."""

    UPHOLD = "UPHOLD"
    AMEND = "AMEND"
    SET_ASIDE = "SET_ASIDE"


class DocumentKind(StrEnum):
    """The documents that acts issue; the value is the code used in the document number."""

    TRANSFER_LETTER = "转"
    ASSIGNMENT_LETTER = "交"
    ACCEPTANCE_NOTICE = "受"
    OBJECTION = "异"
    OBJECTION_DECISION = "异复"
    CLASSIFICATION_SHEET = "分"
    EXTENSION_NOTICE = "延"
    OPINION = "意"
    PROOF_OF_SERVICE = "送"
    CONCLUSION_REPORT = "办结"
    REPORT_DECISION = "审"
    REVIEW_REQUEST = "查申"
    REVIEW_NOTICE = "查受"
    REVIEW_OPINION = "查"
    FINAL_REVIEW_REQUEST = "核申"
    FINAL_REVIEW_NOTICE = "核受"
    FINAL_REVIEW_OPINION = "核"
    HEARING_NOTICE = "听"
    HEARING_RECORD = "听录"
    MEDIATION_CONSENT = "调"
    MEDIATION_RECORD = "调录"
    SETTLEMENT = "和"
    NEW_MATTER = "新"
    LAPSE_RECORD = "终"
    WITHDRAWAL = "撤"
    COMPLETION_REQUEST = "补"
    MERGE_RECORD = "并"
    DOSSIER_INDEX = "卷"
    SUPERVISION_ORDER = "督"
    DISPUTE_REPORT = "争"
    DESIGNATION = "指"
    MINUTES = "纪"
    ASSIST_OPINION = "协"
    DECLINE_NOTICE = "不受"
    GUIDANCE = "引"
    JUDICIARY_LETTER = "转法"
    SEALED_LETTER = "密转"
    REFERRAL = "呈"
    INSTRUCTION = "批"
    SUGGESTION_REPLY = "建复"
    ROUTE_NOTICE = "途告"
    DUTY_REPLY = "履复"
    SPLIT_RECORD = "分案"
    MATERIAL = "材"
    URGE = "催"
    CALL_BACK = "访"


class ServiceMethod(StrEnum):
    """How a document is served (D-15); announcement runs 30 days (CF-18)."""

    DIRECT = "direct"
    HOUSEHOLD = "household"
    LEFT = "left"
    POST = "post"
    ELECTRONIC = "electronic"
    ANNOUNCEMENT = "announcement"


class TransferKind(StrEnum):
    """Why custody is on its way."""

    TRANSFER = "transfer"
    ASSIGN = "assign"
    HAND_BACK = "hand_back"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts, in which role, for which unit of which node. `person` is an account id, never a name."""

    person: str
    role: Role
    unit: str
    node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One demand in a case (诉求项) with its class and route once known (R-31-8). `number` counts from 1."""

    number: int
    petition_class: PetitionClass | None = None
    route: Route | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimOutcome:
    """What the opinion decides on claim `number`."""

    number: int
    outcome: Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document issued on a case: its number, day and signer, and the SHA-256 of its text.

    The text itself stays in the document store of the nodes that hold or held the case; events carry this reference
    only, so they may be shown to a node that never held it (GD-1, MK-5).
    """

    kind: DocumentKind
    number: str
    issued_on: date
    signer: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProofOfService:
    """送达回证 (D-15, DOC-16): without it the petitioner's clock does not start. `proof` names the stored file."""

    method: ServiceMethod
    served_on: date
    proof: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """A hand-off under way: from whom to whom, why, and the offer that carries it.

    `to_unit` is "" when a lower petition department dispatches further itself; `assists` are the units that assist it.
    """

    offer_id: str
    kind: TransferKind
    from_node: str
    from_unit: str
    to_node: str
    to_unit: str
    offered_at: datetime
    direct: bool = False
    assists: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why a rule decided what it decided: the rule's id, its version and a sentence in Chinese for the clerk."""

    rule: str
    version: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EventHead:
    """What every case event carries.

    `seq` counts from 1 within the case; `epoch` grows by one with each change of custody (fencing token);
    `previous` and `digest` are the SHA-256 links of the hash chain; `basis` is the article; `act` names the
    transition T1–T58.
    """

    case_no: str
    seq: int
    epoch: int
    at: datetime
    act: str
    actor: Actor
    node: str
    basis: str
    previous: str
    digest: str
