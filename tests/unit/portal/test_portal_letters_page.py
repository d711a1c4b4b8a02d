"""The print room's page: what waits, the sheets as they go to the printer, and what the post made of the letters."""

import base64

import pytest

from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.answers import Answered
from services.portal.handlers.access import digest
from tests.unit.portal.form_reading import ReadPage, nothing_amiss
from tests.unit.portal.gate import gate, person
from tests.unit.portal.offices import CASE_NO, problem

LETTER = {
    "id": "l1",
    "case_no": CASE_NO,
    "rule": "acceptance-notice",
    "title": "受理告知",
    "state": "queued",
    "since": "2026-03-02T09:00:00+08:00",
    "printed_at": None,
    "posted_on": None,
    "tracking_no": "",
    "arrived_on": None,
    "returned_on": None,
    "note": "",
}
SHEETS = "<!doctype html>\n<html><head><style>p{}</style></head><body>\n<article>马秀兰</article></body></html>"


class PrintRoom:
    """A registrar before the page."""

    def __init__(self):
        self.portal = gate()
        self.offices = self.portal.offices
        self.offices.answers |= {
            "notify.letters": {"rows": [LETTER, LETTER | {"id": "l2"}], "next": "7"},
            "notify.print_letters": {"printed": ["l1"], "without_address": ["l2"], "format": "html", "content": SHEETS},
            "notify.post_letter": lambda body: {"id": body["id"], "state": "posted"},
            "notify.letter_returned": lambda body: {"id": body["id"], "state": "returned"},
        }
        who = person(A.REGISTRAR)
        self.portal.people[digest(who.login)] = who
        self.headers = {"Authorization": f"Bearer {who.login}"}

    def get(self, path="/desk/letters"):
        return self.portal.client.get(path, headers=self.headers)

    def post(self, step, **typed):
        return self.portal.client.post(f"/desk/letters/{step}", data=typed, headers=self.headers)


@pytest.fixture
def room():
    return PrintRoom()


@pytest.mark.parametrize("state", ["queued", "printed", "posted", "returned", "delivered"])
def test_the_letters_of_a_state_are_listed_with_what_can_be_done_with_them(room, state):
    text = room.get(f"/desk/letters?state={state}").text

    page = ReadPage(text)
    assert nothing_amiss(page) == (True, page.faults())
    assert room.offices.last("notify.letters")["state"] == state
    assert text.count('name="letters"') == (0 if state == "delivered" else 2)
    assert ("重新打印" in text) is (state in {"printed", "returned"})
    assert ("登记寄出" in text) is (state == "printed")
    assert ("登记签收" in text) is (state == "posted")
    assert f"/desk/letters?state={state}&amp;after=7" in text


def test_the_chosen_letters_come_as_sheets_that_nothing_can_reach_into(room):
    answer = room.post("print", letters=["l1", "l2"], format="html")

    assert answer.status_code == 200
    assert "<article>马秀兰</article>" in answer.text
    assert "另有1封没有收信地址" in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert room.offices.last("notify.print_letters")["ids"] == ["l1", "l2"]
    assert "马秀兰" not in room.get().text


def test_they_come_as_a_file_for_an_office_program_too(room):
    content = base64.b64encode(b"PK...").decode()
    room.offices.answers["notify.print_letters"] = {
        "printed": ["l1"],
        "without_address": [],
        "format": "docx",
        "content": content,
    }

    answer = room.post("print", letters="l1", format="docx")

    assert (answer.data, "letters.docx" in answer.headers["Content-Disposition"]) == (b"PK...", True)


def test_letters_without_any_address_are_told_instead_of_an_empty_sheet(room):
    room.offices.answers["notify.print_letters"] = {
        "printed": [],
        "without_address": ["l1"],
        "format": "html",
        "content": "",
    }

    assert "都没有收信地址" in room.post("print", letters="l1").text


@pytest.mark.parametrize("step", ["print", "posted"])
def test_nothing_chosen_is_told_at_the_table(room, step):
    answer = room.post(step, on="2026-03-02", state="printed")

    assert answer.status_code == 422
    assert ReadPage(answer.text).focused == ["letters"]
    assert room.offices.times("notify.post_letter") == room.offices.times("notify.print_letters") == 0


def test_what_was_posted_is_written_down_letter_by_letter_with_its_own_number(room):
    answer = room.post("posted", letters=["l1", "l2"], on="2026-03-02", state="printed", **{"tracking_no.l2": "XA2"})

    assert (answer.status_code, answer.location) == (303, "/desk/letters?state=printed&done=2")
    sent = [body for door, body, _ in room.offices.asked if door == "notify.post_letter"]
    assert [(body["id"], body["tracking_no"], body["on"]) for body in sent] == [
        ("l1", "", "2026-03-02"),
        ("l2", "XA2", "2026-03-02"),
    ]
    assert "已登记2封" in room.get(answer.location).text


def test_a_wrong_day_writes_nothing_down_and_keeps_what_was_typed(room):
    answer = room.post(
        "posted", letters=["l2"], on="yesterday", note="平信", state="printed", **{"tracking_no.l2": "XA2"}
    )

    page = ReadPage(answer.text)
    assert (answer.status_code, page.focused, page.wrong) == (422, ["on"], ["on"])
    assert all(f'value="{text}"' in answer.text for text in ("平信", "XA2"))
    assert 'value="l2" aria-label="选 63010400020260302W00012 受理告知" checked' in answer.text
    assert 'value="l1" aria-label="选 63010400020260302W00012 受理告知">' in answer.text
    assert room.offices.times("notify.post_letter") == 0


def test_a_refusal_of_notify_is_told_on_the_page(room):
    room.offices.answers["notify.letter_returned"] = Answered(
        problem("invalid", 422, "该信函现为“queued”，不能登记此项。", field="id", rule="letter-state")
    )

    answer = room.post("returned", letters="l1", on="2026-03-02", state="posted")

    assert answer.status_code == 422
    assert "不能登记此项" in answer.text
