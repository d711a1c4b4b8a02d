"""The plan by which a node joins below its parent: first what the parent must hold, then the child's own side.

The parent's routing learns of the child before the child can say anything: a frame of a node that nobody knows is
refused. On the child's side nothing is done from here when it has a machine of its own (`lianxi node render --to` and
`provision` do that there); as a vhost of its parent, and among local nodes, everything is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lianxi.bus import topology as bus
from lianxi.ops import rendering
from lianxi.ops.bundle import Units, certified, position_of, vhost_settings
from lianxi.ops.local import provisioning
from lianxi.ops.local.broker import Broker
from lianxi.ops.local.management import Management
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.programs import PROGRAMS, Program
from lianxi.ops.local.stack import Stack
from lianxi.ops.membership.site import Site, waited
from lianxi.ops.membership.steps import MembershipRefused, Step
from lianxi.ops.rendering import Address
from lianxi.ops.topology import Change, City, Node, note_change, standing_of
from lianxi.runtime.clock import SystemClock

SHOVELS = frozenset({"up", "down", "tele"})
HEARD_WITHIN = 90.0
"""Seconds since a heartbeat within which a link lives; it comes every 30, and is confirmed with the next one back."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """The child's own side, where it can be done from here."""

    node: Node
    city: City
    secrets: Path
    shared: Path
    management: Management
    definitions: Callable[[], Mapping[str, Any]]
    uri: Callable[[], str]
    database_admin: Callable[[str], str]
    password: rendering.Password
    keep: Callable[[], object] = lambda: None
    """Lets the state directory hold the node from now on, too."""
    broker: Broker | None = None
    programs: Sequence[Program] = ()


def joining_node(site: Site, code: str, *, as_vhost: bool) -> Node:
    """Return the node as it will be; raises MembershipRefused where it cannot join below this parent."""
    node = site.city.node(code)
    if node.parent != site.code:
        raise MembershipRefused(f"{code} lies below {node.parent}: join it there, not at {site.code} [GD-4]")
    return replace(node, broker="vhost" if as_vhost else node.broker, left=False)


def join_steps(site: Site, node: Node, by: str, *, tls: bool) -> Iterator[Step]:
    """What the parent must hold before a child can dial it."""
    here, code = site.code, node.code
    password = certified(site.password) if tls else site.password
    yield member_step(site, code, "joined", by, f"routing counts {code} among the nodes that have joined")
    yield note_step(site, node, "joined")
    yield _user(site, rendering.link_user(code), password)
    rights = rendering.rights_of_child(site.node, node)
    for row in rights["permissions"]:
        yield _permission(site, row)
    yield _topic_permissions(site, rights["topic_permissions"])
    yield from _queue(site, code)
    yield Step(
        here,
        f"secret of the link with {code} for files, links.yaml",
        lambda: _links_known(site.secrets, code),
        lambda: provisioning.provision_links(site.city_with(node), here, site.secrets, site.shared),
    )


def child_steps(child: Child) -> Iterator[Step]:
    """The child's own side: vhost with shovels, database, keys and addresses, processes."""
    code, secrets = child.node.code, child.secrets
    if child.broker is not None and not child.broker.healthy:
        yield Step(code, "broker of its own runs", lambda: False, child.broker.start)
    yield Step(
        code,
        f"vhost {child.node.vhost} with queues, users and shovels",
        lambda: _has_shovels(child),
        lambda: child.management.import_definitions(dict(child.definitions())),
    )
    yield Step(code, "database at its newest schema", (secrets / "database.ready").exists, lambda: _database(child))
    yield Step(code, "keys, link secrets and addresses", lambda: _has_secrets(secrets), lambda: _secrets(child))
    for program in child.programs:
        yield Step(code, f"process {program.name}", lambda program=program: program.ready, _starter(program))  # type: ignore[misc]


