"""What a change of membership works on: a parent node with its broker, its routing, its secrets and the topology.

A `Site` is either the machine of the parent, named by the environment and a few options, or a parent among the local
nodes of a state directory (`lianxi node up`), where the child's own side can be done as well.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lianxi.bus.calls import Calls
from lianxi.ops.local import provisioning
from lianxi.ops.local.broker import ADMIN
from lianxi.ops.local.management import Management, ManagementRefused
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.stack import Stack
from lianxi.ops.rendering import Address, Password
from lianxi.ops.topology import City, Node, changes_file, load
from lianxi.runtime.settings import read

NOT_FOUND = 404
MANAGEMENT_PORT = 15672
POLL = 0.25


@dataclass(frozen=True, kw_only=True)
class Site:
    """A parent node as its operator reaches it."""

    code: str
    city: City
    changes: Path
    management: Management
    address: Address
    secrets: Path
    shared: Path
    password: Password
    calls: Calls
    database_admin: Callable[[str], str] | None = None
    stack: Stack | None = None

    @property
    def node(self) -> Node:
        """The parent."""
        return self.city.node(self.code)

    def routing(self, method: str, **body: Any) -> dict[str, Any]:
        """Call the parent's routing."""
        return self.calls.call("routing", method, body, timeout=20.0)

    def found(self, path: str) -> Any:
        """Return an object of the broker, None when it is not there."""
        try:
            return self.management.get(path)
        except ManagementRefused as refused:
            if refused.status != NOT_FOUND:
                raise
            return None

    def in_vhost(self, kind: str, *names: str) -> str:
        """Return the path of something in the parent's vhost."""
        return "/".join([kind, in_path(self.node.vhost), *map(in_path, names)])

    def city_with(self, node: Node) -> City:
        """Return the topology of the parent and everything around it, with `node` in it."""
        return City({**self.city.nodes, node.code: node})


def of_machine(
    environment: Mapping[str, str], management: str | None, broker_admin: Path, folders: tuple[Path, Path]
) -> Site:
    """Return the site of the node that the environment names; its management API is beside its broker unless told."""
    secrets, shared = folders
    password = broker_admin.read_text(encoding="utf-8").strip()
    uri = read("AMQP_URI", secret=True, environment=environment)
    place = urlsplit(uri)
    return Site(
        code=read("NODE", environment=environment),
        city=load(),
        changes=changes_file(),
        management=Management(
            management or f"http://{place.hostname}:{MANAGEMENT_PORT}",
            read("MANAGEMENT_USER", ADMIN, environment=environment),
            password,
        ),
        address=Address(place.hostname or "127.0.0.1", place.port or Address().port),
        secrets=secrets,
        shared=shared,
        password=provisioning.passwords_in(secrets, shared),
        calls=Calls(uri, name="lianxi node"),
    )


def of_stack(stack: Stack, code: str) -> Site:
    """Return the site of one of the local nodes."""
    node = stack.node(code)
    return Site(
        code=code,
        city=load(stack.topology, stack.changes),
        changes=stack.changes,
        management=node.broker.management,
        address=Address(port=node.broker.ports.amqp),
        secrets=node.directory / "secrets",
        shared=stack.directory / "secrets",
        password=stack.password,
        calls=Calls(node.amqp_uri, name="lianxi node"),
        database_admin=stack.cluster.dsn,
        stack=stack,
    )


def waited(fact: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so; return whether it came to be."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True
