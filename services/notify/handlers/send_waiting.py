"""Send what waits: the messages that are due, channel by channel, the longest due first, each in three steps.

A few are claimed in one short transaction, sent while none is open, and each is settled in a transaction of its own as
soon as there is an answer. A process that dies in between leaves its claims to whoever comes when their lease ends; the
repeated message carries the same id. A channel that cannot be reached gives the claims back uncounted and is left
alone for a while; the others go on.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.notify.domain.deliveries import UNDELIVERED, Claimed, Fate, Result, Settled, receipted, settled
from services.notify.domain.letters import Letter
from services.notify.domain.rules import Channel
from services.notify.handlers.offices import Desk, PostOffice, Reached, Session

BATCH = 20
TURN = timedelta(seconds=10)
"""A turn takes no further message after this time, so that a stopping process is not kept waiting."""

LEASE = timedelta(minutes=10)
"""Far longer than a turn and the slowest message at its end."""


class Deliveries(Protocol):
    """All deliveries of this node."""

    def claim(self, channel: Channel, now: datetime, lease: datetime, limit: int) -> Sequence[Claimed]:
        """Take messages that are due, the longest due first, leaving out those another process has locked."""
        ...

    def settle(self, claimed: Claimed, settled: Settled, now: datetime) -> bool:
        """Write what became of one, unless another process has claimed it since; return whether it was written."""
        ...

    def give_back(self, claimed: Sequence[Claimed], reason: str, now: datetime) -> None:
        """Undo the claim of what was not tried, or not by its own fault; "" leaves the reason as it was."""
        ...

    def move(self, delivery_id: str, settled: Settled, now: datetime) -> None:
        """Write where a message stands that is not being sent."""
        ...


class Addressees(Protocol):
    """What was sent to whom, by the keyed hash of the address."""

    def note(self, claimed: Claimed, result: Result, addressee: str, now: datetime) -> None:
        """Write an attempt down."""
        ...

    def standing(self, addressee: str, dead_since: datetime, since: datetime) -> tuple[bool, list[datetime]]:
        """Return whether nobody lives there, and when messages were taken for this address, oldest first."""
        ...

    def bury(self, addressee: str, channel: str, reason: str, now: datetime) -> None:
        """Note that nobody lives at an address."""
        ...

    def received(self, provider: str, number: str) -> bool | None:
        """Return what the receipt of a message says, None while there is none."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...

    @property
    def addressees(self) -> Addressees:
        """What was sent to whom."""
        ...


OpenWork = Callable[[], AbstractContextManager[Work]]


def send_waiting(open_work: OpenWork, desk: Desk, post: PostOffice) -> int:
    """Send until nothing is due, the turn is over or every channel is down; return how many messages were tried."""
    tried = 0
    for channel in post.senders:
        if not post.outages[channel].lasts(post.wall.now()):
            tried += _send_by(channel, open_work, desk, post)
    return tried


def _send_by(channel: Channel, open_work: OpenWork, desk: Desk, post: PostOffice) -> int:
    with post.senders[channel].session() as session:
        turn = _Turn(channel, open_work, desk, post, session, post.wall.now() + TURN)
        while turn.send_batch():
            pass
    return turn.tried


