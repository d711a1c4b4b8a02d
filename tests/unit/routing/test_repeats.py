"""Repeats at a node and across nodes: who waits for a clerk, what the city tells, what a decision leads to."""

import json
from dataclasses import replace

import pytest

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import Actor, CaseState, PetitionClass, Role
from lianxi.casework.messages.repeats import RepeatsAsked, RepeatsTold
from lianxi.casework.messages.sorting import RepeatFound
from lianxi.contracts.schemas import dump
from services.routing import schemas
from services.routing.domain.repeats import Decision, Verdict
from services.routing.handlers import cases, repeats
from services.routing.handlers.delivery import deliver
from services.routing.handlers.repeat_decisions import decide_repeat
from services.routing.handlers.repeats import MOST_TOLD
from tests.support.builders import CITY, DISTRICT, TOWNSHIP, an_actor
from tests.unit.routing.desk_of_routing import Node, a_finding, to
from tests.unit.routing.network_of_nodes import Network, a_contact

FIRST, SECOND, THIRD = (f"63010000020260302W0000{n}" for n in (1, 2, 3))
PHONE = ("phone:ab12",)
LETTER = "二〇二五年三月起，安康家园南门外修建搅拌站，距居民楼不足五十米，粉尘噪声昼夜不停，我们要求依法搬迁。"
OTHER_MATTER = "学校门口的公交车站牌损坏，没有座椅，希望更换新的站牌并增设雨棚。"


def file(node, number, *, subject="安康家园搅拌站扰民", text=LETTER, **more):
    facts = {"petitioner_key": f"of {number}", "person_keys": PHONE}
    contact = a_contact(node.code, number, subject_sealed=f"sealed {subject}", text_sealed=f"sealed {text}")
    cases.open_cases(node, [replace(contact, **{**facts, **more})], node.here)
    return node.cases.get(number)


def decision(number, earlier, verdict, role="D", node=CITY, *, note=""):
    return Decision(case_no=number, earlier=earlier, verdict=Verdict(verdict), actor=an_actor(role, node), note=note)


def decided(node, number, earlier, verdict, role="D"):
    return decide_repeat(node, decision(number, earlier, verdict, role, node.code), node.here)


def noted(node, number):
    """What the history of a case says about whom it repeats: act, earlier case, who decided."""
    events = [event for event in node.recorded if isinstance(event, RepeatFound)]
    return [(e.head.act, e.earlier, e.head.actor.person) for e in events if e.head.case_no == number]


def rows(node, number, role="D"):
    return page(node, number, role)["rows"]


def page(node, number, role="D"):
    return repeats.shown(node, node.cases.get(number), an_actor(role, node.code))


def test_the_same_person_with_the_same_matter_waits_for_a_clerk_with_score_and_reasons():
    node = Node(CITY)
    file(node, FIRST)

    again = file(node, SECOND, text=f"再次反映：{LETTER}")

    assert again.state is CaseState.RECEIVED
    assert FIRST in node.sorted[SECOND][0]
    (row,) = rows(node, SECOND)
    assert (row["earlier"], row["same_person"], row["verdict"]) == (FIRST, True, None)
    assert row["score"] > 80
    assert row["reasons"][0] == "联系电话相同"


def test_another_matter_of_the_same_person_goes_its_way():
    node = Node(CITY)
    file(node, FIRST)

    other = file(node, SECOND, subject="站牌损坏", text=OTHER_MATTER)

    assert other.state is CaseState.REGISTERED
    assert rows(node, SECOND) == []


def test_an_earlier_case_that_ended_is_proposed_too():
    node = Node(CITY)
    file(node, FIRST)
    node.cases.files[FIRST] = replace(node.cases.files[FIRST], state=CaseState.WITHDRAWN)

    assert file(node, SECOND).state is CaseState.RECEIVED


