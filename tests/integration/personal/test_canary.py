"""A petition whose every word is a canary goes through three nodes, and none of them sings anywhere in clear.

Looked at are the logs of every process, the metrics, every table of every schema of every node (with what the bus and
the links hold in them), the answers to requests that were refused, and what an agency outside is told that was
granted every field there is.
"""

import importlib
import json
from contextlib import closing

import pytest
import requests

from lianxi.bus.calls import Calls
from lianxi.casework.agency_fields import AGENCY_FIELDS
from lianxi.ops.demo.office import Office, Person, wait_for
from lianxi.ops.local.programs import PROGRAMS
from lianxi.runtime.clock import new_id

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
PASSWORD = "Canary-Password-8264"
CITY, DISTRICT = "630100", "630104"
CANARIES = {
    "name": "欧阳貔貅",
    "id_number": "63010219790304001X",
    "phone": "13797531864",
    "email": "pixiu.canary@example.cn",
    "address": "西宁市城西区獬豸巷77号",
}
WORDS = {
    "subject": "饕餮小区墙皮脱落",
    "text": "狻猊楼墙皮脱落，电话13797531864，身份证63010219790304001X。",
}
SINGS = (*CANARIES.values(), "饕餮", "狻猊", "獬豸", "貔貅")


def office_of(node, name):
    """The portal of a node with a dispatcher and a leader of its own."""
    office = Office(node.code, name, node.portal_url)
    with closing(importlib.import_module("services.portal.wiring").AccountDesk(node.environment)) as desk:
        for role in ("dispatcher", "department_leader"):
            login = f"canary-{role.replace('_', '-')}-{new_id()[-8:]}"
            desk.add(login, PASSWORD, role, "")
            office.people[role] = Person(login, PASSWORD, role)
    return office


@pytest.fixture(scope="module")
def agency(three_nodes):
    """An agency that hears of every case of the district in every field there is; gives what it was told."""
    name = f"canary-{new_id()[-8:]}"
    fields = sorted(AGENCY_FIELDS)
    grant = {"name": name, "divisions": [DISTRICT], "fields": fields, "webhook": "https://agency.example.org/events"}
    with closing(Calls(three_nodes.node(DISTRICT).amqp_uri, name="canary")) as calls:
        calls.call("notify", "add_agency", {"grant": grant, "by": "canary"}, timeout=30)
        calls.call("notify", "change_agency", {"name": name, "action": "pause", "by": "canary"}, timeout=30)
        asked = {"login": f"agency-{name}", "after": 0, "limit": 500}
        yield lambda: calls.call("notify", "agency_events", asked, timeout=30)
        calls.call("notify", "change_agency", {"name": name, "action": "remove", "by": "canary"}, timeout=30)


@pytest.fixture(scope="module")
def flown(three_nodes, agency):  # noqa: ARG001  it has to be there before the petition
    """File the petition at the city, wait until the district has it, look at it in every way; return the answers."""
    city, district = (office_of(three_nodes.node(code), code) for code in (CITY, DISTRICT))
    petition = {**WORDS, "petitioner": CANARIES, "division": DISTRICT}
    refused = [
        requests.post(f"{city.url}/api/v1/cases", json=body, timeout=30)
        for body in (
            {**petition, "petitioner": {**CANARIES, "id_number": CANARIES["id_number"][:-1] + "0"}},
            {**petition, "subject": ""},
            {**petition, "persons": CANARIES["name"]},
        )
    ]
    filed = requests.post(f"{city.url}/api/v1/cases", json=petition, headers={"Idempotency-Key": new_id()}, timeout=30)
    assert filed.status_code == 201, filed.text
    number = filed.json()["number"]
    wait_for(lambda: city.knows(number), f"{number} is open at the city", within=150)
    by_hand = {"to_node": DISTRICT, "paper": {"matter": WORDS["subject"]}}
    city.try_ask("dispatcher", "POST", f"/cases/{number}/acts/transfer-case", json=by_hand)  # if the rules have not
    wait_for(lambda: district.knows(number), f"{number} reaches the district", within=150)
    district.until(number, "S02", DISTRICT)
    page = district.ask("dispatcher", "GET", f"/cases/{number}")
    whole = district.ask(
        "dispatcher", "POST", f"/cases/{number}/petitioner", json={"reason": f"{CANARIES['phone']}核实"}
    )
    above = city.ask("dispatcher", "GET", f"/cases/{number}")
    listed = district.ask("dispatcher", "GET", "/cases", params={"number": number})
    refused.append(city.try_ask("dispatcher", "POST", f"/cases/{number}/petitioner", json={"reason": "看看"}))
    refused.append(district.try_ask("dispatcher", "GET", f"/cases/{CANARIES['phone']}"))
    return {"number": number, "page": page, "whole": whole, "above": above, "listed": listed, "refused": refused}


def sings_in(text):
    """Return the canaries that stand in a text, plain, as JSON escapes or as the bytes of a binary column."""
    spelt = {canary: (canary, json.dumps(canary)[1:-1], canary.encode().hex()) for canary in SINGS}
    return sorted(canary for canary, forms in spelt.items() if any(form in text for form in forms))


def test_the_canaries_arrived_and_are_shown_to_their_handler_alone(flown):
    assert flown["whole"]["petitioner"] == CANARIES
    assert flown["page"]["text"] == WORDS["text"]
    assert flown["page"]["petitioner"]["phone"] == "137****1864"
    assert sings_in(json.dumps(flown["above"], ensure_ascii=False)) == []
    assert sings_in(json.dumps(flown["listed"], ensure_ascii=False)) == []


def test_no_refusal_repeats_a_canary(flown):
    assert [answer.status_code >= 400 for answer in flown["refused"]] == [True] * len(flown["refused"])
    assert {answer.request.url: found for answer in flown["refused"] if (found := sings_in(answer.text))} == {}


@pytest.mark.usefixtures("flown")
def test_no_log_holds_a_canary(three_nodes):
    logs = [path for path in three_nodes.directory.rglob("*.log") if path.is_file()]

    assert len(logs) >= 9
    found = {path.name: sings_in(path.read_text(encoding="utf-8", errors="replace")) for path in logs}
    assert {name: sung for name, sung in found.items() if sung} == {}


@pytest.mark.usefixtures("flown")
def test_no_metric_holds_a_canary(three_nodes):
    for node in three_nodes.nodes:
        for name in PROGRAMS:
            port = node.program(name).metrics_port
            assert sings_in(requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text) == []


@pytest.mark.usefixtures("flown")
def test_no_table_of_any_node_holds_a_canary(three_nodes):
    found = {}
    for node in three_nodes.nodes:
        with node.cluster.connect(node.database) as opened, opened.cursor() as cursor:
            cursor.execute(
                "SELECT schemaname, tablename FROM pg_tables"
                " WHERE schemaname IN ('intake', 'routing', 'supervision', 'notify', 'portal')"
            )
            for schema, table in cursor.fetchall():
                cursor.execute(f'SELECT to_jsonb(t)::text FROM "{schema}"."{table}" AS t')
                if sung := sings_in("\n".join(row for (row,) in cursor)):
                    found[node.code, schema, table] = sung

    assert found == {}


def test_no_event_of_an_agency_holds_a_canary(flown, agency):
    def heard():
        told = agency()
        return told if flown["number"] in json.dumps(told) else None

    assert sings_in(json.dumps(wait_for(heard, "the agency hears of the case", within=150), ensure_ascii=False)) == []
