"""Whole nodes on one machine: brokers, database, shovels and processes, brought up together and found again later.

A `Stack` is a state directory. By default its nodes share one broker, a vhost each; with `own_brokers` each has a
broker to itself, as on machines of their own, so that one can be killed or wiped alone. All nodes use one PostgreSQL
server, with a database and roles of their own. Everything can be repeated: `up` on a running stack changes nothing.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lianxi.ops import rendering
from lianxi.ops.local import databases, provisioning
from lianxi.ops.local.broker import Broker
from lianxi.ops.local.cleaning import remove_data_elsewhere, stop_everything
from lianxi.ops.local.cluster import SMALL, Cluster
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.processes import free_ports, locked
from lianxi.ops.local.programs import PROGRAMS, SERVICES, Program
from lianxi.ops.rendering import Address, LinkSettings
from lianxi.ops.topology import City, load

CHANGES = "topology.changes.yaml"
LINK = LinkSettings(reconnect_seconds=1, heartbeat_seconds=5, connection_timeout_milliseconds=5000)
"""Everything is on loopback here, so a lost link may be dialled again at once."""


@dataclass
class LocalNode:
    """One node of a stack."""

    code: str
    directory: Path
    broker: Broker
    cluster: Cluster
    environment: dict[str, str]
    ports: dict[str, int]

    @property
    def database(self) -> str:
        """The name of its database."""
        return databases.database_name(self.code)

    @property
    def vhost(self) -> str:
        """Its vhost on `broker`."""
        return self.code

    @property
    def amqp_uri(self) -> str:
        """The address under which its processes reach the broker."""
        return Path(self.environment["LIANXI_AMQP_URI_FILE"]).read_text(encoding="utf-8")

    def database_url(self, service: str) -> str:
        """Return the address of the node's database as one service's role."""
        return (self.directory / "secrets" / f"{service}.url").read_text(encoding="utf-8")

    @property
    def portal_url(self) -> str:
        """Where the portal listens."""
        return f"http://127.0.0.1:{self.ports['portal']}"

    def program(self, name: str) -> Program:
        """Return one process of the node: services, relay or portal."""
        extra = {"LIANXI_PORTAL_PORT": str(self.ports["portal"])}
        if name == "relay":
            extra["LIANXI_DATABASE_URL_FILE"] = str(self.directory / "secrets" / f"{databases.RELAY}.url")
            extra["LIANXI_SCHEMAS"] = ",".join(SERVICES)
        return Program(name, self.directory, {**self.environment, **extra}, self.ports[f"{name}_metrics"])


@dataclass
class Stack:
    """Nodes of the city on this machine, with their state in one directory."""

    directory: Path
    codes: Sequence[str]
    own_brokers: bool = False
    light: bool = False
    """Save memory as a township's machine must: brokers without the management API, a small database."""
    link: LinkSettings = LINK
    link_ports: Mapping[str, int] = field(default_factory=dict)
    """For a child: the port it dials instead of its parent's broker, for example of a proxy that can cut the link."""
    topology: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings of all processes, `LIANXI_…`: a mail server, for example."""

    def __post_init__(self) -> None:
        """Read the topology once."""
        self.directory = self.directory.resolve()
        self.city: City = load(self.topology, self.changes).select(self.codes)
        self.cluster = Cluster(self.directory / "cluster", settings=SMALL if self.light else None)

    @classmethod
    def found_in(cls, directory: Path) -> "Stack":
        """Return the stack that a directory holds, as it was brought up, without the nodes that left since."""
        noted = json.loads((directory / "stack.json").read_text(encoding="utf-8"))
        city = load(None, directory / CHANGES)
        noted["codes"] = [code for code in noted["codes"] if not city.node(code).left]
        return cls(directory, **noted)

    def node(self, code: str) -> LocalNode:
        """Return one node."""
        directory = self.directory / "nodes" / self.city.node(code).code
        directory.mkdir(parents=True, exist_ok=True)
        return LocalNode(
            code, directory, self.broker_of(code), self.cluster, self._environment(code), self._ports(code)
        )

    @property
    def nodes(self) -> list[LocalNode]:
        """All nodes, parents first."""
        return [self.node(node.code) for node in self.city]

    def broker_of(self, code: str) -> Broker:
        """Return the broker on which a node has its vhost."""
        owner = self.directory / "nodes" / self.city.broker_of(code) if self.own_brokers else self.directory
        definitions = owner / "definitions.json" if self.light else None
        return Broker(owner / "broker", light=self.light, definitions=definitions)

    @property
    def brokers(self) -> list[Broker]:
        """All brokers of the stack."""
        found = {broker.directory: broker for broker in (self.broker_of(node.code) for node in self.city)}
        return list(found.values())

    def up(self, programs: Iterable[str] = tuple(PROGRAMS)) -> None:
        """Bring everything up, ready for work."""
        wanted = list(programs)
        with locked(self.directory / "stack.lock"):
            self.note()
            self.start_servers()
            self.provision()
            self.start_programs(wanted)

    def note(self) -> None:
        """Write down which nodes these are, so that `found_in` finds them again."""
        noted = {
            "codes": [node.code for node in self.city],
            "own_brokers": self.own_brokers,
            "light": self.light,
            "settings": dict(self.settings),
        }
        (self.directory / "stack.json").write_text(json.dumps(noted), encoding="utf-8")

    @property
    def changes(self) -> Path:
        """The dated changes of the topology that were made to these nodes."""
        return self.directory / CHANGES

    def start_servers(self) -> None:
        """Start the database and all brokers at the same time."""
        if self.light:
            self._write_definitions()
        with ThreadPoolExecutor(max_workers=4) as pool:
            starting = [pool.submit(self.cluster.start), *(pool.submit(broker.start) for broker in self.brokers)]
        for started in starting:
            started.result()

    def provision(self) -> None:
        """Make or mend databases, vhosts, users, queues, shovels and keys of every node."""
        for node in self.nodes:
            self.provision_database(node.code)
            self.provision_broker(node.code)
            provisioning.provision_keys(node.directory / "secrets", self.directory / "secrets" / "city.keys")
            provisioning.provision_links(self.city, node.code, node.directory / "secrets", self.directory / "secrets")

    def provision_database(self, code: str) -> None:
        """Make a node's database and bring it to the newest schema."""
        secrets_of_node = self.node(code).directory / "secrets"
        provisioning.provision_database(code, secrets_of_node, self.cluster.dsn, self.password)

    def provision_broker(self, code: str) -> None:
        """Give a node's broker everything the topology says; also after the broker was wiped."""
        node = self.node(code)
        if not self.light:  # a light broker has read them at its start
            node.broker.management.import_definitions(self.definitions(code))
        uri = self._address(code).uri(node.vhost, rendering.application_user(code), self.password(f"app-{code}"))
        provisioning.write_secret(node.directory / "secrets" / "amqp.uri", uri)

    def definitions(self, code: str) -> dict[str, list[dict[str, object]]]:
        """Return the broker definitions of one node of this stack."""
        above = self.city.parent_of(code)
        parent = None
        if above is not None:
            address = self._address(above.code)
            parent = Address(port=self.link_ports.get(code, address.port))
        return rendering.definitions(
            self.city, code, own=self._address(code), parent=parent, password=self.password, link=self.link
        )

    def start_programs(self, programs: Iterable[str]) -> None:
        """Start processes on every node and wait until all are ready."""
        started = [node.program(name) for name in programs for node in self.nodes]
        for program in started:
            program.start()
        for program in started:
            program.wait()

    def stop_programs(self) -> None:
        """Stop the processes of all nodes, servers stay."""
        programs = [node.program(name) for node in self.nodes for name in ("portal", "services", "relay")]
        with ThreadPoolExecutor(max_workers=len(programs)) as pool:
            list(pool.map(lambda program: program.stop(), programs))

    def down(self) -> None:
        """Stop everything; what was written stays."""
        with locked(self.directory / "stack.lock"):
            self.stop_programs()
            with ThreadPoolExecutor(max_workers=4) as pool:
                stopping = [pool.submit(self.cluster.stop), *(pool.submit(broker.stop) for broker in self.brokers)]
            for stopped in stopping:
                stopped.result()

    def remove(self) -> None:
        """Stop everything and delete the state directory."""
        if not self.directory.exists():
            return
        self.stop_programs()
        for broker in self.brokers:
            broker.remove()
        self.cluster.remove()
        stop_everything(self.directory)
        remove_data_elsewhere(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)

    def cut_link(self, child: str) -> None:
        """Take a child's shovels for cases away: only snapshots of metrics cross its link until `heal_link`."""
        node = self.node(child)
        for shovel in ("up", "down"):
            node.broker.management.delete(f"parameters/shovel/{in_path(node.vhost)}/{shovel}")

    def heal_link(self, child: str) -> None:
        """Give a child its shovels back."""
        node = self.node(child)
        for shovel in self.definitions(child)["parameters"]:
            path = f"parameters/shovel/{in_path(node.vhost)}/{shovel['name']}"
            node.broker.management.put(path, {"value": shovel["value"]})

    def password(self, user: str) -> str:
        """Return the password of a user of this stack, made on first use."""
        folder = self.directory / "secrets"
        return provisioning.passwords_in(folder, folder)(user)

    @property
    def clock_offset_file(self) -> Path:
        """The file by which all clocks of the stack are moved together (`lianxi.runtime.clock.set_offset`)."""
        return self.directory / "clock.offset"

    def _write_definitions(self) -> None:
        """Write what each light broker loads at its start: the definitions of all nodes that live on it."""
        merged: dict[Path, dict[str, list[dict[str, object]]]] = {}
        for node in self.nodes:
            file = node.broker.definitions
            if file is not None:
                target = merged.setdefault(file, {})
                for kind, objects in self.definitions(node.code).items():
                    target.setdefault(kind, []).extend(objects)
        for file, content in merged.items():
            provisioning.write_secret(file, json.dumps(content))

    def _address(self, code: str) -> Address:
        return Address(port=self.broker_of(code).ports.amqp)

    def _environment(self, code: str) -> dict[str, str]:
        folder = self.directory / "nodes" / code / "secrets"
        above = self.city.parent_of(code)
        return {
            **provisioning.environment(code, folder),
            "LIANXI_CLOCK_FILE": str(self.clock_offset_file),
            "LIANXI_PEERS": ",".join(node.code for node in self.city),
            "LIANXI_PORTAL_ADDRESS": f"http://127.0.0.1:{self._ports(code)['portal']}",
            "LIANXI_BLOBS": str(self.directory / "nodes" / code / "blobs"),
            "LIANXI_PARENT_PORTAL": f"http://127.0.0.1:{self._ports(above.code)['portal']}" if above else "",
            **self.settings,
        }

    def _ports(self, code: str) -> dict[str, int]:
        path = self.directory / "nodes" / code / "ports.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        names = ("portal", "services_metrics", "relay_metrics", "portal_metrics")
        if not path.exists():
            path.write_text(json.dumps(dict(zip(names, free_ports(len(names)), strict=True))), encoding="ascii")
        ports: dict[str, int] = json.loads(path.read_text(encoding="ascii"))
        return ports
