"""The doctor finds each thing that can be wrong with a node, names it, and is not stopped by another one."""

import json
from datetime import timedelta

import pika
import pytest
from click.testing import CliRunner

from lianxi.bus import topology
from lianxi.ops import agency_queue
from lianxi.ops.certificates import CHILD, Authority
from lianxi.ops.doctor import command
from lianxi.runtime.clock import SystemClock
from lianxi.runtime.crypto import KeyRing

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture
def node(node_database, broker_vhost, tmp_path, monkeypatch):
    """A node whose servers are up and whose services are not; returns its database and vhost."""
    database = node_database("630104")
    topology.declare(broker_vhost.uri)
    KeyRing.generate().write(tmp_path / "ring.yaml")
    (tmp_path / "amqp.uri").write_text(broker_vhost.uri, encoding="utf-8")
    environment = {
        **database.environment(tmp_path),
        "LIANXI_AMQP_URI_FILE": str(tmp_path / "amqp.uri"),
        "LIANXI_KEYRING_FILE": str(tmp_path / "ring.yaml"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return database, broker_vhost


def look(*options):
    done = CliRunner().invoke(command, ["--json", *options])
    found = [json.loads(line) for line in done.output.splitlines()]
    return done.exit_code, {(row["check"], row["level"]): row for row in found}


def says(found, check, level="wrong"):
    return found.get((check, level), {}).get("says", "")


def broken(uri, act):
    with pika.BlockingConnection(pika.URLParameters(uri)) as connection:
        act(connection.channel())


@pytest.mark.usefixtures("node")
def test_a_node_without_services_is_told_that_nobody_reads():
    status, found = look()

    assert status == 1
    assert says(found, "queues").startswith("nobody reads")
    assert {check for check, level in found if level == "wrong"} == {"queues"}
    assert says(found, "migrations", "ok")


def test_a_queue_that_is_missing_is_named(node):
    broken(node[1].uri, lambda channel: channel.queue_delete("up.out"))

    assert says(look()[1], "queues") == "up.out is missing"


def test_a_queue_with_other_arguments_is_named(node):
    def remake(channel):
        channel.queue_delete("up.out")
        channel.queue_declare("up.out", durable=True, arguments={"x-max-length": 5})

    broken(node[1].uri, remake)

    assert says(look()[1], "queues") == "up.out was made with other arguments"


def test_dead_letters_are_counted(node):
    name = topology.dead_queue("routing.contact")
    broken(node[1].uri, lambda channel: channel.basic_publish("", name, b"\x00"))

    assert says(look()[1], "queues", "warning").startswith(f"{name}: 1 message")


def test_an_agency_is_told_apart_by_its_queue_missing_classic_or_right(node):
    database, vhost = node
    for name in ("fire", "police", "water"):
        database.query(
            "INSERT INTO notify.agency"
            " (name, units, events, divisions, categories, fields, sealed, amqp, state, due_at)"
            f" VALUES ('{name}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', false, true, 'active', now()) RETURNING 1"
        )
    broken(vhost.uri, lambda channel: channel.queue_declare("agency.police", durable=True))
    agency_queue.make(vhost.management, vhost.name, "water", 8)
    done = CliRunner().invoke(command, ["--json"])
    told = [row["says"] for row in map(json.loads, done.output.splitlines()) if row["check"] == "agencies"]

    assert told == ["fire has no queue", "the queue of police is not a quorum queue", "water: 0 ready, 0 reading"]


def test_an_older_schema_is_named_with_the_one_that_is_wanted(node):
    node[0].query("UPDATE notify.alembic_version SET version_num = '0000'")

    assert says(look()[1], "migrations").startswith("notify is at 0000, not at 0")


def test_a_link_that_runs_and_moves_nothing_is_told_from_one_that_is_cut(node):
    now = "clock_timestamp()"
    node[0].query(
        "INSERT INTO routing.link_receiver (peer, heard_at)"
        f" VALUES ('630100', {now}), ('630104001', {now} - '1 h'::interval)"
    )
    node[0].query(
        "INSERT INTO routing.link_sender (peer, epoch, last_seq, acked)"
        " VALUES ('630100', '1.a', 3, 1), ('630104001', '1.b', 0, 0)"
    )
    done = CliRunner().invoke(command, ["--json"])
    told = [row["says"] for row in map(json.loads, done.output.splitlines()) if row["check"] == "links"]

    assert told == ["630100 is heard, 2 frames on their way", "630104001 was last heard 60 minutes ago"]


@pytest.mark.usefixtures("node")
def test_a_broker_that_is_down_hides_nothing_else(tmp_path):
    (tmp_path / "amqp.uri").write_text("amqp://nobody:x@127.0.0.1:1/%2F", encoding="utf-8")
    _, found = look()

    assert says(found, "broker").startswith("cannot be looked at")
    assert says(found, "migrations", "ok")


@pytest.mark.usefixtures("node")
def test_a_secret_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("LIANXI_KEYRING_FILE", str(tmp_path / "absent.yaml"))
    _, found = look()

    assert "LIANXI_KEYRING_FILE" in says(found, "settings")
    assert says(found, "keys").startswith("cannot be looked at: FileNotFoundError")


@pytest.mark.usefixtures("node")
def test_a_certificate_that_ends_soon_is_a_warning_and_one_that_ended_is_wrong(tmp_path):
    authority, now = Authority(tmp_path / "ca"), SystemClock().now()
    authority.make("西宁市", now)
    folder = authority.issue("630104", CHILD, [], now, days=20).path.parent
    _, soon = look("--certificates", str(folder))
    authority.issue("630105", CHILD, [], now - timedelta(days=30), days=20)
    _, ended = look("--certificates", str(folder.parent / "630105"))

    assert "ends in" in says(soon, "certificates", "warning")
    assert "has run out" in says(ended, "certificates")
