"""Who of the agencies waits for a hand, in which order, and how many hands may go to doubtful ones."""

from datetime import timedelta

from services.notify.domain.agencies import Agency, AgencyState, Grant
from services.notify.handlers.turns import Ended, Turn, Turns
from tests.unit.notify.post_room import NOW


def turn(name, failures=0):
    agency = Agency(grant=Grant(name=name), state=AgencyState.ACTIVE, failures=failures)
    return Turn(agency, "lease", NOW + timedelta(minutes=2), ())


def test_turns_come_in_their_order_the_doubtful_before_the_others():
    turns = Turns(doubtful=2)
    waiting = [turn("a"), turn("b"), turn("c", failures=1)]
    turns.add(waiting)

    assert [turns.take() for _ in range(4)] == [waiting[2], waiting[0], waiting[1], None]


def test_a_doubtful_agency_takes_room_until_its_turn_has_ended():
    turns, doubtful = Turns(doubtful=2), turn("c", failures=3)
    turns.add([doubtful, turn("a")])
    waiting = turns.room
    turns.take()
    served = turns.room
    turns.end(doubtful, None)

    assert (waiting, served, turns.room) == (1, 1, 2)


def test_what_has_ended_is_asked_for_once_unless_it_could_not_be_written_down():
    turns, one, other = Turns(doubtful=2), turn("a"), turn("b")
    turns.end(one, one.agency)
    first = turns.all_ended()
    turns.end(other, other.agency)
    turns.not_written(first)

    assert turns.something_ended
    assert turns.all_ended() == [Ended(one.agency, "lease"), Ended(other.agency, "lease")]
    assert not turns.something_ended


def test_a_turn_that_came_to_nothing_leaves_nothing_to_write_down():
    turns = Turns(doubtful=2)
    turns.end(turn("a"), None)

    assert turns.all_ended() == []