def heard_step(site: Site, code: str, seconds: float) -> Step:
    """The proof: both ends hear each other."""

    def wait() -> None:
        if not waited(lambda: link_lives(site, code), seconds):
            raise MembershipRefused(
                f"{code} was not heard within {seconds:g} s: see docs/runbooks/LinkSilent.md, then repeat this command"
            )

    return Step(site.code, f"link with {code} is heard both ways", lambda: link_lives(site, code), wait)


def link_lives(site: Site, code: str) -> bool:
    """Whether both ends of a link heard each other lately."""
    for row in site.routing("links")["rows"]:
        if row["peer"] == code:
            ages = (row["heartbeat_age_seconds"], row["heard_by_peer_age_seconds"])
            return all(age is not None and age < HEARD_WITHIN for age in ages)
    return False


def child_of_stack(stack: Stack, node: Node) -> Child:
    """Return the child's side among local nodes; from then on the state directory holds it."""
    widened = Stack(
        stack.directory,
        [*(each.code for each in stack.city if each.code != node.code), node.code],
        own_brokers=stack.own_brokers,
        settings=stack.settings,
    )
    place, parent = widened.node(node.code), widened.node(str(node.parent))
    owns = stack.own_brokers and node.broker == "own"
    return Child(
        node=node,
        city=widened.city,
        secrets=place.directory / "secrets",
        shared=stack.directory / "secrets",
        management=place.broker.management,
        definitions=lambda: widened.definitions(node.code),
        uri=lambda: Address(port=place.broker.ports.amqp).uri(
            node.vhost, rendering.application_user(node.code), stack.password(f"app-{node.code}")
        ),
        keep=widened.note,
        database_admin=stack.cluster.dsn,
        password=stack.password,
        broker=place.broker if owns else None,
        programs=[place.program(name) for name in PROGRAMS if parent.program(name).pid],
    )


def child_as_vhost(site: Site, node: Node, folder: Path, database_admin: str) -> Child:
    """Return the side of a child that lives as a vhost on its parent's machine, its secrets in a folder of its own."""
    secrets = folder / "secrets"
    password, city = provisioning.passwords_in(secrets, site.shared), site.city_with(node)
    return Child(
        node=node,
        city=city,
        secrets=secrets,
        shared=site.shared,
        management=site.management,
        definitions=lambda: rendering.definitions(
            city, node.code, own=site.address, parent=site.address, password=password
        ),
        uri=lambda: site.address.uri(
            node.vhost,
            rendering.application_user(node.code),
            password(rendering.application_user(node.code)),
        ),
        database_admin=lambda database: f"{database_admin}/{database}",
        password=password,
    )


def member_step(site: Site, code: str, standing: str, by: str, title: str) -> Step:
    """Let the parent's routing record how a node stands."""

    def so() -> bool:
        members = site.routing("members")
        left = code in {row["node"] for row in members["left"]}
        leaving = code in members["leaving"]
        return {"joined": code in members["joined"] and not leaving, "leaving": leaving or left, "left": left}[standing]

    return Step(site.code, title, so, lambda: site.routing("change_member", node=code, standing=standing, by=by))


def note_step(site: Site, node: Node, standing: str) -> Step:
    """Write down in the changes of the topology how a node stands."""
    change = Change(on=SystemClock().today(), node=node.code, standing=standing, broker=node.broker)
    return Step(
        site.code,
        f"{site.changes.name}: {node.code} {standing}, broker {node.broker}",
        lambda: standing_of(site.changes, node.code) == (standing, node.broker),
        lambda: note_change(site.changes, change),
    )


def _user(site: Site, name: str, password: rendering.Password) -> Step:
    def same() -> bool:
        found = site.found(f"users/{in_path(name)}")
        return found is not None and found["password_hash"] == rendering.user(name, password(name))["password_hash"]

    return Step(
        site.code,
        f"broker user {name}",
        same,
        lambda: site.management.put(f"users/{in_path(name)}", rendering.user(name, password(name))),
    )


