"""Notify on a real database: told once, claimed once, read by each, and nothing personal in any table."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from lianxi.bus.answers import CallProblem
from lianxi.casework.messages import notices as n
from services.notify.domain.deliveries import Settled, State
from services.notify.domain.rules import Channel
from services.notify.storage.tables import SCHEMA, metadata
from tests.support.builders import NUMBER, OFFICE, TOWNSHIP, Road
from tests.unit.notify.post_room import NOW, a_contact, an_alert

pytestmark = pytest.mark.database

OFFICER = {"person": "wang", "role": "U", "unit": OFFICE, "node": TOWNSHIP}


def inbox(office, **more):
    return office.call("inbox", **{"node": TOWNSHIP, "role": "U", "unit": OFFICE, "person": "wang", **more})


def test_models_and_migrations_agree(an_office):
    office = an_office()
    engine = create_engine(office.database.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
                "version_table_schema": SCHEMA,
                "compare_server_default": False,
            },
        )
        difference = compare_metadata(context, metadata)
    engine.dispose()

    assert difference == []


def test_the_road_of_a_case_fills_the_inboxes_of_its_office(an_office):
    office = an_office()
    office.receive(*Road().at_the_township().accepted().events)

    (row,) = inbox(office)["rows"]
    assert row["kind"] == "case-delivered"
    assert "西关大街街道" in row["body"]
    assert row["at"] == "2026-03-02T10:00:00+08:00"
    rules = [each["rule"] for each in office.call("deliveries", case_no=NUMBER)["rows"]]
    assert sorted(rules) == ["acceptance-notice", "incoming-to-unit", "incoming-to-unit"]


def test_a_message_that_comes_twice_is_told_once(an_office):
    office = an_office()
    raws = office.receive(a_contact(), an_alert())
    office.receive_raw(raws)
    office.database.query("DELETE FROM notify.inbox")  # also when the bus has forgotten that it saw them
    office.receive_raw(raws)

    assert len(office.call("deliveries", case_no=NUMBER)["rows"]) == 3


def test_events_that_come_in_any_order_are_told_in_theirs(an_office):
    office = an_office()
    events = Road().at_the_township().events
    for event in reversed(events):
        office.receive(event)

    assert len(inbox(office)["rows"]) == 1
    (standing,) = office.database.query("SELECT holder, holding_unit, sender, sealed FROM notify.case_standing")
    assert standing == (TOWNSHIP, OFFICE, "630104", False)


def test_pages_of_a_full_inbox_follow_each_other(an_office):
    office = an_office()
    office.receive(a_contact(), *(an_alert() for _ in range(7)), *(an_alert(unit="", owner="D") for _ in range(3)))
    whole = [row["id"] for row in inbox(office)["rows"]]

    seen, after = [], None
    while True:
        page = inbox(office, after=after, limit=3)
        seen += [row["id"] for row in page["rows"]]
        after = page["next"]
        if after is None:
            break
    assert seen == whole
    assert len(whole) == 7


def test_messages_for_a_unit_and_for_the_whole_node_share_one_inbox_in_order(an_office):
    office = an_office()
    office.receive(
        a_contact(), an_alert(unit="", owner="RV"), an_alert(owner="RV", unit=""), an_alert(n.ClockEscalated)
    )

    assert len(inbox(office, role="RV", unit=OFFICE)["rows"]) == 2
    assert len(inbox(office, role="J", unit="")["rows"]) == 1
    assert inbox(office, role="J", person="")["rows"][0]["read_at"] is None


def test_a_message_is_read_by_each_person_for_himself(an_office):
    office = an_office()
    office.receive(a_contact(), an_alert())
    (row,) = inbox(office)["rows"]

    first = office.call("mark_read", id=row["id"], actor=OFFICER)
    assert office.call("mark_read", id=row["id"], actor=OFFICER) == first
    assert inbox(office)["rows"][0]["read_at"] == first["read_at"]
    assert inbox(office, person="li")["rows"][0]["read_at"] is None
    assert inbox(office, person=None)["rows"][0]["read_at"] == first["read_at"]


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("mark_read", {"id": "nothing", "actor": OFFICER}, 404),
        ("send_again", {"id": "nothing", "actor": OFFICER}, 404),
        ("inbox", {"node": "630104", "role": "U"}, 403),
        ("inbox", {"node": TOWNSHIP, "role": "?"}, 422),
        ("deliveries", {"case_no": "1; DROP TABLE notify.delivery"}, 422),
        ("dead_letters", {"after": "x"}, 422),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(an_office, method, body, status):
    office = an_office()

    with pytest.raises(CallProblem) as refused:
        office.call(method, **body)
    assert refused.value.problem["status"] == status


def test_two_senders_never_take_the_same_letter(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(60)

    with ThreadPoolExecutor(4) as pool:
        tried = sum(pool.map(lambda _: office.send(), range(4)))

    assert tried == 60
    assert len(set(mail_server.ids)) == len(mail_server.letters) == 60


def test_a_letter_being_sent_holds_no_transaction(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(2)
    found = []

    class Watching:
        def reach(self, case_no):
            found.extend(
                office.database.query(
                    "SELECT state FROM pg_stat_activity WHERE application_name = 'notify' AND state LIKE 'idle in%%'"
                )
            )
            return office.people.reach(case_no)

    object.__setattr__(office.post, "directory", Watching())
    office.send()

    assert len(mail_server.letters) == 2
    assert found == []


def test_a_claim_left_by_a_dead_process_is_taken_again_when_its_lease_ends(an_office, mail_server):
    office = an_office(mail_server)
    office.expect_mail(2)
    with office.open_work() as work:
        work.deliveries.claim(Channel.MAIL, NOW, NOW + timedelta(minutes=10), 1)
    office.send()
    assert [state for state, _, _ in office.states()] == ["sending", "sent"]

    office.send(after=600)

    assert office.states() == [("sent", 2, ""), ("sent", 1, "")]
    assert len(set(mail_server.ids)) == 2


def test_a_process_that_lost_its_claim_changes_nothing_any_more(an_office):
    office = an_office()
    office.expect_mail()
    with office.open_work() as work:
        (slow,) = work.deliveries.claim(Channel.MAIL, NOW, NOW, 1)
    with office.open_work() as work:
        (fast,) = work.deliveries.claim(Channel.MAIL, NOW, NOW + timedelta(minutes=10), 1)
        assert not work.deliveries.settle(slow, Settled(state=State.DEAD, reason="late", channel=Channel.MAIL), NOW)
        work.deliveries.give_back([slow], "late", NOW)
        assert work.deliveries.settle(fast, Settled(state=State.SENT, channel=Channel.MAIL), NOW)

    assert office.states() == [("sent", 2, "")]


def test_a_mail_about_a_case_nobody_has_told_of_counts_as_sealed(an_office):
    office = an_office()
    office.expect_mail()
    office.database.query("DELETE FROM notify.case_standing")
    with office.open_work() as work:
        (claimed,) = work.deliveries.claim(Channel.MAIL, NOW, NOW, 1)

    assert claimed.sealed


def test_nothing_personal_stands_in_any_table(an_office, mail_server):
    office = an_office(mail_server)
    office.receive(*Road().at_the_township().accepted().events)
    office.receive(a_contact(NUMBER, petitioner_sealed="t:sealed-name"))
    office.expect_mail(2)
    office.send()
    tables = office.database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'notify'")
    text = ""
    for (table,) in tables:
        for (row,) in office.database.query(f"SELECT to_jsonb(t) FROM notify.{table} t"):
            text += json.dumps(row, ensure_ascii=False)

    assert NUMBER in text
    for personal in ("example.org", "ABCDE", "楼道", "杂物", "sealed-name", "somebody"):
        assert personal not in text


def test_a_batch_is_told_in_a_few_statements(an_office):
    office = an_office()
    numbers = [f"{NUMBER[:-5]}{number:05d}" for number in range(1, 201)]
    office.receive(*(a_contact(number) for number in numbers))

    ((count,),) = office.database.query("SELECT count(*) FROM notify.delivery")
    assert count == 200
