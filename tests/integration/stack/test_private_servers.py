"""The private broker and the private PostgreSQL: up on their own, found again, and unharmed by a crash."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pika
import psycopg2
import pytest

from lianxi.ops.local.broker import Broker
from lianxi.ops.local.cluster import Cluster
from lianxi.ops.local.processes import Identity, Record, is_free
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.broker, pytest.mark.database]
DEFINITIONS = {
    "vhosts": [{"name": "/"}],
    "users": [{"name": "worker", "password": "secret", "tags": ""}],
    "permissions": [{"user": "worker", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
    "queues": [{"name": "letters", "vhost": "/", "durable": True, "auto_delete": False, "arguments": {}}],
}


def publish(vhost, queue, count):
    for number in range(count):
        vhost.management.post(
            f"exchanges/{vhost.name}/amq.default/publish",
            {
                "properties": {"delivery_mode": 2},
                "routing_key": queue,
                "payload": str(number),
                "payload_encoding": "string",
            },
        )


def test_every_vhost_is_empty_and_its_own(broker_vhost):
    broker_vhost.management.put(f"queues/{broker_vhost.name}/letters", {"durable": True})

    publish(broker_vhost, "letters", 3)

    eventually(lambda: broker_vhost.depth("letters") == 3)
    assert broker_vhost.uri.endswith(f"/{broker_vhost.name}")


def test_a_killed_broker_comes_back_on_its_ports_with_its_messages(own_broker):
    own_broker.management.put(f"queues/{own_broker.name}/letters", {"durable": True})
    publish(own_broker, "letters", 3)
    ports = own_broker.broker.ports

    own_broker.kill()
    assert not own_broker.broker.healthy
    own_broker.start()

    assert own_broker.broker.ports == ports
    eventually(lambda: own_broker.depth("letters") == 3)


def test_a_second_start_finds_the_broker_that_runs(own_broker):
    before = own_broker.broker.pid

    own_broker.start()

    assert own_broker.broker.pid == before


def test_a_wiped_broker_has_forgotten_its_queues(own_broker):
    own_broker.management.put(f"queues/{own_broker.name}/letters", {"durable": True})

    own_broker.wipe()

    assert own_broker.management.get(f"queues/{own_broker.name}") == []


def test_a_broker_whose_queues_a_kill_left_unreadable_starts_empty_with_its_definitions(tmp_path):
    definitions = tmp_path / "definitions.json"
    definitions.write_text(json.dumps(DEFINITIONS), encoding="utf-8")
    broker = Broker(tmp_path / "broker", light=True, definitions=definitions)
    address = broker.uri("/", "worker", "secret")
    broker.start()
    try:
        with pika.BlockingConnection(pika.URLParameters(address)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            for _ in range(50):
                channel.basic_publish("", "letters", b"x", pika.BasicProperties(delivery_mode=2))
        broker.kill()
        (journal,) = (path for path in broker.directory.rglob("journal.jif") if path.stat().st_size)
        journal.write_bytes(journal.read_bytes()[:-7] + bytes(range(200, 232)))

        broker.start()

        with pika.BlockingConnection(pika.URLParameters(address)) as connection:
            left = connection.channel().queue_declare("letters", passive=True).method.message_count
        assert left == 0
    finally:
        broker.remove()


def test_every_database_is_empty_and_its_own(database):
    database.query("CREATE TABLE letter (id int)")

    assert database.query("SELECT count(*) FROM letter") == [(0,)]
    assert database.query("SHOW fsync") == [("on",)]


def test_a_killed_cluster_recovers_what_was_committed(tmp_path):
    cluster = Cluster(tmp_path / "cluster")
    try:
        cluster.start()
        cluster.create_database("letters")
        cluster.execute("letters", "CREATE TABLE letter AS SELECT 7 AS id")

        cluster.kill()
        cluster.start()

        with cluster.connect("letters") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM letter")
            assert cursor.fetchall() == [(7,)]
    finally:
        cluster.remove()
    assert not cluster.data.exists()


def test_the_cluster_lets_nobody_in_without_the_password(shared_cluster):
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(shared_cluster.dsn("postgres", password="guess"))


def test_the_cluster_does_not_run_as_root(shared_cluster):
    owner = Path(f"/proc/{shared_cluster.pid}").stat().st_uid

    assert owner != 0


def test_a_record_of_a_number_that_was_given_to_somebody_else_is_no_record(tmp_path):
    record = Record(tmp_path / "broker.pid")
    record.write(Identity(os.getpid(), "0"))

    assert record.read() is None
    record.stop(signal.SIGTERM)  # and nobody is harmed


def test_a_port_somebody_listens_on_is_not_free(shared_cluster):
    assert not is_free(shared_cluster.port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_start_that_was_broken_off_is_cleaned_up_by_the_next(tmp_path, number):
    broker = Broker(tmp_path / "broker", light=True)
    program = (
        "import sys; from pathlib import Path; from lianxi.ops.local.broker import Broker; "
        "Broker(Path(sys.argv[1]), light=True).start()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "broker")], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    try:
        half_up = eventually(lambda: broker.pid)
        first.send_signal(number)
        first.wait(timeout=10)

        broker.start()

        assert broker.healthy
        assert broker.pid == half_up or Identity.of(half_up) is None
    finally:
        broker.remove()
