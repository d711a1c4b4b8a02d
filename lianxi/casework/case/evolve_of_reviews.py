"""What hearings, mediation, reviews and the final review make of the case."""

from lianxi.casework.case.after import after
from lianxi.casework.case.state import Case
from lianxi.casework.messages import events as e
from lianxi.casework.messages import final_review as f
from lianxi.casework.messages import hearing as h
from lianxi.casework.messages import mediation as m
from lianxi.casework.messages.facts import CaseState
from lianxi.casework.values import replace


@after.register
def _(event: e.ReviewRequested, case: Case) -> Case:
    return replace(case, state=CaseState.REVIEW_REQUESTED, reviewing_node=event.reviewing_node, ended_on=None)


@after.register
def _(_event: e.ReviewAdmitted, case: Case) -> Case:
    return replace(case, state=CaseState.UNDER_REVIEW)


@after.register
def _(_event: e.ReviewDeclined, case: Case) -> Case:
    return replace(case, state=CaseState.REVIEW_DECLINED)


@after.register
def _(event: e.ReviewDecided, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.REVIEW_SERVED,
        disposition=event.disposition,
        review_served_on=event.served_on,
        handlers=(*case.handlers, event.head.actor.person),
    )


@after.register
def _(_event: e.RehandlingOrdered, case: Case) -> Case:
    return replace(case, state=CaseState.REHANDLING_ORDERED, report="")


@after.register
def _(event: e.RehandlingStarted, case: Case) -> Case:
    return replace(case, state=CaseState.HANDLING, round_number=event.round_number, served_on=None, signed_on=None)


@after.register
def _(event: e.FinalReviewRequested, case: Case) -> Case:
    asked = replace(case, reviewing_node=event.reviewing_node, ended_on=None, final_received_on=event.received_on)
    return replace(asked, state=CaseState.FINAL_REVIEW_REQUESTED)


@after.register
def _(event: h.HearingOpened, case: Case) -> Case:
    return replace(case, state=event.state, hearing_since=event.opened_on)


@after.register
def _(event: h.HearingClosed, case: Case) -> Case:
    held = (h.HearingDays(opened_on=event.opened_on, closed_on=event.closed_on),)
    final = held if event.state is CaseState.UNDER_FINAL_REVIEW else ()
    return replace(case, state=event.state, hearing_since=None, final_hearings=(*case.final_hearings, *final))


@after.register
def _(_event: m.MediationOpened, case: Case) -> Case:
    return replace(case, state=CaseState.MEDIATION)


@after.register
def _(event: m.MediationClosed, case: Case) -> Case:
    ended_on = None if event.state is CaseState.HANDLING else event.closed_on
    return replace(case, state=event.state, ended_on=ended_on)


@after.register
def _(_event: f.FinalReviewAdmitted, case: Case) -> Case:
    return replace(case, state=CaseState.UNDER_FINAL_REVIEW)


@after.register
def _(event: f.FinalReviewDeclined, case: Case) -> Case:
    # The right was used, so a later request that was posted in time cannot open the case once more (D-8).
    return replace(case, state=CaseState.CLOSED_BY_LAPSE, ended_on=event.decided_on, lapsed_from=case.state)


@after.register
def _(event: f.FinalReviewDecided, case: Case) -> Case:
    return replace(case, state=CaseState.FINAL_REVIEW_SERVED, disposition=event.disposition)


@after.register
def _(event: f.CaseClosedByFinalReview, case: Case) -> Case:
    return replace(case, state=CaseState.CLOSED_BY_FINAL_REVIEW, ended_on=event.closed_on)
