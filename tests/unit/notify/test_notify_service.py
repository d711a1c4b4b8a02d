"""Service of documents: only the case says that one was served; and what a preview shows before anything is sent."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from lianxi.casework.errors import Conflict, Invalid, Unknown
from lianxi.casework.messages.facts import ServiceMethod
from lianxi.casework.messages.final_review import AdmitFinalReview, DecideFinalReview
from services.notify.domain.choices import Choice
from services.notify.domain.questions import ServiceNews
from services.notify.domain.rules import Channel
from services.notify.handlers import begin_service, choose, list_rules, list_services, preview, service_failed
from tests.support.builders import NUMBER, Road, an_actor
from tests.unit.notify.post_room import NOW, RULES, Room, a_contact


def told(room, road):
    for event in road.events:
        room.tell(event, known_as=f"event-{event.head.seq}")
    room.clock.advance(seconds=(road.now - NOW).total_seconds())
    return {row["kind"]: row for row in list_services(NUMBER, room.work)["rows"]}


def news(room, row, **more):
    facts = {"method": ServiceMethod.POST, "on": room.clock.now().date(), "tracking_no": "XA123"}
    return ServiceNews(case_no=NUMBER, number=row["number"], actor=an_actor("U"), **{**facts, **more})


def test_a_document_waits_to_be_served_from_the_moment_it_is_issued():
    found = told(Room(), Road().handling().submitted().signed())

    assert {kind: row["state"] for kind, row in found.items()} == {"受": "unserved", "意": "unserved"}
    assert (found["意"]["command"], found["受"]["command"]) == ("serve-opinion", "record-service")


def test_the_case_alone_says_that_it_was_served_and_how():
    road = Road().handling().submitted().signed()
    road.document_served(next(one.number for one in road.case.documents if one.kind.value == "受"))
    found = told(Room(), road.served())

    assert {row["state"] for row in found.values()} == {"served"}
    assert found["意"]["served_on"] == road.today.isoformat()
    assert (found["意"]["method"], found["意"]["proof"]) == ("direct", "回证-1")


def test_the_final_opinion_comes_with_its_proof_and_its_notice_is_still_to_be_served():
    road = Road().final_review_requested().last_instance(AdmitFinalReview)
    road.last_instance(DecideFinalReview, disposition="UPHOLD", service=road.proof())

    found = told(Room(), road)

    assert {kind: found[kind]["state"] for kind in ("核受", "核")} == {"核受": "unserved", "核": "served"}


def test_a_delivered_mail_serves_nothing():
    room = Room()
    found = told(room, Road().handling())
    begun = begin_service(news(room, found["受"], method=ServiceMethod.ELECTRONIC), room.work, room.desk)

    assert (begun["state"], begun["served_on"]) == ("under-way", None)


def test_an_announcement_counts_after_thirty_days():
    room = Room()
    row = told(room, Road().handling())["受"]
    begun = begin_service(news(room, row, method=ServiceMethod.ANNOUNCEMENT), room.work, room.desk)

    assert date.fromisoformat(begun["earliest"]) - date.fromisoformat(begun["began_on"]) == timedelta(days=30)


def test_what_came_back_is_to_be_served_in_another_way():
    room = Room()
    row = told(room, Road().handling())["受"]
    begin_service(news(room, row), room.work, room.desk)
    failed = service_failed(news(room, row, note="查无此人"), room.work, room.desk)

    assert (failed["state"], failed["note"], failed["tracking_no"]) == ("returned", "查无此人", "XA123")


def test_what_was_served_cannot_be_changed_and_what_was_never_issued_is_not_there():
    room = Room()
    found = told(room, Road().replied())

    with pytest.raises(Conflict):
        begin_service(news(room, found["意"]), room.work, room.desk)
    with pytest.raises(Unknown):
        begin_service(news(room, {"number": "西信受〔2026〕9号"}), room.work, room.desk)


def test_service_begins_neither_before_the_document_nor_tomorrow():
    room = Room()
    row = told(room, Road().handling())["受"]
    for day in (date(2025, 1, 1), room.clock.now().date() + timedelta(days=1)):
        with pytest.raises(Invalid):
            begin_service(news(room, row, on=day), room.work, room.desk)


def test_a_preview_shows_a_real_case_by_the_channels_it_would_take():
    room = Room(channels=(Channel.MAIL, Channel.SMS, Channel.LETTER))
    told(room, Road().handling())
    choose(Choice(case_no=NUMBER, channels=(Channel.SMS,), language="en"), room.work, room.desk, NOW)

    shown = preview(NUMBER, "acceptance-notice", room.work, room.desk)

    assert (shown["happened"], shown["applies"], shown["channels"]) == (True, True, ["sms", "mail", "letter"])
    assert "was accepted" in shown["texts"][0]["body"]
    assert "〔查询码〕" in shown["texts"][1]["body"]


def test_a_preview_of_what_has_not_happened_marks_what_is_not_known_yet():
    room = Room()
    room.tell(a_contact())

    shown = preview(NUMBER, "extension-notice", room.work, room.desk)

    assert (shown["happened"], shown["applies"]) == (False, None)
    assert "〔days〕" in shown["texts"][0]["body"]


def test_a_preview_of_a_sealed_case_is_as_silent_as_the_message():
    room = Room()
    room.tell(a_contact())
    room.work.cases.kept[NUMBER] = replace(room.work.cases.kept[NUMBER], sealed=True)

    assert "受理" not in preview(NUMBER, "acceptance-notice", room.work, room.desk)["texts"][0]["body"]


def test_a_preview_names_what_it_does_not_know():
    room = Room()
    with pytest.raises(Unknown, match="通知规则"):
        preview(NUMBER, "no-such-rule", room.work, room.desk)
    with pytest.raises(Unknown, match="信访事项"):
        preview(NUMBER, "acceptance-notice", room.work, room.desk)


def test_every_rule_is_listed():
    assert [row["rule"] for row in list_rules(Room().desk)["rows"]] == [rule.id for rule in RULES.rules]
