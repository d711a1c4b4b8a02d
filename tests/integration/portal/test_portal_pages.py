"""The pages: what they say, that their forms are safe, that nothing typed can become markup."""

import re

import pytest

from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import Answered
from tests.unit.portal.offices import CASE_NO, a_case, problem, silence

CODE = str(QueryCode.new(bytes))
CASE = f"/desk/cases/{CASE_NO}"
FORM = {
    "subject": "小区供暖温度不达标",
    "text": "室内只有14度。",
    "petitioner.name": "马秀兰",
    "petitioner.address": "西关大街12号",
    "form_id": "0123456789abcdef",
}
MARKUP = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"

pytestmark = pytest.mark.database


class TestFrontPages:
    @pytest.mark.parametrize("path", ["/", "/petition", "/track", "/sign-in", "/nowhere"])
    def test_every_page_is_chinese_and_loads_nothing_from_elsewhere(self, app, path):
        answer = app.test_client().get(path)

        assert 'lang="zh-CN"' in answer.text
        assert "城西区" in answer.text
        assert "<script" not in answer.text
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text)
        assert "style=" not in answer.text

    def test_every_field_has_a_label(self, app):
        text = app.test_client().get("/petition").text

        fields = set(re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"', text))
        assert fields == set(re.findall(r'<label for="([^"]+)"', text))
        assert len(fields) > 9

    def test_a_petition_is_filed_and_the_receipt_shows_number_and_code(self, app, offices):
        answer = app.test_client().post("/petition", data=FORM)

        assert answer.status_code == 201
        assert CASE_NO in answer.text
        assert "<span>23456</span><span>789AC</span>" in answer.text
        assert offices.last("intake.register")["petitioner"]["name"] == "马秀兰"

    def test_a_form_sent_twice_shows_the_same_receipt(self, app, offices):
        client = app.test_client()

        answers = [client.post("/petition", data=FORM).text for _ in range(2)]

        assert answers[0] == answers[1]
        assert offices.times("intake.register") == 1

    def test_what_is_wrong_stands_next_to_its_field_and_nothing_typed_is_lost(self, app, offices):
        answer = app.test_client().post("/petition", data={**FORM, "subject": "", "persons": "many"})

        assert answer.status_code == 422
        assert 'id="subject-error"' in answer.text
        assert 'id="persons-error"' in answer.text
        assert "室内只有14度。" in answer.text
        assert offices.times("intake.register") == 0

    def test_a_refusal_of_intake_stands_next_to_its_field_too(self, app, offices):
        stated = problem("invalid", 422, "身份证号码校验位不符。", field="petitioner.id_number", rule="V-1")
        offices.answers["intake.register"] = Answered(stated)

        answer = app.test_client().post("/petition", data={**FORM, "petitioner.id_number": "1"})

        assert 'id="petitioner.id_number-error"' in answer.text
        assert "校验位不符" in answer.text

    def test_silence_keeps_the_form_and_its_number(self, app, offices):
        offices.answers["intake.register"] = silence(in_time=True)

        answer = app.test_client().post("/petition", data=FORM)

        assert answer.status_code == 503
        assert 'value="0123456789abcdef"' in answer.text
        assert "室内只有14度。" in answer.text

    def test_the_query_code_leads_to_the_timeline(self, app):
        answer = app.test_client().post("/track", data={"query_code": CODE})

        assert answer.status_code == 200
        assert "西宁市：转送下级" in answer.text
        assert "2026年3月3日" in answer.text
        assert CODE not in answer.text

    def test_a_false_code_is_explained(self, app):
        answer = app.test_client().post("/track", data={"query_code": "x"})

        assert answer.status_code == 422
        assert "查询码应为15个字符" in answer.text


class TestSafety:
    def test_every_answer_carries_the_headers_of_a_careful_site(self, app):
        for path in ("/", "/api/v1/cases", "/nowhere", "/static/style.css", "/healthz"):
            with app.test_client().get(path) as answer:
                headers = answer.headers
            assert "default-src 'none'" in headers["Content-Security-Policy"], path
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "same-origin"
            assert "Server" not in headers

    def test_pages_are_not_kept_by_anybody(self, app, sign_in):
        assert app.test_client().get("/petition").headers["Cache-Control"] == "no-store"
        assert sign_in().get(CASE).headers["Cache-Control"] == "no-store"

    def test_what_is_typed_never_becomes_markup(self, app):
        typed = dict.fromkeys(FORM, MARKUP) | {"subject": "", "division": MARKUP, "persons": MARKUP}

        answer = app.test_client().post("/petition", data=typed)

        assert answer.status_code == 422
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "&lt;script&gt;" in answer.text

    def test_what_the_services_say_never_becomes_markup(self, sign_in, offices):
        step = {**a_case()["history"][0], "label": MARKUP, "reasons": [MARKUP], "document": MARKUP, "node": MARKUP}
        offices.answers["routing.case"] = a_case(
            subject=MARKUP, text=MARKUP, why=MARKUP, category=[MARKUP], place=MARKUP, label=MARKUP, history=[step]
        )
        offices.answers["supervision.clocks"]["rows"][0].update(title=MARKUP, derivation=[MARKUP])
        offices.answers["notify.inbox"]["rows"][0].update(title=MARKUP, body=MARKUP)
        offices.answers["routing.waiting"]["rows"][0].update(why=MARKUP)
        offices.answers["supervision.ledger"]["rows"][0].update(category=MARKUP)
        offices.answers["routing.document"] = {"kind": "转", "number": MARKUP, "paper": {MARKUP: MARKUP}}
        person = sign_in("dispatcher")

        for path in (CASE, "/desk/", "/desk/cases", "/desk/inbox", f"{CASE}/documents/x"):
            text = person.get(path).text
            assert "&lt;script&gt;" in text, path
            assert "<script" not in text, path
            assert "<img" not in text, path

    def test_a_search_for_markup_is_shown_as_text(self, sign_in):
        answer = sign_in("dispatcher").get("/desk/cases", query_string={"category": MARKUP[:50]})

        assert "<script" not in answer.text

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    @pytest.mark.parametrize("path", ["/petition", "/track", "/sign-in"])
    def test_a_form_of_another_site_is_refused(self, app, offices, path, headers):
        answer = app.test_client().post(path, data={**FORM, "query_code": CODE}, headers=headers)

        assert answer.status_code == 403
        assert offices.asked == []

    @pytest.mark.parametrize("headers", [{"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {}])
    def test_our_own_form_is_taken(self, app, headers):
        assert app.test_client().post("/petition", data=FORM, headers=headers).status_code == 201

    def test_a_clerks_form_needs_the_sessions_token(self, sign_in, offices):
        person = sign_in()

        answer = person.client.post(f"{CASE}/acts/accept-case", data={})

        assert answer.status_code == 403
        assert offices.times("routing.act") == 0


class TestDesk:
    def test_signing_in_leads_to_the_own_desk(self, app, sign_in):
        sign_in("dispatcher", "ma.jun")
        sign_in("case_officer", "wang.li")
        places = {}
        for login in ("ma.jun", "wang.li"):
            answer = app.test_client().post("/sign-in", data={"login": login, "password": "correct-horse-9"})
            places[login] = (answer.status_code, answer.headers["Location"])

        assert places == {"ma.jun": (303, "/desk/"), "wang.li": (303, "/desk/cases")}

    def test_a_wrong_password_is_told_on_the_page(self, app):
        answer = app.test_client().post("/sign-in", data={"login": "x", "password": "y"})

        assert answer.status_code == 401
        assert "账号或密码不正确" in answer.text

    @pytest.mark.parametrize("path", ["/desk/", "/desk/cases", "/desk/inbox", "/desk/proposals", "/desk/links", CASE])
    def test_a_stranger_is_shown_the_way_to_the_sign_in_page(self, app, path):
        answer = app.test_client().get(path)

        assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")

    def test_signing_out_ends_the_session(self, sign_in):
        person = sign_in()

        assert person.form("/sign-out").status_code == 303
        assert person.get("/desk/cases").status_code == 302

    def test_the_pile_shows_age_and_reason(self, sign_in):
        text = sign_in("dispatcher").get("/desk/").text

        assert "2天" in text
        assert "没有规则能够确定责任单位" in text

    def test_the_ledger_shows_lamp_and_next_due_day(self, sign_in):
        text = sign_in("dispatcher").get("/desk/cases?lamp=yellow").text

        assert "lamp yellow" in text
        assert "2026年3月18日" in text
        assert '<option value="yellow" selected>' in text

    def test_a_case_shows_facts_clocks_history_and_the_acts_open_now(self, sign_in):
        text = sign_in("case_officer").get(CASE).text

        assert "加15日，得2026年3月18日" in text
        assert "城西区住房和城乡建设局" in text
        assert f"{CASE}/acts/accept-case" in text
        assert "宁信转〔2026〕12号" in text

    def test_a_case_shows_its_receipts_and_the_acts_that_crossed_nodes(self, sign_in):
        text = sign_in("case_officer").get(CASE).text

        assert "已签收 2026年3月3日 09:00" in text
        assert "驳回异议" in text
        assert "等待执行" in text

    def test_a_case_supervision_has_not_seen_yet_is_shown_without_clocks(self, sign_in, offices):
        offices.answers["supervision.clocks"] = None

        assert "没有期限" in sign_in("case_officer").get(CASE).text

    def test_an_act_is_taken_by_its_form(self, sign_in, offices):
        person = sign_in("case_officer")
        form = person.get(f"{CASE}/acts/accept-case").text
        form_id = re.search(r'name="form_id" value="([^"]+)"', form)[1]

        answer = person.form(f"{CASE}/acts/accept-case", form_id=form_id, seq="5", paper__text="已受理")

        assert (answer.status_code, answer.headers["Location"]) == (303, CASE)
        asked = offices.last("routing.act")["command"]
        assert (asked["expected_seq"], asked["paper"]) == (5, {"text": "已受理"})

    def test_an_act_with_gaps_comes_back_with_what_is_missing(self, sign_in, offices):
        person = sign_in("case_officer")

        answer = person.form(f"{CASE}/acts/object-to-transfer", seq="5", paper__reasons="不属于本单位职权")

        assert answer.status_code == 422
        assert 'id="paper.basis-error"' in answer.text
        assert "不属于本单位职权" in answer.text
        assert offices.times("routing.act") == 0

    def test_a_refused_guard_is_told_on_the_form(self, sign_in, offices):
        offices.answers["routing.act"] = Answered(problem("guard-refused", 409, "异议应在5个工作日内提出。"))
        person = sign_in("case_officer")

        answer = person.form(
            f"{CASE}/acts/object-to-transfer", seq="5", paper__reasons="a", paper__basis="b", proposed_organ="c"
        )

        assert answer.status_code == 409
        assert "异议应在5个工作日内提出。" in answer.text

    def test_an_act_sent_down_is_told_so(self, sign_in, offices):
        offices.answers["routing.act"] = {"status": "sent", "directive_id": "d1"}
        offices.answers["routing.case"] = a_case(state="S07")
        person = sign_in("dispatcher")

        answer = person.form(f"{CASE}/acts/uphold-objection", seq="5")

        assert answer.headers["Location"] == f"{CASE}?sent=1"
        assert "已作为指令发往" in person.get(answer.headers["Location"]).text

    def test_the_petitioner_is_shown_after_a_reason_only(self, sign_in, offices):
        person = sign_in("case_officer")

        assert "马秀兰" not in person.get(f"{CASE}/petitioner").text
        assert person.form(f"{CASE}/petitioner", reason=" ").status_code == 422
        assert offices.times("intake.contact") == 0
        assert "马秀兰" in person.form(f"{CASE}/petitioner", reason="电话核实情况").text

    def test_a_message_is_read(self, sign_in, offices):
        person = sign_in("case_officer")

        assert "收到转送事项" in person.get("/desk/inbox").text
        assert person.form("/desk/inbox/m1/read").status_code == 303
        assert offices.times("notify.mark_read") == 1

    def test_a_proposal_is_signed_or_dismissed(self, sign_in, offices):
        person = sign_in("supervisor")

        assert "签发督办函" in person.get("/desk/proposals").text
        assert person.form("/desk/proposals/P-1/sign", form_id="form-00000000001s", facts="超期").status_code == 303
        assert offices.last("supervision.sign_order")["paper"] == {"facts": "超期"}
        assert person.form("/desk/proposals/P-1/dismiss", form_id="form-00000000001d", reason="").status_code == 422
        assert (
            person.form("/desk/proposals/P-1/dismiss", form_id="form-00000000001d", reason="已告知").status_code == 303
        )

    def test_others_see_proposals_without_the_forms(self, sign_in):
        assert "签发督办函" not in sign_in("conference_office").get("/desk/proposals").text

    def test_the_links_show_who_has_gone_silent(self, sign_in):
        text = sign_in("dispatcher").get("/desk/links").text

        assert "6分钟前" in text
        assert "西关大街街道" in text

    def test_a_page_out_of_reach_says_so(self, sign_in):
        answer = sign_in("case_officer").get("/desk/links")

        assert answer.status_code == 403
        assert "供信访部门和联席会议使用" in answer.text
