"""What each event makes of the case: pure, total, the same at every node. Replaying a history gives the state."""

from collections.abc import Iterable

from lianxi.casework.case import call_backs, evolve_of_reviews
from lianxi.casework.case.after import after
from lianxi.casework.case.jurisdiction import pairs_of_return
from lianxi.casework.case.state import Case
from lianxi.casework.messages import direct_filing as f
from lianxi.casework.messages import dispute as d
from lianxi.casework.messages import events as e
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages import sorting as s
from lianxi.casework.messages.facts import TERMINAL_STATES, CaseState, TransferKind
from lianxi.casework.values import replace

__all__ = ["call_backs", "evolve", "evolve_of_reviews", "replay"]


def evolve(case: Case, event: e.CaseEvent) -> Case:
    """Return the case after `event`. The caller has checked that the event is the next one (`head.seq`)."""
    changed = after(event, case)
    document = getattr(event, "document", None)
    documents = changed.documents if document is None else (*changed.documents, document)
    head = event.head
    ended = changed.state in TERMINAL_STATES and case.state not in TERMINAL_STATES
    return replace(
        changed,
        ended_as=changed.state if ended else changed.ended_as,
        seq=head.seq,
        epoch=head.epoch,
        head_digest=head.digest,
        documents=documents,
        updated_at=head.at,
    )


def replay(case_no: str, history: Iterable[e.CaseEvent]) -> Case:
    """Return the state that a whole history, in order from the first event, leads to."""
    case = Case(case_no=case_no)
    for event in history:
        case = evolve(case, event)
    return case


@after.register
def _(event: e.CaseReceived, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.RECEIVED,
        holder=event.head.node,
        path=(event.head.node,),
        channel=event.channel,
        received_on=event.received_on,
        persons=event.persons,
        anonymous=event.anonymous,
        petitioner_key=event.petitioner_key,
        text_digest=event.text_digest,
        split_from=event.split_from,
    )


@after.register
def _(event: e.CaseRegistered, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.REGISTERED,
        registered_on=event.registered_on,
        purpose=event.purpose,
        petition_class=event.petition_class,
        category=event.category,
        place=event.place,
        claims=event.claims,
        recused=event.recused,
    )


@after.register
def _(event: f.FiledAtOrgan, case: Case) -> Case:
    waits = CaseState.AWAITING_ACCEPTANCE
    return replace(case, state=waits, unit=event.unit, delivered_on=event.filed_on)


@after.register
def _(event: e.CaseMerged, case: Case) -> Case:
    return replace(case, state=CaseState.MERGED, merged_into=event.into, ended_on=event.document.issued_on)


@after.register
def _(event: e.CaseTransferred, case: Case) -> Case:
    return replace(case, state=CaseState.TRANSFERRED, transfer=event.transfer)


@after.register
def _(event: e.CaseAssigned, case: Case) -> Case:
    return replace(case, state=CaseState.ASSIGNED, transfer=event.transfer, report_due=event.report_due)


@after.register
def _(event: e.CaseDelivered, case: Case) -> Case:
    transfer = event.transfer
    assigned = transfer.kind is TransferKind.ASSIGN
    return replace(
        case,
        state=event.state,
        holder=transfer.to_node,
        unit=transfer.to_unit,
        sender=transfer.from_node,
        path=case.path if transfer.to_node == case.path[-1] else (*case.path, transfer.to_node),
        assigned_by=transfer.from_node if assigned else case.assigned_by,
        delivered_on=event.delivered_on,
        objections=0,
        late_objection=False,
        assists=transfer.assists,
        assisted=(),
        call_backs=call_backs.heard_of(case.call_backs, transfer.to_node),
        transfer=None,
    )


@after.register
def _(event: e.TransferRefused, case: Case) -> Case:
    assigned = event.transfer.kind is TransferKind.ASSIGN
    return replace(case, state=event.state, transfer=None, report_due=None if assigned else case.report_due)


@after.register
def _(event: e.ObjectionFiled, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.OBJECTED,
        objections=case.objections + 1,
        proposed_organ=event.proposed_organ,
        resume_state=case.state,
    )


