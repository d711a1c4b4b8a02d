"""Over three nodes: who filed at the city is dissatisfied, and is called back by whoever was rated (T58)."""

import pytest
import requests

from tests.integration.stack.test_disputes_over_nodes import Desk
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT, STREET = "630100", "630104", "630104001"
OFFICE = f"{STREET}.office"
LETTER = {
    "channel": "letter",
    "subject": "来信",
    "text": "事由甲乙丙",
    "petitioner": {"name": "祁永寿", "phone": "13997000018", "address": "西关大街"},
    "same_matter_checked": True,
}
FACTS = {"purpose": "求决", "petition_class": "C", "category": ["城乡建设"], "place": STREET}
RT6 = [{"number": 1, "petition_class": "C", "route": "RT6"}]
OPINION = dict.fromkeys(("request", "facts", "opinion", "basis", "remedy"), "已核实")


def in_pile(desk, number):
    rows = desk.get("/piles/call-back").get("rows", [])
    return next((row for row in rows if row["case_no"] == number), None)


def answered_by_the_street(stack):
    """A letter to the city that the street's office has answered: its number, its query code, the answering day."""
    registrar, dispatcher = (Desk(stack, CITY, role, "") for role in ("registrar", "dispatcher"))
    receipt = registrar.post("/cases", LETTER)
    number = receipt["number"]
    if eventually(lambda: registrar.case(number).get("state"), within=150) == "S01":
        registrar.act(number, "register-case", **FACTS, claims=[{"number": 1}], same_matter_checked=True)
    dispatcher.act(number, "transfer-case", to_node=DISTRICT, to_unit="")
    below = Desk(stack, DISTRICT, "dispatcher", "")
    eventually(lambda: below.case(number).get("holder") == DISTRICT, within=150)
    below.act(number, "transfer-case", to_node=STREET, to_unit=OFFICE)
    officer, head = (Desk(stack, STREET, role, OFFICE) for role in ("case_officer", "unit_head"))
    eventually(lambda: officer.case(number).get("state") == "S06", within=150)
    officer.act(number, "accept-case")
    officer.act(number, "classify-case", claims=RT6)
    officer.act(number, "submit-opinion", outcomes=[{"number": 1, "outcome": "SUPPORT"}], paper=OPINION)
    head.act(number, "sign-opinion", paper=OPINION)
    today = officer.get("/units")["on"]
    officer.act(number, "serve-opinion", service={"method": "direct", "served_on": today, "proof": "回证"})
    eventually(lambda: registrar.case(number).get("served_on"), within=150)
    return number, receipt["query_code"], today


def rate(stack, code, rated, rating):
    url = f"{stack.node(CITY).portal_url}/api/v1/track/rating"
    answer = requests.post(url, json={"query_code": code, "rated": rated, "rating": rating}, timeout=30)
    assert answer.ok, answer.text


def test_the_street_and_the_city_call_back_whoever_rated_them_badly(three_nodes):
    number, code, today = answered_by_the_street(three_nodes)
    officer = Desk(three_nodes, STREET, "case_officer", OFFICE)
    stranger = Desk(three_nodes, STREET, "case_officer", f"{STREET}.other")
    registrar, between = Desk(three_nodes, CITY, "registrar", ""), Desk(three_nodes, DISTRICT, "registrar", "")

    rate(three_nodes, code, "unit", "dissatisfied")
    rate(three_nodes, code, "department", "dissatisfied")

    owed = eventually(lambda: in_pile(officer, number), within=150)
    assert owed["age_seconds"] >= 0
    eventually(lambda: in_pile(registrar, number), within=150)
    assert (in_pile(stranger, number), in_pile(between, number)) == (None, None)
    told = eventually(lambda: [row for row in officer.get("/inbox")["rows"] if row["case_no"] == number], within=150)
    assert "须回访信访人" in {row["title"] for row in told}

    nobody = {"caller": "韩主任", "result_of_call": "两次无人接听"}
    officer.act(number, "record-call-back", rated="unit", called_on=today, reached=False, paper=nobody)
    assert in_pile(officer, number)
    [call] = [call for call in officer.case(number)["call_backs"] if call["rated"] == "unit"]
    assert (call["unit"], call["attempts"]) == (OFFICE, 1)
    rate(three_nodes, code, "unit", "satisfied")
    eventually(lambda: in_pile(officer, number) is None, within=150)

    said = {"caller": "韩主任", "said": "对转送太慢不满", "result_of_call": "已说明"}
    sent = registrar.act(number, "record-call-back", rated="department", called_on=today, reached=True, paper=said)
    assert sent["status"] == "sent"
    eventually(lambda: in_pile(registrar, number) is None, within=150)
    labels = [step["label"] for step in registrar.case(number)["history"]]
    assert [label for label in labels if "回访" in label] == [
        "满意度评价（不满意，须回访）",
        "满意度评价（不满意，须回访）",
        "回访（未联系上）",
        "满意度评价（已更改，回访撤销）",
        "回访",
    ]
    document = officer.case(number)["documents"][-1]["number"]
    assert officer.get(f"/cases/{number}/documents/{document}")["paper"]["said"] == "对转送太慢不满"
