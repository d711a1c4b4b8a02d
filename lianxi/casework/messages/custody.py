"""What travels between nodes: offers and answers of custody, events, directives and their answers, changes of organs.

A node sends these through its link outbox. `events` are JSON texts exactly as the sender stored them,
so that the receiver can verify the hash chain on the bytes. What people wrote (the petition, the texts of documents,
a command) is sealed with the city's transport key: links, outboxes and archives on the road hold no clear text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from lianxi.casework.messages.facts import Transfer
from lianxi.casework.messages.notices import NoticeChoice
from lianxi.casework.messages.wire import Message


@dataclass(frozen=True, kw_only=True, slots=True)
class DossierDocument:
    """One document for a node that takes over or decides; `paper` is its text, on the road one sealed entry."""

    number: str
    kind: str
    digest: str
    paper: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dossier:
    """Everything the next holder needs: the whole event history, documents, text, and the sealed petitioner.

    The clocks need no field of their own: they follow from the history by the same rules at every node.
    """

    case_no: str
    history: tuple[str, ...]
    documents: tuple[DossierDocument, ...]
    subject_sealed: str
    text_sealed: str
    petitioner_key: str
    petitioner_sealed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CustodyOffered:
    """Step one of the handshake. Until the answer the sender holds the case and nothing may be done to it."""

    MESSAGE: ClassVar[Message] = Message("custody-offered")
    transfer: Transfer
    epoch: int
    head_digest: str
    dossier: Dossier


@dataclass(frozen=True, kw_only=True, slots=True)
class CustodyAnswered:
    """Step two: accepted with the first event of the new holder (epoch + 1), or refused with a code and a reason."""

    MESSAGE: ClassVar[Message] = Message("custody-answered")
    offer_id: str
    case_no: str
    from_node: str
    to_node: str
    accepted: bool
    epoch: int
    answered_at: datetime
    events: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseReported:
    """Up the link: new events of a case of the subtree; `documents` only for a node that held it or reviews it."""

    MESSAGE: ClassVar[Message] = Message("case-reported")
    case_no: str
    holder: str
    events: tuple[str, ...]
    documents: tuple[DossierDocument, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CopySent:
    """To the level skipped by a direct transfer (CF-38): the history so far, without text."""

    MESSAGE: ClassVar[Message] = Message("copy-sent")
    case_no: str
    transfer: Transfer
    events: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistWanted:
    """To the node of an assisting unit: the history as it stands now, each time the case gains a step (R-24-6).

    It comes whole, so that nothing is missing whichever holder's message arrives first. The petition's subject and
    text are sealed, and identity, bank and telephone numbers were taken out of them; of the documents only that node's
    own come back. The petitioner stays with the holder.
    """

    MESSAGE: ClassVar[Message] = Message("assist-wanted")
    case_no: str
    from_node: str
    to_node: str
    events: tuple[str, ...]
    subject_sealed: str
    text_sealed: str
    documents: tuple[DossierDocument, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AssistedTextErased:
    """To the node of a unit that assisted: the petitioner's data were erased, so its copy of the words goes, too."""

    MESSAGE: ClassVar[Message] = Message("assisted-text-erased")
    case_no: str
    from_node: str
    to_node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectiveIssued:
    """An act on a case that another node holds; `command` is its sealed JSON text.

    It is decided by a node above the holder, wished by a petitioner at a node that had the case, or the part of an
    assisting unit.
    """

    MESSAGE: ClassVar[Message] = Message("directive-issued")
    directive_id: str
    case_no: str
    from_node: str
    to_node: str
    command_type: str
    command: str
    issued_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectiveAnswered:
    """Up the link: the holder carried the directive out (`case_seq`) or refused it (`code`, `reason`).

    `moved_to` is set where a petitioner's wish came too late to this node: custody had gone there meanwhile.
    """

    MESSAGE: ClassVar[Message] = Message("directive-answered")
    directive_id: str
    case_no: str
    from_node: str
    to_node: str
    done: bool
    case_seq: int
    code: str = ""
    reason: str = ""
    moved_to: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldChange:
    """One dated change of an organ; `uid` is the same at every node, what it says is sealed."""

    uid: str
    unit: str
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    content_sealed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitsChanged:
    """To each neighbour: changes of organs, of this node or told by another neighbour, in the order of recording."""

    MESSAGE: ClassVar[Message] = Message("units-changed")
    from_node: str
    to_node: str
    changes: tuple[ToldChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeChoiceSent(NoticeChoice):
    """Between nodes: what was chosen at `from_node`, for the node that holds the case now."""

    MESSAGE: ClassVar[Message] = Message("notice-choice-sent")
    from_node: str
    to_node: str
