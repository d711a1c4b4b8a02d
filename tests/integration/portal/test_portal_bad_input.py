"""Bad input over HTTP: refused with the reason, counted, nothing let in, nothing of it shown (issue 2, section 8)."""

import pytest

from services.portal.service import REFUSED
from tests.unit.portal.offices import CASE_NO

CASE = f"/api/v1/cases/{CASE_NO}"
PETITION = {
    "subject": "小区供暖温度不达标",
    "text": "室内只有14度。",
    "petitioner": {"name": "马秀兰", "address": "西宁市城西区西关大街12号"},
}
INJECTIONS = [
    "'; DROP TABLE portal.account; --",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "%s%n%x",
    '=HYPERLINK("x")',
    "' OR '1'='1",
]
UNREADABLE = ["a\x00b", "a\x07b", "a\x1b[31mb", "a\u202eb", "a\u2028b", "a\ue000b"]

pytestmark = pytest.mark.database


def changed(path, value):
    """Return the petition with one field replaced."""
    body = {**PETITION, "petitioner": dict(PETITION["petitioner"])}
    place = body
    *parents, last = path.split(".")
    for parent in parents:
        place = place[parent]
    place[last] = value
    return body


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 400, "malformed"),
            (b"{", 400, "malformed"),
            (b"[1, 2", 400, "malformed"),
            (b'{"subject": NaN}', 400, "malformed"),
            (b'{"subject": "a", "subject": "b"}', 400, "malformed"),
            ('{"subject": "供暖"}'.encode("gb18030"), 400, "malformed"),
            (b"[" * 200_000, 400, "malformed"),
            (b"[]", 422, "invalid"),
            (b"null", 422, "invalid"),
            (b'"text"', 422, "invalid"),
            (b"5", 422, "invalid"),
            (b"{}", 422, "invalid"),
        ],
        ids=range(12),
    )
    def test_what_is_no_petition_is_refused(self, app, offices, body, status, code):
        answer = app.test_client().post("/api/v1/cases", data=body, content_type="application/json")

        assert (answer.status_code, answer.json["code"]) == (status, code)
        assert answer.content_type == "application/problem+json"
        assert offices.asked == []

    @pytest.mark.parametrize("content_type", ["text/plain", "text/html", "application/x-www-form-urlencoded", None])
    def test_another_content_type_is_415(self, app, content_type):
        answer = app.test_client().post("/api/v1/cases", data=b"{}", content_type=content_type)

        assert (answer.status_code, answer.json["code"]) == (415, "not-json")

    @pytest.mark.parametrize(
        "path", ["/api/v1/cases", "/api/v1/track", "/api/v1/sessions", "/petition", "/track", "/sign-in"]
    )
    def test_ten_megabytes_are_413(self, app, offices, path):
        answer = app.test_client().post(path, data=b"x" * 10_000_000, content_type="application/json")

        assert answer.status_code == 413
        assert offices.asked == []

    def test_a_body_just_below_the_limit_is_read(self, app):
        body = b'{"subject": "' + b"x" * 1_000_000 + b'"}'

        answer = app.test_client().post("/api/v1/cases", data=body, content_type="application/json")

        assert answer.status_code == 422

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_another_method_is_405_and_says_which_are_allowed(self, app, method):
        answer = getattr(app.test_client(), method)("/api/v1/cases")

        assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
        assert "POST" in answer.headers["Allow"]

    @pytest.mark.parametrize(
        "path",
        ["/api/v1/nothing", "/api/v2/cases", "/api/", f"{CASE}/acts/burn", "/api/v1/cases/%00", "/api/v1/cases/%ff"],
    )
    def test_an_unknown_address_is_a_problem_never_a_page(self, sign_in, path):
        answer = sign_in("dispatcher").get(path)

        assert answer.status_code in {404, 405, 422}
        assert answer.content_type == "application/problem+json"