def _permission(site: Site, row: Mapping[str, Any]) -> Step:
    path = site.in_vhost("permissions", row["user"])
    rights = {kind: row[kind] for kind in ("configure", "write", "read")}

    def same() -> bool:
        found = site.found(path) or {}
        return all(found.get(kind) == pattern for kind, pattern in rights.items())

    shown = " ".join(f"{kind} {pattern}" for kind, pattern in rights.items())
    return Step(site.code, f"permissions of {row['user']}: {shown}", same, lambda: site.management.put(path, rights))


def _topic_permissions(site: Site, rows: Sequence[Mapping[str, Any]]) -> Step:
    user = rows[0]["user"]
    path = site.in_vhost("topic-permissions", user)
    wanted = {row["exchange"]: row["write"] for row in rows}

    def same() -> bool:
        found = {row["exchange"]: row["write"] for row in site.found(path) or ()}
        return found == wanted

    def put() -> None:
        for row in rows:
            site.management.put(path, {key: row[key] for key in ("exchange", "write", "read")})

    shown = " ".join(f"{exchange} {pattern}" for exchange, pattern in wanted.items())
    return Step(site.code, f"routing keys of {user}: {shown}", same, put)


def _queue(site: Site, code: str) -> Iterator[Step]:
    queue = bus.child_queue(code)
    path = site.in_vhost("queues", queue.name)
    facts = {"durable": True, "auto_delete": False, "arguments": queue.arguments}
    yield Step(
        site.code,
        f"queue {queue.name}",
        lambda: site.found(path) is not None,
        lambda: site.management.put(path, facts),
    )
    for key in queue.keys:
        binding = f"{site.in_vhost('bindings')}/e/{in_path(queue.source)}/q/{in_path(queue.name)}"
        yield Step(
            site.code,
            f"binding {queue.source} {key} to {queue.name}",
            lambda key=key, binding=binding: any(  # type: ignore[misc]
                row["routing_key"] == key for row in site.found(binding) or ()
            ),
            lambda key=key, binding=binding: site.management.post(binding, {"routing_key": key}),  # type: ignore[misc]
        )


def _links_known(secrets: Path, code: str) -> bool:
    file = secrets / "links.yaml"
    return file.exists() and f'"{code}":' in file.read_text(encoding="utf-8")


def _has_shovels(child: Child) -> bool:
    if child.broker is not None and not child.broker.healthy:
        return False
    path = f"parameters/shovel/{in_path(child.node.vhost)}"
    vhosts = {row["name"] for row in child.management.get("vhosts")}
    return child.node.vhost in vhosts and SHOVELS.issubset(row["name"] for row in child.management.get(path))


def _database(child: Child) -> None:
    provisioning.provision_database(child.node.code, child.secrets, child.database_admin, child.password)
    provisioning.write_secret(child.secrets / "database.ready", "")


def _has_secrets(secrets: Path) -> bool:
    return all((secrets / name).exists() for name in ("keyring.yaml", "links.yaml", "amqp.uri"))


def _secrets(child: Child) -> None:
    child.keep()
    provisioning.provision_keys(child.secrets, child.shared / "city.keys")
    provisioning.provision_links(child.city, child.node.code, child.secrets, child.shared)
    provisioning.write_secret(child.secrets / "amqp.uri", child.uri())


def _starter(program: Program) -> Callable[[], object]:
    def start() -> None:
        program.start()
        program.wait()

    return start


def write_settings(site: Site, node: Node, folder: Path, broker_admin: Path) -> Path:
    """Write what the processes of a child on its parent's machine are told, and their units; return the settings."""
    city, place = site.city_with(node), folder.resolve()
    file = folder / "node.env"
    told = vhost_settings(city, node.code, str(place), str(broker_admin.resolve()), site.management.url)
    file.write_text(told, encoding="utf-8")
    (folder / "blobs").mkdir(exist_ok=True)
    position = position_of(city, node.code)
    units = Units(node, str(place / "node.env"), str(place / "secrets" / "relay.url"), position, str(place / "blobs"))
    for name, text in units.texts():
        unit = folder / name
        unit.parent.mkdir(exist_ok=True)
        unit.write_text(text, encoding="utf-8")
    return file
