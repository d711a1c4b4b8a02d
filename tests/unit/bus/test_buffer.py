"""How deliveries become batches: bounded by their number and by their bytes, and never empty."""

import pytest

from lianxi.bus.batch import LIMIT, LIMIT_BYTES
from lianxi.bus.hosting import Buffer
from lianxi.bus.messages import RawMessage
from lianxi.bus.pace import Pace


@pytest.mark.parametrize(
    ("sizes", "batches"),
    [
        ([1] * (LIMIT + 1), [LIMIT, 1]),
        ([LIMIT_BYTES * 2, 1], [1, 1]),
        ([1, LIMIT_BYTES * 2], [1, 1]),
        ([LIMIT_BYTES // 4] * 9, [4, 4, 1]),
    ],
)
def test_a_batch_is_bounded_by_number_and_by_bytes(sizes, batches):
    buffer = Buffer()
    buffer.connect(object())
    for tag, size in enumerate(sizes, start=1):
        buffer.add(RawMessage(b"x" * size, tag=tag))

    taken = [buffer.take(0.0).raws for _ in batches]

    assert [len(raws) for raws in taken] == batches
    assert [raw.tag for raws in taken for raw in raws] == list(range(1, len(sizes) + 1))
    assert buffer.take(0.0) is None


def test_a_new_connection_forgets_what_the_old_one_delivered():
    buffer = Buffer()
    buffer.connect(object())
    buffer.add(RawMessage(b"x" * LIMIT_BYTES, tag=1))

    buffer.connect(object())
    buffer.add(RawMessage(b"y", tag=1))

    assert [raw.body for raw in buffer.take(0.0).raws] == [b"y"]


def test_the_more_comes_the_rarer_batches_are_up_to_a_bound():
    pace = Pace(least=0.05, most=0.25, crowded=4)

    assert [pace.after(number) for number in (0, 4, 8, 1000)] == pytest.approx([0.05, 0.1, 0.15, 0.25])
