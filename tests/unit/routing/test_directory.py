"""The directory of organs covers every node of the city, and every mark fits into a document number."""

import csv
from collections import Counter

import pytest

from lianxi.casework.identifiers import DocumentNumber, UnitCode
from lianxi.casework.messages.facts import DocumentKind, Role
from services.routing.domain.directory import Directory, Office, Unit, clashes
from services.routing.storage.rulebook import load_directory
from services.routing.storage.rulebook.reading import read_yaml
from tests.unit.routing.sorting_desk import CITY, DISTRICT, STREET, XINING, rulebook


def an_office(node="630104"):
    return Office(node=node, name="城西区", level="district", short="城西", prefix="城西区", mark="城西信")


def a_unit(slug, *competence, serves=()):
    paths = tuple(tuple(path.split("/")) for path in competence)
    return Unit(code=f"630104.{slug}", name=slug, slug=slug, competence=paths, serves=serves)


def a_directory(*units):
    return Directory(version="1", offices={"630104": an_office()}, units={"630104": units})


@pytest.fixture
def directory():
    return rulebook().directory


def test_every_node_of_the_topology_has_an_office_and_organs(directory):
    nodes = set(read_yaml(XINING / "topology.yaml").inner("nodes").fields)

    assert directory.nodes == nodes
    assert len(nodes) == 84
    assert all(directory.codes(node) for node in nodes)


def test_no_two_nodes_share_a_mark(directory):
    marks = Counter(directory.mark(node) for node in directory.nodes)

    assert max(marks.values()) == 1


def test_every_mark_makes_a_document_number_with_every_kind_of_document(directory):
    for node in directory.nodes:
        for kind in DocumentKind:
            number = DocumentNumber(directory.mark(node) + kind.value, 2026, 1)
            assert DocumentNumber.parse(str(number)) == number


@pytest.mark.parametrize(
    ("node", "mark"), [(CITY, "宁信"), (DISTRICT, "城西信"), ("630121101", "大通城关信"), ("630123100", "湟源城关信")]
)
def test_a_mark_names_the_office_and_tells_townships_of_one_name_apart(directory, node, mark):
    assert directory.mark(node) == mark


def test_every_organ_has_a_readable_code_of_its_node_and_a_full_name(directory):
    for node in directory.nodes:
        for unit in directory.units_of(node):
            assert str(UnitCode.parse(unit.code).node) == node
            assert UnitCode.parse(unit.code).slug == unit.slug
            assert "{" not in unit.name
            assert directory.name(unit.code) == unit.name
            assert unit.leader is Role.UNIT_HEAD


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("630100.education", "西宁市教育局"),
        ("630104.police", "西宁市公安局城西分局"),
        ("630121.police", "大通县公安局"),
        ("630104003.office", "虎台街道办事处"),
        ("630123100.office", "城关镇人民政府"),
        ("630104", "城西区"),
        ("630104.nobody", "630104.nobody"),
    ],
)
def test_a_code_has_a_name(directory, code, name):
    assert directory.name(code) == name


def test_a_node_that_is_not_in_the_directory_has_no_organs(directory):
    assert directory.codes("110000") == frozenset()
    assert directory.units_of("110000") == ()


def test_the_level_is_that_of_the_topology(directory):
    assert [directory.level(node) for node in (CITY, DISTRICT, "630121", STREET)] == [
        "city",
        "district",
        "county",
        "subdistrict",
    ]


@pytest.mark.parametrize("node", [CITY, DISTRICT, "630121"])
def test_every_category_has_a_competent_organ_above_the_township(directory, node):
    with (XINING / "categories.csv").open(encoding="utf-8") as file:
        paths = [tuple(row.values()) for row in csv.DictReader(file)]

    assert len(paths) == 517
    assert [path for path in paths if directory.competent_unit(node, path) is None] == []


def test_the_longest_competence_wins():
    directory = a_directory(a_unit("housing", "城乡建设"), a_unit("fund", "城乡建设/住房保障与房地产/住房公积金"))

    fund = directory.competent_unit("630104", ("城乡建设", "住房保障与房地产", "住房公积金"))
    housing = directory.competent_unit("630104", ("城乡建设", "住房保障与房地产"))

    assert (fund.slug, housing.slug) == ("fund", "housing")
    assert directory.competent_unit("630104", ("民政",)) is None


def test_an_organ_may_serve_a_division_whatever_the_matter():
    directory = a_directory(a_unit("housing", "城乡建设"), a_unit("park", serves=("630104400",)))

    assert directory.unit_serving("630104", "630104400").slug == "park"
    assert directory.unit_serving("630104", "630104001") is None


def test_two_organs_that_claim_one_category_are_found_out():
    assert clashes([a_unit("a", "民政"), a_unit("b", "民政", "政法")]) == (("民政",),)
    assert clashes([a_unit("a", "民政"), a_unit("b", "民政/优抚")]) == ()


def test_the_park_committees_serve_their_parks(directory):
    with (XINING / "divisions.csv").open(encoding="utf-8") as file:
        parks = [row for row in csv.DictReader(file) if row["level"] == "zone"]

    assert len(parks) == 4
    assert all(directory.unit_serving(park["parent_code"], park["code"]) for park in parks)


def test_the_directory_can_be_read_without_the_rules():
    assert load_directory(XINING) == rulebook().directory
