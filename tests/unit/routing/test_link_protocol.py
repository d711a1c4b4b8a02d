"""Whatever the roads between nodes do, every message is applied once, and each origin's in the order it was sent."""

import copy
import itertools

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.unit.routing.link_world import CITY, DISTRICT, TOWN, World

ROADS = [(CITY, DISTRICT), (DISTRICT, CITY), (DISTRICT, TOWN), (TOWN, DISTRICT)]
CODES = [CITY, DISTRICT, TOWN]
roads = st.sampled_from(ROADS)
codes = st.sampled_from(CODES)
CALM = settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def in_order(wanted, found):
    rest = iter(found)
    return all(item in rest for item in wanted)


class BadRoads(RuleBasedStateMachine):
    """Roads lose, repeat, reorder; brokers are wiped; transactions are rolled back; nodes come back."""

    def __init__(self):
        super().__init__()
        self.world = World()
        self.count = 0

    @rule(sender=codes, dest=codes, amount=st.integers(1, 12))
    def send(self, sender, dest, amount):
        if sender == dest:
            return
        for _ in range(amount):
            self.count += 1
            self.world.nodes[sender].send(dest, f"case-{self.count % 3}", str(self.count))

    @rule(road=roads, amount=st.integers(1, 30))
    def carry(self, road, amount):
        self.world.carry(*road, amount)

    @rule(code=codes, seconds=st.sampled_from([0.2, 1, 31, 61, 200]))
    def tick(self, code, seconds):
        self.world.time.pass_(seconds=seconds)
        self.world.nodes[code].tick()

    @rule(road=roads, which=st.sets(st.integers(0, 40)))
    def lose(self, road, which):
        road = self.world.road(*road)
        road[:] = [message for place, message in enumerate(road) if place not in which]

    @rule(road=roads)
    def wipe(self, road):
        self.world.road(*road).clear()

    @rule(road=roads, first=st.integers(0, 20), amount=st.integers(1, 20))
    def repeat(self, road, first, amount):
        road = self.world.road(*road)
        road.extend(road[first : first + amount])

    @rule(road=roads, data=st.data())
    def reorder(self, road, data):
        road = self.world.road(*road)
        road[:] = data.draw(st.permutations(road)) if len(road) < 50 else road[::-1]

    @rule(road=roads, amount=st.integers(1, 30))
    def crash_before_commit(self, road, amount):
        """The consumer dies inside the transaction: nothing of it stays, the messages are still there."""
        node, kept = self.world.nodes[road[1]], list(self.world.road(*road))
        before, roads = node.backup(), copy.deepcopy(node.roads)
        self.world.carry(*road, amount)
        node.restore(before)
        node.roads = roads
        self.world.road(*road)[:] = kept

    @invariant()
    def nothing_is_applied_twice(self):
        for node in self.world.nodes.values():
            assert len(set(node.delivered())) == len(node.delivered())

    def teardown(self):
        self.world.settle()
        for node in self.world.nodes.values():
            for origin, other in self.world.nodes.items():
                assert node.from_(origin) == other.sent_to(node.code)


class Restored(BadRoads):
    """Any database may be put back to an earlier backup as well."""

    def __init__(self):
        super().__init__()
        self.backups = {}

    @rule(code=codes)
    def back_up(self, code):
        self.backups[code] = self.world.nodes[code].backup()

    @rule(code=codes)
    def restore(self, code):
        if code in self.backups:
            self.world.nodes[code].restore(self.backups[code])

    def teardown(self):
        self.world.settle()
        for origin, dest in itertools.permutations(CODES, 2):
            found = self.world.nodes[dest].from_(origin)
            assert in_order(self.world.nodes[origin].sent_to(dest), found)
            assert len(set(found)) == len(found)


TestBadRoads = BadRoads.TestCase
TestBadRoads.settings = CALM
TestRestored = Restored.TestCase
TestRestored.settings = CALM
