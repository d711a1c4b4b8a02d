"""The doctor finds each thing that can be wrong with a node, names it, and is not stopped by another one."""

import json
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pika
import pytest
from click.testing import CliRunner

from lianxi.bus import topology
from lianxi.ops import agency_queue, backup
from lianxi.ops.certificates import CHILD, Authority
from lianxi.ops.doctor import LOOKS, broker, command, database, machine, places
from lianxi.ops.doctor.finding import Patient
from lianxi.runtime.clock import SHANGHAI, SystemClock
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
        "LIANXI_BLOBS": str(tmp_path / "blobs"),
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


def said_of(check):
    """Everything the doctor says about one thing, in its order, without looking at the others."""
    patient = Patient(os.environ, SystemClock().now(), Path("/nowhere"))
    return [finding.says for name, look_at, _ in LOOKS if name == check for finding in look_at(patient)]


def at(monkeypatch, moment):
    """Let the doctor come at another moment than now."""
    monkeypatch.setattr("lianxi.ops.doctor.SystemClock", lambda: SimpleNamespace(now=lambda: moment))


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

    assert said_of("agencies") == [
        "fire has no queue",
        "the queue of police is not a quorum queue",
        "water: 0 ready, 0 reading",
    ]


def test_an_older_schema_is_named_with_the_one_that_is_wanted(node):
    node[0].query("UPDATE notify.alembic_version SET version_num = '0000'")

    assert says(look()[1], "migrations").startswith("notify is at 0000, not at 0")


def test_a_link_that_moves_is_told_from_one_that_is_cut(node):
    now = "clock_timestamp()"
    node[0].query(
        "INSERT INTO routing.link_receiver (peer, heard_at)"
        f" VALUES ('630100', {now}), ('630104001', {now} - '1 h'::interval)"
    )
    node[0].query(
        "INSERT INTO routing.link_sender (peer, epoch, last_seq, acked)"
        " VALUES ('630100', '1.a', 3, 1), ('630104001', '1.b', 0, 0)"
    )

    assert said_of("links") == ["630100 is heard, 2 frames on their way", "630104001 was last heard 60 minutes ago"]


def test_a_shovel_that_says_running_and_moves_nothing_is_named_with_the_way_to_start_it_again(node):
    now = "clock_timestamp()"
    node[0].query(f"INSERT INTO routing.link_receiver (peer, heard_at) VALUES ('630100', {now})")
    node[0].query("INSERT INTO routing.link_sender (peer, epoch, last_seq, acked) VALUES ('630100', '1.a', 2, 0)")
    node[0].query(
        "INSERT INTO routing.link_outbox (peer, epoch, link_seq, id, chain, kind, type, body, created_at, sent_at)"
        f" VALUES ('630100', '1.a', 1, 'one', '', '', '', '', {now} - '1 h'::interval, {now})"
    )
    _, found = look()

    assert says(found, "links").startswith("630100 is heard, but 2 frames to it are not taken; the shovel runs")
    assert "restart_shovel" in found["links", "wrong"]["do"]


def test_messages_nobody_could_handle_are_counted_with_the_command_that_shows_them(node):
    node[0].query(
        "INSERT INTO notify.parked (queue, message_id, type, body, headers, exchange, routing_key, state, attempts,"
        " branch, error) VALUES ('notify.case', 'one', 'x', '', '{}', '', '', 'parked', 3, 'broken', '{}')"
    )
    _, found = look()

    assert says(found, "parked", "warning") == "notify: 1 messages could not be handled"
    assert found["parked", "warning"]["do"].startswith("lianxi parked list")


@pytest.mark.usefixtures("node")
def test_servers_that_are_too_old_are_named_with_the_version_to_install(monkeypatch):
    monkeypatch.setattr(broker, "OLDEST", (99, 0))
    monkeypatch.setattr(database, "OLDEST", 990000)
    _, found = look()

    assert "is too old" in says(found, "broker")
    assert "is too old" in says(found, "database")
    assert says(found, "migrations", "ok")


