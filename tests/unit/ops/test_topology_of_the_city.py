"""The topology file of Xining, and how a node's broker follows from it."""

import csv
from datetime import date
from pathlib import Path

import pytest

from lianxi.ops.rendering import Address, LinkSettings, definitions
from lianxi.ops.topology import Change, City, TopologyWrong, load, note_change, read_changes, standing_of

ROOT = Path(__file__).resolve().parents[3]
CITY, DISTRICT, STREET, TOWNSHIP = "630100", "630104", "630104001", "630106200"


@pytest.fixture(scope="module")
def xining() -> City:
    return load()


def render(city, code, **given):
    place = {"own": Address(port=1), "parent": Address(port=2), "password": lambda user: f"of-{user}", **given}
    return definitions(city, code, **place)


def test_it_holds_the_city_seven_districts_and_seventy_six_townships(xining):
    levels = [node.level for node in xining]

    assert len(levels) == 84
    assert levels.count("city") == 1
    assert levels.count("district") + levels.count("county") == 7
    assert levels.count("subdistrict") + levels.count("town") + levels.count("township") == 76


def test_it_agrees_with_the_table_of_divisions(xining):
    with (ROOT / "deploy/xining/divisions.csv").open(encoding="utf-8") as file:
        rows = {row["code"]: row for row in csv.DictReader(file) if row["level"] != "zone"}

    assert {node.code: (node.name, node.level) for node in xining} == {
        code: (row["name"], row["level"]) for code, row in rows.items()
    }
    assert all(node.parent in {rows[node.code]["parent_code"], None} for node in xining)


def test_parents_come_before_children(xining):
    order = [node.code for node in xining]

    assert all(node.parent is None or order.index(node.parent) < order.index(node.code) for node in xining)


def test_a_township_without_a_broker_lives_on_its_parents(xining):
    assert xining.broker_of(TOWNSHIP) == "630106"
    assert xining.broker_of(STREET) == STREET


