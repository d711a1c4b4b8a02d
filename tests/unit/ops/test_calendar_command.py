"""`lianxi calendar`: a notice is loaded once, what it changes is printed, a year can be shown."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lianxi.ops import calendar, deadline

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    place = tmp_path / "calendar"
    monkeypatch.setenv("LIANXI_CALENDAR_DIR", str(place))
    return place


@pytest.fixture
def example(tmp_path):
    """The example of deploy/calendar/README.md, which is no notice of any year."""
    text = (ROOT / "deploy" / "calendar" / "README.md").read_text(encoding="utf-8")
    file = tmp_path / "example.yaml"
    file.write_text(re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1), encoding="utf-8")
    return file


def run(*arguments, command=calendar.command):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_the_documented_example_loads_and_prints_what_it_changes(directory, example):
    result = run("load", example)

    assert result.exit_code == 0, result.output
    assert "2031年由暂定转为已公布" in result.output
    assert "  2031-10-08（星期三） 上班 → 休息（中秋节、国庆节）" in result.output
    assert "  2031-01-19（星期日） 休息（周末） → 上班" in result.output
    assert "  2030-12-31（星期二） 上班 → 休息（元旦）" in result.output
    assert re.search(r"日历版本：chinesecalendar-\S+\+2031-[0-9a-f]{8}\n", result.output)
    assert [path.name for path in directory.iterdir()] == ["2031.json"]


def test_loading_twice_changes_nothing(directory, example):
    run("load", example)
    stored = (directory / "2031.json").read_bytes()

    result = run("load", example)

    assert "未作改动" in result.output
    assert (directory / "2031.json").read_bytes() == stored


def test_a_corrected_notice_replaces_its_year_and_names_the_days(directory, example):
    run("load", example)
    example.write_text(example.read_text(encoding="utf-8").replace("[2031-04-27]", "[2031-04-26]"), encoding="utf-8")

    result = run("load", example)

    assert "暂定" not in result.output
    assert "与原日历相比，2天的上班或休息有变化。" in result.output
    assert [path.name for path in directory.iterdir()] == ["2031.json"]


def test_d_18_a_date_of_the_loaded_year_is_no_longer_provisional(example):
    arguments = ("--clock", "HANDLE", "--start", "2031-08-04", "--json")
    before = json.loads(run(*arguments, command=deadline.command).output)

    run("load", example)
    after = json.loads(run(*arguments, command=deadline.command).output)

    assert (before["raw_due"], before["legal_due"], before["provisional"]) == ("2031-10-03", "2031-10-06", True)
    assert (after["raw_due"], after["legal_due"], after["provisional"]) == ("2031-10-03", "2031-10-09", False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"year: [2031", "不是 UTF-8 的 YAML"),
        (b"\xff\xfe\x00", "不是 UTF-8 的 YAML"),
        (b"- 1\n", "键值"),
        (b"year: 2031\n", "holidays"),
        (b"!!python/object/apply:os.system ['true']\n", "不是 UTF-8 的 YAML"),
        (b"x" * 70_000, "文件过大"),
    ],
)
def test_a_file_that_is_no_notice_is_refused_and_not_stored(directory, tmp_path, content, words):
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)

    result = run("load", file)

    assert result.exit_code == 2
    assert words in result.stderr
    assert not directory.exists()


def test_a_published_year_is_shown_with_its_makeup_days():
    result = run("show", 2026)

    assert "2026年　已公布　来源：chinesecalendar" in result.output
    assert "  放假　2026-10-01（星期四） 国庆节" in result.output
    assert "  上班　2026-10-10（星期六） 国庆节调休" in result.output


def test_a_year_without_notice_is_shown_as_provisional():
    result = run("show", 2027, "--json")

    report = json.loads(result.output)
    assert report["provisional"] is True
    assert report["makeup"] == {}
    assert report["rest"]["2027-10-01"] == "国庆节"
    assert "暂定" in run("show", 2027).output


def test_a_year_outside_the_calendar_is_refused():
    result = run("show", 1999)

    assert result.exit_code == 2
    assert "1999" in result.stderr


def test_a_damaged_stored_notice_stops_every_command_that_needs_it(directory):
    directory.mkdir()
    (directory / "2031.json").write_text("{", encoding="utf-8")

    assert run("show", 2026).exit_code == 2
    assert "2031.json" in run("--clock", "REG", "--start", "2026-08-04", command=deadline.command).stderr


def test_notices_lie_beside_the_package_unless_the_environment_says_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("LIANXI_CALENDAR_DIR", raising=False)

    beside = calendar.notice_directory()
    monkeypatch.setattr(calendar, "_BESIDE_THE_PACKAGE", tmp_path / "not installed with its sources")

    assert beside == ROOT / "deploy" / "calendar" / "years"
    assert calendar.notice_directory({"LIANXI_DEPLOY_DIR": "/etc/lianxi"}) == Path("/etc/lianxi/calendar/years")
    assert calendar.notice_directory() == Path(".lianxi/calendar")
