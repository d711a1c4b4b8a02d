"""What `lianxi node render` writes comes up: a district and its street, each with a compose project of its own.

The two projects share nothing but a network between their brokers, as two machines do. The street dials its district
over TLS with the certificate of the city's authority; what both must hold alike came with what was rendered.
"""

import json
import subprocess
import sys
import time

import pytest
import yaml

from lianxi.ops.demo.office import wait_for
from tests.compose.containers import ROOT, Project
from tests.compose.figures import note
from tests.compose.petitions import PATIENCE, TEXT, at_the_street, file_petition

DISTRICT, STREET = "630104", "630104001"
HOST = "xicheng.example"
PORTS = {DISTRICT: 18081, STREET: 18082}
LINK = "lianxi-trial-link"
TRIAL = "trial.yaml"
PORTAL = """\
  portal:
    ports: !override ["127.0.0.1:{port}:8080"]
    environment: {{LIANXI_PORTAL_HTTPS: "no"}}  # a machine of its own has a proxy that speaks TLS before it
  broker:
    networks:
      default: {{}}
      link: {{aliases: [{alias}]}}
networks:
  link: {{external: true, name: {link}}}
"""
pytestmark = pytest.mark.timeout(900)


def docker(*arguments):
    subprocess.run(["docker", *arguments], cwd=ROOT, check=True, capture_output=True, timeout=600)


def at_the_office(*arguments):
    """Run a `lianxi` command at the city office, outside of all containers."""
    command = [sys.executable, "-m", "lianxi.ops", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def rendered(office, code):
    """Render a node as deploy/README.md says and lay over it what only the trial needs."""
    at_the_office("ca", "issue", code, "--ca", office / "ca", "--host", HOST if code == DISTRICT else f"{code}.example")
    more = ["--parent-host", HOST if code == STREET else "city.example", "--secrets", office / "secrets"]
    at_the_office("node", "render", code, "--ca", office / "ca", "--to", office / code, *more)
    alias = HOST if code == DISTRICT else f"{code}.example"
    over = PORTAL.format(port=PORTS[code], alias=alias, link=LINK)
    (office / code / TRIAL).write_text(f"services:\n{over}", encoding="utf-8")
    return Project(office / code, ("compose.yaml", TRIAL))


def gone(project):
    project.compose("down", "--volumes", "--remove-orphans")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """A district and its street, rendered and up; by code."""
    office = tmp_path_factory.mktemp("office")
    at_the_office("ca", "init", "--ca", office / "ca")
    projects = {code: rendered(office, code) for code in (DISTRICT, STREET)}
    docker("build", "-t", "lianxi", "-f", "deploy/Dockerfile", ".")
    subprocess.run(["docker", "network", "rm", LINK], capture_output=True, check=False)
    docker("network", "create", LINK)
    try:
        for code, project in projects.items():
            gone(project)
            begun = time.monotonic()
            project.compose("up", "--wait", within=400)
            note(f"{code} rendered, `docker compose up --wait`", f"{time.monotonic() - begun:.1f} s")
        yield projects
    finally:
        for project in projects.values():
            gone(project)
        docker("network", "rm", LINK)


@pytest.fixture(scope="module")
def people(nodes):
    """The people of both nodes, by division code."""
    return {code: nodes[code].office(code, "portal", PORTS[code]) for code in nodes}


def operator(project, *arguments):
    """Run an operator's command as the rendered README says; one that ends with 1 counts for what it says."""
    named = [word for file in project.files for word in ("--file", file)]
    command = ["docker", "compose", *named, "run", "--rm", "--no-TTY", "operator", *arguments]
    return subprocess.run(command, cwd=project.directory, capture_output=True, text=True, check=False, timeout=300)


def test_a_petition_filed_at_the_district_arrives_at_the_street_and_its_answer_comes_back(people):
    number = file_petition(people[DISTRICT], 1)
    assert at_the_street(people, number)

    page = people[STREET].case(number)
    assert page["text"] == TEXT, "what was sealed for the journey opens with the key that both were given"

    paper = {"path": "信访程序", "procedure": "调查核实后书面答复"}
    people[STREET].act("case_officer", number, "accept-case", paper=paper)
    assert people[DISTRICT].until(number, "S10", STREET)


def test_the_street_shows_its_district_a_certificate_and_no_password(nodes):
    def held(code, *what):
        return json.loads(
            nodes[code].compose("exec", "--no-TTY", "broker", "rabbitmqctl", "-q", *what, "--formatter=json")
        )

    shovels = [row["value"] for row in held(STREET, "list_parameters", "-p", STREET)]
    shovels = [json.loads(value) if isinstance(value, str) else value for value in shovels]
    dialled = [uri for shovel in shovels for uri in shovel.values() if HOST in str(uri)]

    assert len(dialled) == 3, "cases both ways, and telemetry up"
    assert {uri.partition("?")[0] for uri in dialled} == {f"amqps://{HOST}:5671/{DISTRICT}"}
    assert STREET in {row["user"] for row in held(DISTRICT, "list_users")}


def test_the_district_lets_its_street_join_and_hears_it(nodes):
    joining = ("node", "join", STREET, "--tls")
    joined = operator(nodes[DISTRICT], *joining)

    assert joined.returncode == 0, joined.stdout + joined.stderr
    wait_for(lambda: "heard both ways" in operator(nodes[DISTRICT], *joining).stderr, "互通", PATIENCE)


def test_the_doctor_finds_the_street_well(nodes):
    def worst():
        found = [json.loads(line) for line in operator(nodes[STREET], "doctor", "--json").stdout.splitlines()]
        return found and [row for row in found if row["level"] == "wrong"]

    assert worst() == []


def test_a_look_at_a_node_that_runs_starts_nothing_again(nodes):
    def begun(project):
        rows = [json.loads(line) for line in project.compose("ps", "--all", "--format", "json").splitlines()]
        return {row["Service"]: (row["ID"], row["CreatedAt"]) for row in rows}

    before = begun(nodes[STREET])
    assert operator(nodes[STREET], "agency", "show").returncode == 0

    assert begun(nodes[STREET]) == before


def test_only_the_link_of_a_node_with_children_can_be_reached_from_outside(nodes):
    outside = {}
    for code, project in nodes.items():
        services = yaml.safe_load(project.compose("config"))["services"]
        ports = [port for service in services.values() for port in service.get("ports", ())]
        outside[code] = [port["target"] for port in ports if port.get("host_ip") != "127.0.0.1"]

    assert outside == {DISTRICT: [5671], STREET: []}
