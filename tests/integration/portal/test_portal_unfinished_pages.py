"""The registrar's page of refused input and drafts: listed, opened with a reason, mended, filed, dropped."""

import html
import re

import pytest

from services.portal.domain.answers import Answered
from services.portal.domain.mending import lines_of, mended
from services.portal.web.unfinished import FIELDS
from tests.unit.portal.offices import problem

pytestmark = pytest.mark.database
WHEN = "2026-03-02T10:15:00+08:00"
CONTENT = {
    "channel": "letter",
    "subject": "供暖",
    "text": "室内只有14度。",
    "petitioner": {"name": "马秀兰", "phone": "123"},
    "claims": [{"text": "恢复供热"}, {"text": "退费"}],
    "persons": 3,
    "anonymous": False,
    "registered_by": {"person": "x"},
}
REJECT = {"id": "r1", "origin": "registered", "field": "petitioner.phone", "rule": "V-3", "reason": "电话有误。"}
ROW = REJECT | {"times": 2, "first_at": WHEN, "last_at": WHEN, "source": None}


@pytest.fixture
def registrar(offices, sign_in):
    offices.answers |= {
        "intake.rejects": {"rows": [ROW], "next": None},
        "intake.drafts": {"rows": [{"id": "d1", "subject": "噪声扰民", "saved_at": WHEN}], "next": "1.d1"},
        "intake.reject": REJECT | {"content": CONTENT},
        "intake.draft": {"id": "d1", "content": CONTENT, "saved_at": WHEN},
        "intake.drop_reject": {"id": "r1"},
        "intake.drop_draft": {"id": "d1"},
    }
    return sign_in("registrar")


def form_of(text):
    found = dict(re.findall(r'<input type="(?:hidden|text)"[^>]* name="([^"]+)" value="([^"]*)"', text))
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL)
    return {name: html.unescape(value) for name, value in {**found, **dict(areas)}.items()}


def send(person, path, **typed):
    return person.client.post(path, data={"csrf_token": person.csrf, **typed})


def test_the_page_lists_both_and_the_desk_leads_there(registrar):
    shown = registrar.get("/desk/unfinished/").text

    assert "电话有误。" in shown
    assert "噪声扰民" in shown
    assert 'href="/desk/unfinished/"' in registrar.get("/desk/inbox").text


def test_both_lists_go_on_each_at_its_own_place(registrar, offices):
    offices.answers["intake.rejects"] = {"rows": [ROW], "next": "r1"}
    shown = html.unescape(registrar.get("/desk/unfinished/?after=r0").text)
    links = re.findall(r'<div class="pager"><a class="button plain" href="([^"]+)"', shown)

    assert links == ["/desk/unfinished/?after=r1", "/desk/unfinished/?after=r0&drafts_after=1.d1"]
    assert registrar.get(links[1]).status_code == 200
    assert (offices.last("intake.rejects")["after"], offices.last("intake.drafts")["after"]) == ("r0", "1.d1")


def test_refused_input_is_opened_with_a_reason_mended_and_filed(registrar, offices):
    path = "/desk/unfinished/rejects/r1"
    assert send(registrar, path, reason="").status_code == 422
    opened = send(registrar, path, reason="改正电话")
    assert offices.last("intake.reject")["reason"] == "改正电话"
    assert "电话有误。" in opened.text
    assert "registered_by" not in opened.text

    receipt = send(registrar, "/desk/unfinished/file", **form_of(opened.text) | {"petitioner.phone": "13997000000"})

    assert receipt.status_code == 201, receipt.text
    filed = offices.last("intake.register")
    assert (filed["reject_id"], filed["channel"], filed["persons"]) == ("r1", "letter", 3)
    assert filed["petitioner"] == {"name": "马秀兰", "phone": "13997000000"}
    assert [claim["text"] for claim in filed["claims"]] == ["恢复供热", "退费"]
    assert filed["registered_by"]["person"] != "x"


def test_what_is_refused_again_stays_on_the_page(registrar, offices):
    opened = send(registrar, "/desk/unfinished/rejects/r1", reason="改正电话")
    offices.answers["intake.register"] = Answered(problem("invalid", 422, "电话仍有误。", field="petitioner.phone"))

    again = send(registrar, "/desk/unfinished/file", **form_of(opened.text) | {"petitioner.phone": "456"})

    assert again.status_code == 422
    assert "电话仍有误。" in again.text
    assert 'value="456"' in again.text


def test_what_the_page_itself_refuses_is_kept_as_it_was_typed_and_settled_with_the_first(registrar, offices):
    again = "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0002"
    offices.answers["intake.keep_refused"] = {"reject_id": again, "why": ""}
    opened = send(registrar, "/desk/unfinished/rejects/r1", reason="改正电话")

    refused = send(registrar, "/desk/unfinished/file", **form_of(opened.text) | {"persons": "0", "subject": "供暖三天"})

    assert refused.status_code == 422
    kept = offices.last("intake.keep_refused")
    assert (kept["content"]["subject"], kept["content"]["reject_id"]) == ("供暖三天", "r1")
    assert kept["registered_by"]["role"] == "R"

    receipt = send(registrar, "/desk/unfinished/file", **form_of(refused.text) | {"persons": "3"})

    assert receipt.status_code == 201, receipt.text
    assert (offices.last("intake.register")["reject_id"], offices.last("intake.register")["subject"]) == (
        again,
        "供暖三天",
    )