def test_what_a_registrar_has_compared_does_not_wait_but_is_shown():
    node = Node(CITY)
    file(node, FIRST)

    again = file(node, SECOND, same_matter_checked=True)

    assert again.state is CaseState.REGISTERED
    assert [row["earlier"] for row in rows(node, SECOND)] == [FIRST]


def test_a_copy_of_somebody_else_is_proposed_with_a_lower_score_and_holds_nobody_up():
    node = Node(CITY)
    file(node, FIRST)

    copy = file(node, SECOND, text=f"{LETTER}我也是住户。", person_keys=("phone:cd34",))

    assert copy.state is CaseState.REGISTERED
    (row,) = rows(node, SECOND)
    assert (row["same_person"], row["score"] <= 70) == (False, True)


def test_a_co_signer_is_a_petitioner_of_the_matter():
    node = Node(CITY)
    file(node, FIRST, person_keys=("phone:ab12", "co-signer:ef56"))

    file(node, SECOND, person_keys=("phone:ef56",))

    assert rows(node, SECOND)[0]["same_person"]


def test_nobody_known_is_never_taken_for_somebody_else():
    node = Node(CITY)
    file(node, FIRST, person_keys=(), text=OTHER_MATTER)

    assert file(node, SECOND, person_keys=(), text=OTHER_MATTER[::-1]).state is CaseState.REGISTERED


def test_a_case_decided_to_be_another_is_registered_and_sent_on_as_if_nothing_had_been_found():
    node = Node(CITY, a_finding(target=to(DISTRICT)))
    file(node, FIRST)
    file(node, SECOND)

    done = decided(node, SECOND, FIRST, "different", "R")

    assert done["outcome"] == "opened"
    assert node.cases.get(SECOND).transfer.to_node == DISTRICT
    assert rows(node, SECOND)[0]["verdict"] == "different"


def test_the_case_waits_until_every_likely_repeat_is_decided():
    node = Node(CITY)
    file(node, FIRST)
    file(node, SECOND, same_matter_checked=True)
    file(node, THIRD)

    first = decided(node, THIRD, FIRST, "different")
    waiting = node.sorted[THIRD][0]
    last = decided(node, THIRD, SECOND, "different")

    assert (first["outcome"], last["outcome"]) == ("waits", "opened")
    assert SECOND in waiting
    assert FIRST not in waiting


def test_pr_3_the_same_matter_joins_the_open_earlier_case_when_a_dispatcher_says_so():
    node = Node(CITY)
    file(node, FIRST)
    file(node, SECOND)

    done = decided(node, SECOND, FIRST, "same")

    assert (done["outcome"], done["state"]) == ("merged", "S63")
    assert noted(node, SECOND) == []
    assert node.cases.get(SECOND).merged_into == FIRST


def test_a_registrars_same_ties_the_cases_and_leaves_the_merging_to_the_dispatcher():
    node = Node(CITY, a_finding(target=to(DISTRICT)))
    file(node, FIRST)
    node.cases.files[FIRST] = replace(node.cases.files[FIRST], transfer=None)
    file(node, SECOND)

    done = decided(node, SECOND, FIRST, "same", "R")

    assert (done["outcome"], done["state"]) == ("linked", "S02")
    assert "请分办人员并案" in node.sorted[SECOND][0]
    assert noted(node, SECOND) == [("T57", FIRST, f"r-{CITY}")]
    merge = c.MergeCase(case_no=SECOND, actor=an_actor("D", CITY), into=FIRST)
    assert cases.carry_out(node, node.here, node.cases.get(SECOND), merge).state is CaseState.MERGED


