"""Whom a message concerns, node by node, with the office's own rules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lianxi.casework.messages import commands as c
from lianxi.casework.messages import notices as n
from lianxi.casework.messages.events import CaseAccepted, CaseEvent
from lianxi.casework.messages.facts import Actor, Claim, PetitionClass, Role
from services.notify.domain.rules import Channel
from services.notify.handlers import tell
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.notify.post_room import NOW, Incoming, Room, a_contact, an_alert

REPORT = {"facts": "属实", "result": "已修复", "service": "已送达"}


def told(node, road):
    """The notify of a node that has heard all events of a case."""
    room = Room(node)
    for event in road.events:
        room.tell(event)
    return room


def test_a_registered_contact_owes_its_petitioner_a_receipt():
    room = Room().tell(a_contact())

    assert room.owed() == [("registration-receipt", "P", "")]
    words = room.words(room.rows[0])
    assert NUMBER in words.body
    assert "ABCDE-12345" in words.body
    assert "楼道" not in words.body + words.title


def test_a_contact_taken_over_long_after_its_receipt_gets_no_receipt():
    assert Room().tell(a_contact(received_at=NOW - timedelta(days=40))).owed() == []


def test_the_same_event_owes_each_recipient_once_whatever_happens():
    room = Room().tell(an_alert(), known_as="one").tell(an_alert(), known_as="one").tell(an_alert(), known_as="two")

    assert room.owed() == sorted(2 * [("warned-unit", "U", OFFICE), ("warned-unit", "UL", OFFICE)])


def test_the_id_depends_on_event_rule_and_recipient_only():
    first, second = Room().tell(an_alert(), known_as="one"), Room().tell(an_alert(), known_as="one")
    second.wall.advance(hours=3)

    assert [row.owed.id for row in first.rows] == [row.owed.id for row in second.rows]
    assert len({row.owed.id for row in first.rows}) == 2


def test_on_its_road_through_three_levels_a_case_concerns_each_node_in_its_turn():
    road = Road().at_the_township().accepted()

    assert told(CITY, road).owed() == [("transfer-notice", "P", "")]
    assert told(DISTRICT, road).owed() == [("incoming-to-dispatcher", "D", ""), ("transfer-notice", "P", "")]
    assert told(TOWNSHIP, road).owed() == [
        ("acceptance-notice", "P", ""),
        ("incoming-to-unit", "U", OFFICE),
        ("incoming-to-unit", "UL", OFFICE),
    ]


def test_a_transfer_notice_says_when_and_to_whom():
    room = told(DISTRICT, Road().at_the_township())
    letter = next(row for row in room.rows if row.owed.rule == "transfer-notice")

    assert "已于2026年3月2日转交西关大街街道办事处依法处理" in room.words(letter).body


def test_an_acceptance_notice_names_the_organ_and_the_limit():
    room = told(TOWNSHIP, Road().at_the_township().accepted())
    letter = next(row for row in room.rows if row.owed.rule == "acceptance-notice")
    words = room.words(letter)

    assert "由西关大街街道办事处受理" in words.body
    assert "六十日" in words.body


def test_an_assigned_case_sends_its_report_to_the_assigner_alone():
    road = Road().replied(assigned=True)
    road.do(c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper=REPORT), TOWNSHIP)

    assert ("report-filed", "D", "") in told(DISTRICT, road).owed()
    assert not told(CITY, road).owed("report-filed")
    assert not told(TOWNSHIP, road).owed("report-filed")


def test_an_accepted_report_leaves_no_assigner():
    road = Road().replied(assigned=True)
    road.do(c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper=REPORT), TOWNSHIP)
    road.do(c.AcceptReport(case_no=NUMBER, actor=an_actor("D", DISTRICT)), TOWNSHIP)

    assert told(DISTRICT, road).work.cases.kept[NUMBER].assigner == ""


def test_an_objection_goes_to_the_sender_and_a_returned_case_to_its_dispatcher():
    road = Road().at_the_township()
    paper = {"reasons": "不属本单位职责", "basis": "三定规定"}
    road.do(c.ObjectToTransfer(case_no=NUMBER, actor=an_actor("U"), proposed_organ=DISTRICT, paper=paper), TOWNSHIP)
    road.do(c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)), TOWNSHIP, offer_id="offer-2")
    road.do(c.TakeBack(case_no=NUMBER, actor=an_actor("SYS", DISTRICT)), DISTRICT)
    room = told(DISTRICT, road)

    assert ("objection-filed", "D", "") in room.owed()
    assert ("returned-to-dispatcher", "D", "") in room.owed()
    assert not told(CITY, road).owed("objection-filed")
    standing = room.work.cases.kept[NUMBER]
    assert (standing.holder, standing.holding_unit) == (DISTRICT, "")


def test_a_review_concerns_the_reviewing_node():
    road = Road().replied().review_requested()

    assert ("review-requested", "RV", "") in told(DISTRICT, road).owed()
    assert not told(TOWNSHIP, road).owed("review-requested")


@pytest.mark.parametrize("refused", ["transfer-refused", "directive-refused"])
def test_a_refusal_reaches_the_dispatcher(refused):
    notice = n.DirectiveNotice(case_no=NUMBER, node=DISTRICT, kind=refused, code="unknown-unit")

    assert Room(CITY).tell(notice).owed() == [(refused, "D", "")]


def test_a_directive_that_was_carried_out_needs_no_message():
    assert (
        Room(CITY).tell(n.DirectiveNotice(case_no=NUMBER, node=DISTRICT, kind="directive-done", code="")).owed() == []
    )


def test_a_direct_transfer_is_copied_to_the_dispatcher_of_the_skipped_level():
    notice = n.DirectiveNotice(case_no=NUMBER, node=TOWNSHIP, kind="copy", code="direct-transfer")

    assert Room(DISTRICT).tell(notice).owed() == [("copy-of-direct-transfer", "D", "")]


@pytest.mark.parametrize(
    ("node", "alert", "owed"),
    [
        (TOWNSHIP, an_alert(), [("warned-unit", "U", OFFICE), ("warned-unit", "UL", OFFICE)]),
        (TOWNSHIP, an_alert(unit=""), [("warned-department", "D", "")]),
        (TOWNSHIP, an_alert(unit="", owner="R"), [("warned-office", "R", "")]),
        (TOWNSHIP, an_alert(unit="", owner="RV"), [("warned-office", "RV", "")]),
        (DISTRICT, an_alert(), [("warned-below", "D", ""), ("warned-below", "DL", "")]),
        (CITY, an_alert(), [("warned-below", "D", ""), ("warned-below", "DL", "")]),
        (
            TOWNSHIP,
            an_alert(n.ClockBreached),
            [
                ("breached-supervisors", "D", ""),
                ("breached-supervisors", "DL", ""),
                ("breached-unit", "U", OFFICE),
                ("breached-unit", "UL", OFFICE),
            ],
        ),
        (
            DISTRICT,
            an_alert(n.ClockBreached, node=DISTRICT, unit="", owner="RV"),
            [("breached-office", "RV", ""), ("breached-supervisors", "D", ""), ("breached-supervisors", "DL", "")],
        ),
        (DISTRICT, an_alert(n.ClockBreached), [("breached-below", "D", ""), ("breached-below", "DL", "")]),
        (DISTRICT, an_alert(n.ClockEscalated), [("escalated", "J", "")]),
    ],
)
def test_an_alert_reaches_handlers_where_it_is_owed_and_supervisors_above(node, alert, owed):
    assert Room(node).tell(alert).owed() == owed


@pytest.mark.parametrize("cls", [n.ClockWarned, n.ClockBreached])
def test_an_alert_about_another_branch_reaches_nobody(cls):
    assert Room(DISTRICT).tell(an_alert(cls, node="630105", unit="")).owed() == []


def test_an_alert_says_which_limit_and_whose():
    room = Room().tell(a_contact(), an_alert(n.ClockBreached))
    words = room.words(room.rows[-1])

    assert words.title == "已经超期：办理期限"
    assert "已于2026年5月6日届满" in words.body
    assert "西关大街街道办事处" in words.body


def test_a_proposed_and_a_signed_order_reach_who_decides_and_who_answers():
    proposed = n.SupervisionProposed(
        proposal_no="P-1", case_no=NUMBER, clock="HANDLE", node=TOWNSHIP, unit=OFFICE, trigger="SUP-1", proposed_at=NOW
    )
    signer = Actor(person="p", role=Role.DEPARTMENT_LEADER, unit="", node=TOWNSHIP)
    ordered = n.SupervisionOrdered(
        proposal_no="P-1",
        order_no="宁信督〔2026〕1号",
        case_no=NUMBER,
        node=TOWNSHIP,
        unit=OFFICE,
        trigger="SUP-1",
        signed_by=signer,
        signed_at=NOW,
        feedback_due=NOW.date(),
    )

    assert Room().tell(proposed).owed() == [("supervision-proposed", "D", ""), ("supervision-proposed", "DL", "")]
    assert [(role, unit) for _, role, unit in Room().tell(ordered).owed()] == [("U", OFFICE), ("UL", OFFICE)]
    assert {role for _, role, _ in Room(DISTRICT).tell(ordered).owed()} == {"D", "J"}


def test_a_sealed_case_is_mentioned_and_not_described():
    road = Road().received().registered().transferred(CITY, DISTRICT).delivered(DISTRICT)
    road.events[1] = replace(road.events[1], petition_class=PetitionClass.ACCUSATION)
    room = told(DISTRICT, road)
    room.tell(an_alert(n.ClockBreached, node=DISTRICT, unit="", owner="D", clock="DISPOSE"))

    assert room.work.cases.kept[NUMBER].sealed
    assert len(room.rows) == 3
    for row in room.rows:
        words = room.words(row)
        assert words.title == "密件提醒"
        assert "处置期限" not in words.body
        assert "西宁市" not in words.body


def test_a_case_sealed_by_its_registrar_is_sealed_from_its_receipt_on():
    room = Room().tell(a_contact(petition_class=PetitionClass.ACCUSATION))

    assert room.work.cases.kept[NUMBER].sealed
    assert "查询码" in room.words(room.rows[0]).body


def test_what_was_sealed_once_stays_sealed():
    sealed = Room().tell(a_contact(petition_class=PetitionClass.ACCUSATION), *Road().handling().events)

    assert sealed.work.cases.kept[NUMBER].sealed


def test_one_accusation_among_the_claims_seals_the_case():
    road = Road().handling()
    claims = (*road.events[-1].claims, Claim(number=2, petition_class=PetitionClass.ACCUSATION))
    road.events[-1] = replace(road.events[-1], claims=claims)

    assert told(TOWNSHIP, road).work.cases.kept[NUMBER].sealed


def test_an_alert_alone_teaches_nothing_about_a_case():
    assert Room().tell(an_alert()).work.cases.kept == {}


def test_a_message_that_notify_does_not_read_changes_nothing():
    lapsed = n.RightLapsed(case_no=NUMBER, clock="ASK_REVIEW", legal_due=NOW.date())
    room = Room().tell(lapsed)

    assert room.rows == []
    assert room.work.cases.kept == {}


def test_every_delivery_says_when_it_happened_by_the_nodes_calendar():
    room = Room(CITY)
    room.clock.advance(days=90)
    room.tell(an_alert(), n.DirectiveNotice(case_no=NUMBER, node=DISTRICT, kind="copy", code=""))

    assert [row.owed.happened_at for row in room.rows] == [NOW, NOW, room.clock.now()]
    assert {row.owed.created_at for row in room.rows} == {NOW}


def test_every_event_of_a_road_can_be_told():
    road = Road().replied(assigned=True).review_requested().review_admitted().review_decided()
    room = told(TOWNSHIP, road)

    assert all(isinstance(event, CaseEvent) for event in road.events)
    assert room.work.cases.kept[NUMBER].holder == TOWNSHIP
    assert room.work.cases.kept[NUMBER].assigner == DISTRICT


def test_what_a_petitioner_chose_when_filing_holds_from_the_receipt_on_until_they_choose_anew():
    wishes = {"notice_channels": ("sms",), "notice_language": "en", "electronic_service": True}
    room = Room(channels=(Channel.MAIL, Channel.SMS)).tell(a_contact(**wishes))

    receipt = room.rows[0].owed
    assert (receipt.channel, receipt.others, receipt.language) == (Channel.SMS, (Channel.MAIL,), "en")
    kept = room.work.choices.kept[NUMBER]
    assert (kept.channels, kept.electronic, kept.chosen_by) == ((Channel.SMS,), True, "petitioner")

    newer = replace(kept, channels=(Channel.MAIL,))
    room.work.choices.save(newer)
    assert room.tell(a_contact(**wishes)).work.choices.kept[NUMBER] == newer


def test_who_chose_nothing_when_filing_has_no_choice():
    assert Room().tell(a_contact()).work.choices.kept == {}


class Untouched:
    """Tables nobody asks anything."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was looked at")


def test_what_another_node_did_with_its_case_costs_no_look_at_a_table():
    room = Room(node=CITY)
    accepted = next(one for one in Road().handling().events if isinstance(one, CaseAccepted))

    tell([Incoming("a", accepted)], Untouched(), room.desk, room.wall.now())
