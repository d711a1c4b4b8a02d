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
OWN = {metric.name for metric in metrics()} | {
    f"{metric.name}_{part}" for metric in metrics() if metric.kind == "histogram" for part in ("bucket", "sum", "count")
}


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, check=False)


@cache
def unit_tests():
    return [test for path in TESTS.glob("*.yml") for test in yaml.safe_load(text_of(path))["tests"]]


def used(rule):
    """Return the metrics of this project that a rule reads."""
    return {word for word in re.findall(r"[a-z][a-z0-9_]+", rule["expr"]) if word in OWN}


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
def test_when_an_alert_has_no_data_somebody_is_told(name):
    watched = set(re.findall(r"absent\((\w+)", ALERTS["MetricMissing"]["expr"]))
    counters = {metric.name for metric in metrics() if metric.kind == "counter" and metric.labels}
    unwatched = used(ALERTS[name]) - watched - counters

    # a counter with labels has no series until the first event, which is what its alert waits for
    assert unwatched <= {"clocks_late", "contact_untouched_oldest_seconds"}, f"{name} reads {sorted(unwatched)}"


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
