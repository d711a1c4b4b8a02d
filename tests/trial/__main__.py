"""`python -m tests.trial FILE…`: take files of petitions through three nodes and account for every row.

Brings up its own nodes under `.lianxi/`, says what happens, prints the account, and ends with status 0 only when no
row is missing and the nodes' indices are those of the file.
"""

import json
import sys
from pathlib import Path

import click

from lianxi.ops.local.stack import Stack
from tests.bench.document import write_section
from tests.bench.ground import ROOT
from tests.bench.machine import describe_machine
from tests.bench.web import LIMITS
from tests.trial.report import section
from tests.trial.trial import NODES, run_trial


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rows", "limit", type=click.IntRange(min=1), help="Only so many rows of each file.")
@click.option("--write", is_flag=True, help="Write the section into docs/benchmarks.md; needs all rows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(files: tuple[Path, ...], limit: int | None, *, write: bool, as_json: bool) -> None:
    """Take FILES through city, district and street."""
    if write and limit:
        raise click.UsageError("--write documents a run of all rows")
    machine = describe_machine()
    stack = Stack(ROOT / ".lianxi" / "trial", NODES, settings=LIMITS)
    stack.remove()
    try:
        stack.up()
        account = run_trial(stack, list(files), lambda line: click.echo(f"  {line}", err=True), limit=limit)
    finally:
        stack.remove()
    if as_json:
        click.echo(json.dumps(account.as_data(), ensure_ascii=False))
    else:
        for name, value in account.as_data().items():
            click.echo(f"{name}: {value}")
    if write and account.whole:
        write_section("board", section(account, list(files), machine))
    sys.exit(0 if account.whole else 1)


if __name__ == "__main__":
    main()
