"""Nodes for tests: migrated databases copied from a template, and brokers linked by shovels."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from lianxi.ops.local import databases
from lianxi.ops.local.cluster import Cluster
from lianxi.ops.local.processes import locked
from tests.support.databases import Database

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class NodeDatabase(Database):
    """The migrated database of a node; each service logs in as its own role, as it does in earnest."""

    code: str
    template: str

    def service_url(self, service: str) -> str:
        """Return the address for one service (or `relay`)."""
        role = databases.role_name(self.template, service)
        return self.cluster.url(self.name, role, _password(service))

    def environment(self, folder: Path) -> dict[str, str]:
        """Return what a process of this node reads to find its database; the secrets are written to `folder`."""
        found = {"LIANXI_NODE": self.code}
        for service in databases.ROLES:
            path = folder / f"{service}.url"
            path.write_text(self.service_url(service), encoding="utf-8")
            found[f"LIANXI_DATABASE_URL_{service.upper()}_FILE"] = str(path)
        return found


def copy_of_template(cluster: Cluster, code: str, services: tuple[str, ...]) -> NodeDatabase:
    """Return a fresh copy of the database in which `services` have run their migrations."""
    template = _template(cluster, services)
    database = NodeDatabase(cluster, f"node_{code}_{secrets.token_hex(5)}", code=code, template=template)
    with locked(cluster.directory / f"{template}.lock"):  # two copies at a time would find the template in use
        cluster.create_database(database.name, template=template)
    return database


def _template(cluster: Cluster, services: tuple[str, ...]) -> str:
    name = f"template_{_digest(services)}"
    ready = cluster.directory / f"{name}.ready"
    with locked(cluster.directory / f"{name}.lock"):
        if not ready.exists():
            cluster.drop_database(name)
            databases.provision(cluster.dsn, name, {role: _password(role) for role in databases.ROLES})
            roles = {service: databases.role_name(name, service) for service in services}
            urls = {service: cluster.url(name, role, _password(service)) for service, role in roles.items()}
            databases.migrate(urls, services)
            databases.open_outboxes(cluster.dsn, name)
            ready.touch()
    return name


def _digest(services: tuple[str, ...]) -> str:
    """Return a name for what the migrations of these services are now."""
    digest = hashlib.sha256()
    files = [path for service in services for path in (ROOT / "services" / service / "migrations").rglob("*.py")]
    for path in (*sorted(files), ROOT / "lianxi" / "bus" / "migration.py"):
        digest.update(f"{path}\x00".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _password(service: str) -> str:
    return f"{service}-in-tests"
