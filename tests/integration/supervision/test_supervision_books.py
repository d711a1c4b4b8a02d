"""The books in PostgreSQL: the same as the fakes say, in the order of the bus, complete when turned page by page."""

import random
import threading
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import PetitionClass
from services.supervision.storage.tables import SCHEMA, metadata
from tests.integration.supervision.desk import START, raw_of
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.supervision.watch import Watch

pytestmark = pytest.mark.database


def a_number(number, division="630100000"):
    return f"{division}20260302W{number:05d}"


def test_the_migrated_schema_is_what_the_tables_say(node_database):
    database = node_database("630100", services=("supervision",))
    engine = create_engine(database.url)

    with engine.connect() as connection:
        options = {
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
            "version_table_schema": SCHEMA,
        }
        context = MigrationContext.configure(connection, opts=options)
        difference = compare_metadata(context, metadata)

    engine.dispose()
    assert difference == []


def test_the_database_keeps_what_the_fakes_keep(desk):
    roads = [
        Road(a_number(1)).replied(assigned=True).wait(5).review_requested().review_admitted().review_decided(),
        Road(a_number(2)).at_the_township().wait(2),
        Road(a_number(3)).received(),
    ]
    watch = Watch(at=START).follow(*roads)

    desk.follow(*roads)

    for road in roads:
        kept, fake = desk.file(road.case.case_no), watch.file(road)
        assert kept.row == fake.row
        assert sorted(kept.clocks, key=lambda row: row.key) == sorted(fake.clocks, key=lambda row: row.key)


def test_events_in_any_order_and_twice_give_the_same_books(desk):
    roads = [Road(a_number(number)).handling().wait(1) for number in range(1, 9)]
    watch = Watch(at=START).follow(*roads)
    events = [event for road in roads for event in road.events]
    mixed = [*events, *events[::3]]
    random.Random(7).shuffle(mixed)

    desk.consume(mixed, batch=11)
    while desk.consumer.tick():
        pass

    for road in roads:
        assert desk.file(road.case.case_no).row == watch.file(road).row
    assert desk.database.query("SELECT count(*) FROM supervision.held") == [(0,)]
    assert desk.database.query("SELECT count(*) FROM supervision.parked") == [(0,)]


def test_other_messages_of_the_queue_pass_by(desk):
    road = Road(a_number(1)).received()
    desk.follow(road)
    desk.until(START + timedelta(days=60))
    desk.service.sweep()
    notice = desk.told()[0]

    incoming = desk.service.decode(raw_of(road.events[0]))
    told = desk.service.decode(_raw_notice(desk))
    before = desk.file(road.case.case_no)
    with desk.parts.open_work() as work:
        desk.service.cases(work, [told])

    assert desk.file(road.case.case_no) == before
    assert (incoming.key, incoming.seq) == (road.case.case_no, 1)
    assert (told.key, told.seq, told.body) == (None, None, notice)


def _raw_notice(desk):
    (body,) = desk.database.query("SELECT body FROM supervision.outbox ORDER BY position LIMIT 1")[0]
    event = raw_of(Road(a_number(99)).received().events[0])
    return type(event)(bytes(body), message_id="notice")


@pytest.fixture
def shelf(desk):
    """A hundred and twenty cases in several states and places."""
    roads = []
    for number in range(1, 121):
        road = Road(a_number(number), start=START + timedelta(days=number % 7))
        road.received(channel="LETTER" if number % 5 == 0 else "WEB").registered(
            place="630104001" if number % 2 else "630105",
            category=("劳动和社会保障",) if number % 3 == 0 else ("城乡建设",),
        )
        if number % 4 == 0:
            road.transferred(CITY, DISTRICT).delivered(DISTRICT)
        if number % 8 == 0:
            road.transferred(DISTRICT, TOWNSHIP, OFFICE).delivered(TOWNSHIP)
        roads.append(road)
    desk.follow(*roads)
    return roads


def pages(desk, limit=25, **asked):
    rows, after = [], None
    while True:
        page = desk.call("ledger", filter=asked, after=after, limit=limit)
        rows += page["rows"]
        after = page["next"]
        if after is None:
            return rows


def test_every_case_is_listed_once_the_most_urgent_first(desk, shelf):
    rows = pages(desk)

    assert sorted(row["case_no"] for row in rows) == sorted(road.case.case_no for road in shelf)
    due = [(row["next_due"], row["case_no"]) for row in rows]
    assert due == sorted(due)
    row = next(row for row in rows if row["case_no"] == a_number(8))
    assert (row["state"], row["label"], row["holder"], row["unit"]) == ("S06", "待受理", TOWNSHIP, OFFICE)
    assert (row["next_clock"], row["lamp"]) == ("NOTICE", "green")


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"state": "S02"}, lambda case: case.state == "S02"),
        ({"holder": DISTRICT}, lambda case: case.holder == DISTRICT),
        ({"under": DISTRICT}, lambda case: case.holder.startswith(DISTRICT)),
        ({"unit": OFFICE}, lambda case: case.unit == OFFICE),
        ({"place": "630104"}, lambda case: case.place.startswith("630104")),
        ({"category": "城乡建设"}, lambda case: case.category[0] == "城乡建设"),
        ({"channel": "LETTER", "state": "S02"}, lambda case: (case.channel, case.state) == ("LETTER", "S02")),
        ({"number": a_number(5)}, lambda case: case.case_no == a_number(5)),
    ],
)
def test_a_filter_lists_what_fits_and_nothing_else(desk, shelf, asked, fits):
    found = {row["case_no"] for row in pages(desk, **asked)}

    assert found == {road.case.case_no for road in shelf if fits(road.case)}
    assert found


