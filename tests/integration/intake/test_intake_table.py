"""CSV files as they come: encodings, separators, broken rows; every record has its number."""

import codecs

import pytest

from lianxi.ops.importing.table import LONGEST_FIELD, Table, Unreadable, encoding_of

HEADER = "编号,标题,正文\n"
ROW = "1,路灯不亮,城北区朝阳西路路灯不亮已有两周。\n"


@pytest.fixture
def opened(tmp_path):
    tables = []

    def write(content):
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        tables.append(Table(path))
        return tables[-1]

    yield write
    for table in tables:
        table.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_the_usual_encodings_are_recognised(opened, encoding):
    table = opened((HEADER + ROW).encode(encoding))

    [row] = table.rows()
    assert table.header == ["编号", "标题", "正文"]
    assert row.cells == ["1", "路灯不亮", "城北区朝阳西路路灯不亮已有两周。"]


def test_one_damaged_byte_does_not_turn_a_file_into_another_language(tmp_path, opened):
    good = (HEADER + ROW * 20).encode()
    table = opened(good + b"2,\xff\xfe,x\n" + ROW.encode())

    rows = list(table.rows())
    assert encoding_of(tmp_path / "file.csv") == "utf-8-sig"
    assert [bool(row.fault) for row in rows] == [False] * 20 + [True, False]
    assert "编码" in rows[20].fault


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_the_separator_is_that_of_the_header(opened, separator):
    table = opened((HEADER + ROW).replace(",", separator))

    assert next(table.rows()).cells[0] == "1"


def test_quotes_newlines_and_separators_stand_inside_quotes(opened):
    table = opened(HEADER + '1,"他说""不行""","第一行,\r\n第二行"\n2,b,c\n')

    rows = list(table.rows())
    assert rows[0].cells == ["1", '他说"不行"', "第一行,\r\n第二行"]
    assert (rows[1].number, rows[1].cells) == (2, ["2", "b", "c"])


def test_empty_lines_and_empty_cells_at_the_end_are_no_fault(opened):
    table = opened(HEADER + "1,a,b,,\n\n   \n2,c,d\n")

    rows = list(table.rows())
    assert [row.number for row in rows] == [1, 2, 3]
    assert rows[0].cells == ["1", "a", "b"]
    assert rows[1].fault


@pytest.mark.parametrize("line", ["1,只有两列", "1,a,b,c"])
def test_a_row_with_too_few_or_too_many_columns_says_so(opened, line):
    table = opened(HEADER + line + "\n" + ROW)

    bad, good = table.rows()
    assert "应有3列" in bad.fault
    assert not good.fault


def test_a_stray_quote_costs_its_own_row_only(opened):
    table = opened(HEADER + '1,"a"b,c\n' + ROW)

    bad, good = table.rows()
    assert "引号" in bad.fault
    assert bad.cells == ['1,"a"b,c\n']
    assert good.number == 2
    assert not good.fault


@pytest.mark.parametrize("filler", [0, LONGEST_FIELD // 10])
def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(opened, filler):
    table = opened(HEADER + ROW + '2,"未闭合,x\n' + ROW * 3 + f"9,z,{'长' * 10}\n" * (filler // 8))

    rows = list(table.rows())
    assert [bool(row.fault) for row in rows[:6]] == [False, True, False, False, False] + [False] * bool(filler)
    assert len(rows) == 5 + filler // 8
    assert rows[1].cells == ['2,"未闭合,x\n']


def test_control_characters_and_nul_are_passed_on_for_the_door_to_refuse(opened):
    table = opened(HEADER + "1,a\x00b,c\x07\n" + ROW)

    assert [row.cells[0] for row in table.rows()] == ["1", "1"]


def test_old_line_ends_end_lines(opened):
    assert len(list(opened((HEADER + ROW + ROW).replace("\n", "\r")).rows())) == 2


def test_a_mended_rejects_file_is_read_like_the_original(opened):
    table = opened("row,field,reason," + HEADER + "17,正文,太长," + ROW)

    assert table.header == ["编号", "标题", "正文"]
    assert next(table.rows()).cells[0] == "1"


@pytest.mark.parametrize("content", [b"", codecs.BOM_UTF8, b",,\n1,2,3\n", b'"never closed\n'])
def test_a_file_without_a_header_is_refused(tmp_path, content):
    path = tmp_path / "file.csv"
    path.write_bytes(content)

    with pytest.raises(Unreadable):
        Table(path)
