"""`lianxi node`: whole nodes on this machine, and what a node's broker must hold.

`up`, `status` and `down` work on a state directory and can be repeated. `join`, `leave` and `move` change who takes
part while everything runs (`membership`). `render` writes everything the machine of any node of the topology needs,
`provision` makes a node out of servers that exist already, `seed` prepares those of
containers, `upgrade` brings a node's database to the newest schema.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import click
import psycopg2
import requests
import sqlalchemy.exc

from lianxi.ops.bundle import TLS_PORT, Bundle, certified, tls_address
from lianxi.ops.certificates import Authority
from lianxi.ops.local import databases, provisioning
from lianxi.ops.local.broker import ADMIN
from lianxi.ops.local.management import Management, ManagementRefused
from lianxi.ops.local.processes import secret_file, wait_for
from lianxi.ops.local.programs import PROGRAMS
from lianxi.ops.local.stack import Stack
from lianxi.ops.membership import commands as membership
from lianxi.ops.rendering import Address, application_user, definitions
from lianxi.ops.topology import City, load
from lianxi.ops.whereabouts import STATE, settings_option
from lianxi.runtime.logging import redact
from lianxi.runtime.settings import read

THREE = "630100,630104,630104001"
STARTS_WITHIN = 60.0
"""Seconds until the management API of a broker whose port answers does so, too: it starts with the last plugins."""
SERVERS_FAULT = 500
SERVER_AWAY = (psycopg2.OperationalError, sqlalchemy.exc.OperationalError, requests.RequestException, ManagementRefused)

state_option = click.option(
    "--state", type=click.Path(path_type=Path), default=STATE, show_default=True, help="Directory of the nodes' state."
)


@click.group()
def command() -> None:
    """Bring nodes up and down on this machine, or render a node's configuration."""


command.add_command(membership.join)
command.add_command(membership.leave)
command.add_command(membership.move)


@command.command()
@state_option
@click.option("--nodes", default=THREE, show_default=True, help="Codes, separated by commas.")
@click.option("--programs", default=",".join(PROGRAMS), show_default=True, help="Which processes; empty for none.")
@click.option("--own-brokers", is_flag=True, help="One broker per node instead of a vhost each on one.")
@click.option("--light", is_flag=True, help="Save memory, as on a township's machine: no management API.")
@settings_option
def up(state: Path, nodes: str, programs: str, *, own_brokers: bool, light: bool, settings: Mapping[str, str]) -> None:
    """Bring nodes up: database, broker, links, processes. On a running state it changes nothing."""
    stack = Stack(state, _names(nodes), own_brokers=own_brokers, light=light, settings=settings)
    stack.up(_names(programs))
    _show(stack)


@command.command()
@state_option
def status(state: Path) -> None:
    """Show which processes run, where they listen, and the state of the links."""
    _show(_found(state))


@command.command()
@state_option
@click.option("--wipe", is_flag=True, help="Delete everything the nodes know as well.")
def down(state: Path, *, wipe: bool) -> None:
    """Stop the nodes of a state directory with their broker and database."""
    stack = _found(state)
    if wipe:
        stack.remove()
    else:
        stack.down()


@command.command()
@state_option
def migrate(state: Path) -> None:
    """Bring the databases of running nodes to the newest schema."""
    stack = _found(state)
    for node in stack.nodes:
        stack.provision_database(node.code)
        click.echo(f"{node.code}: {node.database} is at its newest schema")


@command.command()
@click.argument("code")
@click.option("--to", "directory", type=click.Path(path_type=Path, file_okay=False), help="Directory for all of it.")
@click.option("--topology", type=click.Path(path_type=Path, exists=True), help="Default: deploy/xining/topology.yaml.")
@click.option("--ca", type=click.Path(path_type=Path, exists=True), help="The city's authority: links speak TLS.")
@click.option("--parent-host", default="", help="Where the node reaches its parent's broker; default: PARENT.lianxi.")
@click.option("--agency-host", default="", help="Agencies outside may come to the broker under this name, over TLS.")
@click.option("--parent-port", type=int, help="Its port; default: 5671 with TLS, 5672 without.")
@click.option(
    "--secrets",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(".lianxi/secrets"),
    show_default=True,
    help="Passwords, and what neighbours share: one directory for all nodes. What is missing is made.",
)
def render(
    code: str,
    *,
    directory: Path | None,
    topology: Path | None,
    ca: Path | None,
    parent_host: str,
    agency_host: str,
    parent_port: int | None,
    folder: Path,
) -> None:
    """Render what a node's machine needs: broker, certificates, systemd units, compose file, environment.

    Without --to only the broker's definitions are printed, as `rabbitmqctl import_definitions` takes them.
    """
    city = load(topology)
    password = provisioning.passwords_in(folder, folder)
    if directory is None:
        parent = _parent_address(city, code, Address(), parent_host, parent_port or Address().port)
        rendered = definitions(city, code, own=Address(), parent=parent, password=password)
        click.echo(json.dumps(rendered, ensure_ascii=False, indent=2))
        return
    above = city.parent_of(code)
    host = parent_host or (f"{above.code}.lianxi" if above else "")
    port = parent_port or (TLS_PORT if ca else Address().port)
    if agency_host and ca is None and city.broker_of(code) == code:
        raise click.UsageError("--agency-host needs --ca: agencies come over TLS, with the city's certificate")
    authority = Authority(ca) if ca else None
    for path in Bundle(city, code, host, password, authority, port, agency_host, folder).write(directory):
        click.echo(path)


