"""T16–T20 beyond the plain objection: too late, between several organs, back and forth, with assisting units."""

from datetime import timedelta

import pytest

from lianxi.casework.case.evolve import replay
from lianxi.casework.case.guards import GUARDS
from lianxi.casework.case.jurisdiction import common_node, common_superior, node_of, ping_pong
from lianxi.casework.errors import Forbidden, GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import dispute as d
from lianxi.casework.transitions import clock_effects
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road, an_actor

HOUSING = f"{DISTRICT}.housing"
REASONED = {"reasons": "非本单位职权", "basis": "三定方案"}
NEIGHBOUR = "630105"


def refused(guard, action):
    with pytest.raises(GuardRefused) as caught:
        action()
    assert caught.value.guard == guard
    assert caught.value.message


def state(road):
    return road.case.state.value


def ask(road, kind, actor, node, **fields):
    return road.do(kind(case_no=NUMBER, actor=actor, **fields), node)


def at_the_district(unit=""):
    road = Road().received().registered().transferred(CITY, DISTRICT, unit)
    return road.delivered(DISTRICT)


def at_housing():
    """The case with the district's housing office; its node holds it."""
    return at_the_district(HOUSING)


def disputed(road=None, parties=(HOUSING, OFFICE)):
    officer = an_actor("U", DISTRICT, HOUSING)
    return ask(road or at_housing(), d.RaiseDispute, officer, DISTRICT, parties=parties, paper=REASONED)


def referred(road=None, *, to_conference=False, **more):
    road = road or disputed(**more)
    officer = an_actor("U", DISTRICT, HOUSING)
    facts = {"to_conference": to_conference, "paper": {"reason": "协商不成"}}
    return ask(road, d.ReferDispute, officer, DISTRICT, **facts)


def effects(road, back=1):
    return clock_effects(road.events[-back])


def test_t16_a_lower_petition_department_objects_to_what_was_sent_to_it_and_t18_leaves_it_there():
    road = at_the_district()
    assert [opening.code for opening in effects(road).opens] == ["DISPOSE", "OBJECT"]

    ask(road, c.ObjectToTransfer, an_actor("D", DISTRICT), DISTRICT, proposed_organ=NEIGHBOUR, paper=REASONED)
    assert state(road) == "S07"
    ask(road, c.RefuseObjection, an_actor("D", CITY), DISTRICT, paper={"reason": "属地"})

    assert (state(road), road.case.unit) == ("S02", "")
    assert replay(NUMBER, road.events) == road.case


def test_t17_takes_a_case_back_from_a_lower_petition_department_and_the_senders_limit_runs_again():
    road = at_the_district()
    ask(road, c.ObjectToTransfer, an_actor("DL", DISTRICT), DISTRICT, proposed_organ=NEIGHBOUR, paper=REASONED)
    ask(road, c.UpholdObjection, an_actor("D", CITY), DISTRICT)
    ask(road, c.TakeBack, an_actor("SYS", CITY), CITY)

    assert (state(road), road.case.holder) == ("S02", CITY)
    assert "DISPOSE" in effects(road).cancels
    assert effects(road).reopens == ("DISPOSE", "CHAIN")


def test_a_department_objects_by_its_dispatcher_and_only_to_what_came_from_elsewhere():
    objection = {"proposed_organ": "x", "paper": REASONED}
    road = at_the_district()
    officer = an_actor("U", DISTRICT, HOUSING)
    refused("own_unit_or_department", lambda: ask(road, c.ObjectToTransfer, officer, DISTRICT, **objection))
    own = Road().received(DISTRICT).registered(DISTRICT)
    dispatcher = an_actor("D", DISTRICT)
    refused("own_unit_or_department", lambda: ask(own, c.ObjectToTransfer, dispatcher, DISTRICT, **objection))


