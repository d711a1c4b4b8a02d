"""What petitioners do with the own case: T54 to T56, and the completion of T45 with its text and its end."""

from datetime import timedelta

import pytest

from lianxi.casework.case import Case
from lianxi.casework.errors import Forbidden, GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages.facts import DocumentKind, PetitionClass
from lianxi.contracts.schemas import dump, load
from tests.support.builders import CITY, NUMBER, TOWNSHIP, Road, an_actor


def ask(road, command, node=TOWNSHIP, role="P", **fields):
    return road.do(command(case_no=NUMBER, actor=an_actor(role, node), **fields), node)


def refused(guard, attempt):
    with pytest.raises(GuardRefused) as refusal:
        attempt()
    assert refusal.value.guard == guard
    assert refusal.value.message


def test_t54_material_is_a_document_of_the_case_and_moves_nothing():
    road = Road().handling()
    before = road.case.state

    ask(road, p.AddMaterial, paper={"text": "另有照片三张。"})

    assert road.case.state is before
    assert road.case.documents[-1].kind is DocumentKind.MATERIAL
    refused("material_stated", lambda: ask(road, p.AddMaterial, paper={"text": " "}))
    refused("state", lambda: ask(Road().handling().do(withdrawal(), TOWNSHIP), p.AddMaterial, paper={"text": "晚了"}))


def withdrawal():
    return c.WithdrawCase(case_no=NUMBER, actor=an_actor("P"), free_will_recorded=True)


def test_t55_a_case_is_urged_once_a_week():
    road = Road().handling()

    ask(road, p.UrgeCase)

    refused("not_urged_lately", lambda: ask(road.wait(6), p.UrgeCase))
    ask(road.wait(1), p.UrgeCase)
    assert [event.MESSAGE.name for event in road.events[-2:]] == ["case-urged", "case-urged"]


def test_t54_and_t55_are_the_petitioners_and_the_windows():
    with pytest.raises(Forbidden):
        ask(Road().handling(), p.UrgeCase, role="U")

    ask(Road().handling(), p.UrgeCase, role="R")


def test_t56_the_department_is_rated_after_registration_and_the_organ_after_service():
    road = Road().received().registered()

    ask(road, p.RateCase, CITY, rated=p.Rated.DEPARTMENT, rating=p.Rating.SATISFIED)

    unit = {"rated": p.Rated.UNIT, "rating": p.Rating.DISSATISFIED}
    refused("rating_open", lambda: ask(road, p.RateCase, CITY, **unit))
    replied = Road().replied()
    ask(replied, p.RateCase, **unit)
    assert replied.case.ratings == ("unit:dissatisfied",)


def test_t56_a_rating_may_be_changed_until_the_window_closes_and_the_last_counts():
    road = Road().replied()
    unit = {"rated": p.Rated.UNIT}
    ask(road, p.RateCase, **unit, rating=p.Rating.DISSATISFIED)
    ask(road, p.RateCase, rated=p.Rated.DEPARTMENT, rating=p.Rating.SATISFIED)

    refused("rating_is_new", lambda: ask(road, p.RateCase, **unit, rating=p.Rating.DISSATISFIED))
    ask(road.wait(20), p.RateCase, **unit, rating=p.Rating.MOSTLY)

    assert road.case.ratings == ("department:satisfied", "unit:mostly")
    assert load(Case, dump(road.case)) == road.case
    told = [event.rating for event in road.events if isinstance(event, p.CaseRated) and event.rated is p.Rated.UNIT]
    assert told == [p.Rating.DISSATISFIED, p.Rating.MOSTLY]
    refused("rating_open", lambda: ask(road.wait(20), p.RateCase, **unit, rating=p.Rating.SATISFIED))


def test_t56_thirty_days_after_service_no_rating_is_taken():
    road = Road().replied()

    ask(road.wait(30), p.RateCase, rated=p.Rated.UNIT, rating=p.Rating.MOSTLY)

    refused(
        "rating_open",
        lambda: ask(Road().replied().wait(40), p.RateCase, rated=p.Rated.UNIT, rating=p.Rating.MOSTLY),
    )
    refused(
        "rating_open",
        lambda: ask(Road().received(), p.RateCase, CITY, rated=p.Rated.DEPARTMENT, rating=p.Rating.MOSTLY),
    )


def test_t56_a_rating_that_waited_for_the_case_counts_on_the_day_it_was_given():
    road = Road().replied()
    served, late = road.case.served_on, {"rated": p.Rated.UNIT, "rating": p.Rating.MOSTLY}

    refused(
        "rating_open", lambda: ask(Road().replied().wait(40), p.RateCase, **late, decided_on=served + timedelta(40))
    )
    ask(road.wait(40), p.RateCase, **late, decided_on=served + timedelta(30))

    assert road.case.ratings == ("unit:mostly",)
    assert road.events[-1].rated_on == served + timedelta(30)


def test_t56_accusations_are_not_rated():
    road = Road().received().registered(petition_class=PetitionClass.ACCUSATION)

    refused(
        "not_an_accusation",
        lambda: ask(road, p.RateCase, CITY, rated=p.Rated.DEPARTMENT, rating=p.Rating.SATISFIED),
    )


def a_request():
    return c.RequestCompletion(case_no=NUMBER, actor=an_actor("U"), paper={"missing": "身份证明"})


def test_t45_what_the_petitioner_answers_is_a_document_and_a_clerks_note_needs_none():
    road = Road().at_the_township().do(a_request(), TOWNSHIP)

    ask(road, c.ReceiveCompletion, paper={"text": "身份证明见附件。"})

    assert road.case.documents[-1].kind is DocumentKind.MATERIAL
    road.do(a_request(), TOWNSHIP)
    before = len(road.case.documents)
    ask(road, c.ReceiveCompletion, role="R")
    assert len(road.case.documents) == before


def test_t45_ten_days_later_the_case_goes_on_without_what_is_missing():
    road = Road().at_the_township().do(a_request(), TOWNSHIP)

    refused("completion_overdue", lambda: ask(road.wait(10), p.LapseCompletion, role="SYS"))
    ask(road.wait(4), p.LapseCompletion, role="SYS")

    assert road.case.state.value == "S06"
    assert road.case.completion_asked_on is None


def test_t45_only_the_software_lets_it_lapse():
    road = Road().at_the_township().do(a_request(), TOWNSHIP).wait(30)

    with pytest.raises(Forbidden):
        ask(road, p.LapseCompletion, role="R")
