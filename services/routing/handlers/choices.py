"""Tell the node that holds a case how its petitioner wants to be told, as it was chosen here (PR-11, D-15).

Routing keeps nothing of this: it only knows who holds the case. Notify tells what was chosen when it is chosen and
when custody moves to another node, so whatever the holder missed it is told again.
"""

from collections.abc import Sequence
from dataclasses import fields

from lianxi.casework.errors import Forbidden
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.custody import NoticeChoiceSent
from lianxi.casework.messages.notices import NoticeChoice, NoticeChoiceArrived, NoticeChosen
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.custody import check_sender

_CHOICE = tuple(field.name for field in fields(NoticeChoice))


def pass_on(work: RoutingWork, chosen: Sequence[NoticeChosen], here: Here) -> None:
    """Tell the holder of each case, if it is another node; a case on its way is told of when it has arrived."""
    work.cases.preload(message.case_no for message in chosen)
    for message in chosen:
        case = work.cases.get(message.case_no)
        if case is None or case.holder in {"", here.node}:
            continue
        told = {name: getattr(message, name) for name in _CHOICE}
        work.links.send(case.holder, NoticeChoiceSent(**told, from_node=here.node, to_node=case.holder))


def take_choice(work: RoutingWork, origin: str, message: NoticeChoiceSent, here: Here) -> None:
    """Tell notify; whether something newer was chosen here, notify knows.

    Raises Forbidden for a sender that neither had the case nor lies above this node: nobody else has a say in it.
    """
    check_sender(origin, message.from_node)
    case = work.cases.get(message.case_no)
    above = DivisionCode.parse(origin).contains(DivisionCode.parse(here.node))
    if not above and (case is None or origin not in case.path):
        raise Forbidden("发送节点没有经办过该事项，不能改变其通知方式。", code="foreign-sender", rule="GD-4")
    work.tell(NoticeChoiceArrived(**{name: getattr(message, name) for name in _CHOICE}))
