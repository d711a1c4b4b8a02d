"""Everything one node's machine needs, in one directory: `lianxi node render CODE --to DIR`.

Broker definitions and settings, the certificates of its link, systemd units for a machine without containers, a compose
file for one with them, and an environment file in which every setting stands with its meaning. The texts are templates
under `deploy/node/`; what goes into them comes from the topology and from the table in `deploy/settings.md`, so none of
it is written twice. Rendering again gives the same files, as long as the passwords and certificates are the same.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lianxi.ops.certificates import CHILD, SERVER, Authority, AuthorityWrong
from lianxi.ops.local import databases
from lianxi.ops.rendering import Address, Password, definitions
from lianxi.ops.topology import City

DEPLOY = Path(__file__).parents[2] / "deploy"
PLACE = "/etc/lianxi"
TLS_PORT = 5671
PLUGINS = "[rabbitmq_management,rabbitmq_prometheus,rabbitmq_shovel,rabbitmq_shovel_management{tls}].\n"
MEMORY = {"city": "1G", "district": "512M", "county": "512M"}
TOWNSHIP_MEMORY = "384M"

PROCESSES = {
    "services": ("lianxi.runtime.run --services intake,routing,supervision,notify", "LIANXI_METRICS_PORT=9101"),
    "relay": ("lianxi.bus.relay", "LIANXI_METRICS_PORT=9102"),
    "portal": ("services.portal.service", "LIANXI_METRICS_PORT=9103"),
}
"""Process of a node: what runs, and where it shows its metrics."""

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
class Bundle:
    """What is rendered for one node; `authority` gives the certificates, without one the links speak no TLS."""

    city: City
    code: str
    parent_host: str
    password: Password
    authority: Authority | None = None
    parent_port: int = TLS_PORT

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
        return written + list(self._certificates(directory / "tls"))

    def _texts(self) -> Iterator[tuple[str, str]]:
        facts = self._facts()
        yield "README.md", self._render("README.md.j2", facts)
        yield "lianxi.env", self._render("lianxi.env.j2", facts)
        yield "compose.yaml", self._render("compose.yaml.j2", facts)
        yield "broker/rabbitmq.conf", self._render("rabbitmq.conf.j2", {**facts, "container": False})
        yield "broker/container.conf", self._render("rabbitmq.conf.j2", {**facts, "container": True})
        tls = ",rabbitmq_auth_mechanism_ssl" if self.authority else ""
        yield "broker/enabled_plugins", PLUGINS.format(tls=tls)
        yield "broker/definitions.json", json.dumps(self._definitions(), ensure_ascii=False, indent=2) + "\n"
        yield "systemd/lianxi.target", self._render("systemd/lianxi.target.j2", facts)
        yield "systemd/lianxi-migrate.service", self._render("systemd/lianxi-migrate.service.j2", facts)
        for process, (program, metrics) in PROCESSES.items():
            own = [metrics, *([f"LIANXI_DATABASE_URL_FILE={PLACE}/secrets/relay.url"] if process == "relay" else [])]
            more = {"process": process, "program": program, "own_settings": own}
            yield f"systemd/lianxi-{process}.service", self._render("systemd/process.service.j2", {**facts, **more})

    def _facts(self) -> dict[str, Any]:
        node, above = self.city.node(self.code), self.city.parent_of(self.code)
        return {
            "code": node.code,
            "name": node.name,
            "place": PLACE,
            "parent": above and above.code,
            "parent_name": above and above.name,
            "parent_host": self.parent_host,
            "parent_port": self.parent_port,
            "children": [child.code for child in self.city.children_of(self.code)],
            "tls": self.authority is not None,
            "tls_port": TLS_PORT,
            "memory": MEMORY.get(node.level, TOWNSHIP_MEMORY),
            "services": databases.SCHEMAS,
            "settings": settings(),
        }

    def _definitions(self) -> dict[str, list[dict[str, Any]]]:
        above = self.city.parent_of(self.code)
        parent = Address(self.parent_host, 5672)
        if self.authority is not None:
            parent = tls_address(self.parent_host, self.parent_port, f"{PLACE}/tls")
        password = certified(self.password) if self.authority else self.password
        return definitions(self.city, self.code, own=Address(), parent=parent if above else None, password=password)

    def _certificates(self, folder: Path) -> Iterator[Path]:
        if self.authority is None:
            return
        purposes = (SERVER, CHILD) if self.city.parent_of(self.code) else (SERVER,)
        issued = self.authority.directory / "issued" / self.code
        missing = [purpose for purpose in purposes if not (issued / f"{purpose}.pem").exists()]
        if missing:
            raise AuthorityWrong(f"{self.code} has no certificate as {missing[0]}: lianxi ca issue {self.code}")
        folder.mkdir(parents=True, exist_ok=True)
        sources = [self.authority.certificate_file]
        sources += [issued / f"{purpose}.{kind}" for purpose in purposes for kind in ("pem", "key")]
        for source in sources:
            yield Path(shutil.copy(source, folder / source.name))  # with its mode: keys stay their owner's

    @staticmethod
    def _render(template: str, facts: dict[str, Any]) -> str:
        loader = FileSystemLoader(DEPLOY / "node")
        environment = Environment(  # noqa: S701  (what is rendered is not HTML)
            loader=loader, undefined=StrictUndefined, keep_trailing_newline=True
        )
        return environment.get_template(template).render(facts)


def certified(password: Password) -> Password:
    """Return passwords in which a neighbour has none: only its certificate lets it in."""
    return lambda user: "" if user.isdigit() else password(user)
