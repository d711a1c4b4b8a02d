"""Open a case from a contact, carry out an act on a case that this node holds, and see to what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from lianxi.casework.case.acts import act, is_recused
from lianxi.casework.case.builders import draft_number
from lianxi.casework.case.guards import Given
from lianxi.casework.case.jurisdiction import node_of
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Forbidden, GuardRefused, Refused, Unknown
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.commands import (
    AssignCase,
    Command,
    LapseCase,
    MergeCase,
    TransferCase,
)
from lianxi.casework.messages.custody import CaseReported
from lianxi.casework.messages.direct_filing import ForwardInSystem
from lianxi.casework.messages.events import (
    CaseEvent,
    CaseMerged,
    CaseReceived,
    FinalReviewRequested,
    OpinionSubmitted,
    ReportAccepted,
    ReviewRequested,
)
from lianxi.casework.messages.facts import (
    Actor,
    CaseState,
    Document,
    DocumentKind,
    PetitionClass,
    Reason,
    Role,
)
from lianxi.casework.messages.notices import CaseSealed, ContactRegistered, RightLapsed
from lianxi.casework.messages.petitioner import LapseCompletion
from lianxi.casework.messages.sorting import BarCase, DeclineCase, NewMatterOpened, OpenNewMatter, RejectCase
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import local_day
from services.routing.domain.claims import as_proposed, claims_of
from services.routing.domain.records import SEALED_READERS, CaseText, Recorded
from services.routing.domain.sorting import Sorted
from services.routing.handlers import Here, RoutingWork, repeats
from services.routing.handlers.assisting import tell_assists
from services.routing.handlers.contacts import (
    came_to_an_organ,
    filing_at_organ,
    receipt,
    registration,
    seems_to_accuse,
)
from services.routing.handlers.offers import offer_custody
from services.routing.handlers.sorting import note_overrules


def check_sealed(case: Case, actor: Actor | None) -> None:
    """GD-1: an accusation opens for named officers only, to be read or acted on, and never for whom it is about."""
    if case.petition_class is not PetitionClass.ACCUSATION:
        return
    if actor is None or actor.role not in SEALED_READERS or is_recused(case, actor):
        raise Forbidden("检举控告类事项为密件，仅限指定人员办理。", code="sealed", rule="GD-1")


def system_actor(node: str) -> Actor:
    """The node's own software, acting by a rule."""
    return Actor(person="system", role=Role.SYSTEM, unit="", node=node)


def given_here(work: RoutingWork, here: Here, *, earlier: Case | None = None) -> Given:
    """What an act finds at this node now."""
    today = here.clock.today()
    return Given(
        now=here.clock.now(),
        today=today,
        node=here.node,
        calendar=here.calendar(),
        issue=lambda kind: work.documents.number(kind, today.year),
        units=here.units(),
        organs=here.organs,
        earlier=earlier,
        offer_id=here.new_id(),
    )


def open_cases(work: RoutingWork, contacts: Sequence[ContactRegistered], here: Here) -> None:
    """Open a case for each contact, in one look-up of what is there already."""
    work.cases.preload(contact.contact_no for contact in contacts)
    for contact in contacts:
        open_case(work, contact, here)


def open_case(work: RoutingWork, contact: ContactRegistered, here: Here) -> Case | None:
    """Open a case for a contact (T1, T2); register it (T3) and send it on (T12, T13) where the rules settle that.

    What they leave open waits for a clerk, with the reason. Returns None when the case is open already.
    """
    if work.cases.get(contact.contact_no) is not None:
        return None
    petition = work.texts.take(
        CaseText(
            case_no=contact.contact_no,
            subject=contact.subject_sealed,
            text=contact.text_sealed,
            petitioner_key=contact.petitioner_key,
            petitioner_sealed=contact.petitioner_sealed,
        )
    )
    if came_to_an_organ(contact):
        at_organ = _file_at_organ(work, here, contact, petition)
        if at_organ is not None:
            return at_organ
    received, events = act(Case(case_no=contact.contact_no), receipt(contact, petition), given_here(work, here))
    conclude(work, here, received, events)
    return _by_rules(work, here, received, contact, petition)


