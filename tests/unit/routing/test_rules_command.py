"""`lianxi rules` shows, checks, tries and keeps the rules of the sorting desk."""

import json
import shutil

import pytest
from click.testing import CliRunner

from lianxi.ops import rules
from lianxi.ops.rules import command
from services.routing.storage.rulebook.live import FILES
from tests.unit.routing.sorting_desk import XINING, rulebook

ROWS = "编号,标题,正文,住址\n7,虎台街道垃圾成堆,垃圾没有清运，环境卫生差,\n8,停水三天,自来水公司没有通知,\n"


@pytest.fixture
def data(tmp_path):
    """A copy of the rule files that a test may change."""
    directory = tmp_path / "rules"
    directory.mkdir()
    for name in (*FILES, "rules_tests.yaml"):
        shutil.copy(XINING / name, directory / name)
    return directory


@pytest.fixture
def petitions(tmp_path):
    """Two petitions as a file of another system has them."""
    file = tmp_path / "petitions.csv"
    file.write_text(ROWS, encoding="utf-8")
    return str(file)


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def change(data, old, new):
    text = (data / "rules.yaml").read_text(encoding="utf-8")
    assert old in text
    (data / "rules.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_rules_in_force_are_listed_with_version_and_reason():
    told = json.loads(run("show", "--json").stdout)

    assert told["version"] == rulebook().version
    assert {row["id"] for row in told["rules"]} >= {"XN-R6", "XN-C3"}
    assert "XN-C3" in run("show").stdout


def test_the_trials_of_the_deployed_rules_hold():
    result = run("check")

    assert result.exit_code == 0
    assert "0 处不符" in result.stdout


def test_a_trial_that_no_longer_holds_is_named(data):
    change(data, "automatic: true", "automatic: false")

    result = run("check", "--data", data)

    assert result.exit_code == 1
    assert "属地管理　automatic" in result.stdout


def test_a_file_with_a_mistake_is_told_with_what_nodes_do_meanwhile(data):
    change(data, "sure: 0.2", "sure: high")

    result = run("show", "--data", data)

    assert result.exit_code == 1
    assert "继续使用原来的规则" in result.stderr
    assert "sure" in result.stderr


def test_a_trial_run_counts_what_each_rule_decides(petitions):
    told = json.loads(run("try", petitions, "--json").stdout)

    assert told["tally"] == {"rows": 2, "rule XN-C3": 1, "rule XN-P2": 1, "settled": 2, "automatic": 1}


def test_a_change_is_told_row_by_row_against_a_version_that_was_kept(data, petitions):
    assert run("keep", "--data", data).exit_code == 0
    change(data, f'version: "{rulebook().version}"', 'version: "next"')
    change(data, "then: {to: lower, automatic: true}", "then: {to: wait}")

    told = json.loads(run("try", petitions, "--data", data, "--against", rulebook().version, "--json").stdout)

    assert (told["version"], told["against"], told["changed"]) == ("next", rulebook().version, 1)
    assert told["changes"] == [{"id": "7", "changed": {"to": ["630104", ""]}, "rules": ["XN-C3", "XN-C3"]}]
    assert "to 630104 → 无" in run("try", petitions, "--data", data, "--against", rulebook().version).stdout


def test_a_version_is_kept_once(data):
    run("keep", "--data", data)

    assert "已经存档" in run("keep", "--data", data).stderr


def test_a_version_that_nobody_kept_and_a_file_without_petitions_are_refused(data, petitions, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n", encoding="utf-8")

    assert "没有存档的版本" in run("try", petitions, "--data", data, "--against", "1.0").stderr
    assert "没有标题列" in run("try", empty).stderr


@pytest.mark.parametrize(("problem", "status"), [("", 0), ("rules.yaml：字段 sure：应为数字。", 1)])
def test_a_running_node_says_which_rules_it_uses_and_what_it_refused(monkeypatch, problem, status):
    told = {"node": "630104", "version": "7", "loaded_at": "2026-03-02T10:00:00+08:00", "problem": problem}
    monkeypatch.setenv("LIANXI_NODE", "630104")
    monkeypatch.setattr(rules, "_ask", lambda _environment: told)

    result = run("show", "--live")

    assert result.exit_code == status
    assert "节点 630104 使用规则 7" in result.stdout
    assert problem in result.stdout
