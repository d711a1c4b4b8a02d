"""T58: whoever was rated 不满意 owes the petitioner a call-back until somebody was reached (PR-23)."""

from datetime import timedelta

import pytest

from lianxi.casework.case import Case
from lianxi.casework.case.call_backs import heard_of
from lianxi.casework.case.offers import offered
from lianxi.casework.errors import GuardRefused
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages.facts import DocumentKind
from lianxi.casework.transitions.words import label_of
from lianxi.contracts.schemas import dump, load
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road, an_actor

UNIT, DEPARTMENT = p.Rated.UNIT, p.Rated.DEPARTMENT
CALLED = {"caller": "王岚", "said": "希望当面说明", "result_of_call": "三日内上门"}


def rate(road, rated, rating=p.Rating.DISSATISFIED):
    return road.do(p.RateCase(case_no=NUMBER, actor=an_actor("P", TOWNSHIP), rated=rated, rating=rating), TOWNSHIP)


def call_back(road, rated, actor, *, reached=True, paper=None, on=0):
    command = p.RecordCallBack(
        case_no=NUMBER,
        actor=actor,
        rated=rated,
        called_on=road.today + timedelta(on),
        reached=reached,
        paper=CALLED if paper is None else paper,
    )
    return road.do(command, TOWNSHIP)


def an_officer(role="U"):
    return an_actor(role, TOWNSHIP, OFFICE)


def owed(road):
    return [(call.rated, call.node, call.unit, call.attempts) for call in road.case.call_backs]


def refused(guard, attempt):
    with pytest.raises(GuardRefused) as refusal:
        attempt()
    assert refusal.value.guard == guard


def test_a_dissatisfied_rating_asks_the_rated_organ_for_a_call_back_and_a_contented_one_nobody():
    road = rate(Road().replied(), UNIT)

    assert owed(road) == [(UNIT, TOWNSHIP, OFFICE, 0)]
    assert label_of(road.events[-1]) == "满意度评价（不满意，须回访）"
    assert owed(rate(Road().replied(), UNIT, p.Rating.MOSTLY)) == []


def test_the_department_that_is_rated_is_the_one_the_petition_came_to():
    road = rate(Road().replied(), DEPARTMENT)

    assert owed(road) == [(DEPARTMENT, CITY, "", 0)]


def test_a_call_that_reached_the_petitioner_ends_what_is_owed_and_is_a_document():
    road = rate(rate(Road().replied(), UNIT), DEPARTMENT)

    call_back(road, UNIT, an_officer())

    assert owed(road) == [(DEPARTMENT, CITY, "", 0)]
    assert road.case.documents[-1].kind is DocumentKind.CALL_BACK
    assert "希望" not in str(dump(road.events[-1])), "what the petitioner said stands in no event"
    assert label_of(road.events[-1]) == "回访"
    call_back(road, DEPARTMENT, an_actor("R", CITY))
    assert owed(road) == []
    refused("call_back_here", lambda: call_back(road, UNIT, an_officer()))


def test_calls_that_reach_nobody_are_recorded_and_the_call_back_stays_owed():
    road = rate(Road().replied(), UNIT)
    since = road.case.call_backs[0].since
    nobody = {"caller": "王岚", "result_of_call": "无人接听"}

    call_back(road, UNIT, an_officer(), reached=False, paper=nobody)
    call_back(road.wait(1), UNIT, an_officer("UL"), reached=False, paper=nobody)

    assert owed(road) == [(UNIT, TOWNSHIP, OFFICE, 2)]
    assert road.case.call_backs[0].since == since, "its age runs on"
    assert [label_of(event) for event in road.events[-2:]] == ["回访（未联系上）"] * 2
    assert load(Case, dump(road.case)) == road.case


def test_a_changed_rating_withdraws_the_call_back_and_the_history_says_so():
    road = rate(Road().replied(), UNIT)

    rate(road, UNIT, p.Rating.SATISFIED)

    assert owed(road) == []
    assert road.events[-1].call_back_withdrawn
    assert label_of(road.events[-1]) == "满意度评价（已更改，回访撤销）"
    assert owed(rate(road, UNIT)) == [(UNIT, TOWNSHIP, OFFICE, 0)]


def test_only_the_rated_organ_records_it_and_only_it_is_offered_to():
    road = rate(rate(Road().replied(), UNIT), DEPARTMENT)
    officer, registrar = an_officer(), an_actor("R", CITY)

    refused("call_back_owed", lambda: call_back(road, UNIT, registrar))
    refused("call_back_owed", lambda: call_back(road, DEPARTMENT, officer))
    refused("call_back_here", lambda: call_back(road, UNIT, an_actor("R", DISTRICT)))
    refused("call_back_here", lambda: call_back(road, UNIT, an_actor("U", TOWNSHIP, f"{TOWNSHIP}.other")))
    for actor, seen in ((officer, True), (registrar, True), (an_actor("D", DISTRICT), False)):
        acts = {step.command for _, step in offered(road.case, actor, road.given(TOWNSHIP))}
        assert ("record-call-back" in acts) is seen


@pytest.mark.parametrize("missing", CALLED)
def test_the_record_says_who_called_what_was_said_and_what_follows(missing):
    road = rate(Road().replied(), UNIT)

    refused("call_back_told", lambda: call_back(road, UNIT, an_officer(), paper={**CALLED, missing: " "}))


@pytest.mark.parametrize("day", [-1, 1])
def test_the_day_of_the_call_lies_between_the_rating_and_today(day):
    road = rate(Road().replied(), UNIT)

    refused("called_in_time", lambda: call_back(road, UNIT, an_officer(), on=day))


def test_where_the_case_leaves_the_part_of_the_tree_a_debtor_hears_of_its_new_holder_owes_the_call():
    road = rate(rate(Road().replied(), UNIT), DEPARTMENT)

    moved = heard_of(road.case.call_backs, DISTRICT)

    assert [(call.rated, call.node, call.unit) for call in moved] == [(UNIT, DISTRICT, ""), (DEPARTMENT, CITY, "")]
