"""What becomes of a mail: sent, tried again, given up, or waiting for a server that is not there."""

from dataclasses import replace
from datetime import timedelta

from services.notify.domain.deliveries import Fate, Outage, Result, State
from services.notify.domain.questions import SendAgain
from services.notify.domain.rules import Channel
from services.notify.handlers import send_again, send_waiting
from services.notify.handlers.offices import Reached
from services.notify.handlers.send_waiting import BATCH, TURN
from tests.support.builders import NUMBER, TOWNSHIP, an_actor
from tests.unit.notify.post_room import NOW, RULES, Room, a_waiting_mail

LATER = Result(Fate.LATER, "smtp-451")
DOWN = Result(Fate.DOWN, "smtp-unreachable")


def send(room):
    return send_waiting(room.open_work, room.desk, room.post)


def numbers(count):
    return [f"63010400120260302W{number:05d}" for number in range(1, count + 1)]


def test_a_mail_reaches_the_petitioner_with_number_and_query_code():
    room = Room()
    row = a_waiting_mail(room)

    assert send(room) == 1
    (letter,) = room.server.taken
    assert letter.to == "someone@example.org"
    assert letter.id == row.owed.id
    assert letter.sender == "西关大街街道信访部门"
    assert NUMBER in letter.body
    assert "ABCDE-FGHJK-MPRTU" in letter.body
    assert (row.state, row.attempts, row.due_at, row.settled_at) == (State.SENT, 1, None, NOW)


def test_a_letter_shows_neither_address_nor_words_when_it_is_printed():
    room = Room()
    a_waiting_mail(room)
    send(room)

    assert "someone" not in repr(room.server.taken[0])
    assert "ABCDE" not in repr(room.server.taken[0])
    assert "someone" not in repr(room.directory.people)


def test_what_was_sent_is_not_sent_again():
    room = Room()
    a_waiting_mail(room)
    send(room)
    room.wall.advance(days=2)

    assert send(room) == 0
    assert len(room.server.taken) == 1


def test_a_petitioner_without_an_address_is_skipped_visibly():
    room = Room()
    row = a_waiting_mail(room, email="")
    send(room)

    assert (row.state, row.reason, row.due_at) == (State.SKIPPED, "no-address", None)
    assert room.noted == [("registration-receipt", Fate.NOBODY, "no-address")]


def test_a_later_attempt_follows_the_pauses_of_the_rules_and_the_last_failure_is_final():
    room = Room()
    row = a_waiting_mail(room)
    pauses = RULES.manners.patience.retry_after
    room.server.answers = [LATER] * (len(pauses) + 1)

    for number, pause in enumerate(pauses, start=1):
        assert send(room) == 1
        assert (row.state, row.attempts, row.reason) == (State.FAILED, number, "smtp-451")
        assert row.due_at == room.wall.now() + timedelta(seconds=pause)
        room.wall.advance(seconds=pause - 1)
        assert send(room) == 0
        room.wall.advance(seconds=1)
    send(room)

    assert (row.state, row.due_at) == (State.DEAD, None)
    assert sum(pauses) > timedelta(hours=24).total_seconds()


def test_a_mail_that_is_refused_for_good_is_given_up_at_once():
    room = Room()
    row = a_waiting_mail(room)
    room.server.answers = [Result(Fate.NEVER, "smtp-550")]
    send(room)

    assert (row.state, row.reason, row.attempts) == (State.DEAD, "smtp-550", 1)


def test_a_petitioner_whom_intake_does_not_know_yet_is_asked_for_again():
    room = Room()
    row = a_waiting_mail(room)
    del room.directory.people[NUMBER]
    send(room)
    assert (row.state, row.reason) == (State.FAILED, "petitioner-unknown")

    room.directory.people[NUMBER] = Reached(email="late@example.org")
    room.wall.advance(minutes=2)
    send(room)

    assert row.state is State.SENT


def test_without_a_mail_server_mails_wait():
    room = Room().without_server()
    row = a_waiting_mail(room)

    assert send(room) == 0
    assert row.state is State.WAITING


def test_a_server_that_is_down_costs_no_attempt_and_is_left_alone_for_a_while():
    room = Room()
    rows = [a_waiting_mail(room, number) for number in numbers(3)]
    room.server.answers = [DOWN]

    assert send(room) == 1
    assert {(row.state, row.attempts, row.reason) for row in rows} == {(State.WAITING, 0, "smtp-unreachable")}
    assert send(room) == 0
    assert room.server.sessions == 1


