"""Proposed and signed supervision orders, and the running numbers of a node's year.

What a person writes, the text of an order or the reason against one, is sealed before it reaches the table and bound
to the proposal it belongs to. The reason why a proposal was withdrawn is the system's own sentence and stands open.
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from services.supervision.domain.clocks import ClockRow
from services.supervision.domain.orders import Proposal

_SEALED = {"paper": "paper_sealed"}
COLUMNS = ", ".join([*(_SEALED.get(field.name, field.name) for field in fields(Proposal)), "reason_sealed"])
_LOCK = f"SELECT {COLUMNS} FROM supervision.proposal WHERE proposal_no = %(proposal_no)s FOR UPDATE"
_NUMBERS = """
INSERT INTO supervision.running_number (kind, node, year, last) VALUES (%(kind)s, %(node)s, %(year)s, %(count)s)
ON CONFLICT (kind, node, year) DO UPDATE SET last = running_number.last + excluded.last
RETURNING last
"""
_ADD = """
INSERT INTO supervision.proposal (proposal_no, case_no, clock, instance, node, unit, trigger, status, proposed_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::text[],
                     %s::timestamptz[])
ON CONFLICT (case_no, clock, instance) DO NOTHING
RETURNING proposal_no
"""
_SAVE = """
UPDATE supervision.proposal
SET status = %s, decided_at = %s, decided_by = %s, reason_sealed = %s, order_no = %s, paper_sealed = %s,
    feedback_due = %s, reply_instance = %s, reply_document = %s
WHERE proposal_no = %s
"""
_WITHDRAW = """
UPDATE supervision.proposal AS old SET status = 'withdrawn', decided_at = %s, reason = %s
FROM unnest(%s::text[], %s::text[], %s::smallint[]) AS kept (case_no, clock, instance)
WHERE (old.case_no, old.clock, old.instance) = (kept.case_no, kept.clock, kept.instance) AND old.status = 'proposed'
"""


class Vault(Protocol):
    """Seals what people write."""

    def seal(self, plain: str, context: str) -> str:
        """Seal for this node."""
        ...

    def open(self, token: str, context: str) -> str:
        """Open what was sealed for this node."""
        ...


def proposal_rows(connection: Connection, query: str, values: dict[str, Any], vault: Vault) -> list[Proposal]:
    """Run a query that selects `COLUMNS`, and open what is sealed."""
    return [_opened(dict(row), vault) for row in connection.exec_driver_sql(query, values).mappings()]


def _opened(row: dict[str, Any], vault: Vault) -> Proposal:
    paper, reason = row.pop("paper_sealed"), row.pop("reason_sealed")
    if paper:
        row["paper"] = json.loads(vault.open(paper, _place(row["proposal_no"], "paper")))
    if reason:
        row["reason"] = vault.open(reason, _place(row["proposal_no"], "reason"))
    return Proposal(**row)


def _place(proposal_no: str, field: str) -> str:
    return f"proposal/{proposal_no}/{field}"


class SqlProposals:
    """Proposals on one connection."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._connection = connection
        self._vault = vault

    def take_numbers(self, node: str, year: int, count: int) -> Sequence[str]:
        """Return so many fresh proposal numbers; they sort by time."""
        last = self._advance("proposal", node, year, count)
        return [f"{node}-{year}-{number:06d}" for number in range(last - count + 1, last + 1)]

    def next_order(self, node: str, year: int) -> int:
        """Return the next number in the node's list of signed orders of the year."""
        return self._advance("order", node, year, 1)

    def _advance(self, kind: str, node: str, year: int, count: int) -> int:
        values = {"kind": kind, "node": node, "year": year, "count": count}
        last: int = self._connection.exec_driver_sql(_NUMBERS, values).scalar_one()
        return last

    def add(self, proposals: Sequence[Proposal]) -> set[str]:
        """Write new proposals; return the numbers of those whose clock had none."""
        columns = ("proposal_no", "case_no", "clock", "instance", "node", "unit", "trigger", "status", "proposed_at")
        values = tuple([getattr(proposal, name) for proposal in proposals] for name in columns)
        return {str(number) for (number,) in self._connection.exec_driver_sql(_ADD, values)}

    def case_of(self, proposal_no: str) -> str | None:
        """Return the case a proposal is about."""
        found: str | None = self._connection.exec_driver_sql(
            "SELECT case_no FROM supervision.proposal WHERE proposal_no = %s", (proposal_no,)
        ).scalar_one_or_none()
        return found

    def locked(self, proposal_no: str) -> Proposal:
        """Return the proposal, locked until the transaction ends."""
        return proposal_rows(self._connection, _LOCK, {"proposal_no": proposal_no}, self._vault)[0]

    def save(self, proposal: Proposal) -> None:
        """Write what a person decided."""
        seal, number = self._vault.seal, proposal.proposal_no
        paper = None
        if proposal.paper is not None:
            paper = seal(json.dumps(dict(proposal.paper), ensure_ascii=False), _place(number, "paper"))
        self._connection.exec_driver_sql(
            _SAVE,
            (
                proposal.status,
                proposal.decided_at,
                proposal.decided_by,
                seal(proposal.reason, _place(number, "reason")) if proposal.reason else None,
                proposal.order_no,
                paper,
                proposal.feedback_due,
                proposal.reply_instance,
                proposal.reply_document,
                proposal.proposal_no,
            ),
        )

    def withdraw(self, clocks: Sequence[ClockRow], at: datetime, reason: str) -> None:
        """Withdraw what nobody has decided yet about these clocks."""
        keys = [list(column) for column in zip(*(clock.key for clock in clocks), strict=True)]
        self._connection.exec_driver_sql(_WITHDRAW, (at, reason, *keys))
