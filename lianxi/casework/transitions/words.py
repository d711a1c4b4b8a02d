"""What an event is called in a history: the label of its row, or its own word where one row says several things."""

from collections.abc import Mapping

from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.messages.final_review import (
    CaseClosedByFinalReview,
    FinalReviewAdmitted,
    FinalReviewDecided,
)
from lianxi.casework.messages.hearing import HearingClosed, HearingOpened
from lianxi.casework.messages.mediation import MediationClosed, MediationOpened
from lianxi.casework.transitions import by_id

_OWN: Mapping[type[CaseEvent], str] = {
    HearingOpened: "决定举行听证",
    HearingClosed: "听证结束",
    MediationOpened: "开始调解、和解",
    FinalReviewAdmitted: "受理复核申请",
    FinalReviewDecided: "复核意见已送达",
    CaseClosedByFinalReview: "三级终结",
}


def label_of(event: CaseEvent) -> str:
    """Return the word for an event."""
    if isinstance(event, MediationClosed):
        return "未达成协议，继续办理" if event.state is CaseState.HANDLING else "达成调解、和解协议"
    return _OWN.get(type(event)) or by_id(event.head.act).label
