"""Send what waits: the mails that are due, the longest due first, each in three steps.

A few are claimed in one short transaction, sent while none is open, and each is settled in a transaction of its own as
soon as the server has answered. A process that dies in between leaves its claims to whoever comes when their lease
ends; the repeated mail carries the same Message-ID. A server that cannot be reached gives the claims back uncounted
and is left alone for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.domain.deliveries import Claimed, Fate, Result, settled
from services.notify.domain.letters import Letter
from services.notify.handlers.ports import Desk, MailSession, OpenWork, PostOffice, Reached

BATCH = 20
TURN = timedelta(seconds=10)
"""A turn takes no further mail after this time, so that a stopping process is not kept waiting."""

LEASE = timedelta(minutes=10)
"""Far longer than a turn and the slowest mail at its end."""


def send_waiting(open_work: OpenWork, desk: Desk, post: PostOffice) -> int:
    """Send until nothing is due, the turn is over or the server is down; return how many mails were tried."""
    now = post.wall.now()
    if post.server is None or post.outage.lasts(now):
        return 0
    with post.server.session() as session:
        turn = _Turn(open_work, desk, post, session, now + TURN)
        while turn.send_batch():
            pass
    return turn.tried


@dataclass(slots=True)
class _Turn:
    """One turn of sending."""

    open_work: OpenWork
    desk: Desk
    post: PostOffice
    session: MailSession
    ends: datetime
    tried: int = 0

    def send_batch(self) -> bool:
        """Claim a few mails and send them; return whether the turn goes on."""
        now = self.post.wall.now()
        if now >= self.ends:
            return False
        with self.open_work() as work:
            batch = work.deliveries.claim(now, now + LEASE, BATCH)
        for number, claimed in enumerate(batch):
            if self.post.wall.now() >= self.ends:
                self._give_back(batch[number:], "")
                return False
            result = self._try(claimed)
            self.post.note(claimed, result)
            if result.fate is Fate.DOWN:
                self.post.outage.begun(self.post.wall.now())
                self._give_back(batch[number:], result.reason)
                return False
            self.post.outage.over()
            self._settle(claimed, result)
        return bool(batch)

    def _try(self, claimed: Claimed) -> Result:
        self.tried += 1
        try:
            reached = self.post.directory.reach(claimed.case_no)
            if isinstance(reached, Result):
                return reached
            if not reached.email:
                return Result(Fate.NOBODY, "no-address")
            return self.session.send(self._letter(claimed, reached))
        except Exception as error:  # noqa: BLE001  a letter we cannot make must not hold up the others
            return Result(Fate.LATER, f"broken ({type(error).__name__})")

    def _letter(self, claimed: Claimed, reached: Reached) -> Letter:
        words = self.desk.texts.words(
            claimed.template, claimed.facts, self.desk.office, sealed=claimed.sealed, query_code=reached.query_code
        )
        return Letter(
            id=claimed.id,
            sender=self.desk.office.title,
            to=reached.email,
            title=words.title,
            body=words.body,
            at=self.post.wall.now(),
        )

    def _settle(self, claimed: Claimed, result: Result) -> None:
        now = self.post.wall.now()
        with self.open_work() as work:
            work.deliveries.settle(claimed, settled(result, claimed.attempts, self.post.patience, now), now)

    def _give_back(self, claims: Sequence[Claimed], reason: str) -> None:
        with self.open_work() as work:
            work.deliveries.give_back(claims, reason, self.post.wall.now())
