"""`lianxi node`: whole nodes on this machine, and what a node's broker must hold.

`up`, `status` and `down` work on a state directory and can be repeated; `render` prints the broker definitions of any
node of the topology, with passwords from a directory of secrets that is filled on first use.
"""

import json
import secrets
from pathlib import Path

import click

from lianxi.ops.local.processes import secret_file
from lianxi.ops.local.programs import PROGRAMS
from lianxi.ops.local.stack import Stack
from lianxi.ops.rendering import Address, LinkSettings, definitions
from lianxi.ops.topology import load

STATE = Path(".lianxi/nodes")
THREE = "630100,630104,630104001"

state_option = click.option(
    "--state", type=click.Path(path_type=Path), default=STATE, show_default=True, help="Directory of the nodes' state."
)


@click.group()
def command() -> None:
    """Bring nodes up and down on this machine, or render a node's configuration."""


@command.command()
@state_option
@click.option("--nodes", default=THREE, show_default=True, help="Codes, separated by commas.")
@click.option("--programs", default=",".join(PROGRAMS), show_default=True, help="Which processes; empty for none.")
@click.option("--own-brokers", is_flag=True, help="One broker per node instead of a vhost each on one.")
def up(state: Path, nodes: str, programs: str, *, own_brokers: bool) -> None:
    """Bring nodes up: database, broker, links, processes. On a running state it changes nothing."""
    stack = Stack(state, _names(nodes), own_brokers=own_brokers)
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
@click.option("--topology", type=click.Path(path_type=Path, exists=True), help="Default: deploy/xining/topology.yaml.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the node reaches its own broker.")
@click.option("--port", default=5672, show_default=True, help="Its port.")
@click.option("--parent-host", default="", help="Where the node reaches its parent's broker; default: PARENT.lianxi.")
@click.option("--parent-port", default=5672, show_default=True, help="Its port.")
@click.option(
    "--secrets",
    "secrets_directory",
    type=click.Path(path_type=Path),
    default=Path(".lianxi/secrets"),
    show_default=True,
    help="Directory of passwords, one file per user; missing ones are made.",
)
def render(  # noqa: PLR0917  (click passes every option)
    code: str,
    topology: Path | None,
    host: str,
    port: int,
    parent_host: str,
    parent_port: int,
    secrets_directory: Path,
) -> None:
    """Print the definitions of a node's broker: `rabbitmqctl import_definitions` or `load_definitions` takes them."""
    city = load(topology)
    above = city.parent_of(code)
    shares_broker = above is not None and city.broker_of(code) == city.broker_of(above.code)
    parent = None
    if above is not None:
        own = Address(host, port)
        parent = own if shares_broker else Address(parent_host or f"{above.code}.lianxi", parent_port)
    rendered = definitions(
        city,
        code,
        own=Address(host, port),
        parent=parent,
        password=lambda user: secret_file(secrets_directory / user, lambda: secrets.token_urlsafe(24)),
        link=LinkSettings(),
    )
    click.echo(json.dumps(rendered, ensure_ascii=False, indent=2))


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
        shovels = broker.management.shovel_states(node.vhost)
        link = ", ".join(f"{name} {state}" for name, state in sorted(shovels.items()))
        click.echo(f"  broker    127.0.0.1:{broker.ports.amqp}/{node.vhost}" + (f"  link: {link}" if link else ""))
        for name in PROGRAMS:
            program = node.program(name)
            state = "down" if program.pid is None else "ready" if program.ready else "starting"
            address = node.portal_url if name == "portal" else f"http://127.0.0.1:{program.metrics_port}/metrics"
            click.echo(f"  {name:<9} {state:<8} {address if program.pid else ''}".rstrip())
    click.echo(f"database    {'127.0.0.1:' + str(stack.cluster.port) if stack.cluster.healthy else 'down'}")
