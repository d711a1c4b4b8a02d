"""A node that left and joins again is told so by its parent, once, as soon as it is heard."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest

from lianxi.casework.identifiers import DivisionCode
from lianxi.runtime.clock import SHANGHAI
from services.routing.domain.link_protocol import Inbound
from services.routing.domain.members import Member, Standing
from services.routing.handlers import members

STREET, OTHER = "630104001", "630104002"
EARLIER = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
LATER = EARLIER + timedelta(seconds=30)


def member(standing, node=STREET):
    return Member(node=node, parent="630104", standing=standing, since=date(2026, 3, 2))


class District:
    """The district with its book, and what it says to whom."""

    def __init__(self, monkeypatch):
        self.book, self.heard, self.said = [], {}, []
        self.greetings = members.Greetings()
        self.end = SimpleNamespace(node=DivisionCode("630104"), children={STREET})
        monkeypatch.setattr(members, "send", lambda _work, _end, to, told: self.said.append((to, told.standing)))

    def look(self):
        inbounds = {node: Inbound(peer=node, heard_at=at) for node, at in self.heard.items()}
        work = SimpleNamespace(
            members=SimpleNamespace(all=lambda: self.book), link_book=SimpleNamespace(inbounds=lambda: inbounds)
        )
        self.greetings.told |= members.greet(work, self.end, self.greetings)


@pytest.fixture
def district(monkeypatch):
    return District(monkeypatch)


def test_who_came_back_is_told_when_it_is_heard_and_only_once(district):
    district.book = [member(Standing.LEFT), member(Standing.JOINED)]
    district.heard = {STREET: EARLIER}
    district.look()
    assert district.said == [], "what was heard before it left is no sign of life"

    district.heard = {STREET: LATER}
    district.look()
    district.look()
    assert district.said == [(STREET, "joined")]


def test_who_was_never_heard_is_told_when_it_is(district):
    district.book = [member(Standing.JOINED)]
    district.look()
    district.heard = {STREET: EARLIER}
    district.look()

    assert district.said == [(STREET, "joined")]


def test_who_leaves_and_comes_back_on_the_same_day_is_told_again(district):
    district.book = [member(Standing.JOINED)]
    district.look()
    district.heard = {STREET: EARLIER}
    district.look()
    district.book += [member(Standing.LEAVING), member(Standing.LEFT), member(Standing.JOINED)]
    district.look()
    district.heard = {STREET: LATER}
    district.look()

    assert district.said == [(STREET, "joined")] * 2


@pytest.mark.parametrize(
    "book",
    [
        [],
        [member(Standing.JOINED), member(Standing.LEAVING)],
        [member(Standing.LEFT)],
        [member(Standing.JOINED, OTHER)],
    ],
)
def test_who_is_leaving_has_left_or_is_no_child_is_told_nothing(district, book):
    district.book = book
    district.look()
    district.heard = {STREET: LATER, OTHER: LATER}
    district.look()

    assert district.said == []
