"""What may be asked of the ledger, and the cursor that leads from one page to the next.

Pages are ordered by next due day and case number. A case whose due day changes while somebody turns the pages may
jump over the reader; so the cursor also carries the database snapshot of the first page, and after the last page come,
once, the cases written since then. Every case that matches throughout is therefore shown at least once.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from lianxi.casework.errors import Invalid

PAGE = 50
LONGEST_PAGE = 200
NEVER = date(9999, 12, 31)
"""The place in the order of a case without a due day."""


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
            return cls(_snapshot(snapshot), date.fromisoformat(due), str(case_no), bool(changed))
        except (ValueError, TypeError) as error:
            raise Invalid("after", "cursor", "翻页标记无效，请从第一页重新查询。") from error


def _snapshot(text: str) -> str:
    """Whole numbers and punctuation as PostgreSQL writes them (xmin:xmax:xip,…): it goes back into a query."""
    if not all(part.isdigit() or not part for piece in text.split(":") for part in piece.split(",")):
        raise ValueError("not a snapshot")
    return text


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