def _file_at_organ(work: RoutingWork, here: Here, contact: ContactRegistered, petition: CaseText) -> Case | None:
    """T22: the organ that took a contact in has it at once.

    None for what belongs to the petition department after all: an accusation, an organ that the directory does not
    have, whatever else the guards refuse; nothing that came in is left without a case (GD-6).
    """
    found = _sorted(here, contact, petition)
    officer = contact.registered_by
    if officer is None or seems_to_accuse(contact, found):
        return None
    command = filing_at_organ(contact, petition, found, officer, here)
    try:
        filed, events = act(Case(case_no=contact.contact_no), command, given_here(work, here))
    except Refused:
        return None
    conclude(work, here, filed, events)
    repeats.look_for(work, here, contact, petition, found)
    remember(work, contact, "", replace(found, target=None))
    return filed


def sort_again(work: RoutingWork, here: Here, contact: ContactRegistered) -> Sorted | None:
    """Sort a contact that waited, by the rules of today; None where its text is not here."""
    petition = work.texts.get(contact.contact_no)
    return _sorted(here, contact, petition) if petition else None


def _sorted(here: Here, contact: ContactRegistered, petition: CaseText) -> Sorted:
    return here.sorter.sort(
        subject=petition.subject,
        text=petition.text,
        declared=contact.division,
        address=contact.address_division,
        node=here.node,
        registrar_category=contact.category,
        registrar_class=contact.petition_class,
        channel=contact.channel,
    )


def _by_rules(work: RoutingWork, here: Here, case: Case, contact: ContactRegistered, petition: CaseText) -> Case:
    """Register and dispatch as far as the rules go; remember why the rest waits.

    The same person may have come about the same matter before (PR-3). Whether it is the same, a person decides: where
    that is likely, the new contact waits, unless a registrar has compared them already.
    """
    found = _sorted(here, contact, petition)
    proposed = repeats.look_for(work, here, contact, petition, found)
    waits_for = () if contact.same_matter_checked else repeats.holding(proposed, found)
    if not waits_for:
        return register_and_dispatch(work, here, case, contact, found)
    work.repeats.hold(contact)
    remember(work, contact, repeats.why_it_waits(waits_for), found)
    return case


def remember(work: RoutingWork, contact: ContactRegistered, why: str, found: Sorted) -> None:
    """Keep what the rules found in a contact and the claims it states, for whoever registers or corrects it."""
    work.remember_sorting(contact.contact_no, why, asdict(found) | {"claims": as_proposed(claims_of(contact))})


def register_and_dispatch(work: RoutingWork, here: Here, case: Case, contact: ContactRegistered, found: Sorted) -> Case:
    """Register a case and send it on where the rules settle that; remember what they found."""
    if found.settled and found.petition_class is not None:
        case = carry_out(work, here, case, registration(contact, found, found.petition_class, system_actor(here.node)))
        case = dispatch(work, here, case, found)
    remember(work, contact, found.why, found)
    return case


def dispatch(work: RoutingWork, here: Here, case: Case, found: Sorted) -> Case:
    """Send a registered case where the rules may send it by themselves; leave it otherwise."""
    target = found.target
    if target is None or not target.automatic or found.petition_class is PetitionClass.ACCUSATION:
        return case
    if not here.reachable(target.to_node) or {target.to_unit, *found.assisting} & {*case.recused}:
        return case
    transfer = TransferCase(
        case_no=case.case_no,
        actor=system_actor(here.node),
        to_node=target.to_node,
        to_unit=target.to_unit,
        assists=found.assisting,
        reasons=found.reasons,
        paper={
            "matter": case.case_no,
            "target": target.to_unit or target.to_node,
            "basis": "《信访工作条例》第二十二条",
        },
    )
    return carry_out(work, here, case, transfer)


