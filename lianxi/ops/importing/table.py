"""Reading a CSV file as it comes from other systems: any of the usual encodings and separators, broken rows and all.

Every record of the file becomes a `Row` with its number, so that the numbers add up: one that cannot be read carries
the fault instead of being dropped. A quotation mark that is never closed would swallow the rest of the file; here it
costs the line it stands in, and reading goes on with the next one.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Protocol

from lianxi.ops.exporting.writing import plain

LONGEST_FIELD = 1_000_000
"""Characters; a longer field is a quotation mark that was never closed."""

REJECT_HEADER = ("row", "field", "reason", "reject")
"""The columns a rejects file has before the original ones; a file that begins with them is such a file, mended.

`reject` is the id under which intake keeps the refused row, so that the mended one settles it.
"""

SEPARATORS = (",", "\t", ";", "|")
_CHUNK = 1 << 20
_HALF = re.compile("[\ud800-\udfff]")
"""What stands for a byte that the encoding cannot explain."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DAMAGED = 100
"""A file with one unreadable place in at least so many other characters is damaged UTF-8, not GB18030."""


class Unreadable(Exception):  # noqa: N818  reads as what the file is
    """The file as a whole cannot be imported; the text says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its number from 1 (without the header), its cells, what keeps it from being read, whom it mends."""

    number: int
    cells: list[str]
    field: str = ""
    fault: str = ""
    reject: str = ""


def mended_width(header: Sequence[str]) -> int:
    """Return how many columns of a rejects file stand before the original ones, none in any other file."""
    begins = tuple(cell.strip() for cell in header[: len(REJECT_HEADER)])
    if begins == REJECT_HEADER:
        return len(REJECT_HEADER)
    return len(REJECT_HEADER) - 1 if begins[:-1] == REJECT_HEADER[:-1] else 0


class Source(Protocol):
    """A file being read: a CSV table or a sheet of a workbook."""

    header: list[str]
    size: int

    @property
    def position(self) -> int:
        """Return how far reading has come, in the unit of `size`."""
        ...

    def rows(self) -> Iterator[Row]:
        """Yield every record after the header."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class Table:
    """An open CSV file: its header, then its rows."""

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self.encoding = encoding_of(path)
        self._file = path.open("rb")
        self._lines = _Lines(TextIOWrapper(self._file, self.encoding, errors="surrogateescape", newline=""))
        try:
            header = self._read_header()
        except Unreadable:
            self.close()
            raise
        self._skip = mended_width(header)
        self._width = len(header)
        self.header = [cell.strip() for cell in header[self._skip :]]

    def _read_header(self) -> list[str]:
        first = self._lines.peek()
        if first is None:
            raise Unreadable("文件是空的。")
        self.separator = max(SEPARATORS, key=first.count)
        header = next(self._records(), [])
        if isinstance(header, _Broken) or not any(cell.strip() for cell in header):
            raise Unreadable("第一行不是表头。第一行应当是各列的名称。")
        return header

    @property
    def position(self) -> int:
        """Return how many bytes of the file were read."""
        return self._file.tell()

    def rows(self) -> Iterator[Row]:
        """Yield every record after the header; empty lines are no records."""
        number = 0
        for record in self._records():
            if isinstance(record, _Broken):
                number += 1
                yield Row(number, [record.raw], "csv", record.why)
            elif any(record):
                number += 1
                yield self._row(number, record)

    def _row(self, number: int, cells: list[str]) -> Row:
        while len(cells) > self._width and not cells[-1]:
            cells.pop()
        fault = ""
        if len(cells) != self._width:
            fault = f"应有{self._width}列，实有{len(cells)}列；含逗号或换行的内容应当用引号括起。"
        elif any(map(_HALF.search, cells)):
            fault = "含有无法识别的字节，文件编码有误。"
        reject = cells[self._skip - 1] if self._skip == len(REJECT_HEADER) and not fault else ""
        return Row(number, [plain(cell) for cell in cells[self._skip :]], "csv" if fault else "", fault, reject)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _records(self) -> Iterator["list[str] | _Broken"]:
        csv.field_size_limit(LONGEST_FIELD)
        while self._lines.peek() is not None:
            self._lines.taken.clear()
            try:
                yield next(csv.reader(self._lines, delimiter=self.separator, strict=True))
            except csv.Error as error:
                if "unexpected end" in str(error) or "field limit" in str(error):
                    self._lines.give_back(keep=1)
                    yield _Broken(self._lines.taken[0], "引号没有闭合。")
                else:
                    yield _Broken("".join(self._lines.taken), "引号使用有误：内容里的引号应当写成两个引号。")
            except StopIteration:
                return


@dataclass(frozen=True, slots=True)
class _Broken:
    raw: str
    why: str


class _Lines:
    """Lines that remember what the current record took, and take it back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.taken.append(line)
        return line

    def peek(self) -> str | None:
        """Return the next line without taking it."""
        if not self._waiting:
            line = next(self._lines, None)
            if line is None:
                return None
            self._waiting.append(line)
        return self._waiting[0]

    def give_back(self, *, keep: int) -> None:
        """Return all taken lines but the first `keep`."""
        self._waiting.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]


def encoding_of(path: Path) -> str:
    """Return the encoding: by byte order mark, else UTF-8 if it fits, else GB18030 if that does, else damaged UTF-8."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_UTF16):
        return "utf-16"
    characters, unreadable = _attempt(path, "utf-8-sig")
    if not unreadable or head.startswith(codecs.BOM_UTF8) or characters > _DAMAGED * unreadable:
        return "utf-8-sig"
    _, unreadable_as_gb = _attempt(path, "gb18030")
    return "gb18030" if unreadable_as_gb < unreadable else "utf-8-sig"


def _attempt(path: Path, encoding: str) -> tuple[int, int]:
    """Return how many characters beyond ASCII the file has in `encoding`, and how many places cannot be read."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    characters = unreadable = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = decoder.decode(chunk)
            if not text.isascii():
                bad = len(_HALF.findall(text))
                unreadable += bad
                characters += len(text) - len(text.encode("ascii", "ignore")) - bad
    unreadable += len(decoder.decode(b"", final=True))
    return characters, unreadable
