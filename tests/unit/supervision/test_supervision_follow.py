"""What case events do to clocks and ledger."""

from datetime import date, timedelta

import pytest

from lianxi.casework.case.acts import record
from lianxi.casework.case.builders import Draft
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import final_review as f
from lianxi.casework.messages import hearing as h
from lianxi.casework.messages.facts import Disposition
from lianxi.casework.messages.sorting import OpenNewMatter, RepeatFound
from services.supervision.domain import clocks
from services.supervision.domain.clocks import Nature, Status
from services.supervision.handlers.look_up import lamp_of
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.supervision.watch import Watch


def objecting(road):
    return road.do(
        c.ObjectToTransfer(
            case_no=road.case.case_no,
            actor=an_actor("U"),
            proposed_organ=f"{DISTRICT}.housing",
            paper={"reasons": "不属本单位职权", "basis": "三定规定"},
        ),
        TOWNSHIP,
    )


def returned(road):
    uphold = c.UpholdObjection(case_no=road.case.case_no, actor=an_actor("D", DISTRICT), paper={"reason": "核实"})
    road.do(uphold, TOWNSHIP)
    return road.do(c.TakeBack(case_no=road.case.case_no, actor=an_actor("SYS", DISTRICT)), DISTRICT)


def test_a_received_case_is_to_be_registered_and_sent_on():
    road = Road().received()

    watch = Watch().follow(road)

    assert watch.open_codes(road) == {"REG", "DISPOSE"}
    assert watch.clock_of(road, "DISPOSE").raw_due == date(2026, 3, 17)
    assert watch.clock_of(road, "DISPOSE").node == CITY
    assert watch.row(road).next_clock == "REG"


def test_a_clock_is_closed_by_number_and_day_of_the_document_that_ends_it():
    road = Road().received().registered().wait(3).transferred(CITY, DISTRICT)

    dispose = Watch().follow(road).clock_of(road, "DISPOSE")

    assert dispose.status == Status.CLOSED
    assert dispose.closed_on == date(2026, 3, 5)
    assert dispose.closed_by == road.events[-1].document.number
    assert (dispose.closed_seq, dispose.closed_act, dispose.kept) == (3, "T13", True)


def test_a_clock_closed_after_its_last_day_was_not_kept():
    road = Road().received().registered().wait(16).transferred(CITY, DISTRICT)

    assert Watch().follow(road).clock_of(road, "DISPOSE").kept is False


def test_each_node_on_the_way_has_its_own_fifteen_days():
    road = Road().received().registered().transferred(CITY, DISTRICT).wait(4).delivered(DISTRICT)

    watch = Watch().follow(road)

    assert watch.clock_of(road, "DISPOSE", 1).status == Status.CLOSED
    assert watch.clock_of(road, "DISPOSE", 2).node == DISTRICT
    assert watch.clock_of(road, "DISPOSE", 2).start == date(2026, 3, 6)


def test_the_chain_clock_follows_custody_and_the_organ_owes_what_it_received():
    road = Road().received().registered().transferred(CITY, DISTRICT).delivered(DISTRICT)
    watch = Watch().follow(road)
    assert watch.clock_of(road, "CHAIN").node == DISTRICT

    road.transferred(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)
    watch.follow(road)

    assert watch.clock_of(road, "CHAIN").status == Status.CLOSED
    assert (watch.clock_of(road, "NOTICE").node, watch.clock_of(road, "NOTICE").unit) == (TOWNSHIP, OFFICE)
    assert (watch.clock_of(road, "NOTICE_KPI").node, watch.clock_of(road, "NOTICE_KPI").unit) == (TOWNSHIP, OFFICE)


def test_a_report_is_owed_to_the_assigner_who_then_owes_its_check():
    road = Road().at_the_township(assigned=True)
    watch = Watch().follow(road)
    assert watch.clock_of(road, "ASSIGN_RPT").unit == OFFICE
    assert watch.clock_of(road, "ASSIGN_RPT").raw_due == road.case.report_due

    road = Road().replied(assigned=True)
    road.do(
        c.FileReport(
            case_no=road.case.case_no,
            actor=an_actor("U"),
            paper={"facts": "属实", "result": "已解决"},
        ),
        TOWNSHIP,
    )
    watch = Watch().follow(road)

    assert watch.clock_of(road, "REPORT_CHK").node == DISTRICT
    assert watch.clock_of(road, "REPORT_CHK").unit == ""


def test_an_upheld_objection_brings_the_senders_clock_back_with_its_old_days():
    road = Road().at_the_township().wait(2)
    watch = Watch().follow(road)
    before = watch.clock_of(road, "DISPOSE", 2)
    assert before.status == Status.CLOSED

    watch.follow(objecting(road))
    assert watch.clock_of(road, "OBJ_DECIDE").node == DISTRICT
    assert watch.row(road).organ_unit == OFFICE
    watch.follow(returned(road.wait(1)))

    again = watch.clock_of(road, "DISPOSE", 2)
    assert (again.status, again.raw_due, again.node) == (Status.OPEN, before.raw_due, DISTRICT)
    assert (again.closed_on, again.closed_by, again.kept) == (None, "", None)
    assert watch.clock_of(road, "DISPOSE", 1).status == Status.CLOSED
    assert watch.clock_of(road, "NOTICE").status == Status.CANCELLED
    assert (watch.row(road).holder, watch.row(road).organ_node, watch.row(road).in_transfer_to) == (DISTRICT, "", "")