def test_nodes_that_are_not_linked_cannot_be_brought_up_together(xining):
    with pytest.raises(TopologyWrong, match="add the nodes between"):
        xining.select([CITY, STREET])
    with pytest.raises(TopologyWrong, match="no node 630199"):
        xining.select(["630199"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"630104": {name: x, level: village, parent: "630100", broker: own}', "level 'village'"),
        ('"630104": {name: x, level: district, parent: "630100", broker: none}', "broker 'none'"),
        ('"630104": {name: x, level: district, parent: "630199", broker: own}', "parent 630199"),
        ('"630104": {name: x, level: town, parent: "630100", broker: own}', "cannot be a child"),
        ('"620104": {name: x, level: district, parent: "630100", broker: own}', "cannot be a child"),
        ('"630104": {name: x, level: district, broker: own}', "exactly one"),
        ('"630104": {level: district, parent: "630100", broker: own}', "name"),
        ('"620100": {name: x, level: city, broker: vhost}', "no parent"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, line, reason):
    file = tmp_path / "topology.yaml"
    file.write_text(f'nodes:\n  "630100": {{name: city, level: city, broker: own}}\n  {line}\n', encoding="utf-8")

    with pytest.raises(TopologyWrong, match=reason):
        load(file)


def test_a_parent_gives_each_child_a_queue_and_no_more_rights_than_it_needs(xining):
    rendered = render(xining.select([CITY, DISTRICT, STREET]), CITY, parent=None)

    assert {
        "user": DISTRICT,
        "vhost": CITY,
        "configure": "^$",
        "write": "^(up|tele)$",
        "read": rf"^down\.{DISTRICT}$",
    } in (rendered["permissions"])
    assert rendered["topic_permissions"] == [
        {"user": DISTRICT, "vhost": CITY, "exchange": exchange, "write": rf"^{DISTRICT}\.", "read": "^$"}
        for exchange in ("up", "tele")
    ]
    assert f"down.{DISTRICT}" in {queue["name"] for queue in rendered["queues"]}
    assert rendered["parameters"] == []


def test_a_child_has_both_shovels_and_they_keep_the_routing_key(xining):
    up, down, tele = render(xining, DISTRICT)["parameters"]

    assert (up["value"]["src-queue"], up["value"]["dest-exchange"]) == ("up.out", "up")
    assert (down["value"]["src-queue"], down["value"]["dest-exchange"]) == (f"down.{DISTRICT}", "down")
    assert (tele["value"]["src-queue"], tele["value"]["dest-exchange"]) == ("up.tele", "tele")
    for shovel in (up, down, tele):
        assert shovel["vhost"] == DISTRICT
        assert shovel["value"]["ack-mode"] == "on-confirm"
        assert not {"dest-exchange-key", "dest-queue"} & set(shovel["value"])


def test_the_local_end_of_down_is_a_tcp_address_so_that_alarms_hold_it_back(xining):
    _, down, _ = render(xining, DISTRICT)["parameters"]

    assert down["value"]["dest-uri"].startswith(f"amqp://link-local-{DISTRICT}:of-link-local-{DISTRICT}@127.0.0.1:1/")
    assert "heartbeat=10" in down["value"]["dest-uri"]
    assert "heartbeat=10" in down["value"]["src-uri"]


def test_link_settings_and_a_parent_that_speaks_tls_are_parameters(xining):
    parent = Address("city.example", 5671, "amqps", {"verify": "verify_peer"}, password_login=False)

    up, *_ = render(xining, DISTRICT, parent=parent, link=LinkSettings(prefetch=30, reconnect_seconds=1))["parameters"]

    assert up["value"]["dest-uri"].startswith(f"amqps://city.example:5671/{CITY}?verify=verify_peer&heartbeat=")
    assert (up["value"]["src-prefetch-count"], up["value"]["reconnect-delay"]) == (30, 1)


def test_no_link_queue_has_a_limit_and_what_a_shovel_fills_has_an_alternate_exchange(xining):
    rendered = render(xining, DISTRICT)

    limits = {"x-max-length", "x-max-length-bytes", "x-overflow", "x-message-ttl", "x-expires"}
    forgetful = {queue["name"] for queue in rendered["queues"] if limits & set(queue["arguments"])}
    assert forgetful == {"up.tele", "inbox.tele", "dead.agency"}, (
        "telemetry may be lost, and what the node keeps for agencies anyway; a case never"
    )
    filled = {each["name"]: each["arguments"] for each in rendered["exchanges"] if each["name"] in {"up", "down"}}
    assert filled == {name: {"alternate-exchange": "unrouted"} for name in ("up", "down")}


def test_exactly_one_queue_is_bound_to_what_the_children_publish_to(xining):
    bound = [each["destination"] for each in render(xining, DISTRICT)["bindings"] if each["source"] == "up"]

    assert bound == ["inbox.up"]


def test_rendering_is_repeatable_and_shows_no_password_of_a_user(xining):
    first, second = render(xining, DISTRICT), render(xining, DISTRICT)

    assert first == second
    assert all("of-" not in str(user) for user in first["users"])


def test_every_node_of_the_city_can_be_rendered(xining):
    for node in xining:
        rendered = render(xining, node.code)
        assert len(rendered["parameters"]) == (3 if node.parent else 0)
        assert len(rendered["topic_permissions"]) == 2 * len(xining.children_of(node.code))


def test_what_joins_and_leaves_stands_beside_the_topology_and_is_read_with_it(tmp_path):
    changes = tmp_path / "topology.changes.yaml"
    joined = Change(on=date(2026, 3, 2), node="630104002", standing="joined", broker="vhost")

    assert note_change(changes, joined)
    assert not note_change(changes, joined), "said already"

    assert load(changes=changes).node("630104002").broker == "vhost"
    assert load().node("630104002").broker == "own"
    assert standing_of(changes, "630104002") == ("joined", "vhost")


def test_the_last_change_of_a_node_counts(tmp_path):
    changes = tmp_path / "topology.changes.yaml"
    for standing in ("joined", "left"):
        note_change(changes, Change(on=date(2026, 3, 2), node="630104002", standing=standing, broker="own"))

    assert standing_of(changes, "630104002") == ("left", "own")
    assert "630104002" not in {node.code for node in load(changes=changes).children_of("630104")}
    assert len(read_changes(changes)) == 2


@pytest.mark.parametrize(
    "content", ["- {node: '630104002'}", "- 3", "{", '- {date: 1, node: "9", standing: x, broker: own}']
)
def test_changes_that_say_nothing_useful_are_refused_in_one_line(tmp_path, content):
    changes = tmp_path / "topology.changes.yaml"
    changes.write_text(content, encoding="utf-8")

    with pytest.raises(TopologyWrong):
        load(changes=changes)
