"""`python -m tests.bench`: measure everything that has a target, beside what bare tools do on the same machine.

Each benchmark brings up what it needs, measures a few short repetitions and takes it down again. `--only` runs some,
`--write` puts the table into docs/benchmarks.md, `--json` prints it for programs. Nothing here is a test: a figure
depends on the machine and on who else is using it.
"""

import importlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from lianxi.ops.local.cleaning import remove_data_elsewhere, stop_everything
from lianxi.ops.local.processes import StartFailed, locked
from tests.bench.document import as_text, write_document
from tests.bench.figures import Figure, Row
from tests.bench.ground import ROOT, Bench, NotFinished
from tests.bench.machine import describe_machine, share_of_a_core

BENCHMARKS: dict[str, str] = {
    "consumer": "bus:measure_consumer",
    "relay": "bus:measure_relay",
    "link": "link:measure_link",
    "arrival": "arrival:measure_arrival",
    "lifecycle": "lifecycle:measure_lifecycle",
    "filing": "filing:measure_filing",
    "idle": "idle:measure_idle",
    "deadline": "commands:measure_deadline",
    "sort": "commands:measure_sort",
    "sorting": "sorting:measure_sorting",
    "import": "commands:measure_import",
    "repeats": "repeats:measure_repeats",
    "start": "start:measure_start",
    "agencies": "agencies:measure_agencies",
    "board": "board:measure_board",
    "million": "million:measure_million",
}
STATE = ROOT / ".lianxi" / "bench"


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(BENCHMARKS)), help="Run these only; may be repeated.")
@click.option("--scale", default=1.0, show_default=True, help="Size of the loads; less is quicker and less exact.")
@click.option("--repetitions", default=3, show_default=True, type=click.IntRange(min=1))
@click.option("--messages", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV to import as well.")
@click.option("--board", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Petitions.")
@click.option("--write", is_flag=True, help="Write docs/benchmarks.md; needs a run of everything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(
    *,
    only: Sequence[str],
    scale: float,
    repetitions: int,
    messages: Path | None,
    board: Sequence[Path],
    write: bool,
    as_json: bool,
) -> None:
    """Measure, and print the table."""
    if write and (only or scale != 1.0):
        raise click.UsageError("--write documents a run of everything at full size")
    bench = Bench(STATE, scale, repetitions, messages, board)
    began = time.monotonic()
    with locked(STATE.parent / "bench.lock"):
        machine = describe_machine()
        rows, failed, shares = _measure_all(bench, only or list(BENCHMARKS))
    machine["share of a core"] = f"{Figure.of(shares).text}, what a busy loop got before and after each benchmark"
    if as_json:
        told = {"machine": machine, "rows": [row.as_data() for row in rows], "failed": failed}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(as_text(rows, failed))
    if write and rows:
        page = write_document(rows, failed, machine, time.monotonic() - began)
        click.echo(f"written: {page.relative_to(ROOT)}", err=True)
    if failed:
        sys.exit(1)


def _measure_all(bench: Bench, names: Sequence[str]) -> tuple[list[Row], dict[str, str], list[float]]:
    """Run benchmarks one after the other.

    Returns their rows, the reason for each that broke off, and how much of a core was free in between.
    """
    rows: list[Row] = []
    shares = [share_of_a_core()]
    failed: dict[str, str] = {}
    _clear(bench.state)
    try:
        for name in names:
            click.secho(f"{name} …", err=True, bold=True)
            began = time.monotonic()
            try:
                rows.extend(_benchmark(name)(bench))
            except (NotFinished, StartFailed) as failure:
                failed[name] = str(failure)
                bench.say(f"broke off: {failure}")
            shares.append(share_of_a_core())
            bench.say(f"{time.monotonic() - began:.0f} s, {shares[-1]:.2f} of a core free")
    finally:
        _clear(bench.state)
    return rows, failed, shares


def _benchmark(name: str) -> Callable[[Bench], list[Row]]:
    module, _, function = BENCHMARKS[name].partition(":")
    measure: Callable[[Bench], list[Row]] = getattr(importlib.import_module(f"tests.bench.{module}"), function)
    return measure


def _clear(state: Path) -> None:
    """Stop what an earlier run left and forget it."""
    if state.exists():
        stop_everything(state)
        remove_data_elsewhere(state)
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    main()
