"""The way back of an agency: its acts over HTTP with its token, and the clocks that react as for a unit at the desk."""

import json
from contextlib import closing

import pytest
import requests

from lianxi.bus.calls import Calls
from lianxi.runtime.clock import new_id
from tests.integration.agencies.test_agency_on_a_node import DISTRICT, UNIT, a_case_at_the_unit, lianxi
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
RT6 = [{"number": 1, "petition_class": "C", "route": "RT6"}]
OPINION = {
    "request": "要求恢复供暖",
    "facts": "经现场核查，反映的情况属实",
    "opinion": "予以支持，七日内完成整改",
    "basis": "《信访工作条例》第三十一条第六项",
    "remedy": "可在收到之日起三十日内申请复查",
}


@pytest.fixture(scope="module")
def bureau(three_nodes):
    """The housing bureau of the district, registered as an agency; removed in the end."""
    name = f"housing-{new_id()[-6:]}"
    added = json.loads(
        lianxi(
            three_nodes, "add", name, "--unit", UNIT, "--field", "unit", "--webhook", "https://a.example.org", "--json"
        )
    )
    yield Bureau(three_nodes.node(DISTRICT), added["secrets"]["token"])
    lianxi(three_nodes, "remove", name)


class Bureau:
    """What a program of the agency has: an address, a token, and nothing else."""

    def __init__(self, node, token):
        self._node, self._token = node, token

    def ask(self, method, path, body=None, key=None):
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Idempotency-Key": key} if key else {})
        url = f"{self._node.portal_url}/api/v1/agency/cases/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=60)

    def acts(self, number):
        """The state of a case and the acts that are open."""
        shown = self.ask("GET", number).json()
        return shown["state"], set(shown["acts"])

    def act(self, number, act, **fields):
        """Answer a case, twice under the same key, as a careful program does."""
        key = f"housing-{act}-{number}"
        first, again = (self.ask("POST", f"{number}/acts/{act}", fields, key) for _ in range(2))
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        return first

    def clocks(self, number):
        """The clocks of a case as the district supervises them: code → (status, legal due day)."""
        with closing(Calls(self._node.amqp_uri)) as calls:
            rows = calls.call("supervision", "clocks", {"case_no": number}, timeout=30)["rows"]
        return {row["clock"]: (row["status"], row["legal_due"]) for row in rows}

    def status_of(self, number, clock):
        return self.clocks(number).get(clock, ("", ""))[0]


def waiting_at(bureau, three_nodes):
    """A case that waits for the bureau, known to supervision."""
    number = a_case_at_the_unit(three_nodes)
    eventually(lambda: bureau.status_of(number, "NOTICE") == "open", within=150, every=0.5)
    assert bureau.status_of(number, "OBJECT") == "open"
    assert bureau.acts(number)[0] == "S06"
    return number


def test_a_case_is_accepted_classified_extended_and_answered_with_an_opinion(bureau, three_nodes):
    number = waiting_at(bureau, three_nodes)

    accepted = bureau.act(number, "accept-case", paper={"path": "信访程序"})
    eventually(lambda: bureau.status_of(number, "NOTICE") == "closed", within=150, every=0.5)
    after_acceptance = bureau.clocks(number)
    bureau.act(number, "classify-case", claims=RT6)
    eventually(lambda: bureau.status_of(number, "HANDLE") == "open", within=150, every=0.5)
    sixty = bureau.clocks(number)["HANDLE"][1]
    extended = bureau.act(number, "extend-handling", days=30, paper={"reason": "情况复杂，经负责人批准"})
    eventually(lambda: bureau.clocks(number)["HANDLE"][1] > sixty, within=150, every=0.5)
    drafted = bureau.act(number, "submit-opinion", outcomes=[{"number": 1, "outcome": "SUPPORT"}], paper=OPINION)

    assert [answer.status_code for answer in (accepted, extended, drafted)] == [200] * 3, drafted.text
    assert after_acceptance["OBJECT"][0] != "open", "who accepts can no longer object"
    assert accepted.json()["documents"], "the notice of acceptance has its number"
    assert bureau.acts(number)[0] == "S14"
    assert bureau.status_of(number, "HANDLE") == "open", "a draft is no answer yet: the head of the unit signs it"


def test_an_objection_closes_its_clock_and_opens_that_of_whoever_decides(bureau, three_nodes):
    number = waiting_at(bureau, three_nodes)

    refused = bureau.ask("POST", f"{number}/acts/object-to-transfer", {"paper": {}}, f"no-reasons-{number}")
    objected = bureau.act(
        number,
        "object-to-transfer",
        proposed_organ=f"{DISTRICT}.civil-affairs",
        paper={"reasons": "供暖由城市管理部门负责", "basis": "三定规定"},
    )
    eventually(lambda: bureau.status_of(number, "OBJ_DECIDE") == "open", within=150, every=0.5)

    assert (refused.status_code, objected.status_code) == (422, 200), objected.text
    assert bureau.status_of(number, "OBJECT") == "closed"
    assert bureau.acts(number)[0] == "S07"


def test_an_act_out_of_turn_and_a_case_of_another_unit_are_refused_with_the_reason(bureau, three_nodes):
    number = waiting_at(bureau, three_nodes)
    before = bureau.clocks(number)

    early = bureau.ask(
        "POST", f"{number}/acts/extend-handling", {"days": 30, "paper": {"reason": "x"}}, f"early-{number}"
    )
    no_such = bureau.ask("GET", number.replace("W", "X"))

    assert early.status_code == 409
    assert early.json()["detail"]
    assert no_such.status_code in {403, 404}
    assert bureau.clocks(number) == before
