"""Custody between three nodes in memory: offers, answers, reports, copies, directives, and everything forged."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lianxi.casework.errors import Broken, Conflict, Forbidden, GuardRefused, Invalid, NotBuiltYet, Unknown
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.custody import CaseReported, CustodyAnswered, CustodyOffered, DirectiveIssued
from lianxi.casework.messages.facts import PetitionClass
from lianxi.casework.messages.notices import ContactRegistered, DirectiveNotice, DossierReceived, RightLapsed
from lianxi.contracts.schemas import dump
from services.routing.handlers import acts, cases, desk
from services.routing.handlers.custody import take_report
from services.routing.handlers.delivery import deliver, deliver_all
from services.routing.handlers.directives import do
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, OPINION, RT6, TOWNSHIP, Road, an_actor
from tests.unit.routing.desk_of_routing import Node, a_finding, tampered, to

ROAD = Road()


def a_contact(node=CITY, number=NUMBER, **more):
    facts = {
        "contact_no": number,
        "node": node,
        "channel": "WEB",
        "received_at": ROAD.now,
        "entered_at": ROAD.now,
        "subject": "路面破损",
        "text": "请修路",
        "persons": 1,
        "representatives": 0,
        "anonymous": False,
        "petitioner_key": "key-1",
        "petitioner_sealed": "sealed",
    }
    return ContactRegistered(**{**facts, **more})


class Network:
    """Three nodes and the roads between them."""

    def __init__(self, city=None, district=None, township=None):
        self.nodes = {
            CITY: Node(CITY, city or a_finding(target=to(DISTRICT))),
            DISTRICT: Node(DISTRICT, district),
            TOWNSHIP: Node(TOWNSHIP, township),
        }
        self.city, self.district, self.township = self.nodes.values()

    def run(self):
        """Carry everything that was sent until nothing is on its way."""
        busy = True
        while busy:
            busy = False
            for code, node in self.nodes.items():
                for dest, message in node.take_sent():
                    busy = True
                    target = self.nodes[dest]
                    deliver_all(target, [(code, message)], target.here)
        return self

    def filed(self, node=CITY, **more):
        """File a contact at a node and let everything arrive."""
        at = self.nodes[node]
        cases.open_cases(at, [a_contact(node, **more)], at.here)
        return self.run()

    def act(self, node, command):
        """A clerk's act at a node."""
        at = self.nodes[node]
        done = do(at, command.MESSAGE.name, command, at.here)
        self.run()
        return done

    def transfer(self, node, to_node, unit="", **more):
        return self.act(
            node,
            c.TransferCase(case_no=NUMBER, actor=an_actor("D", node), to_node=to_node, to_unit=unit, **more),
        )

    def at_the_street(self):
        """City → district by rule, district → street by a dispatcher."""
        self.filed()
        self.transfer(DISTRICT, TOWNSHIP, OFFICE)
        return self

    def states(self):
        found = (node.cases.get(NUMBER) for node in self.nodes.values())
        return [case and (case.state.value, case.holder, case.seq) for case in found]


def test_a_case_goes_down_by_rule_and_every_level_holds_the_same_history():
    network = Network().filed()

    assert network.states()[:2] == [("S02", DISTRICT, 4)] * 2
    assert network.city.cases.history(NUMBER) == network.district.cases.history(NUMBER)
    assert [event.head.seq for event in network.district.recorded] == [1, 2, 3, 4]
    assert network.district.texts[NUMBER].text == "请修路"
    assert [type(notice) for notice in network.district.told] == [DossierReceived]


def test_both_sides_keep_a_receipt_of_the_hand_off():
    network = Network().filed()

    (offer_id,) = network.city.receipts.kept
    assert network.city.receipts.kept[offer_id] == ["out", True, ""]
    assert network.district.receipts.kept[offer_id] == ["in", True, ""]


def test_a_contact_told_twice_opens_one_case():
    network = Network().filed().filed()

    assert len(network.city.cases.history(NUMBER)) == 4


def test_what_the_rules_cannot_settle_waits_with_its_reason():
    network = Network(city=a_finding(settled=False, why="没有识别出内容分类")).filed()

    assert network.states()[0][0] == "S01"
    assert network.city.sorted[NUMBER][0] == "没有识别出内容分类"


def test_a_repeat_petitioner_waits_for_a_registrar_unless_one_has_compared():
    network = Network(city=a_finding()).filed()
    network.filed(number="63010000020260302W00002")
    network.filed(number="63010000020260302W00003", same_matter_checked=True, registered_by=an_actor("R", CITY))

    assert NUMBER in network.city.sorted["63010000020260302W00002"][0]
    assert network.city.cases.get("63010000020260302W00003").state.value == "S02"


