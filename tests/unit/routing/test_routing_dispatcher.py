"""The dispatcher's desk: take and give back, propose and decide, split, many at once, piles, stale views."""

import json
from datetime import timedelta

import pytest

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.casework.messages.facts import Claim, PetitionClass
from lianxi.casework.messages.notices import DossierReceived
from lianxi.contracts.schemas import dump
from services.routing import schemas
from services.routing.domain.claims import beside_a_part
from services.routing.domain.piles import PILES
from services.routing.handlers import acts, desk, piles, proposing, taking
from services.routing.handlers.splitting import split_case
from tests.support.builders import CITY, DISTRICT, NUMBER, TOWNSHIP, an_actor
from tests.unit.routing.desk_of_routing import a_finding, to
from tests.unit.routing.network_of_nodes import Network

OTHER = "63010000020260302W00002"
WHO = an_actor("D", CITY, person="ma")
COLLEAGUE = an_actor("D", CITY, person="li")
LEADER = an_actor("DL", CITY, person="wang")


def waiting(*numbers, **more):
    """A city node with registered cases that the rules leave to a clerk."""
    facts = {"petitioner_key": "", "claims": 3, "same_matter_checked": True, **more}
    network = Network(city=a_finding(target=to(DISTRICT, automatic=False)))
    for number in numbers or (NUMBER,):
        network.filed(number=number, **facts)
    return network.city


def transfer(actor=WHO, number=NUMBER, **more):
    command = {"case_no": number, "actor": dump(actor), "to_node": DISTRICT, **more}
    return "transfer-case", json.dumps(command, ensure_ascii=False)


def test_a_case_that_one_has_taken_is_kept_from_colleagues_until_it_is_given_back():
    node = waiting()
    taken = taking.take(node, NUMBER, WHO, node.here)
    assert taken["expires_at"] > node.clock.now().isoformat()

    for attempt in (
        lambda: taking.take(node, NUMBER, COLLEAGUE, node.here),
        lambda: taking.give_back(node, NUMBER, COLLEAGUE, node.here),
        lambda: acts.act_on_case(node, *transfer(COLLEAGUE), node.here),
    ):
        with pytest.raises(Conflict) as caught:
            attempt()
        assert (caught.value.code, caught.value.details["role"]) == ("taken", "D")
        assert "ma" not in json.dumps(caught.value.as_problem())

    taking.give_back(node, NUMBER, WHO, node.here)
    acts.act_on_case(node, *transfer(COLLEAGUE), node.here)


def test_a_taking_ends_by_itself_and_with_the_act():
    node = waiting()
    taking.take(node, NUMBER, WHO, node.here)
    node.clock.advance(minutes=31)

    taking.take(node, NUMBER, COLLEAGUE, node.here)
    acts.act_on_case(node, *transfer(COLLEAGUE), node.here)

    assert node.desk_books.taking(NUMBER) is None


def test_only_the_leader_takes_a_case_over_and_only_who_could_act_takes_one():
    node = waiting()
    taking.take(node, NUMBER, WHO, node.here)
    with pytest.raises(Forbidden):
        taking.take(node, NUMBER, COLLEAGUE, node.here, over=True)
    with pytest.raises(Forbidden):
        taking.take(node, NUMBER, an_actor("RV", CITY), node.here)

    taking.take(node, NUMBER, LEADER, node.here, over=True)

    assert node.desk_books.taking(NUMBER).person == "wang"


def proposed(node, actor=WHO, **more):
    return proposing.propose_act(node, transfer(actor, **more), "建议转区里", actor, node.here)["id"]


def test_whoever_proposes_an_act_on_a_case_they_have_taken_puts_it_back_for_the_decision():
    node = waiting()
    taking.take(node, NUMBER, WHO, node.here)
    act_id = proposed(node)
    assert node.desk_books.taking(NUMBER) is None

    assert proposing.decide_act(node, act_id, LEADER, node.here, approve=True, reason="")["case_no"] == NUMBER


