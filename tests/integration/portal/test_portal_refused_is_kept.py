"""What the portal refuses before intake is asked is kept as a reject, and the refusal names it; by API and by page."""

import html
import re

import pytest

from services.portal.domain.handed_in import DEEPEST, MOST_VALUES
from tests.unit.portal.offices import silence

pytestmark = pytest.mark.database
API = "/api/v1/cases"
REJECT = "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001"
WRONG = {"subject": "停暖", "text": "室内14度。", "petitioner": {"name": "马秀兰"}, "channel": "web", "persons": 0}
NAMED = "0190aaaa"


@pytest.fixture
def keeper(offices):
    offices.answers["intake.keep_refused"] = {"reject_id": REJECT, "why": ""}
    return offices


def hidden(text):
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))


def test_what_the_schema_refuses_is_kept_with_every_fault_and_the_answer_names_it(app, keeper):
    answer = app.test_client().post(API, json=WRONG | {"colour": "red"})

    assert (answer.status_code, answer.json["reject_id"]) == (422, REJECT)
    kept = keeper.last("intake.keep_refused")
    assert kept["content"] == WRONG | {"colour": "red"}
    assert kept["errors"] == answer.json["errors"]
    assert {error["field"] for error in kept["errors"]} == {"persons", "colour"}
    assert "registered_by" not in kept


def test_a_stranger_s_address_is_told_as_a_keyed_hash_by_api_and_page_whoever_refuses(app, keeper):
    def sent(door, path, address, **content):
        app.test_client().post(path, **content, environ_base={"REMOTE_ADDR": address})
        return keeper.last(door)["sender_key"]

    form = {"subject": "停暖", "text": "", "petitioner.name": "马秀兰"}
    by_api = sent("intake.keep_refused", API, "192.0.2.7", json=WRONG)
    by_page = sent("intake.keep_refused", "/petition", "192.0.2.7", data=form)
    whole = form | {"text": "冷。", "petitioner.address": "西街"}
    filed = sent("intake.register", "/petition", "192.0.2.7", data=whole)
    another = sent("intake.keep_refused", API, "192.0.2.8", json=WRONG)

    assert by_api == by_page == filed != another
    assert re.fullmatch(r"[0-9a-f]{32}", by_api)
    assert "192.0.2" not in str(keeper.last("intake.keep_refused"))


def test_what_only_an_office_may_say_is_kept_too(app, keeper):
    answer = app.test_client().post(API, json=WRONG | {"persons": 1, "channel": "letter"})

    assert (answer.status_code, answer.json["field"], answer.json["reject_id"]) == (422, "channel", REJECT)
    assert keeper.last("intake.keep_refused")["content"]["channel"] == "letter"


def test_a_registrar_is_named_beside_what_was_refused(sign_in, keeper):
    answer = sign_in("registrar").post(API, WRONG)

    assert answer.json["reject_id"] == REJECT
    kept = keeper.last("intake.keep_refused")
    assert (kept["registered_by"]["role"], "sender_key" in kept) == ("R", False)


def test_whoever_takes_nothing_in_leaves_nothing(sign_in, keeper):
    assert sign_in("reviewer").post(API, WRONG).status_code in {403, 422}
    assert keeper.times("intake.keep_refused") == 0


def nested(depth):
    return {"subject": nested(depth - 1)} if depth else "停暖"


@pytest.mark.parametrize(
    "body",
    [
        ["停暖"],
        "停暖",
        {},
        {"subject": "", "petitioner": {}},
        nested(DEEPEST + 1),
        {"claims": ["x"] * (MOST_VALUES + 1)},
    ],
    ids=["list", "text", "nothing", "empty", "deep", "wide"],
)
def test_what_no_person_could_mend_is_refused_and_not_kept(app, keeper, body):
    answer = app.test_client().post(API, json=body)

    assert (answer.status_code, "reject_id" in answer.json) == (422, False)
    assert keeper.times("intake.keep_refused") == 0


def test_what_is_no_json_or_too_large_is_refused_and_not_kept(app, keeper):
    client = app.test_client()
    assert client.post(API, data=b'{"subject": ', content_type="application/json").status_code == 400
    assert client.post(API, json={"text": "x" * (10 * 1024 * 1024)}).status_code == 413
    petition = {"subject": "停暖", "text": "冷。"}
    assert client.post(API, json=petition, headers={"Idempotency-Key": "x"}).status_code == 422

    assert keeper.times("intake.keep_refused") == 0


