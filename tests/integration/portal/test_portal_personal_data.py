"""Personal data over the API: masked without a reason, the book of looks, one person's request, by role."""

import pytest

from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import Answered
from tests.unit.portal.offices import CASE_NO, a_case, problem
from tests.unit.portal.personal_answers import A_LOOK

pytestmark = pytest.mark.database
CASE = f"/api/v1/cases/{CASE_NO}"
DATA = "/api/v1/personal-data"
ASKED = {"identity": {"id_number": "630102198001010019"}, "reason": "本人书面申请"}


def test_a_case_of_another_node_comes_without_its_content(sign_in, offices):
    offices.answers["routing.case"] = a_case(holder="630104001")

    seen = sign_in("dispatcher").get(CASE).json

    assert not {"subject", "text"} & set(seen)
    assert offices.last("intake.petitioner_masked")["viewer"] == "other_node"


def test_the_petitioner_is_shown_masked_without_a_reason(sign_in, offices):
    answer = sign_in("case_officer").get(f"{CASE}/petitioner")

    assert (answer.status_code, answer.json["petitioner"]["phone"]) == (200, "139****0000")
    assert offices.times("intake.contact") == 0


def test_the_ledger_shows_masked_names(sign_in, offices):
    rows = sign_in("case_officer").get("/api/v1/cases").json["rows"]

    assert [row["petitioner"] for row in rows] == ["马*兰"]
    assert offices.last("intake.petitioner_names")["rows"][0]["viewer"] == "handler"


def test_whoever_is_not_on_the_task_gives_reasons_in_vain(sign_in, offices):
    offices.answers["routing.case"] = a_case(holder="630104001")

    answer = sign_in("dispatcher").post(f"{CASE}/petitioner", {"reason": "看看"})

    assert (answer.status_code, answer.json["rule"]) == (403, "MK-8")
    assert offices.times("intake.contact") == 0


@pytest.mark.parametrize(("role", "status"), [("department_leader", 200), ("admin", 200), ("dispatcher", 403)])
def test_the_book_of_looks_is_for_those_who_answer_for_it(sign_in, offices, role, status):
    answer = sign_in(role).get(f"{DATA}/reads?number={CASE_NO}&since=2026-03-01&limit=5")

    assert answer.status_code == status
    if status == 200:
        assert answer.json["rows"] == [A_LOOK]
        assert offices.last("intake.reads")["number"] == CASE_NO


@pytest.mark.parametrize("path", ["export", "erase"])
@pytest.mark.parametrize(("role", "status"), [("department_leader", 200), ("admin", 403), ("case_officer", 403)])
def test_one_persons_request_is_answered_by_the_leader(sign_in, offices, path, role, status):
    answer = sign_in(role).post(f"{DATA}/{path}", ASKED)

    assert answer.status_code == status
    assert offices.times(f"intake.{path}_person") == (0 if status == 403 else 1 + (path == "erase"))


def test_nothing_is_blanked_when_the_check_refuses(sign_in, offices):
    refusal = problem("conflict", 409, "尚未办结", rule="PIPL-13")
    offices.answers["intake.erase_person"] = Answered(refusal)

    answer = sign_in("department_leader").post(f"{DATA}/erase", ASKED)

    assert (answer.status_code, answer.json["rule"]) == (409, "PIPL-13")
    assert offices.times("routing.erase_texts") == 0


@pytest.mark.parametrize("body", [{}, {"identity": {}}, {"identity": {"mother": "x"}, "reason": "a"}, {"reason": "a"}])
def test_a_request_says_who_and_why(sign_in, offices, body):
    assert sign_in("department_leader").post(f"{DATA}/export", body).status_code == 422
    assert offices.times("intake.export_person") == 0


def test_a_petitioner_asks_who_looked_without_an_account(app):
    code = str(QueryCode.new(bytes))

    told = app.test_client().post("/api/v1/track/reads", json={"query_code": code})

    assert told.status_code == 200
    assert "person" not in told.json["rows"][0]


def test_strangers_see_nothing_of_the_rest(app):
    client = app.test_client()

    for path in (f"{DATA}/reads", f"{CASE}/petitioner"):
        assert client.get(path).status_code == 401
    for path in ("export", "erase"):
        assert client.post(f"{DATA}/{path}", json=ASKED).status_code == 401
