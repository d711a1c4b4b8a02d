"""What is broken, forged or out of order between nodes is refused and changes nothing."""

import json
from dataclasses import replace

import pytest

from lianxi.casework.errors import Broken, Conflict, Forbidden
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.custody import CaseReported, CustodyAnswered, DirectiveAnswered, DirectiveIssued
from lianxi.casework.messages.notices import RightLapsed
from lianxi.contracts.schemas import dump
from services.routing.handlers.custody import take_report
from services.routing.handlers.delivery import deliver
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, an_actor
from tests.unit.routing.desk_of_routing import Node, a_finding, tampered, to
from tests.unit.routing.network_of_nodes import ROAD, Network, offer_of, replied


@pytest.mark.parametrize("damage", ["missing", "edited", "foreign head", "another transfer", "not json"])
def test_a_dossier_that_is_not_whole_is_refused(damage):
    network = Network()
    offer = offer_of(network)
    history = offer.dossier.history
    edited = json.dumps({**json.loads(history[1]), "data": {**json.loads(history[1])["data"], "place": "630104002"}})
    changed = {
        "missing": replace(offer.dossier, history=(history[0], history[2])),
        "edited": replace(offer.dossier, history=(history[0], edited, history[2])),
        "foreign head": offer.dossier,
        "another transfer": offer.dossier,
        "not json": replace(offer.dossier, history=("{",)),
    }[damage]
    offer = tampered(offer, dossier=changed)
    if damage == "foreign head":
        offer = tampered(offer, head_digest="0" * 64)
    if damage == "another transfer":
        offer = tampered(offer, transfer=replace(offer.transfer, offer_id="forged"))

    deliver(network.district, CITY, offer, network.district.here)

    assert network.district.cases.get(NUMBER) is None
    assert next(iter(network.district.receipts.kept.values()))[1] is False


def test_an_offer_that_comes_twice_is_taken_once():
    network = Network()
    offer = offer_of(network)
    deliver(network.district, CITY, offer, network.district.here)
    deliver(network.district, CITY, offer, network.district.here)

    assert len(network.district.cases.history(NUMBER)) == 4


def test_a_history_that_differs_from_the_one_known_here_is_refused():
    network = Network().filed()
    other = Network()
    other.city.clock.advance(hours=1)
    offer = offer_of(other)

    deliver(
        network.district, CITY, replace(offer, transfer=replace(offer.transfer, offer_id="x")), network.district.here
    )
    fresh = Network()
    fresh.city.clock.advance(hours=2)
    longer = offer_of(fresh)
    copy = CaseReported(case_no=NUMBER, holder=CITY, events=offer.dossier.history[:1])
    take_report(fresh.district, CITY, copy, fresh.district.here)
    deliver(fresh.district, CITY, longer, fresh.district.here)

    assert fresh.district.cases.get(NUMBER).seq == 1


def test_an_answer_to_an_unknown_or_answered_offer_changes_nothing():
    network = Network().filed()
    before = network.states()
    offer_id = next(iter(network.city.receipts.kept))
    late = CustodyAnswered(
        offer_id=offer_id,
        case_no=NUMBER,
        from_node=CITY,
        to_node=DISTRICT,
        accepted=False,
        epoch=1,
        answered_at=network.city.clock.now(),
        code="late",
    )
    deliver(network.city, DISTRICT, late, network.city.here)

    assert network.states() == before


def a_report(network, **more):
    texts = network.district.cases.history(NUMBER)
    facts = {"case_no": NUMBER, "holder": DISTRICT, "events": texts}
    return CaseReported(**{**facts, **more})


def test_a_child_cannot_report_events_of_another_branch():
    network = Network().filed()
    city = Node(CITY)

    with pytest.raises(Forbidden) as caught:
        take_report(city, "630105", a_report(network), city.here)

    assert caught.value.code == "foreign-event"


@pytest.mark.parametrize(
    ("events", "code"),
    [(slice(1, None), "history-differs"), (slice(0, 4), "")],
    ids=["a gap", "whole"],
)
def test_events_follow_the_history_without_a_gap(events, code):
    network = Network(township=a_finding(target=to(TOWNSHIP, OFFICE))).filed(TOWNSHIP)
    texts = network.township.cases.history(NUMBER)[events]
    district = Node(DISTRICT)
    report = CaseReported(case_no=NUMBER, holder=TOWNSHIP, events=texts)

    if code:
        with pytest.raises(Conflict) as caught:
            take_report(district, TOWNSHIP, report, district.here)
        assert caught.value.code == code
    else:
        take_report(district, TOWNSHIP, report, district.here)
        take_report(district, TOWNSHIP, report, district.here)
        assert district.cases.get(NUMBER).seq == 4


