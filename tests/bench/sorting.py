"""How often the sorting desk names the right first level, how sure it is when it is right, and how fast it is.

The weights are set by hand and not fitted: a fit on the labelled rows gained nothing that cross-validation could see.
So the question is how much of the accuracy comes from having seen the rows. Three answers stand side by side: all
labelled rows by all terms; the same in ten folds, each without the terms that occur in no other fold, which is too
strict because it also takes away words that were never looked up there; and messages judged by hand, some of them
before and some after the terms were written. Of those only ids and verdicts are in the repository.

`python -m tests.bench.sorting --labelled FILE --board FILE …` prints it all, with `--write` into docs/benchmarks.md.
"""

import csv
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import yaml

from services.routing.domain.sorting.category import Terms, categorise
from services.routing.domain.sorting.rulebook import Rulebook
from services.routing.domain.sorting.rules import RuleSorter
from services.routing.domain.sorting.words import Words, normalised
from services.routing.storage.rulebook import load_rulebook
from tests.bench.document import write_section
from tests.bench.figures import Figure, Row, percentile
from tests.bench.ground import ROOT, Bench

JUDGED = Path(__file__).with_name("sorting_judged.csv")
PETITIONS = ROOT / "deploy" / "demo" / "petitions.yaml"
FOLDS, TEXTS, CITY = 10, 4_000, "630100"
TARGET, TARGET_RATE, TARGET_MILLISECONDS = 0.80, 500.0, 5.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """A normalised petition and the first level it belongs to."""

    subject: str
    text: str
    level1: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found for one row."""

    expected: str
    found: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether the first level is the expected one."""
        return self.found == self.expected


def measure_sorting(bench: Bench) -> list[Row]:
    """Texts a second in one process and the slowest of twenty."""
    book = load_rulebook(ROOT / "deploy" / "xining")
    petitions = yaml.safe_load(PETITIONS.read_text(encoding="utf-8"))["petitions"]
    texts = [petitions[number % len(petitions)] for number in range(bench.size(TEXTS, least=400))]
    rates, slow = [], []
    for turn in range(bench.repetitions):
        seconds = _timed(book, texts)
        rates.append(len(seconds) / sum(seconds))
        slow.append(percentile(seconds, 0.95) * 1000)
        bench.say(f"sorting {turn + 1}: {rates[-1]:,.0f} texts/s")
    rate = Row(
        key="sorting",
        what="sorting in one process: category, class, place, route, organ and reasons",
        unit="texts/s",
        ours=Figure.of(rates),
        target=TARGET_RATE,
    )
    slowest = Row(
        key="sorting-p95",
        what="the same, one text, p95",
        unit="ms",
        ours=Figure.of(slow),
        target=TARGET_MILLISECONDS,
        at_most=True,
    )
    return [rate, slowest]


def _timed(book: Rulebook, texts: Sequence[Mapping[str, str]]) -> list[float]:
    sorter = RuleSorter(lambda: book)
    seconds = []
    for petition in texts:
        began = time.perf_counter()
        sorter.sort(subject=petition["subject"], text=petition["text"], declared="", address="", node=CITY)
        seconds.append(time.perf_counter() - began)
    return seconds


def verdicts(terms: Terms, rows: Sequence[Labelled]) -> list[Verdict]:
    """Sort every row by all terms."""
    found = [(row, categorise(terms, row.subject, row.text)) for row in rows]
    return [
        Verdict(row.level1, category.path[0] if category.path else "", category.confidence) for row, category in found
    ]


def held_out(terms: Terms, rows: Sequence[Labelled]) -> list[Verdict]:
    """Sort each fold without the terms that occur in this fold only."""
    meanings = terms.words.meanings
    seen = [{word for part in (row.subject, row.text) for _, word, _ in terms.words.find(part)} for row in rows]
    order = list(range(len(rows)))
    random.Random(1).shuffle(order)
    found = []
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        elsewhere = set().union(*(seen[number] for number in set(order) - set(held)))
        only_here = set().union(*(seen[number] for number in held)) - elsewhere
        left = {word: meaning for word, meaning in meanings.items() if word not in only_here}
        found += verdicts(replace(terms, words=Words(left)), [rows[number] for number in held])
    return found


