"""The sweep: what is raised, when, in which order, and that it is raised once."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from lianxi.casework.messages import commands as c
from lianxi.law.receipts import SHANGHAI
from services.supervision.domain.files import CaseFile
from services.supervision.domain.ledger import LedgerRow
from services.supervision.domain.rules import Alert
from services.supervision.domain.schedule import begins, in_order, levels_up, stages
from services.supervision.handlers.follow import KEPT_AFTER_ALL
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.supervision.watch import RULES, START, Watch, an_office


def waiting_at_the_township():
    """A case whose NOTICE (15 days from 2 March 2026) is owed by the township's office."""
    return Road().at_the_township()


def only(watch, code):
    return [notice for notice in watch.work.notices if notice.clock == code]


def test_yellow_begins_five_days_before_the_raw_due_day_and_not_before():
    road = waiting_at_the_township()
    watch = Watch(TOWNSHIP).follow(road)
    notice = watch.clock_of(road, "NOTICE")
    assert (notice.raw_due, notice.yellow_on) == (date(2026, 3, 17), date(2026, 3, 12))

    watch.day_after(date(2026, 3, 11)).wait(seconds=-1).sweep()
    assert only(watch, "NOTICE") == []

    watch.wait(seconds=1).sweep()
    (warned,) = only(watch, "NOTICE")
    assert (type(warned).__name__, warned.node, warned.unit, warned.owner) == ("ClockWarned", TOWNSHIP, OFFICE, "U")


def test_the_fifth_working_day_is_warned_of_one_working_day_before():
    road = waiting_at_the_township()

    watch = Watch(TOWNSHIP).follow(road)

    assert watch.clock_of(road, "OBJECT").legal_due == date(2026, 3, 9)
    assert watch.clock_of(road, "OBJECT").yellow_on == date(2026, 3, 6)


def test_red_begins_with_the_day_after_the_legal_due_day_in_shanghai():
    road = Road(start=datetime(2026, 2, 4, 10, tzinfo=SHANGHAI)).at_the_township()
    watch = Watch(TOWNSHIP, at=road.now).follow(road)
    notice = watch.clock_of(road, "NOTICE")
    assert (notice.raw_due, notice.legal_due) == (date(2026, 2, 19), date(2026, 2, 24))

    watch.day_after(notice.legal_due).wait(seconds=-1).sweep()
    assert [kind for kind, code in watch.told("ClockBreached") if code == "NOTICE"] == []

    watch.wait(seconds=1).sweep()
    breached = next(notice for notice in only(watch, "NOTICE") if type(notice).__name__ == "ClockBreached")
    assert (breached.raw_due, breached.legal_due) == (date(2026, 2, 19), date(2026, 2, 24))


def test_a_breach_proposes_an_order_once_and_names_who_owes():
    road = waiting_at_the_township()
    watch = Watch(TOWNSHIP).follow(road).day_after(date(2026, 3, 17))

    watch.sweep()
    watch.sweep()

    (proposed,) = [notice for notice in only(watch, "NOTICE") if type(notice).__name__ == "SupervisionProposed"]
    assert (proposed.node, proposed.unit, proposed.trigger) == (TOWNSHIP, OFFICE, "SUP-7")
    assert proposed.proposal_no == f"{TOWNSHIP}-2026-000001"
    kinds = [type(notice).__name__ for notice in only(watch, "NOTICE")]
    assert kinds == ["ClockWarned", "ClockBreached", "SupervisionProposed"]


def test_each_level_takes_the_escalation_steps_that_are_its_own():
    road = waiting_at_the_township()
    told = {}

    for node in (TOWNSHIP, DISTRICT, CITY):
        watch = Watch(node).follow(road).day_after(date(2026, 3, 17)).wait(days=60)
        watch.sweep()
        steps = [notice for notice in only(watch, "NOTICE") if type(notice).__name__ == "ClockEscalated"]
        told[node] = [(step.step, step.to_role, step.days_late, step.node) for step in steps]

    assert told == {
        TOWNSHIP: [(1, "J", 7, TOWNSHIP)],
        DISTRICT: [(2, "J", 14, TOWNSHIP)],
        CITY: [(3, "J", 30, TOWNSHIP)],
    }


