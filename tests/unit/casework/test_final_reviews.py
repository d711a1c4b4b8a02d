"""T28 and T39, T40, T49: hearings, and the last instance that admits or refuses, decides, and closes for good."""

from datetime import date, timedelta

import pytest

from lianxi.casework.case.evolve import replay
from lianxi.casework.case.guards import GUARDS
from lianxi.casework.errors import Forbidden, GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import final_review as f
from lianxi.casework.messages import hearing as h
from lianxi.casework.messages.facts import Disposition, ProofOfService, ServiceMethod
from lianxi.casework.messages.sorting import BarCase
from lianxi.casework.transitions import ClockEffects, ClockOpening, clock_effects
from tests.support.builders import CITY, DISTRICT, NUMBER, TOWNSHIP, Road, an_actor

SUMMONS = "time venue chair invited"
MINUTES = "attended record conclusion"


def state(road):
    return road.case.state.value


def refused(guard, ask):
    with pytest.raises(GuardRefused) as caught:
        ask()
    assert caught.value.guard == guard
    return caught.value.message


def admitted():
    return Road().final_review_requested().last_instance(f.AdmitFinalReview)


def decided(road, **more):
    facts = {"disposition": Disposition.UPHOLD, "service": road.proof()}
    return road.last_instance(f.DecideFinalReview, **{**facts, **more})


def test_t39_and_t40_admitted_decided_and_served_the_case_is_closed_after_three_instances():
    road = admitted()
    assert state(road) == "S41"
    assert clock_effects(road.events[-1]).closes == ()

    decided(road.wait(12), disposition=Disposition.AMEND)

    assert (state(road), road.case.disposition, road.case.ended_on) == ("S60", Disposition.AMEND, road.today)
    assert [(event.head.act, event.MESSAGE.name) for event in road.events[-2:]] == [
        ("T40", "final-review-decided"),
        ("T40", "case-closed-by-final-review"),
    ]
    assert clock_effects(road.events[-2]).closes == ("FINAL",)
    closing = clock_effects(road.events[-1])
    assert (closing.cancels_all, closing.opens) == (True, (ClockOpening(code="ARCHIVE", start=road.today),))
    assert replay(NUMBER, road.events) == road.case


def test_t39_a_hearing_stops_the_clock_from_its_notice_to_its_minutes():
    road = admitted().wait(5).last_instance(h.OpenFinalHearing, SUMMONS)
    opened_on = road.today
    assert (state(road), road.case.hearing_since) == ("S42", opened_on)
    assert clock_effects(road.events[-1]).pauses == (("FINAL", opened_on),)

    road.wait(9).last_instance(h.CloseFinalHearing, MINUTES)

    assert (state(road), road.case.hearing_since) == ("S41", None)
    assert clock_effects(road.events[-1]).resumes == (("FINAL", opened_on, road.today),)
    assert [document.kind.value for document in road.case.documents[-2:]] == ["听", "听录"]
    assert state(decided(road.wait(1))) == "S60"


def test_t39_minutes_that_are_signed_after_years_leave_out_one_year_at_most():
    days = h.HearingDays(opened_on=date(2026, 3, 2), closed_on=date(2028, 3, 2))

    assert days.pause == (date(2026, 3, 2), date(2027, 3, 2))


def test_t49_a_request_on_a_ground_of_refusal_ends_the_case():
    road = Road().final_review_requested().wait(3).last_instance(f.DeclineFinalReview, ground="late")

    assert (state(road), road.case.ended_on) == ("S61", road.today)
    effects = clock_effects(road.events[-1])
    assert (effects.closes, effects.cancels_all) == (("FINAL",), True)
    again = c.RequestFinalReview(
        case_no=NUMBER, actor=an_actor("P"), received_on=road.today, posted_on=road.today - timedelta(days=1)
    )
    refused("lapsed_on_the_way", lambda: road.do(again, TOWNSHIP))


