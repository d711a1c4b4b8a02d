"""What a node keeps of a case that one of its units assists and another node holds (R-24-6).

It keeps the history as a copy that follows, and the words of the petition as far as the holder passed them on.
"""

from collections.abc import Sequence

from lianxi.casework.case.evolve import replay
from lianxi.casework.case.jurisdiction import node_of
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden, Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.custody import AssistedTextErased, AssistWanted
from services.routing.domain.records import CaseText, Recorded
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import relate
from services.routing.handlers.custody import check_sender, is_whole


def take_assist(work: RoutingWork, origin: str, message: AssistWanted, here: Here) -> None:
    """Keep how a case stands that a unit of this node assists, or did until now, and what it may read of it.

    A case of this node's own part of the tree is reported anyway, so that only the words are new. Raises Forbidden
    when it does not come from the holder or no unit here is asked, Invalid and Conflict when the history is not whole.
    """
    check_sender(origin, message.from_node)
    history = tuple(work.cases.read(text) for text in message.events)
    if not history or not is_whole(message.case_no, history, history[-1].digest):
        raise Invalid("events", "chain", "案卷历史不完整或被改动，不能接收。")
    case = replay(message.case_no, (record.event for record in history))
    if case.holder != origin:
        raise Forbidden("协办通知不是由持有该事项的节点发出的，不予接收。", code="foreign-event", rule="R-24-6")
    known = work.cases.get(message.case_no)
    assists = {*case.assists, *(known.assists if known else ())}
    if all(node_of(unit) != here.node for unit in assists):
        raise Forbidden("本节点没有该事项的协办单位，不予接收。", code="not-assisting", rule="R-24-6")
    if not DivisionCode.parse(here.node).contains(DivisionCode.parse(origin)):
        _continue(work, case, known, history)
    work.documents.take(message.case_no, message.documents)
    if message.text_sealed and work.texts.get(message.case_no) is None:
        said = CaseText(
            case_no=message.case_no,
            subject=message.subject_sealed,
            text=message.text_sealed,
            petitioner_key=case.petitioner_key,
            petitioner_sealed="",
        )
        work.texts.take(said)


def forget_assisted(work: RoutingWork, origin: str, message: AssistedTextErased) -> None:
    """Blank the words of a case that units of this node assisted, once the holder erased them.

    A node that had custody of the case itself keeps what it took over until its own head answers for it. Raises
    Forbidden when it does not come from the holder, Conflict while the copy here is of a case that is still open.
    """
    check_sender(origin, message.from_node)
    case, text = work.cases.get(message.case_no), work.texts.get(message.case_no)
    if case is None or text is None or text.petitioner_sealed:
        return
    if case.holder != origin:
        raise Forbidden("删除通知不是由持有该事项的节点发出的，不予接收。", code="foreign-event", rule="GD-4")
    if case.is_open:
        raise Conflict("本节点的案卷副本尚未办结，待其更新后再删除。", code="still-open")
    work.erase_texts([message.case_no])


def _continue(work: RoutingWork, case: Case, known: Case | None, history: Sequence[Recorded]) -> None:
    """Append what this node's copy lacks; an older message than the last one brings nothing."""
    seq = known.seq if known else 0
    if known is not None and 0 < seq <= case.seq and history[seq - 1].digest != known.head_digest:
        raise Conflict("事件与本节点已有的案卷历史不衔接。", code="history-differs", details={"seq": seq})
    fresh = history[seq:]
    if not fresh:
        return
    work.cases.append(case, fresh)
    for record in fresh:
        relate(work, record.event)
        work.record(record.event)
