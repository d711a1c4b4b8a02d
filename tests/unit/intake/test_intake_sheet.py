"""A workbook is refused before it is unpacked when it would fill the machine."""

import zipfile

import pytest

from lianxi.ops.importing import sheet
from lianxi.ops.importing.sheet import Sheet
from lianxi.ops.importing.table import Unreadable


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused_unread(tmp_path):
    path = tmp_path / "petitions.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"A" * (sheet.UNPACKED_ANYWAY + 1))

    with pytest.raises(Unreadable, match="解开后过大"):
        Sheet(path)


def test_what_is_no_workbook_inside_is_told_as_such_whatever_its_ratio(tmp_path):
    path = tmp_path / "petitions.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"A" * 1_000_000)

    with pytest.raises(Unreadable, match="不是可读的"):
        Sheet(path)
