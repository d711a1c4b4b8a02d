"""What is said while custody is on its way: kept in order, carried out where the case ends up (T42, T54 to T56)."""

import json
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import pytest

from lianxi.casework.errors import GuardRefused, Refused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages.custody import CustodyOffered, DirectiveAnswered, DirectiveIssued
from lianxi.casework.messages.facts import DocumentKind, PetitionClass
from lianxi.casework.messages.notices import WishRefused
from lianxi.contracts.schemas import dump
from services.routing.domain.wishes import WishState
from services.routing.handlers import acts, cases, desk, wishes
from services.routing.handlers.delivery import deliver_all
from services.routing.handlers.directives import do
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, an_actor
from tests.unit.routing.desk_of_routing import a_finding, to
from tests.unit.routing.network_of_nodes import Network, a_contact, object_to


def petitioner(node=CITY):
    return an_actor("P", node)


def material(text="另有照片。", node=CITY):
    return p.AddMaterial(case_no=NUMBER, actor=petitioner(node), paper={"text": text})


def urge(node=CITY, role="P"):
    return p.UrgeCase(case_no=NUMBER, actor=an_actor(role, node))


def withdrawal(node=CITY):
    actor = petitioner(node)
    return c.WithdrawCase(case_no=NUMBER, actor=actor, free_will_recorded=True, paper={"reason": "问题已解决"})


def say(node, command):
    return do(node, command.MESSAGE.name, command, node.here)


def settled(network):
    """Let the timers of all nodes run until nothing moves any more."""
    for _ in range(4):
        for node in network.nodes.values():
            assert wishes.settle_all(partial(nullcontext, node), node.here) == {}
        network.run()
    return network


def offered(**finding):
    """The city has sent its offer to the district; nothing has been carried yet."""
    network = Network(city=a_finding(target=to(DISTRICT), **finding))
    cases.open_case(network.city, a_contact(), network.city.here)
    return network


def kinds(case):
    return [document.kind for document in case.documents]


def standing(node):
    return [wish.state.value for wish in node.wishes.kept.values()]


def told(node):
    return [notice for notice in node.told if isinstance(notice, WishRefused)]


def test_what_is_said_during_a_transfer_is_carried_out_in_order_at_the_node_that_took_the_case():
    network = offered()

    answers = [say(network.city, command) for command in (material(), urge(), withdrawal())]
    waiting = standing(network.city)
    shown = [row["label"] for row in desk.track(network.city, network.city, NUMBER)["wishes"]]
    settled(network.run())

    assert all(answer.wish_id for answer in answers)
    assert waiting == ["waiting"] * 3
    assert shown == ["补充材料", "催办", "撤回"]
    assert {state[:2] for state in network.states() if state} == {("S62", DISTRICT)}
    expected = [DocumentKind.MATERIAL, DocumentKind.URGE, DocumentKind.WITHDRAWAL]
    assert kinds(network.district.cases.get(NUMBER))[-3:] == expected
    assert standing(network.city) == ["done"] * 3
    assert not any(wish.command for wish in network.city.wishes.kept.values())
    assert desk.track(network.city, network.city, NUMBER)["wishes"] == []


def test_t42_a_withdrawal_counts_from_the_day_it_was_declared():
    network = offered()
    said_on = network.city.clock.today()
    say(network.city, withdrawal())
    number = network.city.wishes.open(NUMBER)[0].document_no

    for node in network.nodes.values():
        node.clock.advance(days=6)
    settled(network.run())

    events = network.district.cases.histories[NUMBER]
    withdrawn = events[-1].event
    assert (withdrawn.withdrawn_on, withdrawn.document.number) == (said_on, number)
    assert network.district.cases.get(NUMBER).ended_on == said_on
    assert withdrawn.head.at.date() > said_on


def test_when_the_offer_is_refused_the_wishes_are_carried_out_here():
    network = Network(city=a_finding(target=to(DISTRICT, f"{DISTRICT}.closed")))
    cases.open_case(network.city, a_contact(), network.city.here)
    say(network.city, material())
    say(network.city, urge())

    settled(network.run())

    case = network.city.cases.get(NUMBER)
    assert (case.state.value, case.holder) == ("S02", CITY)
    assert kinds(case)[-2:] == [DocumentKind.MATERIAL, DocumentKind.URGE]
    assert standing(network.city) == ["done", "done"]


