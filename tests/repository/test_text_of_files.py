"""What no file of the repository may hold: registry hosts, somebody's paths, secrets, promises, too many lines."""

import re
import tomllib
from importlib.metadata import distributions

import pytest

import lianxi
from tests.repository.tree import ROOT, files, named, python_files, text_of

LONGEST = 400
BANNED_MODULES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "core", "misc"}
TEXTS = [path for path in files() if text_of(path)]
WRITTEN = [path for path in TEXTS if path.parts[len(ROOT.parts)] not in {"LICENSE", "requirements"}]

# The names are put together here, so that this file does not find itself.
REGISTRIES = [
    ".".join(words)
    for words in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("rubygems", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
        ("mirrors", "aliyun", "com"),
        ("mirrors", "tuna", "tsinghua"),
    )
]
SOMEBODYS_PATH = re.compile(r"(?<![\w.~$}>-])/(?:home|root|work|Users|mnt|tmp)/\w")
PROMISE = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
SECRETS = {
    "a private key": re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----"),
    "a token": re.compile(r"\b(ghp_|github_pat_|glpat-|xox[bp]-|AKIA)[A-Za-z0-9_-]{12,}"),
    "a password in an address": re.compile(r"\b(?:amqps?|postgresql(?:\+psycopg2)?|https?)://[\w.-]+:[\w!?.-]{8,}@"),
}


def lines_with(pattern, paths):
    for path in paths:
        for number, line in enumerate(text_of(path).splitlines(), start=1):
            if pattern.search(line):
                yield f"{named(path)}:{number}"


def test_files_are_found_at_all():
    assert {"Makefile", "pyproject.toml", "lianxi/__init__.py", "docs/glossary.md"} <= {named(path) for path in TEXTS}


def test_no_file_names_a_package_registry():
    pattern = re.compile("|".join(map(re.escape, REGISTRIES)))

    assert list(lines_with(pattern, TEXTS)) == []


def test_no_file_holds_a_path_of_somebodys_machine():
    assert list(lines_with(SOMEBODYS_PATH, WRITTEN)) == []


def test_no_file_promises_to_be_finished_later():
    assert list(lines_with(PROMISE, WRITTEN)) == []


@pytest.mark.parametrize("kind", SECRETS)
def test_no_file_holds_a_secret(kind):
    assert list(lines_with(SECRETS[kind], TEXTS)) == [], f"this looks like {kind}"


def test_no_python_file_is_longer_than_anybody_reads():
    long = {named(path): len(text_of(path).splitlines()) for path in python_files()}

    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}, f"split files over {LONGEST} lines"


def test_no_module_is_named_after_nothing():
    modules = {named(path) for path in python_files() if path.stem in BANNED_MODULES}
    folders = {named(path.parent) for path in python_files() if path.parent.name in BANNED_MODULES}

    assert modules | folders == set(), "name a module after what it is about"


@pytest.mark.parametrize("folder", ["lianxi", "services"])
def test_every_module_opens_with_a_paragraph(folder):
    silent = [
        named(path)
        for path in python_files(folder)
        if "migrations" not in path.parts and not text_of(path).lstrip().startswith('"""')
    ]

    assert silent == []


@pytest.mark.parametrize("lock", ["run.txt", "test.txt"])
def test_a_lock_file_has_hashes_and_no_index(lock):
    text = text_of(ROOT / "requirements" / lock)
    pinned = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==\S+(.*)$", text, re.MULTILINE)

    assert len(pinned) > 10
    assert [name for name, rest in pinned if not rest.strip().endswith("\\")] == [], "a requirement without hashes"
    others = [line for line in text.splitlines() if line.startswith("-") or re.match(r" +--(?!hash=sha256:)", line)]
    assert others == [], "a lock file holds requirements and hashes, no options"


def test_what_is_needed_with_an_extra_is_locked_with_it():
    """Without it pip looks for such a package by itself, and refuses to install once a newer one is out."""
    locked = "".join(text_of(ROOT / "requirements" / f"{name}.txt") for name in ("run", "test"))
    needed = {
        f"{found[1].lower()}{found[2]}=="
        for package in distributions()
        if re.search(rf"^{re.escape(package.name)}\b", locked, re.MULTILINE | re.IGNORECASE)
        for wanted in package.requires or ()
        if "extra ==" not in wanted and (found := re.match(r"([\w.-]+)(\[[^]]+\])", wanted))
    }

    assert "coverage[toml]==" in needed, "the packages of the locks are not installed"
    assert [each for each in sorted(needed) if f"\n{each}" not in locked] == []


def test_what_is_asked_for_is_locked():
    for name in ("run", "test"):
        asked = re.findall(r"^([A-Za-z0-9_.-]+)", text_of(ROOT / "requirements" / f"{name}.in"), re.MULTILINE)
        locked = text_of(ROOT / "requirements" / f"{name}.txt").lower().replace("_", "-")
        wanted = [each.lower().replace("_", "-") for each in asked if not each.startswith("-")]
        assert [each for each in wanted if f"\n{each}==" not in f"\n{locked}"] == [], (
            f"requirements/{name}.txt is stale"
        )


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## (\d+\.\d+\.\d+)\b", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)

    assert newest, "CHANGELOG.md has no version"
    assert (project, newest[1]) == (lianxi.__version__, lianxi.__version__)