def test_its_notice_is_served_like_any_other_document():
    road = Road().final_review_requested().last_instance(f.DeclineFinalReview, ground="late")
    notice = road.case.documents[-1].number

    road.wait(2).document_served(notice)

    assert (state(road), road.case.served_documents) == ("S61", (notice,))


@pytest.mark.parametrize(
    ("cls", "more"),
    [(f.AdmitFinalReview, {}), (f.DeclineFinalReview, {"ground": "late"})],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_only_the_organ_above_the_reviewing_one_takes_the_request(cls, more):
    road = Road().final_review_requested()

    message = refused(
        "at_final_reviewing_node", lambda: road.last_instance(cls, actor=an_actor("FV", DISTRICT), **more)
    )
    with pytest.raises(Forbidden):
        road.last_instance(cls, actor=an_actor("RV", CITY), **more)

    assert CITY in message


def test_a_case_of_the_city_has_no_last_instance_here():
    road = admitted()
    at_city = road.given(CITY)

    from_city = f.AdmitFinalReview(case_no=NUMBER, actor=an_actor("FV", CITY))
    case = type(road.case)(**{**{name: getattr(road.case, name) for name in road.case.__slots__}, "holder": CITY})

    assert "省级机关" in (GUARDS["at_final_reviewing_node"](case, from_city, at_city) or "")


def test_a_refusal_needs_a_ground_and_waits_for_the_assigner():
    road = Road().final_review_requested()
    refused("ground_of_refusal", lambda: road.last_instance(f.DeclineFinalReview, ground="because"))

    reported = reported_and_asked()
    refused("no_report_pending", lambda: reported.last_instance(f.DeclineFinalReview, ground="late"))


def reported_and_asked():
    """An assigned case whose report is not checked yet while the petitioner is at the last instance."""
    road = Road().replied(assigned=True)
    report = c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper={"facts": "属实", "result": "已修"})
    road.do(report, TOWNSHIP).review_requested().review_admitted().review_decided()
    return road.do(c.RequestFinalReview(case_no=NUMBER, actor=an_actor("P"), received_on=road.today), TOWNSHIP)


def test_t40_the_case_stays_open_until_the_assigner_has_accepted_the_report():
    road = decided(reported_and_asked().last_instance(f.AdmitFinalReview))
    assert (state(road), road.case.is_open) == ("S43", True)
    back = c.ReturnReport(case_no=NUMBER, actor=an_actor("D", DISTRICT), paper={"reason": "缺照片"})
    report = c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper={"facts": "属实", "result": "已修"})
    assert state(road.do(back, TOWNSHIP).do(report, TOWNSHIP)) == "S43"

    road.wait(2).do(c.AcceptReport(case_no=NUMBER, actor=an_actor("D", DISTRICT)), TOWNSHIP)

    assert (state(road), road.case.ended_on) == ("S60", road.today)
    assert [event.head.act for event in road.events[-2:]] == ["T34", "T40"]
    assert replay(NUMBER, road.events) == road.case


def test_a_hearing_names_when_where_who_presides_and_who_comes():
    road = admitted()

    for missing in SUMMONS.split():
        words = " ".join(word for word in SUMMONS.split() if word != missing)
        refused("parties_summoned", lambda words=words: road.last_instance(h.OpenFinalHearing, words))
    elsewhere = an_actor("FV", DISTRICT)
    refused("at_final_reviewing_node", lambda: road.last_instance(h.OpenFinalHearing, SUMMONS, actor=elsewhere))


def test_minutes_say_who_came_what_was_said_and_what_was_concluded():
    road = admitted().last_instance(h.OpenFinalHearing, SUMMONS)

    for missing in MINUTES.split():
        words = " ".join(word for word in MINUTES.split() if word != missing)
        refused("hearing_minuted", lambda words=words: road.last_instance(h.CloseFinalHearing, words))
    refused("state", lambda: decided(road))