def test_a_wish_that_the_case_does_not_allow_any_more_is_told_with_its_reason():
    network = offered()
    say(network.city, urge())
    network.run()
    network.act(DISTRICT, withdrawal(DISTRICT))  # said at the window of the district meanwhile

    settled(network)

    [notice] = told(network.city)
    assert (notice.wish, notice.by, notice.node) == ("催办", "petitioner", DISTRICT)
    assert "已撤回" in notice.reason
    [row] = desk.track(network.city, network.city, NUMBER)["wishes"]
    assert (row["state"], row["reason"]) == ("refused", notice.reason)
    assert told(network.district) == []


def test_a_clerks_urging_waits_too_and_its_refusal_is_no_matter_of_the_petitioner():
    network = offered()
    say(network.city, urge(role="R"))
    network.run()
    network.act(DISTRICT, withdrawal(DISTRICT))

    settled(network)

    assert [notice.by for notice in told(network.city)] == ["clerk"]
    assert desk.track(network.city, network.city, NUMBER)["wishes"] == []
    officer = desk.show_case(network.city, network.city, NUMBER, an_actor("D", CITY), network.city.here)
    assert [row["state"] for row in officer["wishes"]] == ["refused"]


@pytest.mark.parametrize("command", [withdrawal(), urge()], ids=["a second withdrawal", "urging after it"])
def test_what_earlier_words_rule_out_is_refused_at_the_door(command):
    network = offered()
    say(network.city, withdrawal())

    with pytest.raises(GuardRefused):
        say(network.city, command)
    assert standing(network.city) == ["waiting"]


def test_who_has_urged_already_is_told_when_it_may_be_done_again():
    network = offered()
    say(network.city, urge())

    with pytest.raises(Refused, match="再次催办"):
        say(network.city, urge())


def test_an_accusation_cannot_be_withdrawn_whether_it_travels_or_not():
    network = offered()
    case = network.city.cases.get(NUMBER)
    network.city.cases.files[NUMBER] = replace(case, petition_class=PetitionClass.ACCUSATION)

    with pytest.raises(Refused):
        say(network.city, withdrawal())


def test_a_decision_never_waits():
    network = offered()

    with pytest.raises(GuardRefused):
        say(network.city, c.RegisterCase(**registration()))


def registration():
    claims = (c.Claim(number=1),)
    facts = {"purpose": "求决", "petition_class": "C", "category": ("城乡建设",), "place": DISTRICT, "claims": claims}
    return {"case_no": NUMBER, "actor": an_actor("R", CITY), "same_matter_checked": True, **facts}


def test_a_wish_that_meets_the_case_on_its_way_follows_it_two_levels_down():
    network = Network().filed()
    network.city.links.send(DISTRICT, issued(network, urge()))
    on_its_way = c.TransferCase(case_no=NUMBER, actor=an_actor("D", DISTRICT), to_node=TOWNSHIP, to_unit=OFFICE)
    say(network.district, on_its_way)  # the directive and the offer cross each other

    settled(network.run())

    assert {state[:2] for state in network.states()} == {("S06", TOWNSHIP)}
    assert kinds(network.township.cases.get(NUMBER))[-1] is DocumentKind.URGE
    assert standing(network.city) == ["done"]
    assert standing(network.district) == ["moved"]
    assert told(network.city) == []


def issued(network, command):
    """Send a wish from the city as `do` does, and take the directive off the link again."""
    say(network.city, command)
    return next(message for _, message in network.city.take_sent() if isinstance(message, DirectiveIssued))


def test_two_wishes_keep_their_order_though_the_first_has_to_turn_round():
    network = Network().filed()
    first = issued(network, material())
    network.transfer(DISTRICT, TOWNSHIP, OFFICE)

    say(network.city, withdrawal())
    held_back = standing(network.city)
    deliver_all(network.district, [(CITY, first)], network.district.here)
    settled(network.run())

    assert held_back == ["sent", "waiting"]
    assert kinds(network.township.cases.get(NUMBER))[-2:] == [DocumentKind.MATERIAL, DocumentKind.WITHDRAWAL]
    assert standing(network.city) == ["done", "done"]


def test_a_directive_that_comes_a_second_time_is_answered_and_not_done_again():
    network = Network().filed()
    directive = issued(network, material())
    deliver_all(network.district, [(CITY, directive)], network.district.here)
    seq = network.district.cases.get(NUMBER).seq
    [first] = [m for _, m in network.district.take_sent() if isinstance(m, DirectiveAnswered)]

    deliver_all(network.district, [(CITY, directive)], network.district.here)

    [again] = [m for _, m in network.district.take_sent() if isinstance(m, DirectiveAnswered)]
    assert again == first
    assert network.district.cases.get(NUMBER).seq == seq


