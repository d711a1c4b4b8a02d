"""A registrar's draft: kept from the page, opened there again, filed; and the receipts and pages of guided visits."""

import html
import re

import pytest

from services.portal.domain.entry_form import BOXES, entry_of, typed_again
from tests.unit.portal.offices import CASE_NO, QUERY_CODE, silence

pytestmark = pytest.mark.database
PAGE = "/desk/register"
WHEN = "2026-03-02T10:15:00+08:00"
TYPED = {
    "channel": "visit",
    "subject": "停暖",
    "text": "室内14度。",
    "claims": "恢复供热\n退费",
    "petitioner.name": "马秀兰",
    "co_signers": "李四，13997000001，西大街2号*\n王五",
    "agent.name": "赵六",
    "agent.authority": "委托书1号",
    "persons": "3",
    "category": "城乡建设/供暖",
    "read_back": "yes",
}


@pytest.fixture
def book(offices):
    """Keep drafts like intake does, in a dict."""
    kept = {}

    def save(body):
        draft_id = body.get("id") or f"d{len(kept) + 1}"
        kept[draft_id] = body["content"]
        return {"id": draft_id, "code": "", "saved_at": WHEN}

    offices.answers |= {
        "intake.save_draft": save,
        "intake.draft": lambda body: {"id": body["id"], "content": kept[body["id"]], "saved_at": WHEN},
        "intake.drafts": lambda _body: {
            "rows": [{"id": name, "subject": each.get("subject", ""), "saved_at": WHEN} for name, each in kept.items()],
            "next": None,
        },
    }
    return kept


def typed_in(text):
    """Return what stands in the boxes of the page."""
    lines = re.findall(r'<input type="(?:text|tel|number|email|date|hidden)"[^>]* name="([^"]+)" value="([^"]*)"', text)
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL)
    flags = re.findall(r'<input type="checkbox"[^>]* name="([^"]+)" value="yes" checked', text)
    chosen = re.findall(r'<select id="([^"]+)".*?<option value="([^"]+)" selected', text, re.DOTALL)
    found = {name: html.unescape(value) for name, value in [*lines, *areas, *chosen]}
    return {name: value for name, value in found.items() if value} | dict.fromkeys(flags, "yes")


def send(person, **typed):
    return person.client.post(PAGE, data={"csrf_token": person.csrf, "form_id": "a-form-number-of-its-own", **typed})


@pytest.mark.parametrize("role", ["registrar", "case_officer"])
def test_a_draft_is_kept_opened_again_on_the_page_and_filed(sign_in, offices, book, role):
    person = sign_in(role)
    kept = send(person, **TYPED, step="keep")
    assert (kept.status_code, "草稿已保存" in kept.text) == (200, True)
    assert book == {"d1": TYPED}
    assert offices.times("intake.register") == 0

    assert f'href="{PAGE}?draft=d1"' in person.get(PAGE).text
    opened = typed_in(person.get(f"{PAGE}?draft=d1").text)
    assert {name: opened.get(name) for name in TYPED} == TYPED

    send(person, **opened | {"subject": "停暖三天", "step": "keep"})
    assert book == {"d1": TYPED | {"subject": "停暖三天"}}
    filed = send(person, **opened | {"step": "file", "reception_place": "接待室"})

    assert filed.status_code == 201, filed.text
    body = offices.last("intake.register")
    assert (body["draft_id"], body["persons"], len(body["co_signers"])) == ("d1", 3, 2)


def test_the_form_is_shown_while_intake_is_away(sign_in, offices):
    offices.answers["intake.drafts"] = silence(in_time=True)

    assert sign_in("registrar").get(PAGE).status_code == 200


