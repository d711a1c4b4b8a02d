"""The doors of notify: what is read from the bus, what may be called, what runs every second."""

from collections.abc import Sequence
from typing import Any, ClassVar

from lianxi.bus.doors import RETRY_THEN_PARK, call, consume_batch, every
from lianxi.bus.messages import Incoming
from lianxi.casework.errors import Refused
from lianxi.courier import decode
from services.notify import handlers, schemas
from services.notify.handlers import agencies, agencies_desk, webhooks
from services.notify.storage import NotifyWork
from services.notify.wiring import build


class NotifyService:
    """The inboxes of this node's officers, and what petitioners are told by mail, text message and letter."""

    name: ClassVar[str] = "notify"
    decode = staticmethod(decode)

    def __init__(self) -> None:
        parts = build()
        self.open_work = parts.open_work
        self.clock = parts.clock
        self._desk = parts.desk
        self._post = parts.post
        self._press = parts.press
        self._receipts = parts.receipts
        self._enquiries = parts.enquiries
        self._measure = parts.measure
        self._look_at_queues = parts.look_at_queues
        self._agencies = parts.agencies

    @consume_batch("notify.case", on_failure=RETRY_THEN_PARK, ordered=True)
    def messages(self, work: NotifyWork, messages: Sequence[Incoming]) -> None:
        """Write down who is owed what because of these messages."""
        handlers.tell(messages, work, self._desk, self._post.wall.now())
        handlers.follow_custody(messages, work, self._desk)
        agencies.keep(messages, work, self._agencies, self.bring)

    @every(1.0)
    def send(self) -> None:
        """Send what is due to petitioners."""
        handlers.send_waiting(self.open_work, self._desk, self._post)

    @every(5.0)
    def ask_receipts(self) -> None:
        """Ask the gateways that call nobody back what became of their messages."""
        handlers.ask_receipts(self.open_work, self._enquiries)

    @every(5.0)
    def gather(self) -> None:
        """Make the digests that are due."""
        with self.open_work() as work:
            handlers.gather(work, self._desk, self._post.wall.now())

    @every(5.0)
    def measure(self) -> None:
        """Show in the metrics what waits and what was given up."""
        self._measure()

    @every(60.0)
    def look_at_queues(self) -> None:
        """Show in the metrics how the queues of agencies stand."""
        self._look_at_queues()

    @call(expected=(Refused,), read_only=True)
    def inbox(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the messages to a role of this node, newest first."""
        return handlers.show_inbox(schemas.inbox_query(body), work, self._desk)

    @call(expected=(Refused,))
    def mark_read(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that an officer has read a message."""
        return handlers.mark_read(schemas.mark_read(body), work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def digest(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the alerts that were gathered into one message."""
        return handlers.show_digest(schemas.mark_read(body), schemas.paging(body), work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def deliveries(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List who was owed what about a case, and what became of it."""
        return handlers.list_deliveries(schemas.case_number(body), work, self._desk, has_server=self._post.has_server)

    @call(expected=(Refused,), read_only=True)
    def dead_letters(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the messages that were given up, oldest first."""
        return handlers.list_dead_letters(schemas.paging(body), work, self._desk)

    @call(expected=(Refused,))
    def send_again(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Let a message that was given up be sent after all."""
        return handlers.send_again(schemas.send_again(body), work, self._desk, self._post.wall.now())

    @call(expected=(Refused,))
    def receipts(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Take the receipts a gateway calls back with."""
        return handlers.take_receipts(body, work, self._receipts, self._post.wall.now())

    @call(expected=(Refused,))
    def choose(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Keep by which channels and in which language a petitioner wants to be told."""
        return handlers.choose(schemas.choice(body), work, self._desk, self._post.wall.now())

    @call(expected=(Refused,), read_only=True)
    def choice(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Show what was chosen for a case."""
        return handlers.show_choice(schemas.case_number(body), work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def rules(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List who is told what, when and how."""
        del work, body
        return handlers.list_rules(self._desk)

    @call(expected=(Refused,), read_only=True)
    def preview(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Show what a rule would tell whom about a case."""
        return handlers.preview(*schemas.preview(body), work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def letters(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the letters of the print room."""
        return handlers.list_letters(*schemas.letters(body), work, self._desk)

    @call(expected=(Refused,))
    def print_letters(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return letters ready for paper."""
        return handlers.print_letters(*schemas.letter_ids(body), work, self._desk, self._press)

    @call(expected=(Refused,))
    def post_letter(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that a letter was posted."""
        return handlers.post_letter(schemas.letter_news(body), work, self._desk)

    @call(expected=(Refused,))
    def letter_arrived(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that the post has a signature for a letter."""
        return handlers.letter_arrived(schemas.letter_news(body), work, self._desk)

    @call(expected=(Refused,))
    def letter_returned(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that the post brought a letter back."""
        return handlers.letter_returned(schemas.letter_news(body), work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def services(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the documents of a case that have to be served, and how far that is."""
        return handlers.list_services(schemas.case_number(body), work)

    @call(expected=(Refused,), read_only=True)
    def unserved(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the documents of this node that nobody has proven to be served."""
        return handlers.list_unserved(*schemas.unserved(body), work)

    @call(expected=(Refused,))
    def begin_service(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note how a document was sent off."""
        return handlers.begin_service(schemas.service_news(body), work, self._desk)

    @call(expected=(Refused,))
    def service_failed(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Note that a document came back."""
        return handlers.service_failed(schemas.service_news(body), work, self._desk)

    @every(0.5)
    def bring(self) -> None:
        """Bring events to the webhooks of agencies that are due."""
        webhooks.bring(self.open_work, self._agencies)

    @every(1.0)
    def fill_queues(self) -> None:
        """Put into the queues of agencies what a pause, a replay or a test left to be sent."""
        with self.open_work() as work:
            agencies.fill_queues(work, self._agencies)

    @every(3600.0)
    def tidy(self) -> None:
        """Delete what was kept for agencies long enough."""
        with self.open_work() as work:
            agencies.tidy(work, self._agencies)

    @call(expected=(Refused,))
    def check_agency(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Say whether an agency could be registered so; nothing is written."""
        grant, _ = schemas.agency_grant(body)
        return {"name": agencies_desk.check_agency(grant, work, self._agencies).name}

    @call(expected=(Refused,))
    def add_agency(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Register an agency outside the house."""
        return agencies_desk.add_agency(*schemas.agency_grant(body), work, self._agencies)

    @call(expected=(Refused,), read_only=True)
    def agencies(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the agencies, or show one with its book of changes."""
        return agencies_desk.show_agencies(schemas.agency_named(body), work)

    @call(expected=(Refused,))
    def change_agency(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Pause, resume, remove, rotate the key of, test, or resend to an agency."""
        return agencies_desk.change_agency(schemas.agency_change(body), work, self._agencies)

    @call(expected=(Refused,), read_only=True)
    def agency_events(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Return an agency's events behind a cursor."""
        return agencies_desk.read_events(*schemas.agency_page(body), work)

    @call(expected=(Refused,))
    def replay_agency(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Put everything behind a cursor into an agency's queue once more."""
        return agencies_desk.replay(schemas.agency_login(body), schemas.cursor(body), work, self._agencies)

    @call(expected=(Refused,), read_only=True)
    def agency_of(self, work: NotifyWork, body: dict[str, Any]) -> dict[str, Any]:
        """Say for which of some units an agency acts."""
        return agencies_desk.agency_of(*schemas.agency_units(body), work)


Service = NotifyService
"""The name under which the runner looks a service up."""
