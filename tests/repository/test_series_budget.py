"""The series of a node when everything has happened there: with room below two thousand, wherever it is in the tree."""

import re
import subprocess
import sys
from functools import cache

import pytest

from lianxi.ops.local.programs import PROGRAMS
from lianxi.runtime.metrics import OTHER, FewCounter
from tests.repository.metrics_page import metrics
from tests.repository.tree import ROOT
from tests.support.worst_case import TREE, below, children

CITY, WIDEST_DISTRICT, STREET = "630100", "630121", "630104001"
MOST_SERIES, ROOM = 2000, 200
"""What a node may show, and how much of that is kept for metrics that are still to come."""


@cache
def shown_by(program, node):
    """The lines a process shows after everything that can happen to it."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.support.worst_case", program, node],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line and not line.startswith("#")]


def lines_of(node):
    return [line for program in PROGRAMS for line in shown_by(program, CITY if program != "services" else node)]


def name_of(line):
    return re.match(r"\w+", line)[0]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("node", [CITY, WIDEST_DISTRICT, STREET])
def test_a_node_that_has_seen_everything_shows_a_tenth_less_than_two_thousand_series(node):
    assert (len(below(CITY)), len(children(WIDEST_DISTRICT))) == (84, 20)
    assert max(TREE, key=lambda code: len(children(code))) == WIDEST_DISTRICT

    assert len(lines_of(node)) <= MOST_SERIES - ROOM


@pytest.mark.timeout(300)
def test_the_worst_case_leaves_no_metric_out():
    shown = {re.sub(r"_(bucket|sum|count)$", "", name_of(line)) for line in lines_of(CITY)}
    unlabelled_or_set = {metric.name for metric in metrics()} - {"node_left_timestamp_seconds"}  # instead of all others

    assert unlabelled_or_set - shown == set()


@pytest.mark.timeout(300)
def test_every_node_of_the_city_is_seen_with_its_time_its_lamps_and_its_link():
    city = lines_of(CITY)
    for name in ("node_snapshot_timestamp_seconds", "node_parked", "node_link_heartbeat_age_seconds", "cases_open"):
        assert {re.search(r'node="(\d+)"', line)[1] for line in city if name_of(line) == name} == set(TREE), name
    lamps = {re.search(r'lamp="(\w+)",node="(\d+)"', line).groups() for line in city if name_of(line) == "clocks_late"}
    assert lamps == {(lamp, node) for lamp in ("red", "yellow") for node in TREE}


def test_what_comes_beyond_the_most_series_is_counted_as_other_and_what_was_there_goes_on():
    few = FewCounter("few_of_a_test", "Counts by reason", ("reason",))
    few.at_most(3)
    for reason in ("first", "second", "third", "fourth", "first"):
        few.labels(reason).inc()
    few.labels(reason="fifth").inc()

    found = {sample.labels["reason"]: sample.value for family in few.collect() for sample in family.samples}
    assert {reason: value for reason, value in found.items() if value} == {"first": 2, "second": 1, OTHER: 3}