def accuracy(found: Sequence[Verdict]) -> float:
    """The share of verdicts that are right."""
    return sum(verdict.right for verdict in found) / len(found)


def confusion(found: Sequence[Verdict]) -> str:
    """Return the table of expected against found first levels."""
    counts = Counter((verdict.expected, verdict.found or "—") for verdict in found)
    rows = sorted({expected for expected, _ in counts})
    columns = [*rows, *sorted({name for _, name in counts} - set(rows))]
    lines = ["| expected ↓ found → | " + " | ".join(columns) + " | right |", "|---|" + "---:|" * (len(columns) + 1)]
    for expected in rows:
        total = sum(counts[expected, name] for name in columns)
        cells = [str(counts[expected, name] or "") for name in columns]
        lines.append(f"| {expected} | " + " | ".join(cells) + f" | {counts[expected, expected] / total:.0%} |")
    return "\n".join(lines)


def section(book: Rulebook, labelled: Sequence[Labelled], judged: Mapping[str, Sequence[Labelled]]) -> str:
    """Return the section of docs/benchmarks.md."""
    all_terms, folds = verdicts(book.terms, labelled), held_out(book.terms, labelled)
    sure = [verdict for verdict in all_terms if verdict.confidence >= book.sure]
    lines = [
        "## Sorting: the first level of the category",
        "",
        f"Terms {book.terms.version}, weights set by hand. Target: at least {TARGET:.0%}. Written by",
        "`python -m tests.bench.sorting --write`; what each figure means stands in `tests/bench/sorting.py`.",
        "",
        "| rows | number | right |",
        "|---|---:|---:|",
        _line("labelled rows, all terms (seen while the terms were written)", all_terms),
        _line(f"the same in {FOLDS} folds, without terms that occur in one fold only", folds),
        _line("labelled rows sure enough to need no clerk", sure),
    ]
    lines += [_line(f"messages judged by hand, {name}", verdicts(book.terms, rows)) for name, rows in judged.items()]
    return "\n".join([*lines, "", "Labelled rows, all terms:", "", confusion(all_terms), ""])


def _line(name: str, found: Sequence[Verdict]) -> str:
    return f"| {name} | {len(found)} | {accuracy(found):.1%} |"


def read_labelled(path: Path) -> list[Labelled]:
    """Read rows with subject, text and level1."""
    return [Labelled(normalised(row["subject"]), normalised(row["text"]), row["level1"]) for row in _rows(path)]


def read_judged(files: Sequence[Path]) -> dict[str, list[Labelled]]:
    """Find the judged messages in the files given; those not in any of them are left out."""
    texts = {row["message_id"]: row for path in files for row in _rows(path)}
    found: dict[str, list[Labelled]] = {"before the terms were widened": [], "after it, unseen until then": []}
    names = dict(zip(("yes", "no"), found, strict=True))
    for row in _rows(JUDGED):
        if message := texts.get(row["message_id"]):
            petition = Labelled(normalised(message["subject"]), normalised(message["text"]), row["level1"])
            found[names[row["seen"]]].append(petition)
    return {name: rows for name, rows in found.items() if rows}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--labelled", type=_FILE, required=True, help="CSV with subject, text and level1.")
@click.option("--board", multiple=True, type=_FILE, help="CSV with message_id, subject and text; may be repeated.")
@click.option("--write", is_flag=True, help="Write the section into docs/benchmarks.md.")
@click.option("--json", "as_json", is_flag=True, help="Print the two accuracies as JSON.")
def main(*, labelled: Path, board: Sequence[Path], write: bool, as_json: bool) -> None:
    """Measure the accuracy of the first level."""
    book = load_rulebook(ROOT / "deploy" / "xining")
    rows = read_labelled(labelled)
    if as_json:
        told = {"all": accuracy(verdicts(book.terms, rows)), "folds": accuracy(held_out(book.terms, rows))}
        click.echo(json.dumps(told))
        return
    text = section(book, rows, read_judged(board))
    click.echo(text)
    if write:
        write_section("sorting", text)


if __name__ == "__main__":
    main()
