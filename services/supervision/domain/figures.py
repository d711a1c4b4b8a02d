"""Performance indices K-1 to K-10: numerator and denominator per node, added up from townships to districts and city.

A case belongs to exactly one node for each index, and to the period in which its due day lies, whatever the day of
its registration; ratings count by the day of rating or its last day, repeats and web petitions by their registration.
Counting is the database's business (`storage.figures`); what is decided here is which node's cases count for which
nodes above it. A rate is left to whoever shows it: nothing divided by nothing is "—", not 0 % (K-19).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lianxi.casework.identifiers import DivisionCode

TITLES = {
    "K-1": "信访部门及时受理率",
    "K-2": "责任单位及时受理率",
    "K-3.timely": "及时受理",
    "K-3.late": "超期受理",
    "K-3.overdue": "超期未受理",
    "K-3.open": "未到期未受理",
    "K-4": "按期答复率",
    "K-5": "参评率",
    "K-6.department": "信访部门群众满意率",
    "K-6.unit": "责任单位群众满意率",
    "K-7": "重复信访率",
    "K-8": "网信占比",
    "K-9": "及时转送率",
    "K-9.target": "按本地时限转送率",
    "K-10": "一次性化解率",
}
"""The indices that are computed. K-3 splits the cohort of K-2 into four parts; K-9.target is the local limit (CF-2)."""

OBSERVED_DAYS = 90
"""How long after the end of a matter a repeat still speaks against it (CF-27)."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days in which the due day of a counted case lies, both included, and the node the figures are for."""

    first: date
    last: date
    node: str


@dataclass(frozen=True, slots=True)
class Count:
    """What one node's own cases contribute to an index."""

    kpi: str
    node: str
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Figure:
    """An index for a node with everything below it, and the part that is the node's own."""

    kpi: str
    node: str
    numerator: int
    denominator: int
    own_numerator: int
    own_denominator: int


def rolled_up(counts: Iterable[Count], node: str) -> list[Figure]:
    """The figures of `node` and of every node below it that has any; other nodes' counts are left out."""
    top = DivisionCode.parse(node)
    own: dict[tuple[str, str], tuple[int, int]] = {}
    total: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for kpi in TITLES:
        total[kpi, str(top)] = [0, 0]
    for count in counts:
        found = DivisionCode.parse(count.node)
        if not top.contains(found):
            continue
        own[count.kpi, str(found)] = (count.numerator, count.denominator)
        above: DivisionCode | None = found
        while above is not None and top.contains(above):
            total[count.kpi, str(above)][0] += count.numerator
            total[count.kpi, str(above)][1] += count.denominator
            above = above.parent
    return [
        Figure(kpi, code, sums[0], sums[1], *own.get((kpi, code), (0, 0)))
        for (kpi, code), sums in sorted(total.items())
    ]
