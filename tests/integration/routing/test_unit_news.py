"""A change of an organ reaches the nodes above and below over the links, once, and only its own node may make it."""

from datetime import timedelta

import pytest

from lianxi.bus.messages import RawMessage
from lianxi.casework.errors import Forbidden
from lianxi.casework.messages.custody import ToldChange, UnitsChanged
from lianxi.casework.messages.facts import Actor, Role
from services.routing.domain.unit_changes import AskedChange
from services.routing.handlers import delivery, link_receiving, unit_news, units
from services.routing.settings import Settings
from services.routing.wiring import build
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP

pytestmark = pytest.mark.database
NEW = f"{TOWNSHIP}.park-office"


@pytest.fixture
def nodes(street, node_database, tmp_path):
    """The parts of a street, its district and the city, with their databases."""
    found = {TOWNSHIP: (street.parts, street.database)}
    for code in (DISTRICT, CITY):
        home = tmp_path / code
        home.mkdir()
        database = node_database(code, services=("routing",))
        environment = street.environment | database.environment(home) | {"LIANXI_NODE": code}
        found[code] = (build(Settings.from_environment(environment)), database)
    yield found
    for code in (DISTRICT, CITY):
        found[code][0].close()


def change(nodes, node, unit, **facts):
    parts, _ = nodes[node]
    asked = AskedChange(
        unit=unit,
        valid_from=parts.here.clock.today(),
        valid_to=None,
        facts=facts,
        reason="机构改革",
        actor=Actor(person="li", role=Role.DEPARTMENT_LEADER, unit="", node=node),
    )
    with parts.open_work() as work:
        units.change_unit(parts.rulebook.seed, work.unit_changes, asked, parts.here)


def tell(nodes, node):
    parts, _ = nodes[node]
    with parts.open_work() as work:
        return unit_news.tell(work, parts.end)


def carry(nodes, sender, receiver):
    """Carry what a node wrote for a neighbour to it, as the broker would."""
    parts, _ = nodes[receiver]
    up = (sender, receiver) in {(TOWNSHIP, DISTRICT), (DISTRICT, CITY)}
    road = ("link.out.up", f"{sender}.%") if up else ("link.out.down", f"{receiver}.%")
    rows = nodes[sender][1].query(
        "SELECT routing_key, body, headers FROM routing.outbox WHERE exchange = %s AND routing_key LIKE %s"
        " ORDER BY position",
        *road,
    )
    raws = [RawMessage(body=bytes(body), routing_key=key, headers=headers) for key, body, headers in rows]
    with parts.open_work() as work:
        link_receiving.receive(work, parts.end, raws)
    assert nodes[receiver][1].query("SELECT code FROM routing.link_quarantine") == []
    assert nodes[receiver][1].query("SELECT reason FROM routing.link_refused") == []


def organs(nodes, node):
    parts, _ = nodes[node]
    parts.rulebook.look_again()
    return {unit.code: unit for unit in parts.rulebook.current().directory.units_of(TOWNSHIP)}


def test_a_new_organ_of_a_street_and_a_closed_one_are_known_to_district_and_city(nodes):
    change(nodes, TOWNSHIP, NEW, name="西关大街园区办", competence=["城乡建设/工程质量"], leader_on_record="马主任")
    change(nodes, TOWNSHIP, OFFICE, hours="周一至周六")

    assert tell(nodes, TOWNSHIP) == 2
    carry(nodes, TOWNSHIP, DISTRICT)
    assert tell(nodes, DISTRICT) >= 2  # to the city and to the other streets; the one it came from is not told again
    carry(nodes, DISTRICT, CITY)

    for node in (DISTRICT, CITY):
        known = organs(nodes, node)
        assert (known[NEW].name, known[NEW].leader_on_record) == ("西关大街园区办", "马主任")
        assert known[OFFICE].hours == "周一至周六"
        assert nodes[node][0].here.organs(TOWNSHIP) >= {NEW, OFFICE}
    parts, _ = nodes[CITY]
    with parts.open_work() as work:
        [told] = units.unit_history(parts.rulebook.seed.directory, work.unit_changes, NEW)["rows"]
    assert (told["reason"], told["recorded_by"]) == ("机构改革", "li")
    bodies = nodes[TOWNSHIP][1].query("SELECT body FROM routing.outbox")
    assert not [body for (body,) in bodies if "马主任" in bytes(body).decode()]


def test_what_was_told_is_not_told_again_and_what_comes_twice_is_kept_once(nodes):
    change(nodes, TOWNSHIP, OFFICE, hours="全天")
    assert tell(nodes, TOWNSHIP) == 1
    assert tell(nodes, TOWNSHIP) == 0
    nodes[TOWNSHIP][1].query("DELETE FROM routing.unit_change_told")
    assert tell(nodes, TOWNSHIP) == 1

    carry(nodes, TOWNSHIP, DISTRICT)

    assert nodes[DISTRICT][1].query("SELECT unit, came_from FROM routing.unit_change") == [(OFFICE, TOWNSHIP)]


def test_a_change_from_above_comes_down_and_not_back_up(nodes):
    change(nodes, CITY, f"{CITY}.housing", hours="全天")

    tell(nodes, CITY)
    carry(nodes, CITY, DISTRICT)
    tell(nodes, DISTRICT)
    carry(nodes, DISTRICT, TOWNSHIP)

    parts, database = nodes[TOWNSHIP]
    parts.rulebook.look_again()
    bureau = {unit.code: unit for unit in parts.rulebook.current().directory.units_of(CITY)}[f"{CITY}.housing"]
    assert bureau.hours == "全天"
    assert database.query("SELECT came_from FROM routing.unit_change") == [(DISTRICT,)]
    assert tell(nodes, TOWNSHIP) == 0


@pytest.mark.parametrize(("origin", "unit"), [(TOWNSHIP, f"{DISTRICT}.housing"), (CITY, f"{DISTRICT}.housing")])
def test_nobody_changes_the_organs_of_another_node(nodes, origin, unit):
    parts, _ = nodes[DISTRICT]
    now = parts.here.clock.now()
    told = ToldChange(
        uid="u-1",
        unit=unit,
        valid_from=(now - timedelta(days=1)).date(),
        valid_to=None,
        recorded_at=now,
        content_sealed="",
    )

    with parts.open_work() as work, pytest.raises(Forbidden):
        delivery.deliver(work, origin, UnitsChanged(from_node=origin, to_node=DISTRICT, changes=(told,)), parts.here)
