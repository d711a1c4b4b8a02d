"""The indices of the ledger against a deliberately naive recomputation from the events themselves."""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest

from lianxi.casework.case.acts import record
from lianxi.casework.case.builders import Draft
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import events as e
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages import sorting as s
from lianxi.casework.messages.facts import CaseState
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due
from services.supervision.domain.figures import TITLES
from tests.integration.supervision.desk import START
from tests.support.builders import CALENDAR, CITY, DISTRICT, OFFICE, TOWNSHIP, Road, an_actor

pytestmark = pytest.mark.database
TODAY = 112
"""Days after the first petition; some matters are over by then, others wait."""


def wander(number, dice):
    """A case that goes some way, with pauses of any length, in time or late."""
    division = dice.choice(["630100000", "630104000"])
    node = division.removesuffix("000")
    road = Road(f"{division}20260302W{number:05d}", start=START + timedelta(days=dice.randrange(90)))

    def pause(longest):
        road.wait(dice.randrange(longest))

    road.received(node)
    pause(3)
    road.registered(node)
    if dice.random() < 0.1:
        return road
    pause(20)
    if node == CITY:
        road.transferred(CITY, DISTRICT).delivered(DISTRICT)
        pause(20)
    if dice.random() < 0.1:
        return road
    road.transferred(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)
    if dice.random() < 0.2:
        return returned(road, dice)
    pause(35)
    if dice.random() < 0.15:
        return withdrawn(road) if dice.random() < 0.5 else road
    road.accepted()
    road.do(c.ClassifyCase(case_no=road.case.case_no, actor=an_actor("U"), claims=road_claims()), TOWNSHIP)
    pause(40)
    if dice.random() < 0.3:
        road.do(
            c.ExtendHandling(
                case_no=road.case.case_no, actor=an_actor("UL"), days=dice.randrange(1, 31), paper={"reason": "复杂"}
            ),
            TOWNSHIP,
        )
    return withdrawn(road) if dice.random() < 0.1 else answered(road, dice)


def answered(road, dice):
    """Not yet answered, signed only, or served as well."""
    road.wait(dice.randrange(90))
    if dice.random() < 0.2:
        return road
    road.submitted().signed()
    return road if dice.random() < 0.2 else rated(road.served(), dice)


def rated(road, dice):
    """Served; then rated or not, sometimes changed, and sometimes over because nobody asked for a review."""
    facts = {"case_no": road.case.case_no, "actor": an_actor("P")}
    for whom in p.Rated:
        if dice.random() < 0.5:
            road.wait(dice.randrange(15))
            first, changed = dice.sample(list(p.Rating), 2)
            road.do(p.RateCase(**facts, rated=whom, rating=first), TOWNSHIP)
            if dice.random() < 0.3:
                road.wait(dice.randrange(2)).do(p.RateCase(**facts, rated=whom, rating=changed), TOWNSHIP)
    if dice.random() < 0.5:
        road.wait(60).do(
            c.LapseCase(case_no=road.case.case_no, actor=an_actor("SYS"), paper={"basis": "第三十五条"}), TOWNSHIP
        )
    return road


def again(number, earlier, dice):
    """The same person comes again about a matter that is under way or closed for good, by any channel."""
    end = earlier.case.ended_on
    start = datetime.combine(end or START.date(), START.timetz()) + timedelta(days=dice.randrange(120))
    road = Road(f"630100000{start:%Y%m%d}W{number:05d}", start=start)
    road.received(CITY, dice.choice(["WEB", "LETTER"])).registered(CITY)
    if dice.random() < 0.3:
        return found_to_repeat(road, earlier)
    order = s.BarCase if end else s.DeclineCase
    paper = {"basis": "第十九条", "reason": "同一事项"}
    command = order(case_no=road.case.case_no, actor=an_actor("D", CITY), earlier=earlier.case.case_no, paper=paper)
    return road.do(command, CITY, earlier=earlier.case)


def found_to_repeat(road, earlier):
    """A clerk says "same", and nothing else follows from it yet (T57)."""
    found = Draft(s.RepeatFound, {"found_on": road.today, "earlier": earlier.case.case_no})
    road.case, events = record(road.case, "T57", an_actor("R", CITY), road.given(CITY), [found])
    road.events.extend(events)
    return road


def road_claims():
    return Road().handling().case.claims


def withdrawn(road):
    return road.do(c.WithdrawCase(case_no=road.case.case_no, actor=an_actor("P"), free_will_recorded=True), TOWNSHIP)


