"""The compose file as an operator uses it: all healthy, a case through three nodes, parts killed, nothing lost."""

import json
import subprocess
import time
from contextlib import contextmanager

import pytest
import requests

from lianxi.ops.demo.office import wait_for
from tests.compose.containers import (
    DESCRIBED,
    MOST_DOWN,
    MOST_UP,
    ONCE,
    PARTS,
    ROOT,
    compose,
    lianxi,
    seconds_of,
    states,
)
from tests.compose.figures import note
from tests.compose.petitions import PATIENCE, at_the_street, file_petition

AGAIN_WITHIN = 60.0
"""Seconds after a broker is healthy again in which its node must work: a process asks every two, a link every five."""
PROMETHEUS = "http://127.0.0.1:9090/api/v1/query"
pytestmark = [pytest.mark.usefixtures("containers"), pytest.mark.timeout(900)]


def inspected(service):
    container = states()[service]["ID"]
    done = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[0]


def ended(service, *arguments):
    """Run a command that may end with 1."""
    command = ["docker", "compose", "exec", "--no-TTY", service, "python", "-m", "lianxi.ops", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def lianxi_that_may_fail(service, *arguments):
    """Run a command that also ends with 1, for what it says."""
    return ended(service, *arguments).stdout


def measured(moment):
    """What Prometheus knows of the processes at a moment."""
    answer = requests.get(PROMETHEUS, {"query": 'up{job="lianxi"} == 1', "time": moment}, timeout=10)
    return answer.json()["data"]["result"] if answer.ok else []


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


@pytest.mark.parametrize("portal", ["portal", "district-portal", "street-portal"])
def test_the_doctor_finds_nothing_wrong_at_any_node(portal):
    found = [json.loads(line) for line in lianxi_that_may_fail(portal, "doctor", "--json").splitlines()]

    assert len(found) > 20
    assert [row["says"] for row in found if row["level"] == "wrong"] == []


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


def test_starting_a_part_makes_no_other_part_anew():
    before = {name: row["ID"] for name, row in states().items()}
    for part in ("relay", "district-portal", "street-services"):
        compose("up", "--detach", part)

    assert {name: row["ID"] for name, row in states().items()} == before


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
    begun = time.monotonic()
    compose("kill", part)
    compose("up", "--detach", part)
    during = file_petition(city["630100"], 100 + PARTS.index(part))
    compose("up", "--detach", "--wait", within=PATIENCE)
    healthy = time.monotonic() - begun
    after = file_petition(city["630100"], 200 + PARTS.index(part))

    for number in (before, during, after):
        assert at_the_street(city, number)
    arrived = time.monotonic() - begun
    note(f"`{part}` killed", f"all healthy after {healthy:.1f} s, 3 of 3 petitions at the street after {arrived:.1f} s")


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def address_of(container):
    where = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return docker("inspect", "--format", where, container)


@contextmanager
def taken(address):
    """Let other containers of the network have an address; the engine gives out the ones that are free as it likes."""
    others = [f"lianxi-other-{number}" for number in range(16)]
    sleeping = ("--detach", "--rm", "--network", "lianxi_default", "--entrypoint", "sleep")
    started = []
    try:
        while address not in map(address_of, started):
            started.append(others[len(started)])
            docker("run", "--name", started[-1], *sleeping, "lianxi", "600")
        yield
    finally:
        docker("rm", "--force", *started)


def test_a_broker_that_comes_back_at_another_address_is_found_there_at_once(city):
    before, at = file_petition(city["630100"], 600), address_of("lianxi-broker-city-1")
    compose("rm", "--stop", "--force", "broker-city")
    with taken(at):
        begun = time.monotonic()
        compose("up", "--detach", "--wait", "broker-city", within=PATIENCE)
        healthy = time.monotonic() - begun
    assert address_of("lianxi-broker-city-1") != at

    after = file_petition(city["630100"], 601)
    filed = time.monotonic() - begun - healthy
    note(
        "`broker-city` made anew at another address", f"healthy after {healthy:.1f} s, filing again {filed:.1f} s later"
    )
    assert filed < AGAIN_WITHIN
    assert at_the_street(city, before)
    assert at_the_street(city, after)


def test_a_node_comes_back_from_its_backup_with_what_its_neighbours_know(city, tmp_path):
    tmp_path.chmod(0o777)
    district = city["630104"]

    def beside_the_node(*arguments):
        volume = ("--volume", f"{tmp_path}:/backups")
        return compose("run", "--rm", "--no-TTY", "--no-deps", *volume, "district-portal", "lianxi.ops", *arguments)

    kept = file_petition(district, 700)
    assert at_the_street(city, kept)
    beside_the_node("backup", "--to", "/backups")
    assert "完好" in beside_the_node("backup", "--verify", "/backups")
    later = file_petition(district, 701)
    assert at_the_street(city, later)

    compose("stop", "district-services", "district-relay", "district-portal")
    beside_the_node("restore", "/backups", "--replace")
    compose("up", "--detach", "--wait", within=PATIENCE)
    wait_for(lambda: ended("district-portal", "restore", "--report").returncode == 0, "取回完毕", PATIENCE)

    for number in (kept, later):
        assert district.until(number, "S06", "630104001")
    lianxi("district-portal", "verify")
    lianxi("district-portal", "books", "compare", "--with", "630104001")
    lianxi("portal", "books", "compare", "--with", "630104")


def test_all_of_it_goes_within_twenty_seconds_and_comes_back_with_everything(city):
    number = file_petition(city["630100"], 500)
    assert at_the_street(city, number)

    took = seconds_of("down")
    note("`docker compose down`", f"{took:.1f} s")
    again = seconds_of("up", "--wait")
    note("`docker compose up --wait`, once more", f"{again:.1f} s")

    assert at_the_street(city, number)
    assert again <= MOST_UP
    assert took <= MOST_DOWN
