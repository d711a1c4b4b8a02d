"""A case that arrives is sorted where it arrives, and what a person decides otherwise is kept and learned from."""

from dataclasses import asdict, replace

import pytest

from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import CaseState, Claim, PetitionClass, Role
from services.routing.domain.sorting.overrules import lessons, overruled
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, an_actor
from tests.unit.routing.desk_of_routing import a_finding, to
from tests.unit.routing.network_of_nodes import Network

ACCUSATION = PetitionClass.ACCUSATION


def test_a_district_sends_on_what_its_rules_let_go_when_it_arrives():
    network = Network(district=a_finding(target=to(TOWNSHIP, OFFICE))).filed()

    case = network.township.cases.get(NUMBER)
    assert case.state is CaseState.AWAITING_ACCEPTANCE
    assert (case.holder, case.unit) == (TOWNSHIP, OFFICE)
    assert case.path == (CITY, DISTRICT, TOWNSHIP)
    assert [node.cases.get(NUMBER).seq for node in network.nodes.values()] == [case.seq] * 3


@pytest.mark.parametrize(
    "found",
    [a_finding(), a_finding(target=to(TOWNSHIP, OFFICE, automatic=False)), a_finding(petition_class=ACCUSATION)],
    ids=["no target", "a proposal", "an accusation"],
)
def test_what_the_rules_do_not_let_go_waits_where_it_arrived_with_what_they_found(found):
    network = Network(district=replace(found, why="请分办人员确认。")).filed()

    assert network.district.cases.get(NUMBER).state is CaseState.REGISTERED
    assert network.district.cases.get(NUMBER).holder == DISTRICT
    assert network.district.sorted[NUMBER] == ("请分办人员确认。", asdict(replace(found, why="请分办人员确认。")))


def test_a_case_sent_to_an_organ_by_name_is_not_sorted_again():
    network = Network(city=a_finding(target=to(DISTRICT, f"{DISTRICT}.housing"))).filed()

    assert network.district.cases.get(NUMBER).unit == f"{DISTRICT}.housing"
    assert NUMBER not in network.district.sorted


def a_registration(**changes):
    facts = {
        "case_no": NUMBER,
        "actor": an_actor("R", CITY),
        "purpose": "求决",
        "petition_class": PetitionClass.RELIEF,
        "category": ("环境保护",),
        "place": DISTRICT,
        "claims": (Claim(number=1),),
        "same_matter_checked": True,
    }
    return c.RegisterCase(**{**facts, **changes})


def test_what_a_clerk_decides_otherwise_is_kept_with_the_words_that_misled():
    unsure = a_finding(settled=False, category=("城乡建设",), place="", words=("小区", "业主"), version="7")
    network = Network(city=unsure).filed()

    network.act(CITY, a_registration())

    (kept,) = network.city.overrules
    assert (kept.field, kept.proposed, kept.decided) == ("category", "城乡建设", "环境保护")
    assert (kept.words, kept.version, kept.role) == (("小区", "业主"), "7", Role.REGISTRAR)


def test_another_target_than_the_proposed_one_is_kept():
    network = Network(city=a_finding(target=to(CITY, f"{CITY}.housing", automatic=False))).filed()

    network.transfer(CITY, DISTRICT)

    (kept,) = network.city.overrules
    assert (kept.field, kept.proposed, kept.decided) == ("target", f"{CITY}.housing", DISTRICT)


def test_what_follows_the_proposal_or_makes_it_more_exact_is_no_overrule():
    proposal = asdict(a_finding(category=("环境保护",), place=DISTRICT))
    more_exact = a_registration(category=("环境保护", "环境污染", "噪音污染"))

    assert overruled(a_registration(), proposal, at=None) == ()
    assert overruled(more_exact, proposal, at=None) == ()


def test_what_the_rules_decide_themselves_is_no_overrule():
    network = Network().filed()

    assert network.city.overrules == []


def test_overrules_of_one_kind_become_a_proposal_that_names_the_word():
    proposal = asdict(a_finding(category=("城乡建设",), words=("小区",)))
    now = Network().city.clock.now()
    twice = [*overruled(a_registration(), proposal, now), *overruled(a_registration(), proposal, now)]

    found = lessons(twice)

    assert {(lesson.field, lesson.word, lesson.times) for lesson in found} >= {
        ("category", "", 2),
        ("category", "小区", 2),
    }
    assert any("“小区”" in lesson.advice for lesson in found)
    assert lessons(twice[:1]) == ()
