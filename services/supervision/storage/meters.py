"""What the metrics of supervision show; every series is set from memory, so that a scrape asks no database.

Nodes are many and series few: of the nodes further below than its children a node shows how many cases they have open
and which clocks are late; their district shows the rest. A meter remembers which series it has set, so that a lamp
that went out, or a node without cases, shows nought instead of its last value.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from lianxi.casework.messages.petitioner import Rated, Rating
from lianxi.law.calendar import Calendar
from lianxi.runtime.metrics import counter, from_nought, gauge, histogram
from services.supervision.domain.board import LAMPS
from services.supervision.domain.figures import Figure
from services.supervision.domain.gauges import MAIN_FIGURES, PERIODS, Gauges, Stay, few
from services.supervision.domain.orders import ProposalStatus
from services.supervision.domain.rules import Alert

DAY = 86400.0
_DAYS = tuple(days * DAY for days in (1, 15, 30, 60, 90))
_HAND_OFF = (3600.0, DAY, 3 * DAY, 7 * DAY)

_OLDEST_DUE = gauge(
    "supervision_oldest_due_seconds", "Age of the oldest alert that is due and not raised yet, when a sweep begins"
)
_ALERTS = counter("supervision_alerts_total", "Alerts raised, by kind: a warning, a breach and so on", ("alert",))
_PROVISIONAL_YEAR = gauge(
    "supervision_calendar_provisional", "1 if dates a year ahead rest on a calendar without its official notice"
)
_CASES = gauge("cases", "Cases held by this node and the districts below it, by state group", ("node", "state_group"))
_OPEN = gauge("cases_open", "Cases of the subtree that have not ended, by holding node", ("node",))
_BY_CATEGORY = gauge("cases_by_category", "Cases of the subtree that have not ended, by top category", ("category",))
_BY_CHANNEL = gauge("cases_by_channel", "Cases of the subtree by channel", ("channel", "state_group"))
_CLOCKS = gauge("clocks_open", "Running clocks of the subtree by clock and lamp", ("clock", "lamp"))
_LATE = gauge("clocks_late", "Running clocks that are red (breached) or yellow, by owing node", ("node", "lamp"))
_UNTOUCHED = gauge(
    "contact_untouched_oldest_seconds",
    "Age of the oldest contact that nobody has acted on, at this node and the ten where it is oldest",
    ("node",),
)
_PROPOSALS = gauge("supervision_proposals", "Supervision orders by status: proposed, signed and so on", ("status",))
_KPI_NUMERATOR = gauge(
    "kpi_numerator", "Numerator of an index: all of this node, the main ones of its children", ("kpi", "node", "period")
)
_KPI_DENOMINATOR = gauge(
    "kpi_denominator",
    "Denominator of an index: all of this node, the main ones of its children",
    ("kpi", "node", "period"),
)
_DWELL = histogram("case_dwell_seconds", "Time a case stayed at a node, by its level", ("level",), buckets=_DAYS)
_HAND_OFFS = histogram(
    "case_handoff_seconds",
    "Time from the offer of custody to its delivery, by levels",
    ("from_level", "to_level"),
    buckets=_HAND_OFF,
)
_RATINGS = counter(
    "case_ratings_total", "Ratings petitioners gave, a changed one again, by who is rated and how", ("rated", "rating")
)
_LEVELS = ("city", "district", "township")
from_nought(_ALERTS, Alert)
from_nought(_DWELL, _LEVELS)
for _level in _LEVELS:  # custody moves up or down, never between nodes of one level
    from_nought(_HAND_OFFS, (_level,), (other for other in _LEVELS if other != _level))
from_nought(_RATINGS, Rated, Rating)
_MEASURED = gauge("work_measured_timestamp_seconds", "When the books were last counted, as Unix time")
_MEASURE_SECONDS = gauge("work_measure_seconds", "How long the last count of the books took")


class Meters:
    """The metrics of one supervision process; without `own` every node counts as near."""

    def __init__(self, own: str = "") -> None:
        self._own = own
        self._shown: dict[str, set[tuple[str, ...]]] = {}

    def swept(self, oldest: datetime | None, now: datetime, raised: Counter[tuple[str, str, str]]) -> None:
        """Show how late the sweep was and what it raised."""
        _OLDEST_DUE.set(max(0.0, (now - oldest).total_seconds()) if oldest else 0.0)
        for (alert, _clock, _node), number in raised.items():
            _ALERTS.labels(alert).inc(number)

    def standing(self, found: Gauges, proposals: Mapping[str, int]) -> None:
        """Show what stands in the books."""
        shown = few(found, self._own)
        self._show("cases", _CASES, shown.cases)
        self._show("open", _OPEN, shown.open)
        self._show("category", _BY_CATEGORY, shown.by_category)
        self._show("channel", _BY_CHANNEL, found.by_channel)
        running = {(clock, lamp): 0 for clock, _ in found.clocks for lamp in LAMPS}
        self._show("clocks", _CLOCKS, running | found.clocks)
        self._show("late", _LATE, shown.late)
        self._show("untouched", _UNTOUCHED, shown.untouched, keep=False)
        orders = {**dict.fromkeys(map(str, ProposalStatus), 0), **proposals}
        self._show("proposals", _PROPOSALS, {(status,): number for status, number in orders.items()})

    def figures(self, period: str, figures: Iterable[Figure]) -> None:
        """Show the indices of one period: all of this node, the main ones of its children for this month."""
        rows = {
            (figure.kpi, figure.node, period): figure
            for figure in figures
            if figure.node == self._own or not self._own or (figure.kpi in MAIN_FIGURES and period == PERIODS[0])
        }
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

    def _show(self, name: str, metric: Any, values: Mapping[Any, float], *, keep: bool = True) -> None:
        """Set a metric; what has no value any more is nought, or without `keep` shown no more."""
        before = self._shown.get(name, set())
        gone = before - values.keys()
        for labels in gone:
            if keep:
                metric.labels(*labels).set(0)
            else:
                metric.remove(*labels)
        for labels, value in values.items():
            metric.labels(*labels).set(value)
        self._shown[name] = set(values) | (gone if keep else set())
