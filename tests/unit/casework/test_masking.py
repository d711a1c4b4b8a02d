"""The masking table MK-1 to MK-8, cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxi.casework.errors import Forbidden, Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.masking import Content, PersonalField, Viewer, mask, mask_content, viewer_of

DISTRICT, STREET = DivisionCode("630104"), DivisionCode("630104001")
ADDRESS = "青海省西宁市城西区西关大街街道海湖路12号3单元501室"

MK_CELLS = [
    ("MK-1", PersonalField.NAME, "张小三", ["张小三", "张*三", "张*", "张某某"]),
    ("MK-1", PersonalField.NAME, "张三", ["张三", "张*", "张*", "张某某"]),
    ("MK-1", PersonalField.NAME, "欧阳文忠", ["欧阳文忠", "欧阳*忠", "欧阳*", "欧阳某某"]),
    ("MK-1", PersonalField.NAME, "扎西卓玛", ["扎西卓玛", "扎**玛", "扎*", "扎某某"]),
    (
        "MK-2",
        PersonalField.ID_NUMBER,
        "630102198001010019",
        ["6301**********0019", "6301**********0019", "6301**************", None],
    ),
    ("MK-2", PersonalField.ID_NUMBER, "G12345678", ["*********", "*********", "*********", None]),
    ("MK-3", PersonalField.MOBILE, "13812345678", ["138****5678", "138****5678", "138********", None]),
    ("MK-3", PersonalField.MOBILE, "12345", ["*****", "*****", "*****", None]),
    (
        "MK-4",
        PersonalField.ADDRESS,
        ADDRESS,
        [
            ADDRESS,
            "青海省西宁市城西区西关大街街道海湖路***",
            "青海省西宁市城西区西关大街街道***",
            "青海省西宁市城西区***",
        ],
    ),
    (
        "MK-4",
        PersonalField.ADDRESS,
        "大通回族土族自治县桥头镇解放路5号",
        [
            "大通回族土族自治县桥头镇解放路5号",
            "大通回族土族自治县桥头镇解放路***",
            "大通回族土族自治县桥头镇***",
            "大通回族土族自治县***",
        ],
    ),
    ("MK-4", PersonalField.ADDRESS, "城西区五四大街", ["城西区五四大街", "城西区五四大街", "城西区***", "城西区***"]),
    ("MK-4", PersonalField.ADDRESS, "不详", ["不详", "***", "***", "***"]),
    ("MK-6", PersonalField.ACCUSER, "李四", ["李四", None, None, None]),
    ("MK-7", PersonalField.ACCUSED, "王五", ["王五", None, None, None]),
]


@pytest.mark.parametrize(("rule", "field", "value", "seen"), MK_CELLS)
def test_each_viewer_sees_what_the_table_says(rule, field, value, seen):
    assert [mask(field, value, viewer) for viewer in Viewer] == seen, rule


def test_mk_5_content_gets_shorter_with_distance():
    content = Content("城乡建设", "张小三反映13812345678被冒用", "全文")

    seen = [mask_content(content, viewer, names=("张小三",)) for viewer in Viewer]

    assert seen == [
        content,
        Content("城乡建设", "张小三反映13812345678被冒用", None),
        Content("城乡建设", None, None),
        Content("城乡建设", "某某反映［手机号］被冒用", None),
    ]
    assert mask_content(Content("城乡建设", None, None), Viewer.PUBLIC).title is None


@pytest.mark.parametrize("field", [PersonalField.ID_NUMBER, PersonalField.MOBILE])
def test_mk_8_a_handler_sees_a_number_in_full_only_with_a_reason(field):
    number = "630102198001010019"

    assert mask(field, number, Viewer.HANDLER) != number
    assert mask(field, number, Viewer.HANDLER, reason="电话核实诉求") == number
    with pytest.raises(Invalid, match="理由"):
        mask(field, number, Viewer.HANDLER, reason="  ")


@pytest.mark.parametrize("viewer", [Viewer.COLLEAGUE, Viewer.OTHER_NODE, Viewer.PUBLIC])
def test_mk_8_nobody_else_unmasks(viewer):
    with pytest.raises(Forbidden):
        mask(PersonalField.ID_NUMBER, "630102198001010019", viewer, reason="好奇")


def test_where_somebody_stands_follows_from_node_and_task():
    assert viewer_of(DISTRICT, DISTRICT, on_task=True) is Viewer.HANDLER
    assert viewer_of(DISTRICT, DISTRICT, on_task=False) is Viewer.COLLEAGUE
    assert viewer_of(DISTRICT, STREET, on_task=True) is Viewer.OTHER_NODE
    assert viewer_of(DISTRICT, None, on_task=False) is Viewer.PUBLIC


@given(
    st.sampled_from([PersonalField.NAME, PersonalField.ID_NUMBER, PersonalField.MOBILE]),
    st.text("张王李赵0123456789", min_size=1, max_size=20),
)
def test_nobody_but_the_handler_ever_sees_a_whole_value(field, value):
    for viewer in (Viewer.COLLEAGUE, Viewer.OTHER_NODE, Viewer.PUBLIC):
        assert mask(field, value, viewer) != value
