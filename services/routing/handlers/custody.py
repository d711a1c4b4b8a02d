"""Step two of the handshake and everything that comes from other nodes about a case.

An offer is taken or refused by this node's server at once (T15, T50, T17): whoever takes it writes the first event of
the new epoch. Reports bring the events of cases that nodes below hold; they are checked against the hash chain and
kept as a copy that follows.
"""

from collections.abc import Sequence
from functools import lru_cache

from lianxi.casework import chain
from lianxi.casework.case.acts import act
from lianxi.casework.case.evolve import evolve, replay
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden, Invalid, Refused
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.commands import Command, DeliverCase, RefuseTransfer, TakeBack
from lianxi.casework.messages.custody import CaseReported, CopySent, CustodyAnswered, CustodyOffered, Dossier
from lianxi.casework.messages.facts import PetitionClass, TransferKind
from lianxi.casework.messages.notices import CaseSealed, DirectiveNotice, DossierReceived
from services.routing.domain.records import CaseText, Recorded
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import (
    conclude,
    dispatch,
    forward_designated,
    given_here,
    known_case,
    relate,
    report_up,
    system_actor,
)
from services.routing.handlers.offers import skipped_level
from services.routing.handlers.sorting import sort_arrival


def take_offer(work: RoutingWork, origin: str, offer: CustodyOffered, here: Here) -> None:
    """Take custody of an offered case, or refuse it with a reason; either way both sides get a receipt."""
    transfer = offer.transfer
    if work.receipts.known(transfer.offer_id):
        return
    known = work.cases.get(offer.dossier.case_no)
    try:
        check_sender(origin, transfer.from_node)
        case, missing = _checked_dossier(work, offer, known, here)
        given = given_here(work, here)
        after, events = act(case, _taking(offer, here), given)
    except Refused as refusal:
        _refuse(work, offer, here, refusal)
        return
    work.receipts.offered("in", transfer, case)
    _keep_dossier(work, offer, case, missing)
    conclude(work, here, after, events)
    _answer(work, offer, here, events=tuple(work.cases.write(event).text for event in events), epoch=after.epoch)
    _tell_the_level_between(work, offer, here)
    found = sort_arrival(work, here, after, transfer)
    if found is not None:
        dispatch(work, here, after, found)
    forward_designated(work, here, after)


def _tell_the_level_between(work: RoutingWork, offer: CustodyOffered, here: Here) -> None:
    """A case that came back over a level has left that level's part of the tree, where nobody else would say so."""
    between = skipped_level(here.node, offer.transfer.from_node)
    if between:
        case_no = offer.dossier.case_no
        copy = CopySent(case_no=case_no, transfer=offer.transfer, events=work.cases.history(case_no))
        work.links.send(between, copy)


def check_sender(origin: str, named: str) -> None:
    """A node speaks for itself only: who a message names as its sender is where its letter came from."""
    if origin != named:
        raise Forbidden("消息所称的发送节点与实际来源不符，不予接收。", code="foreign-sender", rule="GD-4")


def _taking(offer: CustodyOffered, here: Here) -> Command:
    hand_back = offer.transfer.kind is TransferKind.HAND_BACK
    command = TakeBack if hand_back else DeliverCase
    return command(case_no=offer.dossier.case_no, actor=system_actor(here.node))


def _checked_dossier(
    work: RoutingWork, offer: CustodyOffered, known: Case | None, here: Here
) -> tuple[Case, tuple[Recorded, ...]]:
    """Verify the dossier; return the case as its history leaves it and the events this node lacks."""
    history = tuple(work.cases.read(text) for text in offer.dossier.history)
    case_no = offer.dossier.case_no
    if not is_whole(case_no, history, offer.head_digest):
        raise Invalid("dossier.history", "chain", "案卷历史不完整或被改动，不能接收。")
    case = replay(case_no, (record.event for record in history))
    if case.transfer != offer.transfer or offer.transfer.to_node != here.node:
        raise Invalid("transfer", "T15", "移交内容与案卷不符，不能接收。")
    if offer.transfer.to_unit and offer.transfer.to_unit not in here.units():
        raise Invalid("transfer.to_unit", "T15", "本节点单位目录中没有指定的受理单位，不能接收。")
    if known is None:
        return case, history
    if known.seq > case.seq or (known.seq and history[known.seq - 1].digest != known.head_digest):
        raise Conflict("本节点已有的案卷历史与移交的不一致，不能接收。", code="history-differs")
    return case, history[known.seq :]


def is_whole(case_no: str, history: Sequence[Recorded], head_digest: str) -> bool:
    """Whether events follow each other from the first without a gap, unchanged, up to the given digest."""
    previous = chain.GENESIS
    for seq, record in enumerate(history, start=1):
        head = record.event.head
        if (head.case_no, head.seq, head.previous, head.digest) != (case_no, seq, previous, record.digest):
            return False
        previous = record.digest
    return previous == head_digest


def _keep_dossier(work: RoutingWork, offer: CustodyOffered, case: Case, missing: Sequence[Recorded]) -> None:
    dossier = offer.dossier
    work.cases.append(case, missing)
    for record in missing:
        relate(work, record.event)
        work.record(record.event)
    keep_papers(work, dossier, case, offer.transfer.to_node)


