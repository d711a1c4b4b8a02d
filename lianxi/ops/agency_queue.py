"""What an agency has on the broker: a user that may read one queue and do nothing else, and that queue with a bound.

The queue is classic and durable, as the link queues are and for the same reason: on a single node a quorum queue gives
no replica and may change the order after a crash. It has one active consumer, so that two programs of an agency do not
share out the events of one case. When it is full the oldest events go; the agency sees the gap in their cursor and
asks for them again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from lianxi.ops import rendering
from lianxi.ops.local.management import Management
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.provisioning import new_password
from lianxi.ops.whereabouts import STATE
from lianxi.runtime.settings import read

EXCHANGE = "agency"


class Api(Protocol):
    """The broker's management API."""

    def put(self, path: str, body: Any = None) -> Any:
        """Create or change."""
        ...

    def post(self, path: str, body: Any = None) -> Any:
        """Do."""
        ...

    def delete(self, path: str) -> None:
        """Delete; what is not there is deleted already."""
        ...


def local_api(code: str, state: Path | None, environment: Mapping[str, str]) -> Api | None:
    """Return the API of a node that `lianxi node up` brought up on this machine, if it is one."""
    folder = state or STATE
    if "LIANXI_MANAGEMENT_URL" in environment or not (folder / "stack.json").exists():
        return None
    from lianxi.ops.local.stack import Stack  # noqa: PLC0415  (other nodes need neither brokers nor databases for it)

    return Stack.found_in(folder).node(code).broker.management


def api_of(environment: Mapping[str, str]) -> Api:
    """Return the API the environment names."""
    return Management(
        read("MANAGEMENT_URL", environment=environment),
        read("MANAGEMENT_USER", "lianxi", environment=environment),
        read("MANAGEMENT_PASSWORD", secret=True, environment=environment),
    )


def user_of(name: str) -> str:
    """Return the user of an agency, which is also the name of its queue."""
    return f"agency.{name}"


def make(api: Api, vhost: str, name: str, megabytes: int) -> None:
    """Make the queue of an agency with its bound."""
    place, queue = in_path(vhost), in_path(user_of(name))
    api.put(
        f"exchanges/{place}/{EXCHANGE}", {"type": "direct", "durable": True, "auto_delete": False, "internal": False}
    )
    api.put(
        f"policies/{place}/{queue}",
        {
            "pattern": f"^agency\\.{name}$",
            "apply-to": "queues",
            "definition": {"max-length-bytes": megabytes * 1024 * 1024, "overflow": "drop-head"},
        },
    )
    api.put(f"queues/{place}/{queue}", {"durable": True, "arguments": {"x-single-active-consumer": True}})
    api.post(f"bindings/{place}/e/{EXCHANGE}/q/{queue}", {"routing_key": name, "arguments": {}})


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
