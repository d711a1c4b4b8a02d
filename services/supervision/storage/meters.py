"""What the metrics of supervision show; every series is set from memory, so that a scrape asks no database.

A meter remembers which series it has set, so that a lamp that went out, or a node without cases, shows nought instead
of its last value.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from lianxi.law.calendar import Calendar
from lianxi.runtime.metrics import counter, gauge, histogram
from services.supervision.domain.figures import Figure
from services.supervision.domain.gauges import Gauges, Stay

DAY = 86400.0
_DAYS = tuple(days * DAY for days in (0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 180))
_HAND_OFF = (1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, DAY, 3 * DAY, 7 * DAY)

_OLDEST_DUE = gauge(
    "supervision_oldest_due_seconds", "Age of the oldest alert that is due and not raised yet, when a sweep begins"
)
_ALERTS = counter("supervision_alerts_total", "Alerts raised, by kind and clock", ("alert", "clock"))
_PROVISIONAL_YEAR = gauge(
    "supervision_calendar_provisional", "1 if dates a year ahead rest on a calendar without its official notice"
)
_CASES = gauge("cases", "Cases of the subtree by holding node and state group", ("node", "state_group"))
_BY_CATEGORY = gauge("cases_by_category", "Cases of the subtree by top category", ("category", "state_group"))
_BY_CHANNEL = gauge("cases_by_channel", "Cases of the subtree by channel", ("channel", "state_group"))
_CLOCKS = gauge("clocks_open", "Running clocks of the subtree by clock and lamp", ("clock", "lamp"))
_CLOCKS_BY_NODE = gauge("clocks_open_by_node", "Running clocks by owing node and lamp", ("node", "lamp"))
_BREACHED = gauge("clocks_breached", "Running clocks whose last day has passed, by owing node", ("node",))
_UNTOUCHED = gauge(
    "contact_untouched_oldest_seconds", "Age of the oldest contact that nobody has acted on, by holding node", ("node",)
)
_PROPOSALS = gauge("supervision_proposals", "Supervision orders by status: proposed, signed and so on", ("status",))
_KPI_NUMERATOR = gauge(
    "kpi_numerator", "Numerator of an index, this node and its children, whole months", ("kpi", "node", "period")
)
_KPI_DENOMINATOR = gauge(
    "kpi_denominator", "Denominator of an index, this node and its children, whole months", ("kpi", "node", "period")
)
_DWELL = histogram("case_dwell_seconds", "Time a case stayed at a node, by its level", ("level",), buckets=_DAYS)
_HAND_OFFS = histogram(
    "case_handoff_seconds",
    "Time from the offer of custody to its delivery, by levels",
    ("from_level", "to_level"),
    buckets=_HAND_OFF,
)
_RATINGS = counter("case_ratings_total", "Ratings of petitioners, by who is rated and how", ("rated", "rating"))
_MEASURED = gauge("work_measured_timestamp_seconds", "When the books were last counted, as Unix time")
_MEASURE_SECONDS = gauge("work_measure_seconds", "How long the last count of the books took")


class Meters:
    """The metrics of one supervision process."""

    def __init__(self) -> None:
        self._shown: dict[str, set[tuple[str, ...]]] = {}

    def swept(self, oldest: datetime | None, now: datetime, raised: Counter[tuple[str, str, str]]) -> None:
        """Show how late the sweep was and what it raised."""
        _OLDEST_DUE.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
        for (alert, clock, _node), number in raised.items():
            _ALERTS.labels(alert, clock).inc(number)

    def standing(self, found: Gauges, proposals: Mapping[str, int]) -> None:
        """Show what stands in the books."""
        self._show("cases", _CASES, found.cases)
        self._show("category", _BY_CATEGORY, found.by_category)
        self._show("channel", _BY_CHANNEL, found.by_channel)
        self._show("clocks", _CLOCKS, found.clocks)
        self._show("clocks_by_node", _CLOCKS_BY_NODE, found.clocks_by_node)
        self._show("breached", _BREACHED, found.breached)
        self._show("untouched", _UNTOUCHED, found.untouched)
        self._show("proposals", _PROPOSALS, {(status,): number for status, number in proposals.items()})

    def figures(self, period: str, figures: Iterable[Figure]) -> None:
        """Show the indices of one period."""
        rows = {(figure.kpi, figure.node, period): figure for figure in figures}
        numerators = {labels: figure.numerator for labels, figure in rows.items()}
        self._show(f"numerator {period}", _KPI_NUMERATOR, numerators)
        denominators = {labels: figure.denominator for labels, figure in rows.items()}
        self._show(f"denominator {period}", _KPI_DENOMINATOR, denominators)

    def moved(self, stays: Iterable[Stay]) -> None:
        """Show how long cases stayed at a level, and how long hand-offs took."""
        for stay in stays:
            if stay.to_level:
                _HAND_OFFS.labels(stay.level, stay.to_level).observe(stay.seconds)
            else:
                _DWELL.labels(stay.level).observe(stay.seconds)

    def rated(self, ratings: Iterable[tuple[str, str]]) -> None:
        """Count what petitioners said."""
        for labels in ratings:
            _RATINGS.labels(*labels).inc()

    def measured(self, at: float, seconds: float) -> None:
        """Show that the books were counted, and what it cost."""
        _MEASURED.set(at)
        _MEASURE_SECONDS.set(seconds)

    def calendar(self, calendar: Calendar, today: date) -> None:
        """Show whether the coming year's notice is missing."""
        _PROVISIONAL_YEAR.set(calendar.is_provisional(date(today.year + 1, 1, 1)))

    def _show(self, name: str, metric: Any, values: Mapping[Any, float]) -> None:
        before = self._shown.get(name, set())
        for labels in before | values.keys():
            metric.labels(*labels).set(values.get(labels, 0))
        self._shown[name] = before | set(values.keys())
