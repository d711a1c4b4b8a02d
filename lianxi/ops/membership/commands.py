"""What people type: `lianxi node join`, `leave` and `move`.

Given at the parent, with the settings of its processes in the environment and the password of its broker's
administrator in a file; or for local nodes with `--state`, where the child's own side is done as well. `--dry-run`
prints the steps as they would be done, `--json` one object a line. Status 0: all done; 1: refused or not possible now,
with the reason and the rule; repeat the command to go on.
"""

import getpass
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from lianxi.bus.calls import CallRefused, Calls
from lianxi.ops.local.stack import Stack
from lianxi.ops.membership import joining, leaving
from lianxi.ops.membership.handing_over import Handing
from lianxi.ops.membership.site import Site, of_machine, of_stack
from lianxi.ops.membership.steps import MembershipRefused, Step, carry_out, explained
from lianxi.ops.topology import Node, load
from lianxi.runtime.settings import read

Command = Callable[..., Any]
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_place = _options(
    click.option("--state", type=_FOLDER, help="State directory of `lianxi node up`: local nodes."),
    click.option(
        "--broker-admin",
        type=_FILE,
        envvar="LIANXI_MANAGEMENT_PASSWORD_FILE",
        show_envvar=True,
        help="File: password of the administrator of the parent's broker.",
    ),
    click.option(
        "--management",
        envvar="LIANXI_MANAGEMENT_URL",
        show_envvar=True,
        help="Its management API; default: port 15672 beside the broker.",
    ),
    click.option("--secrets", type=_FOLDER, help="The parent's; default: where its key ring lies."),
    click.option("--shared", type=_FOLDER, help="With neighbours; default: `shared` beside the secrets."),
    click.option("--by", default="", help="Who orders it, for the book; default: who is logged in."),
    click.option("--wait", "seconds", default=60.0, show_default=True, help="Seconds to wait for the link."),
    click.option("--dry-run", is_flag=True, help="Print the steps as they would be done."),
    click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
)


@click.command()
@click.argument("code")
@_place
@click.option("--tls", is_flag=True, help="The child logs in with its certificate (`lianxi ca issue`), not a password.")
@click.option("--as-vhost", is_flag=True, help="The child is a vhost of this broker and a database of this machine.")
@click.option("--database-admin", type=_FILE, help="With --as-vhost: file with the address of the database server.")
@click.option("--to", "folder", type=_FOLDER, help="With --as-vhost: directory for the child's secrets and settings.")
def join(
    code: str, *, as_vhost: bool, tls: bool, database_admin: Path | None, folder: Path | None, **place: Any
) -> None:
    """Let a node of the topology join below its parent, while everything runs."""
    with _site(code, place) as site, _no_trace(site, code, dry_run=place["dry_run"]):
        node = joining.joining_node(site, code, as_vhost=as_vhost)
        child = _child(site, node, database_admin, folder)
        _go(_join_plan(site, node, child, place, tls=tls), place)
        if site.stack is None and not place["dry_run"]:
            click.echo(f"next: {_next(site, node, folder if child else None, place)}", err=True)


@click.command()
@click.argument("code")
@_place
@click.option("--hand-over", "to", default="", help="Node that takes the open cases first (Art. 24).")
@click.option("--child-amqp", type=_FILE, help="With --hand-over: file with the broker address of the leaving node.")
def leave(code: str, *, to: str, child_amqp: Path | None, **place: Any) -> None:
    """Let a node leave once nothing ties it; its books stay."""
    with _site(code, place) as site:
        _leave(site, code, to, child_amqp, place)


@click.command()
@click.argument("code")
@click.argument("new_code")
@_place
def move(code: str, new_code: str, **place: Any) -> None:
    """Let a township go on below another district, under the code it has there: CODE leaves, NEW_CODE joins.

    The digits of a code say where a division lies, so a township that changes districts gets a new one. Local nodes
    only; on machines of their own give `join`, then `leave --hand-over`, at the two districts.
    """
    if place["state"] is None:
        raise click.UsageError(
            "move reaches both districts among local nodes only (--state); see docs/runbooks/Membership.md"
        )
    with _site(code, place) as old, _site(new_code, place) as new:
        node = joining.joining_node(new, new_code, as_vhost=old.city.node(code).broker == "vhost")
        if old.code == new.code:
            raise MembershipRefused(f"{code} and {new_code} lie below the same parent {old.code} [GD-4]")
        _go(_join_plan(new, node, _child(new, node, None, None), place, tls=False), place)
    with _site(code, place) as old:
        _leave(old, code, new_code, None, place)


