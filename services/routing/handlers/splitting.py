"""Split a contact with several claims: each part becomes a case of its own, with its own road (T52, R-31-8)."""

from dataclasses import replace

from lianxi.casework.case.acts import act
from lianxi.casework.case.state import Case
from lianxi.casework.claims import of_part, settled
from lianxi.casework.identifiers import CaseNumber, Channel, DivisionCode
from lianxi.casework.messages.commands import ReceiveCase, RegisterCase
from lianxi.casework.messages.events import CaseReceived
from lianxi.casework.messages.facts import PetitionClass, Reason
from lianxi.casework.messages.notices import CaseSealed, DossierReceived
from lianxi.casework.messages.sorting import CasePart, SplitCase
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import carry_out, conclude, given_here, system_actor


def split_case(work: RoutingWork, here: Here, case: Case, command: SplitCase) -> Case:
    """Split a case held here; return what is left of it. Raises Refused; nothing is half done."""
    numbers = tuple(_number(work, here, case) for _ in command.parts)
    after = carry_out(work, here, case, replace(command, into_cases=numbers))
    whole = replace(case, claims=settled(case.claims, command.claims))
    for number, part in zip(numbers, command.parts, strict=True):
        _open_part(work, here, whole, part, number)
    return after


def _number(work: RoutingWork, here: Here, case: Case) -> str:
    """A number of this node, this day and the case's channel, after those that contacts get."""
    channel = Channel(case.channel.lower())
    first = CaseNumber.of(DivisionCode.parse(here.node), here.clock.today(), channel, 1)
    sequence = work.desk_books.next_part(str(first)[:-5])
    return str(CaseNumber.of(DivisionCode.parse(here.node), here.clock.today(), channel, sequence))


def _open_part(work: RoutingWork, here: Here, case: Case, part: CasePart, number: str) -> None:
    software = system_actor(here.node)
    first = work.cases.read(work.cases.history(case.case_no)[0]).event
    if not isinstance(first, CaseReceived):
        raise TypeError(f"{case.case_no} does not begin with its receipt")
    receive = ReceiveCase(
        case_no=number,
        actor=software,
        channel=first.channel,
        received_on=first.received_on,
        received_at=first.received_at,
        persons=first.persons,
        representatives=0,
        text_digest=first.text_digest,
        petitioner_key=first.petitioner_key,
        anonymous=first.anonymous,
        posted_on=first.posted_on,
        person_keys=first.person_keys,
        split_from=case.case_no,
    )
    received, events = act(Case(case_no=number), receive, given_here(work, here))
    conclude(work, here, received, events)
    register = RegisterCase(
        case_no=number,
        actor=software,
        purpose=case.purpose,
        petition_class=part.petition_class,
        category=part.category,
        place=part.place,
        claims=of_part(case.claims, part.claims, part.petition_class),
        same_matter_checked=True,
        recused=case.recused,
        decided_on=case.registered_on,
        reasons=(Reason(rule="R-31-8", version="1", text=f"由 {case.case_no} 的诉求{_spoken(part)}分案。"),),
    )
    carry_out(work, here, received, register)
    _share_text(work, here, first, part, number)
    if part.petition_class is PetitionClass.ACCUSATION:
        work.tell(CaseSealed(case_no=number))


def _spoken(part: CasePart) -> str:
    return "、".join(str(number) for number in part.claims)


def _share_text(work: RoutingWork, here: Here, first: CaseReceived, part: CasePart, number: str) -> None:
    """The part has the same text and petitioner, and of the written claims its own, counted anew as it counts them.

    Intake keeps the petitioner and the words of those claims under the new number too.
    """
    sealed = work.desk_books.copy_text(first.head.case_no, number, part.claims)
    if sealed is None:
        return
    work.tell(
        DossierReceived(
            case_no=number,
            node=here.node,
            channel=first.channel,
            received_at=first.received_at,
            subject_sealed=sealed.subject,
            text_sealed=sealed.text,
            petitioner_key=sealed.petitioner_key,
            petitioner_sealed=sealed.petitioner_sealed,
        )
    )
