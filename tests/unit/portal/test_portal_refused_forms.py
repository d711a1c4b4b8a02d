"""A form that is refused: each wrong field has its message beside it, the first one the focus, and nothing is lost.

No script does this: the page itself says where the focus goes. The same for every form of every page.
"""

from dataclasses import replace

import pytest

from lianxi.casework.identifiers import QueryCode
from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.answers import Answered
from services.portal.domain.page_forms import BOXES, by_box
from services.portal.handlers.access import digest
from tests.unit.portal.form_reading import ReadPage, nothing_amiss
from tests.unit.portal.gate import gate, person
from tests.unit.portal.offices import ACCEPTED, CASE_NO, a_case, problem

CODE = str(QueryCode.new(bytes))
CASE = f"/desk/cases/{CASE_NO}"
PETITION = {"subject": "供暖", "text": "只有14度。", "petitioner.name": "马秀兰", "petitioner.address": "西关大街12号"}


@pytest.fixture
def portal():
    made = gate()
    app = made.client.application
    app.extensions["portal"] = replace(app.extensions["portal"], files=None)
    made.offices.answers["intake.bring"] = {"number": CASE_NO}
    made.offices.answers["intake.rejects"] = {"rows": [], "next": None}
    made.offices.answers["intake.drafts"] = {"rows": [], "next": None}
    return made


def read(answer, status=422):
    """Return a refused page taken apart, once it is sure that its parts fit together and one thing has the focus."""
    assert answer.status_code == status, answer.text
    page = ReadPage(answer.text)
    assert nothing_amiss(page) == (True, page.faults())
    assert len(page.focused) == 1
    assert "<title>请改正：" in answer.text
    return page


def send(portal, path, role=A.CASE_OFFICER, **typed):
    """Send a form as somebody of a role; a double underscore stands for a dot."""
    who = person(role)
    portal.people[digest(who.login)] = who
    data = {name.replace("__", "."): text for name, text in typed.items()}
    return portal.client.post(path, data=data, headers={"Authorization": f"Bearer {who.login}"})


def test_the_first_wrong_box_of_a_petition_has_the_focus_whatever_was_found_first(portal):
    answer = portal.client.post(
        "/petition", data=PETITION | {"petitioner.phone": "12", "persons": "many", "subject": "", "agent.phone": "x"}
    )

    page = read(answer)
    assert page.wrong == ["subject", "persons", "agent.name", "agent.authority"]
    assert page.focused == ["subject"]
    assert page.links == page.wrong
    assert all(f'value="{text}"' in answer.text for text in ("12", "many", "x", "马秀兰"))
    assert "只有14度。" in answer.text


def test_a_wrong_box_in_a_part_that_is_folded_away_is_unfolded(portal):
    portal.offices.answers["intake.register"] = Answered(
        problem("invalid", 422, "电话号码有误。", field="co_signers.1.phone", rule="V-3")
    )

    answer = portal.client.post("/petition", data=PETITION | {"co_signers": "祁有才\n李占奎 12345"})

    assert read(answer).focused == ["co_signers"]
    assert "<details open><summary>与他人联名提出" in answer.text


def test_a_refusal_of_no_field_gives_the_focus_to_what_is_said(portal):
    portal.offices.answers["intake.register"] = Answered(problem("conflict", 409, "请稍后再试。"))

    page = read(portal.client.post("/petition", data=PETITION), 409)

    assert (page.focused, page.wrong, page.links) == (["wrong"], [], [])


@pytest.mark.parametrize(
    ("path", "field"), [("/track", "query_code"), ("/draft", "draft_code")], ids=["query code", "draft code"]
)
def test_a_code_that_is_wrong_stays_in_its_box_to_be_mended(portal, path, field):
    answer = portal.client.post(path, data={field: "ABC"})

    assert read(answer).focused == [field]
    assert 'value="ABC"' in answer.text


@pytest.mark.parametrize(
    ("name", "typed", "wrong"),
    [
        ("material", {}, ["material-text"]),
        ("withdrawal", {"text": "解决了"}, ["withdrawal-free_will"]),
        ("withdrawal", {}, ["withdrawal-text", "withdrawal-free_will"]),
    ],
)
def test_what_a_petitioner_asks_for_is_refused_beside_its_fields(portal, name, typed, wrong):
    shown = portal.client.post("/track", data={"query_code": CODE}).text
    ticket = shown.split('name="ticket" value="', 1)[1].split('"', 1)[0]

    answer = portal.client.post(f"/track/{name}", data={"ticket": ticket, **typed})

    page = read(answer)
    assert (page.wrong, page.focused) == (wrong, wrong[:1])
    assert typed.get("text", "") in answer.text


