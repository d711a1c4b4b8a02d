"""Routing tells the holder of a case how its petitioner wants to be told."""

from datetime import UTC, datetime

from lianxi.casework.messages.notices import NoticeChoiceArrived, NoticeChosen
from services.routing.handlers import choices
from tests.support.builders import CITY, NUMBER, TOWNSHIP
from tests.unit.routing.network_of_nodes import Network

CHOSEN = NoticeChosen(
    case_no=NUMBER,
    channels=("letter", "mail"),
    language="bo",
    electronic=True,
    chosen_by="petitioner",
    chosen_at=datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
)


def arrived(node):
    return [told for told in node.told if isinstance(told, NoticeChoiceArrived)]


def test_what_was_chosen_where_it_was_filed_reaches_the_street_that_has_the_case():
    network = Network().at_the_street()

    choices.pass_on(network.city, [CHOSEN], network.city.here)
    network.run()

    [told] = arrived(network.township)
    assert (told.channels, told.language, told.electronic) == (CHOSEN.channels, "bo", True)
    assert told.chosen_at == CHOSEN.chosen_at
    assert arrived(network.city) == arrived(network.district) == []


def test_the_holder_itself_and_a_case_nobody_knows_are_told_of_to_nobody():
    network = Network().at_the_street()

    choices.pass_on(network.township, [CHOSEN], network.township.here)
    choices.pass_on(Network().city, [CHOSEN], network.city.here)

    assert [arrived(node) for node in network.nodes.values()] == [[], [], []]
    assert {CITY, TOWNSHIP} <= set(network.nodes)
