"""The read-only views of routing: one case with its history, and the pile of what waits."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from lianxi.casework.case.state import Case
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import PetitionClass
from lianxi.contracts.schemas import load
from services.routing.domain.records import HandOff, SentAct, WaitingRow
from services.routing.storage.cases import read_event
from services.routing.storage.tables import case_event, case_file, custody_receipt, directive, sorting

_VIEW = f"""
SELECT snapshot, ARRAY(SELECT body FROM {case_event.fullname} e WHERE e.case_no = f.case_no ORDER BY e.seq) AS bodies
FROM {case_file.fullname} f WHERE case_no = %s
"""


class SqlDesk:
    """`Desk` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def view(self, case_no: str) -> tuple[Case, tuple[CaseEvent, ...]] | None:
        """Return a case and its history without locking it."""
        row = self._connection.exec_driver_sql(_VIEW, (case_no,)).one_or_none()
        return None if row is None else (load(Case, row.snapshot), tuple(map(read_event, row.bodies)))

    def sorting(self, case_no: str) -> dict[str, Any] | None:
        """Return what the rules proposed: {"why", "proposal"}."""
        row = self._connection.execute(
            select(sorting.c.why, sorting.c.proposal).where(sorting.c.case_no == case_no)
        ).one_or_none()
        return None if row is None else {"why": row.why, "proposal": row.proposal}

    def waiting(
        self, node: str, after: tuple[datetime, str] | None, limit: int, hidden: Sequence[str]
    ) -> Sequence[WaitingRow]:
        """Return the pile, oldest first, after a place in it, without accusations in the `hidden` states."""
        query = (
            select(case_file.c.case_no, case_file.c.state, case_file.c.since, sorting.c.why)
            .join_from(case_file, sorting, case_file.c.case_no == sorting.c.case_no, isouter=True)
            .where(case_file.c.holder == node, case_file.c.state.in_(("S01", "S02")))
            .order_by(case_file.c.since, case_file.c.case_no)
            .limit(limit)
        )
        accusation = PetitionClass.ACCUSATION.value
        sealed = func.coalesce(
            case_file.c.snapshot["petition_class"].astext, sorting.c.proposal["petition_class"].astext, ""
        )
        query = query.where((sealed != accusation) | case_file.c.state.not_in(tuple(hidden)))
        if after is not None:
            query = query.where(tuple_(case_file.c.since, case_file.c.case_no) > after)
        return [
            WaitingRow(row.case_no, row.state, row.since, row.why or "等待分办")
            for row in self._connection.execute(query)
        ]

    def oldest_waiting(self, node: str) -> datetime | None:
        """Return since when the oldest one waits."""
        query = select(func.min(case_file.c.since)).where(
            case_file.c.holder == node, case_file.c.state.in_(("S01", "S02"))
        )
        oldest: datetime | None = self._connection.execute(query).scalar_one()
        return oldest

    def count_waiting(self, node: str) -> dict[str, int]:
        """Return how many wait, by state."""
        query = (
            select(case_file.c.state, func.count().label("number"))
            .where(case_file.c.holder == node, case_file.c.state.in_(("S01", "S02")))
            .group_by(case_file.c.state)
        )
        return {row.state: row.number for row in self._connection.execute(query)}

    def hand_offs(self, case_no: str) -> Sequence[HandOff]:
        """Return the receipts of custody of a case, in order."""
        columns = [custody_receipt.c[field.name] for field in fields(HandOff)]
        query = select(*columns).where(custody_receipt.c.case_no == case_no).order_by(custody_receipt.c.offered_at)
        return [HandOff(*row) for row in self._connection.execute(query)]

    def sent_acts(self, case_no: str) -> Sequence[SentAct]:
        """Return the acts on a case that crossed nodes, in order."""
        columns = [directive.c[field.name] for field in fields(SentAct)]
        query = select(*columns).where(directive.c.case_no == case_no).order_by(directive.c.issued_at)
        return [SentAct(*row) for row in self._connection.execute(query)]

    def oldest_offer(self) -> tuple[int, datetime | None]:
        """Return how many offers of this node wait for an answer, and since when the oldest does."""
        waiting = custody_receipt.c.answered_at.is_(None) & (custody_receipt.c.direction == "out")
        row = self._connection.execute(
            select(func.count().label("number"), func.min(custody_receipt.c.offered_at).label("since")).where(waiting)
        ).one()
        return row.number, row.since
