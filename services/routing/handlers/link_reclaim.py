"""Taking back what this node sent before its database was restored: events, offers, answers, directives.

Events find their place in the history of their case by number and hash chain; those whose predecessors have not come
back yet wait. An answer that was given once is not given again: when the neighbour's offer or directive comes anew,
the old answer and its events stand.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from lianxi.casework import chain
from lianxi.casework.case.evolve import evolve
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DocumentNumber
from lianxi.casework.messages.custody import (
    AssistWanted,
    CaseReported,
    CopySent,
    CustodyAnswered,
    CustodyOffered,
    DirectiveAnswered,
    DirectiveIssued,
    Dossier,
    UnitsChanged,
)
from services.routing.domain.records import Recorded
from services.routing.handlers import Here, RoutingWork
from services.routing.handlers.cases import relate, report_up
from services.routing.handlers.custody import check_sender, keep_papers
from services.routing.handlers.link_ends import Codec, LinkWork
from services.routing.handlers.link_replay import ANSWER, DIRECTIVE_ANSWER, EVENT
from services.routing.handlers.wishes import remember


class ReclaimWork(RoutingWork, LinkWork, Protocol):
    """A transaction of routing that can look into the links."""


@dataclass(frozen=True, slots=True)
class Reclaimer:
    """Takes back what this node sent; `codec` reads the answers that were kept as they were sent."""

    here: Here
    codec: Codec

    def take(self, work: ReclaimWork, peer: str, message: Any, text: str) -> None:
        """Take a message of ours back, as far as its effects are not here; `text` is how it was sent."""
        book = work.link_book
        match message:
            case CaseReported():
                work.documents.take(message.case_no, message.documents)
                self._keep_events(work, peer, message.events)
            case CopySent() | AssistWanted():
                self._keep_events(work, peer, message.events)
            case CustodyOffered():
                self._take_offer(work, peer, message)
            case CustodyAnswered():
                book.keep_recovered(ANSWER, message.offer_id, peer, text)
                self._keep_events(work, peer, message.events)
            case DirectiveIssued():
                work.directives.add("out", message)
                remember(work, message)
            case DirectiveAnswered():
                book.keep_recovered(DIRECTIVE_ANSWER, message.directive_id, peer, text)
            case UnitsChanged():
                work.unit_news.take(message.changes, "")

    def fill(self, work: ReclaimWork, case_no: str) -> None:
        """Continue the history of a case with the events that came back, as far as they follow on each other."""
        book = work.link_book
        waiting = book.recovered(EVENT, case_no)
        case = work.cases.get(case_no) or Case(case_no=case_no)
        fresh: list[Recorded] = []
        while case.seq + 1 in waiting:
            record = work.cases.read(waiting[case.seq + 1])
            if not _continues(case, record):
                break
            case = evolve(case, record.event)
            fresh.append(record)
        if fresh:
            work.cases.append(case, fresh)
            for record in fresh:
                relate(work, record.event)
                work.record(record.event)
                self._count_on(work, record.event)
            report_up(work, self.here, case, fresh)
        history = work.cases.history(case_no)
        placed = [seq for seq, text in waiting.items() if seq <= len(history) and history[seq - 1] == text]
        book.forget_recovered(EVENT, case_no, placed)

    def answered_before(self, work: ReclaimWork, origin: str, message: Any) -> bool:
        """Return whether an offer or directive that comes again was answered before the restore; if so it is done."""
        book = work.link_book
        if isinstance(message, CustodyOffered):
            told = book.recovered(ANSWER, message.transfer.offer_id)
            if told and not work.receipts.known(message.transfer.offer_id):
                check_sender(origin, message.transfer.from_node)
                self._take_again(work, origin, message, self.codec.decode(told[0]))
                book.forget_recovered(ANSWER, message.transfer.offer_id, [0])
            return bool(told)
        if isinstance(message, DirectiveIssued):
            told = book.recovered(DIRECTIVE_ANSWER, message.directive_id)
            if told:
                work.directives.add("in", message)
                work.directives.answer(self.codec.decode(told[0]), self.here.clock.now())
                book.forget_recovered(DIRECTIVE_ANSWER, message.directive_id, [0])
            return bool(told)
        return False

    def _take_again(self, work: ReclaimWork, origin: str, offer: CustodyOffered, answer: CustodyAnswered) -> None:
        """Stand by the answer that was given to an offer."""
        offered = Case(case_no=answer.case_no, epoch=offer.epoch, head_digest=offer.head_digest)
        work.receipts.offered("in", offer.transfer, offered)
        at, code = answer.answered_at, answer.code
        work.receipts.answer(offer.transfer.offer_id, accepted=answer.accepted, at=at, code=code)
        if answer.accepted:
            self._keep_events(work, origin, (*offer.dossier.history, *answer.events))
            self._keep_dossier(work, offer.dossier)

    def _take_offer(self, work: ReclaimWork, peer: str, offer: CustodyOffered) -> None:
        """An offer of ours: its receipt, and the dossier as it left."""
        offered = Case(case_no=offer.dossier.case_no, epoch=offer.epoch, head_digest=offer.head_digest)
        work.receipts.offered("out", offer.transfer, offered)
        self._keep_events(work, peer, offer.dossier.history)
        self._keep_dossier(work, offer.dossier)

    def _keep_dossier(self, work: ReclaimWork, dossier: Dossier) -> None:
        self.fill(work, dossier.case_no)
        case = work.cases.get(dossier.case_no)
        if case is not None and work.texts.sealed(dossier.case_no) is None:
            keep_papers(work, dossier, case, self.here.node)
        else:
            work.documents.take(dossier.case_no, dossier.documents)

    def _keep_events(self, work: ReclaimWork, peer: str, texts: Iterable[str]) -> None:
        for text in texts:
            head = work.cases.read(text).event.head
            work.link_book.keep_recovered(EVENT, head.case_no, peer, text, head.seq)

    def _count_on(self, work: ReclaimWork, event: Any) -> None:
        """A number that stands on a document of this node is not given out again."""
        document = getattr(event, "document", None)
        if document is None or event.head.node != self.here.node:
            return
        try:
            number = DocumentNumber.parse(document.number)
        except Invalid:
            return
        work.link_book.count_documents_on(document.kind.value, number.year, number.sequence)


def _continues(case: Case, record: Recorded) -> bool:
    """Whether an event follows on a case, unchanged since it was sealed."""
    head = record.event.head
    follows = (head.case_no, head.seq, head.previous) == (case.case_no, case.seq + 1, case.head_digest or chain.GENESIS)
    return follows and head.epoch >= case.epoch and record.digest == head.digest