def test_a_node_that_went_back_does_not_send_a_second_time_what_it_sent_already():
    network = offered()
    say(network.city, urge())
    before = network.city.wishes.kept.copy()
    settled(network.run())
    seq = network.district.cases.get(NUMBER).seq

    network.city.wishes.kept = before  # the backup remembers it as waiting; the directive came back from the district
    settled(network)

    assert standing(network.city) == ["sent"]
    assert network.district.cases.get(NUMBER).seq == seq


def test_a_wish_whose_document_stands_in_the_history_is_done():
    network = Network(city=a_finding(target=to(DISTRICT, f"{DISTRICT}.closed")))
    cases.open_case(network.city, a_contact(), network.city.here)
    say(network.city, material())
    before = network.city.wishes.kept.copy()
    settled(network.run())
    seq = network.city.cases.get(NUMBER).seq

    network.city.wishes.kept = before
    settled(network)

    assert (network.city.cases.get(NUMBER).seq, standing(network.city)) == (seq, ["done"])


def test_words_said_at_the_street_while_it_hands_the_case_back_reach_the_district():
    network = Network().at_the_street()
    object_to(network)
    uphold = c.UpholdObjection(case_no=NUMBER, actor=an_actor("D", DISTRICT), paper={"reason": "成立"})
    say(network.district, uphold)
    [(_, directive)] = [sent for sent in network.district.take_sent() if isinstance(sent[1], DirectiveIssued)]
    deliver_all(network.township, [(DISTRICT, directive)], network.township.here)
    assert any(isinstance(message, CustodyOffered) for _, message in network.township.sent)

    say(network.township, urge(TOWNSHIP, "R"))
    settled(network.run())

    case = network.district.cases.get(NUMBER)
    assert (case.state.value, case.holder, case.documents[-1].kind) == ("S02", DISTRICT, DocumentKind.URGE)
    assert standing(network.township) == ["done"]
    say(network.township, material(node=TOWNSHIP))  # and also afterwards, though the street hears of it no more
    settled(network)
    assert kinds(network.district.cases.get(NUMBER))[-1] is DocumentKind.MATERIAL


def test_a_node_that_never_had_the_case_has_no_say_in_it():
    network = Network().filed()
    directive = issued(network, urge())
    stranger = replace(directive, from_node=TOWNSHIP)

    deliver_all(network.district, [(TOWNSHIP, stranger)], network.district.here)

    [answer] = [m for _, m in network.district.sent if isinstance(m, DirectiveAnswered)]
    assert (answer.done, answer.code) == (False, "foreign-directive")


def test_the_desk_is_offered_what_may_be_said_meanwhile_and_is_answered_that_it_waits():
    network = offered()

    page = desk.show_case(network.city, network.city, NUMBER, an_actor("R", CITY), network.city.here)
    text = json.dumps(dump(urge(role="R")), ensure_ascii=False)
    answer = acts.act_on_case(network.city, "urge-case", text, network.city.here)

    assert {act["act"] for act in page["acts"]} >= {"urge-case", "add-material", "withdraw-case"}
    assert "register-case" not in {act["act"] for act in page["acts"]}
    assert (answer["status"], answer["directive_id"]) == ("waiting", None)
    assert network.city.wishes.open(NUMBER)[0].state is WishState.WAITING


def test_a_case_whose_wishes_cannot_be_settled_keeps_no_other_waiting(monkeypatch):
    network = offered()
    other = "63010000020260302W00002"
    cases.open_case(network.city, a_contact(number=other), network.city.here)
    say(network.city, urge())
    say(network.city, replace(urge(), case_no=other))
    network.run()
    monkeypatch.setattr(network.city, "send", refusing(network.city.send, NUMBER))

    failed = wishes.settle_all(partial(nullcontext, network.city), network.city.here)
    network.run()

    assert failed == {NUMBER: "ConnectionError"}
    assert network.city.wishes.open(other) == ()


def refusing(send, case_no):
    """A link that fails for one case."""

    def send_or_fail(to_node, message):
        if message.case_no == case_no:
            raise ConnectionError
        send(to_node, message)

    return send_or_fail