def test_after_an_outage_however_long_everything_is_sent_once():
    room = Room()
    rows = [a_waiting_mail(room, number) for number in numbers(3)]
    room.server.answers = [DOWN] * 200

    while room.server.answers:
        send(room)
        room.wall.advance(seconds=max(RULES.manners.patience.pause_after_outage))
    send(room)

    assert {row.state for row in rows} == {State.SENT}
    assert {row.attempts for row in rows} == {1}
    assert sorted(letter.id for letter in room.server.taken) == sorted(row.owed.id for row in rows)


def test_a_failed_mail_stays_failed_through_an_outage():
    room = Room()
    row = a_waiting_mail(room)
    room.server.answers = [LATER, DOWN]
    send(room)
    room.wall.advance(minutes=2)
    send(room)

    assert (row.state, row.attempts, row.reason) == (State.FAILED, 1, "smtp-unreachable")


def test_the_pauses_of_an_outage_grow_and_begin_anew_after_it():
    outage = Outage((5, 60))

    for pause in (5, 60, 60):
        outage.begun(NOW)
        assert outage.lasts(NOW + timedelta(seconds=pause - 1))
        assert not outage.lasts(NOW + timedelta(seconds=pause))
    outage.over()
    assert not outage.lasts(NOW)
    outage.begun(NOW)
    assert not outage.lasts(NOW + timedelta(seconds=5))


def test_one_bad_letter_does_not_hold_up_the_others():
    room = Room()
    rows = [a_waiting_mail(room, number) for number in numbers(3)]
    room.server.answers = [Result(Fate.TAKEN), LATER, Result(Fate.TAKEN)]
    send(room)

    assert [row.state for row in rows] == [State.SENT, State.FAILED, State.SENT]


def test_a_letter_that_we_cannot_make_does_not_hold_up_the_others():
    room = Room()
    rows = [a_waiting_mail(room, number) for number in numbers(3)]
    rows[0].owed = replace(rows[0].owed, facts={"received_on": "2026-13-45"})
    send(room)

    assert [row.state for row in rows] == [State.FAILED, State.SENT, State.SENT]
    assert rows[0].reason == "broken (ValueError)"


def test_more_than_a_batch_is_sent_in_one_turn_oldest_first():
    room = Room()
    rows = [a_waiting_mail(room, number, email=f"{number}@example.org") for number in numbers(BATCH + 3)]

    assert send(room) == BATCH + 3
    assert [letter.id for letter in room.server.taken] == [row.owed.id for row in rows]
    assert room.server.sessions == 1


def test_a_slow_server_ends_the_turn_and_what_was_not_tried_is_given_back():
    room = Room()
    rows = [a_waiting_mail(room, number) for number in numbers(4)]
    rows[2].reason = "smtp-451"
    room.server.on_send = lambda: room.wall.advance(seconds=TURN.total_seconds() / 2)

    assert send(room) == 2
    assert [(row.state, row.attempts) for row in rows] == [
        (State.SENT, 1),
        (State.SENT, 1),
        (State.WAITING, 0),
        (State.WAITING, 0),
    ]
    assert rows[2].reason == "smtp-451"


def test_a_turn_that_ended_with_its_batch_takes_no_other():
    room = Room()
    for number in numbers(BATCH + 1):
        a_waiting_mail(room, number)
    room.server.on_send = lambda: room.wall.advance(seconds=TURN.total_seconds() / BATCH)

    assert send(room) == BATCH
    assert [row.state for row in room.rows][-1] is State.WAITING


def test_a_claim_whose_process_died_is_sent_by_the_next_one_under_the_same_id():
    room = Room()
    row = a_waiting_mail(room)
    room.work.deliveries.claim(Channel.MAIL, NOW, NOW + timedelta(minutes=10), 1)
    assert send(room) == 0

    room.wall.advance(minutes=10)
    send(room)

    assert [letter.id for letter in room.server.taken] == [row.owed.id]
    assert row.attempts == 2


def test_a_mail_about_a_case_sealed_meanwhile_says_nothing_of_it():
    room = Room()
    a_waiting_mail(room)
    row = room.rows[0]
    row.owed = replace(row.owed, template="transfer-notice")
    room.work.cases.kept.clear()
    send(room)

    assert room.server.taken[0].title == "信访事项告知"
    assert "转交" not in room.server.taken[0].body


def test_a_dead_mail_is_sent_again_when_a_person_asks():
    room = Room()
    row = a_waiting_mail(room)
    room.server.answers = [Result(Fate.NEVER, "smtp-550")]
    send(room)

    answer = send_again(SendAgain(id=row.owed.id, actor=an_actor("D", TOWNSHIP)), room.work, room.desk, NOW)
    assert answer == {"id": row.owed.id, "state": "waiting"}
    send(room)

    assert (row.state, row.attempts) == (State.SENT, 1)
