"""Every metric a process exports is documented, the page names no other, and names keep to the customs."""

import ast
import re
from collections import Counter

import pytest

from tests.repository.metrics_page import MAKERS, NOT_SHOWN, PAGE, metrics, page, readers
from tests.repository.tree import named, python_files, syntax_of, text_of

METRICS = metrics()
LABELS_NEVER_ALLOWED = {"case_no", "number", "unit", "person", "name", "id", "phone"}


def test_the_page_of_metrics_is_what_the_code_exports():
    assert text_of(PAGE) == page(), "docs/metrics.md is stale: run `make docs`"


def test_a_metric_is_on_a_dashboard_or_in_an_alert_or_it_is_said_why_not():
    unseen = {metric.name for metric in METRICS if not list(readers(metric.name))}

    assert unseen == set(NOT_SHOWN)


def test_a_metric_is_made_once():
    twice = [name for name, number in Counter(metric.name for metric in METRICS).items() if number > 1]

    assert twice == []


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_name_keeps_to_the_customs(metric):
    assert re.fullmatch(r"[a-z][a-z0-9_]+", metric.name)
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert not re.search(r"_(percent|ratio|rate|ms|minutes|hours|days)\b", metric.name), "base units, never a rate"
    assert not LABELS_NEVER_ALLOWED & set(metric.labels)


def test_no_metric_is_made_where_the_page_cannot_see_it():
    def calls(path):
        for node in ast.walk(syntax_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
                yield named(path)

    seen = Counter(metric.module for metric in METRICS)
    made = Counter(file for path in python_files("lianxi", "services") for file in calls(path))

    assert made == seen
