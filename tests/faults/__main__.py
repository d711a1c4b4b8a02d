"""`python -m tests.faults`: play faults by hand, some or all; `--write` writes docs/faults.md."""

import logging
import secrets
import tempfile
import time
from pathlib import Path

import click
import structlog

from tests.faults.catalogue import ALL
from tests.faults.pair import Pair
from tests.faults.report import PAGE, page, table
from tests.faults.suite import close, plan, play_all

RUNS, ALERTS = 204, 5


@click.command()
@click.option("--runs", default=RUNS, show_default=True, help="How many faults.")
@click.option("--alerts", default=ALERTS, show_default=True, help="Steps in time, with two faults each.")
@click.option("--seed", type=int, help="The seed of the whole; default: a random one, printed.")
@click.option("--only", default="", help="Only faults whose name or moment contains this text.")
@click.option("--write", is_flag=True, help="Write docs/faults.md.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Leave the nodes up in this directory, which must be new."
)
def main(*, runs: int, alerts: int, seed: int | None, only: str, write: bool, keep: Path | None) -> None:
    """Play faults and account for each round."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    seed = secrets.randbelow(10**6) if seed is None else seed
    click.echo(f"seed {seed}")
    chosen = [fault for fault in ALL if only in f"{fault.name} {fault.moment}"]
    pair, begun = Pair(keep or Path(tempfile.mkdtemp(prefix="faults-"))), time.monotonic()
    try:
        pair.up()
        outcomes = play_all(pair, plan(chosen, runs, seed), seed, click.echo, alerts=alerts)
        closing = close(pair)
    finally:
        if keep is None:
            pair.remove()
    click.echo("\n".join(table(outcomes)))
    click.echo(closing)
    if write:
        PAGE.write_text(
            page(outcomes, closing, "python -m tests.faults --write", seed, time.monotonic() - begun), encoding="utf-8"
        )
    good = all(outcome.clean for outcome in outcomes) and closing.damages == 0 and closing.books_equal
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
