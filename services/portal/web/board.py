"""The picture of the node and everything below it: links, lamps, what is late, the indices, with small plots.

The plots are drawn into the page as SVG, so they need no script. What nobody said is shown as "—", never as nought.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import desk
from services.portal.web.pages import page, ports, staff_page

pages = Blueprint("board", __name__, url_prefix="/desk/board")
LINKS = {
    "fine": ("正常", "green"),
    "slow": ("积压", "yellow"),
    "cut": ("中断", "red"),
    "silent": ("失联", "red"),
    "unheard": ("从未上报", "none"),
    "left": ("已退出", "none"),
}
GROUPS = {
    "new": "新收",
    "sent": "转送交办中",
    "handling": "办理中",
    "answered": "已答复",
    "review": "复查复核",
    "ended": "已结束",
}
LAMPS = ("red", "yellow", "green")
WIDTH = 160
"""The width of a plot, in the units in which it is drawn."""


@pages.get("")
@staff_page(may.OFFICE)
def show(person: Principal) -> Any:
    """Show the picture."""
    found = desk.board(person, ports())
    own = [row for row in found["kpis"] if row["node"] == found["node"]]
    return page(
        "board.html",
        board=found,
        links=LINKS,
        lamps={lamp: sum(row[lamp] for row in found["clocks"]) for lamp in LAMPS},
        nodes=[(row, _bar(row, _most(found["nodes"]))) for row in found["nodes"]],
        clocks=[(row, _bar(row, _most(found["clocks"]))) for row in found["clocks"]],
        groups=_groups(found["cases"]),
        indices=[(row, _percent(row.get("this_month")), _percent(row.get("last_month"))) for row in own],
        width=WIDTH,
    )


def _most(rows: list[dict[str, Any]]) -> int:
    return max((sum(row[lamp] for lamp in LAMPS) for row in rows), default=0)


def _bar(row: Mapping[str, Any], most: int) -> list[tuple[str, float, float]]:
    """Return a bar of lamps: colour, where it begins, how long it is; the longest bar of the table fills the plot."""
    parts, place = [], 0.0
    for lamp in LAMPS:
        length = WIDTH * row[lamp] / most if most else 0.0
        parts.append((lamp, round(place, 1), round(length, 1)))
        place += length
    return parts


def _groups(cases: Mapping[str, int]) -> list[tuple[str, int, float]]:
    most = max(cases.values(), default=0)
    return [
        (word, cases.get(group, 0), round(WIDTH * cases.get(group, 0) / most, 1) if most else 0.0)
        for group, word in GROUPS.items()
    ]


def _percent(part: Mapping[str, int] | None) -> float | None:
    """Return an index in per cent; nothing of nothing is none (K-19)."""
    if not part or not part["denominator"]:
        return None
    return round(100 * part["numerator"] / part["denominator"], 1)
