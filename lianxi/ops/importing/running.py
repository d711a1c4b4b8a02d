"""One import from the first row to the summary: batches to intake, rejects to a file, counts that add up.

Each batch is one transaction, so an import that was stopped anywhere is simply started again: what is in already is
recognised by its source and id. A row without an id is recognised by its content; the second, third … row with the
same content is a message of its own, because two people may copy one text.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from lianxi.ops.exporting.writing import Sink, open_sink
from lianxi.ops.importing.columns import Columns
from lianxi.ops.importing.table import REJECT_HEADER, Row, Source

BATCH = 500


class Importer(Protocol):
    """Intake, as far as an import needs it."""

    def take_over(self, source: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, str]]:
        """Take rows over in one transaction; of each: fate, number, field, rule, reason, reject."""
        ...

    def fingerprint(self, content: str) -> str:
        """Return a keyed digest of a row."""
        ...

    def close(self) -> None:
        """Give its connections back."""
        ...


@dataclass(slots=True)
class Summary:
    """What became of the rows: `rows` is the sum of the other three."""

    rows: int = 0
    imported: int = 0
    already: int = 0
    rejected: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts."""
        return asdict(self)


@dataclass(slots=True)
class Rejects:
    """The file of rejected rows, made when the first one comes; it can be mended and imported like any other."""

    path: Path
    header: Sequence[str]
    _sink: Sink | None = field(default=None, init=False)

    def write(self, row: Row, column: str, reason: str, reject: str) -> None:
        """Write one row with its fault, what its cells said untouched."""
        if self._sink is None:
            self._sink = open_sink(self.path, [*REJECT_HEADER, *self.header])
        self._sink.write([str(row.number), column, reason, reject, *row.cells])

    def close(self) -> None:
        """Close the file if there is one."""
        if self._sink is not None:
            self._sink.close()


@dataclass(slots=True)
class Run:
    """One import of one file."""

    table: Source
    columns: Columns
    importer: Importer
    source: str
    channel: str | None
    received_from_column: bool
    node: str
    rejects: Rejects
    summary: Summary = field(default_factory=Summary)
    _copies: Counter[str] = field(default_factory=Counter)

    def run(self, limit: int | None, progress: Callable[[Summary, int], None]) -> Summary:
        """Import up to `limit` rows, telling `progress` after each batch how far the file was read."""
        rows = islice(self.table.rows(), limit)
        try:
            while batch := list(islice(rows, BATCH)):
                self._take_over(batch)
                progress(self.summary, self.table.position)
        finally:
            self.rejects.close()
        return self.summary

    def _take_over(self, batch: Sequence[Row]) -> None:
        readable = [row for row in batch if not row.fault]
        answers = self.importer.take_over(self.source, [self._entry(row) for row in readable]) if readable else []
        by_row = {row.number: answer for row, answer in zip(readable, answers, strict=True)}
        for row in batch:
            answer = by_row.get(row.number, {"fate": "rejected", "field": row.field, "rule": "", "reason": row.fault})
            self._count(row, answer)

    def _entry(self, row: Row) -> tuple[str, dict[str, Any]]:
        body = self.columns.body(row.cells, self.channel, received_from_column=self.received_from_column)
        if row.reject:
            body["reject_id"] = row.reject
        if body["channel"] != "web":  # somebody at a counter took it in, whose name the file does not know (T2)
            body["registered_by"] = {"person": "import", "role": "R", "unit": "", "node": self.node}
        if "source_id" in self.columns.places:
            return self.columns.cell(row.cells, "source_id").strip(), body
        digest = self.importer.fingerprint(json.dumps(row.cells))
        self._copies[digest] += 1
        return f"{digest}#{self._copies[digest]}", body

    def _count(self, row: Row, answer: Mapping[str, str]) -> None:
        fate = answer["fate"]
        self.summary.rows += 1
        if fate == "imported":
            self.summary.imported += 1
        elif fate == "already":
            self.summary.already += 1
        else:
            self.summary.rejected += 1
            rule = f"〔{answer['rule']}〕" if answer["rule"] else ""
            column = self.columns.field_of(answer["field"])
            self.rejects.write(row, column, f"{answer['reason']}{rule}", answer.get("reject", ""))
