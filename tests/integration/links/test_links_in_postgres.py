"""The ends of links, with databases as they are in earnest."""

import pytest

from tests.integration.links.sql_node import SqlNode
from tests.suites.link_behaviour import LinkBehaviour
from tests.unit.routing.link_world import World

pytestmark = [pytest.mark.database, pytest.mark.timeout(120)]


class TestLinksInPostgres(LinkBehaviour):
    @pytest.fixture
    def world(self, node_database):
        made = []

        def make(code, children, time):
            made.append(SqlNode(code, children, time, node_database(code, services=("routing",))))
            return made[-1]

        world = World(make, step=8)
        world.settle()
        yield world
        for node in made:
            node.engine.dispose()
