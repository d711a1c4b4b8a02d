"""The inbox, the marks of what was read, and the lists of deliveries."""

import pytest

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from lianxi.casework.messages import notices as n
from lianxi.casework.messages.facts import Role
from services.notify import schemas
from services.notify.domain.deliveries import Fate, Result
from services.notify.domain.questions import InboxQuery, MarkRead, Paging, SendAgain
from services.notify.handlers import (
    list_dead_letters,
    list_deliveries,
    mark_read,
    send_again,
    send_waiting,
    show_inbox,
)
from tests.support.builders import DISTRICT, NUMBER, OFFICE, TOWNSHIP, an_actor
from tests.unit.notify.post_room import NOW, Room, a_contact, a_waiting_mail, an_alert


def inbox(room, *, after=None, limit=50, **asked):
    query = InboxQuery(**{"node": TOWNSHIP, "role": "U", "unit": OFFICE, "paging": Paging(after, limit), **asked})
    return show_inbox(query, room.work, room.desk)


@pytest.fixture
def room():
    return Room().tell(a_contact(), an_alert())


def test_a_message_is_shown_in_words(room):
    (row,) = inbox(room)["rows"]

    assert row["title"] == "期限临近：办理期限"
    assert row["body"].startswith(f"信访事项 {NUMBER} 的办理期限将于2026年5月1日届满")
    assert row["kind"] == "clock-warned"
    assert row["case_no"] == NUMBER
    assert row["at"] == "2026-03-02T10:00:00+08:00"
    assert row["read_at"] is None


def test_each_role_and_unit_has_its_own_inbox(room):
    assert len(inbox(room, role="UL")["rows"]) == 1
    assert inbox(room, unit=f"{TOWNSHIP}.housing")["rows"] == []
    assert inbox(room, role="D")["rows"] == []


def test_a_message_for_the_whole_node_is_in_the_inbox_of_every_unit():
    room = Room().tell(a_contact(), an_alert(n.ClockEscalated))

    assert len(inbox(room, role="J", unit=OFFICE)["rows"]) == 1
    assert len(inbox(room, role="J", unit="")["rows"]) == 1


def test_pages_follow_each_other_newest_first_without_gap_or_repeat():
    room = Room().tell(a_contact())
    for number in range(5):
        room.tell(an_alert(), known_as=f"alert-{number}")
    whole = [row["id"] for row in inbox(room)["rows"]]

    first = inbox(room, limit=2)
    second = inbox(room, limit=2, after=int(first["next"]))
    third = inbox(room, limit=2, after=int(second["next"]))

    assert [row["id"] for page in (first, second, third) for row in page["rows"]] == whole
    assert third["next"] is None


def test_the_inbox_of_another_node_is_not_shown(room):
    with pytest.raises(Forbidden):
        inbox(room, node=DISTRICT)


def test_a_message_is_read_by_one_person_for_himself(room):
    (row,) = inbox(room)["rows"]
    command = MarkRead(id=row["id"], actor=an_actor("U", person="wang"))

    assert mark_read(command, room.work, room.desk) == {"id": row["id"], "read_at": "2026-03-02T10:00:00+08:00"}
    assert inbox(room, person="wang")["rows"][0]["read_at"] is not None
    assert inbox(room, person="li")["rows"][0]["read_at"] is None


def test_reading_twice_keeps_the_first_time(room):
    (row,) = inbox(room)["rows"]
    command = MarkRead(id=row["id"], actor=an_actor("U", person="wang"))
    first = mark_read(command, room.work, room.desk)
    room.clock.advance(days=1)

    assert mark_read(command, room.work, room.desk) == first


@pytest.mark.parametrize(
    "actor",
    [
        an_actor("D"),
        an_actor("U", unit=f"{TOWNSHIP}.housing"),
        an_actor("U", DISTRICT),
    ],
)
def test_nobody_reads_a_message_for_somebody_else(room, actor):
    (row,) = inbox(room)["rows"]

    with pytest.raises(Forbidden):
        mark_read(MarkRead(id=row["id"], actor=actor), room.work, room.desk)


@pytest.mark.parametrize("which", ["a message that never was", "a mail"])
def test_what_is_no_message_cannot_be_read(room, which):
    mail = room.rows[0].owed.id
    command = MarkRead(id=mail if which == "a mail" else "nothing", actor=an_actor("U"))

    with pytest.raises(Unknown):
        mark_read(command, room.work, room.desk)


