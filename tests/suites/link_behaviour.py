"""What the ends of a link do: number, acknowledge, repeat what is proved lost, hand on, set aside.

Written once and held against nodes in memory and nodes in PostgreSQL; the fixture `world` says which.
"""

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.messages.custody import CaseReported
from services.routing.domain import link_protocol
from services.routing.handlers import link_receiving, links
from tests.unit.routing.link_world import CITY, DISTRICT, TOWN, numbers, repeated, sent


class LinkBehaviour:
    """Inherit it and give it a fixture `world`: three nodes, settled."""

    def test_a_lost_frame_is_sent_again_within_seconds_and_nothing_else_is(self, world):
        sent(world, 10)
        del world.road(TOWN, DISTRICT)[3:5]

        world.settle(rounds=8)

        assert numbers(world.district) == list(range(1, 11))
        assert repeated(world) == 2

    def test_a_wiped_broker_is_noticed_by_the_next_heartbeat_although_nothing_follows(self, world):
        sent(world, 10)
        world.road(TOWN, DISTRICT).clear()

        world.settle(rounds=40)

        assert numbers(world.district) == list(range(1, 11))
        assert repeated(world) == 10

    def test_nothing_is_sent_again_while_the_link_is_cut(self, world):
        sent(world, 10)

        for _ in range(600):
            world.time.pass_(seconds=1)
            world.town.tick()
            world.district.tick()

        assert repeated(world) == 0
        world.settle()
        assert numbers(world.district) == list(range(1, 11))
        assert repeated(world) == 0

    def test_nothing_is_sent_again_while_a_long_queue_drains(self, world):
        sent(world, 300)

        for _ in range(400):
            world.time.pass_(seconds=1)
            for node in (world.town, world.district):
                node.tick()
            world.carry(TOWN, DISTRICT, 1)
            world.carry(DISTRICT, TOWN)

        assert repeated(world) == 0
        world.settle()
        assert numbers(world.district) == list(range(1, 301))

    def test_a_repetition_goes_on_in_portions(self, world, monkeypatch):
        monkeypatch.setattr(links, "PORTION", 4)
        sent(world, 10)
        world.road(TOWN, DISTRICT).clear()

        world.settle(rounds=60)

        assert numbers(world.district) == list(range(1, 11))
        assert repeated(world) == 10

    def test_frames_that_come_twice_are_counted_and_dropped(self, world):
        sent(world, 5)
        road = world.road(TOWN, DISTRICT)
        road.extend(road[:3])

        world.settle()

        assert numbers(world.district) == [1, 2, 3, 4, 5]
        assert world.district.seen.duplicates == 3

    def test_what_cannot_be_held_behind_a_gap_is_asked_for_again(self, world, monkeypatch):
        monkeypatch.setattr(link_protocol, "HOLD_LIMIT", 4)
        sent(world, 12)
        del world.road(TOWN, DISTRICT)[0]

        world.carry(TOWN, DISTRICT)

        assert world.district.held() == 4
        assert world.district.seen.overflow == 7
        world.settle(rounds=60)
        assert numbers(world.district) == list(range(1, 13))

    def test_a_batch_applies_so_many_frames_and_the_next_goes_on(self, world, monkeypatch):
        monkeypatch.setattr(link_receiving, "APPLY_LIMIT", 3)
        sent(world, 8)

        world.carry(TOWN, DISTRICT)
        assert numbers(world.district) == [1, 2, 3]

        world.district.receive([])
        world.district.receive([])
        assert numbers(world.district) == list(range(1, 9))
        assert world.district.held() == 0

    def test_a_sender_restored_from_a_backup_begins_a_new_epoch_and_loses_nothing_it_still_has(self, world):
        sent(world, 5)
        world.settle()
        backup = world.town.backup()
        sent(world, 5, first=6)
        world.settle()

        world.town.restore(backup)
        sent(world, 8, first=101)
        world.settle(rounds=60)

        assert numbers(world.district) == [*range(1, 11), *range(101, 109)]
        assert [lost for _, _, lost in world.town.seen.epochs] == [5]
        assert world.town.seen.rows[DISTRICT]["epoch"].startswith("2.")

    def test_a_restored_sender_is_found_out_by_the_chain_although_its_numbers_fit(self, world):
        sent(world, 3)
        world.settle()
        backup = world.town.backup()
        sent(world, 2, first=4)
        world.carry(TOWN, DISTRICT)

        world.town.restore(backup)
        sent(world, 4, first=101)  # numbers 4 to 7 again, of which 4 and 5 mean something else at the other end
        world.carry(TOWN, DISTRICT)

        assert numbers(world.district) == [1, 2, 3, 4, 5]
        world.settle(rounds=60)
        assert numbers(world.district) == [1, 2, 3, 4, 5, 101, 102, 103, 104]

    def test_a_receiver_restored_from_a_backup_gets_again_what_it_had_acknowledged(self, world):
        sent(world, 3)
        world.settle()
        backup = world.district.backup()
        sent(world, 4, first=4)
        world.settle()

        world.district.restore(backup)
        world.settle(rounds=60)

        assert numbers(world.district) == [1, 2, 3, 4, 5, 6, 7]

    def test_a_receiver_that_forgot_more_than_is_kept_gets_what_is_kept_in_a_new_epoch(self, world):
        backup = world.district.backup()
        sent(world, 6)
        world.settle()
        world.town.forget_sent(upto=2)

        world.district.restore(backup)
        world.settle(rounds=60)

        assert numbers(world.district) == [3, 4, 5, 6]

    def test_a_message_crosses_three_levels_and_comes_back(self, world):
        world.city.send(TOWN, "A", "down")
        world.settle()
        world.town.send(CITY, "A", "up")
        world.settle()

        assert world.town.delivered() == [(CITY, "A", "down")]
        assert world.city.delivered() == [(TOWN, "A", "up")]
        assert world.district.delivered() == []

    def test_a_frame_on_its_second_hop_names_origin_and_path(self, world):
        world.city.send(TOWN, "A", "1")
        world.carry(CITY, DISTRICT)

        frame = json.loads(world.road(DISTRICT, TOWN)[0].body)

        assert (frame["origin"], frame["from"], frame["to"], frame["dest"]) == (CITY, DISTRICT, TOWN, TOWN)
        assert (frame["hop"], frame["path"], frame["link_seq"]) == (1, [CITY, DISTRICT], 1)
        assert world.road(DISTRICT, TOWN)[0].routing_key == f"{TOWN}.custody.case-reported"

    def test_a_failing_handler_sets_aside_its_case_and_no_other(self, world):
        def fail(_origin, message):
            if message.events == ("2",):
                raise RuntimeError("boom")

        world.district.fail = fail
        sent(world, 3)
        world.town.send(DISTRICT, "B", "4")

        world.settle(rounds=8)
        sent(world, 1, first=5)
        world.settle(rounds=8)

        assert numbers(world.district) == [1, 4]
        assert world.district.seen.failures == [(TOWN, "RuntimeError")]
        assert world.district.quarantined() == [
            ("A", "RuntimeError"),
            ("A", ""),
            ("A", ""),
        ]

    def test_what_was_set_aside_is_delivered_in_order_once_it_can_be(self, world):
        world.district.fail = lambda _origin, _message: 1 / 0
        sent(world, 3)
        world.settle(rounds=8)
        assert world.district.retry() == 0

        world.district.fail = lambda _origin, _message: None
        world.time.pass_(seconds=60)
        assert world.district.retry() == 3

        assert numbers(world.district) == [1, 2, 3]
        assert world.district.quarantined() == []

    def test_a_batch_is_delivered_at_once_and_one_by_one_when_that_fails(self, world):
        batches = []

        def all_at_once(work, messages):
            batches.append(len(messages))
            for origin, message in messages:
                world.district.end.deliver(work, origin, message)

        world.district.end = replace(world.district.end, deliver_all=all_at_once)
        world.district.fail = lambda _origin, message: 1 / 0 if message.events == ("2",) else None
        sent(world, 1, case="A")
        sent(world, 1, first=2, case="B")
        sent(world, 1, first=3, case="C")

        world.carry(TOWN, DISTRICT)

        assert batches == [3]
        assert numbers(world.district) == [1, 3]

    @pytest.mark.parametrize(
        ("to_node", "error"),
        [(TOWN, Invalid), ("630105", None), ("640100", None), ("63010", Invalid), ("630104099", Invalid)],
    )
    def test_a_letter_goes_to_a_neighbour_or_through_one_else_it_is_refused(self, world, to_node, error):
        node = world.town if to_node in (TOWN, "630105", "640100") else world.district
        if error is None:
            node.send(to_node, "A", "1")
            assert len(world.road(TOWN, DISTRICT)) == 1
        else:
            with pytest.raises(error):
                node.send(to_node, "A", "1")
            assert node.sent() == []

    def test_nothing_stands_above_the_city(self, world):
        with pytest.raises(Unknown):
            world.city.send("640100", "A", "1")

    def test_a_message_of_more_than_a_megabyte_is_refused_where_it_is_written(self, world):
        with pytest.raises(Invalid, match="1兆字节"):
            world.town.send(DISTRICT, "A", "x" * 1_048_576)
        assert world.road(TOWN, DISTRICT) == []

    def test_a_letter_written_inside_a_savepoint_that_is_rolled_back_is_not_sent(self, world):
        with world.town.work() as work:
            with suppress(ZeroDivisionError), work.savepoint():
                work.links.send(DISTRICT, CaseReported(case_no="A", holder="", events=("1",)))
                work.links.send(DISTRICT, CaseReported(case_no="A", holder="", events=(str(1 / 0),)))
            work.links.send(DISTRICT, CaseReported(case_no="A", holder="", events=("2",)))

        world.settle()

        assert numbers(world.district) == [2]

    def test_an_ack_is_sent_when_something_changed_and_every_thirty_seconds(self, world):
        acks = []
        for second in range(65):
            world.time.pass_(seconds=1)
            if second == 10:
                sent(world, 1)
                world.carry(TOWN, DISTRICT)
            before = len(world.road(DISTRICT, TOWN))
            world.district.tick()
            acks += [second] * (len(world.road(DISTRICT, TOWN)) - before)

        assert {10, 40} <= set(acks)
        assert len(acks) <= 3

    def test_a_repeated_old_ack_changes_nothing(self, world):
        sent(world, 2)
        world.carry(TOWN, DISTRICT)
        world.time.pass_(seconds=1)
        world.district.tick()
        old = world.road(DISTRICT, TOWN)[-1]
        sent(world, 2, first=3)
        world.settle()

        world.town.receive([old])

        assert world.town.stands(DISTRICT)["acked"] == 4
        world.town.tick()
        assert repeated(world) == 0

    def test_a_peer_whose_clock_was_set_back_is_still_heard(self, world):
        sent(world, 2)
        world.settle()
        world.time.pass_(hours=-2)
        sent(world, 2, first=3)

        world.settle()

        assert numbers(world.district) == [1, 2, 3, 4]

    def test_the_overview_says_how_each_link_stands(self, world):
        world.settle()
        sent(world, 3)
        world.time.pass_(seconds=100)

        row = world.town.stands(DISTRICT)

        assert (row["peer"], row["direction"], row["last_seq"], row["acked"], row["held"]) == (DISTRICT, "up", 3, 0, 0)
        assert row["oldest_unacked_seconds"] == pytest.approx(100, abs=1)
        assert row["heartbeat_age_seconds"] > 99
        assert row["heard_by_peer_age_seconds"] > 99
