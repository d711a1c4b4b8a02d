"""The figures for people: a table on a terminal, and the page docs/benchmarks.md with what must be known to read it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.explanations import EXPLANATIONS
from tests.bench.figures import Row, plain
from tests.bench.ground import ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
COMMAND = "make bench ARGS=--write"
SECTIONS = ("board", "sorting")
"""What runs of their own measure and write: `python -m tests.trial` and `python -m tests.bench.sorting`."""

_HEAD = """# Benchmarks

Written by `{command}` ({minutes:.0f} minutes); not by hand. Nothing here is a test: CI never times anything.

## How to read this

Every figure is the median of {repetitions} short repetitions, with the lowest and highest in brackets, from one run
on one machine. Clients, brokers, databases and nodes all share its cores, so an absolute figure says as much about
the machine, and about who else was using it, as about Lianxi. The ratio says more: it divides our figure by what bare
tools did with the same load in the same minute, without the guarantees around it. For rates 1.00 means as fast as
the bare tools, for seconds and megabytes it is how many times as much. A range that is wide against its median
means that something else was running: repeat the run on a quiet machine before comparing anything. How quiet it was
stands under “share of a core” below: 1.00 means that nobody else wanted it, 0.25 that the absolute rates would have
been about four times as high.

What is reached is the median against the target beside it, which each benchmark in `tests/bench` names, on whatever
machine this is.
"""


def as_text(rows: Sequence[Row], failed: Mapping[str, str]) -> str:
    """Return the table for a terminal."""
    lines = [
        f"{row.key:19} {row.ours.text:>28} {row.unit:13} bare {row.bare.text if row.bare else '—':>26}"
        f"  ratio {_ratio(row):>6}  target {row.target_text:>8}  {row.verdict.strip('*'):3}  {row.note}"
        for row in rows
    ]
    return "\n".join([*lines, *(f"{name:19} not measured: {reason}" for name, reason in failed.items())])


def write_document(rows: Sequence[Row], failed: Mapping[str, str], machine: Mapping[str, str], seconds: float) -> Path:
    """Write docs/benchmarks.md and return where it is."""
    repetitions = max(len(row.ours.values) for row in rows)
    head = _HEAD.format(command=COMMAND, minutes=seconds / 60, repetitions=repetitions)
    parts = [head, _machine(machine), _table(rows), _compared(rows), _notes(rows), _missed(rows), _failed(failed)]
    page = "\n".join(part for part in parts if part)
    before = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    for name in SECTIONS:
        if kept := section_of(before, name):
            page = with_section(page, name, kept)
    DOCUMENT.write_text(page, encoding="utf-8")
    return DOCUMENT


def write_section(name: str, text: str) -> None:
    """Put what a run of its own has measured into docs/benchmarks.md."""
    DOCUMENT.write_text(with_section(DOCUMENT.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def section_of(page: str, name: str) -> str:
    """Return what the page says under one of `SECTIONS`; "" if nothing."""
    begin, end = _marks(name)
    return page.partition(f"{begin}\n")[2].partition(end)[0]


def with_section(page: str, name: str, text: str) -> str:
    """Return the page with another text under one of `SECTIONS`, at its end unless it has one already."""
    begin, end = _marks(name)
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2].strip()
    return f"{before.rstrip()}\n\n{begin}\n{text}{end}\n" + (f"\n{after}\n" if after else "")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def _machine(machine: Mapping[str, str]) -> str:
    lines = "\n".join(f"| {name} | {value} |" for name, value in machine.items())
    return f"## Machine\n\n| | |\n|---|---|\n{lines}\n"


def _table(rows: Sequence[Row]) -> str:
    lines = [
        f"| {row.what} | {row.ours.text} {row.unit} | {row.bare.text if row.bare else '—'} | {_ratio(row)}"
        f" | {row.target_text} | {row.verdict} |"
        for row in rows
    ]
    head = "| what | figure | bare tools | ratio | target | reached |\n|---|---|---|---|---|---|"
    return f"## Figures\n\n{head}\n" + "\n".join(lines) + "\n"


def _compared(rows: Sequence[Row]) -> str:
    lines = [f"- {row.what}: {row.bare_what}." for row in rows if row.bare_what]
    return "## What the bare tools did\n\n" + "\n".join(lines) + "\n"


def _notes(rows: Sequence[Row]) -> str:
    lines = [f"- {row.what}: {row.note}." for row in rows if row.note]
    return "## Notes\n\n" + "\n".join(lines) + "\n" if lines else ""


def _missed(rows: Sequence[Row]) -> str:
    missed = [row for row in rows if row.reached is False]
    if not missed:
        return "## What was not reached\n\nNothing: every target was reached in this run.\n"
    lines = [
        f"- **{row.what}**: {plain(row.ours.median)} {row.unit} instead of {row.target_text}."
        f" {EXPLANATIONS.get(row.key, '')}".rstrip()
        for row in missed
    ]
    return "## What was not reached, and why\n\n" + "\n".join(lines) + "\n"


def _failed(failed: Mapping[str, str]) -> str:
    lines = [f"- {name}: {reason}" for name, reason in failed.items()]
    return "## Not measured in this run\n\n" + "\n".join(lines) + "\n" if lines else ""


def _ratio(row: Row) -> str:
    return "—" if row.ratio is None else f"{row.ratio:.2f}"