def test_the_deliveries_of_a_case_say_what_became_of_them():
    room = Room().without_server()
    a_waiting_mail(room)
    room.tell(an_alert())

    mail, officer, head = list_deliveries(NUMBER, room.work, room.desk, has_server=False)["rows"]
    assert (mail["rule"], mail["channel"], mail["role"]) == ("registration-receipt", "mail", "P")
    assert (mail["state"], mail["reason"]) == ("waiting", "no-mail-server")
    assert mail["next_attempt_at"] == "2026-03-02T10:00:00+08:00"
    assert (officer["state"], officer["reason"], officer["unit"]) == ("sent", "", OFFICE)
    assert head["next_attempt_at"] is None


def test_with_a_server_the_reason_is_the_servers():
    room = Room()
    a_waiting_mail(room)
    room.server.answers = [Result(Fate.LATER, "smtp-450")]
    send_waiting(room.open_work, room.desk, room.post)

    (mail,) = list_deliveries(NUMBER, room.work, room.desk, has_server=True)["rows"]
    assert (mail["state"], mail["reason"], mail["attempts"]) == ("failed", "smtp-450", 1)


def test_dead_letters_are_listed_in_pages():
    room = Room()
    for number in range(1, 4):
        a_waiting_mail(room, f"63010400120260302W{number:05d}")
    room.server.answers = [Result(Fate.NEVER, "smtp-550")] * 3
    send_waiting(room.open_work, room.desk, room.post)

    first = list_dead_letters(Paging(None, 2), room.work, room.desk)
    second = list_dead_letters(Paging(int(first["next"]), 2), room.work, room.desk)
    assert [row["case_no"][-1] for row in first["rows"] + second["rows"]] == ["1", "2", "3"]
    assert {row["reason"] for row in first["rows"]} == {"smtp-550"}
    assert second["next"] is None


def test_only_what_was_given_up_is_sent_again():
    room = Room()
    row = a_waiting_mail(room)

    with pytest.raises(Unknown):
        send_again(SendAgain(id=row.owed.id, actor=an_actor("D")), room.work, room.desk, NOW)
    with pytest.raises(Forbidden):
        send_again(SendAgain(id=row.owed.id, actor=an_actor("D", DISTRICT)), room.work, room.desk, NOW)


def test_bodies_of_calls_are_read():
    query = schemas.inbox_query({"node": "630104", "role": "U", "unit": "630104.housing", "person": "w", "after": "7"})
    assert query == InboxQuery(node="630104", role="U", unit="630104.housing", person="w", paging=Paging(7, 50))
    bare = schemas.inbox_query({"node": "630104", "role": "DL", "after": None, "limit": 3})
    assert bare == InboxQuery(node="630104", role="DL", paging=Paging(None, 3))
    actor = {"person": "w", "role": "U", "unit": OFFICE, "node": TOWNSHIP}
    assert schemas.mark_read({"id": "x", "actor": actor}).actor.role is Role.CASE_OFFICER
    assert schemas.send_again({"id": "x", "actor": actor}).id == "x"
    assert schemas.case_number({"case_no": NUMBER.lower()}) == NUMBER


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"role": "Q"}, "role"),
        ({"role": ["U"]}, "role"),
        ({"node": "63"}, "node"),
        ({"node": None}, "node"),
        ({"unit": "630104"}, "unit"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": True}, "limit"),
        ({"after": "-1"}, "after"),
        ({"after": "9" * 30}, "after"),
        ({"after": "²"}, "after"),
        ({"person": "x" * 101}, "person"),
        ({"person": 5}, "person"),
        ({"person": "\0"}, "person"),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_by_field(changed, field):
    with pytest.raises(Invalid) as refused:
        schemas.inbox_query({"node": "630104", "role": "U", **changed})

    assert refused.value.field == field


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"id": "x", "actor": {"person": "w"}}, {"id": 5}])
def test_an_act_without_an_actor_is_refused(body):
    with pytest.raises(Invalid):
        schemas.mark_read(body)


def test_a_case_number_is_needed():
    with pytest.raises(Invalid):
        schemas.case_number({})