def test_two_hearings_share_no_day_and_none_comes_after_the_time_is_over():
    road = admitted().wait(2).last_instance(h.OpenFinalHearing, SUMMONS).last_instance(h.CloseFinalHearing, MINUTES)
    refused("final_hearing_in_time", lambda: road.last_instance(h.OpenFinalHearing, SUMMONS))
    road.wait(1).last_instance(h.OpenFinalHearing, SUMMONS).wait(40).last_instance(h.CloseFinalHearing, MINUTES)
    assert len(road.case.final_hearings) == 2

    road.wait(20).last_instance(h.OpenFinalHearing, SUMMONS).last_instance(h.CloseFinalHearing, MINUTES)

    late = road.wait(40)
    assert "届满" in refused("final_hearing_in_time", lambda: late.last_instance(h.OpenFinalHearing, SUMMONS))


def test_the_last_instance_sends_nothing_back():
    refused("upheld_or_amended", lambda: decided(admitted(), disposition=Disposition.SET_ASIDE))


@pytest.mark.parametrize("person", [f"u-{TOWNSHIP}", f"ul-{TOWNSHIP}", f"rv-{DISTRICT}"])
def test_nobody_decides_twice_on_the_same_matter(person):
    signer = an_actor("FV", CITY, person=person)

    refused("signer_not_of_earlier_instances", lambda: decided(admitted(), actor=signer))


@pytest.mark.parametrize(
    "service",
    [
        {"proof": " "},
        {"served_on": date(2026, 3, 1)},
        {"served_on": date(2026, 3, 30)},
        {"method": ServiceMethod.ANNOUNCEMENT},
    ],
    ids=["without proof", "before it was admitted", "in the future", "by announcement of today"],
)
def test_the_final_opinion_is_served_with_proof_after_the_request_was_admitted(service):
    road = admitted()
    facts = {"method": ServiceMethod.DIRECT, "served_on": road.today, "proof": "回证-2", **service}

    refused("final_opinion_served", lambda: decided(road, service=ProofOfService(**facts)))


def test_what_the_last_instance_decided_is_not_accepted_again():
    earlier = decided(admitted())
    road = Road("63010000020260402W00001").wait(40).received().registered()
    bar = BarCase(
        case_no=road.case.case_no, actor=an_actor("D", CITY), earlier=NUMBER, paper={"reason": "没有新的事实和理由"}
    )
    road.do(bar, CITY, earlier=earlier.case)

    assert state(road) == "S24"


def heard(road, cls, paper, **more):
    facts = {"actor": an_actor("UL"), "paper": dict.fromkeys(paper.split(), "写明")}
    return road.do(cls(case_no=NUMBER, **{**facts, **more}), TOWNSHIP)


def test_t28_a_hearing_in_handling_stops_no_clock():
    road = heard(Road().handling(), h.OpenHearing, f"reason {SUMMONS}")
    assert (state(road), road.case.documents[-1].kind.value) == ("S12", "听")

    heard(road.wait(6), h.CloseHearing, MINUTES)

    assert (state(road), road.case.final_hearings) == ("S11", ())
    assert (road.events[-1].opened_on, road.events[-1].closed_on) == (road.today - timedelta(days=6), road.today)
    assert [clock_effects(event) == ClockEffects() for event in road.events[-2:]] == [True, True]
    assert state(road.submitted().signed()) == "S15"
    assert replay(NUMBER, road.events) == road.case


def test_a_hearing_in_handling_is_the_own_units_for_a_reason():
    road = Road().handling()
    stranger = an_actor("UL", unit=f"{TOWNSHIP}.housing")

    refused("own_unit", lambda: heard(road, h.OpenHearing, f"reason {SUMMONS}", actor=stranger))
    refused("reason_given", lambda: heard(road, h.OpenHearing, SUMMONS))
    refused("parties_summoned", lambda: heard(road, h.OpenHearing, "reason time"))
    with pytest.raises(Forbidden):
        heard(road, h.OpenHearing, f"reason {SUMMONS}", actor=an_actor("U"))
    heard(road, h.OpenHearing, f"reason {SUMMONS}")
    refused("own_unit", lambda: heard(road, h.CloseHearing, MINUTES, actor=stranger))
    refused("hearing_minuted", lambda: heard(road, h.CloseHearing, ""))
