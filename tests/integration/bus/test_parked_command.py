"""`lianxi parked` on a real database, without any service or broker."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lianxi.bus.inbox import Failed, Kept, SqlInbox
from lianxi.bus.messages import RawMessage
from lianxi.bus.work import Work
from lianxi.ops.parked import command
from tests.suites.bus_probe import SCHEMA

BOOKED = ("intake", "routing", "supervision", "notify")


@pytest.fixture
def run(probe_database):
    def call(*arguments):
        return CliRunner().invoke(command, ["--database-url", probe_database.url, "--schema", SCHEMA, *arguments])

    return call


@pytest.fixture
def parked(probe_database):
    """Two parked messages of one queue."""
    engine = create_engine(probe_database.url)
    error = {"type": "GuardRefused", "message": "守卫不允许", "at": "services.routing.handlers:7 accept"}
    with Work(engine, SCHEMA) as work:
        work.consumed.set_aside(
            "routing.contact",
            [
                Failed(
                    f"id-{seq}",
                    "case-1",
                    seq,
                    RawMessage('{"姓名": "张三"}'.encode(), {"h": "v"}, f"id-{seq}", "t.v1", "case", "contact.x"),
                    1,
                    "refused",
                    error,
                    None,
                )
                for seq in (4, 5)
            ],
        )
    engine.dispose()


def test_an_empty_list_says_so(run):
    assert run("list").output == "0 message(s)\n"


@pytest.mark.usefixtures("parked")
def test_messages_are_listed_with_their_stream_and_cause(run):
    result = run("list")

    assert result.exit_code == 0
    assert "probe:1  parked  routing.contact case-1#4  t.v1" in result.output
    assert "守卫不允许" in result.output
    assert "张三" not in result.output


@pytest.mark.usefixtures("parked")
def test_the_list_is_also_for_machines(run):
    lines = [json.loads(line) for line in run("list", "--json").output.splitlines()]

    assert [line["message"] for line in lines] == ["probe:1", "probe:2"]
    assert lines[0]["error"]["type"] == "GuardRefused"


@pytest.mark.usefixtures("parked")
def test_a_message_is_shown_without_its_body_unless_asked_for(run):
    assert "张三" not in run("show", "probe:1").output
    shown = json.loads(run("show", "probe:1", "--body", "--json").output)
    assert shown["body"] == '{"姓名": "张三"}'
    assert shown["headers"] == {"h": "v"}


@pytest.mark.usefixtures("parked")
def test_a_retry_marks_the_row_for_the_consumer(run, rows):
    assert run("retry", "probe:1").output == "retried: probe:1\n"

    assert rows("SELECT id FROM probe.parked WHERE due_at <= now() AND retry_requested_at IS NOT NULL") == [(1,)]


@pytest.mark.usefixtures("parked")
def test_a_whole_queue_is_retried(run, rows):
    run("retry", "--queue", "routing.contact")

    assert rows("SELECT count(*) FROM probe.parked WHERE due_at <= now()") == [(2,)]


@pytest.mark.usefixtures("parked")
def test_a_drop_keeps_who_and_why(run, rows):
    assert run("drop", "probe:2", "--reason", "重复件", "--by", "李四").exit_code == 0

    assert rows("SELECT state, dropped_reason, dropped_by FROM probe.parked WHERE id = 2") == [
        ("dropped", "重复件", "李四")
    ]
    assert "probe:2" not in run("list").output
    assert "probe:2" in run("list", "--state", "dropped").output


@pytest.fixture
def held(probe_database):
    """A stream that was applied up to 2 and waits for 3 and 4."""
    engine = create_engine(probe_database.url)
    with Work(engine, SCHEMA) as work:
        work.consumed.advance("routing.contact", {"case-1": 2})
        work.consumed.hold("routing.contact", [Kept(f"id-{seq}", "case-1", seq, RawMessage(b"{}")) for seq in (5, 7)])
    engine.dispose()


@pytest.mark.usefixtures("held")
def test_a_gap_without_any_message_is_skipped_and_kept_on_record(run, rows, probe_database):
    skipped = run("skip", "probe:routing.contact", "case-1", "--reason", "上级库已恢复到昨日", "--by", "李四")

    assert skipped.output == "skipped: case-1#3, case-1#4\n"
    assert rows("SELECT seq, state, dropped_by, dropped_reason FROM probe.parked ORDER BY seq") == [
        (3, "dropped", "李四", "上级库已恢复到昨日"),
        (4, "dropped", "李四", "上级库已恢复到昨日"),
    ]
    with create_engine(probe_database.url, poolclass=NullPool).connect() as connection:
        assert SqlInbox(connection, SCHEMA).ready("routing.contact") == ["case-1"]


@pytest.mark.usefixtures("held")
def test_a_gap_is_skipped_once_and_only_where_something_waits(run):
    run("skip", "probe:routing.contact", "case-1", "--reason", "x")

    again = run("skip", "probe:routing.contact", "case-1", "--reason", "x")
    other = run("skip", "probe:routing.contact", "case-2", "--reason", "x")
    nameless = run("skip", "routing.contact", "case-1", "--reason", "x")

    assert (again.exit_code, other.exit_code, nameless.exit_code) == (1, 1, 2)
    assert "nothing is missing" in again.output
    assert "nothing of case-2 is held" in other.output


@pytest.mark.usefixtures("held", "parked")
def test_a_gap_with_a_parked_message_in_it_is_not_skipped(run):
    result = run("skip", "probe:routing.contact", "case-1", "--reason", "x")

    assert result.exit_code == 1
    assert "parked message #4" in result.output


def test_all_schemas_of_a_node_are_listed_under_the_logins_of_their_services(node_database, tmp_path, monkeypatch):
    database = node_database("630104", services=BOOKED)
    for name, value in database.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    for service in BOOKED:
        engine = create_engine(database.service_url(service))
        with Work(engine, service) as work:
            raw = RawMessage(b"{}", {}, "id", "t.v1", "case", "x")
            failure = Failed("id", None, None, raw, 1, "refused", {"type": "Refused"}, None)
            work.consumed.set_aside(f"{service}.case", [failure])
        engine.dispose()

    every = CliRunner().invoke(command, ["list", "--json"])
    one = CliRunner().invoke(command, ["--schema", "notify", "list", "--json"])
    dropped = CliRunner().invoke(command, ["drop", "supervision:1", "--reason", "x"])

    assert [json.loads(line)["schema"] for line in every.output.splitlines()] == list(BOOKED)
    assert [json.loads(line)["schema"] for line in one.output.splitlines()] == ["notify"]
    assert dropped.output == "dropped: supervision:1\n"


def test_without_a_node_it_says_what_to_give(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIANXI_NODE", raising=False)

    result = CliRunner().invoke(command, ["list"])

    assert result.exit_code == 2
    assert "--node" in result.output


@pytest.mark.usefixtures("parked")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("show", "probe:99"), 1),
        (("retry", "probe:99"), 1),
        (("drop", "probe:99", "--reason", "x"), 1),
        (("show", "nonsense"), 2),
        (("show", "probe:x"), 1),
        (("drop", "probe:1"), 2),
        (("drop", "probe:1", "--reason", "  "), 2),
        (("retry",), 2),
        (("retry", "probe:1", "--queue", "q"), 2),
        (("show", "drop table x:1"), 2),
    ],
)
def test_wrong_use_is_told_by_the_status(run, arguments, status):
    assert run(*arguments).exit_code == status


@pytest.mark.usefixtures("parked")
def test_a_dropped_message_cannot_be_retried(run):
    run("drop", "probe:1", "--reason", "x")

    assert run("retry", "probe:1").exit_code == 1


def test_a_database_that_is_not_there_is_one_line_and_status_1():
    result = CliRunner().invoke(
        command, ["--database-url", "postgresql+psycopg2://u:secret@127.0.0.1:1/x", "--schema", "probe", "list"]
    )

    assert result.exit_code == 1
    assert "secret" not in result.output


VERBS = {
    "list": [],
    "show": [f"{SCHEMA}:1"],
    "retry": [f"{SCHEMA}:1"],
    "drop": [f"{SCHEMA}:1", "--reason", "registered twice"],
    "skip": [f"{SCHEMA}:probe", "case-1", "--reason", "it will never come"],
}


@pytest.mark.parametrize("verb", sorted(command.commands))
def test_where_to_look_is_said_before_the_verb_or_after_it(verb, probe_database):
    where = ["--database-url", probe_database.url, "--schema", SCHEMA]
    asked = [verb, *VERBS[verb]]

    before = CliRunner().invoke(command, [*where, *asked])
    after = CliRunner().invoke(command, [*asked, *where])
    counted = CliRunner().invoke(command, ["--database-url", "postgresql+psycopg2://u@127.0.0.1:1/x", *asked, *where])

    assert (after.exit_code, after.output) == (before.exit_code, before.output)
    assert counted.output == before.output
    assert "No such option" not in after.output


@pytest.mark.parametrize("verb", sorted(command.commands))
def test_the_node_and_its_directory_may_follow_the_verb(verb, tmp_path, monkeypatch):
    monkeypatch.delenv("LIANXI_NODE", raising=False)
    asked = [verb, *VERBS[verb]]
    places = (["--node", "630104", "--state", str(tmp_path)], ["--state", str(tmp_path), "--node", "630104"])
    answers = [CliRunner().invoke(command, words) for place in places for words in ([*place, *asked], [*asked, *place])]

    assert {answer.exit_code for answer in answers} == {2}
    assert all("holds no such node" in answer.output for answer in answers), answers[0].output


def test_a_state_that_is_none_is_refused_with_those_there_are(run):
    refused = run("list", "--state", "lost")

    assert refused.exit_code == 2
    assert "parked, retrying" in refused.output.replace("\n", " ")
