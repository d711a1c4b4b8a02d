"""Routing tells the holder of a case how its petitioner wants to be told."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest

from lianxi.casework.errors import Forbidden
from lianxi.casework.messages.custody import NoticeChoiceSent
from lianxi.casework.messages.materials import MaterialsSent
from lianxi.casework.messages.notices import NoticeChoice, NoticeChoiceArrived, NoticeChosen
from services.routing.handlers import choices
from services.routing.handlers.delivery import deliver
from tests.support.builders import CITY, DISTRICT, NUMBER, TOWNSHIP
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


def sent(from_node, to_node):
    told = {field.name: getattr(CHOSEN, field.name) for field in fields(NoticeChoice)}
    return NoticeChoiceSent(**told, from_node=from_node, to_node=to_node)


ANOTHER_STREET = "630104002"


@pytest.mark.parametrize(
    ("origin", "named", "at"),
    [
        (ANOTHER_STREET, ANOTHER_STREET, DISTRICT),  # it never had the case
        (ANOTHER_STREET, TOWNSHIP, DISTRICT),  # it speaks for one that had
        (ANOTHER_STREET, CITY, TOWNSHIP),
    ],
)
def test_nobody_changes_how_a_petitioner_is_told_but_who_had_the_case_or_lies_above(origin, named, at):
    network = Network().at_the_street()
    node = network.nodes[at]

    with pytest.raises(Forbidden, match="节点"):
        deliver(node, origin, sent(named, at), node.here)

    assert arrived(node) == []


def test_a_node_above_has_its_say_although_it_never_had_the_case():
    network = Network()

    deliver(network.township, CITY, sent(CITY, TOWNSHIP), network.township.here)

    assert len(arrived(network.township)) == 1


def test_files_are_not_fetched_from_a_node_for_which_another_speaks():
    district = Network().at_the_street().district

    with pytest.raises(Forbidden, match="来源"):
        deliver(
            district,
            ANOTHER_STREET,
            MaterialsSent(case_no=NUMBER, from_node=TOWNSHIP, to_node=DISTRICT, materials=()),
            district.here,
        )
