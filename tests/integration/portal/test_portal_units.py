"""The directory of organs over HTTP: the history of one, and a change by the people in charge."""

import pytest

from tests.unit.portal.offices import CASE_NO, a_case

UNIT = "630104.housing"
HISTORY, CHANGES = f"/api/v1/units/{UNIT}/history", f"/api/v1/units/{UNIT}/changes"
CHANGE = {"valid_from": "2026-03-02", "facts": {"name": "城西区住建局"}, "reason": "机构改革"}
DOORS = {
    "routing.unit_history": {"unit": UNIT, "seed": {"name": "城西区住房和城乡建设局"}, "rows": []},
    "routing.change_unit": {"unit": UNIT, "number": 1, "valid_from": "2026-03-02"},
}

pytestmark = pytest.mark.database


@pytest.fixture
def offices(offices):
    """The other services, with the two doors of the directory."""
    offices.answers.update(DOORS)
    return offices


def test_the_history_of_an_organ_is_read_by_anybody_of_the_node_above_or_the_node_itself(sign_in, offices):
    assert sign_in("case_officer").get(HISTORY).json["seed"]["name"] == "城西区住房和城乡建设局"
    assert sign_in("dispatcher", "ma.lan").get("/api/v1/units/630105.housing/history").status_code == 403
    assert offices.last("routing.unit_history") == {"unit": UNIT}


def test_a_change_reaches_routing_once_however_often_it_is_sent(sign_in, offices):
    person = sign_in("department_leader")

    answers = [person.post(CHANGES, CHANGE, **{"Idempotency-Key": "change-1234567890"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert offices.times("routing.change_unit") == 1
    asked = offices.last("routing.change_unit")
    assert (asked["unit"], asked["facts"], asked["valid_to"]) == (UNIT, {"name": "城西区住建局"}, None)
    assert asked["actor"]["role"] == "DL"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**CHANGE, "valid_from": "2026-02-30"},
        {**CHANGE, "facts": {"colour": "red"}},
        {**CHANGE, "facts": {"name": "长" * 61}},
        {**CHANGE, "facts": {"competence": "城乡建设"}},
        {**CHANGE, "reason": ""},
    ],
)
def test_a_change_that_cannot_be_meant_is_refused_at_the_door(sign_in, offices, body):
    assert sign_in("department_leader").post(CHANGES, body).status_code == 422
    assert offices.times("routing.change_unit") == 0


def test_only_the_people_in_charge_of_this_node_change_its_organs(sign_in, offices):
    assert sign_in("dispatcher").post(CHANGES, CHANGE).status_code == 403
    leader = sign_in("department_leader", "ma.lan")
    assert leader.post("/api/v1/units/630105.housing/changes", CHANGE).status_code == 403
    assert leader.post("/api/v1/units/nothing/changes", CHANGE).status_code == 422
    assert offices.times("routing.change_unit") == 0


def test_the_page_of_a_case_says_why_it_is_here_by_rule_version_and_reason(sign_in, offices):
    reason = {"rule": "XN-D4", "version": "1", "text": "由本级主管单位办理。"}
    offices.answers["routing.case"] = a_case(proposal={"reasons": [reason], "assisting": ["630104.labour"]})

    page = sign_in("dispatcher").get(f"/desk/cases/{CASE_NO}").text

    assert "为什么在这里" in page
    assert "由本级主管单位办理。" in page
    assert "XN-D4，版本1" in page
    assert "建议协办：城西区人力资源和社会保障局" in page
