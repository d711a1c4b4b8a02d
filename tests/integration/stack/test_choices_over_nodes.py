"""Over three nodes: how a petitioner wants to be told is known where the case is, also when it is changed later."""

import pytest
import requests

from tests.integration.stack.test_call_backs_over_nodes import FACTS, LETTER
from tests.integration.stack.test_disputes_over_nodes import Desk
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, DISTRICT = "630100", "630104"
AT_FILING = {"channels": ["letter"], "language": "en", "electronic": True}
LATER = {"channels": ["letter", "mail"], "language": "zh", "electronic": False}


def held(desk, number):
    found = desk.get(f"/cases/{number}/notices/choice")
    return {name: found.get(name) for name in AT_FILING}


def choose(stack, code, wanted):
    url = f"{stack.node(CITY).portal_url}/api/v1/track/notices/choice"
    answer = requests.post(url, json={"query_code": code, **wanted}, timeout=30)
    assert answer.ok, answer.text


def test_the_district_tells_the_petitioner_as_was_chosen_at_the_city(three_nodes):
    registrar, dispatcher = (Desk(three_nodes, CITY, role, "") for role in ("registrar", "dispatcher"))
    below = Desk(three_nodes, DISTRICT, "dispatcher", "")
    receipt = registrar.post("/cases", {**LETTER, "text": "事由丁戊己", "notice": AT_FILING})
    number = receipt["number"]
    if eventually(lambda: registrar.case(number).get("state"), within=150) == "S01":
        registrar.act(number, "register-case", **FACTS, claims=[{"number": 1}], same_matter_checked=True)
    dispatcher.act(number, "transfer-case", to_node=DISTRICT, to_unit="")
    eventually(lambda: below.case(number).get("holder") == DISTRICT, within=150)

    eventually(lambda: held(below, number) == AT_FILING, within=150)
    choose(three_nodes, receipt["query_code"], LATER)

    eventually(lambda: held(below, number) == LATER, within=150)
