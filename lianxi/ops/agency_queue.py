"""What an agency has on the broker: a user that may read one queue and do nothing else, and that queue with a bound.

The queue is a quorum queue: the broker counts how often a message came back, so an event that makes the agency's
program fail goes to `dead.agency` after `DELIVERIES` attempts and what comes behind it goes on. When the queue is full
its oldest events go there, too. None is lost by that: the node keeps every event, the agency sees the gap in the
cursors, `lianxi agency dead` and the doctor name what lies there. The queue has one active consumer, so that two
programs of an agency do not share out the events of one case.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from lianxi.bus import topology
from lianxi.ops import rendering
from lianxi.ops.local.broker import ADMIN
from lianxi.ops.local.management import Management, ManagementRefused
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.provisioning import new_password
from lianxi.ops.whereabouts import STATE
from lianxi.runtime.settings import read

EXCHANGE = "agency"
DEAD_LETTERS = topology.dead_queue(EXCHANGE)
DELIVERIES = 20
"""So often an event is given to an agency that does not acknowledge it."""
ARGUMENTS = {"x-queue-type": "quorum", "x-single-active-consumer": True}
MARGIN = 1000
"""Events that are sent once more when a queue is replaced: what a relay or a reader may have had in hand."""
MOST_SHOWN = 500
MANAGEMENT_PORT = 15672
_NOT_FOUND = 404
_CURSORS = ("cloudEvents_agencycursor", "cloudEvents:agencycursor")


class Api(Protocol):
    """The broker's management API."""

    def get(self, path: str) -> Any:
        """Read."""
        ...

    def put(self, path: str, body: Any = None) -> Any:
        """Create or change."""
        ...

    def post(self, path: str, body: Any = None) -> Any:
        """Do."""
        ...

    def delete(self, path: str) -> None:
        """Delete; what is not there is deleted already."""
        ...


@dataclass(frozen=True)
class DeadLetter:
    """An event that did not reach its agency by its queue."""

    agency: str
    cursor: int
    type: str
    reason: str


def local_api(code: str, state: Path | None, environment: Mapping[str, str]) -> Api | None:
    """Return the API of a node that `lianxi node up` brought up on this machine, if it is one."""
    folder = state or STATE
    named = any(name.startswith("LIANXI_MANAGEMENT_") for name in environment)
    if named or not (folder / "stack.json").exists():
        return None
    from lianxi.ops.local.stack import Stack  # noqa: PLC0415  (other nodes need neither brokers nor databases for it)

    return Stack.found_in(folder).node(code).broker.management


def api_of(environment: Mapping[str, str]) -> Api:
    """Return the API the environment names; without an address the one beside the node's own broker."""
    host = urlsplit(read("AMQP_URI", secret=True, environment=environment)).hostname
    return Management(
        read("MANAGEMENT_URL", f"http://{host}:{MANAGEMENT_PORT}", environment=environment),
        read("MANAGEMENT_USER", ADMIN, environment=environment),
        read("MANAGEMENT_PASSWORD", secret=True, environment=environment),
    )


def user_of(name: str) -> str:
    """Return the user of an agency, which is also the name of its queue."""
    return f"agency.{name}"


def make(api: Api, vhost: str, name: str, megabytes: int) -> None:
    """Make the queue of an agency with its bound; what is there already stays."""
    place, queue = in_path(vhost), in_path(user_of(name))
    _make_dead_letters(api, vhost)
    api.put(
        f"exchanges/{place}/{EXCHANGE}", {"type": "direct", "durable": True, "auto_delete": False, "internal": False}
    )
    bounds = {
        "max-length-bytes": megabytes * 1024 * 1024,
        "overflow": "drop-head",
        "delivery-limit": DELIVERIES,
        "dead-letter-exchange": topology.DEAD,
        "dead-letter-routing-key": DEAD_LETTERS,
    }
    policy = {"pattern": f"^agency\\.{name}$", "apply-to": "queues", "definition": bounds}
    api.put(f"policies/{place}/{queue}", policy)
    api.put(f"queues/{place}/{queue}", {"durable": True, "arguments": ARGUMENTS})
    api.post(f"bindings/{place}/e/{EXCHANGE}/q/{queue}", {"routing_key": name, "arguments": {}})