def test_lamps_turn_without_anybody_writing(desk, shelf):
    expected = {}
    for days in (0, 6, 12, 15, 30):
        desk.until(START + timedelta(days=days))
        today = desk.clock.today()
        lamps = {}
        for road in shelf:
            row = desk.file(road.case.case_no).row
            lamp = "red" if row.red_from <= today else "yellow" if row.yellow_from <= today else "green"
            lamps.setdefault(lamp, set()).add(road.case.case_no)
        expected[days] = lamps

        for lamp in ("green", "yellow", "red"):
            rows = pages(desk, lamp=lamp)
            assert {row["case_no"] for row in rows} == lamps.get(lamp, set())
            assert {row["lamp"] for row in rows} <= {lamp}
        counts = desk.call("counts")["rows"]
        assert sum(row["cases"] for row in counts if row["lamp"] == "red") == len(lamps.get("red", ()))
    assert set(expected[0]) == {"green"}
    assert set(expected[30]) == {"red"}


def test_no_case_is_missed_while_others_move_it_under_the_reader(desk, shelf):
    turned = threading.Event()
    by_number = {road.case.case_no: road for road in shelf}
    seen, after = [], None

    def move_some():
        # cases due late come to the front, those due early go to the back: the classic way to be overlooked
        for number in (120, 119, 118, 117, 1, 7, 14, 21):
            road = by_number[a_number(number)].wait(1)
            if road.case.holder == CITY:
                road.transferred(CITY, DISTRICT).delivered(DISTRICT)
            else:
                road.do(
                    c.WithdrawCase(case_no=road.case.case_no, actor=an_actor("P"), free_will_recorded=True),
                    road.case.holder,
                )
            desk.consume(road.events)
        turned.set()

    while True:
        page = desk.call("ledger", after=after, limit=20)
        seen += page["rows"]
        after = page["next"]
        if len(seen) == 60:
            writer = threading.Thread(target=move_some)
            writer.start()
            writer.join()
        if after is None:
            break

    assert turned.is_set()
    assert {row["case_no"] for row in seen} == set(by_number)
    assert len(seen) <= len(by_number) + 2 * 8  # what moved is shown again, where it went and at the end
    newest = {row["case_no"]: row for row in seen}
    assert all(newest[case_no]["seq"] == road.case.seq for case_no, road in by_number.items())


def test_the_changed_cases_come_page_by_page_too(desk, shelf):
    first = desk.call("ledger", limit=200)
    assert (len(first["rows"]), first["next"] is None) == (120, False)
    for road in shelf[:30]:
        if road.case.holder == CITY:
            desk.consume(road.transferred(CITY, DISTRICT).events)

    second = desk.call("ledger", limit=10, after=first["next"])
    third = desk.call("ledger", limit=200, after=second["next"])

    moved = {road.case.case_no for road in shelf[:30] if road.case.in_transfer}
    assert len(second["rows"]) == 10
    assert {row["case_no"] for row in second["rows"] + third["rows"]} == moved
    assert third["next"] is None


def test_sealed_matters_are_counted_and_never_listed(desk):
    road = Road(a_number(1)).received().registered(petition_class=PetitionClass.ACCUSATION)
    desk.follow(road)

    assert pages(desk) == []
    assert pages(desk, number=road.case.case_no) == []
    assert desk.call("counts")["rows"] == [
        {"node": CITY, "state": "S02", "lamp": "green", "cases": 1, "label": "已登记待处理"}
    ]


def test_merged_contacts_are_counted_as_repeats(desk):
    first, second = Road(a_number(1)).received().registered(), Road(a_number(2)).received().registered()
    second.do(
        c.MergeCase(case_no=second.case.case_no, actor=an_actor("D", CITY), into=first.case.case_no),
        CITY,
        earlier=first.case,
    )
    desk.follow(first, second)

    rows = {row["case_no"]: row for row in pages(desk)}

    assert (rows[a_number(1)]["repeats"], rows[a_number(2)]["repeats"]) == (1, 0)
    assert rows[a_number(2)]["merged_into"] == a_number(1)


def test_the_clocks_of_a_case_come_with_their_reasons(desk):
    road = Road(a_number(1)).at_the_township()
    desk.follow(road)

    rows = desk.call("clocks", case_no=road.case.case_no)["rows"]

    notice = next(row for row in rows if row["clock"] == "NOTICE")
    assert notice["legal_due"] == "2026-03-17"
    assert any("R-23-5" in line for line in notice["derivation"])


def test_a_case_without_clocks_and_a_case_nobody_knows_are_two_things(desk):
    desk.database.query(
        "INSERT INTO supervision.ledger (case_no, state, inside, seq, epoch, persons, round_number, due_key,"
        " changed_tx, changed_at) VALUES (%s, 'S00', true, 0, 1, 1, 1, '9999-12-31', '1', now())",
        a_number(1),
    )
    with desk.parts.open_work() as work:
        assert work.books.clocks(a_number(1)) == []
        assert work.books.clocks(a_number(2)) is None
