"""The Grafana dashboards: as their generator makes them, in Grafana's own form, and about metrics that exist."""

import json
import re
import subprocess
import sys
from functools import cache

import promql_parser
import pytest
import yaml
from jsonschema import Draft7Validator

from deploy.grafana.build import words
from services.supervision.domain.figures import TITLES
from services.supervision.domain.gauges import STATE_GROUPS
from tests.repository.metrics_page import metrics
from tests.repository.tree import ROOT
from tests.support.dashboards import (
    FOLDER,
    NAMES,
    NOTHING_WRONG,
    dashboards,
    panels,
    queries,
    runnable,
    selectors,
    without_fallback,
)

GRAFANA = ROOT / "deploy" / "grafana"
OF_THE_CLIENT = {"process_start_time_seconds", "process_resident_memory_bytes"}
OF_EVERY_TARGET = {"job", "instance", "le", "exporter", "process"}
"""Labels that Prometheus itself gives, the list of targets, or the client library."""


@cache
def labels_by_metric():
    known = {}
    for metric in metrics():
        suffixes = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        known |= {metric.name + suffix: {*metric.labels, *OF_EVERY_TARGET} for suffix in suffixes}
    return known | dict.fromkeys(OF_THE_CLIENT, OF_EVERY_TARGET)


def test_the_dashboards_are_as_the_generator_makes_them():
    # in a process of its own: the generator's library warns of its own future, and here warnings are errors
    command = [sys.executable, "-m", "deploy.grafana.build"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert {path.stem for path in FOLDER.glob("*")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_has_the_form_that_grafana_states(name):
    schema = json.loads((GRAFANA / "schema" / "dashboard.schema.json").read_text(encoding="utf-8"))

    errors = [
        f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(dashboards()[name])
    ]

    assert errors == []


def test_the_schema_would_notice_what_grafana_does_not_know():
    schema = json.loads((GRAFANA / "schema" / "dashboard.schema.json").read_text(encoding="utf-8"))

    assert list(Draft7Validator(schema).iter_errors(dashboards()["city"] | {"unknown": "全市"}))


@pytest.mark.parametrize("name", NAMES)
def test_every_query_asks_for_metrics_and_labels_that_exist(name):
    known = labels_by_metric()

    asked = [(title, each) for title, query in queries(name) for each in selectors(promql_parser.parse(query))]

    assert asked
    assert [(title, metric) for title, (metric, _) in asked if metric not in known] == []
    assert [(title, metric, labels) for title, (metric, labels) in asked if not labels <= known[metric]] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_query_groups_by_labels_of_its_metrics(name):
    known = labels_by_metric()

    for title, query in queries(name):
        grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", query) for label in group.split(",")}
        asked = {metric for metric, _ in selectors(promql_parser.parse(query))}
        assert grouped <= set().union(*(known[metric] for metric in asked)), title


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_reads_a_data_source_that_is_provisioned(name):
    provisioned = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8"))
    uids = {source["uid"] for source in provisioned["datasources"]}
    board = dashboards()[name]

    used = re.findall(r'"uid": "([^"]+)"', json.dumps([panels(board), board["templating"]]))

    assert used
    assert set(used) <= uids


def test_every_dashboard_has_a_uid_of_its_own_and_a_chinese_title():
    boards = dashboards().values()

    assert len({board["uid"] for board in boards}) == len(NAMES)
    assert all(re.search(r"[\u4e00-\u9fff]", board["title"]) for board in boards)
    assert all(panel["title"] and panel["targets"] for board in boards for panel in panels(board))


def test_the_dashboards_are_provided_from_the_folder_that_is_mounted():
    provided = yaml.safe_load((GRAFANA / "provisioning/dashboards/lianxi.yaml").read_text(encoding="utf-8"))

    assert [each["options"]["path"] for each in provided["providers"]] == ["/var/lib/grafana/dashboards/lianxi"]


def test_every_code_that_is_shown_has_a_word():
    assert set(words.STATE_GROUPS) == set(STATE_GROUPS)
    assert set(words.KPIS) <= set(TITLES)
    assert all(words.KPIS[kpi] == TITLES[kpi] for kpi in words.KPIS)
    assert len(words.node_names()) == 84


def test_variables_are_filled_in_before_a_query_is_tried():
    assert "$" not in "".join(runnable(query) for name in NAMES for _, query in queries(name))


def test_a_fallback_stands_at_the_end_of_a_query_where_the_test_on_running_nodes_takes_it_off():
    asked = {title: without_fallback(query) for name in NAMES for title, query in queries(name)}
    hidden = {title for title, query in asked.items() if re.search(r"\bor\b[^)]*\b(0|NaN) \*", query)}

    assert hidden <= set(NOTHING_WRONG) <= set(asked)


def test_the_fallbacks_of_a_query_are_taken_off_and_nothing_else():
    taken = without_fallback("(sum(rate(bus_messages_total[1m]))) or on () NaN * count(bus_connected)")

    assert " ".join(taken.split()) == "(sum(rate(bus_messages_total[1m])))"
    assert without_fallback("up or 2 * up") == "up or 2 * up"
