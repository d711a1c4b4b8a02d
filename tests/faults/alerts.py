"""The last rounds: the clocks are fast-forwarded, and the services die while they raise what is due.

Each step moves the time of both nodes to the next instants at which clocks of both are due. Every alert must have been
told exactly once: as often as the clocks' own rows say that they warned and breached, no alert twice, and each of them
seen by notify once.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lianxi.runtime.clock import SystemClock, set_offset
from tests.faults.facts import Account, Auditor
from tests.faults.gates import AT_COMMIT, BEFORE_COMMIT, Gate
from tests.faults.harms import AtGate, Fault
from tests.faults.pair import CITY, DISTRICT, NODES, Pair
from tests.faults.runs import REST, Outcome, strike_all

_RAISED = "NEW.step > OLD.step"
_TOLD = {
    BEFORE_COMMIT: "alerts are raised: written, not committed",
    AT_COMMIT: "alerts are raised: committed, nobody told",
}
_NEXT = "SELECT min(next_alert_at) FROM supervision.clock"
_ROWS = "SELECT case_no, code, warned_at IS NOT NULL, breached_at IS NOT NULL FROM supervision.clock"
_MESSAGES = """
SELECT message_id, type, told->>'case_no', told->>'clock', told::text FROM (
    SELECT message_id, type, (convert_from(body, 'UTF8')::jsonb->'data') - 'raised_at'::text AS told
    FROM supervision.outbox
    WHERE type ~ '(clock-warned|clock-breached|clock-escalated|right-lapsed)'
) AS alerts
"""
_SEEN = "SELECT message_id FROM notify.inbox WHERE queue = 'notify.case'"
_DUE = "SELECT count(*) FROM supervision.clock WHERE next_alert_at <= %s"


def play_alerts(pair: Pair, auditor: Auditor, steps: int, tell: Callable[[str], None]) -> list[Outcome]:
    """Move the time in `steps` steps, at each of which the services of both nodes die; return what came of each."""
    outcomes = []
    for number in range(steps):
        moments = (BEFORE_COMMIT, AT_COMMIT) if number % 2 else (AT_COMMIT, BEFORE_COMMIT)
        faults = [_fault(node, moment) for node, moment in zip((CITY, DISTRICT), moments, strict=True)]
        outcomes.append(_play(pair, auditor, faults, number))
        tell(f"[alerts {number + 1}/{steps}] {outcomes[-1]}")
    return outcomes


def _fault(node: str, moment: str) -> AtGate:
    return AtGate(node, "services", _TOLD[moment], gate=Gate(node, "supervision.clock", _RAISED, moment, "UPDATE"))


def _play(pair: Pair, auditor: Auditor, faults: list[Fault], number: int) -> Outcome:
    failures: list[str] = []
    begun = time.monotonic()
    for fault in faults:
        fault.arm(pair)
    due = max(pair.rows(node, _NEXT)[0][0] for node in NODES)
    set_offset(pair.stack.clock_offset_file, due - SystemClock(None).now() + timedelta(seconds=1))
    strike_all(faults, pair, None, number, failures)
    healed = time.monotonic()
    account = auditor.settle((), REST, also=lambda account: _count(account, pair))
    rest = time.monotonic()
    return Outcome(number, faults, account, (), 0, rest - begun, rest - healed, failures)


def _count(account: Account, pair: Pair) -> None:
    """Add to the account which alerts are missing or were told too often."""
    now = SystemClock(pair.stack.clock_offset_file).now()
    for node in NODES:
        if due := pair.rows(node, _DUE, now)[0][0]:
            account.unrest.append(f"{due} clocks due at {node}")
        wanted: Counter[Any] = Counter()
        for case_no, code, warned, breached in pair.rows(node, _ROWS):
            wanted["lianxi.clock-warned.v1", case_no, code] += warned
            wanted["lianxi.clock-breached.v1", case_no, code] += breached
        told = pair.rows(node, _MESSAGES)
        found = Counter(row[1:4] for row in told if row[1] in {"lianxi.clock-warned.v1", "lianxi.clock-breached.v1"})
        account.lost += [f"alert {what} at {node}" for what in (wanted - found).elements()]
        account.twice += [f"alert {what} at {node}" for what in (found - wanted).elements()]
        again = Counter((row[1], row[4]) for row in told)
        account.twice += [f"alert {what} at {node}" for what, times in again.items() if times > 1]
        seen = {row[0] for row in pair.rows(node, _SEEN)}
        account.lost += [f"{row[1:4]} not seen by notify at {node}" for row in told if row[0] not in seen]
