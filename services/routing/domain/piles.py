"""The piles of a desk: every state in which a case waits for somebody of this node, and what each pile is called.

A pile is what one kind of colleague works through. A case can wait here although another node holds it: for the
decision on an objection, on a dispute, on a report, on a review, for the part of an assisting unit, for the call-back
to a petitioner who was dissatisfied (PR-23).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Pile:
    """A pile: its name, its label, and who works through it."""

    name: str
    label: str
    roles: str


_ROWS = (
    Pile("register", "待登记", "R D"),
    Pile("dispatch", "待分办", "D DL"),
    Pile("instruction", "待批示", "D DL"),
    Pile("completion", "待补正", "R U UL"),
    Pile("acceptance", "待受理", "U UL"),
    Pile("assistance", "待提协办意见", "U UL"),
    Pile("classification", "已受理待分类", "U UL"),
    Pile("signature", "意见书待签发", "UL"),
    Pile("service", "意见书待送达", "U UL"),
    Pile("objection", "异议待审核", "D DL"),
    Pile("consultation", "争议协商中", "U UL D"),
    Pile("designation", "争议待指定", "D DL"),
    Pile("conference", "争议待联席会议协调", "J JC"),
    Pile("report", "办结报告待审核", "D DL"),
    Pile("review", "复查待办", "RV"),
    Pile("final-review", "复核待办", "FV"),
    Pile("call-back", "待回访", "R D DL U UL"),
    Pile("proposed", "拟办意见待决定", "D DL"),
    Pile("offer", "已移交待对方签收", "D DL"),
    Pile("wish", "信访人所提待移交后办理", "R D DL"),
    Pile("directive", "决定已发出待对方执行", "D DL RV FV J JC"),
)
PILES: Mapping[str, Pile] = MappingProxyType({pile.name: pile for pile in _ROWS})


@dataclass(frozen=True, slots=True)
class PileCount:
    """How many cases wait in a pile, and since when the oldest does."""

    name: str
    cases: int
    since: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PiledCase:
    """A case in a pile, since when, at which node and unit, and who has taken it."""

    case_no: str
    state: str
    since: datetime
    holder: str
    unit: str
    taken_by: str = ""
    taken_role: str = ""
    taken_until: datetime | None = None


def counted(found: Sequence[PileCount]) -> tuple[PileCount, ...]:
    """Every pile in its order, the empty ones too."""
    by_name = {count.name: count for count in found}
    return tuple(by_name.get(name, PileCount(name, 0, None)) for name in PILES)
