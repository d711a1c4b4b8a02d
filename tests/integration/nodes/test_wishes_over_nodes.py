"""A petitioner speaks while the case is on a line that is cut, and routing is killed: it is heard in the end."""

from contextlib import contextmanager

import pytest
import requests

from lianxi.runtime.clock import SystemClock
from tests.integration.stack.test_disputes_over_nodes import Desk
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT = "630100", "630104"
FORESTRY = f"{DISTRICT}.forestry"
PETITION = {
    "channel": "letter",
    "subject": "来信",
    "text": "事由一二三",
    "petitioner": {"name": "马秀兰", "phone": "13997000000", "address": "城西区"},
    "same_matter_checked": True,
}
FACTS = {"purpose": "求决", "petition_class": "C", "category": ["城乡建设"], "same_matter_checked": True}


class Petitioner:
    """Somebody with a query code at the portal of a node."""

    def __init__(self, stack, node, code):
        self._url = f"{stack.node(node).portal_url}/api/v1/track"
        self._code = code

    def says(self, name, key="", **given):
        headers = {"Idempotency-Key": key} if key else {}
        body = {"query_code": self._code, **given}
        answer = requests.post(f"{self._url}/{name}", json=body, headers=headers, timeout=30)
        return answer.status_code, answer.json()

    def sees(self):
        answer = requests.post(self._url, json={"query_code": self._code}, timeout=30)
        return answer.json() if answer.ok else {}

    def waits_for(self):
        return [(wish["name"], wish["state"]) for wish in self.sees().get("wishes", [])]


@pytest.fixture
def registrar(three_nodes):
    return Desk(three_nodes, CITY, "registrar", "")


@pytest.fixture
def dispatcher(three_nodes):
    return Desk(three_nodes, CITY, "dispatcher", "")


@contextmanager
def cut(stack):
    """The line between city and district is cut."""
    stack.cut_link(DISTRICT)
    try:
        yield
    finally:
        stack.heal_link(DISTRICT)


def on_the_line(stack, registrar, dispatcher, unit):
    """A petition of the city, sent off to the district; return its number and petitioner."""
    receipt = registrar.post("/cases", PETITION)
    number = receipt["number"]
    state = eventually(lambda: registrar.case(number).get("state"), within=150)
    if state == "S01":
        registrar.act(number, "register-case", **FACTS, place=DISTRICT, claims=[{"number": 1}])
    dispatcher.act(number, "transfer-case", to_node=DISTRICT, to_unit=unit)
    assert registrar.case(number)["transfer"]["to_node"] == DISTRICT
    return number, Petitioner(stack, CITY, receipt["query_code"])


def heard(desk, number):
    """Whether the case is withdrawn and nothing that was said waits any more, as a clerk sees it."""
    seen = desk.case(number)
    return seen.get("state") == "S62" and seen["wishes"] == []


def labels(desk, number):
    return [step["act"] for step in desk.case(number)["history"]]


def test_who_urges_and_withdraws_while_the_line_is_cut_is_heard_at_the_district_in_that_order(
    three_nodes, registrar, dispatcher
):
    with cut(three_nodes):
        number, petitioner = on_the_line(three_nodes, registrar, dispatcher, f"{DISTRICT}.housing")
        urged, _ = petitioner.says("urge", key=f"urging-{number}")
        again, _ = petitioner.says("urge", key=f"urging-{number}")
        withdrawn, answer = petitioner.says("withdrawal", text="问题已经解决", free_will=True)
        refused, _ = petitioner.says("withdrawal", text="问题已经解决", free_will=True, key="another-key-of-16")
        services = three_nodes.node(CITY).program("services")
        services.kill()
        services.start()
        services.wait()
        eventually(lambda: dispatcher.case(number).get("wishes"), within=150)
        waiting = petitioner.waits_for()
        piled = [row["case_no"] for row in dispatcher.get("/piles/wish")["rows"]]

    eventually(lambda: "撤回" in petitioner.sees().get("state", ""), within=150)
    eventually(lambda: petitioner.waits_for() == [], within=150)

    assert (urged, again, withdrawn, refused, answer["status"]) == (202, 202, 202, 409, "waiting")
    assert waiting == [("urge", "waiting"), ("withdrawal", "waiting")]
    assert number in piled
    seen = dispatcher.case(number)
    assert (seen["state"], seen["holder"]) == ("S62", DISTRICT)
    assert labels(dispatcher, number)[-3:] == ["T15", "T55", "T42"]
    assert labels(Desk(three_nodes, DISTRICT, "dispatcher", ""), number) == labels(dispatcher, number)


def test_what_was_said_is_done_here_when_the_district_sends_the_case_back_and_what_cannot_be_is_told(
    three_nodes, registrar, dispatcher
):
    leader = Desk(three_nodes, DISTRICT, "department_leader", "")
    today = SystemClock(three_nodes.clock_offset_file).today().isoformat()
    closed = {"valid_from": today, "valid_to": today, "facts": {"closed": True}, "reason": "机构调整"}
    leader.post(f"/units/{FORESTRY}/changes", closed)

    with cut(three_nodes):
        number, petitioner = on_the_line(three_nodes, registrar, dispatcher, FORESTRY)
        petitioner.says("material", text="另有照片三张。")
        petitioner.says("completion", text="身份证明见附件。")

    eventually(lambda: dispatcher.case(number).get("transfer", "") is None, within=150)
    eventually(lambda: [wish["state"] for wish in dispatcher.case(number)["wishes"]] == ["refused"], within=150)

    seen = dispatcher.case(number)
    assert (seen["state"], seen["holder"]) == ("S02", CITY)
    assert labels(dispatcher, number)[-2:] == ["T50", "T54"]
    [wish] = petitioner.sees()["wishes"]
    assert (wish["name"], wish["state"]) == ("completion", "refused")
    assert "补正核实" in wish["text"]
    told = eventually(lambda: about(dispatcher, number, "wish-refused"), within=150)
    assert "补正" in told["title"]


def about(desk, number, kind):
    rows = desk.get("/inbox").get("rows", [])
    return next((row for row in rows if (row["case_no"], row["kind"]) == (number, kind)), None)
