"""Rows 7 to 9, the commands that read many lines: dates, sorting, and the import of a file into a node.

`lianxi deadline --batch` and `lianxi sort --batch` are measured from the first answer to the last, so that starting
Python is not in the figure. Beside them a program that reads and writes the same lines and does nothing in between.
The import is a whole run of the command; beside it the rows of the same file through psycopg2, unchecked and in clear.
"""

import csv
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from lianxi.law.clocks import CLOCKS, ClockCode, Unit
from tests.bench.bare import TABLES as BARE_TABLES
from tests.bench.figures import Figure, Row
from tests.bench.ground import ROOT, Bench, NotFinished, output_of, program_environment, until
from tests.support.databases import Database

CITY = "630100"
LINES, TEXTS, ROWS = 60_000, 6_000, 2_000
LARGE, LARGE_RATE = 100_000, 1000.0
"""One file as large as a year of a district, once; the services open its cases on the same cores meanwhile."""
ECHO = "import sys, json\nfor line in sys.stdin: print(json.dumps(json.loads(line), ensure_ascii=False), flush=True)"
PETITIONS = ROOT / "deploy" / "demo" / "petitions.yaml"
LIANXI = ("-m", "lianxi.ops")
_SOME_REJECTED = 1
FIRST_DAY = date(2024, 1, 1)


def measure_deadline(bench: Bench) -> list[Row]:
    """Lines a second of `lianxi deadline --batch`."""
    lines = list(_questions(bench.size(LINES, least=2000)))
    ours, bare = _streams(bench, "deadline", lines)
    what = "lianxi deadline --batch: a date with its derivation for each line"
    return [_streamed("deadline", what, "lines/s", ours, bare, target=5000)]


def measure_sort(bench: Bench) -> list[Row]:
    """Texts a second of `lianxi sort --batch`."""
    matters = petitions()
    texts = (matters[number % len(matters)] for number in range(bench.size(TEXTS, least=400)))
    lines = [
        json.dumps({"id": number, "subject": row["subject"], "text": row["text"]}, ensure_ascii=False)
        for number, row in enumerate(texts)
    ]
    ours, bare = _streams(bench, "sort", lines)
    return [
        _streamed("sort", "lianxi sort --batch: category, place, route and why for each text", "texts/s", ours, bare)
    ]


def measure_import(bench: Bench) -> list[Row]:
    """Rows a second of `lianxi import` into a city node with all its processes."""
    rows = bench.size(ROWS, least=200)
    ours, bare = [], []
    with bench.stack("import", [CITY]) as stack:
        stack.up()
        database = Database(stack.cluster, stack.node(CITY).database)
        for statement in BARE_TABLES:
            database.query(statement)
        for turn in range(bench.repetitions):
            file = write_petitions(bench.state / f"rows-{turn}.csv", rows, first=turn * rows)
            ours.append(rows / import_file(file, stack.directory))
            settled(database, (turn + 1) * rows)
            answer = output_of(["-m", "tests.bench.bare", "load", database.dsn, str(file)])
            bare.append(json.loads(answer)["rate"])
            bench.say(f"import {turn + 1}: {ours[-1]:,.0f} rows/s, bare {bare[-1]:,.0f} rows/s")
        large = _large(bench, stack.directory, first=bench.repetitions * rows)
        given = _given(bench, stack.directory)
    made = Row(
        key="import",
        what=f"lianxi import of {rows} rows: checked, numbered, encrypted, published",
        unit="rows/s",
        ours=Figure.of(ours),
        bare=Figure.of(bare),
        bare_what="csv and multi-row insert through psycopg2, in clear",
    )
    return [made, large, *given]


def _large(bench: Bench, state: Path, *, first: int) -> Row:
    """Import one large file; whether the rate falls as the tables fill shows beside the small ones."""
    rows = bench.size(LARGE, least=1000)
    rate = rows / import_file(write_petitions(bench.state / "rows-large.csv", rows, first=first), state)
    bench.say(f"import of {rows:,} rows: {rate:,.0f} rows/s")
    return Row(
        key="import-large",
        what=f"lianxi import of {rows:,} rows in one file, once",
        unit="rows/s",
        ours=Figure.of([rate]),
        target=LARGE_RATE,
    )


def _given(bench: Bench, state: Path) -> list[Row]:
    """Import the file the caller named, once."""
    if bench.messages is None:
        return []
    with bench.messages.open(encoding="utf-8-sig", newline="") as file:
        rows = sum(1 for _ in csv.reader(file)) - 1
    figure = Figure.of([rows / import_file(bench.messages, state)])
    return [
        Row(key="import-given", what=f"lianxi import of {bench.messages.name}, {rows} rows", unit="rows/s", ours=figure)
    ]


