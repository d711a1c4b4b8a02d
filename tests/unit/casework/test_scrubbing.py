"""What leaves a node names no person: numbers go however they are written, and nothing else does (V-4)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxi.casework.scrubbing import Trace, findings, scrub, scrub_all

WIDE = {ord(str(digit)): chr(ord("０") + digit) for digit in range(10)}
ID = "630102198001010019"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("身份证630102198001010019。", "身份证［身份证号］。"),
        ("身份证６３０１０２１９８００１０１００１９", "身份证［身份证号］"),
        ("630102 19800101 0019", "［身份证号］"),
        ("63-0102-1980-0101-0019", "［身份证号］"),
        ("630102198001010018（末位抄错）", "［身份证号］（末位抄错）"),
        ("44010419900307123x", "［身份证号］"),
        ("一代证630102800101001", "一代证［身份证号］"),
        ("护照号码：E12345678", "护照号码：［证件号］"),
        ("13897412356", "［手机号］"),
        ("手机138 9741 2356，", "手机［手机号］，"),
        ("１３８－９７４１－２３５６", "［手机号］"),
        ("1 3 8 9 7 4 1 2 3 5 6", "［手机号］"),
        ("+86 13897412356", "［手机号］"),
        ("0086-13897412356", "［手机号］"),
        ("tel13897412356万玉兰", "tel［手机号］万玉兰"),
        ("13897412356、13997000000", "［手机号］、［手机号］"),
        ("0971-6123456", "［电话］"),
        ("（0971）6123456", "［电话］"),
        ("010 8123 4567转802", "［电话］"),
        ("联系方式：6123456", "联系方式：［电话］"),
        ("卡6222021234567890128", "卡［银行卡号］"),
        ("卡 6222 0212 3456 7890 128", "卡 ［银行卡号］"),
        ("4111 1111 1111 1111", "［银行卡号］"),
        ("青A12345", "［车牌号］"),
        ("青Ａ·１２３４５", "［车牌号］"),
        ("青AD12345", "［车牌号］"),
        ("青A12345F", "［车牌号］"),
        ("青A1234学", "［车牌号］"),
        ("WJ青1234X", "［车牌号］"),
        ("写信到 guilan＠example.cn", "写信到 ［邮箱］"),
        ("微信号：ma_guilan88，QQ:123456789", "微信号：［账号］，QQ:［账号］"),
    ],
)
def test_what_leads_to_a_person_is_replaced_by_what_it_is(text, scrubbed):
    assert scrub(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "案号63010200120261123W00012",
        "宁信督〔2026〕12号，提议630100-2026-000012",
        "2026年11月23日，2026-11-23 10:24:33，20261123",
        "1999-05-01 200人，2019-2021年",
        "欠薪138000元，138,000.00元，13800000000元，6.5万元",
        "面积12345678平方米，0.9716123456",
        "合同编号20200101123456789，订单2026112310243312345678",
        "统一社会信用代码91630000MA758XXX1X，划代码630104001",
        "拨打12345热线，400-810-1234，110、119",
        "电话：20261123打过",
        "京A座12345室，晋A级景区，新区5栋",
        "018f3a5b13897412356a",
        "卡号6222021234567890127（校验不符的一串数字）",
        "",
    ],
)
def test_amounts_days_and_numbers_of_documents_stay(text):
    assert scrub(text) == text


def test_a_finding_says_what_it_is_and_where():
    (finding,) = findings("电话0971-6123456。")

    assert (finding.kind, finding.start, finding.end) == (Trace.PHONE, 2, 14)


def test_names_go_too_the_longer_first():
    assert scrub("马桂兰与马桂兰花反映", ["马桂兰", "马桂兰花", "", "马"]) == "某某与某某反映"


def test_a_whole_message_is_scrubbed_to_any_depth():
    message = {"case_no": "63010200120261123W00012", "rows": [{"text": f"证{ID}", "count": 3}], "none": None}

    assert scrub_all(message) == {
        "case_no": "63010200120261123W00012",
        "rows": [{"text": "证［身份证号］", "count": 3}],
        "none": None,
    }


def written(number):
    """The ways people write a number."""
    return st.sampled_from(
        [number, number.translate(WIDE), f"{number[:6]} {number[6:14]}-{number[14:]}", " ".join(number)]
    )


@given(
    before=st.text(alphabet="我的证号是：，。甲乙 ", max_size=12),
    spelt=written(ID),
    after=st.text("。，和 乙", max_size=6),
)
def test_an_id_never_survives_however_it_is_written(before, spelt, after):
    assert scrub(f"{before}{spelt}{after}") == f"{before}［身份证号］{after}"


@given(st.text(max_size=200))
def test_scrubbing_again_changes_nothing(text):
    once = scrub(text)

    assert scrub(once) == once


@given(st.integers(0, 99_999), st.dates(), st.sampled_from("WLVPF"))
def test_a_case_number_is_nobody(sequence, day, channel):
    number = f"630102001{day:%Y%m%d}{channel}{sequence:05d}" if day.year >= 1000 else "63010200120261123W00012"

    assert scrub(f"事项{number}已受理") == f"事项{number}已受理"


def test_a_long_hostile_text_takes_no_longer_than_its_length_calls_for():
    texts = ["1" * 20_000, "1 " * 10_000, "a@" * 10_000, "电话" * 10_000, "0971-" * 4_000, "A1" * 10_000]
    started = time.process_time()

    for text in texts:
        scrub(text)

    assert time.process_time() - started < 30