def carry_out(work: RoutingWork, here: Here, case: Case, command: Command) -> Case:
    """Carry out a command on a case held here and see to what follows. Raises Refused; nothing is half done."""
    earlier = _earlier(work, command)
    same = earlier is not None and _same_person(work, case, earlier)
    target = _target(command)
    if target and not here.reachable(target):
        raise GuardRefused("GD-4", "node_joined", f"节点 {target} 尚未接入，不能向其移交。")
    after, events = act(case, command, replace(given_here(work, here, earlier=earlier), same_person=same))
    conclude(work, here, after, events, command.paper)
    note_overrules(work, here, command)
    if any(isinstance(event, ReportAccepted) for event in events):
        # The right to a review may have run out while the report was being checked.
        after = lapse_if_due(work, here, after)
    return forward_designated(work, here, after)


def _target(command: Command) -> str:
    """The node that a command sends the case to, "" where it sends it nowhere."""
    if isinstance(command, ForwardInSystem):
        return node_of(command.to_organ)
    return command.to_node if isinstance(command, TransferCase | AssignCase) else ""


def _same_person(work: RoutingWork, case: Case, earlier: Case) -> bool:
    """PR-3: a petitioner in common; of accusations one of which is anonymous, the accused."""
    if work.repeats.share_a_person(case.case_no, earlier.case_no):
        return True
    return (case.anonymous or earlier.anonymous) and work.repeats.share_the_accused(case.case_no, earlier.case_no)


def _earlier(work: RoutingWork, command: Command) -> Case | None:
    """The other case that a merge, a refusal or a new matter names."""
    if isinstance(command, MergeCase):
        return work.cases.get(command.into)
    if isinstance(command, DeclineCase | BarCase | RejectCase | OpenNewMatter):
        return work.cases.get(command.earlier)
    return None


def forward_designated(work: RoutingWork, here: Here, case: Case) -> Case:
    """Send a case on to the organ that was designated for it (T20); where that cannot be done, a clerk has it."""
    waits = case.state is CaseState.REGISTERED and not case.in_transfer and case.holder == here.node
    if not (case.designated and waits):
        return case
    to_node = node_of(case.designated)
    transfer = TransferCase(
        case_no=case.case_no,
        actor=system_actor(here.node),
        to_node=to_node,
        to_unit=case.designated,
        direct=to_node != here.node and str(DivisionCode.parse(to_node).parent) != here.node,
        assists=case.assists,
        reasons=(Reason(rule="R-24-6", version="1", text="依照第二十四条已确定主办单位。"),),
        paper={"matter": case.case_no, "target": case.designated, "basis": "《信访工作条例》第二十四条"},
    )
    try:
        return carry_out(work, here, case, transfer)
    except Refused as refusal:
        work.explain_waiting(case.case_no, f"已指定由 {case.designated} 主办，未能自动转送：{refusal.message}")
        return case


def conclude(
    work: RoutingWork, here: Here, case: Case, events: Sequence[CaseEvent], paper: Mapping[str, str] | None = None
) -> None:
    """Keep what happened, tell this node, the nodes above, and offer custody where the case is on its way out."""
    before = work.cases.get(case.case_no)
    records = [work.cases.write(event) for event in events]
    work.cases.append(case, records)
    for event in events:
        _keep_paper(work, event, paper or {})
        relate(work, event)
        work.record(event)
    seal_contact(work, case, events)
    report_up(work, here, case, records)
    tell_assists(work, here, before, case)
    transfer = case.transfer
    if transfer is not None and transfer.to_node != here.node:
        offer_custody(work, here, case, transfer)


