"""What is counted for the metrics of the work: which states belong together, which levels, and how rows add up.

A series costs memory for years, so every label is bounded: six groups of states, three levels, the node's subtree,
the clocks of the law, the top categories. What goes beyond `MOST_CATEGORIES` is counted as one (`OTHER`). Case numbers,
units and persons are never labels. Everything is counted for every node, which is what the board shows; `few` says what
of it becomes a series, so that the city with its 84 nodes stays below two thousand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import TERMINAL_STATES, CaseState
from services.supervision.domain.figures import Count, Figure, Period, rolled_up
from services.supervision.domain.ledger import LedgerRow

MOST_CATEGORIES = 15
OTHER = "其他"
NONE = "未分类"
PERIODS = ("this_month", "last_month")
MOST_UNTOUCHED = 10
LATE = frozenset({"red", "yellow"})
MAIN_FIGURES = frozenset({"K-1", "K-2", "K-4", "K-9"})
"""The indices by which the children of a node are compared; all others are shown of the node itself."""

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "new": ("S00", "S01", "S02", "S03"),
    "sent": ("S04", "S05", "S06", "S07", "S08", "S09"),
    "handling": ("S10", "S11", "S12", "S13", "S14", "S15", "S34", "S50", "S51"),
    "answered": ("S16", "S32", "S33", "S43"),
    "review": ("S30", "S31", "S40", "S41", "S42"),
}
STATE_GROUPS = (*_GROUPS, "ended")
_GROUP_OF = {code: group for group, codes in _GROUPS.items() for code in codes}
_UNTOUCHED = frozenset({CaseState.RECEIVED.value, CaseState.REGISTERED.value})


def state_group(state: str) -> str:
    """Return the group of a state: new, sent, handling, answered, review or ended."""
    return "ended" if state in TERMINAL_STATES else _GROUP_OF.get(state, "handling")


def level_of(node: str) -> str:
    """Return the level of a node: city, district or township."""
    if len(node) > 6:  # noqa: PLR2004  a township's code has nine digits
        return "township"
    return "city" if node.endswith("00") else "district"


@dataclass(frozen=True, slots=True)
class Standing:
    """So many cases stand alike; `since` is when the one that has waited longest was last changed."""

    holder: str
    state: str
    category: str
    channel: str
    number: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Running:
    """So many clocks run alike; of these so many have gone red here already."""

    clock: str
    node: str
    lamp: str
    number: int
    breached: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A case left a level after so many seconds, or went from one node to another in so many (`to_level` not empty)."""

    level: str
    to_level: str
    seconds: float


@dataclass(slots=True)
class Gauges:
    """The values of one measurement, each by the labels of its metric."""

    cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_category: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_channel: Counter[tuple[str, str]] = field(default_factory=Counter)
    clocks: Counter[tuple[str, str]] = field(default_factory=Counter)
    clocks_by_node: Counter[tuple[str, str]] = field(default_factory=Counter)
    breached: Counter[tuple[str]] = field(default_factory=Counter)
    untouched: dict[tuple[str], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Few:
    """What of a measurement becomes a series, where there is one for each node or category."""

    cases: dict[tuple[str, str], int]
    open: Counter[tuple[str]]
    by_category: Counter[tuple[str]]
    late: dict[tuple[str, str], int]
    untouched: dict[tuple[str], float]


def gauges(cases: Iterable[Standing], clocks: Iterable[Running], now: datetime) -> Gauges:
    """Add up what stands in the books."""
    found = Gauges()
    rows = list(cases)
    kept = _largest(rows)
    for row in rows:
        group = state_group(row.state)
        category = (row.category if row.category in kept else OTHER) if row.category else NONE
        found.cases[row.holder, group] += row.number
        found.by_category[category, group] += row.number
        found.by_channel[row.channel, group] += row.number
        if row.state in _UNTOUCHED and row.since is not None:
            age = max(0.0, (now - row.since).total_seconds())
            found.untouched[(row.holder,)] = max(age, found.untouched.get((row.holder,), 0.0))
    for clock in clocks:
        found.clocks[clock.clock, clock.lamp] += clock.number
        found.clocks_by_node[clock.node, clock.lamp] += clock.number
        if clock.breached:
            found.breached[(clock.node,)] += clock.breached
    return found


def few(found: Gauges, own: str) -> Few:
    """Choose what is shown of every node, what of `own` and its children only, and what of the worst ones only."""
    still_open: Counter[tuple[str]] = Counter()
    for (node, group), number in found.cases.items():
        still_open[(node,)] += number if group != "ended" else 0
    if own:  # also when there is nothing: an alert without data could not fire
        still_open[(own,)] += 0
    by_category: Counter[tuple[str]] = Counter()
    for (category, group), number in found.by_category.items():
        by_category[(category,)] += number if group != "ended" else 0
    oldest = sorted(found.untouched.items(), key=lambda each: (-each[1], each[0]))[:MOST_UNTOUCHED]
    ours = {(own,): found.untouched.get((own,), 0.0)} if own else {}
    lamps = dict.fromkeys(((own, lamp) for lamp in LATE), 0) if own else {}
    return Few(
        cases=(dict.fromkeys(((own, group) for group in STATE_GROUPS), 0) if own else {})
        | {labels: number for labels, number in found.cases.items() if is_told_whole(labels[0], own)},
        open=still_open,
        by_category=by_category,
        late=lamps | {labels: number for labels, number in found.clocks_by_node.items() if labels[1] in LATE},
        untouched=dict(oldest) | ours,
    )


def is_near(node: str, own: str) -> bool:
    """Return whether a node is `own` or a child of it; without `own` every node is."""
    return not own or node in ("", own) or str(DivisionCode.parse(node).parent) == own


def is_told_whole(node: str, own: str) -> bool:
    """Return whether a node is `own` or a district below it; a district's townships are too many for details."""
    return is_near(node, own) and (node in ("", own) or level_of(node) != "township" or not own)


def _largest(rows: Iterable[Standing]) -> frozenset[str]:
    sizes: Counter[str] = Counter()
    for row in rows:
        if row.category:
            sizes[row.category] += row.number
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    return frozenset(largest[:MOST_CATEGORIES])


def months(today: date, node: str) -> dict[str, Period]:
    """Return this month and the last one, whole, as periods of the indices."""
    first = today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    before = first - timedelta(days=1)
    spans = ((first, following - timedelta(days=1)), (before.replace(day=1), before))
    return {name: Period(*span, node) for name, span in zip(PERIODS, spans, strict=True)}


def shown_figures(counts: Sequence[Count], node: str) -> list[Figure]:
    """Return the indices of the node and of its direct children; those further below are in their parents' sums."""
    return [figure for figure in rolled_up(counts, node) if is_near(figure.node, node)]


def stays(before: LedgerRow, event: CaseEvent, after: LedgerRow) -> list[Stay]:
    """Return what an event ends: the stay with a node, when the case moves on or ends, and the hand-off itself."""
    ended: list[Stay] = []
    at = event.head.at
    moved = before.holder != after.holder
    over = after.state in TERMINAL_STATES and before.state not in TERMINAL_STATES
    if before.holder and before.held_since is not None and (moved or over):
        ended.append(Stay(level_of(before.holder), "", _seconds(before.held_since, at)))
    if before.holder and moved and before.in_transfer_since is not None:
        seconds = _seconds(before.in_transfer_since, at)
        ended.append(Stay(level_of(before.holder), level_of(after.holder), seconds))
    return ended


def _seconds(since: datetime, until: datetime) -> float:
    return max(0.0, (until - since).total_seconds())