@command.command()
@click.argument("code")
@click.option("--secrets", "folder", type=click.Path(path_type=Path), required=True, help="The node's own secrets.")
@click.option("--shared", type=click.Path(path_type=Path), required=True, help="What it shares with its neighbours.")
@click.option("--database-admin", type=click.Path(path_type=Path, exists=True), required=True, help="File: address.")
@click.option("--broker-admin", type=click.Path(path_type=Path, exists=True), required=True, help="File: password.")
@click.option("--broker-host", default="127.0.0.1", show_default=True, help="Where the node's processes find it.")
@click.option("--parent-host", default="", help="Where the node's broker finds its parent's.")
@click.option("--parent-port", type=int, help="Its port; default: 5671 with TLS, 5672 without.")
@click.option("--tls", type=click.Path(path_type=Path), help="Certificates of the link, as the broker sees them.")
def provision(
    code: str,
    *,
    folder: Path,
    shared: Path,
    database_admin: Path,
    broker_admin: Path,
    broker_host: str,
    parent_host: str,
    parent_port: int | None,
    tls: Path | None,
) -> None:
    """Make a node out of an empty database server and an empty broker; again, to bring it up to date."""
    city = load()
    own = Address()
    password = provisioning.passwords_in(folder, shared)
    address = database_admin.read_text(encoding="utf-8").strip()
    database_side = partial(provisioning.provision_database, code, folder, lambda name: f"{address}/{name}", password)
    _patiently(database_side, "the database in --database-admin")
    provisioning.provision_keys(folder, shared / "city.keys")
    provisioning.provision_links(city, code, folder, shared)
    parent = _parent_address(city, code, own, parent_host, parent_port or own.port)
    if tls is not None:
        password = certified(password)
        parent = tls_address(parent_host, parent_port or TLS_PORT, str(tls)) if parent_host else parent
    management = Management(f"http://{broker_host}:15672", ADMIN, broker_admin.read_text(encoding="utf-8").strip())
    if not wait_for(management.answers, within=STARTS_WITHIN):
        raise click.ClickException(
            f"the management API at {management.url} does not let {ADMIN} in: is the broker up, has it the plugin "
            "rabbitmq_management, and is the password in --broker-admin its own?"
        )
    held = definitions(city, code, own=own, parent=parent, password=password)
    _patiently(partial(management.import_definitions, held), f"the management API at {management.url}")
    user = application_user(code)
    uri = Address(broker_host).uri(city.node(code).vhost, user, password(user))
    provisioning.write_secret(folder / "amqp.uri", uri)
    click.echo(f"{code} {city.node(code).name}: database and broker are ready")


@command.command()
def upgrade() -> None:
    """Bring the database this node's settings name to the newest schema; harmless when it is there already."""
    urls = {service: read(f"DATABASE_URL_{service.upper()}", secret=True) for service in databases.SCHEMAS}
    databases.migrate(urls)
    click.echo(f"{read('NODE')}: at its newest schema")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--brokers", required=True, help="Codes of the nodes whose brokers get a password, by commas.")
@click.option("--database-host", default="database", show_default=True, help="Where PostgreSQL will be.")
def seed(folder: Path, brokers: str, database_host: str) -> None:
    """Make the administrators' passwords of servers that containers are about to start."""
    password = secret_file(folder / "database.password", provisioning.new_password)
    provisioning.write_secret(folder / "database.url", f"postgresql://lianxi:{password}@{database_host}:5432")
    for code in _names(brokers):
        password = secret_file(folder / f"{code}.password", provisioning.new_password)
        provisioning.write_secret(folder / code / "admin.conf", f"default_user = {ADMIN}\ndefault_pass = {password}\n")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # the servers run under accounts of their own images


def _parent_address(city: City, code: str, own: Address, host: str, port: int) -> Address | None:
    above = city.parent_of(code)
    if above is None or (not host and city.broker_of(code) == city.broker_of(above.code)):
        return own if above else None
    return Address(host or f"{above.code}.lianxi", port)


def _patiently(step: Callable[[], object], server: str) -> None:
    """Do a step that can be repeated until its server lets it: that may still be starting, or start once more."""
    said: list[str] = []

    def done() -> bool:
        try:
            step()
        except SERVER_AWAY as error:
            if getattr(error, "status", SERVERS_FAULT) < SERVERS_FAULT:
                raise  # it is up, and will refuse the same again
            said.append(" ".join(str(redact(str(error))).split())[:300])
            return False
        return True

    if not wait_for(done, within=STARTS_WITHIN, every=1.0):
        raise click.ClickException(f"{server} is not ready: {said[-1]} (when it is, give the same command again)")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _found(state: Path) -> Stack:
    if not (state / "stack.json").exists():
        raise click.ClickException(f"{state} holds no nodes: lianxi node up --state {state}")
    return Stack.found_in(state)


def _show(stack: Stack) -> None:
    for node in stack.nodes:
        place = stack.city.node(node.code)
        click.echo(f"{node.code} {place.name}")
        broker = node.broker
        if not broker.healthy:
            click.echo("  broker    down")
            continue
        shovels = {} if broker.light else broker.management.shovel_states(node.vhost)
        link = ", ".join(f"{name} {state}" for name, state in sorted(shovels.items()))
        click.echo(f"  broker    127.0.0.1:{broker.ports.amqp}/{node.vhost}" + (f"  link: {link}" if link else ""))
        for name in PROGRAMS:
            program = node.program(name)
            state = "down" if program.pid is None else "ready" if program.ready else "starting"
            address = node.portal_url if name == "portal" else f"http://127.0.0.1:{program.metrics_port}/metrics"
            click.echo(f"  {name:<9} {state:<8} {address if program.pid else ''}".rstrip())
    click.echo(f"database    {'127.0.0.1:' + str(stack.cluster.port) if stack.cluster.healthy else 'down'}")