def returned(road, dice):
    paper = {"reasons": "不属职权", "basis": "三定规定", "reason": "核实"}
    actor, case_no = an_actor("U"), road.case.case_no
    road.do(
        c.ObjectToTransfer(case_no=case_no, actor=actor, proposed_organ=f"{DISTRICT}.housing", paper=paper), TOWNSHIP
    )
    road.wait(dice.randrange(5))
    road.do(c.UpholdObjection(case_no=case_no, actor=an_actor("D", DISTRICT), paper=paper), TOWNSHIP)
    road.do(c.TakeBack(case_no=case_no, actor=an_actor("SYS", DISTRICT)), DISTRICT)
    if dice.random() < 0.5:
        road.wait(dice.randrange(12)).transferred(DISTRICT, TOWNSHIP, OFFICE)
    return road


_SAME = s.CaseDeclined | s.RepeatFound


class Naive:
    """Counts by reading each case's events from the first to the last, one index after the other."""

    def __init__(self, roads, first, last, today):
        self.first, self.last, self.today = first, last, today
        self.own = defaultdict(lambda: [0, 0])
        for road in roads:
            self._acceptance(road.events)
            self._reply(road.events)
            self._transfers(road.events)
            self._petition(road.events)
            self._ratings(road.events)
        self._lasting(roads)

    def _petition(self, events):
        registered = next((event for event in events if isinstance(event, e.CaseRegistered)), None)
        if registered is None or not self._within(registered.registered_on):
            return
        repeats = any(isinstance(event, _SAME) for event in events)
        self._count("K-7", registered.head.node, repeats)
        self._count("K-8", registered.head.node, events[0].channel == "WEB")

    def _ratings(self, events):
        served = next((event for event in events if isinstance(event, e.OpinionServed)), None)
        ratings = {event.rated: event for event in events if isinstance(event, p.CaseRated)}
        nodes = {p.Rated.DEPARTMENT: events[0].head.node, p.Rated.UNIT: TOWNSHIP}
        for whom, event in ratings.items():
            if self._within(event.rated_on):
                self._count(f"K-6.{whom.value}", nodes[whom], event.rating is not p.Rating.DISSATISFIED)
        taken_part = next((one for one in events if isinstance(one, p.CaseRated) and one.rated is p.Rated.UNIT), None)
        if taken_part is not None:
            if self._within(taken_part.rated_on):
                self._count("K-5", TOWNSHIP, True)
        elif served is not None:
            last = due(ClockCode.RATE, served.served_on, CALENDAR).legal_due
            if last < self.today and self._within(last):
                self._count("K-5", TOWNSHIP, False)

    def _lasting(self, roads):
        declined = [event for road in roads for event in road.events if isinstance(event, _SAME)]
        registered = {road.case.case_no: road.case.registered_on for road in roads}
        for road in roads:
            case = road.case
            if case.ended_on is None or not self._within(case.ended_on):
                continue
            if any(event.head.case_no == case.case_no for event in declined):
                continue
            days = [registered[event.head.case_no] for event in declined if event.earlier == case.case_no]
            came_again = any(case.registered_on <= day <= case.ended_on + timedelta(days=90) for day in days)
            to_organ = any(isinstance(event, e.CaseDelivered) and event.transfer.to_unit for event in road.events)
            self._count("K-10", TOWNSHIP if to_organ else road.events[1].head.node, not came_again)

    def _count(self, kpi, node, hit):
        self.own[kpi, node][0] += hit
        self.own[kpi, node][1] += 1

    def _within(self, day):
        return self.first <= day <= self.last

    def _acceptance(self, events):
        registered = next((event for event in events if isinstance(event, e.CaseRegistered)), None)
        if registered is None:
            return
        sent = [event for event in events if isinstance(event, e.CaseTransferred | e.CaseAssigned)]
        due = registered.registered_on + timedelta(days=15)
        if self._within(due):
            self._count("K-1", registered.head.node, bool(sent) and sent[0].document.issued_on <= due)
        unit, accepted = None, None
        for event in events:
            if isinstance(event, e.CaseDelivered) and event.transfer.to_unit:
                unit = event.transfer.to_node
            if isinstance(event, e.CaseReturned):
                unit = None
            if isinstance(event, e.CaseAccepted):
                accepted = event.accepted_on
        due = registered.registered_on + timedelta(days=30)
        if unit is not None and self._within(due):
            self._count("K-2", unit, accepted is not None and accepted <= due)
            self._count("K-3.timely", unit, accepted is not None and accepted <= due)
            self._count("K-3.late", unit, accepted is not None and accepted > due)
            self._count("K-3.overdue", unit, accepted is None and due < self.today)
            self._count("K-3.open", unit, accepted is None and due >= self.today)

    def _reply(self, events):
        accepted = next((event for event in events if isinstance(event, e.CaseClassified)), None)
        signed = next((event for event in events if isinstance(event, e.OpinionSigned)), None)
        gone = any(isinstance(event, e.CaseWithdrawn) for event in events)
        if accepted is None or (gone and signed is None):
            return
        days = 60 + sum(event.days for event in events if isinstance(event, e.HandlingExtended))
        due = accepted.accepted_on + timedelta(days=days)
        if self._within(due):
            self._count("K-4", TOWNSHIP, signed is not None and signed.signed_on <= due)

    def _transfers(self, events):
        stays = []  # node, start, day of sending on or None
        for event in events:
            if isinstance(event, e.CaseReceived):
                stays.append([event.head.node, event.received_on, None])
            if isinstance(event, e.CaseDelivered) and not event.transfer.to_unit:
                stays.append([event.transfer.to_node, event.delivered_on, None])
            if isinstance(event, e.CaseReturned):
                stays[-1][2] = None  # the sender's old days run on (R-23-9)
            if isinstance(event, e.CaseTransferred | e.CaseAssigned):
                stays[-1][2] = event.document.issued_on
            if isinstance(event, e.CaseWithdrawn | s.CaseDeclined) and stays[-1][2] is None:
                stays.pop()
        for node, start, sent in stays:
            for kpi, limit in (("K-9", 15), ("K-9.target", {CITY: 3, DISTRICT: 4}[node])):
                due = start + timedelta(days=limit)
                if self._within(due):
                    self._count(kpi, node, sent is not None and sent <= due)

    def figure(self, kpi, node):
        top = DivisionCode.parse(node)
        below = [
            sums for (name, own), sums in self.own.items() if name == kpi and top.contains(DivisionCode.parse(own))
        ]
        return tuple(sum(column) for column in zip(*below, strict=True)) if below else (0, 0)


