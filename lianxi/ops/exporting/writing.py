"""Writing tables that people open in a spreadsheet: CSV and XLSX, row by row, with nothing in them that calculates.

A cell that begins with `=`, `+`, `-`, `@` or a tab is a formula to a spreadsheet, and may be an attack by whoever wrote
the petition. In CSV such a cell gets an apostrophe before it, which `plain` takes away again when the file comes back;
in XLSX every cell is stored as text, so nothing needs to be added.
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

XLSX = ".xlsx"
LONGEST_CELL = 32_767
"""What a cell of a spreadsheet holds."""
MOST_ROWS = 1_048_576
_CALCULATES = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile(r"''*[=+\-@\t\r\n＝＋－＠]")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _CALCULATES.match(cell) else cell


def plain(cell: str) -> str:
    """Return what `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


class Sink(Protocol):
    """A table being written."""

    def write(self, cells: Sequence[str]) -> None:
        """Add a row."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class CsvSink:
    """A CSV file as spreadsheets in Chinese offices read it: UTF-8 with a byte order mark."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file: TextIO = path.open("w", encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._rows = csv.writer(self._file)
        self.write(header)

    def write(self, cells: Sequence[str]) -> None:
        """Add a row; a formula is disarmed."""
        self._rows.writerow([guarded(cell) for cell in cells])

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class XlsxSink:
    """A workbook of one sheet, written without being held in memory; each cell is text."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet("信访件")
        self._sheet.freeze_panes = "A2"
        self._rows = 1
        self._sheet.append([self._cell(name, bold=True) for name in header])

    def write(self, cells: Sequence[str]) -> None:
        """Add a row."""
        self._rows += 1
        if self._rows > MOST_ROWS:
            raise OverflowError(f"XLSX 一张表最多{MOST_ROWS}行，请改用 CSV 或者缩小范围。")
        self._sheet.append([self._cell(cell) for cell in cells])

    def _cell(self, text: str, *, bold: bool = False) -> Any:
        cell = WriteOnlyCell(self._sheet, value=_UNWRITABLE.sub("\ufffd", text)[:LONGEST_CELL])
        cell.data_type = "s"
        if bold:
            cell.font = Font(bold=True)
        return cell

    def close(self) -> None:
        """Finish the file."""
        self._book.save(self._path)


def open_sink(path: Path, header: Sequence[str]) -> Sink:
    """Begin a table in the form its name says."""
    return XlsxSink(path, header) if path.suffix.lower() == XLSX else CsvSink(path, header)
