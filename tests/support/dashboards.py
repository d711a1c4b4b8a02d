"""The committed Grafana dashboards as tests read them: panels, queries, and queries a Prometheus can be asked."""

import json

from tests.repository.tree import ROOT

FOLDER = ROOT / "deploy" / "grafana" / "dashboards"
NAMES = ("city", "node", "clocks", "links", "agencies")
FILLED_IN = {"$__rate_interval": "1m", "$node": "630100"}


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


def runnable(query):
    """Return a query with Grafana's variables filled in."""
    for variable, value in FILLED_IN.items():
        query = query.replace(variable, value)
    return query