def test_a_node_watches_itself_and_below_but_not_above():
    assert [levels_up(CITY, node) for node in (CITY, DISTRICT, TOWNSHIP)] == [0, 1, 2]
    assert levels_up(DISTRICT, CITY) is None
    assert levels_up(TOWNSHIP, DISTRICT) is None
    assert levels_up(CITY, "630000") is None

    road = Road().received().registered()
    watch = Watch(DISTRICT).follow(road).day_after(date(2026, 5, 1))
    watch.sweep()

    assert watch.work.notices == []


def test_a_jump_of_120_days_raises_every_alert_of_the_skipped_time_in_order_and_once():
    roads = [
        waiting_at_the_township(),
        Road("63010000020260302W00002").handling(),
        Road("63010000020260302W00003", start=START + timedelta(days=3)).received().registered(),
        Road("63010000020260302W00004").replied(),
    ]
    step_by_step, jumped = Watch().follow(*roads), Watch().follow(*roads)

    for _ in range(120):
        step_by_step.wait(days=1).sweep()
    swept = jumped.wait(days=120).sweep(batch=3)
    assert jumped.sweep().raised == {}

    facts = [(type(notice).__name__, notice.case_no, notice.clock) for notice in jumped.work.notices]
    assert facts == [(type(notice).__name__, notice.case_no, notice.clock) for notice in step_by_step.work.notices]
    assert len(facts) == len(set(facts))
    assert swept.raised.total() == len(facts) - len(jumped.work.proposals.by_number)
    assert swept.oldest == begins(date(2026, 3, 6))  # the organ's five working days for an objection turn yellow


def test_a_full_batch_raises_nothing_that_another_clock_is_due_before():
    roads = [Road(f"6301000002026030{day}W00001", start=START + timedelta(days=day)).received() for day in range(1, 8)]
    watch = Watch().follow(*roads).wait(days=90)

    watch.sweep(batch=2)

    instants = [
        stage.at
        for notice in watch.work.notices
        if type(notice).__name__ != "SupervisionProposed"
        for stage in [_stage_of(watch, notice)]
    ]
    assert instants == sorted(instants)
    assert max(watch.work.alerts.taken) == 2


def _stage_of(watch, notice):
    row = next(row for row in watch.work.files.clocks() if (row.case_no, row.code) == (notice.case_no, notice.clock))
    wanted = {"ClockWarned": Alert.WARN, "ClockBreached": Alert.BREACH, "ClockEscalated": Alert.ESCALATE}
    return next(stage for stage in stages(row, watch.office) if stage.alert is wanted[type(notice).__name__])


def test_a_thousand_clocks_due_at_once_are_all_raised_oldest_first():
    watch = Watch(TOWNSHIP)
    model = Watch(TOWNSHIP).follow(waiting_at_the_township())
    template = model.clock_of(waiting_at_the_township(), "NOTICE")
    for number in range(1, 1001):
        case_no = f"63010000020260302W{number:05d}"
        shifted = template.next_alert_at + timedelta(minutes=1000 - number)
        row = replace(template, case_no=case_no, next_alert_at=shifted)
        watch.work.files.by_number[case_no] = CaseFile(LedgerRow(case_no=case_no), (row,))

    swept = watch.day_after(date(2026, 3, 13)).sweep(batch=100)

    warned = [notice.case_no for notice in watch.work.notices]
    assert len(warned) == 1000
    assert warned == sorted(warned, reverse=True)
    assert swept.raised == {("warn", "NOTICE", TOWNSHIP): 1000}
    assert swept.oldest == template.next_alert_at


def test_a_clock_kept_in_time_is_silent_afterwards():
    road = waiting_at_the_township()
    watch = Watch(TOWNSHIP).follow(road)

    watch.follow(road.wait(2).accepted()).day_after(date(2026, 6, 1)).sweep()

    assert only(watch, "NOTICE") == []


