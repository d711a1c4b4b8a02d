"""The compose file as an operator uses it: all healthy, a case through three nodes, parts killed, nothing lost."""

import json
import subprocess
import time

import click
import pytest
import requests

from lianxi.ops.demo.office import StoryBroken, wait_for
from tests.compose.containers import DESCRIBED, MOST_DOWN, MOST_UP, ONCE, PARTS, compose, lianxi, seconds_of, states

PROMETHEUS = "http://127.0.0.1:9090/api/v1/query"
PATIENCE = 180.0
PAPER = {"matter": "人行道破损", "basis": "《信访工作条例》第二十二条"}
pytestmark = [pytest.mark.usefixtures("containers"), pytest.mark.timeout(900)]


def inspected(service):
    container = states()[service]["ID"]
    done = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]


def lianxi_that_may_fail(service, *arguments):
    """Run a command that also ends with 1, for what it says."""
    command = ["docker", "compose", "exec", "--no-TTY", service, "python", "-m", "lianxi.ops", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def measured(moment):
    """What Prometheus knows of the processes at a moment."""
    answer = requests.get(PROMETHEUS, {"query": 'up{job="lianxi"} == 1', "time": moment}, timeout=10)
    return answer.json()["data"]["result"] if answer.ok else []


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


def test_all_of_it_is_healthy_within_three_minutes(containers):
    assert containers <= MOST_UP


def test_the_image_backs_a_node_up_with_the_programs_it_has():
    server = DESCRIBED["database"]["image"].partition(":")[2].split(".")[0]
    found = [json.loads(line) for line in lianxi_that_may_fail("portal", "doctor", "--json").splitlines()]
    programs = [row for row in found if row["check"] == "backup"]

    assert len(programs) == len({row["says"] for row in programs}) == 2
    assert all(row["level"] == "ok" and f"PostgreSQL {server}" in row["says"] for row in programs)
    lianxi("portal", "backup", "--to", "/var/lib/lianxi/backups")
    assert "完好" in lianxi("portal", "backup", "--verify", "/var/lib/lianxi/backups")


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


def test_prometheus_keeps_what_it_measured_when_it_is_killed():
    wait_for(lambda: measured(time.time()), "Prometheus 有数据", PATIENCE)
    before = time.time()
    known = len(measured(before))

    compose("kill", "prometheus")
    compose("up", "--detach", "--wait", within=PATIENCE)

    assert len(measured(before)) == known


@pytest.mark.parametrize("service", ONCE)
def test_what_runs_once_may_run_again_and_loses_nothing(city, service):
    before = file_petition(city["630100"], 400 + ONCE.index(service))
    compose("run", "--rm", "--no-deps", "--no-TTY", service)

    assert at_the_street(city, before)


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


def test_all_of_it_goes_within_twenty_seconds_and_comes_back_with_everything(city):
    number = file_petition(city["630100"], 500)
    assert at_the_street(city, number)

    took = seconds_of("down")
    click.echo(f"docker compose down: {took:.1f} s")
    again = seconds_of("up", "--wait")
    click.echo(f"docker compose up --wait, once more: {again:.1f} s")

    assert at_the_street(city, number)
    assert again <= MOST_UP
    assert took <= MOST_DOWN
