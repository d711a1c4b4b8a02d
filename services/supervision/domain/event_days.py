"""The day on which an event counts as having happened: the one it names, its document's (GD-3), or its entry's."""

from datetime import date

from lianxi.casework.messages import direct_filing as o
from lianxi.casework.messages import events as e
from lianxi.casework.messages import final_review as f
from lianxi.casework.messages.hearing import HearingClosed, HearingOpened
from lianxi.casework.messages.mediation import MediationClosed
from lianxi.casework.messages.petitioner import CaseRated
from lianxi.law.clocks import ClockCode
from lianxi.law.receipts import filing_day, local_day

_DAY_FIELDS = {
    e.CaseRegistered: "registered_on",
    o.FiledAtOrgan: "filed_on",
    e.CaseAssigned: "assigned_on",
    e.CaseDelivered: "delivered_on",
    e.ObjectionFiled: "filed_on",
    e.CaseReturned: "returned_on",
    e.OpinionSigned: "signed_on",
    e.OpinionServed: "served_on",
    e.DocumentServed: "served_on",
    e.ReportFiled: "filed_on",
    e.ReportReturned: "returned_on",
    e.ReviewAdmitted: "decided_on",
    e.ReviewDeclined: "decided_on",
    e.ReviewDecided: "decided_on",
    e.RehandlingOrdered: "ordered_on",
    e.CaseLapsed: "lapsed_on",
    e.CaseWithdrawn: "withdrawn_on",
    e.CaseArchived: "archived_on",
    CaseRated: "rated_on",
    HearingOpened: "opened_on",
    MediationClosed: "closed_on",
    HearingClosed: "closed_on",
    f.FinalReviewAdmitted: "decided_on",
    f.FinalReviewDeclined: "decided_on",
    f.FinalReviewDecided: "decided_on",
    f.CaseClosedByFinalReview: "closed_on",
}


def happened_on(event: e.CaseEvent) -> date:
    """The day an event counts for clocks: the day it names, else its document's, else that of its entry.

    A request for a review that was posted counts by its postmark (D-8).
    """
    if isinstance(event, e.ReviewRequested):
        return filing_day(ClockCode.ASK_REVIEW, event.received_on, event.posted_on)
    if isinstance(event, e.FinalReviewRequested):
        return filing_day(ClockCode.ASK_FINAL, event.received_on, event.posted_on)
    field = _DAY_FIELDS.get(type(event))
    if field is not None:
        day: date = getattr(event, field)
        return day
    document = getattr(event, "document", None)
    if document is not None:
        issued: date = document.issued_on
        return issued
    return local_day(event.head.at)
