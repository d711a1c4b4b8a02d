"""The one-stop page beyond filing: several claims, co-signers, an agent, a draft, and acting on the own case."""

import re

import pytest

from lianxi.casework.identifiers import QueryCode
from lianxi.casework.languages import LANGUAGES
from services.portal.domain.answers import Answered
from services.portal.domain.page_forms import body_of
from tests.unit.portal.offices import CASE_NO, problem

pytestmark = pytest.mark.database
CODE = str(QueryCode.new(bytes))
FORM = {
    "subject": "小区供暖温度不达标",
    "text": "室内只有14度。",
    "petitioner.name": "马秀兰",
    "petitioner.address": "西关大街12号",
    "form_id": "0123456789abcdef",
}


@pytest.fixture
def kept(offices):
    """Intake keeps what is brought."""
    offices.answers["intake.bring"] = lambda body: {"number": CASE_NO, "kind": body["kind"], "text": body["text"]}
    return offices


def progress_of(app):
    client = app.test_client()
    return client, client.post("/track", data={"query_code": CODE}).text


def send(client, shown, name, **typed):
    """Send one of the forms of the progress page, its hidden fields included."""
    form = re.search(rf'<form method="post" action="/track/{name}".*?</form>', shown, re.DOTALL)[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return client.post(f"/track/{name}", data=hidden | typed)


def test_lines_become_claims_and_co_signers_however_they_are_written():
    body = body_of(
        FORM
        | {
            "claims": "恢复供热\n\n退还多收的费用",
            "co_signers": "祁有才，13897412399，虎台一巷3号 *\n李占奎 0971-6123456\n王五（代表）\n张三,胜利路9号",
            "agent.name": "马文魁",
            "agent.authority": "委托书3号",
            "persons": "３０",
        }
    )

    assert body["claims"] == [{"text": "恢复供热"}, {"text": "退还多收的费用"}]
    assert body["co_signers"] == [
        {"name": "祁有才", "phone": "13897412399", "address": "虎台一巷3号", "representative": True},
        {"name": "李占奎", "phone": "0971-6123456"},
        {"name": "王五", "representative": True},
        {"name": "张三", "address": "胜利路9号"},
    ]
    assert body["agent"] == {"name": "马文魁", "authority": "委托书3号"}
    assert body["persons"] == 30


def test_the_form_asks_how_to_be_told_and_sends_what_was_chosen(app, offices):
    client = app.test_client()
    shown = client.get("/petition").text
    assert 'name="notice.channels"' in shown
    languages = re.search(r'<select[^>]* name="notice.language".*?</select>', shown, re.DOTALL)[0]
    assert re.findall(r'<option value="(\w+)"', languages) == list(LANGUAGES)

    client.post(
        "/petition", data=FORM | {"notice.channels": "sms", "notice.language": "en", "notice.electronic": "yes"}
    )

    chosen = {"channels": ["sms"], "language": "en", "electronic": True}
    assert offices.last("intake.register")["notice"] == chosen
    assert "notice" not in body_of(FORM)


def test_a_fault_in_one_line_stands_at_its_box_and_names_the_line(app, offices):
    offices.answers["intake.register"] = Answered(
        problem("invalid", 422, "电话号码有误。", field="co_signers.1.phone", rule="V-3")
    )

    answer = app.test_client().post("/petition", data=FORM | {"co_signers": "祁有才\n李占奎 12345"})

    assert answer.status_code == 422
    assert "第2行：电话号码有误。" in answer.text
    assert "李占奎 12345" in answer.text


def test_a_form_is_kept_as_a_draft_and_opened_again_as_it_was_left(app, offices):
    offices.answers["intake.save_draft"] = {"id": "1", "code": CODE, "saved_at": "2026-03-02T10:15:00+08:00"}
    client = app.test_client()

    saved = client.post("/petition", data=FORM | {"step": "keep", "text": "还没写完"})
    content = offices.last("intake.save_draft")["content"]
    offices.answers["intake.draft"] = {"id": "1", "content": content, "saved_at": "2026-03-02T10:15:00+08:00"}
    opened = client.post("/draft", data={"draft_code": CODE})

    assert (saved.status_code, opened.status_code) == (200, 200)
    assert "尚未提交" in saved.text
    assert "还没写完" in opened.text
    assert "form_id" not in content
    assert offices.times("intake.register") == 0
    assert f'name="draft_code" value="{CODE}"' in opened.text


def test_a_false_draft_code_is_explained(app):
    client = app.test_client()

    assert client.get("/draft").status_code == 200
    assert 'role="alert"' in client.post("/draft", data={"draft_code": "x"}).text


def test_the_progress_page_offers_what_the_state_allows_and_acts(app, kept):
    client, text = progress_of(app)
    assert "补充材料" in text
    assert 'action="/track/completion"' not in text

    answer = send(client, text, "material", text="另有照片。")

    assert answer.status_code == 200
    assert "补充材料已收到" in answer.text
    assert kept.last("routing.act")["command"]["paper"] == {"text": "另有照片。"}
    assert CODE not in answer.text


def test_what_is_missing_is_shown_with_the_form_to_answer_it(app, kept):
    kept.answers["routing.track"] = kept.answers["routing.track"] | {"state": "S09", "missing": "请补充租赁合同"}
    client, text = progress_of(app)

    assert "请补充租赁合同" in text
    assert send(client, text, "completion", text="合同已附。").status_code == 200
    assert kept.last("routing.act")["command_type"] == "receive-completion"


def test_a_refusal_is_told_and_what_was_typed_stays(app, kept):
    client, text = progress_of(app)
    kept.answers["routing.act"] = Answered(problem("guard-refused", 409, "本事项已于2026-03-01催办。"))

    answer = send(client, text, "urge", text="请尽快。")

    assert answer.status_code == 409
    assert "本事项已于2026-03-01催办。" in answer.text
    assert "请尽快。" in answer.text


def test_a_form_whose_ticket_is_old_or_forged_asks_for_the_query_code_again(app, kept, clock):
    client, text = progress_of(app)
    clock.advance(hours=5)

    old = send(client, text, "urge")
    forged = client.post("/track/urge", data={"ticket": "k1:nonsense"})

    assert (old.status_code, forged.status_code) == (422, 422)
    assert "页面已过期" in old.text
    assert 'name="query_code"' in forged.text
    assert kept.times("intake.bring") == 0


def test_withdrawing_needs_the_tick_that_it_is_of_free_will(app, kept):
    client, text = progress_of(app)

    assert send(client, text, "withdrawal", text="解决了").status_code == 422
    assert send(client, text, "withdrawal", text="解决了", free_will="yes").status_code == 200
    assert kept.last("routing.act")["command"]["free_will_recorded"] is True


def test_words_said_while_the_case_travels_are_received_shown_as_waiting_and_told_when_refused(app, kept):
    kept.answers["routing.act"] = {"case_no": CASE_NO, "status": "waiting", "directive_id": None}
    view = kept.answers["routing.track"]
    travelling = {**(view if isinstance(view, dict) else view({})), "state": "S04", "in_transfer_to": "630104001"}
    waits = {"act": "urge-case", "label": "催办", "on": "2026-03-02", "state": "waiting", "reason": ""}
    failed = {**waits, "act": "withdraw-case", "label": "撤回", "state": "refused", "reason": "案件现为“并案”。"}
    kept.answers["routing.track"] = {**travelling, "wishes": [waits, failed]}

    client, shown = progress_of(app)
    page = send(client, shown, "material", text="另有照片。").text

    assert all(f'action="/track/{name}"' in shown for name in ("material", "urge", "withdrawal"))
    assert "催办：已收到，待事项移交完成后送达承办单位" in shown
    assert "撤回：未能办理：案件现为“并案”。" in shown
    assert "补充材料已收到。您的事项正在移交途中" in page
