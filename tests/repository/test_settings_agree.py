"""Every setting a process reads stands in deploy/settings.md, and the containers give those that are needed."""

import ast
import re
from dataclasses import dataclass

import pytest
import yaml

from tests.repository.tree import ROOT, SERVICES, named, python_files, syntax_of, text_of

READERS = {"read", "read_int", "read_path"}
NAME = re.compile(r"(?:LIANXI_)?[A-Z][A-Z0-9_]+")
ROW = re.compile(r"^\| `(LIANXI_[A-Z0-9_]+)` \|", re.MULTILINE)
PROGRAMS = {"lianxi.runtime.run": "lianxi/runtime/run.py", "lianxi.bus.relay": "lianxi/bus/relay.py"}


@dataclass(frozen=True)
class Setting:
    """A setting as a module reads it."""

    name: str
    file: str
    needed: bool
    secret: bool


def settings_read():
    """Return every setting that code reads through lianxi.runtime.settings."""
    found = []
    for path in python_files("lianxi", "services"):
        for node in ast.walk(syntax_of(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _reads(node):
                found += _setting(node, named(path))
    return found


def _reads(call):
    """Whether a call reads a setting: one of the readers, or a function of a settings.py that passes them a name."""
    given = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    hands_on = any(isinstance(value, ast.Name) and value.id == "environment" for value in given)
    return call.func.id in READERS or hands_on


def _setting(call, file):
    first = call.args[0] if call.args else None
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str) and NAME.fullmatch(first.value)):
        return []
    options = {keyword.arg for keyword in call.keywords}
    needed = len(call.args) == 1 and "default" not in options
    return [Setting(f"LIANXI_{first.value.removeprefix('LIANXI_')}", file, needed, "secret" in options)]


def variables_named():
    """Return every LIANXI_ variable that stands in code or in the image as a text of its own, with its file."""
    found = {}
    for path in python_files("lianxi", "services"):
        for node in ast.walk(syntax_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for name in re.findall(r"\bLIANXI_[A-Z0-9_]*[A-Z0-9]\b(?!_)", node.value):
                    found.setdefault(name, named(path))
    return found


READ = settings_read()
SECRETS = {setting.name for setting in READ if setting.secret}
DOCUMENTED = set(ROW.findall(text_of(ROOT / "deploy" / "settings.md")))


def plain(name):
    """Return the setting behind the variable that names its file."""
    return name.removesuffix("_FILE") if name.removesuffix("_FILE") in SECRETS else name


def test_settings_are_found_at_all():
    assert {"LIANXI_NODE", "LIANXI_DATABASE_URL_ROUTING", "LIANXI_AMQP_URI"} <= {setting.name for setting in READ}


@pytest.mark.parametrize("name", sorted({setting.name for setting in READ}))
def test_a_setting_is_explained(name):
    files = sorted({setting.file for setting in READ if setting.name == name})

    assert name in DOCUMENTED, f"{name}, read by {', '.join(files)}, has no row in deploy/settings.md"


@pytest.mark.parametrize(("name", "file"), sorted(variables_named().items()))
def test_a_variable_that_code_names_is_explained(name, file):
    assert plain(name) in DOCUMENTED, f"{name}, named in {file}, has no row in deploy/settings.md"


def test_no_setting_is_explained_that_nobody_reads():
    known = {setting.name for setting in READ} | set(variables_named())

    assert DOCUMENTED - known == set(), "deploy/settings.md explains settings that no code reads"


def containers():
    """Return each container of the compose file with the files whose settings its process needs."""
    described = yaml.safe_load(text_of(ROOT / "docker-compose.yml"))["services"]
    for container, facts in described.items():
        words = [str(word) for word in facts.get("command", [])]
        files = [PROGRAMS[words[0]]] if words and words[0] in PROGRAMS else []
        if words == ["services.portal.service"]:
            files = ["services/portal/settings.py"]
        files += [
            f"services/{service}/settings.py" for service in SERVICES if service in ",".join(words[1:]).split(",")
        ]
        if files:
            yield container, facts.get("environment", {}), files


@pytest.mark.parametrize(("container", "environment", "files"), [pytest.param(*row, id=row[0]) for row in containers()])
def test_a_container_gives_its_process_what_it_cannot_do_without(container, environment, files):
    needed = {setting.name for setting in READ if setting.needed and setting.file in files}
    missing = {name for name in needed if name not in environment and f"{name}_FILE" not in environment}

    assert missing == set(), f"docker-compose.yml: {container} lacks {sorted(missing)}, read by {files}"


def test_a_container_is_told_nothing_that_nobody_reads():
    known = {setting.name for setting in READ} | {f"{name}_FILE" for name in SECRETS}
    told = {name for _, environment, _ in containers() for name in environment}

    assert told - known == set()
