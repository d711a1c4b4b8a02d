"""docs/deadline-law.md says what the code does: its table, its example and its rule ids."""

import re
from datetime import date
from pathlib import Path

import pytest

from lianxi.law import calendar_data, deadlines
from lianxi.law.clocks import CLOCKS, ClockCode, Unit

ROOT = Path(__file__).resolve().parents[3]
UNITS = {Unit.DAY: "d", Unit.WORKDAY: "wd", Unit.HOUR: "h"}
RULE_ID = re.compile(r"\b(?:R-\d+-\d+|D-\d+[a-e]?|PR-\d+|CF-\d+|IN-\d|K-\d+|C[15]|S\d\d|SV\d|T\d\d)\b")


@pytest.fixture(scope="module")
def document():
    return (ROOT / "docs" / "deadline-law.md").read_text(encoding="utf-8")


def text_of(*patterns):
    files = [path for pattern in patterns for path in sorted(ROOT.glob(pattern)) if path.name != Path(__file__).name]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def table_row(rule):
    length = f"{rule.length} {UNITS[rule.unit]}" if rule.length else "as assigned"
    cells = (
        rule.code,
        rule.title,
        length,
        rule.starts_on,
        rule.owner,
        rule.kind,
        rule.rule,
        rule.article,
        rule.setting,
    )
    return "| " + " | ".join(str(cell or "–") for cell in cells) + " |"


def test_the_table_of_clocks_is_the_table_of_the_code(document):
    rows = [line for line in document.splitlines() if line.startswith("| ") and line.split()[1] in set(ClockCode)]

    assert rows == [table_row(rule) for rule in CLOCKS.values()]


def test_the_worked_example_is_what_the_code_derives(document):
    due = deadlines.due(ClockCode.HANDLE, date(2026, 8, 4), calendar_data.load())

    for line in due.derivation.lines():
        assert line in document


def test_every_rule_id_of_the_document_stands_in_code_and_in_a_test(document):
    named = set(RULE_ID.findall(document))
    in_code = set(RULE_ID.findall(text_of("lianxi/law/*.py", "lianxi/ops/deadline.py")))
    in_tests = text_of("tests/unit/law/*.py", "tests/unit/ops/test_deadline*.py").lower().replace("_", "-")

    assert named - in_code == set()
    assert {rule for rule in named if not re.search(rf"{rule.lower()}(?![0-9])", in_tests)} == set()
