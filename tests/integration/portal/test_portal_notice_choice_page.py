"""The petitioner changes on the progress page by which channel to be told, with the same guard as in the API."""

import re

import pytest

from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import Answered
from tests.unit.portal.offices import CASE_NO, problem, silence

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("notify")]
CODE = str(QueryCode.new(bytes))
CHOSEN = {"case_no": CASE_NO, "channels": ["mail"], "language": "zh", "electronic": False}
CHOSEN |= {"offered": ["mail", "sms"], "languages": ["zh", "en"]}


@pytest.fixture
def notify(offices):
    """Keep a choice like notify does."""
    kept = dict(CHOSEN)

    def choose(body):
        kept.update({name: body[name] for name in ("channels", "language", "electronic")})
        return dict(kept)

    offices.answers |= {"notify.choice": lambda _body: dict(kept), "notify.choose": choose}
    return kept


@pytest.fixture
def client(app):
    return app.test_client()


def form_in(shown):
    form = re.search(r'<form method="post" action="/track/notices".*?</form>', shown, re.DOTALL)[0]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def progress(client):
    return client.post("/track", data={"query_code": CODE}).text


def test_the_page_shows_what_holds_and_offers_what_this_node_has(client):
    shown = progress(client)

    assert "先用电子邮件通知您；语言为" in shown
    assert "您不同意以电子方式送达文书" in shown
    offered = re.search(r'<select id="notices-channel".*?</select>', shown, re.DOTALL)[0]
    assert re.findall(r'value="(\w*)"( selected)?', offered) == [("", ""), ("mail", " selected"), ("sms", "")]


def test_a_change_holds_and_is_confirmed_in_words_and_what_was_chosen_before_comes_after_it(client, offices, notify):
    sent = form_in(progress(client)) | {"channel": "sms", "language": "en", "electronic": "yes"}
    answer = client.post("/track/notices", data=sent)

    assert answer.status_code == 200, answer.text
    assert (notify["channels"], notify["language"], notify["electronic"]) == (["sms", "mail"], "en", True)
    assert re.search(r"通知方式已更改：以后先用短信通知您，语言为英语，您同意以电子方式送达文书。", answer.text)
    assert "先用短信，再用电子邮件通知您" in answer.text
    asked = offices.last("notify.choose")
    assert asked["case_no"] == CASE_NO
    assert "chosen_by" not in asked
    assert CODE not in answer.text

    withdrawn = client.post("/track/notices", data=form_in(answer.text) | {"channel": "", "language": "zh"})

    assert (notify["channels"], notify["electronic"]) == ([], False)
    assert "您不同意以电子方式送达文书" in withdrawn.text


@pytest.mark.parametrize(("field", "value"), [("channel", "pigeon"), ("language", "xx"), ("channel", "inbox")])
def test_what_is_no_choice_stands_beside_its_box_and_changes_nothing(client, offices, field, value):
    again = client.post("/track/notices", data=form_in(progress(client)) | {"language": "zh", field: value})

    assert (again.status_code, f'id="notices-{field}-error"' in again.text) == (422, True)
    assert "<details open><summary>更改通知方式" in again.text
    assert offices.times("notify.choose") == 0


@pytest.mark.parametrize("ticket", ["", "k1:forged"])
def test_without_the_ticket_of_a_query_code_nothing_is_changed(client, offices, ticket):
    assert client.post("/track/notices", data={"ticket": ticket, "channel": "sms"}).status_code == 422
    assert offices.times("notify.choose") == 0


def test_a_page_of_another_site_changes_nothing(client, offices):
    sent = form_in(progress(client)) | {"channel": "sms"}

    assert client.post("/track/notices", data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert offices.times("notify.choose") == 0


def test_who_guesses_codes_is_slowed_down_as_with_the_api(limited_app):
    client = limited_app.test_client()
    answers = [client.post("/track/notices", data={"ticket": "x"}).status_code for _ in range(3)]

    assert answers == [422, 422, 429]


def test_a_refusal_of_notify_is_told_in_the_form_and_the_page_comes_without_it_while_notify_is_away(client, offices):
    sent = form_in(progress(client)) | {"channel": "sms"}
    offices.answers["notify.choose"] = Answered(problem("invalid", 422, "没有这种方式。", field="channels.0"))
    refused = client.post("/track/notices", data=sent)
    assert (refused.status_code, "没有这种方式。" in refused.text) == (422, True)

    offices.answers["notify.choice"] = silence(in_time=True)
    shown = client.post("/track", data={"query_code": CODE})
    assert (shown.status_code, "notices-card" in shown.text) == (200, False)