def test_t12_to_t14_end_the_departments_right_to_object():
    road = at_the_district().transferred(DISTRICT, TOWNSHIP, OFFICE)

    assert effects(road).cancels == ("OBJECT",)


def late(road):
    return ask(road, d.ObjectLate, an_actor("U"), TOWNSHIP, proposed_organ=HOUSING, paper=REASONED)


def test_t16_a_late_objection_stands_rejected_until_the_sender_admits_it():
    early = Road().at_the_township()
    refused("after_objection_limit", lambda: late(early))
    road = Road().at_the_township().wait(10)
    admit = d.AdmitLateObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT), paper={"reason": "情况特殊"})
    refused("late_objection_filed", lambda: road.do(admit, TOWNSHIP))

    late(road)
    assert (state(road), effects(road).opens) == ("S06", ())
    refused("first_objection", lambda: late(road))
    refused("decided_by_sender", lambda: ask(road, d.AdmitLateObjection, an_actor("D"), TOWNSHIP))
    road.do(admit, TOWNSHIP)
    assert (state(road), [opening.code for opening in effects(road).opens]) == ("S07", ["OBJ_DECIDE"])

    ask(road, c.UpholdObjection, an_actor("D", DISTRICT), TOWNSHIP)
    assert road.case.transfer.to_node == DISTRICT


def test_t19_a_dispute_names_two_organs_of_the_directory_and_gives_reasons():
    for parties in ((HOUSING,), (OFFICE, f"{CITY}.office")):
        refused("two_organs_disagree", lambda parties=parties: disputed(parties=parties))
    refused("two_organs_disagree", lambda: disputed(parties=(HOUSING, f"{CITY}.nobody")))
    officer = an_actor("U", DISTRICT, HOUSING)
    refused(
        "dispute_reasoned",
        lambda: ask(at_housing(), d.RaiseDispute, officer, DISTRICT, parties=(HOUSING, OFFICE), paper={}),
    )


def test_t19_the_organs_consult_five_working_days_and_no_statutory_clock_stops():
    road = disputed()

    assert (state(road), road.case.dispute_stage) == ("S08", "consult")
    assert [(opening.code, opening.start) for opening in effects(road).opens] == [("CONSULT", road.today)]
    assert (effects(road).closes, effects(road).cancels) == ((), ("OBJECT",))


def test_t20_what_the_organs_agree_leaves_the_case_where_it_is_with_its_old_limit():
    road = disputed()
    officer = an_actor("U", DISTRICT, HOUSING)
    agreed = {"lead": HOUSING, "assists": (OFFICE,), "paper": {"consent": "各方同意"}}
    refused("party_agrees", lambda: ask(road, d.AgreeOnOrgan, officer, DISTRICT, **{**agreed, "paper": {}}))
    refused("party_agrees", lambda: ask(road, d.AgreeOnOrgan, an_actor("U", DISTRICT), DISTRICT, **agreed))

    ask(road, d.AgreeOnOrgan, officer, DISTRICT, **agreed)

    assert (state(road), road.case.unit, road.case.assists) == ("S06", HOUSING, (OFFICE,))
    assert effects(road).opens == ()
    assert "CONSULT" in effects(road).closes
    refused("not_designated", lambda: disputed(road))
    refused("party_agrees", lambda: ask(referred(), d.AgreeOnOrgan, officer, DISTRICT, **agreed))


