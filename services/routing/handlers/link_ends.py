"""What the use cases of links need from outside, as Protocols, and this node as an end of its links.

`LinkBook` is the memory of the links inside one transaction; `LinkEnd` says who the node and its neighbours are and
holds the tools: codec, signatures, metrics, identifiers and the two clocks.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.books import BookBucket, BookEntry, BookPagesTold
from services.routing.domain.digests import Comparison
from services.routing.domain.link_frames import Bag, Frame, Letter, OutboxRow, Place, Quarantined, Refusal
from services.routing.domain.link_protocol import Epoch, Inbound
from services.routing.domain.link_replay import Recovery
from services.routing.domain.link_sending import Outbound, SentRow
from services.routing.domain.members import Member

BOOKS, MEMBERS, REPLAY = "books", "members", "replay"
KINDS = frozenset({"custody", BOOKS, "materials", MEMBERS, "notices", "repeats", REPLAY})
"""The families of messages that may cross a link: the modules of `lianxi.casework.messages` they stand in."""


class LinkBook(Protocol):
    """What a node remembers of its links, inside one transaction."""

    def outbounds(self, peers: Collection[str], fresh: Callable[[], Epoch]) -> dict[str, Outbound]:
        """Return the streams to these neighbours, locked in order; one that is not there yet begins now."""

    def save_outbound(self, outbound: Outbound) -> None:
        """Write where a stream stands."""

    def sent_row(self, peer: str, epoch: Epoch, seq: int) -> SentRow | None:
        """Return what is known of a frame, None when it is not kept."""

    def append(self, rows: Sequence[OutboxRow], now: datetime) -> None:
        """Keep new frames and hand them to the relay."""

    def send_again(self, peer: str, epoch: Epoch, first: int, last: int, now: datetime) -> None:
        """Hand kept frames to the relay once more."""

    def take_after(self, peer: str, epoch: Epoch, seq: int) -> list[tuple[bytes, datetime]]:
        """Remove and return bodies and birth times of the frames after `seq`, in order."""

    def oldest_unacked(self, peer: str, epoch: Epoch, acked: int) -> datetime | None:
        """Return when the first frame after `acked` was written."""

    def publish_ack(self, ack_id: str, peer: str, body: bytes) -> None:
        """Hand an ack to the relay; it may be lost, and expires after a minute."""

    def inbound(self, peer: str) -> Inbound:
        """Return the stream from a neighbour, locked."""

    def inbounds(self) -> dict[str, Inbound]:
        """Return the streams from all neighbours heard so far, not locked."""

    def save_inbound(self, inbound: Inbound) -> None:
        """Write where a stream stands."""

    def held(self, peer: str, epoch: Epoch) -> dict[int, tuple[Place, str]]:
        """Return place and id of what waits behind a gap."""

    def held_frames(self, peer: str, epoch: Epoch, first: int, last: int) -> dict[int, Frame]:
        """Return what waits behind a gap, whole."""

    def hold(self, frames: Sequence[Frame], now: datetime) -> None:
        """Keep frames until the gap before them is filled."""

    def unhold(self, peer: str, epoch: Epoch, *, upto: int | None = None, first: int | None = None) -> None:
        """Forget what is held up to a number, or from a number on."""

    def archive(self, frames: Sequence[tuple[Frame, str]], now: datetime) -> set[str]:
        """Keep applied frames with their outcome; return the ids that were not applied before."""

    def quarantined(self, peer: str, case_keys: Collection[str]) -> set[str]:
        """Return which of these cases have a message in quarantine."""

    def quarantine(self, messages: Sequence[Quarantined], now: datetime) -> None:
        """Keep messages whose handler failed."""

    def due_cases(self, now: datetime, limit: int) -> list[str]:
        """Return cases whose oldest message in quarantine may be tried again."""

    def of_case(self, case_key: str) -> list[Quarantined]:
        """Return the messages of a case in quarantine, in order, locked; none while another worker has them."""

    def release(self, position: int) -> None:
        """Forget a message that was delivered at last."""

    def failed_again(self, position: int, code: str, attempts: int, now: datetime) -> None:
        """Write down a further failure and when to try next."""

    def refuse(self, refusals: Sequence[Refusal], now: datetime) -> None:
        """Keep what was not let in, with the reason."""

    def prune(self, before: datetime, limit: int) -> int:
        """Delete acked, applied and refused frames from before an instant; return how many."""

    def begin_recovery(self, peer: str, epoch: Epoch, after: int, now: datetime) -> None:
        """Note that a neighbour holds frames of ours that we forgot."""

    def recoveries(self) -> Sequence[Recovery]:
        """Return what was asked of each neighbour."""

    def recovering(self) -> bool:
        """Return whether a neighbour has not answered yet."""

    def asked_for_replay(self, peer: str, now: datetime) -> None:
        """Note that the question is on its way."""

    def got_replay(self, peer: str, frames: int, missing: int, finished_at: datetime | None) -> None:
        """Note a part of the answer, with an instant when it is the last."""

    def give_up_recovery(self, peer: str, now: datetime) -> bool:
        """Go on without a neighbour's answer; return whether one was awaited."""

    def archived(self, peer: str, epoch: Epoch, after: int) -> Sequence[bytes]:
        """Return the bodies of applied frames of a neighbour after a place, in order."""

    def missing_in_archive(self, peer: str, epoch: Epoch, after: int) -> int:
        """Return how many frames right after a place are older than the archive."""

    def already_sent(self, peer: str, ids: Collection[str]) -> set[str]:
        """Return which of these letters the outbox holds."""

    def keep_recovered(self, kind: str, key: str, peer: str, body: str, seq: int = 0) -> None:
        """Keep something that came back until it finds its place."""

    def recovered(self, kind: str, key: str) -> Mapping[int, str]:
        """Return what came back under a key, by number."""

    def recovered_keys(self, kind: str) -> Sequence[str]:
        """Return under which keys something of a kind waits."""

    def forget_recovered(self, kind: str, key: str, seqs: Collection[int]) -> None:
        """Forget what found its place."""

    def texts_lacking(self, node: str) -> Sequence[str]:
        """Return cases opened at this node of which the text is not here."""

    def documents_lacking(self, node: str) -> Sequence[tuple[str, str]]:
        """Return case and number of documents that this node issued and of which the text is not here."""

    def count_documents_on(self, kind: str, year: int, last: int) -> None:
        """See to it that the numbers of documents go on behind one that was given out before."""


