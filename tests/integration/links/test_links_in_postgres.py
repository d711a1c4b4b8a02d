"""The ends of links, with databases as they are in earnest."""

import pytest

from services.routing.handlers import links
from tests.integration.links.sql_node import SqlNode
from tests.suites.link_behaviour import LinkBehaviour
from tests.suites.link_refusals import LinkRefusals
from tests.unit.routing.link_world import World, numbers, sent

pytestmark = [pytest.mark.database, pytest.mark.timeout(300)]


class TestLinksInPostgres(LinkBehaviour, LinkRefusals):
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

    def test_what_is_acked_and_older_than_the_backup_horizon_is_deleted(self, world):
        sent(world, 3)
        world.settle()
        world.time.pass_(days=31)
        sent(world, 2, first=4)
        unacked = "SELECT link_seq FROM routing.link_outbox ORDER BY link_seq"

        with world.town.work() as work:
            links.prune(work, world.town.end)
        with world.district.work() as work:
            links.prune(work, world.district.end)

        assert [row.link_seq for row in world.town.run(unacked)] == [4, 5]
        assert world.district.run("SELECT FROM routing.link_inbox") == []
        world.settle()
        assert numbers(world.district) == [1, 2, 3, 4, 5]

    def test_what_is_old_but_not_acked_is_kept(self, world):
        sent(world, 3)
        world.time.pass_(days=400)

        with world.town.work() as work:
            assert links.prune(work, world.town.end) == 0

        world.settle()
        assert numbers(world.district) == [1, 2, 3]
