"""Reading an XLSX workbook row by row, as text: what a spreadsheet made of numbers and dates is turned back.

The first visible sheet is read, or the one named. A whole number is written without decimal point or exponent, a date
as 2026-03-02. A number of more than fifteen digits was an ID or account number that the spreadsheet has rounded: such a
row is a reject, because its last digits are gone.
"""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from lianxi.ops.exporting.writing import plain
from lianxi.ops.importing.table import REJECT_HEADER, Row, Unreadable, mended_width

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
LARGEST_UNPACKED = 2 << 30
"""Bytes; a workbook that unpacks to more is no list of petitions."""
MOST_RATIO = 200
UNPACKED_ANYWAY = 64 << 20
"""Bytes; below this size a ratio says nothing. Sheets of real rows unpack to ten or twenty times their size."""
MOST_COLUMNS = 200
_EXACT = 10**15
_EMPTY_IN_A_ROW = 1000
"""So many empty rows in a row are the end: formatted but unused rows would otherwise be read up to the last one."""


def is_workbook(path: Path) -> bool:
    """Return whether a file is an XLSX workbook by its content; refuse an old or encrypted one."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == OLE:
        raise Unreadable("这是旧版 .xls 或加密的工作簿；请另存为不加密的 .xlsx 或 CSV 后再导入。")
    return head == ZIP


class Sheet:
    """An open sheet: its header, then its rows."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        self._book = _open(path)
        try:
            self._sheet = self._choose(name)
            self.size = int(self._sheet.max_row or 0)
            self._sheet.reset_dimensions()  # what a file says about its size is often wrong
            self._cells = self._sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)
            header = self._read_header()
        except Unreadable:
            self.close()
            raise
        self._skip = mended_width(header)
        self._width = len(header)
        self.header = [cell.strip() for cell in header[self._skip :]]
        self.position = 0

    def _read_header(self) -> list[str]:
        header = [_text(value)[0] for value in next(self._cells, ())]
        while header and not header[-1].strip():
            header.pop()
        if not header:
            raise Unreadable("第一行不是表头。第一行应当是各列的名称。")
        return header

    def _choose(self, name: str | None) -> Any:
        if name is not None:
            if name not in self._book.sheetnames:
                raise Unreadable(f"没有名为“{name}”的工作表；现有：{'、'.join(self._book.sheetnames)}。")
            return self._book[name]
        visible = [sheet for sheet in self._book.worksheets if sheet.sheet_state == "visible"]
        if not visible:
            raise Unreadable("工作簿里没有可见的工作表。")
        return visible[0]

    def rows(self) -> Iterator[Row]:
        """Yield every row after the header; empty rows are no records."""
        number = empty = 0
        for values in self._cells:
            self.position += 1
            if all(value is None or value == "" for value in values):
                empty += 1
                if empty > _EMPTY_IN_A_ROW:
                    return
                continue
            empty = 0
            number += 1
            yield self._row(number, values)

    def _row(self, number: int, values: Sequence[Any]) -> Row:
        read = [_text(value) for value in values]
        cells = [text for text, _ in read] + [""] * (self._width - len(read))
        faults = [(place, fault) for place, (_, fault) in enumerate(read) if fault]
        reject = cells[self._skip - 1] if self._skip == len(REJECT_HEADER) else ""
        if any(cells[self._width :]):
            return Row(number, cells[self._skip : self._width], "xlsx", "最后一列之后还有内容，请补上列名。", reject)
        cells = cells[self._skip : self._width]
        if faults:
            place, fault = faults[0]
            column = self.header[place - self._skip] if 0 <= place - self._skip < len(self.header) else "xlsx"
            return Row(number, cells, column, fault, reject)
        return Row(number, cells, reject=reject)

    def close(self) -> None:
        """Close the workbook."""
        self._book.close()


def _open(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            swollen = unpacked > UNPACKED_ANYWAY and unpacked > MOST_RATIO * path.stat().st_size
            if unpacked > LARGEST_UNPACKED or swollen:
                raise Unreadable("工作簿解开后过大，请分成几个文件或者另存为 CSV。")
        return load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError) as problem:
        raise Unreadable(f"不是可读的 XLSX 工作簿（{type(problem).__name__}）。") from problem


def _text(value: Any) -> tuple[str, str]:
    """Return a cell as text, and what is wrong with it."""
    if value is None:
        return "", ""
    if isinstance(value, bool):
        return ("是" if value else "否"), ""
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return (
            value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
        ), ""
    if isinstance(value, date | time):
        return value.isoformat(), ""
    text = plain(str(value))
    return text, ("单元格是公式错误值，请改正。" if text in _ERRORS else "")


_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})


def _number(value: float) -> tuple[str, str]:
    if abs(value) >= _EXACT:
        return f"{value:.0f}", "数字超过15位，电子表格已改动末几位；请把该列设为文本并重新填写原来的号码。"
    return (str(int(value)) if value == int(value) else repr(value)), ""