class Books(Protocol):
    """The books of this node, and the comparisons it began."""

    def buckets(self, subtree: str) -> tuple[BookBucket, ...]:
        """Return the buckets, that are not empty, of cases held in a part of the tree."""

    def entries(self, subtree: str, buckets: Sequence[int]) -> tuple[BookEntry, ...]:
        """Return the entries of some buckets, by case number."""

    def begin(self, comparison: str, child: str, now: datetime) -> None:
        """Note that a comparison was begun."""

    def get(self, comparison: str) -> Comparison | None:
        """Return a comparison, locked."""

    def keep_part(self, part: BookPagesTold) -> tuple[BookEntry, ...] | None:
        """Keep a part; return the entries of the whole round once all its parts are there."""

    def suspect(self, comparison: str, case_nos: Sequence[str]) -> None:
        """Keep which cases differed in the first round."""

    def finish(self, comparison: str, cases: int, found: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Keep what a comparison found."""


class Members(Protocol):
    """The book of the nodes that joined and left."""

    def lock(self) -> None:
        """Let no other transaction change the book until this one ends."""

    def all(self) -> Sequence[Member]:
        """Return every change in the order in which it was recorded."""

    def add(self, member: Member, recorded_by: str, at: datetime) -> None:
        """Keep a change."""

    def open_by_state(self, holder: str) -> Mapping[str, int]:
        """Return how many open cases a node holds, by state."""

    def open_cases(self, holder: str, after: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return the open cases a node holds, by number."""

    def in_transfer(self, node: str) -> int:
        """Return how many cases are on their way from a node or to it."""

    def directives(self, node: str) -> int:
        """Return how many directives to a node wait for its answer."""

    def quarantined(self, peer: str) -> int:
        """Return how many messages of a neighbour wait for another attempt."""


class LinkWork(Protocol):
    """A transaction that can use links."""

    link_bag: Bag

    @property
    def link_book(self) -> LinkBook:
        """What this node remembers of its links."""

    @property
    def books(self) -> Books:
        """The books of this node."""

    @property
    def members(self) -> Members:
        """The nodes that joined and left."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what happens inside when it raises."""

    def passes(self, error: BaseException) -> bool:
        """Return whether the database may not fail the same way again."""

    def lost(self, error: BaseException) -> bool:
        """Return whether the database is gone."""


class Codec(Protocol):
    """How a message becomes text and back."""

    def encode(self, message: Any, *, message_id: str, subject: str, time: datetime) -> str:
        """Return the text of a message."""

    def decode(self, text: str) -> Any:
        """Return the message; raises when this version cannot read it."""


class Seals(Protocol):
    """Signatures of origins, needed because a broker vouches for the last hop only."""

    def sign(self, letter: Letter) -> str:
        """Return this node's signature of the letter's `signed_text`, "" when it has no key."""

    def verify(self, letter: Letter) -> bool:
        """Return whether the letter's signature may be trusted."""


class Watch(Protocol):
    """Metrics and log lines of the links; nothing told to it has content."""

    def refused(self, peer: str, reason: str, size: int) -> None:
        """A frame was not let in."""

    def arranged(self, peer: str, duplicates: int, overflow: int, stale: int) -> None:
        """So many frames came twice, beyond what can be held, or of an epoch given up."""

    def quarantined(self, peer: str, code: str) -> None:
        """A handler failed."""

    def restarted(self, peer: str, epoch: str, lost: int) -> None:
        """A stream of ours began a new epoch; the peer holds so many frames that we forgot."""

    def replayed(self, peer: str, frames: int, failed: int) -> None:
        """So many frames of ours came back from a neighbour; those failed that could not be read again."""

    def sent_again(self, peer: str, frames: int) -> None:
        """Frames were handed to the relay again."""

    def stands(self, row: Mapping[str, Any]) -> None:
        """Where a link stands now (see `overview`)."""

    def only(self, peers: Collection[str]) -> None:
        """These are the neighbours; a link that is no more is shown no more."""


Deliver = Callable[[Any, str, Any], None]
"""(work, origin, message): carries a message out that has this node as its destination."""
DeliverAll = Callable[[Any, Sequence[tuple[str, Any]]], None]


class Reclaim(Protocol):
    """Takes back what this node sent to a neighbour before its database was lost."""

    def take(self, work: Any, peer: str, message: Any, text: str) -> None:
        """Take a message of ours back, as far as its effects are not here; `text` is how it was sent."""

    def fill(self, work: Any, case_no: str) -> None:
        """Continue the history of a case with the events that came back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkEnd:
    """This node as an end of its links: who it is, who its children are, and its tools.

    `children` are those that have a link at the moment of asking. `now` is the calendar of the node and dates
    messages, `real_now` drives the protocol. `deliver_all` may carry out a whole batch at once; when it raises,
    `deliver` goes through the batch one by one. Without `reclaim` a node does not ask its neighbours for what it
    forgot.
    """

    node: DivisionCode
    children: Collection[str]
    codec: Codec
    seals: Seals
    watch: Watch
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    deliver: Deliver
    deliver_all: DeliverAll | None = None
    reclaim: Reclaim | None = None

    @property
    def peers(self) -> list[str]:
        """The neighbours, in the order in which streams are locked."""
        above = [str(self.node.parent)] if self.node.parent else []
        return sorted([*above, *self.children])

    def fresh_epoch(self) -> Epoch:
        """Return the epoch with which a stream begins."""
        return Epoch(1, self.new_id())
