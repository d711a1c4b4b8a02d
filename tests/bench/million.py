"""Rows 14 and 15: the city's eyes with a million cases in the ledger: what a scrape costs, and the board.

The books are written by one statement each, spread over the 84 nodes, the states, sixty categories and two years; a
scrape and the board answer from memory and from small tables, so both are asked again and again while the process
counts the books beside it. The figure is what nineteen answers of twenty stay below; the slowest stands in the note.
"""

import time
from collections.abc import Callable, Sequence
from statistics import quantiles
from urllib.request import urlopen

import yaml

from lianxi.bus.calls import Calls
from lianxi.ops.local.stack import Stack
from tests.bench.figures import Figure, Row
from tests.bench.ground import ROOT, Bench, until
from tests.bench.web import LIMITS
from tests.support.databases import Database

CITY = "630100"
CASES = 1_000_000
ROUND = 40.0
"""Seconds of asking: longer than the thirty between two counts, so that each round has one in it."""
PAUSE = 0.25

_LEDGER = """
INSERT INTO supervision.ledger (case_no, state, holder, unit, inside, seq, epoch, channel, petition_class, category,
    place, persons, received_on, registered_on, registered_node, held_since, round_number, petition_accepted_on,
    organ_node, organ_unit, organ_reached_on, accepted_on, reply_due, replied_on, concluded_on, next_clock, next_due,
    yellow_from, red_from, updated_at, due_key, changed_tx, changed_at)
SELECT '63010000' || to_char(day, 'YYYYMMDD') || 'W' || lpad(n::text, 7, '0'), state, node, node || '.office', true,
       12, 3, (ARRAY['WEB', 'LETTER', 'VISIT', 'PHONE', 'FAX'])[1 + n %% 5], 'C', 'category ' || n %% 60, node, 1, day,
       day, node, day, 0, day + 3, node, node || '.office', day + 5, day + 12, day + 60,
       CASE WHEN over THEN day + 50 END, CASE WHEN over THEN day + 70 END, CASE WHEN over THEN '' ELSE 'HANDLE' END,
       CASE WHEN NOT over THEN day + 60 END, CASE WHEN NOT over THEN day + 45 END,
       CASE WHEN NOT over THEN day + 61 END, day, CASE WHEN over THEN 'infinity'::date ELSE day + 60 END,
       pg_current_xact_id(), now()
FROM (SELECT n, (%(nodes)s::text[])[1 + n %% cardinality(%(nodes)s::text[])] AS node, current_date - n %% 730 AS day,
             n %% 10 > 1 AS over, CASE WHEN n %% 10 > 1 THEN 'S60' ELSE 'S' || 10 + n %% 7 END AS state
      FROM generate_series(1, %(cases)s) AS n) AS made
"""
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'supervision' AND tablename IN ('ledger', 'clock') AND indexname NOT LIKE '%_pkey'
"""
"""Made again afterwards: a million rows are sorted into them in a fraction of the time."""
_CLOCKS = """
INSERT INTO supervision.clock (case_no, code, instance, round_number, start, extension_days, raw_due, legal_due,
    provisional, yellow_on, red_on, calendar_version, owner, node, unit, status, opened_seq, closed_seq, closed_act,
    closed_on, kept, step)
SELECT case_no, 'HANDLE', 1, 0, accepted_on, 0, accepted_on + 60, accepted_on + 60, false, accepted_on + 45,
       accepted_on + 61, 'bench', 'organ', holder, unit, CASE WHEN replied_on IS NULL THEN 'open' ELSE 'closed' END, 7,
       CASE WHEN replied_on IS NOT NULL THEN 9 END, CASE WHEN replied_on IS NOT NULL THEN 'T32' ELSE '' END,
       replied_on, CASE WHEN replied_on IS NOT NULL THEN true END, 0
FROM supervision.ledger
"""


def measure_million(bench: Bench) -> list[Row]:
    """Seconds of a scrape, and of a board, with so many cases in the books."""
    cases = bench.size(CASES, least=1000)
    with bench.stack("million", [CITY], settings=LIMITS) as stack:
        stack.start_servers()
        stack.provision()
        _fill(bench, stack, cases)
        node = stack.node(CITY)
        for name in ("relay", "services"):
            node.program(name).start()
            node.program(name).wait()
        port = node.program("services").metrics_port
        until(lambda: _value(port, "work_measured_timestamp_seconds"), "the books are counted")
        calls = Calls(node.amqp_uri, name="bench")
        board: Callable[[], object] = lambda: calls.call("supervision", "board", {}, timeout=60.0)  # noqa: E731
        began = time.perf_counter()
        board()  # the first one has the indices counted
        first = time.perf_counter() - began
        rounds = [_round(lambda: _page(port), board) for _ in range(bench.repetitions)]
        counting, series = _value(port, "work_measure_seconds"), _series(port)
        calls.close()
    what = f"with {cases:,} cases in the ledger of the city, all the time and while they are counted, p95"
    note = f"{series} series; the books are counted beside it in {counting:.1f} s, every 30 s"
    scrapes, boards = ([each[place] for each in rounds] for place in (0, 1))
    return [
        _row(bench, ("scrape", 0.2), f"/metrics of the services' process, {what}", scrapes, note),
        _row(bench, ("board query", 2.0), f"the board, {what}", boards, f"the very first took {first:.1f} s"),
    ]


def _row(bench: Bench, aim: tuple[str, float], what: str, rounds: Sequence[Sequence[float]], note: str) -> Row:
    key, target = aim
    usual = [quantiles(seconds, n=20)[-1] for seconds in rounds]
    note = f"slowest {max(max(seconds) for seconds in rounds):.2f} s; {note}"
    bench.say(f"{key}: {usual}; {note}")
    return Row(key=key, what=what, unit="s", ours=Figure.of(usual), target=target, at_most=True, note=note)


def _fill(bench: Bench, stack: Stack, cases: int) -> None:
    """Write the books."""
    began = time.monotonic()
    nodes = list(yaml.safe_load((ROOT / "deploy" / "xining" / "topology.yaml").read_text(encoding="utf-8"))["nodes"])
    with Database(stack.cluster, stack.node(CITY).database).connect() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(_INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX supervision.{name}")
        cursor.execute(_LEDGER, {"nodes": nodes, "cases": cases})
        cursor.execute(_CLOCKS)
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE supervision.ledger, supervision.clock")
    bench.say(f"{cases:,} cases in {time.monotonic() - began:.0f} s")


def _round(*asked: Callable[[], object]) -> list[list[float]]:
    """Ask each in turn until the round is over; return how long each answer took."""
    taken: list[list[float]] = [[] for _ in asked]
    end = time.monotonic() + ROUND
    while time.monotonic() < end:
        for seconds, ask in zip(taken, asked, strict=True):
            began = time.perf_counter()
            ask()
            seconds.append(time.perf_counter() - began)
        time.sleep(PAUSE)
    return taken


def _page(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def _lines(port: int) -> list[str]:
    return [line for line in _page(port).splitlines() if line and not line.startswith("#")]


def _series(port: int) -> int:
    return len(_lines(port))


def _value(port: int, name: str) -> float:
    """Return the value of the first series of a metric, 0 while there is none."""
    return next((float(line.rpartition(" ")[2]) for line in _lines(port) if line.startswith(name)), 0.0)