def test_a_rating_keeps_what_was_chosen(portal):
    portal.offices.answers["routing.track"] = portal.offices.answers["routing.track"] | {"state": "S16"}
    shown = portal.client.post("/track", data={"query_code": CODE}).text
    ticket = shown.split('name="ticket" value="', 1)[1].split('"', 1)[0]

    answer = portal.client.post("/track/rating", data={"ticket": ticket, "rated": "unit", "text": "较慢"})

    assert read(answer).focused == ["rating-rating"]
    assert '<option value="unit" selected>' in answer.text
    assert "较慢" in answer.text


def test_an_act_names_what_is_missing_and_what_is_wrong_at_once(portal):
    portal.offices.answers["routing.case"] = a_case(state="S15", claims=[{"number": 1, "route": "RT6"}])
    answer = send(
        portal,
        f"{CASE}/acts/record-service",
        service__method="direct",
        service__served_on="someday",
        seq="5",
        served="宁信意1号",
    )

    page = read(answer)
    assert page.wrong == ["service.served_on", "service.proof"]
    assert page.focused == ["service.served_on"]
    assert '<option value="direct" selected>' in answer.text
    assert "someday" in answer.text


def test_an_objection_without_anything_has_the_focus_on_its_first_field(portal):
    page = read(send(portal, f"{CASE}/acts/object-to-transfer", seq="5"))

    assert page.focused == page.wrong[:1]
    assert sorted(page.wrong) == ["paper.basis", "paper.reasons", "proposed_organ"]


def test_a_guard_that_refuses_has_the_focus_on_its_words(portal):
    portal.offices.answers["routing.act"] = Answered(problem("guard-refused", 409, "异议应在5个工作日内提出。"))
    answer = send(
        portal,
        f"{CASE}/acts/object-to-transfer",
        seq="5",
        paper__reasons="不属于职权",
        paper__basis="b",
        proposed_organ="c",
    )

    assert read(answer, 409).focused == ["wrong"]
    assert "不属于职权" in answer.text


@pytest.mark.parametrize(
    ("path", "role", "typed", "focused"),
    [
        (f"{CASE}/petitioner", A.CASE_OFFICER, {"reason": " "}, "reason"),
        (f"{CASE}/repeats/{ACCEPTED}", A.DISPATCHER, {"verdict": "same", "note": "长" * 501}, "note"),
        ("/desk/unfinished/rejects/r1", A.REGISTRAR, {"reason": ""}, "reason"),
        ("/desk/piles/dispatch/send", A.DISPATCHER, {"case_no": CASE_NO}, "to_node"),
        ("/desk/piles/dispatch/send", A.DISPATCHER, {"to_node": "630104"}, "cases"),
        ("/desk/proposals/P-630104-2026-1/dismiss", A.SUPERVISOR, {"reason": ""}, "P-630104-2026-1-reason"),
    ],
)
def test_the_forms_of_the_desk_keep_to_it_too(portal, path, role, typed, focused):
    answer = send(portal, path, role, **typed)

    assert read(answer).focused == [focused]
    if "case_no" in typed:
        assert f'value="{CASE_NO}" form="send" aria-label="选 {CASE_NO}" checked' in answer.text


def test_a_proposed_act_that_cannot_be_returned_keeps_the_reason_that_was_typed(portal):
    portal.offices.answers["routing.decide"] = Answered(problem("invalid", 422, "请写明理由。", field="reason"))

    answer = send(portal, "/desk/proposed/p-1", A.DEPARTMENT_LEADER, decision="return", reason="不妥")

    assert read(answer).focused == ["p-1-reason"]
    assert 'value="不妥"' in answer.text


def test_a_wrong_password_keeps_the_account_and_asks_for_the_password_again(portal):
    answer = portal.client.post("/sign-in", data={"login": "ma.jun", "password": "x"})

    assert read(answer, 401).focused == ["password"]
    assert 'value="ma.jun"' in answer.text


def test_messages_come_in_the_order_of_the_page_and_each_at_a_box():
    found = by_box({"nowhere": "a", "notice.channels.0": "b", "agent": "c", "subject": "d"}, BOXES)

    assert list(found.items()) == [("subject", "d"), ("agent.name", "c"), ("notice.channels", "b"), ("nowhere", "a")]
