"""Every version of the rules that a node used can be listed, read and compared with, without anybody keeping a copy."""

import json
import shutil
from datetime import timedelta

import pytest
from click.testing import CliRunner

from lianxi.ops import units
from lianxi.ops.rules import command
from services.routing.service import RoutingService
from tests.integration.routing.conftest import DATA
from tests.support.builders import OFFICE, TOWNSHIP

pytestmark = pytest.mark.database
ROWS = "编号,标题,正文\n7,虎台街道垃圾成堆,垃圾没有清运，环境卫生差\n8,停水三天,自来水公司没有通知\n"
AUTOMATIC, WAITING = "then: {to: lower, automatic: true}", "then: {to: wait}"


class Office:
    """A routing service whose rule files a test changes."""

    def __init__(self, rules):
        self.rules = rules
        self.service = RoutingService()
        self.service.keep_rules()

    def change(self, old, new):
        text = self.rules.read_text(encoding="utf-8")
        assert old in text
        self.write(text.replace(old, new, 1))

    def write(self, text):
        self.rules.write_text(text, encoding="utf-8")
        book = self.service._parts.rulebook
        book.look_again()
        book.current()
        self.service.keep_rules()


@pytest.fixture
def office(street, tmp_path, monkeypatch):
    """The service of a street, and commands that find it."""
    deploy = tmp_path / "deploy"
    shutil.copytree(DATA / "xining", deploy / "xining")
    changed = {"LIANXI_DEPLOY_DIR": str(deploy), "LIANXI_CALENDAR_DIR": str(DATA / "calendar" / "years")}
    for name, value in {**street.environment, **changed}.items():
        monkeypatch.setenv(name, value)
    made = Office(deploy / "xining" / "rules.yaml")
    yield made
    made.service._parts.close()


def run(*arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def used():
    return json.loads(run("list", "--json"))["used"]


def test_a_change_is_tried_against_the_version_that_was_in_use_before_it(office, tmp_path):
    petitions = tmp_path / "petitions.csv"
    petitions.write_text(ROWS, encoding="utf-8")

    office.change('version: "2026.2"', 'version: "2026.3"')
    office.change(AUTOMATIC, WAITING)

    told = json.loads(run("try", petitions, "--against", "2026.2", "--node", "630100", "--json"))
    assert (told["version"], told["against"], told["changed"]) == ("2026.3", "2026.2", 1)
    assert told["changes"][0]["changed"] == {"to": ["630104", ""]}
    shown = json.loads(run("show", "--version", "2026.2", "--json"))
    assert {row["id"]: row["then"] for row in shown["rules"]}["XN-C3"] == "lower 自动"


def test_both_versions_are_tried_with_the_organs_of_the_day(office, tmp_path):
    petitions = tmp_path / "petitions.csv"
    petitions.write_text("编号,标题,正文,区划\n9,垃圾成堆,楼下垃圾没有清运，环境卫生差,630104001\n", encoding="utf-8")
    office.change('version: "2026.2"', 'version: "2026.3"')
    today = office.service._parts.here.clock.today()
    closing = (today + timedelta(days=7)).isoformat()
    closed = ["set", OFFICE, "--from", closing, "--closed", "--reason", "撤销", "--by", "li"]
    assert CliRunner().invoke(units.command, closed).exit_code == 0

    def tried(day):
        told = json.loads(run("try", petitions, "--against", "2026.2", "--node", TOWNSHIP, "--on", day, "--json"))
        assert told["changed"] == 0
        return told["tally"].get(f"unit {OFFICE}", 0)

    assert (tried(today.isoformat()), tried(closing)) == (1, 0)
    assert "西关大街街道办事处 1" in run("try", petitions, "--node", TOWNSHIP, "--on", today.isoformat())


def test_versions_are_listed_from_when_until_when_and_contents_of_one_name_are_told_apart(office):
    office.change('version: "2026.2"', 'version: "2026.3"')
    before = office.rules.read_text(encoding="utf-8")
    office.change(AUTOMATIC, WAITING)
    office.write(before)

    rows = used()
    assert [row["version"] for row in rows] == ["2026.2", "2026.3", "2026.3", "2026.3"]
    assert [row["until"] for row in rows] == [*(row["since"] for row in rows[1:]), None]
    assert rows[1]["digest"] == rows[3]["digest"] != rows[2]["digest"]
    changed = json.loads(run("show", "--version", rows[2]["name"], "--json"))
    assert {row["id"]: row["then"] for row in changed["rules"]}["XN-C3"] == "wait"
    assert "使用中" in run("list").splitlines()[-1]


@pytest.mark.usefixtures("office")
def test_a_restart_with_the_same_rules_is_no_new_use():
    again = RoutingService()
    again.keep_rules()
    again._parts.close()

    assert [row["version"] for row in used()] == ["2026.2"]


def test_a_version_nobody_used_is_refused_with_those_that_were(office, tmp_path):
    petitions = tmp_path / "petitions.csv"
    petitions.write_text(ROWS, encoding="utf-8")

    result = CliRunner().invoke(command, ["try", str(petitions), "--against", "1.0", "--node", TOWNSHIP])

    assert result.exit_code == 2
    assert "已有：2026.2" in result.stderr
    assert office.service._parts.rulebook.unkept == ()
