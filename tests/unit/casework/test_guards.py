"""Every guard of the table refuses for its own reason, and says which guard it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lianxi.casework.case.acts import is_recused
from lianxi.casework.case.guards import GUARDS
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden, GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import (
    CaseState,
    Claim,
    ClaimOutcome,
    Disposition,
    DocumentKind,
    Outcome,
    PetitionClass,
    Route,
    ServiceMethod,
)
from lianxi.casework.transitions import TRANSITIONS
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, OPINION, RT6, TOWNSHIP, Road, an_actor


def refused(guard, action):
    with pytest.raises(GuardRefused) as caught:
        action()
    assert caught.value.guard == guard
    assert caught.value.message
    return caught.value


def test_every_guard_named_in_the_table_exists_and_every_guard_is_used():
    named = {guard for row in TRANSITIONS for step in row.steps for guard in step.guards}

    assert named == set(GUARDS)


def test_an_empty_petition_is_refused():
    refused("facts_complete", lambda: Road().received(text_digest=""))


def test_a_joint_visit_has_at_most_five_representatives():
    refused(
        "representatives_at_most_five",
        lambda: Road().received(actor=an_actor("R", CITY), channel="VISIT", persons=9, representatives=6),
    )


@pytest.mark.parametrize(
    ("guard", "facts"),
    [
        ("same_matter_checked", {"same_matter_checked": False}),
        ("claims_given", {"claims": ()}),
        ("claims_given", {"claims": (Claim(number=2),)}),
        ("category_given", {"category": ()}),
        ("category_given", {"category": ("a", "b", "c", "d")}),
        ("place_given", {"place": ""}),
    ],
)
def test_registration_needs_its_facts(guard, facts):
    refused(guard, lambda: Road().received().registered(**facts))


def merge_into(road, earlier):
    command = c.MergeCase(case_no=NUMBER, actor=an_actor("D", CITY), into="63010000020260301W00009")
    return lambda: road.do(command, CITY, earlier=earlier)


def test_a_case_joins_only_an_earlier_open_case_of_the_same_petitioner():
    earlier = Road("63010000020260301W00009").wait(-1).received().registered().case
    road = Road().received().registered()
    later = Road("63010000020260303W00001").wait(1).received().registered().case
    stranger = Road("63010000020260301W00008").wait(-1).received(petitioner_key="another").registered().case
    ended = Case(**{f: getattr(earlier, f) for f in earlier.__slots__ if f != "state"}, state=CaseState.WITHDRAWN)

    for other in (None, later, stranger, ended, road.case):
        refused("earlier_case_open", merge_into(road, other))


def test_an_accusation_takes_no_ordinary_road():
    road = Road().received().registered(petition_class=PetitionClass.ACCUSATION)

    refused("not_an_accusation", lambda: road.transferred(CITY, DISTRICT))


def test_an_organ_must_stand_in_the_directory():
    road = Road().received().registered()

    refused("organ_at_this_node", lambda: road.transferred(CITY, CITY, f"{CITY}.nobody"))
    assert GUARDS["organ_at_this_node"](
        road.case, c.TransferCase(case_no=NUMBER, actor=an_actor("D", CITY), to_node=DISTRICT), road.given(CITY)
    )


@pytest.mark.parametrize("target", ["630200", CITY + "", "630104001"], ids=["elsewhere", "itself", "a level skipped"])
def test_a_transfer_goes_to_a_direct_lower_node(target):
    road = Road().received().registered()
    guard = "organ_at_this_node" if target == CITY else "node_below"

    refused(guard, lambda: road.transferred(CITY, target))


def test_a_transfer_names_an_organ_that_the_lower_node_has():
    road = Road().received().registered()

    refused("node_below", lambda: road.transferred(CITY, DISTRICT, f"{DISTRICT}.nobody"))


def test_what_a_superior_assigned_is_not_assigned_a_second_time():
    road = Road().received().registered().assigned(CITY, DISTRICT).delivered(DISTRICT)

    refused("not_assigned_from_above", lambda: road.assigned(DISTRICT, TOWNSHIP, OFFICE))


def test_an_assignment_is_due_after_today():
    road = Road().received().registered()

    refused("report_due_ahead", lambda: road.assigned(CITY, DISTRICT, days=0))
    refused("here_or_below", lambda: road.assigned(CITY, CITY, f"{CITY}.nobody"))


def objection(**more):
    facts = {"actor": an_actor("U"), "paper": {"reasons": "非职权", "basis": "三定"}, "proposed_organ": "x"}
    return c.ObjectToTransfer(case_no=NUMBER, **{**facts, **more})


def test_an_objection_comes_within_five_working_days_once_and_with_reasons():
    road = Road().at_the_township()

    refused(
        "own_unit_or_department", lambda: road.do(objection(actor=an_actor("U", unit=f"{TOWNSHIP}.other")), TOWNSHIP)
    )
    refused("objection_reasoned", lambda: road.do(objection(paper={}), TOWNSHIP))
    late = Road().at_the_township().wait(8)
    refused("within_objection_limit", lambda: late.do(objection(), TOWNSHIP))
    road.do(objection(), TOWNSHIP)
    refused("decided_by_sender", lambda: road.do(c.UpholdObjection(case_no=NUMBER, actor=an_actor("D")), TOWNSHIP))
    refuse = c.RefuseObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT))
    refused("reason_given", lambda: road.do(refuse, TOWNSHIP))
    road.do(c.RefuseObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT), paper={"reason": "属地"}), TOWNSHIP)
    refused("first_objection", lambda: road.do(objection(), TOWNSHIP))


def test_classification_covers_the_same_claims_and_only_rt6():
    road = Road().at_the_township().accepted()

    def classify(claims):
        return lambda: road.do(c.ClassifyCase(case_no=NUMBER, actor=an_actor("U"), claims=claims), TOWNSHIP)

    refused("every_claim_on_rt6", classify(()))
    other = (Claim(number=1, petition_class=PetitionClass.RELIEF, route=Route.RT1),)
    refused("every_claim_on_rt6", classify(other))


def extend(road, days=30, **more):
    facts = {"actor": an_actor("UL"), "paper": {"reason": "复杂"}}
    return lambda: road.do(c.ExtendHandling(case_no=NUMBER, days=days, **{**facts, **more}), TOWNSHIP)


def test_an_extension_comes_before_the_sixtieth_day_once_and_for_thirty_days_at_most():
    refused("before_raw_due", extend(Road().handling().wait(61)))
    road = Road().handling()
    refused("at_most_thirty_days", extend(road, 31))
    refused("at_most_thirty_days", extend(road, 0))
    refused("reason_given", extend(road, 10, paper={}))
    extend(road, 10)()
    refused("extended_once", extend(road, 10))


def test_a_re_handling_is_not_extended():
    road = Road().replied().review_requested().review_admitted().review_decided(Disposition.SET_ASIDE, service=None)
    extend = c.ExtendHandling(case_no=NUMBER, actor=an_actor("UL"), days=10, paper={"reason": "情况复杂"})

    refused("before_raw_due", lambda: road.do(extend, TOWNSHIP))


def test_custody_is_taken_only_by_the_node_it_was_offered_to():
    road = Road().received().registered().transferred(CITY, DISTRICT)
    refused("offered_to_this_node", lambda: road.delivered("630105"))

    objected = Road().at_the_township().do(objection(), TOWNSHIP)
    take_back = c.TakeBack(case_no=NUMBER, actor=an_actor("SYS", DISTRICT))
    refused("offered_to_this_node", lambda: objected.do(take_back, DISTRICT))


def test_a_completion_is_taken_in_by_the_own_unit_the_window_or_the_petitioner():
    road = Road().at_the_township()
    ask = c.RequestCompletion(case_no=NUMBER, actor=an_actor("U"), paper={"missing": "地址"})
    road.do(ask, TOWNSHIP)
    stranger = an_actor("U", unit=f"{TOWNSHIP}.housing")

    refused("own_unit_or_window", lambda: road.do(c.ReceiveCompletion(case_no=NUMBER, actor=stranger), TOWNSHIP))


def test_an_opinion_answers_every_claim_and_has_what_article_32_wants():
    road = Road().handling()

    def submit(outcomes, paper):
        command = c.SubmitOpinion(case_no=NUMBER, actor=an_actor("U"), outcomes=outcomes, paper=paper)
        return lambda: road.do(command, TOWNSHIP)

    refused("every_claim_answered", submit((), OPINION))
    answer = (ClaimOutcome(number=1, outcome=Outcome.REJECT),)
    assert "remedy" in refused("opinion_complete", submit(answer, {**OPINION, "remedy": " "})).message


def test_service_needs_proof_and_a_possible_day():
    road = Road().handling().submitted().signed()

    refused("service_proven", lambda: road.served(proof=""))
    refused("service_proven", lambda: road.served(served_on=road.today + timedelta(days=1)))
    refused("service_proven", lambda: road.served(served_on=road.today - timedelta(days=1)))
    refused("service_proven", lambda: road.served(method=ServiceMethod.ANNOUNCEMENT))


def test_another_document_is_served_once_with_proof_on_a_possible_day():
    road = Road().handling()
    notice = next(
        document.number for document in road.case.documents if document.kind is DocumentKind.ACCEPTANCE_NOTICE
    )

    refused("document_served_with_proof", lambda: road.document_served("西大函〔2026〕9号"))
    refused("document_served_with_proof", lambda: road.document_served(notice, proof=" "))
    tomorrow = road.today + timedelta(days=1)
    refused("document_served_with_proof", lambda: road.document_served(notice, served_on=tomorrow))
    road.document_served(notice)
    assert road.case.served_documents == (notice,)
    refused("document_served_with_proof", lambda: road.document_served(notice))


def test_a_petitioner_confirms_only_what_is_opened_electronically_today():
    road = Road().handling().submitted().signed()
    serve = c.ServeOpinion(case_no=NUMBER, actor=an_actor("P"), service=road.proof())

    refused("reads_for_himself", lambda: road.do(serve, TOWNSHIP))
    read = replace(serve, service=road.proof(method=ServiceMethod.ELECTRONIC))
    road.do(read, TOWNSHIP)

    assert road.case.served_on == road.today


def report(road, **more):
    facts = {"actor": an_actor("U"), "paper": {"facts": "属实", "result": "已解决"}}
    return lambda: road.do(c.FileReport(case_no=NUMBER, **{**facts, **more}), TOWNSHIP)


def test_a_report_is_filed_on_assigned_cases_and_checked_by_the_assigner():
    refused("report_wanted", report(Road().replied()))
    road = Road().replied(assigned=True)
    refused("report_complete", report(road, paper={"facts": "属实"}))
    report(road)()
    accept = c.AcceptReport(case_no=NUMBER, actor=an_actor("D"))
    refused("decided_by_assigner", lambda: road.do(accept, TOWNSHIP))


def test_a_review_is_asked_for_in_thirty_days_by_postmark_if_mailed():
    late = Road().replied().wait(32)
    refused("within_review_limit", late.review_requested)
    posted = late.today - timedelta(days=3)
    assert late.review_requested(posted_on=posted).case.state is CaseState.REVIEW_REQUESTED
    early = Road().replied()
    refused("within_review_limit", lambda: early.review_requested(received_on=early.today + timedelta(days=1)))
    refused("within_review_limit", lambda: early.review_requested(received_on=early.today - timedelta(days=1)))
    postmark = early.today + timedelta(days=1)
    refused("within_review_limit", lambda: early.review_requested(posted_on=postmark))


def test_only_an_opinion_on_rt6_is_reviewed():
    road = Road().replied()
    case = road.case
    road.case = type(case)(**{**{f: getattr(case, f) for f in case.__slots__}, "claims": (Claim(number=1),)})

    refused("rt6_only", road.review_requested)


def test_the_reviewing_organ_decides_on_named_grounds_and_not_the_signer():
    road = Road().replied().review_requested()
    elsewhere = c.AdmitReview(case_no=NUMBER, actor=an_actor("RV", CITY))
    refused("at_reviewing_node", lambda: road.do(elsewhere, TOWNSHIP))
    decline = c.DeclineReview(case_no=NUMBER, actor=an_actor("RV", DISTRICT), ground="no reason")
    refused("ground_of_refusal", lambda: road.do(decline, TOWNSHIP))
    road.review_admitted()
    signer = an_actor("RV", DISTRICT, person=f"ul-{TOWNSHIP}")
    refused("signer_not_handler", lambda: road.review_decided(actor=signer))
    refused("review_served", lambda: road.review_decided(service=None))
    tomorrow = road.proof(served_on=road.today + timedelta(days=1))
    refused("review_served", lambda: road.review_decided(service=tomorrow))
    yesterday = road.proof(served_on=road.today - timedelta(days=1))
    refused("review_served", lambda: road.review_decided(service=yesterday))
    refused("rehandling_at_most_sixty_days", lambda: road.review_decided(Disposition.SET_ASIDE, rehandle_days=61))


def test_a_final_review_of_the_city_government_lies_with_the_province():
    road = Road().replied().review_requested().review_admitted().review_decided()
    case = road.case
    at_city = type(case)(**{**{f: getattr(case, f) for f in case.__slots__}, "holder": CITY})
    command = c.RequestFinalReview(case_no=NUMBER, actor=an_actor("P"), received_on=road.today)

    assert "省" in (GUARDS["within_final_limit"](at_city, command, road.given(CITY)) or "")


def test_a_right_lapses_only_when_it_is_over_and_service_is_proven():
    lapse = c.LapseCase(case_no=NUMBER, actor=an_actor("SYS"))
    road = Road().replied().wait(29)

    refused("right_has_lapsed", lambda: road.do(lapse, TOWNSHIP))
    unserved = Road().case
    assert GUARDS["right_has_lapsed"](unserved, lapse, road.given(TOWNSHIP))


def test_a_withdrawal_is_of_free_will():
    road = Road().handling()
    command = c.WithdrawCase(case_no=NUMBER, actor=an_actor("P"), free_will_recorded=False)

    refused("free_will", lambda: road.do(command, TOWNSHIP))


def test_an_archive_file_has_documents_and_a_completion_says_what_is_missing():
    road = Road().received()
    archive = c.ArchiveCase(case_no=NUMBER, actor=an_actor("R"))

    assert GUARDS["documents_complete"](road.case, archive, road.given(CITY))
    ask = c.RequestCompletion(case_no=NUMBER, actor=an_actor("R", CITY))
    refused("completion_stated", lambda: road.do(ask, CITY))


def test_a_stale_view_is_refused_and_says_where_the_case_is_now():
    road = Road().at_the_township()

    with pytest.raises(Conflict) as caught:
        road.accepted(expected_seq=road.case.seq - 1)

    assert caught.value.details["seq"] == road.case.seq


def test_nothing_happens_to_a_case_on_its_way():
    road = Road().received().registered().transferred(CITY, DISTRICT)
    withdraw = c.WithdrawCase(case_no=NUMBER, actor=an_actor("P", CITY), free_will_recorded=True)

    refused("not_in_transfer", lambda: road.do(withdraw, CITY))


def test_only_the_holder_acts():
    road = Road().at_the_township()

    refused("holds_custody", lambda: road.do(c.AcceptCase(case_no=NUMBER, actor=an_actor("U")), DISTRICT))


def test_an_interested_person_withdraws():
    road = Road().received().registered(recused=("u-630104001",))
    road.transferred(CITY, TOWNSHIP, OFFICE, direct=True).delivered(TOWNSHIP)

    refused("GD-2", road.accepted)


def test_an_organ_that_keeps_out_neither_acts_nor_gets_the_case_at_whatever_node():
    road = Road().received().registered(recused=(OFFICE,))

    refused("GD-1", lambda: road.transferred(CITY, TOWNSHIP, OFFICE, direct=True))
    road.transferred(CITY, DISTRICT).delivered(DISTRICT)
    assert is_recused(road.case, an_actor("U"))
    assert not is_recused(road.case, an_actor("D", DISTRICT))
    assert not is_recused(replace(road.case, recused=("",)), an_actor("D", DISTRICT, ""))


def test_a_state_that_does_not_fit_is_named():
    error = refused("state", lambda: Road().received().accepted())

    assert "已收到待登记" in error.message


def test_the_role_and_the_level_must_fit():
    with pytest.raises(Forbidden):
        Road().at_the_township().accepted().do(
            c.ClassifyCase(case_no=NUMBER, actor=an_actor("D"), claims=RT6), TOWNSHIP
        )
    road = Road().received(TOWNSHIP).registered(TOWNSHIP)
    with pytest.raises(Forbidden):
        road.transferred(TOWNSHIP, DISTRICT)
