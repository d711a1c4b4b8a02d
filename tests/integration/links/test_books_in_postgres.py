"""Two nodes compare their books over a link: every seeded difference is named, nothing else is."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.messages import books as book_messages
from lianxi.casework.messages import custody
from lianxi.contracts.registry import declared_in
from lianxi.contracts.schemas import dump, load
from services.routing.handlers import books
from tests.integration.links.sql_node import SqlNode
from tests.unit.routing.link_world import CITY, DISTRICT, START, TOWN, World

pytestmark = [pytest.mark.database, pytest.mark.timeout(300)]

ADD = """
INSERT INTO routing.case_file (case_no, state, holder, unit, epoch, seq, head_digest, in_transfer, petitioner_key,
                               received_on, since, snapshot)
SELECT case_no, 'S11', %s, '', 1, 3, md5(case_no), false, '', '2026-03-02', %s, '{}' FROM unnest(%s::text[]) AS case_no
"""


MESSAGES = {cls.MESSAGE.name: cls for module in (book_messages, custody) for cls in declared_in(module)}


class RealCodec:
    """Messages by their own schemas, with the name in front."""

    def encode(self, message, **_facts):
        return json.dumps([message.MESSAGE.name, dump(message)])

    def decode(self, text):
        name, data = json.loads(text)
        return load(MESSAGES[name], data)


@pytest.fixture
def world(node_database):
    made = []

    def make(code, children, time):
        node = SqlNode(code, children, time, node_database(code, services=("routing",)))
        node.end = replace(node.end, codec=RealCodec())
        made.append(node)
        return node

    world = World(make, step=8)
    world.settle()
    yield world
    for node in made:
        node.engine.dispose()


def numbers(first, last):
    return [f"63010400020260302W{number:05}" for number in range(first, last + 1)]


def add(case_nos, holder, *nodes):
    for node in nodes:
        node.run(ADD, holder, START, case_nos)


def compare(world, above, below):
    with above.work() as work:
        comparison = books.ask(work, above.end, below.code)
    for _ in range(12):
        world.time.pass_(seconds=1)
        world.carry_all()
        with above.work() as work:
            found = books.result(work, comparison)
        if found["state"] == "done":
            return found
    raise AssertionError(f"no answer: {found}")


def test_equal_books_are_equal_in_one_question(world):
    add(numbers(1, 400), DISTRICT, world.city, world.district)
    add(numbers(401, 500), TOWN, world.city, world.district, world.town)

    found = compare(world, world.city, world.district)

    assert found == {"state": "done", "child": DISTRICT, "cases": 500, "rows": []}
    assert compare(world, world.district, world.town)["cases"] == 100


def test_every_seeded_difference_is_named_and_nothing_else(world):
    add(numbers(1, 600), DISTRICT, world.city, world.district)
    lost, extra, cut, edited = numbers(7, 7)[0], numbers(9, 9)[0], numbers(100, 100)[0], numbers(101, 101)[0]
    world.city.run("DELETE FROM routing.case_file WHERE case_no = %s", lost)
    world.district.run("DELETE FROM routing.case_file WHERE case_no = %s", extra)
    world.city.run("UPDATE routing.case_file SET seq = 2 WHERE case_no = %s", cut)
    world.district.run("UPDATE routing.case_file SET head_digest = 'x' WHERE case_no = %s", edited)

    found = compare(world, world.city, world.district)

    kinds = {row["case_no"]: row["kind"] for row in found["rows"]}
    assert kinds == {lost: "missing-here", extra: "missing-there", cut: "seq", edited: "digest"}
    assert next(row for row in found["rows"] if row["case_no"] == lost)["there"]["holder"] == DISTRICT


def test_books_too_large_for_one_message_come_in_parts(world, monkeypatch):
    monkeypatch.setattr(books, "PAGE", 50)
    add(numbers(1, 700), DISTRICT, world.district)

    found = compare(world, world.city, world.district)

    assert [row["case_no"] for row in found["rows"]] == numbers(1, 700)
    assert world.city.run("SELECT FROM routing.book_part") == []


def test_cases_held_elsewhere_are_not_compared(world):
    add(numbers(1, 3), CITY, world.city)
    add(numbers(4, 6), "630105", world.city)

    assert compare(world, world.city, world.district)["cases"] == 0


def test_a_report_that_is_still_on_its_way_is_no_difference(world):
    add(numbers(1, 50), DISTRICT, world.city, world.district)
    case_no = numbers(1, 1)[0]

    def follow(work, fact):
        statement = "UPDATE routing.case_file SET seq = seq + 1 WHERE case_no = %s"
        work.connection.exec_driver_sql(statement, (fact[1],))

    world.city.note_delivered = follow
    world.district.run("UPDATE routing.case_file SET seq = seq + 1 WHERE case_no = %s", case_no)
    world.district.send(CITY, case_no, "event")

    assert compare(world, world.city, world.district)["rows"] == []


def test_a_difference_that_is_gone_at_the_second_look_does_not_count(world):
    add(numbers(1, 50), DISTRICT, world.city, world.district)
    case_no = numbers(5, 5)[0]
    world.district.run("UPDATE routing.case_file SET seq = 4 WHERE case_no = %s", case_no)
    with world.city.work() as work:
        comparison = books.ask(work, world.city.end, DISTRICT)
    for _ in range(2):  # the buckets, then the first look at the cases
        world.carry(CITY, DISTRICT)
        world.carry(DISTRICT, CITY)

    world.city.run("UPDATE routing.case_file SET seq = 4 WHERE case_no = %s", case_no)
    world.carry(CITY, DISTRICT)
    world.carry(DISTRICT, CITY)

    with world.city.work() as work:
        assert books.result(work, comparison)["rows"] == []
        assert books.result(work, comparison)["state"] == "done"


def test_only_a_node_directly_below_can_be_compared_with(world):
    with world.city.work() as work:
        for other in (TOWN, CITY, "630105", ""):
            with pytest.raises(Invalid):
                books.ask(work, world.city.end, other)


def test_a_comparison_nobody_began_is_unknown(world):
    with world.city.work() as work, pytest.raises(Unknown):
        books.result(work, "none")


def test_only_the_parent_may_ask(world):
    with world.city.work() as work:
        books.send(work, world.city.end, TOWN, book_messages.BooksAsked(comparison="c", subtree=TOWN))
    world.settle()

    assert world.town.quarantined() == [(world.town.quarantined()[0][0], "not-the-parent")]


def test_an_answer_to_nothing_that_was_asked_changes_nothing(world):
    with world.district.work() as work:
        told = book_messages.BooksTold(comparison="c", subtree=DISTRICT, buckets=())
        books.send(work, world.district.end, CITY, told)
    world.settle()

    assert world.city.run("SELECT FROM routing.book_comparison") == []
    assert world.city.quarantined() == []


def test_the_bucket_of_the_database_is_the_bucket_of_the_rule(world):
    add(numbers(1, 40), DISTRICT, world.city)
    with world.city.work() as work:
        found = {bucket.bucket: bucket.cases for bucket in work.books.buckets(DISTRICT)}

    expected = [hashlib.sha256(number.encode()).digest()[0] for number in numbers(1, 40)]
    assert found == {bucket: expected.count(bucket) for bucket in expected}


def test_old_comparisons_are_forgotten(world):
    compare(world, world.city, world.district)
    world.time.pass_(days=31)
    with world.city.work() as work:
        books.ask(work, world.city.end, DISTRICT)

    ages = world.city.run("SELECT begun_at FROM routing.book_comparison")
    assert [world.time.now() - row.begun_at < timedelta(days=1) for row in ages] == [True]
