"""How people are told: by which channel, not at night, not too often, never what is sealed; digests for officers."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
import yaml

from lianxi.casework.languages import LANGUAGES
from lianxi.casework.messages import notices as n
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.clock import SHANGHAI
from services.notify.domain.choices import Choice
from services.notify.domain.deliveries import Fate, Result, State
from services.notify.domain.facts import fact_names
from services.notify.domain.manners import Digest, Limit, QuietHours
from services.notify.domain.questions import InboxQuery, Paging
from services.notify.domain.rules import Channel, RulesRefused
from services.notify.domain.texts import Texts
from services.notify.handlers import choose, gather, send_waiting, show_inbox
from services.notify.handlers.offices import Reached
from tests.support.builders import NUMBER, OFFICE, TOWNSHIP, Road
from tests.unit.notify.post_room import FILES, NOW, RULES, TEXTS, Room, a_contact, a_waiting_mail, an_alert

ALL = (Channel.MAIL, Channel.SMS, Channel.LETTER)
NIGHT = datetime(2026, 3, 2, 23, tzinfo=SHANGHAI)


def with_manners(**more):
    return replace(RULES, manners=replace(RULES.manners, **more))


def send(room):
    return send_waiting(room.open_work, room.desk, room.post)


def reachable(room, number=NUMBER, **reached):
    room.directory.people[number] = Reached(**{"query_code": "ABCDE-FGHJK-MPRTU", **reached})


def a_notice(room):
    """A notice of acceptance, which the law wants in writing, waiting to leave."""
    for event in Road().handling().events:
        room.tell(event, known_as=f"event-{event.head.seq}")
    return next(row for row in room.rows if row.owed.rule == "acceptance-notice")


def test_who_has_no_address_is_told_by_the_next_channel_and_in_the_end_by_letter():
    room = Room(channels=ALL)
    row = a_notice(room)
    reachable(room, name="张三")
    for _ in range(3):
        send(room)

    assert (row.channel, row.state, row.due_at) == (Channel.LETTER, State.QUEUED, None)
    tried = room.work.addressees.tried([row.owed.id])[row.owed.id]
    assert [(each.channel, each.reason) for each in tried] == [
        ("mail", "no-address"),
        ("sms", "no-address"),
        ("letter", ""),
    ]


def test_a_receipt_of_filing_is_never_a_letter():
    room = Room(channels=ALL)
    row = a_waiting_mail(room, email="")
    send(room)
    send(room)

    assert (row.state, row.reason) == (State.SKIPPED, "no-address")


def test_what_was_chosen_comes_first_also_for_what_waits_already():
    room = Room(channels=ALL)
    row = a_waiting_mail(room)
    reachable(room, email="a@example.org", phone="13900000000")
    choose(Choice(case_no=NUMBER, channels=(Channel.SMS,)), room.work, room.desk, NOW)
    send(room)

    assert (row.channel, len(room.sms.taken), room.server.taken) == (Channel.SMS, 1, [])


def test_a_choice_can_not_take_away_what_the_law_wants_in_writing():
    room = Room(channels=ALL)
    choose(Choice(case_no=NUMBER, channels=(Channel.SMS,)), room.work, room.desk, NOW)
    row = a_notice(room)

    assert (row.channel, row.others) == (Channel.SMS, (Channel.MAIL, Channel.LETTER))


def test_a_channel_this_node_does_not_have_is_left_out():
    room = Room(channels=(Channel.MAIL, Channel.LETTER))

    assert (a_notice(room).channel, a_notice(room).others) == (Channel.MAIL, (Channel.LETTER,))


def test_a_language_that_was_chosen_is_used_and_chinese_where_there_is_no_such_text():
    room = Room(channels=ALL)
    choose(Choice(case_no=NUMBER, language="en"), room.work, room.desk, NOW)
    a_waiting_mail(room)
    send(room)

    assert room.server.taken[0].title == "Receipt of your petition"
    assert "2026-03-02" in room.server.taken[0].body
    words = TEXTS.words("registration-receipt", {"case_no": NUMBER}, room.desk.office, sealed=False, language="bo")
    assert words.title == "信访事项登记回执"


@pytest.mark.parametrize(
    ("first", "last", "at", "end"),
    [
        ("21:30", "08:00", "23:00", "2026-03-03T08:00"),
        ("21:30", "08:00", "07:59", "2026-03-02T08:00"),
        ("21:30", "08:00", "08:00", None),
        ("21:30", "08:00", "21:29", None),
        ("12:00", "14:00", "12:00", "2026-03-02T14:00"),
        ("12:00", "14:00", "14:00", None),
    ],
)
def test_quiet_hours_end_when_they_say(first, last, at, end):
    quiet = QuietHours(time.fromisoformat(first), time.fromisoformat(last), frozenset({"sms"}))
    now = datetime.combine(NOW.date(), time.fromisoformat(at), SHANGHAI)

    found = quiet.end(now, "sms")

    assert (found and found.isoformat(timespec="minutes")[:16]) == end
    assert quiet.end(now, "mail") is None


def test_quiet_hours_move_the_message_and_nothing_else():
    quiet = QuietHours(time(21, 30), time(8), frozenset({"mail", "sms"}))
    room = Room(rules=with_manners(quiet=quiet))
    room.wall.advance(seconds=(NIGHT - NOW).total_seconds())
    row = a_waiting_mail(room)
    facts, happened = dict(row.owed.facts), row.owed.happened_at
    send(room)
    assert (row.state, row.reason, row.attempts) == (State.WAITING, "quiet-hours", 0)
    assert row.due_at == datetime(2026, 3, 3, 8, tzinfo=SHANGHAI)

    room.wall.advance(hours=9)
    send(room)

    assert row.state is State.SENT
    assert (dict(row.owed.facts), row.owed.happened_at) == (facts, happened)


def test_what_is_urgent_knows_no_quiet_hours_and_no_limit():
    rules = with_manners(quiet=QuietHours(time(21, 30), time(8), frozenset({"mail"})), limit=Limit(1, 24))
    urgent = tuple(replace(rule, urgent=True) for rule in rules.rules)
    room = Room(rules=replace(rules, rules=urgent))
    room.wall.advance(hours=13)
    first, second = a_waiting_mail(room), a_waiting_mail(room, f"{NUMBER[:-1]}9")
    send(room)

    assert (first.state, second.state) == (State.SENT, State.SENT)


def test_what_is_too_much_for_one_address_waits_and_arrives_when_there_is_room():
    room = Room(rules=with_manners(limit=Limit(2, 24)))
    rows = [a_waiting_mail(room, f"{NUMBER[:-1]}{number}") for number in range(3)]
    send(room)
    assert [(row.state, row.reason) for row in rows] == [
        (State.SENT, ""),
        (State.SENT, ""),
        (State.WAITING, "limit"),
    ]
    assert rows[2].due_at == NOW + timedelta(hours=24)

    room.wall.advance(hours=24)
    send(room)

    assert rows[2].state is State.SENT


def test_a_dead_address_is_left_alone_until_the_petitioner_chooses_anew():
    room = Room(channels=ALL)
    first = a_waiting_mail(room)
    room.server.answers = [Result(Fate.NEVER, "smtp-550", dead=True)]
    send(room)
    assert first.state is State.SKIPPED  # by text message there is no address either
    second = a_waiting_mail(room, f"{NUMBER[:-1]}9")
    send(room)
    assert (second.reason, room.server.taken) == ("no-address", [])

    choose(Choice(case_no=NUMBER, channels=(Channel.MAIL,)), room.work, room.desk, NOW)
    a_waiting_mail(room, f"{NUMBER[:-1]}8")
    send(room)

    assert len(room.server.taken) == 1


def an_accusation(room):
    room.tell(a_contact(petition_class=PetitionClass.ACCUSATION, node=TOWNSHIP))
    assert room.work.cases.kept[NUMBER].sealed


@pytest.mark.parametrize("channel", [*ALL, Channel.INBOX])
def test_no_text_by_any_channel_in_any_language_says_anything_of_a_sealed_case(channel):
    secret, room = "某局局长受贿", Room(channels=ALL)
    said = dict.fromkeys(frozenset().union(*(rule_facts(rule) for rule in RULES.rules)), secret) | {"case_no": NUMBER}
    # of the receipt the petitioner may know again what he filed himself: number, form and day
    filed = said | {"received_on": "2026-03-02", "channel": "WEB"}

    for name in TEXTS.names:
        facts = filed if name == "registration-receipt" else said
        for language in LANGUAGES:
            words = TEXTS.words(name, facts, room.desk.office, sealed=True, language=language, channel=channel)
            assert secret not in words.title + words.body, (name, language)


def rule_facts(rule):
    return frozenset().union(*(fact_names(message) for message in rule.messages))


def test_a_sealed_case_leaves_by_every_channel_as_a_hint_only():
    for channel in ALL[:2]:
        room = Room(channels=ALL)
        an_accusation(room)
        reachable(room, email="a@example.org", phone="13900000000", name="张三")
        choose(Choice(case_no=NUMBER, channels=(channel,)), room.work, room.desk, NOW)
        room.work.deliveries.rows.clear()
        a_notice(room)
        send(room)
        taken = room.server.taken + room.sms.taken
        assert taken
        notices = [letter for letter in taken if "受理" in letter.title + letter.body]
        assert notices == []


def alerts(room, count, cls=n.ClockWarned):
    for number in range(count):
        room.tell(an_alert(cls, case_no=f"{NUMBER[:-3]}{number:03d}"), known_as=f"alert-{cls.__name__}-{number}")


def inbox_of(room, role="U"):
    return show_inbox(InboxQuery(node=TOWNSHIP, role=role, unit=OFFICE, paging=Paging(None, 100)), room.work, room.desk)


def test_an_officer_is_not_flooded_and_nothing_is_lost():
    digest = Digest(3, (time(13, 30), time(17)))
    room = Room(rules=with_manners(digest=digest))
    for number in range(10):
        room.tell(a_contact(f"{NUMBER[:-3]}{number:03d}", anonymous=True))
    alerts(room, 10)
    assert [row["kind"] for row in inbox_of(room)["rows"]] == ["clock-warned"] * 3
    assert gather(room.work, room.desk, NOW) == 0

    room.clock.advance(hours=4)
    gather(room.work, room.desk, NOW)

    first = inbox_of(room)["rows"][0]
    assert (first["kind"], first["title"]) == ("digest", "预警汇总：7条")
    assert f"{NUMBER[:-3]}009" in first["body"]
    assert gather(room.work, room.desk, NOW) == 0


def test_the_same_alert_twice_counts_once():
    room = Room(rules=with_manners(digest=Digest(1, (time(17),))))
    room.tell(a_contact(f"{NUMBER[:-3]}000", anonymous=True))
    alerts(room, 1)
    alerts(room, 1)

    assert len(inbox_of(room)["rows"]) == 1


@pytest.mark.parametrize(
    ("now", "due"), [("08:00", "2026-03-02T08:30"), ("08:30", "2026-03-02T17:00"), ("17:00", "2026-03-03T08:30")]
)
def test_a_digest_comes_at_its_next_time(now, due):
    at = datetime.combine(NOW.date(), time.fromisoformat(now), SHANGHAI)

    assert Digest(1, (time(8, 30), time(17))).next(at).isoformat(timespec="minutes")[:16] == due


def test_a_text_message_without_words_for_it_is_refused_when_the_service_starts():
    texts = Texts.parse({"a": {"title": "t", "body": "b", "sealed": "a"}})
    rule = replace(RULES.called("registration-receipt"), template="a")

    with pytest.raises(RulesRefused, match="a: sms is missing; rule registration-receipt may send it"):
        texts.check([rule])


def test_a_language_is_offered_only_with_every_text_to_petitioners_in_it():
    data = yaml.safe_load((FILES / "templates.yaml").read_text(encoding="utf-8"))
    TEXTS.check(RULES.rules)
    del data["registration-receipt"]["en"]

    with pytest.raises(RulesRefused, match=r"registration-receipt: en is missing; rule .* tells petitioners"):
        Texts.parse(data).check(RULES.rules)
