"""The client built as an agency would, away from the repository, works and neither finds nor loads server code."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"
SERVER = {"lianxi", "services", "nameko", "eventlet", "kombu", "sqlalchemy", "flask", "marshmallow", "requests"}
BUILD = "import setuptools; setuptools.setup()"
LOOK = """
import importlib.util, json, sys
import lianxi_agency, lianxi_agency.__main__
names = sorted({name.partition(".")[0] for name in sys.modules})
server = [name for name in ("lianxi", "services") if importlib.util.find_spec(name)]
print(json.dumps({"file": lianxi_agency.__file__, "loaded": names, "server": server}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """What its build puts into a directory of packages; made from a copy, because a build writes beside its sources."""
    folder = tmp_path_factory.mktemp("agency")
    source = shutil.copytree(CLIENT, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    site = folder / "site"
    site.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BUILD, "-q", "build", "--build-lib", str(site), "egg_info", "--egg-base", str(site)],
        capture_output=True, text=True, check=False, cwd=source,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return site


def run(installed, *arguments):
    """Run Python with the package and what is installed beside it; links to the repository (.pth) are not followed."""
    places = os.pathsep.join([str(installed), sysconfig.get_path("purelib")])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": places}
    return subprocess.run(
        [sys.executable, "-S", *arguments], capture_output=True, text=True, check=True, env=environment, cwd=installed
    ).stdout


def test_the_installed_package_loads_nothing_of_the_server(installed):
    told = json.loads(run(installed, "-c", LOOK))

    assert Path(told["file"]).is_relative_to(installed)
    assert SERVER.isdisjoint(told["loaded"])
    assert told["server"] == [], "the server's packages must not even be there to be found"
    assert {"pika", "standardwebhooks"} <= set(told["loaded"])


def test_the_installed_command_runs(installed):
    (entry,) = re.findall(
        r"lianxi-agency = (\S+):main", (installed / "lianxi_agency.egg-info/entry_points.txt").read_text()
    )

    assert "--by-portal" in run(installed, "-m", entry, "events", "--help")


def test_it_needs_two_packages_and_a_third_for_key_pairs_only(installed):
    needed, _, extra = (installed / "lianxi_agency.egg-info/requires.txt").read_text().partition("[ed25519]")

    assert re.findall(r"^[\w-]+", needed, re.MULTILINE) == ["pika", "standardwebhooks"]
    assert re.findall(r"^[\w-]+", extra, re.MULTILINE) == ["cryptography"]
