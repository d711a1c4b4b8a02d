"""The petitioner's part of the API: all fields of a filing, drafts, and what the query code allows afterwards."""

import pytest

from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import Answered
from services.portal.domain.petitioning import WISHES, offers
from tests.unit.portal.offices import CASE_NO, problem

pytestmark = pytest.mark.database
CODE = str(QueryCode.new(bytes))
PETITION = {
    "subject": "小区供暖温度不达标",
    "text": "室内只有14度，请求督促整改。",
    "petitioner": {"name": "马秀兰", "address": "西宁市城西区西关大街12号", "phone": "13997000000"},
}


@pytest.fixture
def kept(offices):
    """Intake keeps what is brought."""
    offices.answers["intake.bring"] = lambda body: {"number": CASE_NO, "kind": body["kind"], "text": body["text"]}
    return offices


def bring(app, name, **given):
    return app.test_client().post(f"/api/v1/track/{name}", json={"query_code": CODE, **given})


class TestFilingInFull:
    def test_co_signers_an_agent_and_claims_reach_intake(self, app, offices):
        together = {
            "co_signers": [{"name": "祁有才", "phone": "13897412399", "representative": True}],
            "agent": {"name": "马文魁", "authority": "授权委托书2026-3号"},
            "claims": [{"text": "恢复供热"}, {"text": "退还多收的费用"}],
            "persons": 30,
        }

        answer = app.test_client().post("/api/v1/cases", json=PETITION | together)

        assert answer.status_code == 201, answer.text
        assert {name: offices.last("intake.register")[name] for name in together} == together

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"claims": [{"text": "退费", "petition_class": "C"}]}, "claims.0.petition_class"),
            ({"claims": 2}, "claims"),
            ({"competent_division": "630104001"}, "competent_division"),
            ({"draft_id": "d-1"}, "draft_id"),
            ({"claims": "两项"}, "claims"),
            ({"claims": [{"text": ""}]}, "claims.0.text"),
            ({"co_signers": [{"phone": "13897412399"}]}, "co_signers.0.name"),
            ({"agent": {"name": "马文魁"}}, "agent.authority"),
        ],
    )
    def test_what_is_not_the_petitioners_or_not_right_names_its_field(self, app, offices, given, field):
        answer = app.test_client().post("/api/v1/cases", json=PETITION | given)

        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
        assert offices.times("intake.register") == 0

    def test_a_visitor_who_came_too_high_is_guided(self, sign_in, offices):
        guided = {"to": "630104001", "place": "某街道", "rule": "R-20-5", "text": "请到某街道提出。"}
        offices.answers["intake.register"] = {
            "number": CASE_NO,
            "query_code": CODE,
            "received_at": "2026-03-02T10:15:00+08:00",
            "guided": guided,
        }

        visit = PETITION | {"channel": "visit", "competent_division": "630104001", "reception_place": "接待室"}
        answer = sign_in("registrar").post("/api/v1/cases", visit)

        assert (answer.status_code, answer.json["guided"]) == (201, guided)

    def test_the_guided_visitor_sees_where_to_go_with_the_query_code(self, app, offices):
        guided = {"to": "630104001", "place": "某街道", "rule": "R-20-5", "text": "请到某街道提出。"}
        offices.answers["intake.find"] = {
            "number": CASE_NO,
            "subject": "停暖",
            "channel": "visit",
            "received_at": "2026-03-02T10:15:00+08:00",
            "guided": guided,
        }
        offices.answers["routing.track"] = None

        answer = app.test_client().post("/api/v1/track", json={"query_code": CODE})

        assert (answer.json["state"], answer.json["explanation"]) == ("已引导", "请到某街道提出。")


