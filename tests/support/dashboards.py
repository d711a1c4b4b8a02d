"""The committed Grafana dashboards as tests read them: panels, queries, and queries a Prometheus can be asked."""

import json

import promql_parser

from tests.repository.tree import ROOT

FOLDER = ROOT / "deploy" / "grafana" / "dashboards"
NAMES = ("city", "node", "clocks", "links", "agencies")
FILLED_IN = {"$__rate_interval": "1m", "$node": "630100"}

NOTHING_WRONG = {
    "city: 失联或中断节点 A": "counts nodes that are cut or silent, and none is",
    "city: 节点 A": "the state of a link is nought when it is fine, which is said of every node",
    "city: 超期最多的节点 A": "lists nodes with breached clocks, and nothing is late yet",
    "links: 断开的消费者 A": "counts consumers that are cut off, and none is",
    "links: 断开的转发进程 A": "counts relays that are cut off, and none is",
}
"""Queries that may live off their fallback on nodes where all is well, and why; what they read must be there."""


def dashboards():
    """Every dashboard by the name of its file."""
    return {name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}


def panels(board):
    """The panels of a dashboard, without the headings of rows."""
    found = []
    for panel in board["panels"]:
        found += panel.get("panels") or [] if panel["type"] == "row" else [panel]
    return found


def queries(name):
    """The title of each panel with each of its queries, ready for a Prometheus."""
    return [
        (f"{name}: {panel['title']} {target['refId']}", runnable(target["expr"]))
        for panel in panels(dashboards()[name])
        for target in panel["targets"]
    ]


def without_fallback(query):
    """Return a query without what it shows when nothing was counted: `or … 0 * proof` and `or … NaN * proof`."""
    expression = promql_parser.parse(query)
    while isinstance(expression, promql_parser.BinaryExpr) and _is_fallback(expression):
        expression = expression.lhs
    return expression.prettify()


def _is_fallback(expression):
    """Whether an expression ends in `or`, and then nought, or not a number, times something."""
    first = getattr(expression.rhs, "lhs", None)
    return str(expression.op) == "or" and isinstance(first, promql_parser.NumberLiteral) and not first.val > 0


def selectors(expression):
    """Every selector of a parsed query with the labels it asks for."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression.name, {matcher.name for matcher in expression.matchers.matchers}
    for part in ("expr", "lhs", "rhs", "vector_selector"):
        if (inner := getattr(expression, part, None)) is not None and not isinstance(inner, str):
            yield from selectors(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from selectors(argument)


def runnable(query):
    """Return a query with Grafana's variables filled in."""
    for variable, value in FILLED_IN.items():
        query = query.replace(variable, value)
    return query
