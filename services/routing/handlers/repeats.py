"""Look for earlier cases of the same person or of the same words when a case is opened, here and in the whole city.

This node knows the cases of its own part of the tree, the city knows all. So every other node asks the city with keyed
hashes when it opens a case; what comes back, at once or days later, stands at the case as a proposal. What is found
here may hold a contact until a clerk has decided (`repeat_decisions`); what the city tells never does. Whom an
anonymous accusation accuses is compared at this node only: no node is told of an accusation for that (GD-1).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lianxi.casework.case.state import Case
from lianxi.casework.errors import Forbidden
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import STATE_LABELS, Actor, CaseState, PetitionClass
from lianxi.casework.messages.notices import ContactRegistered
from lianxi.casework.messages.repeats import KnownCase, RepeatsAsked, RepeatsTold
from services.routing.domain.records import SEALED_READERS, CaseText
from services.routing.domain.repeats import KINDS, Known, Proposal, assess
from services.routing.domain.sorting import Sorted
from services.routing.handlers import Here, RoutingWork

MOST_TOLD = 20


def look_for(
    work: RoutingWork, here: Here, contact: ContactRegistered, petition: CaseText, found: Sorted
) -> tuple[Proposal, ...]:
    """Propose earlier cases that a new one may repeat, keep the proposals, and ask the city for more."""
    work.repeats.remember_text(petition)
    own = work.repeats.of_persons((contact.petitioner_key, *contact.person_keys), petition.case_no)
    if contact.anonymous and found.sealed and found.accused:
        seen = {known.case_no for known in own}
        accused = work.repeats.of_accused(found.accused, petition.case_no)
        own = (*own, *(known for known in accused if known.case_no not in seen))
    others = work.repeats.copies_of(petition, [known.case_no for known in own])
    said = here.wording.read(petition.subject, petition.text)
    texts = work.texts.of([known.case_no for known in (*own, *others)])
    proposals = []
    for known in (*own, *others):
        text = texts.get(known.case_no)
        likeness = here.wording.likeness(said, here.wording.read(text.subject, text.text)) if text else None
        compared = replace(known, likeness=likeness)
        facts = (found.category, found.place)
        proposals.append(_proposal(petition.case_no, compared, facts, told_by=here.node, at=here.clock.now()))
    made = tuple(proposal for proposal in proposals if proposal is not None)
    work.repeats.propose(made)
    _ask_the_city(work, here, contact)
    return made


def holding(proposals: Sequence[Proposal], found: Sorted) -> tuple[Proposal, ...]:
    """Return the proposals that a contact waits for: those of the same person that its clerk may see (GD-1)."""
    accusation = found.petition_class is PetitionClass.ACCUSATION
    return tuple(
        proposal
        for proposal in proposals
        if proposal.same_person and proposal.verdict is None and (accusation or not proposal.sealed)
    )


def why_it_waits(proposals: Sequence[Proposal]) -> str:
    """Return what a clerk reads in the pile."""
    named = "、".join(f"{proposal.earlier}（{proposal.score}分）" for proposal in proposals)
    return f"可能是重复信访：同一信访人此前有 {named}，请核对是否同一事项后决定。"


def _proposal(
    case_no: str, known: Known, facts: tuple[Sequence[str], str], *, told_by: str, at: datetime
) -> Proposal | None:
    """Return the proposal that a case of this category and place (`facts`) repeats a known one, if it is worth it."""
    finding = assess(known, *facts)
    if finding is None:
        return None
    return Proposal(
        case_no=case_no,
        earlier=known.case_no,
        same_person=known.kind is not None,
        score=finding.score,
        reasons=finding.reasons,
        state=known.state,
        holder=known.holder,
        sealed=known.sealed,
        told_by=told_by,
        proposed_at=at,
    )


def _ask_the_city(work: RoutingWork, here: Here, contact: ContactRegistered) -> None:
    """Ask, unless this is the city or nothing identifies the person."""
    if not here.parent or not contact.person_keys:
        return
    city = _top(here.node)
    asked = RepeatsAsked(
        case_no=contact.contact_no,
        from_node=here.node,
        person_keys=contact.person_keys,
        received_on=contact.received_at.date(),
    )
    work.links.send(city, asked)
    work.repeats.asked(contact.contact_no, city, here.clock.now())


def _top(node: str) -> str:
    """Return the node above all, which is the one that knows every case."""
    division = DivisionCode.parse(node)
    while division.parent is not None:
        division = division.parent
    return str(division)


def take_question(work: RoutingWork, origin: str, asked: RepeatsAsked, here: Here) -> None:
    """Tell a node below which earlier cases a person has; accusations, and what may be one, are not told (GD-1)."""
    if origin != asked.from_node:
        raise Forbidden("消息所称的发送节点与实际来源不符，不予接收。", code="foreign-sender", rule="GD-4")
    known = tuple(
        KnownCase(
            case_no=known.case_no,
            state=known.state,
            holder=known.holder,
            received_on=known.received_on,
            category=known.category,
            place=known.place,
            kind=known.kind or "",
        )
        for known in work.repeats.of_persons(asked.person_keys, asked.case_no)
        if known.petition_class and not known.sealed and known.received_on <= asked.received_on
    )
    told = RepeatsTold(case_no=asked.case_no, from_node=here.node, known=known[:MOST_TOLD], told_at=here.clock.now())
    work.links.send(asked.from_node, told)


def take_answer(work: RoutingWork, origin: str, told: RepeatsTold, here: Here) -> None:
    """Propose what the city knows and this node did not; what stands here was compared with its text already."""
    if not work.repeats.answered(told.case_no, here.clock.now()):
        return
    case = work.cases.get(told.case_no)
    if case is None:
        return
    here_already = work.repeats.known_here([known.case_no for known in told.known])
    news = (known for known in told.known if known.case_no not in here_already)
    facts, now = (case.category, case.place), here.clock.now()
    proposals = (_proposal(told.case_no, _known(row), facts, told_by=origin, at=now) for row in news)
    work.repeats.propose([proposal for proposal in proposals if proposal is not None])


def _known(row: KnownCase) -> Known:
    return Known(
        case_no=row.case_no,
        state=row.state,
        holder=row.holder,
        received_on=row.received_on,
        category=row.category,
        place=row.place,
        kind=row.kind if row.kind in KINDS else "",
    )


def may_see(proposal: Proposal, actor: Actor | None) -> bool:
    """GD-1: that there is an accusation is known to named officers only."""
    return not proposal.sealed or (actor is not None and actor.role in SEALED_READERS)


def shown(work: RoutingWork, case: Case, actor: Actor | None) -> dict[str, Any]:
    """Return what stands at a case about repeats: proposals with their decisions, and the question to the city."""
    rows = [_shown(work, each) for each in work.repeats.proposals(case.case_no) if may_see(each, actor)]
    asked_of, asked_at, answered_at = work.repeats.question(case.case_no)
    question = {"asked_of": asked_of, "asked_at": _iso(asked_at), "answered_at": _iso(answered_at)}
    return {"rows": rows, "question": question if asked_of else None}


def _shown(work: RoutingWork, proposal: Proposal) -> dict[str, Any]:
    """A proposal as JSON values."""
    state = CaseState(proposal.state)
    return {
        "earlier": proposal.earlier,
        "same_person": proposal.same_person,
        "score": proposal.score,
        "reasons": list(proposal.reasons),
        "state": state.value,
        "label": STATE_LABELS[state],
        "holder": proposal.holder,
        "told_by": proposal.told_by,
        "proposed_at": _iso(proposal.proposed_at),
        "verdict": proposal.verdict.value if proposal.verdict else None,
        "decided_by": proposal.decided_by or None,
        "decided_role": proposal.decided_role or None,
        "decided_at": _iso(proposal.decided_at),
        "note": work.repeats.note_of(proposal) or None,
        "outcome": proposal.outcome or None,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