def test_a_proposal_leaves_a_case_with_the_colleague_who_has_taken_it():
    node = waiting()
    taking.take(node, NUMBER, COLLEAGUE, node.here)

    proposed(node)

    assert node.desk_books.taking(NUMBER).person == COLLEAGUE.person


def test_what_one_proposes_another_lets_happen_in_their_own_name():
    node = waiting()
    act_id = proposed(node)
    listed = proposing.list_proposed(node, "", None, 10, LEADER)
    assert [(row["act"], row["note"]) for row in listed["rows"]] == [("transfer-case", "建议转区里")]
    assert listed["rows"][0]["command"]["to_node"] == DISTRICT
    with pytest.raises(Forbidden):
        proposing.decide_act(node, act_id, WHO, node.here, approve=True, reason="")

    done = proposing.decide_act(node, act_id, LEADER, node.here, approve=True, reason="")

    assert (done["state"], node.recorded[-1].head.actor.person) == ("S04", "wang")
    assert proposing.list_proposed(node, NUMBER, None, 10, LEADER)["rows"][0]["state"] == "done"
    with pytest.raises(Conflict):
        proposing.decide_act(node, act_id, LEADER, node.here, approve=True, reason="")


def test_a_proposed_act_is_returned_with_a_reason():
    node = waiting()
    act_id = proposed(node)
    with pytest.raises(Invalid):
        proposing.decide_act(node, act_id, LEADER, node.here, approve=False, reason="")

    proposing.decide_act(node, act_id, LEADER, node.here, approve=False, reason="应转市住建局")

    assert node.cases.get(NUMBER).state == "S02"
    assert proposing.list_proposed(node, NUMBER, None, 10, None)["rows"][0]["reason"] == "应转市住建局"


def test_a_proposed_act_on_a_case_that_went_on_is_stale_and_says_what_happened_since():
    node = waiting()
    act_id = proposed(node)
    acts.act_on_case(node, *transfer(), node.here)

    with pytest.raises(Conflict) as caught:
        proposing.decide_act(node, act_id, LEADER, node.here, approve=True, reason="")

    assert caught.value.code == "stale-version"
    assert [change["act"] for change in caught.value.details["changes"]] == ["T13"]


@pytest.mark.parametrize(
    ("name", "error"), [("file-at-organ", Forbidden), ("nonsense", Unknown), ("take-back", Forbidden)]
)
def test_what_cannot_be_asked_for_cannot_be_proposed(name, error):
    node = waiting()

    with pytest.raises(error):
        proposing.propose_act(node, (name, transfer()[1]), "", WHO, node.here)
    with pytest.raises(Unknown):
        proposing.decide_act(node, "nobody's", LEADER, node.here, approve=True, reason="")


def test_a_stale_view_is_told_who_did_what_since_and_no_names():
    node = waiting()
    seen = node.cases.get(NUMBER).seq
    acts.act_on_case(node, *transfer(), node.here)

    with pytest.raises(Conflict) as caught:
        acts.act_on_case(node, *transfer(COLLEAGUE, expected_seq=seen), node.here)

    changes = caught.value.details["changes"]
    assert [(change["act"], change["role"], change["node"]) for change in changes] == [("T13", "D", CITY)]
    assert set(changes[0]) == {"seq", "act", "label", "role", "unit", "node", "at"}


def test_one_act_on_many_cases_has_an_outcome_for_each():
    node = waiting(NUMBER, OTHER)
    acts.act_on_case(node, *transfer(), node.here)
    body = {
        "command_type": "transfer-case",
        "command": {"actor": dump(WHO), "to_node": DISTRICT},
        "cases": [{"case_no": NUMBER}, {"case_no": OTHER}, {"case_no": OTHER, "expected_seq": 1}],
    }

    rows = acts.act_on_many(node, *schemas.read_acts(body), node.here)["rows"]

    assert [(row["case_no"], row["status"]) for row in rows] == [
        (NUMBER, "refused"),
        (OTHER, "done"),
        (OTHER, "refused"),
    ]
    assert rows[2]["code"] == "stale-version"
    assert rows[2]["changes"]


