"""The compose file as an operator uses it: all healthy, a case through three nodes, parts killed, nothing lost."""

import json
import subprocess
import time

import pytest
import requests

from lianxi.ops.demo.office import StoryBroken, wait_for
from tests.compose.containers import compose, states

PARTS = (
    "broker-city",
    "broker-district",
    "broker-street",
    "database",
    "routing",
    "intake",
    "relay",
    "district-services",
    "street-relay",
    "street-services",
)
PATIENCE = 180.0
PAPER = {"matter": "人行道破损", "basis": "《信访工作条例》第二十二条"}
pytestmark = [pytest.mark.usefixtures("containers"), pytest.mark.timeout(900)]


def inspected(service):
    container = states()[service]["ID"]
    done = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]


def file_petition(office, number):
    """File on the web at the city, again after an answer that says: later."""
    body = {
        "subject": f"西关大街人行道地砖破损（{number}）",
        "text": "西关大街北侧公交站旁的人行道地砖大面积松动，上周有老人被绊倒。请尽快修补路面。",
        "division": "630104001",
        "petitioner": {"name": "刘得录", "phone": f"1990000{number:04d}", "address": f"西宁市住址{number}号"},
    }
    headers = {"Idempotency-Key": f"compose-{number}-{time.monotonic_ns()}"}

    def filed():
        try:
            answer = requests.post(f"{office.url}/api/v1/cases", json=body, headers=headers, timeout=30)
        except requests.RequestException:
            return None
        assert answer.status_code in {201, 429, 502, 503, 504}, answer.text
        return answer.json() if answer.status_code == 201 else None

    return wait_for(filed, "登记成功", PATIENCE)["number"]


def at_the_street(city, number, within=PATIENCE):
    """Follow a case down to the street; where no rule sends it on from the district, its dispatcher does."""
    district, street = city["630104"], city["630104001"]

    def seen_by(office):
        page = office.try_ask("dispatcher", "GET", f"/cases/{number}")
        return page.json() if page.ok else {}

    def arrived():
        try:
            if seen_by(street).get("state") == "S06":
                return True
            here = seen_by(district)
            if (here.get("state"), here.get("holder")) == ("S02", "630104") and not here.get("transfer"):
                onward = {"to_node": "630104001", "to_unit": "630104001.office", "paper": PAPER}
                district.try_ask("dispatcher", "POST", f"/cases/{number}/acts/transfer-case", json=onward)
        except (requests.RequestException, ValueError, StoryBroken):
            return False  # a part of it is down
        return False

    return wait_for(arrived, f"{number} 到达街道", within)


def test_every_container_is_healthy_or_has_done_its_work():
    for name, state in states().items():
        done = state["State"] == "exited" and state["ExitCode"] == 0
        assert done or state["Health"] == "healthy", f"{name}: {state['State']} {state['Health']}"


@pytest.mark.parametrize("service", ["portal", "routing", "district-services", "street-relay"])
def test_a_process_of_lianxi_is_nobody_special(service):
    assert compose("exec", "--no-TTY", service, "id", "-u").strip() == "10001"
    assert inspected(service)["HostConfig"]["Memory"] > 0
    assert inspected(service)["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_only_loopback_is_published():
    published = [port for state in states().values() for port in state["Publishers"] or () if port["PublishedPort"]]

    assert published
    assert {port["URL"] for port in published} == {"127.0.0.1"}


def test_a_petition_travels_to_the_street_and_its_answer_comes_back(city):
    number = file_petition(city["630100"], 1)
    assert at_the_street(city, number)

    street = city["630104001"]
    street.act("case_officer", number, "accept-case", paper={"path": "信访程序", "procedure": "调查核实后书面答复"})

    assert city["630100"].until(number, "S10", "630104001")


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_lost_when_a_part_is_killed(city, part):
    before = file_petition(city["630100"], 10 + PARTS.index(part))
    compose("kill", part)
    compose("up", "--detach", part)
    during = file_petition(city["630100"], 100 + PARTS.index(part))
    compose("up", "--detach", "--wait", within=PATIENCE)
    after = file_petition(city["630100"], 200 + PARTS.index(part))

    for number in (before, during, after):
        assert at_the_street(city, number)