@pytest.fixture(scope="module")
def roads():
    dice = random.Random(20260302)
    made = [wander(number, dice) for number in range(1, 401)]
    known = [road for road in made if road.case.is_open or road.case.state is CaseState.CLOSED_BY_LAPSE]
    return made + [again(number, dice.choice(known), dice) for number in range(401, 481)]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 3, 15), date(2026, 4, 5)),
        (date(2026, 5, 1), date(2026, 5, 31)),
        (date(2026, 4, 20), date(2026, 4, 20)),
        (date(2026, 5, 25), date(2026, 7, 20)),
    ],
)
def test_the_indices_are_what_the_events_say(desk, roads, first, last):
    desk.follow(*roads)
    desk.until(START + timedelta(days=TODAY))
    naive = Naive(roads, first, last, desk.clock.today())

    rows = desk.call("kpis", **{"from": first.isoformat(), "to": last.isoformat()})["rows"]

    told = {(row["kpi"], row["node"]): (row["numerator"], row["denominator"]) for row in rows}
    for kpi in TITLES:
        for node in (CITY, DISTRICT, TOWNSHIP):
            assert told.get((kpi, node), (0, 0)) == naive.figure(kpi, node), (kpi, node)


def test_the_stories_are_mixed_enough_to_tell_right_from_wrong(roads):
    naive = Naive(roads, date(2026, 1, 1), date(2026, 12, 31), START.date() + timedelta(days=TODAY))

    for kpi in (kpi for kpi in TITLES if not kpi.startswith("K-3")):
        numerator, denominator = naive.figure(kpi, CITY)
        assert 0 < numerator < denominator, kpi
    parts = [naive.figure(f"K-3.{part}", CITY)[0] for part in ("timely", "late", "overdue", "open")]
    assert all(parts)
    assert sum(parts) == naive.figure("K-2", CITY)[1]


def test_an_empty_period_is_nothing_of_nothing(desk):
    rows = desk.call("kpis", **{"from": "2020-01-01", "to": "2020-12-31"})["rows"]

    assert {(row["node"], row["numerator"], row["denominator"]) for row in rows} == {(CITY, 0, 0)}
