"""Spellings that look the same: what is folded, what is dropped, what is refused and where."""

import unicodedata

import pytest

from lianxi.casework.errors import Invalid
from lianxi.casework.radicals import FIRST, LAST, without_radicals
from lianxi.casework.validators import clean_text, email, known_by, narrow, person_name, phone


def refused(attempt):
    with pytest.raises(Invalid) as refusal:
        attempt()
    return refusal.value.rule, refusal.value.details.get("position")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("１３８ ９７４１ ２３５６", "13897412356"),
        ("138\u200b97412356", "13897412356"),
        ("0971–6123456", "0971-6123456"),
        ("0971－6123456", "0971-6123456"),
        ("（0971）6123456", "0971-6123456"),
    ],
)
def test_a_number_is_one_number_however_it_was_typed(typed, number):
    assert phone(typed) == number


@pytest.mark.parametrize(("typed", "place"), [("63010219800101001Х", 18), ("1З8", 2), ("١٣٨", 1), ("10〇", 3)])
def test_what_only_looks_like_a_digit_is_refused_at_its_place(typed, place):
    assert refused(lambda: narrow(typed, "id_number")) == ("look-alike", place)


def test_no_number_is_longer_than_any_number():
    assert refused(lambda: narrow("1" * 65, "phone"))[0] == "length"


@pytest.mark.parametrize("name", ["阿不都拉·买买提", "John Smith", "张三 (John)", "Иван Петров", "Αλέξανδρος", "李A"])
def test_a_name_of_one_script_a_word_is_taken_as_it_is(name):
    assert person_name(name, "name") == name


@pytest.mark.parametrize(("name", "place"), [("Ivаn", 3), ("马А兰", 2), ("John Smιth", 8)])
def test_a_word_of_two_scripts_is_refused_at_its_place(name, place):
    assert refused(lambda: person_name(name, "name")) == ("look-alike", place)


def test_dots_and_blanks_of_a_name_have_one_spelling():
    assert person_name("阿不都拉•买买提", "name") == person_name(" 阿不都拉・买买提 ", "name") == "阿不都拉·买买提"
    assert refused(lambda: person_name("···", "name"))[0] == "name"
    assert person_name("", "name", required=False) == ""


@pytest.mark.parametrize("mark", ["\u200c", "\u2062", "\ufeff", "\U000e0041", "\u061c"])
def test_what_nobody_sees_is_dropped(mark):
    assert clean_text(f"停{mark}暖", "subject", 10) == "停暖"


@pytest.mark.parametrize("blank", ["\u3164", "\u2800", "\u115f"])
def test_a_letter_that_shows_as_a_blank_is_one(blank):
    assert clean_text(f"停{blank}暖", "subject", 10) == "停 暖"
    assert refused(lambda: clean_text(blank, "subject", 10))[0] == "required"


@pytest.mark.parametrize("bad", ["\u202e", "\u2067", "\x07", "\ud800", "\ufffe", "\ue000"])
def test_what_makes_a_text_read_otherwise_is_refused_at_its_place(bad):
    assert refused(lambda: clean_text(f"停暖{bad}", "subject", 10)) == ("characters", 3)


def test_a_heap_of_marks_on_one_letter_is_refused():
    assert refused(lambda: clean_text("e" + "\u0301" * 6, "subject", 20))[0] == "characters"
    assert clean_text("Ru\u0308thi Nguye\u0302\u0303n", "subject", 20) == "Rüthi Nguyễn"


@pytest.mark.parametrize(
    ("typed", "meant"), [("\u2ee2建国", "马建国"), ("⼩明", "小明"), ("王\u2ef0\u2f3f", "王龙手"), ("\uf9ca金", "流金")]
)
def test_a_radical_out_of_a_pdf_is_the_character_it_looks_like(typed, meant):
    assert person_name(typed, "name") == clean_text(typed, "text", 50) == known_by(typed, "address", 50) == meant


def test_every_radical_that_has_a_character_becomes_it():
    radicals = [chr(code) for code in range(ord(FIRST), ord(LAST) + 1) if unicodedata.name(chr(code), "")]

    left = [radical for radical in radicals if without_radicals(radical) == radical]

    assert len(radicals) == 115 + 214
    assert left == ["\u2e80"]  # a mark of repetition, which is no character
    assert clean_text("\u2e80", "text", 5) == "\u2e80"
    assert refused(lambda: person_name("马\u2e80", "name")) == ("look-alike", 2)


def test_wide_digits_and_letters_are_those_of_the_keyboard_and_punctuation_stays():
    assert clean_text("（ＡＢｃ）１２３号，", "text", 20) == "（ABc）123号，"
    assert clean_text("Ｅ\u0301", "text", 20) == "É"


@pytest.mark.parametrize(
    ("address", "place"), [("城东区\u0410座3号", 4), ("建国路Ivаn号", 6), ("城东区Β座", 4), ("\u0410-17", 1)]
)
def test_an_address_with_letters_that_only_look_alike_is_refused_at_its_place(address, place):
    assert refused(lambda: known_by(address, "address", 50)) == ("look-alike", place)


def test_an_address_may_have_latin_letters_and_two_languages():
    for address in ("建国路12号A座1单元", "Москва ул. Мира 5", "西宁 Xining"):
        assert known_by(address, "address", 50) == address


def test_free_text_may_mix_what_it_likes():
    assert clean_text("\u0410座的Ivаn说", "text", 50) == "\u0410座的Ivаn说"


def test_a_mail_address_has_one_spelling_and_no_letter_that_passes_for_another():
    assert email("ｏｆｆｉｃｅ＠example.cn") == "office@example.cn"
    assert email("张三@example.cn") == "张三@example.cn"
    assert email(" ") == ""
    assert refused(lambda: email("\u0430dmin@example.cn")) == ("look-alike", 1)
    assert refused(lambda: email("щ@example.cn")) == ("look-alike", 1)
    assert refused(lambda: email("nobody"))[0] == "email"