def test_characters_that_are_none_are_replaced_before_anybody_keeps_them(app, keeper):
    raw = b'{"subject": "\\ud800 x", "text": "y", "persons": 0}'

    assert app.test_client().post(API, data=raw, content_type="application/json").json["reject_id"] == REJECT
    assert keeper.last("intake.keep_refused")["content"]["subject"] == "? x"


@pytest.mark.parametrize("answer", [silence(), {"reject_id": None, "why": "no-room"}], ids=["away", "full"])
def test_the_refusal_is_the_same_where_nothing_can_be_kept(app, offices, answer):
    offices.answers["intake.keep_refused"] = answer
    refused = app.test_client().post(API, json=WRONG)

    assert (refused.status_code, "reject_id" in refused.json, refused.json["field"]) == (422, False, "persons")


def test_a_petitioner_mends_on_the_page_what_was_kept_and_that_settles_it(app, keeper):
    client = app.test_client()
    typed = {"subject": "停暖", "text": "", "petitioner.name": "马秀兰", "petitioner.address": "西大街1号"}
    again = client.post("/petition", data=typed | {"form_id": "a-form-number-of-its-own"})

    assert (again.status_code, NAMED in again.text) == (422, True)
    assert keeper.last("intake.keep_refused")["content"]["petitioner"] == {"name": "马秀兰", "address": "西大街1号"}
    assert hidden(again.text)["reject_id"] == REJECT

    filed = client.post("/petition", data=typed | hidden(again.text) | {"text": "室内14度。"})

    assert filed.status_code == 201, filed.text
    assert keeper.last("intake.register")["reject_id"] == REJECT


def test_a_form_that_cannot_be_read_is_kept_box_by_box(app, keeper):
    typed = {"subject": "停暖", "text": "冷。", "claims": "恢复供热\n" * 1001, "petitioner.name": "马秀兰"}

    assert app.test_client().post("/petition", data=typed).status_code == 422

    kept = keeper.last("intake.keep_refused")["content"]
    assert (kept["petitioner.name"], kept["claims"].count("恢复供热")) == ("马秀兰", 1001)


def test_the_registrar_s_page_keeps_and_carries_it_on(sign_in, keeper):
    registrar = sign_in("registrar")
    typed = {"csrf_token": registrar.csrf, "channel": "phone", "subject": "停暖", "text": "冷。", "received_at": "昨天"}
    again = registrar.client.post("/desk/register", data=typed)

    assert (again.status_code, NAMED in again.text) == (422, True)
    assert keeper.last("intake.keep_refused")["registered_by"]["role"] == "R"
    assert hidden(again.text)["reject_id"] == REJECT

    mended = registrar.client.post("/desk/register", data=typed | hidden(again.text) | {"received_at": ""})

    assert mended.status_code == 201, mended.text
    assert keeper.last("intake.register")["reject_id"] == REJECT


def test_the_clerk_sees_every_fault_beside_its_line_and_mends_them(sign_in, offices):
    errors = [
        {"field": "persons", "rule": "range", "message": "应当在1至9999之间。"},
        {"field": "petitioner.address", "rule": "required", "message": "请填写住址。"},
        {"field": "", "rule": "unknown-field", "message": "没有这个栏目，请核对名称或删去。"},
    ]
    content = WRONG | {"colour": "red", "subject.x": "y"}
    row = {"id": REJECT, "origin": "registered", "field": "persons", "rule": "range", "reason": errors[0]["message"]}
    offices.answers["intake.reject"] = row | {"content": content, "errors": errors}
    registrar = sign_in("registrar")
    path = f"/desk/unfinished/rejects/{REJECT}"
    opened = registrar.form(path, reason="改正")

    assert all(error["message"] in opened.text for error in errors)
    assert opened.text.index('name="petitioner.address"') < opened.text.index('name="subject"')
    shown = re.findall(r'<input type="text"[^>]* name="([^"]+)" value="([^"]*)"', opened.text)
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', opened.text, re.DOTALL)
    lines = {name: html.unescape(value) for name, value in [*shown, *areas]}
    mended = lines | hidden(opened.text) | {"persons": "2", "petitioner.address": "西大街1号"}
    filed = registrar.client.post("/desk/unfinished/file", data=mended | {"csrf_token": registrar.csrf})

    assert filed.status_code == 201, filed.text
    body = offices.last("intake.register")
    assert (body["reject_id"], body["persons"], body["petitioner"]["address"]) == (REJECT, 2, "西大街1号")
