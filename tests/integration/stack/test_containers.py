"""The compose file names what exists: services, settings, volumes, files and verbs."""

import re
from pathlib import Path

import pytest
import yaml

from tests.compose.containers import ONCE, PARTS

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]


def test_every_service_of_the_repository_runs_somewhere():
    expected = {path.name for path in (ROOT / "services").iterdir() if (path / "__init__.py").exists()}

    assert expected <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_container_needs_is_there(name):
    service = SERVICES[name]

    assert set(service.get("depends_on", {})) <= set(SERVICES)
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_container_publishes_a_port_to_the_world(name):
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_stands_in_the_compose_file(name):
    settings = SERVICES[name].get("environment", {})

    assert all(key.endswith("_FILE") for key in settings if re.search("PASSWORD|SECRET|URL|URI|KEY", key))


def test_the_image_holds_everything_a_process_imports():
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")

    assert {"lianxi", "services", "deploy"} <= set(re.findall(r"^COPY (\w+) /app/", dockerfile, re.MULTILINE))
    assert "--require-hashes" in dockerfile


def test_every_node_knows_the_others_and_reads_the_notices_that_one_of_them_loaded():
    nodes = {"630100", "630104", "630104001"}
    running = [service for service in SERVICES.values() if "LIANXI_NODE" in service.get("environment", {})]

    assert {service["environment"]["LIANXI_NODE"] for service in running} == nodes
    for service in running:
        settings = service["environment"]
        assert set(settings["LIANXI_PEERS"].split(",")) == nodes
        assert f"calendar:{settings['LIANXI_CALENDAR_DIR']}" in service["volumes"]


def images_named():
    """Every image that the compose files and the Dockerfile take from elsewhere, with the file that names it."""
    for file in ("docker-compose.yml", "deploy/node/compose.yaml.j2", "deploy/Dockerfile"):
        named = (ROOT / file).read_text(encoding="utf-8")
        stages = set(re.findall(r"^FROM \S+ AS (\w+)", named, re.MULTILINE))
        for image in re.findall(r"(?:^FROM|^\s*image:) (\S+)", named, re.MULTILINE):
            if image not in {"lianxi", *stages}:
                yield file, image


def test_every_image_is_of_one_exact_version():
    floating = [(file, image) for file, image in images_named() if not re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)*$", image)]
    short = [(file, image) for file, image in images_named() if image.split("/")[-1].count(".") < 2]

    assert floating == []
    assert {image.partition(":")[0] for _, image in short} <= {"postgres"}, "PostgreSQL alone has two numbers"


def test_the_same_server_has_the_same_image_wherever_it_is_named():
    versions = {}
    for _, image in images_named():
        versions.setdefault(image.partition(":")[0], set()).add(image)

    assert {name for name, images in versions.items() if len(images) > 1} == set()
    assert versions["postgres"] == {SERVICES["database"]["image"]}  # of which the image has pg_dump and pg_restore


def test_the_trial_of_the_containers_kills_every_service_of_the_compose_file():
    started = {name for name, service in SERVICES.items() if not service.get("profiles")}

    assert set(PARTS) | set(ONCE) == started
    assert set(ONCE) == {"seed", "provision-city", "provision-district", "provision-street"}


@pytest.mark.parametrize("node", ["city", "district", "street"])
def test_only_the_operators_container_has_the_brokers_administrator_and_it_starts_nothing(node):
    operator = SERVICES[f"{node}-lianxi"]
    given = [
        name
        for name, service in SERVICES.items()
        if "LIANXI_MANAGEMENT_PASSWORD_FILE" in service.get("environment", {})
    ]

    assert sorted(given) == ["city-lianxi", "district-lianxi", "street-lianxi"]
    assert (operator["profiles"], operator["depends_on"]) == (["operator"], [])
    code = operator["environment"]["LIANXI_NODE"]
    assert operator["environment"]["LIANXI_MANAGEMENT_PASSWORD_FILE"] == f"/var/lib/lianxi/servers/{code}.password"
