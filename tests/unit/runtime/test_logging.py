"""Logs carry no personal data and no secret, whatever they are handed."""

import json
import subprocess
import sys

import pytest

from lianxi.runtime.logging import redact


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("id 630104199001011234 of", "id [id number] of"),
        ("id 63010419900101123X", "id [id number]"),
        ("id 630104 19900101 123X", "id [id number]"),
        ("call 13897000000 now", "call [phone] now"),
        ("call +8613897000000 now", "call [phone] now"),
        ("call 138 9700 0000 or 0971-6123456", "call [phone] or [phone]"),
        ("amqp://app:hunter2@127.0.0.1:5672/x", "amqp://app:[password]@127.0.0.1:5672/x"),
        ("amqp://app:p@ss/word@127.0.0.1:5672/x", "amqp://app:[password]@127.0.0.1:5672/x"),
        ("case 63010200120261123X00012", "case 63010200120261123X00012"),
        ("id 019c9f7e-0000-7000-8000-000000000001", "id 019c9f7e-0000-7000-8000-000000000001"),
        ("case 63010200120261123W00012", "case 63010200120261123W00012"),
        ("node 630104001", "node 630104001"),
    ],
)
def test_what_looks_personal_is_blotted_out_and_numbers_of_cases_are_not(text, clean):
    assert redact(text) == clean


def test_fields_that_hold_what_people_wrote_are_emptied_at_any_depth():
    event = {"case": "c1", "Petitioner": "张三", "detail": [{"phone": "x", "state": "ACCEPTED"}]}

    assert redact(event) == {
        "case": "c1",
        "Petitioner": "[removed]",
        "detail": [{"phone": "[removed]", "state": "ACCEPTED"}],
    }


def test_every_line_of_a_process_is_json_and_clean():
    program = """
import logging
from lianxi.runtime import logging as logs
logs.configure(node="630104", process="test")
logs.logger("a").info("handled", case="c1", text="what somebody wrote")
logging.getLogger("b").warning("plain %s", "13897000000")
try:
    raise ValueError("630104199001011234")
except ValueError:
    logs.logger("a").exception("failed")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["handled", "plain [phone]", "failed"]
    assert lines[0]["text"] == "[removed]"
    assert {line["node"] for line in lines} == {"630104"}
    assert "Traceback" in lines[2]["exception"]
    assert "[id number]" in lines[2]["exception"]
    assert "19900101" not in done.stderr
