"""What may be asked of the ledger, and the cursor that leads from one page to the next.

Pages are ordered by next due day and case number. A case whose due day changes while somebody turns the pages may
jump over the reader; so the cursor also carries the database snapshot of the first page: what was written since then is
left out of the ordered pages and comes once, after the last of them. Every case that matches throughout is therefore
shown; twice only one that changed after it had been shown.
"""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import CaseNumber

PAGE = 50
LONGEST_PAGE = 200
NEVER = date(9999, 12, 31)
"""The place in the order of a case without a due day."""
_LAST_TRANSACTION = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerFilter:
    """Conditions, all of which must hold; None asks nothing. `under` and `place` include the divisions below."""

    state: str | None = None
    holder: str | None = None
    under: str | None = None
    unit: str | None = None
    lamp: str | None = None
    category: str | None = None
    place: str | None = None
    channel: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins. `changed` says that the ordered pages are through and the changed cases follow."""

    snapshot: str
    due: date = date.min
    case_no: str = ""
    changed: bool = False

    def text(self) -> str:
        """The cursor as callers keep it; its inside is nobody's business."""
        parts = [self.snapshot, self.due.isoformat(), self.case_no, self.changed]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor that `text` wrote; anything else is refused."""
        try:
            snapshot, due, case_no, changed = json.loads(base64.urlsafe_b64decode(text.encode()))
            return cls(_snapshot(str(snapshot)), date.fromisoformat(due), _place(str(case_no)), bool(changed))
        except (ValueError, TypeError, Invalid) as error:
            raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。") from error


def _snapshot(text: str) -> str:
    """A snapshot as PostgreSQL writes it (xmin:xmax:xip,…, the numbers in order): it goes back into a query."""
    written = re.fullmatch(r"(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)", text, re.ASCII)
    if written is None:
        raise ValueError("not a snapshot")
    first, end = int(written[1]), int(written[2])
    running = [int(number) for number in written[3].split(",") if number]
    if not 0 < first <= end <= _LAST_TRANSACTION or running != sorted(set(running)):
        raise ValueError("not a snapshot")
    if running and not first <= running[0] <= running[-1] < end:
        raise ValueError("not a snapshot")
    return text


def _place(case_no: str) -> str:
    """The number of the last case shown, "" before the first."""
    return str(CaseNumber.parse(case_no, "after")) if case_no else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerQuery:
    """One page of the ledger."""

    filter: LedgerFilter
    cursor: Cursor | None = None
    limit: int = PAGE


@dataclass(frozen=True, slots=True)
class Page:
    """Rows ready to be shown, and the cursor of the next page, or None after the last."""

    rows: Sequence[dict[str, Any]]
    cursor: Cursor | None
