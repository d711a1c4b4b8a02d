"""The clock port: aware, in Asia/Shanghai, movable; and identifiers that sort by time."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from lianxi.runtime.clock import SHANGHAI, FixedClock, SystemClock, new_id, set_offset


def test_the_system_clock_is_aware_and_in_shanghai():
    before = time.time()

    now = SystemClock().now()

    assert now.tzinfo is SHANGHAI
    assert before <= now.timestamp() <= time.time()


def test_a_clock_without_its_offset_file_is_not_moved(tmp_path):
    assert SystemClock(tmp_path / "offset").offset() == timedelta(0)


def test_moving_the_offset_moves_a_clock_that_already_runs(tmp_path):
    file = tmp_path / "offset"
    clock = SystemClock(file)
    unmoved = clock.now()

    for days in (60, 120):
        set_offset(file, timedelta(days=days))
        ahead = clock.now() - unmoved
        assert timedelta(days=days) <= ahead < timedelta(days=days, minutes=1)


def test_the_day_is_the_day_in_shanghai_whatever_the_zone_of_the_instant():
    clock = FixedClock(datetime(2026, 8, 3, 17, 0, tzinfo=UTC))

    assert clock.today() == date(2026, 8, 4)


def test_a_fixed_clock_moves_only_when_told():
    clock = FixedClock(datetime(2026, 8, 4, 9, 0, tzinfo=SHANGHAI))

    clock.advance(days=1, hours=2)

    assert clock.now() == clock.now() == datetime(2026, 8, 5, 11, 0, tzinfo=SHANGHAI)


def test_a_clock_refuses_an_instant_without_a_zone():
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 8, 4))  # noqa: DTZ001  (that is the mistake)


def test_ids_are_version_7_and_sort_in_the_order_they_were_made():
    ids = [new_id() for _ in range(5000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {(UUID(each).version, UUID(each).variant) for each in ids} == {(7, "specified in RFC 4122")}


def test_ids_made_by_several_threads_differ():
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: new_id(), range(8000)))

    assert len(set(ids)) == len(ids)
