"""The queue of an agency on a real broker: what its user may do, and how a client alone gets every event once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pika
import pytest
from cloudevents.v1.conversion import from_json
from cloudevents.v1.http import CloudEvent

from lianxi.ops import agency_queue
from services.notify.handlers import agencies
from tests.support.builders import OFFICE, Road
from tests.support.waiting import eventually

pytestmark = [pytest.mark.database, pytest.mark.broker]
CLIENT = Path(__file__).resolve().parents[3] / "clients" / "agency"
QUEUE = "agency.police"
GRANT = {"name": "police", "units": [OFFICE], "fields": ["accepted_on", "unit"], "amqp": True}


def client(uri, *arguments, cursor, **settings):
    """Run the agency's client by its path, with nothing of the server to import."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLIENT), "LIANXI_AGENCY_AMQP": uri, **settings}
    done = subprocess.run(
        [sys.executable, "-m", "lianxi_agency", "events", "--cursor", str(cursor), "--idle", "2", *arguments],
        check=True, capture_output=True, text=True, env=environment, cwd=cursor.parent, timeout=50,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.usefixtures("relay")
def test_a_client_alone_gets_every_event_once_in_order_also_after_a_replay(office, queue, tmp_path):
    office.call("add_agency", grant=GRANT, by="root")
    office.receive(*Road().at_the_township().accepted().events)
    eventually(lambda: waiting(queue) == 3)

    first = client(queue, cursor=tmp_path / "cursor")
    office.call("replay_agency", login="agency-police", after=1)
    with office.open_work() as work:
        agencies.fill_queues(work, office.service._agencies)
    office.call("change_agency", name="police", action="test", by="root")
    with office.open_work() as work:
        agencies.fill_queues(work, office.service._agencies)
    eventually(lambda: waiting(queue) == 3)
    second = client(queue, cursor=tmp_path / "cursor")

    assert [event["agencycursor"] for event in first] == [1, 2, 3]
    assert [event["agencycursor"] for event in second] == [4], "2 and 3 came again and were dropped"
    assert first[2]["data"]["unit"] == OFFICE


def waiting(uri):
    """How many messages wait; a passive look is all this user is allowed."""
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    try:
        return connection.channel().queue_declare(QUEUE, passive=True).method.message_count
    finally:
        connection.close()


@pytest.mark.usefixtures("relay")
@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_a_message_follows_the_amqp_binding_of_cloudevents(office, queue, mode):
    office.call("add_agency", grant={**GRANT, "mode": mode}, by="root")
    office.receive(*Road().at_the_township().accepted().events)
    eventually(lambda: waiting(queue) == 3)

    connection = pika.BlockingConnection(pika.URLParameters(queue))
    _, properties, body = next(connection.channel().consume(QUEUE, auto_ack=True))
    connection.close()

    assert properties.delivery_mode == 2
    if mode == "structured":
        assert properties.content_type.startswith("application/cloudevents+json")
        event = from_json(CloudEvent, body)
        assert (event["agencycursor"], event["id"]) == (1, properties.message_id)
    else:
        assert properties.content_type == "application/json"
        assert properties.headers["cloudEvents_specversion"] == "1.0"
        assert properties.headers["cloudEvents_id"] == properties.message_id
        assert set(json.loads(body)) <= {"unit", "accepted_on"}


ATTEMPTS = {
    "publish to the exchange of the cases": lambda channel: channel.basic_publish("case", "case.x", b"{}"),
    "publish to the exchange of agencies": lambda channel: channel.basic_publish("agency", "police", b"{}"),
    "publish to a queue": lambda channel: channel.basic_publish("", QUEUE, b"{}"),
    "publish copies": lambda channel: channel.basic_publish(
        "agency", "police", b"{}", pika.BasicProperties(headers={"BCC": ["other"]})
    ),
    "read the queue of another": lambda channel: channel.basic_get("agency.other"),
    "read a service's queue": lambda channel: channel.basic_get("notify.case"),
    "declare a queue": lambda channel: channel.queue_declare("agency.police.more"),
    "declare a queue without a name": lambda channel: channel.queue_declare("", exclusive=True),
    "bind its queue to everything": lambda channel: channel.queue_bind(QUEUE, "agency", "other"),
    "delete its queue": lambda channel: channel.queue_delete(QUEUE),
    "empty another's queue": lambda channel: channel.queue_purge("agency.other"),
    "empty a service's queue": lambda channel: channel.queue_purge("notify.case"),
    "empty the dead letters": lambda channel: channel.queue_purge("dead.agency"),
    "read the dead letters": lambda channel: channel.basic_get("dead.agency"),
    "unbind its neighbour": lambda channel: channel.queue_unbind("agency.other", "agency", "other"),
    "declare an exchange": lambda channel: channel.exchange_declare("agency.mine"),
    "delete the exchange of agencies": lambda channel: channel.exchange_delete("agency"),
    "bind exchanges": lambda channel: channel.exchange_bind("agency", "case", "#"),
    "publish in somebody else's name": lambda channel: channel.basic_publish(
        "agency", "other", b"{}", pika.BasicProperties(user_id="app-630104")
    ),
    "publish as if the node had": lambda channel: channel.basic_publish(
        "case",
        "case.case-accepted",
        b"{}",
        pika.BasicProperties(headers={"cloudEvents_source": "lianxi://630104/routing"}),
    ),
}
TOO_LARGE = 16 * 1024 * 1024 + 1


def test_the_user_of_an_agency_may_read_its_queue_and_nothing_else(queue, broker_vhost):
    vhost = quote(broker_vhost.name, safe="")
    agency_queue.make(broker_vhost.management, broker_vhost.name, "other", 8)
    broker_vhost.management.put(f"queues/{vhost}/notify.case", {"durable": True, "arguments": {}})
    broker_vhost.management.put(f"exchanges/{vhost}/case", {"type": "topic", "durable": True})
    connection = pika.BlockingConnection(pika.URLParameters(queue))
    answers = {}
    for attempt, dare in ATTEMPTS.items():
        channel = connection.channel()
        channel.confirm_delivery()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker) as refusal:
            dare(channel)
        answers[attempt] = refusal.value.reply_code
    connection.close()

    assert answers == dict.fromkeys(ATTEMPTS, 403)


