"""A mail that a timer sends minutes later belongs to the trace of the message it follows from."""

from dataclasses import replace

import pytest

from lianxi.runtime import tracing
from services.notify.handlers.offices import Reached
from tests.integration.notify.office import raw_of
from tests.support.builders import NUMBER
from tests.unit.notify.post_room import a_contact

pytestmark = pytest.mark.database
TRACES = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7a3ce929d0e0e4736")
NUMBERS = tuple(f"{NUMBER[:-5]}{number:05d}" for number in (1, 2))


class Watched:
    """Intake, noting to which trace each question belongs."""

    def __init__(self):
        self.asked = {}

    def reach(self, case_no):
        self.asked[case_no] = tracing.current().trace_id
        return Reached(email="someone@example.org", query_code="ABCDE-FGHJK")


@pytest.fixture
def office(an_office, mail_server):
    made = an_office(mail_server)
    made.post = made.service._post = replace(made.post, directory=Watched())
    return made


def arrived(number, trace, tag):
    with tracing.working(f"00-{trace}-00f067aa0ba902b7-01"):
        return raw_of(a_contact(number), tag)


def test_each_mail_goes_on_with_the_trace_of_its_petition(office, mail_server):
    office.receive_raw(
        [arrived(number, trace, tag) for tag, (number, trace) in enumerate(zip(NUMBERS, TRACES, strict=True), 1)]
    )

    with tracing.working() as timer:
        sent = office.send()
        assert tracing.current() == timer, "the timer's own trace is back"

    assert sent == len(mail_server.letters) == 2
    assert office.post.directory.asked == dict(zip(NUMBERS, TRACES, strict=True))


def test_a_mail_that_follows_from_no_trace_gets_one_when_it_is_sent(office):
    office.receive(a_contact())
    office.send()

    (trace,) = office.post.directory.asked.values()
    assert len(trace) == 32
    assert trace not in TRACES
