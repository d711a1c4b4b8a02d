"""The REST API: what it asks the other services, what it answers, what it refuses."""

from dataclasses import replace
from functools import partial

import pytest

from lianxi.bus.engine import engine_for
from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import Answered
from services.portal.service import create_app
from services.portal.storage import SCHEMA, open_books
from tests.unit.portal.offices import CASE_NO, a_case, problem, silence

CASE = f"/api/v1/cases/{CASE_NO}"
CODE = str(QueryCode.new(bytes))
PETITION = {
    "subject": "小区供暖温度不达标",
    "text": "室内只有14度，请求督促整改。",
    "petitioner": {"name": "马秀兰", "address": "西宁市城西区西关大街12号", "phone": "13997000000"},
}

pytestmark = pytest.mark.database


class TestFiling:
    def test_anybody_files_a_petition_and_gets_number_and_query_code(self, app, offices):
        answer = app.test_client().post("/api/v1/cases", json=PETITION)

        assert answer.status_code == 201
        assert answer.json["number"] == CASE_NO
        assert answer.json["query_code"]
        assert answer.headers["Location"] == CASE
        asked = offices.last("intake.register")
        assert (asked["channel"], asked["submitted_at"]) == ("web", "2026-03-02T10:15:00+08:00")
        assert "registered_by" not in asked

    @pytest.mark.parametrize("field", ["channel", "received_at", "category", "claims", "same_matter_checked"])
    def test_a_petitioner_cannot_state_what_an_office_settles(self, app, offices, field):
        values = {"channel": "letter", "received_at": "2026-01-01T00:00:00+08:00", "category": ["a"], "claims": 2}

        answer = app.test_client().post("/api/v1/cases", json={**PETITION, field: values.get(field, True)})

        assert (answer.status_code, answer.json["errors"][0]["rule"]) == (422, "staff-only")
        assert answer.json["errors"][0]["field"] == field
        assert offices.times("intake.register") == 0

    def test_a_registrar_records_a_letter_in_the_own_name(self, sign_in, offices):
        letter = {
            **PETITION,
            "channel": "letter",
            "posted_on": "2026-02-27",
            "received_at": "2026-03-02T09:00:00+08:00",
        }

        answer = sign_in("registrar").post("/api/v1/cases", letter)

        assert answer.status_code == 201
        asked = offices.last("intake.register")
        assert asked["channel"] == "letter"
        assert (asked["registered_by"]["role"], asked["registered_by"]["node"]) == ("R", "630104")
        assert "submitted_at" not in asked

    def test_a_reviewer_registers_nothing(self, sign_in, offices):
        assert sign_in("reviewer").post("/api/v1/cases", PETITION).status_code == 403
        assert offices.times("intake.register") == 0

    def test_a_form_sent_twice_is_one_petition(self, app, offices):
        client, headers = app.test_client(), {"Idempotency-Key": "0123456789abcdef"}

        answers = [client.post("/api/v1/cases", json=PETITION, headers=headers) for _ in range(2)]

        assert answers[0].json == answers[1].json
        assert offices.times("intake.register") == 1

    def test_a_repeat_after_silence_is_the_very_same_command(self, app, offices, clock):
        client, headers = app.test_client(), {"Idempotency-Key": "0123456789abcdef"}
        receipt = {"number": CASE_NO, "query_code": CODE, "received_at": "2026-03-02T10:15:00+08:00"}
        offices.answers["intake.register"] = [silence(), silence(), receipt]

        lost = client.post("/api/v1/cases", json=PETITION, headers=headers)
        clock.advance(minutes=5)
        found = client.post("/api/v1/cases", json=PETITION, headers=headers)

        assert (lost.status_code, found.status_code) == (503, 201)
        assert int(lost.headers["Retry-After"]) > 0
        bodies = [body for door, body, _ in offices.asked]
        ids = {command_id for _, _, command_id in offices.asked}
        assert bodies[0] == bodies[1] == bodies[2]
        assert len(ids) == 1

    def test_the_same_key_for_another_petition_is_refused(self, app):
        client, headers = app.test_client(), {"Idempotency-Key": "0123456789abcdef"}
        client.post("/api/v1/cases", json=PETITION, headers=headers)

        answer = client.post("/api/v1/cases", json={**PETITION, "subject": "别的"}, headers=headers)

        assert (answer.status_code, answer.json["code"]) == (409, "request-reused")

    def test_no_query_code_is_kept_in_clear(self, app, migrated):
        answer = app.test_client().post("/api/v1/cases", json=PETITION, headers={"Idempotency-Key": "0123456789abcdef"})

        kept = str(migrated.query("SELECT * FROM portal.repeated_request"))
        assert answer.json["query_code"] not in kept
        assert "马秀兰" not in kept

    def test_a_refusal_of_intake_reaches_the_field(self, app, offices):
        stated = problem("invalid", 422, "身份证号码校验位不符，请逐位核对。", field="petitioner.id_number", rule="V-1")
        offices.answers["intake.register"] = Answered(stated)

        answer = app.test_client().post("/api/v1/cases", json=PETITION)

        assert answer.status_code == 422
        assert answer.json["errors"] == [
            {"field": "petitioner.id_number", "rule": "V-1", "message": "身份证号码校验位不符，请逐位核对。"}
        ]