def test_an_event_changed_on_the_road_is_not_taken():
    network = Network(township=a_finding(target=to(TOWNSHIP, OFFICE))).filed(TOWNSHIP)
    first = json.loads(network.township.cases.history(NUMBER)[0])
    first["data"]["persons"] = 99
    district = Node(DISTRICT)

    with pytest.raises(Conflict) as caught:
        take_report(
            district,
            TOWNSHIP,
            CaseReported(case_no=NUMBER, holder=TOWNSHIP, events=(json.dumps(first),)),
            district.here,
        )

    assert caught.value.code == "broken-digest"


def test_an_event_of_an_older_epoch_is_not_taken():
    network = Network().at_the_street()
    stale = json.loads(network.township.cases.history(NUMBER)[-1])
    known = network.district.cases.get(NUMBER)
    stale["data"]["head"] |= {"seq": known.seq + 1, "epoch": 1, "previous": known.head_digest}

    with pytest.raises(Conflict) as caught:
        take_report(
            network.district,
            TOWNSHIP,
            CaseReported(case_no=NUMBER, holder=TOWNSHIP, events=(json.dumps(stale),)),
            network.district.here,
        )

    assert caught.value.code == "stale-epoch"


def test_a_directive_from_below_or_for_another_case_is_refused():
    network = replied(Network())
    actor = an_actor("RV", DISTRICT)
    command = c.AdmitReview(case_no=NUMBER, actor=actor)

    def directive(**more):
        facts = {
            "directive_id": "d-1",
            "case_no": NUMBER,
            "from_node": DISTRICT,
            "to_node": TOWNSHIP,
            "command_type": "admit-review",
            "command": json.dumps(dump(command)),
            "issued_at": ROAD.now,
        }
        return DirectiveIssued(**{**facts, **more})

    for forged in (
        directive(from_node="630105"),
        directive(directive_id="d-2", case_no="63010000020260302W00009"),
        directive(
            directive_id="d-3",
            command_type="accept-case",
            command=json.dumps(dump(c.AcceptCase(case_no=NUMBER, actor=actor))),
        ),
    ):
        deliver(network.township, forged.from_node, forged, network.township.here)
        answer = network.township.sent.pop()[1]
        assert (answer.done, answer.code) == (False, "foreign-directive")


def test_nobody_decides_or_offers_in_the_name_of_another_node():
    network = replied(Network())
    actor = an_actor("RV", DISTRICT)
    directive = DirectiveIssued(
        directive_id="d-1",
        case_no=NUMBER,
        from_node=DISTRICT,
        to_node=TOWNSHIP,
        command_type="admit-review",
        command=json.dumps(dump(c.AdmitReview(case_no=NUMBER, actor=actor))),
        issued_at=ROAD.now,
    )
    offered = Network()

    deliver(network.township, "630104002", directive, network.township.here)
    deliver(offered.district, "630105", offer_of(offered), offered.district.here)

    answers = network.township.sent.pop()[1], offered.district.sent.pop()[1]
    assert [answer.code for answer in answers] == ["foreign-sender", "foreign-sender"]
    assert offered.district.cases.get(NUMBER) is None


def test_nobody_answers_in_the_name_of_another_node():
    network = Network().filed()
    refused = CustodyAnswered(
        offer_id=next(iter(network.city.receipts.kept)),
        case_no=NUMBER,
        from_node=CITY,
        to_node=DISTRICT,
        accepted=False,
        epoch=1,
        answered_at=network.city.clock.now(),
    )
    done = DirectiveAnswered(
        directive_id="d-1", case_no=NUMBER, from_node=CITY, to_node=DISTRICT, done=True, case_seq=9, code="", reason=""
    )

    for answer in (refused, done):
        with pytest.raises(Forbidden) as caught:
            deliver(network.city, "630105", answer, network.city.here)
        assert caught.value.code == "foreign-sender"


def test_a_message_without_a_use_case_is_our_fault():
    node = Node(CITY)

    with pytest.raises(Broken):
        deliver(node, DISTRICT, RightLapsed(case_no=NUMBER, clock="x", legal_due=node.clock.today()), node.here)
