"""`lianxi ca`: the city's small certificate authority, by which the nodes of a link know each other.

`init` makes it once, in a directory the city office keeps; `issue` gives a node its two certificates, and again before
they run out; `agency` gives one to an agency outside; `show` lists what is out and what ends soon, with exit code 1
when something must be renewed now.
"""

import json
from pathlib import Path

import click

from lianxi.ops.certificates import AGENCY, CHILD, LEAF_DAYS, SERVER, Authority, Issued
from lianxi.ops.topology import load
from lianxi.runtime.clock import SystemClock

DIRECTORY = Path(".lianxi/ca")
SOON = 60
"""Days before its end from which a certificate is called old."""

ca_option = click.option(
    "--ca",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DIRECTORY,
    show_default=True,
    help="Directory of the authority.",
)
passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the passphrase of the authority's key.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")


@click.group()
def command() -> None:
    """Make the city's certificate authority; give nodes and agencies their certificates."""


@command.command()
@ca_option
@passphrase_option
@click.option("--name", default="", help="Name of the city; default: the topology's.")
def init(directory: Path, passphrase_file: Path | None, name: str) -> None:
    """Make the authority; refused where there is one."""
    city = name or next(iter(load())).name
    authority = _authority(directory, passphrase_file)
    authority.make(city, SystemClock().now())
    click.echo(f"{authority.certificate_file}: what every node trusts; keep {directory / 'ca.key'} off the nodes")


@command.command()
@click.argument("code")
@ca_option
@passphrase_option
@click.option("--host", "hosts", multiple=True, help="Name or address by which children reach the node; repeatable.")
@click.option("--days", default=LEAF_DAYS, show_default=True, type=click.IntRange(1, LEAF_DAYS), help="How long.")
@json_option
def issue(
    code: str, directory: Path, passphrase_file: Path | None, hosts: tuple[str, ...], days: int, *, as_json: bool
) -> None:
    """Give a node of the topology its certificates: as a server, and as a child of its parent."""
    authority, now = _authority(directory, passphrase_file), SystemClock().now()
    names = hosts or (f"{code}.lianxi",)
    purposes = [SERVER, CHILD] if load().parent_of(code) else [SERVER]
    for one in [authority.issue(code, purpose, names, now, days) for purpose in purposes]:
        _tell(one, one.days_left(now), as_json=as_json)


@command.command()
@click.argument("name")
@ca_option
@passphrase_option
@click.option("--days", default=LEAF_DAYS, show_default=True, type=click.IntRange(1, LEAF_DAYS), help="How long.")
@json_option
def agency(name: str, directory: Path, passphrase_file: Path | None, days: int, *, as_json: bool) -> None:
    """Give an agency outside a certificate; `lianxi agency certificate` lets it in at a node."""
    authority, now = _authority(directory, passphrase_file), SystemClock().now()
    made = authority.issue(f"agency-{name}", AGENCY, (), now, days)
    _tell(made, made.days_left(now), as_json=as_json)


@command.command()
@ca_option
@json_option
def show(directory: Path, *, as_json: bool) -> None:
    """List the certificates in use, those that end first at the head; exit 1 when one ends within 60 days."""
    now = SystemClock().now()
    left = []
    for one in Authority(directory).current():
        left.append(one.days_left(now))
        _tell(one, left[-1], as_json=as_json)
    if left and min(left) < SOON:
        raise SystemExit(1)


def _authority(directory: Path, passphrase_file: Path | None) -> Authority:
    passphrase = passphrase_file.read_bytes().strip() if passphrase_file else None
    return Authority(directory, passphrase or None)


def _tell(issued: Issued, days: int, *, as_json: bool) -> None:
    if as_json:
        facts: dict[str, object] = {"code": issued.code, "purpose": issued.purpose, "serial": issued.serial}
        facts |= {
            "hosts": list(issued.hosts),
            "ends": issued.ends.isoformat(),
            "days_left": days,
            "file": str(issued.path),
        }
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    warning = "" if days >= SOON else "  has run out" if days < 0 else "  renew: lianxi ca issue"
    click.echo(f"{issued.code:<10} {issued.purpose:<7} until {issued.ends:%Y-%m-%d} ({days} days){warning}")