def test_what_nothing_was_closed_of_cannot_come_back_and_what_runs_is_not_doubled():
    road = Road().received().registered().transferred(CITY, DISTRICT)
    watch = Watch().follow(road)

    road.do(c.RefuseTransfer(case_no=road.case.case_no, actor=an_actor("SYS", CITY), code="unknown-unit"), CITY)
    watch.follow(road)

    assert watch.open_codes(road) == {"DISPOSE", "CHAIN", "NOTICE_KPI"}
    assert [row.code for row in watch.file(road).clocks].count("CHAIN") == 1
    assert watch.row(road).in_transfer_since is None


def test_what_was_never_closed_does_not_come_back():
    road = returned(objecting(Road().at_the_township()))

    assert clocks.after((), road.events[-1], road.case, Watch().office) == ()


def test_an_extension_counts_from_acceptance():
    road = Road().handling()
    extend = c.ExtendHandling(case_no=road.case.case_no, actor=an_actor("UL"), days=30, paper={"reason": "情况复杂"})
    road.do(extend, TOWNSHIP)

    handle = Watch().follow(road).clock_of(road, "HANDLE")

    assert handle.raw_due == handle.start + timedelta(days=90)
    assert handle.extension_days == 30


def test_an_opinion_closes_handling_and_its_service_starts_the_petitioners_days():
    road = Road().replied()

    watch = Watch().follow(road)

    assert watch.open_codes(road) == {"ASK_REVIEW", "RATE"}
    assert watch.clock_of(road, "HANDLE").kept is True
    assert watch.clock_of(road, "ASK_REVIEW").nature is Nature.RIGHT
    row = watch.row(road)
    assert (row.next_clock, row.red_from) == ("ASK_REVIEW", None)
    assert row.replied_on == road.case.signed_on
    assert row.reply_due == row.accepted_on + timedelta(days=60)


def test_a_posted_request_for_a_review_counts_by_its_postmark():
    road = Road().replied().wait(31)
    road.review_requested(posted_on=road.today - timedelta(days=2))

    asked = Watch().follow(road).clock_of(road, "ASK_REVIEW")

    assert asked.closed_on == road.today - timedelta(days=2)
    assert asked.kept is True


def test_the_reviewing_node_owes_the_review():
    road = Road().replied().wait(5).review_requested()

    watch = Watch().follow(road)

    assert {watch.clock_of(road, code).node for code in ("REVIEW", "REV_ADMIT")} == {DISTRICT}


def test_a_posted_request_for_the_final_review_counts_by_its_postmark_and_runs_above():
    road = Road().replied().wait(5).review_requested().review_admitted().review_decided().wait(31)
    posted = road.today - timedelta(days=3)
    road.do(
        c.RequestFinalReview(case_no=road.case.case_no, actor=an_actor("P"), received_on=road.today, posted_on=posted),
        TOWNSHIP,
    )

    watch = Watch().follow(road)

    assert watch.clock_of(road, "ASK_FINAL").closed_on == posted
    assert watch.clock_of(road, "FINAL").node == CITY


def test_a_hearing_keeps_the_final_review_standing_still_and_its_days_do_not_count():
    road = Road().final_review_requested().last_instance(f.AdmitFinalReview)
    watch = Watch().follow(road)
    before = watch.clock_of(road, "FINAL")
    assert (watch.row(road).next_clock, before.next_alert_at is None) == ("FINAL", False)

    road.wait(10).last_instance(h.OpenFinalHearing, "time venue chair invited")
    paused = watch.follow(road).clock_of(road, "FINAL")
    assert (paused.is_open, paused.runs, paused.paused_on, paused.next_alert_at) == (True, False, road.today, None)
    assert (watch.row(road).next_clock, watch.row(road).yellow_from) == ("", None)
    assert lamp_of(paused, road.today + timedelta(days=60)) == ""

    road.wait(39).last_instance(h.CloseFinalHearing, "attended record conclusion")
    resumed = watch.follow(road).clock_of(road, "FINAL")
    assert (resumed.runs, resumed.raw_due - before.raw_due) == (True, timedelta(days=40))
    assert resumed.pauses == ((road.today - timedelta(days=39), road.today),)
    assert any("听证" in line for line in clocks.dates(resumed, watch.office.calendar).derivation.lines())
    assert watch.row(road).next_due == resumed.legal_due

    road.wait(1).last_instance(h.OpenFinalHearing, "time venue chair invited")
    road.wait(1).last_instance(h.CloseFinalHearing, "attended record conclusion")
    assert watch.follow(road).clock_of(road, "FINAL").raw_due - before.raw_due == timedelta(days=42)


