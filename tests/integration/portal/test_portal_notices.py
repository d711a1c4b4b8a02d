"""Notices and service of documents over HTTP: who may, what is asked of notify, what goes into the case."""

import pytest

from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import Answered
from tests.unit.portal.offices import CASE_NO, a_case, problem

pytestmark = pytest.mark.database

CASE = f"/api/v1/cases/{CASE_NO}"
CODE = str(QueryCode.new(bytes))
CHOSEN = {"case_no": CASE_NO, "channels": ["sms"], "language": "zh", "electronic": False}
OPINION = "宁西意〔2026〕7号"
NOTICE = "宁西受〔2026〕3号"


def a_document(number=NOTICE, command="record-service", **more):
    return {
        "case_no": CASE_NO,
        "number": number,
        "kind": "受",
        "issued_on": "2026-03-01",
        "state": "unserved",
        "method": "",
        "served_on": None,
        "command": command,
        **more,
    }


@pytest.fixture
def offices(offices):
    offices.answers |= {
        "intake.find": {"number": CASE_NO},
        "routing.case": a_case(holder="630104"),
        "routing.act": {"case_no": CASE_NO, "seq": 9, "state": "S16", "status": "done", "documents": []},
        "routing.document": {"kind": "受", "number": NOTICE, "paper": {"text": "已受理"}},
        "notify.choose": CHOSEN,
        "notify.choice": CHOSEN,
        "notify.deliveries": {"rows": [{"id": "d1", "state": "delivered", "channel": "sms"}]},
        "notify.services": {"rows": [a_document(), a_document(OPINION, "serve-opinion", kind="意")]},
        "notify.preview": {"rule": "acceptance-notice", "case_no": CASE_NO, "texts": []},
        "notify.rules": {"rows": []},
        "notify.letters": {"rows": [], "next": None},
        "notify.print_letters": {"printed": ["d1"], "without_address": [], "format": "html", "content": "<html>"},
        "notify.post_letter": {"id": "d1", "state": "posted"},
        "notify.letter_arrived": {"id": "d1", "state": "delivered"},
        "notify.letter_returned": {"id": "d1", "state": "returned"},
        "notify.dead_letters": {"rows": [], "next": None},
        "notify.send_again": {"id": "d1", "state": "waiting"},
        "notify.receipts": {"taken": 1},
        "notify.begin_service": a_document(state="under-way"),
        "notify.service_failed": a_document(state="returned"),
        "notify.unserved": {"rows": [a_document()], "next": None},
        "notify.digest": {"rows": [], "next": None},
    }
    return offices


def test_a_petitioner_chooses_with_the_query_code_and_needs_no_account(app, offices):
    client = app.test_client()
    answer = client.post("/api/v1/track/notices/choice", json={"query_code": CODE, "channels": ["sms", "mail"]})

    assert (answer.status_code, answer.json["channels"]) == (200, ["sms"])
    assert offices.last("notify.choose") == {
        "case_no": CASE_NO,
        "channels": ["sms", "mail"],
        "language": "zh",
        "electronic": False,
    }
    assert client.post("/api/v1/track/notices", json={"query_code": CODE}).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"channels": ["pigeon"]}, {"channels": "sms"}, {"channels": [], "language": "fr"}]
)
def test_a_choice_that_is_none_is_refused_by_field(app, offices, body):
    answer = app.test_client().post("/api/v1/track/notices/choice", json={"query_code": CODE, **body})

    assert (answer.status_code, offices.times("notify.choose")) == (422, 0)


def test_a_registrar_writes_down_what_was_said_at_the_window(sign_in, offices):
    registrar = sign_in("registrar")
    wanted = {"channels": ["letter"]}
    answer = registrar.client.put(f"{CASE}/notices/choice", json=wanted, headers=registrar.headers)

    assert answer.status_code == 200
    assert offices.last("notify.choose")["chosen_by"] not in {"", "petitioner"}


@pytest.mark.parametrize("role", ["convenor", "reviewer"])
def test_others_do_not_run_the_print_room(sign_in, offices, role):
    staff = sign_in(role)

    assert staff.get("/api/v1/letters").status_code == 403
    assert staff.post("/api/v1/letters/print", {"ids": ["d1"]}).status_code == 403
    assert staff.get("/api/v1/notices/undelivered").status_code == 403
    assert offices.times("notify.letters") == offices.times("notify.print_letters") == 0


def test_the_print_room_prints_posts_and_takes_back(sign_in, offices):
    registrar = sign_in("registrar")

    assert registrar.get("/api/v1/letters?state=queued").status_code == 200
    assert registrar.post("/api/v1/letters/print", {"ids": ["d1"]}).json["content"] == "<html>"
    for step, state in (("posted", "posted"), ("arrived", "delivered"), ("returned", "returned")):
        answer = registrar.post(f"/api/v1/letters/d1/{step}", {"on": "2026-03-02", "tracking_no": "XA1"})
        assert (answer.status_code, answer.json["state"]) == (200, state)
    assert offices.last("notify.print_letters")["actor"]["role"] == "R"


def test_who_may_see_a_case_sees_what_was_told_about_it(sign_in, offices):
    dispatcher = sign_in("dispatcher")

    assert dispatcher.get(f"{CASE}/notices").json["rows"][0]["state"] == "delivered"
    assert dispatcher.get(f"{CASE}/notices/preview?rule=acceptance-notice").status_code == 200
    assert dispatcher.get(f"{CASE}/notices/choice").status_code == 200
    assert dispatcher.get("/api/v1/notices/rules").status_code == 200
    assert dispatcher.get("/api/v1/inbox/m1/alerts").status_code == 200
    assert dispatcher.post("/api/v1/notices/d1/send").json["state"] == "waiting"
    offices.answers["routing.case"] = a_case(holder="630105", transfer=None, history=[])
    assert dispatcher.get(f"{CASE}/notices").status_code == 403