def import_file(file: Path, state: Path) -> float:
    """Import a file into the city node of a stack and return the seconds from the start of the command to its end."""
    command = [*LIANXI, "import", str(file), "--node", CITY, "--channel", "web", "--received", "now", "--json"]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command, "--state", str(state), "--rejects", str(file.with_suffix(".rejects"))],
        env=program_environment({}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, _SOME_REJECTED}:
        raise NotFinished(f"lianxi import ended with {done.returncode}: {done.stderr[-300:]}")
    return time.perf_counter() - began


def write_petitions(path: Path, rows: int, *, first: int = 0) -> Path:
    """Write a file of petitions by people who have not come before; the matters are those of the demonstration."""
    matters = petitions()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "姓名", "电话", "住址", "主题", "内容"])
        for number in range(first, first + rows):
            matter = matters[number % len(matters)]
            who = ("马海燕", f"1990{number:07d}", f"西宁市城西区住址{number}号")
            writer.writerow([f"b-{number}", *who, matter["subject"], matter["text"]])
    return path


def settled(database: Database, cases: int) -> None:
    """Wait until every service has seen so many cases."""
    counts = "SELECT (SELECT count(*) FROM routing.case_file), (SELECT count(*) FROM supervision.ledger)"
    waiting = " UNION ALL ".join(
        f"SELECT 1 FROM {schema}.outbox WHERE sent_at IS NULL AND unroutable_at IS NULL"
        for schema in ("intake", "routing", "supervision", "notify")
    )
    until(lambda: min(database.query(counts)[0]) >= cases, f"{cases} cases in the books", every=0.5)
    until(lambda: not database.query(f"SELECT 1 WHERE EXISTS ({waiting})"), "everything was sent", every=0.5)


def _streams(bench: Bench, verb: str, lines: Sequence[str]) -> tuple[list[float], list[float]]:
    ours, bare = [], []
    for turn in range(bench.repetitions):
        ours.append(_stream([*LIANXI, verb, "--batch"], lines))
        bare.append(_stream(["-c", ECHO], lines))
        bench.say(f"{verb} {turn + 1}: {ours[-1]:,.0f}/s, bare {bare[-1]:,.0f}/s")
    return ours, bare


def _stream(command: Sequence[str], lines: Sequence[str]) -> float:
    """Send lines into a program and return answers a second, from the first to the last."""
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=program_environment({}),
        cwd=ROOT,
    )
    text = "".join(f"{line}\n" for line in lines).encode()
    assert process.stdin is not None
    assert process.stdout is not None
    feeding = threading.Thread(target=_feed, args=(process.stdin, text), daemon=True)
    feeding.start()
    with process.stdout as stream:
        stream.readline()
        began = time.perf_counter()
        answers = 1 + sum(1 for _ in stream)
        seconds = time.perf_counter() - began
    if process.wait() or answers != len(lines):
        raise NotFinished(f"{command[2:4]} answered {answers} of {len(lines)} lines")
    return (answers - 1) / seconds


def _feed(pipe: Any, text: bytes) -> None:
    with pipe:
        pipe.write(text)


def _streamed(key: str, what: str, unit: str, ours: list[float], bare: list[float], **more: float) -> Row:
    echo = "the same lines read as JSON and written again"
    return Row(key=key, what=what, unit=unit, ours=Figure.of(ours), bare=Figure.of(bare), bare_what=echo, **more)


def _questions(count: int) -> Iterator[str]:
    """Yield questions over three years: clocks of days and of working days, some extended, some with a hearing."""
    codes = [code for code, clock in CLOCKS.items() if clock.unit in {Unit.DAY, Unit.WORKDAY}]
    for number in range(count):
        code = codes[number % len(codes)]
        start = FIRST_DAY + timedelta(days=number % 1000)
        question: dict[str, Any] = {"id": number, "clock": code.value, "start": start.isoformat()}
        if code is ClockCode.HANDLE:
            question["extension_days"] = 1 + number % 30
        if code is ClockCode.FINAL:
            hearing = start + timedelta(days=3)
            question["hearing"] = [hearing.isoformat(), (hearing + timedelta(days=2)).isoformat()]
        yield json.dumps(question)


def petitions() -> list[dict[str, Any]]:
    """Return the petitions of the demonstration, each with subject and text."""
    found: list[dict[str, Any]] = yaml.safe_load(PETITIONS.read_text(encoding="utf-8"))["petitions"]
    return found
