"""The broker: reachable, new enough, its queues as this version wants them, and somebody reading each."""

from collections.abc import Iterator

from lianxi.bus import topology
from lianxi.bus.inspection import Fit, broker_version, look_at
from lianxi.ops.doctor.finding import Finding, Patient, fine, warning, wrong
from lianxi.runtime.settings import read

OLDEST = (3, 10)
UNREAD = ("up.out", "unrouted", "up.tele", "inbox.tele")
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
    if dead and seen.ready:
        says = f"{queue.name}: {seen.ready} messages nobody could decode"
        return warning("queues", says, "see docs/runbooks/ParkedMessages.md")
    if not dead and not seen.consumers and queue.name not in UNREAD:
        return wrong("queues", f"nobody reads {queue.name}", "start the services: systemctl restart lianxi-services")
    return fine("queues", f"{queue.name}: {seen.ready} ready, {seen.consumers} reading")
