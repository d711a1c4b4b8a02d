"""Bring events to webhooks: a number of hands, each with one agency, and one of them at a time at the tables.

A webhook gets its events one after the other. A hand takes a turn that waits; when none does it goes to the tables,
writes down in one transaction how far all turns got that ended meanwhile, and takes the next agencies that are due with
their events. So a transaction serves many agencies, while a dead one holds nothing but the hand that waits for it.
What could not be written down is kept until it can; a process that dies leaves leases that run out in `LEASE`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from services.notify.domain.agencies import GONE, Agency, AgencyState, Answer, next_attempt
from services.notify.domain.deliveries import Delivery, delivery_id
from services.notify.domain.rules import Channel
from services.notify.handlers.agencies import AgencyDesk, OpenWork, Work
from services.notify.handlers.turns import Ended, Turn

LEASE = timedelta(minutes=2)
LONGEST_TURN = timedelta(seconds=20)
"""After this an agency has no further event in its turn; the one it is at may take a sender's patience more."""
LATEST_START = timedelta(minutes=1)
"""So much of its lease a turn needs to begin."""
AT_ONCE = 20
"""Events a webhook gets in a turn."""
TAKEN = 100
"""Agencies taken from the tables at once."""
PAUSED = "agency-paused"


def bring(open_work: OpenWork, desk: AgencyDesk) -> None:
    """Let a free hand see to it that whatever is due is brought, with as many others as that wants."""
    desk.start(partial(_serve_all, open_work, desk))


def _serve_all(open_work: OpenWork, desk: AgencyDesk) -> None:
    """Serve one agency after the other until none is due."""
    while (turn := _next(open_work, desk)) is not None:
        after = None
        try:
            if turn.until - desk.wall.now() >= LATEST_START:
                after = _serve(turn, desk)
        finally:
            desk.turns.end(turn, after)


def _next(open_work: OpenWork, desk: AgencyDesk) -> Turn | None:
    """Return a turn that waits, or after a look into the tables the first that is due."""
    turns = desk.turns
    if turn := turns.take():
        return turn
    looks = turns.looks
    with turns.at_the_tables:
        if turn := turns.take():
            return turn
        if turns.looks > looks and not turns.something_ended:
            return None  # another hand has begun to look after this one came, and found nothing
        found = _look(open_work, desk)
    for _ in range(found - 1):
        if not desk.start(partial(_serve_all, open_work, desk)):
            break
    return turns.take()


def _look(open_work: OpenWork, desk: AgencyDesk) -> int:
    """Write down what ended, let what is due wait for hands, and return how many agencies that are."""
    turns, now, lease = desk.turns, desk.wall.now(), secrets.token_hex(8)
    turns.looks += 1
    ended, until = turns.all_ended(), now + LEASE
    try:
        with open_work() as work:
            _write_down(ended, work, desk)
            taken = work.agencies.claim(lease, until, now, steady=TAKEN, doubtful=turns.room)
            events = work.agencies.unheard([agency.grant.name for agency in taken], AT_ONCE) if taken else {}
    except BaseException:
        turns.not_written(ended)
        raise
    turns.add(Turn(agency, lease, until, events.get(agency.grant.name, ())) for agency in taken)
    return len(taken)


def _write_down(ended: Sequence[Ended], work: Work, desk: AgencyDesk) -> None:
    if not ended:
        return
    written = work.agencies.settle(ended)
    for each in ended:
        if each.after.state is AgencyState.PAUSED and each.after.grant.name in written:
            _tell_of_pause(each.after, work, desk)


def _serve(turn: Turn, desk: AgencyDesk) -> Agency:
    """Send one webhook its next events until one is not taken; return how far it got."""
    agency, began = turn.agency, desk.wall.now()
    after = replace(agency, failures=0, reason="", due_at=began)
    if not turn.events:  # deleted as too old before they could be brought
        return replace(after, webhook_cursor=agency.last_cursor)
    cursor = agency.webhook_cursor
    for event in turn.events:
        now = desk.wall.now()
        if now - began > LONGEST_TURN:
            break
        answer = desk.send(agency, event, now)
        desk.note(agency.grant.name, "webhook", "taken" if answer.taken else "failed")
        if not answer.taken:
            failures = agency.failures + 1 if cursor == agency.webhook_cursor else 1
            return _failed(replace(after, webhook_cursor=cursor), answer, failures, desk)
        cursor = event.cursor
    return replace(after, webhook_cursor=cursor)


def _failed(agency: Agency, answer: Answer, failures: int, desk: AgencyDesk) -> Agency:
    now = desk.wall.now()
    due = None if answer.status == GONE else next_attempt(failures, now, desk.chance(), answer.retry_after)
    state = AgencyState.ACTIVE if due else AgencyState.PAUSED
    return replace(agency, failures=failures, due_at=due or now, state=state, reason=answer.reason)


def _tell_of_pause(agency: Agency, work: Work, desk: AgencyDesk) -> None:
    """Write down that an agency was given up for now, and tell those who answer for this node."""
    name, now = agency.grant.name, desk.wall.now()
    work.agencies.note(name, "paused", "system", agency.reason, now)
    facts = {"agency": name, "reason": agency.reason, "failures": str(agency.failures)}
    event = f"{PAUSED}:{name}:{now.isoformat()}"
    work.deliveries.add(
        [
            Delivery(
                id=delivery_id(event, PAUSED, role),
                event_id=event,
                rule=PAUSED,
                kind=PAUSED,
                case_no="",
                channel=Channel.INBOX,
                node=desk.node,
                role=role,
                unit="",
                template=PAUSED,
                facts=facts,
                happened_at=now,
                created_at=now,
            )
            for role in ("D", "DL")
        ]
    )
