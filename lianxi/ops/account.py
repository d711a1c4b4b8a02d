"""`lianxi account`: the local accounts of a node's staff, kept by its portal.

A password is read from a file or made here and printed once; it never stands on the command line, where every user
of the machine could read it. The portal is found by name at run time, because nothing in `lianxi` may depend on a
service. Status 0: done; 1: refused, with the reason; 2: wrong use of the command.
"""

import importlib
import json
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from lianxi.ops.whereabouts import environment_of, node_option, state_option

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""For made passwords: no character that looks like another."""


@click.group()
def command() -> None:
    """Create, list and close the local accounts of a node's staff."""


login_option = click.option("--login", required=True, help="What the person signs in with.")
file_option = click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="File with the password; without it one is made and printed once.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@command.command()
@login_option
@click.option("--role", required=True, help="registrar, dispatcher, case_officer, unit_head, … or the letter R, D, U …")
@node_option
@click.option("--unit", default="", help="Code of the unit, for case officers and unit heads: 630104.housing.")
@file_option
@state_option
@json_option
def add(login: str, role: str, unit: str, password_file: Path | None, as_json: bool, **place: Any) -> None:
    """Create an account."""
    password, made = _password(password_file)
    with _desk(place) as desk:
        account: dict[str, str] = desk.add(login, password, role, unit)
    shown = {**account, "password": password} if made else account
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    click.echo(f"{account['login']}  {account['role']}  {account['node']}  {account['unit']}".rstrip())
    _show_once(password, made=made)


@command.command("list")
@node_option
@state_option
@json_option
def list_(as_json: bool, **place: Any) -> None:
    """List the accounts of a node."""
    with _desk(place) as desk:
        accounts: list[dict[str, str]] = desk.list()
    for account in accounts:
        plain = "  ".join(account[name] or "-" for name in ("login", "role", "node", "unit", "state"))
        click.echo(json.dumps(account, ensure_ascii=False) if as_json else plain)


@command.command()
@login_option
@node_option
@file_option
@state_option
def passwd(login: str, password_file: Path | None, **place: Any) -> None:
    """Set a new password; sessions opened with the old one end."""
    password, made = _password(password_file)
    with _desk(place) as desk:
        desk.change_password(login, password)
    click.echo(f"{login}: the password was changed")
    _show_once(password, made=made)


@command.command()
@login_option
@node_option
@click.option("--name", required=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(("read", "file", "act")), default=("read",))
@click.option("--days", type=int, default=90, show_default=True, help="How long it lives.")
@state_option
@json_option
def token(login: str, name: str, scopes: tuple[str, ...], days: int, as_json: bool, **place: Any) -> None:
    """Make an API token that speaks for an account; it is printed once."""
    with _desk(place) as desk:
        made: dict[str, str] = desk.issue_token(login, name, scopes, days)
    click.echo(json.dumps(made, ensure_ascii=False) if as_json else made["token"])


@command.command()
@login_option
@node_option
@state_option
def disable(login: str, **place: Any) -> None:
    """Close an account with its sessions and tokens."""
    with _desk(place) as desk:
        desk.disable(login)
    click.echo(f"{login}: closed")


@contextmanager
def _desk(place: dict[str, Any]) -> Iterator[Any]:
    """Open the accounts of the node that was named, or else of the one the environment names."""
    environment = environment_of(place["node"], place["state"])
    made = importlib.import_module("services.portal.wiring").AccountDesk(environment)
    with closing(made) as desk:
        yield desk


def _password(file: Path | None) -> tuple[str, bool]:
    """Return the password and whether it was made here."""
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\r\n"), False
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4)), True


def _show_once(password: str, *, made: bool) -> None:
    if made:
        click.echo(f"password (shown this once): {password}")
