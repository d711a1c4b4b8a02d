"""The broker: reachable, new enough, its queues as this version wants them, and somebody reading each."""

from collections.abc import Iterator

import pika.exceptions

from lianxi.bus import topology
from lianxi.bus.amqp import connect
from lianxi.ops.doctor.finding import Finding, Patient, fine, warning, wrong
from lianxi.runtime.settings import read

OLDEST = (3, 10)
NOT_FOUND, DIFFERENT = 404, 406
UNREAD = ("up.out", "unrouted")
PROVISION = "lianxi node provision makes what is missing"


def server(patient: Patient) -> Iterator[Finding]:
    """Version of the broker, by what it says of itself at the handshake."""
    connection = connect(read("AMQP_URI", secret=True, environment=patient.environment), name="doctor")
    try:
        version = connection._impl.server_properties.get("version", "0.0")  # noqa: SLF001  (pika has no other way)
    finally:
        connection.close()
    number = tuple(int(part) for part in str(version).split(".")[:2])
    if number < OLDEST:
        yield wrong("broker", f"RabbitMQ {version} is too old", "upgrade it to 3.10 or newer")
    else:
        yield fine("broker", f"RabbitMQ {version} answers")


def queues(patient: Patient) -> Iterator[Finding]:
    """Whether every queue is there, with its arguments, and read by its service."""
    uri = read("AMQP_URI", secret=True, environment=patient.environment)
    for queue in topology.load().queues:
        if queue.name.startswith(topology.dead_queue("")):
            yield from _dead_letters(uri, queue.name)
            continue
        yield _queue(uri, queue)


def _queue(uri: str, queue: topology.Queue) -> Finding:
    connection = connect(uri, name="doctor")
    try:
        found = connection.channel().queue_declare(queue.name, passive=True).method
        connection.channel().queue_declare(queue.name, durable=True, arguments=queue.arguments)
    except pika.exceptions.ChannelClosedByBroker as closed:
        if closed.reply_code == NOT_FOUND:
            return wrong("queues", f"{queue.name} is missing", PROVISION)
        do = "stop the services, delete the queue when it is empty, then provision"
        return wrong("queues", f"{queue.name} was made with other arguments", do)
    finally:
        if connection.is_open:
            connection.close()
    if found.consumer_count == 0 and queue.name not in UNREAD:
        return wrong("queues", f"nobody reads {queue.name}", "start the services: systemctl restart lianxi-services")
    return fine("queues", f"{queue.name}: {found.message_count} ready, {found.consumer_count} reading")


def _dead_letters(uri: str, name: str) -> Iterator[Finding]:
    connection = connect(uri, name="doctor")
    try:
        number = connection.channel().queue_declare(name, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        yield wrong("queues", f"{name} is missing", PROVISION)
        return
    finally:
        if connection.is_open:
            connection.close()
    if number:
        yield warning("queues", f"{name}: {number} messages nobody could decode", "see docs/runbooks/ParkedMessages.md")
