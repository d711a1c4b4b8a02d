"""`lianxi verify`: recompute the history of every case of a node and name whatever was altered.

Three books must agree. The hash chain of each case is recomputed from the stored events; the state they lead to is
compared with the case file, column by column; and the ledger, which another service keeps in another schema under
another login, says how long each history was. So an event edited, removed, swapped or added, a history cut short and
a case that vanished whole are each named. The stored text of every document is held against the digest in its event.

Status 0: everything is as it was recorded; 1: damage was found; 2: wrong use.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, create_engine, text

from lianxi.casework import chain
from lianxi.casework.case.builders import paper_digest
from lianxi.casework.case.evolve import replay
from lianxi.casework.case.state import Case
from lianxi.contracts import registry
from lianxi.contracts.schemas import dump, load
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.crypto import CannotOpen, KeyRing
from lianxi.runtime.settings import read

DAMAGED = 1
PORTION = 2000
_EVENTS = text("SELECT case_no, seq, name, major, digest, body FROM routing.case_event ORDER BY case_no, seq")
_FILES = text(
    "SELECT case_no, state, holder, unit, epoch, seq, head_digest, in_transfer, snapshot"
    " FROM routing.case_file ORDER BY case_no"
)
# A draft has no number of its own: it is kept under the number of its event.
_DOCUMENTS = text(
    "SELECT d.case_no, d.number, d.digest, d.paper, e.seq, e.vouched FROM routing.document d LEFT JOIN LATERAL ("
    "  SELECT seq, coalesce(body::jsonb #>> '{data,document,digest}', body::jsonb #>> '{data,text_digest}') AS vouched"
    "  FROM routing.case_event WHERE case_no = d.case_no"
    "  AND coalesce(body::jsonb #>> '{data,document,number}', '稿' || seq) = d.number LIMIT 1) e ON true"
    " ORDER BY d.case_no, d.number"
)
_LEDGER = text("SELECT case_no, seq FROM supervision.ledger ORDER BY case_no")


@dataclass(frozen=True, slots=True)
class Found:
    """One damage: the case, the place in its history (0: the case file), its kind, and a sentence in Chinese."""

    case_no: str
    seq: int
    damage: str
    text: str


@dataclass(slots=True)
class Tally:
    """How much was looked at."""

    cases: int = 0
    events: int = 0


@click.command()
@click.option("--node", help="Code of the node, with --state.")
@click.option("--state", type=click.Path(path_type=Path, exists=True), help="State directory of local nodes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per damage, then a summary.")
def command(node: str | None, state: Path | None, as_json: bool) -> None:
    """Recompute the history of every case and name whatever was altered."""
    environment = environment_of(node, state)
    routing = create_engine(read("DATABASE_URL_ROUTING", secret=True, environment=environment))
    supervision = create_engine(read("DATABASE_URL_SUPERVISION", secret=True, environment=environment))
    tally, damages = Tally(), 0
    keys = KeyRing.from_file(Path(read("KEYRING_FILE", environment=environment)))
    with routing.connect() as cases, supervision.connect() as ledger:
        for found in (*findings(cases, ledger, tally), *document_findings(cases, keys)):
            damages += 1
            click.echo(_shown(found, as_json=as_json))
    if as_json:
        click.echo(json.dumps({"cases": tally.cases, "events": tally.events, "damages": damages}))
    else:
        click.echo(f"核对 {tally.cases} 件、{tally.events} 条记录：{f'发现 {damages} 处问题' if damages else '完好'}")
    if damages:
        raise SystemExit(DAMAGED)


def _shown(found: Found, *, as_json: bool) -> str:
    if as_json:
        fields = {"case_no": found.case_no, "seq": found.seq, "damage": found.damage, "text": found.text}
        return json.dumps(fields, ensure_ascii=False)
    return f"{found.case_no} 第{found.seq}条 {found.damage}：{found.text}"


def findings(cases: Connection, ledger: Connection, tally: Tally) -> Iterator[Found]:
    """Yield every damage, case by case; `tally` counts what was looked at."""
    # The ledger is read first: it follows the cases, so it can never rightly know more than they hold afterwards.
    known = {row.case_no: row.seq for row in ledger.execute(_LEDGER)}
    cases = cases.execution_options(stream_results=True, yield_per=PORTION, isolation_level="REPEATABLE READ")
    files = {row.case_no: row for row in cases.execute(_FILES)}
    seen: set[str] = set()
    for case_no, rows in groupby(cases.execute(_EVENTS), key=attrgetter("case_no")):
        seen.add(case_no)
        yield from _of_case(case_no, list(rows), files.get(case_no), known.get(case_no, 0), tally)
    for case_no in sorted(files.keys() - seen):
        yield Found(case_no, 0, "missing", "案件登记在册，但全部历史记录缺失。")
    for case_no in sorted(known.keys() - files.keys() - seen):
        yield Found(case_no, 0, "missing", "台账中有此案件，但案件及其全部历史记录缺失。")


def document_findings(cases: Connection, keys: KeyRing) -> Iterator[Found]:
    """Yield every document whose stored text is not the one that the event of its case vouches for."""
    for row in cases.execution_options(stream_results=True, yield_per=PORTION).execute(_DOCUMENTS):
        try:
            paper = json.loads(keys.open(row.paper, f"{row.case_no}/{row.number}"))
            sound = row.vouched is not None and paper_digest(paper) == row.vouched == row.digest
        except (CannotOpen, ValueError):
            sound = False
        if not sound:
            yield Found(row.case_no, row.seq or 0, "edited", f"文书 {row.number} 的内容与历史记录中的摘要不符。")


def _of_case(case_no: str, rows: list[Any], file: Any, known_seq: int, tally: Tally) -> Iterator[Found]:
    tally.cases += 1
    tally.events += len(rows)
    stored = [(row, _data(row.body)) for row in rows]
    links = [chain.ChainRow.of(row.seq, row.name, data) for row, data in stored]
    head = chain.Head(file.seq, file.head_digest) if file is not None else None
    damages = [
        Found(case_no, finding.seq, finding.damage.value, finding.text)
        for finding in chain.verify(case_no, links, head)
    ]
    yield from damages
    if file is None:
        yield Found(case_no, 0, "missing", "有历史记录，但案件登记缺失。")
        return
    last = max(row.seq for row in rows)
    if known_seq > last:
        yield Found(case_no, last + 1, "truncated", f"台账记到第{known_seq}条，历史只到第{last}条，被截断。")
    if not damages:
        yield from _state_findings(case_no, stored, file)


def _data(body: str) -> dict[str, Any]:
    """Return the sealed fields of a stored event; {} for what an edit left unreadable."""
    try:
        data = json.loads(body)["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _state_findings(case_no: str, stored: list[tuple[Any, dict[str, Any]]], file: Any) -> Iterator[Found]:
    """Compare the case file with what the history leads to."""
    events = [load(registry.MESSAGES[f"lianxi.{row.name}.v{row.major}"], data) for row, data in stored]
    expected = replay(case_no, events)
    for column in ("state", "holder", "unit", "epoch", "seq", "head_digest", "in_transfer"):
        if getattr(file, column) != getattr(expected, column):
            yield Found(case_no, 0, "edited", f"案件登记的 {column} 与历史记录不符。")
    try:
        same = dump(load(Case, file.snapshot)) == dump(expected)
    except Exception:  # noqa: BLE001  an edited snapshot may fail in any way
        same = False
    if not same:
        yield Found(case_no, 0, "edited", "案件登记的现状与历史记录推算的不符。")
    for row, data in stored:
        if row.digest != data.get("head", {}).get("digest"):
            yield Found(case_no, row.seq, "edited", f"第{row.seq}条记录的摘要栏被改动。")