def test_a_gateways_callback_goes_to_notify_as_it_came(app, offices):
    headers = {"X-Signature": "abc", "Cookie": "lianxi_session=x", "Content-Type": "text/plain"}
    answer = app.test_client().post("/api/v1/notices/receipts/first", data='{"x": 1}', headers=headers)

    assert (answer.status_code, answer.json) == (200, {"taken": 1})
    asked = offices.last("notify.receipts")
    assert (asked["provider"], asked["body"], asked["headers"]["x-signature"]) == ("first", '{"x": 1}', "abc")
    assert "cookie" not in asked["headers"]


def test_a_strangers_callback_is_refused(app, offices):
    offices.answers["notify.receipts"] = Answered(problem("forbidden", 403, "回执的签名或令牌无效。"))

    assert app.test_client().post("/api/v1/notices/receipts/first", data="{}").status_code == 403
    assert app.test_client().post("/api/v1/notices/receipts/first", data=b"\xff").status_code == 400


PROOF = {"method": "post", "served_on": "2026-03-02", "proof": "挂号 XA1"}


def test_the_proof_of_an_opinion_is_the_step_that_starts_the_petitioners_time(sign_in, offices):
    officer = sign_in("case_officer")
    answer = officer.post(f"{CASE}/services/proof", {"number": OPINION, **PROOF})

    assert answer.status_code == 200
    asked = offices.last("routing.act")
    assert (asked["command_type"], asked["command"]["service"]) == ("serve-opinion", PROOF)


def test_the_proof_of_another_document_is_recorded_by_its_number(sign_in, offices):
    sign_in("registrar").post(f"{CASE}/services/proof", {"number": NOTICE, **PROOF})

    asked = offices.last("routing.act")
    assert (asked["command_type"], asked["command"]["served"]) == ("record-service", NOTICE)


def test_a_registrar_cannot_serve_an_opinion(sign_in, offices):
    answer = sign_in("registrar").post(f"{CASE}/services/proof", {"number": OPINION, **PROOF})

    assert (answer.status_code, offices.times("routing.act")) == (403, 0)


def test_a_document_nobody_has_to_serve_is_not_found(sign_in, offices):
    answer = sign_in("registrar").post(f"{CASE}/services/proof", {"number": "宁西函〔2026〕1号", **PROOF})

    assert (answer.status_code, offices.times("routing.act")) == (404, 0)


def test_sending_off_and_coming_back_are_noted_and_prove_nothing(sign_in, offices):
    officer = sign_in("case_officer")
    begun = officer.post(f"{CASE}/services/begin", {"number": NOTICE, "method": "post", "on": "2026-03-02"})
    returned = officer.post(f"{CASE}/services/returned", {"number": NOTICE, "on": "2026-03-02", "note": "查无此人"})

    assert (begun.json["state"], returned.json["state"]) == ("under-way", "returned")
    assert offices.times("routing.act") == 0
    assert len(officer.get(f"{CASE}/services").json["rows"]) == 2


def test_the_list_of_what_is_unserved_is_the_offices(sign_in):
    assert sign_in("dispatcher").get("/api/v1/unserved").status_code == 200
    assert sign_in("case_officer", "li.si").get("/api/v1/unserved").status_code == 403


def test_a_petitioner_reads_online_and_that_is_service_by_consent(app, offices):
    client = app.test_client()
    assert len(client.post("/api/v1/track/documents", json={"query_code": CODE}).json["rows"]) == 2

    read = {"query_code": CODE, "number": NOTICE, "consent": True}
    answer = client.post("/api/v1/track/documents/read", json=read)

    assert (answer.status_code, answer.json["paper"]) == (200, {"text": "已受理"})
    asked = offices.last("routing.act")
    assert (asked["actor"]["role"], asked["command"]["service"]["method"]) == ("P", "electronic")
    assert asked["command"]["service"]["served_on"] == answer.json["served_on"] == "2026-03-02"


def test_without_consent_nothing_is_shown_and_nothing_is_served(app, offices):
    read = {"query_code": CODE, "number": NOTICE, "consent": False}
    answer = app.test_client().post("/api/v1/track/documents/read", json=read)

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "consent")
    assert offices.times("routing.document") == offices.times("routing.act") == 0


def test_what_was_served_already_can_be_read_again_and_keeps_its_day(app, offices):
    offices.answers["notify.services"] = {"rows": [a_document(state="served", served_on="2026-03-01")]}
    read = {"query_code": CODE, "number": NOTICE, "consent": True}
    answer = app.test_client().post("/api/v1/track/documents/read", json=read)

    assert (answer.json["served_on"], offices.times("routing.act")) == ("2026-03-01", 0)


def test_the_page_of_a_case_shows_what_was_told_and_what_is_not_served_yet(sign_in, offices):
    tried = {
        "at": "2026-03-02T10:00:00+08:00",
        "channel": "sms",
        "provider": "<first>",
        "outcome": "sent",
        "reason": "",
    }
    row = {"id": "d1", "at": tried["at"], "rule": "acceptance-notice", "role": "P", "unit": "", "channel": "sms"}
    offices.answers["notify.deliveries"] = {
        "rows": [{**row, "state": "delivered", "reason": "", "tried": [{**tried, "reason": ""}]}]
    }
    documents = [a_document(), a_document(OPINION, state="served", served_on="2026-03-02", proof="回证-1")]
    offices.answers["notify.services"] = {"rows": documents}

    text = sign_in("dispatcher").get(f"/desk/cases/{CASE_NO}/notices").text

    for words in ("短信", "对方已收到", "未送达", "回证-1", "&lt;first&gt;"):
        assert words in text
