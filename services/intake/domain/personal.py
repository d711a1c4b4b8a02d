"""What may be done with one person's data on request: whose they are, what may be taken out, and what has to stay.

A person is found by what identifies people here (ID number, credit code, telephone, name with address), compared as
keyed hashes. Erasure waits for the law: while a case is open its data are needed to handle it, and afterwards the
file stays in the archive for its retention period (CF-43), the thirty days of closing the file (T43) included.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lianxi.casework.errors import Conflict
from lianxi.casework.messages.facts import TERMINAL_STATES

RETENTION_YEARS = 10
"""CF-43: the shortest of the retention periods (permanent, 30, 10 years); a file with a longer one is kept by hand."""
STAYS = (
    "案件经过（只含状态、时间、单位和文书字号，不含个人信息）",
    "已发出文书的正文（机关公文，随案卷保管期限处理）",
    "统计数字和期限记录",
    "查看和删除的审计记录（不含个人信息）",
)
"""What an erasure leaves, and why it may."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands: its state, and the day it ended; `ended_on` is None while it is open or not known."""

    number: str
    state: str
    ended_on: date | None

    @property
    def ended(self) -> bool:
        """Whether nothing more happens in the case."""
        return self.state in {state.value for state in TERMINAL_STATES}


class StillNeeded(Conflict):
    """The law does not allow the data to be erased yet."""


def check_erasable(numbers: Iterable[str], standings: Mapping[str, Standing], today: date) -> None:
    """Refuse with the rule while any of these contacts is needed."""
    for number in numbers:
        standing = standings.get(number)
        if standing is None or not standing.ended:
            raise StillNeeded(
                f"{number}尚未办结，其个人信息是办理所必需的，不能删除；办结并满保管期限后再申请。", rule="PIPL-13"
            )
        if standing.ended_on is None:
            raise StillNeeded(f"{number}的办结日期不明，不能确认保管期限已满，请先核对案卷。", rule="CF-43")
        until = kept_until(standing.ended_on)
        if today <= until:
            raise StillNeeded(
                f"{number}已办结，案卷须保管至{until:%Y年%m月%d日}，期满前不能删除其中的个人信息。", rule="CF-43"
            )


def kept_until(ended_on: date) -> date:
    """Return the last day of the archive period."""
    year = ended_on.year + RETENTION_YEARS
    leap_day = (ended_on.month, ended_on.day) == (2, 29)
    return date(year, 2, 28) if leap_day else ended_on.replace(year=year)


def standings_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, Standing]:
    """Read how cases stand from `{number, state, ended_on?}`."""
    found = {}
    for row in rows:
        number, ended_on = str(row.get("number", "")), row.get("ended_on")
        found[number] = Standing(
            number, str(row.get("state", "")), date.fromisoformat(str(ended_on)[:10]) if ended_on else None
        )
    return found