@pytest.mark.parametrize(
    ("change", "told"),
    [({"state": CaseState.WITHDRAWN}, "已经终结"), ({"holder": DISTRICT}, f"由 {DISTRICT} 办理")],
    ids=["ended", "held by another node"],
)
def test_the_same_matter_is_registered_under_its_own_number_where_it_cannot_join(change, told):
    node = Node(CITY)
    file(node, FIRST)
    node.cases.files[FIRST] = replace(node.cases.files[FIRST], **change)
    file(node, SECOND)

    done = decided(node, SECOND, FIRST, "same")

    assert (done["outcome"], done["state"]) == ("linked", "S02")
    assert (noted(node, SECOND), done["seq"]) == ([("T57", FIRST, f"d-{CITY}")], node.cases.get(SECOND).seq)
    assert told in node.sorted[SECOND][0]


def test_what_the_rules_leave_open_stays_open_after_the_decision():
    node = Node(CITY, a_finding(settled=False, why="属地不明"))
    file(node, FIRST)
    file(node, SECOND)

    assert decided(node, SECOND, FIRST, "different")["outcome"] == "waits"
    assert noted(node, SECOND) == []
    assert node.sorted[SECOND][0] == "属地不明"


def test_a_decision_on_a_case_that_has_gone_on_is_kept_and_changes_nothing():
    node = Node(CITY)
    file(node, FIRST)
    file(node, SECOND, same_matter_checked=True)
    node.cases.files[SECOND] = replace(node.cases.files[SECOND], state=CaseState.ACCEPTED)

    assert decided(node, SECOND, FIRST, "same")["outcome"] == "kept"
    assert rows(node, SECOND)[0]["outcome"] == "kept"
    assert (noted(node, SECOND), node.cases.get(SECOND).state) == ([("T57", FIRST, f"d-{CITY}")], CaseState.ACCEPTED)


def test_a_decision_keeps_who_when_and_why_and_is_made_once():
    node = Node(CITY)
    file(node, FIRST)
    file(node, SECOND)
    decide_repeat(node, decision(SECOND, FIRST, "different", note="另一处房屋"), node.here)

    (row,) = rows(node, SECOND)

    assert (row["verdict"], row["note"], row["decided_role"]) == ("different", "另一处房屋", "D")
    assert row["decided_at"]
    with pytest.raises(Conflict):
        decided(node, SECOND, FIRST, "same")


@pytest.mark.parametrize(
    ("earlier", "role", "node", "error"),
    [(THIRD, "D", CITY, Unknown), (FIRST, "U", CITY, Forbidden), (FIRST, "D", DISTRICT, Forbidden)],
    ids=["nothing was proposed", "not the office's work", "another node's clerk"],
)
def test_a_decision_nobody_may_make_is_refused(earlier, role, node, error):
    city = Node(CITY)
    file(city, FIRST)
    file(city, SECOND)

    with pytest.raises(error):
        decide_repeat(city, decision(SECOND, earlier, "same", role, node), city.here)


def test_gd_1_an_earlier_accusation_is_known_to_named_officers_only_and_holds_nobody_up():
    node = Node(CITY, a_finding(petition_class=PetitionClass.ACCUSATION))
    file(node, FIRST)
    node.here = replace(node.here, sorter=Node(CITY).here.sorter)

    later = file(node, SECOND)

    assert later.state is CaseState.REGISTERED
    assert rows(node, SECOND) == []
    assert [row["earlier"] for row in rows(node, SECOND, "DL")] == [FIRST]
    with pytest.raises(Unknown):
        decided(node, SECOND, FIRST, "same")
    assert decided(node, SECOND, FIRST, "same", "DL")["outcome"]
    assert noted(node, SECOND) == []


