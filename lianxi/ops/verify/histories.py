"""Histories against their hash chains, the case files they lead to, and the ledger that another service keeps.

A chain by itself shows every change but two: an end that was cut off, and a history that was sealed anew from the
changed event on. Both show against what is known elsewhere of its head. The case file is in the same schema, so whoever
rewrites the one can rewrite the other; the ledger is under another login, and the node above has the same events.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, text

from lianxi.casework import chain
from lianxi.casework.case.evolve import replay
from lianxi.casework.case.state import Case
from lianxi.casework.chain import Damage, Finding
from lianxi.casework.errors import Invalid
from lianxi.contracts import registry
from lianxi.contracts.schemas import dump, load
from lianxi.ops.verify.tally import Tally

PORTION = 1000
_EVENTS = text(
    "SELECT case_no, seq, name, major, epoch, node, at, digest, body FROM routing.case_event ORDER BY case_no, seq"
)
_FILES = text(
    "SELECT case_no, state, holder, unit, epoch, seq, head_digest, in_transfer, petitioner_key, received_on,"
    " since AS updated_at, snapshot FROM routing.case_file WHERE case_no = ANY(:numbers)"
)
_WITHOUT_HISTORY = text(
    "SELECT f.case_no FROM routing.case_file f"
    " WHERE NOT EXISTS (SELECT FROM routing.case_event e WHERE e.case_no = f.case_no) ORDER BY 1"
)
_LEDGER = text("SELECT case_no, seq, head_digest, state, holder, unit, epoch FROM supervision.ledger")
_FILE_COLUMNS = (
    *("state", "holder", "unit", "epoch", "seq", "head_digest", "in_transfer"),
    *("petitioner_key", "received_on", "updated_at"),
)
_EVENT_COLUMNS = ("seq", "epoch", "node", "at", "digest")
_LEDGER_COLUMNS = ("state", "holder", "unit", "epoch")
_WRITTEN = {"type", "version", "data"}
"""What the text of an event consists of. Only `data` is sealed, so nothing else may stand beside these."""


def history_findings(cases: Connection, ledger: Connection, tally: Tally) -> Iterator[Finding]:
    """Yield every damage of histories, case by case; `tally` counts what was looked at."""
    # The ledger is read first: it follows the cases, so it can never rightly know more than they hold afterwards.
    entries = {row.case_no: row for row in ledger.execute(_LEDGER)}
    streamed = cases.execute(_EVENTS, execution_options={"stream_results": True, "yield_per": PORTION})
    histories = ((case_no, list(rows)) for case_no, rows in groupby(streamed, key=attrgetter("case_no")))
    while portion := dict(islice(histories, PORTION)):
        files = {row.case_no: row for row in cases.execute(_FILES, {"numbers": list(portion)})}
        for case_no, rows in portion.items():
            tally.cases += 1
            tally.events += len(rows)
            yield from _of_case(case_no, rows, files.get(case_no), entries.pop(case_no, None))
    for case_no in cases.execute(_WITHOUT_HISTORY).scalars():
        entries.pop(case_no, None)
        yield Finding(case_no, 0, Damage.MISSING, "案件登记在册，但全部历史记录缺失。")
    for case_no in sorted(entries):
        yield Finding(case_no, 0, Damage.MISSING, "台账中有此案件，但案件及其全部历史记录缺失。")


def _of_case(case_no: str, rows: Sequence[Any], file: Any, entry: Any) -> Iterator[Finding]:
    stored = [(row, _data(row.body)) for row in rows]
    links = [chain.ChainRow.of(row.seq, row.name, data) for row, data in stored]
    head = chain.Head(file.seq, file.head_digest) if file is not None else None
    damages = chain.verify(case_no, links, head)
    yield from damages
    if file is None:
        yield Finding(case_no, 0, Damage.MISSING, "有历史记录，但案件登记缺失。")
    if entry is not None:
        yield from _against_ledger(case_no, rows, entry)
    if damages:
        return
    events = [_event(row, data) for row, data in stored]
    for (row, _), event in zip(stored, events, strict=True):
        if event is None:
            yield Finding(case_no, row.seq, Damage.EDITED, f"第{row.seq}条记录的类型或版本没有这样的内容。")
    known = [event for event in events if event is not None]
    if len(known) == len(events):
        yield from _beside_the_seal(case_no, rows, known)
        if file is not None:
            yield from _led_to(case_no, known, file, entry)


def _data(body: str) -> dict[str, Any]:
    """Return the sealed fields of a stored event; {} for what an edit left unreadable."""
    try:
        data = json.loads(body)["data"]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def _event(row: Any, data: dict[str, Any]) -> Any:
    """Return the event that a row holds; None if there is none of its name and version with such fields."""
    try:
        return load(registry.MESSAGES[f"lianxi.{row.name}.v{row.major}"], data)
    except (KeyError, Invalid):
        return None


def _against_ledger(case_no: str, rows: Sequence[Any], entry: Any) -> Iterator[Finding]:
    """Compare a history with how long it was, and what its digest was, when supervision read it."""
    last = rows[-1].seq
    if entry.seq > last:
        yield Finding(case_no, last + 1, Damage.TRUNCATED, f"台账记到第{entry.seq}条，历史只到第{last}条，被截断。")
    # A row of the ledger written before it kept digests has none until the next event.
    digest = next((row.digest for row in rows if row.seq == entry.seq), "")
    if digest and entry.head_digest and digest != entry.head_digest:
        told = f"截至第{entry.seq}条的历史与台账留存的摘要不符，历史被整体改写。"
        yield Finding(case_no, entry.seq, Damage.REWRITTEN, told)


def _beside_the_seal(case_no: str, rows: Sequence[Any], events: Sequence[Any]) -> Iterator[Finding]:
    """Compare what stands beside the sealed fields with what is sealed: the columns, and the rest of the text."""
    for row, event in zip(rows, events, strict=True):
        for column in _EVENT_COLUMNS:
            if getattr(row, column) != getattr(event.head, column):
                yield Finding(case_no, row.seq, Damage.EDITED, f"第{row.seq}条记录的 {column} 栏被改动。")
        written = json.loads(row.body)
        major = str(written.get("version", "")).partition(".")[0]
        if written.keys() != _WRITTEN or written["type"] != registry.type_of(event) or major != str(row.major):
            yield Finding(case_no, row.seq, Damage.EDITED, f"第{row.seq}条记录的类型或版本被改动，或者多出了内容。")


def _led_to(case_no: str, events: Sequence[Any], file: Any, entry: Any) -> Iterator[Finding]:
    """Compare case file and ledger with what the history leads to."""
    expected = replay(case_no, events)
    for column in _FILE_COLUMNS:
        if getattr(file, column) != getattr(expected, column):
            yield Finding(case_no, 0, Damage.EDITED, f"案件登记的 {column} 与历史记录不符。")
    try:
        same = dump(load(Case, file.snapshot)) == dump(expected)
    except Exception:  # noqa: BLE001  an edited snapshot may fail in any way
        same = False
    if not same:
        yield Finding(case_no, 0, Damage.EDITED, "案件登记的现状与历史记录推算的不符。")
    if entry is not None and entry.seq == expected.seq:
        for column in _LEDGER_COLUMNS:
            if getattr(entry, column) != getattr(expected, column):
                yield Finding(case_no, 0, Damage.EDITED, f"台账的 {column} 与历史记录不符。")
