"""`lianxi audit`: who looked at personal data of a node, and whether the book of looks is whole.

The book names readers, contacts and reasons and holds no personal data. `verify` recomputes its chain; write the
number and digest it prints down elsewhere now and then, so that a book replaced as a whole is found out, too. The
intake service is found by name at run time, because nothing in `lianxi` may depend on a service. Status 0: done, the
book is whole; 1: it is not; 2: wrong use of the command.
"""

import importlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lianxi.ops.whereabouts import environment_of, node_option, state_option

_DAYS = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"])


@click.group()
def command() -> None:
    """Show who looked at personal data, or check that the book of looks is whole."""


@command.command()
@node_option
@state_option
@click.option("--number", default="", help="Only looks at this contact.")
@click.option("--person", default="", help="Only looks of this account.")
@click.option("--since", type=_DAYS, help="From this day on.")
@click.option("--until", type=_DAYS, help="Before this day.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def reads(  # noqa: PLR0917  (click passes every option)
    node: str | None,
    state: Path | None,
    number: str,
    person: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """List looks at personal data, newest first."""
    with _book(node, state) as book:
        for line in book.looks(number, person, (since, until), limit):
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else _plain(line))


@command.command()
@node_option
@state_option
def verify(node: str | None, state: Path | None) -> None:
    """Recompute the chain of the book and name every line that was altered, taken out or torn off."""
    with _book(node, state) as book:
        faults = book.faults()
        lines, digest = book.head()
    for fault in faults:
        click.echo(fault)
    if faults:
        raise click.ClickException(f"the book of looks is not whole: {len(faults)} faults")
    click.echo(f"{lines} lines, all whole; the last is {digest or 'none'}")


@contextmanager
def _book(node: str | None, state: Path | None) -> Iterator[Any]:
    environment = environment_of(node, state)
    with closing(importlib.import_module("services.intake.wiring").BookOfReads(environment)) as book:
        yield book


def _plain(line: dict[str, Any]) -> str:
    more = f" (+{line['contacts'] - 1})" if line["contacts"] > 1 else ""
    who = f"{line['role']} {line['person']} {line['unit'] or line['node']}"
    return f"{line['at']}  {line['number']}{more}  {line['what']}  {who}  {line['reason']}"
