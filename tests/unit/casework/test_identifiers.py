"""Identifiers are parsed once, forgive how people write, and refuse what cannot be meant."""

import csv
import random
import secrets
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import (
    CaseNumber,
    Channel,
    DivisionCode,
    DivisionLevel,
    DocumentNumber,
    QueryCode,
    UnitCode,
)

CITY, DISTRICT, STREET = map(DivisionCode, ("630100", "630104", "630104001"))
ALPHABET = "23456789ACEFHJKMPRTUWXY"


def test_a_division_knows_its_level_and_its_parent():
    assert [code.level for code in (CITY, DISTRICT, STREET)] == [
        DivisionLevel.CITY,
        DivisionLevel.DISTRICT,
        DivisionLevel.TOWNSHIP,
    ]
    assert STREET.parent == DISTRICT
    assert DISTRICT.parent == CITY
    assert CITY.parent is None
    assert DivisionCode("630000").level is DivisionLevel.PROVINCE
    assert DivisionCode("630000").parent is None


def test_a_division_contains_itself_and_what_lies_inside_it():
    assert CITY.contains(CITY)
    assert CITY.contains(DISTRICT)
    assert CITY.contains(STREET)
    assert DISTRICT.contains(STREET)
    assert DivisionCode("630000").contains(CITY)
    assert not DISTRICT.contains(CITY)
    assert not STREET.contains(DISTRICT)
    assert not DISTRICT.contains(DivisionCode("630105001"))


@pytest.mark.parametrize("typed", ["630104", "630104000", " 630104 ", "６３０１０４"])
def test_the_spellings_of_a_division_are_one_division(typed):
    assert DivisionCode.parse(typed) == DISTRICT
    assert str(DivisionCode.parse(typed)) == "630104"
    assert DISTRICT.padded9 == "630104000"
    assert STREET.padded9 == "630104001"


@pytest.mark.parametrize(
    "typed", ["", "63010", "6301040", "030104", "63010a", "630104001000", "６３０１０", "٦٣٠١٠٤", 630104]
)
def test_what_is_no_division_code_is_refused_under_the_callers_field(typed):
    with pytest.raises(Invalid) as refusal:
        DivisionCode.parse(typed, "place")

    assert refusal.value.field == "place"


def test_a_padded_division_is_not_canonical():
    with pytest.raises(Invalid):
        DivisionCode("630104000")


def test_the_division_codes_shipped_with_the_project_parse():
    shipped = Path(__file__).parents[3] / "deploy" / "xining" / "divisions.csv"
    with shipped.open(encoding="utf-8") as lines:
        codes = [row["code"] for row in csv.DictReader(lines)]

    assert len(codes) > 80
    assert [str(DivisionCode.parse(code)) for code in codes] == codes
    assert all(CITY.contains(DivisionCode(code)) for code in codes)


def test_pr_17_a_case_number_says_where_when_how_and_which():
    number = CaseNumber.of(DivisionCode("630102001"), date(2026, 3, 2), Channel.WEB, 12)

    assert str(number) == "63010200120260302W00012"
    assert CaseNumber.parse(" 630102001-20260302-w-00012 ") == number
    assert number.division == DivisionCode("630102001")
    assert number.day == date(2026, 3, 2)
    assert number.channel is Channel.WEB
    assert number.sequence == 12


@given(
    st.sampled_from([CITY, DISTRICT, STREET]),
    st.dates(date(1000, 1, 1)),
    st.sampled_from(list(Channel)),
    st.integers(1, 99_999),
)
def test_pr_17_a_case_number_survives_being_written_and_read(division, day, channel, sequence):
    number = CaseNumber.parse(str(CaseNumber.of(division, day, channel, sequence)))

    assert (number.division, number.day, number.channel, number.sequence) == (division, day, channel, sequence)


@pytest.mark.parametrize(
    "typed",
    [
        "63010200120260302W0001",
        "63010200120260302Z00012",
        "63010200120260302W00000",
        "63010200120260230W00012",
        "63010200120260302W00012; DROP TABLE cases",
        "",
        None,
    ],
)
def test_pr_17_what_is_no_case_number_is_refused(typed):
    with pytest.raises(Invalid) as refusal:
        CaseNumber.parse(typed)

    assert refusal.value.field == "case_number"


def test_pr_17_a_day_has_no_more_than_99999_contacts_per_channel():
    with pytest.raises(Invalid):
        CaseNumber.of(CITY, date(2026, 3, 2), Channel.WEB, 100_000)


def test_each_channel_has_its_letter():
    assert "".join(channel.letter for channel in Channel) == "XFWDC"
    assert [Channel.from_letter(letter) for letter in "XFWDC"] == list(Channel)
    with pytest.raises(Invalid):
        Channel.from_letter("Z")


def a_query_code() -> QueryCode:
    return QueryCode.new(secrets.token_bytes)


