"""Repeats over HTTP and on the page of a case: what is proposed, and the decision of the petition department."""

import pytest

from services.portal.domain.answers import Answered
from tests.unit.portal.offices import ACCEPTED, CASE_NO, a_case, problem

REPEATS = f"/api/v1/cases/{CASE_NO}/repeats"
DECISION = f"{REPEATS}/{ACCEPTED}/decision"
PAGE = f"/desk/cases/{CASE_NO}"

pytestmark = pytest.mark.database


def test_what_a_case_may_repeat_is_listed_with_reasons_and_the_question_to_the_city(sign_in):
    answer = sign_in("dispatcher").get(REPEATS)

    assert answer.status_code == 200
    assert answer.json["rows"][0]["earlier"] == ACCEPTED
    assert answer.json["rows"][0]["reasons"] == ["联系电话相同", "内容相似度 61%"]
    assert answer.json["question"]["answered_at"] is None


def test_a_case_without_any_is_an_empty_list(sign_in, offices):
    offices.answers["routing.case"] = a_case(repeats=None)

    assert sign_in("dispatcher").get(REPEATS).json == {"rows": [], "question": None}


def test_a_decision_reaches_routing_once_however_often_it_is_sent(sign_in, offices):
    person = sign_in("dispatcher")
    body = {"verdict": "same", "note": "电话核实"}

    answers = [person.post(DECISION, body, **{"Idempotency-Key": "decision-000000001"}) for _ in range(2)]

    assert [answer.json["outcome"] for answer in answers] == ["merged", "merged"]
    assert offices.times("routing.decide_repeat") == 1
    asked = offices.last("routing.decide_repeat")
    assert (asked["earlier"], asked["verdict"], asked["actor"]["role"]) == (ACCEPTED, "same", "D")


@pytest.mark.parametrize("body", [{}, {"verdict": "maybe"}, {"verdict": "same", "more": 1}])
def test_a_decision_that_says_nothing_is_refused_at_the_door(sign_in, offices, body):
    assert sign_in("dispatcher").post(DECISION, body).status_code == 422
    assert offices.times("routing.decide_repeat") == 0


def test_the_unit_that_handles_a_case_does_not_decide(sign_in, offices):
    assert sign_in("case_officer").post(DECISION, {"verdict": "same"}).status_code == 403
    assert offices.times("routing.decide_repeat") == 0


def test_the_page_shows_what_speaks_for_a_repeat_and_takes_the_decision(sign_in, offices):
    person = sign_in("registrar")

    case, form = person.get(PAGE).text, person.get(f"{PAGE}/repeats/{ACCEPTED}").text
    sent = person.form(
        f"{PAGE}/repeats/{ACCEPTED}", verdict="different", note="另一处房屋", form_id="form-000000000001"
    )

    assert "联系电话相同" in case
    assert "尚未答复" in case
    assert "83分" in form
    assert sent.status_code == 303
    assert offices.last("routing.decide_repeat")["note"] == "另一处房屋"


def test_a_refused_decision_is_explained_on_the_page(sign_in, offices):
    offices.answers["routing.decide_repeat"] = Answered(problem("decided", 409, "该提示已经有人作出认定。"))
    person = sign_in("dispatcher")

    answer = person.form(f"{PAGE}/repeats/{ACCEPTED}", verdict="same", form_id="form-000000000002")

    assert answer.status_code == 409
    assert "该提示已经有人作出认定" in answer.text
    assert person.form(f"{PAGE}/repeats/{ACCEPTED}", verdict="", form_id="form-000000000003").status_code == 422
