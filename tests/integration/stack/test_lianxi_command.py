"""The `lianxi` command: quick, a line per verb, a line per mistake; and `make clean`, which leaves nothing behind."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lianxi.ops.__main__ import VERBS
from lianxi.ops.local.broker import Broker
from lianxi.ops.local.cluster import Cluster

ROOT = Path(__file__).resolve().parents[3]


def lianxi(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "lianxi.ops", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment},
    )


def test_help_lists_every_verb_that_is_there_with_what_it_does():
    done = lianxi("--help")

    assert done.returncode == 0
    verbs = [verb for verb, (module, _) in VERBS.items() if list((ROOT / "lianxi" / "ops").glob(f"{module}*"))]
    assert all(f"\n  {verb} " in done.stdout for verb in verbs)


def test_help_does_not_wait_for_what_it_does_not_need():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lianxi.ops", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert not {"sqlalchemy", "psycopg2", "requests", "structlog", "yaml"} & {
        line.split("|")[-1].strip() for line in done.stderr.splitlines()
    }


def test_a_verb_that_does_not_exist_is_wrong_use():
    done = lianxi("petition")

    assert done.returncode == 2
    assert "No such command 'petition'" in done.stderr


def test_a_refusal_is_one_line_and_status_1():
    done = lianxi("node", "render", "630199")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "lianxi: there is no node 630199; the topology file lists them\n"


def test_an_unexpected_error_is_one_line_and_status_70(tmp_path):
    (tmp_path / "stack.json").write_text("{", encoding="utf-8")

    done = lianxi("node", "status", "--state", tmp_path)

    assert done.returncode == 70
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("lianxi: JSONDecodeError: ")
    assert "Traceback" in lianxi("node", "status", "--state", tmp_path, LIANXI_DEBUG="1").stderr


def test_what_is_rendered_is_the_same_the_second_time(tmp_path):
    first, second = (lianxi("node", "render", "630104", "--secrets", tmp_path / "s") for _ in range(2))

    assert first.stdout == second.stdout
    assert {each["name"] for each in json.loads(first.stdout)["parameters"]} == {"up", "down", "tele"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "s").iterdir())


@pytest.mark.broker
@pytest.mark.database
def test_cleaning_stops_what_a_crash_left_running(tmp_path):
    broker, cluster = Broker(tmp_path / "broker", light=True), Cluster(tmp_path / "cluster")
    cluster.start()
    broker.start()
    data = cluster.data.resolve()

    done = subprocess.run(
        [sys.executable, "-m", "lianxi.ops.local.cleaning", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )

    assert {"stopped broker/broker", "stopped broker/epmd", "stopped cluster/cluster"} == set(done.stdout.splitlines())
    assert (broker.pid, cluster.pid) == (None, None)
    assert data.is_relative_to(tmp_path) or not data.exists()
