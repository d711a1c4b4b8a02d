"""Which column is what: the guess by the header, and its correction."""

import pytest

from lianxi.ops.importing.columns import BadMapping, Columns, read_mapping

BOARD = ["message_id", "author", "subject", "submitted_at", "text"]


def body(header, cells, given=None, **options):
    columns = Columns.of(header, given or {})
    return columns.body(cells, "web", received_from_column=True, **options)


def test_a_message_board_is_understood_as_it_is():
    columns = Columns.of(BOARD, {})

    assert columns.places == {"source_id": 0, "account": 1, "subject": 2, "received_at": 3, "text": 4}
    assert columns.body(["7", "A01", "路灯", "2019-04-02", "不亮"], "web", received_from_column=True) == {
        "channel": "web",
        "subject": "路灯",
        "text": "不亮",
        "received_at": "2019-04-02",
        "anonymous": False,
        "petitioner": {"account": "A01", "name": "A01"},
    }


def test_chinese_headers_are_understood_however_they_are_spaced():
    header = ["信访编号", " 姓 名 ", "联系电话", "住址", "留言主题", "留言详情", "留言时间", "信访人数", "是否匿名"]

    columns = Columns.of(header, {})

    assert set(columns.places) == {
        "source_id",
        "name",
        "phone",
        "address",
        "subject",
        "text",
        "received_at",
        "persons",
        "anonymous",
    }


def test_the_nearest_name_wins():
    assert Columns.of(["日期", "提交时间", "正文"], {}).places["received_at"] == 1


def test_a_mapping_corrects_the_guess_and_can_take_it_back():
    columns = Columns.of(["id", "标题", "正文", "备注"], read_mapping(["text=备注,source_id=", "subject=正文"]))

    assert columns.places == {"text": 3, "subject": 2}


def test_a_comma_in_a_column_name_needs_its_own_option():
    assert read_mapping(["text=事实,理由", "subject=主题"]) == {"text": "事实,理由", "subject": "主题"}


@pytest.mark.parametrize(
    ("header", "given", "said"),
    [
        (["标题", "备注"], {}, "text"),
        (["正文"], {"sbject": "正文"}, "sbject"),
        (["正文"], {"subject": "标题"}, "标题"),
    ],
)
def test_a_mapping_that_does_not_fit_says_what_there_is(header, given, said):
    with pytest.raises(BadMapping, match=said):
        Columns.of(header, given)


def test_a_mapping_without_equals_is_refused():
    with pytest.raises(BadMapping, match="subject"):
        read_mapping(["subject"])


def test_a_file_without_subjects_has_the_first_sentence_stand_for_them():
    assert body(["正文"], ["  海湖新区停水。已经三天了。"])["subject"] == "海湖新区停水"


def test_a_file_without_any_name_column_holds_anonymous_contacts():
    assert body(["正文"], ["停水"])["anonymous"] is True
    assert body(["正文", "姓名"], ["停水", ""])["anonymous"] is False


@pytest.mark.parametrize(
    ("cell", "meant"), [("是", True), ("否", False), ("", False), ("TRUE", True), ("也许", "也许")]
)
def test_yes_and_no_are_read_and_anything_else_is_left_to_the_door(cell, meant):
    assert body(["正文", "是否匿名"], ["停水", cell])["anonymous"] == meant


def test_an_empty_day_of_receipt_is_not_taken_for_today():
    assert body(["正文", "留言时间"], ["停水", " "])["received_at"] == "-"


def test_old_line_ends_become_new_ones():
    assert body(["正文"], ["一\r二\r\n三"])["text"] == "一\n二\n三"


def test_a_refused_field_is_named_as_the_file_names_it():
    columns = Columns.of(["正文", "联系电话"], {})

    assert columns.field_of("petitioner.phone") == "联系电话"
    assert columns.field_of("channel") == "channel"