@dataclass(slots=True)
class _Turn:
    """One turn of one channel."""

    channel: Channel
    open_work: OpenWork
    desk: Desk
    post: PostOffice
    session: Session
    ends: datetime
    tried: int = 0

    def send_batch(self) -> bool:
        """Claim a few messages and send them; return whether the turn goes on."""
        now = self.post.wall.now()
        if now >= self.ends:
            return False
        with self.open_work() as work:
            batch = work.deliveries.claim(self.channel, now, now + LEASE, BATCH)
        outage = self.post.outages[self.channel]
        for number, claimed in enumerate(batch):
            if self.post.wall.now() >= self.ends:
                self._give_back(batch[number:], "")
                return False
            with self.post.within(claimed.trace):
                result = self._carry(claimed)
            if result.fate is Fate.DOWN:
                outage.begun(self.post.wall.now(), result.until)
                self._give_back(batch[number:], result.reason)
                return False
            outage.over()
        return bool(batch)

    def _carry(self, claimed: Claimed) -> Result:
        """Try one message and write down what came of it, unless the channel is down."""
        result, addressee = self._try(claimed)
        self.post.note(claimed, result)
        if result.fate is not Fate.DOWN:
            self._settle(claimed, result, addressee)
        return result

    def _try(self, claimed: Claimed) -> tuple[Result, str]:
        """Return what came of one message, and the keyed hash of where it was to go."""
        self.tried += 1
        addressee = ""
        try:
            reached = self.post.directory.reach(claimed.case_no)
            if isinstance(reached, Result):
                return reached, ""
            to = reached.by(claimed.channel)
            if not to:
                return Result(Fate.NOBODY, "no-address"), ""
            addressee = self.post.addressee(claimed.channel.value, to)
            held_back = self._held_back(claimed, addressee)
            if held_back is not None:
                return held_back, addressee
            return self.session.send(self._letter(claimed, reached, to)), addressee
        except Exception as error:  # noqa: BLE001  a letter we cannot make must not hold up the others
            return Result(Fate.LATER, f"broken ({type(error).__name__})"), addressee

    def _held_back(self, claimed: Claimed, addressee: str) -> Result | None:
        """Return why this message does not leave now: rest, a dead address, or too many of late."""
        if claimed.channel is Channel.LETTER:
            return None
        manners, now = self.desk.rules.manners, self.post.wall.now()
        window = manners.limit.window if manners.limit else timedelta()
        with self.open_work() as work:
            dead, taken = work.addressees.standing(
                addressee, now - timedelta(days=manners.dead_address_days), now - window
            )
        if dead:
            return Result(Fate.NEVER, "dead-address")
        if claimed.urgent:
            return None
        rest = manners.quiet.end(now, claimed.channel.value) if manners.quiet else None
        if rest is not None:
            return Result(Fate.POSTPONED, "quiet-hours", until=rest)
        if manners.limit and len(taken) >= manners.limit.count:
            return Result(Fate.POSTPONED, "limit", until=taken[-manners.limit.count] + window)
        return None

    def _letter(self, claimed: Claimed, reached: Reached, to: str) -> Letter:
        words = self.desk.texts.words(
            claimed.template,
            claimed.facts,
            self.desk.office,
            sealed=claimed.sealed,
            query_code=reached.query_code,
            language=claimed.language,
            channel=claimed.channel,
        )
        return Letter(
            id=claimed.id,
            sender=self.desk.office.title,
            to=to,
            title=words.title,
            body=words.body,
            at=self.post.wall.now(),
            provider=claimed.provider,
        )

    def _settle(self, claimed: Claimed, result: Result, addressee: str) -> None:
        now = self.post.wall.now()
        found = settled(result, claimed, self.desk.rules.manners.patience, now)
        with self.open_work() as work:
            if not work.deliveries.settle(claimed, found, now):
                return
            work.addressees.note(claimed, result, addressee, now)
            if result.dead and addressee:
                work.addressees.bury(addressee, claimed.channel.value, result.reason, now)
            if found.receipt:
                _confirm(work, claimed, found, addressee, now)

    def _give_back(self, claims: Sequence[Claimed], reason: str) -> None:
        with self.open_work() as work:
            work.deliveries.give_back(claims, reason, self.post.wall.now())


def _confirm(work: Work, claimed: Claimed, found: Settled, addressee: str, now: datetime) -> None:
    """Take account of a receipt that was quicker than the answer to the message."""
    arrived = work.addressees.received(found.provider, found.receipt)
    if arrived is not None:
        work.deliveries.move(claimed.id, receipted(claimed.channel, claimed.others, now, arrived=arrived), now)
        if not arrived and addressee:
            work.addressees.bury(addressee, claimed.channel.value, UNDELIVERED, now)
