"""The place of the problem: chosen, named in the text by any of its names, or open for a clerk."""

import csv

import pytest

from tests.unit.routing.sorting_desk import CITY, DISTRICT, STREET, XINING, rulebook, sort

WATER = "自来水停水三天了，供水公司没有通知"


def place(text, **given):
    return sort("停水", f"{text}{WATER}", **given)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("城西区虎台街道办事处附近", "630104003"),
        ("大通回族土族自治县桥头镇", "630121100"),
        ("湟中县多巴镇", "630106105"),
        ("日月乡", "630123201"),
        ("湟源县东峡乡", "630123200"),
        ("大通县东峡镇", "630121103"),
        ("丹噶尔古城里", "630123100"),
        ("海湖新区唐道对面", "630104"),
        ("甘河工业园", "630106400"),
        ("二十里铺", "630105101"),
        ("全西宁市", "630100"),
    ],
)
def test_a_place_is_known_by_its_full_short_and_former_name_and_by_landmarks(text, code):
    assert place(text).place == code


def test_every_division_is_found_by_its_full_name_with_its_district():
    gazetteer = rulebook().gazetteer
    with (XINING / "divisions.csv").open(encoding="utf-8") as file:
        codes = [row["code"] for row in csv.DictReader(file)]

    missed = [code for code in codes if place(f"{gazetteer.name(code)}，").place != code]

    assert len(codes) == 88
    assert missed == []


def test_the_most_exact_of_nested_places_is_taken_and_all_are_kept():
    found = place("西宁市城西区虎台街道")

    assert found.place == "630104003"
    assert found.places == ("630100", "630104", "630104003")


def test_the_area_around_the_receiving_node_says_nothing():
    assert place("西宁市", node=DISTRICT).places == ()


def test_a_name_of_two_places_waits_for_a_clerk_with_the_candidates():
    found = place("城关镇")

    assert not found.settled
    assert found.place == ""
    assert found.places == ("630121101", "630123100")
    assert "大通回族土族自治县城关镇" in found.why
    assert "湟源县城关镇" in found.why


@pytest.mark.parametrize(
    "given", [{"address": "630123"}, {"address": "青海省湟源县某村"}, {"node": "630123"}, {"node": "630123100"}]
)
def test_a_name_of_two_places_is_settled_by_what_else_is_known(given):
    assert place("城关镇", **given).place == "630123100"


def test_a_short_name_of_two_places_is_as_open_as_a_full_one():
    assert place("东峡").place == ""
    assert place("大通的东峡").place == "630121103"


def test_the_district_named_in_the_text_outweighs_the_address():
    assert place("大通县城关镇", address="630123").place == "630121101"


def test_the_chosen_place_wins_over_the_text_and_both_are_recorded():
    found = place("湟源县日月乡", declared="630104")

    assert found.place == "630104"
    assert found.places == ("630104", "630123", "630123201")
    assert "正文另提到" in found.reasons[2].text


def test_a_chosen_place_that_the_text_makes_more_exact_is_no_contradiction():
    assert "另提到" not in place("城西区虎台街道", declared="630104").reasons[2].text


def test_a_chosen_place_that_does_not_exist_is_said_to_be_so():
    found = place("虎台街道", declared="110000")

    assert found.place == STREET
    assert "不在本市区划目录" in found.reasons[2].text


def test_several_places_of_one_district_make_the_district():
    found = place("虎台街道和古城台街道")

    assert found.place == DISTRICT
    assert found.places == ("630104003", "630104002")


def test_several_districts_wait_for_a_clerk():
    found = place("城东区和湟源县都")

    assert found.place == ""
    assert not found.settled
    assert "提到多个区县" in found.why


def test_the_subject_decides_between_several_districts_of_the_text():
    found = sort("湟源县停水", f"我在城东区上班，{WATER}")

    assert found.place == "630123"


def test_nothing_named_leaves_the_receiving_node_and_a_dispatcher():
    found = place("我家")

    assert found.place == CITY
    assert found.places == ()
    assert found.settled
    assert found.target is None
    assert "没有识别出问题属地" in found.why


def test_nothing_named_at_a_township_means_the_township():
    found = place("我家", node=STREET)

    assert found.place == STREET
    assert found.target.to_unit == f"{STREET}.office"


@pytest.mark.parametrize("text", ["城中村改造", "县城西边的", "大通道口"])
def test_words_that_only_look_like_places_are_none(text):
    assert place(text).places == ()


@pytest.mark.parametrize(
    ("text", "address", "said"),
    [
        ("城西区", "630123", "信访人住址在湟源县，与问题属地不同。"),
        ("城西区", "城西区虎台街道", ""),
        ("我家", "湟源县日月乡", "信访人住址在湟源县日月藏族乡，仅供核实。"),
        ("城东区和湟源县都", "630102", "信访人住址在城东区，仅供核实。"),
        ("城西区", "西宁市", ""),
    ],
)
def test_where_the_petitioner_lives_is_told_beside_the_place_and_never_taken_for_it(text, address, said):
    found = place(text, address=address)

    assert found.reasons[2].text.endswith(said or "提到城西区。")
    assert found.place == place(text).place


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("湟中撤县设区以前的湟中县", "630106"),
        ("西钢家属院", "630105"),
        ("杨沟湾", "630102"),
        ("清真巷", "630102002"),
        ("大通县朔山", "630121"),
        ("总寨", "630103100"),
        ("鲁沙尔", "630106102"),
        ("彭家寨乡", "630104100"),
        ("桥头镇上", "630121100"),
    ],
)
def test_more_names_that_people_use(text, code):
    assert place(text).place == code