def test_a_draft_of_a_program_opens_on_the_page_if_it_fits_and_line_by_line_if_it_would_lose_something(sign_in, book):
    petition = {
        "subject": "停暖",
        "text": "冷。",
        "petitioner": {"name": "马秀兰"},
        "claims": [{"text": "供热"}],
        "persons": 3,
    }
    book |= {"fits": petition, "more": petition | {"notice": {"language": "en"}}}
    registrar = sign_in("registrar")

    fits = registrar.get("/desk/unfinished/drafts/fits")
    assert (fits.status_code, fits.location) == (302, f"{PAGE}?draft=fits")
    assert typed_in(registrar.get(fits.location).text)["petitioner.name"] == "马秀兰"
    more = registrar.get(f"{PAGE}?draft=more")
    assert more.location == "/desk/unfinished/drafts/more"
    assert 'name="notice.language"' in registrar.get(more.location).text


def test_an_officer_s_draft_that_says_more_is_not_replaced_by_less(sign_in, book):
    book["more"] = {"subject": "停暖", "notice": {"language": "en"}}
    officer = sign_in("case_officer")
    opened = typed_in(officer.get(f"{PAGE}?draft=more").text)

    assert (opened["subject"], "draft_id" in opened) == ("停暖", False)


def test_what_was_typed_comes_back_as_it_was_typed():
    petition = entry_of(TYPED)

    assert entry_of(typed_again(petition)) == petition
    assert typed_again(TYPED) == TYPED
    assert typed_again({"subject": "停暖", "address_division": "630104"}) is None
    assert set(TYPED) <= set(BOXES)


GUIDED = {"to": "630104001", "place": "西关大街街道", "rule": "R-20-5", "text": "请到西关大街街道提出。"}


def test_the_receipt_of_a_guided_visit_leads_to_the_next_one_and_to_its_own_page(sign_in, offices):
    receipt = {"number": CASE_NO, "query_code": QUERY_CODE, "received_at": WHEN, "guided": GUIDED}
    offices.answers["intake.register"] = lambda _body: receipt
    shown = send(sign_in("registrar"), **TYPED, reception_place="接待室", competent_division="630104001")

    assert shown.status_code == 201, shown.text
    assert "再登记一件" in shown.text
    assert "打开事项" not in shown.text
    assert f'href="/desk/guided/{CASE_NO}"' in shown.text


def test_guided_visits_are_listed_and_opened_with_a_reason(sign_in, offices):
    row = {"number": CASE_NO, "received_at": WHEN, "guided_to": "630104001", "place": "西关大街街道", "persons": 2}
    offices.answers |= {
        "intake.guided_visits": {"rows": [row | {"reception_place": "接待室"}], "next": CASE_NO},
        "intake.guided_visit": offices.answers["intake.contact"]
        | {"guided_to": "630104001", "guided_place": "西关大街街道"},
    }
    registrar = sign_in("registrar")
    listed = registrar.get("/desk/guided/").text
    assert f'href="/desk/guided/{CASE_NO}"' in listed
    assert f'href="/desk/guided/?after={CASE_NO}"' in listed
    assert "/desk/guided/" in registrar.get(PAGE).text

    assert "马秀兰" not in registrar.get(f"/desk/guided/{CASE_NO}").text
    assert registrar.form(f"/desk/guided/{CASE_NO}", reason="").status_code == 422
    assert offices.times("intake.guided_visit") == 0
    opened = registrar.form(f"/desk/guided/{CASE_NO}", reason="再次来访")

    assert (opened.status_code, "马秀兰" in opened.text, "西关大街街道" in opened.text) == (200, True, True)
    asked = offices.last("intake.guided_visit")
    assert (asked["number"], asked["reason"], asked["actor"]["role"]) == (CASE_NO, "再次来访", "R")
    by_api = registrar.post(f"/api/v1/guided/{CASE_NO}/open", {"reason": "再次来访"})
    assert (by_api.status_code, by_api.json["guided_place"]) == (200, "西关大街街道")


@pytest.mark.parametrize("role", ["case_officer", "conference_office", "admin"])
def test_others_see_neither_list_nor_link(sign_in, role):
    person = sign_in(role)

    assert person.get("/desk/guided/").status_code == 403
    assert person.get("/api/v1/guided").status_code == 403
