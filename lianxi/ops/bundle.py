"""Everything one node's machine needs, in one directory: `lianxi node render CODE --to DIR`.

Broker definitions and settings, the certificates of its link, systemd units for a machine without containers, a compose
file for one with them, and for each an environment file in which every setting stands with its meaning. The texts are
templates under `deploy/node/`; what goes into them comes from the topology and from the table in `deploy/settings.md`,
so none of it is written twice. Rendering again gives the same files, as long as the passwords and certificates are the
same.
A township that is a vhost of its district has neither a broker nor a machine of its own: its units carry its code in
their names and run beside those of the district, on ports that follow from its place among the district's vhosts.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lianxi.ops.certificates import CHILD, SERVER, Authority, AuthorityWrong, hosts_of
from lianxi.ops.local import databases, provisioning
from lianxi.ops.local.broker import ADMIN
from lianxi.ops.rendering import Address, Password, application_user, definitions, local_user
from lianxi.ops.topology import City, Node

DEPLOY = Path(__file__).parents[2] / "deploy"
PLACE = "/etc/lianxi"
TLS_PORT = 5671
PLUGINS = "[rabbitmq_management,rabbitmq_prometheus,rabbitmq_shovel,rabbitmq_shovel_management{tls}].\n"
MEMORY = {"city": "1G", "district": "512M", "county": "512M"}
TOWNSHIP_MEMORY = "384M"
DATABASE_MEMORY = {"city": "2G", "district": "1G", "county": "1G"}
TOWNSHIP_DATABASE_MEMORY = "512M"
BROKER_MEMORY = "768M"
"""Three times where its alarm is, below which it stays by itself."""
IN_CONTAINERS = "/var/lib/lianxi"

PROCESSES = {
    "services": "lianxi.runtime.run --services intake,routing,supervision,notify",
    "relay": "lianxi.bus.relay",
    "portal": "services.portal.service",
}
"""Process of a node, and what runs."""
METRICS_PORT, VHOSTS_METRICS_PORT, PORTS_APART = 9101, 9201, 10
PORTAL_PORT = 8080

ROW = re.compile(r"^\| `(LIANXI_[A-Z0-9_]+)` \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Setting:
    """A row of the table of settings."""

    name: str
    readers: str
    meaning: str
    default: str


def settings() -> list[Setting]:
    """Return every setting a process may be given, as `deploy/settings.md` explains it."""
    plain = (DEPLOY / "settings.md").read_text(encoding="utf-8").replace("`", "")
    return [Setting(*row) for row in re.findall(ROW.pattern.replace("`", ""), plain, re.MULTILINE)]


def tls_of(place: str, host: str) -> dict[str, str]:
    """Return the query of a shovel's URI to a neighbour that speaks TLS: this node's certificate, the name expected."""
    return {
        "cacertfile": f"{place}/ca.pem",
        "certfile": f"{place}/child.pem",
        "keyfile": f"{place}/child.key",
        "verify": "verify_peer",
        "server_name_indication": host,
        "auth_mechanism": "external",
    }


def tls_address(host: str, port: int, place: str) -> Address:
    """Return where a child dials its parent with the certificates in `place`, as the broker's machine sees them."""
    return Address(host, port, "amqps", tls_of(place, host), password_login=False)