class TestFields:
    @pytest.mark.parametrize("value", [5, True, None, [], {}, 1.5])
    @pytest.mark.parametrize("path", ["subject", "text", "petitioner.name", "petitioner.phone", "division"])
    def test_a_wrong_type_is_named(self, app, offices, path, value):
        answer = app.test_client().post("/api/v1/cases", json=changed(path, value))

        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == path
        assert offices.times("intake.register") == 0

    @pytest.mark.parametrize("text", UNREADABLE)
    @pytest.mark.parametrize("path", ["subject", "text", "petitioner.name", "petitioner.address"])
    def test_control_characters_are_refused_and_not_repeated(self, app, offices, path, text):
        answer = app.test_client().post("/api/v1/cases", json=changed(path, text))

        assert answer.status_code == 422
        assert (answer.json["errors"][0]["field"], answer.json["errors"][0]["rule"]) == (path, "characters")
        assert text not in answer.text
        assert offices.times("intake.register") == 0

    def test_half_a_character_is_refused(self, app, offices):
        body = b'{"subject": "\\ud800", "text": "a", "petitioner": {"name": "b", "address": "c"}}'

        answer = app.test_client().post("/api/v1/cases", data=body, content_type="application/json")

        assert answer.status_code == 422
        assert offices.times("intake.register") == 0

    @pytest.mark.parametrize("text", INJECTIONS)
    def test_sql_and_html_in_a_text_are_text(self, app, offices, migrated, text):
        body = {**PETITION, "subject": text, "text": text, "petitioner": {"name": text, "address": text}}

        answer = app.test_client().post("/api/v1/cases", json=body, headers={"Idempotency-Key": "0123456789abcdef"})

        assert answer.status_code == 201
        assert offices.last("intake.register")["subject"] == text
        assert migrated.query("SELECT to_regclass('portal.account')::text") == [("portal.account",)]

    @pytest.mark.parametrize("text", INJECTIONS)
    def test_sql_in_a_login_a_filter_or_a_number_finds_nothing(self, app, sign_in, text):
        client, person = app.test_client(), sign_in("dispatcher")

        assert client.post("/api/v1/sessions", json={"login": text[:64], "password": text}).status_code == 401
        assert client.post("/api/v1/track", json={"query_code": text}).status_code == 422
        assert person.get("/api/v1/cases", query_string={"holder": text}).status_code == 422
        assert person.get("/api/v1/cases", query_string={"number": text}).status_code == 422
        assert person.get(f"/api/v1/cases/{text.replace('/', '-')}").status_code in {404, 422}

    @pytest.mark.parametrize("text", ["\x00", "a" * 5000, "中文", "🙂", "\u202e"])
    def test_strange_headers_do_no_harm(self, app, text):
        quoted = text.encode().decode("latin-1").replace("\x00", "?")
        for header in ("Authorization", "Idempotency-Key", "X-CSRF-Token", "If-Match", "Cookie", "X-Forwarded-For"):
            answer = app.test_client().post("/api/v1/cases", json=PETITION, headers={header: quoted})
            assert answer.status_code in {201, 401, 403, 422}, header

    @pytest.mark.parametrize(
        ("command", "body", "field"),
        [
            ("transfer-case", {"to_node": "999999999999"}, "to_node"),
            ("transfer-case", {"to_node": "630104", "to_unit": "630104.x y"}, "to_unit"),
            ("transfer-case", {"to_node": "630104", "direct": "yes"}, "direct"),
            ("assign-case", {"to_node": "630104", "report_due": "2026-02-30"}, "report_due"),
            ("merge-case", {"into": 5}, "into"),
            ("merge-case", {"into": "a\x00"}, "into"),
        ],
    )
    def test_an_act_with_a_false_code_or_date_is_refused_before_it_is_sent(
        self, sign_in, offices, command, body, field
    ):
        answer = sign_in("dispatcher").post(f"{CASE}/acts/{command}", body)

        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)
        assert offices.times("routing.act") == 0

    @pytest.mark.parametrize("number", ["1", "63010400020261302W00012", "63010400020260302Q00012", "a" * 3000, "６３"])
    def test_a_number_that_cannot_be_one_is_refused_before_anybody_is_asked(self, sign_in, offices, number):
        answer = sign_in("dispatcher").get(f"/api/v1/cases/{number}")

        assert (answer.status_code, answer.json["rule"]) == (422, "PR-17")
        assert offices.times("intake.register") == 0


def test_a_refused_petition_is_counted_by_status_and_reason(app):
    client = app.test_client()
    REFUSED.clear()  # whatever was refused before in this process has taken none of its few series
    client.post("/api/v1/cases", json={})
    client.post("/api/v1/cases", data=b"{", content_type="application/json")

    shown = client.get("/metrics").text

    assert 'portal_refused_total{code="invalid",status="422"}' in shown
    assert 'portal_refused_total{code="malformed",status="400"}' in shown
    assert "马秀兰" not in shown


def test_nothing_of_what_was_sent_enters_the_log(app, capfd):
    client = app.test_client()
    client.post("/api/v1/cases", json=changed("petitioner.phone", "13997000000"))
    client.post("/api/v1/track", json={"query_code": "23456-789AC-EFHFX"})
    client.post("/api/v1/sessions", json={"login": "wang.li", "password": "hunter2-hunter2"})

    logged = "".join(capfd.readouterr())
    assert logged.count("answered") >= 3, "nothing was looked at"
    assert all(secret not in logged for secret in ("13997000000", "EFHFX", "hunter2", "马秀兰"))