def test_t19_and_t20_the_common_superior_designates_an_organ_of_the_same_node():
    road = referred()
    assert (road.case.dispute_stage, road.case.dispute_node) == ("designate", DISTRICT)
    assert [opening.code for opening in effects(road).opens] == ["DESIGNATE"]
    decision = {"lead": f"{DISTRICT}.office", "paper": {"reason": "三定"}}
    refused("decided_by_superior", lambda: ask(road, d.DesignateOrgan, an_actor("D", CITY), DISTRICT, **decision))
    refused("decided_by_superior", lambda: ask(disputed(), d.DesignateOrgan, an_actor("D"), DISTRICT, **decision))
    convenor = an_actor("J", DISTRICT)
    refused("decided_by_conference", lambda: ask(road, d.CoordinateDispute, convenor, DISTRICT, lead=HOUSING))

    ask(road.wait(1), d.DesignateOrgan, an_actor("DL", DISTRICT), DISTRICT, **decision)

    assert (state(road), road.case.unit, road.case.delivered_on) == ("S06", f"{DISTRICT}.office", road.today)
    assert [opening.code for opening in effects(road).opens] == ["NOTICE"]
    assert effects(road).cancels == ("NOTICE", "OBJECT")


@pytest.mark.parametrize("assists", [(HOUSING,), (OFFICE, OFFICE), (DISTRICT,), (f"{CITY}.nobody",)])
def test_lead_and_assists_known_are_different_units_of_the_directory(assists):
    decision = {"lead": HOUSING, "assists": assists, "paper": {"reason": "三定"}}
    road = referred()

    refused(
        "lead_and_assists_known",
        lambda: ask(road, d.DesignateOrgan, an_actor("D", DISTRICT), DISTRICT, **decision),
    )


def test_t20_a_lead_of_the_node_below_has_the_case_through_the_node_that_holds_it():
    road = referred()
    ask(road, d.DesignateOrgan, an_actor("D", DISTRICT), DISTRICT, lead=OFFICE, paper={"reason": "属地"})

    assert (state(road), road.case.holder, road.case.designated) == ("S02", DISTRICT, OFFICE)
    assert [event.head.act for event in road.events[-2:]] == ["T20", "T20"]
    assert effects(road).reopens == ("DISPOSE", "CHAIN")
    refused("sent_as_designated", lambda: road.transferred(DISTRICT, DISTRICT, HOUSING))
    road.transferred(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)
    assert state(road) == "S06"
    objection = {"proposed_organ": HOUSING, "paper": REASONED}
    refused("not_designated", lambda: ask(road, c.ObjectToTransfer, an_actor("U"), TOWNSHIP, **objection))


def in_conference():
    neighbour = f"{NEIGHBOUR}.housing"
    return referred(parties=(HOUSING, neighbour)), neighbour


def test_t19_and_t20_without_a_common_superior_the_joint_conference_coordinates_with_minutes():
    road, neighbour = in_conference()
    assert (road.case.dispute_stage, road.case.dispute_node) == ("conference", CITY)
    assert [opening.code for opening in effects(road).opens] == ["CONFERENCE"]
    office, minutes = an_actor("J", CITY), {"attended": "两区住建局", "minutes": "由城北区主办"}
    refused("minutes_kept", lambda: ask(road, d.CoordinateDispute, office, DISTRICT, lead=neighbour))
    refused(
        "decided_by_conference",
        lambda: ask(road, d.CoordinateDispute, an_actor("J", DISTRICT), DISTRICT, lead=neighbour, paper=minutes),
    )
    with pytest.raises(Forbidden):
        ask(road, d.CoordinateDispute, an_actor("D", CITY), DISTRICT, lead=neighbour, paper=minutes)

    ask(road, d.CoordinateDispute, office, DISTRICT, lead=neighbour, assists=(HOUSING,), paper=minutes)
    assert (road.case.transfer.to_node, state(road)) == (CITY, "S08")
    assert "CONFERENCE" in effects(road).closes
    ask(road, c.TakeBack, an_actor("SYS", CITY), CITY)

    assert (state(road), road.case.holder, road.case.assists) == ("S02", CITY, (HOUSING,))
    road.transferred(CITY, NEIGHBOUR, neighbour, assists=(HOUSING,)).delivered(NEIGHBOUR)
    assert (state(road), road.case.unit, road.case.assists) == ("S06", neighbour, (HOUSING,))
    assert replay(NUMBER, road.events) == road.case


