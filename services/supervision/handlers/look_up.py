"""Answer questions about the books: the ledger, one case's clocks with their reasons, indices, proposals, counts.

What these functions return is plain data, ready for the wire: days and instants as ISO text, codes with their Chinese
names. Sealed matters (检举控告) are counted and never listed (GD-1).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from lianxi.casework.errors import Unknown
from lianxi.law.lamps import Lamp
from services.supervision.domain.clocks import ClockRow, Nature, dates
from services.supervision.domain.figures import TITLES, Count, Period, rolled_up
from services.supervision.domain.office import Office
from services.supervision.domain.orders import Proposal
from services.supervision.domain.queries import LedgerQuery, Page


class Books(Protocol):
    """The books, to be read only."""

    def page(self, query: LedgerQuery, today: date) -> Page:
        """Return one page of the ledger."""
        ...

    def clocks(self, case_no: str) -> Sequence[ClockRow] | None:
        """Return the clocks of a case, or None if there is no such case."""
        ...

    def counts(self, period: Period, today: date, targets: Mapping[str, int]) -> Sequence[Count]:
        """Return what each node's own cases contribute to each index of a period."""
        ...

    def standing(self, today: date) -> Sequence[dict[str, Any]]:
        """Return how many cases stand where: by holder, state and lamp, sealed ones included."""
        ...

    def proposals(self, status: str | None, after: str, limit: int) -> Sequence[Proposal]:
        """Return proposals in the order of their numbers."""
        ...


class LookWork(Protocol):
    """The transaction."""

    @property
    def books(self) -> Books:
        """The books."""
        ...


def list_ledger(query: LedgerQuery, work: LookWork, today: date) -> dict[str, Any]:
    """One page of the ledger, the most urgent first."""
    page = work.books.page(query, today)
    return {"rows": list(page.rows), "next": page.cursor.text() if page.cursor else None}


def list_clocks(case_no: str, work: LookWork, office: Office, today: date) -> dict[str, Any]:
    """Every clock of a case, in the order of opening, each with the derivation of its dates."""
    rows = work.books.clocks(case_no)
    if rows is None:
        raise Unknown("信访事项", case_no)
    return {"rows": [_shown(row, office, today) for row in rows]}


def _shown(row: ClockRow, office: Office, today: date) -> dict[str, Any]:
    return {
        "clock": row.code,
        "title": row.rule.title,
        "round": row.round_number,
        "instance": row.instance,
        "start": row.start.isoformat(),
        "raw_due": row.raw_due.isoformat(),
        "legal_due": row.legal_due.isoformat(),
        "provisional": row.provisional,
        "extension_days": row.extension_days,
        "status": row.status,
        "paused_on": row.paused_on.isoformat() if row.paused_on else None,
        "lamp": lamp_of(row, today),
        "kept": row.kept,
        "owner": row.owner,
        "node": row.node,
        "unit": row.unit,
        "closed_on": row.closed_on.isoformat() if row.closed_on else None,
        "closed_by": row.closed_by,
        "warned_at": row.warned_at.isoformat() if row.warned_at else None,
        "breached_at": row.breached_at.isoformat() if row.breached_at else None,
        "derivation": dates(row, office.calendar).derivation.lines(),
    }


def lamp_of(row: ClockRow, today: date) -> str:
    """The lamp of a running clock; "" when it has ended or stands still, or is a right, which cannot be overdue."""
    if not row.runs or row.nature is Nature.RIGHT:
        return ""
    if today >= row.red_on:
        return Lamp.RED.value
    return Lamp.YELLOW.value if today >= row.yellow_on else Lamp.GREEN.value


def list_kpis(period: Period, work: LookWork, office: Office, today: date) -> dict[str, Any]:
    """The indices of a period, for a node and every node below it; rates are left to whoever shows them (K-19)."""
    counts = work.books.counts(period, today, office.rules.transfer_targets)
    return {
        "rows": [
            {
                "kpi": figure.kpi,
                "title": TITLES[figure.kpi],
                "node": figure.node,
                "numerator": figure.numerator,
                "denominator": figure.denominator,
                "own_numerator": figure.own_numerator,
                "own_denominator": figure.own_denominator,
            }
            for figure in rolled_up(counts, period.node)
        ]
    }


def list_counts(work: LookWork, today: date) -> dict[str, Any]:
    """How many cases stand where, sealed ones included (GD-1: statistics only as counts)."""
    return {"rows": list(work.books.standing(today))}


def list_proposals(status: str | None, after: str, limit: int, work: LookWork) -> dict[str, Any]:
    """Proposed and signed orders, oldest first."""
    found = work.books.proposals(status, after, limit)
    return {
        "rows": [_told(proposal) for proposal in found],
        "next": found[-1].proposal_no if len(found) == limit else None,
    }


def _told(proposal: Proposal) -> dict[str, Any]:
    return {
        "proposal_no": proposal.proposal_no,
        "case_no": proposal.case_no,
        "clock": proposal.clock,
        "node": proposal.node,
        "unit": proposal.unit,
        "trigger": proposal.trigger,
        "status": proposal.status,
        "proposed_at": proposal.proposed_at.isoformat(),
        "decided_at": proposal.decided_at.isoformat() if proposal.decided_at else None,
        "decided_by": proposal.decided_by,
        "reason": proposal.reason,
        "order_no": proposal.order_no or None,
        "paper": dict(proposal.paper or {}),
        "feedback_due": proposal.feedback_due.isoformat() if proposal.feedback_due else None,
        "reply_document": proposal.reply_document or None,
    }