class TestTracking:
    def test_the_query_code_shows_dates_state_and_holder(self, app):
        answer = app.test_client().post("/api/v1/track", json={"query_code": CODE.lower().replace("-", " ")})

        assert answer.status_code == 200
        assert (answer.json["state"], answer.json["holder"]) == ("待受理", "城西区")
        assert answer.json["timeline"][2] == {"on": "2026-03-03", "text": "西宁市：转送下级"}
        told = {
            "number",
            "state",
            "explanation",
            "holder",
            "received_on",
            "as_of",
            "timeline",
            "missing",
            "offers",
            "parts",
            "wishes",
        }
        assert set(answer.json) == told

    def test_a_mistyped_code_is_told_before_anybody_is_asked(self, app, offices):
        answer = app.test_client().post("/api/v1/track", json={"query_code": "23456-789AC-EFHFX"})

        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "query_code")
        assert offices.asked == []

    def test_an_unknown_code_finds_nothing(self, app, offices):
        offices.answers["intake.find"] = None

        assert app.test_client().post("/api/v1/track", json={"query_code": CODE}).status_code == 404

    def test_in_the_first_moments_a_petition_is_simply_received(self, app, offices):
        offices.answers["routing.track"] = None

        assert app.test_client().post("/api/v1/track", json={"query_code": CODE}).json["state"] == "已收到"

    def test_a_query_code_in_the_address_is_no_way_in(self, app):
        assert app.test_client().get(f"/api/v1/track?query_code={CODE}").status_code == 405


class TestCases:
    def test_a_case_carries_its_version_and_the_acts_open_now(self, sign_in):
        answer = sign_in("case_officer").get(CASE)

        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"5"'
        assert answer.json["acts"] == ["accept-case", "object-to-transfer"]

    def test_a_case_of_another_unit_stays_closed(self, sign_in, offices):
        offices.answers["routing.case"] = a_case(unit="630104.labour")
        person = sign_in("case_officer")

        for path in (CASE, f"{CASE}/clocks", f"{CASE}/documents/x"):
            assert person.get(path).status_code == 403
        assert person.post(f"{CASE}/petitioner", {"reason": "核对"}).status_code == 403
        assert offices.times("intake.contact") == 0

    def test_the_ledger_is_asked_for_within_the_own_reach(self, sign_in, offices):
        answer = sign_in("case_officer").get("/api/v1/cases?state=S06&limit=10")

        assert answer.json["rows"][0]["case_no"] == CASE_NO
        assert offices.last("supervision.ledger") == {
            "filter": {"state": "S06", "holder": "630104", "unit": "630104.housing"},
            "after": None,
            "limit": 10,
        }

    @pytest.mark.parametrize(
        "query", ["state=S99", "limit=0", "limit=201", "limit=x", "lamp=blue", "unknown=1", "holder=x"]
    )
    def test_a_filter_that_makes_no_sense_is_refused(self, sign_in, query):
        answer = sign_in("dispatcher").get(f"/api/v1/cases?{query}")

        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == query.partition("=")[0]

    def test_clocks_documents_and_petitioner_are_shown(self, sign_in, offices):
        person = sign_in("case_officer")

        assert person.get(f"{CASE}/clocks").json["rows"][0]["clock"] == "NOTICE"
        assert person.get(f"{CASE}/documents/宁信转〔2026〕12号").json["paper"]["basis"]
        assert person.post(f"{CASE}/petitioner", {"reason": "电话核实"}).json["petitioner"]["name"] == "马秀兰"
        assert offices.last("intake.contact")["reason"] == "电话核实"
        assert offices.last("routing.document")["number"] == "宁信转〔2026〕12号"

    def test_a_document_number_that_none_can_be_is_refused_in_words_and_not_looked_up(self, sign_in, offices):
        answer = sign_in("case_officer").get(f"{CASE}/documents/{'长' * 201}")

        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "document_number")
        assert "最多60个字，现有201个字" in answer.json["errors"][0]["message"]
        assert offices.times("routing.document") == 0

    def test_the_petitioner_is_not_shown_without_a_reason(self, sign_in, offices):
        assert sign_in("case_officer").post(f"{CASE}/petitioner", {"reason": "  "}).status_code == 422
        assert offices.times("intake.contact") == 0