def _make_dead_letters(api: Api, vhost: str) -> None:
    """Make what the topology has for dead letters: a vhost that was provisioned by an older version lacks it."""
    definitions = topology.as_definitions(vhost)
    wanted = {"queues": ("name", DEAD_LETTERS), "bindings": ("destination", DEAD_LETTERS)}
    fragment = {"exchanges": [each for each in definitions["exchanges"] if each["name"] == topology.DEAD]}
    for kind, (field, value) in wanted.items():
        fragment[kind] = [each for each in definitions[kind] if each[field] == value]
    api.post("definitions", fragment)


def set_user(api: Api, vhost: str, name: str) -> str:
    """Make the user of an agency, or give it a new password; return the password."""
    user, password = user_of(name), new_password()
    described = rendering.user(user, password)
    api.put(f"users/{in_path(user)}", {key: described[key] for key in ("password_hash", "hashing_algorithm", "tags")})
    api.put(
        f"permissions/{in_path(vhost)}/{in_path(user)}",
        {"configure": rendering.NOTHING, "write": rendering.NOTHING, "read": f"^agency\\.{name}$"},
    )
    return password


def remove(api: Api, vhost: str, name: str) -> None:
    """Delete user (its connections end), queue and bound."""
    place, queue = in_path(vhost), in_path(user_of(name))
    api.delete(f"users/{queue}")
    api.delete(f"queues/{place}/{queue}")
    api.delete(f"policies/{place}/{queue}")


def kind_of(api: Api, vhost: str, name: str) -> str:
    """Return "quorum", "classic" as older versions made it, or "" when the agency has no queue on the broker."""
    try:
        found = api.get(f"queues/{in_path(vhost)}/{in_path(user_of(name))}")
    except ManagementRefused as refused:
        if refused.status == _NOT_FOUND:
            return ""
        raise
    return str(found.get("arguments", {}).get("x-queue-type") or found.get("type") or "classic")


def replace(api: Api, vhost: str, name: str, megabytes: int, *, published: int) -> int:
    """Put a quorum queue in the place of a classic one; return the cursor behind which it has to be filled.

    `published` is the newest cursor that was put into the old queue. What a reader or the relay had in hand is
    counted as not arrived, so some events come twice, which their cursors tell; none is missing.
    """
    path = f"queues/{in_path(vhost)}/{in_path(user_of(name))}"
    waiting = [_cursor(message) for message in _look(api, path, 1)]
    unacknowledged = int(api.get(path).get("messages_unacknowledged") or 0)
    api.delete(path)
    make(api, vhost, name, megabytes)
    return max(0, min([published, *(cursor - 1 for cursor in waiting)]) - unacknowledged - MARGIN)


def dead_letters(api: Api, vhost: str) -> Iterator[DeadLetter]:
    """Return the oldest dead letters of all agencies; they stay where they are."""
    for message in _look(api, f"queues/{in_path(vhost)}/{in_path(DEAD_LETTERS)}", MOST_SHOWN):
        properties = message["properties"]
        death = (properties.get("headers", {}).get("x-death") or [{}])[0]
        agency = str(death.get("queue", "")).removeprefix("agency.")
        yield DeadLetter(agency, _cursor(message), str(properties.get("type", "")), str(death.get("reason", "")))


def forget_dead_letters(api: Api, vhost: str) -> None:
    """Empty the queue of dead letters; the events themselves stay with notify."""
    api.delete(f"queues/{in_path(vhost)}/{in_path(DEAD_LETTERS)}/contents")


def _look(api: Api, path: str, count: int) -> list[dict[str, Any]]:
    asked = {"count": count, "ackmode": "ack_requeue_true", "encoding": "auto"}
    found: list[dict[str, Any]] = api.post(f"{path}/get", asked)
    return found


def _cursor(message: Mapping[str, Any]) -> int:
    headers = message["properties"].get("headers") or {}
    for name in _CURSORS:
        if name in headers:
            return int(headers[name])
    return int(json.loads(message["payload"])["agencycursor"])