def test_who_gives_up_a_draft_that_was_refused_drops_the_draft_with_the_reject(registrar, offices):
    offices.answers["intake.keep_refused"] = {"reject_id": "r2", "why": ""}
    offices.answers["intake.draft"] = {
        "id": "d1",
        "content": CONTENT | {"address_division": "630104"},
        "saved_at": WHEN,
    }
    opened = registrar.get("/desk/unfinished/drafts/d1")
    refused = send(registrar, "/desk/unfinished/file", **form_of(opened.text) | {"persons": "0"})
    assert refused.status_code == 422
    assert 'action="/desk/unfinished/rejects/r2/drop"' in refused.text

    carried = {"draft_id": form_of(refused.text)["draft_id"]}
    assert send(registrar, "/desk/unfinished/rejects/r2/drop", **carried).status_code == 303

    assert offices.last("intake.drop_reject")["id"] == "r2"
    assert offices.last("intake.drop_draft")["id"] == "d1"


def test_a_draft_that_the_page_of_registration_would_not_hold_is_filed_line_by_line_and_gone(registrar, offices):
    offices.answers["intake.draft"] = {
        "id": "d1",
        "content": CONTENT | {"address_division": "630104"},
        "saved_at": WHEN,
    }
    opened = registrar.get("/desk/unfinished/drafts/d1")
    filed = send(registrar, "/desk/unfinished/file", **form_of(opened.text))

    assert filed.status_code == 201, filed.text
    assert offices.last("intake.register")["draft_id"] == "d1"


def test_either_is_dropped(registrar, offices):
    assert send(registrar, "/desk/unfinished/rejects/r1/drop").status_code == 303
    assert send(registrar, "/desk/register/drafts/d1/drop").status_code == 303
    assert (offices.last("intake.drop_reject")["id"], offices.last("intake.drop_draft")["id"]) == ("r1", "d1")


def test_a_refused_row_of_an_import_is_mended_on_the_page_and_imported(registrar, offices):
    row = CONTENT | {"source": "board", "source_id": "17", "received_at": "someday"}
    offices.answers["intake.reject"] = REJECT | {"origin": "taken-over", "field": "received_at", "content": row}
    offices.answers["intake.import_reject"] = {"id": "r1", "number": "63010420250315X00001", "status": "imported"}
    opened = send(registrar, "/desk/unfinished/rejects/r1", reason="改正日期")

    done = send(registrar, "/desk/unfinished/file", **form_of(opened.text) | {"received_at": "2025-03-15"})

    assert (done.status_code, "63010420250315X00001" in done.text) == (201, True)
    sent = offices.last("intake.import_reject")
    assert (sent["id"], sent["content"]["received_at"], sent["content"]["source_id"]) == ("r1", "2025-03-15", "17")
    assert sent["content"]["registered_by"] == CONTENT["registered_by"]
    assert offices.times("intake.register") == 0


def test_a_row_that_is_still_wrong_stays_on_the_page(registrar, offices):
    row = CONTENT | {"source": "board", "source_id": "17", "received_at": "someday"}
    offices.answers["intake.reject"] = REJECT | {"origin": "taken-over", "field": "received_at", "content": row}
    opened = send(registrar, "/desk/unfinished/rejects/r1", reason="改正日期")
    offices.answers["intake.import_reject"] = Answered(problem("invalid", 422, "日期仍有误。", field="received_at"))

    again = send(registrar, "/desk/unfinished/file", **form_of(opened.text) | {"received_at": "soon"})

    assert (again.status_code, "日期仍有误。" in again.text, 'value="soon"' in again.text) == (422, True, True)


def test_a_forged_form_files_nothing(registrar, offices):
    assert send(registrar, "/desk/unfinished/file", carried="k1:x", subject="x").status_code == 422
    assert offices.times("intake.register") == 0


def test_others_see_neither_page_nor_link(sign_in):
    officer = sign_in("case_officer")

    assert officer.get("/desk/unfinished/").status_code == 403
    assert officer.get("/desk/unfinished/rejects/r1").status_code == 403
    assert "/desk/unfinished/" not in officer.get("/desk/inbox").text


def test_a_missing_value_gets_a_line_and_an_empty_one_was_not_said():
    lines = lines_of({"subject": "供暖"}, FIELDS, "text")

    assert [(line.path, line.kind) for line in lines] == [("text", "long"), ("subject", "text")]
    assert mended({"subject": "供暖"}, {"text": "只有14度", "subject": " "}, lines) == {"text": "只有14度"}
