"""Tell the node that holds a case of the files kept here, and this node's intake of the files kept elsewhere.

Routing keeps nothing of this: it only knows who holds the case. Intake tells all files of a case when a new one was
handed in and when custody moved away, so whatever the holder missed it is told again.
"""

from collections.abc import Sequence

from lianxi.casework.messages.materials import MaterialsArrived, MaterialsKept, MaterialsSent
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.custody import check_sender


def pass_on(work: RoutingWork, told: Sequence[MaterialsKept], here: Here) -> None:
    """Tell the holder of each case, if it is another node; a case that is still here takes its files along later."""
    work.cases.preload(message.case_no for message in told)
    for message in told:
        case = work.cases.get(message.case_no)
        if case is None or case.holder in {"", here.node}:
            continue
        sent = MaterialsSent(
            case_no=message.case_no, from_node=here.node, to_node=case.holder, materials=message.materials
        )
        work.links.send(case.holder, sent)


def take_materials(work: RoutingWork, origin: str, message: MaterialsSent, _here: Here) -> None:
    """Tell intake, which fetches from the sender what is not here yet; raises Forbidden for a false sender."""
    check_sender(origin, message.from_node)
    work.tell(MaterialsArrived(case_no=message.case_no, from_node=message.from_node, materials=message.materials))