class TestActs:
    def test_an_act_is_asked_for_with_actor_and_version(self, sign_in, offices):
        answer = sign_in("case_officer").post(
            f"{CASE}/acts/accept-case", {"paper": {"text": "已受理"}}, **{"If-Match": '"5"'}
        )

        assert (answer.status_code, answer.json["state"]) == (200, "S10")
        asked = offices.last("routing.act")
        assert asked["command_type"] == "accept-case"
        assert asked["command"]["expected_seq"] == 5
        assert asked["command"]["case_no"] == CASE_NO
        assert asked["command"]["actor"]["unit"] == "630104.housing"

    def test_an_act_on_a_case_held_elsewhere_is_on_its_way(self, sign_in, offices):
        offices.answers["routing.act"] = {"case_no": CASE_NO, "status": "sent", "directive_id": "d1"}

        answer = sign_in("dispatcher").post(f"{CASE}/acts/uphold-objection")

        assert (answer.status_code, answer.json["status"]) == (202, "sent")

    def test_an_act_of_another_role_is_refused_without_asking(self, sign_in, offices):
        assert sign_in("registrar").post(f"{CASE}/acts/accept-case").status_code == 403
        assert offices.times("routing.act") == 0

    def test_a_refused_guard_is_told_with_its_reason(self, sign_in, offices):
        stated = problem(
            "guard-refused", 409, "异议应在5个工作日内提出。", rule="within_objection_limit", transition="T16"
        )
        offices.answers["routing.act"] = Answered({**stated, "guard": "within_objection_limit"})
        body = {"proposed_organ": "城建局", "paper": {"reasons": "a", "basis": "b"}}

        answer = sign_in("case_officer").post(f"{CASE}/acts/object-to-transfer", body)

        assert answer.status_code == 409
        assert answer.content_type == "application/problem+json"
        assert (answer.json["transition"], answer.json["guard"]) == ("T16", "within_objection_limit")

    def test_an_act_the_table_does_not_know_has_no_address(self, sign_in):
        assert sign_in("dispatcher").post(f"{CASE}/acts/lapse-case").status_code == 404
        assert sign_in("dispatcher", "zhao").post(f"{CASE}/acts/receive-case").status_code == 404

    @pytest.mark.parametrize("version", ["x", '"-1"', "*", '"99999999999"', '"５"'.encode().decode("latin-1")])
    def test_a_version_that_cannot_be_one_is_refused(self, sign_in, version):
        answer = sign_in("case_officer").post(f"{CASE}/acts/accept-case", {}, **{"If-Match": version})

        assert (answer.status_code, answer.json["field"]) == (422, "If-Match")

    def test_an_act_repeated_with_its_key_is_taken_once(self, sign_in, offices):
        person = sign_in("case_officer")

        answers = [
            person.post(f"{CASE}/acts/accept-case", {}, **{"Idempotency-Key": "one-acceptance-1"}) for _ in range(3)
        ]

        assert [answer.status_code for answer in answers] == [200] * 3
        assert offices.times("routing.act") == 1


