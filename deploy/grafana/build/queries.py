"""The expressions of several dashboards.

The same books are read at more than one node, so one Prometheus may hold a figure twice: as the city counts it and as
the district does. `latest` takes the larger one, because a parent hears of everything its children do. A count that
does not exist because there was nothing to count is nought only if the books were counted at all: `none_if_counted`.
"""

MEASURED = "max(work_measured_timestamp_seconds)"
SILENT_AFTER = 120
"""Seconds without a snapshot, which comes every 30, after which a node is silent."""
CUT_AFTER = 60
SLOW_AFTER = 60

LINK_WORDS = {
    "0": ("正常", "#3c9960"),
    "1": ("积压", "#e2a400"),
    "2": ("中断", "#cf2e26"),
    "3": ("失联", "#cf2e26"),
    "4": ("从未上报", "#8a949c"),
}
SAID = "max by (node) (node_snapshot_timestamp_seconds)"
LINK_STATE = f"""
    4 * ({SAID} == bool 0) > 0
    or 3 * (time() - {SAID} > bool {SILENT_AFTER}) > 0
    or 2 * (max by (node) (node_link_heartbeat_age_seconds) > bool {CUT_AFTER}) > 0
    or 1 * (max by (node) (node_link_oldest_unacked_seconds) > bool {SLOW_AFTER}) > 0
    or 0 * {SAID}
"""
"""What is to be said of a node, the worst first; a node that never spoke is neither fine nor forgotten."""


def latest(metric: str, *labels: str, where: str = "") -> str:
    """Return one figure for each of `labels`, however many nodes count it."""
    selected = f"{metric}{{{where}}}" if where else metric
    return f"max by ({', '.join(labels)}) ({selected})" if labels else f"max({selected})"


def none_if_counted(query: str, proof: str = MEASURED) -> str:
    """Return a figure that is nought when it does not exist, provided that somebody counted (`proof` exists)."""
    return f"({query}) or on () 0 * {proof}"


def none_for_each(query: str, proof: str) -> str:
    """Return a figure for each row of a table, nought in every row that `proof` has and the figure has not."""
    return f"({query}) or 0 * {proof}"


def unknown_if_none(query: str, proof: str) -> str:
    """Return a figure that is not a number ("—") while nothing of the kind has happened yet (`proof` exists)."""
    return f"({query}) or on () NaN * {proof}"


def quantile(share: float, histogram: str, *labels: str, window: str = "$__rate_interval", where: str = "") -> str:
    """Return a quantile of a histogram over the last moments, for each of `labels`."""
    selected = f"{histogram}_bucket{{{where}}}" if where else f"{histogram}_bucket"
    return f"histogram_quantile({share}, sum by ({', '.join(['le', *labels])}) (rate({selected}[{window}])))"


def rate(kpi: str, period: str, *labels: str, where: str = "") -> str:
    """Return an index in per cent; it is not a number when there was nothing to be in time for."""
    chosen = ", ".join(part for part in (f'kpi="{kpi}"', f'period="{period}"', where) if part)
    top = latest("kpi_numerator", *labels, where=chosen)
    return f"100 * {top} / {latest('kpi_denominator', *labels, where=chosen)}"