@dataclass(frozen=True)
class Units:
    """The systemd units of a node: what they are called, where its settings are, and which ports are its own."""

    node: Node
    settings_file: str
    relay_url_file: str
    position: int | None = None
    """The node's place among the vhosts of its district; None for a node with a machine of its own."""
    writable: str = ""

    @property
    def unit(self) -> str:
        """What the names of all units begin with."""
        return "lianxi" if self.position is None else f"lianxi-{self.node.code}"

    @property
    def metrics_ports(self) -> Mapping[str, int]:
        """Where each process shows its metrics."""
        first = METRICS_PORT if self.position is None else VHOSTS_METRICS_PORT + PORTS_APART * self.position
        return {process: first + number for number, process in enumerate(PROCESSES)}

    @property
    def portal_port(self) -> int:
        """Where the portal listens."""
        return PORTAL_PORT + (0 if self.position is None else 1 + self.position)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Return the name and the text of each unit."""
        facts = {
            "name": self.node.name,
            "code": self.node.code,
            "unit": self.unit,
            "settings_file": self.settings_file,
            "writable": self.writable,
            "memory": MEMORY.get(self.node.level, TOWNSHIP_MEMORY),
        }
        yield f"systemd/{self.unit}.target", rendered("systemd/lianxi.target.j2", facts)
        yield f"systemd/{self.unit}-migrate.service", rendered("systemd/lianxi-migrate.service.j2", facts)
        for process, program in PROCESSES.items():
            more = {"process": process, "program": program, "own_settings": list(self._own_settings(process))}
            yield f"systemd/{self.unit}-{process}.service", rendered("systemd/process.service.j2", {**facts, **more})

    def _own_settings(self, process: str) -> Iterator[str]:
        yield f"LIANXI_METRICS_PORT={self.metrics_ports[process]}"
        if process == "relay":
            yield f"LIANXI_DATABASE_URL_FILE={self.relay_url_file}"
        if process == "portal" and self.position is not None:
            yield f"LIANXI_PORTAL_PORT={self.portal_port}"


def position_of(city: City, code: str) -> int | None:
    """Return the place of a vhost among those of its district, None for a node with a broker of its own."""
    node = city.node(code)
    if node.broker != "vhost":
        return None
    beside = sorted(child.code for child in city.children_of(str(node.parent)) if child.broker == "vhost")
    return beside.index(code)


@dataclass(frozen=True)
class Bundle:
    """What is rendered for one node; `authority` gives the certificates, without one the links speak no TLS."""

    city: City
    code: str
    parent_host: str
    password: Password
    authority: Authority | None = None
    parent_port: int = TLS_PORT
    agency_host: str = ""
    """The name under which agencies outside reach the broker; without one nobody comes to it but neighbours."""
    shared: Path | None = None
    """Where the city office keeps what neighbours must hold alike; without it the node is left to bring its own."""

    def write(self, directory: Path) -> list[Path]:
        """Write all files and return them; those that hold a secret are readable by their owner only."""
        written = []
        for name, text in self._texts():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            secret = name.endswith("definitions.json")
            path.touch(mode=0o600 if secret else 0o644)
            path.write_text(text, encoding="utf-8")
            written.append(path)
        return [*written, *self._certificates(directory / "tls"), *self._shared_files(directory / "shared")]

    def _texts(self) -> Iterator[tuple[str, str]]:
        facts, units = self._facts(), self._units()
        yield "README.md", rendered("README.md.j2", facts)
        yield Path(units.settings_file).name, rendered("lianxi.env.j2", facts)
        yield from units.texts()
        yield "broker/definitions.json", json.dumps(self._definitions(), ensure_ascii=False, indent=2) + "\n"
        if units.position is not None:
            return
        yield "compose.yaml", rendered("compose.yaml.j2", facts)
        inside = {**facts, "container": True, "place": IN_CONTAINERS, "blobs": f"{IN_CONTAINERS}/blobs"}
        yield "container.env", rendered("lianxi.env.j2", inside)
        yield "broker/rabbitmq.conf", rendered("rabbitmq.conf.j2", {**facts, "container": False})
        yield "broker/container.conf", rendered("rabbitmq.conf.j2", {**facts, "container": True})
        tls = ",rabbitmq_auth_mechanism_ssl" if self.authority else ""
        yield "broker/enabled_plugins", PLUGINS.format(tls=tls)

    def _place(self) -> str:
        return PLACE if position_of(self.city, self.code) is None else f"{PLACE}/{self.code}"

    def _units(self) -> Units:
        node, place, position = self.city.node(self.code), self._place(), position_of(self.city, self.code)
        relay_url = f"{place}/secrets/relay.url"
        if position is None:
            return Units(node, f"{place}/lianxi.env", relay_url)
        # as `lianxi node join --as-vhost` has them, so that its settings and these units go together
        return Units(node, f"{place}/node.env", relay_url, position, writable=f"-{place}/blobs")

    def _facts(self) -> dict[str, Any]:
        node, above, units = self.city.node(self.code), self.city.parent_of(self.code), self._units()
        return {
            "code": node.code,
            "name": node.name,
            "place": self._place(),
            "unit": units.unit,
            "container": False,
            "blobs": f"/var/lib/{units.unit}/blobs",
            "as_vhost": units.position is not None,
            "portal_port": units.portal_port,
            "metrics_ports": ", ".join(map(str, units.metrics_ports.values())),
            "parent": above and above.code,
            "parent_name": above and above.name,
            "parent_host": self.parent_host,
            "parent_port": self.parent_port,
            "children": [child.code for child in self.city.children_of(self.code)],
            "tls": self.authority is not None,
            "shared": self.shared is not None,
            "tls_port": TLS_PORT,
            "agency_host": self.agency_host,
            "inner_users": self._inner_users(),
            "memory": MEMORY.get(node.level, TOWNSHIP_MEMORY),
            "broker_memory": BROKER_MEMORY,
            "database_memory": DATABASE_MEMORY.get(node.level, TOWNSHIP_DATABASE_MEMORY),
            "services": databases.SCHEMAS,
            "settings": settings(),
            "broker_admin": f"{PLACE}/secrets/broker-admin.password",
            "management": "",
        }

    def _inner_users(self) -> list[str]:
        """The users who have a password and no business outside the machine of the broker."""
        vhosts = [child.code for child in self.city.children_of(self.code) if child.broker == "vhost"]
        return [ADMIN, *(name for code in (self.code, *vhosts) for name in (application_user(code), local_user(code)))]

    def _definitions(self) -> dict[str, list[dict[str, Any]]]:
        above = self.city.parent_of(self.code)
        parent = Address(self.parent_host, 5672)
        if position_of(self.city, self.code) is not None:
            own = Address()
            return definitions(self.city, self.code, own=own, parent=own, password=self.password)
        if self.authority is not None:
            parent = tls_address(self.parent_host, self.parent_port, f"{PLACE}/tls")
        password = certified(self.password) if self.authority else self.password
        return definitions(self.city, self.code, own=Address(), parent=parent if above else None, password=password)

    def _certificates(self, folder: Path) -> Iterator[Path]:
        if self.authority is None or position_of(self.city, self.code) is not None:  # a vhost's link leaves no machine
            return
        purposes = (SERVER, CHILD) if self.city.parent_of(self.code) else (SERVER,)
        issued = self.authority.directory / "issued" / self.code
        missing = [purpose for purpose in purposes if not (issued / f"{purpose}.pem").exists()]
        if missing:
            raise AuthorityWrong(f"{self.code} has no certificate as {missing[0]}: lianxi ca issue {self.code}")
        if self.agency_host and self.agency_host not in hosts_of(issued / f"{SERVER}.pem"):
            raise AuthorityWrong(
                f"the certificate of {self.code} does not name {self.agency_host}: "
                f"lianxi ca issue {self.code} --host NAME --host {self.agency_host}"
            )
        folder.mkdir(parents=True, exist_ok=True)
        sources = [self.authority.certificate_file]
        sources += [issued / f"{purpose}.{kind}" for purpose in purposes for kind in ("pem", "key")]
        for source in sources:
            yield Path(shutil.copy(source, folder / source.name))  # with its mode: keys stay their owner's

    def _shared_files(self, folder: Path) -> Iterator[Path]:
        if self.shared is None or position_of(self.city, self.code) is not None:  # a vhost uses its district's
            return
        folder.mkdir(parents=True, exist_ok=True)
        for source in provisioning.share(self.city, self.code, self.shared, logins=self.authority is None):
            yield Path(shutil.copy(source, folder / source.name))


def vhost_settings(city: City, code: str, place: str, broker_admin: str, management: str) -> str:
    """Return the settings of a vhost whose secrets and files lie in `place`, as those of any rendered node.

    `broker_admin` is the file with the password of its broker's administrator, `management` where that logs in.
    """
    facts = Bundle(city, code, "", str)._facts()  # noqa: SLF001  (the same module)
    here = {"place": place, "blobs": f"{place}/blobs", "broker_admin": broker_admin, "management": management}
    return rendered("lianxi.env.j2", {**facts, **here})


def rendered(template: str, facts: Mapping[str, Any]) -> str:
    """Return a template of `deploy/node/` filled in."""
    loader = FileSystemLoader(DEPLOY / "node")
    environment = Environment(  # noqa: S701  (what is rendered is not HTML)
        loader=loader, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(template).render(facts)


def certified(password: Password) -> Password:
    """Return passwords in which a neighbour has none: only its certificate lets it in."""
    return lambda user: "" if user.isdigit() else password(user)