@pytest.mark.parametrize(
    "found",
    [
        a_finding(target=to(DISTRICT, automatic=False)),
        a_finding(target=to(DISTRICT), petition_class=PetitionClass.ACCUSATION),
        a_finding(),
    ],
    ids=["a proposal only", "an accusation", "no target"],
)
def test_what_may_not_go_by_rule_stays(found):
    assert Network(city=found).filed().states()[0][:2] == ("S02", CITY)


def test_nothing_is_sent_to_a_node_that_has_not_joined():
    city = Node(CITY, a_finding(target=to(DISTRICT)), joined={CITY})
    cases.open_case(city, a_contact(), city.here)

    assert (city.cases.get(NUMBER).state.value, city.sent) == ("S02", [])
    with pytest.raises(GuardRefused, match="尚未接入"):
        do(
            city,
            "transfer-case",
            c.TransferCase(case_no=NUMBER, actor=an_actor("D", CITY), to_node=DISTRICT),
            city.here,
        )


def test_an_answer_at_the_street_is_seen_at_every_level_without_texts_above():
    network = Network().at_the_street()
    network.act(TOWNSHIP, c.AcceptCase(case_no=NUMBER, actor=an_actor("U"), paper={"path": "信访程序"}))
    network.act(TOWNSHIP, c.ClassifyCase(case_no=NUMBER, actor=an_actor("U"), claims=RT6))

    assert network.states() == [("S11", TOWNSHIP, 8)] * 3
    assert all("信访程序" not in text for text in network.city.cases.history(NUMBER))
    assert any("信访程序" in document.paper.values() for document in network.district.documents.of(NUMBER))


def test_a_node_that_never_held_a_case_gets_no_document_texts():
    network = Network(township=a_finding(target=to(TOWNSHIP, OFFICE))).filed(TOWNSHIP)
    network.act(TOWNSHIP, c.AcceptCase(case_no=NUMBER, actor=an_actor("U"), paper={"path": "信访程序"}))

    assert network.states() == [("S10", TOWNSHIP, 5)] * 3
    assert network.district.documents.of(NUMBER) == ()
    assert NUMBER not in network.district.texts


def test_a_direct_transfer_leaves_a_copy_with_the_skipped_level():
    network = Network(city=a_finding()).filed()
    network.transfer(CITY, TOWNSHIP, OFFICE, direct=True)

    assert network.states() == [("S06", TOWNSHIP, 4)] * 3
    assert DirectiveNotice(case_no=NUMBER, node=TOWNSHIP, kind="copy", code="direct-transfer") in network.district.told


def test_a_street_that_does_not_know_the_organ_refuses_and_the_sender_routes_anew():
    network = Network().filed()
    network.transfer(DISTRICT, TOWNSHIP, f"{TOWNSHIP}.nobody")

    assert network.states()[1] == ("S02", DISTRICT, 6)
    assert network.states()[2] is None
    (receipt,) = network.township.receipts.kept.values()
    assert receipt[1:] == [False, "invalid"]
    assert network.district.told[-1].kind == "transfer-refused"


def object_to(network):
    paper = {"reasons": "非本单位职权", "basis": "三定"}
    network.act(
        TOWNSHIP,
        c.ObjectToTransfer(case_no=NUMBER, actor=an_actor("U"), paper=paper, proposed_organ=f"{DISTRICT}.housing"),
    )


def test_an_upheld_objection_travels_as_a_directive_and_the_case_comes_back():
    network = Network().at_the_street()
    object_to(network)

    done = network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    assert done.directive_id
    assert network.states() == [("S02", DISTRICT, 9)] * 3
    assert network.district.cases.get(NUMBER).documents[-1].number.startswith("城西信")
    assert network.district.told[-1].kind == "directive-done"
    assert {row[1].done for row in network.district.directives.kept.values()} == {True}


def test_a_case_that_came_back_can_go_down_again():
    network = Network().at_the_street()
    object_to(network)
    network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    network.transfer(DISTRICT, TOWNSHIP, OFFICE)

    assert network.states() == [("S06", TOWNSHIP, 11)] * 3


def test_a_directive_the_holder_can_no_longer_carry_out_is_answered_with_the_reason():
    network = Network().at_the_street()
    object_to(network)
    uphold = c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT))
    do(network.district, "uphold-objection", uphold, network.district.here)
    withdraw = c.WithdrawCase(case_no=NUMBER, actor=an_actor("P"), free_will_recorded=True)
    do(network.township, "withdraw-case", withdraw, network.township.here)

    network.run()

    assert network.states() == [("S62", TOWNSHIP, 8)] * 3
    assert network.district.told[-1] == DirectiveNotice(
        case_no=NUMBER, node=TOWNSHIP, kind="directive-refused", code="guard-refused"
    )


