"""The broker: reachable, new enough, its queues as this version wants them, and somebody reading each."""

from collections.abc import Iterator

from sqlalchemy import text

from lianxi.bus import topology
from lianxi.bus.inspection import Fit, QueueSeen, broker_version, look_at
from lianxi.ops import agency_queue
from lianxi.ops.doctor import database
from lianxi.ops.doctor.finding import Finding, Patient, fine, warning, wrong
from lianxi.runtime.settings import read

OLDEST = (3, 10)
UNREAD = ("up.out", "unrouted", "up.tele", "inbox.tele")
CROWD = 1000
"""Events in the queue of an agency from which on nobody can say that it is only slow."""
PROVISION = "lianxi node provision makes what is missing"


def server(patient: Patient) -> Iterator[Finding]:
    """Version of the broker, by what it says of itself at the handshake."""
    version = broker_version(read("AMQP_URI", secret=True, environment=patient.environment))
    number = tuple(int(part) for part in version.split(".")[:2])
    if number < OLDEST:
        yield wrong("broker", f"RabbitMQ {version} is too old", "upgrade it to 3.10 or newer")
    else:
        yield fine("broker", f"RabbitMQ {version} answers")


def queues(patient: Patient) -> Iterator[Finding]:
    """Whether every queue is there, with its arguments, and read by its service."""
    uri = read("AMQP_URI", secret=True, environment=patient.environment)
    for queue in topology.load().queues:
        yield _queue(uri, queue)


def _queue(uri: str, queue: topology.Queue) -> Finding:
    seen = look_at(uri, queue)
    dead = queue.name.startswith(topology.dead_queue(""))
    if seen.fit is Fit.MISSING:
        return wrong("queues", f"{queue.name} is missing", PROVISION)
    if seen.fit is Fit.OTHER_ARGUMENTS:
        do = "stop the services, delete the queue when it is empty, then provision"
        return wrong("queues", f"{queue.name} was made with other arguments", do)
    if queue.name == agency_queue.DEAD_LETTERS and seen.ready:
        says = f"{seen.ready} events came back from agencies again and again, or found their queues full"
        return warning("queues", says, "lianxi agency dead names them (docs/agencies.md)")
    if dead and seen.ready:
        says = f"{queue.name}: {seen.ready} messages nobody could decode"
        return warning("queues", says, "see docs/runbooks/ParkedMessages.md")
    if not dead and not seen.consumers and queue.name not in UNREAD:
        return wrong("queues", f"nobody reads {queue.name}", "start the services: systemctl restart lianxi-services")
    return fine("queues", f"{queue.name}: {seen.ready} ready, {seen.consumers} reading")


def agencies(patient: Patient) -> Iterator[Finding]:
    """Whether each agency that is told by AMQP has its quorum queue, and reads it."""
    uri = read("AMQP_URI", secret=True, environment=patient.environment)
    with database.connected(patient, "notify") as connection:
        names = connection.execute(
            text("SELECT name FROM notify.agency WHERE amqp AND state <> 'removed' ORDER BY name")
        ).scalars()
        for name in names:
            queue = topology.Queue(agency_queue.user_of(name), agency_queue.EXCHANGE, (name,), agency_queue.ARGUMENTS)
            yield _agency(name, look_at(uri, queue))


def _agency(name: str, seen: QueueSeen) -> Finding:
    if seen.fit is Fit.MISSING:
        return wrong(
            "agencies", f"{name} has no queue", f"lianxi agency queue {name}, then lianxi agency rotate {name}"
        )
    if seen.fit is Fit.OTHER_ARGUMENTS:
        return wrong("agencies", f"the queue of {name} is not a quorum queue", f"lianxi agency queue {name}")
    if seen.ready > CROWD:
        says = f"{seen.ready} events wait for {name}, {seen.consumers} of its programs read"
        return warning("agencies", says, "ask the agency; when its queue is full the oldest leave it")
    return fine("agencies", f"{name}: {seen.ready} ready, {seen.consumers} reading")
