"""Files follow their case from the city to the district to the street, and come back up, over HTTP between portals."""

import secrets
from contextlib import closing

import pytest
import requests

from services.portal.wiring import AccountDesk
from tests.support.files import PDF, digest, hand_in, photo
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT, STREET = "630100", "630104", "630104001"
PATIENCE = 90.0


class Office:
    """Somebody at one node, over HTTP; a dispatcher may see every case of it and send it on."""

    def __init__(self, node, role="dispatcher", unit=""):
        self.code = node.code
        self.url = f"{node.portal_url}/api/v1"
        login, password = f"files-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        with closing(AccountDesk(node.environment)) as desk:
            desk.add(login, password, role, unit)
        self.session = requests.Session()
        answer = self.session.post(f"{self.url}/sessions", json={"login": login, "password": password}, timeout=30)
        assert answer.status_code == 201, answer.text
        self.session.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def ask(self, method, path, **more):
        return self.session.request(method, self.url + path, timeout=30, **more)

    def files(self, case_no):
        answer = self.ask("GET", f"/cases/{case_no}/attachments")
        return {row["name"]: row for row in answer.json()["rows"]} if answer.ok else {}

    def act(self, case_no, act, **body):
        return self.ask("POST", f"/cases/{case_no}/acts/{act}", json=body).ok

    def send_on(self, case_no, to_node, to_unit=""):
        paper = {"matter": "人行道破损", "basis": "《信访工作条例》第二十二条"}
        return self.act(case_no, "transfer-case", to_node=to_node, to_unit=to_unit, paper=paper)

    def holds(self, case_no):
        return self.ask("GET", f"/cases/{case_no}").json().get("holder") == self.code

    def read(self, case_no, name):
        row = self.files(case_no)[name]
        return self.ask("GET", f"/cases/{case_no}/attachments/{row['id']}")


@pytest.fixture(scope="module")
def offices(three_nodes):
    return {code: Office(three_nodes.node(code)) for code in (CITY, DISTRICT, STREET)}


def anybody(three_nodes, code):
    url = f"{three_nodes.node(code).portal_url}/api/v1"
    return lambda method, path, **more: requests.request(method, url + path, timeout=30, **more)


def file_case(ask):
    """File a petition that the rules send down to the street."""
    nobody = "".join(
        secrets.choice("安柏成达恩芳光海吉康林明宁平青山") for _ in range(3)
    )  # a repeat would wait for a clerk
    form = {
        "subject": "西关大街人行道破损",
        "text": f"城西区西关大街{secrets.randbelow(900)}号门前人行道地砖破损，多次有人摔倒，请求维修。",
        "petitioner": {
            "name": f"马{nobody}",
            "phone": f"139{secrets.randbelow(10**8):08}",
            "address": f"西宁市城西区{nobody}小区",
        },
        "division": STREET,
    }
    receipt = ask("POST", "/cases", json=form)
    assert receipt.status_code == 201, receipt.text
    return receipt.json()["number"], receipt.json()["query_code"]


def bring_down(number, offices):
    """Send a case to the street, as far as the rules have not done so already."""
    eventually(
        lambda: (
            offices[STREET].holds(number)
            or offices[CITY].send_on(number, DISTRICT)
            or offices[DISTRICT].send_on(number, STREET, f"{STREET}.office")
        ),
        within=PATIENCE,
    )
    eventually(
        lambda: offices[STREET].holds(number) or offices[DISTRICT].send_on(number, STREET, f"{STREET}.office"),
        within=PATIENCE,
        every=0.5,
    )
    eventually(lambda: offices[STREET].holds(number), within=PATIENCE)


def test_files_follow_their_case_down_through_a_cut_and_back_up(three_nodes, offices):
    petitioner = anybody(three_nodes, CITY)
    number, code = file_case(petitioner)
    before, later = photo(colour="olive"), PDF + secrets.token_hex(8).encode()

    hand_in(petitioner, "/track/attachments", before, "路面.jpg", query_code=code)
    bring_down(number, offices)
    eventually(lambda: offices[STREET].files(number).get("路面.jpg", {}).get("state") == "here", within=PATIENCE)

    assert digest(offices[STREET].read(number, "路面.jpg").content) == digest(before)
    mine = petitioner("POST", "/track/attachments/list", json={"query_code": code}).json()["rows"]
    assert [(row["name"], row["kind"], row["added_by"]) for row in mine] == [("路面.jpg", "photo", "petitioner")]

    # the line between the portals is cut: the street is told of the file and shows that it is not there yet
    three_nodes.node(DISTRICT).program("portal").kill()
    hand_in(petitioner, "/track/attachments", later, "补充.pdf", query_code=code)
    eventually(lambda: offices[STREET].files(number).get("补充.pdf", {}).get("state") == "wanted", within=PATIENCE)
    refused = offices[STREET].read(number, "补充.pdf")
    assert (refused.status_code, refused.json()["code"]) == (409, "file-not-here")

    three_nodes.node(DISTRICT).program("portal").start()
    three_nodes.node(DISTRICT).program("portal").wait()
    eventually(lambda: offices[STREET].files(number).get("补充.pdf", {}).get("state") == "here", within=PATIENCE)
    assert offices[STREET].read(number, "补充.pdf").content == later

    # the street objects; what it added goes back up with the case, although only the street can dial
    added, officer = photo(colour="maroon"), Office(three_nodes.node(STREET), "case_officer", f"{STREET}.office")
    hand_in(officer.ask, f"/cases/{number}/attachments", added, "现场.jpg")
    reasons = {"reasons": "该路段由区里管养", "basis": "城西区市政管养分工"}
    assert officer.act(number, "object-to-transfer", proposed_organ=f"{DISTRICT}.housing", paper=reasons)
    uphold = {"paper": {"reason": "异议成立"}}
    eventually(lambda: offices[DISTRICT].act(number, "uphold-objection", **uphold), within=PATIENCE, every=0.5)
    eventually(lambda: offices[DISTRICT].files(number).get("现场.jpg", {}).get("state") == "here", within=PATIENCE)
    assert offices[DISTRICT].read(number, "现场.jpg").content == added
