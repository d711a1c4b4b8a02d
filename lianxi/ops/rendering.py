"""From the topology of the city to everything one node's broker must hold, as RabbitMQ's definitions file has it.

Pure: the same topology, addresses and passwords give the same definitions. Both ends of a link are rendered with the
node they live on. The parent gets, for each child, a user that may do three things only: publish to `up` and `tele`
under the child's own code, read the queue `down.<child>`, and nothing else. The child gets all shovels, because only
the child can dial: `up` carries its queue `up.out` to the parent's exchange `up`, `down` carries the parent's queue
`down.<child>` to its own exchange `down`, `tele` carries snapshots of metrics from `up.tele` to the parent's exchange
`tele`, so that they never stand before a case. None names a routing key, so each message keeps its own.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from lianxi.bus import topology as bus
from lianxi.ops.topology import City, Node

NOTHING = "^$"
Password = Callable[[str], str]


@dataclass(frozen=True)
class Address:
    """Where a broker is reached, and with what in the query of its URI (certificates, for one that speaks TLS)."""

    host: str = "127.0.0.1"
    port: int = 5672
    scheme: str = "amqp"
    query: Mapping[str, str] = field(default_factory=dict)
    password_login: bool = True

    def uri(self, vhost: str, user: str, password: str) -> str:
        """Return the URI by which `user` reaches a vhost; a login by certificate leaves user and password out."""
        login = f"{_quoted(user)}:{_quoted(password)}@" if self.password_login else ""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.scheme}://{login}{self.host}:{self.port}/{_quoted(vhost)}{query}"


@dataclass(frozen=True)
class LinkSettings:
    """How the shovels behave; the defaults were measured on links with up to 100 ms of delay."""

    prefetch: int = 100
    reconnect_seconds: int = 5
    heartbeat_seconds: int = 10
    connection_timeout_milliseconds: int = 10_000

    @property
    def query(self) -> dict[str, str]:
        """What both ends of a shovel carry in their URI: without it a cut is noticed after minutes only."""
        return {
            "heartbeat": str(self.heartbeat_seconds),
            "connection_timeout": str(self.connection_timeout_milliseconds),
        }


def application_user(code: str) -> str:
    """Return the name under which the node's own processes log in to its broker."""
    return f"app-{code}"


def local_user(code: str) -> str:
    """Return the name under which a node's `down` shovel publishes to its own broker."""
    return f"link-local-{code}"


def link_user(code: str) -> str:
    """Return the name under which a child logs in to its parent's broker: its code, as in its certificate."""
    return code


def definitions(
    city: City,
    code: str,
    *,
    own: Address,
    parent: Address | None,
    password: Password,
    link: LinkSettings | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Return the definitions of one node's vhost.

    `own` is where the node reaches its broker (on loopback), `parent` where it reaches its parent's. `password` gives
    the password of a user, or "" for one who logs in with a certificate.
    """
    node = city.node(code)
    children = city.children_of(code)
    topology = bus.load().with_children([child.code for child in children])
    users = [application_user(code), *(link_user(child.code) for child in children)]
    permissions = [permission(node, application_user(code), ".*", ".*", ".*")]
    topic_permissions: list[dict[str, Any]] = []
    shovels: list[dict[str, Any]] = []
    for child in children:
        rights = rights_of_child(node, child)
        permissions += rights["permissions"]
        topic_permissions += rights["topic_permissions"]
    above = city.parent_of(code)
    if above is not None and parent is not None:
        users.append(local_user(code))
        permissions.append(permission(node, local_user(code), NOTHING, "^down$", NOTHING))
        shovels = link_shovels(node, above, own=own, parent=parent, password=password, link=link or LinkSettings())
    return {
        "vhosts": [{"name": node.vhost}],
        "users": [user(name, password(name)) for name in users],
        "permissions": permissions,
        "topic_permissions": topic_permissions,
        **topology.as_definitions(node.vhost),
        "parameters": shovels,
    }


def rights_of_child(node: Node, child: Node) -> dict[str, list[dict[str, Any]]]:
    """Return what a child may do in its parent's vhost: publish under its own code, and read its own queue."""
    name, queue = link_user(child.code), bus.child_queue(child.code).name
    return {
        "permissions": [permission(node, name, NOTHING, "^(up|tele)$", f"^{_escaped(queue)}$")],
        "topic_permissions": [
            topic_permission(node, name, exchange, rf"^{child.code}\.") for exchange in ("up", "tele")
        ],
    }


def link_shovels(
    node: Node, above: Node, *, own: Address, parent: Address, password: Password, link: LinkSettings
) -> list[dict[str, Any]]:
    """Return the shovels of a child: both ways for cases, and one up for telemetry."""
    there = Address(parent.host, parent.port, parent.scheme, {**parent.query, **link.query}, parent.password_login)
    here = Address(own.host, own.port, own.scheme, {**own.query, **link.query}, own.password_login)
    far_end = there.uri(above.vhost, link_user(node.code), password(link_user(node.code)))
    # The local end of `down` goes through TCP: an alarm of this broker would not hold back a direct connection.
    near_end = here.uri(node.vhost, local_user(node.code), password(local_user(node.code)))
    up = {
        "src-uri": f"amqp:///{_quoted(node.vhost)}",
        "src-queue": "up.out",
        "dest-uri": far_end,
        "dest-exchange": "up",
    }
    down = {
        "src-uri": far_end,
        "src-queue": bus.child_queue(node.code).name,
        "dest-uri": near_end,
        "dest-exchange": "down",
    }
    tele = {**up, "src-queue": "up.tele", "dest-exchange": "tele"}
    return [shovel(node, "up", up, link), shovel(node, "down", down, link), shovel(node, "tele", tele, link)]


def shovel(node: Node, name: str, ends: Mapping[str, str], link: LinkSettings) -> dict[str, Any]:
    """Return one shovel; without a `dest-exchange-key`, so that the routing key is kept."""
    value = {
        "src-protocol": "amqp091",
        "dest-protocol": "amqp091",
        **ends,
        "ack-mode": "on-confirm",
        "src-prefetch-count": link.prefetch,
        "reconnect-delay": link.reconnect_seconds,
        "src-delete-after": "never",
        "dest-add-forward-headers": False,
    }
    return {"vhost": node.vhost, "component": "shovel", "name": name, "value": value}


def user(name: str, password: str, *, tags: str = "") -> dict[str, Any]:
    """Return a user; without a password only a certificate lets it in."""
    return {
        "name": name,
        "password_hash": password_hash(name, password) if password else "",
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": tags,
    }


def password_hash(name: str, password: str) -> str:
    """Return RabbitMQ's salted hash, with a salt that follows from both, so that rendering twice changes nothing."""
    salt = hashlib.sha256(f"{name}\x00{password}".encode()).digest()[:4]
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def permission(node: Node, name: str, configure: str, write: str, read: str) -> dict[str, Any]:
    """Return what a user may do in the node's vhost."""
    return {"user": name, "vhost": node.vhost, "configure": configure, "write": write, "read": read}


def topic_permission(node: Node, name: str, exchange: str, write: str) -> dict[str, Any]:
    """Return which routing keys a user may publish under."""
    return {"user": name, "vhost": node.vhost, "exchange": exchange, "write": write, "read": NOTHING}


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _escaped(text: str) -> str:
    return text.replace(".", r"\.")