def test_a_query_code_is_grouped_for_reading_and_reads_back_however_it_is_typed():
    code = a_query_code()
    wide = "".join(chr(ord(character) + 0xFEE0) if character != "-" else "—" for character in str(code))

    assert [len(group) for group in str(code).split("-")] == [5, 5, 5]
    assert {QueryCode.parse(typed) for typed in (str(code), str(code).lower(), code.canonical, f"  {code} ", wide)} == {
        code
    }


def test_a_query_code_has_at_least_sixty_bits_and_no_look_alikes():
    assert len(ALPHABET) ** 14 > 2**60
    assert set(a_query_code().canonical) <= set(ALPHABET)
    assert not set("01ILOQZSBVGN") & set(ALPHABET)


def test_query_codes_draw_every_character_equally_often():
    random_bytes = random.Random(2).randbytes
    drawn = "".join(QueryCode.new(random_bytes).canonical[:14] for _ in range(2_000))

    expected = len(drawn) / len(ALPHABET)
    assert all(abs(drawn.count(character) - expected) < 0.15 * expected for character in ALPHABET)


def test_a_query_code_waits_for_enough_fair_bytes():
    asked = []

    def stingy(count: int) -> bytes:
        asked.append(count)
        return b"\xff" * count if len(asked) < 3 else bytes(range(count))

    assert QueryCode.new(stingy).canonical.startswith("23456789ACEFHJ")
    assert len(asked) == 3


def test_every_single_slip_in_a_query_code_is_noticed():
    code = a_query_code().canonical

    for position in range(15):
        for wrong in set(ALPHABET) - {code[position]}:
            with pytest.raises(Invalid):
                QueryCode.parse(code[:position] + wrong + code[position + 1 :])


@given(st.binary(min_size=64, max_size=64), st.integers(0, 14), st.integers(0, 14))
def test_every_exchange_of_two_characters_in_a_query_code_is_noticed(seed, one, other):
    random_bytes = random.Random(seed).randbytes
    code = list(QueryCode.new(random_bytes).canonical)
    different = code[one] != code[other]
    code[one], code[other] = code[other], code[one]

    if different:
        with pytest.raises(Invalid):
            QueryCode.parse("".join(code))
    else:
        assert QueryCode.parse("".join(code))


def test_look_alikes_of_a_query_code_are_put_right():
    code = QueryCode.new(lambda count: bytes([0, 3, 4, 6, 19] * count)[:count])  # 2, 5, 6, 8, U and so on

    assert QueryCode.parse(str(code).translate(str.maketrans("2568U", "ZSGBV"))) == code


@pytest.mark.parametrize("typed", ["", "23456", "2345-6789A-CEFHJ-00000", "查询码", None])
def test_what_is_no_query_code_is_refused_without_repeating_it(typed):
    with pytest.raises(Invalid) as refusal:
        QueryCode.parse(typed, "code")

    assert refusal.value.field == "code"
    assert not typed or typed == "查询码" or typed not in refusal.value.message


def test_a_query_code_does_not_show_in_a_representation():
    code = a_query_code()

    assert code.canonical not in repr(code)
    assert str(code) not in repr([code])


def test_a_unit_belongs_to_a_node():
    unit = UnitCode.of(DISTRICT, "housing")

    assert str(unit) == "630104.housing"
    assert (unit.node, unit.slug) == (DISTRICT, "housing")
    assert UnitCode.parse(" 630104000.Housing ") == unit
    assert UnitCode.parse("630104001.party-office").slug == "party-office"


@pytest.mark.parametrize(
    "typed", ["630104", "630104.", ".housing", "63010.housing", "630104.住建局", "630104.a--b", f"630104.{'a' * 41}"]
)
def test_what_is_no_unit_code_is_refused(typed):
    with pytest.raises(Invalid) as refusal:
        UnitCode.parse(typed, "to_unit")

    assert refusal.value.field == "to_unit"


def test_doc_17_a_document_number_is_written_in_the_official_form():
    number = DocumentNumber("宁信转", 2026, 12)

    assert str(number) == "宁信转〔2026〕12号"
    for typed in (
        "宁信转〔2026〕12号",
        "宁信转[2026]12号",
        "宁信转（2026）12号",
        "宁信转【２０２６】第12号",
        " 宁信转 ﹝2026﹞ 12号 ",
    ):
        assert DocumentNumber.parse(typed) == number


@pytest.mark.parametrize(
    "typed", ["", "宁信转2026年12号", "宁信转〔2026〕012号", "宁信转〔2026〕0号", "〔2026〕12号", "宁信转〔1234〕1号"]
)
def test_doc_17_what_is_no_document_number_is_refused(typed):
    with pytest.raises(Invalid) as refusal:
        DocumentNumber.parse(typed, "paper.number")

    assert (refusal.value.field, refusal.value.rule) == ("paper.number", "DOC-17")


@pytest.mark.parametrize("parts", [("x", 2026, 1), ("宁信转", 26, 1), ("宁信转", 2026, 0)])
def test_doc_17_a_number_is_not_composed_of_nonsense(parts):
    with pytest.raises(Invalid):
        DocumentNumber(*parts)
