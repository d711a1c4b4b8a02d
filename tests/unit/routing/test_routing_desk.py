"""The desk of routing: acts as clerks send them, the case page, the petitioner's view, the pile."""

import json

import pytest

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from lianxi.casework.messages.commands import RegisterCase
from lianxi.casework.messages.facts import Claim, PetitionClass
from lianxi.casework.messages.notices import CaseSealed
from lianxi.contracts.schemas import dump
from services.routing import schemas
from services.routing.handlers import acts, cases, desk
from tests.support.builders import CITY, DISTRICT, NUMBER, an_actor
from tests.unit.routing.desk_of_routing import Node, a_finding
from tests.unit.routing.network_of_nodes import Network, a_contact, object_to, offer_of


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
    [("nonsense", Unknown), ("file-at-organ", Forbidden), ("lapse-case", Forbidden)],
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
    names = {act["act"] for act in page["acts"]}
    assert names == {"object-to-transfer", "raise-dispute", "accept-case", "reject-case", "request-completion"}
    assert page["text"] == "请修路"
    assert [receipt["accepted"] for receipt in page["receipts"]] == [True]
    assert page["directives"] == []
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

    progress = desk.track(network.city, network.city, NUMBER)

    assert [step["label"] for step in progress["steps"]][:2] == ["提交", "登记"]
    assert progress["as_of"]
    assert desk.track(on_its_way.city, on_its_way.city, NUMBER)["in_transfer_to"] == DISTRICT
    with pytest.raises(Unknown):
        desk.track(network.city, network.city, "63010000020260302W09999")


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


@pytest.mark.parametrize(
    "after",
    ["nonsense", "2026-03-02T09:00:00|x", "0001-01-01T00:00:00+23:59|x", "9999-12-31T23:59:59-23:59|x"],
)
def test_a_place_in_the_pile_that_is_no_moment_is_refused(after):
    node = Node(CITY)

    with pytest.raises(Invalid):
        desk.list_waiting(node, node.here, after, 2)


@pytest.mark.parametrize("number", ["", "受\0", "第1号\n", "受" * 201, 5])
def test_what_is_no_short_text_is_refused_at_the_door(number):
    with pytest.raises(Invalid):
        schemas.text({"number": number}, "number")


def test_a_document_is_shown_with_its_text():
    network = Network().at_the_street()
    number = network.district.cases.get(NUMBER).documents[0].number

    at = network.district
    assert desk.show_document(at, at, NUMBER, number, an_actor("D", DISTRICT))["number"] == number
    with pytest.raises(Unknown):
        desk.show_document(at, at, NUMBER, "宁信转〔2026〕99号", None)


def test_gd_1_the_pile_lists_an_accusation_for_named_officers_only():
    node = Node(CITY, a_finding(petition_class=PetitionClass.ACCUSATION))
    cases.open_case(node, a_contact(), node.here)

    def listed(role):
        return len(desk.list_waiting(node, node.here, "", 10, an_actor(role, CITY))["rows"])

    assert (listed("DL"), listed("R"), listed("D")) == (1, 0, 0)
    with pytest.raises(Forbidden):
        acts.act_on_case(
            node, "withdraw-case", act_text(actor=dump(an_actor("R", CITY)), free_will_recorded=True), node.here
        )


@pytest.mark.parametrize("petition_class", PetitionClass)
def test_gd_1_intake_is_told_of_what_is_registered_as_an_accusation_and_of_nothing_else(petition_class):
    node = Node(CITY, a_finding(petition_class=petition_class))

    cases.open_case(node, a_contact(), node.here)

    told = [notice for notice in node.told if isinstance(notice, CaseSealed)]
    assert told == [CaseSealed(case_no=NUMBER)] * (petition_class is PetitionClass.ACCUSATION)


def test_gd_1_an_accusation_opens_for_named_officers_only():
    node = Node(CITY, a_finding(petition_class=PetitionClass.ACCUSATION))
    cases.open_case(node, a_contact(), node.here)

    assert desk.show_case(node, node, NUMBER, an_actor("DL", CITY), node.here)["text"] == "请修路"
    for stranger in (an_actor("D", CITY), an_actor("U", CITY), None):
        with pytest.raises(Forbidden):
            desk.show_case(node, node, NUMBER, stranger, node.here)
        with pytest.raises(Forbidden):
            desk.show_document(node, node, NUMBER, "宁信转〔2026〕1号", stranger)


def test_the_table_of_transitions_can_be_read_whole():
    table = desk.transition_table()

    assert len(table) == 58
    assert table[20]["steps"][0]["document"] == "受理告知书"


def test_whom_an_accusation_is_about_neither_reads_it_nor_acts_in_it():
    node = Node(CITY, a_finding(settled=False))
    cases.open_cases(node, [a_contact()], node.here)
    leader, accused = an_actor("DL", CITY), an_actor("DL", CITY, person="accused")
    register = RegisterCase(
        case_no=NUMBER,
        actor=an_actor("R", CITY),
        purpose="揭发控告",
        petition_class=PetitionClass.ACCUSATION,
        category=("纪检监察",),
        place=CITY,
        claims=(Claim(number=1),),
        same_matter_checked=True,
        recused=("accused",),
    )
    cases.carry_out(node, node.here, node.cases.get(NUMBER), register)

    assert desk.show_case(node, node, NUMBER, leader, node.here)["state"] == "S02"
    with pytest.raises(Forbidden):
        desk.show_case(node, node, NUMBER, accused, node.here)
