"""Over three nodes with all their processes: disputes decided above and done below (T19, T20), claims on their ways."""

import os
import secrets
from contextlib import closing

import pytest
import requests

from services.portal.domain.forms import Places, form_for, nested
from services.portal.wiring import AccountDesk
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT, STREET = "630100", "630104", "630104001"
HOUSING, OFFICE, CITY_HOUSING = f"{DISTRICT}.housing", f"{STREET}.office", f"{CITY}.housing"
PEOPLE = {
    "registrar": (DISTRICT, "registrar", ""),
    "dispatcher": (DISTRICT, "dispatcher", ""),
    "leader": (DISTRICT, "department_leader", ""),
    "officer": (DISTRICT, "case_officer", HOUSING),
    "conference": (CITY, "conference_office", ""),
    "city": (CITY, "dispatcher", ""),
}
PETITION = {
    "channel": "letter",
    "subject": "来信",
    "text": "事由一二三",
    "petitioner": {"name": "马秀兰", "phone": "13997000000", "address": "城西区"},
    "same_matter_checked": True,
}


class Desk:
    """Somebody with a token at a node."""

    def __init__(self, stack, node, role, unit):
        login = f"{role.replace('_', '-')}-{secrets.token_hex(4)}"
        with closing(AccountDesk({**os.environ, **stack.node(node).environment})) as accounts:
            accounts.add(login, "correct-horse-9", role, unit)
            token = accounts.issue_token(login, "test", ["read", "file", "act"], 1)["token"]
        self._url = f"{stack.node(node).portal_url}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    def post(self, path, body):
        answer = requests.post(f"{self._url}{path}", json=body, headers=self._headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def said(self, path, body):
        answer = requests.post(f"{self._url}{path}", json=body, headers=self._headers, timeout=30)
        return answer.json() if answer.ok else {}

    def act(self, number, act, **body):
        return self.post(f"/cases/{number}/acts/{act}", body)

    def case(self, number):
        answer = requests.get(f"{self._url}/cases/{number}", headers=self._headers, timeout=30)
        return answer.json() if answer.ok else {}

    def get(self, path):
        answer = requests.get(f"{self._url}{path}", headers=self._headers, timeout=30)
        return answer.json() if answer.ok else {}


@pytest.fixture(scope="module")
def people(three_nodes):
    return {name: Desk(three_nodes, *place) for name, place in PEOPLE.items()}


@pytest.fixture
def number(people):
    """A case of two claims that lies with the district's dispatcher."""
    number = people["registrar"].post("/cases", PETITION)["number"]
    eventually(lambda: people["registrar"].case(number).get("state") in {"S01", "S02"}, within=150)
    facts = {"purpose": "求决", "petition_class": "C", "category": ["城乡建设"], "place": DISTRICT}
    claims = [{"number": 1}, {"number": 2}]
    if people["registrar"].case(number)["state"] == "S01":
        people["registrar"].act(number, "register-case", **facts, claims=claims, same_matter_checked=True)
    return number


def disputed(people, number, parties):
    """The housing office has it and disputes; consulting fails."""
    people["dispatcher"].act(number, "transfer-case", to_node=DISTRICT, to_unit=HOUSING)
    paper = {"reasons": "非本单位职权", "basis": "三定方案"}
    people["officer"].act(number, "raise-dispute", parties=parties, paper=paper)
    people["officer"].act(number, "refer-dispute", paper={"reason": "协商不成"})


def clock_of(desk, number, code):
    rows = desk.get(f"/cases/{number}/clocks").get("rows", [])
    return next((row for row in rows if row["clock"] == code), {})


def test_the_district_designates_and_the_street_has_the_case_without_anybody_sending_it(people, number):
    disputed(people, number, [HOUSING, OFFICE])
    eventually(lambda: clock_of(people["leader"], number, "DESIGNATE").get("node") == DISTRICT, within=150)

    people["leader"].act(number, "designate-organ", lead=OFFICE, assists=[HOUSING], paper={"reason": "属地"})

    eventually(lambda: people["city"].case(number).get("unit") == OFFICE, within=150)
    seen = people["city"].case(number)
    assert (seen["state"], seen["holder"], seen["assists"]) == ("S06", STREET, [HOUSING])
    eventually(lambda: clock_of(people["city"], number, "DESIGNATE").get("status") == "closed", within=150)


def test_the_citys_conference_takes_a_disputed_case_up_by_its_minutes(people, number):
    disputed(people, number, [HOUSING, CITY_HOUSING])
    eventually(
        lambda: (people["conference"].case(number).get("dispute") or {}).get("stage") == "conference", within=150
    )
    piles = people["conference"].get("/piles")["rows"]
    assert next(row for row in piles if row["pile"] == "conference")["cases"] >= 1

    paper = {"attended": "市住建局、区住建局", "minutes": "由市住建局主办"}
    sent = people["conference"].act(number, "coordinate-dispute", lead=CITY_HOUSING, assists=[HOUSING], paper=paper)

    assert sent["status"] == "sent"
    eventually(lambda: people["city"].case(number).get("unit") == CITY_HOUSING, within=150)
    assert people["city"].case(number)["state"] == "S06"
    eventually(lambda: people["leader"].case(number).get("holder") == CITY, within=150)


def test_a_split_claim_goes_its_own_way_and_the_petitioner_travels_with_it(people, number):
    part = {"claims": [2], "petition_class": "C", "category": ["民政"], "place": STREET}
    people["dispatcher"].act(number, "split-case", parts=[part], paper={"reason": "诉求不同"})
    child = people["dispatcher"].case(number)["linked"][0]["case_no"]

    done = people["dispatcher"].post(
        "/acts",
        {"act": "transfer-case", "cases": [{"case_no": child}], "command": {"to_node": STREET, "to_unit": OFFICE}},
    )

    assert [row["status"] for row in done["rows"]] == ["done"]
    eventually(lambda: people["city"].case(child).get("holder") == STREET, within=150)
    linked = people["dispatcher"].case(child)["linked"]
    assert [(row["case_no"], row["kind"]) for row in linked] == [(number, "part-of")]


UNSURE = {
    **PETITION,
    "text": "学校老师说停水",
    "division": DISTRICT,
    "claims": [{"text": "恢复供水", "petition_class": "C"}, {"text": "建议公开水质", "petition_class": "A"}],
}


def form_of(desk, number, act, **typed):
    """Send the form of an act as it stands, with what only a person can say."""
    fields = form_for(act, desk.case(number), Places((), ()))
    return desk.act(number, act, **nested({**{field.name: field.value for field in fields}, **typed}, fields))


def claims_of(desk, number):
    return [(claim["petition_class"], claim["route"]) for claim in desk.case(number)["claims"]]


def test_two_written_claims_reach_their_own_cases_with_their_classes_past_a_clerk_who_changes_nothing(people):
    number = people["registrar"].post("/cases", UNSURE)["number"]
    eventually(lambda: people["registrar"].case(number).get("proposal"), within=150)
    assert people["registrar"].case(number)["state"] == "S01"

    form_of(people["registrar"], number, "register-case", same_matter_checked="yes")
    assert claims_of(people["dispatcher"], number) == [("C", None), ("A", None)]

    part = {"claims": [2], "petition_class": "A", "category": ["城乡建设"], "place": DISTRICT}
    people["dispatcher"].act(number, "split-case", parts=[part], paper={"reason": "诉求不同"})
    child = people["dispatcher"].case(number)["linked"][0]["case_no"]
    asked = {"reason": "核对诉求"}
    eventually(lambda: people["dispatcher"].said(f"/cases/{child}/petitioner", asked).get("claims"), within=150)
    words = people["dispatcher"].said(f"/cases/{child}/petitioner", asked)["claims"]
    assert [(claim["number"], claim["text"]) for claim in words] == [(1, "建议公开水质")]
    assert claims_of(people["dispatcher"], child) == [("A", None)]

    people["dispatcher"].act(number, "transfer-case", to_node=DISTRICT, to_unit=HOUSING)
    people["officer"].act(number, "accept-case")
    form_of(people["officer"], number, "classify-case", **{"paper.text": "适用信访程序"})
    assert claims_of(people["officer"], number) == [("C", "RT6")]