class TestDesk:
    @pytest.mark.parametrize(
        "path",
        ["/waiting", "/units", "/links", "/transitions", "/kpis?from=2026-01-01&to=2026-03-31", "/proposals", "/inbox"],
    )
    def test_a_dispatcher_sees_the_whole_desk(self, sign_in, path):
        answer = sign_in("dispatcher").get(f"/api/v1{path}")

        assert answer.status_code == 200
        assert answer.json["rows"]

    @pytest.mark.parametrize("path", ["/waiting", "/links", "/kpis?from=2026-01-01&to=2026-03-31", "/proposals"])
    def test_a_case_officer_sees_the_own_work_only(self, sign_in, path):
        assert sign_in("case_officer").get(f"/api/v1{path}").status_code == 403

    def test_the_inbox_is_asked_for_role_unit_and_person(self, sign_in, offices):
        sign_in("case_officer").get("/api/v1/inbox")

        asked = offices.last("notify.inbox")
        assert (asked["role"], asked["unit"], asked["node"]) == ("U", "630104.housing", "630104")

    def test_a_message_is_marked_as_read(self, sign_in, offices):
        assert sign_in("case_officer").post("/api/v1/inbox/m1/read").json == {"done": True}
        assert offices.last("notify.mark_read")["id"] == "m1"

    def test_figures_of_a_neighbour_are_refused(self, sign_in):
        answer = sign_in("dispatcher").get("/api/v1/kpis?from=2026-01-01&to=2026-03-31&node=630102")

        assert (answer.status_code, answer.json["field"]) == (403, "node")

    def test_a_supervisor_signs_an_order(self, sign_in, offices):
        person = sign_in("supervisor")

        answer = person.post("/api/v1/proposals/P-1/sign", {"paper": {"facts": "超期未告知"}})

        assert answer.json["order_no"] == "宁信督〔2026〕1号"
        assert offices.last("supervision.sign_order")["actor"]["role"] == "DL"
        assert person.post("/api/v1/proposals/P-1/dismiss", {"reason": "已补正"}).json == {"done": True}

    @pytest.mark.parametrize("role", ["registrar", "conference_office", "admin"])
    def test_nobody_else_signs_one(self, sign_in, role, offices):
        assert sign_in(role).post("/api/v1/proposals/P-1/sign", {}).status_code == 403
        assert offices.times("supervision.sign_order") == 0


class TestAway:
    def test_silence_is_a_503_with_a_time_to_come_back(self, sign_in, offices):
        offices.answers["routing.case"] = silence(in_time=True)

        answer = sign_in("case_officer").get(CASE)

        assert answer.status_code == 503
        assert answer.content_type == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0

    def test_a_database_that_is_away_is_a_503_on_every_surface(self, ports):
        nowhere = partial(open_books, engine_for("postgresql+psycopg2://nobody@127.0.0.1:1/nothing", SCHEMA, 1))
        client = create_app(replace(ports, open_books=nowhere, open_gate=nowhere), https=False).test_client()

        api, page = client.get("/api/v1/cases"), client.get("/petition")

        assert (api.status_code, api.json["code"]) == (503, "storage-away")
        assert int(api.headers["Retry-After"]) > 0
        assert page.status_code == 503
        assert "127.0.0.1" not in api.text + page.text

    @pytest.mark.parametrize("door", ["routing.track", "intake.find"])
    def test_silence_while_tracking_is_not_taken_for_a_fresh_petition(self, app, offices, door):
        offices.answers[door] = Answered(problem("service-not-there", 503, "该服务尚未启动。"))

        assert app.test_client().post("/api/v1/track", json={"query_code": CODE}).status_code == 503

    def test_a_case_page_without_supervision_says_so(self, sign_in, offices):
        offices.answers["supervision.clocks"] = Answered(problem("service-not-there", 503, "该服务尚未启动。"))

        answer = sign_in("case_officer").get(f"/desk/cases/{CASE_NO}")

        assert answer.status_code == 503
        assert "该服务尚未启动" in answer.text

    def test_an_unexpected_error_shows_nothing_of_itself(self, sign_in, offices):
        offices.answers["routing.case"] = KeyError("马秀兰 13997000000")

        answer = sign_in("case_officer").get(CASE)

        assert (answer.status_code, answer.json["code"]) == (500, "broken")
        assert "马秀兰" not in answer.text
        assert "Traceback" not in answer.text


def test_the_description_is_served(app):
    answer = app.test_client().get("/api/v1/openapi.json")

    assert answer.json["openapi"] == "3.1.0"


def test_without_signing_in_nothing_is_shown(app):
    client = app.test_client()

    for path in ("/cases", "/waiting", "/units", "/links", "/transitions", "/proposals", "/inbox", "/tokens", "/me"):
        assert client.get(f"/api/v1{path}").status_code == 401, path


def test_refused_requests_are_counted(app):
    client = app.test_client()

    def refused():  # by whatever code: beyond its most series a metric counts as other
        page = client.get("/metrics").text
        return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith("portal_refused_total{"))

    before = refused()
    client.post("/api/v1/track", data=b"x", content_type="text/plain")

    assert refused() == before + 1