def test_t50_a_designated_case_that_the_node_above_cannot_take_is_decided_anew():
    road, neighbour = in_conference()
    minutes = {"attended": "两区住建局", "minutes": "由城北区主办"}
    ask(road, d.CoordinateDispute, an_actor("J", CITY), DISTRICT, lead=neighbour, paper=minutes)
    ask(road, c.RefuseTransfer, an_actor("SYS", DISTRICT), DISTRICT, code="history-differs")

    assert (state(road), road.case.in_transfer, effects(road).reopens) == ("S08", False, ())


def test_t19_the_superior_may_pass_a_dispute_on_to_the_conference_and_a_party_may_not_repeat_itself():
    road = referred()
    officer, superior = an_actor("U", DISTRICT, HOUSING), an_actor("DL", DISTRICT)
    refused("party_or_decider", lambda: ask(road, d.ReferDispute, officer, DISTRICT, paper={"reason": "催"}))
    refused("party_or_decider", lambda: ask(road, d.ReferDispute, superior, DISTRICT, paper={"reason": "难"}))

    ask(road, d.ReferDispute, superior, DISTRICT, to_conference=True, paper={"reason": "垂直管理单位"})

    assert (road.case.dispute_stage, effects(road).closes) == ("conference", ("CONSULT", "DESIGNATE"))


def test_a_dispute_with_an_organ_outside_the_city_is_not_decided_inside_the_city():
    case = disputed().case
    outside = type(case)(**{**{f: getattr(case, f) for f in case.__slots__}, "dispute_parties": (HOUSING, "630200.x")})

    assert "省" in (GUARDS["decided_inside_the_city"](outside, None, None) or "")


def bounce(road, proposed=f"{CITY}.office"):
    """City → the district's housing office → back to the city by an upheld objection."""
    road.transferred(CITY, DISTRICT, HOUSING).delivered(DISTRICT)
    officer = an_actor("U", DISTRICT, HOUSING)
    ask(road, c.ObjectToTransfer, officer, DISTRICT, proposed_organ=proposed, paper=REASONED)
    ask(road, c.UpholdObjection, an_actor("D", CITY), DISTRICT)
    return ask(road, c.TakeBack, an_actor("SYS", CITY), CITY)


def test_t19_a_case_that_comes_back_twice_between_the_same_two_goes_to_the_joint_conference():
    road = bounce(Road().received().registered())
    assert state(road) == "S02"

    bounce(road.wait(1))

    assert (state(road), road.case.dispute_stage, road.case.dispute_node) == ("S08", "conference", CITY)
    found = road.events[-1]
    assert (found.MESSAGE.name, found.returns, set(found.between)) == ("ping-pong-detected", 2, {CITY, HOUSING})
    assert [opening.code for opening in effects(road).opens] == ["CONFERENCE"]
    minutes = {"attended": "市信访局、区住建局", "minutes": "由区住建局主办"}
    ask(road, d.CoordinateDispute, an_actor("JC", CITY), CITY, lead=HOUSING, paper=minutes)
    assert (state(road), road.case.designated) == ("S02", HOUSING)


def test_two_organs_that_name_each_other_have_sent_it_back_and_forth():
    road = Road().received().registered()
    one, other = f"{CITY}.office", f"{CITY}.housing"
    for unit, named in ((one, other), (other, one)):
        road.transferred(CITY, CITY, unit)
        officer = an_actor("U", CITY, unit)
        ask(road, c.ObjectToTransfer, officer, CITY, proposed_organ=named, paper=REASONED)
        ask(road, c.UpholdObjection, an_actor("D", CITY), CITY)

    assert (state(road), set(road.case.dispute_parties)) == ("S08", {one, other})


def test_returns_between_different_organs_are_no_ping_pong():
    assert ping_pong(("a~b", "a~c")) is None
    assert ping_pong(()) is None