class TestAfterFiling:
    @pytest.mark.parametrize(
        ("name", "given", "command"),
        [
            ("material", {"text": "另有照片。"}, {"paper": {"text": "另有照片。"}}),
            ("completion", {"text": "身份证明已寄。"}, {"paper": {"text": "身份证明已寄。"}}),
            ("urge", {}, {"paper": {}}),
            (
                "rating",
                {"rated": "unit", "rating": "mostly", "text": "慢"},
                {"rated": "unit", "rating": "mostly", "paper": {"text": "慢"}},
            ),
            (
                "withdrawal",
                {"text": "已经解决", "free_will": True},
                {"free_will_recorded": True, "paper": {"reason": "已经解决"}},
            ),
        ],
    )
    def test_words_are_kept_first_and_then_the_case_hears_of_them(self, app, kept, name, given, command):
        answer = bring(app, name, **given)

        assert (answer.status_code, answer.json["status"]) == (200, "done"), answer.text
        doors = [door for door, _, _ in kept.asked]
        assert doors.index("intake.bring") < doors.index("routing.act")
        asked = kept.last("routing.act")
        assert asked["command_type"] == WISHES[name].command
        assert asked["actor"] == {"person": "petitioner", "role": "P", "unit": "", "node": "630104"}
        assert {field: asked["command"][field] for field in command} == command

    def test_what_another_node_must_do_is_on_its_way(self, app, kept):
        kept.answers["routing.act"] = {"case_no": CASE_NO, "status": "sent", "directive_id": "d-1"}

        answer = bring(app, "urge")

        assert (answer.status_code, answer.json["status"]) == (202, "sent")

    def test_what_is_said_of_a_case_in_transfer_is_received_and_waits(self, app, kept):
        kept.answers["routing.act"] = {"case_no": CASE_NO, "status": "waiting", "directive_id": None}

        answer = bring(app, "withdrawal", text="问题已经解决", free_will=True)

        assert (answer.status_code, answer.json["status"]) == (202, "waiting")

    def test_nobody_withdraws_without_saying_that_it_is_of_free_will(self, app, kept):
        assert bring(app, "withdrawal", text="解决了", free_will=False).status_code == 422
        assert kept.times("intake.bring") == 0

    def test_a_refusal_of_routing_is_told_and_the_words_stay_kept(self, app, kept):
        kept.answers["routing.act"] = _refused()

        answer = bring(app, "urge")

        assert (answer.status_code, answer.json["detail"]) == (409, "本事项已于2026-03-01催办。")
        assert kept.times("intake.bring") == 1

    def test_a_false_code_asks_nobody(self, app, kept):
        assert bring(app, "urge", query_code="23456-789AC-EFHFX").status_code == 422
        assert kept.asked == []

    def test_the_same_request_twice_is_one_act(self, app, kept):
        headers = {"Idempotency-Key": "urge-0123456789abcdef"}
        for _ in range(2):
            answer = app.test_client().post("/api/v1/track/urge", json={"query_code": CODE}, headers=headers)
            assert answer.status_code == 200

        assert kept.times("routing.act") == 1

    def test_the_state_decides_what_is_offered(self):
        assert {wish.name for wish in offers("S09")} == {"completion", "material", "urge", "rating", "withdrawal"}
        assert "completion" not in {wish.name for wish in offers("S11")}
        assert {wish.name for wish in offers("S62")} <= {"rating"}
        assert offers("") == ()


def _refused():
    return Answered(problem("guard-refused", 409, "本事项已于2026-03-01催办。"))


class TestUnfinished:
    def test_a_draft_is_found_again_by_its_code(self, app, offices):
        offices.answers["intake.save_draft"] = {"id": "1", "code": CODE, "saved_at": "2026-03-02T10:15:00+08:00"}
        offices.answers["intake.draft"] = {"id": "1", "content": PETITION, "saved_at": "2026-03-02T10:15:00+08:00"}
        client = app.test_client()

        saved = client.post("/api/v1/drafts", json={"content": PETITION})
        opened = client.post("/api/v1/drafts/open", json={"draft_code": saved.json["draft_code"]})

        assert (saved.status_code, opened.status_code) == (201, 200)
        assert opened.json["content"] == PETITION
        assert "actor" not in offices.last("intake.save_draft")

    def test_a_registrars_draft_is_saved_in_the_own_name_and_listed(self, sign_in, offices):
        offices.answers["intake.save_draft"] = {"id": "1", "code": CODE, "saved_at": "2026-03-02T10:15:00+08:00"}
        offices.answers["intake.drafts"] = {
            "rows": [{"id": "1", "subject": "停暖", "saved_at": "2026-03-02"}],
            "next": "1.1",
        }
        registrar = sign_in("registrar")

        assert registrar.post("/api/v1/drafts", {"content": {"subject": "停暖"}}).status_code == 201
        assert registrar.get("/api/v1/drafts").json["rows"][0]["subject"] == "停暖"
        assert registrar.get("/api/v1/drafts?after=1.1&limit=5").json["next"] == "1.1"
        assert (offices.last("intake.drafts")["after"], offices.last("intake.drafts")["limit"]) == ("1.1", 5)
        assert offices.last("intake.save_draft")["actor"]["role"] == "R"

    def test_a_registrar_lists_opens_and_drops_what_was_refused(self, sign_in, offices):
        row = {"id": "r1", "origin": "registered", "field": "subject", "rule": "R-19-1", "reason": "请写明诉求。"}
        offices.answers["intake.rejects"] = {"rows": [row], "next": None}
        offices.answers["intake.reject"] = row | {"content": PETITION}
        offices.answers["intake.drop_reject"] = {"id": "r1"}
        registrar = sign_in("registrar")

        assert registrar.get("/api/v1/rejects?origin=registered").json["rows"][0]["field"] == "subject"
        assert registrar.post("/api/v1/rejects/r1/open", {"reason": "补登"}).json["content"] == PETITION
        assert registrar.post("/api/v1/rejects/r1/drop").json == {"done": True}

    @pytest.mark.parametrize(
        ("path", "role"), [("/api/v1/rejects", "case_officer"), ("/api/v1/drafts", "conference_office")]
    )
    def test_nobody_else_sees_what_is_unfinished(self, sign_in, app, offices, path, role):
        assert sign_in(role).get(path).status_code == 403
        assert app.test_client().get(path).status_code == 401
        assert offices.asked == []
