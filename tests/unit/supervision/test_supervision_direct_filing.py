"""Supervision of what is brought to an organ itself (T22), and of the clock of a legal duty (T27)."""

from datetime import date, timedelta

import pytest

from lianxi.casework.messages import commands as c
from lianxi.law.clocks import ClockCode
from lianxi.law.deadlines import due
from lianxi.law.errors import DateRuleError
from tests.support.builders import CALENDAR, CITY, DISTRICT, NUMBER, TOWNSHIP, Road, an_actor
from tests.unit.casework.test_direct_filing import AT_BUREAU, BUREAU, duty, filed, forwarded, perform
from tests.unit.supervision.watch import Watch


def accepted_duty():
    return duty(Road().at_the_township().accepted())


def test_the_organ_owes_the_answer_and_has_reached_the_books_without_a_department():
    road = filed()

    watch = Watch(DISTRICT).follow(road)

    row = watch.row(road)
    assert (row.organ_node, row.organ_unit, row.organ_reached_on) == (DISTRICT, BUREAU, road.today)
    assert (row.registered_node, row.petition_accepted_on) == (DISTRICT, None)
    assert watch.open_codes(road) == {"NOTICE", "NOTICE_KPI"}
    assert (row.next_clock, watch.clock_of(road, "NOTICE").unit) == ("NOTICE", BUREAU)
    assert watch.clock_of(road, "NOTICE_KPI").unit == BUREAU


def test_an_organ_that_says_nothing_is_warned_of_and_breaches():
    road = filed()
    watch = Watch(DISTRICT).follow(road)

    watch.day_after(watch.clock_of(road, "NOTICE").legal_due).sweep()

    assert ("ClockBreached", "NOTICE") in watch.told()
    assert ("SupervisionProposed", "NOTICE") in watch.told()


def test_what_an_organ_sends_on_is_no_disposal_by_a_department_and_the_next_organ_owes_anew():
    road = forwarded(filed()).delivered(TOWNSHIP)

    watch = Watch(CITY).follow(road)

    row = watch.row(road)
    assert (row.petition_accepted_on, row.organ_node, row.in_transfer_since) == (None, TOWNSHIP, None)
    first, second = watch.clock_of(road, "NOTICE", 1), watch.clock_of(road, "NOTICE", 2)
    assert (first.status, first.kept, first.node) == ("closed", True, DISTRICT)
    assert (second.status, second.node, second.unit) == ("open", TOWNSHIP, f"{TOWNSHIP}.housing")
    assert watch.clock_of(road, "NOTICE_KPI").node == TOWNSHIP


def test_what_comes_back_to_a_department_that_never_had_it_has_its_fifteen_days_there():
    road = forwarded(filed()).delivered(TOWNSHIP)
    lower = an_actor("U", TOWNSHIP, f"{TOWNSHIP}.housing")
    paper = {"reasons": "不属职权", "basis": "三定规定"}
    road.do(c.ObjectToTransfer(case_no=NUMBER, actor=lower, proposed_organ=BUREAU, paper=paper), TOWNSHIP)
    road.wait(2).do(c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)), TOWNSHIP)

    road.do(c.TakeBack(case_no=NUMBER, actor=an_actor("SYS", DISTRICT)), DISTRICT)

    watch = Watch(CITY).follow(road)
    dispose = watch.clock_of(road, "DISPOSE")
    assert (dispose.node, dispose.start, dispose.status) == (DISTRICT, road.today, "open")
    assert watch.row(road).organ_reached_on is None


def test_a_duty_is_due_sixty_days_after_acceptance_and_kept_by_its_answer():
    road = accepted_duty()
    watch = Watch().follow(road)
    clock = watch.clock_of(road, "DUTY")
    assert (clock.start, clock.raw_due) == (road.case.accepted_on, road.case.accepted_on + timedelta(days=60))
    assert (clock.unit, watch.row(road).reply_due) == (f"{TOWNSHIP}.office", clock.raw_due)

    watch.follow(perform(road.wait(30)))

    assert (watch.clock_of(road, "DUTY").status, watch.clock_of(road, "DUTY").kept) == ("closed", True)
    assert watch.row(road).replied_on == road.today


def test_a_duty_left_undone_is_warned_of_breaches_and_is_proposed_for_an_order():
    road = accepted_duty()
    watch = Watch(TOWNSHIP).follow(road)
    clock = watch.clock_of(road, "DUTY")

    watch.day_after(clock.yellow_on - timedelta(days=1)).sweep()
    assert ("ClockWarned", "DUTY") in watch.told()

    watch.day_after(clock.legal_due).sweep()
    assert {("ClockBreached", "DUTY"), ("SupervisionProposed", "DUTY")} <= set(watch.told())


def test_an_answer_on_the_spot_has_its_limit_in_the_books_too():
    road = perform(Road().at_the_township().accepted())

    clock = Watch().follow(road).clock_of(road, "DUTY")

    assert (clock.status, clock.kept, clock.closed_on) == ("closed", True, road.today)


def test_the_limit_of_a_special_law_takes_the_place_of_the_sixty_days():
    road = duty(Road().at_the_township().accepted(), days=30, paper={"law": "某法第十条"})

    clock = Watch().follow(road).clock_of(road, "DUTY")

    assert clock.raw_due == road.case.accepted_on + timedelta(days=30)


@pytest.mark.parametrize(
    ("start", "raw", "legal"),
    [
        (date(2026, 8, 4), date(2026, 10, 3), date(2026, 10, 8)),
        (date(2024, 1, 1), date(2024, 3, 1), date(2024, 3, 1)),
        (date(2025, 1, 1), date(2025, 3, 2), date(2025, 3, 3)),
        (date(2025, 8, 9), date(2025, 10, 8), date(2025, 10, 9)),
        (date(2024, 11, 29), date(2025, 1, 28), date(2025, 2, 5)),
    ],
    ids=["DV-6", "DV-18", "DV-19", "DV-22", "DV-21"],
)
def test_the_sixty_days_of_a_duty_are_counted_like_any_sixty(start, raw, legal):
    found = due(ClockCode.DUTY, start, CALENDAR)

    assert (found.raw_due, found.legal_due) == (raw, legal)


def test_a_duty_is_not_extended():
    with pytest.raises(DateRuleError):
        due(ClockCode.DUTY, date(2026, 3, 2), CALENDAR, extension_days=10)


def test_it_is_the_officer_who_took_it_in_who_is_named():
    assert {event.head.actor for event in filed().events} == {AT_BUREAU}
