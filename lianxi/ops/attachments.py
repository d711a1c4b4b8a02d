"""`lianxi attachments`: the files of cases at a node: what a case has, what has not come yet, and trying again now.

The names of files are personal data, so they are shown to whoever runs the node and nowhere else. Intake and portal
are found by name at run time, because nothing in `lianxi` may depend on a service. Status 0: done; 1: refused, with
the reason; `missing` ends with 0 whether or not something is missing; 2: wrong use of the command.
"""

import importlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import click

from lianxi.ops.whereabouts import environment_of, node_option, state_option

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file.")


@click.group()
def command() -> None:
    """List the files of cases, show what has not come yet, fetch it now, seal files anew."""


@command.command("list")
@click.argument("case_no")
@node_option
@state_option
@json_option
def list_(case_no: str, as_json: bool, **place: Any) -> None:
    """List the files of a case, with their state at this node."""
    with _opened("services.intake.wiring", "FileDrawer", place) as drawer:
        _show(drawer.of_case(case_no), as_json=as_json)


@command.command()
@node_option
@state_option
@json_option
def missing(as_json: bool, **place: Any) -> None:
    """List the files that are known from other nodes and not here yet."""
    with _opened("services.intake.wiring", "FileDrawer", place) as drawer:
        _show(drawer.missing(), as_json=as_json)


@command.command()
@click.argument("case_no", required=False)
@node_option
@state_option
@json_option
def fetch(case_no: str | None, as_json: bool, **place: Any) -> None:
    """Try at once what waits to be fetched or scanned: of one case, or everything. The portal does the work."""
    with _opened("services.intake.wiring", "FileDrawer", place) as drawer:
        hastened = drawer.fetch(case_no)
    click.echo(json.dumps({"hastened": hastened}) if as_json else f"{hastened} files are due now")


@command.command()
@node_option
@state_option
@json_option
def reseal(as_json: bool, **place: Any) -> None:
    """Seal with the key in use what the store holds under an older one: to be done before that key is retired."""
    with _opened("services.portal.wiring", "FileKeeper", place) as keeper:
        done, lost = keeper.reseal()
    click.echo(json.dumps({"resealed": done, "lost": lost}) if as_json else f"{done} sealed anew, {lost} do not open")
    if lost:
        raise SystemExit(1)


@contextmanager
def _opened(module: str, name: str, place: dict[str, Any]) -> Iterator[Any]:
    """Open what the node that was named, or the one the environment names, offers under this name."""
    made = getattr(importlib.import_module(module), name)(environment_of(place["node"], place["state"]))
    with closing(made) as opened:
        yield opened


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
            continue
        finding = row["finding"] or row["scan"] or "-"
        source = f"  from {row['source']} ({row['tries']} tries)" if "source" in row else ""
        click.echo(f"{row['case_no']}  {row['state']:<11}  {row['size']:>11}  {finding}  {row['name']}{source}")