def client_of(monkeypatch, folder, script):
    """Put programs of another version where backup finds its own."""
    folder.mkdir()
    for name in database.CLIENT:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        (folder / name).chmod(0o755)
    monkeypatch.setattr(backup, "_PROGRAMS", str(folder))


@pytest.mark.usefixtures("node")
def test_the_programs_that_back_up_are_found_and_new_enough():
    assert len(said_of("backup")) == len(database.CLIENT)
    assert all("is of PostgreSQL" in each and "refuses" not in each for each in said_of("backup"))


@pytest.mark.usefixtures("node")
def test_programs_that_are_older_than_the_server_they_back_up_are_named(monkeypatch, tmp_path):
    client_of(monkeypatch, tmp_path / "old", "echo 'pg_dump (PostgreSQL) 9.6.24'")

    assert [each.partition(" is of ")[2][:13] for each in said_of("backup")] == ["PostgreSQL 9,"] * 2
    assert look()[0] == 1


@pytest.mark.usefixtures("node")
def test_programs_that_are_missing_are_named_with_the_package_that_brings_them(monkeypatch, tmp_path):
    monkeypatch.setattr(backup, "_PROGRAMS", str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", str(tmp_path))
    _, found = look()

    assert "pg_restore is missing" in says(found, "backup")
    assert "install postgresql-client-1" in found["backup", "wrong"]["do"]


@pytest.mark.usefixtures("node")
def test_every_place_that_fills_is_asked_for_its_room(shared_cluster, shared_broker, tmp_path):
    told = said_of("disk")

    for what, where in (
        (places.SECRETS, tmp_path),
        (places.SYSTEM, "/"),
        (places.FILES, tmp_path),
        (places.DATABASE, shared_cluster.directory.resolve()),
        (places.BROKER, shared_broker.directory.resolve()),
    ):
        assert any(each.endswith(f"({what})") and f" at {where}" in each for each in told), (what, told)


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize(("free", "level"), [(2**29, "wrong"), (3 * 2**30, "warning"), (9 * 2**30, "ok")])
def test_a_disk_that_fills_is_a_warning_before_it_is_wrong(monkeypatch, free, level):
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _where: usage)
    _, found = look()

    assert {of for check, of in found if check == "disk"} == {level}
    assert f"{free / 2**30:.1f} GB free" in says(found, "disk", level)


@pytest.mark.usefixtures("node")
def test_a_server_elsewhere_has_its_disk_looked_at_there(tmp_path):
    (tmp_path / "amqp.uri").write_text("amqp://app:x@broker.lianxi:5672/630104", encoding="utf-8")

    assert places.BROKER not in "".join(said_of("disk"))


@pytest.mark.usefixtures("node")
def test_a_clock_that_goes_wrong_is_named_with_how_far(monkeypatch):
    at(monkeypatch, SystemClock().now() + timedelta(minutes=5))
    _, found = look()

    assert "differ by 3" in says(found, "clock")
    assert "NTP" in found["clock", "wrong"]["do"]


@pytest.mark.usefixtures("node")
def test_a_year_without_its_notice_is_a_warning_in_november_and_wrong_when_it_has_begun(monkeypatch):
    year = 2040  # nobody has published its holidays
    at(monkeypatch, datetime(year, 11, 20, tzinfo=SHANGHAI))
    _, found = look()

    assert says(found, "calendar") == f"the holidays of {year} are a forecast"
    assert says(found, "calendar", "warning") == f"the holidays of {year + 1} are a forecast"
    assert "lianxi calendar load" in found["calendar", "wrong"]["do"]


@pytest.mark.usefixtures("node")
def test_a_sound_node_is_looked_at_in_every_respect():
    done = CliRunner().invoke(command, ["--json"])
    looked_at = {row["check"] for row in map(json.loads, done.output.splitlines())}

    assert {check for check, _, _ in LOOKS} - {"agencies"} <= looked_at | {"agencies"}
    assert {"clock", "disk", "backup", "calendar", "certificates"} <= looked_at


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