def keep_papers(work: RoutingWork, dossier: Dossier, case: Case, node: str) -> None:
    """Keep the texts and the sealed petitioner of a dossier, and tell intake of them."""
    work.documents.take(case.case_no, dossier.documents)
    sealed = CaseText(
        case_no=case.case_no,
        subject=dossier.subject_sealed,
        text=dossier.text_sealed,
        petitioner_key=dossier.petitioner_key,
        petitioner_sealed=dossier.petitioner_sealed,
    )
    work.repeats.remember_text(work.texts.take(sealed))
    first = work.cases.read(dossier.history[0]).event
    work.tell(
        DossierReceived(
            case_no=case.case_no,
            node=node,
            channel=case.channel,
            received_at=getattr(first, "received_at", first.head.at),
            subject_sealed=dossier.subject_sealed,
            text_sealed=dossier.text_sealed,
            petitioner_key=dossier.petitioner_key,
            petitioner_sealed=dossier.petitioner_sealed,
        )
    )
    if case.petition_class is PetitionClass.ACCUSATION:
        work.tell(CaseSealed(case_no=case.case_no))


def _refuse(work: RoutingWork, offer: CustodyOffered, here: Here, refusal: Refused) -> None:
    transfer = offer.transfer
    work.receipts.offered("in", transfer, Case(case_no=offer.dossier.case_no, epoch=offer.epoch))
    _answer(work, offer, here, code=refusal.code, reason=refusal.message)


def _answer(
    work: RoutingWork,
    offer: CustodyOffered,
    here: Here,
    *,
    events: tuple[str, ...] = (),
    epoch: int = 0,
    code: str = "",
    reason: str = "",
) -> None:
    transfer, now = offer.transfer, here.clock.now()
    work.receipts.answer(transfer.offer_id, accepted=not code, at=now, code=code)
    answer = CustodyAnswered(
        offer_id=transfer.offer_id,
        case_no=offer.dossier.case_no,
        from_node=transfer.from_node,
        to_node=transfer.to_node,
        accepted=not code,
        epoch=epoch or offer.epoch,
        answered_at=now,
        events=events,
        code=code,
        reason=reason,
    )
    work.links.send(transfer.from_node, answer)


def take_answer(work: RoutingWork, origin: str, answer: CustodyAnswered, here: Here) -> None:
    """Note the answer to an offer of ours: follow the new holder's event, or take the case up again (T50)."""
    check_sender(origin, answer.to_node)
    if not work.receipts.answer(answer.offer_id, accepted=answer.accepted, at=answer.answered_at, code=answer.code):
        return
    case = known_case(work, answer.case_no)
    if answer.accepted:
        follow(work, origin, answer.case_no, answer.events, here, report=False)
        return
    if case.transfer is not None and case.transfer.offer_id == answer.offer_id:
        command = RefuseTransfer(case_no=case.case_no, actor=system_actor(here.node), code=answer.code)
        after, events = act(case, command, given_here(work, here))
        conclude(work, here, after, events)
        work.tell(DirectiveNotice(case_no=case.case_no, node=answer.to_node, kind="transfer-refused", code=answer.code))


def take_report(work: RoutingWork, origin: str, report: CaseReported, here: Here) -> None:
    """Follow a case that a node below holds, and pass its events on to the node above."""
    work.documents.take(report.case_no, report.documents)  # first, so that they go up along with their events
    follow(work, origin, report.case_no, report.events, here, report=True)


def take_copy(work: RoutingWork, origin: str, copy: CopySent, here: Here) -> None:
    """Keep the history of a case that went directly to a node below, over this one (CF-38), or came back so."""
    follow(work, origin, copy.case_no, copy.events, here, report=False)
    if copy.transfer.kind is not TransferKind.HAND_BACK:
        notice = DirectiveNotice(case_no=copy.case_no, node=copy.transfer.to_node, kind="copy", code="direct-transfer")
        work.tell(notice)


def follow(work: RoutingWork, origin: str, case_no: str, texts: Sequence[str], here: Here, *, report: bool) -> None:
    """Append another node's events to the copy of a case.

    What is here already is passed over. Raises Conflict when the events do not continue the history (another digest,
    a gap), Forbidden when an event was written by a node that does not lie in the sender's part of the tree.
    """
    case = work.cases.get(case_no) or Case(case_no=case_no)
    fresh: list[Recorded] = []
    for text in texts:
        record = work.cases.read(text)
        if record.event.head.seq <= case.seq:
            continue
        _check_continues(case, record, origin, here)
        case = evolve(case, record.event)
        fresh.append(record)
    if not fresh:
        return
    work.cases.append(case, fresh)
    for record in fresh:
        relate(work, record.event)
        work.record(record.event)
    if report:
        report_up(work, here, case, fresh)


@lru_cache(maxsize=1024)
def _lies_in(node: str, branch: str) -> bool:
    """Whether a node is the head of a branch or lies below it; every event asks this about the same few."""
    return DivisionCode.parse(branch).contains(DivisionCode.parse(node))


def _check_continues(case: Case, record: Recorded, origin: str, here: Here) -> None:
    head = record.event.head
    own_branch, from_above = _lies_in(head.node, origin), _lies_in(here.node, origin)
    if head.case_no != case.case_no or not (own_branch or from_above):
        raise Forbidden("事件不是由发送方所辖节点作出的，不予接收。", code="foreign-event", rule="GD-4")
    if head.seq != case.seq + 1 or head.previous != (case.head_digest or chain.GENESIS):
        raise Conflict("事件与本节点已有的案卷历史不衔接。", code="history-differs", details={"seq": head.seq})
    if head.epoch < case.epoch:
        raise Conflict("事件的持有序号早于现有的，不予接收。", code="stale-epoch", details={"seq": head.seq})
    if record.digest != head.digest:
        raise Conflict("事件摘要不符，内容可能被改动。", code="broken-digest", details={"seq": head.seq})
