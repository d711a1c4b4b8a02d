"""The notify of one node for tests: its service on a real database, with people in place of intake."""

from dataclasses import replace

import pytest

from lianxi.bus.answers import Answerer, CallProblem
from lianxi.bus.batch import BatchConsumer
from lianxi.bus.doors import BatchDoor, doors_of
from lianxi.bus.messages import RawMessage
from lianxi.courier import outgoing
from lianxi.runtime.clock import FixedClock
from services.notify.domain.deliveries import Fate, Result
from services.notify.handlers import send_waiting
from services.notify.handlers.offices import Reached
from tests.support.builders import NUMBER, TOWNSHIP
from tests.unit.notify.post_room import NOW, FakeNames, a_contact


class People:
    """Intake; nobody is known until they are added."""

    def __init__(self):
        self.known = {}

    def reach(self, case_no):
        return self.known.get(case_no, Result(Fate.LATER, "petitioner-unknown"))


class NotifyOffice:
    """A service with its parts, and short ways to speak to it."""

    def __init__(self, service, parts, database):
        self.service = service
        self.database = database
        self.people = People()
        self.wall = FixedClock(NOW)
        self.post = replace(parts.post, directory=self.people, wall=self.wall)
        self.desk = replace(parts.desk, office=replace(parts.desk.office, names=FakeNames()))
        self.open_work = parts.open_work
        service._post, service._desk = self.post, self.desk
        door = next(door for _, door in doors_of(service) if isinstance(door, BatchDoor))
        self._consumer = BatchConsumer(service, "messages", door)
        self._answerer = Answerer(service)

    def receive(self, *messages, node=TOWNSHIP):
        """Let messages come in from the bus, in one batch; return the raw ones, so that they can come again."""
        raws = [raw_of(message, number, node) for number, message in enumerate(messages, start=1)]
        self.receive_raw(raws)
        return raws

    def receive_raw(self, raws):
        assert self._consumer.handle(raws) == []

    def expect_mail(self, count=1, email="someone@example.org"):
        """Let contacts be registered whose petitioners can be reached; return their numbers."""
        numbers = [f"{NUMBER[:-5]}{number:05d}" for number in range(1, count + 1)]
        self.receive(*(a_contact(number) for number in numbers))
        self.people.known |= {
            number: Reached(email=email if count == 1 else f"p{number[-5:]}@example.org", query_code="ABCDE-FGHJK")
            for number in numbers
        }
        return numbers

    def expect_people(self, count=1, **reached):
        """Let contacts be registered whose petitioners can be reached as named; `{}` takes their number."""
        numbers = self.expect_mail(count)
        self.people.known |= {
            number: Reached(query_code="ABCDE-FGHJK", **{way: where.format(place) for way, where in reached.items()})
            for place, number in enumerate(numbers)
        }
        return numbers

    def send(self, *, after=0):
        """Let so many seconds go by and send what is due."""
        self.wall.advance(seconds=after)
        return send_waiting(self.open_work, self.desk, self.post)

    def call(self, method, /, **body):
        return self._answerer.answer(method, body)

    def refuse(self, method, /, **body):
        """Ask for what is refused; return the problem."""
        with pytest.raises(CallProblem) as refusal:
            self._answerer.answer(method, body)
        return refusal.value.problem

    def states(self):
        """State, attempts and reason of every mail, in order."""
        return self.database.query(
            "SELECT state, attempts, reason FROM notify.delivery WHERE channel = 'mail' ORDER BY position"
        )


def raw_of(message, tag, node=TOWNSHIP):
    """A message as the bus delivers it."""
    sent = outgoing(message, node=node, service="routing", time=NOW)
    return RawMessage(sent.body, sent.headers, sent.id, sent.type, sent.exchange, sent.routing_key, tag)