def test_a_case_that_was_yellow_and_is_extended_will_be_yellow_again():
    road = Road().handling()
    watch = Watch(TOWNSHIP).follow(road)
    handle = watch.clock_of(road, "HANDLE")
    watch.day_after(handle.yellow_on).sweep()
    assert len(only(watch, "HANDLE")) == 1

    road.now = watch.clock.now()
    extend = c.ExtendHandling(case_no=road.case.case_no, actor=an_actor("UL"), days=30, paper={"reason": "情况复杂"})
    road.do(extend, TOWNSHIP)
    watch.follow(road).sweep()
    assert len(only(watch, "HANDLE")) == 1

    watch.day_after(watch.clock_of(road, "HANDLE").legal_due).sweep()
    assert [type(notice).__name__ for notice in only(watch, "HANDLE")] == [
        "ClockWarned",
        "ClockWarned",
        "ClockBreached",
        "SupervisionProposed",
    ]


@pytest.mark.parametrize(("node", "expected"), [(TOWNSHIP, [("RightLapsed", "ASK_REVIEW")]), (DISTRICT, [])])
def test_a_right_that_ran_out_is_told_once_where_the_case_is_held(node, expected):
    road = Road().replied()
    watch = Watch(node).follow(road)

    watch.day_after(watch.clock_of(road, "ASK_REVIEW").legal_due).wait(seconds=-1).sweep()
    assert watch.work.notices == []
    watch.wait(seconds=1).sweep()
    watch.wait(days=40).sweep()

    assert watch.told() == expected


def test_completion_warns_and_then_lapses_and_no_more():
    road = waiting_at_the_township()
    road.do(
        c.RequestCompletion(case_no=road.case.case_no, actor=an_actor("U"), paper={"missing": "身份证明"}), TOWNSHIP
    )

    watch = Watch(TOWNSHIP).follow(road).wait(days=100)
    watch.sweep()

    assert [type(notice).__name__ for notice in only(watch, "SUPPLEMENT")] == ["ClockWarned", "RightLapsed"]


def test_news_that_came_late_withdraws_what_was_proposed_and_keeps_what_was_not():
    road = waiting_at_the_township()
    watch = Watch().follow(road).day_after(date(2026, 3, 17))
    watch.sweep()
    assert [proposal.clock for proposal in watch.work.proposals.by_number.values()] == ["NOTICE"]

    road.wait(10).accepted()  # on 12 March; the city hears of it on the 18th
    watch.follow(road)

    (proposal,) = watch.work.proposals.by_number.values()
    assert (proposal.status, proposal.reason) == ("withdrawn", KEPT_AFTER_ALL)
    assert watch.clock_of(road, "NOTICE").kept is True


def test_a_late_document_leaves_the_proposal_to_a_person():
    road = waiting_at_the_township()
    watch = Watch().follow(road).day_after(date(2026, 3, 17))
    watch.sweep()

    watch.follow(road.wait(20).accepted())

    assert [proposal.status for proposal in watch.work.proposals.by_number.values()] == ["proposed"]


def test_a_clock_brought_back_after_its_proposal_is_not_proposed_twice():
    road = waiting_at_the_township()
    watch = Watch(TOWNSHIP).follow(road).day_after(date(2026, 3, 17))
    watch.sweep()
    notice = watch.clock_of(road, "NOTICE")
    watch.work.files.replace_clocks([replace(notice, step=1, next_alert_at=begins(notice.red_on))])
    watch.forget().sweep()

    assert watch.told() == [("ClockBreached", "NOTICE")]


def test_proposals_can_be_limited_to_certain_levels():
    road = waiting_at_the_township()
    rules = replace(RULES, propose_at=frozenset({0}))

    watch = Watch(CITY, rules=rules).follow(road).day_after(date(2026, 3, 17))
    watch.sweep()

    assert watch.told("ClockBreached") == [("ClockBreached", "NOTICE")]
    assert watch.told("SupervisionProposed") == []


def test_a_clock_whose_alerts_were_switched_off_meanwhile_is_left_in_peace():
    road = waiting_at_the_township()
    row = Watch(TOWNSHIP).follow(road).clock_of(road, "NOTICE")
    silent = an_office(TOWNSHIP, rules=replace(RULES, alerts=RULES.alerts | {"NOTICE": frozenset()}))

    alerts, rested = in_order([row], silent, START, START)

    assert alerts == []
    assert [clock.next_alert_at for clock in rested] == [None]
