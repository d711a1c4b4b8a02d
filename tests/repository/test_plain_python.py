"""Law, case, rules and use cases are plain Python: no third-party package at all, whatever its name.

The import contracts name the packages they forbid; this looks at every import instead. It also keeps imports by
name, which no import contract can see, to the few places that need them.
"""

import ast
import sys

import pytest

from tests.repository.tree import ROOT, SERVICES, named, python_files, syntax_of

CALENDARS = {"chinese_calendar", "holidays"}
BY_NAME = (
    "lianxi/runtime/run.py",  # the runners find a service by its name
    "lianxi/bus/threads.py",
    "lianxi/ops/",  # commands load a verb when it is used, and services, which nothing in lianxi may depend on
)
PLAIN = [
    *python_files("lianxi/law", "lianxi/casework"),
    *(
        path
        for service in SERVICES
        for path in python_files(f"services/{service}/domain", f"services/{service}/handlers")
    ),
    *(path for path in python_files("services") if path.name in {"domain.py", "handlers.py"}),
]


def imports(path):
    """Return the modules a file imports, each with its line."""
    for node in ast.walk(syntax_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield ("." * node.level) + (node.module or ""), node.lineno


def allowed(path):
    """Return the prefixes of modules a plain file may import besides the standard library."""
    parts = path.relative_to(ROOT).parts
    if parts[:2] == ("lianxi", "law"):
        return {"lianxi.law", *(CALENDARS if path.name == "calendar_data.py" else ())}
    if parts[0] == "lianxi":
        return {"lianxi.law", "lianxi.casework"}
    return {"lianxi.law", "lianxi.casework", f"services.{parts[1]}"}


def is_allowed(module, path):
    known = module.partition(".")[0] in sys.stdlib_module_names
    return known or any(module == prefix or module.startswith(f"{prefix}.") for prefix in allowed(path))


@pytest.mark.parametrize("path", PLAIN, ids=named)
def test_a_plain_file_imports_no_package_from_outside(path):
    foreign = [
        f"{named(path)}:{line} imports {module}" for module, line in imports(path) if not is_allowed(module, path)
    ]

    assert foreign == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_rules_of_a_service_do_not_know_its_use_cases(service):
    known = ("handlers", "storage", "wiring", "settings", "service", "schemas")
    outward = [
        f"{named(path)}:{line} imports {module}"
        for path in python_files(f"services/{service}/domain")
        for module, line in imports(path)
        if module.startswith(tuple(f"services.{service}.{layer}" for layer in known))
    ]

    assert outward == []


def test_imports_by_name_stay_where_they_are_needed():
    strangers = [
        f"{named(path)}:{node.lineno}"
        for path in python_files("lianxi", "services")
        if not named(path).startswith(BY_NAME)
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"importlib.import_module", "import_module", "__import__"}
    ]

    assert strangers == [], "an import by name is invisible to the import contracts"


def test_time_and_identifiers_come_from_the_clock_port():
    asked = {"datetime.now", "datetime.utcnow", "date.today", "uuid.uuid4", "uuid4", "uuid.uuid1"}
    strangers = [
        f"{named(path)}:{node.lineno} {ast.unparse(node.func)}"
        for path in python_files("lianxi/law", "lianxi/casework", "lianxi/bus", "lianxi/contracts", "services")
        for node in ast.walk(syntax_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in asked
    ]

    assert strangers == []
