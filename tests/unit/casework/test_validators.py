"""The vectors V-1 to V-4 of the rule book, and text fields under hostile input."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxi.casework.errors import Invalid
from lianxi.casework.scrubbing import scrub
from lianxi.casework.validators import (
    citizen_id,
    clean_text,
    credit_code,
    legacy_citizen_id,
    mobile,
    organisation_code,
    persons_phone,
    phone,
)

TODAY = date(2026, 7, 1)


@pytest.mark.parametrize(
    "number",
    ["11010519491231002X", "440524188001010014", "630102198001010019", "630122197005200048"],
)
def test_v_1_true_id_numbers_pass(number):
    assert citizen_id(number, TODAY) == number


def test_v_1_an_id_number_is_read_however_it_is_typed():
    assert citizen_id(" 110105 19491231 002x ", TODAY) == "11010519491231002X"
    assert citizen_id("６３０１０２１９８００１０１００１９", TODAY) == "630102198001010019"


@pytest.mark.parametrize(
    ("number", "what"),
    [
        ("630103199002290017", "出生日期"),
        ("110105194912310021", "校验位"),
        ("160102198001010019", "省级"),
        ("63010219800101001", "18位"),
        ("6301021980010100X9", "18位"),
        ("' OR 1=1 --", "18位"),
        ("", "18位"),
        (630102198001010019, "文字"),
    ],
)
def test_v_1_false_id_numbers_are_refused_without_repeating_them(number, what):
    with pytest.raises(Invalid, match=what) as refusal:
        citizen_id(number, TODAY, "petitioner.id_number")

    assert refusal.value.field == "petitioner.id_number"
    assert not str(number) or str(number) not in str(refusal.value.as_problem())


def test_v_1_a_birth_date_lies_between_150_years_ago_and_today():
    assert citizen_id("440524188001010014", date(2029, 12, 31))
    assert citizen_id("440524188001010014", date(2030, 1, 1))
    with pytest.raises(Invalid, match="150年前"):
        citizen_id("440524188001010014", date(2030, 1, 2))
    assert citizen_id("440524188001010014", date(2030, 1, 2), oldest_years=151)
    assert citizen_id("630102198001010019", date(1980, 1, 1))
    with pytest.raises(Invalid, match="晚于今天"):
        citizen_id("630102198001010019", date(1979, 12, 31))


def test_v_1_a_birthday_on_a_leap_day_counts_in_a_common_year():
    assert citizen_id(with_check("63010218800229001"), date(2030, 2, 28))
    with pytest.raises(Invalid, match="150年前"):
        citizen_id(with_check("63010218800229001"), date(2030, 3, 1))


def with_check(digits: str) -> str:
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    return digits + "10X98765432"[total % 11]


@given(
    st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999), st.sampled_from(["630104", "632124", "810000", "710000"])
)
def test_v_1_every_well_formed_number_passes_and_every_wrong_digit_is_noticed(born, order, place):
    number = with_check(f"{place}{born:%Y%m%d}{order:03d}")

    assert citizen_id(number, TODAY) == number
    with pytest.raises(Invalid):
        citizen_id(number[:16] + str((int(number[16]) + 1) % 10) + number[17], TODAY)


def test_v_1a_a_fifteen_digit_number_is_legacy_text_only():
    with pytest.raises(Invalid, match="停止使用") as refusal:
        citizen_id("630102800101001", TODAY)
    assert refusal.value.rule == "V-1a"
    assert legacy_citizen_id("630102 800101 001") == "630102800101001"
    with pytest.raises(Invalid):
        legacy_citizen_id("63010280010100")


def test_v_1b_a_permanent_resident_card_begins_with_nine():
    card = with_check("91184019800101001")

    assert citizen_id(card, TODAY) == card
    with pytest.raises(Invalid):
        citizen_id(card[:-1] + ("0" if card[-1] != "0" else "1"), TODAY)


@pytest.mark.parametrize(
    "code",
    ["91350100M000100Y43", "91110000802100433B", "91630102MA758AB13L", "11630100015000011T"],
)
def test_v_2_true_credit_codes_pass(code):
    assert credit_code(code.lower()) == code
    for place in range(18):
        wrong = code[:place] + ("1" if code[place] != "1" else "2") + code[place + 1 :]
        with pytest.raises(Invalid):
            credit_code(wrong)


@pytest.mark.parametrize(
    "code", ["", "91350100M000100Y4", "91350100I000100Y43", "9135010AM000100Y43", "91350100M000100Y4O"]
)
def test_v_2_what_is_no_credit_code_is_refused(code):
    with pytest.raises(Invalid) as refusal:
        credit_code(code)
    assert refusal.value.field == "credit_code"


@pytest.mark.parametrize("code", ["M000100Y4", "D2143569X", "D2143569-X"])
def test_v_2a_true_organisation_codes_pass(code):
    assert organisation_code(code) == code.replace("-", "")


@pytest.mark.parametrize("code", ["M000100Y5", "M000100Y", "", "M000100YA"])
def test_v_2a_false_organisation_codes_are_refused(code):
    with pytest.raises(Invalid):
        organisation_code(code)


def test_v_2a_a_credit_code_with_a_false_organisation_code_inside_is_refused():
    inner_false = "91350100M000100Y5"
    total = sum(
        pow(3, place, 31) * "0123456789ABCDEFGHJKLMNPQRTUWXY".index(sign) for place, sign in enumerate(inner_false)
    )

    with pytest.raises(Invalid, match="组织机构代码"):
        credit_code(inner_false + "0123456789ABCDEFGHJKLMNPQRTUWXY"[-total % 31])


@pytest.mark.parametrize(
    "typed",
    [
        "13812345678",
        "+86 138-1234-5678",
        "86 13812345678",
        "008613812345678",
        "１３８１２３４５６７８",
        "138 1234 5678",
    ],
)
def test_v_3_the_spellings_of_a_mobile_number_are_one_number(typed):
    assert mobile(typed) == phone(typed) == "13812345678"


def test_v_3_a_mobile_number_may_contain_the_country_code():
    assert mobile("13086123456") == phone("13086123456") == "13086123456"


@pytest.mark.parametrize("typed", ["12812345678", "1381234567", "138123456789", "abc", "", None])
def test_v_3_what_is_no_mobile_number_is_refused(typed):
    with pytest.raises(Invalid):
        mobile(typed)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0971-6123456", "0971-6123456"),
        ("09716123456", "0971-6123456"),
        ("（0971）6123456", "0971-6123456"),
        ("+86 971 6123456", "0971-6123456"),
        ("010-88888888-123", "010-88888888-123"),
        ("021 55555555", "021-55555555"),
        ("6123456", "6123456"),
        ("12345", "12345"),
        ("95588", "95588"),
        ("400-810-1234", "4008101234"),
        ("8008101234", "8008101234"),
    ],
)
def test_v_3_numbers_one_can_be_called_back_on(typed, number):
    assert phone(typed) == number


@pytest.mark.parametrize(
    "typed", ["", "110", "1234", "0971-1123456", "0971-612345", "电话", "0971-6123456-1234567", "<b>1</b>"]
)
def test_v_3_what_is_no_telephone_number_is_refused(typed):
    with pytest.raises(Invalid) as refusal:
        phone(typed)
    assert refusal.value.rule == "V-3"


@pytest.mark.parametrize("typed", ["12345", "１２３４５", "1-2345", "10086", "12380", "95588"])
def test_v_3_a_hotline_is_nobodys_own_telephone(typed):
    with pytest.raises(Invalid, match="公共服务热线") as refusal:
        persons_phone(typed)
    assert (refusal.value.rule, refusal.value.field) == ("V-3", "phone")


def test_v_3_every_other_number_may_be_a_persons():
    for typed in ("13897412356", "0971-6123456", "6123456", "400-810-1234"):
        assert persons_phone(typed) == phone(typed)


def test_text_is_composed_trimmed_and_freed_of_what_nobody_sees():
    assert clean_text("  \ufeff反映\u200b噪音\tcafe\u0301\u3000 ", "subject", 50) == "反映噪音 café"


def test_several_lines_are_kept_where_they_are_meant():
    assert clean_text("一\r\n二\n\n三\n", "text", 50, multiline=True) == "一\n二\n\n三"
    with pytest.raises(Invalid, match="第2个字符是换行"):
        clean_text("一\n二", "subject", 50)


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2067", "\ud800", "\ue000", "\r"]
)
def test_a_control_character_is_refused_with_its_position(character):
    with pytest.raises(Invalid, match=r"第3个字符") as refusal:
        clean_text(f"反映{character}噪音", "claims.0.text", 50, multiline=True)

    assert refusal.value.details == {"position": 3}
    assert refusal.value.field == "claims.0.text"


def test_a_text_too_long_or_missing_or_no_text_is_refused():
    with pytest.raises(Invalid, match="最多3个字，现有4个字"):
        clean_text("一二三四", "subject", 3)
    with pytest.raises(Invalid, match="必填"):
        clean_text(" \u3000\u200b", "subject", 3)
    assert clean_text("", "note", 3, required=False) == ""
    with pytest.raises(Invalid, match="文字"):
        clean_text(["a"], "subject", 3)


@pytest.mark.parametrize(
    "hostile", ["'; DROP TABLE cases; --", "<script>alert(1)</script>", "{{7*7}}", "%00", "../../etc/passwd"]
)
def test_sql_and_html_are_text_like_any_other(hostile):
    assert clean_text(hostile, "text", 100) == hostile


@given(st.text(max_size=60))
def test_a_text_is_refused_or_stays_the_same_when_cleaned_again(typed):
    try:
        once = clean_text(typed, "text", 60, multiline=True, required=False)
    except Invalid:
        return
    assert clean_text(once, "text", 60, multiline=True, required=False) == once


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("身份证630102198001010019，请查", "身份证［身份证号］，请查"),
        ("11010519491231002x", "［身份证号］"),
        ("证号630102 19800101 0019", "证号［身份证号］"),
        ("旧证630102800101001", "旧证［身份证号］"),
        ("电话13812345678或+86 139-1234-5678", "电话［手机号］或［手机号］"),
        ("１３８１２３４５６７８", "［手机号］"),
        ("座机0971-6123456", "座机［电话］"),
        ("卡号6222 0212 3456 7890 128", "卡号［银行卡号］"),
        ("卡号4111111111111112", "卡号4111111111111112"),
        ("卡号4111111111111111", "卡号［银行卡号］"),
        ("卡号6222021234567894", "卡号［银行卡号］"),
        ("青A12345和青A·D12345占道", "［车牌号］和［车牌号］占道"),
        ("2026年3月2日在五四大街12号", "2026年3月2日在五四大街12号"),
        ("订单20260302123456789012345", "订单20260302123456789012345"),
    ],
)
def test_v_4_numbers_that_name_a_person_are_removed(text, scrubbed):
    assert scrub(text) == scrubbed


def test_v_4_given_names_are_removed_longest_first():
    assert scrub("张三丰和张三", names=["张三", "张三丰", ""]) == "某某和某某"


@given(st.text("0123456789 -青A张", max_size=30), st.text("。，中文", max_size=5))
def test_v_4_an_id_or_mobile_number_is_never_left_standing(around, between):
    text = scrub(f"{around}{between}。13812345678。{between}630102198001010019。{around}")

    assert "13812345678" not in text
    assert "630102198001010019" not in text
