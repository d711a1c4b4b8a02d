"""Cases that a district has handled from receipt to reply, as the acts left them: food for the link's benchmark."""

from collections.abc import Iterator
from datetime import timedelta

from lianxi.casework.case.state import Case
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import ClaimOutcome, Outcome
from lianxi.runtime.clock import SystemClock
from tests.support.builders import DISTRICT, OPINION, RT6, Road, an_actor

OFFICE = f"{DISTRICT}.office"
BEGINNING = SystemClock().now() - timedelta(hours=1)
"""Lately, so that no clock has run out: alerts about every case would be a load of their own."""

ACTS = 8
EVENTS = 9
"""What one case comes to."""


def interleaved(first: int, cases: int) -> Iterator[tuple[Case, list[CaseEvent]]]:
    """Yield act by act, all cases in turn, as an office works: the case after the act, and the act's events."""
    roads = [Road(f"630104000{BEGINNING:%Y%m%d}W{number:05d}", BEGINNING) for number in range(first, first + cases)]
    for step in range(ACTS):
        for road in roads:
            before = len(road.events)
            _go_on(road, step)
            yield road.case, road.events[before:]


def _go_on(road: Road, step: int) -> None:
    """Carry out one act; the early ones have a method of their own."""
    if step == 0:
        road.received(DISTRICT)
    elif step == 1:
        road.registered(DISTRICT)
    elif step == 2:
        road.transferred(DISTRICT, DISTRICT, OFFICE)
    else:
        road.do(_handling(road.case.case_no, road)[step - 3], DISTRICT)


def _handling(number: str, road: Road) -> tuple[c.Command, ...]:
    officer, head = an_actor("U", DISTRICT), an_actor("UL", DISTRICT)
    outcome = (ClaimOutcome(number=1, outcome=Outcome.SUPPORT),)
    return (
        c.AcceptCase(case_no=number, actor=officer),
        c.ClassifyCase(case_no=number, actor=officer, claims=RT6),
        c.SubmitOpinion(case_no=number, actor=officer, outcomes=outcome, paper=OPINION),
        c.SignOpinion(case_no=number, actor=head, paper=OPINION),
        c.ServeOpinion(case_no=number, actor=officer, service=road.proof()),
    )