def test_a_guard_is_told_at_once_when_the_copy_already_shows_it():
    network = Network().at_the_street()

    with pytest.raises(GuardRefused):
        network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))


@pytest.mark.parametrize(
    ("node", "command"),
    [
        (DISTRICT, c.AcceptCase(case_no=NUMBER, actor=an_actor("U", DISTRICT))),
        (CITY, c.AcceptCase(case_no=NUMBER, actor=an_actor("U", CITY))),
    ],
)
def test_only_decisions_of_a_superior_are_directives(node, command):
    network = Network().at_the_street()

    with pytest.raises(GuardRefused) as caught:
        network.act(node, command)

    assert caught.value.guard == "holds_custody"


def test_a_lower_node_cannot_direct_an_upper_one():
    network = Network().filed()
    network.transfer(DISTRICT, TOWNSHIP, OFFICE)
    object_to(network)
    network.act(DISTRICT, c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    withdraw = c.WithdrawCase(case_no=NUMBER, actor=an_actor("P"), free_will_recorded=True)
    with pytest.raises(GuardRefused):
        network.act(TOWNSHIP, withdraw)


def replied(network, *, assigned=False):
    if assigned:
        network.filed()
        due = network.district.clock.today() + timedelta(days=40)
        network.act(
            DISTRICT,
            c.AssignCase(
                case_no=NUMBER, actor=an_actor("D", DISTRICT), to_node=TOWNSHIP, to_unit=OFFICE, report_due=due
            ),
        )
    else:
        network.at_the_street()
    outcome = (c.ClaimOutcome(number=1, outcome="SUPPORT"),)
    for command in (
        c.AcceptCase(case_no=NUMBER, actor=an_actor("U")),
        c.ClassifyCase(case_no=NUMBER, actor=an_actor("U"), claims=RT6),
        c.SubmitOpinion(case_no=NUMBER, actor=an_actor("U"), outcomes=outcome, paper=OPINION),
        c.SignOpinion(case_no=NUMBER, actor=an_actor("UL"), paper=OPINION),
        c.ServeOpinion(case_no=NUMBER, actor=an_actor("U"), service=Road().proof()),
    ):
        network.act(TOWNSHIP, command)
    return network


def test_a_review_is_decided_above_and_carried_out_below():
    network = replied(Network())
    today = network.township.clock.today()
    network.act(TOWNSHIP, c.RequestReview(case_no=NUMBER, actor=an_actor("P"), received_on=today))
    network.act(DISTRICT, c.AdmitReview(case_no=NUMBER, actor=an_actor("RV", DISTRICT)))
    decide = c.DecideReview(
        case_no=NUMBER, actor=an_actor("RV", DISTRICT), disposition="UPHOLD", service=Road().proof(), paper=OPINION
    )
    network.act(DISTRICT, decide)

    assert {state[0] for state in network.states()} == {"S32"}


def test_a_right_that_ran_out_closes_the_case_at_its_holder_only():
    network = replied(Network())
    notice = RightLapsed(case_no=NUMBER, clock="ASK_REVIEW", legal_due=network.city.clock.today())
    for node in network.nodes.values():
        assert cases.lapse(node, notice, node.here) is None or node is network.township
        node.clock.advance(days=40)
        cases.lapse(node, notice, node.here)
    network.run()

    assert {state[:2] for state in network.states()} == {("S61", TOWNSHIP)}
    unknown = RightLapsed(case_no="63010000020260302W09999", clock="ASK_REVIEW", legal_due=notice.legal_due)
    assert cases.lapse(network.city, unknown, network.city.here) is None


def test_a_report_accepted_after_the_right_ran_out_closes_the_case():
    network = replied(Network(), assigned=True)
    report = c.FileReport(case_no=NUMBER, actor=an_actor("U"), paper={"facts": "属实", "result": "解决"})
    network.act(TOWNSHIP, report)
    for node in network.nodes.values():
        node.clock.advance(days=40)

    network.act(DISTRICT, c.AcceptReport(case_no=NUMBER, actor=an_actor("D", DISTRICT)))

    assert {state[0] for state in network.states()} == {"S61"}


def offer_of(network):
    """The offer that the city has just sent."""
    cases.open_case(network.city, a_contact(), network.city.here)
    return next(m for _, m in network.city.sent if isinstance(m, CustodyOffered))


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
        deliver(network.township, DISTRICT, forged, network.township.here)
        answer = network.township.sent.pop()[1]
        assert (answer.done, answer.code) == (False, "foreign-directive")


def test_a_message_without_a_use_case_is_our_fault():
    node = Node(CITY)

    with pytest.raises(Broken):
        deliver(node, DISTRICT, RightLapsed(case_no=NUMBER, clock="x", legal_due=node.clock.today()), node.here)


def act_text(**more):
    facts = {"case_no": NUMBER, "actor": dump(an_actor("U"))}
    return json.dumps({**facts, **more}, ensure_ascii=False)


def test_a_clerks_act_answers_with_version_state_and_documents():
    network = Network().at_the_street()

    done = acts.act_on_case(network.township, "accept-case", act_text(document_no="forged"), network.township.here)

    assert (done["status"], done["state"], done["seq"]) == ("done", "S10", 7)
    assert done["documents"][0]["number"].startswith("街信受")


@pytest.mark.parametrize(
    ("name", "error"),
    [("nonsense", Unknown), ("guide-petitioner", NotBuiltYet), ("lapse-case", Forbidden)],
)
def test_an_act_nobody_may_ask_for_is_refused(name, error):
    node = Node(CITY)

    with pytest.raises(error):
        acts.act_on_case(node, name, act_text(), node.here)


@pytest.mark.parametrize(
    ("actor", "error"),
    [(an_actor("SYS"), Forbidden), (an_actor("D", DISTRICT), Invalid)],
    ids=["as the system", "for another node"],
)
def test_nobody_acts_as_somebody_else(actor, error):
    network = Network().at_the_street()

    with pytest.raises(error):
        acts.act_on_case(network.township, "accept-case", act_text(actor=dump(actor)), network.township.here)


def test_the_case_page_shows_history_reasons_and_the_acts_of_a_role():
    network = Network().at_the_street()
    officer = an_actor("U")

    page = desk.show_case(network.township, network.township, NUMBER, officer, network.township.here)

    assert page["state"] == "S06"
    assert {act["act"] for act in page["acts"]} == {"object-to-transfer", "accept-case", "request-completion"}
    assert page["text"] == "请修路"
    assert [step["act"] for step in page["history"]] == ["T1", "T3", "T13", "T15", "T13", "T15"]
    copy = desk.show_case(network.city, network.city, NUMBER, an_actor("D", CITY), network.city.here)
    assert "text" not in copy
    assert copy["acts"] == []
    assert desk.show_case(network.city, network.city, NUMBER, None, network.city.here)["acts"] == []


def test_a_superior_is_offered_its_decisions_on_a_case_below():
    network = Network().at_the_street()
    object_to(network)

    page = desk.show_case(network.district, network.district, NUMBER, an_actor("D", DISTRICT), network.district.here)

    assert {act["act"] for act in page["acts"]} == {"uphold-objection", "refuse-objection"}


def test_a_petitioner_sees_steps_and_days_and_as_of_when():
    network = Network().at_the_street()
    on_its_way = Network()
    offer_of(on_its_way)

    progress = desk.track(network.city, NUMBER)

    assert [step["label"] for step in progress["steps"]][:2] == ["提交", "登记"]
    assert progress["as_of"]
    assert desk.track(on_its_way.city, NUMBER)["in_transfer_to"] == DISTRICT
    with pytest.raises(Unknown):
        desk.track(network.city, "63010000020260302W09999")


def test_the_pile_is_paged_oldest_first_with_its_age():
    node = Node(CITY, a_finding(settled=False, why="等待"))
    for number in range(1, 4):
        cases.open_case(
            node, a_contact(number=f"63010000020260302W{number:05d}", petitioner_key=f"k{number}"), node.here
        )
        node.clock.advance(minutes=1)

    first = desk.list_waiting(node, node.here, "", 2)
    second = desk.list_waiting(node, node.here, first["next"], 2)

    numbers = [row["case_no"][-1] for page in (first, second) for row in page["rows"]]
    assert numbers == ["1", "2", "3"]
    assert first["oldest_age_seconds"] == 180
    assert second["next"] is None
    assert desk.list_waiting(Node(CITY), Node(CITY).here, "", 10) == {"rows": [], "next": None, "oldest_age_seconds": 0}
    with pytest.raises(Invalid):
        desk.list_waiting(node, node.here, "nonsense", 2)


def test_a_document_is_shown_with_its_text():
    network = Network().at_the_street()
    number = network.district.cases.get(NUMBER).documents[0].number

    assert desk.show_document(network.district, NUMBER, number)["number"] == number
    with pytest.raises(Unknown):
        desk.show_document(network.district, NUMBER, "宁信转〔2026〕99号")


def test_the_table_of_transitions_can_be_read_whole():
    table = desk.transition_table()

    assert len(table) == 50
    assert table[20]["steps"][0]["document"] == "受理告知书"
