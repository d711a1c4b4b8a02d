"""`lianxi deadline`: one date, or a stream of them."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from lianxi.law import calendar_data
from lianxi.ops import deadline

ROOT = Path(__file__).resolve().parents[3]
START_COMMAND = "from lianxi.ops.deadline import command; command()"


@pytest.fixture(autouse=True)
def no_stored_notices(tmp_path, monkeypatch):
    monkeypatch.setenv("LIANXI_CALENDAR_DIR", str(tmp_path / "calendar"))


def run(*arguments, lines=None):
    return CliRunner().invoke(deadline.command, arguments, input=lines)


def batch(*lines):
    """The answers to lines that may be objects, text or bytes."""
    encoded = [
        line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode()
        for line in lines
    ]
    sink = io.BytesIO()
    deadline.answer_stream(io.BytesIO(b"\n".join(encoded)), sink, calendar_data.load())
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def refusal(line):
    (reply,) = batch(line)
    assert set(reply) == {"id", "error"}
    assert set(reply["error"]) == {"field", "rule", "message"}
    return reply["id"], reply["error"]["field"], reply["error"]["rule"]


def a_line(**changes):
    return {"id": "a", "clock": "HANDLE", "start": "2026-08-04"} | changes


def test_a_date_is_printed_with_its_derivation():
    result = run("--clock", "HANDLE", "--start", "2026-08-04")

    assert result.exit_code == 0
    assert "原始到期日　2026-10-03（星期六）" in result.output
    assert "法定到期日　2026-10-08（星期四）\n" in result.output
    assert "《信访工作条例》第三十四条" in result.output


def test_json_holds_dates_calendar_and_steps():
    result = run("--clock", "HANDLE", "--start", "2026-08-04", "--extension-days", "30", "--json")

    report = json.loads(result.output)
    assert (report["raw_due"], report["legal_due"], report["provisional"]) == ("2026-11-02", "2026-11-02", False)
    assert [step["rule"] for step in report["derivation"]] == ["D-2", "R-34-1", "R-34-2"]
    assert report["calendar"].startswith("chinesecalendar-")


def test_several_hearings_are_options_repeated():
    hearings = ["--hearing", "2026-03-10", "2026-03-11", "--hearing", "2026-03-20", "2026-03-20"]

    result = run("--clock", "FINAL", "--start", "2026-03-02", *hearings, "--json")

    assert json.loads(result.output)["legal_due"] == "2026-04-07"


def test_a_provisional_date_says_so():
    assert "暂定" in run("--clock", "OBJECT", "--start", "2026-12-25").output


def test_a_clock_of_hours_prints_the_instant():
    result = run("--clock", "URGENT", "--start", "2026-10-01T23:30:00+08:00")

    assert "截止时刻　　2026-10-02 01:30:00（北京时间）" in result.output


def test_the_assigner_names_days_or_a_day():
    named = run("--clock", "ASSIGN_RPT", "--start", "2026-08-04", "--report-due", "2026-10-03", "--json")
    counted = run("--clock", "ASSIGN_RPT", "--start", "2026-08-04", "--days", "60", "--json")

    assert json.loads(named.output)["legal_due"] == json.loads(counted.output)["legal_due"] == "2026-10-08"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clock", "HANDLE", "--start", "2026-02-30"], "没有2026-02-30这一天"),
        (["--clock", "NOPE", "--start", "2026-08-04"], "没有这个时钟"),
        (["--start", "2026-08-04"], "请给出时钟代码"),
        (["--clock", "HANDLE"], "应为日期字符串"),
        (["--clock", "HANDLE", "--start", "2026-08-04", "--extension-days", "31"], "延长不得超过30日"),
        (["--clock", "HANDLE", "--start", "2026-08-04", "--hearing", "2026-08-10", "2026-08-11"], "C5"),
        (["--clock", "HANDLE", "--start", "2026-08-04", "--extension-days", "many"], "extension-days"),
        (["--batch", "--clock", "HANDLE"], "--batch"),
    ],
)
def test_a_refused_request_ends_with_status_2_and_says_why(arguments, words):
    result = run(*arguments)

    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_the_batch_answers_in_order_and_goes_on_after_a_bad_line():
    result = run(
        "--batch",
        lines='{"id":1,"clock":"HANDLE","start":"2026-08-04"}\n{"id":2,\n\n{"id":3,"clock":"REG","start":"2026-08-07"}\n',
    )

    replies = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert replies[0] == {"id": 1, "raw_due": "2026-10-03", "legal_due": "2026-10-08", "provisional": False}
    assert replies[1]["error"]["rule"] == "IN-1"
    assert replies[2] == {"id": 3, "raw_due": "2026-08-10", "legal_due": "2026-08-10", "provisional": False}
    assert result.stderr == "共3行，其中1行未能计算，原因见各行 error\n"


def test_the_batch_is_silent_when_nothing_was_refused():
    assert run("--batch", lines=json.dumps(a_line())).stderr == ""


def test_an_instant_counts_by_its_day_in_shanghai():
    midnight, before = batch(a_line(start="2026-08-03T16:00:00Z"), a_line(start="2026-08-03T15:59:59Z"))

    assert (midnight["raw_due"], before["raw_due"]) == ("2026-10-03", "2026-10-02")


def test_one_hearing_or_several_may_be_given():
    one, two = batch(
        a_line(clock="FINAL", start="2026-08-03", hearing=["2026-08-10", "2026-08-14"]),
        a_line(clock="FINAL", start="2026-03-02", hearing=[["2026-03-10", "2026-03-11"], ["2026-03-20", "2026-03-20"]]),
    )

    assert (one["legal_due"], two["legal_due"]) == ("2026-09-07", "2026-04-07")


def test_null_counts_as_absent():
    (reply,) = batch(a_line(extension_days=None, hearing=None, days=None, report_due=None))

    assert reply["raw_due"] == "2026-10-03"


def test_a_clock_of_hours_answers_the_instant_too():
    (reply,) = batch(a_line(clock="URGENT_ORAL", start="2026-10-01T23:30:00+08:00"))

    assert reply == {
        "id": "a",
        "raw_due": "2026-10-02",
        "legal_due": "2026-10-02",
        "provisional": False,
        "due_at": "2026-10-02T00:30:00+08:00",
    }


@pytest.mark.parametrize("extra", [{"days": 1}, {"extension_days": 1}, {"hearing": ["2026-10-02", "2026-10-02"]}])
def test_r_25_3_nothing_lengthens_hours(extra):
    line = a_line(clock="URGENT", start="2026-10-01T23:30:00+08:00", **extra)

    assert refusal(line) == ("a", "clock", "R-25-3")


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "a", "clock"',
        "not json",
        "[]",
        '"text"',
        "null",
        '{"id": "a", "id": "b", "clock": "HANDLE", "start": "2026-08-04"}',
        '{"id": "a", "days": NaN}',
        '{"id": "a", "days": ' + "9" * 5000 + "}",
        "[" * 30_000,
        b'{"id": "\xff"}',
        b"\x00\x01\x02",
        '{"id": "' + "x" * 70_000 + '"}',
        " " * 70_000 + "{}",
    ],
)
def test_in_1_what_is_not_one_json_object_is_refused(line):
    assert refusal(line) == (None, "line", "IN-1")


def test_in_1_the_line_after_an_endless_one_is_answered():
    replies = batch("x" * 10_000_000, a_line())

    assert [("error" in reply) for reply in replies] == [True, False]


@pytest.mark.parametrize("identity", [None, True, 1.5, ["a"], {"a": 1}])
def test_in_2_an_id_is_text_or_an_integer(identity):
    assert refusal(a_line(id=identity)) == (None, "id", "IN-2")
    assert refusal({"clock": "HANDLE", "start": "2026-08-04"}) == (None, "id", "IN-2")


@pytest.mark.parametrize("clock", [None, 7, "", "handle", "NOPE", ["HANDLE"]])
def test_in_3_an_unknown_clock_is_refused(clock):
    assert refusal(a_line(clock=clock)) == ("a", "clock", "IN-3")


@pytest.mark.parametrize(
    "start",
    [
        "",
        "2026-02-30",
        "2026-8-4",
        "20260804",
        "2026-W32-2",
        "04.08.2026",
        "２０２６-08-04",
        "2026-08-04 ",
        "2026-08-04T25:00Z",
        "2026-08-04\n",
        "0000-01-01",
    ],
)
def test_in_4_what_is_no_date_is_refused(start):
    assert refusal(a_line(start=start)) == ("a", "start", "IN-4")


def test_d_13a_an_instant_without_offset_is_refused():
    assert refusal(a_line(start="2026-08-04T10:00:00")) == ("a", "start", "D-13a")


@pytest.mark.parametrize("start", ["1999-08-04", "9999-12-31", "0001-01-01T00:00:00+14:00"])
def test_d_18_absurd_years_are_refused(start):
    assert refusal(a_line(start=start)) == ("a", "start", "D-18")


def test_in_5_a_misspelt_option_is_not_ignored():
    assert refusal(a_line(extention_days=30)) == ("a", "extention_days", "IN-5")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start", None),
        ("start", 20260804),
        ("extension_days", "30"),
        ("extension_days", True),
        ("extension_days", 1.0),
        ("days", [1]),
        ("hearing", "2026-08-10"),
        ("hearing", []),
        ("hearing", ["2026-08-10"]),
        ("hearing", [["2026-08-10", "2026-08-11", "2026-08-12"]]),
        ("hearing", [1, 2]),
        ("report_due", 5),
    ],
)
def test_in_6_a_value_of_the_wrong_type_is_refused(field, value):
    assert refusal(a_line(**{field: value})) == ("a", field, "IN-6")


def test_an_id_that_is_no_valid_text_comes_back_as_it_came():
    sink = io.BytesIO()

    deadline.answer_stream(io.BytesIO(b'{"id": "\\ud800", "clock": "?"}'), sink, calendar_data.load())

    assert sink.getvalue().startswith(b'{"id": "\\ud800", "error"')


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm():
    (reply,) = batch(b"\xef\xbb\xbf" + json.dumps(a_line()).encode() + b"\r")

    assert reply["raw_due"] == "2026-10-03"


def test_each_answer_leaves_before_the_next_question_comes():
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", START_COMMAND, "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )

    with process:
        for number in range(3):
            process.stdin.write(json.dumps(a_line(id=number)).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()

    assert process.returncode == 0


def test_a_reader_that_stops_reading_causes_no_traceback():
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    lines = (json.dumps(a_line()) + "\n").encode() * 5_000
    process = subprocess.Popen(
        [sys.executable, "-c", START_COMMAND, "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    process.stdout.close()

    _, complaint = process.communicate(lines)

    assert b"Traceback" not in complaint
    assert process.returncode == 1


def test_five_thousand_lines_take_a_few_seconds_of_this_process_at_most():
    lines = [json.dumps(a_line(id=number, extension_days=number % 31)) for number in range(5_000)]
    source = io.BytesIO("\n".join(lines).encode())
    calendar = calendar_data.load()

    began = time.process_time()
    answered, refused = deadline.answer_stream(source, io.BytesIO(), calendar)

    assert (answered, refused) == (5_000, 0)
    assert time.process_time() - began < 4
