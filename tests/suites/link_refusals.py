"""What a node does not let in from a neighbour, whatever the neighbour claims, and that nothing good is held up by it.

Written once and held against nodes in memory and nodes in PostgreSQL; the fixture `world` says which.
"""

import json
from dataclasses import replace

import pytest

from tests.unit.routing.link_store import Delivery
from tests.unit.routing.link_world import CITY, DISTRICT, TOWN, numbers, repeated, sent


def changed(delivery, **fields):
    body = json.dumps(json.loads(delivery.body) | fields).encode()
    return replace(delivery, body=body)


STRANGE = [
    ("origin", {"origin": CITY, "path": [CITY, TOWN]}),
    ("origin", {"origin": "630105", "path": ["630105", TOWN]}),
    ("origin", {"origin": "x", "path": ["x", TOWN]}),
    ("destination", {"dest": "nowhere"}),
    ("loop", {"path": [DISTRICT, TOWN]}),
    ("path", {"path": [TOWN, "630104002"]}),
    ("path", {"path": []}),
    ("hops", {"path": ["1", "2", "3", "4", TOWN]}),
    ("unknown-kind", {"kind": "shell"}),
    ("signature", {"sig": "forged"}),
    ("undecodable", {"message": 5}),
    ("undecodable", {"type": "a.b"}),
    ("undecodable", {"case_id": "A\u0000"}),
]


class LinkRefusals:
    """Inherit it and give it a fixture `world`: three nodes, settled."""

    def test_what_is_for_no_node_of_the_city_is_refused_at_its_top(self, world):
        world.town.send("450000", "A", "1")
        world.settle()

        assert world.city.refused() == ["destination"]
        assert world.district.refused() == []

    @pytest.mark.parametrize(("reason", "fields"), STRANGE)
    def test_a_frame_that_may_not_be_let_in_is_refused_and_the_next_goes_on(self, world, reason, fields):
        sent(world, 2)
        road = world.road(TOWN, DISTRICT)
        road[0] = changed(road[0], **fields)

        world.settle(rounds=8)

        assert numbers(world.district) == [2]
        assert world.district.refused() == [reason]
        assert world.district.seen.refusals == [(TOWN, reason)]
        assert repeated(world) == 0

    def test_a_frame_with_copies_in_its_headers_is_refused(self, world):
        sent(world, 2)
        road = world.road(TOWN, DISTRICT)
        road[0] = replace(road[0], headers={"CC": ["630105.case.forged"]})

        world.settle(rounds=8)

        assert numbers(world.district) == [2]
        assert world.district.seen.refusals == [(TOWN, "copied")]

    @pytest.mark.parametrize(
        ("reason", "change"),
        [
            ("peer", lambda d: replace(d, routing_key="630104002.custody.case-reported")),
            ("peer", lambda d: changed(d, link=f"630104002>{DISTRICT}")),
            ("peer", lambda d: changed(d, link=f"{TOWN}>{CITY}")),
            ("peer", lambda d: changed(d, **{"from": "630104002"})),
            (
                "peer",
                lambda d: replace(
                    changed(d, link=f"630104009>{DISTRICT}", **{"from": "630104009"}), routing_key="630104009.x"
                ),
            ),
            ("version", lambda d: changed(d, v=2)),
            ("undecodable", lambda d: replace(d, body=b"\xff\x00")),
            ("undecodable", lambda d: replace(d, body=b"[" * 100_000)),
            ("undecodable", lambda d: replace(d, body=b"[]")),
            ("undecodable", lambda d: changed(d, link_seq="1")),
            ("undecodable", lambda d: changed(d, link_seq=True)),
            ("undecodable", lambda d: changed(d, epoch="\ud800")),
            ("undecodable", lambda d: changed(d, id="i" * 65)),
        ],
    )
    def test_a_body_that_no_peer_can_be_held_to_is_refused_and_takes_no_number(self, world, reason, change):
        sent(world, 2)
        road = world.road(TOWN, DISTRICT)
        road.insert(0, change(road[0]))

        world.settle(rounds=8)

        assert numbers(world.district) == [1, 2]
        assert world.district.refused() == [reason]

    def test_a_child_that_uses_anothers_code_is_refused(self, world):
        world.city.send(DISTRICT, "A", "1")
        forged = changed(world.road(CITY, DISTRICT)[0], link=f"630105>{CITY}", **{"from": "630105", "to": CITY})

        world.city.receive([replace(forged, routing_key="630105.custody.case-reported")])

        assert world.city.delivered() == []
        assert world.city.seen.refusals == [("", "peer")]

    def test_a_frame_that_is_too_large_uses_up_its_number_by_its_headers(self, world):
        sent(world, 2)
        road = world.road(TOWN, DISTRICT)
        frame = json.loads(road[0].body)
        headers = {"link": frame["link"], "link-id": frame["id"], "epoch": frame["epoch"]}
        headers |= {"link-seq": "1", "link-chain": frame["chain"]}
        road[0] = Delivery(b"x" * 1_048_577, headers, road[0].routing_key, "large")

        world.settle(rounds=8)

        assert numbers(world.district) == [2]
        assert world.district.seen.refusals == [(TOWN, "oversize")]

    def test_a_large_body_without_a_place_in_its_headers_is_refused_alone(self, world):
        sent(world, 1)
        road = world.road(TOWN, DISTRICT)
        road.insert(0, Delivery(b"x" * 1_048_577, {"link": f"{TOWN}>{DISTRICT}"}, road[0].routing_key, "large"))

        world.settle(rounds=8)

        assert numbers(world.district) == [1]
        assert world.district.seen.refusals == [("", "oversize")]