def test_an_agency_that_sends_what_is_too_large_is_cut_off_and_its_queue_is_as_before(queue):
    connection = pika.BlockingConnection(pika.URLParameters(queue))
    channel = connection.channel()
    channel.confirm_delivery()
    with pytest.raises((pika.exceptions.ChannelClosedByBroker, pika.exceptions.ConnectionClosedByBroker)) as refusal:
        channel.basic_publish("agency", "police", b"x" * TOO_LARGE)
    if connection.is_open:
        connection.close()

    assert refusal.value.reply_code in {403, 406, 501}
    assert waiting(queue) == 0


def test_an_agency_that_empties_its_own_queue_has_lost_nothing(office, queue):
    office.call("add_agency", grant=GRANT, by="root")
    office.receive(*Road().at_the_township().accepted().events)
    connection = pika.BlockingConnection(pika.URLParameters(queue))
    connection.channel().queue_purge(QUEUE)
    connection.close()

    rows = office.call("agency_events", login="agency-police")["rows"]
    assert [row["agencycursor"] for row in rows] == [1, 2, 3], "what is purged is fetched from its cursor on"


def test_the_queue_is_a_quorum_queue_with_a_bound_and_a_new_password_ends_the_old_one(queue, broker_vhost):
    vhost = quote(broker_vhost.name, safe="")
    policy = broker_vhost.management.get(f"policies/{vhost}/{QUEUE}")
    agency_queue.set_user(broker_vhost.management, broker_vhost.name, "police")

    assert agency_queue.kind_of(broker_vhost.management, broker_vhost.name, "police") == "quorum"
    assert policy["definition"] == {
        "max-length-bytes": 8 * 1024 * 1024,
        "overflow": "drop-head",
        "delivery-limit": agency_queue.DELIVERIES,
        "dead-letter-exchange": "dead",
        "dead-letter-routing-key": "dead.agency",
    }
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika.URLParameters(queue))


@pytest.mark.usefixtures("relay")
def test_an_event_the_agency_cannot_take_makes_way_for_the_others_and_is_named(office, queue, broker_vhost):
    office.call("add_agency", grant=GRANT, by="root")
    office.receive(*Road().at_the_township().accepted().events)
    eventually(lambda: waiting(queue) == 3)

    connection = pika.BlockingConnection(pika.URLParameters(queue))
    channel, taken, given_back = connection.channel(), [], 0
    for method, _, body in channel.consume(QUEUE, inactivity_timeout=1):
        if method is None:  # nothing more comes
            break
        if json.loads(body)["agencycursor"] == 1:
            given_back += 1
            channel.basic_nack(method.delivery_tag)
            continue
        taken.append(json.loads(body)["agencycursor"])
        channel.basic_ack(method.delivery_tag)
    connection.close()
    letters = eventually(lambda: list(agency_queue.dead_letters(broker_vhost.management, broker_vhost.name)))
    agency_queue.forget_dead_letters(broker_vhost.management, broker_vhost.name)

    assert (taken, given_back) == ([2, 3], agency_queue.DELIVERIES + 1)
    assert [(letter.agency, letter.cursor, letter.reason) for letter in letters] == [("police", 1, "delivery_limit")]
    assert list(agency_queue.dead_letters(broker_vhost.management, broker_vhost.name)) == []
    rows = office.call("agency_events", login="agency-police")["rows"]
    assert [row["agencycursor"] for row in rows] == [1, 2, 3], "the node keeps what the queue gave up"


@pytest.mark.usefixtures("relay")
def test_a_classic_queue_of_an_older_version_is_replaced_and_nothing_is_missing(office, queue, broker_vhost, tmp_path):
    api, vhost = broker_vhost.management, broker_vhost.name
    place = f"{quote(vhost, safe='')}/{QUEUE}"
    api.delete(f"queues/{place}")
    api.put(f"queues/{place}", {"durable": True, "arguments": {"x-single-active-consumer": True}})
    api.post(f"bindings/{quote(vhost, safe='')}/e/agency/q/{QUEUE}", {"routing_key": "police", "arguments": {}})
    office.call("add_agency", grant=GRANT, by="root")
    office.receive(*Road().at_the_township().accepted().events)
    eventually(lambda: waiting(queue) == 3)
    found = agency_queue.kind_of(api, vhost, "police")

    after = agency_queue.replace(api, vhost, "police", 8, published=3)
    office.call("change_agency", name="police", action="refill", after=after, by="root")
    with office.open_work() as work:
        agencies.fill_queues(work, office.service._agencies)
    eventually(lambda: waiting(queue) == 3)
    told = client(queue, cursor=tmp_path / "cursor")

    assert (found, agency_queue.kind_of(api, vhost, "police")) == ("classic", "quorum")
    assert [event["agencycursor"] for event in told] == [1, 2, 3]


def test_the_client_imports_nothing_of_the_server():
    script = "import sys, lianxi_agency, lianxi_agency.__main__; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=True, capture_output=True, text=True, cwd=CLIENT, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    loaded = {name.partition(".")[0] for name in done.stdout.split()}

    assert loaded.isdisjoint({"lianxi", "services", "nameko", "sqlalchemy", "flask", "marshmallow", "requests"})
    assert {"pika", "standardwebhooks", "lianxi_agency"} <= loaded