@pytest.mark.parametrize("cases", [[], [{"case_no": NUMBER}] * 101])
def test_many_are_one_to_a_hundred(cases):
    node = waiting()
    body = {"command_type": "transfer-case", "command": {"actor": dump(WHO), "to_node": DISTRICT}, "cases": cases}

    with pytest.raises(Invalid):
        acts.act_on_many(node, *schemas.read_acts(body), node.here)


@pytest.mark.parametrize("body", [{}, {"cases": ["x"], "command": {}}, {"cases": [], "command": 1}])
def test_many_are_named_one_by_one(body):
    with pytest.raises(Invalid):
        schemas.read_acts({"command_type": "transfer-case", **body})


def split(*claims, **more):
    part = {"claims": list(claims), "petition_class": "C", "category": ["民政"], "place": TOWNSHIP, **more}
    command = {"case_no": NUMBER, "actor": dump(WHO), "parts": [part], "paper": {"reason": "诉求不同"}}
    return "split-case", json.dumps(command, ensure_ascii=False)


def test_t52_a_split_claim_is_a_case_of_its_own_with_the_petitioner_and_the_days_of_the_first():
    node = waiting()

    acts.act_on_case(node, *split(2), node.here)

    child = next(number for number in node.cases.files if number != NUMBER)
    case, first = node.cases.get(child), node.cases.get(NUMBER)
    assert child.endswith("W90001")
    assert (case.state, len(case.claims), [claim.number for claim in first.claims]) == ("S02", 1, [1, 3])
    assert (case.received_on, case.registered_on) == (first.received_on, first.registered_on)
    assert node.texts[child].text == node.texts[NUMBER].text
    assert [told.case_no for told in node.told if isinstance(told, DossierReceived)] == [child]
    shown = [desk.show_case(node, node, number, WHO, node.here)["linked"] for number in (NUMBER, child)]
    assert [(row["case_no"], row["kind"]) for rows in shown for row in rows] == [
        (child, "has-part-of"),
        (NUMBER, "part-of"),
    ]
    assert [(part["case_no"], part["label"]) for part in desk.track(node, node, NUMBER)["parts"]] == [
        (child, "已登记待处理")
    ]
    acts.act_on_case(node, *transfer(number=child), node.here)
    assert node.cases.get(child).state == "S04"


def test_t52_the_claims_of_a_part_keep_the_class_they_had_and_take_what_the_clerk_settles_for_each():
    stated = tuple(Claim(number=n, petition_class=PetitionClass(letter)) for n, letter in enumerate("CAC", start=1))
    node = waiting(claims=3, stated_claims=stated)
    name, text = split(2, 3)
    command = json.loads(text) | {"claims": [{"number": 3, "petition_class": None, "route": "RT5"}]}

    acts.act_on_case(node, name, json.dumps(command), node.here)

    child = next(number for number in node.cases.files if number != NUMBER)
    assert [(claim.number, claim.petition_class, claim.route) for claim in node.cases.get(child).claims] == [
        (1, "A", None),
        (2, "C", "RT5"),
    ]


STATED = (Claim(number=1, petition_class=PetitionClass.RELIEF), Claim(number=2))


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"claims": 2, "stated_claims": STATED}, [(1, "C"), (2, None)]),
        ({"claims": 3}, [(1, None), (2, None), (3, None)]),
    ],
)
def test_the_claims_of_a_contact_that_waits_stand_beside_what_the_rules_propose(facts, shown):
    network = Network(city=a_finding(settled=False, why="内容分类不够确定"))
    node = network.filed(petitioner_key="", same_matter_checked=True, **facts).city

    page = desk.show_case(node, node, NUMBER, WHO, node.here)

    assert (page["state"], page["claims"]) == ("S01", [])
    assert [(claim["number"], claim["petition_class"]) for claim in page["proposal"]["claims"]] == shown


