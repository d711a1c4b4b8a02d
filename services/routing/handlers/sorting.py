"""What the sorting desk does after the first sorting: note where a person decides otherwise, and sort what arrives.

A case that comes from another node without an organ is sorted by this node's rules as a new contact would be, with the
category and class it was registered with: a district sends on to its township what its rules let go by themselves.
What was assigned with a day to report, and what came back, a person looks at first.
"""

from dataclasses import asdict

from lianxi.casework.case.state import Case
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.facts import CaseState, Transfer, TransferKind
from services.routing.domain.records import CaseText
from services.routing.domain.sorting import Sorted
from services.routing.domain.sorting.overrules import may_overrule, overruled
from services.routing.handlers import Here, RoutingWork


def note_overrules(work: RoutingWork, here: Here, command: Command) -> None:
    """Keep in what an act of a person differs from what the rules proposed for the case."""
    proposal = work.overrules.proposal(command.case_no) if may_overrule(command) else None
    if proposal is not None:
        work.overrules.note(overruled(command, proposal, here.clock.now()))


def sort_arrival(work: RoutingWork, here: Here, case: Case, transfer: Transfer) -> Sorted | None:
    """Sort a case that has just arrived; None where an organ was named already or its text is not here.

    What the rules found is kept for the clerk; the target is left in only where they may send the case themselves.
    """
    if case.state is not CaseState.REGISTERED or case.holder != here.node or transfer.kind is TransferKind.HAND_BACK:
        return None
    petition = work.texts.get(case.case_no)
    if petition is None:
        return None
    found = _more_exact_place(here, case, petition) or _sorted(here, case, petition, declared=case.place)
    work.remember_sorting(case.case_no, found.why, asdict(found))
    return found if transfer.kind is TransferKind.TRANSFER else None


def _more_exact_place(here: Here, case: Case, petition: CaseText) -> Sorted | None:
    """What is found when the text names a part of the place the case was registered with."""
    found = _sorted(here, case, petition, declared="")
    inside = found.place.startswith(case.place) and found.place != case.place
    return found if inside and found.place != here.node else None


def _sorted(here: Here, case: Case, petition: CaseText, *, declared: str) -> Sorted:
    return here.sorter.sort(
        subject=petition.subject,
        text=petition.text,
        declared=declared,
        address="",
        node=here.node,
        registrar_category=case.category,
        registrar_class=case.petition_class,
        channel=case.channel,
    )
