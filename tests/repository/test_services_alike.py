"""Every service has the same files, so that who has read one has read them all, and every one of them is run."""

import ast

import pytest
import yaml

from tests.repository.tree import ROOT, SERVICES, named, python_files, syntax_of, text_of

EITHER = ("handlers", "domain", "storage")
ALWAYS = ("README.md", "__init__.py", "service.py", "settings.py", "wiring.py")
IN_NAMEKO = tuple(service for service in SERVICES if service != "portal")


def has(service, layer):
    folder = ROOT / "services" / service
    return (folder / f"{layer}.py").is_file() or (folder / layer / "__init__.py").is_file()


@pytest.fixture(scope="module")
def commands():
    """What each container runs, by its name in docker-compose.yml."""
    containers = yaml.safe_load(text_of(ROOT / "docker-compose.yml"))["services"]
    return {name: [str(word) for word in facts.get("command", [])] for name, facts in containers.items()}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_files_of_every_service(service):
    folder = ROOT / "services" / service
    missing = [name for name in ALWAYS if not (folder / name).is_file()]
    missing += [f"{layer}.py or {layer}/" for layer in EITHER if not has(service, layer)]

    assert missing == [], f"services/{service} lacks {missing}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_migrations_that_no_import_reaches(service):
    migrations = ROOT / "services" / service / "migrations"

    assert (migrations / "env.py").is_file(), f"services/{service}/migrations/env.py is missing"
    assert not (migrations / "__init__.py").exists(), f"{named(migrations)} is run by Alembic, not imported"


@pytest.mark.parametrize("service", IN_NAMEKO)
def test_a_service_is_a_class_called_service(service):
    tree = syntax_of(ROOT / "services" / service / "service.py")
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    aliases = {
        node.value.id: [target.id for target in node.targets if isinstance(target, ast.Name)]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
    }

    expected = f"{service.capitalize()}Service"
    assert expected in classes, f"services/{service}/service.py should define {expected}"
    assert "Service" in aliases.get(expected, []), f"services/{service}/service.py should end with Service = {expected}"


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_of_a_service_says_what_happens_without_it(service):
    page = text_of(ROOT / "services" / service / "README.md").lower()

    for part in ("tables", "metrics", "settings", "if this is down"):
        assert part in page, f"services/{service}/README.md says nothing under “{part}”"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_in_a_container_of_its_own_and_in_every_node(service, commands):
    if service == "portal":
        running = [name for name, words in commands.items() if words == ["services.portal.service"]]
    else:
        running = [name for name, words in commands.items() if service in ",".join(words).split(",")]

    assert service in running, f"docker-compose.yml has no container {service} that runs services/{service}"
    assert len(running) == 3, f"{service} should run in city, district and street, it runs in {running}"


def test_pages_and_the_public_api_are_the_portals_alone():
    strangers = [
        named(path)
        for service in IN_NAMEKO
        for path in python_files(f"services/{service}")
        if {"api", "web", "templates"} & set(path.relative_to(ROOT).parts)
    ]

    assert strangers == []


def test_a_work_is_prepared_where_a_failure_gives_its_connection_back():
    entering = [
        f"{named(path)}:{node.lineno}"
        for service in IN_NAMEKO
        for path in python_files(f"services/{service}/storage")
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.FunctionDef) and node.name == "__enter__"
    ]

    assert entering == [], "override prepare of lianxi.bus.work.Work instead"
