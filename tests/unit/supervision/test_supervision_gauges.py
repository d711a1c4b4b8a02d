"""What is counted for the metrics: bounded series at the size of the city, and what neighbours may say of nodes."""

import json
from datetime import date, datetime, timedelta

import pytest
import yaml

from lianxi.bus.telemetry import TOLD
from lianxi.casework.messages.facts import CaseState
from lianxi.law.clocks import CLOCKS
from lianxi.runtime.clock import SHANGHAI
from services.supervision.domain.figures import TITLES, Count
from services.supervision.domain.gauges import (
    NONE,
    OTHER,
    STATE_GROUPS,
    Running,
    Standing,
    few,
    gauges,
    months,
    shown_figures,
    state_group,
)
from services.supervision.domain.snapshots import Snapshot, read_snapshot, states
from services.supervision.storage.shown_nodes import SHOWN
from tests.repository.tree import ROOT, text_of

NOW = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
NODES = list(yaml.safe_load(text_of(ROOT / "deploy" / "xining" / "topology.yaml"))["nodes"])
CITY, DISTRICT, STREET = "630100", "630104", "630104001"


def test_what_becomes_a_series_is_less_than_what_is_counted():
    cases = [
        Standing(node, state.value, f"category {number}", "LETTER", 1, NOW)
        for node in NODES
        for number, state in enumerate(CaseState)
    ]
    clocks = [
        Running(code, node, lamp, 1, 1) for code in CLOCKS for node in NODES for lamp in ("green", "yellow", "red")
    ]

    found = gauges(cases, clocks, NOW)
    shown = few(found, CITY)
    figures = shown_figures([Count(kpi, node, 1, 1) for kpi in TITLES for node in NODES], CITY)

    assert {node for (node,) in shown.open} == set(NODES)
    assert {node for node, _ in shown.cases} == {figure.node for figure in figures} == set(NODES[:8])
    assert {lamp for _, lamp in shown.late} == {"red", "yellow"}
    assert (len(found.untouched), len(shown.untouched)) == (84, 10)
    assert sum(shown.open.values()) == sum(n for (_, group), n in found.cases.items() if group != "ended")
    assert {category for category, _ in found.by_category} >= {OTHER}


def test_of_the_contacts_nobody_touched_the_oldest_are_shown():
    cases = [Standing(node, "S01", "", "VISIT", 1, NOW - timedelta(hours=age)) for age, node in enumerate(NODES)]

    assert set(few(gauges(cases, [], NOW), CITY).untouched) == {(node,) for node in (CITY, *NODES[-10:])}


def test_a_district_shows_its_own_cases_by_group_and_of_its_townships_those_that_are_open():
    cases = [Standing(node, "S11", "", "VISIT", 1, NOW) for node in (DISTRICT, STREET)]

    shown = few(gauges(cases, [], NOW), DISTRICT)

    assert (set(shown.cases), set(shown.open)) == (
        {(DISTRICT, group) for group in STATE_GROUPS},
        {(DISTRICT,), (STREET,)},
    )
    assert {labels for labels, number in shown.cases.items() if number} == {(DISTRICT, "handling")}


def test_what_an_alert_reads_is_nought_of_this_node_when_there_is_nothing():
    shown = few(gauges([], [], NOW), DISTRICT)

    assert shown.open == {(DISTRICT,): 0}
    assert shown.untouched == {(DISTRICT,): 0.0}
    assert shown.late == {(DISTRICT, "red"): 0, (DISTRICT, "yellow"): 0}


def test_what_a_snapshot_adds_for_each_node_is_bounded():
    assert set(SHOWN) == set(TOLD)
    assert len(SHOWN) + 5 <= 26


@pytest.mark.parametrize("state", CaseState)
def test_every_state_belongs_to_a_group(state):
    assert state_group(state.value) in STATE_GROUPS


def test_the_oldest_untouched_contact_is_the_one_that_nobody_acted_on_for_longest():
    found = gauges(
        [
            Standing(DISTRICT, "S01", "", "VISIT", 2, NOW - timedelta(hours=5)),
            Standing(DISTRICT, "S02", "", "VISIT", 1, NOW - timedelta(hours=9)),
            Standing(DISTRICT, "S11", "", "VISIT", 1, NOW - timedelta(days=90)),
        ],
        [],
        NOW,
    )

    assert found.untouched == {(DISTRICT,): 9 * 3600}
    assert found.by_category[NONE, "new"] == 3


def test_the_periods_are_whole_months():
    periods = months(date(2026, 1, 31), CITY)

    assert (periods["this_month"].first, periods["this_month"].last) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (periods["last_month"].first, periods["last_month"].last) == (date(2025, 12, 1), date(2025, 12, 31))


def said(node, **changes):
    return json.dumps(
        {"node": node, "process": "relay", "taken_at": 1.0, "values": {"bus_parked": 2}} | changes
    ).encode()


def test_a_child_speaks_for_its_own_part_of_the_tree():
    told = read_snapshot(f"{DISTRICT}.metrics.snapshot", said(STREET), CITY, TOLD, 5.0)

    assert told == Snapshot(STREET, "relay", 1.0, 5.0, {"bus_parked": 2.0})


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("630105.metrics.snapshot", said(STREET)),
        (f"{STREET}.metrics.snapshot", said(STREET)),
        (f"{DISTRICT}.metrics.snapshot", said(CITY)),
        (f"{DISTRICT}.metrics.snapshot", said(DISTRICT, process="")),
        (f"{DISTRICT}.metrics.snapshot", said(DISTRICT, taken_at=float("nan"))),
        (f"{DISTRICT}.metrics.snapshot", said(DISTRICT, values={"bus_parked": "many"})),
        (f"{DISTRICT}.metrics.snapshot", said(DISTRICT, values=None)),
        ("x", said(DISTRICT)),
        (f"{DISTRICT}.metrics.snapshot", b"\xff"),
        (f"{DISTRICT}.metrics.snapshot", b"[]"),
    ],
)
def test_what_may_not_be_said_is_refused(key, body):
    assert read_snapshot(key, body, CITY, TOLD, 5.0) is None


def test_an_unknown_value_adds_no_series():
    told = read_snapshot(f"{DISTRICT}.metrics.snapshot", said(DISTRICT, values={"evil": 1}), CITY, TOLD, 5.0)

    assert told.values == {}


def test_a_node_is_as_old_as_the_oldest_of_its_processes():
    parts = [
        Snapshot(STREET, "relay", 90.0, 100.0, {"outbox_depth": 3.0}),
        Snapshot(STREET, "services", 10.0, 20.0, {"bus_parked": 1.0}),
    ]

    (state,) = states(parts, TOLD)

    assert (state.taken_at, state.received_at) == (10.0, 20.0)
    assert state.values == {"outbox_depth": 3.0, "bus_parked": 1.0}
