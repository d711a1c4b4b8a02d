"""Alerts, their unit tests, their runbooks and their routes: checked with Prometheus' and Alertmanager's own tools."""

import re
import subprocess
from functools import cache

import pytest
import yaml

from tests.repository.metrics_page import metrics
from tests.repository.tree import ROOT, text_of

RULES = ROOT / "deploy" / "prometheus" / "rules"
TESTS = ROOT / "deploy" / "prometheus" / "tests"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
DESCRIBED = [rule for group in yaml.safe_load(text_of(RULES / "alerts.yml"))["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in DESCRIBED}
RECORDED = {
    rule["record"]: rule["expr"]
    for group in yaml.safe_load(text_of(RULES / "recordings.yml"))["groups"]
    for rule in group["rules"]
}
OWN = {metric.name for metric in metrics()} | {
    f"{metric.name}_{part}" for metric in metrics() if metric.kind == "histogram" for part in ("bucket", "sum", "count")
}


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, check=False)


@cache
def unit_tests():
    return [test for path in TESTS.glob("*.yml") for test in yaml.safe_load(text_of(path))["tests"]]


def used(rule):
    """Return the metrics of this project that a rule reads, by itself or through a recorded one."""
    asked = " ".join([rule["expr"], *(expr for record, expr in RECORDED.items() if record in rule["expr"])])
    return {word for word in re.findall(r"[a-z][a-z0-9_]+", asked) if word in OWN}


def plain(expression):
    """Return an expression on one line."""
    return re.sub(r"\s*([()])\s*", r"\1", " ".join(expression.split()))


def test_promtool_accepts_configuration_and_rules():
    checked = run("promtool", "check", "config", ROOT / "deploy" / "prometheus" / "prometheus.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.timeout(300)  # a quarter of a minute of processor time, on a machine that may be busy
@pytest.mark.parametrize("path", sorted(TESTS.glob("*.yml")), ids=lambda path: path.name)
def test_the_unit_tests_of_the_alerts_pass(path):
    tested = run("promtool", "test", "rules", path)

    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("name", sorted(set(ALERTS) - {"MetricMissing", "Watchdog"}))
def test_an_alert_is_tried_firing_and_quiet(name):
    tried = {
        test["name"].partition(" ")[2].split(" ")[0] for test in unit_tests() if test["name"].startswith(f"{name} ")
    }

    assert tried == {"fires", "keeps"}


@pytest.mark.parametrize("name", sorted(set(ALERTS) - {"MetricMissing", "Watchdog"}))
def test_when_an_alert_has_no_data_from_a_node_somebody_is_told_of_that_node(name):
    asked_of_every_node = r"count by \(exporter\) \(up\{job=\"lianxi\"\}\) unless on \(exporter\) (\w+)"

    assert used(ALERTS[name]) <= set(re.findall(asked_of_every_node, ALERTS["MetricMissing"]["expr"]))


def test_nobody_is_told_that_a_metric_is_missing_which_no_alert_reads():
    watched = set(re.findall(r"unless on \(exporter\) (\w+)", ALERTS["MetricMissing"]["expr"]))

    assert watched == {metric for name, rule in ALERTS.items() if name != "MetricMissing" for metric in used(rule)}


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_a_counter_whose_words_nobody_knows_beforehand_is_asked_for_its_first_event_too(name):
    growing = set(re.findall(r"(?:increase|rate)\((\w+)", ALERTS[name]["expr"]))
    by_name = {metric.name: metric for metric in metrics()}
    open_ended = {each for each in growing if by_name.get(each) and by_name[each].open_ended}

    assert open_ended == {each for each in growing if f"({each} unless {each} offset 15m)" in ALERTS[name]["expr"]}


def test_every_recorded_series_is_used_by_an_alert_and_has_a_case_of_its_own():
    asked = " ".join(rule["expr"] for rule in DESCRIBED)
    tried = {word for test in unit_tests() for word in test["name"].split()}

    assert {record for record in RECORDED if record not in asked} == set()
    assert set(RECORDED) <= tried


@pytest.mark.parametrize("name", sorted(set(ALERTS) - {"MetricMissing"}))
def test_a_runbook_shows_what_the_alert_asks(name):
    page = plain(text_of(ROOT / "docs" / "runbooks" / f"{name}.md"))

    assert plain(ALERTS[name]["expr"]) in page


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_has_severity_node_summary_and_a_runbook_that_exists(name):
    rule = ALERTS[name]

    assert rule["labels"]["severity"] in {"page", "warning", "info", "none"}
    assert rule["labels"]["node"]
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{name}.md"
    assert (ROOT / rule["annotations"]["runbook"]).is_file()


def test_amtool_accepts_the_configuration_with_its_templates():
    checked = run("amtool", "check-config", ALERTMANAGER)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (("alertname=NodeSilent", "severity=warning", "node=630104001"), "district-630104"),
        (("alertname=SweepLate", "severity=page", "node=630104"), "city-page,district-630104"),
        (("alertname=SweepLate", "severity=page", "node=630100"), "city-page"),
        (("alertname=LinkSilent", "severity=warning", "node=630100"), "city-mail"),
        (("alertname=ClocksBreached", "severity=info", "node=630104"), "daily"),
        (("alertname=Watchdog", "severity=none", "node=630100"), "nobody"),
    ],
)
def test_an_alert_goes_to_those_whom_it_concerns(labels, receivers):
    routed = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)

    assert routed.stdout.strip().splitlines()[-1] == receivers
