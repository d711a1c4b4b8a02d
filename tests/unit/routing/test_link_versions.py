"""Nodes of two versions on one link: a child upgraded before its parent, and the reverse."""

import json
from dataclasses import replace

import pytest

from services.routing.storage.link_codec import EnvelopeCodec
from tests.unit.routing.link_world import CITY, DISTRICT, TOWN, MemoryNode, World

FIRST, SECOND = "63010400120260302W00001", "63010400120260302W00002"
NEWER_TYPE = "lianxi.case-explained.v1"


class Newer(EnvelopeCodec):
    """A version after ours: its messages have a field and an attribute that we do not know."""

    def encode(self, message, **about):
        envelope = json.loads(super().encode(message, **about))
        envelope |= {"schemaversion": "1.7", "mood": "unheard of"}
        envelope["data"]["something_new"] = {"of": "the next version"}
        return json.dumps(envelope)


class WithANewType(EnvelopeCodec):
    """A version after ours that has a message of its own; for this test it means what ours means."""

    def encode(self, message, **about):
        envelope = json.loads(super().encode(message, **about))
        return json.dumps(envelope | {"type": NEWER_TYPE} if message.events == ("new",) else envelope)

    def decode(self, text):
        envelope = json.loads(text)
        return super().decode(json.dumps(envelope | {"type": "lianxi.case-reported.v1"}))


@pytest.fixture
def world():
    world = World(MemoryNode)
    world.settle()
    for node in (world.city, world.district, world.town):
        speaks(node, EnvelopeCodec)
    return world


def speaks(node, codec):
    node.end = replace(node.end, codec=codec(node.code))


@pytest.mark.parametrize(("upgraded", "to"), [(TOWN, CITY), (CITY, TOWN), (DISTRICT, CITY), (DISTRICT, TOWN)])
def test_what_an_older_version_does_not_know_passes_through_it_and_is_left_alone(world, upgraded, to):
    sender = {TOWN: world.town, CITY: world.city, DISTRICT: world.district}[upgraded]
    speaks(sender, Newer)

    sender.send(to, FIRST, "1")
    if upgraded != DISTRICT:
        world.carry(upgraded, DISTRICT)
    leaving = b"".join(bytes(message.body) for message in world.road(DISTRICT, to))
    world.settle()

    receiver = {TOWN: world.town, CITY: world.city}[to]
    assert receiver.from_(upgraded) == [(FIRST, "1")]
    assert b"the next version" in leaving, "what a node hands on is what it got"
    assert receiver.seen.failures == []


def test_an_unknown_message_waits_with_its_case_until_the_upgrade_and_the_others_go_on(world):
    speaks(world.town, WithANewType)

    world.town.send(DISTRICT, FIRST, "1")
    world.town.send(DISTRICT, FIRST, "new")
    world.town.send(DISTRICT, FIRST, "3")
    world.town.send(DISTRICT, SECOND, "1")
    world.settle()
    before = world.district.from_(TOWN)
    speaks(world.district, WithANewType)
    world.time.pass_(days=1)
    world.district.retry()

    assert before == [(FIRST, "1"), (SECOND, "1")]
    assert world.district.seen.failures[0] == (TOWN, "unknown-message")
    assert world.district.from_(TOWN) == [(FIRST, "1"), (SECOND, "1"), (FIRST, "new"), (FIRST, "3")]
    assert world.town.stands(DISTRICT)["acked"] == 4