def seal_contact(work: RoutingWork, case: Case, events: Sequence[CaseEvent]) -> None:
    """Tell intake of a case that has become an accusation, by registration or by a class found later (GD-1)."""
    found = any(getattr(event, "petition_class", None) is PetitionClass.ACCUSATION for event in events)
    if found and case.petition_class is PetitionClass.ACCUSATION:
        work.tell(CaseSealed(case_no=case.case_no))


def relate(work: RoutingWork, event: CaseEvent) -> None:
    """Note which other case an event makes this one belong to."""
    if isinstance(event, CaseReceived) and event.split_from:
        work.desk_books.relate(event.head.case_no, event.split_from, "part-of")
    elif isinstance(event, CaseMerged):
        work.desk_books.relate(event.head.case_no, event.into, "merged-into")
    elif isinstance(event, NewMatterOpened):
        work.desk_books.relate(event.head.case_no, event.earlier, "new-beside")


def _keep_paper(work: RoutingWork, event: CaseEvent, paper: Mapping[str, str]) -> None:
    document = getattr(event, "document", None)
    if isinstance(event, OpinionSubmitted):
        document = Document(
            kind=DocumentKind.OPINION,
            number=draft_number(event.head.seq),
            issued_on=local_day(event.head.at),
            signer=event.head.actor.person,
            digest=event.text_digest,
        )
    if document is not None:
        work.documents.add(event.head.case_no, document, paper)


def report_up(work: RoutingWork, here: Here, case: Case, records: Sequence[Recorded]) -> None:
    """Send new events to the parent node, with the document texts that it may read (architecture §5)."""
    if not here.parent or not records:
        return
    numbers = _readable_above(case, records, here.parent)
    report = CaseReported(
        case_no=case.case_no,
        holder=case.holder,
        events=tuple(record.text for record in records),
        documents=work.documents.sealed(case.case_no, numbers) if numbers else (),
    )
    work.links.send(here.parent, report)


def _readable_above(case: Case, records: Sequence[Recorded], parent: str) -> list[str]:
    """The documents whose texts go up: new ones to a node that held the case; all to one that is asked for a review.

    A reviewing organ may never have had the case, and cannot decide on an opinion that it cannot read.
    """
    reviews = bool(case.reviewing_node) and DivisionCode.parse(case.reviewing_node).contains(DivisionCode.parse(parent))
    if reviews and any(isinstance(record.event, ReviewRequested | FinalReviewRequested) for record in records):
        return [document.number for document in case.documents]
    if not (reviews or parent in case.path):
        return []
    issued = (getattr(record.event, "document", None) for record in records)
    return [document.number for document in issued if document is not None]


def lapse(work: RoutingWork, notice: RightLapsed, here: Here) -> Case | None:
    """T41, T45: supervision says that a right, or the time for missing facts, ran out; the holder's node acts on it."""
    case = work.cases.get(notice.case_no)
    if case is None or case.holder != here.node:
        return None
    if notice.clock == ClockCode.SUPPLEMENT:
        return _lapse_completion(work, here, case)
    return lapse_if_due(work, here, case)


def _lapse_completion(work: RoutingWork, here: Here, case: Case) -> Case:
    """Go on with what is known when the petitioner did not complete it in time; leave the case as it is otherwise."""
    command = LapseCompletion(case_no=case.case_no, actor=system_actor(here.node))
    try:
        return carry_out(work, here, case, command)
    except Refused:
        return case


def lapse_if_due(work: RoutingWork, here: Here, case: Case) -> Case:
    """Close a case whose petitioner let the right to a review run out; leave it as it is otherwise."""
    command = LapseCase(
        case_no=case.case_no, actor=system_actor(here.node), paper={"basis": "《信访工作条例》第三十五条、第三十六条"}
    )
    try:
        return carry_out(work, here, case, command)
    except Refused:
        return case


def known_case(work: RoutingWork, case_no: str) -> Case:
    """Return a case this node knows; raises Unknown."""
    case = work.cases.get(case_no)
    if case is None:
        raise Unknown("案件", case_no)
    return case
