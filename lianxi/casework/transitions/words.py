"""What an event is called in a history: the label of its row, or its own word where one row says several things."""

from collections.abc import Mapping

from lianxi.casework.messages.dispute import AssistsUrged
from lianxi.casework.messages.events import CaseEvent, CaseReceived, CaseRegistered, CaseTransferred
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.messages.final_review import (
    CaseClosedByFinalReview,
    FinalReviewAdmitted,
    FinalReviewDecided,
)
from lianxi.casework.messages.hearing import HearingClosed, HearingOpened
from lianxi.casework.messages.mediation import MediationClosed, MediationOpened
from lianxi.casework.messages.petitioner import CallBackRecorded, CaseRated
from lianxi.casework.messages.sorting import DutyFound, PetitionerGuided
from lianxi.casework.transitions import by_id

_OWN: Mapping[type[CaseEvent], str] = {
    AssistsUrged: "催促协办单位",
    HearingOpened: "决定举行听证",
    HearingClosed: "听证结束",
    DutyFound: "分类（履行法定职责）",
    MediationOpened: "开始调解、和解",
    FinalReviewAdmitted: "受理复核申请",
    FinalReviewDecided: "复核意见已送达",
    CaseClosedByFinalReview: "三级终结",
}

_AT_ORGAN = "T22"
_DIRECTLY: Mapping[type[CaseEvent], str] = {
    CaseReceived: "机关、单位收到",
    CaseRegistered: "登记",
    CaseTransferred: "转送本系统下级机关",
    PetitionerGuided: "告知向有权机关提出",
}


def label_of(event: CaseEvent) -> str:
    """Return the word for an event."""
    if isinstance(event, MediationClosed):
        return "未达成协议，继续办理" if event.state is CaseState.HANDLING else "达成调解、和解协议"
    if isinstance(event, CallBackRecorded):
        return "回访" if event.reached else "回访（未联系上）"
    if isinstance(event, CaseRated) and (event.call_back_node or event.call_back_withdrawn):
        return "满意度评价（不满意，须回访）" if event.call_back_node else "满意度评价（已更改，回访撤销）"
    if event.head.act == _AT_ORGAN:
        return _DIRECTLY.get(type(event)) or by_id(_AT_ORGAN).label
    return _OWN.get(type(event)) or by_id(event.head.act).label
