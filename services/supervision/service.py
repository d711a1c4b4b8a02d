"""The doors of supervision: what is read from the bus, what may be called, what runs every second."""

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from lianxi.bus.doors import RETRY_THEN_PARK, call, consume_batch, every
from lianxi.bus.messages import Incoming
from lianxi.bus.telemetry import TOLD, UPWARDS
from lianxi.casework.errors import Refused
from lianxi.casework.messages.events import CaseEvent
from lianxi.courier import decode
from lianxi.runtime import logging as logs
from services.supervision import schemas
from services.supervision.domain.board import Counted, board
from services.supervision.domain.snapshots import states
from services.supervision.handlers import look_up, orders
from services.supervision.handlers.follow import follow
from services.supervision.handlers.measure import count_figures, count_work
from services.supervision.handlers.raise_alerts import raise_alerts
from services.supervision.handlers.recompute import list_moves, recompute
from services.supervision.handlers.snapshots import take_snapshots
from services.supervision.storage import SupervisionWork
from services.supervision.wiring import Parts, build

MOST_CHANGES = 2000
"""Changes a recomputation lists in its answer; the total is always told."""
MOST_COUNTING = 4
"""How many times as long as a count took the next one waits at least: large books are counted less often."""
_log = logs.logger("services.supervision")


class SupervisionService:
    """The clocks of every case this node can see, the ledger, the indices, and supervision orders."""

    name: ClassVar[str] = "supervision"
    decode = staticmethod(decode)

    def __init__(self, parts: Parts | None = None) -> None:
        parts = parts or build()
        self.open_work = parts.open_work
        self.clock = parts.clock
        self._office = parts.office
        self._node = parts.node
        self._meters = parts.meters
        self._nodes = parts.nodes
        self._letterbox = parts.letterbox
        self._joined = parts.joined
        self._counted = Counted()
        self._counts_again = 0.0
        self._calendar = ""

    @consume_batch("supervision.case", on_failure=RETRY_THEN_PARK, ordered=True)
    def cases(self, work: SupervisionWork, messages: Sequence[Incoming]) -> None:
        """Take case events into the books; other messages of the queue concern nobody here."""
        events = [message.body for message in messages if isinstance(message.body, CaseEvent)]
        followed = follow(events, work, self._office(), self.clock.now())
        work.after_commit(partial(self._meters.moved, followed.stays))
        work.after_commit(partial(self._meters.rated, followed.ratings))

    @every(1.0)
    def sweep(self) -> None:
        """Raise every alert that is due."""
        now = self.clock.now()
        swept = raise_alerts(self.open_work, self._office(), now)
        self._meters.swept(swept.oldest, now, swept.raised)

    @every(5.0)
    def keep_to_calendar(self) -> None:
        """Move open clocks to a calendar that was loaded while the service ran, or before it started."""
        office = self._office()
        if office.calendar.version != self._calendar:
            moved = recompute(self.open_work, office, self._now())
            self._calendar = office.calendar.version
            _log.info("calendar", version=self._calendar, moved=len(moved))

    @every(30.0)
    def measure(self) -> None:
        """Count the books for the metrics, so that no scrape has to."""
        if time.monotonic() < self._counts_again:
            return
        now = self.clock.now()
        began = time.monotonic()
        with self.open_work() as work:
            self._counted.gauges, self._counted.proposals = count_work(work, now)
        self._counted.at = now
        self._meters.standing(self._counted.gauges, self._counted.proposals)
        self._meters.calendar(self._office().calendar, now.date())
        took = time.monotonic() - began
        self._counts_again = time.monotonic() + took * MOST_COUNTING
        self._meters.measured(time.time(), took)

    @every(5.0)
    def exchange_snapshots(self) -> None:
        """Take in what the nodes below say of themselves, show it, and tell the parent."""
        if self._letterbox is None:
            return
        said = self._letterbox.take()
        with self.open_work() as work:
            taken = take_snapshots(said, work, self._node, TOLD, self._nodes.now())
            self._nodes.show(states(work.snapshots.all(), TOLD))
        self._nodes.refused(taken.refused)
        self._letterbox.post(UPWARDS, taken.upwards)

    @every(10.0)
    def learn_members(self) -> None:
        """Learn from routing which nodes have joined and left, so that nobody who left is called silent."""
        self._joined.ask()
        self._nodes.expect(self._joined.joined, self._joined.left)

    @every(300.0)
    def measure_indices(self) -> None:
        """Count the indices of this month and the last one for the metrics."""
        office = self._office()
        with self.open_work() as work:
            for period, figures in count_figures(work, office, self.clock.today()):
                self._meters.figures(period, figures)
                self._counted.figures[period] = figures

    @call(expected=(Refused,), read_only=True)
    def ledger(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:
        """List cases of the subtree, the most urgent first."""
        return look_up.list_ledger(schemas.ledger_query(body), work, self.clock.today())

    @call(expected=(Refused,), read_only=True)
    def clocks(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:
        """List the clocks of a case, each with the derivation of its dates."""
        return look_up.list_clocks(schemas.case_number(body), work, self._office(), self.clock.today())

    @call(expected=(Refused,), read_only=True)
    def kpis(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:
        """Give the performance indices of a period."""
        return look_up.list_kpis(schemas.period(body, self._node), work, self._office(), self.clock.today())

    @call(expected=(Refused,), read_only=True)
    def counts(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002  nothing is asked
        """Count cases by holder, state and lamp."""
        return look_up.list_counts(work, self.clock.today())

    @call(expected=(Refused,), read_only=True)
    def board(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002  nothing is asked
        """Give the picture of the subtree: nodes with lamps and links, what is late, indices, as last counted."""
        if self._counted.at is None:
            self.measure()
        if not self._counted.figures:
            self.measure_indices()
        said = states(work.snapshots.all(), TOLD)
        return board(self._node, self._counted, self._joined.joined, said, self._nodes.now(), left=self._joined.left)

    @call(expected=(Refused,), read_only=True)
    def proposals(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:
        """List proposed and signed orders."""
        status, after, limit = schemas.proposals_query(body)
        return look_up.list_proposals(status, after, limit, work)

    @call(expected=(Refused,))
    def sign_order(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:
        """Sign a proposed order."""
        signed = orders.sign_order(schemas.sign_order(body), work, self._office(), self._now())
        return {
            "order_no": signed.order_no,
            "feedback_due": signed.feedback_due.isoformat() if signed.feedback_due else None,
        }

    @call(expected=(Refused,))
    def dismiss_proposal(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:
        """Decide against an order."""
        dismissed = orders.dismiss_proposal(schemas.dismiss_proposal(body), work, self._office(), self._now())
        return {"proposal_no": dismissed.proposal_no, "status": dismissed.status}

    @call(expected=(Refused,))
    def record_feedback(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:
        """Record the unit's answer to an order."""
        answered = orders.record_feedback(schemas.record_feedback(body), work, self._office(), self._now())
        return {"proposal_no": answered.proposal_no, "status": answered.status}

    @call(expected=(Refused,))
    def recompute(self, work: SupervisionWork, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002  nothing is asked
        """Move open clocks to the calendar that is loaded now; list every clock it has moved (D-18)."""
        office = self._office()
        recompute(self.open_work, office, self._now())
        return list_moves(office.calendar.version, work, MOST_CHANGES)

    def _now(self) -> datetime:
        return self.clock.now()


Service = SupervisionService
"""The name under which the runner looks a service up."""
