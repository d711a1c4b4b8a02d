"""Organs at work over three real nodes: what is brought to one itself (T22), who assists (T53), and a new organ."""

import pytest
import requests

from tests.integration.stack.test_disputes_over_nodes import Desk, clock_of
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT, STREET = "630100", "630104", "630104001"
BUREAU, LOWER, OFFICE = f"{CITY}.housing", f"{DISTRICT}.housing", f"{STREET}.office"
VISIT = {
    "channel": "visit",
    "subject": "物业不履行监管职责",
    "text": "小区物业长期不公开账目，联系电话13897123456，请依法查处。",
    "petitioner": {"name": "马秀兰", "phone": "13997000000", "address": "城西区"},
    "reception_place": "局信访接待室",
    "read_back": True,
    "petition_class": "C",
    "category": ["城乡建设"],
    "division": DISTRICT,
    "same_matter_checked": True,
}
SAME = ("subject", "text", "petitioner", "same_matter_checked")
LETTER = {"channel": "letter"} | {name: VISIT[name] for name in SAME}
FACTS = {"purpose": "求决", "petition_class": "C", "category": ["城乡建设"], "place": DISTRICT}
RT5 = [{"number": 1, "petition_class": "C", "route": "RT5"}]


def progress(stack, code):
    answer = requests.post(f"{stack.node(CITY).portal_url}/api/v1/track", json={"query_code": code}, timeout=30)
    return answer.json() if answer.ok else {}


def test_what_is_brought_to_the_citys_bureau_goes_to_the_districts_which_does_its_duty(three_nodes):
    officer = Desk(three_nodes, CITY, "case_officer", BUREAU)
    below = Desk(three_nodes, DISTRICT, "case_officer", LOWER)

    receipt = officer.post("/cases", VISIT)
    number = receipt["number"]
    eventually(lambda: officer.case(number).get("state") == "S06", within=150)
    assert officer.case(number)["unit"] == BUREAU
    rows = eventually(lambda: officer.get(f"/cases/{number}/clocks").get("rows"), within=150)
    assert {row["clock"] for row in rows if row["status"] == "open"} == {"NOTICE", "NOTICE_KPI"}

    sent = officer.act(number, "forward-in-system", to_organ=LOWER)
    assert sent["documents"]
    eventually(lambda: below.case(number).get("unit") == LOWER, within=150)
    below.act(number, "accept-case")
    below.act(number, "classify-as-duty", claims=RT5)
    eventually(lambda: clock_of(below, number, "DUTY").get("status") == "open", within=150)
    below.act(number, "perform-duty", claims=RT5, paper={"answer": "已责令改正。"})

    eventually(lambda: clock_of(below, number, "DUTY").get("status") == "closed", within=150)
    seen = eventually(lambda: found_ended(progress(three_nodes, receipt["query_code"])), within=150)
    told = " ".join(step["text"] for step in seen["timeline"])
    assert all(word in told for word in ("机关直接收件", "转送本系统下级机关", "受理", "履行法定职责")), told


def found_ended(seen):
    return seen if "履职" in seen.get("state", "") else None


def test_a_street_that_assists_gives_its_part_while_the_line_is_cut_and_it_arrives_once(three_nodes):
    registrar = Desk(three_nodes, DISTRICT, "registrar", "")
    lead = Desk(three_nodes, DISTRICT, "case_officer", LOWER)
    helper = Desk(three_nodes, STREET, "case_officer", OFFICE)
    number = registrar.post("/cases", LETTER)["number"]
    state = eventually(lambda: registrar.case(number).get("state"), within=150)
    if state == "S01":
        registrar.act(number, "register-case", **FACTS, claims=[{"number": 1}], same_matter_checked=True)
    dispatcher = Desk(three_nodes, DISTRICT, "dispatcher", "")
    dispatcher.act(number, "transfer-case", to_node=DISTRICT, to_unit=LOWER, assists=[OFFICE])

    seen = eventually(lambda: helper.case(number), within=150)
    assert seen["acts"] == ["file-assist-opinion"]
    assert "请依法查处" in seen["text"]
    assert "13897123456" not in seen["text"]
    assert seen["petitioner"] == {}
    told = eventually(lambda: told_to_assist(helper, number), within=150)
    assert told["title"] == "指定为协办单位"

    three_nodes.cut_link(STREET)
    try:
        answer = helper.act(number, "file-assist-opinion", paper={"opinion": "街道已两次约谈物业公司。"})
        assert answer["status"] == "sent"
        lead.act(number, "urge-assists")
        [waiting] = lead.case(number)["assistance"]
        assert waiting["filed_on"] is None
    finally:
        three_nodes.heal_link(STREET)

    [given] = eventually(lambda: given_to(lead, number), within=150)
    document = lead.get(f"/cases/{number}/documents/{given['document']}")
    assert document["paper"]["opinion"] == "街道已两次约谈物业公司。"
    eventually(lambda: given_to(helper, number), within=150)
    acts = [step["name"] for step in lead.case(number)["history"]]
    assert acts.count("assist-opinion-filed") == 1
    eventually(lambda: helper.case(number)["seq"] == lead.case(number)["seq"], within=150)


def told_to_assist(desk, number):
    rows = desk.get("/inbox").get("rows", [])
    return next((row for row in rows if row["case_no"] == number), None)


def given_to(desk, number):
    return [row for row in desk.case(number).get("assistance", []) if row["filed_on"]]


def test_a_new_organ_of_a_street_is_known_above_and_sees_the_stamp_of_the_letter_that_is_sent_to_it(three_nodes):
    head = Desk(three_nodes, STREET, "department_leader", "")
    registrar = Desk(three_nodes, DISTRICT, "registrar", "")
    dispatcher = Desk(three_nodes, DISTRICT, "dispatcher", "")
    above = Desk(three_nodes, CITY, "dispatcher", "")
    new = f"{STREET}.park-office"
    today = head.get("/units")["on"]
    facts = {"name": "西关大街园区办", "leader_on_record": "马主任", "hours": "周一至周六"}

    head.post(f"/units/{new}/changes", {"valid_from": today, "facts": facts, "reason": "新设"})

    for desk in (dispatcher, above):
        row = eventually(lambda desk=desk: organ(desk, new), within=150)
        assert (row["name"], row["leader_on_record"], row["hours"]) == tuple(facts.values())
        assert organ(desk, new, on="2026-01-01") is None
    letter = {**LETTER, "posted_on": "2026-02-27", "stamp": "收文2026-17", "received_at": "2026-03-01T09:00:00+08:00"}
    number = registrar.post("/cases", letter)["number"]
    if eventually(lambda: registrar.case(number).get("state"), within=150) == "S01":
        registrar.act(number, "register-case", **FACTS, claims=[{"number": 1}], same_matter_checked=True)
    dispatcher.act(number, "transfer-case", to_node=STREET, to_unit=new)
    officer = Desk(three_nodes, STREET, "case_officer", new)
    eventually(lambda: officer.case(number).get("state") == "S06", within=150)

    seen = eventually(lambda: officer.said(f"/cases/{number}/petitioner", {"reason": "承办"}), within=150)
    assert (seen["stamp"], seen["posted_on"]) == ("收文2026-17", "2026-02-27")


def organ(desk, code, on=""):
    rows = desk.get(f"/units?node={STREET}{f'&on={on}' if on else ''}").get("rows", [])
    return next((row for row in rows if row["code"] == code), None)
