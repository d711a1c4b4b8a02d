"""The doors of intake: what may be called, what is read from the bus, what runs every second."""

from collections.abc import Sequence
from typing import Any, ClassVar

from lianxi.bus.doors import RETRY_THEN_PARK, call, consume_batch, every
from lianxi.bus.messages import Incoming
from lianxi.casework.errors import Refused
from lianxi.courier import decode
from services.intake import handlers
from services.intake.storage import IntakeWork
from services.intake.wiring import build


class IntakeService:
    """Contacts of five channels, and the people they come from."""

    name: ClassVar[str] = "intake"
    decode = staticmethod(decode)

    def __init__(self) -> None:
        parts = build()
        self.open_work = parts.open_work
        self.clock = parts.clock
        self._desk = parts.desk
        self._check = parts.check

    @call(expected=(Refused,))
    def register(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Register a contact: number and query code."""
        return handlers.register(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def find(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Find a contact by its query code."""
        return handlers.find(body, work, self._desk)

    @call(expected=(Refused,))
    def contact(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Show a contact in full; the look is written down."""
        return handlers.show_contact(body, work, self._desk)

    @call(expected=(Refused,), read_only=True)
    def petitioner_reach(self, work: IntakeWork, body: dict[str, Any]) -> dict[str, Any]:
        """Say how a petitioner is reached."""
        return handlers.reach_petitioner(body, work, self._desk)

    @consume_batch("intake.dossier", on_failure=RETRY_THEN_PARK)
    def dossiers(self, work: IntakeWork, messages: Sequence[Incoming]) -> None:
        """Keep the petitioners of cases whose custody came to this node."""
        handlers.keep_dossiers([message.body for message in messages], work, self._desk)

    @every(1.0)
    def look_after_database(self) -> None:
        """Show in the metrics whether the database answers; a nameko process also needs a tick to notice signals."""
        self._check()


Service = IntakeService
