"""The supervision of a node on its real database, whose clock the test holds."""

from collections import Counter
from datetime import datetime

from lianxi.bus.answers import Answerer
from lianxi.bus.batch import BatchConsumer
from lianxi.bus.doors import BatchDoor, doors_of
from lianxi.bus.messages import RawMessage
from lianxi.contracts import envelope
from lianxi.runtime.clock import SHANGHAI, FixedClock, new_id
from services.supervision.service import SupervisionService
from services.supervision.settings import Settings
from services.supervision.wiring import build

START = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)


class Desk:
    """One node's supervision with the real database; messages and calls go through the real doors."""

    def __init__(self, database, node, **settings):
        environment = {
            "LIANXI_NODE": node,
            "LIANXI_DATABASE_URL_SUPERVISION": database.service_url("supervision"),
            "LIANXI_SUPERVISION_CONNECTIONS": "12",
            **settings,
        }
        self.database = database
        self.clock = FixedClock(START)
        self.parts = build(Settings.from_environment(environment), self.clock)
        self.service = SupervisionService(self.parts)
        self._answers = Answerer(self.service)
        name, door = next((name, door) for name, door in doors_of(self.service) if isinstance(door, BatchDoor))
        self.consumer = BatchConsumer(self.service, name, door)

    def consume(self, events, batch=50):
        """Take events in, as the bus would deliver them."""
        raws = [raw_of(event) for event in events]
        for start in range(0, len(raws), batch):
            self.consumer.handle(raws[start : start + batch])

    def follow(self, *roads):
        self.consume([event for road in roads for event in road.events])

    def call(self, method, **body):
        return self._answers.answer(method, body)

    def until(self, at):
        """Let the clock stand at `at`."""
        self.clock.advance(seconds=(at - self.clock.now()).total_seconds())

    def file(self, case_no):
        with self.parts.open_work() as work:
            return work.files.locked([case_no])[case_no]

    def told(self):
        """What stands in the outbox: message objects, in the order of sending."""
        rows = self.database.query("SELECT body FROM supervision.outbox ORDER BY position")
        return [envelope.decode(bytes(body)).message for (body,) in rows]

    def count_told(self):
        return Counter((type(notice).__name__, notice.case_no, notice.clock) for notice in self.told())


def raw_of(event):
    head = event.head
    identity = f"{head.case_no}-{head.seq}"
    body = envelope.encode(
        event,
        id=identity,
        node=head.node,
        service="routing",
        time=head.at,
        subject=head.case_no,
        seq=head.seq,
        epoch=head.epoch,
    )
    return RawMessage(body, message_id=identity, tag=int(new_id().replace("-", "")[-6:], 16))