def test_a_registered_claim_is_shown_with_its_class_and_route():
    node = waiting(claims=2, stated_claims=STATED)

    page = desk.show_case(node, node, NUMBER, WHO, node.here)

    assert page["claims"] == [
        {"number": 1, "petition_class": "C", "route": None},
        {"number": 2, "petition_class": None, "route": None},
    ]


def test_the_words_of_claims_that_go_their_own_way_are_counted_as_the_part_counts_them():
    whole = json.dumps({"name": "张三", "claims": [{"number": n, "text": f"诉求{n}"} for n in (1, 2, 3)]})

    part = json.loads(beside_a_part(whole, (3, 1)))

    assert part == {"name": "张三", "claims": [{"number": 1, "text": "诉求3"}, {"number": 2, "text": "诉求1"}]}


def test_claims_that_nobody_wrote_out_add_no_words_to_a_part():
    whole = json.dumps({"name": "张三", "claims": [{"number": 1, "text": "诉求1"}]})

    assert json.loads(beside_a_part(whole, (2,))) == {"name": "张三"}
    assert beside_a_part("", (1,)) == ""


def test_t52_refused_leaves_nothing_behind():
    node = waiting()

    with pytest.raises(Exception, match="诉求"):
        acts.act_on_case(node, *split(1, 2, 3), node.here)

    assert set(node.cases.files) == {NUMBER}
    assert callable(split_case)


def test_the_piles_show_what_waits_and_since_when():
    node = waiting(NUMBER, OTHER)
    node.clock.advance(hours=5)

    found = piles.overview(node, node.here)

    assert [row["pile"] for row in found["rows"]] == list(PILES)
    assert {row["pile"]: row["cases"] for row in found["rows"] if row["cases"]} == {"dispatch": 2}
    assert found["oldest_age_seconds"] == timedelta(hours=5).total_seconds()


def test_a_pile_says_which_cases_a_colleague_works_on():
    node = waiting(NUMBER, OTHER)
    taking.take(node, OTHER, WHO, node.here)

    rows = piles.list_pile(node, node.here, "dispatch", ("", 50), COLLEAGUE)["rows"]
    mine = piles.list_pile(node, node.here, "dispatch", ("", 50), WHO)["rows"]

    assert [(row["case_no"], row["taken"], row["taken_by_me"]) for row in rows] == [
        (NUMBER, False, False),
        (OTHER, True, False),
    ]
    assert mine[1]["taken_by_me"]
    with pytest.raises(Unknown):
        piles.list_pile(node, node.here, "nonsense", ("", 50), WHO)
    assert piles.list_pile(node, node.here, "dispatch", ("", 1), WHO)["next"]


def test_an_accusation_is_proposed_taken_and_listed_for_named_officers_only():
    network = Network(city=a_finding(petition_class=PetitionClass.ACCUSATION))
    node = network.filed().city

    for attempt in (
        lambda: taking.take(node, NUMBER, WHO, node.here),
        lambda: proposed(node),
        lambda: proposing.list_proposed(node, NUMBER, None, 10, WHO),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert proposed(node, LEADER)
    assert proposing.list_proposed(node, "", None, 10, WHO)["rows"] == []
    assert piles.list_pile(node, node.here, "dispatch", ("", 50), WHO)["rows"] == []
    assert len(piles.list_pile(node, node.here, "dispatch", ("", 50), LEADER)["rows"]) == 1


@pytest.mark.parametrize("over", [1, "yes"])
def test_a_yes_is_a_yes(over):
    with pytest.raises(Invalid):
        schemas.flag({"over": over}, "over")
    with pytest.raises(Invalid):
        schemas.actor_given({})