class TestAcrossNodes:
    def test_a_district_hears_from_the_city_of_a_case_in_another_part_of_the_city(self):
        network = Network(city=a_finding())
        file(network.city, FIRST)

        file(network.township, "63010400120260302W00007")
        network.run()

        (row,) = rows(network.township, "63010400120260302W00007")
        assert (row["earlier"], row["told_by"], row["holder"]) == (FIRST, CITY, CITY)
        assert "内容不在本节点" in row["reasons"][1]

    def test_only_keyed_hashes_go_up_and_only_numbers_come_down(self):
        network = Network(city=a_finding())
        file(network.city, FIRST)
        file(network.district, SECOND)
        (asked,) = [message for _, message in network.district.take_sent() if isinstance(message, RepeatsAsked)]

        deliver(network.city, DISTRICT, asked, network.city.here)
        ((dest, told),) = [sent for sent in network.city.take_sent() if isinstance(sent[1], RepeatsTold)]

        assert asked.person_keys == PHONE
        assert dest == DISTRICT
        for message in (asked, told):
            text = json.dumps(dump(message), ensure_ascii=False)
            assert not any(secret in text for secret in ("搅拌站", "安康家园", "sealed"))

    def test_the_case_does_not_wait_and_shows_that_no_answer_has_come(self):
        node = Node(DISTRICT)

        case = file(node, FIRST)

        assert case.state is CaseState.REGISTERED
        found = page(node, FIRST)
        assert (found["rows"], found["question"]["asked_of"], found["question"]["answered_at"]) == ([], CITY, None)

    def test_an_answer_of_none_is_an_answer_and_a_second_one_is_not_heard(self):
        network = Network(city=a_finding())
        file(network.district, FIRST)
        network.run()
        known = network.district.repeats.proposals(FIRST)

        question = page(network.district, FIRST)["question"]
        told = RepeatsTold(case_no=FIRST, from_node=CITY, known=(), told_at=network.city.clock.now())
        deliver(network.district, CITY, told, network.district.here)

        assert question["answered_at"]
        assert network.district.repeats.proposals(FIRST) == known == ()

    def test_gd_1_the_city_tells_of_no_accusation_and_of_nothing_that_may_be_one(self):
        network = Network()
        network.city.here = replace(
            network.city.here, sorter=Node(CITY, a_finding(petition_class=PetitionClass.ACCUSATION)).here.sorter
        )
        file(network.city, FIRST)
        network.city.here = replace(
            network.city.here, sorter=Node(CITY, a_finding(petition_class=None, settled=False)).here.sorter
        )
        file(network.city, SECOND, same_matter_checked=True)

        file(network.district, THIRD)
        network.run()

        assert network.district.repeats.proposals(THIRD) == ()

    def test_a_person_with_very_many_cases_is_told_in_part(self):
        city = Node(CITY)
        for n in range(MOST_TOLD + 5):
            file(city, f"63010000020260302W{n:05d}", same_matter_checked=True)
        asked = RepeatsAsked(case_no="x", from_node=DISTRICT, person_keys=PHONE, received_on=city.clock.today())

        deliver(city, DISTRICT, asked, city.here)

        assert len(city.take_sent()[-1][1].known) == MOST_TOLD

    def test_a_node_asks_for_itself_only(self):
        city = Node(CITY)
        asked = RepeatsAsked(case_no=FIRST, from_node=DISTRICT, person_keys=PHONE, received_on=city.clock.today())

        with pytest.raises(Forbidden):
            deliver(city, TOWNSHIP, asked, city.here)


class TestTheDoor:
    BODY = {  # noqa: RUF012  never changed
        "case_no": SECOND,
        "earlier": FIRST,
        "verdict": "same",
        "actor": {"person": "li", "role": "D", "unit": "", "node": CITY},
    }

    def test_a_decision_is_read(self):
        found = schemas.read_decision({**self.BODY, "note": "电话核实"})

        actor = Actor(person="li", role=Role.DISPATCHER, unit="", node=CITY)
        assert found == Decision(case_no=SECOND, earlier=FIRST, verdict=Verdict.SAME, actor=actor, note="电话核实")

    @pytest.mark.parametrize(
        ("field", "value"), [("verdict", "perhaps"), ("earlier", "x"), ("actor", None), ("note", "长" * 501)]
    )
    def test_what_says_nothing_is_refused_with_its_field(self, field, value):
        with pytest.raises(Invalid) as refusal:
            schemas.read_decision({**self.BODY, field: value})

        assert refusal.value.field == field
