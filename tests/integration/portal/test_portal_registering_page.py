"""The clerk's form for what comes in: a registrar enters it for the department, an officer for the own unit (T22)."""

import html
import re

import pytest

from services.portal.domain.answers import Answered
from tests.unit.portal.offices import problem

pytestmark = pytest.mark.database
PAGE = "/desk/register"
VISIT = {
    "channel": "visit",
    "subject": "物业不公开账目",
    "text": "请依法查处。",
    "petitioner.name": "马秀兰",
    "petitioner.phone": "13997000000",
    "reception_place": "局信访接待室",
    "read_back": "yes",
    "category": "城乡建设/住房保障与房地产",
    "petition_class": "C",
    "claims": "公开账目\n退还费用",
    "representatives": "2",
    "persons": "6",
    "posted_on": "",
}


def send(person, **typed):
    return person.client.post(PAGE, data={"csrf_token": person.csrf, "form_id": "a-form-number-of-its-own", **typed})


def test_an_officer_registers_for_the_own_unit_and_is_led_to_the_case(sign_in, offices):
    officer = sign_in("case_officer")
    shown = officer.get(PAGE)
    assert "登记本单位直接收到的来件" in shown.text
    assert f'href="{PAGE}"' in officer.get("/desk/cases").text

    receipt = send(officer, **VISIT)

    assert receipt.status_code == 201, receipt.text
    filed = offices.last("intake.register")
    by = filed["registered_by"]
    assert (by["role"], by["unit"], by["node"]) == ("U", "630104.housing", "630104")
    assert (filed["channel"], filed["reception_place"], filed["read_back"]) == ("visit", "局信访接待室", True)
    assert filed["category"] == ["城乡建设", "住房保障与房地产"]
    assert [claim["text"] for claim in filed["claims"]] == ["公开账目", "退还费用"]
    assert (filed["persons"], filed["representatives"]) == (6, 2)
    assert "posted_on" not in filed
    assert "打开事项" in receipt.text


def test_a_registrar_registers_for_the_department(sign_in, offices):
    registrar = sign_in("registrar")
    shown = registrar.get(PAGE).text
    assert "登记本单位直接收到的来件" not in shown
    offered = shown.split('name="competent_division"', 1)[1].split("</select>", 1)[0]
    assert '<option value="630104001">城西区 · 西关大街街道</option>' in offered

    assert send(registrar, **VISIT).status_code == 201

    assert offices.last("intake.register")["registered_by"]["role"] == "R"


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(sign_in, offices):
    officer = sign_in("unit_head")
    offices.answers["intake.register"] = Answered(problem("invalid", 422, "请填写接待场所。", field="reception_place"))

    again = send(officer, **VISIT | {"reception_place": ""})

    assert again.status_code == 422
    assert "请填写接待场所。" in again.text
    typed = dict(re.findall(r'<input type="[a-z]+" id="[^"]+" name="([^"]+)" value="([^"]*)"', again.text))
    assert html.unescape(typed["subject"]) == "物业不公开账目"
    assert typed["category"] == "城乡建设/住房保障与房地产"


@pytest.mark.parametrize("offset", ["", "+00:00"])
def test_the_example_of_the_page_is_taken_as_the_time_here_unless_it_says_otherwise(sign_in, offices, offset):
    registrar = sign_in("registrar")
    example = re.search(r'id="received_at-hint">[^<]*例如 ([^<]+)<', registrar.get(PAGE).text)[1]

    assert send(registrar, **VISIT | {"received_at": example + offset}).status_code == 201

    assert offices.last("intake.register")["received_at"] == f"2026-03-02T09:30:00{offset or '+08:00'}"


def test_a_time_nobody_can_read_is_refused_with_the_example_beside_everything_else_that_is_wrong(sign_in):
    again = send(sign_in("registrar"), **VISIT | {"received_at": "昨天", "subject": ""})

    assert re.search(r'id="received_at-error">[^<]*“2026-03-02 09:30”', again.text)
    assert 'id="subject-error"' in again.text


def test_the_api_still_wants_the_offset(sign_in, offices):
    letter = {"channel": "letter", "subject": "停暖", "text": "室内14度。", "received_at": "2026-03-02 09:30"}

    answer = sign_in("registrar").post("/api/v1/cases", letter)

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "received_at")
    assert offices.times("intake.register") == 0


@pytest.mark.parametrize("changes", [{"representatives": "许多"}, {"channel": "pigeon"}, {"received_at": "昨天"}])
def test_what_cannot_be_read_is_told_before_anybody_is_asked(sign_in, offices, changes):
    assert send(sign_in("case_officer"), **VISIT | changes).status_code == 422

    assert offices.times("intake.register") == 0


@pytest.mark.parametrize("role", ["department_leader", "conference_office", "admin"])
def test_who_takes_nothing_in_does_not_see_it(sign_in, role):
    assert sign_in(role).get(PAGE).status_code == 403