def test_t53_an_assisting_unit_gives_its_part_and_no_other_unit_does():
    road = Road().received().registered().transferred(CITY, CITY, f"{CITY}.office", assists=(f"{CITY}.housing",))
    helper, stranger = an_actor("U", CITY, f"{CITY}.housing"), an_actor("U", CITY, f"{CITY}.roads")
    opinion = {"paper": {"opinion": "已现场核实"}}
    refused("assisting_unit", lambda: ask(road, d.FileAssistOpinion, stranger, CITY, **opinion))
    refused("assistance_written", lambda: ask(road, d.FileAssistOpinion, helper, CITY))

    ask(road, d.FileAssistOpinion, helper, CITY, **opinion)

    assert (state(road), road.events[-1].unit, road.case.documents[-1].kind) == ("S06", f"{CITY}.housing", "协")


def test_who_stands_above_two_organs():
    assert common_superior((HOUSING, OFFICE)) == DISTRICT
    assert common_superior((HOUSING, f"{NEIGHBOUR}.housing")) == ""
    assert common_superior((f"{CITY}.office", HOUSING)) == ""
    assert common_node((OFFICE, f"{TOWNSHIP}.housing")) == TOWNSHIP
    assert common_node((HOUSING, f"{CITY}.office")) == CITY
    assert (node_of("x"), common_node((HOUSING, "630200"))) == ("", "")


def test_t21_a_late_acceptance_counts_from_the_fifteenth_day():
    in_time = Road().at_the_township().wait(15).accepted()
    assert in_time.case.accepted_on == in_time.today
    road = Road().at_the_township()
    received_on = road.today

    road.wait(25).accepted()

    assert road.case.accepted_on == received_on + timedelta(days=15)
    assert road.events[-1].document.issued_on == road.today


def test_t35_a_review_may_be_asked_for_while_the_assigner_still_checks_the_report():
    road = Road().replied(assigned=True)
    ask(road, c.FileReport, an_actor("U"), TOWNSHIP, paper={"facts": "属实", "result": "已解决"})
    road.review_requested()
    assert state(road) == "S30"

    ask(road, c.ReturnReport, an_actor("D", DISTRICT), TOWNSHIP, paper={"reason": "缺照片"})
    accept = c.AcceptReport(case_no=NUMBER, actor=an_actor("D", DISTRICT))
    refused("report_in_check", lambda: road.do(accept, TOWNSHIP))
    ask(road, c.FileReport, an_actor("U"), TOWNSHIP, paper={"facts": "属实", "result": "已解决"})
    again = c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper={"facts": "属实", "result": "已解决"})
    refused("report_returned", lambda: road.do(again, TOWNSHIP))
    road.do(accept, TOWNSHIP)

    assert (state(road), road.case.assigned_by, road.case.report) == ("S30", "", "")


def test_t35_and_t38_a_request_posted_in_time_opens_a_lapsed_case_again():
    road = Road().replied()
    served_on = road.today
    ask(road.wait(34), c.LapseCase, an_actor("SYS"), TOWNSHIP)
    refused("lapsed_on_the_way", road.review_requested)
    refused("within_review_limit", lambda: road.review_requested(posted_on=road.today - timedelta(days=1)))
    final = c.RequestFinalReview(case_no=NUMBER, actor=an_actor("P"), received_on=road.today, posted_on=served_on)
    refused("lapsed_on_the_way", lambda: road.do(final, TOWNSHIP))

    road.review_requested(posted_on=served_on + timedelta(days=29))

    assert (state(road), road.case.ended_on, effects(road).cancels) == ("S30", None, ("ARCHIVE",))
    road.review_admitted().review_decided().wait(40)
    posted = road.case.review_served_on + timedelta(days=3)
    ask(road, c.LapseCase, an_actor("SYS"), TOWNSHIP)
    ask(road, c.RequestFinalReview, an_actor("P"), TOWNSHIP, received_on=road.today, posted_on=posted)
    assert state(road) == "S40"
