"""Writes docs/metrics.md from the code: `python -m tests.repository.metrics_page --write`.

Every metric is made by `counter`, `gauge` or `histogram` of `lianxi.runtime.metrics` with its name, its sentence and
its labels written out, so the page is read off the syntax trees and no process has to run for it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from tests.repository.tree import ROOT, named, python_files, syntax_of, text_of
from tests.support.dashboards import NAMES, queries

PAGE = ROOT / "docs" / "metrics.md"
RECORDINGS = ROOT / "deploy" / "prometheus" / "rules" / "recordings.yml"
ALERTS = ROOT / "deploy" / "prometheus" / "rules" / "alerts.yml"
NOT_SHOWN = {
    "intake_database_up": "`/ready` of the process says it, and `lianxi doctor`",
    "node_left_timestamp_seconds": "boards say 已退出 of a node that has it",
    "notify_mail_server_configured": "tells whether mail can be expected at all, for queries by hand",
    "routing_custody_offers_waiting": "shown as `node_offers_waiting`",
    "routing_rulebook_loaded_total": "`routing_rulebook_bad` tells what is wrong now",
    "routing_waiting_cases": "shown as `node_waiting_cases`",
    "routing_waiting_oldest_seconds": "shown as `node_waiting_oldest_seconds`",
}
"""Metrics that are on no dashboard and in no alert, and where somebody learns the same."""
TABLE = "| metric | kind | labels | what it says | seen |\n|---|---|---|---|---|\n"
MAKERS = ("counter", "gauge", "histogram")
HEAD = """# Metrics

Generated from the code by `make docs`; the tests compare. Every process serves its part at `/metrics`. Values are in
base units; labels are bounded, and neither a case number nor a person is ever one. Counts of the books are made by a
timer (`work_measured_timestamp_seconds` says when), never by a scrape. What the city shows of other nodes
(`node_…{node}`) came up the links as snapshots, taken every 30 seconds: `node_snapshot_timestamp_seconds` is when, 0
for a node that was never heard, and a node that fell silent keeps its last values while that time grows old. Of a
township its district shows less than of itself, and nodes above only that time, what is parked, how many parts do not
work (`node_unwell`), the heartbeat, the open cases and the late clocks; the board of the portal has the rest. All
processes of a node together show no more than 2,000 series, the city's with its 84 nodes and 200 agencies among them:
`tests/repository/test_series_budget.py` counts the worst case. A label whose words are not known beforehand has at most
so many series, the last of which is `other` and there from the start, as is every series whose words are known; so the
first event of a kind is a step that Prometheus sees.

State groups (`state_group`): `new` S00–S03 · `sent` S04–S09 · `handling` S10–S15, S34, S50, S51 · `answered` S16, S32,
S33, S43 · `review` S30, S31, S40–S42 · `ended` all others. Lamps: `green`, `yellow`, `red`. Periods of `kpi_…`:
`this_month`, `last_month`; indices are those of `services/supervision/domain/figures.py`, each a numerator and a
denominator. Levels: `city`, `district`, `township`. `kpi_…` name this node, and of its direct children the main ones.

*Seen* names the dashboards of [deploy/grafana](../deploy/grafana/README.md) and the alerts that read a metric.

The rules of the alerts are [deploy/prometheus/rules/alerts.yml](../deploy/prometheus/rules/alerts.yml); an alert
without data cannot fire, `MetricMissing` does instead. Beside these, each process shows the `process_…` of the
Prometheus client.
"""


@dataclass(frozen=True)
class Metric:
    """One metric as the code makes it."""

    name: str
    kind: str
    documentation: str
    labels: tuple[str, ...]
    module: str
    open_ended: bool = False
    """Whether nobody knows its words beforehand: it is a counter with at most so many series."""


def metrics() -> list[Metric]:
    """Return every metric of the services and of what they share, by module and name."""
    found = [metric for path in python_files("lianxi", "services") for metric in _made_in(path)]
    return sorted(found, key=lambda metric: (metric.module, metric.name))


def _made_in(path: Path) -> list[Metric]:
    tree = syntax_of(path)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    made = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            arguments = [*node.args, *(each.value for each in node.keywords if each.arg == "labels")]
            few = any(each.arg == "most" for each in node.keywords)
            if len(arguments) > 1 and all(isinstance(each, ast.Constant) for each in arguments[:2]):
                name, sentence = (ast.literal_eval(each) for each in arguments[:2])
                labels = tuple(_labels(arguments[2], constants)) if len(arguments) > 2 else ()
                made.append(Metric(name, node.func.id, sentence.rstrip("."), labels, named(path), few))
    return made


def _labels(node: ast.expr, constants: dict[str, ast.expr]) -> list[str]:
    if isinstance(node, ast.Name):
        return _labels(constants[node.id], constants)
    if isinstance(node, ast.Tuple | ast.List):
        return [label for each in node.elts for label in _labels(each, constants)]
    if isinstance(node, ast.Starred):
        return _labels(node.value, constants)
    return [ast.literal_eval(node)]


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    module = ""
    for metric in metrics():
        if metric.module != module:
            module = metric.module
            parts.append(
                f"\n## `{module}`\n\n| metric | kind | labels | what it says | seen |\n|---|---|---|---|---|\n"
            )
        labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
        parts.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.documentation} | {seen(metric)} |\n")
    return "".join([*parts, alerts()])


def seen(metric: Metric) -> str:
    """Return where a metric is read, or why it is not."""
    return ", ".join(readers(metric.name)) or NOT_SHOWN.get(metric.name, "nowhere")


def readers(name: str) -> Iterator[str]:
    """Return the dashboards and the alerts that read a metric."""
    part = re.compile(rf"\b{name}(_bucket|_sum|_count)?\b")
    yield from (f"`{board}`" for board in NAMES if any(part.search(query) for _, query in queries(board)))
    yield from (alert for alert, expression in _asked() if part.search(expression))


@cache
def _asked() -> tuple[tuple[str, str], ...]:
    """Return each alert with what it asks, also through a recorded series; MetricMissing reads all of them."""
    recorded = [rule for group in yaml.safe_load(text_of(RECORDINGS))["groups"] for rule in group["rules"]]
    rules = [rule for group in yaml.safe_load(text_of(ALERTS))["groups"] for rule in group["rules"]]
    behind = {rule["record"]: rule["expr"] for rule in recorded}
    return tuple(
        (rule["alert"], " ".join([rule["expr"], *(behind[name] for name in behind if name in rule["expr"])]))
        for rule in rules
        if rule["alert"] != "MetricMissing"
    )


def alerts() -> str:
    """Return the table of the alerts with their runbooks."""
    groups = yaml.safe_load(text_of(ALERTS))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    rows = [
        f"| [{rule['alert']}](runbooks/{rule['alert']}.md) | {rule['labels']['severity']} | {rule.get('for', '0m')} |\n"
        for rule in rules
    ]
    return "\n## Alerts\n\n| alert and its runbook | severity | after |\n|---|---|---|\n" + "".join(rows)


def main() -> None:
    """Write the page, or say whether it is stale."""
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/metrics.md is stale: run `make docs`")


if __name__ == "__main__":
    main()
