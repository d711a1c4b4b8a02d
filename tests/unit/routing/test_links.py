"""The ends of links, with databases in memory."""

import pytest

from tests.suites.link_behaviour import LinkBehaviour
from tests.suites.link_refusals import LinkRefusals
from tests.unit.routing.link_world import World


class TestLinksInMemory(LinkBehaviour, LinkRefusals):
    @pytest.fixture
    def world(self):
        world = World()
        world.settle()
        return world
