"""`lianxi calendar load` on a node that runs: the open clocks the notice touches are listed with old and new day."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from lianxi.bus import topology
from lianxi.bus.calls import Calls
from lianxi.ops.calendar import command
from lianxi.runtime.clock import SHANGHAI
from lianxi.runtime.crypto import KeyRing
from tests.integration.supervision.desk import Desk
from tests.support.builders import CITY, Road
from tests.support.waiting import eventually
from tests.unit.supervision.test_supervision_recompute import LOADED

pytestmark = [pytest.mark.database, pytest.mark.broker, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[3]
NOTICE = """
year: 2027
title: 测试用的安排
document: 测试〔2026〕0号
holidays:
  - {name: 元旦, rest: [2027-01-01..2027-01-03], work: [2027-01-09]}
  - {name: 春节, rest: [2027-02-05..2027-02-12]}
  - {name: 清明节, rest: [2027-04-03..2027-04-05]}
  - {name: 劳动节, rest: [2027-05-01..2027-05-05]}
  - {name: 端午节, rest: [2027-06-09]}
  - {name: 中秋节, rest: [2027-09-15]}
  - {name: 国庆节, rest: [2027-10-01..2027-10-07]}
"""


@pytest.fixture
def settings(broker_vhost, node_database, tmp_path, monkeypatch):
    """The settings of a city with one case whose clocks end in 2027; this process has them too."""
    topology.declare(broker_vhost.uri)
    (tmp_path / "years").mkdir()
    (tmp_path / "notice.yaml").write_text(NOTICE, encoding="utf-8")
    database = node_database(CITY, services=("supervision",))
    ring = tmp_path / "keyring.yaml"
    KeyRing.generate().write(ring)
    desk = Desk(database, CITY, LIANXI_KEYRING_FILE=str(ring), LIANXI_CALENDAR_DIR=str(tmp_path / "years"))
    road = Road(start=datetime(2026, 12, 19, 10, tzinfo=SHANGHAI)).at_the_township()
    desk.until(road.now)
    desk.follow(road)
    desk.parts.close()
    own = {
        **database.environment(tmp_path),
        "LIANXI_AMQP_URI": broker_vhost.uri,
        "LIANXI_CALENDAR_DIR": str(tmp_path / "years"),
        "LIANXI_KEYRING_FILE": str(ring),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return own


@contextmanager
def supervision(settings, log):
    arguments = [sys.executable, "-m", "lianxi.bus.threads", "--services", "supervision"]
    more = {"LIANXI_METRICS_PORT": "0", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as written:
        process = subprocess.Popen(arguments, env={**os.environ, **settings, **more}, stdout=written, stderr=written)
        calls = Calls(settings["LIANXI_AMQP_URI"])
        try:
            eventually(lambda: calls.call("supervision", "counts", {}, timeout=3.0), within=40)
            yield
        finally:
            calls.close()
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_the_clocks_that_a_notice_moves_are_listed_as_often_as_one_asks(settings, tmp_path):
    with supervision(settings, tmp_path / "log"):
        loaded = run("load", tmp_path / "notice.yaml", "--json")
        asked = run("recompute", "--json")
        shown = run("load", tmp_path / "notice.yaml")

    found = json.loads(loaded.output)
    assert (found["node"], found["calendar"], found["total"]) == (CITY, LOADED.version, len(found["changed"]))
    assert json.loads(asked.output) == found
    notice = next(row for row in found["changed"] if row["clock"] == "NOTICE")
    assert f"  {notice['case_no']}　NOTICE　2027-01-04（暂定） → 2027-01-04　630104001" in shown.output
    assert f"重新计算了 {found['total']} 个未到期的期限" in shown.output


@pytest.mark.usefixtures("settings")
def test_a_node_that_does_not_answer_keeps_the_notice_and_says_so(tmp_path):
    result = run("load", tmp_path / "notice.yaml", "--timeout", "0.5")

    assert result.exit_code == 1
    assert "没有应答" in result.output
    assert [path.name for path in (tmp_path / "years").iterdir()] == ["2027.json"]


def test_a_node_that_reads_another_directory_is_found_out(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("LIANXI_CALENDAR_DIR", str(tmp_path / "elsewhere"))

    with supervision(settings, tmp_path / "log"):
        result = run("load", tmp_path / "notice.yaml")

    assert result.exit_code == 1
    assert "LIANXI_CALENDAR_DIR" in result.output