def test_the_final_opinion_closes_the_final_review_and_the_case():
    road = Road().final_review_requested().last_instance(f.AdmitFinalReview).wait(5)
    road.last_instance(f.DecideFinalReview, disposition=Disposition.UPHOLD, service=road.proof())

    watch = Watch().follow(road)

    final = watch.clock_of(road, "FINAL")
    assert (final.status, final.closed_on, final.kept) == (Status.CLOSED, road.today, True)
    assert final.closed_by == road.events[-2].document.number
    assert watch.open_codes(road) == {"ARCHIVE", "RATE"}
    assert (watch.row(road).state, watch.row(road).concluded_on) == ("S60", road.today)


def test_t44_what_was_taken_for_a_repeat_is_none_once_it_is_a_new_matter():
    road, earlier = Road().received().registered(), "63010000020260201W00007"
    found = Draft(RepeatFound, {"found_on": road.today, "earlier": earlier})
    road.case, events = record(road.case, "T57", an_actor("R", CITY), road.given(CITY), [found])
    road.events.extend(events)
    assert Watch().follow(road).row(road).repeat_of == earlier

    paper = {"new_facts": "新的规划", "evidence": "规划文件", "shown_by": "青信核〔2025〕3号"}
    opened = OpenNewMatter(case_no=road.case.case_no, actor=an_actor("D", CITY), earlier=earlier, paper=paper)
    watch = Watch().follow(road.do(opened, CITY))

    assert watch.row(road).repeat_of == ""
    assert "DISPOSE" in watch.open_codes(road)


def test_handling_anew_is_the_second_round():
    road = Road().replied().wait(5).review_requested().review_admitted()
    road.review_decided(Disposition.SET_ASIDE, service=None, rehandle_days=40)

    watch = Watch().follow(road)

    rehandle = watch.clock_of(road, "REHANDLE")
    assert (rehandle.round_number, rehandle.raw_due - rehandle.start) == (2, timedelta(days=40))
    assert watch.clock_of(road, "HANDLE").round_number == 1
    assert watch.row(road).round_number == 2
    assert watch.row(road).reply_due == rehandle.raw_due


def test_completion_asked_for_stops_no_clock():
    road = Road().at_the_township()
    road.do(
        c.RequestCompletion(case_no=road.case.case_no, actor=an_actor("U"), paper={"missing": "身份证明"}), TOWNSHIP
    )
    watch = Watch().follow(road)
    assert {"SUPPLEMENT", "NOTICE"} <= watch.open_codes(road)

    road.wait(4).do(c.ReceiveCompletion(case_no=road.case.case_no, actor=an_actor("U")), TOWNSHIP)
    watch.follow(road)

    assert watch.clock_of(road, "SUPPLEMENT").closed_on == road.today
    assert watch.row(road).state == "S06"


def test_the_end_of_a_case_cancels_what_still_runs_and_starts_the_archive():
    road = Road().at_the_township()
    road.do(c.WithdrawCase(case_no=road.case.case_no, actor=an_actor("P"), free_will_recorded=True), TOWNSHIP)

    watch = Watch().follow(road)

    assert watch.open_codes(road) == {"ARCHIVE"}
    assert watch.clock_of(road, "NOTICE").status == Status.CANCELLED
    assert watch.row(road).concluded_on == road.today


def test_an_event_seen_before_changes_nothing():
    road = Road().handling()
    watch = Watch().follow(road)
    file = watch.file(road)
    watch.work.files.written.clear()

    watch.follow(road)

    assert watch.file(road) == file
    assert watch.work.files.written == []


def test_the_books_are_the_same_whether_events_come_one_by_one_or_all_at_once():
    road = Road().replied().wait(5).review_requested().review_admitted().review_decided()
    at_once = Watch(at=road.now).follow(road)
    one_by_one = Watch(at=road.now)

    for number in range(1, len(road.events) + 1):
        part = Road()
        part.case, part.events, part.now = road.case, road.events[:number], road.now
        one_by_one.follow(part)

    assert one_by_one.file(road) == at_once.file(road)


def test_the_ledger_says_what_is_on_its_way_and_to_whom():
    road = Road().received().registered().transferred(CITY, DISTRICT)

    row = Watch().follow(road).row(road)

    assert (row.state, row.holder, row.in_transfer_to) == ("S04", CITY, DISTRICT)
    assert row.in_transfer_since == road.now
    assert row.petition_accepted_on == road.today


@pytest.mark.parametrize(("node", "inside"), [(CITY, True), (DISTRICT, True), (TOWNSHIP, False)])
def test_a_case_handed_back_upwards_is_in_the_books_of_those_above_only(node, inside):
    road = returned(objecting(Road().at_the_township()))

    assert Watch(node).follow(road).row(road).inside is inside
