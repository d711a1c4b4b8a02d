"""The doors of notify: what is read from the bus, what may be called, what runs every second."""

from collections.abc import Sequence
from typing import Any, ClassVar

from lianxi.bus.doors import RETRY_THEN_PARK, call, consume_batch, every
from lianxi.bus.messages import Incoming
from lianxi.casework.errors import Refused
from lianxi.courier import decode
from services.notify import handlers, schemas
from services.notify.storage import NotifyWork
from services.notify.wiring import build


class NotifyService:
    """The inboxes of this node's officers, and mail to petitioners."""

    name: ClassVar[str] = "notify"
    decode = staticmethod(decode)

    def __init__(self) -> None:
        parts = build()
        self.open_work = parts.open_work
        self.clock = parts.clock
        self._desk = parts.desk
        self._post = parts.post
        self._measure = parts.measure

    @consume_batch("notify.case", on_failure=RETRY_THEN_PARK, ordered=True)
    def messages(self, work: NotifyWork, messages: Sequence[Incoming]) -> None:
        """Write down who is owed what because of these messages."""
        handlers.tell(messages, work, self._desk, self._post.wall.now())

    @every(1.0)
    def send(self) -> None:
        """Send the mails that are due."""
        handlers.send_waiting(self.open_work, self._desk, self._post)

    @every(5.0)
    def measure(self) -> None:
        """Show in the metrics what waits and what was given up."""
        self._measure()

    @call(expected=(Refused,), read_only=True)
    def inbox(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the messages to a role of this node, newest first."""
        return handlers.show_inbox(schemas.inbox_query(body), work, self._desk)

    @call(expected=(Refused,))
    def mark_read(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that an officer has read a message."""
        return handlers.mark_read(schemas.mark_read(body), work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def deliveries(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List who was owed what about a case, and what became of it."""
        return handlers.list_deliveries(schemas.case_number(body), work, has_server=self._post.server is not None)

    @call(expected=(Refused,), read_only=True)
    def dead_letters(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the mails that were given up, oldest first."""
        return handlers.list_dead_letters(schemas.paging(body), work)

    @call(expected=(Refused,))
    def send_again(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Let a mail that was given up be sent after all."""
        return handlers.send_again(schemas.send_again(body), work, self._desk, self._post.wall.now())


Service = NotifyService
"""The name under which the runner looks a service up."""