@after.register
def _(event: d.LateObjectionFiled, case: Case) -> Case:
    return replace(case, objections=case.objections + 1, late_objection=True, proposed_organ=event.proposed_organ)


@after.register
def _(_event: d.LateObjectionAdmitted, case: Case) -> Case:
    return replace(case, state=CaseState.OBJECTED, late_objection=False, resume_state=case.state)


@after.register
def _(event: e.ObjectionUpheld, case: Case) -> Case:
    return replace(case, transfer=event.transfer)


@after.register
def _(event: e.CaseReturned, case: Case) -> Case:
    objected = case.state is CaseState.OBJECTED
    by = case.unit or case.holder
    between = pairs_of_return(by, event.transfer.to_node, case.proposed_organ) if objected else ()
    return replace(
        case,
        state=CaseState.REGISTERED,
        holder=event.transfer.to_node,
        unit="",
        path=case.path if event.transfer.to_node == case.path[-1] else (*case.path, event.transfer.to_node),
        transfer=None,
        assigned_by="" if event.ends_assignment else case.assigned_by,
        report_due=None if event.ends_assignment else case.report_due,
        delivered_on=event.returned_on,
        returns=(*case.returns, *between),
        call_backs=call_backs.heard_of(case.call_backs, event.transfer.to_node),
        dispute_stage="",
        dispute_node="",
        proposed_organ="",
        resume_state=None,
    )


@after.register
def _(event: e.ObjectionRefused, case: Case) -> Case:
    return replace(case, state=event.state, resume_state=None)


@after.register
def _(event: d.DisputeRaised, case: Case) -> Case:
    return replace(case, state=CaseState.DISPUTED, dispute_parties=event.parties, dispute_stage="consult")


@after.register
def _(event: d.DisputeReferred, case: Case) -> Case:
    return replace(case, dispute_stage="designate", dispute_node=event.deciding_node)


@after.register
def _(event: d.DisputeReferredToConference, case: Case) -> Case:
    return replace(case, dispute_stage="conference", dispute_node=event.deciding_node)


@after.register
def _(event: d.PingPongDetected, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.DISPUTED,
        dispute_parties=event.between,
        dispute_stage="conference",
        dispute_node=event.deciding_node,
    )


@after.register
def _(event: d.OrganDesignated, case: Case) -> Case:
    decided = replace(case, designated=event.lead, assists=event.assists, assisted=())
    if event.transfer is not None:
        return replace(decided, transfer=event.transfer)
    received_on = event.designated_on if event.moved else case.delivered_on
    settled = replace(decided, state=CaseState.AWAITING_ACCEPTANCE, unit=event.lead, delivered_on=received_on)
    return replace(settled, dispute_stage="", dispute_node="")


@after.register
def _(event: d.AssistOpinionFiled, case: Case) -> Case:
    return replace(case, assisted=tuple(dict.fromkeys((*case.assisted, event.unit))))


@after.register
def _(_event: d.AssistsUrged | s.InstructionRecorded | s.RepeatFound | p.MaterialAdded, case: Case) -> Case:
    return case


@after.register
def _(event: s.CaseDeclined, case: Case) -> Case:
    return replace(case, state=event.state, ended_on=event.document.issued_on)


_ENDS_BY_ITS_DOCUMENT = {
    s.PetitionerGuided: CaseState.GUIDED,
    s.SentToJudiciary: CaseState.SENT_TO_JUDICIARY,
    s.SentSealed: CaseState.SENT_TO_DISCIPLINE,
    s.SuggestionAnswered: CaseState.SUGGESTION_ANSWERED,
}


@after.register
def _(event: s.PetitionerGuided | s.SentToJudiciary | s.SentSealed | s.SuggestionAnswered, case: Case) -> Case:
    return replace(case, state=_ENDS_BY_ITS_DOCUMENT[type(event)], ended_on=event.document.issued_on)


@after.register
def _(event: s.NewMatterOpened, case: Case) -> Case:
    return replace(case, follows=event.earlier)


