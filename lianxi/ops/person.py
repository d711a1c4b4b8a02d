"""`lianxi person`: what a node keeps of one person, taken out or blanked on that person's request.

Whoever asks is identified by ID number, credit code, telephone, or name with address, given in a file so that they
stand in no list of processes and no history of a shell. It needs a running node: intake finds the contacts, routing
says where their cases stand. Status 0: done; 1: refused, with the rule; 2: wrong use of the command.
"""

import importlib
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import yaml

from lianxi.ops.whereabouts import environment_of, node_option, state_option

PARTS = ("id_number", "credit_code", "phone", "name", "address")

identity_option = click.option(
    "--identity",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help=f"YAML or JSON file with any of {', '.join(PARTS)}.",
)
login_option = click.option("--by", "login", required=True, help="Account of the department leader who answers.")
reason_option = click.option(
    "--reason", required=True, help="Where the request came from; it enters the book of looks."
)


@click.group()
def command() -> None:
    """Take out or blank what a node keeps of one person."""


@command.command()
@node_option
@state_option
@identity_option
@login_option
@reason_option
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="New file; default: print.")
def export(  # noqa: PLR0917  (click passes every option)
    node: str | None, state: Path | None, file: Path, login: str, reason: str, target: Path | None
) -> None:
    """Write out, as JSON, everything the node keeps of one person."""
    with _desk(node, state, login) as desk:
        told = json.dumps(desk.export(_identity(file), reason), ensure_ascii=False, indent=2)
    if target is None:
        click.echo(told)
        return
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(told + "\n")
    click.echo(f"{target} was written; only its owner may read it")


@command.command()
@node_option
@state_option
@identity_option
@login_option
@reason_option
def erase(node: str | None, state: Path | None, file: Path, login: str, reason: str) -> None:
    """Blank what the node keeps of one person, or say why the law does not allow it yet."""
    with _desk(node, state, login) as desk:
        done = desk.erase(_identity(file), reason)
    for number in done["erased"]:
        click.echo(f"{number}: blanked")
    click.echo("kept, because it names nobody or is an official document:")
    for kept in done["stays"]:
        click.echo(f"  {kept}")


def _identity(file: Path) -> dict[str, str]:
    content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not content or not set(content) <= set(PARTS):
        raise click.BadParameter(f"the file holds any of {', '.join(PARTS)}", param_hint="--identity")
    return {str(part): str(value) for part, value in content.items()}


@contextmanager
def _desk(node: str | None, state: Path | None, login: str) -> Iterator[Any]:
    environment = environment_of(node, state)
    with closing(importlib.import_module("services.portal.wiring").PersonDesk(login, environment)) as desk:
        yield desk
