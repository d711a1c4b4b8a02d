"""Step one of the handshake: put together the dossier of a case and offer its custody to another node."""

from lianxi.casework.case.state import Case
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.custody import CopySent, CustodyOffered, Dossier
from lianxi.casework.messages.facts import Transfer
from services.routing.handlers import Here, RoutingWork


def offer_custody(work: RoutingWork, here: Here, case: Case, transfer: Transfer) -> None:
    """Send the offer with the whole dossier. Until the answer this node holds the case and nobody may act on it.

    A direct transfer sends the skipped level a copy of the history first (CF-38), so that the events of the new
    holder, which pass through it, find what they follow on.
    """
    history = work.cases.history(case.case_no)
    skipped = skipped_level(here.node, transfer.to_node)
    if skipped:
        work.links.send(skipped, CopySent(case_no=case.case_no, transfer=transfer, events=history))
    text = work.texts.sealed(case.case_no)
    dossier = Dossier(
        case_no=case.case_no,
        history=history,
        documents=work.documents.sealed(case.case_no),
        subject_sealed=text.subject if text else "",
        text_sealed=text.text if text else "",
        petitioner_key=case.petitioner_key,
        petitioner_sealed=text.petitioner_sealed if text else "",
    )
    work.receipts.offered("out", transfer, case)
    offer = CustodyOffered(transfer=transfer, epoch=case.epoch, head_digest=case.head_digest, dossier=dossier)
    work.links.send(transfer.to_node, offer)


def skipped_level(from_node: str, to_node: str) -> str:
    """Return the node between an upper and a lower node that a transfer passes over, "" if none."""
    sender, target = DivisionCode.parse(from_node), DivisionCode.parse(to_node)
    between = target.parent
    skips = between is not None and between != sender and sender.contains(between)
    return str(between) if skips else ""