@after.register
def _(_event: s.ReferredUp, case: Case) -> Case:
    return replace(case, state=CaseState.REFERRED_UP)


@after.register
def _(event: s.RouteShown, case: Case) -> Case:
    return replace(case, state=CaseState.STATUTORY_ROUTE, claims=event.claims, ended_on=event.document.issued_on)


@after.register
def _(event: s.DutyFound, case: Case) -> Case:
    return replace(case, claims=event.claims)


@after.register
def _(event: s.DutyPerformed, case: Case) -> Case:
    return replace(case, state=CaseState.DUTY, claims=event.claims, ended_on=event.document.issued_on)


@after.register
def _(event: s.CaseSplit, case: Case) -> Case:
    return replace(case, claims=event.claims, split_into=(*case.split_into, *event.into))


@after.register
def _(event: e.CaseAccepted, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.ACCEPTED,
        accepted_on=event.accepted_on,
        handlers=(*case.handlers, event.head.actor.person),
    )


@after.register
def _(event: e.CaseClassified, case: Case) -> Case:
    return replace(case, state=CaseState.HANDLING, claims=event.claims)


@after.register
def _(event: e.HandlingExtended, case: Case) -> Case:
    return replace(case, extension_days=case.extension_days + event.days)


@after.register
def _(event: e.OpinionSubmitted, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.OPINION_SUBMITTED,
        outcomes=event.outcomes,
        handlers=(*case.handlers, event.head.actor.person),
    )


@after.register
def _(event: e.OpinionSigned, case: Case) -> Case:
    return replace(
        case,
        state=CaseState.OPINION_SIGNED,
        signed_on=event.signed_on,
        handlers=(*case.handlers, event.head.actor.person),
    )


@after.register
def _(_event: e.OpinionReturned, case: Case) -> Case:
    return replace(case, state=CaseState.HANDLING)


@after.register
def _(event: e.OpinionServed, case: Case) -> Case:
    return replace(case, state=CaseState.REPLIED, served_on=event.served_on)


@after.register
def _(event: e.DocumentServed, case: Case) -> Case:
    return replace(case, served_documents=(*case.served_documents, event.served))


@after.register
def _(_event: e.ReportFiled, case: Case) -> Case:
    in_check = case.state in {CaseState.REPLIED, CaseState.REPORT_RETURNED}
    return replace(case, state=CaseState.REPORT_FILED if in_check else case.state, report="filed")


@after.register
def _(_event: e.ReportAccepted, case: Case) -> Case:
    # The report is owed once; a later opinion after a review is not reported a second time.
    state = CaseState.REPLIED if case.state is CaseState.REPORT_FILED else case.state
    return replace(case, state=state, assigned_by="", report="")


@after.register
def _(_event: e.ReportReturned, case: Case) -> Case:
    state = CaseState.REPORT_RETURNED if case.state is CaseState.REPORT_FILED else case.state
    return replace(case, state=state, report="returned")


@after.register
def _(event: e.CaseLapsed, case: Case) -> Case:
    return replace(case, state=CaseState.CLOSED_BY_LAPSE, ended_on=event.lapsed_on, lapsed_from=case.state)


@after.register
def _(event: e.CaseWithdrawn, case: Case) -> Case:
    return replace(case, state=CaseState.WITHDRAWN, ended_on=event.withdrawn_on)


@after.register
def _(_event: e.CaseArchived, case: Case) -> Case:
    return replace(case, state=CaseState.ARCHIVED)


@after.register
def _(event: e.CompletionRequested, case: Case) -> Case:
    asking = replace(case, completion_asked_on=event.asked_on)
    return replace(asking, state=CaseState.AWAITING_COMPLETION, resume_state=case.state)


@after.register
def _(event: e.CompletionReceived | p.CompletionLapsed, case: Case) -> Case:
    return replace(case, state=event.state, resume_state=None, completion_asked_on=None)


@after.register
def _(event: p.CaseUrged, case: Case) -> Case:
    return replace(case, urged_on=event.urged_on)