def _join_plan(
    site: Site, node: Node, child: joining.Child | None, place: Mapping[str, Any], *, tls: bool
) -> Iterator[Step]:
    yield from joining.join_steps(site, node, _who(place), tls=tls)
    if child is not None:
        yield from joining.child_steps(child)
        if child.programs:
            yield joining.heard_step(site, node.code, place["seconds"])


def _next(site: Site, node: Node, folder: Path | None, place: Mapping[str, Any]) -> str:
    """Say what is left to do elsewhere after the parent's side is done."""
    code = node.code
    if joining.link_lives(site, code):
        return f"nothing, the link with {code} is heard both ways"
    if folder is not None:
        file = joining.write_settings(site, node, folder, place["broker_admin"])
        units = file.parent / "systemd"
        return f"start the three processes of {code} with the settings in {file}: {units} holds their systemd units"
    return f"lianxi node render {code} --to DIR, and on its machine what DIR/README.md says"


@contextmanager
def _no_trace(site: Site, code: str, *, dry_run: bool) -> Iterator[None]:
    """Let a dry run among local nodes leave no directory behind that was not there before."""
    directory = site.stack.directory / "nodes" / code if site.stack else None
    new = directory is not None and not directory.exists()
    try:
        yield
    finally:
        if dry_run and new and directory is not None:
            shutil.rmtree(directory, ignore_errors=True)


def _leave(site: Site, code: str, to: str, child_amqp: Path | None, place: Mapping[str, Any]) -> None:
    node = site.city.node(code)
    try:
        if not leaving.has_left(site, code):
            if to:
                _hand_over(site, code, to, child_amqp, place)
            if not (to and place["dry_run"]):
                leaving.refuse_if_tied(site, code)
    except CallRefused as refusal:
        raise MembershipRefused(explained(refusal)) from refusal
    _go(leaving.leave_steps(site, node, _who(place), place["seconds"]), place)


def _hand_over(site: Site, code: str, to: str, child_amqp: Path | None, place: Mapping[str, Any]) -> None:
    site.city.node(to)
    if to == code:
        raise MembershipRefused(f"{code} cannot hand its cases over to itself [R-24-4]")
    if child_amqp is not None:
        uri = child_amqp.read_text(encoding="utf-8").strip()
    elif site.stack is not None:
        uri = site.stack.node(code).amqp_uri
    else:
        raise click.UsageError("--hand-over acts at the leaving node as well: name its broker with --child-amqp FILE")
    with closing(Calls(uri, name="lianxi node")) as child:
        handing = Handing(site=site, leaving=code, to=to, by=_who(place), child=child, seconds=place["seconds"])
        _go(handing.steps(), place)


def _child(site: Site, node: Node, database_admin: Path | None, folder: Path | None) -> joining.Child | None:
    if site.stack is not None:
        return joining.child_of_stack(site.stack, node)
    if node.broker != "vhost":
        return None
    if database_admin is None or folder is None:
        raise click.UsageError(
            f"{node.code} is a vhost of {site.code}: give --database-admin FILE and --to DIR as well"
        )
    return joining.child_as_vhost(site, node, folder, database_admin.read_text(encoding="utf-8").strip())


@contextmanager
def _site(code: str, place: Mapping[str, Any]) -> Iterator[Site]:
    site = _opened(code, place)
    with closing(site.calls):
        yield site


def _opened(code: str, place: Mapping[str, Any]) -> Site:
    state: Path | None = place["state"]
    if state is None:
        if place["broker_admin"] is None or "LIANXI_NODE" not in os.environ:
            raise click.UsageError("give --state DIR, or LIANXI_NODE with its settings and --broker-admin FILE")
        secrets = place["secrets"] or Path(read("KEYRING_FILE", "/etc/lianxi/secrets/keyring.yaml")).parent
        folders = (secrets, place["shared"] or secrets.parent / "shared")
        return of_machine(os.environ, place["management"], place["broker_admin"], folders)
    if not (state / "stack.json").exists():
        raise click.UsageError(f"{state} holds no nodes: lianxi node up --state {state}")
    stack = Stack.found_in(state)
    parent = load(stack.topology, stack.changes).node(code).parent
    if parent is None or parent not in {node.code for node in stack.city}:
        raise MembershipRefused(f"the parent {parent or '(none)'} of {code} is not among the nodes of {state} [GD-4]")
    return of_stack(stack, parent)


def _go(steps: Iterator[Step], place: Mapping[str, Any]) -> None:
    carry_out(steps, dry_run=place["dry_run"], as_json=place["as_json"])


def _who(place: Mapping[str, Any]) -> str:
    return str(place["by"] or getpass.getuser())
