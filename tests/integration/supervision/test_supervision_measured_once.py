"""What a batch measures is measured once, however often the batch has to be repeated until it is committed."""

import pytest

from lianxi.bus.messages import Outgoing
from lianxi.runtime.metrics import REGISTRY
from tests.support.builders import Road

pytestmark = pytest.mark.database
BROKEN_AT_THE_COMMIT = Outgoing("x", "x", "case", "a key no table takes \0", b"{}")


def observed(name):
    """How many values a histogram has taken, over all of its labels."""
    families = (family for family in REGISTRY.collect() if family.name == name)
    return sum(s.value for family in families for s in family.samples if s.name == f"{name}_count")


def test_a_batch_that_is_repeated_after_a_failed_commit_counts_its_stays_once(desk, monkeypatch):
    road = Road().at_the_township()
    before = observed("case_dwell_seconds"), observed("case_handoff_seconds")

    def open_work_that_fails():
        work = desk.parts.open_work()
        work.publish(BROKEN_AT_THE_COMMIT)
        return work

    with monkeypatch.context() as patch:
        patch.setattr(desk.service, "open_work", open_work_that_fails)
        with pytest.raises(ValueError, match="NUL"):
            desk.consume(road.events)
    not_committed = observed("case_dwell_seconds"), observed("case_handoff_seconds")
    desk.consume(road.events)
    desk.consume(road.events)

    assert not_committed == before
    assert (observed("case_dwell_seconds") - before[0], observed("case_handoff_seconds") - before[1]) == (2, 2)
